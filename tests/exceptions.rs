//! Dated exceptions: what one partner may use, and nobody else, and for how long.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::fs;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use openssl::encrypt::Encrypter;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt};
use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::crypto::{Certificate, PrivateKey, Secret, SigningKey, encode_base64};
use sealgate::dsig::{ReferenceToSign, SignatureRequest, sign};
use sealgate::inbound::{Gate, Keyring, Received, SenderHeader, VerifiedMessage};
use sealgate::policy::saml::RelyingParty;
use sealgate::policy::{Exception, Grant, Profile, Transport};
use sealgate::soap::Roles;
use sealgate::trust::{
    Constraint, Issuers, MemoryReplayStore, Partner, Passwords, ReplayStore, TrustSources,
};
use sealgate::xml::{Document, Encoding, Limits};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const ALICE: &str = "O=Example,CN=alice";

fn file(name: &str) -> Vec<u8> {
    fs::read(format!("{FIXTURES}/{name}")).unwrap()
}

fn case(name: &str) -> String {
    String::from_utf8(file(&format!("{name}/message.xml"))).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem_bundle(&file(&format!("keys/{name}.pem")))
        .unwrap()
        .remove(0)
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&file(&format!("keys/{name}.key.pem")), None).unwrap()
}

/// When the messages of the fixtures are judged.
fn now() -> DateTime<Utc> {
    "2026-11-24T00:00:30Z".parse().unwrap()
}

/// A gate as a route has one, that trusts whomever the CA certifies.
fn gate(profile: Profile) -> Gate {
    let mut trust = TrustSources::new();
    trust.trust(certificate("ca"), None);
    let mut keyring = Keyring::new();
    keyring.add_private(key("gateway"), &[certificate("gateway")]);
    let users = |name: &str| String::from_utf8(file(&format!("keys/users.{name}"))).unwrap();
    let secrets_key = Secret::new(file("keys/users.key"));
    Gate {
        trust: trust.build(),
        issuers: Issuers::new(),
        passwords: Passwords::new(Some(&users("hashes")), Some((&users("secrets"), &secrets_key))).unwrap(),
        keyring,
        policy: profile.policy(),
        party: RelyingParty::default(),
        roles: Roles::default(),
        understood: Vec::new(),
        destination: None,
        schema: None,
        threats: None,
        sender_header: SenderHeader::TakenOut,
        exceptions: Vec::new(),
        replay: None,
    }
}

fn exception(gate: &Gate, subject: &str, allow: &[Grant]) -> Exception {
    let signers = Constraint::new(&[subject], &[]).unwrap();
    exception_of(gate, Partner::new(Some(signers), Vec::new()).unwrap(), allow)
}

fn exception_of(gate: &Gate, partner: Partner, allow: &[Grant]) -> Exception {
    let policy = allow.iter().fold(gate.policy.clone(), |policy, grant| {
        policy.granting(*grant).unwrap()
    });
    Exception {
        partner,
        allow: allow.to_vec(),
        reason: "a test".to_owned(),
        until: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        policy,
    }
}

fn with(gate: Gate, subject: &str, allow: &[Grant]) -> Gate {
    let exceptions = vec![exception(&gate, subject, allow)];
    Gate { exceptions, ..gate }
}

fn verify_at(gate: &Gate, message: &str, at: DateTime<Utc>) -> Result<VerifiedMessage, String> {
    let received = Received {
        transport: Transport::Tls,
        ..Received::from(bytes::Bytes::from(message.to_owned()))
    };
    let verified = gate.verify(received, at);
    verified.map_err(|refused| format!("{} at {:?}: {refused}", refused.code(), refused.position()))
}

/// What the verdict on `message` needed, or why it was refused.
fn verify(gate: &Gate, message: &str) -> Result<Vec<String>, String> {
    verify_at(gate, message, now()).map(|message| message.legacy().to_vec())
}

/// That `message` of `subject` needs exactly these grants, and that nobody else's help.
fn needs(profile: Profile, message: &str, subject: &str, allow: &[Grant], legacy: &[&str]) {
    let refused = verify(&gate(profile), message).unwrap_err();
    let granted = verify(&with(gate(profile), subject, allow), message);
    assert_eq!(
        granted,
        Ok(legacy.iter().map(ToString::to_string).collect()),
        "{allow:?}"
    );
    for missing in allow {
        let others: Vec<Grant> = Grant::ALL
            .into_iter()
            .filter(|grant| grant != missing && gate(profile).policy.granting(*grant).is_some())
            .collect();
        let without = verify(&with(gate(profile), subject, &others), message);
        assert!(without.is_err(), "without {missing:?}: {without:?}");
    }
    let all: Vec<Grant> = Grant::ALL
        .into_iter()
        .filter(|grant| gate(profile).policy.granting(*grant).is_some())
        .collect();
    let of_another = verify(&with(gate(profile), "O=Example,CN=somebody else", &all), message);
    assert_eq!(of_another, Err(refused));
}

