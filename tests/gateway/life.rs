//! Start, health, load and end.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{Answer, post, request, send, try_send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;

fn get(gateway: &Gateway, path: &str) -> Answer {
    send(gateway.admin(), &request("GET", path, &[], ""))
}

fn order(gateway: &Gateway) -> Answer {
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    )
}

#[test]
fn operators_can_ask_how_it_is() {
    let gateway = Gateway::before(orders().address);
    assert_eq!(get(&gateway, "/healthz").status, 200);
    assert_eq!(get(&gateway, "/readyz").status, 200);
    assert_eq!(order(&gateway).status, 200);
    assert_eq!(
        send(gateway.plain(), &post(Version::Soap11, "urn:place", "<a/>")).status,
        500
    );
    let metrics = get(&gateway, "/metrics");
    assert_eq!(metrics.status, 200);
    for line in [
        "sealgate_requests_total{route=\"/orders\",outcome=\"answered\",code=\"none\"} 1",
        "sealgate_requests_total{route=\"/orders\",outcome=\"refused\",code=\"soap.not_an_envelope\"} 1",
        "sealgate_step_seconds_count{route=\"/orders\",step=\"verify\"} 2",
        "sealgate_step_seconds_count{route=\"/orders\",step=\"seal\"} 1",
        "sealgate_messages_in_work 0",
        "sealgate_body_bytes_held 0",
        "sealgate_certificate_ends_timestamp_seconds",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
}

#[test]
fn operators_and_partners_have_doors_of_their_own() {
    let gateway = Gateway::before(orders().address);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(
            send(gateway.plain(), &request("GET", path, &[], "")).status,
            404,
            "{path}"
        );
    }
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.admin(), &message).status, 404);
}

#[test]
fn too_much_at_a_time_is_told_to_come_back() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let text = configuration(&format!("http://{}/", backend.address));
    let gateway = Gateway::configured(&text.replace("workers = 2", "workers = 2\nmessages = 1"));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| order(&gateway));
        backend.wait_for(1);
        let second = order(&gateway);
        assert_eq!(
            (second.status, second.header("retry-after")),
            (503, Some("1")),
            "{second:?}"
        );
        assert!(
            second.body.contains("<faultcode>soap:Server</faultcode>"),
            "{second:?}"
        );
        assert_eq!(logged_code(second.incident()), "http.overload");
        assert!(!first.is_finished());
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(order(&gateway).status, 200);
}

#[test]
fn messages_in_work_end_before_the_gateway_does() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let gateway = Gateway::before(backend.address);
    let (plain, admin) = (gateway.plain(), gateway.admin());
    let request_text = post(Version::Soap11, "urn:place", &Message::default().signed());
    let in_work = std::thread::spawn(move || send(plain, &request_text));
    backend.wait_for(1);
    gateway.stopper().stop();
    std::thread::sleep(Duration::from_millis(200));
    // Not ready any more, and still alive.
    let ready = try_send(admin, &request("GET", "/readyz", &[], "")).unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (503, "stopping\n"));
    assert_eq!(in_work.join().unwrap().status, 200);
    gateway.stop();
    assert!(TcpStream::connect(plain).is_err());
    assert!(TcpStream::connect(admin).is_err());
}

#[test]
fn an_idle_gateway_stops_at_once() {
    let gateway = Gateway::before(orders().address);
    assert_eq!(order(&gateway).status, 200);
    let _idle = crate::client::connect(gateway.plain());
    let started = Instant::now();
    gateway.stop();
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_address_in_use_is_told() {
    let backend = orders();
    let text = configuration(&format!("http://{}/", backend.address));
    let gateway = Gateway::configured(&text);
    let taken = text.replacen("127.0.0.1:0", &gateway.plain().to_string(), 1);
    let file = gateway.folder.path().join("taken.toml");
    std::fs::write(&file, taken).unwrap();
    let checked = sealgate::config::load(&file, chrono::Utc::now()).unwrap();
    let refused = sealgate::gateway::start(checked, sealgate::gateway::Signals::Ignored).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&format!("cannot listen on {}", gateway.plain())),
        "{refused}"
    );
}
