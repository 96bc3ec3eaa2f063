//! What nobody signed of a signer's key in a header that is handed on: it is what the certificates say that were found.

use sealgate::crypto::encode_base64;
use sealgate::inbound::Gate;
use sealgate::policy::KeyReference;
use sealgate::token::x509::ValueType;
use sealgate::trust::{Constraint, Issuers, TrustSources};
use sealgate::xml::Namespace;

use crate::message::{KEYS, Message, assertion, certificate};
use crate::written_anew::{EXCLUSIVE, gate, kept, kept_by, signed, token};

/// A message signed by the subject of an assertion about `role`, of which `change` changes what its issuer did not sign.
pub(crate) fn asserted(role: &str, change: impl Fn(String) -> String) -> String {
    let message = Message {
        assertion: Some(change(assertion("alice", "urn:us", role))),
        ..Message::default()
    };
    message.signed()
}

/// A gate that knows the identity provider of the fixtures.
pub(crate) fn knowing_issuer() -> Gate {
    let mut gate = gate();
    let metadata = std::fs::read(format!("{KEYS}/idp-metadata.xml")).unwrap();
    gate.issuers.add(metadata.into()).unwrap();
    gate.party.audience = Some("urn:us".to_owned());
    gate.policy.key_references.push(KeyReference::SamlAssertion);
    gate
}

#[test]
fn a_reference_to_a_signed_token_goes_along_if_it_is_what_was_signed() {
    let text = Message::default().unsigned();
    let text = text.replacen(&token("alice", " wsu:Id=\"token\""), "TOKEN", 1);
    let text = text.replace("TOKEN", &token("alice", " wsu:Id=\"token\""));
    let signed = signed(&text, &["timestamp", "body", "token"], EXCLUSIVE);
    assert!(kept(&signed).is_ok());
    let reference =
        "<wsse:SecurityTokenReference><wsse:Reference URI=\"#token\"/></wsse:SecurityTokenReference>";
    let extra = signed.replace("</wsse:Security>", &format!("{reference}</wsse:Security>"));
    assert!(kept(&extra).unwrap_err().starts_with("policy.security_header"));
}

#[test]
fn names_of_certificates_are_written_as_the_certificate_has_them() {
    let mut trust = TrustSources::new();
    trust.trust(certificate("ca"), None);
    trust.untrusted(certificate("alice"));
    let mut gate = Gate {
        trust: trust.build(),
        ..gate()
    };
    gate.policy.key_references.push(KeyReference::IssuerSerial);
    let alice = certificate("alice");
    let text = Message::default()
        .unsigned()
        .replace(&token("alice", " wsu:Id=\"token\""), "");
    let message = signed(&text, &["timestamp", "body"], EXCLUSIVE);
    let with = |description: &str| {
        let data = format!("<ds:X509Data>{description}</ds:X509Data>");
        let message = message.replace("<w:Reference URI=\"#token\"/>", &data);
        kept_by(&gate, &message).unwrap()
    };
    for (issuer, subject) in [
        ("/CN=EXAMPLE ca/o=example", "/CN=ALICE/o=example"),
        (
            "oid.2.5.4.10=Example;cn=\"Example CA\"",
            "oid.2.5.4.10=Example;cn=\"alice\"",
        ),
    ] {
        let got = with(&format!(
            "<ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName><ds:X509SerialNumber>0{}</ds:X509SerialNumber></ds:X509IssuerSerial>",
            alice.serial()
        ));
        assert!(got.contains(&format!(">{}<", alice.issuer())), "{got}");
        assert!(got.contains(&format!(">{}<", alice.serial())), "{got}");
        let got = with(&format!("<ds:X509SubjectName>{subject}</ds:X509SubjectName>"));
        assert!(got.contains(&format!(">{}<", alice.subject())), "{got}");
    }
}

