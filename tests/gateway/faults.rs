//! Servers that fail in every way that a network has: what the peer gets, who is asked again, and who is not disturbed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sealgate::soap::Version;
use serde_json::Value as Json;

use crate::backend::{Backend, Behaviour, PLACED, http, orders, placed};
use crate::client::{Answer, post, request, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;
use crate::proxy::{Fault, Proxy};
use crate::site::nobody;

pub(crate) const FAULTS: [(Fault, u16, &str); 9] = [
    (Fault::Reset, 502, "relay.broken"),
    (Fault::Stall, 504, "relay.timeout"),
    (Fault::HalfOpen, 504, "relay.timeout"),
    (Fault::ResetMidAnswer, 502, "relay.broken"),
    (Fault::Truncated, 502, "relay.broken"),
    (Fault::Garbage, 502, "relay.broken"),
    (Fault::Huge, 502, "relay.too_large"),
    (Fault::Drip, 504, "relay.timeout"),
    (Fault::Unavailable, 502, "relay.status"),
];

/// A gateway before these servers, with further lines for its backend and its operation.
fn before(servers: &[SocketAddr], backend: &str, operation: &str) -> Gateway {
    Gateway::configured(&several(servers, backend, operation))
}

fn several(servers: &[SocketAddr], backend: &str, operation: &str) -> String {
    let servers: String = servers
        .iter()
        .map(|address| format!("[[route.backend.server]]\nurl = \"http://{address}/legacy\"\n"))
        .collect();
    configuration("")
        .replace("url = \"\"\n", &format!("{backend}\n"))
        .replace("PlaceOrder\" }", &format!("PlaceOrder\", {operation} }}"))
        .replace("[route.identity]", &format!("{servers}[route.identity]"))
}

const USUAL: &str = "idempotent = false";
const IDEMPOTENT: &str = "idempotent = true";

fn order(gateway: &Gateway) -> Answer {
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    )
}

/// The conditions of the servers of the first route.
fn conditions(gateway: &Gateway) -> Vec<String> {
    let answer = send(gateway.admin(), &request("GET", "/backends", &[], ""));
    let said: Json = serde_json::from_str(&answer.body).unwrap();
    let servers = said[0]["servers"].as_array().unwrap();
    servers
        .iter()
        .map(|server| server["condition"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until this holds, and says how long it took.
fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(12), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    started.elapsed()
}

#[test]
fn no_fault_makes_a_message_be_sent_again_or_takes_longer_than_allowed() {
    std::thread::scope(|scope| {
        for (fault, status, code) in FAULTS {
            scope.spawn(move || {
                let (good, other) = (orders(), orders());
                let proxy = Proxy::before(good.address, fault);
                let gateway = before(&[proxy.address, other.address], "", USUAL);
                let started = Instant::now();
                let answer = order(&gateway);
                let took = started.elapsed();
                if fault == Fault::Reset && answer.status == 200 {
                    // The reset was there before the gateway knew of a connection, so that nothing was sent.
                    assert_eq!((good.got().len(), other.got().len()), (0, 1));
                    return;
                }
                assert_eq!(answer.status, status, "{fault:?}: {answer:?}");
                let logged = logged_code(answer.incident());
                assert_eq!(logged, code, "{fault:?}");
                // Two seconds are what the configuration allows, and the machine may be busy.
                assert!(took < Duration::from_secs(10), "{fault:?}: {took:?}");
                assert_eq!((proxy.begun(), other.got().len()), (1, 0), "{fault:?}");
                assert!(good.got().len() <= 1, "{fault:?}");
            });
        }
    });
}

#[test]
fn idempotent_operations_are_asked_of_another_server_once() {
    std::thread::scope(|scope| {
        for (fault, _, _) in FAULTS.into_iter().filter(|(fault, _, _)| *fault != Fault::Huge) {
            scope.spawn(move || {
                let (good, other) = (orders(), orders());
                let proxy = Proxy::before(good.address, fault);
                let patience = "first_byte_seconds = 1\nidle_seconds = 1";
                let gateway = before(&[proxy.address, other.address], patience, IDEMPOTENT);
                let answer = order(&gateway);
                assert_eq!(answer.status, 200, "{fault:?}: {answer:?}");
                assert_eq!((proxy.begun(), other.got().len()), (1, 1), "{fault:?}");
            });
        }
    });
}

#[test]
fn an_interim_answer_is_waited_beyond() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::EarlyHints);
    let gateway = before(&[proxy.address], "", USUAL);
    for number in 1..=3 {
        let answer = order(&gateway);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains(PLACED), "{answer:?}");
        assert_eq!((proxy.begun(), good.got().len()), (number, number));
    }
}

