//! Answers of several parts: what a client gets of them, signed, and what it never gets.

use std::io::Write;
use std::process::{Command, Stdio};

use sealgate::crypto::encode_base64;
use sealgate::soap::Version;

use crate::attachments::{multipart, taking};
use crate::backend::{Backend, Behaviour, PLACED, http};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, logged};
use crate::message::{KEYS, Message};

const SWA: &str = "multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"";
const SCAN: (&str, &str) = (
    "Content-ID: <scan&7@x>\r\nContent-Type: image/png\r\nContent-Location: http://elsewhere.example/",
    "\u{1}\u{2}",
);
const NOTE: (&str, &str) = ("Content-Type: text/plain\r\nContent-ID: <note@x>", "one\ntwo");

fn envelope(body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{body}</e:Body></e:Envelope>"
    )
}

fn answering(field: &str, body: &str) -> Backend {
    Backend::start(Behaviour::Bytes(http("200 OK", &[("Content-Type", field)], body)))
}

/// The answer to a request that has no parts itself.
fn order(gateway: &Gateway) -> Answer {
    let request = post(Version::Soap11, "urn:place", &Message::default().signed());
    send(gateway.plain(), &request)
}

/// What a partner that trusts the gateway's certificate finds.
fn judged(answer: &Answer, body: &str) -> serde_json::Value {
    let pin = format!("{KEYS}/gateway.pem");
    let field = answer.header("content-type").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["verify", "--policy", "bsp11", "--format", "json", "--trust", &pin])
        .args(["--content-type", field, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

/// The code in the log of an answer that nobody got.
fn refused(backend: &Backend, further: &str) -> String {
    let answer = order(&taking(backend, "bsp11", further));
    assert_eq!(answer.status, 502, "{answer:?}");
    let entries = logged(answer.incident());
    let codes: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    codes[0].to_owned()
}

#[test]
fn a_client_gets_the_attachments_of_an_answer_under_the_seal() {
    let body = multipart("text/xml; charset=utf-8", &envelope(PLACED), &[SCAN, NOTE]);
    let backend = answering(SWA, &body);
    let gateway = taking(&backend, "bsp11", "");
    let answer = order(&gateway);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        backend.only().headers("accept"),
        ["text/xml, application/soap+xml, multipart/related"]
    );
    let field = answer.header("content-type").unwrap();
    assert!(
        field.starts_with("multipart/related; boundary=\"sealgate-"),
        "{field}"
    );
    for expected in [
        "\r\nContent-ID:<scan&7@x>\r\nContent-Type:image/png\r\nContent-Transfer-Encoding:binary\r\n\r\n\u{1}\u{2}\r\n--",
        "\r\n\r\none\r\ntwo\r\n--",
        "SignatureConfirmation",
        "URI=\"cid:scan&amp;7@x\"",
    ] {
        assert!(answer.body.contains(expected), "{expected}: {}", answer.body);
    }
    assert!(!answer.body.contains("elsewhere"), "{}", answer.body);
    let verdict = judged(&answer, &answer.body);
    assert_eq!(verdict["verdict"], "passed", "{verdict}");
    let covered = verdict["covered"].as_array().unwrap();
    assert!(
        covered.contains(&"cid:scan&7@x".into()) && covered.contains(&"cid:note@x".into()),
        "{verdict}"
    );
    let verdict = judged(&answer, &answer.body.replace("\u{1}\u{2}", "\u{1}\u{3}"));
    assert_eq!(verdict["code"], "dsig.digest_mismatch", "{verdict}");
}

#[test]
fn a_long_attachment_comes_back_by_way_of_a_file() {
    let long = "0123456789abcdef".repeat(65_536);
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", long.as_str());
    let body = multipart("text/xml", &envelope(PLACED), &[scan]);
    let backend = answering(SWA, &body);
    let answer = order(&taking(&backend, "bsp11", ""));
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(&long));
    assert_eq!(judged(&answer, &answer.body)["verdict"], "passed");
}

#[test]
fn what_an_include_in_an_answer_stands_for_is_signed_in_its_place() {
    let include =
        "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:scan@x\"></x:Include>";
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "a scan");
    let placed = format!("<Placed xmlns=\"urn:example:orders\"><Scan>{include}</Scan></Placed>");
    let body = multipart(
        "application/xop+xml; charset=utf-8; type=\"text/xml\"",
        &envelope(&placed),
        &[scan],
    );
    let field = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=b-1";
    let answer = order(&taking(&answering(field, &body), "strict", ""));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=utf-8"));
    let inlined = format!("<Scan>{}</Scan>", encode_base64(b"a scan"));
    assert!(answer.body.contains(&inlined), "{}", answer.body);
    assert_eq!(judged(&answer, &answer.body)["verdict"], "passed");
}

#[test]
fn nothing_of_parts_that_cannot_be_taken_is_passed_on() {
    let whole = multipart("text/xml", &envelope(PLACED), &[SCAN, NOTE]);
    let broken = answering(SWA, whole.strip_suffix("--b-1--\r\n").unwrap());
    assert_eq!(refused(&broken, ""), "relay.parts");
    let twice = answering(SWA, &multipart("text/xml", &envelope(PLACED), &[NOTE, NOTE]));
    assert_eq!(refused(&twice, ""), "relay.parts");
    let good = answering(SWA, &whole);
    assert_eq!(refused(&good, "attachments = 1\n"), "relay.parts");
    assert_eq!(refused(&good, "attachment_bytes = 7\n"), "relay.parts");
    let soap12 = SWA.replace("text/xml", "application/soap+xml");
    let root = multipart("application/soap+xml", &envelope(PLACED), &[NOTE]);
    assert_eq!(refused(&answering(&soap12, &root), ""), "relay.media_type");
    let qname =
        "<a xmlns:t=\"urn:t\" xmlns:x=\"http://www.w3.org/2001/XMLSchema-instance\" x:type=\"t:T\"></a>";
    let qname = ("Content-ID: <a@x>\r\nContent-Type: text/xml", qname);
    let qname = multipart("text/xml", &envelope(PLACED), &[qname]);
    assert_eq!(refused(&answering(SWA, &qname), ""), "outbound.attachment");
}

#[test]
fn a_route_that_takes_no_attachments_takes_none_from_its_backend() {
    let body = multipart("text/xml", &envelope(PLACED), &[NOTE]);
    let backend = answering(SWA, &body);
    let answer = order(&Gateway::before(backend.address));
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(
        logged(answer.incident()).last().unwrap()["code"],
        "relay.media_type"
    );
    assert_eq!(
        backend.only().headers("accept"),
        ["text/xml, application/soap+xml"]
    );
}
