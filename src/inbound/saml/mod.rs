//! A SAML document by itself, from bytes to a verdict: a protocol message, in an ArtifactResponse or a SOAP envelope or not; an
//! assertion; metadata.
//!
//! The order is that of every judgement: read strictly, look where signatures and assertions stand, verify every
//! signature with a key that is its issuer's, and only then believe what is said, rule by rule.

mod assertion;
mod delivery;
mod fetched;
mod grant;
mod message;
mod metadata;
mod opening;
mod query;
mod signed;

use std::borrow::Cow;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;
use serde::Serialize;

use self::delivery::Carrier;
use self::delivery::Delivery;
pub use self::fetched::FetchedContext;
pub use self::fetched::add_fetched;
pub use self::grant::GrantedAssertion;
pub use self::grant::UnusedGrant;
pub use self::grant::examine_grant;
use self::signed::Signatures;
use super::AsOf;
use super::Covering;
use super::Findings;
use super::Judgement;
use super::Keyring;
use super::coverage;
use crate::policy::Part;
use crate::policy::Policy;
use crate::policy::saml::AssertionUse;
use crate::policy::saml::Claims;
use crate::policy::saml::MessageClaims;
use crate::policy::saml::RelyingParty;
use crate::rejection::Rejection;
use crate::threat;
use crate::token::saml;
use crate::token::saml::ErrorKind;
use crate::trust;
use crate::trust::Issuers;
use crate::trust::Refusal;
use crate::trust::TrustStore;
use crate::xml;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Namespace;

/// What a SAML document is judged by.
#[derive(Clone, Copy, Debug)]
pub struct SamlContext<'c> {
    /// What it must prove.
    pub policy: &'c Policy,
    /// Whom we trust, where no metadata says whose key it is.
    pub trust: &'c TrustStore,
    /// Whose keys are whose.
    pub issuers: &'c Issuers,
    /// What we know of ourselves and of what we asked for.
    pub party: &'c RelyingParty,
    /// Our keys for what is encrypted to us.
    pub keyring: &'c Keyring,
    /// As of when; [`AsOf::Message`] is the IssueInstant of what is signed.
    pub as_of: AsOf,
}

impl<'c> SamlContext<'c> {
    /// What something must prove that says it was issued at `at`. Nothing is believed that is not signed, so that is not either.
    fn policy_of_age(&self, at: DateTime<Utc>) -> Cow<'c, Policy> {
        match self.as_of {
            AsOf::Time(_) => Cow::Borrowed(self.policy),
            AsOf::Message => self.policy.of_age(at),
        }
    }

    /// The same by `policy`.
    fn by<'p>(self, policy: &'p Policy) -> SamlContext<'p>
    where
        'c: 'p,
    {
        SamlContext { policy, ..self }
    }

    /// The time to judge at, of something that says it was issued at `issued`.
    fn at(&self, issued: DateTime<Utc>) -> DateTime<Utc> {
        match self.as_of {
            AsOf::Time(at) => at,
            AsOf::Message => issued,
        }
    }
}

/// What a SAML document has proved. Made only by [`verify_saml`] and [`judge_saml`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum VerifiedSaml {
    /// An assertion, alone or in a Response.
    Assertion {
        /// What it says.
        #[serde(flatten)]
        claims: Claims,
        /// What a replay store needs; the command line keeps none.
        #[serde(skip)]
        usage: AssertionUse,
    },
    /// A message that is no Response.
    Message(MessageClaims),
    /// Metadata.
    Metadata(MetadataClaims),
}

/// What signed metadata says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct MetadataClaims {
    /// The IDs of the entities that it describes, in order.
    pub entities: Vec<String>,
    /// When the whole ceases to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<DateTime<Utc>>,
}

/// Judges `input`, a SAML document as XML, as base64, as base64 of DEFLATE, or in a query string or form. A message may
/// stand in a SOAP Body.
///
/// # Errors
/// The first check that does not hold.
pub fn verify_saml(input: Bytes, context: &SamlContext<'_>) -> Result<VerifiedSaml, Rejection> {
    let mut findings = Findings::unread();
    let carrier = read(input.clone(), context.policy)?;
    let opened = opening::open(carrier, context, &mut findings)?;
    let carrier = opened.carrier;
    let mut signatures = Signatures::after(opened.before.carry(carrier.document()));
    let verified = decide(&carrier, context, &mut signatures, &mut findings)?;
    hold_too(input, opened.at, context, &findings)?;
    Ok(verified)
}

