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

/// What comes of `text` one millisecond before `instant`, at it, and one after.
fn around(instant: &str, text: &str) -> [&'static str; 3] {
    let mut case = sso();
    [-1, 0, 1].map(|offset| {
        case.now = time(instant) + TimeDelta::milliseconds(offset);
        case.code(text)
    })
}

#[test]
fn times_hold_to_the_millisecond_with_60_seconds_of_skew() {
    // IssueInstant and NotBefore at 12:00:00; the bearer confirmation ends at 12:05:00.
    let begins = ["saml.not_yet_valid", "accepted", "accepted"];
    assert_eq!(around("2026-11-26T11:59:00Z", &assertion_text()), begins);
    let ends = ["accepted", "saml.expired", "saml.expired"];
    assert_eq!(around("2026-11-26T12:06:00Z", &assertion_text()), ends);
    // The conditions end first.
    let conditions = with("T12:10:00Z", "T12:02:00Z");
    assert_eq!(around("2026-11-26T12:03:00Z", &conditions), ends);
    // Only NotBefore is in the future.
    let later = with(
        r#"NotBefore="2026-11-26T12:00:00Z""#,
        r#"NotBefore="2026-11-26T12:03:00Z""#,
    );
    assert_eq!(around("2026-11-26T12:02:00Z", &later), begins);
    // Only IssueInstant is.
    let issued = with(
        r#"IssueInstant="2026-11-26T12:00:00Z""#,
        r#"IssueInstant="2026-11-26T12:03:00Z""#,
    );
    assert_eq!(around("2026-11-26T12:02:00Z", &issued), begins);
    let session = with("T20:00:00Z", "T12:02:00Z");
    assert_eq!(around("2026-11-26T12:03:00Z", &session), ends);
}

#[test]
fn an_assertion_that_never_holds_is_refused() {
    for end in ["2026-11-26T12:00:00Z", "2026-11-26T11:59:59Z"] {
        let text = with("2026-11-26T12:10:00Z", end);
        assert_eq!(sso().code(&text), "saml.empty_window", "{end}");
    }
}

#[test]
fn a_long_life_is_refused_except_in_an_archive() {
    let hour = with("T12:05:00Z", "T13:00:00Z").replace("T12:10:00Z", "T13:00:00Z");
    assert_eq!(sso().code(&hour), "accepted");
    let longer = with("T12:10:00Z", "T13:00:00.001Z");
    assert_eq!(sso().code(&longer), "saml.life_too_long");
    assert_eq!(archive().code(&longer), "accepted");
}

#[test]
fn an_assertion_without_end_ends_after_the_longest_life() {
    let endless = with(r#" NotOnOrAfter="2026-11-26T12:10:00Z""#, "").replace("T12:05:00Z", "T18:00:00Z");
    let ends = ["accepted", "saml.expired", "saml.expired"];
    assert_eq!(around("2026-11-26T13:01:00Z", &endless), ends);
    let usage = sso().judge(&endless).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T13:01:00Z")));
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    case.vouching = Vouching::AssertionAndBody;
    let vouched = endless
        .replace("cm:bearer", "cm:sender-vouches")
        .replace(r#" NotOnOrAfter="2026-11-26T18:00:00Z""#, "");
    let usage = case.judge(&vouched).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T13:01:00Z")));
    case.policy = Profile::ArchiveVerify.policy();
    assert_eq!(case.judge(&vouched).unwrap().usage.until, None);
    let later = CONFIRMATION.replace("T12:05:00Z", "T19:00:00Z");
    let two = endless.replace("</saml:Subject>", &format!("{later}</saml:Subject>"));
    let usage = archive().judge(&two).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T19:05:00Z")));
}

#[test]
fn a_bearer_confirmation_ends_and_has_no_beginning() {
    let end = r#" NotOnOrAfter="2026-11-26T12:05:00Z" Recipient"#;
    for case in [sso(), archive()] {
        assert_eq!(case.code(&with(end, " Recipient")), "saml.bearer_without_end");
        let begins = with(end, &format!(r#" NotBefore="2026-11-26T12:00:00Z"{end}"#));
        assert_eq!(case.code(&begins), "saml.bearer_not_before");
        let empty = r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>"#;
        assert_eq!(case.code(&with(CONFIRMATION, empty)), "saml.confirmation_data");
    }
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
fn holder_of_key_needs_the_key_itself() {
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    let text = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
    assert_eq!(case.code(&text), "saml.holder_of_key");
    case.keys = vec![key(&replaced(KEY, "x+oS", "y+oS"))];
    assert_eq!(case.code(&text), "saml.holder_of_key");
    case.keys.push(key(KEY));
    assert_eq!(case.code(&text), "accepted");
    let named = holder_of_key("<ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo>");
    assert_eq!(case.code(&named), "saml.holder_of_key");
    assert_eq!(case.code(&holder_of_key("")), "saml.holder_of_key");
    let broken = holder_of_key("<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>");
    assert_eq!(case.code(&broken), "saml.holder_of_key");
    let data = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
    let ended = replaced(
        &data,
        "<saml:SubjectConfirmationData>",
        r#"<saml:SubjectConfirmationData NotOnOrAfter="2026-11-26T12:00:00Z" Recipient="x">"#,
    );
    assert_eq!(case.code(&ended), "saml.expired");
    let elsewhere = ended.replacen("T12:00:00Z\" Recipient", "T12:30:00Z\" Recipient", 1);
    assert_eq!(case.code(&elsewhere), "saml.recipient");
}

#[test]
fn sender_vouches_needs_somebody_who_vouches() {
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    let confirmation =
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>"#;
    let text = with(CONFIRMATION, confirmation);
    assert_eq!(case.code(&text), "saml.sender_vouches");
    case.vouching = Vouching::AssertionAndBody;
    assert_eq!(case.code(&text), "accepted");
    assert_eq!(sso().code(&text), "saml.confirmation_method");
}

#[test]
fn one_allowed_confirmation_must_hold_in_full() {
    let unknown = r#"<saml:SubjectConfirmation Method="urn:x"/>"#;
    assert_eq!(
        sso().code(&with(CONFIRMATION, unknown)),
        "saml.confirmation_method"
    );
    assert_eq!(sso().code(&with(CONFIRMATION, "")), "saml.no_confirmation");
    let both = with(CONFIRMATION, &format!("{unknown}{CONFIRMATION}"));
    assert_eq!(sso().code(&both), "accepted");
    let bad = CONFIRMATION.replace("_r", "_x");
    assert_eq!(
        sso().code(&with(CONFIRMATION, &format!("{bad}{CONFIRMATION}"))),
        "accepted"
    );
    assert_eq!(sso().code(&with(CONFIRMATION, &bad)), "saml.in_response_to");
    // What counts in SSO does not count in SOAP.
    let mut soap = Case::new(Profile::Strict);
    soap.way = Way::Soap;
    assert_eq!(soap.code(&assertion_text()), "saml.confirmation_method");
}

#[test]
fn bearer_in_soap_may_name_the_audience_as_recipient_and_answers_nothing() {
    let mut case = Case::new(Profile::Bsp11);
    case.way = Way::Soap;
    case.party.recipient = None;
    case.party.request = ExpectedRequest::NotSaid;
    let text = with("https://sp.example/acs", "https://sp.example");
    assert_eq!(case.code(&text), "accepted");
    assert_eq!(case.code(&assertion_text()), "saml.recipient");
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
