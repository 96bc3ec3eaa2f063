//! Messages of several parts: what the backend gets of them, and what never reaches it.

use std::io::Write;
use std::process::{Command, Stdio};

use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{Digester, digest, encode_base64};
use sealgate::policy::Profile;

use crate::backend::{Backend, Behaviour, Request, orders, placed};
use crate::client::{Answer, request, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{KEYS, Message};

const XOP: &str = "http://www.w3.org/2004/08/xop/include";

/// A gateway before `backend` that takes attachments.
pub(crate) fn taking(backend: &Backend, policy: &str, further: &str) -> Gateway {
    configured(backend, policy, further, |text| text)
}

/// The same with a changed configuration.
pub(crate) fn configured(
    backend: &Backend,
    policy: &str,
    further: &str,
    change: impl FnOnce(String) -> String,
) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let route = format!("path = \"/orders\"\nattachments = \"signed\"\npolicy = \"{policy}\"\n");
    let text = text.replace("path = \"/orders\"\n", &route);
    let text = text.replace("bytes = 1000000\n", &format!("bytes = 1000000\n{further}"));
    Gateway::configured(&change(text))
}

/// The message, whose signature covers these octets of attachments too.
pub(crate) fn signed(message: &Message, attachments: &[(&str, &str, &str)]) -> String {
    let values: Vec<_> = attachments
        .iter()
        .map(|(id, transform, octets)| {
            let value = digest(DigestAlgorithm::Sha256, octets.as_bytes()).unwrap();
            (*id, *transform, encode_base64(value.as_bytes()))
        })
        .collect();
    message.signed_with(&values)
}

pub(crate) fn multipart(root: &str, envelope: &str, parts: &[(&str, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(head, content)| format!("--b-1\r\n{head}\r\n\r\n{content}\r\n"))
        .collect();
    format!("--b-1\r\nContent-Type: {root}\r\nContent-ID: <root@x>\r\n\r\n{envelope}\r\n{parts}--b-1--\r\n")
}

pub(crate) fn post(gateway: &Gateway, content_type: &str, body: &str) -> Answer {
    let headers = [("Content-Type", content_type), ("SOAPAction", "\"urn:place\"")];
    send(gateway.plain(), &request("POST", "/orders", &headers, body))
}

pub(crate) fn post_soap11(gateway: &Gateway, envelope: &str, parts: &[(&str, &str)]) -> Answer {
    let field = "multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"";
    post(
        gateway,
        field,
        &multipart("text/xml; charset=utf-8", envelope, parts),
    )
}

/// The parts that the backend got: heads and contents.
pub(crate) fn parts(got: &Request) -> Vec<(String, String)> {
    let field = got.headers("content-type")[0];
    let (_, boundary) = field.split_once("boundary=\"").unwrap();
    let (boundary, _) = boundary.split_once('"').unwrap();
    let body = got.body.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
    let body = body.strip_suffix(&format!("\r\n--{boundary}--\r\n")).unwrap();
    let delimiter = format!("\r\n--{boundary}\r\n");
    let parts = body.split(&delimiter).map(|part| {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), content.to_owned())
    });
    parts.collect()
}

const NOTE: (&str, &str) = (
    "content-id: <note@x>\r\nContent-Type: Text/Plain; charset=UTF-8\r\nContent-Location: http://elsewhere.example/\r\nX-Unsigned: 1",
    "one\ntwo",
);
const NOTE_OCTETS: &str = "Content-ID:<note@x>\r\nContent-Location:http://elsewhere.example/\r\nContent-Type:text/plain;charset=\"utf-8\"\r\n\r\none\r\ntwo";

