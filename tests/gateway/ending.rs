//! The end of a gateway: in its time, whatever hangs, and nothing is lost without a word.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslStream};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::audit::{audited, is_whole, recorded, until};
use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{connect, try_send};
use crate::exchange::ENDPOINT;
use crate::gateway::{configuration, prepared};
use crate::message::KEYS;
use crate::process::Process;
use crate::replay::{SETTLED, order};
use crate::site::wait_until;

/// A gateway with an audit log in `log` and an archive in `messages`, which has so many seconds for messages in work.
fn keeping(backend: SocketAddr, drain: u8) -> (TempDir, PathBuf) {
    let (folder, file) = audited(backend, 65_536);
    let text = fs::read_to_string(&file).unwrap();
    let archive = "[message_archive]\nfolder = \"messages\"\nfree_bytes = 0\n\n[[route]]\n";
    let text = text
        .replacen("[[route]]\n", archive, 1)
        .replace("answer_seconds = 2", "answer_seconds = 60")
        .replace("drain_seconds = 5", &format!("drain_seconds = {drain}"));
    fs::write(&file, text).unwrap();
    let messages = folder.path().join("messages");
    fs::create_dir_all(messages.join(".journal")).unwrap();
    fs::set_permissions(&messages, fs::Permissions::from_mode(0o700)).unwrap();
    (folder, file)
}

/// Sends the signal to stop, and waits until it is heard.
fn stop(gateway: &Process, times: usize) {
    gateway.signal(Signal::TERM);
    gateway.lines_of(times, |line| line["fields"]["message"] == "told to stop");
}

fn told(gateway: &Process, code: &str) -> Value {
    let lines = gateway.lines_of(1, |line| line["fields"]["code"] == code);
    lines[0]["fields"].clone()
}

fn names(folder: &Path, end: &str) -> Vec<String> {
    let all = fs::read_dir(folder).unwrap();
    let all = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    all.filter(|name| name.ends_with(end)).collect()
}

#[test]
fn messages_that_are_not_answered_are_told_of_and_all_else_is_kept() {
    for (drain, signals) in [(1, 1), (60, 2)] {
        let backend = Backend::start(Behaviour::Late(Duration::from_secs(30), placed(false)));
        let (folder, file) = keeping(backend.address, drain);
        let mut gateway = Process::start(&file).unwrap();
        std::thread::sleep(SETTLED);
        let (plain, message) = (gateway.plain, order());
        let asked = std::thread::spawn(move || try_send(plain, &message));
        backend.wait_for(1);
        (1..=signals).for_each(|times| stop(&gateway, times));
        let begun = Instant::now();
        assert!(gateway.ended());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert!(asked.join().unwrap().is_err());
        assert_eq!(told(&gateway, "http.abandoned")["messages"], 1);
        is_whole(folder.path());
        let recorded = recorded(folder.path());
        assert_eq!(recorded.last().unwrap()["kind"], "checkpoint");
        let of = |kind: &str| recorded.iter().find(|record| record["kind"] == kind).unwrap();
        assert_eq!(of("failed")["incident"], of("accepted")["incident"]);
        assert_eq!(of("failed")["code"], "http.abandoned");
        let messages = folder.path().join("messages");
        assert_eq!(names(&messages, ".parquet").len(), 1);
        assert_eq!(names(&messages.join(".journal"), ".log"), [""; 0]);
    }
}

#[test]
fn an_archive_that_hangs_keeps_neither_the_log_nor_the_process_from_ending() {
    let backend = orders();
    let (folder, file) = keeping(backend.address, 5);
    // Whoever opens it to read waits for somebody who writes.
    let journal = folder
        .path()
        .join("messages/.journal/journal-20200101T000000.000000Z.log");
    assert!(Command::new("mkfifo").arg(&journal).status().unwrap().success());
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    until(gateway.plain, 200);
    stop(&gateway, 1);
    // The log is signed at once.
    wait_until("a checkpoint", || {
        recorded(folder.path()).last().unwrap()["kind"] == "checkpoint"
    });
    stop(&gateway, 2);
    let begun = Instant::now();
    assert!(gateway.ended());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    told(&gateway, "archive.not_ended");
    is_whole(folder.path());
}

