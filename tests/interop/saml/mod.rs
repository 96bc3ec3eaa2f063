//! Identity and service providers of other stacks: what they sign passes `sealgate saml verify` and nothing else of it does; what
//! `sealgate saml sign` signs passes them, and nothing else of it does.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use chrono::{SecondsFormat, TimeDelta, Utc};
use sealgate::token::saml::{MessageParameter, decode, form};
use serde_json::{Value, json};

use super::clients::{installed, node, package, texts};
use super::sealgate;

/// A stack.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Peer {
    /// PyPI's pysaml2: both roles.
    Pysaml2,
    /// PyPI's python3-saml: a service provider.
    Python3Saml,
    /// npm's samlify: both roles.
    Samlify,
    /// npm's @node-saml/node-saml: a service provider.
    NodeSaml,
}

const RESPONSES: [&str; 3] = ["response-assertion", "response-document", "response-both"];
const AUTHN: [&str; 2] = ["authn-request-post", "authn-request-redirect"];
const LOGOUT: [&str; 2] = ["logout-request-post", "logout-request-redirect"];
const LOGGED_OUT: [&str; 2] = ["logout-response-post", "logout-response-redirect"];

impl Peer {
    const ALL: [Self; 4] = [Self::Pysaml2, Self::Python3Saml, Self::Samlify, Self::NodeSaml];