#[test]
fn each_grant_is_needed_named_and_for_its_partner_alone() {
    let good = |name: &str| case(&format!("cases/good/{name}"));
    for (message, allow, legacy) in [
        (
            "legacy-2004-sha1",
            &[Grant::Sha1, Grant::RsaSha1][..],
            &["sha1", "rsa-sha1"][..],
        ),
        ("legacy-2004-c14n10", &[Grant::C14n10], &["c14n10"]),
        (
            "str-transform-c14n10",
            &[Grant::C14n10],
            &["str-transform", "c14n10"],
        ),
        (
            "legacy-2004-timestamp-unsigned",
            &[Grant::TimestampUnsigned],
            &["timestamp.unsigned"],
        ),
        (
            "legacy-2004-timestamp-missing",
            &[Grant::TimestampOptional],
            &["timestamp.optional"],
        ),
        (
            "encrypted-first-rsa-1-5",
            &[Grant::Rsa15],
            &["aes256-cbc", "rsa-1_5"],
        ),
        (
            "username-digest-legacy-no-nonce",
            &[Grant::UsernameTokenNoNonce],
            &["username_token.no_nonce"],
        ),
    ] {
        needs(Profile::Bsp11, &good(message), ALICE, allow, legacy);
    }
    needs(
        Profile::Bsp11,
        &good("archive-verify-rsa1024"),
        "O=Example,CN=short key",
        &[Grant::CertificateRsa1024],
        &["certificate-rsa-1024"],
    );
    needs(
        Profile::Strict,
        &case("attacks/T71-weak-digests/soap11-sha1-certificate"),
        "O=Example,CN=signed with sha1",
        &[Grant::CertificateSha1],
        &["certificate-sha1"],
    );
}

#[test]
fn an_exception_ends_with_its_last_day() {
    let message = case("cases/good/legacy-2004-sha1");
    let gate = with(gate(Profile::Bsp11), ALICE, &[Grant::Sha1, Grant::RsaSha1]);
    let exception = &gate.exceptions[0];
    let end: DateTime<Utc> = "2026-11-25T00:00:00Z".parse().unwrap();
    assert_eq!(exception.ends(), end);
    assert!(exception.holds(end - TimeDelta::milliseconds(1)) && !exception.holds(end));
    // The same gate, the next moment.
    let yesterday = Exception {
        until: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        ..exception.clone()
    };
    let over = Gate {
        exceptions: vec![yesterday],
        ..with(self::gate(Profile::Bsp11), ALICE, &[Grant::Sha1])
    };
    assert!(verify(&gate, &message).is_ok());
    let midnight: DateTime<Utc> = "2026-11-24T00:00:00Z".parse().unwrap();
    let before = midnight - TimeDelta::milliseconds(1);
    assert!(verify_at(&over, &message, before).is_ok(), "the last moment");
    for at in [midnight, now()] {
        let refused = verify_at(&over, &message, at).unwrap_err();
        assert!(refused.starts_with("dsig.algorithm_not_permitted"), "{refused}");
    }
}

/// A message of `signer`, whose certificate goes along, with what `bodied` has in its Body and `headed` at the end of its Security header; what has
/// one of `ids` is signed.
fn signed(signer: &str, bodied: &str, headed: &str, ids: &[&str], digest: DigestAlgorithm) -> String {
    let token = encode_base64(certificate(signer).der());
    let key_info = "<w:SecurityTokenReference xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">\
                    <w:Reference URI=\"#token\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\"/>\
                    </w:SecurityTokenReference>";
    let token = format!(
        "<wsse:BinarySecurityToken wsu:Id=\"token\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\" \
         EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{token}</wsse:BinarySecurityToken>"
    );
    with_signature(&unsigned(&token, bodied, headed), signer, ids, key_info, digest)
}

