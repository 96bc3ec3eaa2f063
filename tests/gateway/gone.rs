//! Clients that go before their answer: what was begun goes on to its end, counts, and is recorded.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use socket2::{Domain, SockRef, Socket, Type};

use crate::audit::{audited, recorded};
use crate::backend::{Backend, Behaviour, http, orders, placed};
use crate::client::{connect, connect_tls, request, send};
use crate::ending::keeping;
use crate::exchange::bearer_form;
use crate::gateway::{configuration, prepared};
use crate::hsm::Token;
use crate::process::Process;
use crate::replay::{SETTLED, order};
use crate::site::wait_until;
use crate::stalled_token::one_thread;
use crate::wrapped_module::wrapped_uri;

#[test]
fn an_answer_that_nobody_reads_counts_as_held_and_is_given_up() {
    let long = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a>{}</a></s:Body></s:Envelope>",
        "x".repeat(8_000_000)
    );
    let backend = Backend::start(Behaviour::Bytes(http(
        "200 OK",
        &[("Content-Type", "text/xml")],
        &long,
    )));
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("workers = 2", "workers = 2\nbody_seconds = 2");
    let (_folder, file) = prepared(&text.replace("answer_bytes = 100000", "answer_bytes = 10000000"));
    let gateway = Process::start(&file).unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&gateway.plain.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.write_all(order().as_bytes()).unwrap();
    let held = || {
        let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
        let held = metrics
            .lines()
            .find_map(|line| line.strip_prefix("sealgate_body_bytes_held "));
        held.unwrap().parse::<u64>().unwrap()
    };
    wait_until("it is held", || held() > 8_000_000);
    let begun = Instant::now();
    wait_until("it is given up", || held() == 0);
    assert!(begun.elapsed() > Duration::from_secs(1) && begun.elapsed() < Duration::from_secs(15));
    drop(stream);
}

/// Ends a connection so that the other side is told at once.
fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Sends an order to `address`, and goes as soon as `backend` has it.
fn ask_and_go(address: SocketAddr, backend: &Backend) {
    let mut stream = connect(address);
    stream.write_all(order().as_bytes()).unwrap();
    backend.wait_for(1);
    reset(stream);
}

fn has_metric(gateway: &Process, line: &str) -> bool {
    let metrics = send(gateway.admin, &request("GET", "/metrics", &[], ""));
    metrics.body.lines().any(|one| one == line)
}

fn outcomes(records: &[Value]) -> Vec<(&str, Option<&str>)> {
    let kinds = ["accepted", "answered", "refused", "failed"];
    let all = records
        .iter()
        .map(|record| (record["kind"].as_str().unwrap(), record["client"].as_str()));
    all.filter(|(kind, _)| kinds.contains(kind)).collect()
}

#[test]
fn a_message_whose_client_has_gone_is_worked_on_to_its_end_counts_and_is_recorded() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1000), placed(false)));
    let (folder, file) = audited(backend.address, 1 << 20);
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    ask_and_go(gateway.plain, &backend);
    std::thread::sleep(Duration::from_millis(300));
    assert!(has_metric(&gateway, "sealgate_messages_in_work 1"));
    let answered = "sealgate_requests_total{route=\"/orders\",outcome=\"answered\",code=\"none\"} 1";
    wait_until("it has an outcome", || has_metric(&gateway, answered));
    wait_until("it is given back", || {
        has_metric(&gateway, "sealgate_messages_in_work 0")
    });
    assert!(has_metric(&gateway, "sealgate_body_bytes_held 0"));
    let records = recorded(folder.path());
    assert_eq!(
        outcomes(&records),
        [("accepted", None), ("answered", Some("gone"))]
    );
    gateway.lines_of(1, |line| line["fields"]["code"] == "http.client_gone");
}

#[test]
fn the_gateway_does_not_end_before_a_message_whose_client_has_gone() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let (folder, file) = audited(backend.address, 1 << 20);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    ask_and_go(gateway.plain, &backend);
    std::thread::sleep(Duration::from_millis(200));
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    let records = recorded(folder.path());
    assert_eq!(
        outcomes(&records),
        [("accepted", None), ("answered", Some("gone"))]
    );
}

#[test]
fn what_does_not_end_in_time_has_no_more_of_it_where_a_client_has_gone() {
    let backend = Backend::start(Behaviour::Late(Duration::from_secs(60), placed(false)));
    let (_folder, file) = keeping(backend.address, 4);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    ask_and_go(gateway.plain, &backend);
    let mut waits = connect(gateway.plain);
    waits.write_all(order().as_bytes()).unwrap();
    backend.wait_for(2);
    let begun = Instant::now();
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    let time = begun.elapsed();
    assert!(
        time > Duration::from_secs(3) && time < Duration::from_secs(7),
        "{time:?}"
    );
}

#[test]
fn a_token_that_nobody_waits_for_any_more_is_told_of() {
    let token = Token::new(&["gateway"]);
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&one_thread(orders().address, &key));
    let (gateway, stalled) = (gateway.unwrap(), token.path("stalled"));
    std::fs::write(&stalled, "").unwrap();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let form = request("POST", "/token", &headers, &bearer_form());
    let mut stream = connect_tls(gateway.tls(), None).unwrap();
    stream.write_all(form.as_bytes()).unwrap();
    wait_until("it is signed", || std::fs::metadata(&stalled).unwrap().len() > 0);
    // Should that have been the look whether the token is still there.
    std::thread::sleep(Duration::from_millis(300));
    let linger = SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO));
    linger.unwrap();
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    std::fs::remove_file(&stalled).unwrap();
    let gone = |line: &Value| line["fields"]["code"] == "http.client_gone";
    let told = gateway.lines_of(1, gone);
    assert_eq!(told[0]["fields"]["route"], "/token");
}

#[test]
fn a_body_is_not_waited_for_when_its_client_has_gone() {
    let (_folder, file) = audited(orders().address, 1 << 20);
    let gateway = Process::start(&file).unwrap();
    let order = order();
    let mut stream = connect(gateway.plain);
    stream.write_all(&order.as_bytes()[..order.len() - 100]).unwrap();
    wait_until("some is held", || {
        !has_metric(&gateway, "sealgate_body_bytes_held 0")
    });
    reset(stream);
    // Long before it would be too slow.
    std::thread::sleep(Duration::from_millis(1000));
    assert!(has_metric(&gateway, "sealgate_body_bytes_held 0"));
    let broken = "sealgate_requests_total{route=\"/orders\",outcome=\"refused\",code=\"http.broken\"} 1";
    assert!(has_metric(&gateway, broken));
}
