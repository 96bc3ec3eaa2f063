#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
use super::*;
use crate::algorithm::DigestAlgorithm;
use crate::soap::Envelope;
use crate::soap::Roles;
use crate::token::x509::BASE64_BINARY;
use crate::token::x509::ValueType;
use crate::wss::reference::key_identifier::SUBJECT_KEY_IDENTIFIER;
use crate::wss::reference::key_identifier::THUMBPRINT_SHA1;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::Namespace;

/// Resolves the KeyInfo with `key_info` in it, of a signature after `items`.
fn with<T>(items: &str, key_info: &str, look: impl FnOnce(ResolvedKey<'_>) -> T) -> Result<T, Error> {
    let envelope = Envelope::parse(envelope(items, key_info).into(), &Limits::default()).unwrap();
    let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
    let signature = header.signatures().next().unwrap();
    resolve(signature.child(Namespace::DS, "KeyInfo"), &header).map(look)
}

fn envelope(items: &str, key_info: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{}' xmlns:wsse='{}' xmlns:wsse11='{}' xmlns:wsu='{}' xmlns:ds='{}' xmlns:saml2='{}' \
         xmlns:saml1='{}' xmlns:dsig11='{}'><s:Header><x xmlns='urn:x'><saml2:Assertion ID='_elsewhere'/></x>\
         <wsse:Security s:actor='urn:them'>{}</wsse:Security><wsse:Security>{items}<ds:Signature>\
         {key_info}</ds:Signature></wsse:Security></s:Header><s:Body wsu:Id='body'/></s:Envelope>",
        Namespace::SOAP11.uri(),
        Namespace::WSSE.uri(),
        Namespace::WSSE11.uri(),
        Namespace::WSU.uri(),
        Namespace::DS.uri(),
        Namespace::SAML2.uri(),
        Namespace::SAML1.uri(),
        Namespace::DSIG11.uri(),
        token("theirs")
    )
}

fn info(content: &str) -> String {
    format!("<ds:KeyInfo>{content}</ds:KeyInfo>")
}

fn reference(attributes: &str, content: &str) -> String {
    let reference =
        format!("<wsse:SecurityTokenReference {attributes}>{content}</wsse:SecurityTokenReference>");
    info(&reference)
}

fn code(items: &str, key_info: &str) -> &'static str {
    with(items, key_info, |key| panic!("{key:?}")).unwrap_err().code()
}

fn form(items: &str, key_info: &str) -> (KeyForm, Vec<Rule>) {
    with(items, key_info, |key| {
        (key.form, key.deviations.iter().map(Deviation::rule).collect())
    })
    .unwrap()
}

fn token(id: &str) -> String {
    let value_type = ValueType::X509v3.uri();
    format!(
        "<wsse:BinarySecurityToken wsu:Id='{id}' ValueType='{value_type}' EncodingType='{BASE64_BINARY}'>AQID</wsse:BinarySecurityToken>"
    )
}

fn identifier(value_type: &str, content: &str) -> String {
    reference(
        "",
        &format!(
            "<wsse:KeyIdentifier ValueType='{value_type}' EncodingType='{BASE64_BINARY}'>{content}</wsse:KeyIdentifier>"
        ),
    )
}

fn saml_id(version: SamlVersion, id: &str) -> String {
    let uri = version.identifier_type();
    reference(
        "",
        &format!("<wsse:KeyIdentifier ValueType='{uri}'>{id}</wsse:KeyIdentifier>"),
    )
}

const ASSERTIONS: &str = "<saml2:Assertion ID='_two'/><saml1:Assertion AssertionID='_one'/>";
const CERTIFICATE: &str = "<ds:X509Certificate>AQID</ds:X509Certificate>";
const SERIAL: &str = "<ds:X509IssuerSerial><ds:X509IssuerName>CN=ca</ds:X509IssuerName>\
                      <ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>";

