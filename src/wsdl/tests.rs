#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
use super::*;
use crate::algorithm::{
    CanonicalizationAlgorithm as Canonicalization, DataCipher, DigestAlgorithm as Digest, KeyTransport, Set,
    SignatureAlgorithm as Signature,
};
use crate::policy::{Confirmation, KeyReference, Part, Profile, UnsignedHeaders, UsernameToken};

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
fn every_suite_of_the_table_leaves_what_both_permit() {
    use DataCipher::{AesCbc, AesGcm, TripleDesCbc};
    use KeyTransport::{Rsa15, RsaOaepMgf1p};
    let (sha1, sha256) = (Digest::Sha1, Digest::Sha256);
    let of_sha256 = [Signature::RsaSha1, Signature::RsaSha256];
    for (cipher, data) in [
        ("Basic256", AesCbc),
        ("Basic192", AesCbc),
        ("Basic128", AesCbc),
        ("TripleDes", TripleDesCbc),
    ] {
        for (rest, signatures, digest, transport) in [
            ("", Set::from([Signature::RsaSha1]), sha1, RsaOaepMgf1p),
            ("Rsa15", Set::from([Signature::RsaSha1]), sha1, Rsa15),
            ("Sha256", Set::from(of_sha256), sha256, RsaOaepMgf1p),
            ("Sha256Rsa15", Set::from(of_sha256), sha256, Rsa15),
        ] {
            let fragment = suite(&format!("<sp:{cipher}{rest}/>"));
            let old = imported(&fragment, Profile::Legacy2004).policy;
            assert_eq!(old.algorithms.signatures, signatures, "{fragment}");
            assert_eq!(old.algorithms.digests, Set::from([digest]), "{fragment}");
            assert_eq!(old.encryption.data, [data], "{fragment}");
            assert_eq!(old.encryption.key_transport, [transport], "{fragment}");
            assert_eq!(
                old.algorithms.canonicalizations,
                Set::from([Canonicalization::Exclusive])
            );
            // Nothing of it brings SHA-1, RSA 1.5 or CBC into a profile that forbids them.
            let strict = imported(&fragment, Profile::Strict);
            assert_eq!(
                strict.policy.algorithms.signatures,
                Set::from([Signature::RsaSha256]),
                "{fragment}"
            );
            assert_eq!(
                strict.policy.algorithms.digests,
                Set::from([sha256]),
                "{fragment}"
            );
            assert_eq!(
                strict.policy.encryption,
                Profile::Strict.policy().encryption,
                "{fragment}"
            );
            assert!(
                outcomes(&strict, &format!("{cipher}{rest}")).contains(&Outcome::NotPermitted),
                "{fragment}"
            );
        }
    }
    let gcm = imported(&suite("<cxf:Basic256GCM/>"), Profile::Bsp11).policy;
    assert_eq!(
        (gcm.encryption.data, gcm.algorithms.digests),
        (vec![AesGcm], Set::from([sha256]))
    );
    for unknown in [
        "sp:Basic512",
        "sp:Basic256GCM",
        "sp:Basic256Sha512",
        "cxf:Basic256",
        "sp:SoapNormalization10",
    ] {
        let one = imported(&suite(&format!("<{unknown}/>")), Profile::Bsp11);
        assert_eq!(outcomes(&one, unknown), [Outcome::NotUnderstood], "{unknown}");
    }
}

#[test]
fn the_options_of_a_suite_are_canonicalizations_and_transforms() {
    let inclusive = suite("<sp:Basic256/><sp:InclusiveC14N/>");
    let old = imported(&inclusive, Profile::Legacy2004).policy.algorithms;
    assert_eq!(old.canonicalizations, Set::from([Canonicalization::Inclusive10]));
    let exclusive = crate::algorithm::TransformAlgorithm::Canonicalization(Canonicalization::Exclusive);
    assert!(!old.transforms.contains(exclusive));
    let new = imported(&inclusive, Profile::Strict);
    assert_eq!(outcomes(&new, "InclusiveC14N"), [Outcome::NotPermitted]);
    for (option, base, outcome) in [
        ("STRTransform10", Profile::Bsp11, Outcome::Noted),
        ("STRTransform10", Profile::Strict, Outcome::NotPermitted),
        ("InclusiveC14N11", Profile::Bsp11, Outcome::NotPermitted),
        ("XPath10", Profile::Bsp11, Outcome::Noted),
    ] {
        let one = imported(&suite(&format!("<sp:Basic256Sha256/><sp:{option}/>")), base);
        assert_eq!(outcomes(&one, option), [outcome], "{option}");
    }
}

