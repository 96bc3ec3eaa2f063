//! A backend that gets the sender's Security header, and verifies it again.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{digest, encode_base64};
use sealgate::inbound::{AsOf, Coverage, Received};
use sealgate::policy::{BasicSecurityProfile, KeyReference, Policy, Profile, UnsignedHeaders};
use sealgate::soap::Version;
use sealgate::xml::Namespace;
use serde_json::Value;

use crate::attachments::{configured, multipart, parts, post as post_parts, post_soap11, signed};
use crate::backend::{Backend, Behaviour, PLACED, Request, http, orders};
use crate::client::{Answer, post, send};
use crate::encrypted::sealed;
use crate::gateway::{Gateway, configuration, logged, logged_code, prepared};
use crate::handed_on::gate_trusting;
use crate::message::{KEYS, Message, assertion, certificate};
use crate::written_anew::{EXCLUSIVE, signed_besides};

/// A gateway whose route keeps the header, and drops header blocks that nobody signed.
fn keeping(backend: &Backend) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let (folder, _) = prepared(&text.replace(
        "path = \"/orders\"",
        "path = \"/orders\"\nsecurity_header = \"keep\"\nactors = [\"urn:gateway\"]\npolicy = \"dropping.toml\"\n\
         decryption = [{ certificate = \"gateway.pem\", key = \"gateway.key.pem\" }]",
    ));
    let policy = Policy {
        key_references: vec![
            KeyReference::BinarySecurityToken,
            KeyReference::X509Data,
            KeyReference::SamlAssertion,
        ],
        basic_security_profile: BasicSecurityProfile::Warn,
        unsigned_headers: UnsignedHeaders::Drop,
        ..Profile::Strict.policy()
    };
    let policy = toml::to_string(&policy).unwrap();
    fs::write(folder.path().join("dropping.toml"), policy).unwrap();
    Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"))
}

fn place(gateway: &Gateway, version: Version, message: &str) -> Answer {
    send(gateway.plain(), &post(version, "urn:place", message))
}

/// What the backend gets of `message`, of which it finds every item proven by itself.
fn kept(version: Version, message: &str) -> String {
    let backend = orders();
    let gateway = keeping(&backend);
    let answer = place(&gateway, version, message);
    assert_eq!(backend.got().len(), 1, "{:?}", logged(answer.incident()));
    let got = backend.only().body;
    let gate = gate_trusting("ca", Profile::Strict);
    let judged = gate.judge(Received::from(Bytes::from(got.clone())), AsOf::Time(Utc::now()));
    judged.verdict.unwrap_or_else(|error| panic!("{error}: {got}"));
    let covered = |name: &str| {
        let found = judged.findings.coverage.iter().find(|line| line.name == name);
        found.map(|line| line.covered)
    };
    assert_eq!(covered("s:Body"), Some(Coverage::Covered), "{got}");
    assert_eq!(covered("wsu:Timestamp"), Some(Coverage::Covered), "{got}");
    got
}

/// Made after the gateway will have started, whose memory of messages begins then.
fn message() -> Message {
    Message {
        created: Utc::now() + TimeDelta::seconds(20),
        ..Message::default()
    }
}

fn xmlsec1(text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.xml");
    fs::write(&file, text).unwrap();
    let mut command = Command::new("xmlsec1");
    command
        .args(["--verify", "--pubkey-cert-pem"])
        .arg(format!("{KEYS}/alice.pem"));
    for signed in [
        format!("{}:Body", Namespace::SOAP11.uri()),
        format!("{}:Body", Namespace::SOAP12.uri()),
        format!("{}:Timestamp", Namespace::WSU.uri()),
        format!("{}:MessageID", Namespace::WSA.uri()),
    ] {
        command.args(["--id-attr:Id", &signed]);
    }
    command.arg(&file).output().unwrap().status.success()
}

