use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::VerifiedSaml;
use super::signed::Layer;
use super::signed::Signatures;
use super::signed::not_signed;
use crate::inbound::Findings;
use crate::policy::saml;
use crate::policy::saml::Presenter;
use crate::policy::saml::Rules;
use crate::policy::saml::Way;
use crate::policy::saml::check_positions;
use crate::policy::saml::check_text;
use crate::rejection::Rejection;
use crate::token::saml::Assertion;
use crate::trust::Issuers;
use crate::xml::Element;

/// An assertion by itself, which its own signature covers.
pub(super) fn judge_assertion<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let rules = Rules::new(context.policy, Way::Alone);
    let assertion = Assertion::read(root)?;
    let layer = Layer::of_assertion(&assertion, Issuers::ASSERTING, &rules, context)?;
    check_positions(root, Some(root), &[root])?;
    let at = context.at(assertion.issue_instant);
    findings.judged_at = Some(at);
    let policy = context.policy_of_age(at);
    let context = &context.by(&policy);
    signatures.verify(&[layer], || not_signed(root), at, context, findings)?;
    findings.signed_time = Some(at);
    check_text(root, &rules)?;
    accept(&assertion, &rules, context, at, findings)
}

/// What `assertion` says, if it is good enough. There is no message around it that anybody could have signed with a
/// key, or vouched with.
pub(super) fn accept(
    assertion: &Assertion<'_>,
    rules: &Rules<'_>,
    context: &SamlContext<'_>,
    at: DateTime<Utc>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let accepted = saml::judge_assertion(assertion, rules, context.party, Presenter::default(), at)?;
    accepted
        .warnings
        .iter()
        .for_each(|warning| findings.warn(warning));
    Ok(VerifiedSaml::Assertion {
        claims: accepted.claims,
        usage: accepted.usage,
    })
}
