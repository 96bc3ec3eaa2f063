//! Good messages: what the backend gets, and what the partner gets back.

use bytes::Bytes;
use chrono::Utc;
use sealgate::inbound::{AsOf, Coverage, Gate, Keyring, Received, SenderHeader};
use sealgate::policy::Profile;
use sealgate::policy::saml::RelyingParty;
use sealgate::soap::{Envelope, Roles, Version};
use sealgate::trust::{Issuers, Passwords, TrustSources};
use sealgate::wss::Header;
use sealgate::xml::{Limits, Namespace};

use crate::backend::{Backend, Behaviour, PLACED, orders, placed};
use crate::client::{Answer, post, post_with, send, send_tls};
use crate::gateway::{Gateway, configuration, logged, logged_code};
use crate::message::{Message, PLACE, assertion, certificate};

/// That a partner who trusts the gateway's certificate accepts `answer` as the answer to `request`.
fn accept(answer: &Answer, request: &str, version: Version) {
    assert_eq!(
        answer.header("content-type"),
        Some(version.content_type()),
        "{answer:?}"
    );
    let mut trust = TrustSources::new();
    trust.trust(certificate("gateway"), None);
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
    let bytes = Bytes::from(answer.body.clone());
    let judgement = gate.judge(Received::from(bytes.clone()), AsOf::Time(Utc::now()));
    judgement
        .verdict
        .unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let envelope = Envelope::parse(bytes, &Limits::default()).unwrap();
    assert_eq!(envelope.version(), version);
    let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
    for confirmation in header.confirmations() {
        let value = sealgate::crypto::encode_base64(confirmation.value().unwrap());
        let flat: String = request.split_whitespace().collect();
        assert!(flat.contains(&format!("SignatureValue>{value}<")), "{value}");
        let path = confirmation.element().path();
        let line = judgement.findings.coverage.iter().find(|line| line.path == path);
        assert_eq!(line.unwrap().covered, Coverage::Covered);
    }
    let confirmed = header.confirmations().count();
    assert_eq!(
        confirmed,
        request.matches("<ds:SignatureValue>").count()
            - request.matches("</saml2:Issuer><ds:Signature").count()
    );
}

/// An answer, and what the log says about it.
fn explain(answer: &Answer) -> String {
    let fault = answer.body.contains("Incident ");
    let why = if fault {
        logged(answer.incident())
    } else {
        Vec::new()
    };
    format!("{answer:?} {why:#?}")
}

#[test]
fn signed_messages_are_answered_with_signed_answers_over_http_and_tls() {
    for version in [Version::Soap11, Version::Soap12] {
        let backend = Backend::start(Behaviour::Bytes(placed(version == Version::Soap12)));
        let gateway = Gateway::before(backend.address);
        for tls in [false, true] {
            let message = Message {
                version,
                ..Message::default()
            }
            .signed();
            let request = post(version, "urn:place", &message);
            let answer = if tls {
                send_tls(gateway.tls(), None, &request).unwrap()
            } else {
                send(gateway.plain(), &request)
            };
            assert_eq!(answer.status, 200, "{}", explain(&answer));
            assert!(answer.body.contains(PLACED), "{answer:?}");
            accept(&answer, &message, version);
        }
        assert_eq!(backend.got().len(), 2);
    }
}

#[test]
fn each_kind_of_key_is_accepted() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message {
        signer: "bob",
        ..Message::default()
    }
    .signed();
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 200, "{}", explain(&answer));
    assert_eq!(backend.only().headers("x-signer-subject"), ["O=Example,CN=bob"]);
}

#[test]
fn the_backend_gets_what_was_verified_and_nothing_else() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().with_addressing("Action", "urn:place").signed();
    let spoofed = [
        ("X-Signer-Subject", "CN=admin"),
        ("x-role", "admin"),
        ("X-Other", "whatever"),
        ("Authorization", "Basic YWRtaW46YWRtaW4="),
        ("Cookie", "session=1"),
        ("Forwarded", "for=192.0.2.1"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
    ];
    let request = post_with(Version::Soap11, "urn:place", &message, &spoofed);
    let answer = send(gateway.plain(), &request);
    assert_eq!(answer.status, 200, "{}", explain(&answer));

    let got = backend.only();
    assert!(got.head.starts_with("POST /legacy HTTP/1.1"), "{}", got.head);
    assert_eq!(got.headers("x-signer-subject"), ["O=Example,CN=alice"]);
    assert_eq!(got.headers("soapaction"), ["\"urn:place\""]);
    assert_eq!(got.headers("content-type"), ["text/xml; charset=utf-8"]);
    assert_eq!(got.headers("content-length"), [got.body.len().to_string()]);
    assert_eq!(got.headers("host"), [backend.address.to_string()]);
    for absent in [
        "x-role",
        "x-name-id",
        "x-other",
        "authorization",
        "cookie",
        "forwarded",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "user-agent",
    ] {
        assert!(got.headers(absent).is_empty(), "{absent} in {}", got.head);
    }
    assert!(
        !got.body.contains("Security") && !got.body.contains("Signature"),
        "{}",
        got.body
    );
    assert!(
        got.body.contains(PLACE) && got.body.contains(">urn:place</a:Action>"),
        "{}",
        got.body
    );
    Envelope::parse(got.body.into(), &Limits::default()).unwrap();
}

