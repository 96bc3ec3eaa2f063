use super::error::Error;
use super::error::ErrorKind;
use super::party::ExpectedRequest;
use super::party::RelyingParty;
use super::party::Rules;
use super::party::Way;
use crate::xml::Element;

/// A Recipient or Destination must be ours (T93). In a SOAP message it may be the audience's name, if no URL was said.
pub(super) fn check_reached(
    at: Element<'_>,
    attribute: &'static str,
    found: Option<&str>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    let named = || party.audience.as_deref().filter(|_| rules.way == Way::Soap);
    let expected = party.recipient.as_deref().or_else(named);
    let Some(found) = found else {
        let expected = expected.map(str::to_owned);
        return Err(Error::new(
            at,
            ErrorKind::RecipientMissing { attribute, expected },
        ));
    };
    let Some(expected) = expected else {
        if rules.passes_the_unsaid() {
            note(warnings, "recipient_not_compared");
            return Ok(());
        }
        let found = found.to_owned();
        return Err(Error::new(at, ErrorKind::RecipientUnknown { attribute, found }));
    };
    if found == expected {
        return Ok(());
    }
    let kind = ErrorKind::Recipient {
        attribute,
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    Err(Error::new(at, kind))
}

/// An answer must answer `request` (T94).
pub(super) fn check_answers(
    at: Element<'_>,
    found: Option<&str>,
    request: &ExpectedRequest,
    rules: &Rules<'_>,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    let expected = match (request, found) {
        (ExpectedRequest::Unsolicited | ExpectedRequest::RequestOrUnsolicited(_), None) => return Ok(()),
        (ExpectedRequest::Request(expected) | ExpectedRequest::RequestOrUnsolicited(expected), found) => {
            if found == Some(expected) {
                return Ok(());
            }
            Some(expected.clone())
        }
        (ExpectedRequest::Unsolicited, Some(_)) => None,
        (ExpectedRequest::NotSaid, found) => {
            if rules.passes_the_unsaid() {
                note(warnings, "request_not_compared");
                return Ok(());
            }
            let found = found.map(str::to_owned);
            return Err(Error::new(at, ErrorKind::RequestUnknown { found }));
        }
    };
    let found = found.map(str::to_owned);
    Err(Error::new(at, ErrorKind::InResponseTo { expected, found }))
}

/// Notes `warning`, once.
pub(super) fn note(warnings: &mut Vec<&'static str>, warning: &'static str) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}