/// The same with SIGNATURE where the signature comes, after `token`.
fn unsigned(token: &str, bodied: &str, headed: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\">\
         <s:Header><wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" s:mustUnderstand=\"1\">{token}\
         <wsu:Timestamp wsu:Id=\"timestamp\"><wsu:Created>2026-11-24T00:00:00Z</wsu:Created><wsu:Expires>2026-11-24T00:05:00Z</wsu:Expires></wsu:Timestamp>\
         SIGNATURE{headed}</wsse:Security></s:Header><s:Body wsu:Id=\"body\">{bodied}</s:Body></s:Envelope>"
    )
}

/// `text` with a signature by `signer` of what has one of `ids` where SIGNATURE stands.
fn with_signature(text: &str, signer: &str, ids: &[&str], key_info: &str, digest: DigestAlgorithm) -> String {
    let document = Document::parse(text.replacen("SIGNATURE", "", 1).into(), &Limits::archive()).unwrap();
    let key: SigningKey = key(signer).into();
    let references = ids.iter().map(|id| ReferenceToSign {
        element: document.element_by_id(id).unwrap(),
        id: Some((*id).to_owned()),
        enveloped: false,
    });
    let request = SignatureRequest {
        method: key.default_algorithm().unwrap(),
        digest_algorithm: digest,
        references: references.collect(),
        key_info: key_info.to_owned(),
        id: None,
    };
    text.replacen("SIGNATURE", &sign(&request, &key).unwrap(), 1)
}

const ORDER: &str = "<o:Order xmlns:o=\"urn:example:orders\">100</o:Order>";
const PARTS: &[&str] = &["timestamp", "body"];

#[test]
fn whoever_else_signs_a_part_needs_an_exception_too() {
    let sha1 = |signer| signed(signer, ORDER, "", PARTS, DigestAlgorithm::Sha1);
    let both = || with(gate(Profile::Strict), ALICE, &[Grant::Sha1]);
    assert_eq!(verify(&both(), &sha1("alice")), Ok(vec!["sha1".to_owned()]));
    assert_eq!(
        verify(&both(), &sha1("bob")),
        verify(&gate(Profile::Strict), &sha1("bob"))
    );
    // Bob, who is trusted as alice is, signs the timestamp of alice's message.
    let bob = encode_base64(certificate("bob").der());
    let token = format!(
        "<wsse:BinarySecurityToken wsu:Id=\"bob\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\" \
         EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{bob}</wsse:BinarySecurityToken>SIGNATURE"
    );
    let key_info = "<w:SecurityTokenReference xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">\
                    <w:Reference URI=\"#bob\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\"/>\
                    </w:SecurityTokenReference>";
    let two = |of_alice: DigestAlgorithm, of_bob: DigestAlgorithm| {
        let alone = signed("alice", ORDER, &token, PARTS, of_alice);
        with_signature(&alone, "bob", &["timestamp"], key_info, of_bob)
    };
    let (old, new) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    assert_eq!(verify(&gate(Profile::Strict), &two(new, new)), Ok(Vec::new()));
    for message in [two(old, new), two(new, old), two(old, old)] {
        let refused = verify(&both(), &message);
        assert_eq!(refused, verify(&gate(Profile::Strict), &message));
        assert!(refused.unwrap_err().starts_with("dsig.algorithm_not_permitted"));
    }
    let mut gate = both();
    let signers = Constraint::new(&[ALICE, "O=Example,CN=bob"], &[]).unwrap();
    let partner = Partner::new(Some(signers), Vec::new()).unwrap();
    gate.exceptions = vec![exception_of(&gate, partner, &[Grant::Sha1])];
    assert_eq!(verify(&gate, &two(old, old)), Ok(vec!["sha1".to_owned()]));
}

#[test]
fn what_one_message_needs_stands_in_one_exception() {
    let message = case("cases/good/legacy-2004-sha1");
    let mut gate = gate(Profile::Bsp11);
    let one = |allow: &[Grant]| exception(&gate, ALICE, allow);
    let (apart, together) = (
        vec![one(&[Grant::Sha1]), one(&[Grant::RsaSha1])],
        vec![one(&[Grant::Sha1]), one(&[Grant::RsaSha1, Grant::Sha1])],
    );
    gate.exceptions = apart;
    assert!(verify(&gate, &message).is_err());
    gate.exceptions = together;
    assert!(verify(&gate, &message).is_ok());
}

