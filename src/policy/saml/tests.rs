#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::*;
use crate::crypto::PublicKey;
use crate::policy::Policy;
use crate::policy::Profile;
use crate::token::datetime;
use crate::token::held_keys;
use crate::token::saml::Assertion;
use crate::token::saml::OneTimeUse;
use crate::xml::Document;
use crate::xml::Limits;

mod confirmation;
mod time;

const CONFIRMATION: &str = r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-11-26T12:05:00Z" Recipient="https://sp.example/acs" InResponseTo="_r"/></saml:SubjectConfirmation>"#;

const KEY: &str = "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>x+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";

const CONDITIONS: &str = r#"<saml:Conditions NotBefore="2026-11-26T12:00:00Z" NotOnOrAfter="2026-11-26T12:10:00Z"><saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience><saml:Audience>https://sp.example</saml:Audience></saml:AudienceRestriction></saml:Conditions>"#;

const AUTHN: &str = r#"<saml:AuthnStatement AuthnInstant="2026-11-26T12:00:00Z" SessionIndex="_s" SessionNotOnOrAfter="2026-11-26T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"#;

pub(super) const NOW: &str = "2026-11-26T12:01:00Z";

pub(super) fn assertion_text() -> String {
    format!(
        r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_a" Version="2.0" IssueInstant="2026-11-26T12:00:00Z"><saml:Issuer>https://idp.example</saml:Issuer><ds:Signature/><saml:Subject><saml:NameID Format="urn:f">ann</saml:NameID>{CONFIRMATION}</saml:Subject>{CONDITIONS}{AUTHN}<saml:AttributeStatement><saml:Attribute Name="role" NameFormat="urn:n" FriendlyName="admin"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute><saml:Attribute Name="role"><saml:AttributeValue>c</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"#
    )
}

pub(super) fn with(from: &str, to: &str) -> String {
    replaced(&assertion_text(), from, to)
}

pub(super) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

pub(super) fn document(text: &str) -> Document {
    Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

pub(super) fn time(text: &str) -> DateTime<Utc> {
    datetime::parse(text).unwrap()
}

fn party() -> RelyingParty {
    RelyingParty {
        audience: Some("https://sp.example".to_owned()),
        recipient: Some("https://sp.example/acs".to_owned()),
        request: ExpectedRequest::Request("_r".to_owned()),
        resolution: ExpectedRequest::Request("_s".to_owned()),
    }
}

pub(super) struct Case {
    pub(super) policy: Policy,
    pub(super) way: Way,
    pub(super) party: RelyingParty,
    keys: Vec<PublicKey>,
    vouching: Vouching,
    pub(super) now: DateTime<Utc>,
}

impl Case {
    fn new(profile: Profile) -> Self {
        Self {
            policy: profile.policy(),
            way: Way::Response,
            party: party(),
            keys: Vec::new(),
            vouching: Vouching::No,
            now: time(NOW),
        }
    }

    fn judge(&self, text: &str) -> Result<Accepted, Error> {
        let document = document(text);
        let assertion = Assertion::read(document.root()).unwrap();
        let presenter = Presenter {
            keys: &self.keys,
            vouching: self.vouching,
        };
        let rules = Rules::new(&self.policy, self.way);
        judge_assertion(&assertion, &rules, &self.party, presenter, self.now)
    }

    fn code(&self, text: &str) -> &'static str {
        match self.judge(text) {
            Ok(_) => "accepted",
            Err(error) => {
                assert!(!error.to_string().is_empty() && error.position().is_some());
                error.code()
            }
        }
    }
}

pub(super) fn sso() -> Case {
    Case::new(Profile::SamlSso)
}

pub(super) fn archive() -> Case {
    Case::new(Profile::ArchiveVerify)
}

fn holder_of_key(content: &str) -> String {
    let confirmation = format!(
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"><saml:SubjectConfirmationData>{content}</saml:SubjectConfirmationData></saml:SubjectConfirmation>"#
    );
    with(CONFIRMATION, &confirmation)
}

fn key(text: &str) -> PublicKey {
    let text = format!("<KeyInfo xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>{text}</KeyInfo>");
    held_keys(document(&text).root()).unwrap().remove(0).key
}

#[test]
fn an_assertion_for_us_is_accepted_with_what_it_says() {
    let accepted = sso().judge(&assertion_text()).unwrap();
    let claims = accepted.claims;
    assert_eq!(claims.issuer, "https://idp.example");
    assert_eq!(claims.name_id.unwrap().value, "ann");
    assert_eq!(claims.not_on_or_after, Some(time("2026-11-26T12:05:00Z")));
    assert_eq!(claims.authn.unwrap().session_index.as_deref(), Some("_s"));
    assert!(accepted.warnings.is_empty());
    assert_eq!(accepted.usage.until, Some(time("2026-11-26T12:11:00Z")));
    assert_eq!(accepted.usage.one_time_use, OneTimeUse::NotAsked);
}

