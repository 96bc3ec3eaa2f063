#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
use super::*;
use crate::algorithm::{
    CanonicalizationAlgorithm as Canonicalization, DataCipher, DigestAlgorithm as Digest, KeyTransport, Set,
    SignatureAlgorithm as Signature,
};
use crate::policy::{
    Confirmation, KeyReference, Part, Profile, TimestampPresence, UnsignedHeaders, UsernameToken,
};

mod addresses;
mod attached;
mod parts;
mod routes;
mod suites;
mod tokens;
mod told;

const ORDERS: &str = include_str!("../../fixtures/wsdl/orders.wsdl");
const CHOICES: &str = include_str!("../../fixtures/wsdl/choices.wsdl");

const START: &str = "<wsdl:definitions targetNamespace='urn:t' xmlns:t='urn:t' \
    xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' \
    xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:wsp='http://www.w3.org/ns/ws-policy' \
    xmlns:wsse='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd' \
    xmlns:wsu='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd' \
    xmlns:cxf='http://cxf.apache.org/custom/security-policy' \
    xmlns:sp='http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702'>";

const TO_RECIPIENT: &str = "sp:IncludeToken='http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/AlwaysToRecipient'";
const NEVER: &str =
    "sp:IncludeToken='http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/Never'";

/// A WSDL with `further` at its top and `policy` attached to its one binding.
fn wsdl(further: &str, policy: &str) -> String {
    format!(
        "{START}{further}<wsdl:message name='M'/>\
         <wsdl:portType name='P'><wsdl:operation name='O'><wsdl:input message='t:M'/></wsdl:operation></wsdl:portType>\
         <wsdl:binding name='B' type='t:P'><wsp:Policy>{policy}</wsp:Policy><soap:binding/>\
         <wsdl:operation name='O'><wsdl:input/></wsdl:operation></wsdl:binding></wsdl:definitions>"
    )
}

fn policies(text: &str, base: Profile) -> Result<Vec<Imported>, Error> {
    Wsdl::read(text.to_owned().into(), [])?.policies(&base.policy(), &Wanted::default())
}

/// What `policy` comes to, which has one alternative.
fn imported(policy: &str, base: Profile) -> Imported {
    let mut all = policies(&wsdl("", policy), base).unwrap();
    assert_eq!(all.len(), 1, "{policy}");
    let imported = all.remove(0);
    assert_never_loosened(&base.policy(), &imported.policy);
    imported
}

/// The outcomes of the assertion that ends in `name`.
fn outcomes(imported: &Imported, name: &str) -> Vec<Outcome> {
    let named = imported
        .entries
        .iter()
        .filter(|entry| entry.assertion.ends_with(name));
    named.map(|entry| entry.outcome).collect()
}

fn assert_never_loosened(base: &Policy, policy: &Policy) {
    let kept = |part: &Part| policy.signed.contains(part);
    assert!(base.signed.iter().all(kept), "{:?}", policy.signed);
    assert!(base.encrypted.iter().all(|part| policy.encrypted.contains(part)));
    assert!(
        policy
            .key_references
            .iter()
            .all(|form| base.key_references.contains(form))
    );
    let (ours, theirs) = (&policy.algorithms, &base.algorithms);
    assert!(ours.signatures.iter().all(|one| theirs.signatures.contains(one)) && !ours.signatures.is_empty());
    assert!(ours.digests.iter().all(|one| theirs.digests.contains(one)) && !ours.digests.is_empty());
    let canonicalizations = ours.canonicalizations;
    assert!(
        canonicalizations
            .iter()
            .all(|one| theirs.canonicalizations.contains(one))
    );
    assert!(ours.transforms.iter().all(|one| theirs.transforms.contains(one)));
    let (ours, theirs) = (&policy.encryption, &base.encryption);
    assert!(ours.data.iter().all(|one| theirs.data.contains(one)));
    assert!(
        ours.key_transport
            .iter()
            .all(|one| theirs.key_transport.contains(one))
    );
    let unchanged = Policy {
        name: base.name.clone(),
        signed: base.signed.clone(),
        encrypted: base.encrypted.clone(),
        key_references: base.key_references.clone(),
        algorithms: base.algorithms.clone(),
        encryption: base.encryption.clone(),
        saml: base.saml.clone(),
        username_token: base.username_token,
        timestamp: base.timestamp.clone(),
        unsigned_headers: base.unsigned_headers,
        ..policy.clone()
    };
    assert_eq!(unchanged, *base);
}