#[test]
fn the_action_for_the_backend_comes_from_the_signed_body() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let request = post(Version::Soap11, "", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &request).status, 200);
    assert_eq!(backend.only().headers("soapaction"), ["\"urn:place\""]);

    let backend = Backend::start(Behaviour::Bytes(placed(true)));
    let gateway = Gateway::before(backend.address);
    let request = post(Version::Soap12, "", &Message::soap12().signed());
    assert_eq!(send(gateway.plain(), &request).status, 200);
    let got = backend.only();
    assert_eq!(
        got.headers("content-type"),
        ["application/soap+xml; charset=utf-8; action=\"urn:place\""]
    );
    assert!(got.headers("soapaction").is_empty());
}

#[test]
fn an_operation_without_soapaction_is_named_by_addressing_and_the_backend_is_told_none() {
    let backend = orders();
    let action = "http://orders.example/Orders/PlaceRequest";
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let named = format!("addressing_action = \"{action}\"");
    let gateway = Gateway::configured(&text.replace("action = \"urn:place\"", &named));
    let ask = |http: &str, addressing: &str| {
        let message = Message::default().with_addressing("Action", addressing).signed();
        send(gateway.plain(), &post(Version::Soap11, http, &message))
    };
    for http in ["", action] {
        let answer = ask(http, action);
        assert_eq!(answer.status, 200, "{}", explain(&answer));
    }
    let silent = post(Version::Soap11, "", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &silent).status, 200);
    for got in backend.got() {
        assert_eq!(got.headers("soapaction"), ["\"\""]);
    }
    for (http, addressing) in [
        ("", "urn:cancel"),
        ("", "urn:place"),
        ("urn:cancel", "urn:cancel"),
    ] {
        let refused = ask(http, addressing);
        assert_eq!(logged_code(refused.incident()), "policy.action_mismatch");
    }
    assert_eq!(backend.got().len(), 3);
}

#[test]
fn an_assertions_subject_and_attributes_reach_the_backend() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let assertion = assertion("alice", "https://gateway.example/orders", "buyer, chief");
    let message = Message {
        assertion: Some(assertion),
        ..Message::default()
    }
    .signed();
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 200, "{}", explain(&answer));
    accept(&answer, &message, Version::Soap11);
    let got = backend.only();
    assert_eq!(got.headers("x-name-id"), ["Zo%C3%AB@example.com"]);
    assert_eq!(got.headers("x-role"), ["buyer%2C chief,reader"]);
}

#[test]
fn an_attribute_that_would_break_a_header_refuses_the_message() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let assertion = assertion(
        "alice",
        "https://gateway.example/orders",
        "buyer&#13;&#10;x-signer-subject: CN=admin",
    );
    let message = Message {
        assertion: Some(assertion),
        ..Message::default()
    }
    .signed();
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 500);
    let entries = logged(answer.incident());
    assert!(
        entries
            .iter()
            .any(|entry| entry["code"] == "policy.identity_value"),
        "{entries:?}"
    );
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn the_answer_says_which_message_it_answers() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default()
        .with_addressing("MessageID", "urn:uuid:7")
        .signed();
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 200, "{}", explain(&answer));
    accept(&answer, &message, Version::Soap11);
    let envelope = Envelope::parse(answer.body.into(), &Limits::default()).unwrap();
    let relates = envelope
        .header()
        .unwrap()
        .child(Namespace::WSA, "RelatesTo")
        .unwrap();
    assert_eq!(relates.text().unwrap().value, "urn:uuid:7");
}

#[test]
fn a_message_for_another_address_is_refused() {
    let backend = orders();
    let text = configuration(&format!("http://{}/", backend.address));
    let text = text.replace(
        "path = \"/orders\"",
        "path = \"/orders\"\naddresses = [\"https://gateway.example/orders\"]",
    );
    let gateway = Gateway::configured(&text);
    let to = |to: &str| {
        let message = Message::default().with_addressing("To", to).signed();
        send(gateway.plain(), &post(Version::Soap11, "urn:place", &message))
    };
    let refused = to("https://other.example/orders");
    assert_eq!(refused.status, 500);
    assert!(
        logged(refused.incident())
            .iter()
            .any(|entry| entry["code"] == "policy.to_mismatch")
    );
    assert_eq!(backend.bytes(), 0);
    assert_eq!(to("https://gateway.example/orders").status, 200);
}

#[test]
fn clients_may_have_to_show_a_certificate() {
    let backend = orders();
    let text = configuration(&format!("http://{}/", backend.address));
    let text = text.replace(
        "key = \"gateway.key.pem\" }",
        "key = \"gateway.key.pem\", clients = \"required\", client_ca = [\"ca.pem\"] }",
    );
    let gateway = Gateway::configured(&text);
    let request = || post(Version::Soap11, "urn:place", &Message::default().signed());
    assert!(send_tls(gateway.tls(), None, &request()).is_err());
    assert!(send_tls(gateway.tls(), Some("mallory"), &request()).is_err());
    assert_eq!(backend.bytes(), 0);
    assert_eq!(
        send_tls(gateway.tls(), Some("alice"), &request()).unwrap().status,
        200
    );
}