#[test]
fn attributes_are_known_by_name_and_format_and_all_are_kept() {
    let claims = sso().judge(&assertion_text()).unwrap().claims;
    let json = serde_json::to_value(&claims.attributes).unwrap();
    let expected = serde_json::json!([
        {"name": "role", "name_format": "urn:n", "values": ["a", "b"]},
        {"name": "role", "values": ["c"]},
    ]);
    assert_eq!(json, expected);
    let elements = with(">c</saml:AttributeValue>", "><x>c</x></saml:AttributeValue>");
    assert_eq!(sso().code(&elements), "saml.attribute_not_text");
}

#[test]
fn every_audience_restriction_must_name_us() {
    let other = "<saml:AudienceRestriction><saml:Audience>https://else.example</saml:Audience></saml:AudienceRestriction></saml:Conditions>";
    assert_eq!(sso().code(&with("</saml:Conditions>", other)), "saml.audience");
    for near in ["https://sp.example/", "HTTPS://sp.example", " https://sp.example"] {
        assert_eq!(
            sso().code(&with(">https://sp.example<", &format!(">{near}<"))),
            "saml.audience"
        );
    }
    let none = with(CONDITIONS, "");
    assert_eq!(sso().code(&none), "saml.audience_missing");
    assert_eq!(archive().code(&none), "saml.audience_missing");
}

#[test]
fn without_an_audience_only_an_archive_passes_and_says_so() {
    let mut case = sso();
    case.party.audience = None;
    let error = case.judge(&assertion_text()).unwrap_err();
    assert_eq!(error.code(), "saml.audience_unknown");
    assert!(error.is_indeterminate());
    assert_eq!(case.code(&with(CONDITIONS, "")), "saml.audience_missing");
    let mut case = archive();
    case.party.audience = None;
    for text in [assertion_text(), with(CONDITIONS, "")] {
        assert_eq!(case.judge(&text).unwrap().warnings, ["audience_not_compared"]);
    }
}