    /// What it can make.
    fn makes(self) -> Vec<&'static str> {
        match self {
            Self::Pysaml2 => [
                &RESPONSES[..],
                &AUTHN,
                &LOGOUT,
                &LOGGED_OUT,
                &["artifact-response-soap", "metadata"],
            ]
            .concat(),
            Self::Python3Saml => vec!["authn-request-redirect", "logout-request-redirect", "metadata"],
            Self::Samlify => [&RESPONSES[..], &AUTHN, &LOGOUT, &LOGGED_OUT].concat(),
            Self::NodeSaml => [
                &AUTHN[..],
                &["logout-request-redirect", "logout-response-redirect", "metadata"],
            ]
            .concat(),
        }
    }

    /// What it can judge.
    fn judges(self) -> Vec<&'static str> {
        match self {
            // It does not look at the signature of an answer in a query string.
            Self::Pysaml2 => [
                &RESPONSES[..],
                &AUTHN,
                &LOGOUT,
                &["logout-response-post", "artifact-response-xml"],
            ]
            .concat(),
            Self::Samlify => [&RESPONSES[..], &AUTHN, &LOGOUT, &LOGGED_OUT].concat(),
            Self::Python3Saml => [
                &RESPONSES[..],
                &["logout-request-redirect", "logout-response-redirect"],
            ]
            .concat(),
            Self::NodeSaml => [&RESPONSES[..], &LOGOUT, &LOGGED_OUT].concat(),
        }
    }

    /// The role in which it logs out.
    fn role(self) -> Role {
        match self {
            Self::Pysaml2 | Self::Samlify => Role::IdentityProvider,
            Self::Python3Saml | Self::NodeSaml => Role::ServiceProvider,
        }
    }

    fn run(self, command: &str, kind: &str, input: &str) -> Output {
        let (mut program, script) = match self {
            Self::Pysaml2 => (python(), "pysaml2_peer.py"),
            Self::Python3Saml => (python(), "python3_saml_peer.py"),
            Self::Samlify => (node(), "samlify_peer.js"),
            Self::NodeSaml => (node(), "node_saml_peer.js"),
        };
        program.arg(package().join("tests/interop/saml").join(script));
        let output = fed(program.args([command, kind]), input);
        let broken = !matches!(output.status.code(), Some(0 | 1));
        assert!(!broken, "{self:?} {command} {kind}: {:?}", texts(&output));
        output
    }

    /// Its message, as a browser would carry it.
    fn make(self, kind: &str) -> String {
        let output = self.run("make", kind, "");
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{self:?} {kind}: {err}");
        out
    }

    /// Whom or what it read, if it accepts `message`.
    fn judge(self, kind: &str, message: &str) -> Result<String, String> {
        let output = self.run("judge", kind, message);
        let (out, err) = texts(&output);
        match output.status.success() {
            true => Ok(out),
            false => Err(err),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    IdentityProvider,
    ServiceProvider,
}

fn python() -> Command {
    let mut python = Command::new(installed("build/venv/bin/python"));
    python.env("PYTHONUTF8", "1").env("PYTHONWARNINGS", "ignore");
    python
}

fn fed(command: &mut Command, input: &str) -> Output {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Who makes something reads nothing, and may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn keys(name: &str) -> PathBuf {
    package().join("fixtures/keys").join(name)
}

/// What is known to whom a message of this kind is for: an option, its value, and what `saml verify` says of another value.
fn known(kind: &str, role: Role) -> Vec<(&'static str, String, &'static str, &'static str)> {
    let metadata = |name: &str| keys(name).to_string_lossy().into_owned();
    let idp = ("--metadata", metadata("idp-metadata.xml"), "", "");
    let sp = ("--metadata", metadata("sp-metadata.xml"), "", "");
    let at = |url: &str| {
        (
            "--recipient",
            url.to_owned(),
            "https://else.example",
            "saml.destination",
        )
    };
    let asked = |option: &'static str, id: &str| (option, id.to_owned(), "_other", "saml.in_response_to");
    let audience = (
        "--audience",
        "https://sp.example/saml".to_owned(),
        "https://sp.example/saml/",
        "saml.audience",
    );
    let acs = at("https://sp.example/acs");
    let request = asked("--request-id", "_request-1");
    match (kind, role) {
        ("metadata", _) => vec![("--trust", metadata("alice.pem"), "", "")],
        ("response-assertion" | "response-document" | "response-both", _) => {
            vec![idp, audience, acs, request]
        }
        ("artifact-response-soap", _) => {
            vec![idp, audience, acs, request, asked("--resolve-id", "_resolve-1")]
        }
        ("logout-response-post" | "logout-response-redirect", Role::IdentityProvider) => {
            vec![idp, at("https://sp.example/slo"), request]
        }
        ("logout-response-post" | "logout-response-redirect", Role::ServiceProvider) => {
            vec![sp, at("https://idp.example/slo"), request]
        }
        ("authn-request-post" | "authn-request-redirect", _) => vec![sp, at("https://idp.example/sso")],
        (_, Role::IdentityProvider) => vec![idp, at("https://sp.example/slo")],
        (_, Role::ServiceProvider) => vec![sp, at("https://idp.example/slo")],
    }
}

/// The code that `saml verify` refuses `message` with, or `passed`.
fn verdict(message: &str, options: &[(&str, String)], at: &str) -> String {
    let mut command = sealgate();
    command.args([
        "saml", "verify", "--policy", "strict", "--format", "json", "--at", at,
    ]);
    for (option, value) in options {
        command.args([option, value.as_str()]);
    }
    said(command.arg("-"), message)
}

fn said(command: &mut Command, input: &str) -> String {
    let (out, err) = texts(&fed(command, input));
    let said: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    match said["code"].as_str() {
        Some(code) => code.to_owned(),
        None => said["verdict"].as_str().unwrap().to_owned(),
    }
}

/// `message` with one thing changed that is signed.
fn changed(kind: &str, message: &str) -> String {
    if kind.ends_with("redirect") {
        assert!(message.contains("RelayState=%2F"), "{message}");
        return message.replacen("RelayState=%2F", "RelayState=%2Fx", 1);
    }
    let is_xml = kind == "metadata" || kind.starts_with("artifact-response");
    let xml = match is_xml {
        true => message.to_owned(),
        false => String::from_utf8(decode(message.to_owned().into()).unwrap().xml.to_vec()).unwrap(),
    };
    let (from, to) = match kind {
        "metadata" | "authn-request-post" => ("https://sp.example/acs", "https://else.example/acs"),
        "logout-response-post" => (" Version=", " Consent=\"urn:c\" Version="),
        _ => (">ann@", ">eve@"),
    };
    assert!(xml.contains(from), "{kind}: {xml}");
    let xml = xml.replacen(from, to, 1);
    match is_xml {
        true => xml,
        false => form(xml.as_bytes(), parameter(kind), None),
    }
}

fn parameter(kind: &str) -> MessageParameter {
    match kind.contains("response") {
        true => MessageParameter::Response,
        false => MessageParameter::Request,
    }
}

fn what_a_peer_makes_passes_and_nothing_else_of_it(peer: Peer) {
    for kind in peer.makes() {
        let message = peer.make(kind);
        let known = known(kind, peer.role());
        let options = |other: Option<usize>| -> Vec<(&'static str, String)> {
            let value = |(index, (option, value, wrong, _)): (usize, &(&'static str, String, &str, &str))| {
                match other {
                    Some(other) if other == index => (*option, (*wrong).to_owned()),
                    _ => (*option, value.clone()),
                }
            };
            known.iter().enumerate().map(value).collect()
        };
        assert_eq!(
            verdict(&message, &options(None), "now"),
            "passed",
            "{peer:?} {kind}: {message}"
        );
        for (index, (option, _, wrong, code)) in known.iter().enumerate() {
            if !wrong.is_empty() {
                let said = verdict(&message, &options(Some(index)), "now");
                assert_eq!(said, *code, "{peer:?} {kind} {option}");
            }
        }
        let said = verdict(&changed(kind, &message), &options(None), "now");
        let expected = match kind.ends_with("redirect") {
            true => "dsig.signature_mismatch",
            false => "dsig.digest_mismatch",
        };
        assert_eq!(said, expected, "{peer:?} {kind}");
        let mut others = options(None);
        let (option, stranger, expected) = match (kind, peer) {
            // It does not say whose key it was.
            ("metadata", Peer::NodeSaml) => ("--trust", "mallory.pem", "dsig.signature_mismatch"),
            ("metadata", _) => ("--trust", "mallory.pem", "trust.untrusted"),
            _ => ("--metadata", "other-idp-metadata.xml", "trust.issuer_unknown"),
        };
        others[0] = (option, keys(stranger).to_string_lossy().into_owned());
        assert_eq!(verdict(&message, &others, "now"), expected, "{peer:?} {kind}");
        if kind != "metadata" {
            let later = (Utc::now() + TimeDelta::hours(2)).to_rfc3339_opts(SecondsFormat::Secs, true);
            let said = verdict(&message, &options(None), &later);
            assert!(
                ["saml.expired", "saml.life_too_long"].contains(&said.as_str()),
                "{peer:?} {kind}: {said}"
            );
        }
        if LOGGED_OUT.contains(&kind) {
            assert_eq!(traced(&message, peer.role(), 1), "passed", "{peer:?} {kind}");
            assert_eq!(
                traced(&message, peer.role(), 2),
                "replay.assertion",
                "{peer:?} {kind}"
            );
        }
    }
}

/// What `saml trace` says of a LogoutRequest of ours and its answer, which the browser sent so many times.
fn traced(answer: &str, role: Role, times: usize) -> String {
    let [asked, answered, metadata] = match role {
        Role::IdentityProvider => ["idp", "sp", "idp-metadata.xml"],
        Role::ServiceProvider => ["sp", "idp", "sp-metadata.xml"],
    };
    let slo = |whose: &str| format!("https://{whose}.example/slo");
    let request = written("logout-request-post")
        .replace("'_m-1'", "'_request-1'")
        .replace(
            "https://idp.example/saml",
            &format!("https://{answered}.example/saml"),
        )
        .replace("https://sp.example/slo", &slo(asked));
    let request = form(
        request.as_bytes(),
        MessageParameter::Request,
        Some("/orders?page=2&all=\u{e9}"),
    );
    let posted = |url: String, text: &str| json!({"url": url, "postData": {"mimeType": "application/x-www-form-urlencoded", "text": text}});
    let answer = match answer.starts_with("https:") {
        true => json!({"url": answer}),
        false => posted(slo(answered), answer),
    };
    let requests = [posted(slo(asked), &request)]
        .into_iter()
        .chain(std::iter::repeat_n(answer, times));
    let now = Utc::now().to_rfc3339();
    let entries: Vec<_> = requests
        .map(|request| json!({"startedDateTime": now, "request": request}))
        .collect();
    let mut command = sealgate();
    command.args(["saml", "trace", "--format", "json", "--metadata"]);
    command.arg(keys(metadata)).arg("-");
    said(&mut command, &json!({"log": {"entries": entries}}).to_string())
}

#[test]
fn what_pysaml2_makes_passes_and_nothing_else_of_it() {
    what_a_peer_makes_passes_and_nothing_else_of_it(Peer::Pysaml2);
}

#[test]
fn what_python3_saml_makes_passes_and_nothing_else_of_it() {
    what_a_peer_makes_passes_and_nothing_else_of_it(Peer::Python3Saml);
}

#[test]
fn what_samlify_makes_passes_and_nothing_else_of_it() {
    what_a_peer_makes_passes_and_nothing_else_of_it(Peer::Samlify);
}

#[test]
fn what_node_saml_makes_passes_and_nothing_else_of_it() {
    what_a_peer_makes_passes_and_nothing_else_of_it(Peer::NodeSaml);
}

/// A message as an identity or service provider writes it, not signed.
fn written(kind: &str) -> String {
    const HEAD: &str = "xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' xmlns='urn:oasis:names:tc:SAML:2.0:assertion' Version='2.0'";
    const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let now = Utc::now();
    let instant = |time: chrono::DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (now, later) = (instant(now), instant(now + TimeDelta::minutes(5)));
    let idp = "<Issuer>https://idp.example/saml</Issuer>";
    let name = format!("<NameID Format='{EMAIL}'>ann@example.com</NameID>");
    if kind.starts_with("authn") {
        return format!(
            "<p:AuthnRequest {HEAD} ID='_m-1' IssueInstant='{now}' Destination='https://idp.example/sso' \
             AssertionConsumerServiceURL='https://sp.example/acs' ProtocolBinding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'>\
             <Issuer>https://sp.example/saml</Issuer></p:AuthnRequest>"
        );
    }
    if kind.starts_with("artifact") {
        let response = written("response-document");
        return format!(
            "<p:ArtifactResponse {HEAD} ID='_r-1' IssueInstant='{now}' InResponseTo='_resolve-1'>{idp}\
             <p:Status><p:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status>{response}</p:ArtifactResponse>"
        );
    }
    if kind.starts_with("logout-response") {
        return format!(
            "<p:LogoutResponse {HEAD} ID='_m-1' IssueInstant='{now}' Destination='https://sp.example/slo' InResponseTo='_request-1'>\
             {idp}<p:Status><p:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status></p:LogoutResponse>"
        );
    }
    if kind.starts_with("logout") {
        return format!(
            "<p:LogoutRequest {HEAD} ID='_m-1' IssueInstant='{now}' Destination='https://sp.example/slo'>{idp}{name}\
             <p:SessionIndex>_s</p:SessionIndex></p:LogoutRequest>"
        );
    }
    format!(
        "<p:Response {HEAD} ID='_m-1' IssueInstant='{now}' Destination='https://sp.example/acs' InResponseTo='_request-1'>{idp}\
         <p:Status><p:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status>\n  \
         <Assertion Version='2.0' ID='_a-1' IssueInstant='{now}'>{idp}<Subject>{name}<SubjectConfirmation \
         Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'><SubjectConfirmationData NotOnOrAfter='{later}' \
         Recipient='https://sp.example/acs' InResponseTo='_request-1'/></SubjectConfirmation></Subject>\
         <Conditions NotBefore='{now}' NotOnOrAfter='{later}'><AudienceRestriction><Audience>https://sp.example/saml</Audience>\
         </AudienceRestriction></Conditions><AuthnStatement AuthnInstant='{now}' SessionIndex='_s'><AuthnContext>\
         <AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext>\
         </AuthnStatement></Assertion></p:Response>"
    )
}

/// That message, signed by us with the key of `signer` and as a browser would carry it.
fn signed(kind: &str, signer: &str) -> String {
    let (what, how) = kind.rsplit_once('-').unwrap();
    let mut command = sealgate();
    command.args(["saml", "sign"]);
    command.arg("--key").arg(keys(&format!("{signer}.key.pem")));
    command.arg("--cert").arg(keys(&format!("{signer}.pem")));
    match what {
        "response" => command.args(["--binding", "post", "--part", how]),
        "artifact-response" => &mut command,
        _ => command.args(["--binding", how]),
    };
    if how != "xml" {
        command.args(["--relay-state", "/orders?page=2"]);
    }
    let output = fed(command.arg("-"), &written(kind));
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{kind}: {err}");
    out
}

fn a_peer_accepts_what_we_sign_and_nothing_else_of_it(peer: Peer) {
    for kind in peer.judges() {
        let signer = match kind.starts_with("authn") {
            true => "alice",
            false => "idp",
        };
        let message = signed(kind, signer);
        let told = peer.judge(kind, &message);
        assert!(
            told.as_ref()
                .is_ok_and(|told| ["ann@example.com", "_m-1", "logged out"].contains(&told.as_str())),
            "{peer:?} {kind}: {told:?}"
        );
        let told = peer.judge(kind, &changed(kind, &message));
        assert!(told.is_err(), "{peer:?} {kind} changed: {told:?}");
        let told = peer.judge(kind, &signed(kind, "mallory"));
        assert!(told.is_err(), "{peer:?} {kind} by another: {told:?}");
    }
}

#[test]
fn service_and_identity_providers_accept_what_we_sign_and_nothing_else_of_it() {
    std::thread::scope(|scope| {
        for peer in Peer::ALL {
            scope.spawn(move || a_peer_accepts_what_we_sign_and_nothing_else_of_it(peer));
        }
    });
}