#[test]
fn another_program_verifies_what_the_backend_gets() {
    let header = "<!-- nobody signed this --><x:Trace xmlns:x=\"urn:x\">unsigned</x:Trace>";
    for version in [Version::Soap11, Version::Soap12] {
        let message = Message {
            version,
            unsigned_headers: header.to_owned(),
            ..message().with_addressing("MessageID", "urn:uuid:1")
        };
        let got = kept(message.version, &message.signed());
        assert!(!got.contains("unsigned") && got.contains("urn:uuid:1"), "{got}");
        assert!(got.contains("soap:mustUnderstand=\"1\""), "{got}");
        assert!(xmlsec1(&got), "{got}");
        assert!(!xmlsec1(&got.replace("bolt", "nuts")), "{got}");
        assert!(!xmlsec1(&got.replace("urn:uuid:1", "urn:uuid:2")), "{got}");
    }
}

#[test]
fn an_assertion_and_the_key_that_it_confirms_go_along() {
    let message = Message {
        assertion: Some(assertion("alice", "https://gateway.example/orders", "buyer")),
        ..message()
    };
    let backend = orders();
    let gateway = keeping(&backend);
    let answer = place(&gateway, Version::Soap11, &message.signed());
    assert_eq!(answer.status, 200, "{answer:?}");
    let got = backend.only();
    assert!(got.body.contains("<saml2:AttributeValue>buyer<"), "{got:?}");
    assert_eq!(got.headers("x-name-id"), ["Zo%C3%AB@example.com"]);
}

/// A message of whose header something is changed that nobody signed.
fn changed(change: impl Fn(String) -> String) -> String {
    let signed = message().signed();
    let text = change(signed.clone());
    assert_ne!(text, signed);
    text
}

fn token(name: &str, id: &str) -> String {
    let value = encode_base64(certificate(name).der());
    format!(
        "<wsse:BinarySecurityToken wsu:Id=\"{id}\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\" \
         EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{value}</wsse:BinarySecurityToken>"
    )
}

#[test]
fn nothing_that_was_not_proven_rides_along() {
    let before_end =
        |item: String| changed(|text| text.replace("</wsse:Security>", &format!("{item}</wsse:Security>")));
    let reference =
        "<wsse:SecurityTokenReference><wsse:Reference URI=\"#token\"/></wsse:SecurityTokenReference>";
    let key_info = |more: &str| {
        let own = encode_base64(certificate("alice").der());
        changed(|text| {
            let (before, rest) = text.split_once("<ds:KeyInfo>").unwrap();
            let (_, after) = rest.split_once("</ds:KeyInfo>").unwrap();
            format!(
                "{before}<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{own}</ds:X509Certificate>{more}</ds:X509Data></ds:KeyInfo>{after}"
            )
        })
    };
    let bob = encode_base64(certificate("bob").der());
    let mut passed = Vec::new();
    for (what, message) in [
        ("a token of another", before_end(token("bob", "other"))),
        (
            "another certificate of the key",
            key_info(&format!("<ds:X509Certificate>{bob}</ds:X509Certificate>")),
        ),
        (
            "another name of the key",
            key_info("<ds:X509SubjectName>O=Example,CN=bob</ds:X509SubjectName>"),
        ),
        (
            "a list of what is revoked",
            key_info("<ds:X509CRL>AAAA</ds:X509CRL>"),
        ),
        ("a reference that nobody signed", before_end(reference.to_owned())),
        (
            "a header for the gateway alone",
            changed(|text| text.replace("<wsse:Security ", "<wsse:Security s:actor=\"urn:gateway\" ")),
        ),
        ("what was encrypted", sealed(&message().signed())),
    ] {
        let backend = orders();
        let gateway = keeping(&backend);
        let answer = place(&gateway, Version::Soap11, &message);
        if answer.status == 200 || logged_code(answer.incident()) != "policy.security_header" {
            passed.push(what);
        }
        assert_eq!(backend.got().is_empty(), answer.status == 500, "{what}");
    }
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn a_copy_in_the_header_is_read_by_nobody() {
    let signed = message().signed();
    let (_, rest) = signed.split_once("<s:Body").unwrap();
    let body = format!("<s:Body{}</s:Body>", rest.split_once("</s:Body>").unwrap().0);
    let forged = signed.replace(&body, "").replace(
        "</s:Envelope>",
        &body.replace("body", "b").replace("bolt", "nuts"),
    );
    let forged = format!("{}</s:Envelope>", forged);
    for message in [
        forged.replace("</wsse:Security>", &format!("{body}</wsse:Security>")),
        forged.replace(
            "</w:SecurityTokenReference>",
            &format!("{body}</w:SecurityTokenReference>"),
        ),
        forged.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{body}</ds:Object></ds:Signature>"),
        ),
    ] {
        let backend = orders();
        let gateway = keeping(&backend);
        let answer = place(&gateway, Version::Soap11, &message);
        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(backend.got().is_empty(), "{message}");
    }
}