#[test]
fn a_bearer_assertion_is_for_one_recipient() {
    let recipient = r#" Recipient="https://sp.example/acs""#;
    for case in [sso(), archive()] {
        assert_eq!(case.code(&with(recipient, "")), "saml.recipient_missing");
        let other = with(recipient, r#" Recipient="https://sp.example/acs2""#);
        assert_eq!(case.code(&other), "saml.recipient");
    }
    let mut case = sso();
    case.party.recipient = None;
    assert_eq!(case.code(&assertion_text()), "saml.recipient_unknown");
    let mut case = archive();
    case.party.recipient = None;
    assert_eq!(
        case.judge(&assertion_text()).unwrap().warnings,
        ["recipient_not_compared"]
    );
}

#[test]
fn a_bearer_assertion_answers_our_request() {
    let answer = r#" InResponseTo="_r""#;
    let (none, other) = (with(answer, ""), with(answer, r#" InResponseTo="_x""#));
    let mut case = sso();
    assert_eq!(case.code(&none), "saml.in_response_to");
    assert_eq!(case.code(&other), "saml.in_response_to");
    case.party.request = ExpectedRequest::Unsolicited;
    assert_eq!(case.code(&none), "accepted");
    assert_eq!(case.code(&assertion_text()), "saml.in_response_to");
    case.party.request = ExpectedRequest::RequestOrUnsolicited("_r".to_owned());
    assert_eq!(case.code(&none), "accepted");
    assert_eq!(case.code(&assertion_text()), "accepted");
    assert_eq!(case.code(&other), "saml.in_response_to");
    case.party.request = ExpectedRequest::NotSaid;
    assert_eq!(case.code(&none), "saml.request_unknown");
    assert_eq!(case.code(&assertion_text()), "saml.request_unknown");
    let mut case = archive();
    case.party.request = ExpectedRequest::NotSaid;
    assert_eq!(case.judge(&other).unwrap().warnings, ["request_not_compared"]);
}

#[test]
fn conditions_that_are_not_understood_are_refused() {
    let unknown = r#"<saml:Condition xsi:type="q"/></saml:Conditions>"#;
    for case in [sso(), archive()] {
        assert_eq!(
            case.code(&with("</saml:Conditions>", unknown)),
            "saml.unknown_condition"
        );
    }
    let once = with("</saml:Conditions>", "<saml:OneTimeUse/></saml:Conditions>");
    assert_eq!(sso().judge(&once).unwrap().usage.one_time_use, OneTimeUse::Asked);
}

#[test]
fn the_use_of_an_assertion_is_remembered_by_issuer_and_id() {
    let usage = |text: &str| sso().judge(text).unwrap().usage.key().unwrap();
    let first = usage(&assertion_text());
    assert_eq!(first, usage(&with("<ds:Signature/>", "")));
    assert_ne!(first, usage(&with(r#"ID="_a""#, r#"ID="_b""#)));
    assert_ne!(first, usage(&with("https://idp.example", "https://idp2.example")));
}

#[test]
fn a_subject_must_be_named_in_the_clear() {
    let name = r#"<saml:NameID Format="urn:f">ann</saml:NameID>"#;
    for (other, code) in [
        ("<saml:NameID/>", "saml.name_id"),
        ("<saml:BaseID/>", "saml.name_id"),
        ("<saml:EncryptedID/>", "saml.encrypted"),
        ("", "accepted"),
    ] {
        assert_eq!(sso().code(&with(name, other)), code, "{other}");
    }
    let encrypted = with(
        "<saml:Attribute Name=\"role\">",
        "<saml:EncryptedAttribute/><saml:Attribute Name=\"role\">",
    );
    assert_eq!(sso().code(&encrypted), "saml.encrypted");
}

#[test]
fn single_sign_on_rests_on_an_authn_statement() {
    let mut case = sso();
    assert_eq!(case.code(&with(AUTHN, "")), "saml.no_authn_statement");
    case.way = Way::Alone;
    assert_eq!(case.code(&with(AUTHN, "")), "accepted");
}

#[test]
fn an_issuer_is_an_entity() {
    let format = |format: &str| with("<saml:Issuer>", &format!("<saml:Issuer Format='{format}'>"));
    let entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    assert_eq!(sso().code(&format(entity)), "accepted");
    assert_eq!(sso().code(&format("urn:x")), "saml.issuer_format");
}

#[test]
fn a_refusal_tells_the_values_that_do_not_fit() {
    let told = |case: &Case, text: &str, values: &[&str]| {
        let error = case.judge(text).unwrap_err().to_string();
        for value in values {
            assert!(error.contains(value), "{value}: {error}");
        }
    };
    let expect = |from: &str, to: &str, values: &[&str]| told(&sso(), &with(from, to), values);
    expect(
        ">https://sp.example<",
        ">https://sp2.example<",
        &[
            "\"https://other.example\", \"https://sp2.example\"",
            "\"https://sp.example\"",
        ],
    );
    expect(
        "https://sp.example/acs",
        "https://sp.example/old",
        &["Recipient", "https://sp.example/old", "https://sp.example/acs"],
    );
    expect(
        r#" Recipient="https://sp.example/acs""#,
        "",
        &["no Recipient", "https://sp.example/acs"],
    );
    expect("\"_r\"", "\"_x\"", &["\"_x\"", "\"_r\""]);
    expect(
        "2026-11-26T12:10:00Z",
        "2026-11-26T13:00:01Z",
        &["2026-11-26T12:00:00Z", "2026-11-26T13:00:01Z", "3601 s", "3600 s"],
    );
    expect(
        r#"<saml:SubjectConfirmationData "#,
        r#"<saml:SubjectConfirmationData NotBefore="2026-11-26T11:59:00Z" "#,
        &["NotBefore", "2026-11-26T11:59:00Z"],
    );
    expect("cm:bearer", "cm:other", &["cm:other", "\"bearer\""]);
    expect(
        r#"NotBefore="2026-11-26T12:00:00Z""#,
        r#"NotBefore="2026-11-26T12:10:00Z""#,
        &[
            "NotBefore 2026-11-26T12:10:00Z",
            "NotOnOrAfter 2026-11-26T12:10:00Z",
        ],
    );
    let mut late = sso();
    late.now = time("2026-11-26T12:06:00Z");
    told(
        &late,
        &assertion_text(),
        &[
            "NotOnOrAfter",
            "2026-11-26T12:05:00Z",
            "2026-11-26T12:06:00Z",
            "60 s",
        ],
    );
    let mut early = sso();
    early.now = time("2026-11-26T11:58:59.999Z");
    told(
        &early,
        &assertion_text(),
        &["2026-11-26T12:00:00Z", "2026-11-26T11:58:59.999Z", "60 s"],
    );
    let fingerprint = |text: &str| -> String {
        let digest = key(text).spki_sha256();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let other = KEY.replace("x+oS", "y+oS");
    let mut holder = Case::new(Profile::Strict);
    holder.way = Way::Soap;
    let text = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
    told(&holder, &text, &["nobody", &fingerprint(KEY)]);
    holder.keys = vec![key(&other)];
    told(&holder, &text, &[&fingerprint(KEY), &fingerprint(&other)]);
}
