//! Messages that somebody whom we trust signed, weighed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use chrono::{DateTime, Utc};

use super::*;
use crate::algorithm::{DigestAlgorithm, Permitted, SignatureAlgorithm};
use crate::crypto::{Certificate, PrivateKey, SigningKey};
use crate::dsig::{Keep, Objects, ReferenceToSign, Rules, Signature, SignatureRequest, sign, verify};
use crate::soap::attachment::Attachments;
use crate::soap::{Envelope, Roles};
use crate::trust::{Owner, Signed, TrustSources, attest};
use crate::wss::Header;
use crate::xml::{Document, Limits};

const SECURITY: &str = "<wsse:Security></wsse:Security>";

/// A message with `headers` beside an empty Security header, and this Body.
fn message(headers: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:x=\"urn:x\" \
         xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" \
         xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" \
         xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <s:Header>{SECURITY}{headers}</s:Header><s:Body wsu:Id=\"b\">{body}</s:Body></s:Envelope>"
    )
}

/// Alice's signature over the elements with these IDs in `text`.
fn signature(text: &str, ids: &[&str], key_info: &str) -> String {
    let key = PrivateKey::from_pem(&file("alice.key.pem"), None).unwrap();
    let document = Document::parse(text.to_owned().into(), &Limits::default()).unwrap();
    let reference = |id: &&str| ReferenceToSign {
        element: document.element_by_id(id).unwrap(),
        id: Some((*id).to_owned()),
        enveloped: false,
    };
    let request = SignatureRequest {
        method: SignatureAlgorithm::RsaSha256,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: ids.iter().map(reference).collect(),
        key_info: key_info.to_owned(),
        id: None,
    };
    sign(&request, &SigningKey::Private(key)).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn within_security(text: &str, signature: &str) -> String {
    text.replacen("</wsse:Security>", &format!("{signature}</wsse:Security>"), 1)
}

/// A policy that asks for these parts signed and for nothing else.
fn asking(signed: SignedParts) -> Policy {
    let mut policy = Profile::Strict.policy();
    policy.signed = signed;
    policy.timestamp.presence = TimestampPresence::Ignored;
    policy.unsigned_headers = UnsignedHeaders::Drop;
    policy
}

fn now() -> DateTime<Utc> {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

/// The local names of the headers that a backend gets of `text`, whose signatures Alice made; or why it gets none.
fn weighed(text: &str, policy: &Policy) -> Result<Vec<String>, &'static str> {
    let (limits, roles) = (Limits::default(), Roles::default());
    let envelope = Envelope::parse(text.to_owned().into(), &limits).unwrap();
    let header = Header::read(&envelope, &roles, &limits).unwrap();
    let alice = Certificate::from_pem_bundle(&file("alice.pem"))
        .unwrap()
        .remove(0);
    let mut sources = TrustSources::new();
    sources.trust(alice.clone(), None);
    let store = sources.build();
    let rules = Rules {
        permitted: &Permitted::strict(),
        limits: &limits,
        keep: Keep::Nothing,
    };
    let proofs = header.signatures().map(|signature| {
        let read = Signature::read(signature, Objects::Refused, &limits).unwrap();
        let key = alice.public_key().clone().into();
        let covered = verify(&read, &key, rules, &mut Vec::new()).unwrap();
        let owner = Owner::Certified(store.path(&alice, &[], now(), &policy.path_rules()).unwrap());
        Signed::Attested(attest(covered, owner).unwrap())
    });
    let attachments = Attachments::default();
    let evidence = Evidence {
        signatures: proofs.collect(),
        assertion: None,
        attachments: &attachments,
        plaintexts: Vec::new(),
        decrypted: Vec::new(),
        transport: Transport::Unprotected,
    };
    let admitted = policy.admit(&envelope, &header, &roles, evidence, now());
    let admitted = admitted.map_err(|unmet| unmet.code())?;
    let names = admitted
        .headers()
        .iter()
        .map(|header| header.local_name().to_owned());
    Ok(names.collect())
}

#[test]
fn headers_are_in_the_order_that_was_signed() {
    let text = message(
        "<x:one wsu:Id=\"h1\"></x:one><x:two wsu:Id=\"h2\"></x:two><x:three wsu:Id=\"h3\"></x:three>",
        "<x:do></x:do>",
    );
    let policy = asking(SignedParts::new(Part::Body, []));
    let order = |ids: &[&str]| {
        let signed = within_security(&text, &signature(&text, ids, ""));
        weighed(&signed, &policy).unwrap()
    };
    assert_eq!(order(&["h2", "b", "h3", "h1"]), ["two", "three", "one"]);
    assert_eq!(order(&["h1", "h2", "h3", "b"]), ["one", "two", "three"]);
}

#[test]
fn nothing_in_a_signature_is_signed_but_what_says_whose_it_is() {
    let policy = asking(SignedParts::new(Part::Body, []));
    let with = |key_info: &str, elsewhere: &str| {
        // Canonical forms are the same in either place.
        let first = message(&format!("{key_info}{elsewhere}"), "<x:do></x:do>");
        let signature = signature(&first, &["b", "h"], key_info);
        weighed(
            &within_security(&message(elsewhere, "<x:do></x:do>"), &signature),
            &policy,
        )
        .map(drop)
    };
    let token = "<wsse:SecurityTokenReference wsu:Id=\"h\"></wsse:SecurityTokenReference>";
    let embedded = |inside: &str| {
        format!(
            "<wsse:SecurityTokenReference><wsse:Embedded>{inside}</wsse:Embedded></wsse:SecurityTokenReference>"
        )
    };
    let refused = Err("policy.signed_elsewhere");
    assert_eq!(with(token, ""), Ok(()));
    assert_eq!(
        with(&embedded("<saml2:Assertion wsu:Id=\"h\"></saml2:Assertion>"), ""),
        Ok(())
    );
    assert_eq!(with("<x:hole wsu:Id=\"h\"></x:hole>", ""), refused);
    assert_eq!(with(&embedded("<x:hole wsu:Id=\"h\"></x:hole>"), ""), refused);
    let timestamp = "<wsu:Timestamp wsu:Id=\"h\"></wsu:Timestamp>";
    let beside = format!("<wsse:SecurityTokenReference><x:y>{timestamp}</x:y></wsse:SecurityTokenReference>");
    assert_eq!(with(&beside, ""), refused);
    assert_eq!(with("", &format!("<x:other>{token}</x:other>")), refused);
    assert_eq!(with("", "<x:other wsu:Id=\"h\"></x:other>"), Ok(()));
}

#[test]
fn a_timestamp_that_has_to_be_signed_is_signed_with_the_body() {
    let mut policy = asking(SignedParts::new(Part::Timestamp, []));
    policy.timestamp.presence = TimestampPresence::Required;
    let text = message("<x:one wsu:Id=\"h\"></x:one>", "<x:do></x:do>").replace(
        SECURITY,
        "<wsse:Security><wsu:Timestamp wsu:Id=\"t\"><wsu:Created>2026-11-24T00:00:00Z</wsu:Created>\
         <wsu:Expires>2026-11-24T00:05:00Z</wsu:Expires></wsu:Timestamp></wsse:Security>",
    );
    let judged = |ids: &[&str]| {
        let signed = within_security(&text, &signature(&text, ids, ""));
        weighed(&signed, &policy).map(drop)
    };
    assert_eq!(judged(&["b", "t"]), Ok(()));
    assert_eq!(judged(&["b"]), Err("policy.timestamp_not_signed"));
    assert_eq!(judged(&["h"]), Err("policy.timestamp_not_signed"));
    assert_eq!(judged(&["t"]), Err("policy.timestamp_not_signed"));
}
