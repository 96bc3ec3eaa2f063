//! B21: SIGTERM while uploads come. The gateway is not ready first, lets what is in work end, and ends; a second signal is heeded at once.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{digest, encode_base64};
use sealgate::soap::Version;

use super::{row, setting, whole};
use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{connect, post, read, request, send, try_send};
use crate::gateway::{configuration, prepared};
use crate::message::Message;
use crate::process::Process;

/// Octets of an attachment.
const OCTETS: usize = 5 << 20;

fn taking(backend: &Backend) -> (tempfile::TempDir, Process) {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("drain_seconds = 5", "drain_seconds = 30");
    let route = "path = \"/orders\"\nattachments = \"signed\"\npolicy = \"bsp11\"\n";
    let text = text.replace("path = \"/orders\"\n", route);
    let (folder, file) = prepared(&text.replace("answer_seconds = 2", "answer_seconds = 60"));
    (folder, Process::start(&file).unwrap())
}

/// An upload of which the first half was sent, and what is left of it.
fn half(gateway: &Process) -> (TcpStream, Vec<u8>) {
    let scan = "0123456789abcdef".repeat(OCTETS / 16);
    let value = digest(DigestAlgorithm::Sha256, scan.as_bytes()).unwrap();
    let value = encode_base64(value.as_bytes());
    let signed = Message::default().signed_with(&[("scan@x", "Content", value)]);
    let part = ("Content-ID: <scan@x>\r\nContent-Type: image/png", scan.as_str());
    let body = crate::attachments::multipart("text/xml; charset=utf-8", &signed, &[part]);
    let kind = "multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"";
    let headers = [("Content-Type", kind), ("SOAPAction", "\"urn:place\"")];
    let request = request("POST", "/orders", &headers, &body).into_bytes();
    let mut stream = connect(gateway.plain);
    let (first, rest) = request.split_at(request.len() / 2);
    stream.write_all(first).unwrap();
    (stream, rest.to_vec())
}

#[test]
fn what_is_in_work_ends_before_the_gateway_does() {
    let uploads = setting("UPLOADS", 2, 16);
    let backend = orders();
    let (_folder, mut gateway) = taking(&backend);
    let mut kept = connect(gateway.plain);
    let order = post(Version::Soap11, "urn:place", &Message::default().signed());
    kept.write_all(order.replace("Connection: close\r\n", "").as_bytes())
        .unwrap();
    assert_eq!(read(&mut kept).unwrap().status, 200);
    let begun: Vec<_> = (0..uploads).map(|_| half(&gateway)).collect();
    std::thread::sleep(Duration::from_millis(300));
    let told = Instant::now();
    gateway.signal(Signal::TERM);
    let ready =
        || try_send(gateway.admin, &request("GET", "/readyz", &[], "")).map_or(0, |answer| answer.status);
    while ready() == 200 {
        assert!(told.elapsed() < Duration::from_secs(5), "still ready");
    }
    let not_ready = told.elapsed();
    assert_eq!(ready(), 503, "there, and not ready");
    for (mut stream, rest) in begun {
        stream.write_all(&rest).unwrap();
        assert_eq!(read(&mut stream).unwrap().status, 200);
    }
    assert_eq!(backend.got().len(), uploads + 1);
    assert!(gateway.ended());
    let ended = told.elapsed();
    // A backend that takes its time, and an operator who does not.
    let slow = Backend::start(Behaviour::Late(Duration::from_secs(40), placed(false)));
    let (_folder, mut gateway) = taking(&slow);
    let address = gateway.plain;
    let order = post(Version::Soap11, "urn:place", &Message::default().signed());
    let waiting = std::thread::spawn(move || try_send(address, &order));
    slow.wait_for(1);
    gateway.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(
        send(gateway.admin, &request("GET", "/healthz", &[], "")).status,
        200
    );
    let told = Instant::now();
    gateway.signal(Signal::TERM);
    gateway.ended();
    let hard = told.elapsed();
    assert!(waiting.join().unwrap().is_err(), "nobody is told of an answer");
    // Much less than the backend takes, and than messages in work have.
    assert!(hard < Duration::from_secs(15), "{hard:?}");
    row(
        "B21, `make drill-drain`",
        &format!(
            "{uploads} uploads of 5 MiB in work: not ready {:.0} ms after SIGTERM, all answered, ended after {:.1} s; with a backend of 40 s ended {:.1} s after a second SIGTERM",
            not_ready.as_secs_f64() * 1e3,
            ended.as_secs_f64(),
            hard.as_secs_f64(),
        ),
    );
    if whole() {
        assert!(
            ended <= Duration::from_secs(30) && hard <= Duration::from_secs(3),
            "{ended:?} {hard:?}"
        );
    }
}
