//! A backend that signs its answers.

use chrono::{TimeDelta, Utc};
use sealgate::soap::Version;
use sealgate::xml::Namespace;

use crate::backend::{Backend, Behaviour, PLACED, http};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;

const ID: &str = "urn:uuid:0b2f0c1e-6c2e-4a0e-9d0a-0f0d1b2c3d4e";

fn answering(answer: Vec<u8>) -> (Backend, Gateway) {
    let backend = Backend::start(Behaviour::Bytes(answer));
    let text = configuration(&format!("http://{}/signing", backend.address));
    let trust = "[route.backend.answer.trust]\npins = [\"pinned.pem\"]\n\n[route.identity]";
    let gateway = Gateway::configured(&text.replace("[route.identity]", trust));
    (backend, gateway)
}

fn soap(body: &str) -> Vec<u8> {
    http("200 OK", &[("Content-Type", "text/xml; charset=utf-8")], body)
}

/// An answer of the backend. The item in its Security header is signed.
fn answer(item: Option<&str>) -> Message {
    Message {
        signer: "pinned",
        body: PLACED.to_owned(),
        username_token: item.map(|attributes| {
            let namespace = Namespace::WSSE11.uri();
            format!("<c:SignatureConfirmation xmlns:c=\"{namespace}\" wsu:Id=\"username\" {attributes}/>")
        }),
        ..request()
    }
}

/// Made after the gateway will have started, whose memory of messages begins then.
fn request() -> Message {
    Message {
        created: Utc::now() + TimeDelta::seconds(20),
        ..Message::default()
    }
}

fn ask(gateway: &Gateway, request: &Message) -> Answer {
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &request.signed()),
    )
}

fn refused(answer: Vec<u8>, request: &Message) -> String {
    let (_backend, gateway) = answering(answer);
    let answer = ask(&gateway, request);
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(!answer.body.contains("Placed"), "{answer:?}");
    logged_code(answer.incident())
}

#[test]
fn what_the_backend_signed_leaves_under_our_signature() {
    let about = |id: &str| answer(None).with_addressing("RelatesTo", id);
    let named = request().with_addressing("MessageID", ID);
    let plain = request();
    for (signed, request) in [
        (answer(None), &plain),
        (answer(Some("")), &plain),
        (about(ID), &named),
    ] {
        let (_backend, gateway) = answering(soap(&signed.signed()));
        let got = ask(&gateway, request);
        assert_eq!(got.status, 200, "{got:?}");
        assert!(got.body.contains(PLACED), "{got:?}");
        // Ours confirms the signature of the request; theirs is gone.
        assert_eq!(got.body.matches("<ds:SignatureValue>").count(), 1, "{got:?}");
        assert_eq!(
            got.body.matches("<wsse11:SignatureConfirmation").count(),
            1,
            "{got:?}"
        );
        // The same answer a second time is an old one.
        let later = request.created + TimeDelta::seconds(1);
        let again = Message {
            created: later,
            ..request.clone()
        };
        let again = ask(&gateway, &again);
        assert_eq!(logged_code(again.incident()), "replay.message");
    }
}

#[test]
fn an_answer_that_is_not_as_it_must_be_signed_is_an_error_of_the_backend() {
    let plain = request();
    let good = answer(None).signed();
    let stranger = Message {
        signer: "alice",
        ..answer(None)
    };
    for (body, code) in [
        (good.replace(">7<", ">8<"), "dsig.digest_mismatch"),
        (stranger.signed(), "trust.untrusted"),
        (answer(None).unsigned().replace("SIGNATURE", ""), "dsig.missing"),
        (
            answer(Some("Value=\"AQID\"")).signed(),
            "policy.signature_confirmation",
        ),
        (
            answer(None).with_addressing("RelatesTo", ID).signed(),
            "policy.relates_to",
        ),
    ] {
        assert_eq!(refused(soap(&body), &plain), code);
    }
    let start = good.find("<s:Header>").unwrap();
    let end = good.find("</s:Header>").unwrap() + "</s:Header>".len();
    let bare = [&good[..start], &good[end..]].concat();
    assert_eq!(refused(soap(&bare), &plain), "wss.header_missing");
    let unsigned = answer(Some(""))
        .signed()
        .replace("SignatureConfirmation ", "SignatureConfirmation  ");
    for (other, code) in [
        ("wsu:Id=\"another\" ", "dsig.reference_unresolved"),
        ("", "wss.signature_confirmation"),
    ] {
        let unsigned = unsigned.replace("wsu:Id=\"username\" ", other);
        assert_eq!(refused(soap(&unsigned), &plain), code);
    }
    let beside = good.replace(
        "</wsse:Security>",
        &format!(
            "<c:SignatureConfirmation xmlns:c=\"{}\" wsu:Id=\"beside\"/></wsse:Security>",
            Namespace::WSSE11.uri()
        ),
    );
    assert_eq!(refused(soap(&beside), &plain), "policy.signature_confirmation");
    assert_eq!(
        refused(http("202 Accepted", &[], ""), &plain),
        "outbound.not_signed"
    );
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let named = request().with_addressing("MessageID", ID);
    let other = answer(None).with_addressing("RelatesTo", "urn:uuid:another");
    for body in [answer(None), other] {
        assert_eq!(refused(soap(&body.signed()), &named), "policy.relates_to");
    }
}
