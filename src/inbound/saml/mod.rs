//! A SAML document by itself, from bytes to a verdict: a Response, an assertion, a logout message, an AuthnRequest, metadata.
//!
//! The order is that of every judgement: read strictly, look where signatures and assertions stand, verify every
//! signature with a key that is its issuer's, and only then believe what is said, rule by rule.

mod message;
mod metadata;
mod response;
mod signed;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;
use serde::Serialize;

use self::signed::Signatures;
use super::AsOf;
use super::Covering;
use super::Findings;
use super::Judgement;
use super::coverage;
use crate::policy::Part;
use crate::policy::Policy;
use crate::policy::saml::AssertionUse;
use crate::policy::saml::Claims;
use crate::policy::saml::MessageClaims;
use crate::policy::saml::RelyingParty;
use crate::rejection::Rejection;
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
    /// As of when; [`AsOf::Message`] is the IssueInstant of what is signed.
    pub as_of: AsOf,
}

impl SamlContext<'_> {
    /// The time to judge at, of something that says it was issued at `issued`.
    fn at(&self, issued: DateTime<Utc>) -> DateTime<Utc> {
        match self.as_of {
            AsOf::Time(at) => at,
            AsOf::Message => issued,
        }
    }
}

/// What a SAML document has proved. Made only by [`judge_saml`].
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
    /// A logout message or an AuthnRequest.
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

/// Judges `input`, a SAML document as XML, as base64 or as base64 of DEFLATE.
pub fn judge_saml(input: Bytes, context: &SamlContext<'_>) -> Judgement<VerifiedSaml> {
    let mut findings = Findings::default();
    let verdict = read(input, context.policy).and_then(|document| {
        let mut signatures = Signatures::default();
        let verdict = judge(document.root(), context, &mut signatures, &mut findings).and_then(|verified| {
            signatures.second_opinion(&verified, context.policy.second_opinion)?;
            Ok(verified)
        });
        let covered: Vec<Covering<'_>> = signatures.coverings().collect();
        (findings.coverage, findings.coverage_omitted) =
            coverage(document.root(), &covered, &signatures.elements());
        verdict
    });
    match &verdict {
        Ok(verified) => findings.claims = serde_json::to_value(verified).ok(),
        // No verdict needed them.
        Err(_) => findings.legacy.clear(),
    }
    Judgement { verdict, findings }
}

fn read(input: Bytes, policy: &Policy) -> Result<Document, Rejection> {
    let allowed = policy.limits.bytes.into();
    if u64::try_from(input.len()).unwrap_or(u64::MAX) > allowed {
        // Before it is decoded; the parser looks again at what comes out.
        return Ok(Document::parse(input, &policy.limits)?);
    }
    let input = saml::decode(input)?;
    // Only what is meant for archives asks for nothing in particular.
    let is_archive = policy.signed.contains(&Part::Anything);
    let input = if is_archive { xml::to_utf8(input)? } else { input };
    Ok(Document::parse(input, &policy.limits)?)
}

fn judge<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let kind = Kind::of(root)?;
    if context.trust.is_empty() && context.issuers.is_empty() {
        return Err(trust::Error::from(Refusal::NoAnchor).into());
    }
    match kind {
        Kind::Response => response::judge_response(root, context, signatures, findings),
        Kind::Assertion => response::judge_assertion(root, context, signatures, findings),
        Kind::LogoutRequest => message::judge_logout_request(root, context, signatures, findings),
        Kind::LogoutResponse => message::judge_logout_response(root, context, signatures, findings),
        Kind::AuthnRequest => message::judge_authn_request(root, context, signatures, findings),
        Kind::Metadata => metadata::judge_metadata(root, context, signatures, findings),
    }
}

/// The documents that are judged.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Response,
    Assertion,
    LogoutRequest,
    LogoutResponse,
    AuthnRequest,
    Metadata,
}

impl Kind {
    fn of(root: Element<'_>) -> Result<Self, saml::Error> {
        const CLAUSE: &str = "SAML Core §3";
        match (root.namespace_id(), root.local_name()) {
            (Namespace::SAMLP, "Response") => Ok(Self::Response),
            (Namespace::SAML2, "Assertion") => Ok(Self::Assertion),
            (Namespace::SAMLP, "LogoutRequest") => Ok(Self::LogoutRequest),
            (Namespace::SAMLP, "LogoutResponse") => Ok(Self::LogoutResponse),
            (Namespace::SAMLP, "AuthnRequest") => Ok(Self::AuthnRequest),
            (Namespace::MD, "EntityDescriptor" | "EntitiesDescriptor") => Ok(Self::Metadata),
            (Namespace::SAML1 | Namespace::SAMLP1, _) => {
                let kind = ErrorKind::Version("1.x".to_owned());
                Err(saml::Error::new(root, CLAUSE, kind))
            }
            _ => {
                let kind = ErrorKind::NotExpected {
                    found: root.name().to_owned(),
                    expected: "a SAML 2.0 Response, Assertion, logout message, AuthnRequest or metadata",
                };
                Err(saml::Error::new(root, CLAUSE, kind))
            }
        }
    }
}

#[cfg(test)]
mod tests;
