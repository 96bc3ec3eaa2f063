#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

use super::*;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;

const ASSERTION: &str = r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  ID="_a" Version="2.0" IssueInstant="2026-11-26T12:00:00Z">
<saml:Issuer>https://idp.example</saml:Issuer><ds:Signature/>
<saml:Subject>
  <saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ann@example.com</saml:NameID>
  <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
    <saml:SubjectConfirmationData NotOnOrAfter="2026-11-26T12:05:00Z" Recipient="https://sp.example/acs"
      InResponseTo="_r"/>
  </saml:SubjectConfirmation>
  <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key">
    <saml:SubjectConfirmationData xsi:type="saml:KeyInfoConfirmationDataType"><ds:KeyInfo/></saml:SubjectConfirmationData>
  </saml:SubjectConfirmation>
</saml:Subject>
<saml:Conditions NotBefore="2026-11-26T12:00:00Z" NotOnOrAfter="2026-11-26T12:05:00Z">
  <saml:AudienceRestriction><saml:Audience>https://sp.example</saml:Audience><saml:Audience>b</saml:Audience></saml:AudienceRestriction>
  <saml:OneTimeUse/>
  <saml:AudienceRestriction><saml:Audience>c</saml:Audience></saml:AudienceRestriction>
  <saml:ProxyRestriction Count="1"/>
</saml:Conditions>
<saml:Advice><saml:Assertion ID="_inner"/></saml:Advice>
<saml:AuthnStatement AuthnInstant="2026-11-26T11:59:00Z" SessionIndex="_s">
  <saml:SubjectLocality Address="192.0.2.1"/>
  <saml:AuthnContext><saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement>
<saml:AttributeStatement>
  <saml:Attribute Name="role" NameFormat="urn:f" FriendlyName="Role">
    <saml:AttributeValue xsi:type="xs:string">a<![CDATA[d]]>min</saml:AttributeValue>
    <saml:AttributeValue/>
  </saml:Attribute>
  <saml:Attribute Name="role"><saml:AttributeValue>user</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement>
</saml:Assertion>"#;

const HEAD: &str = r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
  xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
  ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z" Destination="https://sp.example/acs""#;

const STATUS: &str = r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"><samlp:StatusCode Value="urn:second"/></samlp:StatusCode><samlp:StatusMessage>ok</samlp:StatusMessage><samlp:StatusDetail><saml:Assertion/></samlp:StatusDetail></samlp:Status>"#;

pub(super) fn document(text: &str) -> Document {
    Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

/// `base` with the first `from` replaced; it must be there.
pub(super) fn changed(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "{from}");
    base.replacen(from, to, 1)
}

fn assertion_code(text: &str) -> &'static str {
    match Assertion::read(document(text).root()) {
        Ok(_) => "read",
        Err(error) => {
            assert!(error.position().is_some() && error.clause().is_some());
            assert!(!error.to_string().is_empty());
            error.code()
        }
    }
}

#[test]
fn an_assertion_is_read_whole() {
    let document = document(ASSERTION);
    let assertion = Assertion::read(document.root()).unwrap();
    assert_eq!(assertion.id, "_a");
    assert_eq!(assertion.issuer.value, "https://idp.example");
    assert_eq!(assertion.signature.unwrap().place, SignaturePlace::Schema);
    let subject = assertion.subject.unwrap();
    let Some(Identifier::NameId(name)) = subject.identifier else {
        panic!("no NameID");
    };
    assert_eq!(name.value, "ann@example.com");
    assert_eq!(subject.confirmations[0].method, Method::Bearer);
    let data = subject.confirmations[0].data.as_ref().unwrap();
    assert_eq!(data.recipient.as_deref(), Some("https://sp.example/acs"));
    assert_eq!(data.in_response_to.as_deref(), Some("_r"));
    assert_eq!(subject.confirmations[1].method, Method::HolderOfKey);
    assert_eq!(subject.confirmations[1].data.as_ref().unwrap().key_infos.len(), 1);
    let conditions = assertion.conditions.unwrap();
    assert_eq!(
        conditions.audience_restrictions,
        [vec!["https://sp.example", "b"], vec!["c"]]
    );
    assert_eq!(conditions.one_time_use, OneTimeUse::Asked);
    assert_eq!(conditions.proxy_restriction.unwrap().count, Some(1));
    assert!(assertion.advice.is_some());
    assert_eq!(assertion.authn_statements[0].session_index.as_deref(), Some("_s"));
    assert_eq!(
        assertion.authn_statements[0].context_class.as_deref(),
        Some("urn:c")
    );
}

