//! One message: what it is, and what the command for that says of it.

use std::fs::File;
use std::io::{self, Cursor, Read};

use bytes::Bytes;
use chrono::SecondsFormat;
use serde_json::Value;

use crate::algorithm::DigestAlgorithm;
use crate::batch::source::{Body, Item};
use crate::batch::{Judged, Row, Verdict};
use crate::cli::args::BatchVerifyArguments;
use crate::cli::at::At;
use crate::cli::entity::{self, NoMessage};
use crate::cli::exit::Stop;
use crate::cli::report::{self, Reason, Report};
use crate::cli::source::Source;
use crate::cli::{inputs, verify};
use crate::crypto::Digester;
use crate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use crate::inbound::{Findings, Gate, Received, SamlContext, judge_saml};
use crate::policy::Transport;
use crate::rejection::Rejection;
use crate::xml::{Document, Namespace};

/// Judges messages of every kind.
pub(super) struct Judge {
    gate: Gate,
    transport: Transport,
    id_attributes: Vec<String>,
    /// As of when; of "now" the job makes a time.
    pub(super) at: At,
}

/// What a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Soap,
    Saml,
    Xml,
}

/// What was read.
struct Octets {
    sha256: Option<String>,
    length: u64,
}

impl Judge {
    pub(super) fn of(arguments: &BatchVerifyArguments) -> Result<Self, Stop> {
        Ok(Self {
            gate: verify::gate(&arguments.gate)?,
            transport: verify::transport(&arguments.gate),
            id_attributes: arguments.ids.id_attributes.clone(),
            at: arguments.gate.judging.at,
        })
    }

    /// The name of the policy.
    pub(super) fn policy(&self) -> &str {
        &self.gate.policy.name
    }

    /// The most bytes of a message.
    pub(super) fn limit(&self) -> u32 {
        self.gate.policy.limits.bytes
    }

    /// The verdict on one message.
    pub(super) fn judge(&self, item: Item) -> Judged {
        let source = Source::File(item.path.clone().into());
        let nothing = Octets {
            sha256: None,
            length: 0,
        };
        let (report, kind, octets) = match item.body {
            Body::Unreadable(error) => (Report::unreadable(source, &error), None, nothing),
            Body::TooLong => (Report::refused(source, self.too_long()), None, nothing),
            Body::Bytes(bytes) => self.read(source, &mut Cursor::new(bytes)),
            Body::File(path) => match File::open(path) {
                Ok(mut file) => self.read(source, &mut file),
                Err(error) => (Report::unreadable(source, &error), None, nothing),
            },
        };
        judged(&report, kind, octets, &item.path, item.stamp)
    }

    fn too_long(&self) -> Reason {
        Reason {
            verdict: report::Verdict::Failed,
            stage: Some("xml"),
            code: "limit.bytes",
            message: format!("more than {} bytes", self.limit()),
            position: None,
            clause: None,
        }
    }

    fn read(&self, source: Source, input: &mut dyn Read) -> (Report, Option<Kind>, Octets) {
        let mut hashed = Hashed {
            input,
            digester: Digester::new(DigestAlgorithm::Sha256),
            length: 0,
        };
        let received = entity::read(&mut hashed, None, &self.gate.policy.limits);
        let is_whole = !matches!(&received, Ok(received) if received.bytes.len() > usize::try_from(self.limit()).unwrap_or(usize::MAX));
        let octets = hashed.finish(is_whole && received.is_ok());
        let received = match received {
            Ok(received) => received,
            Err(NoMessage::Unreadable(error)) => return (Report::unreadable(source, &error), None, octets),
            Err(NoMessage::Refused(rejection)) => {
                let reason = Reason::from(&rejection);
                return (Report::refused(source, reason), Some(Kind::Soap), octets);
            }
        };
        let bytes = match inputs::decoded(received.bytes, &self.gate.policy) {
            Ok(bytes) => bytes,
            Err(reason) => return (Report::refused(source, reason), None, octets),
        };
        // What came with a header of its own is what that says, and it says SOAP.
        let kind = if received.version.is_some() {
            Kind::Soap
        } else {
            kind(&bytes)
        };
        let (kind, verdict, findings) = self.of_kind(kind, Received { bytes, ..received });
        (Report::of(source, verdict, findings), Some(kind), octets)
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
        if verdict.as_ref().is_err_and(is_doubtful) && self.is_other_xml(&bytes) {
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

    /// Whether the root is in no namespace of SOAP or SAML.
    fn is_other_xml(&self, bytes: &Bytes) -> bool {
        const JUDGED_OTHERWISE: [Namespace; 7] = [
            Namespace::SOAP11,
            Namespace::SOAP12,
            Namespace::SAML2,
            Namespace::SAMLP,
            Namespace::MD,
            Namespace::SAML1,
            Namespace::SAMLP1,
        ];
        Document::parse(bytes.clone(), &self.gate.policy.limits)
            .is_ok_and(|document| !JUDGED_OTHERWISE.contains(&document.root().namespace_id()))
    }
}

/// The names of the roots that `saml verify` is for.
const SAML: [&str; 21] = [
    "Response",
    "Assertion",
    "EncryptedAssertion",
    "ArtifactResponse",
    "ArtifactResolve",
    "AuthnRequest",
    "LogoutRequest",
    "LogoutResponse",
    "ManageNameIDRequest",
    "ManageNameIDResponse",
    "NameIDMappingRequest",
    "NameIDMappingResponse",
    "AssertionIDRequest",
    "AttributeQuery",
    "AuthnQuery",
    "AuthzDecisionQuery",
    "SubjectQuery",
    "Request",
    "EntityDescriptor",
    "EntitiesDescriptor",
    "AffiliationDescriptor",
];

/// What the name of the root says. What does not begin as XML does is what browsers carry SAML in.
fn kind(bytes: &[u8]) -> Kind {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            _ => break,
        };
        let Some(place) = memchr::memmem::find(rest, end) else {
            return Kind::Xml;
        };
        rest = rest.get(place.saturating_add(end.len())..).unwrap_or_default();
    }
    let Some(tag) = rest.strip_prefix(b"<") else {
        return if rest.is_empty() { Kind::Xml } else { Kind::Saml };
    };
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    let name = tag.split(is_end).next().unwrap_or_default();
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    if local == b"Envelope" {
        Kind::Soap
    } else if SAML.iter().any(|name| name.as_bytes() == local) {
        Kind::Saml
    } else {
        Kind::Xml
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Soap => "soap",
            Self::Saml => "saml",
            Self::Xml => "xml",
        }
    }
}

