//! What each stage of a message costs, over messages made here: reading, canonicalizing and digesting, the signature's value, a
//! certificate with its path, the whole judgement of a gateway, a SAML Response, and signing.
//!
//! `cargo bench --bench stages`, or with a part of a name after `--`. Criterion keeps its figures below `target/criterion` and
//! compares with the run before.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    missing_docs,
    reason = "a measurement may panic; criterion's macros make functions"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, SignatureAlgorithm};
use sealgate::c14n::{self, Buffered};
use sealgate::crypto::{self, Certificate, Digester, PrivateKey, SigningKey, VerifyingKey};
use sealgate::dsig::{Objects, Signature};
use sealgate::inbound::Received;
use sealgate::soap::Envelope;
use sealgate::wss::write::{Ids, KeyToken, Plan, Understanding, write};
use sealgate::xml::{Document, Limits, Namespace};

/// Orders in a message: about 5 KB, 25 KB, 200 KB and 1 MB.
const ORDERS: [usize; 4] = [3, 60, 600, 3_000];

/// A good message with which the gate comes that judges, and the key of its sender.
struct Sender {
    case: support::Case,
    certificate: Certificate,
    key: SigningKey,
}

impl Sender {
    fn new() -> Self {
        let read = |name: &str| {
            let path = format!("{}/fixtures/keys/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read(path).unwrap()
        };
        let mut certificates = Certificate::from_pem_bundle(&read("alice.pem")).unwrap();
        Self {
            case: support::soap_cases("cases/good/soap11").pop().unwrap(),
            certificate: certificates.remove(0),
            key: SigningKey::from(PrivateKey::from_pem(&read("alice.key.pem"), None).unwrap()),
        }
    }

    fn sign(&self, unsigned: Bytes) -> Bytes {
        let envelope = Envelope::parse(unsigned, &Limits::archive()).unwrap();
        let plan = Plan {
            role: None,
            understanding: Understanding::Required,
            timestamp: Some((self.case.at, Some(self.case.at + chrono::TimeDelta::minutes(1)))),
            key: Some(KeyToken::X509v3(&self.certificate)),
            confirmations: None,
            parts: vec![envelope.body()],
        };
        let written = write(&envelope, &plan, &mut Ids::new([7; 16])).unwrap();
        let signed = written.sign(SignatureAlgorithm::RsaSha256, DigestAlgorithm::Sha256, &self.key);
        signed.unwrap().into()
    }
}

fn unsigned(orders: usize) -> Bytes {
    let order = |number: usize| {
        format!(
            "<o:Order id=\"PO-{number}\"><o:Buyer><c:Name>Zoë &amp; co</c:Name><c:Country>DE</c:Country></o:Buyer><o:Lines>\
             <o:Line no=\"1\" status=\"open\"><o:Sku scheme=\"GTIN\">58229{number:08}</o:Sku><o:Description xml:lang=\"de\">\
             Schraube M6x24 verzinkt</o:Description><c:Amount currency=\"EUR\" xsi:type=\"c:Money\">37.49</c:Amount>\
             </o:Line></o:Lines><o:Notes/></o:Order>"
        )
    };
    let orders: String = (0..orders).map(order).collect();
    format!(
        "<soap:Envelope xmlns:soap=\"{}\" xmlns:xsi=\"{}\"><soap:Body><o:Orders xmlns:o=\"urn:orders\" \
         xmlns:c=\"urn:common\"><c:Sender>alice</c:Sender>{orders}</o:Orders></soap:Body></soap:Envelope>",
        Namespace::SOAP11.uri(),
        Namespace::XSI.uri()
    )
    .into()
}

fn messages(criterion: &mut Criterion) {
    let sender = Sender::new();
    let mut group = criterion.benchmark_group("message");
    for orders in ORDERS {
        let unsigned = unsigned(orders);
        let signed = sender.sign(unsigned.clone());
        let size = signed.len();
        group.throughput(Throughput::Bytes(size.try_into().unwrap()));
        let name = |stage| BenchmarkId::new(stage, size);
        let limits = Limits::archive();
        group.bench_function(name("parse"), |bencher| {
            bencher.iter(|| Document::parse(signed.clone(), &limits).unwrap());
        });
        let document = Document::parse(signed.clone(), &limits).unwrap();
        let body = document.root().child(Namespace::SOAP11, "Body").unwrap();
        let exclusive = CanonicalizationAlgorithm::Exclusive.into();
        group.bench_function(name("canonicalize and digest"), |bencher| {
            bencher.iter(|| {
                let mut digester = Digester::new(DigestAlgorithm::Sha256);
                let mut buffered = Buffered::new(&mut digester);
                c14n::element(body, &exclusive, None, &mut buffered).unwrap();
                buffered.finish();
                digester.finish().unwrap()
            });
        });
        let received = Received::from(signed.clone());
        group.bench_function(name("verify"), |bencher| {
            bencher.iter(|| sender.case.gate.verify(received.clone(), sender.case.at).unwrap());
        });
        group.bench_function(name("sign"), |bencher| {
            bencher.iter(|| sender.sign(unsigned.clone()));
        });
    }
    group.finish();
}

/// What does not grow with the message.
fn fixed(criterion: &mut Criterion) {
    let sender = Sender::new();
    let mut group = criterion.benchmark_group("fixed");
    let document = Document::parse(sender.sign(unsigned(1)), &Limits::default()).unwrap();
    let mut elements = document.root().descendants();
    let element = elements
        .find(|element| element.is(Namespace::DS, "Signature"))
        .unwrap();
    let signature = Signature::read(element, Objects::Refused, &Limits::default()).unwrap();
    let mut octets = Vec::new();
    c14n::element(
        signature.signed_info,
        &signature.canonicalization,
        None,
        &mut octets,
    )
    .unwrap();
    let key = VerifyingKey::Public(sender.certificate.public_key().clone());
    group.bench_function("signature value", |bencher| {
        bencher.iter(|| crypto::verify(signature.method, &key, &octets, &signature.value).unwrap());
    });
    let der = sender.certificate.der();
    group.bench_function("certificate", |bencher| {
        bencher.iter(|| Certificate::from_der(black_box(der)).unwrap());
    });
    let (gate, at) = (&sender.case.gate, sender.case.at);
    let rules = gate.policy.path_rules();
    let path = |remembered: bool| {
        if !remembered {
            gate.trust.forget();
        }
        let leaf = gate.trust.certificate(der).unwrap();
        gate.trust.path(&leaf, &[], at, &rules).unwrap()
    };
    group.bench_function("trust, remembered", |bencher| bencher.iter(|| path(true)));
    group.bench_function("trust, forgotten", |bencher| bencher.iter(|| path(false)));
    group.finish();
}

fn saml(criterion: &mut Criterion) {
    let mut cases = support::cases("cases/good");
    cases.retain(|case| case.received.bytes.starts_with(b"<samlp:Response"));
    let case = cases.pop().unwrap();
    criterion.bench_function("saml", |bencher| {
        bencher.iter(|| case.admitted(case.received.bytes.clone()).unwrap());
    });
}

criterion_group!(benches, messages, fixed, saml);
criterion_main!(benches);