#[test]
fn attributes_of_one_name_are_all_kept_and_text_is_joined() {
    let document = document(ASSERTION);
    let assertion = Assertion::read(document.root()).unwrap();
    let values: Vec<(&str, Option<&str>, Vec<&str>)> = assertion
        .attributes
        .iter()
        .map(|attribute| {
            let values = attribute.values.iter().map(|value| match value {
                AttributeValue::Text(text) => text.as_ref(),
                AttributeValue::NameId(_) | AttributeValue::Null | AttributeValue::Elements(_) => {
                    panic!("no text")
                }
            });
            (
                attribute.name.as_ref(),
                attribute.name_format.as_deref(),
                values.collect(),
            )
        })
        .collect();
    let expected = [
        ("role", Some("urn:f"), vec!["admin", ""]),
        ("role", None, vec!["user"]),
    ];
    assert_eq!(values, expected);
}

#[test]
fn what_the_schema_of_assertions_does_not_have_is_refused() {
    let cases = [
        (
            "saml:Issuer>https://idp.example</saml:Issuer",
            "saml:NameID>x</saml:NameID",
            "saml.structure",
        ),
        (r#" ID="_a""#, "", "saml.structure"),
        (r#"ID="_a""#, r#"ID="1a""#, "saml.structure"),
        (r#"ID="_a""#, r#"ID="_a" Extra="x""#, "saml.structure"),
        (r#"ID="_a""#, r#"ID="_a" ds:Extra="x""#, "saml.structure"),
        (r#"ID="_a""#, r#"ID="_a" xsi:nil="true""#, "saml.structure"),
        (r#" IssueInstant="2026-11-26T12:00:00Z""#, "", "saml.structure"),
        (
            r#"IssueInstant="2026-11-26T12:00:00Z""#,
            r#"IssueInstant="2026-11-26T12:00:00""#,
            "saml.time",
        ),
        (
            r#"NotBefore="2026-11-26T12:00:00Z""#,
            r#"NotBefore="2026-11-26T24:00:00Z""#,
            "saml.time",
        ),
        (r#"Version="2.0""#, r#"Version="2.1""#, "saml.version"),
        (r#"Version="2.0""#, "", "saml.structure"),
        (
            "<ds:Signature/>",
            "<ds:Signature/><ds:Signature/>",
            "saml.multiple_signatures",
        ),
        ("</saml:Issuer>", "</saml:Issuer>text", "saml.structure"),
        (
            "<saml:Subject>",
            "<saml:Subject><saml:NameID>x</saml:NameID>",
            "saml.structure",
        ),
        (
            "<saml:Conditions ",
            "<saml:Subject/><saml:Conditions ",
            "saml.structure",
        ),
        ("ann@example.com", "ann<x/>@example.com", "saml.element_in_text"),
        (
            r#" Method="urn:oasis:names:tc:SAML:2.0:cm:bearer""#,
            "",
            "saml.structure",
        ),
        (
            "<ds:KeyInfo/>",
            "<ds:KeyInfo/><saml:Assertion/>",
            "saml.structure",
        ),
        (
            "<saml:OneTimeUse/>",
            "<saml:OneTimeUse/><saml:OneTimeUse/>",
            "saml.structure",
        ),
        (
            "<saml:OneTimeUse/>",
            "<saml:OneTimeUse><x/></saml:OneTimeUse>",
            "saml.structure",
        ),
        ("<saml:OneTimeUse/>", "<ds:OneTimeUse/>", "saml.structure"),
        (
            r#"<saml:ProxyRestriction Count="1"/>"#,
            r#"<saml:ProxyRestriction Count="-1"/>"#,
            "saml.structure",
        ),
        (
            r#"<saml:ProxyRestriction Count="1"/>"#,
            "<saml:ProxyRestriction/><saml:ProxyRestriction/>",
            "saml.structure",
        ),
        ("<saml:Audience>c</saml:Audience>", "", "saml.structure"),
        (
            "<saml:Audience>c</saml:Audience>",
            "<saml:Audience>c<x/></saml:Audience>",
            "saml.element_in_text",
        ),
        (
            "<saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>",
            "",
            "saml.structure",
        ),
        (r#" AuthnInstant="2026-11-26T11:59:00Z""#, "", "saml.structure"),
        (r#" Name="role""#, "", "saml.structure"),
        (
            "<saml:AttributeValue/>",
            r#"<saml:AttributeValue xsi:nil="1">a</saml:AttributeValue>"#,
            "saml.structure",
        ),
        ("<saml:AttributeValue/>", "<saml:Attribute/>", "saml.structure"),
        ("</saml:Advice>", "</saml:Advice><saml:Advice/>", "saml.structure"),
        (
            "</saml:Advice>",
            "</saml:Advice><saml:Assertion/>",
            "saml.structure",
        ),
        (
            "</saml:Advice>",
            "</saml:Advice><saml:Statement/>",
            "saml.structure",
        ),
        (
            "</saml:Advice>",
            "</saml:Advice><saml:AttributeStatement/>",
            "saml.structure",
        ),
    ];
    assert_eq!(assertion_code(ASSERTION), "read");
    for (from, to, code) in cases {
        assert_eq!(assertion_code(&changed(ASSERTION, from, to)), code, "{to}");
    }
}

#[test]
fn statements_need_a_subject_and_a_subject_needs_content() {
    let start = ASSERTION.find("<saml:Subject>").unwrap();
    let end = ASSERTION.find("<saml:Conditions").unwrap();
    let without = changed(ASSERTION, &ASSERTION[start..end], "");
    assert_eq!(assertion_code(&without), "saml.no_subject");
    let empty = changed(ASSERTION, &ASSERTION[start..end], "<saml:Subject/>");
    assert_eq!(assertion_code(&empty), "saml.structure");
    let nothing = changed(
        &without,
        &without[without.find("<saml:AuthnS").unwrap()..],
        "</saml:Assertion>",
    );
    assert_eq!(assertion_code(&nothing), "saml.structure");
}

#[test]
fn a_signature_that_is_not_after_the_issuer_is_read_as_such() {
    let moved = changed(ASSERTION, "<ds:Signature/>", "");
    let moved = changed(&moved, "</saml:Subject>", "</saml:Subject><ds:Signature/>");
    let document = document(&moved);
    let assertion = Assertion::read(document.root()).unwrap();
    assert_eq!(assertion.signature.unwrap().place, SignaturePlace::Elsewhere);
}

#[test]
fn the_namespace_decides_which_version_is_read() {
    let old =
        r#"<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion" MajorVersion="1" MinorVersion="0"/>"#;
    let error = Assertion::read(document(old).root()).err().unwrap();
    assert_eq!(*error.kind(), ErrorKind::Version("1.0".to_owned()));
    let new = changed(old, r#"MajorVersion="1" MinorVersion="0""#, r#"Version="2.0""#);
    assert_eq!(assertion_code(&new), "saml.structure");
    assert_eq!(assertion_code("<Assertion/>"), "saml.not_supported");
}

#[test]
fn conditions_and_values_that_we_do_not_know_are_kept_as_elements() {
    let text = changed(
        ASSERTION,
        "<saml:OneTimeUse/>",
        r#"<saml:Condition xsi:type="x"/>"#,
    );
    let text = changed(
        &text,
        "<saml:AttributeValue/>",
        "<saml:AttributeValue><x/></saml:AttributeValue>",
    );
    let document = document(&text);
    let assertion = Assertion::read(document.root()).unwrap();
    assert_eq!(assertion.conditions.unwrap().unknown.len(), 1);
    assert!(matches!(
        assertion.attributes[0].values[1],
        AttributeValue::Elements(_)
    ));
}

fn kind(value: &AttributeValue<'_>) -> String {
    match value {
        AttributeValue::Text(text) => format!("text {text}"),
        AttributeValue::NameId(name) => format!("name {}", name.value),
        AttributeValue::Null => "null".to_owned(),
        AttributeValue::Elements(_) => "elements".to_owned(),
    }
}

#[test]
fn a_value_may_be_nil_or_a_name_and_is_one_thing_alone() {
    let name = "<saml:NameID Format=\"urn:a\">n</saml:NameID>";
    for (value, read) in [
        ("<saml:AttributeValue xsi:nil=\" true \"/>".to_owned(), "null"),
        (
            "<saml:AttributeValue xsi:nil=\"1\"></saml:AttributeValue>".to_owned(),
            "null",
        ),
        (
            "<saml:AttributeValue xsi:nil=\"0\">a</saml:AttributeValue>".to_owned(),
            "text a",
        ),
        (
            format!("<saml:AttributeValue> {name}\n</saml:AttributeValue>"),
            "name n",
        ),
        (
            format!("<saml:AttributeValue>a{name}</saml:AttributeValue>"),
            "elements",
        ),
        (
            format!("<saml:AttributeValue>{name}{name}</saml:AttributeValue>"),
            "elements",
        ),
        (
            format!("<saml:AttributeValue><x>{name}</x></saml:AttributeValue>"),
            "elements",
        ),
    ] {
        let document = document(&changed(ASSERTION, "<saml:AttributeValue/>", &value));
        let assertion = Assertion::read(document.root()).unwrap();
        assert_eq!(kind(&assertion.attributes[0].values[1]), read, "{value}");
    }
    for refused in [
        "<saml:AttributeValue xsi:nil=\"true\"> </saml:AttributeValue>".to_owned(),
        format!("<saml:AttributeValue xsi:nil=\"true\">{name}</saml:AttributeValue>"),
        "<saml:AttributeValue xsi:nil=\"yes\"/>".to_owned(),
        "<saml:AttributeValue><saml:NameID xsi:nil=\"true\"/></saml:AttributeValue>".to_owned(),
    ] {
        let text = changed(ASSERTION, "<saml:AttributeValue/>", &refused);
        assert_eq!(assertion_code(&text), "saml.structure", "{refused}");
    }
}

#[test]
fn interruptions_are_found_in_what_is_read_and_nowhere_else() {
    let find = |text: &str| {
        let document = document(text);
        Interruption::find(document.root()).map(|found| {
            let instruction = matches!(found, Interruption::ProcessingInstruction(_));
            (found.element().local_name().to_owned(), instruction)
        })
    };
    assert_eq!(find(ASSERTION), None);
    let between = changed(ASSERTION, "<saml:Subject>", "<!-- c --><saml:Subject><?p i?>");
    assert_eq!(find(&between), None);
    let advice = changed(ASSERTION, "<saml:Advice>", "<saml:Advice><x>a<!-- c -->b</x>");
    assert_eq!(find(&advice), None);
    let comment = changed(ASSERTION, "ann@", "ann<!-- c -->@");
    assert_eq!(find(&comment), Some(("NameID".to_owned(), false)));
    let both = changed(&comment, "urn:c<", "urn:<?p i?>c<");
    assert_eq!(find(&both), Some(("AuthnContextClassRef".to_owned(), true)));
}

fn response(content: &str) -> String {
    format!(
        r#"<samlp:Response {HEAD} InResponseTo="_r"><saml:Issuer>i</saml:Issuer><ds:Signature/><samlp:Extensions><saml:Assertion/></samlp:Extensions>{STATUS}{content}</samlp:Response>"#
    )
}

pub(super) fn code<T>(text: &str, read: impl Fn(Element<'_>) -> Result<T, Error>) -> &'static str {
    read(document(text).root())
        .err()
        .map_or("read", |error| error.code())
}

fn response_code(text: &str) -> &'static str {
    code(text, |element| Response::read(element).map(|_| ()))
}

#[test]
fn a_response_has_one_assertion_and_only_at_its_place() {
    let text = response("<saml:Assertion/>");
    let document = document(&text);
    let response_read = Response::read(document.root()).unwrap();
    assert!(matches!(response_read.content, Content::Assertion(_)));
    assert_eq!(response_read.status.codes.len(), 2);
    assert!(response_read.status.is_success());
    assert_eq!(response_read.message.in_response_to.as_deref(), Some("_r"));
    assert_eq!(response_code(&response("<saml:EncryptedAssertion/>")), "read");
    assert_eq!(response_code(&response("")), "read");
    for content in [
        "<saml:Assertion/><saml:Assertion/>",
        "<saml:Assertion/><saml:EncryptedAssertion/>",
        "<saml:EncryptedAssertion/><saml:EncryptedAssertion/>",
    ] {
        assert_eq!(
            response_code(&response(content)),
            "saml.multiple_assertions",
            "{content}"
        );
    }
    assert_eq!(
        response_code(&response("<saml:Assertion/><x/>")),
        "saml.structure"
    );
}

#[test]
fn what_the_schema_of_messages_does_not_have_is_refused() {
    let good = response("<saml:Assertion/>");
    let cases = [
        (r#" ID="_m""#, "", "saml.structure"),
        (r#"Version="2.0""#, r#"Version="1.1""#, "saml.version"),
        (
            r#"IssueInstant="2026-11-26T12:00:00Z""#,
            r#"IssueInstant="now""#,
            "saml.time",
        ),
        (
            r#"Destination="#,
            r#"samlp:X="_x" Destination="#,
            "saml.structure",
        ),
        (
            r#"Destination="#,
            r#"NotOnOrAfter="2026-11-26T12:00:00Z" Destination="#,
            "saml.structure",
        ),
        (
            "</samlp:Extensions>",
            "</samlp:Extensions><samlp:Extensions/>",
            "saml.structure",
        ),
        (
            "<samlp:Status>",
            "<saml:Assertion/><samlp:Status>",
            "saml.structure",
        ),
        (r#" Value="urn:second""#, "", "saml.structure"),
        (
            "<samlp:StatusMessage>",
            "<x/><samlp:StatusMessage>",
            "saml.structure",
        ),
        (
            "<ds:Signature/>",
            "<ds:Signature/><ds:Signature/>",
            "saml.multiple_signatures",
        ),
    ];
    assert_eq!(response_code(&good), "read");
    for (from, to, expected) in cases {
        assert_eq!(response_code(&changed(&good, from, to)), expected, "{to}");
    }
    assert_eq!(response_code(ASSERTION), "saml.not_supported");
    let old = r#"<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol" MajorVersion="1" MinorVersion="0"/>"#;
    assert_eq!(response_code(old), "saml.version");
}

#[test]
fn logout_messages_are_read() {
    let request = format!(
        r#"<samlp:LogoutRequest {HEAD} NotOnOrAfter="2026-11-26T12:05:00Z" Reason="r"><saml:Issuer>i</saml:Issuer><saml:NameID>n</saml:NameID><samlp:SessionIndex>a</samlp:SessionIndex><samlp:SessionIndex>b</samlp:SessionIndex></samlp:LogoutRequest>"#
    );
    let parsed = document(&request);
    let read = LogoutRequest::read(parsed.root()).unwrap();
    assert_eq!(read.session_indexes, ["a", "b"]);
    assert!(read.not_on_or_after.is_some());
    let logout = |text: &str| code(text, |element| LogoutRequest::read(element).map(|_| ()));
    let nobody = changed(&request, "<saml:NameID>n</saml:NameID>", "");
    assert_eq!(logout(&nobody), "saml.structure");
    assert_eq!(logout(&response("")), "saml.not_supported");
    assert_eq!(
        logout(&changed(&request, "Reason", "InResponseTo")),
        "saml.structure"
    );

    let response = format!("<samlp:LogoutResponse {HEAD}>{STATUS}</samlp:LogoutResponse>");
    let logout = |text: &str| code(text, |element| ProtocolMessage::read(element).map(|_| ()));
    assert_eq!(logout(&response), "read");
    assert_eq!(logout(&changed(&response, STATUS, "")), "saml.structure");
    let more = changed(&response, STATUS, &format!("{STATUS}<saml:Assertion/>"));
    assert_eq!(logout(&more), "saml.structure");
}

#[test]
fn requests_and_artifact_responses_are_read() {
    let request = format!(
        r#"<samlp:AuthnRequest {HEAD} ForceAuthn="true" AssertionConsumerServiceIndex="1"><saml:Issuer>i</saml:Issuer><samlp:NameIDPolicy/></samlp:AuthnRequest>"#
    );
    let authn = |text: &str| code(text, |element| AuthnRequest::read(element).map(|_| ()));
    assert_eq!(authn(&request), "read");
    assert_eq!(
        authn(&changed(&request, r#""true""#, r#""yes""#)),
        "saml.structure"
    );
    assert_eq!(
        authn(&changed(&request, "samlp:NameIDPolicy", "saml:Assertion")),
        "saml.structure"
    );
    assert_eq!(authn(&response("")), "saml.not_supported");

    let inner = response("<saml:Assertion/>").replace(r#"ID="_m""#, r#"ID="_n""#);
    let text = format!("<samlp:ArtifactResponse {HEAD}>{STATUS}{inner}</samlp:ArtifactResponse>");
    let artifact = |text: &str| code(text, |element| ArtifactResponse::read(element).map(|_| ()));
    assert_eq!(artifact(&text), "read");
    assert_eq!(artifact(&changed(&text, &inner, "<x/><x/>")), "saml.structure");
    assert_eq!(artifact(&response("")), "saml.not_supported");
}