#[test]
fn a_certificate_is_named_as_the_token_says() {
    use KeyReference::{BinarySecurityToken, IssuerSerial, SubjectKeyIdentifier, Thumbprint, X509Data};
    for (attributes, options, forms) in [
        (TO_RECIPIENT, "<sp:WssX509V3Token11/>", vec![BinarySecurityToken]),
        (NEVER, "<sp:RequireIssuerSerialReference/>", vec![IssuerSerial]),
        (
            NEVER,
            "<sp:RequireKeyIdentifierReference/>",
            vec![SubjectKeyIdentifier],
        ),
        (
            NEVER,
            "",
            vec![X509Data, Thumbprint, IssuerSerial, SubjectKeyIdentifier],
        ),
        (
            TO_RECIPIENT,
            "<sp:RequireThumbprintReference/>",
            vec![BinarySecurityToken, Thumbprint],
        ),
        (
            "",
            "<sp:RequireEmbeddedTokenReference/>",
            vec![BinarySecurityToken],
        ),
    ] {
        let one = imported(&x509(attributes, options), Profile::Bsp11);
        assert_eq!(one.policy.key_references, forms, "{options}");
    }
    let none = imported(&x509("", ""), Profile::Bsp11);
    assert!(!none.policy.key_references.contains(&KeyReference::SamlAssertion));
    // strict takes no issuer and serial number, and says so.
    let strict = imported(
        &x509(NEVER, "<sp:RequireIssuerSerialReference/>"),
        Profile::Strict,
    );
    assert_eq!(
        strict.policy.key_references,
        Profile::Strict.policy().key_references
    );
    assert!(outcomes(&strict, "X509Token").contains(&Outcome::NotPermitted));
    let derived = imported(&x509("", "<sp:RequireDerivedKeys/>"), Profile::Bsp11);
    assert_eq!(outcomes(&derived, "RequireDerivedKeys"), [Outcome::NotUnderstood]);
    let issued = "<sp:X509Token><sp:IssuerName>CN=a</sp:IssuerName></sp:X509Token>";
    assert_eq!(
        outcomes(&imported(&initiator(issued), Profile::Bsp11), "IssuerName"),
        [Outcome::NotEnforced]
    );
}

#[test]
fn an_assertion_whose_key_signs_is_holder_of_key() {
    let token = "<sp:SamlToken><wsp:Policy><sp:WssSamlV20Token11/></wsp:Policy></sp:SamlToken>";
    let policy = imported(&initiator(token), Profile::Bsp11).policy;
    assert_eq!(policy.key_references, [KeyReference::SamlAssertion]);
    assert_eq!(policy.saml.soap_confirmations, [Confirmation::HolderOfKey]);
    assert!(policy.signed.contains(&Part::Assertion));
}

fn supporting(kind: &str, token: &str) -> String {
    format!(
        "{}<sp:{kind}><wsp:Policy>{token}</wsp:Policy></sp:{kind}>",
        asymmetric("<sp:IncludeTimestamp/>")
    )
}

