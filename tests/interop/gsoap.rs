//! What only gSOAP does: UsernameTokens, a backend, and encryption as it understands it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use crate::backend::Backend;
use crate::clients::{Client, Outcome, gsoap, key, package, texts};
use crate::gateway::Gateway;
use crate::{ORDER_NUMBER, sealgate};

/// gSOAP's own service; it ends when this is dropped.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start() -> Self {
        let mut process = gsoap("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        let address = format!("127.0.0.1:{}", port.trim()).parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn its_service_answers_through_the_gateway_in_both_versions() {
    let service = Service::start();
    let gateway = Gateway::before(service.address);
    for (client, soap) in [
        (Client::GSoap, "1.1"),
        (Client::GSoap, "1.2"),
        (Client::Zeep, "1.1"),
        (Client::NodeSoap, "1.2"),
    ] {
        let outcome = client.call(&gateway.url(), client.name(), "gateway", &["--soap", soap]);
        let expected = Outcome::Answered(ORDER_NUMBER.to_owned());
        assert_eq!(outcome, expected, "{client:?} {soap}\n{}", gateway.log());
    }
}

#[test]
fn its_digest_of_a_password_tells_the_backend_who_the_user_is() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    let call = |password| {
        let user = ["--user", "alice", "--password", password];
        Client::GSoap.call(&gateway.users_url(), "gsoap", "gateway", &user)
    };
    let outcome = call("correct horse");
    let expected = Outcome::Answered(ORDER_NUMBER.to_owned());
    assert_eq!(outcome, expected, "{}", gateway.log());
    assert_eq!(backend.seen()[0].header("x-user"), Some("alice"));

    assert!(matches!(call("wrong"), Outcome::Fault(_)));
    gateway.logs("\"code\":\"trust.password\"", 1);
    assert_eq!(backend.seen().len(), 1);
}

/// It signs without a nonce and with a time to the second, so that two equal orders are one message.
#[test]
fn the_same_order_within_a_second_is_a_replay() {
    let backend = Backend::start();
    let gateway = Gateway::start(&backend);
    let outcomes: Vec<Outcome> = (0..3)
        .map(|_| Client::GSoap.call(&gateway.url(), "gsoap", "gateway", &[]))
        .collect();
    let answered = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Answered(_)));
    assert_eq!(answered.count(), backend.seen().len(), "{outcomes:?}");
    gateway.logs("\"code\":\"replay.message\"", 3 - backend.seen().len());
}

/// What it encrypts is never let through: it transports keys with PKCS#1 v1.5 only, under the name of OAEP too, and signs the
/// plaintext.
#[test]
fn what_it_encrypts_is_refused_and_decrypts_as_an_archive() {
    for (folder, policy, code) in [
        ("gcm", "strict", "xmlenc.algorithm_not_permitted"),
        ("gcm", "bsp11", "xmlenc.algorithm_not_permitted"),
        ("gcm", "legacy-2004", "xmlenc.unsigned_ciphertext"),
        ("gcm-oaep", "bsp11", "xmlenc.decryption_failed"),
        ("cbc-oaep", "bsp11", "xmlenc.unsigned_ciphertext"),
    ] {
        let message = package()
            .join("fixtures/interop/gsoap")
            .join(folder)
            .join("request.xml");
        let mut command = sealgate();
        command.args(["verify", "--policy", policy, "--at", "message", "--trust"]);
        command.arg(key("ca.pem")).arg("--key").arg(key("gateway.key"));
        let output = command
            .arg("--cert")
            .arg(key("gateway.pem"))
            .arg(message)
            .output()
            .unwrap();
        let (out, err) = texts(&output);
        assert!(out.contains(code), "{folder} {policy}: {out}{err}");
        assert_eq!(output.status.code(), Some(1), "{folder} {policy}");
    }
    let mut command = sealgate();
    command.args(["decrypt", "--policy", "archive-verify", "--key"]);
    command
        .arg(key("gateway.key"))
        .arg("--cert")
        .arg(key("gateway.pem"));
    let output = command
        .arg(package().join("fixtures/interop/gsoap/gcm/request.xml"))
        .output()
        .unwrap();
    let (out, err) = texts(&output);
    assert!(out.contains("<o:sku>B&lt;2&gt;</o:sku>"), "{out}{err}");
}
