use chrono::DateTime;
use chrono::Utc;

use super::claims::MessageClaims;
use super::claims::NameClaim;
use super::error::Error;
use super::error::ErrorKind;
use super::expected::check_answers;
use super::expected::check_reached;
use super::party::RelyingParty;
use super::party::Rules;
use super::time::Clock;
use super::time::check_life;
use crate::policy::InterruptedText;
use crate::policy::SignatureOrder;
use crate::token::saml::Assertion;
use crate::token::saml::AuthnRequest;
use crate::token::saml::Content;
use crate::token::saml::EnvelopedSignature;
use crate::token::saml::Identifier;
use crate::token::saml::Interruption;
use crate::token::saml::LogoutRequest;
use crate::token::saml::LogoutResponse;
use crate::token::saml::Message;
use crate::token::saml::NameId;
use crate::token::saml::Response;
use crate::token::saml::SignaturePlace;
use crate::token::saml::Status;
use crate::xml::Element;

/// Judges the Response around `assertion`: one issuer for both (T91), status (T104), Destination (T93), InResponseTo
/// (T94) and IssueInstant. Gives the names of what was not compared.
///
/// # Errors
/// The first rule that is broken.
pub fn judge_response(
    response: &Response<'_>,
    assertion: &Assertion<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<Vec<&'static str>, Error> {
    let message = &response.message;
    check_status(message, &response.status)?;
    check_same_issuer(message, assertion)?;
    let mut warnings = Vec::new();
    check_message(message, rules, party, now, &mut warnings)?;
    // Archives hold Responses that leave it to the confirmation to say what they answer.
    if message.in_response_to.is_some() || !rules.passes_the_unsaid() {
        let answers = message.in_response_to.as_deref();
        check_answers(message.element, answers, rules, party, &mut warnings)?;
    }
    Ok(warnings)
}

/// The assertion in a Response that says that it has one.
///
/// # Errors
/// `saml.status` if the request failed, whatever else is there (T104); `saml.no_assertion`; `saml.encrypted`.
pub fn assertion_in<'d>(response: &Response<'d>) -> Result<Element<'d>, Error> {
    check_status(&response.message, &response.status)?;
    match response.content {
        Content::Assertion(assertion) => Ok(assertion),
        Content::EncryptedAssertion(encrypted) => {
            Err(Error::new(encrypted, ErrorKind::Encrypted("assertion")))
        }
        Content::Nothing => Err(Error::new(response.message.element, ErrorKind::NoAssertion)),
    }
}