#[test]
fn users_must_be_there_and_signed() {
    let token =
        |options: &str| format!("<sp:UsernameToken><wsp:Policy>{options}</wsp:Policy></sp:UsernameToken>");
    let signed = "SignedSupportingTokens";
    let hashed = imported(&supporting(signed, &token("<sp:HashPassword/>")), Profile::Bsp11).policy;
    assert_eq!(hashed.username_token, UsernameToken::Digest);
    assert!(hashed.signed.contains(&Part::UsernameToken));
    let plain = imported(&supporting("SupportingTokens", &token("")), Profile::Legacy2004).policy;
    assert_eq!(plain.username_token, UsernameToken::DigestOrTextOverTls);
    assert!(plain.signed.contains(&Part::UsernameToken));
    let strict = imported(&supporting(signed, &token("")), Profile::Strict);
    assert_eq!(strict.policy.username_token, UsernameToken::Digest);
    assert!(outcomes(&strict, "UsernameToken").contains(&Outcome::NotPermitted));
    let refused = imported(
        &supporting(signed, &token("<sp:HashPassword/>")),
        Profile::SamlSso,
    );
    assert_eq!(refused.policy.username_token, UsernameToken::Refuse);
    assert_eq!(outcomes(&refused, "UsernameToken"), [Outcome::NotPermitted]);
    let nobody = imported(&supporting(signed, &token("<sp:NoPassword/>")), Profile::Bsp11);
    assert_eq!(outcomes(&nobody, "NoPassword"), [Outcome::NotPermitted]);
    let encrypted = imported(
        &supporting("SignedEncryptedSupportingTokens", &token("")),
        Profile::Bsp11,
    );
    assert!(outcomes(&encrypted, "UsernameToken").contains(&Outcome::NotEnforced));
}

