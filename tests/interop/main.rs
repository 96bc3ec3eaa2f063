//! Other stacks, unmodified, against the real program: zeep, node-soap and gSOAP as clients that call a running gateway and
//! verify its answer with their own means, gSOAP as a backend, xmlsec1 as the judge of what `sealgate sign` writes; pysaml2, python3-saml, samlify and
//! node-saml as identity and service providers.
//!
//! `make setup` installs them; without them these tests fail and say so.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod backend;
mod clients;
mod encryption;
mod gateway;
mod gsoap;
mod saml;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use backend::Backend;
use clients::{Client, Outcome, key, package, texts};
use gateway::Gateway;

const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// What the backend answers, as a client's own reader gives it.
const ORDER_NUMBER: &str = "Größe <4711>";

/// Each client with what it can be told to send differently.
const VARIANTS: &[(Client, &[&str])] = &[
    (Client::Zeep, &["--soap", "1.1"]),
    (Client::Zeep, &["--soap", "1.2"]),
    (Client::Zeep, &["--soap", "1.1", "--key-info", "x509data"]),
    (Client::NodeSoap, &["--soap", "1.1"]),
    (Client::NodeSoap, &["--soap", "1.2"]),
    (Client::NodeSoap, &["--soap", "1.1", "--transforms", "exclusive"]),
    (Client::GSoap, &["--soap", "1.1"]),
    (Client::GSoap, &["--soap", "1.2"]),
];

const CLIENTS: [Client; 3] = [Client::Zeep, Client::NodeSoap, Client::GSoap];

#[test]
fn clients_are_served_and_accept_the_signed_answer() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    for (index, (client, more)) in VARIANTS.iter().enumerate() {
        let outcome = client.call(&gateway.url(), client.name(), "gateway", more);
        assert_eq!(
            outcome,
            Outcome::Answered(ORDER_NUMBER.to_owned()),
            "{client:?} {more:?}\n{}",
            gateway.log()
        );
        let seen = backend.seen();
        assert_eq!(seen.len(), index + 1, "{client:?} {more:?}");
        let request = &seen[index];
        assert!(
            request.body.contains("PlaceOrder") && request.body.contains("ACME &amp; Söhne"),
            "{}",
            request.body
        );
        assert!(
            !request.body.contains("Security"),
            "the backend knows nothing of it: {}",
            request.body
        );
        let sender = request.header("x-sender").unwrap_or_default();
        assert!(
            sender.contains(match client {
                Client::Zeep => "CN=Zeep Partner",
                Client::NodeSoap => "CN=Node Partner",
                Client::GSoap => "CN=gSOAP Partner",
            }),
            "{sender}"
        );
    }
}

#[test]
fn clients_with_a_key_that_nobody_trusts_get_a_fault_and_the_backend_nothing() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    for client in CLIENTS {
        let outcome = client.call(&gateway.url(), "stranger", "gateway", &[]);
        let Outcome::Fault(fault) = &outcome else {
            panic!("{client:?}: {outcome:?}")
        };
        assert!(fault.contains("FailedCheck"), "{client:?}: {fault}");
        assert!(
            !fault.contains("trust") && !fault.contains("anchor"),
            "the peer learns why: {fault}"
        );
    }
    assert!(backend.seen().is_empty());
    gateway.logs("\"code\":\"trust.untrusted\"", CLIENTS.len());
}

#[test]
fn a_message_that_took_ten_minutes_is_refused() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    for client in [Client::Zeep, Client::GSoap] {
        let outcome = client.call(&gateway.url(), client.name(), "gateway", &["--age", "600"]);
        assert!(matches!(outcome, Outcome::Fault(_)), "{outcome:?}");
    }
    gateway.logs("\"code\":\"wss.timestamp_expired\"", 2);
    assert!(backend.seen().is_empty());
}

/// Neither signs a UsernameToken so that it counts: zeep signs none, and the ID that node-soap gives one is no NCName.
#[test]
fn digests_of_passwords_count_over_tls_alone_where_no_signature_covers_them() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    let [tls, plain] = gateway.unsigned_users_urls();
    for (index, client) in [Client::Zeep, Client::NodeSoap].into_iter().enumerate() {
        let call = |url: &str, password: &str| {
            let user = ["--user", "alice", "--password", password];
            client.call(url, client.name(), "gateway", &user)
        };
        let outcome = call(&tls, "correct horse");
        let expected = Outcome::Answered(ORDER_NUMBER.to_owned());
        assert_eq!(outcome, expected, "{client:?}\n{}", gateway.log());
        assert_eq!(
            backend.seen()[index].header("x-user"),
            Some("alice"),
            "{client:?}"
        );
        for url in [&plain, &gateway.users_url()] {
            let outcome = call(url, "correct horse");
            assert!(
                matches!(outcome, Outcome::Fault(_)),
                "{client:?} {url} {outcome:?}"
            );
        }
        gateway.logs("\"code\":\"policy.username_token_not_signed\"", 2 * (index + 1));
        assert!(matches!(call(&tls, "wrong"), Outcome::Fault(_)), "{client:?}");
        gateway.logs("\"code\":\"trust.password\"", index + 1);
        assert_eq!(backend.seen().len(), index + 1, "{client:?}");
    }
    let user = ["--user", "alice", "--password", "correct horse", "--sign-user"];
    let outcome = Client::NodeSoap.call(&gateway.users_url(), "node-soap", "gateway", &user);
    assert!(matches!(outcome, Outcome::Fault(_)), "{outcome:?}");
    gateway.logs("\"code\":\"dsig.reference_form\"", 1);
}

