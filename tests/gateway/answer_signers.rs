//! Answers of a route that are signed with a key of its own, by another algorithm, or in fewer parts: libxmlsec1 says what they are.

use std::fs;
use std::path::Path;
use std::process::Command;

use openssl::x509::extension::KeyUsage;
use sealgate::crypto::Certificate;
use sealgate::soap::{AddressingVersion, Version};

use crate::backend::{Backend, Behaviour, PLACED, http, orders};
use crate::client::{post, request, send};
use crate::encrypted_answers::certified_anew;
use crate::gateway::{Gateway, configuration};
use crate::message::{KEYS, Message};
use crate::process::program;
use crate::reload::{metric, replace};
use crate::site::wait_until;

/// The configuration before `backend` with `answer` in its route.
fn answering(backend: &Backend, answer: &str) -> String {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    text.replace(
        "[route.limits]",
        &format!("[route.answer]\n{answer}\n\n[route.limits]"),
    )
}

/// The algorithm of an answer's signature and the parts that it covers, as libxmlsec1 finds them with the certificate of `pem`; `None` if it does not hold.
fn found(answer: &str, pem: &Path) -> Option<(String, Vec<String>)> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, answer).unwrap();
    let output = Command::new(package.join("build/venv/bin/python"))
        .arg(package.join("tests/interop/verify_answer.py"))
        .args([pem, file.path()])
        .output()
        .expect("python-xmlsec is installed: make setup");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines = said.lines().map(str::to_owned);
    let algorithm = output.status.success().then(|| lines.next().unwrap());
    algorithm.map(|algorithm| (algorithm, lines.collect()))
}

fn order(gateway: &Gateway) -> String {
    let message = Message::default().with_addressing("MessageID", "urn:uuid:4711");
    let answer = send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &message.signed()),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn fixture(name: &str) -> std::path::PathBuf {
    format!("{KEYS}/{name}.pem").into()
}

#[test]
fn a_route_signs_with_its_own_key_by_the_algorithm_it_names_from_the_next_answer_on() {
    let backend = orders();
    let gateway = Gateway::configured(&answering(&backend, ""));
    let first = order(&gateway);
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let pss = "http://www.w3.org/2007/05/xmldsig-more#";
    assert_eq!(
        found(&first, &fixture("gateway")).unwrap().0,
        format!("{more}rsa-sha256")
    );
    let own = |name: &str| format!("certificate = \"{name}.pem\"\nkey = \"{name}.key.pem\"");
    let with = |name: &str, algorithm: &str| format!("{}\nalgorithm = \"{algorithm}\"", own(name));
    for (name, answer, algorithm) in [
        ("erin", own("erin"), format!("{more}rsa-sha256")),
        ("erin", with("erin", "rsa-sha256"), format!("{more}rsa-sha256")),
        ("erin", with("erin", "rsa-sha384"), format!("{more}rsa-sha384")),
        ("erin", with("erin", "rsa-sha512"), format!("{more}rsa-sha512")),
        (
            "erin",
            with("erin", "rsa-pss-sha256"),
            format!("{pss}sha256-rsa-MGF1"),
        ),
        (
            "erin",
            with("erin", "rsa-pss-sha384"),
            format!("{pss}sha384-rsa-MGF1"),
        ),
        (
            "erin",
            with("erin", "rsa-pss-sha512"),
            format!("{pss}sha512-rsa-MGF1"),
        ),
        ("carol", own("carol"), format!("{more}ecdsa-sha384")),
        ("bob", with("bob", "ecdsa-sha256"), format!("{more}ecdsa-sha256")),
        (
            "carol",
            with("carol", "ecdsa-sha384"),
            format!("{more}ecdsa-sha384"),
        ),
        (
            "dave",
            with("dave", "ecdsa-sha512"),
            format!("{more}ecdsa-sha512"),
        ),
        (
            "gateway",
            "key = \"gateway.p12\"\nkey_password_file = \"password\"\nalgorithm = \"rsa-sha512\"".to_owned(),
            format!("{more}rsa-sha512"),
        ),
        (
            "gateway",
            "algorithm = \"rsa-pss-sha384\"\nkey_reference = \"thumbprint\"".to_owned(),
            format!("{pss}sha384-rsa-MGF1"),
        ),
    ] {
        let (status, said) = replace(&gateway, &answering(&backend, &answer));
        assert_eq!(status, 200, "{said}");
        let body = order(&gateway);
        let (by, _) = found(&body, &fixture(name)).unwrap_or_else(|| panic!("{answer}: {body}"));
        assert_eq!(by, algorithm, "{answer}");
        // Nobody else has signed it, and nothing in it can be changed.
        assert_eq!(found(&body, &fixture("alice")), None);
        assert_eq!(found(&body.replace(">7<", ">8<"), &fixture(name)), None);
    }
}