#[test]
fn what_restricts_and_is_not_held_is_told() {
    let both = |kind: &str, token: &str| supporting(kind, &format!("<sp:{token}/>"));
    let parts = |name: &str, inside: &str| format!("{}<sp:{name}>{inside}</sp:{name}>", asymmetric(""));
    for (fragment, name, outcome) in [
        (
            both("EndorsingSupportingTokens", "X509Token"),
            "X509Token",
            Outcome::NotEnforced,
        ),
        (
            both("EndorsingSupportingTokens", "UsernameToken"),
            "UsernameToken",
            Outcome::NotEnforced,
        ),
        (
            both("SignedSupportingTokens", "X509Token"),
            "X509Token",
            Outcome::NotEnforced,
        ),
        (
            both("SupportingTokens", "IssuedToken"),
            "IssuedToken",
            Outcome::NotUnderstood,
        ),
        (
            both("SupportingTokens", "KerberosToken"),
            "KerberosToken",
            Outcome::NotUnderstood,
        ),
        (
            initiator("<sp:SecureConversationToken/>"),
            "SecureConversationToken",
            Outcome::NotUnderstood,
        ),
        (
            asymmetric("<sp:ProtectTokens/>"),
            "ProtectTokens",
            Outcome::NotEnforced,
        ),
        (
            asymmetric("<sp:EncryptSignature/>"),
            "EncryptSignature",
            Outcome::NotEnforced,
        ),
        (asymmetric("<sp:Unheard/>"), "Unheard", Outcome::NotUnderstood),
        (
            asymmetric("<sp:Layout><wsp:Policy><sp:Loose/></wsp:Policy></sp:Layout>"),
            "Loose",
            Outcome::NotUnderstood,
        ),
        (
            "<sp:SymmetricBinding/>".to_owned(),
            "SymmetricBinding",
            Outcome::NotUnderstood,
        ),
        ("<t:Unheard/>".to_owned(), "t:Unheard", Outcome::NotUnderstood),
        (
            "<sp:Wss11><wsp:Policy><sp:Unheard/></wsp:Policy></sp:Wss11>".to_owned(),
            "Unheard",
            Outcome::NotUnderstood,
        ),
        (
            parts("EncryptedParts", "<sp:Attachments/>"),
            "Attachments",
            Outcome::NotEnforced,
        ),
        (
            parts("EncryptedParts", "<sp:Header Namespace=\"urn:h\"/>"),
            "Header",
            Outcome::NotEnforced,
        ),
        (
            parts("EncryptedElements", "<sp:XPath>/a</sp:XPath>"),
            "EncryptedElements",
            Outcome::NotEnforced,
        ),
        (
            parts("ContentEncryptedElements", ""),
            "ContentEncryptedElements",
            Outcome::NotEnforced,
        ),
        (
            parts("RequiredElements", "<sp:XPath>/a</sp:XPath>"),
            "RequiredElements",
            Outcome::NotEnforced,
        ),
        (
            parts("SignedElements", "<sp:XPath>//*[1]</sp:XPath>"),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (parts("SignedParts", "<sp:Foot/>"), "Foot", Outcome::NotUnderstood),
        (
            parts("RequiredParts", "<sp:Header Namespace='urn:a'/>"),
            "Header",
            Outcome::NotUnderstood,
        ),
        (
            asymmetric("<sp:IncludeTimestamp><t:More/></sp:IncludeTimestamp>"),
            "t:More",
            Outcome::NotUnderstood,
        ),
        (
            "<sp:TransportBinding><wsp:Policy><sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy>\
             <sp:RequireClientCertificate/></wsp:Policy></sp:HttpsToken></wsp:Policy></sp:TransportToken>\
             </wsp:Policy></sp:TransportBinding>"
                .to_owned(),
            "RequireClientCertificate",
            Outcome::NotEnforced,
        ),
    ] {
        let one = imported(&fragment, Profile::Bsp11);
        assert!(
            outcomes(&one, name).contains(&outcome),
            "{fragment}: {:?}",
            one.entries
        );
        assert!(!one.is_whole(), "{fragment}");
    }
    let attribute = imported(&asymmetric("<sp:IncludeTimestamp more='1'/>"), Profile::Bsp11);
    assert!(outcomes(&attribute, "IncludeTimestamp").contains(&Outcome::NotUnderstood));
    let elsewhere = policies(&wsdl("<wsp:PolicyAttachment/>", &asymmetric("")), Profile::Bsp11).unwrap();
    assert_eq!(
        outcomes(&elsewhere[0], "PolicyAttachment"),
        [Outcome::NotUnderstood]
    );
    let ignorable = imported("<t:Unheard wsp:Ignorable='true'/>", Profile::Bsp11);
    assert_eq!(outcomes(&ignorable, "t:Unheard"), [Outcome::Noted]);
}

#[test]
fn what_a_profile_forbids_is_told_where_it_is_stated() {
    let wss = |option: &str| {
        format!(
            "{}<sp:Wss11><wsp:Policy><sp:{option}/></wsp:Policy></sp:Wss11>",
            asymmetric("<sp:IncludeTimestamp/>")
        )
    };
    for (fragment, name, outcome) in [
        (
            wss("MustSupportRefExternalURI"),
            "MustSupportRefExternalURI",
            Outcome::NotPermitted,
        ),
        (
            wss("MustSupportRefIssuerSerial"),
            "MustSupportRefIssuerSerial",
            Outcome::NotPermitted,
        ),
        (
            wss("MustSupportRefThumbprint"),
            "MustSupportRefThumbprint",
            Outcome::Noted,
        ),
        (
            wss("RequireSignatureConfirmation"),
            "RequireSignatureConfirmation",
            Outcome::Taken,
        ),
        (asymmetric(""), "AsymmetricBinding", Outcome::NotPermitted),
        (
            "<sp:TransportBinding/>".to_owned(),
            "TransportBinding",
            Outcome::NotPermitted,
        ),
        ("<sp:Trust13/>".to_owned(), "wsdl:binding", Outcome::NotPermitted),
    ] {
        let one = imported(&fragment, Profile::Strict);
        assert!(
            outcomes(&one, name).contains(&outcome),
            "{fragment}: {:?}",
            one.entries
        );
    }
}

#[test]
fn parts_are_signed_by_their_names_and_paths() {
    let parts = |inside: &str| imported(&format!("{}{inside}", asymmetric("")), Profile::Legacy2004).policy;
    let path = |path: &str| {
        parts(&format!(
            "<sp:SignedElements><sp:XPath>{path}</sp:XPath></sp:SignedElements>"
        ))
    };
    let has = |policy: &Policy, part: &str| policy.signed.contains(&Part::try_from(part.to_owned()).unwrap());
    assert!(has(
        &parts("<sp:SignedParts><sp:Attachments/></sp:SignedParts>"),
        "attachments"
    ));
    let all = parts("<sp:SignedParts/>");
    assert!(has(&all, "body") && all.unsigned_headers == UnsignedHeaders::Refuse);
    assert_eq!(
        parts("<sp:SignedParts><sp:Header Namespace='urn:a'/></sp:SignedParts>").unsigned_headers,
        UnsignedHeaders::Refuse
    );
    let header = "<sp:Header Name='B' Namespace='urn:a'/>";
    assert!(has(
        &parts(&format!("<sp:SignedParts>{header}</sp:SignedParts>")),
        "header?:{urn:a}B"
    ));
    let there = parts(&format!(
        "<sp:SignedParts>{header}</sp:SignedParts><sp:RequiredParts>{header}</sp:RequiredParts>"
    ));
    assert!(has(&there, "header:{urn:a}B") && !has(&there, "header?:{urn:a}B"));
    assert!(has(&path("/s:Envelope/s:Body"), "body"));
    assert!(has(&path("/s:Envelope/s:Header/t:A"), "header?:{urn:t}A"));
    assert!(has(
        &path("/s:Envelope/s:Header/wsse:Security/wsu:Timestamp"),
        "timestamp"
    ));
    assert!(has(
        &path("/s:Envelope/s:Header/wsse:Security/wsse:UsernameToken"),
        "username-token"
    ));
    for other in [
        "/s:Envelope/s:Header/wsse:Security",
        "/s:Envelope",
        "s:Envelope/s:Body",
        "/Envelope/Body",
        "/s:Envelope/s:Body[1]",
        "/s:Envelope/t:Body",
        "/t:Envelope/t:Body",
        "/s:Envelope/s:Body/t:A",
    ] {
        assert_eq!(path(other).signed, parts("").signed, "{other}");
    }
}

#[test]
fn what_must_be_encrypted_is_a_part_of_the_policy() {
    let header = Part::HeaderIfThere {
        namespace: "urn:h".to_owned(),
        local: "H".to_owned(),
    };
    for (parts, wanted) in [
        ("", vec![Part::Body]),
        ("<sp:Body/>", vec![Part::Body]),
        (
            "<sp:Header Name='H' Namespace='urn:h'/><sp:Body/>",
            vec![header, Part::Body],
        ),
    ] {
        let parts = format!("{}<sp:EncryptedParts>{parts}</sp:EncryptedParts>", asymmetric(""));
        assert_eq!(
            imported(&parts, Profile::Bsp11).policy.encrypted,
            wanted,
            "{parts}"
        );
    }
}

#[test]
fn tls_with_an_endorsing_certificate_signs_the_timestamp() {
    let policy = format!(
        "<sp:TransportBinding/><sp:EndorsingSupportingTokens><wsp:Policy><sp:X509Token {NEVER}><wsp:Policy>\
         <sp:RequireThumbprintReference/></wsp:Policy></sp:X509Token></wsp:Policy></sp:EndorsingSupportingTokens>"
    );
    let policy = imported(&policy, Profile::Legacy2004).policy;
    assert!(policy.signed.contains(&Part::Timestamp) && policy.signed.contains(&Part::Body));
    assert_eq!(policy.key_references, [KeyReference::Thumbprint]);
}

#[test]
fn a_policy_is_found_by_id_by_name_and_in_files_that_were_given() {
    let reference = "<wsp:PolicyReference URI='#p'/>";
    let policy =
        |id: &str| format!("<wsp:Policy {id}><sp:SignedParts><sp:Body/></sp:SignedParts></wsp:Policy>");
    let whole = wsdl(&policy("wsu:Id='p'"), reference);
    assert_eq!(
        outcomes(&policies(&whole, Profile::Bsp11).unwrap()[0], "sp:Body"),
        [Outcome::Taken]
    );
    let named = wsdl(&policy("Name='urn:p'"), "<wsp:PolicyReference URI='urn:p'/>");
    assert_eq!(
        outcomes(&policies(&named, Profile::Bsp11).unwrap()[0], "sp:Body"),
        [Outcome::Taken]
    );
    for missing in [
        reference,
        "<wsp:PolicyReference URI='urn:p'/>",
        "<wsp:PolicyReference URI='p.xml#p'/>",
    ] {
        let error = policies(&wsdl("<t:Policy wsu:Id='p'/>", missing), Profile::Bsp11).unwrap_err();
        assert_eq!(
            (error.code(), error.place().unwrap().file),
            ("wsdl.policy_missing", 0),
            "{missing}"
        );
    }
    let other = format!("{START}{}</wsdl:definitions>", policy("wsu:Id='p'"));
    let outside = wsdl("", "<wsp:PolicyReference URI='p.xml#p'/>");
    let read = |imports: Vec<String>| {
        let imports: Vec<bytes::Bytes> = imports.into_iter().map(Into::into).collect();
        let read = Wsdl::read(outside.clone().into(), imports).unwrap();
        read.policies(&Profile::Bsp11.policy(), &Wanted::default())
    };
    let body = read(vec![other.clone()]).unwrap().remove(0);
    assert_eq!(body.entries.last().unwrap().place.file, 1);
    assert_eq!(
        read(vec![other.clone(), other]).unwrap_err().code(),
        "wsdl.policy_missing"
    );
}

#[test]
fn what_is_attached_to_any_subject_of_a_request_counts() {
    let policy = |local: &str| {
        format!(
            "<wsp:Policy><sp:SignedParts><sp:Header Name='{local}' Namespace='urn:a'/></sp:SignedParts></wsp:Policy>"
        )
    };
    let text = format!(
        "{START}<wsp:Policy wsu:Id='g'>{}</wsp:Policy><wsdl:message name='M'>{}</wsdl:message>\
         <wsdl:portType name='P' wsp:PolicyURIs='#g'><wsdl:operation name='O'>{}<wsdl:input message='t:M'>{}</wsdl:input>\
         </wsdl:operation></wsdl:portType><wsdl:binding name='B' type='t:P'><soap:binding/>{}<wsdl:operation name='O'>{}\
         <wsdl:input>{}</wsdl:input></wsdl:operation></wsdl:binding>\
         <wsdl:service name='S'>{}<wsdl:port name='Q' binding='t:B'>{}</wsdl:port></wsdl:service></wsdl:definitions>",
        policy("g"),
        policy("a"),
        policy("b"),
        policy("c"),
        policy("d"),
        policy("e"),
        policy("f"),
        policy("h"),
        policy("i"),
    );
    let all = policies(&text, Profile::Bsp11).unwrap();
    assert_eq!((all.len(), all[0].port.as_str()), (1, "Q"));
    for local in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        let part = Part::HeaderIfThere {
            namespace: "urn:a".to_owned(),
            local: local.to_owned(),
        };
        assert!(all[0].policy.signed.contains(&part), "{local}");
    }
    // What cannot be found may have policies.
    for lost in ["<wsdl:message name='N'>", "<wsdl:portType name='N' "] {
        let name = lost.replace("'N'", if lost.contains("message") { "'M'" } else { "'P'" });
        let all = policies(&text.replace(&name, lost), Profile::Bsp11).unwrap();
        assert!(!all[0].is_whole(), "{lost}");
    }
}

