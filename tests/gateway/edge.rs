//! HTTP that is slow, too large, or means two things.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod};
use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{connect, post, read, request, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{KEYS, Message};

const HEAD: &str =
    "POST /orders HTTP/1.1\r\nHost: g\r\nContent-Type: text/xml\r\nSOAPAction: \"urn:place\"\r\n";

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_comes() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let mut stream = connect(gateway.plain());
    write!(stream, "{HEAD}Content-Length: 1000001\r\n\r\n").unwrap();
    let answer = read(&mut stream).unwrap();
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(logged_code(answer.incident()), "limit.bytes");
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn a_body_that_becomes_too_long_is_refused_while_it_comes() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let mut stream = connect(gateway.plain());
    write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut writing = stream.try_clone().unwrap();
    let started = Instant::now();
    // 1 MB is allowed, and this never ends by itself.
    let writer = std::thread::spawn(move || {
        while writing.write_all(chunk.as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
            assert!(started.elapsed() < Duration::from_secs(25));
        }
    });
    let answer = read(&mut stream).unwrap();
    assert_eq!(logged_code(answer.incident()), "limit.bytes");
    writer.join().unwrap();
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn a_body_that_comes_too_slowly_is_given_up() {
    let backend = orders();
    let text = configuration(&format!("http://{}/", backend.address));
    let gateway = Gateway::configured(&text.replace("workers = 2", "workers = 2\nbody_seconds = 1"));
    let started = Instant::now();
    let mut stream = connect(gateway.plain());
    write!(stream, "{HEAD}Content-Length: 1000\r\n\r\n<a").unwrap();
    let answer = read(&mut stream).unwrap();
    assert_eq!(answer.status, 500);
    assert_eq!(logged_code(answer.incident()), "http.too_slow");
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(15),
        "{took:?}"
    );
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn a_body_that_drips_is_given_up_though_it_never_stops() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let started = Instant::now();
    let mut stream = connect(gateway.plain());
    write!(stream, "{HEAD}Content-Length: 100000\r\n\r\n").unwrap();
    let dripping = stream.try_clone().unwrap();
    let drips = std::thread::spawn(move || {
        let mut dripping = dripping;
        while dripping.write_all(b"<").is_ok() && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let answer = read(&mut stream).unwrap();
    assert_eq!(logged_code(answer.incident()), "http.too_slow");
    let took = started.elapsed();
    assert!(
        took > Duration::from_secs(4) && took < Duration::from_secs(20),
        "{took:?}"
    );
    drop(stream);
    drips.join().unwrap();
}

#[test]
fn a_head_that_does_not_come_closes_the_connection() {
    let gateway = Gateway::before(orders().address);
    let started = Instant::now();
    let begin = |text: &str| {
        let mut stream = connect(gateway.plain());
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let begun = [
        begin("POST /orders HT"),
        begin("POST /orders HTTP/1.1\r\nHost: g\r\nX-A: b"),
    ];
    for mut stream in begun {
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
    let took = started.elapsed();
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(20),
        "{took:?}"
    );
}

#[test]
fn heads_are_limited() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed();
    let xml = ("Content-Type", "text/xml");
    let long = "x".repeat(40_000);
    let answer = send(
        gateway.plain(),
        &request("POST", "/orders", &[xml, ("X-Long", &long)], &message),
    );
    assert_eq!((answer.status, answer.body.as_str()), (431, ""));
    let names: Vec<String> = (0..99).map(|number| format!("X-{number}")).collect();
    let mut fields = vec![xml];
    fields.extend(names.iter().map(|name| (name.as_str(), "x")));
    let answer = send(gateway.plain(), &request("POST", "/orders", &fields, &message));
    assert!([400, 431].contains(&answer.status), "{answer:?}");
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn a_request_whose_end_is_not_certain_is_no_request() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed();
    let length = message.len();
    let smuggled = format!("{message}POST /orders HTTP/1.1\r\nHost: g\r\n\r\n");
    for framing in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 5),
        format!("Content-Length: {length}, {length}\r\n"),
        format!("Content-Length: +{length}\r\n"),
        format!("Content-Length : {length}\r\n"),
        format!("Content-Length: {length}\r\n x: y\r\n"),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: 0x10\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
    ] {
        let mut stream = connect(gateway.plain());
        stream
            .write_all(format!("{HEAD}{framing}\r\n{smuggled}").as_bytes())
            .unwrap();
        let status = read(&mut stream).map(|answer| answer.status);
        assert!(!matches!(status, Ok(200)), "{framing}: {status:?}");
        assert_eq!(backend.bytes(), 0, "{framing}");
    }
}

#[test]
fn http_2_is_not_spoken() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let secure = |protocols: &[u8]| {
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_ca_file(format!("{KEYS}/ca.pem")).unwrap();
        connector.set_alpn_protos(protocols).unwrap();
        let connector = connector.build();
        connector
            .connect("gateway.example", connect(gateway.tls()))
            .unwrap()
    };
    let mut stream = secure(b"\x02h2\x08http/1.1");
    assert_eq!(
        stream.ssl().selected_alpn_protocol(),
        Some(b"http/1.1".as_slice())
    );
    stream
        .write_all(post(Version::Soap11, "urn:place", &Message::default().signed()).as_bytes())
        .unwrap();
    assert_eq!(read(&mut stream).unwrap().status, 200);

    let mut secure = secure(b"\x02h2");
    assert_eq!(secure.ssl().selected_alpn_protocol(), None);
    let mut plain = connect(gateway.plain());
    // The preface of a client, and SETTINGS (RFC 9113 §3.4).
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    secure.write_all(preface).unwrap();
    plain.write_all(preface).unwrap();
    for answer in [read(&mut secure), read(&mut plain)] {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[test]
fn chunks_make_a_body() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed();
    let mut stream = connect(gateway.plain());
    write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    for chunk in message.as_bytes().chunks(700) {
        write!(stream, "{:x}\r\n", chunk.len()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let answer = read(&mut stream).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    // The backend's request is framed anew.
    let got = backend.only();
    assert_eq!(got.headers("content-length"), [got.body.len().to_string()]);
    assert!(got.headers("transfer-encoding").is_empty());
}

#[test]
fn a_connection_serves_many_messages_and_survives_refusals() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let mut stream = connect(gateway.plain());
    let mut ask = |message: &str| {
        let request = post(Version::Soap11, "urn:place", message).replace("Connection: close\r\n", "");
        stream.write_all(request.as_bytes()).unwrap();
        read(&mut stream).unwrap().status
    };
    for _ in 0..3 {
        let message = Message::default().signed();
        assert_eq!(ask(&message), 200);
        assert_eq!(ask(&message), 500);
        assert_eq!(ask("<a/>"), 500);
    }
    assert_eq!(backend.got().len(), 3);
}

#[test]
fn large_messages_are_verified_too() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let items = "<o:Item>bolt M8</o:Item>".repeat(30_000);
    let body = format!("<o:PlaceOrder xmlns:o=\"urn:example:orders\">{items}</o:PlaceOrder>");
    let message = Message {
        body,
        ..Message::default()
    }
    .signed();
    assert!(message.len() > 700_000);
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(backend.only().body.contains(&items));
    let changed = Message {
        body: format!("<o:PlaceOrder xmlns:o=\"urn:example:orders\">{items}</o:PlaceOrder>"),
        ..Message::default()
    };
    let changed = changed.signed().replacen(">bolt M8<", ">bolt M9<", 1);
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &changed));
    assert_eq!(logged_code(answer.incident()), "dsig.digest_mismatch");
}