#[test]
fn a_direct_reference_finds_its_token() {
    let direct = reference("", "<wsse:Reference URI='#t'/>");
    with(&token("t"), &direct, |key| {
        assert_eq!(key.form, KeyForm::BinarySecurityToken);
        let SignerHint::X509(hint) = key.hint else {
            panic!("{:?}", key.hint);
        };
        assert_eq!(hint.certificates, [&[1, 2, 3][..]]);
        assert!(key.deviations.is_empty());
    })
    .unwrap();
    let uri = ValueType::X509v3.uri();
    let typed = format!("<wsse:Reference URI='#t' ValueType='{uri}'/>");
    assert_eq!(
        form(&token("t"), &reference("", &typed)).0,
        KeyForm::BinarySecurityToken
    );
    for id in ["_two", "_one"] {
        let direct = reference("", &format!("<wsse:Reference URI='#{id}'/>"));
        assert_eq!(form(ASSERTIONS, &direct).0, KeyForm::SamlAssertion);
    }
}

#[test]
fn a_reference_leads_to_a_token_of_this_header_or_is_refused() {
    let items = format!(
        "{}<wsse:SecurityTokenReference wsu:Id='loop'><wsse:Reference URI='#loop'/></wsse:SecurityTokenReference>\
         <wsu:Timestamp wsu:Id='timestamp'><wsu:Created>2026-11-24T00:00:00Z</wsu:Created></wsu:Timestamp>",
        token("t")
    );
    for id in ["nowhere", "theirs", "body", "timestamp", "loop", "_elsewhere"] {
        let direct = reference("", &format!("<wsse:Reference URI='#{id}'/>"));
        assert_eq!(code(&items, &direct), "wss.token_reference", "{id}");
    }
}

#[test]
fn a_reference_says_what_the_token_is() {
    let path = ValueType::X509PkiPathV1.uri();
    let typed = format!("<wsse:Reference URI='#t' ValueType='{path}'/>");
    assert_eq!(code(&token("t"), &reference("", &typed)), "wss.token_reference");
    let attribute = format!("wsse11:TokenType='{path}'");
    let direct = "<wsse:Reference URI='#t'/>";
    assert_eq!(
        code(&token("t"), &reference(&attribute, direct)),
        "wss.token_reference"
    );
    let saml = format!("wsse11:TokenType='{}'", SamlVersion::Saml11.token_type());
    let two = "<wsse:Reference URI='#_two'/>";
    assert_eq!(code(ASSERTIONS, &reference(&saml, two)), "wss.token_reference");
    assert_eq!(
        form(ASSERTIONS, &reference(&saml, "<wsse:Reference URI='#_one'/>")).0,
        KeyForm::SamlAssertion
    );
}

#[test]
fn an_assertion_is_found_by_its_id() {
    with(ASSERTIONS, &saml_id(SamlVersion::Saml20, "_two"), |key| {
        assert_eq!(key.form, KeyForm::SamlAssertion);
        assert!(
            matches!(key.hint, SignerHint::Assertion(element) if element.is(Namespace::SAML2, "Assertion"))
        );
    })
    .unwrap();
    assert_eq!(
        form(ASSERTIONS, &saml_id(SamlVersion::Saml11, "_one")).0,
        KeyForm::SamlAssertion
    );
    for (version, id) in [
        (SamlVersion::Saml20, "_one"),
        (SamlVersion::Saml11, "_two"),
        (SamlVersion::Saml20, "_elsewhere"),
        (SamlVersion::Saml20, "_nowhere"),
    ] {
        assert_eq!(
            code(ASSERTIONS, &saml_id(version, id)),
            "wss.token_reference",
            "{id}"
        );
    }
}

#[test]
fn descriptions_are_kept_as_they_are() {
    with("", &identifier(SUBJECT_KEY_IDENTIFIER, "AQID"), |key| {
        assert_eq!(key.form, KeyForm::SubjectKeyIdentifier);
        let hint = X509Hint {
            subject_key_identifiers: vec![vec![1, 2, 3]],
            ..X509Hint::default()
        };
        assert_eq!(key.hint, SignerHint::X509(hint));
    })
    .unwrap();
    with(
        "",
        &identifier(THUMBPRINT_SHA1, "AAECAwQFBgcICQoLDA0ODxAREhM="),
        |key| {
            assert_eq!(key.form, KeyForm::Thumbprint);
            let hint = X509Hint {
                digests: vec![(DigestAlgorithm::Sha1, (0..20).collect())],
                ..X509Hint::default()
            };
            assert_eq!(key.hint, SignerHint::X509(hint));
        },
    )
    .unwrap();
    let certificate = identifier(ValueType::X509v3.uri(), "AQID");
    assert_eq!(
        form("", &certificate),
        (KeyForm::BinarySecurityToken, vec![Rule::IdentifierValueType])
    );
}