#[test]
fn an_optional_assertion_makes_two_alternatives() {
    let optional = "<sp:Trust13 wsp:Optional='true'/>";
    assert_eq!(policies(&wsdl("", optional), Profile::Bsp11).unwrap().len(), 2);
    let nested = asymmetric("<wsp:ExactlyOne><sp:IncludeTimestamp/><sp:ProtectTokens/></wsp:ExactlyOne>");
    assert_eq!(policies(&wsdl("", &nested), Profile::Bsp11).unwrap().len(), 2);
    let none = policies(&wsdl("", "<wsp:ExactlyOne/>"), Profile::Bsp11).unwrap_err();
    assert_eq!(none.code(), "wsdl.no_alternative");
}

#[test]
fn what_is_no_policy_is_refused() {
    for (further, policy, code) in [
        (
            "<wsp:Policy wsu:Id='p'><wsp:PolicyReference URI='#p'/></wsp:Policy>",
            "<wsp:PolicyReference URI='#p'/>",
            "wsdl.circular_policy",
        ),
        ("", "<wsp:OneOrMore/>", "wsdl.unknown_operator"),
    ] {
        assert_eq!(
            policies(&wsdl(further, policy), Profile::Bsp11)
                .unwrap_err()
                .code(),
            code
        );
    }
    let without = wsdl("", "").replace("<wsp:Policy></wsp:Policy>", "");
    assert_eq!(
        policies(&without, Profile::Bsp11).unwrap_err().code(),
        "wsdl.no_policy"
    );
    let http = wsdl("", "").replace("<soap:binding/>", "");
    assert_eq!(
        policies(&http, Profile::Bsp11).unwrap_err().code(),
        "wsdl.no_port"
    );
    let code = |text: &'static str| Wsdl::read(text.into(), []).unwrap_err().code();
    assert_eq!(code("<definitions/>"), "wsdl.not_wsdl");
    assert_eq!(code("<!DOCTYPE a><a/>"), "xml.dtd");
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
fn requested(operation: &str, input: &str, parts: &str, body: &str) -> Result<Requested, &'static str> {
    let text = format!(
        "{START}<wsdl:message name='M'>{parts}</wsdl:message><wsdl:portType name='P'><wsdl:operation name='O'>\
         <wsdl:input xmlns:wsam='http://www.w3.org/2007/05/addressing/metadata' {input} message='t:M'/></wsdl:operation>\
         </wsdl:portType><wsdl:binding name='B' type='t:P'><soap:binding/><wsdl:operation name='O'><soap:operation {operation}/>\
         <wsdl:input><soap:body {body}/></wsdl:input></wsdl:operation></wsdl:binding></wsdl:definitions>"
    );
    let served = Wsdl::read(text.into(), [])
        .unwrap()
        .served(&Wanted::default())
        .unwrap();
    assert_eq!((served.len(), served[0].location.as_ref()), (1, None));
    match served[0].unclear.first() {
        Some((_, why)) => Err(why),
        None => Ok(served[0].operations[0].clone()),
    }
}

