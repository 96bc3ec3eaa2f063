//! Backends that are down, slow, wrong or not whom they should be.

use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, PLACED, http, orders, placed};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged};
use crate::message::Message;

fn order(gateway: &Gateway) -> Answer {
    timed_order(gateway).0
}

/// The answer to an order, and how long it took.
fn timed_order(gateway: &Gateway) -> (Answer, Duration) {
    let request = post(Version::Soap11, "urn:place", &Message::default().signed());
    let started = Instant::now();
    (send(gateway.plain(), &request), started.elapsed())
}

/// What a partner gets when the backend behaves so: the status, the fault's code, and the code in the log.
fn outcome(behaviour: Behaviour) -> (u16, String) {
    let backend = Backend::start(behaviour);
    let gateway = Gateway::before(backend.address);
    outcome_of(&order(&gateway))
}

fn outcome_of(answer: &Answer) -> (u16, String) {
    assert!(
        answer.body.contains("<faultcode>soap:Server</faultcode>"),
        "{answer:?}"
    );
    assert!(!answer.body.contains("backend"), "{answer:?}");
    let entries = logged(answer.incident());
    let codes: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    let [code] = codes.as_slice() else {
        panic!("{entries:?}")
    };
    (answer.status, (*code).to_owned())
}

fn xml(body: &str) -> Vec<u8> {
    http("200 OK", &[("Content-Type", "text/xml")], body)
}

#[test]
fn a_backend_that_is_down_is_a_bad_gateway() {
    let address = crate::site::nobody();
    let gateway = Gateway::before(address);
    assert_eq!(
        outcome_of(&order(&gateway)),
        (502, "relay.unreachable".to_owned())
    );
}

#[test]
fn a_backend_that_is_slow_is_given_up_in_time_and_asked_once() {
    for answer in [placed(false), Vec::new()] {
        let backend = Backend::start(Behaviour::Late(Duration::from_secs(6), answer));
        let gateway = Gateway::before(backend.address);
        let (answer, took) = timed_order(&gateway);
        assert_eq!(outcome_of(&answer), (504, "relay.timeout".to_owned()));
        // Well before the backend answers.
        assert!(
            took > Duration::from_millis(1900) && took < Duration::from_secs(5),
            "{took:?}"
        );
        assert_eq!(backend.got().len(), 1);
    }
}

#[test]
fn an_answer_that_stops_coming_is_given_up_in_time() {
    let begun =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<e:Envelope".to_vec();
    let backend = Backend::start(Behaviour::Bytes(begun));
    let (answer, took) = timed_order(&Gateway::before(backend.address));
    assert_eq!(outcome_of(&answer), (504, "relay.timeout".to_owned()));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_backend_that_closes_the_connection_is_not_asked_again() {
    let backend = Backend::start(Behaviour::Silent);
    let gateway = Gateway::before(backend.address);
    let (status, code) = outcome_of(&order(&gateway));
    assert_eq!(status, 502);
    assert!(
        ["relay.unreachable", "relay.broken"].contains(&code.as_str()),
        "{code}"
    );
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn garbage_is_a_bad_gateway() {
    let placed11 = String::from_utf8(placed(false)).unwrap();
    let (_, placed_body) = placed11.split_once("\r\n\r\n").unwrap();
    for (answer, code) in [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), "relay.broken"),
        (xml("<html><body>It works!</body></html>"), "outbound.no_envelope"),
        (xml("no xml"), "outbound.no_envelope"),
        (xml(""), "relay.empty"),
        (
            xml(&placed_body.replace("?>", "?><!DOCTYPE a>")),
            "outbound.no_envelope",
        ),
        (placed(true), "relay.media_type"),
        (
            http("200 OK", &[("Content-Type", "text/html")], placed_body),
            "relay.media_type",
        ),
        (http("200 OK", &[], placed_body), "relay.media_type"),
        (
            http(
                "200 OK",
                &[("Content-Type", "text/xml"), ("Content-Encoding", "gzip")],
                placed_body,
            ),
            "relay.content_encoding",
        ),
        (
            http(
                "500 Internal Server Error",
                &[("Content-Type", "text/xml")],
                placed_body,
            ),
            "outbound.status",
        ),
        (
            http("404 Not Found", &[("Content-Type", "text/xml")], placed_body),
            "relay.status",
        ),
        (
            http("401 Unauthorized", &[("Content-Type", "text/xml")], placed_body),
            "relay.status",
        ),
        (
            http(
                "500 Internal Server Error",
                &[("Content-Type", "text/html")],
                "<h1>Stack trace</h1>",
            ),
            "relay.media_type",
        ),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(
            outcome(Behaviour::Bytes(answer)),
            (502, code.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = orders();
    let location = format!("http://{}/", elsewhere.address);
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let redirect = http(
            status,
            &[("Location", &location), ("Content-Type", "text/xml")],
            "",
        );
        assert_eq!(
            outcome(Behaviour::Bytes(redirect)),
            (502, "relay.status".to_owned()),
            "{status}"
        );
    }
    assert_eq!(elsewhere.bytes(), 0);
}

#[test]
fn an_answer_is_no_longer_than_allowed() {
    let long = "x".repeat(200_000);
    let body = |text: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><t>{text}</t></e:Body></e:Envelope>"
        )
    };
    assert_eq!(
        outcome(Behaviour::Bytes(xml(&body(&long)))),
        (502, "relay.too_large".to_owned())
    );
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n{long}\r\n0\r\n\r\n"
    );
    assert_eq!(
        outcome(Behaviour::Bytes(chunks.into_bytes())),
        (502, "relay.too_large".to_owned())
    );
    let backend = Backend::start(Behaviour::Bytes(xml(&body(&long[..90_000]))));
    let answer = order(&Gateway::before(backend.address));
    assert_eq!(answer.status, 200, "{:?}", logged(answer.incident()));
}