#[test]
fn a_message_that_its_partner_signed_is_refused_for_what_is_wrong_with_it() {
    let message = case("cases/good/legacy-2004-sha1");
    let gate = with(gate(Profile::Bsp11), ALICE, &[Grant::Sha1, Grant::RsaSha1]);
    let late = now() + TimeDelta::hours(1);
    let refused = verify_at(&gate, &message, late).unwrap_err();
    assert!(refused.starts_with("wss.timestamp_expired"), "{refused}");
    // Of a signature that does not hold, nobody knows whose it is.
    let changed = message.replacen("<ds:SignatureValue>", "<ds:SignatureValue>A", 1);
    let refused = verify(&gate, &changed).unwrap_err();
    assert_eq!(Err(refused), verify(&self::gate(Profile::Bsp11), &changed));
}

/// `message` in UTF-16, least octet first, with its mark.
fn in_utf16(message: &str) -> Vec<u8> {
    let marked = format!("\u{feff}{message}");
    marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn utf16_is_read_for_the_partner_alone_and_as_what_it_says_it_is() {
    let message = case("cases/good/soap11");
    let verify = |gate: &Gate, octets: Vec<u8>, charset| {
        let received = Received {
            charset,
            ..Received::from(bytes::Bytes::from(octets))
        };
        let verified = gate.verify(received, now()).map_err(|refused| refused.code());
        verified.map(|message| message.legacy().join(" "))
    };
    let grants = [Grant::Utf16];
    let one = exception(&gate(Profile::Strict), ALICE, &grants);
    // Nobody is known before it can be read, and others may come first.
    let others =
        ["a", "b", "c", "d"].map(|name| exception(&gate(Profile::Strict), &format!("CN={name}"), &grants));
    let granting = Gate {
        exceptions: others.iter().cloned().chain([one.clone()]).collect(),
        ..gate(Profile::Strict)
    };
    let taken = Ok("utf-16".to_owned());
    for said in [None, Some(Encoding::Utf16)] {
        assert_eq!(verify(&granting, in_utf16(&message), said), taken, "{said:?}");
    }
    assert_eq!(verify(&granting, message.clone().into(), None), Ok(String::new()));
    let old = case("cases/good/legacy-2004-sha1");
    let both = with(
        gate(Profile::Bsp11),
        ALICE,
        &[Grant::Sha1, Grant::RsaSha1, Grant::Utf16],
    );
    assert_eq!(
        verify(&both, in_utf16(&old), None),
        Ok("utf-16 sha1 rsa-sha1".to_owned())
    );
    // In two encodings it is one message.
    let store = MemoryReplayStore::new(16, now() - TimeDelta::hours(1));
    let remembering = Gate {
        replay: Some(Arc::new(ReplayStore::Memory(store))),
        ..with(gate(Profile::Strict), ALICE, &grants)
    };
    assert_eq!(verify(&remembering, in_utf16(&message), None), taken);
    assert_eq!(
        verify(&remembering, message.clone().into(), None),
        Err("replay.message")
    );

    let over = Exception {
        until: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        ..one
    };
    let without = [
        gate(Profile::Strict),
        with(gate(Profile::Strict), ALICE, &[Grant::Sha1]),
        with(gate(Profile::Strict), "CN=somebody else", &grants),
        Gate {
            exceptions: vec![over],
            ..gate(Profile::Strict)
        },
    ];
    for gate in &without {
        assert_eq!(verify(gate, in_utf16(&message), None), Err("xml.encoding"));
    }
    let declaring = |name: &str| in_utf16(&format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{message}"));
    assert_eq!(verify(&granting, declaring("utf-16"), None), taken);
    let half = in_utf16(&message).split_last().unwrap().1.to_vec();
    for (octets, said) in [
        (in_utf16(&message), Some(Encoding::Utf8)),
        (message.clone().into(), Some(Encoding::Utf16)),
        (declaring("UTF-8"), None),
        (half, None),
        (in_utf16(&message).split_off(2), None),
    ] {
        assert_eq!(verify(&granting, octets, said), Err("xml.encoding"), "{said:?}");
    }
    let changed = message.replace("bolt M8", "bolt M9");
    assert_ne!(changed, message);
    assert_eq!(
        verify(&granting, in_utf16(&changed), None),
        Err("dsig.digest_mismatch")
    );
    let by_bob = signed("bob", ORDER, "", &["timestamp", "body"], DigestAlgorithm::Sha256);
    assert_eq!(verify(&granting, in_utf16(&by_bob), None), Err("xml.encoding"));
}

#[test]
fn a_message_that_nothing_proves_fresh_is_taken_once() {
    for (name, grant) in [
        ("unsigned", Grant::TimestampUnsigned),
        ("missing", Grant::TimestampOptional),
    ] {
        let message = case(&format!("cases/good/legacy-2004-timestamp-{name}"));
        let store = MemoryReplayStore::new(16, now() - TimeDelta::hours(1));
        let gate = Gate {
            replay: Some(Arc::new(ReplayStore::Memory(store))),
            ..with(gate(Profile::Bsp11), ALICE, &[grant])
        };
        assert!(verify(&gate, &message).is_ok());
        for at in [now(), now() + TimeDelta::seconds(200)] {
            let again = verify_at(&gate, &message, at).unwrap_err();
            assert!(again.starts_with("replay.message"), "{again}");
        }
    }
}

/// Content encrypted with Triple DES, and the EncryptedKey by RSA 1.5 for the gateway.
fn triple_des() -> (String, String) {
    let (secret, iv) = ([7; 24], [9; 8]);
    let octets = encrypt(Cipher::des_ede3_cbc(), &secret, Some(&iv), ORDER.as_bytes()).unwrap();
    let gateway = openssl::x509::X509::from_pem(&file("keys/gateway.pem")).unwrap();
    let public = gateway.public_key().unwrap();
    let mut encrypter = Encrypter::new(&public).unwrap();
    encrypter.set_rsa_padding(Padding::PKCS1).unwrap();
    let mut wrapped = vec![0; encrypter.encrypt_len(&secret).unwrap()];
    let length = encrypter.encrypt(&secret, &mut wrapped).unwrap();
    let enc = "http://www.w3.org/2001/04/xmlenc#";
    let value = |octets: &[u8]| {
        let text = encode_base64(octets);
        format!("<x:CipherData><x:CipherValue>{text}</x:CipherValue></x:CipherData>")
    };
    let method = |name: &str| format!("<x:EncryptionMethod Algorithm=\"{enc}{name}\"></x:EncryptionMethod>");
    let to = encode_base64(certificate("gateway").der());
    let data = format!(
        "<x:EncryptedData xmlns:x=\"{enc}\" Id=\"data\" Type=\"{enc}Content\">{}<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <wsse:SecurityTokenReference xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" \
         xmlns:wsse11=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" \
         wsse11:TokenType=\"http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey\"><wsse:Reference URI=\"#key\"/>\
         </wsse:SecurityTokenReference></ds:KeyInfo>{}</x:EncryptedData>",
        method("tripledes-cbc"),
        value(&[&iv[..], &octets].concat())
    );
    let key = format!(
        "<x:EncryptedKey xmlns:x=\"{enc}\" Id=\"key\">{}<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{to}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{}<x:ReferenceList><x:DataReference URI=\"#data\"/></x:ReferenceList></x:EncryptedKey>",
        method("rsa-1_5"),
        value(&wrapped[..length])
    );
    (data, key)
}

#[test]
fn old_encryption_is_decrypted_for_the_partner_alone_and_where_it_is_signed() {
    let (data, key) = triple_des();
    let message = |signer, ids: &[&str]| signed(signer, &data, &key, ids, DigestAlgorithm::Sha256);
    let all = ["timestamp", "body", "key"];
    let grants = [Grant::Rsa15, Grant::TripleDesCbc];
    let legacy = ["tripledes-cbc", "rsa-1_5"];
    needs(Profile::Strict, &message("alice", &all), ALICE, &grants, &legacy);
    let gate = with(gate(Profile::Strict), ALICE, &grants);
    for refused in [message("bob", &all), message("stranger-ca", &all)] {
        let told = verify(&gate, &refused);
        assert_eq!(told, verify(&self::gate(Profile::Strict), &refused));
        assert!(told.unwrap_err().starts_with("xmlenc.algorithm_not_permitted"));
    }
    // The partner's own, where nothing proves who made the key or the ciphertext.
    for ids in [&["timestamp", "body"][..], &["timestamp", "key"]] {
        let refused = verify(&gate, &message("alice", ids)).unwrap_err();
        assert!(refused.starts_with("xmlenc."), "{ids:?}: {refused}");
    }
}

#[test]
fn an_exception_of_an_issuer_is_for_what_it_signs() {
    let holder = encode_base64(certificate("alice").der());
    let assertion = |digest| {
        let unsigned = format!(
            "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"assertion\" IssueInstant=\"2026-11-24T00:00:00Z\" Version=\"2.0\">\
             <saml2:Issuer>https://idp.example/saml</saml2:Issuer>SIGNATURE<saml2:Subject><saml2:NameID>zoe</saml2:NameID>\
             <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"><saml2:SubjectConfirmationData>\
             <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{holder}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject>\
             <saml2:Conditions NotBefore=\"2026-11-24T00:00:00Z\" NotOnOrAfter=\"2026-11-24T00:05:00Z\"><saml2:AudienceRestriction>\
             <saml2:Audience>urn:us</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions></saml2:Assertion>"
        );
        let document = Document::parse(unsigned.replace("SIGNATURE", "").into(), &Limits::archive()).unwrap();
        let key: SigningKey = key("idp").into();
        let request = SignatureRequest {
            method: SignatureAlgorithm::RsaSha256,
            digest_algorithm: digest,
            references: vec![ReferenceToSign {
                element: document.element_by_id("assertion").unwrap(),
                id: Some("assertion".to_owned()),
                enveloped: true,
            }],
            key_info: String::new(),
            id: None,
        };
        unsigned.replace("SIGNATURE", &sign(&request, &key).unwrap())
    };
    let knowing = || {
        let mut issuers = Issuers::new();
        issuers.add(file("keys/idp-metadata.xml").into()).unwrap();
        Gate {
            issuers,
            party: RelyingParty {
                audience: Some("urn:us".to_owned()),
                ..RelyingParty::default()
            },
            ..gate(Profile::Strict)
        }
    };
    let partner = |signers: Option<&str>, issuer: Option<&str>| {
        let signers = signers.map(|subject| Constraint::new(&[subject], &[]).unwrap());
        Partner::new(signers, issuer.map(str::to_owned).into_iter().collect()).unwrap()
    };
    let (old, new) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let message = |of_assertion, digest| signed("alice", ORDER, &assertion(of_assertion), PARTS, digest);
    let legacy = vec!["sha1".to_owned()];
    assert_eq!(verify(&knowing(), &message(new, new)), Ok(Vec::new()));
    let idp = Some("https://idp.example/saml");
    for (partner, takes) in [
        (partner(Some(ALICE), idp), true),
        // Both signed it.
        (partner(None, idp), false),
        (partner(Some(ALICE), None), false),
        (partner(Some(ALICE), Some("https://idp.example/saml/")), false),
    ] {
        let mut gate = knowing();
        gate.exceptions = vec![exception_of(&gate, partner, &[Grant::Sha1])];
        for message in [message(old, new), message(new, old), message(old, old)] {
            let expected = if takes {
                Ok(legacy.clone())
            } else {
                verify(&knowing(), &message)
            };
            assert_eq!(verify(&gate, &message), expected);
        }
    }
    // Nobody but the issuer knows the holder: whoever has an account there may have a key confirmed.
    let confirmed = |allow: &[Grant]| {
        let mut others = TrustSources::new();
        others.trust(certificate("bob"), None);
        let mut gate = Gate {
            trust: others.build(),
            ..knowing()
        };
        gate.exceptions = vec![exception_of(&gate, partner(None, idp), allow)];
        gate
    };
    let by_assertion = "<w:SecurityTokenReference xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" \
                        xmlns:w11=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" \
                        w11:TokenType=\"http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0\">\
                        <w:KeyIdentifier ValueType=\"http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID\">assertion</w:KeyIdentifier>\
                        </w:SecurityTokenReference>";
    let message = |of_assertion, digest| {
        let text = unsigned("", ORDER, &assertion(of_assertion));
        with_signature(&text, "alice", PARTS, by_assertion, digest)
    };
    let grants = [Grant::Sha1];
    assert_eq!(verify(&confirmed(&grants), &message(new, new)), Ok(Vec::new()));
    for message in [message(old, new), message(new, old)] {
        assert_eq!(
            verify(&confirmed(&grants), &message),
            verify(&confirmed(&[]), &message)
        );
        assert!(verify(&confirmed(&grants), &message).is_err());
    }
}

#[test]
fn no_more_than_three_exceptions_judge_a_message() {
    let message = case("cases/good/legacy-2004-sha1");
    let mut gate = gate(Profile::Bsp11);
    let one = |allow: &[Grant]| exception(&gate, ALICE, allow);
    let enough = [Grant::RsaSha1, Grant::Sha1];
    let after = |others: usize| {
        let mut all = vec![one(&[Grant::Sha1]); others];
        all.push(one(&enough));
        all
    };
    let (third, fourth) = (after(2), after(3));
    gate.exceptions = third;
    assert!(verify(&gate, &message).is_ok());
    gate.exceptions = fourth;
    assert!(verify(&gate, &message).is_err());
}
