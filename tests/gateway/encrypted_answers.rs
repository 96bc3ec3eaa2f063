//! Answers as a route has them written: encrypted to who asked, with our certificate named otherwise.

use std::fs;
use std::path::Path;
use std::process::Command;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{AuthorityKeyIdentifier, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder};
use sealgate::crypto::encode_base64;
use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, http, orders};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{KEYS, Message, assertion, certificate};

/// A gateway before `backend` that writes answers as `answer` has it.
fn gateway(backend: &Backend, answer: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    Gateway::configured(&text.replace("[route.limits]", &format!("{answer}\n[route.limits]")))
}

/// A certificate like that of `name`, for the same key, with this key usage.
pub(crate) fn certified_anew(name: &str, usage: &mut KeyUsage) -> X509 {
    let read = |file: &str| fs::read(format!("{KEYS}/{file}")).unwrap();
    let old = X509::from_pem(&read(&format!("{name}.pem"))).unwrap();
    let ca = X509::from_pem(&read("ca.pem")).unwrap();
    let ca_key: PKey<Private> = PKey::private_key_from_pem(&read("ca.key.pem")).unwrap();
    let mut new = X509Builder::new().unwrap();
    new.set_version(2).unwrap();
    let serial = BigNum::from_u32(770_001).unwrap().to_asn1_integer().unwrap();
    new.set_serial_number(&serial).unwrap();
    new.set_subject_name(old.subject_name()).unwrap();
    new.set_issuer_name(ca.subject_name()).unwrap();
    new.set_pubkey(&old.public_key().unwrap()).unwrap();
    new.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    new.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    new.append_extension(usage.critical().build().unwrap()).unwrap();
    let known = SubjectKeyIdentifier::new()
        .build(&new.x509v3_context(Some(&ca), None))
        .unwrap();
    new.append_extension(known).unwrap();
    let issuer = AuthorityKeyIdentifier::new()
        .keyid(true)
        .build(&new.x509v3_context(Some(&ca), None))
        .unwrap();
    new.append_extension(issuer).unwrap();
    new.sign(&ca_key, MessageDigest::sha256()).unwrap();
    new.build()
}

/// An order with another certificate of its signer beside it.
fn order_with(gateway: &Gateway, message: &Message, with: &X509) -> Answer {
    let old = encode_base64(certificate(message.signer).der());
    let text = message.signed();
    assert!(text.contains(&old));
    let text = text.replace(&old, &encode_base64(&with.to_der().unwrap()));
    send(gateway.plain(), &post(message.version, "urn:place", &text))
}

/// What `sealgate` says of a file with the answer.
fn judged(answer: &str, folder: &Path, name: &str, with: &X509, command: &[&str]) -> (bool, String) {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut sealgate = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    sealgate.args(command);
    sealgate.arg("--key").arg(format!("{KEYS}/{name}.key.pem"));
    sealgate
        .arg("--cert")
        .arg(file("own.pem", &with.to_pem().unwrap()));
    let output = sealgate
        .arg(file("answer.xml", answer.as_bytes()))
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(both).unwrap())
}

#[test]
fn who_asked_can_decrypt_the_answer_and_sees_that_it_was_signed_first() {
    let (backend, folder) = (orders(), tempfile::tempdir().unwrap());
    for (name, version, answer) in [
        ("alice", Version::Soap11, "[route.answer.encryption]"),
        (
            "alice",
            Version::Soap11,
            "[route.answer.encryption]\nalgorithm = \"aes128-gcm\"\nrecipient_reference = \"ski\"",
        ),
        (
            "bob",
            Version::Soap11,
            "[route.answer.encryption]\nrecipient_reference = \"issuer-serial\"",
        ),
    ] {
        let gateway = gateway(&backend, answer);
        let mut usage = KeyUsage::new();
        usage.digital_signature().key_encipherment().key_agreement();
        let own = certified_anew(name, &mut usage);
        let message = Message {
            signer: name,
            version,
            ..Message::default()
        };
        let answer = order_with(&gateway, &message, &own);
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = &answer.body;
        assert!(
            body.contains("EncryptedData") && !body.contains("Placed"),
            "{body}"
        );
        assert!(body.find("EncryptedKey") < body.find("SignatureValue"), "{body}");
        let (good, said) = judged(body, folder.path(), name, &own, &["decrypt"]);
        assert!(good && said.contains(">7</Placed>"), "{name}: {said}");
        let trust = format!("{KEYS}/ca.pem");
        let verify = ["verify", "--trust", &trust, "--format", "json"];
        let (good, said) = judged(body, folder.path(), name, &own, &verify);
        assert!(good && said.contains("\"passed\""), "{name}: {said}");
        assert!(said.contains("gateway"), "{said}");
    }
}