#[test]
fn the_backend_gets_the_octets_that_were_signed_and_no_header_that_was_not() {
    let backend = orders();
    let gateway = taking(&backend, "bsp11", "");
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "\u{1}\u{2}");
    let signed = signed(
        &Message::default(),
        &[
            ("scan%40x", "Content", scan.1),
            ("note@x", "Complete", NOTE_OCTETS),
        ],
    );
    let answer = post_soap11(&gateway, &signed, &[scan, NOTE]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("SignatureConfirmation"), "{answer:?}");
    let got = backend.only();
    let field = got.headers("content-type")[0].to_owned();
    assert!(
        field.starts_with("multipart/related; boundary=\"sealgate-"),
        "{field}"
    );
    assert!(field.contains("; type=\"text/xml\"; start=\"<"), "{field}");
    assert_eq!(got.headers("soapaction"), ["\"urn:place\""]);
    let parts = parts(&got);
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert!(
        parts[0].0.contains("Content-Type: text/xml; charset=utf-8\r\n"),
        "{parts:?}"
    );
    assert!(parts[0].1.contains("PlaceOrder"), "{parts:?}");
    assert!(!parts[0].1.contains("Security"), "{parts:?}");
    let nobody_signed =
        "Content-ID:<scan@x>\r\nContent-Type:application/octet-stream\r\nContent-Transfer-Encoding:binary";
    assert_eq!(parts[1], (nobody_signed.to_owned(), scan.1.to_owned()));
    let signed = "Content-ID:<note@x>\r\nContent-Type:text/plain;charset=\"utf-8\"\r\nContent-Transfer-Encoding:binary";
    assert_eq!(parts[2], (signed.to_owned(), "one\r\ntwo".to_owned()));
}

#[test]
fn soap_1_2_names_its_action_in_both_media_types() {
    let backend = Backend::start(Behaviour::Bytes(placed(true)));
    let gateway = taking(&backend, "bsp11", "");
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "12");
    let signed = signed(&Message::soap12(), &[("scan@x", "Content", scan.1)]);
    let field = "multipart/related; type=\"application/soap+xml\"; boundary=\"b-1\"; action=\"urn:place\"";
    let body = multipart("application/soap+xml; action=\"urn:place\"", &signed, &[scan]);
    let headers = [("Content-Type", field)];
    let answer = send(gateway.plain(), &request("POST", "/orders", &headers, &body));
    assert_eq!(answer.status, 200, "{answer:?}");
    let got = backend.only();
    assert!(
        got.headers("content-type")[0].ends_with("; action=\"urn:place\""),
        "{got:?}"
    );
    assert!(parts(&got)[0].0.contains("; action=\"urn:place\"\r\n"), "{got:?}");
}

