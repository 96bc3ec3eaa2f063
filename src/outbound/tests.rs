//! Answers are judged by the gate that judges requests, with trust in our own certificate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::*;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::PrivateKey;
use crate::inbound::AsOf;
use crate::inbound::Coverage;
use crate::inbound::Findings;
use crate::inbound::Gate;
use crate::inbound::Keyring;
use crate::inbound::Received;
use crate::inbound::SenderHeader;
use crate::inbound::Signatures;
use crate::policy::Profile;
use crate::policy::saml::RelyingParty;
use crate::rejection::Rejection;
use crate::relay::Reply;
use crate::relay::ReplyContent;
use crate::soap::AddressingVersion;
use crate::soap::Fault;
use crate::soap::Roles;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::trust::Issuers;
use crate::trust::Passwords;
use crate::trust::TrustSources;
use crate::wss;
use crate::xml::Limits;

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");

fn identity(name: &str) -> Identity {
    let read = |name: String| std::fs::read(format!("{KEYS}/{name}")).unwrap();
    let chain = Certificate::from_pem_bundle(&read(format!("{name}.pem"))).unwrap();
    let key = PrivateKey::from_pem(&read(format!("{name}.key.pem")), None).unwrap();
    Identity::new(chain, key).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-24T00:00:30Z".parse().unwrap()
}

fn exchange(version: Version) -> Exchange {
    Exchange {
        version,
        signature_values: vec![vec![1, 2, 3], vec![4, 5, 6]],
        signatures: Signatures::TakenOut,
        message_id: None,
        requester: None,
    }
}

fn envelope(version: Version, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s=\"{}\">{content}</s:Envelope>\n",
        version.namespace().uri()
    )
}

const PLACED: &str = "<s:Body><Placed xmlns='urn:orders'  id=\"7\" >Zoë &amp; co&#13;</Placed></s:Body>";

fn seal_as(name: &str, answer: &str, status: u16, exchange: &Exchange) -> Result<SealedReply, Error> {
    let reply = Reply::new(ReplyContent::Envelope {
        status,
        bytes: Bytes::from(answer.to_owned()),
        attachments: Attachments::default(),
    });
    Sealer::new(&identity(name), AnswerForm::default()).seal(reply, exchange, now())
}

fn seal(answer: &str, exchange: &Exchange) -> Result<SealedReply, Error> {
    seal_as("gateway", answer, 200, exchange)
}

fn whole(sealed: SealedReply) -> Bytes {
    match sealed.into_body() {
        SealedBody::Whole(bytes) => bytes,
        SealedBody::Streamed(length, _) => panic!("{length} octets in pieces"),
    }
}

fn refused(answer: &str) -> Error {
    seal(answer, &exchange(Version::Soap11)).unwrap_err()
}

/// What a partner that trusts the certificate `name` finds in an answer.
fn judge(bytes: Bytes, name: &str) -> (Result<(), Rejection>, Findings) {
    let mut trust = TrustSources::new();
    trust.trust(identity(name).certificate().unwrap().clone(), None);
    let gate = Gate {
        passwords: Passwords::default(),
        keyring: Keyring::new(),
        trust: trust.build(),
        issuers: Issuers::new(),
        policy: Profile::Strict.policy(),
        party: RelyingParty::default(),
        roles: Roles::default(),
        understood: Vec::new(),
        destination: None,
        schema: None,
        threats: None,
        sender_header: SenderHeader::TakenOut,
        exceptions: Vec::new(),
        replay: None,
    };
    let judgement = gate.judge(Received::from(bytes), AsOf::Time(now()));
    (judgement.verdict, judgement.findings)
}

fn covered(findings: &Findings, name: &str) -> usize {
    let all = findings.coverage.iter().filter(|line| line.name == name);
    all.map(|line| assert_eq!(line.covered, Coverage::Covered, "{name}"))
        .count()
}