#[test]
fn certificates_of_a_path_go_along_in_its_order() {
    let text = Message::default()
        .unsigned()
        .replace(&token("alice", " wsu:Id=\"token\""), "");
    let message = signed(&text, &["timestamp", "body"], EXCLUSIVE);
    let [alice, ca] = ["alice", "ca"].map(|name| {
        let value = encode_base64(certificate(name).der());
        format!("<ds:X509Certificate>{value}</ds:X509Certificate>")
    });
    let (before, rest) = message.split_once("<ds:KeyInfo>").unwrap();
    let (_, after) = rest.split_once("</ds:KeyInfo>").unwrap();
    let mut gate = gate();
    gate.policy.key_references.push(KeyReference::X509Data);
    let with = |certificates: &str| {
        let key_info = format!("<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>");
        kept_by(&gate, &format!("{before}{key_info}{after}")).unwrap()
    };
    let got = with(&format!("{alice}{ca}"));
    assert_eq!(with(&format!("{ca}{alice}")), got);
    let value = encode_base64(certificate("alice").der());
    let values: Vec<&str> = got.split("<ds:X509Certificate ").collect();
    assert_eq!(values.len(), 3, "{got}");
    assert!(values[1].contains(&value), "{got}");
}

#[test]
fn a_path_of_certificates_has_no_others_in_it() {
    let path = |names: &[&str]| {
        let certificates: Vec<u8> = names
            .iter()
            .flat_map(|name| certificate(name).der().to_vec())
            .collect();
        let length = u16::try_from(certificates.len()).unwrap().to_be_bytes();
        encode_base64(&[&[0x30, 0x82], &length[..], &certificates].concat())
    };
    let text = Message::default().unsigned();
    let with = |value: &str| {
        let text = text
            .replace(&encode_base64(certificate("alice").der()), value)
            .replace(ValueType::X509v3.uri(), ValueType::X509PkiPathV1.uri());
        kept(&signed(&text, &["timestamp", "body"], EXCLUSIVE))
    };
    let own = path(&["ca", "alice"]);
    assert!(with(&own).unwrap().contains(&own));
    for other in [["bob", "alice"].as_slice(), &["alice", "ca", "alice"]] {
        let refused = with(&path(other)).unwrap_err();
        assert!(refused.contains("is no certificate by which"), "{refused}");
    }
    let refused = with(&path(&["alice", "ca"])).unwrap_err();
    assert!(refused.contains("in the order of a path"), "{refused}");
}

#[test]
fn nothing_goes_along_of_what_a_signature_of_a_known_issuer_says_of_its_key() {
    let gate = knowing_issuer();
    let with = |data: &str| {
        let key_info = format!("<ds:KeyInfo>{data}</ds:KeyInfo></ds:Signature>");
        let message = asserted("buyer", |text| text.replace("</ds:Signature>", &key_info));
        kept_by(&gate, &message)
    };
    for pointer in [
        "<wsse:Reference URI=\"#token\"/>",
        "<wsse:Reference URI=\"#words\"/>",
    ] {
        let namespace = Namespace::WSSE.uri();
        let refused = with(&format!(
            "<wsse:SecurityTokenReference xmlns:wsse=\"{namespace}\">{pointer}</wsse:SecurityTokenReference>"
        ));
        let refused = refused.unwrap_err();
        assert!(refused.contains("it was not needed"), "{refused}");
    }
    // A certificate by which another signature of the message was trusted.
    let value = encode_base64(certificate("alice").der());
    let data = format!("<ds:X509Data><ds:X509Certificate>{value}</ds:X509Certificate></ds:X509Data>");
    let refused = with(&data).unwrap_err();
    assert!(refused.contains("is no certificate by which"), "{refused}");
}

#[test]
fn an_issuer_that_names_no_key_is_nobody_whom_we_know() {
    let alice = Constraint::new(&["CN=alice,O=Example"], &[]).unwrap();
    let mut trust = TrustSources::new();
    trust.trust(certificate("ca"), Some(&alice));
    let gate = Gate {
        trust: trust.build(),
        issuers: Issuers::new(),
        ..knowing_issuer()
    };
    let refused = kept_by(&gate, &asserted("buyer", |text| text)).unwrap_err();
    assert!(refused.starts_with("trust.unknown_signer"), "{refused}");
    assert!(refused.contains("names no certificate"), "{refused}");
}

#[test]
fn a_certificate_of_an_entity_is_that_in_its_metadata() {
    let gate = knowing_issuer();
    let with = |der: &[u8]| {
        let value = encode_base64(der);
        let data = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{value}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        );
        kept_by(
            &gate,
            &asserted("buyer", |text| text.replace("</ds:Signature>", &data)),
        )
    };
    let own = certificate("idp");
    let got = with(own.der()).unwrap();
    assert!(got.contains(&encode_base64(own.der())), "{got}");
    // The same key in a certificate that nobody issued.
    let mut forged = own.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let refused = with(&forged).unwrap_err();
    assert!(refused.contains("is no certificate by which"), "{refused}");
}
