use chrono::DateTime;
use chrono::Utc;

use super::claims::MessageClaims;
use super::claims::NameChangeClaim;
use super::claims::NameClaim;
use super::error::Error;
use super::error::ErrorKind;
use super::error::FailedStatus;
use super::expected::check_answers;
use super::expected::check_reached;
use super::party::RelyingParty;
use super::party::Rules;
use super::party::Way;
use super::time::Clock;
use super::time::check_life;
use crate::policy::InterruptedText;
use crate::policy::SignatureOrder;
use crate::token::saml::EnvelopedSignature;
use crate::token::saml::Identifier;
use crate::token::saml::Interruption;
use crate::token::saml::Message;
use crate::token::saml::MessageParameter;
use crate::token::saml::NameChange;
use crate::token::saml::NameId;
use crate::token::saml::ProtocolMessage;
use crate::token::saml::SignaturePlace;
use crate::token::saml::Status;
use crate::xml::Element;
use crate::xml::Namespace;

/// Judges a message that a trusted key has signed and that carries no other: a request to authenticate (SAML Profiles §4.1.4.1), to log
/// out (§4.4.4), to manage a name (§4.5.4), to resolve an artifact (SAML Core §3.5.1), or the answer to one. Gives what it
/// says, and the names of what was not compared.
///
/// # Errors
/// The first rule that is broken; `saml.status` if a request failed.
pub fn judge_message(
    spoken: &ProtocolMessage<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
) -> Result<(MessageClaims, Vec<&'static str>), Error> {
    let message = spoken.message();
    let mut warnings = Vec::new();
    if let Some(status) = spoken.status() {
        check_status(message, status)?;
    }
    check_message(message, rules, party, now, &mut warnings)?;
    if spoken.status().is_some() {
        let answers = message.in_response_to.as_deref();
        check_answers(message.element, answers, &party.request, rules, &mut warnings)?;
    }
    let clock = Clock::new(rules, now);
    let ends = match spoken {
        ProtocolMessage::LogoutRequest(request) => request.not_on_or_after,
        ProtocolMessage::AuthnRequest(_)
        | ProtocolMessage::LogoutResponse(_)
        | ProtocolMessage::ManageNameIdRequest(_)
        | ProtocolMessage::ManageNameIdResponse(_)
        | ProtocolMessage::ArtifactResolve(_) => None,
    };
    if let Some(end) = ends {
        clock.has_not_ended(message.element, "NotOnOrAfter", end)?;
    }
    let (issued, life) = (message.issue_instant, rules.max_life());
    check_life(message.element, clock, issued, ends, life)?;
    Ok((claims_of(spoken)?, warnings))
}

/// What `spoken` says.
fn claims_of(spoken: &ProtocolMessage<'_>) -> Result<MessageClaims, Error> {
    let claims = MessageClaims::of(spoken.message())?;
    Ok(match spoken {
        ProtocolMessage::AuthnRequest(request) => MessageClaims {
            assertion_consumer_service_url: request
                .assertion_consumer_service_url
                .as_deref()
                .map(str::to_owned),
            ..claims
        },
        ProtocolMessage::LogoutRequest(request) => MessageClaims {
            name_id: Some(name_of(&request.identifier)?),
            session_indexes: request
                .session_indexes
                .iter()
                .map(|index| index.clone().into_owned())
                .collect(),
            not_on_or_after: request.not_on_or_after,
            ..claims
        },
        ProtocolMessage::ManageNameIdRequest(request) => MessageClaims {
            name_id: Some(name_of(&request.identifier)?),
            change: Some(match &request.change {
                NameChange::NewId(new) => NameChangeClaim::NewId(new.clone().into_owned()),
                NameChange::Terminate => NameChangeClaim::Terminate,
                NameChange::NewEncryptedId(element) => {
                    return Err(Error::new(*element, ErrorKind::Encrypted("NewID")));
                }
            }),
            ..claims
        },
        ProtocolMessage::ArtifactResolve(request) => MessageClaims {
            artifact: Some(request.artifact.clone().into_owned()),
            ..claims
        },
        ProtocolMessage::LogoutResponse(_) | ProtocolMessage::ManageNameIdResponse(_) => claims,
    })
}