#[test]
fn an_answer_passes_the_strict_gate_of_a_partner_whatever_its_form() {
    let wsu = crate::xml::Namespace::WSU.uri();
    for version in [Version::Soap11, Version::Soap12] {
        let plain = envelope(version, PLACED);
        let empty_header = envelope(version, &format!("<s:Header/>{PLACED}"));
        let header = envelope(
            version,
            &format!("<s:Header>\n<h xmlns='urn:h'/>\n</s:Header>\n{PLACED}"),
        );
        let with_id = envelope(
            version,
            &PLACED.replace("<s:Body>", &format!("<s:Body xmlns:u='{wsu}' u:Id='own'>")),
        );
        let default = plain
            .replace("s:Envelope", "Envelope")
            .replace("xmlns:s", "xmlns")
            .replace("s:Body", "Body");
        let other_prefix = plain
            .replace("<s:Body>", "<b:Body xmlns:b='")
            .replace("</s:Body>", "</b:Body>")
            .replace("xmlns:b='", &format!("xmlns:b='{}'>", version.namespace().uri()));
        for answer in [plain, empty_header, header, with_id, default, other_prefix] {
            let sealed = seal(&answer, &exchange(version)).unwrap();
            assert_eq!(
                (sealed.status(), sealed.content_type()),
                (200, Some(version.content_type()))
            );
            let bytes = whole(sealed);
            let (verdict, findings) = judge(bytes.clone(), "gateway");
            verdict.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)));
            assert_eq!(covered(&findings, "wsse11:SignatureConfirmation"), 2);
            assert_eq!(covered(&findings, "wsu:Timestamp"), 1);
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert!(
                text.contains("<Placed xmlns='urn:orders'  id=\"7\" >Zoë &amp; co&#13;</Placed>"),
                "{text}"
            );
        }
    }
}

#[test]
fn each_kind_of_key_signs() {
    for name in ["gateway", "bob", "carol", "dave"] {
        let sealed = seal_as(
            name,
            &envelope(Version::Soap12, PLACED),
            200,
            &exchange(Version::Soap12),
        )
        .unwrap();
        judge(whole(sealed), name).0.unwrap();
    }
}

#[test]
fn confirmations_repeat_the_values_of_the_request_or_say_that_there_was_none() {
    let values = |exchange: &Exchange| {
        let sealed = seal(&envelope(Version::Soap11, PLACED), exchange).unwrap();
        let envelope = crate::soap::Envelope::parse(whole(sealed), &Limits::default()).unwrap();
        let header = wss::Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
        let confirmations = header
            .confirmations()
            .map(|confirmation| confirmation.value().map(<[u8]>::to_vec));
        confirmations.collect::<Vec<_>>()
    };
    let mut exchange = exchange(Version::Soap11);
    assert_eq!(values(&exchange), [Some(vec![1, 2, 3]), Some(vec![4, 5, 6])]);
    exchange.signature_values.clear();
    assert_eq!(values(&exchange), [None]);
}