#[test]
fn node_soap_as_it_names_what_it_signs_by_itself_is_refused() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    let outcome = Client::NodeSoap.call(&gateway.url(), "node-soap", "gateway", &["--plain-id"]);
    assert!(matches!(outcome, Outcome::Fault(_)), "{outcome:?}");
    gateway.logs("\"code\":\"wss.timestamp_invalid\"", 1);
    assert!(backend.seen().is_empty());
}

/// The clients' own judgement is worth something: with another certificate in hand they refuse the answer.
#[test]
fn clients_refuse_an_answer_that_another_key_signed() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    for client in CLIENTS {
        let outcome = client.call(&gateway.url(), client.name(), "stranger", &[]);
        assert_eq!(outcome, Outcome::Untrusted, "{client:?}");
    }
}

#[test]
fn what_clients_sent_before_passes_strict() {
    for folder in ["soap11", "soap12", "soap11-x509data", "soap11-exclusive"] {
        for client in CLIENTS {
            let folder = package()
                .join("fixtures/interop")
                .join(client.name())
                .join(folder);
            if !folder.exists() {
                continue;
            }
            let sent: serde_json::Value =
                serde_json::from_slice(&fs::read(folder.join("sent.json")).unwrap()).unwrap();
            let output = sealgate()
                .args([
                    "verify",
                    "--policy",
                    "strict",
                    "--format",
                    "json",
                    "--at",
                    sent["at"].as_str().unwrap(),
                ])
                .arg("--trust")
                .arg(key("ca.pem"))
                .arg(folder.join("request.xml"))
                .output()
                .unwrap();
            let (out, err) = texts(&output);
            assert!(
                output.status.success() && out.contains("\"passed\""),
                "{}: {out}{err}",
                folder.display()
            );
        }
    }
}

#[test]
fn xmlsec1_verifies_what_sign_writes() {
    let folder = tempfile::tempdir().unwrap();
    for soap in [SOAP11, SOAP12] {
        let message = folder.path().join("message.xml");
        fs::write(&message, order(soap)).unwrap();
        for signer in ["gateway", "gateway-ec"] {
            let signed = sign(&["sign"], &message, signer);
            let (file, certificate) = (folder.path().join("signed.xml"), key(&format!("{signer}.pem")));
            fs::write(&file, &signed).unwrap();
            let output = xmlsec1(&file, &certificate);
            assert!(
                output.status.success(),
                "{signer}: {:?}\n{signed}",
                texts(&output)
            );
            assert!(
                texts(&output).1.contains("(ok/all): 2/2"),
                "Body and Timestamp: {:?}",
                texts(&output)
            );

            fs::write(&file, signed.replace("B&lt;2&gt;", "B&lt;3&gt;")).unwrap();
            assert!(
                !xmlsec1(&file, &certificate).status.success(),
                "{signer}: a changed Body must not verify"
            );
        }
    }
}

#[test]
fn xmlsec1_verifies_what_dsig_sign_writes() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("document.xml");
    fs::write(
        &document,
        "<?xml version=\"1.0\"?>\n<order xmlns='urn:o' b=\"2\" a='1'>\n<sku>&#65;-1</sku><empty/></order>\n",
    )
    .unwrap();
    for signer in ["gateway", "gateway-ec"] {
        let signed = sign(&["dsig", "sign"], &document, signer);
        let (file, certificate) = (folder.path().join("signed.xml"), key(&format!("{signer}.pem")));
        fs::write(&file, &signed).unwrap();
        let output = xmlsec1(&file, &certificate);
        assert!(
            output.status.success(),
            "{signer}: {:?}\n{signed}",
            texts(&output)
        );

        fs::write(&file, signed.replace("-1", "-2")).unwrap();
        assert!(
            !xmlsec1(&file, &certificate).status.success(),
            "{signer}: a changed document must not verify"
        );
    }
}

fn sealgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
}

fn sign(command: &[&str], file: &Path, signer: &str) -> String {
    let output = sealgate()
        .args(command)
        .arg("--key")
        .arg(key(&format!("{signer}.key")))
        .arg("--cert")
        .arg(key(&format!("{signer}.pem")))
        .arg(file)
        .output()
        .unwrap();
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{command:?} with {signer}: {err}");
    out
}

fn xmlsec1(file: &Path, certificate: &Path) -> Output {
    let mut command = Command::new("xmlsec1");
    command.arg("--verify").arg("--pubkey-cert-pem").arg(certificate);
    for signed in [
        format!("{SOAP11}:Body"),
        format!("{SOAP12}:Body"),
        format!("{WSU}:Timestamp"),
    ] {
        command.args(["--id-attr:Id", &signed]);
    }
    let output = command.arg(file).output();
    output.unwrap_or_else(|error| panic!("xmlsec1 does not run ({error}): `make setup` installs it"))
}

fn order(soap: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s='{soap}' xmlns:unused=\"urn:u\">\n  <s:Header/>\n  \
         <s:Body>\n    <PlaceOrder xmlns=\"urn:example:orders\"><customer>ACME &amp; S\u{f6}hne</customer>\
         <line><sku>B&lt;2&gt;</sku><quantity>40</quantity></line></PlaceOrder>\n  </s:Body>\n</s:Envelope>\n"
    )
}