/// Refuses an answer where a query string says that there is a request, and the reverse (SAML Bindings §3.4.4.1).
///
/// # Errors
/// `saml.parameter`.
pub fn check_parameter(message: Element<'_>, parameter: MessageParameter) -> Result<(), Error> {
    if MessageParameter::of(message.local_name()) == parameter {
        return Ok(());
    }
    let kind = ErrorKind::Parameter(message.local_name().to_owned());
    Err(Error::new(message, kind))
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
pub(super) fn check_message(
    message: &Message<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    now: DateTime<Utc>,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    match &message.issuer {
        Some(issuer) => check_issuer_format(issuer)?,
        None if message.signature.is_some() || rules.way == Way::Redirect => {
            return Err(Error::new(message.element, ErrorKind::IssuerMissing));
        }
        None => {}
    }
    let clock = Clock::new(rules, now);
    clock.has_begun(message.element, "IssueInstant", message.issue_instant)?;
    let required = match rules.way {
        Way::Redirect => true,
        // Nobody can have been led to deliver it elsewhere.
        Way::BackChannel => false,
        Way::Soap | Way::Response | Way::Alone => message.signature.is_some(),
    };
    if message.destination.is_none() && !required {
        return Ok(());
    }
    let destination = message.destination.as_deref();
    let attribute = match message.element.namespace_id() {
        Namespace::SAMLP1 => "Recipient",
        _ => "Destination",
    };
    check_reached(message.element, attribute, destination, rules, party, warnings)
}

pub(super) fn check_status(message: &Message<'_>, status: &Status<'_>) -> Result<(), Error> {
    match FailedStatus::of(status) {
        None => Ok(()),
        Some(failed) => Err(Error::new(message.element, ErrorKind::Status(failed))),
    }
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
    use super::super::tests::{Case, NOW, archive, assertion_text, document, sso, time, with};
    use super::*;
    use crate::policy::Profile;
    use crate::token::saml::Assertion;

    const ISSUER: &str = "<saml:Issuer>https://idp.example</saml:Issuer>";

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
            let request = ProtocolMessage::read(document.root()).unwrap().unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            let judged = judge_message(&request, &rules, &case.party, time(now));
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
    fn an_unsigned_message_says_to_whom_it_is_only_if_it_likes_and_then_truly() {
        let name = "<saml:NameID>ann</saml:NameID>";
        let signed = message_text("LogoutRequest", "", name);
        let destination = r#" Destination="https://sp.example/acs""#;
        let judge = |way: Way, without: &[&str]| {
            let text = without.iter().fold(signed.clone(), |text, part| {
                assert!(text.contains(part), "{part}");
                text.replace(part, "")
            });
            let document = document(&text);
            let request = ProtocolMessage::read(document.root()).unwrap().unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, way);
            judge_message(&request, &rules, &case.party, time(NOW))
                .map_or_else(|error| error.code(), |_| "accepted")
        };
        let signature = "<ds:Signature/>";
        assert_eq!(judge(Way::Redirect, &[signature]), "accepted");
        assert_eq!(judge(Way::Redirect, &[signature, ISSUER]), "saml.issuer_missing");
        assert_eq!(
            judge(Way::Redirect, &[signature, destination]),
            "saml.destination_missing"
        );
        for way in [Way::Response, Way::Alone, Way::BackChannel] {
            assert_eq!(judge(way, &[signature, destination]), "accepted");
            assert_eq!(judge(way, &[signature]), "accepted");
            assert_eq!(judge(way, &[signature, "/acs"]), "saml.destination");
        }
    }

    #[test]
    fn a_logout_response_answers_and_succeeds() {
        let judge = |attributes: &str, status: &str| {
            let status = format!(
                r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>"#
            );
            let document = document(&message_text("LogoutResponse", attributes, &status));
            let response = ProtocolMessage::read(document.root()).unwrap().unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            judge_message(&response, &rules, &case.party, case.now)
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
            let request = ProtocolMessage::read(document.root()).unwrap().unwrap();
            let case = sso();
            let rules = Rules::new(&case.policy, case.way);
            let judged = judge_message(&request, &rules, &case.party, time(now));
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