#[test]
fn an_answer_without_an_end_is_not_taken_for_nothing() {
    let good = orders();
    for operation in [USUAL, "one_way = true"] {
        let proxy = Proxy::before(good.address, Fault::Endless);
        let gateway = before(&[proxy.address], "", operation);
        let answer = order(&gateway);
        assert_eq!(answer.status, 502, "{operation}: {answer:?}");
        assert_eq!(logged_code(answer.incident()), "relay.broken");
    }
}

#[test]
fn who_asks_for_too_much_shuts_nobody_out() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::Huge);
    let gateway = before(
        &[proxy.address],
        "breaker = { failures = 1, open_seconds = 5 }",
        USUAL,
    );
    assert_eq!(order(&gateway).status, 502);
    assert_eq!(conditions(&gateway), ["closed"]);
    proxy.set(Fault::None);
    assert_eq!(order(&gateway).status, 200);
}

#[test]
fn an_idempotent_message_reaches_two_servers_and_no_third() {
    let good = orders();
    let proxies = [(); 3].map(|()| Proxy::before(good.address, Fault::Unavailable));
    let addresses: Vec<_> = proxies.iter().map(|proxy| proxy.address).collect();
    let gateway = before(&addresses, "", IDEMPOTENT);
    assert_eq!(order(&gateway).status, 502);
    let asked: usize = proxies.iter().map(Proxy::asked).sum();
    assert_eq!(asked, 2);
}

#[test]
fn where_nothing_was_sent_another_server_is_asked() {
    let good = orders();
    let gateway = before(&[nobody(), nobody(), nobody(), good.address], "", USUAL);
    let answer = order(&gateway);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(good.got().len(), 1);
}

#[test]
fn a_message_has_one_use_however_many_servers_are_asked() {
    let good = orders();
    let gateway = before(&[nobody(), good.address], "", IDEMPOTENT);
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &message).status, 200);
    let again = send(gateway.plain(), &message);
    assert_eq!(logged_code(again.incident()), "replay.message");
    assert_eq!(good.got().len(), 1);
}

#[test]
fn a_breaker_opens_and_closes_again() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::Garbage);
    let breaker = "breaker = { failures = 3, open_seconds = 2 }";
    let gateway = before(&[proxy.address], breaker, USUAL);
    for _ in 0..3 {
        assert_eq!(order(&gateway).status, 502);
    }
    assert_eq!(conditions(&gateway), ["open"]);
    let refused = order(&gateway);
    assert_eq!(
        (refused.status, logged_code(refused.incident()).as_str()),
        (502, "relay.no_server")
    );
    assert_eq!(proxy.begun(), 3);
    proxy.set(Fault::None);
    until("the breaker closes", || order(&gateway).status == 200);
    assert_eq!(conditions(&gateway), ["closed"]);
    let metrics = send(gateway.admin(), &request("GET", "/metrics", &[], "")).body;
    let server = format!("{{route=\"/orders\",server=\"{}\"}}", proxy.address);
    for line in [
        format!("sealgate_server_available{server} 1"),
        format!("sealgate_server_opened_total{server} 1"),
        format!("sealgate_server_failed_total{server} 3"),
        format!("sealgate_server_answered_total{server} 1"),
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
    }
}

#[test]
fn who_is_asked_late_has_not_failed() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::Stall);
    let other = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let patience = "first_byte_seconds = 1\nbreaker = { failures = 1, open_seconds = 60 }";
    let gateway = before(&[proxy.address, other.address], patience, IDEMPOTENT);
    let answer = order(&gateway);
    assert_eq!((answer.status, other.got().len()), (504, 1), "{answer:?}");
    assert_eq!(conditions(&gateway), ["open", "closed"]);
}

#[test]
fn what_a_sender_can_bring_about_opens_no_breaker() {
    let html = http(
        "500 Internal Server Error",
        &[("Content-Type", "text/html")],
        "<h1>no</h1>",
    );
    let backend = Backend::start(Behaviour::Bytes(html));
    let gateway = before(&[backend.address], "breaker = { failures = 1 }", USUAL);
    for _ in 0..3 {
        assert_eq!(order(&gateway).status, 502);
    }
    assert_eq!(backend.got().len(), 3);
    assert_eq!(conditions(&gateway), ["closed"]);
}

#[test]
fn an_open_breaker_stays_open_over_a_new_configuration() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::Garbage);
    let text = several(
        &[proxy.address],
        "breaker = { failures = 1, open_seconds = 60 }",
        USUAL,
    );
    let gateway = Gateway::configured(&text);
    assert_eq!(order(&gateway).status, 502);
    proxy.set(Fault::None);
    let file = gateway.folder.path().join("sealgate.toml");
    let reload = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let answer = send(gateway.admin(), &request("POST", "/reload", &[], ""));
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    reload(&text.replace("drain_seconds = 5", "drain_seconds = 5\nbody_seconds = 20"));
    assert_eq!(conditions(&gateway), ["open"]);
    assert_eq!(order(&gateway).status, 502);
    // Another server knows nothing of it.
    reload(&text.replace("/legacy", "/modern"));
    assert_eq!(order(&gateway).status, 200);
}

