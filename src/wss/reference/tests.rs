#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
use super::key_identifier::ENCRYPTED_KEY_SHA1;
use super::key_identifier::SUBJECT_KEY_IDENTIFIER;
use super::key_identifier::THUMBPRINT_SHA1;
use super::*;
use crate::token::x509::BASE64_BINARY;
use crate::wss::Rule;
use crate::xml::Document;
use crate::xml::Limits;

fn with<T>(
    attributes: &str,
    content: &str,
    look: impl FnOnce(&TokenReference<'_>, &[Deviation]) -> T,
) -> Result<T, Error> {
    let text = format!(
        "<wsse:SecurityTokenReference xmlns:wsse='{}' xmlns:wsse11='{}' xmlns:wsu='{}' xmlns:ds='{}' xmlns:saml2='{}' \
         xmlns:saml1='{}' {attributes}>{content}</wsse:SecurityTokenReference>",
        Namespace::WSSE.uri(),
        Namespace::WSSE11.uri(),
        Namespace::WSU.uri(),
        Namespace::DS.uri(),
        Namespace::SAML2.uri(),
        Namespace::SAML1.uri(),
    );
    let document = Document::parse(text.into(), &Limits::default()).unwrap();
    let mut deviations = Vec::new();
    let reference = TokenReference::read(document.root(), &mut deviations)?;
    Ok(look(&reference, &deviations))
}

fn refused(content: &str) -> (&'static str, Option<&'static str>) {
    let error = with("", content, |_, _| ()).unwrap_err();
    (error.code(), error.clause())
}

fn identifier(value_type: &str, content: &str) -> String {
    format!(
        "<wsse:KeyIdentifier ValueType='{value_type}' EncodingType='{BASE64_BINARY}'>{content}</wsse:KeyIdentifier>"
    )
}

fn token() -> String {
    format!(
        "<wsse:BinarySecurityToken ValueType='{}' EncodingType='{BASE64_BINARY}'>AQID</wsse:BinarySecurityToken>",
        ValueType::X509v3.uri()
    )
}

const TWENTY: &str = "AAECAwQFBgcICQoLDA0ODxAREhM=";
const SERIAL: &str = "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=ca</ds:X509IssuerName>\
                      <ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>";

#[test]
fn a_direct_reference_is_to_an_id() {
    with(
        "",
        "\n<wsse:Reference URI='#a' ValueType='urn:v'/>",
        |reference, deviations| {
            let expected = Pointer::Direct {
                id: "a".to_owned(),
                value_type: Some("urn:v".to_owned()),
            };
            assert_eq!(*reference.pointer(), expected);
            assert!(deviations.is_empty());
        },
    )
    .unwrap();
    for uri in [
        "",
        "#",
        "a",
        "#1",
        "#a b",
        "#xpointer(id('a'))",
        "file:///a",
        "http://a.example/#a",
        "cid:a",
        "%23a",
    ] {
        let reference = format!("<wsse:Reference URI=\"{uri}\"/>");
        assert_eq!(
            refused(&reference),
            ("wss.token_reference", Some("WSS 1.1 §7.2")),
            "{uri}"
        );
    }
    assert_eq!(
        refused("<wsse:Reference/>"),
        ("wss.token_reference", Some("BSP 1.1 R3062"))
    );
    assert_eq!(
        refused("<wsse:Reference URI='#a'>b</wsse:Reference>").0,
        "wss.token_reference"
    );
    assert_eq!(
        refused("<wsse:Reference URI='#a'><b/></wsse:Reference>").0,
        "wss.token_reference"
    );
}

#[test]
fn it_points_at_one_thing() {
    let one = "<wsse:Reference URI='#a'/>";
    for content in [
        String::new(),
        one.repeat(2),
        format!("{one}text"),
        format!("{one}<a/>"),
    ] {
        assert_eq!(
            refused(&content),
            ("wss.token_reference", Some("BSP 1.1 R3061")),
            "{content}"
        );
    }
}

#[test]
fn it_points_in_no_other_way() {
    for other in [
        "<ds:KeyName>a</ds:KeyName>",
        "<ds:RetrievalMethod URI='#a'/>",
        "<ds:KeyValue/>",
        "<wsse:SecurityTokenReference><wsse:Reference URI='#a'/></wsse:SecurityTokenReference>",
        "<Reference URI='#a'/>",
        "<ds:Reference URI='#a'/>",
    ] {
        assert_eq!(refused(other).0, "wss.token_reference", "{other}");
    }
    assert_eq!(refused("<ds:KeyName>a</ds:KeyName>").1, Some("BSP 1.1 R3027"));
}

#[test]
fn key_identifiers_are_read_by_their_value_type() {
    let pointer = |content: &str| {
        with("", content, |reference, deviations| {
            let rules: Vec<Rule> = deviations.iter().map(Deviation::rule).collect();
            (format!("{:?}", reference.pointer()), rules)
        })
        .unwrap()
    };
    let (ski, rules) = pointer(&identifier(SUBJECT_KEY_IDENTIFIER, "AQID"));
    assert_eq!(
        (ski.as_str(), rules.as_slice()),
        ("SubjectKeyIdentifier([1, 2, 3])", [].as_slice())
    );
    assert!(
        pointer(&identifier(THUMBPRINT_SHA1, TWENTY))
            .0
            .starts_with("ThumbprintSha1([0, 1, 2,")
    );
    let (certificate, rules) = pointer(&identifier(ValueType::X509v3.uri(), "AQID"));
    assert_eq!(certificate, "Certificate(b\"\\x01\\x02\\x03\")");
    assert_eq!(rules, [Rule::IdentifierValueType]);
    for version in [SamlVersion::Saml11, SamlVersion::Saml20] {
        let uri = version.identifier_type();
        let content = format!("<wsse:KeyIdentifier ValueType='{uri}'>_a</wsse:KeyIdentifier>");
        let expected = format!("SamlId {{ version: {version:?}, id: \"_a\" }}");
        assert_eq!(pointer(&content), (expected, vec![]));
    }
}

#[test]
fn a_key_identifier_says_what_it_is() {
    let none = format!("<wsse:KeyIdentifier EncodingType='{BASE64_BINARY}'>AQID</wsse:KeyIdentifier>");
    assert_eq!(refused(&none), ("wss.token_reference", Some("BSP 1.1 R3054")));
    assert_eq!(
        refused(&identifier("urn:other", "AQID")),
        ("wss.token_reference", Some("BSP 1.1 R3063"))
    );
    let hex = identifier(THUMBPRINT_SHA1, TWENTY).replace("#Base64Binary", "#HexBinary");
    assert_eq!(refused(&hex), ("wss.token_reference", Some("BSP 1.1 R3071")));
    assert_eq!(
        refused(&identifier(ENCRYPTED_KEY_SHA1, "AQID")),
        ("wss.token_reference", Some("WSS 1.1 §7.3"))
    );
    let implied = format!("<wsse:KeyIdentifier ValueType='{THUMBPRINT_SHA1}'>{TWENTY}</wsse:KeyIdentifier>");
    with("", &implied, |_, deviations| {
        let rules: Vec<Rule> = deviations.iter().map(Deviation::rule).collect();
        assert_eq!(rules, [Rule::IdentifierEncodingType]);
    })
    .unwrap();
}

#[test]
fn an_identifier_is_whole_and_strict() {
    for (content, code) in [
        ("", "wss.token_reference"),
        ("AQI", "wss.token_reference"),
        ("!!!", "wss.token_reference"),
        ("AQID", "wss.token_reference"),
        ("AAECAwQFBgcICQoL<!-- -->DA0ODxAREhM=", "wss.token_reference"),
        ("AAECAwQFBgcICQoL<x/>DA0ODxAREhM=", "xml.element_in_text"),
    ] {
        assert_eq!(
            refused(&identifier(THUMBPRINT_SHA1, content)).0,
            code,
            "{content}"
        );
    }
    let saml = |content: &str| {
        let uri = SamlVersion::Saml20.identifier_type();
        refused(&format!(
            "<wsse:KeyIdentifier ValueType='{uri}'>{content}</wsse:KeyIdentifier>"
        ))
        .0
    };
    assert_eq!(saml(""), "wss.token_reference");
    assert_eq!(saml("#_a"), "wss.token_reference");
    assert_eq!(saml("_a<!-- -->b"), "wss.token_reference");
    assert_eq!(saml("_a<b/>"), "xml.element_in_text");
    let encoded = identifier(SamlVersion::Saml20.identifier_type(), "_a");
    assert_eq!(refused(&encoded).0, "wss.token_reference");
}

#[test]
fn x509_data_is_read() {
    with("", SERIAL, |reference, _| {
        let Pointer::X509Data(hint) = reference.pointer() else {
            panic!("{reference:?}");
        };
        assert_eq!(hint.issuer_serials.len(), 1);
    })
    .unwrap();
    assert_eq!(refused("<ds:X509Data/>").0, "wss.token_reference");
    assert_eq!(refused(&SERIAL.replace(">1<", ">0x1<")).0, "wss.token_reference");
}

#[test]
fn embedded_holds_one_token() {
    let embedded = |content: &str| format!("<wsse:Embedded>{content}</wsse:Embedded>");
    assert!(with("", &embedded(&token()), |_, _| ()).is_ok());
    for assertion in ["<saml2:Assertion/>", "<saml1:Assertion/>"] {
        assert!(with("", &embedded(assertion), |_, _| ()).is_ok());
    }
    for content in [String::new(), token().repeat(2), format!("text{}", token())] {
        assert_eq!(
            refused(&embedded(&content)),
            ("wss.token_reference", Some("BSP 1.1 R3060")),
            "{content}"
        );
    }
    let reference = "<wsse:SecurityTokenReference><wsse:Reference URI='#a'/></wsse:SecurityTokenReference>";
    for content in [reference, "<wsse:UsernameToken/>"] {
        assert_eq!(
            refused(&embedded(content)),
            ("wss.token_reference", Some("BSP 1.1 R3056")),
            "{content}"
        );
    }
    assert_eq!(
        refused(&embedded(&token().replace("AQID", "AQI"))).0,
        "token.base64"
    );
    let other = format!("<wsse:Embedded ValueType='urn:other'>{}</wsse:Embedded>", token());
    assert_eq!(refused(&other), ("wss.token_reference", Some("WSS 1.1 §7.4")));
}

#[test]
fn the_token_type_fits() {
    let x509 = ValueType::X509v3.uri();
    let saml2 = SamlVersion::Saml20.token_type();
    let saml_id = format!(
        "<wsse:KeyIdentifier ValueType='{}'>_a</wsse:KeyIdentifier>",
        SamlVersion::Saml20.identifier_type()
    );
    for (content, fits, other) in [
        (SERIAL.to_owned(), x509, saml2),
        (identifier(THUMBPRINT_SHA1, TWENTY), x509, saml2),
        (identifier(SUBJECT_KEY_IDENTIFIER, TWENTY), x509, "urn:other"),
        (
            format!("<wsse:Embedded>{}</wsse:Embedded>", token()),
            x509,
            ValueType::X509PkiPathV1.uri(),
        ),
        (saml_id, saml2, SamlVersion::Saml11.token_type()),
        (
            "<wsse:Embedded><saml2:Assertion/></wsse:Embedded>".to_owned(),
            saml2,
            x509,
        ),
    ] {
        let with = |token_type: &str| with(&format!("wsse11:TokenType='{token_type}'"), &content, |_, _| ());
        assert!(with(fits).is_ok(), "{content}");
        assert_eq!(
            with(other).unwrap_err().code(),
            "wss.token_reference",
            "{content}"
        );
    }
}

#[test]
fn what_may_be_taken_for_the_id_is_refused() {
    let code =
        |attributes: &str, content: &str| with(attributes, content, |_, _| ()).map_err(|error| error.code());
    let content = "<wsse:Reference URI='#a'/>";
    assert_eq!(code("wsu:Id='a' Usage='urn:a'", content), Ok(()));
    assert_eq!(code("Id='a'", content), Err("wss.attribute"));
    assert_eq!(
        code("", "<wsse:Reference URI='#a' Uri='#b'/>"),
        Err("wss.attribute")
    );
    let identifier = identifier(THUMBPRINT_SHA1, TWENTY);
    assert_eq!(
        code("", &identifier.replace("ValueType", "Id='a' ValueType")),
        Err("wss.attribute")
    );
    let embedded = format!("<wsse:Embedded Id='a'>{}</wsse:Embedded>", token());
    assert_eq!(code("", &embedded), Err("wss.attribute"));
}