#[test]
fn faults_of_the_backend_are_passed_on_signed() {
    let fault = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>e:Client</faultcode>\
                 <faultstring>no such item</faultstring></e:Fault></e:Body></e:Envelope>";
    let answer = http(
        "500 Internal Server Error",
        &[("Content-Type", "text/xml; charset=utf-8")],
        fault,
    );
    let backend = Backend::start(Behaviour::Bytes(answer));
    let answer = order(&Gateway::before(backend.address));
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains("no such item") && answer.body.contains("SignatureConfirmation"),
        "{answer:?}"
    );
}

#[test]
fn a_backend_may_have_nothing_to_say() {
    let backend = Backend::start(Behaviour::Bytes(http("202 Accepted", &[], "")));
    let answer = order(&Gateway::before(backend.address));
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
}

#[test]
fn a_backend_with_tls_must_be_the_one_that_is_trusted() {
    let backend = Backend::start_tls(Behaviour::Bytes(placed(false)), "gateway");
    let text = |host: &str, ca: &str| {
        let plain = configuration(&format!("https://{host}:{}/", backend.address.port()));
        plain.replace("[route.backend]", &format!("[route.backend]\nca = [\"{ca}\"]"))
    };
    // The certificate is for gateway.example, and the connection goes to 127.0.0.1.
    let wrong_name = Gateway::configured(&text("127.0.0.1", "ca.pem"));
    assert_eq!(
        outcome_of(&order(&wrong_name)),
        (502, "relay.unreachable".to_owned())
    );
    let stranger = Gateway::configured(&text("localhost", "stranger-ca.pem"));
    assert_eq!(
        outcome_of(&order(&stranger)),
        (502, "relay.unreachable".to_owned())
    );
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn the_backend_of_one_route_is_not_waited_for_on_another() {
    let slow = Backend::start(Behaviour::Late(Duration::from_secs(6), placed(false)));
    let quick = orders();
    let text = configuration(&format!("http://{}/", slow.address));
    let (_, route) = text.split_once("[[route]]").unwrap();
    let other = route
        .replace("\"/orders\"", "\"/quick\"")
        .replace(&slow.address.to_string(), &quick.address.to_string());
    let gateway = Gateway::configured(&format!("{text}\n[[route]]\n{other}"));
    let slow_requests: Vec<String> = (0..8)
        .map(|_| post(Version::Soap11, "urn:place", &Message::default().signed()))
        .collect();
    let request = post(Version::Soap11, "urn:place", &Message::default().signed())
        .replace("POST /orders", "POST /quick");
    std::thread::scope(|scope| {
        let waiting: Vec<_> = slow_requests
            .iter()
            .map(|request| scope.spawn(|| send(gateway.plain(), request)))
            .collect();
        slow.wait_for(8);
        let answer = send(gateway.plain(), &request);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains(PLACED));
        assert!(waiting.iter().all(|one| !one.is_finished()));
    });
}
