#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::PrivateKey;
use crate::inbound::AsOf;
use crate::inbound::Judgement;
use crate::inbound::Keyring;
use crate::inbound::SamlContext;
use crate::inbound::VerifiedSaml;
use crate::inbound::judge_saml;
use crate::policy::Profile;
use crate::policy::saml::ExpectedRequest;
use crate::policy::saml::RelyingParty;
use crate::token::datetime;
use crate::trust::Issuers;
use crate::trust::TrustSources;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::escape_attribute;
use crate::xml::escape_text;

const HEAD: &str =
    r#"xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#;
const ISSUER: &str = "<Issuer>https://idp.example/saml</Issuer>";
const SUCCESS: &str =
    r#"<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>"#;
const ASSERTION_1: &str = r#"<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_a" MajorVersion="1" MinorVersion="1" Issuer="https://idp.example/saml" IssueInstant="2026-11-26T12:00:00Z"><Conditions NotBefore="2026-11-26T12:00:00Z" NotOnOrAfter="2026-11-26T12:05:00Z"><AudienceRestrictionCondition><Audience>https://sp.example</Audience></AudienceRestrictionCondition></Conditions><AuthenticationStatement AuthenticationMethod="urn:m" AuthenticationInstant="2026-11-26T12:00:00Z"><Subject><NameIdentifier>ann</NameIdentifier><SubjectConfirmation><ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</ConfirmationMethod></SubjectConfirmation></Subject></AuthenticationStatement></Assertion>"#;
const METADATA: &str = r#"<m:EntityDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata" ID="_m" entityID="urn:sp"><m:SPSSODescriptor/></m:EntityDescriptor>"#;

fn assertion(name: &str) -> String {
    format!(
        r#"<Assertion {HEAD} ID="_a" Version="2.0" IssueInstant="2026-11-26T12:00:00Z">{ISSUER}<Subject><NameID>{name}</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData NotOnOrAfter="2026-11-26T12:05:00Z" Recipient="https://sp.example/acs" InResponseTo="_r"/></SubjectConfirmation></Subject><Conditions NotBefore="2026-11-26T12:00:00Z" NotOnOrAfter="2026-11-26T12:05:00Z"><AudienceRestriction><Audience>https://sp.example</Audience></AudienceRestriction></Conditions><AuthnStatement AuthnInstant="2026-11-26T12:00:00Z"><AuthnContext><AuthnContextClassRef>urn:c</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"#
    )
}

fn message(name: &str, attributes: &str, content: &str) -> String {
    format!(
        r#"<p:{name} {HEAD} ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z" Destination="https://sp.example/acs"{attributes}>{ISSUER}{content}</p:{name}>"#
    )
}

fn response() -> String {
    let content = format!("{SUCCESS}{}", assertion("ann"));
    message("Response", r#" InResponseTo="_r""#, &content)
}

fn logout() -> String {
    message("LogoutRequest", "", "<NameID>ann</NameID>")
}

fn keys(name: &str) -> Vec<u8> {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
    std::fs::read(keys.join(name)).unwrap()
}

fn signer() -> SamlSigner {
    SamlSigner {
        key: PrivateKey::from_pem(&keys("idp.key.pem"), None).unwrap().into(),
        method: SignatureAlgorithm::RsaSha256,
        certificates: Certificate::from_pem_bundle(&keys("idp.pem")).unwrap(),
    }
}

fn sign(text: &str, part: SamlPart) -> Result<String, Error> {
    signer().sign(text.to_owned().into(), part)
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "signed",
        Err(Error::Refused(rejection)) => rejection.code(),
        Err(error) => panic!("{error}"),
    }
}

fn judge(input: impl Into<Bytes>) -> Judgement<VerifiedSaml> {
    let mut issuers = Issuers::new();
    issuers.add(keys("idp-metadata.xml").into()).unwrap();
    let party = RelyingParty {
        audience: Some("https://sp.example".to_owned()),
        recipient: Some("https://sp.example/acs".to_owned()),
        request: ExpectedRequest::Request("_r".to_owned()),
        resolution: ExpectedRequest::Request("_s".to_owned()),
    };
    let context = SamlContext {
        policy: &Profile::Strict.policy(),
        trust: &TrustSources::new().build(),
        issuers: &issuers,
        party: &party,
        keyring: &Keyring::new(),
        as_of: AsOf::Time(datetime::parse("2026-11-26T12:01:00Z").unwrap()),
    };
    judge_saml(input.into(), &context)
}