#[test]
fn an_end_of_the_log_that_is_not_signed_is_told_of() {
    let backend = orders();
    let (folder, file) = keeping(backend.address, 5);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let (log, away) = (folder.path().join("log"), folder.path().join("away"));
    fs::rename(&log, &away).unwrap();
    // The file that is open takes some more; the next one cannot be made.
    until(gateway.plain, 503);
    stop(&gateway, 1);
    assert!(!gateway.ended());
    let reason = told(&gateway, "audit.not_ended")["reason"].clone();
    assert!(reason.as_str().unwrap().contains("No such file"), "{reason}");
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A connection of HTTP/2.
struct Http2(SslStream<std::net::TcpStream>);

impl Http2 {
    fn open(address: SocketAddr) -> Self {
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_ca_file(format!("{KEYS}/ca.pem")).unwrap();
        connector.set_alpn_protos(b"\x02h2").unwrap();
        let stream = connector.build().connect("gateway.example", connect(address));
        let mut stream = stream.unwrap();
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])];
        stream.write_all(&preface.concat()).unwrap();
        Self(stream)
    }

    /// Posts the body of `request` to `path`, and tells whether the answer to it is 200, and its octets.
    fn post(&mut self, number: u32, path: &str, request: &str) -> (bool, Vec<u8>) {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let fields = [
            (":method", "POST"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "gateway.example"),
            ("content-type", "text/xml; charset=utf-8"),
            ("soapaction", "\"urn:place\""),
        ];
        // Literal ones, without Huffman codes (RFC 7541 §6.2.2).
        let literal = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let fields = fields.map(|(name, value)| [vec![0], literal(name), literal(value)].concat());
        self.0.write_all(&frame(1, 4, number, &fields.concat())).unwrap();
        self.0.write_all(&frame(0, 1, number, body.as_bytes())).unwrap();
        let (mut is_good, mut octets) = (false, Vec::new());
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).unwrap();
            let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
            match (head[3], stream == number) {
                // `:status: 200` is the eighth field that both know.
                (1, true) => is_good = payload[0] == 0x88,
                (0, true) => octets.extend(payload),
                (4, _) if head[4] & 1 == 0 => self.0.write_all(&frame(4, 1, 0, &[])).unwrap(),
                _ => {}
            }
            if matches!(head[3], 0 | 1) && stream == number && head[4] & 1 == 1 {
                return (is_good, octets);
            }
        }
    }
}

#[test]
fn a_connection_of_http_2_brings_nothing_new_while_the_gateway_stops() {
    let backend = orders();
    let (folder, file) = keeping(backend.address, 5);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let mut connection = Http2::open(gateway.tls());
    let (is_good, octets) = connection.post(1, "/orders", &order());
    assert!(is_good, "{}", String::from_utf8_lossy(&octets));
    stop(&gateway, 1);
    let late = order();
    let (is_good, octets) = connection.post(3, "/orders", &late);
    assert!(!is_good, "{}", String::from_utf8_lossy(&octets));
    told(&gateway, "http.stopping");
    drop(connection);
    assert!(gateway.ended());
    assert_eq!(backend.got().len(), 1);
    let accepted = |record: &&Value| record["kind"] == "accepted";
    assert_eq!(recorded(folder.path()).iter().filter(accepted).count(), 1);
    // It may come again.
    let gateway = Process::start(&file).unwrap();
    assert_eq!(try_send(gateway.plain, &late).unwrap().status, 200);
}

#[test]
fn nor_does_it_ask_for_tokens() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let (_folder, file) = prepared(&format!("{text}{ENDPOINT}"));
    let mut gateway = Process::start(&file).unwrap();
    let mut connection = Http2::open(gateway.tls());
    connection.post(1, "/token", &order());
    stop(&gateway, 1);
    let (is_good, octets) = connection.post(3, "/token", &order());
    assert!(!is_good, "{}", String::from_utf8_lossy(&octets));
    assert_eq!(told(&gateway, "http.stopping")["route"], "/token");
    drop(connection);
    assert!(gateway.ended());
}
