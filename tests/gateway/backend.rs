//! A legacy service. It answers as it is told and remembers what it got.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

use crate::message::KEYS;

/// What a backend got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// All values of a header, by its name in lower case.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

/// How a backend behaves.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Answers with these bytes.
    Bytes(Vec<u8>),
    /// Answers with these bytes after a time.
    Late(Duration, Vec<u8>),
    /// Answers each message with the next of these, then the first again, and closes the connection.
    InTurn(Vec<Vec<u8>>),
    /// Closes the connection without a word.
    Silent,
}

/// A backend that serves until the test ends.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Request>>>,
    bytes: Arc<Mutex<usize>>,
    begun: Arc<Mutex<usize>>,
}

impl Backend {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        Self::serve(behaviour, None)
    }

    /// With TLS, as the certificate `name`.
    pub(crate) fn start_tls(behaviour: Behaviour, name: &str) -> Self {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor
            .set_certificate_chain_file(format!("{KEYS}/{name}.pem"))
            .unwrap();
        acceptor
            .set_private_key_file(format!("{KEYS}/{name}.key.pem"), SslFiletype::PEM)
            .unwrap();
        Self::serve(behaviour, Some(acceptor.build()))
    }

    fn serve(behaviour: Behaviour, tls: Option<SslAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let backend = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
            bytes: Arc::default(),
            begun: Arc::default(),
        };
        let (got, bytes) = (Arc::clone(&backend.got), Arc::clone(&backend.bytes));
        let begun = Arc::clone(&backend.begun);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                *begun.lock().unwrap() += 1;
                let (behaviour, tls) = (behaviour.clone(), tls.clone());
                let (got, bytes) = (Arc::clone(&got), Arc::clone(&bytes));
                std::thread::spawn(move || {
                    let stream = stream.unwrap();
                    match tls {
                        None => talk(stream, &behaviour, &got, &bytes),
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream) {
                                talk(stream, &behaviour, &got, &bytes);
                            }
                        }
                    }
                });
            }
        });
        backend
    }

    /// What it got so far.
    pub(crate) fn got(&self) -> Vec<Request> {
        self.got.lock().unwrap().clone()
    }

    /// Waits until it got so many requests.
    pub(crate) fn wait_for(&self, requests: usize) {
        for _ in 0..1000 {
            if self.got().len() >= requests {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{:?}", self.got());
    }

    /// The only request that it got.
    pub(crate) fn only(&self) -> Request {
        let got = self.got();
        assert_eq!(got.len(), 1, "{got:?}");
        got.into_iter().next().unwrap()
    }

    /// How many connections were begun so far.
    pub(crate) fn begun(&self) -> usize {
        *self.begun.lock().unwrap()
    }

    /// How many bytes it got so far.
    pub(crate) fn bytes(&self) -> usize {
        *self.bytes.lock().unwrap()
    }
}

/// Serves one connection: requests until the other side closes.
fn talk(
    mut stream: impl Read + Write,
    behaviour: &Behaviour,
    got: &Mutex<Vec<Request>>,
    bytes: &Mutex<usize>,
) {
    let mut input = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        while let Some(length) = complete(&input) {
            let text = String::from_utf8_lossy(&input[..length]).into_owned();
            input.drain(..length);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let request = Request {
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let number = {
                let mut got = got.lock().unwrap();
                got.push(request);
                got.len()
            };
            let answer = match behaviour {
                Behaviour::Bytes(answer) => answer,
                Behaviour::InTurn(answers) => &answers[(number - 1) % answers.len()],
                Behaviour::Late(time, answer) => {
                    std::thread::sleep(*time);
                    answer
                }
                Behaviour::Silent => return,
            };
            if stream.write_all(answer).is_err() || matches!(behaviour, Behaviour::InTurn(_)) {
                return;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                *bytes.lock().unwrap() += read;
                input.extend_from_slice(&buffer[..read]);
            }
        }
    }
}

/// The length of the request at the beginning of `input`, if all of it is there.
fn complete(input: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(input);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let whole = head.len() + 4 + length;
    (input.len() >= whole).then_some(whole)
}

/// An HTTP answer.
pub(crate) fn http(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// What the legacy service says to an order.
pub(crate) const PLACED: &str = "<Placed xmlns=\"urn:example:orders\">7</Placed>";

pub(crate) fn placed(soap12: bool) -> Vec<u8> {
    let (namespace, kind) = if soap12 {
        (SOAP12, "application/soap+xml; charset=utf-8")
    } else {
        (SOAP11, "text/xml; charset=utf-8")
    };
    let body = format!(
        "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"{namespace}\"><e:Body>{PLACED}</e:Body></e:Envelope>"
    );
    http("200 OK", &[("Content-Type", kind)], &body)
}

/// A backend that places orders.
pub(crate) fn orders() -> Backend {
    Backend::start(Behaviour::Bytes(placed(false)))
}
