//! Connections of HTTP/2, which their clients may leave open and unread.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslStream};
use serde_json::Value;

use crate::audit::recorded;
use crate::backend::{Backend, Behaviour, http, orders, placed};
use crate::client::{connect, request, send, try_send};
use crate::ending::{keeping, stop, told};
use crate::exchange::ENDPOINT;
use crate::gateway::{configuration, prepared};
use crate::message::KEYS;
use crate::process::Process;
use crate::replay::{SETTLED, order};
use crate::site::wait_until;

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A connection of HTTP/2.
struct Http2(SslStream<TcpStream>);

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

    /// Posts the body of `request` to `path`, and takes nothing of what comes.
    fn ask(&mut self, number: u32, path: &str, request: &str) {
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
    }

    /// The next frame: its kind, flags, stream and payload. An end of the connection is an error.
    fn next(&mut self) -> io::Result<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
        Ok((head[3], head[4], stream, payload))
    }

    /// Whether the answer to request `number` is 200, and its octets.
    fn answer(&mut self, number: u32) -> (bool, Vec<u8>) {
        let (mut is_good, mut octets) = (false, Vec::new());
        loop {
            let (kind, flags, stream, payload) = self.next().unwrap();
            match (kind, stream == number) {
                // `:status: 200` is the eighth field that both know.
                (1, true) => is_good = payload[0] == 0x88,
                (0, true) => octets.extend(payload),
                (4, _) if flags & 1 == 0 => self.0.write_all(&frame(4, 1, 0, &[])).unwrap(),
                _ => {}
            }
            if matches!(kind, 0 | 1) && stream == number && flags & 1 == 1 {
                return (is_good, octets);
            }
        }
    }

    fn post(&mut self, number: u32, path: &str, request: &str) -> (bool, Vec<u8>) {
        self.ask(number, path, request);
        self.answer(number)
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

#[test]
fn an_idle_connection_keeps_no_gateway_from_ending_and_one_with_an_answer_to_come_does() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(3000), placed(false)));
    let (_folder, file) = keeping(backend.address, 60);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let [idle, mut asked, mut waiting] = [(); 3].map(|()| Http2::open(gateway.tls()));
    assert!(asked.post(1, "/orders", &order()).0);
    waiting.ask(1, "/orders", &order());
    backend.wait_for(2);
    let begun = Instant::now();
    stop(&gateway, 1);
    assert!(gateway.ended());
    // Before the web server misses an answer to its PING.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(waiting.answer(1).0);
    drop((idle, asked));
}

#[test]
fn an_answer_for_which_no_window_is_given_is_given_up() {
    let long = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a>{}</a></s:Body></s:Envelope>",
        "x".repeat(1_000_000)
    );
    let kind = [("Content-Type", "text/xml")];
    let backend = Backend::start(Behaviour::Bytes(http("200 OK", &kind, &long)));
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("workers = 2", "workers = 2\nbody_seconds = 2");
    let (_folder, file) = prepared(&text.replace("answer_bytes = 100000", "answer_bytes = 10000000"));
    let gateway = Process::start(&file).unwrap();
    let held = || {
        let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
        let mut lines = metrics.lines();
        let held = lines.find_map(|line| line.strip_prefix("sealgate_body_bytes_held "));
        held.unwrap().parse::<u64>().unwrap()
    };
    let mut connection = Http2::open(gateway.tls());
    connection.ask(1, "/orders", &order());
    wait_until("it is held", || held() > 1_000_000);
    let begun = Instant::now();
    wait_until("it is given up", || held() == 0);
    assert!(begun.elapsed() > Duration::from_secs(1) && begun.elapsed() < Duration::from_secs(15));
    // All that there was a window for, and the end.
    let mut octets = 0;
    while let Ok((kind, _, _, payload)) = connection.next() {
        octets += if kind == 0 { payload.len() } else { 0 };
    }
    assert_eq!(octets, 65_535);
}

#[test]
fn an_answer_that_is_read_slowly_comes_whole() {
    let long = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a>{}</a></s:Body></s:Envelope>",
        "x".repeat(400_000)
    );
    let kind = [("Content-Type", "text/xml")];
    let backend = Backend::start(Behaviour::Bytes(http("200 OK", &kind, &long)));
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("workers = 2", "workers = 2\nbody_seconds = 4");
    let (_folder, file) = prepared(&text.replace("answer_bytes = 100000", "answer_bytes = 10000000"));
    let gateway = Process::start(&file).unwrap();
    let mut connection = Http2::open(gateway.tls());
    connection.ask(1, "/orders", &order());
    let mut octets = 0;
    loop {
        let (kind, flags, _, payload) = connection.next().unwrap();
        if kind == 4 && flags & 1 == 0 {
            connection.0.write_all(&frame(4, 1, 0, &[])).unwrap();
        }
        if kind == 0 {
            octets += payload.len();
            if flags & 1 == 1 {
                break;
            }
            // All in all that takes longer than one piece may.
            if octets > 40_000 && payload.len() > 1000 {
                std::thread::sleep(Duration::from_millis(300));
            }
            let more = u32::try_from(payload.len()).unwrap().to_be_bytes();
            for stream in [0, 1] {
                connection.0.write_all(&frame(8, 0, stream, &more)).unwrap();
            }
        }
    }
    assert!(octets > 400_000, "{octets}");
}
