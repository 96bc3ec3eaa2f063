use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::VerifiedSaml;
use super::signed::Placed;
use super::signed::Signatures;
use super::signed::not_signed;
use crate::inbound::Findings;
use crate::policy::saml;
use crate::policy::saml::Error;
use crate::policy::saml::ErrorKind;
use crate::policy::saml::MessageClaims;
use crate::policy::saml::Rules;
use crate::policy::saml::Way;
use crate::policy::saml::check_positions;
use crate::policy::saml::check_text;
use crate::rejection::Rejection;
use crate::token::saml::AuthnRequest;
use crate::token::saml::LogoutRequest;
use crate::token::saml::LogoutResponse;
use crate::token::saml::Message;
use crate::token::saml::Role;
use crate::trust::Issuers;
use crate::xml::Element;

/// A LogoutRequest, signed by whoever takes part in the session.
pub(super) fn judge_logout_request<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let request = LogoutRequest::read(root)?;
    let rules = Rules::new(context.policy, Way::Response);
    let at = verify(
        &request.message,
        Issuers::IN_SESSION,
        &rules,
        context,
        signatures,
        findings,
    )?;
    accept(
        saml::judge_logout_request(&request, &rules, context.party, at)?,
        findings,
    )
}

/// A LogoutResponse, signed by whoever takes part in the session.
pub(super) fn judge_logout_response<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let response = LogoutResponse::read(root)?;
    let rules = Rules::new(context.policy, Way::Response);
    let at = verify(
        &response.message,
        Issuers::IN_SESSION,
        &rules,
        context,
        signatures,
        findings,
    )?;
    accept(
        saml::judge_logout_response(&response, &rules, context.party, at)?,
        findings,
    )
}

/// An AuthnRequest, signed by a service provider.
pub(super) fn judge_authn_request<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let request = AuthnRequest::read(root)?;
    let rules = Rules::new(context.policy, Way::Response);
    let at = verify(
        &request.message,
        Issuers::REQUESTING,
        &rules,
        context,
        signatures,
        findings,
    )?;
    accept(
        saml::judge_authn_request(&request, &rules, context.party, at)?,
        findings,
    )
}

/// Verifies the signature of `message`, and gives the time that it is judged at.
fn verify<'d>(
    message: &Message<'d>,
    roles: &'static [Role],
    rules: &Rules<'_>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<DateTime<Utc>, Rejection> {
    let root = message.element;
    let placed = Placed::read(root, message.signature, rules, context)?;
    check_positions(root, None, &[root])?;
    let placed = placed.ok_or_else(not_signed)?;
    let missing = || Error::new(root, ErrorKind::IssuerMissing);
    let issuer = message.issuer.as_ref().ok_or_else(missing)?;
    let at = context.at(message.issue_instant);
    signatures.add(placed.verify(&issuer.value, roles, at, context, findings)?);
    check_text(root, rules)?;
    Ok(at)
}

fn accept(
    (claims, warnings): (MessageClaims, Vec<&'static str>),
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    findings.warnings.extend(warnings);
    Ok(VerifiedSaml::Message(claims))
}