#[test]
fn x509_data_is_called_what_it_holds() {
    let ski = "<ds:X509SKI>AQID</ds:X509SKI>";
    for (content, expected) in [
        (SERIAL.to_owned(), KeyForm::IssuerSerial),
        (ski.to_owned(), KeyForm::SubjectKeyIdentifier),
        (CERTIFICATE.to_owned(), KeyForm::X509Data),
        (format!("{SERIAL}{CERTIFICATE}"), KeyForm::X509Data),
        (format!("{SERIAL}{ski}"), KeyForm::X509Data),
    ] {
        let data = format!("<ds:X509Data>{content}</ds:X509Data>");
        assert_eq!(form("", &reference("", &data)), (expected, vec![]), "{content}");
        assert_eq!(
            form("", &info(&data)),
            (expected, vec![Rule::KeyInfoChild]),
            "{content}"
        );
    }
}

#[test]
fn tokens_may_be_embedded() {
    let embedded = |content: &str| reference("", &format!("<wsse:Embedded>{content}</wsse:Embedded>"));
    assert_eq!(form("", &embedded(&token("t"))).0, KeyForm::BinarySecurityToken);
    with("", &embedded("<saml2:Assertion ID='_inside'/>"), |key| {
        assert!(matches!(key.hint, SignerHint::Assertion(element) if element.attribute("ID").unwrap() == "_inside"));
    })
    .unwrap();
}

#[test]
fn nothing_said_is_any_key() {
    assert_eq!(form("", ""), (KeyForm::Nothing, vec![]));
    assert_eq!(form("", &info("")), (KeyForm::Nothing, vec![Rule::KeyInfoEmpty]));
}

#[test]
fn a_name_is_a_hint() {
    let name = info("<ds:KeyName>alice</ds:KeyName>");
    assert_eq!(form("", &name), (KeyForm::KeyName, vec![Rule::KeyInfoChild]));
    with("", &name, |key| {
        assert_eq!(key.hint, SignerHint::Name("alice".to_owned()))
    })
    .unwrap();
}

#[test]
fn a_key_that_comes_along_is_refused() {
    for value in ["<ds:KeyValue/>", "<dsig11:DEREncodedKeyValue/>"] {
        assert_eq!(code("", &info(value)), "dsig.key_value", "{value}");
    }
}

#[test]
fn a_key_is_named_once_and_in_a_way_that_is_read() {
    let one = "<wsse:SecurityTokenReference><wsse:Reference URI='#t'/></wsse:SecurityTokenReference>";
    for content in [
        one.repeat(2),
        format!("{one}<ds:KeyValue/>"),
        format!("<ds:KeyName>a</ds:KeyName>{one}"),
        format!("{one}text"),
        "<ds:RetrievalMethod URI='#t'/>".to_owned(),
        "<dsig11:KeyInfoReference URI='#t'/>".to_owned(),
        "<wsse:BinarySecurityToken/>".to_owned(),
    ] {
        assert_eq!(code(&token("t"), &info(&content)), "wss.key_info", "{content}");
    }
}

/// What the SecurityTokenReference with the ID `str` stands for, or whatever has that ID.
fn token_of(text: String) -> Result<String, &'static str> {
    let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
    let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
    let element = envelope.root().document().element_by_id("str").unwrap();
    let found = dereference(element, &header, &mut Vec::new());
    found.map(|token| token.path()).map_err(|error| error.code())
}