#[test]
fn what_is_signed_is_verified_with_the_signature_in_its_place() {
    let artifact = message(
        "ArtifactResponse",
        r#" InResponseTo="_s""#,
        &format!("{SUCCESS}{}", response().replace("\"_m\"", "\"_i\"")),
    );
    let answer = message("LogoutResponse", r#" InResponseTo="_r""#, SUCCESS);
    let response_1 = format!(
        r#"<p:Response xmlns:p="urn:oasis:names:tc:SAML:1.0:protocol" ResponseID="_m" MajorVersion="1" MinorVersion="1" IssueInstant="2026-11-26T12:00:00Z" Recipient="https://sp.example/acs" InResponseTo="_r"><p:Status><p:StatusCode Value="p:Success"/></p:Status>{ASSERTION_1}</p:Response>"#
    );
    for (text, part, signatures) in [
        (assertion("ann"), SamlPart::Document, 1),
        (ASSERTION_1.to_owned(), SamlPart::Document, 1),
        (response(), SamlPart::Document, 1),
        (response(), SamlPart::Assertion, 1),
        (response(), SamlPart::Both, 2),
        (response_1, SamlPart::Both, 2),
        (artifact, SamlPart::Document, 1),
        (logout(), SamlPart::Document, 1),
        (answer, SamlPart::Document, 1),
        (METADATA.to_owned(), SamlPart::Document, 1),
    ] {
        let signed = sign(&text, part).unwrap();
        let judgement = judge(signed.clone());
        assert!(judgement.verdict.is_ok(), "{:?}\n{signed}", judgement.verdict);
        assert_eq!(judgement.findings.signatures.len(), signatures, "{signed}");
        assert!(signed.contains("<ds:X509Certificate>"), "{signed}");
    }
}

#[test]
fn a_form_and_a_query_string_carry_what_was_signed() {
    let form = signer().form(response().into(), SamlPart::Assertion, Some("/a?b&c=d"));
    let form = form.unwrap();
    assert!(form.starts_with("SAMLResponse=") && form.ends_with("&RelayState=%2Fa%3Fb%26c%3Dd"));
    assert!(judge(form).verdict.is_ok());
    for relay_state in [None, Some("/a?b&c=d é+")] {
        let query = signer().redirect(logout().into(), relay_state).unwrap();
        let Ok(VerifiedSaml::Message(claims)) = judge(query.clone()).verdict else {
            panic!("{query}");
        };
        assert_eq!(claims.relay_state.as_deref(), relay_state);
        let changed = query.replace("SigAlg=", "RelayState=x&SigAlg=");
        assert!(judge(changed).verdict.is_err());
    }
}

#[test]
fn nothing_is_signed_twice_or_broken() {
    let signed = sign(&response(), SamlPart::Assertion).unwrap();
    assert_eq!(code(sign(&signed, SamlPart::Document)), "signed");
    assert_eq!(code(sign(&signed, SamlPart::Assertion)), "saml.already_signed");
    let whole = sign(&response(), SamlPart::Document).unwrap();
    assert_eq!(code(sign(&whole, SamlPart::Document)), "saml.already_signed");
    assert_eq!(code(sign(&whole, SamlPart::Assertion)), "saml.already_signed");
    let inside = sign(&logout(), SamlPart::Document).unwrap();
    assert_eq!(
        code(signer().redirect(inside.into(), None)),
        "saml.already_signed"
    );
}

#[test]
fn what_is_no_such_document_is_not_signed() {
    assert_eq!(code(sign("<a/>", SamlPart::Document)), "saml.not_supported");
    assert_eq!(code(sign("<a>", SamlPart::Document)), "xml.malformed");
    let out_of_order = response()
        .replacen(ISSUER, "", 1)
        .replacen(SUCCESS, &format!("{SUCCESS}{ISSUER}"), 1);
    assert_eq!(code(sign(&out_of_order, SamlPart::Document)), "saml.structure");
    let nameless = METADATA.replace(r#" ID="_m""#, "");
    assert_eq!(code(sign(&nameless, SamlPart::Document)), "saml.structure");
    let without = message("Response", "", SUCCESS);
    assert_eq!(code(sign(&without, SamlPart::Assertion)), "saml.structure");
    assert_eq!(code(sign(&logout(), SamlPart::Assertion)), "saml.not_supported");
    let form = |text: &str| code(signer().form(text.to_owned().into(), SamlPart::Document, None));
    assert_eq!(form(&assertion("ann")), "saml.not_supported");
    assert_eq!(form(METADATA), "saml.not_supported");
    let redirect = |text: &str| code(signer().redirect(text.to_owned().into(), None));
    assert_eq!(redirect(&assertion("ann")), "saml.not_supported");
    assert_eq!(redirect(&response()), "saml.response_by_redirect");
    let other = SamlSigner {
        method: SignatureAlgorithm::EcdsaSha256,
        ..signer()
    };
    assert_eq!(
        code(other.sign(logout().into(), SamlPart::Document)),
        "dsig.signing"
    );
}

fn elements(text: &str) -> Option<usize> {
    let document = Document::parse(text.to_owned().into(), &Limits::archive()).ok()?;
    Some(document.root().descendants().count())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// T109: no value becomes markup, and the octets that were given stay around the signature.
    #[test]
    fn no_value_changes_the_elements(value in "[ -~\u{e9}\u{1f511}<>&'\"]{0,40}") {
        let name = format!("a{}", escape_text(&value));
        let plain = elements(&assertion("a")).unwrap();
        let text = assertion(&name).replace(r#" ID="_a""#, r#" ID="_a" "#);
        let signed = sign(&text, SamlPart::Document).unwrap();
        let signature = elements(&sign(&assertion("a"), SamlPart::Document).unwrap()).unwrap() - plain;
        prop_assert_eq!(elements(&signed).unwrap(), plain + signature);
        let start = signed.find("<ds:Signature ").unwrap();
        let end = signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        let around = [signed.get(..start).unwrap(), signed.get(end..).unwrap()].concat();
        prop_assert_eq!(around, text);

        let id = format!("_{}", escape_attribute(&value));
        let metadata = METADATA.replace("_m", &id);
        // An ID is an NCName; whatever else it is, it is not written into a signature.
        if let Ok(signed) = sign(&metadata, SamlPart::Document) {
            prop_assert_eq!(elements(&signed).unwrap(), 2 + signature);
        }
        let query = signer().redirect(logout().into(), Some(&value)).unwrap();
        prop_assert_eq!(query.matches('&').count(), 3);
    }
}
