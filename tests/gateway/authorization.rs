//! Who may ask for what, as a route says it.

use chrono::{Datelike, TimeDelta, Utc};
use sealgate::soap::Version;

use crate::backend::{Backend, orders};
use crate::client::{Answer, post, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, PLACE, assertion};

const CANCEL: &str = "<o:CancelOrder xmlns:o=\"urn:example:orders\"/>";

/// A gateway with these rules, and its backend.
fn ruled(allow: &str) -> (Gateway, Backend) {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace(
        "[[route.trust.anchor]]",
        &format!("{allow}\n[[route.trust.anchor]]"),
    );
    (Gateway::configured(&text), backend)
}

fn ask(gateway: &Gateway, message: &Message, action: &str) -> Answer {
    send(gateway.plain(), &post(Version::Soap11, action, &message.signed()))
}

fn by(signer: &'static str, body: &str) -> Message {
    Message {
        signer,
        body: body.to_owned(),
        ..Message::default()
    }
}

fn with_role(role: &str) -> Message {
    Message {
        assertion: Some(assertion("alice", "https://gateway.example/orders", role)),
        ..Message::default()
    }
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(logged_code(answer.incident()), code);
    assert!(!answer.body.contains("rule"), "{answer:?}");
}

#[test]
fn a_partner_may_ask_for_what_a_rule_allows_and_for_nothing_else() {
    let (gateway, backend) = ruled(
        "[[route.allow]]\nsubject = [\"O=Example,CN=alice\"]\noperation = [\"{urn:example:orders}PlaceOrder\"]\n\
         [[route.allow]]\nsubject = [\"O=Example,CN=bob\"]\n",
    );
    assert_eq!(ask(&gateway, &by("alice", PLACE), "urn:place").status, 200);
    assert_eq!(ask(&gateway, &by("bob", PLACE), "urn:place").status, 200);
    assert_eq!(ask(&gateway, &by("bob", CANCEL), "urn:cancel").status, 200);
    refused(
        &ask(&gateway, &by("alice", CANCEL), "urn:cancel"),
        "policy.not_authorized",
    );
    assert_eq!(backend.got().len(), 3);
}

#[test]
fn what_may_be_asked_for_can_depend_on_an_attribute() {
    let (gateway, _backend) = ruled(
        "[[route.allow]]\nsaml_issuer = [\"https://idp.example/saml\"]\nsaml_attribute = [{ name = \"role\", values = [\"buyer\", \"manager\"] }]\n",
    );
    assert_eq!(ask(&gateway, &with_role("buyer"), "urn:place").status, 200);
    refused(
        &ask(&gateway, &with_role("buyers"), "urn:place"),
        "policy.not_authorized",
    );
    // Good as a message, and nobody says what its sender's role is.
    refused(
        &ask(&gateway, &by("alice", PLACE), "urn:place"),
        "policy.not_authorized",
    );
}

#[test]
fn a_refused_message_is_not_used_up() {
    let day = |days: i64| {
        (Utc::now() + TimeDelta::days(days))
            .weekday()
            .to_string()
            .to_lowercase()
    };
    let allow = |day: &str| format!("[[route.allow]]\ndays = [\"{day}\"]\n");
    let (gateway, _backend) = ruled(&allow(&day(3)));
    let message = post(Version::Soap11, "urn:place", &by("alice", PLACE).signed());
    refused(&send(gateway.plain(), &message), "policy.not_authorized");
    let file = gateway.folder.path().join("sealgate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&allow(&day(3)), "")).unwrap();
    let reload = crate::client::request("POST", "/reload", &[], "");
    assert_eq!(send(gateway.admin(), &reload).status, 200);
    assert_eq!(send(gateway.plain(), &message).status, 200);
}

#[test]
fn a_permission_can_be_withdrawn_even_from_the_only_partner() {
    let (gateway, _backend) = ruled("");
    assert_eq!(ask(&gateway, &by("alice", PLACE), "urn:place").status, 200);
    let file = gateway.folder.path().join("sealgate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let rule = "[[route.allow]]\nsubject = [\"O=Example,CN=bob\"]\n\n[[route.trust.anchor]]";
    std::fs::write(&file, text.replace("[[route.trust.anchor]]", rule)).unwrap();
    let reload = crate::client::request("POST", "/reload", &[], "");
    assert_eq!(send(gateway.admin(), &reload).status, 200);
    refused(
        &ask(&gateway, &by("alice", PLACE), "urn:place"),
        "policy.not_authorized",
    );
}

#[test]
fn a_stolen_message_does_not_come_in_by_another_client() {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text
        .replace(
            "path = \"/orders\"",
            "path = \"/orders\"\nclient_certificate = \"signer\"",
        )
        .replace(
            "gateway.key.pem\" }",
            "gateway.key.pem\", clients = \"optional\", client_ca = [\"ca.pem\"] }",
        );
    let gateway = Gateway::configured(&text);
    let message = post(Version::Soap11, "urn:place", &by("alice", PLACE).signed());
    for stolen in [
        send_tls(gateway.tls(), Some("bob"), &message).unwrap(),
        send_tls(gateway.tls(), None, &message).unwrap(),
        send(gateway.plain(), &message),
    ] {
        refused(&stolen, "policy.client_certificate");
    }
    assert!(backend.got().is_empty());
    assert_eq!(
        send_tls(gateway.tls(), Some("alice"), &message).unwrap().status,
        200
    );
    // The subject of an assertion has a key, and shows its certificate; the message itself brings none.
    let message = post(Version::Soap11, "urn:place", &with_role("buyer").signed());
    refused(
        &send_tls(gateway.tls(), Some("alice"), &message).unwrap(),
        "policy.client_certificate",
    );
}
