//! A web server on the loopback, over TLS, that says what it is told to and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use sealgate::crypto::{CertificateRole, Curve, NewCertificate, PrivateKey, issue};

use crate::backend::http;

/// The server, until the test ends.
pub(crate) struct Site {
    address: SocketAddr,
    /// The PEM of who issued its certificate.
    authority: String,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    answers: HashMap<String, Vec<u8>>,
    asked: Vec<String>,
    stalled: bool,
    down: bool,
}

impl Site {
    pub(crate) fn start() -> Self {
        let (ca_key, key) = (generated(), generated());
        let new = |role, hosts| NewCertificate {
            common_name: "idp",
            organization: "Test",
            role,
            hosts,
            not_before: Utc::now() - TimeDelta::hours(1),
            not_after: Utc::now() + TimeDelta::hours(1),
        };
        let ca = issue(&new(CertificateRole::Authority, &[]), &ca_key, None).unwrap();
        let server = new(CertificateRole::Server, &["127.0.0.1"]);
        let certificate = issue(&server, &key, Some((&ca, &ca_key))).unwrap();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor
            .set_certificate(&X509::from_der(certificate.der()).unwrap())
            .unwrap();
        let key = PKey::private_key_from_pem(&key.to_pem().unwrap()).unwrap();
        acceptor.set_private_key(&key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = Self {
            address: listener.local_addr().unwrap(),
            authority: ca.to_pem(),
            said: Arc::default(),
        };
        let (said, acceptor) = (Arc::clone(&site.said), acceptor.build());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (said, acceptor) = (Arc::clone(&said), acceptor.clone());
                std::thread::spawn(move || {
                    if said.lock().unwrap().down {
                        return;
                    }
                    let Ok(mut stream) = acceptor.accept(stream.unwrap()) else {
                        return;
                    };
                    let mut lines = BufReader::new(&mut stream).lines().map_while(Result::ok);
                    let Some(line) = lines.next() else { return };
                    while lines.next().is_some_and(|line| !line.is_empty()) {}
                    drop(lines);
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    let (answer, stalled) = {
                        let mut said = said.lock().unwrap();
                        said.asked.push(path.clone());
                        (said.answers.get(&path).cloned(), said.stalled)
                    };
                    if stalled {
                        std::thread::sleep(Duration::from_secs(20));
                    }
                    let _ = stream.write_all(&answer.unwrap_or_else(|| http("404 Not Found", &[], "")));
                    let _ = stream.shutdown();
                });
            }
        });
        site
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// Writes the certificate of who issued that of the server to `folder`, as `site-ca.pem`.
    pub(crate) fn introduce(&self, folder: &Path) {
        std::fs::write(folder.join("site-ca.pem"), &self.authority).unwrap();
    }

    /// From now on it says `body` at `path`.
    pub(crate) fn say(&self, path: &str, body: &[u8]) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        self.answer(path, [head.as_bytes(), body].concat());
    }

    /// From now on it answers with these bytes at `path`.
    pub(crate) fn answer(&self, path: &str, answer: Vec<u8>) {
        self.said.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// Whether it takes a long time.
    pub(crate) fn stall(&self, stalled: bool) {
        self.said.lock().unwrap().stalled = stalled;
    }

    /// Whether nobody is there.
    pub(crate) fn go_down(&self, down: bool) {
        self.said.lock().unwrap().down = down;
    }

    /// How often it was asked for `path`.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let said = self.said.lock().unwrap();
        said.asked.iter().filter(|asked| *asked == path).count()
    }
}

fn generated() -> PrivateKey {
    PrivateKey::generate_ec(Curve::P256).unwrap()
}

/// An address where nobody listens. Its port is none of those that the system gives to whoever asks for any.
pub(crate) fn nobody() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let all = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    let mut all = all.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    all.find(|address| TcpListener::bind(address).is_ok()).unwrap()
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: not so yet");
        std::thread::sleep(Duration::from_millis(50));
    }
}