fn asymmetric(properties: &str) -> String {
    format!("<sp:AsymmetricBinding><wsp:Policy>{properties}</wsp:Policy></sp:AsymmetricBinding>")
}

fn symmetric(token: &str, properties: &str) -> String {
    format!(
        "<sp:SymmetricBinding><wsp:Policy><sp:ProtectionToken><wsp:Policy>{token}</wsp:Policy></sp:ProtectionToken>{properties}\
         </wsp:Policy></sp:SymmetricBinding>"
    )
}

fn suite(names: &str) -> String {
    asymmetric(&format!(
        "<sp:AlgorithmSuite><wsp:Policy>{names}</wsp:Policy></sp:AlgorithmSuite>"
    ))
}

fn initiator(token: &str) -> String {
    asymmetric(&format!(
        "<sp:InitiatorToken><wsp:Policy>{token}</wsp:Policy></sp:InitiatorToken>"
    ))
}

fn x509(attributes: &str, options: &str) -> String {
    initiator(&format!(
        "<sp:X509Token {attributes}><wsp:Policy>{options}</wsp:Policy></sp:X509Token>"
    ))
}

fn supporting(kind: &str, token: &str) -> String {
    format!(
        "{}<sp:{kind}><wsp:Policy>{token}</wsp:Policy></sp:{kind}>",
        asymmetric("<sp:IncludeTimestamp/>")
    )
}

#[test]
fn what_a_service_states_is_what_a_policy_asks_for() {
    let all = policies(ORDERS, Profile::Bsp11).unwrap();
    assert!(all.iter().all(Imported::is_whole));
    let policy = &all[0].policy;
    assert!(all.iter().all(|one| one.policy == *policy));
    assert_eq!(policy.key_references, [KeyReference::BinarySecurityToken]);
    assert_eq!(policy.algorithms.signatures, Set::from([Signature::RsaSha256]));
    assert_eq!(policy.algorithms.digests, Set::from([Digest::Sha256]));
    for part in [
        "body",
        "timestamp",
        "addressing",
        "header?:{urn:example:orders}Session",
    ] {
        assert!(
            policy.signed.contains(&Part::try_from(part.to_owned()).unwrap()),
            "{part}"
        );
    }
    let places: Vec<u32> = all[0]
        .entries
        .iter()
        .map(|entry| entry.place.position.line)
        .collect();
    assert!(places.contains(&39) && places.contains(&66), "{places:?}");
}

