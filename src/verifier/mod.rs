//! One message whatever it is, judged: the door for archives, and for programs that have this library.
//!
//! A [`Verifier`] holds what is asked of messages, whom to trust and as of when to judge. It takes bytes, recognises SOAP, SAML and
//! other XML with signatures by itself, and gives an [`Answer`], whose [`object`](Answer::object) is the result object of the
//! command line. It remembers nothing from one message to the next, and any number of threads may share it.
//!
//! What an [`Outcome`] says is for reports. To act on the content of a message, take the
//! [`VerifiedMessage`](crate::inbound::VerifiedMessage) of the [gate](crate::inbound::Gate).

mod at;
pub(crate) mod entity;
pub(crate) mod hashed;
mod kind;
mod object;
mod outcome;
mod reason;
pub(crate) mod setup;

use std::io::Read;

use bytes::{Buf, Bytes};

use crate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use crate::inbound::{Findings, Gate, Received, SamlContext, judge_saml};
use crate::policy::{Part, Policy, Transport};
use crate::rejection::Rejection;
use crate::xml;

use entity::NoMessage;
use hashed::Hashed;

pub use at::At;
pub use kind::Kind;
pub use outcome::{Answer, Outcome};
pub use reason::{Reason, Verdict};
pub use setup::{KeyFiles, MetadataFiles, Setup, TrustFiles, Unusable, UserFiles};

pub(crate) use object::escaped;

/// Judges messages of every kind. A [`Setup`] makes it of files.
#[derive(Debug)]
pub struct Verifier {
    /// What is asked, whom to trust, our keys and names.
    pub gate: Gate,
    /// What carried SOAP messages.
    pub transport: Transport,
    /// Further attribute names that are of type ID in plain XML.
    pub id_attributes: Vec<String>,
    /// As of when.
    pub at: At,
}

impl Verifier {
    /// The most bytes of a message. Of a longer one no more than one further byte is read, and it is refused.
    pub fn limit(&self) -> u32 {
        self.gate.policy.limits.bytes
    }

    /// The verdict on one message: XML, SAML as a browser carries it (base64, or base64 of deflate), or what begins with a header that
    /// names its media type, as a SOAP message with attachments.
    pub fn verify(&self, input: &mut dyn Read) -> Answer {
        let hashed = Hashed::read(input, None, &self.gate.policy.limits);
        let (outcome, kind) = match hashed.received {
            Ok(received) => self.received(received),
            Err(error @ NoMessage::Unreadable(_)) => (Outcome::refused(Reason::from(&error)), None),
            Err(error @ NoMessage::Refused(_)) => (Outcome::refused(Reason::from(&error)), Some(Kind::Soap)),
        };
        Answer {
            outcome,
            kind,
            bytes: hashed.bytes,
            sha256: hashed.sha256,
        }
    }

    /// The same of a message that is in memory already.
    pub fn verify_bytes(&self, bytes: Bytes) -> Answer {
        let is_short = u32::try_from(bytes.len()).is_ok_and(|length| length <= self.limit());
        if !is_short || entity::has_head(&bytes) {
            return self.verify(&mut bytes.reader());
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let sha256 = hashed::sha256(&bytes);
        let (outcome, kind) = self.received(Received::from(bytes));
        Answer {
            outcome,
            kind,
            bytes: length,
            sha256,
        }
    }

    fn received(&self, received: Received) -> (Outcome, Option<Kind>) {
        let bytes = match decoded(received.bytes, &self.gate.policy) {
            Ok(bytes) => bytes,
            Err(reason) => return (Outcome::refused(reason), None),
        };
        // What came with a header of its own is what that says, and it says SOAP.
        let kind = if received.version.is_some() {
            Kind::Soap
        } else {
            Kind::of(&bytes)
        };
        let (kind, verdict, findings) = self.of_kind(kind, Received { bytes, ..received });
        (Outcome::of(verdict, findings), Some(kind))
    }

    /// Judges by the name of the root, and as plain XML if that name turns out to be of no namespace of SOAP or SAML.
    fn of_kind(&self, kind: Kind, received: Received) -> (Kind, Result<(), Rejection>, Findings) {
        let bytes = received.bytes.clone();
        let (verdict, findings) = match kind {
            Kind::Soap => {
                let received = Received {
                    transport: self.transport,
                    ..received
                };
                let judgement = self.gate.judge(received, self.at.as_of());
                (judgement.verdict, judgement.findings)
            }
            Kind::Saml => {
                let judgement = judge_saml(bytes.clone(), &self.saml());
                (judgement.verdict.map(drop), judgement.findings)
            }
            Kind::Xml => return self.xml(bytes),
        };
        let is_doubtful =
            |rejection: &Rejection| matches!(rejection.code(), "soap.not_an_envelope" | "saml.not_supported");
        if verdict.as_ref().is_err_and(is_doubtful) && kind::is_other_xml(&bytes, &self.gate.policy.limits) {
            return self.xml(bytes);
        }
        (kind, verdict, findings)
    }

    fn xml(&self, bytes: Bytes) -> (Kind, Result<(), Rejection>, Findings) {
        let rules = DocumentRules {
            policy: &self.gate.policy,
            keys: DocumentKeys::Trusted(&self.gate.trust, self.at.as_of()),
            id_attributes: &self.id_attributes,
        };
        let judgement = judge_document(bytes, &rules);
        (Kind::Xml, judgement.verdict, judgement.findings)
    }

    fn saml(&self) -> SamlContext<'_> {
        SamlContext {
            policy: &self.gate.policy,
            trust: &self.gate.trust,
            issuers: &self.gate.issuers,
            party: &self.gate.party,
            keyring: &self.gate.keyring,
            as_of: self.at.as_of(),
        }
    }
}

/// The input in UTF-8, where `policy` is for archives, which are in other encodings too.
pub(crate) fn decoded(bytes: Bytes, policy: &Policy) -> Result<Bytes, Reason> {
    if policy.signed.contains(&Part::Anything) {
        xml::to_utf8(bytes).map_err(|error| Reason::from(&error))
    } else {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use super::*;

    #[test]
    fn bytes_are_judged_as_what_is_read() {
        let verifier = Setup::default().verifier().unwrap();
        let limit = usize::try_from(verifier.limit()).unwrap();
        let headed = "Content-Type: text/xml\r\n\r\n<e:Envelope xmlns:e=\"urn:none\"/>";
        let long = format!("<a>{}</a>", "x".repeat(40_000));
        let too_long = " ".repeat(limit + 10);
        for (text, code) in [
            ("<a/>", "dsig.missing"),
            (headed, "soap.version"),
            (&long, "dsig.missing"),
            (&too_long, "limit.bytes"),
        ] {
            let told = [
                verifier.verify(&mut text.as_bytes()),
                verifier.verify_bytes(text.to_owned().into()),
            ]
            .map(|answer| (answer.object("a"), answer.bytes));
            assert_eq!(told[0], told[1]);
            assert_eq!(told[0].0["code"], code);
        }
    }
}