/// Hashes what is read.
struct Hashed<'i> {
    input: &'i mut dyn Read,
    digester: Digester,
    length: u64,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.digester.update(buffer.get(..count).unwrap_or_default());
        self.length = self.length.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}

impl Hashed<'_> {
    /// The hash, if all was read.
    fn finish(self, is_whole: bool) -> Octets {
        let digest = if is_whole {
            self.digester.finish().ok()
        } else {
            None
        };
        Octets {
            sha256: digest.map(|digest| format!("{digest:?}")),
            length: self.length,
        }
    }
}

/// The result, and what reports count of it.
fn judged(
    report: &Report,
    kind: Option<Kind>,
    octets: Octets,
    path: &str,
    stamp: crate::batch::source::Stamp,
) -> Judged {
    let reason = report.outcome.as_ref().err();
    let findings = &report.findings;
    let judged_at = findings
        .judged_at
        .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let kind = kind.map(Kind::name);
    let mut object = report::object(report);
    let further = [
        ("sha256", octets.sha256.clone().into()),
        ("kind", kind.into()),
        ("judged_at", judged_at.clone().into()),
    ];
    object.extend(further.map(|(name, value): (_, Value)| (name.to_owned(), value)));
    let signer = findings
        .signatures
        .iter()
        .filter_map(|found| Some((found.trusted, found.signer.as_ref()?)));
    let signer = signer
        .min_by_key(|(is_trusted, _)| !is_trusted)
        .map(|(_, signer)| signer);
    let row = Row {
        source: path.to_owned(),
        stamp,
        sha256: octets.sha256,
        bytes: octets.length,
        kind: kind.map(str::to_owned),
        verdict: match reason.map(|reason| reason.verdict) {
            None => Verdict::Passed,
            Some(report::Verdict::Failed) => Verdict::Failed,
            Some(report::Verdict::Indeterminate) => Verdict::Indeterminate,
            Some(report::Verdict::Unreadable) => Verdict::Unreadable,
        },
        stage: reason.and_then(|reason| reason.stage).map(str::to_owned),
        code: reason.map(|reason| reason.code.to_owned()),
        message: reason.map(|reason| reason.message.clone()),
        position: reason
            .and_then(|reason| reason.position)
            .map(|at| (at.line, at.column)),
        judged_at,
        signer: signer.map(|signer| signer.subject.clone()),
        signer_sha256: signer.map(|signer| signer.sha256.clone()),
        legacy: findings.legacy.clone(),
        warnings: findings
            .warnings
            .iter()
            .map(|warning| (*warning).to_owned())
            .collect(),
    };
    Judged {
        row,
        result: report::line(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_says_what_a_message_is() {
        assert_eq!(
            kind(b"<?xml version='1.0'?><!-- <a> -->\n<s:Envelope>"),
            Kind::Soap
        );
        assert_eq!(kind(b"\xef\xbb\xbf<Envelope/>"), Kind::Soap);
        assert_eq!(kind(b"<samlp:Response\nID='a'>"), Kind::Saml);
        assert_eq!(kind(b"PHNhbWxwOlJlc3BvbnNl"), Kind::Saml);
        assert_eq!(kind(b"SAMLResponse=PHNh"), Kind::Saml);
        for other in [
            "<EnvelopeX/>",
            "<a:b:c>",
            "<a",
            "",
            "<!-- ",
            "<!DOCTYPE Envelope><Envelope/>",
        ] {
            assert_eq!(kind(other.as_bytes()), Kind::Xml, "{other}");
        }
    }
}