#[test]
fn a_reference_stands_for_a_token_in_the_message() {
    let id = "wsu:Id='str'";
    let security = "/s:Envelope/s:Header/wsse:Security[2]";
    let direct = reference(id, "<wsse:Reference URI='#t'/>");
    assert_eq!(
        token_of(envelope(&token("t"), &direct)),
        Ok(format!("{security}/wsse:BinarySecurityToken"))
    );
    let saml = format!(
        "<wsse:KeyIdentifier ValueType='{}'>_two</wsse:KeyIdentifier>",
        SamlVersion::Saml20.identifier_type()
    );
    assert_eq!(
        token_of(envelope(ASSERTIONS, &reference(id, &saml))),
        Ok(format!("{security}/saml2:Assertion"))
    );
    let embedded = reference(id, &format!("<wsse:Embedded>{}</wsse:Embedded>", token("t")));
    let inside = "ds:Signature/ds:KeyInfo/wsse:SecurityTokenReference/wsse:Embedded/wsse:BinarySecurityToken";
    assert_eq!(
        token_of(envelope("", &embedded)),
        Ok(format!("{security}/{inside}"))
    );
}

#[test]
fn a_reference_that_leads_to_no_token_of_the_message_stands_for_none() {
    let id = "wsu:Id='str'";
    let refused = Err("wss.token_reference");
    let thumbprint = format!(
        "<wsse:KeyIdentifier ValueType='{THUMBPRINT_SHA1}' EncodingType='{BASE64_BINARY}'>AAECAwQFBgcICQoLDA0ODxAREhM=</wsse:KeyIdentifier>"
    );
    for content in [
        "<wsse:Reference URI='#str'/>",
        "<wsse:Reference URI='#body'/>",
        "<wsse:Reference URI='#theirs'/>",
        "<wsse:Reference URI='#_elsewhere'/>",
        "<wsse:Reference URI='http://example.com/'/>",
        thumbprint.as_str(),
        &format!("<ds:X509Data>{SERIAL}</ds:X509Data>"),
        &format!("<ds:X509Data>{CERTIFICATE}</ds:X509Data>"),
    ] {
        assert_eq!(
            token_of(envelope("", &reference(id, content))),
            refused,
            "{content}"
        );
    }
    // Something else than a reference, and a reference outside of the header.
    assert_eq!(token_of(envelope(&token("str"), "")), refused);
    let looks_like_one = info("<ds:Reference wsu:Id='str'><wsse:Reference URI='#t'/></ds:Reference>");
    assert_eq!(token_of(envelope(&token("t"), &looks_like_one)), refused);
    let outside = envelope(&token("t"), "").replace(
        "<s:Body wsu:Id='body'/>",
        "<s:Body><wsse:SecurityTokenReference wsu:Id='str'><wsse:Reference URI='#t'/></wsse:SecurityTokenReference></s:Body>",
    );
    assert_eq!(token_of(outside), refused);
}

#[test]
fn in_a_document_a_reference_stands_for_a_token_wherever_it_stands() {
    let found = |items: &str, content: &str| {
        let text = envelope(items, &reference("wsu:Id='str'", content));
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let element = document.element_by_id("str").unwrap();
        dereference_in_document(element).map(|token| token.local_name().to_owned())
    };
    let direct = |id: &str| format!("<wsse:Reference URI='#{id}'/>");
    assert_eq!(
        found("", &direct("theirs")).as_deref(),
        Some("BinarySecurityToken")
    );
    assert_eq!(found("", &direct("_elsewhere")).as_deref(), Some("Assertion"));
    let embedded = format!("<wsse:Embedded>{}</wsse:Embedded>", token("t"));
    assert_eq!(found("", &embedded).as_deref(), Some("BinarySecurityToken"));
    for content in [
        direct("body"),
        direct("str"),
        direct("nowhere"),
        format!("<ds:X509Data>{SERIAL}</ds:X509Data>"),
    ] {
        assert_eq!(found("", &content), None, "{content}");
    }
    let document = Document::parse(envelope(&token("t"), "").into(), &Limits::default()).unwrap();
    assert_eq!(
        dereference_in_document(document.element_by_id("t").unwrap()),
        None
    );
}
