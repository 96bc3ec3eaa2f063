//! A collector of traces, which reads what it is told with the types that the OpenTelemetry project publishes.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Name};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// A collector that serves until the test ends.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Post>>>,
}

/// One request that it got.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Collector {
    /// Gives the answers in turn, the last of them for ever.
    pub(crate) fn start(answers: &[&str]) -> Self {
        Self::serve(answers, None)
    }

    /// With TLS and a certificate of its own, which is written to `file`.
    pub(crate) fn start_tls(file: &Path) -> Self {
        let key = PKey::from_ec_key(
            EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap(),
        )
        .unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "collector").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate
            .set_not_before(&Asn1Time::days_from_now(0).unwrap())
            .unwrap();
        certificate
            .set_not_after(&Asn1Time::days_from_now(1).unwrap())
            .unwrap();
        let names = SubjectAlternativeName::new()
            .dns("localhost")
            .build(&certificate.x509v3_context(None, None))
            .unwrap();
        certificate.append_extension(names).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = certificate.build();
        fs::write(file, certificate.to_pem().unwrap()).unwrap();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate(&certificate).unwrap();
        acceptor.set_private_key(&key).unwrap();
        Self::serve(&[OK], Some(acceptor.build()))
    }

    fn serve(answers: &[&str], tls: Option<SslAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
        };
        let got = Arc::clone(&collector.got);
        let mut answers: Vec<String> = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream: Box<dyn ReadWrite> = match &tls {
                    None => Box::new(stream.unwrap()),
                    Some(tls) => match tls.accept(stream.unwrap()) {
                        Ok(stream) => Box::new(stream),
                        Err(_) => continue,
                    },
                };
                let Some(post) = read(&mut stream) else { continue };
                let answer = answers.last().cloned().unwrap();
                if answers.len() > 1 {
                    answers.pop();
                }
                let taken = answer.starts_with("HTTP/1.1 200");
                let _ = stream.write_all(answer.as_bytes());
                if taken {
                    got.lock().unwrap().push(post);
                }
            }
        });
        collector
    }

    /// What it has taken so far.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.got.lock().unwrap().clone()
    }

    /// The spans that it has taken, once there are so many.
    pub(crate) fn spans(&self, least: usize) -> Vec<Span> {
        for _ in 0..500 {
            let spans: Vec<Span> = self.posts().iter().flat_map(Post::spans).collect();
            if spans.len() >= least {
                return spans;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("fewer than {least} spans: {:?}", self.posts());
    }
}

impl Post {
    fn spans(&self) -> Vec<Span> {
        let request = ExportTraceServiceRequest::decode(self.body.as_slice()).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|one| one.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// An attribute of a span, as text.
pub(crate) fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|one| one.key == name)?;
    let value = found.value.clone()?.value?;
    if let Value::IntValue(number) = value {
        return Some(number.to_string());
    }
    let Value::StringValue(text) = value else {
        panic!("{name}: {value:?}")
    };
    Some(text)
}

/// Identifiers as people write them.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// All was taken.
pub(crate) const OK: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

trait ReadWrite: Read + Write {}

impl<S: Read + Write> ReadWrite for S {}

fn read(stream: &mut impl Read) -> Option<Post> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.unwrap().1.parse().unwrap();
            if bytes.len() >= end + 4 + length {
                let body = bytes[end + 4..end + 4 + length].to_vec();
                return Some(Post { head, body });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
