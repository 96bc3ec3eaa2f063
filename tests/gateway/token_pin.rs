//! PINs that a token refuses, or that it does not look at.

use std::fs;

use serde_json::Value;

use crate::backend::orders;
use crate::client::{request, send};
use crate::fetch::revoking;
use crate::gateway::prepared;
use crate::hsm::{Token, configured};
use crate::process::Process;
use crate::site::{Site, wait_until};
use crate::wrapped_module::{logins, wrapped_uri};

fn is_ready(gateway: &Process) -> bool {
    send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200
}

fn reload(gateway: &Process, status: u16) {
    let answer = send(gateway.admin, &request("POST", "/reload", &[], ""));
    assert_eq!(answer.status, status, "{answer:?}");
}

fn metrics(gateway: &Process) -> String {
    send(gateway.admin, &request("GET", "/metrics", &[], "")).body
}

fn logged(gateway: &Process, what: &str) -> bool {
    let says = |line: &Value| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|said| said.contains(what))
    };
    gateway.lines().iter().any(says)
}

#[test]
fn a_pin_that_was_refused_is_tried_again_only_for_who_asks() {
    let (token, backend, site) = (Token::new(&["gateway"]), orders(), Site::start());
    let fetch = format!(
        "[[fetch]]\nfile = \"fetched.crl\"\nurl = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n[[route]]",
        site.url("/crl")
    );
    let text = configured(backend.address, &wrapped_uri(&token, "gateway"))
        .replace("[[route]]", &fetch)
        .replace(
            "[route.trust.saml]",
            "[route.trust]\ncrls = [\"fetched.crl\"]\n[route.trust.saml]",
        );
    let (folder, file) = prepared(&text);
    site.introduce(folder.path());
    site.say("/crl", &revoking(3, 1, &[]));
    let gateway = token.serve(&file).unwrap();
    assert!(is_ready(&gateway));
    fs::write(token.path("refused"), "").unwrap();
    token.moves("tokens", "elsewhere");
    wait_until("it is missed", || !is_ready(&gateway));
    let before = logins(&token);
    token.moves("elsewhere", "tokens");
    wait_until("the PIN is refused", || logins(&token) > before);
    // Something new is fetched, and the configuration read for it, which has the key more than once.
    site.say("/crl", &revoking(2, 1, &["bob"]));
    let kept = "sealgate_fetch_failures_total{file=\"fetched.crl\",code=\"fetch.refused\"}";
    wait_until("no configuration is read without the key", || {
        metrics(&gateway).contains(kept)
    });
    assert_eq!(logins(&token), before + 1);
    // So is whoever asks for it, but once.
    reload(&gateway, 409);
    assert_eq!(logins(&token), before + 2);
    fs::remove_file(token.path("refused")).unwrap();
    reload(&gateway, 200);
    assert!(is_ready(&gateway));
    assert_eq!(logins(&token), before + 3);
}

#[test]
fn a_pin_that_the_token_does_not_look_at_is_warned_of() {
    const UNSEEN: &str = "the PIN of a token is not checked";
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (_folder, gateway) = token.gateway(&configured(backend.address, &token.uri("gateway")));
    let gateway = gateway.unwrap();
    reload(&gateway, 200);
    assert!(!logged(&gateway, UNSEEN));
    fs::write(token.path("pin"), "0815\n").unwrap();
    reload(&gateway, 200);
    wait_until("a warning", || logged(&gateway, UNSEEN));
}