/// Judges a LogoutRequest that a trusted key has signed (SAML Profiles §4.4.4.1).
///
/// # Errors
/// The first rule that is broken.
pub fn judge_logout_request(
    request: &LogoutRequest<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<(MessageClaims, Vec<&'static str>), Error> {
    let message = &request.message;
    let mut warnings = Vec::new();
    check_message(message, rules, party, now, &mut warnings)?;
    let clock = Clock::new(rules, now);
    if let Some(end) = request.not_on_or_after {
        clock.has_not_ended(message.element, "NotOnOrAfter", end)?;
    }
    let (issued, ends) = (message.issue_instant, request.not_on_or_after);
    check_life(message.element, clock, issued, ends, rules.max_life())?;
    let name = name_of(&request.identifier)?;
    let indexes = request.session_indexes.iter();
    let claims = MessageClaims {
        name_id: Some(name),
        session_indexes: indexes.map(|index| index.clone().into_owned()).collect(),
        not_on_or_after: request.not_on_or_after,
        ..MessageClaims::of("LogoutRequest", message)?
    };
    Ok((claims, warnings))
}

/// Judges a LogoutResponse that a trusted key has signed (SAML Profiles §4.4.4.2).
///
/// # Errors
/// The first rule that is broken; `saml.status` if the logout failed.
pub fn judge_logout_response(
    response: &LogoutResponse<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<(MessageClaims, Vec<&'static str>), Error> {
    let message = &response.message;
    check_status(message, &response.status)?;
    let mut warnings = Vec::new();
    check_message(message, rules, party, now, &mut warnings)?;
    let answers = message.in_response_to.as_deref();
    check_answers(message.element, answers, rules, party, &mut warnings)?;
    let clock = Clock::new(rules, now);
    check_life(
        message.element,
        clock,
        message.issue_instant,
        None,
        rules.max_life(),
    )?;
    Ok((MessageClaims::of("LogoutResponse", message)?, warnings))
}

/// Judges an AuthnRequest that a trusted key has signed (SAML Profiles §4.1.4.1).
///
/// # Errors
/// The first rule that is broken.
pub fn judge_authn_request(
    request: &AuthnRequest<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<(MessageClaims, Vec<&'static str>), Error> {
    let message = &request.message;
    let mut warnings = Vec::new();
    check_message(message, rules, party, now, &mut warnings)?;
    let clock = Clock::new(rules, now);
    check_life(
        message.element,
        clock,
        message.issue_instant,
        None,
        rules.max_life(),
    )?;
    let url = request.assertion_consumer_service_url.as_deref();
    let claims = MessageClaims {
        assertion_consumer_service_url: url.map(str::to_owned),
        ..MessageClaims::of("AuthnRequest", message)?
    };
    Ok((claims, warnings))
}

/// Refuses a Signature that is not where the schema has it, unless the policy takes those too (T09).
///
/// # Errors
/// `saml.signature_place`.
pub fn check_signature_place(signature: EnvelopedSignature<'_>, rules: &Rules<'_>) -> Result<(), Error> {
    match (signature.place, rules.saml.signature_order) {
        (SignaturePlace::Schema, _) | (SignaturePlace::Elsewhere, SignatureOrder::AnyChild) => Ok(()),
        (SignaturePlace::Elsewhere, SignatureOrder::AfterIssuer) => {
            Err(Error::new(signature.element, ErrorKind::SignaturePlace))
        }
    }
}

/// Refuses a message with a text that another reader may cut short (T33, T34): always if a processing instruction stands
/// in it; if a comment does, where the policy says so.
///
/// # Errors
/// `saml.interrupted_text`.
pub fn check_text(message: Element<'_>, rules: &Rules<'_>) -> Result<(), Error> {
    match (Interruption::find(message), rules.interrupted_text) {
        (None, _) | (Some(Interruption::Comment(_)), InterruptedText::Join) => Ok(()),
        (Some(found), InterruptedText::Refuse | InterruptedText::Join) => {
            Err(Error::new(found.element(), ErrorKind::InterruptedText))
        }
    }
}

/// What every message must be: from an entity, to us if it is signed, and not of the future.
fn check_message(
    message: &Message<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    match &message.issuer {
        Some(issuer) => check_issuer_format(issuer)?,
        None if message.signature.is_some() => {
            return Err(Error::new(message.element, ErrorKind::IssuerMissing));
        }
        None => {}
    }
    let clock = Clock::new(rules, now);
    clock.has_begun(message.element, "IssueInstant", message.issue_instant)?;
    if message.destination.is_none() && message.signature.is_none() {
        return Ok(());
    }
    let destination = message.destination.as_deref();
    check_reached(
        message.element,
        "Destination",
        destination,
        rules,
        party,
        warnings,
    )
}

fn check_status(message: &Message<'_>, status: &Status<'_>) -> Result<(), Error> {
    if status.is_success() {
        return Ok(());
    }
    let codes = status.codes.iter();
    let kind = ErrorKind::Status {
        codes: codes.map(|code| code.clone().into_owned()).collect(),
        message: status.message.as_deref().map(str::to_owned),
    };
    Err(Error::new(message.element, kind))
}

fn check_same_issuer(message: &Message<'_>, assertion: &Assertion<'_>) -> Result<(), Error> {
    let Some(issuer) = &message.issuer else {
        return Ok(());
    };
    if issuer.value == assertion.issuer.value {
        return Ok(());
    }
    let kind = ErrorKind::IssuerMismatch {
        response: issuer.value.clone().into_owned(),
        assertion: assertion.issuer.value.clone().into_owned(),
    };
    Err(Error::new(issuer.element, kind))
}

/// An Issuer is an entity's ID (SAML Core §8.3.6; Profiles §4.1.4.2).
pub(super) fn check_issuer_format(issuer: &NameId<'_>) -> Result<(), Error> {
    const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    match issuer.format.as_deref() {
        None | Some(ENTITY) => Ok(()),
        Some(other) => {
            let kind = ErrorKind::IssuerFormat(other.to_owned());
            Err(Error::new(issuer.element, kind))
        }
    }
}

/// The name that `identifier` is, in the clear and not empty.
pub(super) fn name_of(identifier: &Identifier<'_>) -> Result<NameClaim, Error> {
    match identifier {
        Identifier::NameId(name) if !name.value.is_empty() => Ok(NameClaim::of(name)),
        Identifier::NameId(name) => Err(Error::new(name.element, ErrorKind::NameId)),
        Identifier::Encrypted(element) => Err(Error::new(*element, ErrorKind::Encrypted("NameID"))),
        Identifier::BaseId(element) => Err(Error::new(*element, ErrorKind::NameId)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::tests::{Case, NOW, archive, assertion_text, document, replaced, sso, time, with};
    use super::*;
    use crate::policy::Profile;
    use crate::policy::saml::Way;

    fn response_text(attributes: &str, issuer: &str, status: &str, content: &str) -> String {
        let content = content.replace("<ds:Signature/>", "");
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z"{attributes}>{issuer}<ds:Signature/><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>{content}</samlp:Response>"#
        )
    }

    const ISSUER: &str = "<saml:Issuer>https://idp.example</saml:Issuer>";
    const TO_US: &str = r#" Destination="https://sp.example/acs" InResponseTo="_r""#;

    fn response_code(case: &Case, text: &str) -> &'static str {
        let document = document(text);
        let response = Response::read(document.root()).unwrap();
        let rules = Rules::new(&case.policy, case.way);
        let judged = assertion_in(&response).and_then(|element| {
            let assertion = Assertion::read(element).unwrap();
            judge_response(&response, &assertion, &rules, &case.party, case.now)
        });
        judged.map_or_else(|error| error.code(), |_| "accepted")
    }

    #[test]
    fn a_response_is_to_us_from_the_issuer_of_its_assertion() {
        let code = |attributes: &str, issuer: &str| {
            let text = response_text(attributes, issuer, "Success", &assertion_text());
            response_code(&sso(), &text)
        };
        assert_eq!(code(TO_US, ISSUER), "accepted");
        assert_eq!(code(r#" InResponseTo="_r""#, ISSUER), "saml.destination_missing");
        assert_eq!(
            code(r#" Destination="" InResponseTo="_r""#, ISSUER),
            "saml.destination"
        );
        let other = r#" Destination="https://sp.example/acs" InResponseTo="_x""#;
        assert_eq!(code(other, ISSUER), "saml.in_response_to");
        let silent = r#" Destination="https://sp.example/acs""#;
        assert_eq!(code(silent, ISSUER), "saml.in_response_to");
        let text = response_text(silent, ISSUER, "Success", &assertion_text());
        assert_eq!(response_code(&archive(), &text), "accepted");
        assert_eq!(code(TO_US, ""), "saml.issuer_missing");
        assert_eq!(
            code(TO_US, "<saml:Issuer>https://idp2.example</saml:Issuer>"),
            "saml.issuer_mismatch"
        );
        let unsigned = response_text(" InResponseTo='_r'", "", "Success", &assertion_text());
        let unsigned = replaced(&unsigned, "<ds:Signature/>", "");
        assert_eq!(response_code(&sso(), &unsigned), "accepted");
        let mut later = sso();
        later.now = time("2026-11-26T11:58:59Z");
        let text = response_text(TO_US, ISSUER, "Success", &assertion_text());
        assert_eq!(response_code(&later, &text), "saml.not_yet_valid");
    }

    #[test]
    fn a_failed_response_carries_no_assertion() {
        for (status, content, code) in [
            ("Responder", assertion_text().as_str(), "saml.status"),
            ("success", assertion_text().as_str(), "saml.status"),
            ("Requester", "", "saml.status"),
            ("Success", "", "saml.no_assertion"),
            ("Success", "<saml:EncryptedAssertion/>", "saml.encrypted"),
        ] {
            let text = response_text(TO_US, ISSUER, status, content);
            assert_eq!(response_code(&sso(), &text), code, "{status}");
        }
    }

    #[test]
    fn the_place_of_a_signature_is_after_the_issuer_except_in_an_archive() {
        let moved =
            with("<ds:Signature/>", "").replacen("</saml:Subject>", "</saml:Subject><ds:Signature/>", 1);
        for (text, expected) in [(assertion_text(), [true, true]), (moved, [false, true])] {
            let document = document(&text);
            let signature = Assertion::read(document.root()).unwrap().signature.unwrap();
            let judge =
                |case: &Case| check_signature_place(signature, &Rules::new(&case.policy, case.way)).is_ok();
            assert_eq!([judge(&sso()), judge(&archive())], expected);
        }
    }

    #[test]
    fn interrupted_text_is_refused_as_the_policy_says() {
        let judge = |profile: Profile, text: &str| {
            let document = document(text);
            check_text(document.root(), &Rules::new(&profile.policy(), Way::Alone)).is_ok()
        };
        let comment = with(">ann<", ">a<!-- -->nn<");
        assert!(!judge(Profile::Strict, &comment) && judge(Profile::SamlSso, &comment));
        let instruction = with(">ann<", ">a<?p?>nn<");
        for profile in Profile::ALL {
            assert!(!judge(profile, &instruction));
            assert!(judge(profile, &assertion_text()));
        }
    }

    fn message_text(name: &str, attributes: &str, content: &str) -> String {
        format!(
            r#"<samlp:{name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z" Destination="https://sp.example/acs"{attributes}>{ISSUER}<ds:Signature/>{content}</samlp:{name}>"#
        )
    }

    #[test]
    fn a_logout_request_is_to_us_and_holds_now() {
        let judge = |text: &str, now: &str| {
            let document = document(text);
            let request = LogoutRequest::read(document.root()).unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            let judged = judge_logout_request(&request, &rules, &case.party, time(now));
            judged.map(|(claims, _)| claims).map_err(|error| error.code())
        };
        let name = "<saml:NameID>ann</saml:NameID><samlp:SessionIndex>_s</samlp:SessionIndex>";
        let end = r#" NotOnOrAfter="2026-11-26T12:05:00Z""#;
        let text = message_text("LogoutRequest", end, name);
        let claims = judge(&text, NOW).unwrap();
        assert_eq!(claims.name_id.unwrap().value, "ann");
        assert_eq!(claims.session_indexes, ["_s"]);
        assert_eq!(judge(&text, "2026-11-26T12:06:00Z"), Err("saml.expired"));
        assert_eq!(judge(&text, "2026-11-26T11:58:59Z"), Err("saml.not_yet_valid"));
        let endless = message_text("LogoutRequest", "", name);
        assert!(judge(&endless, "2026-11-26T13:00:59Z").is_ok());
        assert_eq!(judge(&endless, "2026-11-26T13:01:00Z"), Err("saml.expired"));
        let elsewhere = text.replace("sp.example/acs", "sp.example/other");
        assert_eq!(judge(&elsewhere, NOW), Err("saml.destination"));
        assert_eq!(judge(&text.replace(ISSUER, ""), NOW), Err("saml.issuer_missing"));
        let encrypted = message_text("LogoutRequest", end, "<saml:EncryptedID/>");
        assert_eq!(judge(&encrypted, NOW), Err("saml.encrypted"));
    }

    #[test]
    fn a_logout_response_answers_and_succeeds() {
        let judge = |attributes: &str, status: &str| {
            let status = format!(
                r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>"#
            );
            let document = document(&message_text("LogoutResponse", attributes, &status));
            let response = LogoutResponse::read(document.root()).unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            judge_logout_response(&response, &rules, &case.party, case.now)
                .map_or_else(|error| error.code(), |_| "accepted")
        };
        assert_eq!(judge(r#" InResponseTo="_r""#, "Success"), "accepted");
        assert_eq!(judge(r#" InResponseTo="_x""#, "Success"), "saml.in_response_to");
        assert_eq!(judge("", "Success"), "saml.in_response_to");
        assert_eq!(judge(r#" InResponseTo="_r""#, "Responder"), "saml.status");
    }

    #[test]
    fn an_authn_request_is_to_us_and_fresh() {
        let judge = |text: &str, now: &str| {
            let document = document(text);
            let request = AuthnRequest::read(document.root()).unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            let judged = judge_authn_request(&request, &rules, &case.party, time(now));
            judged.map(|(claims, _)| claims).map_err(|error| error.code())
        };
        let text = message_text(
            "AuthnRequest",
            r#" AssertionConsumerServiceURL="https://sp.example/""#,
            "",
        );
        let claims = judge(&text, NOW).unwrap();
        assert_eq!(
            claims.assertion_consumer_service_url.as_deref(),
            Some("https://sp.example/")
        );
        assert_eq!(judge(&text, "2026-11-26T13:01:00Z"), Err("saml.expired"));
        assert_eq!(
            judge(&text.replace("sp.example/acs", "x"), NOW),
            Err("saml.destination")
        );
    }
}