#[test]
fn security_headers_for_others_stay_here() {
    let other = format!(
        "<wsse:Security s:actor=\"urn:other\">{}</wsse:Security>",
        token("bob", "other")
    );
    let message = changed(|text| text.replace("<s:Header>", &format!("<s:Header>{other}")));
    assert_eq!(kept(Version::Soap11, &message).matches("Security ").count(), 1);
}

#[test]
fn a_backend_that_has_seen_the_signature_confirms_it() {
    let request = message();
    let signed = request.signed();
    let (_, value) = signed.split_once("<ds:SignatureValue>").unwrap();
    let (value, _) = value.split_once('<').unwrap();
    let own = format!("Value=\"{value}\"");
    for (confirmation, status) in [(Some(own.as_str()), 200), (Some(""), 502), (None, 502)] {
        let answer = Message {
            signer: "pinned",
            body: PLACED.to_owned(),
            username_token: confirmation.map(|attributes| {
                let namespace = Namespace::WSSE11.uri();
                format!("<c:SignatureConfirmation xmlns:c=\"{namespace}\" wsu:Id=\"username\" {attributes}/>")
            }),
            ..request.clone()
        };
        let content_type = [("Content-Type", "text/xml; charset=utf-8")];
        let backend = Backend::start(Behaviour::Bytes(http("200 OK", &content_type, &answer.signed())));
        let text = configuration(&format!("http://{}/signing", backend.address));
        let text = text
            .replace(
                "path = \"/orders\"",
                "path = \"/orders\"\nsecurity_header = \"keep\"",
            )
            .replace(
                "[route.identity]",
                "[route.backend.answer.trust]\npins = [\"pinned.pem\"]\n\n[route.identity]",
            );
        let gateway = Gateway::configured(&text);
        let got = place(&gateway, Version::Soap11, &signed);
        assert_eq!(got.status, status, "{confirmation:?}: {got:?}");
        if status == 502 {
            assert_eq!(logged_code(got.incident()), "policy.signature_confirmation");
        }
    }
}

/// A gateway that takes attachments and keeps the header.
fn keeping_parts(backend: &Backend, policy: &str) -> Gateway {
    configured(backend, policy, "", |text| {
        let keep = "path = \"/orders\"\nsecurity_header = \"keep\"\n";
        text.replace("path = \"/orders\"\n", keep)
    })
}

/// What `sealgate verify` says of what the backend got, with `old` in it changed.
fn judged_again(got: &Request, (old, new): (&str, &str)) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command.args(["verify", "-", "--policy", "bsp11", "--format", "json", "--trust"]);
    command.arg(format!("{KEYS}/ca.pem"));
    command.args(["--content-type", got.headers("content-type")[0]]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let body = got.body.replace(old, new);
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["code"].as_str().unwrap_or("passed").to_owned()
}