/// As [`verify_saml`], for reports.
pub fn judge_saml(input: Bytes, context: &SamlContext<'_>) -> Judgement<VerifiedSaml> {
    let mut findings = Findings::default();
    let opened = read(input.clone(), context.policy);
    let opened = opened.and_then(|carrier| opening::open(carrier, context, &mut findings));
    let verdict = opened.and_then(|opened| {
        let carrier = opened.carrier;
        let mut signatures = Signatures::after(opened.before.carry(carrier.document()));
        let verdict = decide(&carrier, context, &mut signatures, &mut findings);
        let covered: Vec<Covering<'_>> = signatures.coverings().collect();
        (findings.coverage, findings.coverage_omitted) =
            coverage(carrier.root(), &covered, &signatures.elements());
        let verified = verdict?;
        hold_too(input, opened.at, context, &findings)?;
        Ok(verified)
    });
    context
        .as_of
        .note_age(context.policy, verdict.as_ref().err(), &mut findings);
    match &verdict {
        Ok(verified) => findings.claims = serde_json::to_value(verified).ok(),
        // No verdict needed them.
        Err(_) => findings.legacy.clear(),
    }
    Judgement { verdict, findings }
}

/// Checks that what held for the document as it came holds as of the time of the verdict, where that is another.
fn hold_too(
    input: Bytes,
    before: Option<DateTime<Utc>>,
    context: &SamlContext<'_>,
    findings: &Findings,
) -> Result<(), Rejection> {
    match (before, findings.judged_at) {
        (Some(before), Some(at)) if before != at => {
            opening::hold_too(&read(input, context.policy)?, before, at, context)
        }
        _ => Ok(()),
    }
}

fn decide<'d>(
    carrier: &'d Carrier,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let verified = judge(carrier, context, signatures, findings)?;
    signatures.second_opinion(context.policy.second_opinion)?;
    Ok(verified)
}

fn read(input: Bytes, policy: &Policy) -> Result<Carrier, Rejection> {
    let allowed = policy.limits.bytes.into();
    if u64::try_from(input.len()).unwrap_or(u64::MAX) > allowed {
        // Before it is decoded; the parser looks again at what comes out.
        return Carrier::new(Document::parse(input, &policy.limits)?, None);
    }
    let decoded = saml::decode(input)?;
    // Only what is meant for archives asks for nothing in particular.
    let is_archive = policy.signed.contains(&Part::Anything);
    let xml = if is_archive {
        xml::to_utf8(decoded.xml)?
    } else {
        decoded.xml
    };
    Carrier::new(Document::parse(xml, &policy.limits)?, decoded.query)
}

fn judge<'d>(
    carrier: &'d Carrier,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let (delivery, kind) = delivered(carrier, context)?;
    let root = delivery.root;
    let verified = match (kind, carrier) {
        (Kind::Message, _) => message::judge_message(delivery, context, signatures, findings),
        (Kind::Assertion, Carrier::Bare(_)) => {
            assertion::judge_assertion(delivery.root, context, signatures, findings)
        }
        (Kind::Metadata, Carrier::Bare(_)) => {
            metadata::judge_metadata(delivery.root, context, signatures, findings)
        }
        (Kind::Assertion | Kind::Metadata, Carrier::Soap(_) | Carrier::Query(..)) => {
            Err(not_supported(delivery.message))
        }
    }?;
    check_for_others(root)?;
    Ok(verified)
}

/// Checks that whoever reads `message` after us, with a schema or with XInclude, reads the same.
pub(super) fn check_for_others(message: Element<'_>) -> Result<(), Rejection> {
    saml::check_xsi(message)?;
    match threat::inclusion(message) {
        Some(threat) => Err(threat.into()),
        None => Ok(()),
    }
}

/// What came, if it is of a kind that is judged and somebody is trusted.
fn delivered<'d>(carrier: &'d Carrier, context: &SamlContext<'_>) -> Result<(Delivery<'d>, Kind), Rejection> {
    let delivery = carrier.delivery()?;
    let kind = Kind::of(delivery.message)?;
    carrier.check_headers()?;
    if context.trust.is_empty() && context.issuers.is_empty() {
        return Err(trust::Error::from(Refusal::NoAnchor).into());
    }
    Ok((delivery, kind))
}

/// The documents that are judged.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A protocol message; which one is seen when it is read.
    Message,
    Assertion,
    Metadata,
}

impl Kind {
    fn of(root: Element<'_>) -> Result<Self, Rejection> {
        match (root.namespace_id(), root.local_name()) {
            (Namespace::SAMLP, _) => Ok(Self::Message),
            (Namespace::SAMLP1, "Response") => Ok(Self::Message),
            (Namespace::SAML2 | Namespace::SAML1, "Assertion") => Ok(Self::Assertion),
            (Namespace::MD, "EntityDescriptor" | "EntitiesDescriptor") => Ok(Self::Metadata),
            (Namespace::SAML1 | Namespace::SAMLP1, _) => {
                let kind = ErrorKind::Version("1.x".to_owned());
                Err(saml::Error::new(root, CLAUSE, kind).into())
            }
            _ => Err(not_supported(root)),
        }
    }
}

const CLAUSE: &str = "SAML Core §3";

/// `element` is nothing that is judged.
fn not_supported(element: Element<'_>) -> Rejection {
    let kind = ErrorKind::NotExpected {
        found: element.name().to_owned(),
        expected: "a SAML protocol message, assertion or metadata",
    };
    saml::Error::new(element, CLAUSE, kind).into()
}

#[cfg(test)]
mod tests;
