use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::expected::check_answers;
use super::message::check_message;
use super::message::check_status;
use super::party::RelyingParty;
use super::party::Rules;
use super::party::Way;
use crate::token::saml::ArtifactResponse;
use crate::token::saml::Assertion;
use crate::token::saml::Content;
use crate::token::saml::Message;
use crate::token::saml::NameId;
use crate::token::saml::Response;
use crate::token::saml::Version;
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
    check_same_issuer(message, &assertion.issuer)?;
    if assertion.version == Version::V1_1 && message.signature.is_none() && !rules.passes_the_unsaid() {
        return Err(Error::new(message.element, ErrorKind::ResponseNotSigned));
    }
    if rules.way == Way::Redirect && !rules.passes_the_unsaid() {
        return Err(Error::new(message.element, ErrorKind::ResponseByRedirect));
    }
    let mut warnings = Vec::new();
    check_message(message, rules, party, now, &mut warnings)?;
    // Archives hold Responses that leave it to the confirmation to say what they answer.
    if message.in_response_to.is_some() || !rules.passes_the_unsaid() {
        let answers = message.in_response_to.as_deref();
        check_answers(message.element, answers, &party.request, rules, &mut warnings)?;
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

/// Judges the ArtifactResponse around a message that `inner` issued: one issuer for both (T91), and it answers our
/// ArtifactResolve (SAML Core §3.5.3; T94). Gives the names of what was not compared.
///
/// # Errors
/// The first rule that is broken.
pub fn judge_artifact_response(
    artifact: &ArtifactResponse<'_>,
    inner: Option<&NameId<'_>>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<Vec<&'static str>, Error> {
    let message = &artifact.message;
    if let Some(inner) = inner {
        check_same_issuer(message, inner)?;
    }
    let mut warnings = Vec::new();
    // It answers on the connection of the ArtifactResolve, in whatever form it is kept (SAML Bindings §3.6.4).
    let fetched = Rules {
        way: Way::BackChannel,
        ..*rules
    };
    check_message(message, &fetched, party, now, &mut warnings)?;
    let answers = message.in_response_to.as_deref();
    check_answers(message.element, answers, &party.resolution, rules, &mut warnings)?;
    Ok(warnings)
}

/// The message in an ArtifactResponse that says that it has one.
///
/// # Errors
/// `saml.status` if the request failed, whatever else is there; `saml.artifact_unknown` if the responder knows no such
/// artifact, or not any more (SAML Core §3.5.3).
pub fn message_in<'d>(artifact: &ArtifactResponse<'d>) -> Result<Element<'d>, Error> {
    check_status(&artifact.message, &artifact.status)?;
    let unknown = || Error::new(artifact.message.element, ErrorKind::ArtifactUnknown);
    artifact.content.ok_or_else(unknown)
}

/// Who issued `message` issued what is in it, too.
fn check_same_issuer(message: &Message<'_>, inner: &NameId<'_>) -> Result<(), Error> {
    let Some(issuer) = &message.issuer else {
        return Ok(());
    };
    if issuer.value == inner.value {
        return Ok(());
    }
    let kind = ErrorKind::IssuerMismatch {
        outer: issuer.value.clone().into_owned(),
        inner: inner.value.clone().into_owned(),
    };
    Err(Error::new(issuer.element, kind))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::super::tests::{Case, archive, assertion_text, document, replaced, sso, time};
    use super::*;

    #[test]
    fn an_artifact_response_says_to_whom_it_is_only_if_it_likes_and_then_truly() {
        let judge = |destination: &str| {
            let content = response_text("", ISSUER, "Success", "").replace("_m", "_inner");
            let attributes = format!(r#"{destination} InResponseTo="_s""#);
            let text = response_text(&attributes, ISSUER, "Success", &content).replacen(
                "<samlp:Response ",
                "<samlp:ArtifactResponse ",
                1,
            );
            let end = text.rfind("</samlp:Response>").unwrap();
            let document = document(&format!("{}</samlp:ArtifactResponse>", &text[..end]));
            let artifact = ArtifactResponse::read(document.root()).unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, Way::Alone);
            let judged = judge_artifact_response(&artifact, None, &rules, &case.party, case.now);
            judged.map_or_else(|error| error.code(), |_| "accepted")
        };
        assert_eq!(judge(""), "accepted");
        assert_eq!(judge(r#" Destination="https://sp.example/acs""#), "accepted");
        assert_eq!(
            judge(r#" Destination="https://sp.example/other""#),
            "saml.destination"
        );
    }

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
        let text = response_text(other, ISSUER, "Success", &assertion_text());
        assert_eq!(response_code(&archive(), &text), "saml.in_response_to");
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
        // Whoever takes the assertion out by another way is told so, too.
        let failed = document(&response_text(TO_US, ISSUER, "Responder", &assertion_text()));
        let response = Response::read(failed.root()).unwrap();
        let Content::Assertion(assertion) = response.content else {
            panic!("it has one")
        };
        let (case, assertion) = (sso(), Assertion::read(assertion).unwrap());
        let rules = Rules::new(&case.policy, case.way);
        let judged = judge_response(&response, &assertion, &rules, &case.party, case.now);
        assert_eq!(judged.unwrap_err().code(), "saml.status");
    }
}