#[test]
fn attachments_go_along_with_the_signature_over_them() {
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "a scan");
    let note = (
        "Content-ID: <note@x>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Location: note.txt\r\nContent-Description: a note",
        "one\ntwo",
    );
    let octets = "Content-Description: a note\r\nContent-ID:<note@x>\r\nContent-Location:note.txt\r\nContent-Type:text/plain;charset=\"utf-8\"\r\n\r\none\r\ntwo";
    let backend = orders();
    let gateway = keeping_parts(&backend, "bsp11");
    let signed = signed(
        &message(),
        &[("scan@x", "Content", scan.1), ("note@x", "Complete", octets)],
    );
    let answer = post_soap11(&gateway, &signed, &[scan, note]);
    assert_eq!(answer.status, 200, "{:?}", logged(answer.incident()));
    let got = backend.only();
    assert_eq!(parts(&got).len(), 3, "{got:?}");
    for (change, code) in [
        (("", ""), "passed"),
        (("a scan", "a scam"), "dsig.digest_mismatch"),
        (("a note", "a vote"), "dsig.digest_mismatch"),
        (("note.txt", "vote.txt"), "dsig.digest_mismatch"),
        (("bolt", "nuts"), "dsig.digest_mismatch"),
    ] {
        assert_eq!(judged_again(&got, change), code, "{change:?}: {got:?}");
    }
}

#[test]
fn no_header_of_a_part_is_lost_that_another_signature_covers() {
    let note = (
        "Content-ID: <note@x>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Description: a note",
        "one",
    );
    let complete = "Content-Description: a note\r\nContent-ID:<note@x>\r\nContent-Type:text/plain;charset=\"utf-8\"\r\n\r\none";
    let over = |scope: &str, octets: &str| {
        let profile = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1";
        let sha256 = DigestAlgorithm::Sha256;
        let value = digest(sha256, octets.as_bytes()).unwrap();
        format!(
            "<ds:Reference URI=\"cid:note@x\"><ds:Transforms><ds:Transform Algorithm=\"{profile}#Attachment-{scope}-Signature-Transform\"/>\
             </ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            sha256.uri(),
            encode_base64(value.as_bytes())
        )
    };
    let transform = format!("<ds:Transform Algorithm=\"{}\"/>", EXCLUSIVE.uri());
    let digested = |id: &'static str| (id, id, transform.as_str());
    for (scope, octets, status) in [("Complete", complete, 200), ("Content", "one", 500)] {
        let backend = orders();
        let gateway = keeping_parts(&backend, "bsp11");
        let text = Message::default()
            .unsigned()
            .replace("SIGNATURE", "FIRST_SIGNATURE");
        let other = [digested("timestamp")];
        let text = signed_besides(&text, &other, &over("Complete", complete), EXCLUSIVE);
        let text = text.replace("FIRST_", "SIGNATURE");
        let main = [digested("timestamp"), digested("body")];
        let text = signed_besides(&text, &main, &over(scope, octets), EXCLUSIVE);
        let answer = post_soap11(&gateway, &text, &[note]);
        assert_eq!(answer.status, status, "{scope}: {:?}", logged(answer.incident()));
        if status == 200 {
            assert_eq!(judged_again(&backend.only(), ("", "")), "passed");
        } else {
            assert_eq!(logged_code(answer.incident()), "policy.security_header");
        }
    }
}

#[test]
fn what_an_include_stands_for_was_signed_in_its_place() {
    let inlined = encode_base64(b"a scan");
    let message = Message {
        body: format!(
            "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Scan>{inlined}</o:Scan></o:PlaceOrder>"
        ),
        ..message()
    };
    let include =
        "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:scan@x\"></x:Include>";
    let sent = message.signed().replace(&inlined, include);
    let backend = orders();
    let gateway = keeping_parts(&backend, "strict");
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "a scan");
    let root = "application/xop+xml; charset=utf-8; type=\"text/xml\"";
    let field = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=b-1";
    let answer = post_parts(&gateway, field, &multipart(root, &sent, &[scan]));
    assert_eq!(answer.status, 200, "{:?}", logged(answer.incident()));
    let got = backend.only();
    assert_eq!(got.headers("content-type"), ["text/xml; charset=utf-8"]);
    assert!(got.body.contains(&inlined) && xmlsec1(&got.body), "{got:?}");
    let other = encode_base64(b"a scam");
    assert!(!xmlsec1(&got.body.replace(&inlined, &other)), "{got:?}");
}