#[test]
fn an_operation_is_told_by_its_action_and_the_element_in_its_body() {
    let part = "<wsdl:part name='p' element='t:E'/>";
    let named = |action: Option<&str>, body: &str| {
        let body = crate::soap::QName::parse(body).unwrap();
        let action = action.map(str::to_owned);
        Ok(Requested { action, body })
    };
    let soap = "soapAction='urn:s'";
    let addressing = "wsam:Action='urn:a'";
    assert_eq!(requested(soap, "", part, ""), named(Some("urn:s"), "{urn:t}E"));
    assert_eq!(
        requested("soapAction=''", addressing, part, ""),
        named(Some("urn:a"), "{urn:t}E")
    );
    assert_eq!(requested("", "", part, ""), named(None, "{urn:t}E"));
    assert_eq!(
        requested(soap, "wsam:Action='urn:s'", part, ""),
        named(Some("urn:s"), "{urn:t}E")
    );
    assert!(
        requested(soap, addressing, part, "")
            .unwrap_err()
            .contains("differ")
    );
    let two = format!("{part}<wsdl:part name='q' element='t:F'/>");
    assert!(requested(soap, "", &two, "").unwrap_err().contains("exactly one"));
    assert!(requested(soap, "", "", "").unwrap_err().contains("exactly one"));
    assert_eq!(
        requested(soap, "", &two, "parts='q'"),
        named(Some("urn:s"), "{urn:t}F")
    );
    assert!(
        requested(soap, "", "<wsdl:part name='p' type='t:E'/>", "")
            .unwrap_err()
            .contains("type")
    );
    let rpc = "soapAction='urn:s' style='rpc'";
    assert_eq!(
        requested(rpc, "", &two, "namespace='urn:r'"),
        named(Some("urn:s"), "{urn:r}O")
    );
}

#[test]
fn ports_at_one_url_are_one_route() {
    let port = |name: &str| {
        format!("<wsdl:port name='{name}' binding='t:B'><soap:address location='http://h/p'/></wsdl:port>")
    };
    let service = format!("<wsdl:service name='S'>{}{}</wsdl:service>", port("A"), port("B"));
    let text = wsdl(&service, "").replace(
        "<wsdl:message name='M'/>",
        "<wsdl:message name='M'><wsdl:part name='p' element='t:E'/></wsdl:message>",
    );
    let served = Wsdl::read(text.into(), [])
        .unwrap()
        .served(&Wanted::default())
        .unwrap();
    assert_eq!((served.len(), served[0].operations.len()), (1, 1));
    assert_eq!(served[0].location.as_deref(), Some("http://h/p"));
}

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