#[test]
fn a_partner_that_trusts_the_gateway_alone_does_not_take_an_answer_of_the_route() {
    let backend = orders();
    let erin = "certificate = \"erin.pem\"\nkey = \"erin.key.pem\"";
    let body = order(&Gateway::configured(&answering(&backend, erin)));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, &body).unwrap();
    for (pin, status) in [("erin", 0), ("gateway", 1)] {
        let mut verify = Command::new(program());
        verify
            .args(["verify", "--trust"])
            .arg(fixture(pin))
            .arg(file.path());
        let output = verify.output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{pin}: {output:?}");
    }
}

#[test]
fn an_answer_is_signed_in_the_parts_that_the_route_names_and_always_bound_to_its_request() {
    let headers = "<a:Action xmlns:a=\"NS\">urn:placed</a:Action><Note xmlns=\"urn:note\">n</Note>"
        .replace("NS", AddressingVersion::Wsa10.namespace().uri());
    let envelope = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header>{headers}</e:Header><e:Body>{PLACED}</e:Body></e:Envelope>"
    );
    let media = [("Content-Type", "text/xml; charset=utf-8")];
    let backend = Backend::start(Behaviour::Bytes(http("200 OK", &media, &envelope)));
    let gateway = Gateway::configured(&answering(&backend, ""));
    let always = ["Body", "RelatesTo", "SignatureConfirmation", "Timestamp"];
    for (signed, more) in [
        ("", vec!["Action", "Note"]),
        (
            "signed = [\"body\", \"timestamp\", \"headers\"]",
            vec!["Action", "Note"],
        ),
        (
            "signed = [\"timestamp\", \"addressing\", \"body\"]",
            vec!["Action"],
        ),
        ("signed = [\"body\", \"timestamp\"]", vec![]),
    ] {
        let (status, said) = replace(&gateway, &answering(&backend, signed));
        assert_eq!(status, 200, "{said}");
        let (_, mut parts) = found(&order(&gateway), &fixture("gateway")).unwrap();
        parts.sort();
        let mut expected = [&always[..], &more].concat();
        expected.sort_unstable();
        assert_eq!(parts, expected, "{signed}");
    }
}

#[test]
fn metrics_say_when_the_certificate_of_each_route_ends() {
    let backend = orders();
    let gateway = Gateway::configured(&answering(&backend, ""));
    let line = |route: &str, ends: &str| format!("sealgate_certificate_ends_timestamp_seconds{route} {ends}");
    let ends = |pem: &[u8]| {
        let certificate = Certificate::from_pem_bundle(pem).unwrap().remove(0);
        certificate.not_after().timestamp().to_string()
    };
    let orders = "{route=\"/orders\"}";
    let usual = ends(&fs::read(fixture("gateway")).unwrap());
    assert!(metric(&gateway, &line("", &usual)) && metric(&gateway, &line(orders, &usual)));
    let short = certified_anew("erin", KeyUsage::new().digital_signature());
    let short = short.to_pem().unwrap();
    fs::write(gateway.folder.path().join("short.pem"), &short).unwrap();
    let own = answering(&backend, "certificate = \"short.pem\"\nkey = \"erin.key.pem\"");
    assert_eq!(replace(&gateway, &own).0, 200);
    wait_until("the end of its own certificate is told", || {
        metric(&gateway, &line(orders, &ends(&short)))
    });
    assert!(metric(&gateway, &line("", &usual)));
    let elsewhere = own.replace("path = \"/orders\"", "path = \"/bills\"");
    assert_eq!(replace(&gateway, &elsewhere).0, 200);
    wait_until("a route that is no more has no certificate that ends", || {
        metric(&gateway, &line(orders, "inf")) || metric(&gateway, &line(orders, "+Inf"))
    });
    let metrics = send(gateway.admin(), &request("GET", "/metrics", &[], "")).body;
    assert!(
        metrics.contains(&line("{route=\"/bills\"}", &ends(&short))),
        "{metrics}"
    );
}