#[test]
fn alternatives_and_operations_are_policies_of_their_own() {
    let all = policies(CHOICES, Profile::Bsp11).unwrap();
    let of = |operation: &str, alternative: usize| {
        let wanted = |one: &&Imported| one.operation == operation && one.alternative == alternative;
        all.iter().find(wanted).unwrap()
    };
    assert_eq!(all.len(), 4);
    assert_eq!(
        of("Ask", 1).policy.username_token,
        UsernameToken::DigestOrTextOverTls
    );
    assert!(of("Ask", 1).policy.signed.contains(&Part::UsernameToken));
    assert!(!of("Ask", 2).policy.signed.contains(&Part::UsernameToken));
    assert_eq!(of("Ask", 2).policy.key_references, [KeyReference::Thumbprint]);
    let session = Part::try_from("header?:{urn:example:quotes}Session".to_owned()).unwrap();
    assert!(of("Tell", 2).policy.signed.contains(&session) && !of("Ask", 2).policy.signed.contains(&session));
    let wsdl = Wsdl::read(CHOICES.into(), []).unwrap();
    let wanted = Wanted {
        port: Some("Quotes".to_owned()),
        operation: Some("Tell".to_owned()),
        alternative: Some(2),
    };
    let one = wsdl.policies(&Profile::Bsp11.policy(), &wanted).unwrap();
    assert_eq!(one, [of("Tell", 2).clone()]);
    let code = |wanted: Wanted| {
        wsdl.policies(&Profile::Bsp11.policy(), &wanted)
            .unwrap_err()
            .code()
    };
    let name = || Some("None".to_owned());
    assert_eq!(
        code(Wanted {
            port: name(),
            ..Wanted::default()
        }),
        "wsdl.no_port"
    );
    assert_eq!(
        code(Wanted {
            operation: name(),
            ..Wanted::default()
        }),
        "wsdl.no_operation"
    );
    assert_eq!(
        code(Wanted {
            alternative: Some(3),
            ..Wanted::default()
        }),
        "wsdl.no_alternative"
    );
}

#[test]
fn what_grows_faster_than_the_file_is_refused_soon() {
    let started = std::time::Instant::now();
    let code = |text: &str| policies(text, Profile::Bsp11).unwrap_err().code();
    let optional = "<sp:Trust13 wsp:Optional='true'/>".repeat(40);
    assert_eq!(code(&wsdl("", &optional)), "wsdl.too_many_alternatives");
    let many = format!("<wsp:ExactlyOne>{}</wsp:ExactlyOne>", "<sp:Trust13/>".repeat(65));
    assert_eq!(code(&wsdl("", &many)), "wsdl.too_many_alternatives");
    // Each policy refers to the next one twice.
    let doubling = |content: &str| {
        let policy = |level: u32| {
            let next = format!("<wsp:PolicyReference URI='#p{}'/>", level + 1);
            format!("<wsp:Policy wsu:Id='p{level}'>{next}{next}</wsp:Policy>")
        };
        let policies: String = (0..40).map(policy).collect();
        wsdl(
            &format!("{policies}<wsp:Policy wsu:Id='p40'>{content}</wsp:Policy>"),
            "<wsp:PolicyReference URI='#p0'/>",
        )
    };
    assert_eq!(code(&doubling("")), "wsdl.too_many_alternatives");
    assert_eq!(code(&doubling("<sp:Trust13/>")), "wsdl.too_many_alternatives");
    let operations = "<wsdl:operation name='O'/>".repeat(5000);
    let many = wsdl("", "<sp:Trust13/>").replace("<soap:binding/>", &format!("<soap:binding/>{operations}"));
    assert_eq!(code(&many), "wsdl.too_many_operations");
    assert!(started.elapsed().as_secs() < 20);
}

/// What a document or rpc operation with these is asked for by.
#[test]
fn whatever_is_taken_out_of_a_wsdl_loosens_nothing() {
    let base = Profile::Bsp11.policy();
    let mut read = 0;
    for text in [ORDERS, CHOICES] {
        let document = crate::xml::Document::parse(text.into(), &crate::xml::Limits::default()).unwrap();
        for element in document.root().descendants().skip(1) {
            let attributes = element.attributes().map(|attribute| attribute.span());
            for gap in std::iter::once(element.span()).chain(attributes) {
                let mut changed = text.to_owned();
                changed.replace_range(gap, "");
                let Ok(wsdl) = Wsdl::read(changed.into(), []) else {
                    continue;
                };
                let _ = wsdl.served(&Wanted::default());
                for one in wsdl.policies(&base, &Wanted::default()).unwrap_or_default() {
                    assert_never_loosened(&base, &one.policy);
                    read += 1;
                }
            }
        }
    }
    assert!(read > 500, "{read}");
}
