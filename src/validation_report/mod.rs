//! Validation reports in XML, by ETSI TS 119 102-2 (V1.2.1): what was found of one message, for programs that read reports of many validators.
//!
//! A report is written from an [`Outcome`] and decides nothing. It has a SignatureValidationReport for each signature that was looked at, in document
//! order, or one without a SignatureIdentifier where there was none. What the verdict is in the words of the standard says [`Status`].

mod indication;
mod nearest;
mod objects;
mod signature;
mod writer;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::algorithm::DigestAlgorithm;
use crate::crypto::{digest, encode_base64};
use crate::policy::Policy;
use crate::verifier::{At, Kind, Outcome};
use crate::xml::Namespace;
use objects::Objects;
use writer::Writer;

pub use indication::{MainIndication, Status, SubIndication};
pub use nearest::nearest;

/// The namespace of the reports.
pub const NAMESPACE: &str = "http://uri.etsi.org/19102/v1.2.1#";

/// What is the same in all reports of a job or command.
#[derive(Clone, Debug)]
pub struct Reporting {
    policy: String,
    /// SHA-256 of the policy as TOML, in base64.
    policy_digest: Option<String>,
    /// What is asked of SOAP messages: what, and of which part.
    constraints: Vec<(&'static str, String)>,
    at: At,
    now: DateTime<Utc>,
}

/// As of when, and how that is known.
#[derive(Clone, Debug)]
struct Time {
    /// As xs:dateTime.
    text: String,
    /// Whether what was seen is proven to have existed then, and in which way.
    proof: Proof,
}

/// TypeOfProof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proof {
    /// It was there when it was judged.
    Validation,
    /// The operator says so.
    Provided,
    /// The message says so, and the operator takes its word: `--at message`.
    Policy,
}

impl Proof {
    const fn uri(self) -> &'static str {
        match self {
            Self::Validation => "urn:etsi:019102:poetype:validation",
            Self::Provided => "urn:etsi:019102:poetype:provided",
            Self::Policy => "urn:etsi:019102:poetype:policy",
        }
    }
}

impl Reporting {
    /// For messages judged by `policy`, as of `at`; `now` is when that is where `at` says no other time, and nothing else: reports of one message
    /// by one policy as of one time are the same.
    pub fn new(policy: &Policy, at: At, now: DateTime<Utc>) -> Self {
        let text = toml::to_string(policy).ok();
        let digest = text.and_then(|text| digest(DigestAlgorithm::Sha256, text.as_bytes()).ok());
        let signed = policy.signed.iter().cloned().map(|part| ("signed", part.into()));
        let encrypted = policy
            .encrypted
            .iter()
            .cloned()
            .map(|part| ("encrypted", part.into()));
        Self {
            policy: policy.name.clone(),
            policy_digest: digest.map(|digest| encode_base64(digest.as_bytes())),
            constraints: signed.chain(encrypted).collect(),
            at,
            now,
        }
    }

    /// The report on a message called `source`, which was judged as a `kind`, where it came so far. Nothing in a value is markup; characters that no XML may have, and invisible ones, are
    /// written as `\u{1b}`.
    pub fn report(&self, source: &str, kind: Option<Kind>, outcome: &Outcome) -> String {
        let time = self.time(outcome);
        let mut objects = Objects::default();
        let mut out = Writer::default();
        let namespaces = [
            ("xmlns", NAMESPACE),
            ("xmlns:ds", Namespace::DS.uri()),
            ("xmlns:xades", "http://uri.etsi.org/01903/v1.3.2#"),
            ("xmlns:tsl", "http://uri.etsi.org/02231/v2#"),
        ];
        out.open("ValidationReport", &namespaces);
        let mut signatures: Vec<_> = outcome.findings.signatures.iter().map(Some).collect();
        if signatures.is_empty() {
            signatures.push(None);
        }
        for (place, found) in signatures.into_iter().enumerate() {
            let message = signature::Message {
                reporting: self,
                source,
                kind,
                outcome,
                time: time.as_ref(),
            };
            signature::write(&message, place, found, &mut objects, &mut out);
        }
        objects.write(time.as_ref(), &mut out);
        validator(&mut out);
        out.close();
        out.finish()
    }

    fn time(&self, outcome: &Outcome) -> Option<Time> {
        let (otherwise, proof) = match self.at {
            At::Now => (Some(self.now), Proof::Validation),
            At::Time(time) => (Some(time), Proof::Provided),
            At::Message => (None, Proof::Policy),
        };
        let text = date_time(outcome.findings.judged_at.or(otherwise)?)?;
        Some(Time { text, proof })
    }
}

/// SignatureValidator: which program it was, as nobody vouches for what it says.
fn validator(out: &mut Writer) {
    out.open("SignatureValidator", &[]);
    out.open("DigitalId", &[]);
    out.text("tsl:Other", concat!("sealgate ", env!("CARGO_PKG_VERSION")));
    out.close();
    out.close();
}

/// `time` as xs:dateTime; `None` where that cannot say it.
fn date_time(time: DateTime<Utc>) -> Option<String> {
    let text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let is_usual = text.get(4..5) == Some("-") && !text.starts_with("0000") && !text.starts_with(['+', '-']);
    is_usual.then_some(text)
}

#[cfg(test)]
mod tests;
