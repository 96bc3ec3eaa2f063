use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::clock::cost;
use super::job::Job;
use crate::c14n;
use crate::cli::args::Operation;
use crate::crypto;
use crate::crypto::Certificate;
use crate::crypto::VerifyingKey;
use crate::crypto::decode_base64;
use crate::dsig;
use crate::dsig::{Objects, Rules, Signature};
use crate::trust::Issuers;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Namespace;

/// Where the time of a message goes, in CPU µs. Each part is measured by itself after the whole was, so that the whole is
/// measured undisturbed; `policy` is what is left of it. `None` is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stages {
    parse: Option<f64>,
    canonicalize_digest: Option<f64>,
    signature: Option<f64>,
    trust: Option<f64>,
    policy: Option<f64>,
}

/// The stages of a message that takes `whole` µs in all.
pub(super) fn of(job: &Job, bytes: &Bytes, whole: f64, seconds: f64) -> Stages {
    // Four parts, and together no more than a tenth of the window.
    let length = Duration::from_secs_f64((seconds / 50.0).min(0.1));
    let limits = &job.gate.policy.limits;
    let Ok(document) = Document::parse(bytes.clone(), limits) else {
        return Stages::default();
    };
    let parse = cost(length, || {
        std::hint::black_box(Document::parse(bytes.clone(), limits).is_ok());
    });
    let mut stages = Stages {
        parse: Some(parse),
        ..Stages::default()
    };
    match job.operation() {
        Operation::C14n => stages.canonicalize_digest = Some((whole - parse).max(0.0)),
        Operation::Verify | Operation::Dsig | Operation::Saml => {
            measure_signatures(job, &document, length, &mut stages);
            let known = [
                stages.parse,
                stages.canonicalize_digest,
                stages.signature,
                stages.trust,
            ];
            let sum: Option<f64> = known.into_iter().sum();
            stages.policy = sum.map(|sum| (whole - sum).max(0.0));
        }
        Operation::Sign | Operation::Parse => {}
    }
    stages
}

fn measure_signatures(job: &Job, document: &Document, length: Duration, stages: &mut Stages) {
    let policy = &job.gate.policy;
    let rules = Rules {
        permitted: &policy.algorithms,
        limits: &policy.limits,
        keep: crate::dsig::Keep::Nothing,
    };
    let certificates = certificates(document);
    let keys = keys(job, &certificates);
    let (mut verify, mut value, mut trust) = (0.0, 0.0, 0.0);
    let elements = document.root().descendants();
    for element in elements.filter(|element| element.is(Namespace::DS, "Signature")) {
        let Ok(signature) = Signature::read(element, Objects::Allowed, &policy.limits) else {
            return;
        };
        let holds = |key: &&VerifyingKey| dsig::verify(&signature, key, rules, &mut Vec::new()).is_ok();
        let Some(key) = keys.iter().find(holds) else {
            return;
        };
        verify += cost(length, || {
            std::hint::black_box(dsig::verify(&signature, key, rules, &mut Vec::new()).is_ok());
        });
        value += cost_of_value(&signature, key, length);
        trust += cost_of_trust(job, &certificates, key, length);
    }
    stages.canonicalize_digest = Some((verify - value).max(0.0));
    stages.signature = Some(value);
    stages.trust = Some(trust);
}

/// The signature value over SignedInfo, its canonicalization not counted.
fn cost_of_value(signature: &Signature<'_>, key: &VerifyingKey, length: Duration) -> f64 {
    let mut octets = Vec::new();
    if c14n::element(
        signature.signed_info,
        &signature.canonicalization,
        None,
        &mut octets,
    )
    .is_err()
    {
        return 0.0;
    }
    cost(length, || {
        std::hint::black_box(crypto::verify(signature.method, key, &octets, &signature.value).is_ok());
    })
}

/// The certificate that the key is from, read and led to an anchor; nothing where the key is trusted as a key.
fn cost_of_trust(job: &Job, certificates: &[Certificate], key: &VerifyingKey, length: Duration) -> f64 {
    let store = &job.gate.trust;
    let of_key = |certificate: &&Certificate| *key == VerifyingKey::Public(certificate.public_key().clone());
    let Some(leaf) = certificates.iter().find(of_key).filter(|_| !store.is_empty()) else {
        return 0.0;
    };
    let (rules, at) = (job.gate.policy.path_rules(), job.time());
    cost(length, || {
        job.forget();
        let read = store.certificate(leaf.der());
        std::hint::black_box(read.is_ok_and(|leaf| store.path(&leaf, &[], at, &rules).is_ok()));
    })
}

/// The certificates that came with the message.
fn certificates(document: &Document) -> Vec<Certificate> {
    let carries = |element: &Element<'_>| {
        element.is(Namespace::WSSE, "BinarySecurityToken") || element.is(Namespace::DS, "X509Certificate")
    };
    let read = |element: Element<'_>| {
        let der = decode_base64(&element.text().ok()?.value).ok()?;
        Certificate::from_der(&der).ok()
    };
    document
        .root()
        .descendants()
        .filter(carries)
        .filter_map(read)
        .take(16)
        .collect()
}

/// The keys that may have signed.
fn keys(job: &Job, certificates: &[Certificate]) -> Vec<VerifyingKey> {
    let carried = certificates.iter().map(Certificate::public_key);
    let pins = job.gate.trust.pins().map(Certificate::public_key);
    let (issuers, at) = (&job.gate.issuers, job.time());
    let of_entity = |id| issuers.keys(id, Issuers::ASSERTING, at).unwrap_or_default();
    let entities = issuers.entity_ids().flat_map(of_entity).map(|held| &held.key);
    carried
        .chain(pins)
        .chain(entities)
        .map(|key| key.clone().into())
        .collect()
}

impl Stages {
    pub(super) fn json(&self) -> Value {
        json!({
            "parse": self.parse,
            "canonicalize_digest": self.canonicalize_digest,
            "signature": self.signature,
            "trust": self.trust,
            "policy": self.policy,
        })
    }

    pub(super) fn text(&self) -> String {
        let parts = [
            ("parse", self.parse),
            ("canonicalize and digest", self.canonicalize_digest),
            ("signature", self.signature),
            ("trust", self.trust),
            ("policy and the rest", self.policy),
        ];
        let known = parts
            .iter()
            .filter_map(|(name, cost)| cost.map(|cost| format!("{name} {cost:.1} µs")));
        known.collect::<Vec<_>>().join(", ")
    }
}