#[test]
fn an_answer_that_was_changed_does_not_pass() {
    let sealed = seal(&envelope(Version::Soap11, PLACED), &exchange(Version::Soap11)).unwrap();
    let text = String::from_utf8(whole(sealed).to_vec()).unwrap();
    for (from, to) in [
        ("id=\"7\"", "id=\"8\""),
        ("Value=\"AQID\"", "Value=\"AQIE\""),
        ("<wsu:Expires>2026", "<wsu:Expires>2027"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        let (verdict, _) = judge(changed.into(), "gateway");
        assert_eq!(verdict.unwrap_err().code(), "dsig.digest_mismatch", "{from}");
    }
    let (verdict, _) = judge(text.into(), "bob");
    assert!(verdict.is_err());
}

#[test]
fn an_answer_relates_to_its_request() {
    for (addressing, other) in [
        (AddressingVersion::Wsa10, AddressingVersion::Wsa200408),
        (AddressingVersion::Wsa200408, AddressingVersion::Wsa10),
    ] {
        let exchange = Exchange {
            message_id: Some((addressing, "urn:uuid:1&2".to_owned())),
            ..exchange(Version::Soap12)
        };
        let relates = |version: AddressingVersion, id: &str| {
            format!(
                "<a:RelatesTo xmlns:a='{}'>{id}</a:RelatesTo>",
                version.namespace().uri()
            )
        };
        let answer =
            |header: &str| envelope(Version::Soap12, &format!("<s:Header>{header}</s:Header>{PLACED}"));
        let (verdict, findings) = judge(whole(seal(&answer(""), &exchange).unwrap()), "gateway");
        verdict.unwrap();
        assert_eq!(covered(&findings, "wsa:RelatesTo"), 1);
        let said = whole(seal(&answer(&relates(addressing, "urn:uuid:1&amp;2")), &exchange).unwrap());
        assert!(!String::from_utf8_lossy(&said).contains("wsa:RelatesTo"));
        let (verdict, findings) = judge(said, "gateway");
        verdict.unwrap();
        assert_eq!(covered(&findings, "a:RelatesTo"), 1);
        let right = relates(addressing, "urn:uuid:1&amp;2");
        for wrong in [
            relates(addressing, "urn:uuid:3"),
            relates(other, "urn:uuid:1&amp;2"),
            format!("{right}{right}"),
        ] {
            assert_eq!(
                seal(&answer(&wrong), &exchange).unwrap_err().code(),
                "outbound.relates_to",
                "{wrong}"
            );
        }
    }
    let unasked = envelope(
        Version::Soap11,
        &format!(
            "<s:Header><a:RelatesTo xmlns:a='{}'>x</a:RelatesTo></s:Header>{PLACED}",
            AddressingVersion::Wsa10.namespace().uri()
        ),
    );
    assert_eq!(refused(&unasked).code(), "outbound.relates_to");
}

#[test]
fn faults_of_backends_are_sealed_with_the_status_of_their_version() {
    let fault = |version| {
        envelope(
            version,
            "<s:Body><s:Fault><faultcode>s:Server</faultcode></s:Fault></s:Body>",
        )
    };
    for (version, came, goes) in [
        (Version::Soap11, 500, 500),
        (Version::Soap11, 200, 500),
        (Version::Soap11, 400, 500),
        (Version::Soap12, 500, 500),
        (Version::Soap12, 400, 400),
        (Version::Soap12, 200, 500),
    ] {
        let sealed = seal_as("gateway", &fault(version), came, &exchange(version)).unwrap();
        assert_eq!(sealed.status(), goes, "{version} {came}");
        judge(whole(sealed), "gateway").0.unwrap();
    }
}

#[test]
fn an_answer_that_is_no_answer_is_not_sealed() {
    let placed = envelope(Version::Soap11, PLACED);
    let security = format!(
        "<s:Header><w:Security xmlns:w='{}'/></s:Header>{PLACED}",
        crate::xml::Namespace::WSSE.uri()
    );
    for (answer, code) in [
        ("<html/>".to_owned(), "outbound.no_envelope"),
        ("no xml".to_owned(), "outbound.no_envelope"),
        (String::new(), "outbound.no_envelope"),
        (placed.replace("?>", "?><!DOCTYPE a>"), "outbound.no_envelope"),
        (placed.replace(PLACED, &PLACED.repeat(2)), "outbound.no_envelope"),
        (envelope(Version::Soap12, PLACED), "outbound.version"),
        (envelope(Version::Soap11, &security), "outbound.security"),
    ] {
        let error = refused(&answer);
        assert_eq!(
            (error.code(), error.fault()),
            (code, Fault::BadGateway),
            "{answer}"
        );
    }
    let error = seal_as("gateway", &placed, 500, &exchange(Version::Soap11)).unwrap_err();
    assert_eq!(
        (error.code(), error.fault()),
        ("outbound.status", Fault::BadGateway)
    );
}

#[test]
fn a_certificate_that_does_not_hold_signs_nothing() {
    for name in ["expired", "not-yet-valid"] {
        let error = seal_as(
            name,
            &envelope(Version::Soap11, PLACED),
            200,
            &exchange(Version::Soap11),
        )
        .unwrap_err();
        assert_eq!(
            (error.code(), error.fault()),
            ("outbound.certificate", Fault::Internal)
        );
    }
}

#[test]
fn an_answer_of_nothing_stays_nothing() {
    let sealed = Sealer::new(&identity("gateway"), AnswerForm::default())
        .seal(
            Reply::new(ReplyContent::Nothing),
            &exchange(Version::Soap11),
            now(),
        )
        .unwrap();
    assert_eq!((sealed.status(), sealed.content_type()), (202, None));
    assert!(whole(sealed).is_empty());
}
