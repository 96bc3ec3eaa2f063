#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::Curve;
use crate::crypto::PrivateKey;
use crate::crypto::SigningKey;
use crate::crypto::decode_base64;
use crate::crypto::encode_base64;
use crate::dsig::{ReferenceToSign, SignatureRequest};
use crate::policy::Profile;
use crate::xml::Limits;

fn ec_key(curve: Curve) -> SigningKey {
    PrivateKey::generate_ec(curve).unwrap().into()
}

/// A signature over the element with the ID `id` in `document`.
fn signature(document: &str, id: &str, enveloped: bool, key: &SigningKey) -> String {
    let document =
        Document::parse_with_ids(document.to_owned().into(), &Limits::default(), &["i".to_owned()]).unwrap();
    let request = SignatureRequest {
        method: key.default_algorithm().unwrap(),
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.element_by_id(id).unwrap(),
            id: Some(id.to_owned()),
            enveloped,
        }],
        key_info: String::new(),
        id: None,
    };
    dsig::sign(&request, key).unwrap()
}

fn judged(document: &str, profile: Profile, keys: DocumentKeys<'_>) -> Judgement<()> {
    let rules = DocumentRules {
        policy: &profile.policy(),
        keys,
        id_attributes: &["i".to_owned()],
    };
    judge_document(document.to_owned().into(), &rules)
}

fn code(judgement: &Judgement<()>) -> Option<&'static str> {
    judgement.verdict.as_ref().err().map(Rejection::code)
}

#[test]
fn every_signature_has_to_hold() {
    let (ours, other) = (ec_key(Curve::P256), ec_key(Curve::P256));
    let plain = "<a><b i='b'/></a>";
    let with = |keys: &[&SigningKey]| {
        let signatures: String = keys.iter().map(|key| signature(plain, "b", false, key)).collect();
        plain.replace("</a>", &format!("{signatures}</a>"))
    };
    let key = ours.verifying_key();
    let code = |keys: &[&SigningKey]| code(&judged(&with(keys), Profile::Strict, DocumentKeys::Given(&key)));
    assert_eq!(code(&[&ours]), None);
    assert_eq!(code(&[&ours, &ours]), None);
    assert_eq!(code(&[&ours, &other]), Some("dsig.signature_mismatch"));
    assert_eq!(code(&[&other, &ours]), Some("dsig.signature_mismatch"));
    assert_eq!(code(&[]), Some("dsig.missing"));
    assert_eq!(code(&[&ours; 5]), Some("limit.signatures"));
}

#[test]
fn a_signature_inside_another_is_content_and_proves_nothing() {
    let (ours, other) = (ec_key(Curve::P256), ec_key(Curve::P256));
    let object = |id: &str| {
        format!(
            "<ds:Object xmlns:ds='{}' Id='{id}'><b i='b'/></ds:Object>",
            Namespace::DS.uri()
        )
    };
    let inner = signature("<a><b i='b'/></a>", "b", false, &other);
    let content = object("o").replace("</ds:Object>", &format!("{inner}</ds:Object>"));
    let outer = signature(&content, "o", false, &ours);
    let document = outer.replace("</ds:Signature>", &format!("{content}</ds:Signature>"));
    let key = ours.verifying_key();
    let judgement = judged(&document, Profile::Strict, DocumentKeys::Given(&key));
    assert_eq!(code(&judgement), None);
    assert_eq!(judgement.findings.signatures.len(), 1);
    let key = other.verifying_key();
    let judgement = judged(&document, Profile::Strict, DocumentKeys::Given(&key));
    assert_eq!(code(&judgement), Some("dsig.signature_mismatch"));
}

