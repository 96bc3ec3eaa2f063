use super::SamlContext;
use super::VerifiedSaml;
use super::signed::Placed;
use super::signed::Signatures;
use super::signed::not_signed;
use crate::inbound::Findings;
use crate::policy::saml;
use crate::policy::saml::Error;
use crate::policy::saml::ErrorKind;
use crate::policy::saml::Presenter;
use crate::policy::saml::Rules;
use crate::policy::saml::Way;
use crate::policy::saml::check_positions;
use crate::policy::saml::check_text;
use crate::rejection::Rejection;
use crate::token::saml::Assertion;
use crate::token::saml::Content;
use crate::token::saml::Response;
use crate::trust::Issuers;
use crate::xml::Element;

/// A Response: the assertion in it is covered by its own signature or by that of the Response, and every signature
/// there is holds.
pub(super) fn judge_response<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let rules = Rules::new(context.policy, Way::Response);
    let response = Response::read(root)?;
    let (element, assertion) = match response.content {
        Content::Assertion(element) => (Some(element), Some(Assertion::read(element)?)),
        Content::EncryptedAssertion(element) => (Some(element), None),
        Content::Nothing => (None, None),
    };
    let message = &response.message;
    let outer = Placed::read(root, message.signature, &rules, context)?;
    let inner = match &assertion {
        Some(assertion) => Placed::read(assertion.element, assertion.signature, &rules, context)?,
        None => None,
    };
    let signed: Vec<Element<'d>> = std::iter::once(root).chain(element).collect();
    check_positions(root, element, &signed)?;
    if outer.is_none() && inner.is_none() {
        // An encrypted assertion may be signed inside.
        if matches!(response.content, Content::EncryptedAssertion(_)) {
            saml::assertion_in(&response)?;
        }
        return Err(not_signed());
    }
    let issued = assertion
        .as_ref()
        .map_or(message.issue_instant, |found| found.issue_instant);
    let at = context.at(issued);
    if let Some(outer) = outer {
        let missing = || Error::new(root, ErrorKind::IssuerMissing);
        let issuer = message.issuer.as_ref().ok_or_else(missing)?;
        signatures.add(outer.verify(&issuer.value, Issuers::ASSERTING, at, context, findings)?);
    }
    if let (Some(inner), Some(assertion)) = (inner, &assertion) {
        let issuer = &assertion.issuer.value;
        signatures.add(inner.verify(issuer, Issuers::ASSERTING, at, context, findings)?);
    }
    check_text(root, &rules)?;
    saml::assertion_in(&response)?;
    // What is read is what was verified, whatever becomes of the code above.
    let Some(assertion) = assertion.filter(|assertion| signatures.cover(assertion.element)) else {
        return Err(not_signed());
    };
    let party = context.party;
    let warnings = saml::judge_response(&response, &assertion, &rules, party, at)?;
    findings.warnings.extend(warnings);
    accept(&assertion, &rules, context, at, findings)
}

/// An assertion by itself, which its own signature covers.
pub(super) fn judge_assertion<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let rules = Rules::new(context.policy, Way::Alone);
    let assertion = Assertion::read(root)?;
    let placed = Placed::read(root, assertion.signature, &rules, context)?;
    check_positions(root, Some(root), &[root])?;
    let placed = placed.ok_or_else(not_signed)?;
    let at = context.at(assertion.issue_instant);
    let issuer = &assertion.issuer.value;
    signatures.add(placed.verify(issuer, Issuers::ASSERTING, at, context, findings)?);
    check_text(root, &rules)?;
    accept(&assertion, &rules, context, at, findings)
}

/// There is no message around it that anybody could have signed with a key, or vouched with.
fn accept(
    assertion: &Assertion<'_>,
    rules: &Rules<'_>,
    context: &SamlContext<'_>,
    at: chrono::DateTime<chrono::Utc>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let accepted = saml::judge_assertion(assertion, rules, context.party, Presenter::default(), at)?;
    for warning in accepted.warnings {
        if !findings.warnings.contains(&warning) {
            findings.warnings.push(warning);
        }
    }
    Ok(VerifiedSaml::Assertion {
        claims: accepted.claims,
        usage: accepted.usage,
    })
}
