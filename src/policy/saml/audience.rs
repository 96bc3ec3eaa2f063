use std::borrow::Cow;

use super::error::Error;
use super::error::ErrorKind;
use super::party::RelyingParty;
use super::party::Rules;
use crate::token::saml::Assertion;

/// Whether the audience was compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compared {
    Yes,
    No,
}

/// Every AudienceRestriction must name us, and there must be one (T92). Where the policy lets an assertion pass whose audience
/// nobody can compare, it is not compared.
pub(super) fn check_audience(
    assertion: &Assertion<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
) -> Result<Compared, Error> {
    let conditions = assertion.conditions.as_ref();
    let at = conditions.map_or(assertion.element, |conditions| conditions.element);
    let restrictions = conditions.map_or(&[][..], |conditions| &conditions.audience_restrictions);
    let Some(expected) = party.audience.as_deref() else {
        if rules.passes_the_unsaid() {
            return Ok(Compared::No);
        }
        let kind = match restrictions.first() {
            Some(restriction) => ErrorKind::AudienceUnknown {
                found: owned(restriction),
            },
            None => ErrorKind::AudienceMissing { expected: None },
        };
        return Err(Error::new(at, kind));
    };
    if restrictions.is_empty() {
        let expected = Some(expected.to_owned());
        return Err(Error::new(at, ErrorKind::AudienceMissing { expected }));
    }
    for restriction in restrictions {
        if !restriction.iter().any(|audience| audience == expected) {
            let kind = ErrorKind::Audience {
                expected: expected.to_owned(),
                found: owned(restriction),
            };
            return Err(Error::new(at, kind));
        }
    }
    Ok(Compared::Yes)
}

fn owned(values: &[Cow<'_, str>]) -> Vec<String> {
    values.iter().map(|value| value.clone().into_owned()).collect()
}