#[test]
fn what_stands_inside_the_signature_is_not_left_of_an_enveloped_transform() {
    let key = ec_key(Curve::P256);
    let document = |enveloped| {
        let object = format!(
            "<ds:Object xmlns:ds='{}'><b i='b'/></ds:Object>",
            Namespace::DS.uri()
        );
        let made = signature(&object, "b", enveloped, &key);
        made.replace("</ds:Signature>", &format!("{object}</ds:Signature>"))
    };
    let verifying = key.verifying_key();
    let code = |enveloped| {
        code(&judged(
            &document(enveloped),
            Profile::Strict,
            DocumentKeys::Given(&verifying),
        ))
    };
    assert_eq!(code(false), None);
    assert_eq!(code(true), Some("dsig.empty"));
}

#[test]
fn a_key_that_came_along_makes_nothing_trusted_or_covered() {
    let key = ec_key(Curve::P256);
    let plain = "<a><b i='b'/></a>";
    let made = signature(plain, "b", false, &key);
    let SigningKey::Private(private) = &key else {
        unreachable!("it was generated");
    };
    let key_info = format!(
        "<ds:KeyInfo><d:DEREncodedKeyValue xmlns:d='{}'>{}</d:DEREncodedKeyValue></ds:KeyInfo></ds:Signature>",
        Namespace::DSIG11.uri(),
        encode_base64(private.public().spki())
    );
    let made = made.replace("</ds:Signature>", &key_info);
    let document = plain.replace("</a>", &format!("{made}</a>"));
    let judgement = judged(&document, Profile::Strict, DocumentKeys::Embedded);
    assert_eq!(code(&judgement), None);
    assert!(!judgement.findings.signatures[0].trusted);
    assert!(
        judgement
            .findings
            .coverage
            .iter()
            .all(|line| line.covered != crate::inbound::Coverage::Covered)
    );
    assert_eq!(judgement.findings.warnings, ["embedded_key"]);
    let store = crate::trust::TrustSources::new().build();
    let at = AsOf::Time(chrono::DateTime::UNIX_EPOCH);
    let judgement = judged(&document, Profile::Strict, DocumentKeys::Trusted(&store, at));
    assert_eq!(code(&judgement), Some("trust.no_anchor"));
}

#[test]
fn ecdsa_values_without_leading_zeros_are_for_archives() {
    let key = ec_key(Curve::P521);
    let plain = "<a><b i='b'/></a>";
    let verifying = key.verifying_key();
    // Each half begins with a zero octet in half of all values.
    for _ in 0..200 {
        let made = signature(plain, "b", false, &key);
        let value = made
            .split("SignatureValue>")
            .nth(1)
            .unwrap()
            .trim_end_matches("</ds:");
        let octets = decode_base64(value).unwrap();
        if octets[0] != 0 || octets[66] != 0 {
            continue;
        }
        let short = [&octets[1..66], &octets[67..]].concat();
        let made = made.replace(value, &encode_base64(&short));
        let document = plain.replace("</a>", &format!("{made}</a>"));
        let code = |profile| code(&judged(&document, profile, DocumentKeys::Given(&verifying)));
        assert_eq!(code(Profile::ArchiveVerify), None);
        assert_eq!(code(Profile::Strict), Some("dsig.signature_length"));
        return;
    }
    unreachable!("no value with short numbers in 200");
}

#[test]
fn other_encodings_are_for_archives() {
    let key = ec_key(Curve::P256);
    let plain = "<a><b i='b'>é</b></a>";
    let made = signature(plain, "b", false, &key);
    let document = plain.replace("</a>", &format!("{made}</a>"));
    let utf16: Vec<u8> = format!("\u{feff}{document}")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let verifying = key.verifying_key();
    let code = |profile: Profile| {
        let rules = DocumentRules {
            policy: &profile.policy(),
            keys: DocumentKeys::Given(&verifying),
            id_attributes: &["i".to_owned()],
        };
        code(&judge_document(utf16.clone().into(), &rules))
    };
    assert_eq!(code(Profile::ArchiveVerify), None);
    assert_eq!(code(Profile::Strict), Some("xml.encoding"));
}
