//! Validation reports in XML, by ETSI TS 119 102-2 (V1.2.1): what was found of one message, for programs that read reports of many validators.
//!
//! A report is written from an [`Outcome`] and decides nothing. It has a SignatureValidationReport for each signature that was looked at, in document
//! order, or one without a SignatureIdentifier where there was none. What the verdict is in the words of the standard says [`Status`].

mod indication;
mod nearest;
mod objects;
mod signature;
mod writer;

use std::fmt;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};

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

/// What every report begins with.
pub(crate) const BEGINNING: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<ValidationReport xmlns=\"http://uri.etsi.org/19102/v1.2.1#\""
);

/// What is the same in all reports of a job or command.
#[derive(Clone, Debug)]
pub struct Reporting {
    policy: String,
    /// SHA-256 of the policy as TOML, in base64.
    policy_digest: String,
    /// What is asked of SOAP messages: what, and of which part.
    constraints: Vec<(&'static str, String)>,
    at: At,
}

/// Why nothing can be reported: the policy has no digest (SigPolicyHash).
#[derive(Debug)]
pub struct NoPolicyDigest(String);

impl fmt::Display for NoPolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy has no digest for validation reports: {}", self.0)
    }
}

impl std::error::Error for NoPolicyDigest {}

/// What a report is on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// What the message is called.
    pub source: &'s str,
    /// SHA-256 of its bytes as given, in hexadecimal digits, where all were read.
    pub sha256: Option<&'s str>,
    /// What it was judged as, where it came so far.
    pub kind: Option<Kind>,
}

/// When what was seen is proven to have existed, and in which way.
#[derive(Clone, Debug)]
struct Time {
    /// As xs:dateTime.
    text: String,
    proof: Proof,
}

/// TypeOfProof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proof {
    /// It was there when it was judged.
    Validation,
    /// A message that passed says so, and the operator takes the word of its signer: `--at message`.
    Policy,
}

impl Proof {
    const fn uri(self) -> &'static str {
        match self {
            Self::Validation => "urn:etsi:019102:poetype:validation",
            Self::Policy => "urn:etsi:019102:poetype:policy",
        }
    }
}

impl Reporting {
    /// For messages judged by `policy`, as of `at`. Reports of one message by one policy as of one time are the same.
    ///
    /// # Errors
    ///
    /// [`NoPolicyDigest`]: a report could not say which policy that was.
    pub fn new(policy: &Policy, at: At) -> Result<Self, NoPolicyDigest> {
        let text = toml::to_string(policy).map_err(|error| NoPolicyDigest(error.to_string()))?;
        let digest = digest(DigestAlgorithm::Sha256, text.as_bytes());
        let digest = digest.map_err(|error| NoPolicyDigest(error.to_string()))?;
        let signed = policy.signed.iter().cloned().map(|part| ("signed", part.into()));
        let encrypted = policy
            .encrypted
            .iter()
            .cloned()
            .map(|part| ("encrypted", part.into()));
        Ok(Self {
            policy: policy.name.clone(),
            policy_digest: encode_base64(digest.as_bytes()),
            constraints: signed.chain(encrypted).collect(),
            at,
        })
    }

    /// The report on a message, of which `outcome` is what became. Nothing in a value is markup; characters that no XML may have, and
    /// invisible ones, are written as `\u{1b}`.
    pub fn report(&self, subject: &Subject<'_>, outcome: &Outcome) -> String {
        let time = self.proven(outcome);
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
                subject,
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

    /// The time that the message is proven to have existed at. That it was judged as of a time proves nothing, nor does what it says
    /// itself where nobody trusted signed that.
    fn proven(&self, outcome: &Outcome) -> Option<Time> {
        let is_signed = || {
            let mut signatures = outcome.findings.signatures.iter();
            outcome.verdict.is_ok() && signatures.any(|found| found.trusted)
        };
        let proof = match self.at {
            At::Now => Proof::Validation,
            At::Message if is_signed() => Proof::Policy,
            At::Message | At::Time(_) => return None,
        };
        let text = date_time(outcome.findings.judged_at?)?;
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
    let is_leap_second = time.nanosecond() >= 1_000_000_000;
    let is_usual = text.get(4..5) == Some("-")
        && !text.starts_with("0000")
        && !text.starts_with(['+', '-'])
        && !is_leap_second;
    is_usual.then_some(text)
}

#[cfg(test)]
mod tests;