#[test]
fn what_an_include_stands_for_reaches_the_backend_in_its_place() {
    let backend = orders();
    let gateway = taking(&backend, "strict", "");
    let inlined = encode_base64(b"a scan");
    let message = Message {
        body: format!(
            "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Scan>{inlined}</o:Scan></o:PlaceOrder>"
        ),
        ..Message::default()
    };
    let include = format!("<x:Include xmlns:x=\"{XOP}\" href=\"cid:scan@x\"></x:Include>");
    let sent = message.signed().replace(&inlined, &include);
    let field = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=b-1";
    let body = |content| {
        let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", content);
        multipart(
            "application/xop+xml; charset=utf-8; type=\"text/xml\"",
            &sent,
            &[scan],
        )
    };
    let answer = post(&gateway, field, &body("a scam"));
    assert_eq!(logged_code(answer.incident()), "dsig.digest_mismatch");
    assert_eq!(backend.bytes(), 0);
    let answer = post(&gateway, field, &body("a scan"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let got = backend.only();
    assert_eq!(got.headers("content-type"), ["text/xml; charset=utf-8"]);
    assert!(
        got.body.contains(&format!("<o:Scan>{inlined}</o:Scan>")),
        "{got:?}"
    );
    // The same content is the same message, however it was sent.
    let answer = post(&gateway, field, &body("a scan"));
    assert_eq!(logged_code(answer.incident()), "replay.message");
}

#[test]
fn a_long_attachment_passes_by_way_of_a_file() {
    let backend = orders();
    let gateway = taking(&backend, "bsp11", "");
    let long = "0123456789abcdef".repeat(65_536);
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", long.as_str());
    let signed = signed(&Message::default(), &[("scan@x", "Content", &long)]);
    let answer = post_soap11(&gateway, &signed, &[scan]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(parts(&backend.only())[1].1 == long);
}

#[test]
fn nothing_of_what_is_refused_reaches_the_backend() {
    let backend = orders();
    let gateway = taking(&backend, "bsp11", "attachments = 2\nattachment_bytes = 1000\n");
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "12");
    let other = ("Content-ID: <other@x>\r\nContent-Type: image/png", "12");
    let changed = (scan.0, "13");
    let long = "x".repeat(1001);
    let code = |parts: &[(&str, &str)], signs: &[(&str, &str, &str)]| {
        let answer = post_soap11(&gateway, &signed(&Message::default(), signs), parts);
        assert!(answer.status >= 400, "{answer:?}");
        logged_code(answer.incident())
    };
    let good = ("scan@x", "Content", "12");
    assert_eq!(code(&[changed], &[good]), "dsig.digest_mismatch");
    assert_eq!(code(&[scan], &[]), "policy.attachment_not_signed");
    assert_eq!(code(&[scan, other], &[good]), "policy.attachment_not_signed");
    assert_eq!(code(&[], &[good]), "dsig.reference_form");
    assert_eq!(code(&[other], &[good]), "dsig.reference_unresolved");
    assert_eq!(code(&[scan, scan], &[good]), "soap.content_id");
    assert_eq!(code(&[(scan.0, &long)], &[good]), "limit.attachment_bytes");
    let third = ("Content-ID: <third@x>\r\nContent-Type: image/png", "");
    assert_eq!(code(&[scan, other, third], &[good]), "limit.attachments");
    let huge = "x".repeat(1_100_000);
    assert_eq!(code(&[(scan.0, &huge)], &[good]), "limit.bytes");
    let field = "multipart/related; type=\"text/xml\"; boundary=b-1";
    let whole = multipart("text/xml", &signed(&Message::default(), &[good]), &[scan]);
    let broken = post(&gateway, field, whole.strip_suffix("--b-1--\r\n").unwrap());
    assert_eq!(logged_code(broken.incident()), "soap.multipart");
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn a_route_that_was_not_told_takes_no_attachments() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "12");
    let signed = signed(&Message::default(), &[("scan@x", "Content", scan.1)]);
    let answer = post_soap11(&gateway, &signed, &[scan]);
    assert_eq!((answer.status, answer.body.as_str()), (415, ""));
    let metrics = request("GET", "/metrics", &[], "");
    let metrics = send(gateway.admin(), &metrics);
    assert!(
        metrics.body.contains("code=\"http.attachments\""),
        "{}",
        metrics.body
    );
    assert_eq!(backend.bytes(), 0);
}

/// What the command needs is what the gateway needs for one message, and can be told from the needs of this test.
#[test]
fn an_attachment_of_250_mb_is_verified_in_64_mib_of_memory() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 250;
    let folder = tempfile::tempdir().unwrap();
    let mut policy = Profile::Bsp11.policy();
    policy.limits.attachment_bytes = 300_000_000;
    let file = folder.path().join("long.toml");
    std::fs::write(&file, toml::to_string(&policy).unwrap()).unwrap();
    let piece = "0123456789abcdef".repeat(PIECE / 16);
    let mut digester = Digester::new(DigestAlgorithm::Sha256);
    (0..PIECES).for_each(|_| digester.update(piece.as_bytes()));
    let value = encode_base64(digester.finish().unwrap().as_bytes());
    let signed = Message::default().signed_with(&[("scan@x", "Content", value)]);
    let scan = ("Content-ID: <scan@x>\r\nContent-Type: image/png", "CONTENT");
    let body = multipart("text/xml", &signed, &[scan]);
    let (before, after) = body.split_once("CONTENT").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .args(["verify", "-", "--trust", &format!("{KEYS}/ca.pem"), "--policy"])
        .arg(file);
    command.args([
        "--content-type",
        "multipart/related; type=\"text/xml\"; boundary=b-1",
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(before.as_bytes()).unwrap();
    (0..PIECES).for_each(|_| input.write_all(piece.as_bytes()).unwrap());
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    input.write_all(after.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: usize = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(kib <= 64 * 1024, "{kib} KiB");
}
