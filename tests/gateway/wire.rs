//! Answers as they come by the wire: where each ends, and what is no HTTP.

use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, PLACED, placed};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;

fn before(backend: &Backend, operation: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    Gateway::configured(
        &text
            .replace(
                "connect_seconds = 1",
                "connect_seconds = 1\nbreaker = { failures = 1000 }",
            )
            .replace("PlaceOrder\" }", &format!("PlaceOrder\", {operation} }}")),
    )
}

const USUAL: &str = "one_way = false";
const ONE_WAY: &str = "one_way = true";

fn order(gateway: &Gateway) -> Answer {
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    )
}

fn envelope() -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{PLACED}</e:Body></e:Envelope>"
    )
}

/// An answer with these lines in its head and this body.
fn answer(lines: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{lines}\r\n{body}").into_bytes()
}

/// Each of these answers, after which the connection is closed, is none.
fn broken(cases: &[(&str, Vec<u8>)], operation: &str) {
    let answers = cases.iter().map(|(_, answer)| answer.clone());
    let backend = Backend::start(Behaviour::InTurn(answers.collect()));
    let gateway = before(&backend, operation);
    let mut others = Vec::new();
    for (number, (name, _)) in cases.iter().enumerate() {
        let answer = order(&gateway);
        let code = (answer.status != 200 && answer.status != 202).then(|| logged_code(answer.incident()));
        if (answer.status, code.as_deref()) != (502, Some("relay.broken")) {
            others.push((*name, operation, answer.status, code));
        }
        assert_eq!(backend.got().len(), number + 1, "{name}: it was sent once");
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn an_answer_that_is_cut_off_is_none() {
    let all = envelope();
    let length = all.len();
    let chunked = |end: &str| {
        answer(
            "Transfer-Encoding: chunked\r\n",
            &format!("{length:x}\r\n{all}{end}"),
        )
    };
    let cases = [
        (
            "nothing, and not its end",
            b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        ),
        (
            "a part of its last chunk",
            b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".to_vec(),
        ),
        (
            "a part of its head",
            b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n".to_vec(),
        ),
        ("a chunk without its end", chunked("")),
        ("a chunk without another", chunked("\r\n")),
        ("a last chunk without its end", chunked("\r\n0\r\n")),
        ("a part of a trailer", chunked("\r\n0\r\nX: y\r\n")),
        (
            "less than its length",
            answer(&format!("Content-Length: {}\r\n", length + 1), &all),
        ),
        ("neither length nor chunks", answer("", &all)),
        (
            "neither length nor chunks, nor octets",
            b"HTTP/1.1 202 Accepted\r\n\r\n".to_vec(),
        ),
        (
            "neither length nor chunks, nor octets, of HTTP/1.0",
            b"HTTP/1.0 202 Accepted\r\n\r\n".to_vec(),
        ),
    ];
    broken(&cases, USUAL);
    broken(&cases, ONE_WAY);
}

#[test]
fn what_two_could_read_in_two_ways_is_no_answer() {
    let all = envelope();
    let length = format!("Content-Length: {}\r\n", all.len());
    let head = |lines: String| answer(&lines, &all);
    let status = |line: &str| format!("{line}\r\nContent-Type: text/xml\r\n{length}\r\n{all}").into_bytes();
    let chunks = |body: String| answer("Transfer-Encoding: chunked\r\n", &body);
    let size = all.len();
    let cases = [
        ("LF after the status", status("HTTP/1.1 200 OK\nX: y")),
        ("LF after a field", head(format!("X: y\n{length}"))),
        (
            "LF before the body",
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{length}\n{all}").into_bytes(),
        ),
        ("CR in a field", head(format!("X: y\rz\r\n{length}"))),
        ("NUL in a field", head(format!("X: y\0z\r\n{length}"))),
        ("a folded field", head(format!("X: y\r\n z\r\n{length}"))),
        ("a folded first field", status("HTTP/1.1 200 OK\r\n X: y")),
        ("space before the colon", head(format!("X : y\r\n{length}"))),
        ("no colon", head(format!("X\r\n{length}"))),
        ("no name", head(format!(": y\r\n{length}"))),
        ("length and chunks", head(format!("{length}Transfer-Encoding: chunked\r\n"))),
        ("two lengths", head(format!("{length}Content-Length: 1\r\n"))),
        ("one length twice", head(format!("{length}{length}"))),
        ("a list of lengths", head(format!("Content-Length: {size}, {size}\r\n"))),
        ("a signed length", head(format!("Content-Length: +{size}\r\n"))),
        ("no length", head("Content-Length:\r\n".to_owned())),
        ("a length of too many digits", head(format!("Content-Length: {size:030}\r\n"))),
        ("another coding", head("Transfer-Encoding: identity\r\n".to_owned())),
        (
            "another coding before it",
            answer("Transfer-Encoding: gzip, chunked\r\n", &format!("{size:x}\r\n{all}\r\n0\r\n\r\n")),
        ),
        (
            "chunked twice",
            answer(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                &format!("{size:x}\r\n{all}\r\n0\r\n\r\n"),
            ),
        ),
        (
            "chunks of HTTP/1.0",
            format!("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{all}\r\n0\r\n\r\n").into_bytes(),
        ),
        ("another protocol", status("HTTP/2.0 200 OK")),
        ("a status of four digits", status("HTTP/1.1 2000 OK")),
        ("a status of two digits", status("HTTP/1.1 20 OK")),
        ("two spaces", status("HTTP/1.1  200 OK")),
        ("a protocol in lower case", status("http/1.1 200 OK")),
        ("an empty line first", status("\r\nHTTP/1.1 200 OK")),
        ("another protocol is switched to", status("HTTP/1.1 101 Switching Protocols")),
        (
            "another protocol is switched to, and an answer",
            [b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(), placed(false)].concat(),
        ),
        (
            "two octets after a chunk",
            chunks(format!("{size:x}\r\n{all}XX0\r\n\r\n")),
        ),
        (
            "a word after a size",
            chunks(format!("{size:x} x\r\n{all}\r\n0\r\n\r\n")),
        ),
        (
            "a size of too many digits",
            chunks(format!("{size:020x}\r\n{all}\r\n0\r\n\r\n")),
        ),
        ("LF after a size", chunks(format!("{size:x}\n{all}\r\n0\r\n\r\n"))),
        ("LF after a chunk", chunks(format!("{size:x}\r\n{all}\n0\r\n\r\n"))),
        ("LF after the last chunk", chunks(format!("{size:x}\r\n{all}\r\n0\n\r\n"))),
        ("LF at the end", chunks(format!("{size:x}\r\n{all}\r\n0\r\n\n"))),
        ("LF in an extension", chunks(format!("{size:x};a\nb\r\n{all}\r\n0\r\n\r\n"))),
        ("a size with a prefix", chunks(format!("0x{size:x}\r\n{all}\r\n0\r\n\r\n"))),
        ("a signed size", chunks(format!("+{size:x}\r\n{all}\r\n0\r\n\r\n"))),
        ("no size", chunks(format!("\r\n{all}\r\n0\r\n\r\n"))),
        ("a space before a size", chunks(format!(" {size:x}\r\n{all}\r\n0\r\n\r\n"))),
        ("a size beyond 64 bits", chunks(format!("1{size:016x}\r\n{all}\r\n0\r\n\r\n"))),
        ("a chunk longer than its size", chunks(format!("{:x}\r\n{all}\r\n0\r\n\r\n", size - 1))),
        ("a head without end", answer(&"X: y\r\n".repeat(20_000), "")),
        ("a field without end", answer(&"x".repeat(100_000), "")),
        ("a trailer without end", chunks(format!("{size:x}\r\n{all}\r\n0\r\n{}\r\n", "X: y\r\n".repeat(20_000)))),
        ("an extension without end", chunks(format!("{size:x};{}\r\n{all}\r\n0\r\n\r\n", "x".repeat(100_000)))),
        (
            "interim answers without end",
            [b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000), placed(false)].concat(),
        ),
    ];
    broken(&cases, USUAL);
}

#[test]
fn what_can_be_read_in_one_way_is_an_answer() {
    let all = envelope();
    let (first, second) = all.split_at(40);
    let chunks = format!(
        "{:x}\r\n{first}\r\n{:X} ; name=\"va;lue\"\r\n{second}\r\n000\r\nX-Sum: 1\r\n\r\n",
        first.len(),
        second.len()
    );
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_vec();
    for (name, operation, answer, expected) in [
        (
            "chunks",
            USUAL,
            answer("Transfer-Encoding: Chunked\r\n", &chunks),
            200,
        ),
        ("interim answers", USUAL, [interim, placed(false)].concat(), 200),
        (
            "no reason, odd spaces",
            USUAL,
            format!(
                "HTTP/1.1 200\r\ncontent-type:\t text/xml \t\r\nX-Empty:\r\nCONTENT-LENGTH:{}\r\n\r\n{all}",
                all.len()
            )
            .into_bytes(),
            200,
        ),
        (
            "a length, of HTTP/1.0",
            USUAL,
            format!(
                "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{all}",
                all.len()
            )
            .into_bytes(),
            200,
        ),
        (
            "no chunk but the last",
            ONE_WAY,
            b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            202,
        ),
        (
            "no content",
            ONE_WAY,
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            202,
        ),
    ] {
        let backend = Backend::start(Behaviour::InTurn(vec![answer]));
        let answer = order(&before(&backend, operation));
        assert_eq!(answer.status, expected, "{name}: {answer:?}");
    }
}

/// Nobody may answer a message that has not come yet.
#[test]
fn what_comes_after_an_answer_answers_nothing() {
    let other = String::from_utf8(placed(false)).unwrap().replace(">7<", ">8<");
    let both = [placed(false), other.into_bytes()].concat();
    let backend = Backend::start(Behaviour::Bytes(both));
    let gateway = before(&backend, USUAL);
    for _ in 0..8 {
        let answer = order(&gateway);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains(">7<"), "{answer:?}");
    }
}

#[test]
fn a_connection_is_used_again() {
    let backend = Backend::start(Behaviour::Bytes(placed(false)));
    let gateway = before(&backend, USUAL);
    for _ in 0..8 {
        assert_eq!(order(&gateway).status, 200);
    }
    // Each of two workers has its own.
    assert!(backend.begun() <= 2, "{}", backend.begun());
}

#[test]
fn a_connection_that_was_closed_while_nobody_used_it_is_not_used_again() {
    let backend = Backend::start(Behaviour::InTurn(vec![placed(false)]));
    let gateway = before(&backend, USUAL);
    for number in 1..8 {
        assert_eq!(order(&gateway).status, 200);
        assert_eq!(backend.got().len(), number);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_interim_answer_alone_is_not_waited_on_for_ever() {
    let backend = Backend::start(Behaviour::Bytes(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()));
    let gateway = before(&backend, USUAL);
    let started = Instant::now();
    let answer = order(&gateway);
    assert_eq!(
        (answer.status, logged_code(answer.incident()).as_str()),
        (504, "relay.timeout")
    );
    assert!(started.elapsed() < Duration::from_secs(10));
}