#[test]
fn a_server_is_down_before_a_message_goes_there_and_up_again() {
    let (good, other) = (orders(), orders());
    let proxy = Proxy::before(good.address, Fault::Unavailable);
    let check = "health = { interval_seconds = 1, path = \"/up\" }";
    let gateway = before(&[proxy.address, other.address], check, USUAL);
    let took = until("it is down", || conditions(&gateway) == ["down", "closed"]);
    assert!(took < Duration::from_secs(5), "{took:?}");
    for _ in 0..3 {
        assert_eq!(order(&gateway).status, 200);
    }
    let got = other.got();
    let orders = got.iter().filter(|got| got.head.starts_with("POST /legacy"));
    assert_eq!(orders.count(), 3);
    assert!(got.iter().any(|got| got.head.starts_with("GET /up HTTP/1.1")));
    proxy.set(Fault::None);
    let took = until("it is up", || conditions(&gateway) == ["closed", "closed"]);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_server_without_a_path_for_checks_has_to_take_connections() {
    let good = orders();
    let proxy = Proxy::before(good.address, Fault::None);
    let servers = [nobody(), proxy.address];
    let gateway = before(&servers, "health = { interval_seconds = 1 }", USUAL);
    until("one is down", || conditions(&gateway) == ["down", "closed"]);
    until("the other was looked after", || proxy.begun() > 2);
    assert_eq!(conditions(&gateway), ["down", "closed"]);
    assert_eq!(proxy.asked(), 0);
}

#[test]
fn a_head_or_a_piece_that_does_not_come_is_not_waited_for() {
    // Long enough for all of an answer that it is not what ends it.
    let patient = |address, further: &str| {
        let text = several(&[address], further, USUAL);
        Gateway::configured(&text.replace("answer_seconds = 2", "answer_seconds = 20"))
    };
    for (fault, patience) in [
        (Fault::HalfOpen, "first_byte_seconds = 1"),
        (Fault::HalfOpen, "first_byte_seconds = 1\nidle_seconds = 20"),
    ] {
        let good = orders();
        let proxy = Proxy::before(good.address, fault);
        let gateway = patient(proxy.address, patience);
        let started = Instant::now();
        assert_eq!(order(&gateway).status, 504);
        let took = started.elapsed();
        assert!(
            took > Duration::from_millis(900) && took < Duration::from_secs(10),
            "{took:?}"
        );
    }
    let begun =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<e:Envelope".to_vec();
    let backend = Backend::start(Behaviour::Bytes(begun));
    let gateway = patient(backend.address, "idle_seconds = 1");
    let started = Instant::now();
    assert_eq!(order(&gateway).status, 504);
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(10),
        "{took:?}"
    );
}

#[test]
fn a_backend_gets_so_many_messages_at_a_time() {
    let slow = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let gateway = before(&[slow.address], "messages = 1", USUAL);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| order(&gateway));
        slow.wait_for(1);
        let second = order(&gateway);
        assert_eq!((second.status, second.header("retry-after")), (503, Some("1")));
        assert_eq!(logged_code(second.incident()), "http.overload");
        assert_eq!(first.join().unwrap().status, 200);
    });
}

#[test]
fn one_way_operations_are_answered_by_nothing() {
    for (status, operation, expected) in [
        ("202 Accepted", USUAL, 202),
        ("200 OK", "one_way = true", 202),
        ("204 No Content", "one_way = true", 202),
        ("200 OK", USUAL, 502),
        ("204 No Content", USUAL, 502),
        ("500 Internal Server Error", "one_way = true", 502),
    ] {
        let backend = Backend::start(Behaviour::Bytes(http(status, &[], "")));
        let gateway = before(&[backend.address], "", operation);
        let answer = order(&gateway);
        assert_eq!(answer.status, expected, "{status} {operation}");
        assert_eq!(answer.body.is_empty(), expected == 202, "{status} {operation}");
    }
    // Where answers have to be signed, nothing is one to what is one-way.
    let signed = "[route.backend.answer.trust]\npins = [\"gateway.pem\"]\n";
    for (operation, expected) in [("one_way = true", 202), (USUAL, 502)] {
        let backend = Backend::start(Behaviour::Bytes(http("202 Accepted", &[], "")));
        let text = several(&[backend.address], "", operation);
        let gateway =
            Gateway::configured(&text.replace("[route.identity]", &format!("{signed}[route.identity]")));
        assert_eq!(order(&gateway).status, expected, "{operation}");
    }
}