#[test]
fn xmlsec1_decrypts_an_answer() {
    let (backend, folder) = (orders(), tempfile::tempdir().unwrap());
    let gateway = gateway(
        &backend,
        "[route.answer.encryption]\nkey_transport = \"rsa-oaep-mgf1p\"",
    );
    let own = certified_anew("alice", KeyUsage::new().digital_signature().key_encipherment());
    let answer = order_with(&gateway, &Message::default(), &own).body;
    let element = |name: &str| {
        let start = answer.find(&format!("<xenc:{name}")).unwrap();
        let end = format!("</xenc:{name}>");
        let length = answer[start..].find(&end).unwrap() + end.len();
        answer[start..start + length].to_owned()
    };
    // It knows nothing of references to tokens: the key goes where XML Encryption has it, and names nobody.
    let without_key_info = |text: &str| {
        let (start, end) = (
            text.find("<ds:KeyInfo").unwrap(),
            text.find("</ds:KeyInfo>").unwrap(),
        );
        (
            text[..start].to_owned(),
            text[end + "</ds:KeyInfo>".len()..].to_owned(),
        )
    };
    let (key_start, key_end) = without_key_info(&element("EncryptedKey"));
    let (start, end) = without_key_info(&element("EncryptedData"));
    let document = format!(
        "<all>{start}<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{key_start}{key_end}</ds:KeyInfo>{end}</all>"
    );
    let file = folder.path().join("answer.xml");
    fs::write(&file, document).unwrap();
    let mut xmlsec1 = Command::new("xmlsec1");
    xmlsec1
        .args(["--decrypt", "--privkey-pem"])
        .arg(format!("{KEYS}/alice.key.pem"));
    let output = xmlsec1.arg(&file).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("7</Placed>"), "{said}");
}

#[test]
fn faults_of_the_backend_are_encrypted_too() {
    let fault = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Client</faultcode>\
                 <faultstring>no such item</faultstring></s:Fault></s:Body></s:Envelope>";
    let bytes = http("500 Error", &[("Content-Type", "text/xml; charset=utf-8")], fault);
    let backend = Backend::start(Behaviour::Bytes(bytes));
    let gateway = gateway(&backend, "[route.answer.encryption]");
    let own = certified_anew("alice", KeyUsage::new().digital_signature().key_encipherment());
    let answer = order_with(&gateway, &Message::default(), &own);
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains("EncryptedData") && !answer.body.contains("no such item"),
        "{answer:?}"
    );
}

#[test]
fn who_cannot_be_answered_so_is_refused_before_the_backend_is_asked() {
    let backend = orders();
    let strict = gateway(&backend, "[route.answer.encryption]");
    // The certificates of the fixtures are for signatures only.
    let refused = send(
        strict.plain(),
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    );
    assert_eq!(refused.status, 500);
    assert_eq!(logged_code(refused.incident()), "outbound.no_recipient");
    let bob = certified_anew("bob", KeyUsage::new().digital_signature().key_encipherment());
    let signer = Message {
        signer: "bob",
        ..Message::default()
    };
    let refused = order_with(&strict, &signer, &bob);
    assert_eq!(logged_code(refused.incident()), "outbound.no_recipient");
    let nobody = Message {
        assertion: Some(assertion("alice", "https://gateway.example/orders", "buyer")),
        ..Message::default()
    };
    let refused = send(
        strict.plain(),
        &post(Version::Soap11, "urn:place", &nobody.signed()),
    );
    assert_eq!(logged_code(refused.incident()), "outbound.no_recipient");
    assert!(backend.got().is_empty());
}

#[test]
fn signatures_name_our_certificate_as_it_is_configured() {
    let backend = orders();
    for (reference, expected) in [
        ("token", "BinarySecurityToken"),
        ("thumbprint", "#ThumbprintSHA1"),
        ("ski", "#X509SubjectKeyIdentifier"),
        ("issuer-serial", "X509IssuerSerial"),
    ] {
        let gateway = gateway(
            &backend,
            &format!("[route.answer]\nkey_reference = \"{reference}\""),
        );
        let order = post(Version::Soap11, "urn:place", &Message::default().signed());
        let answer = send(gateway.plain(), &order);
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(expected), "{reference}: {}", answer.body);
        let token = answer.body.contains("BinarySecurityToken");
        assert_eq!(token, reference == "token", "{}", answer.body);
    }
}
