//! Logins as browsers record them, good and broken: `sealgate saml trace` says where each breaks, with the values that do not fit, and
//! shows nothing that only the servers should know.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::crypto::{Certificate, PrivateKey};
use sealgate::inbound::Keyring;
use sealgate::login::{LoginContext, Recording, follow};
use sealgate::mint::saml::{SamlPart, SamlSigner};
use sealgate::policy::Profile;
use sealgate::token::saml::{MessageParameter, form, query_string};
use sealgate::trust::{Issuers, TrustSources};
use serde_json::{Value, json};

const HEAD: &str = "xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' xmlns='urn:oasis:names:tc:SAML:2.0:assertion' Version='2.0'";
const SSO: &str = "https://idp.example/sso";
const ACS: &str = "https://sp.example/acs";
/// What nobody may see who is shown a trace.
const SECRETS: [&str; 4] = ["s3cret-cookie", "s3cret-password", "s3cret-token", "s3cret-page"];

fn keys(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/keys")
        .join(name)
}

/// A login, of which a test changes one thing.
#[derive(Clone)]
struct Login {
    request: String,
    response: String,
    signer: &'static str,
    relay_state: [Option<&'static str>; 2],
    posted_to: &'static str,
    posted_at: &'static str,
    page: bool,
    posted: bool,
}

impl Login {
    fn good() -> Self {
        let request = format!(
            "<p:AuthnRequest {HEAD} ID='_request-1' IssueInstant='2026-11-24T00:00:00Z' Destination='{SSO}' \
             AssertionConsumerServiceURL='{ACS}'><Issuer>https://sp.example/saml</Issuer></p:AuthnRequest>"
        );
        let response = format!(
            "<p:Response {HEAD} ID='_m' IssueInstant='2026-11-24T00:00:20Z' Destination='{ACS}' InResponseTo='_request-1'>\
             <Issuer>https://idp.example/saml</Issuer><p:Status><p:StatusCode \
             Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status><Assertion Version='2.0' ID='_a' \
             IssueInstant='2026-11-24T00:00:20Z'><Issuer>https://idp.example/saml</Issuer><Subject><NameID>ann</NameID>\
             <SubjectConfirmation Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'><SubjectConfirmationData \
             NotOnOrAfter='2026-11-24T00:05:00Z' Recipient='{ACS}' InResponseTo='_request-1'/></SubjectConfirmation></Subject>\
             <Conditions NotBefore='2026-11-24T00:00:00Z' NotOnOrAfter='2026-11-24T00:05:00Z'><AudienceRestriction>\
             <Audience>https://sp.example/saml</Audience></AudienceRestriction></Conditions><AuthnStatement \
             AuthnInstant='2026-11-24T00:00:20Z'><AuthnContext><AuthnContextClassRef>urn:c</AuthnContextClassRef></AuthnContext>\
             </AuthnStatement></Assertion></p:Response>"
        );
        Self {
            request,
            response,
            signer: "idp",
            relay_state: [Some("/orders?page=2"), Some("/orders?page=2")],
            posted_to: ACS,
            posted_at: "2026-11-24T01:00:25.123+01:00",
            page: true,
            posted: true,
        }
    }

    fn with(change: impl Fn(&mut Self)) -> Self {
        let mut login = Self::good();
        change(&mut login);
        login
    }

    fn response(from: &str, to: &str) -> Self {
        let changed = Self::with(|login| login.response = login.response.replace(from, to));
        assert_ne!(changed.response, Self::good().response, "{from}");
        changed
    }

    /// Whether the Response has a RelayState, that came with it.
    fn form(&self) -> String {
        let signer = SamlSigner {
            key: PrivateKey::from_pem(
                &fs::read(keys(&format!("{}.key.pem", self.signer))).unwrap(),
                None,
            )
            .unwrap()
            .into(),
            method: SignatureAlgorithm::RsaSha256,
            certificates: Certificate::from_pem_bundle(
                &fs::read(keys(&format!("{}.pem", self.signer))).unwrap(),
            )
            .unwrap(),
        };
        let signed = signer
            .sign(self.response.clone().into(), SamlPart::Assertion)
            .unwrap();
        form(signed.as_bytes(), MessageParameter::Response, self.relay_state[1])
    }

    /// The query string of the request.
    fn query(&self) -> String {
        query_string(
            self.request.as_bytes(),
            MessageParameter::Request,
            self.relay_state[0],
            None,
        )
        .unwrap()
    }

    fn har(&self) -> Value {
        let cookie = json!([{"name": "Cookie", "value": SECRETS[0]}]);
        let page = match self.page {
            true => format!(
                "<form action='{ACS}'><input name=\"SAMLResponse\" value=\"{}\"></form>",
                SECRETS[3]
            ),
            false => SECRETS[3].to_owned(),
        };
        let entry = |at: &str, method: &str, url: &str, post: Option<&str>, page: &str| {
            let mut request = json!({"method": method, "url": url, "headers": cookie, "cookies": cookie});
            if let Some(post) = post {
                request["postData"] = json!({"mimeType": "application/x-www-form-urlencoded", "text": post});
            }
            json!({"startedDateTime": at, "time": 12.5, "request": request,
                   "response": {"status": 200, "headers": cookie, "content": {"size": 1, "text": page}}})
        };
        let password = format!("user=ann&password={}", SECRETS[1]);
        let mut entries = vec![
            entry(
                "2026-11-24T00:00:00.000Z",
                "GET",
                "https://sp.example/orders",
                None,
                "",
            ),
            entry(
                "2026-11-24T00:00:01.000Z",
                "GET",
                &format!("{SSO}?token={}&{}", SECRETS[2], self.query()),
                None,
                "",
            ),
            entry(
                "2026-11-24T00:00:20.000Z",
                "POST",
                "https://idp.example/login",
                Some(&password),
                &page,
            ),
        ];
        if self.posted {
            let form = format!("{}&csrf={}", self.form(), SECRETS[2]);
            entries.push(entry(self.posted_at, "POST", self.posted_to, Some(&form), ""));
        }
        json!({"log": {"version": "1.2", "creator": {"name": "b"}, "entries": entries}})
    }

    /// As SAML-tracer exports it.
    fn traced(&self) -> Value {
        let signed = self.form();
        let (_, beside) = sealgate::token::saml::parse_query(&signed).unwrap();
        let xml = sealgate::token::saml::decode(signed.into()).unwrap().xml;
        let post = json!([
            ["SAMLResponse", sealgate::crypto::encode_base64(&xml)],
            ["RelayState", beside.relay_state.unwrap()],
            ["csrf", SECRETS[2]]
        ]);
        json!({"timestamp": "2026-11-24T00:01:00.000Z", "requests": [
            {"id": 1, "method": "GET", "url": format!("{SSO}?{}", self.query()), "requestHeaders": [{"name": "Cookie", "value": SECRETS[0]}], "post": null},
            {"id": 2, "method": "POST", "url": ACS, "post": post, "protocol": "SAML-P", "saml": "<x/>"}
        ]})
    }
}

struct Told {
    code: Option<i32>,
    text: String,
    json: Value,
}

/// What `saml trace` says of the recording to people and to programs.
fn trace(recording: &str, more: &[&str]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.har");
    fs::write(&file, recording).unwrap();
    let run = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command
            .args(["saml", "trace", "--format", format])
            .args(more)
            .arg(&file);
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for secret in SECRETS {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
        (output.status.code(), said)
    };
    let (code, text) = run("text");
    let (same, line) = run("json");
    assert_eq!(code, same);
    let json = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
    Told { code, text, json }
}

fn known(login: &Login) -> Told {
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    trace(&login.har().to_string(), &["--metadata", &metadata])
}

#[test]
fn a_login_that_works_passes() {
    for recording in [Login::good().har(), Login::good().traced()] {
        let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
        let told = trace(&recording.to_string(), &["--metadata", &metadata]);
        assert_eq!(told.code, Some(0), "{}", told.text);
        assert_eq!(told.json["verdict"], "passed");
        let steps = told.json["steps"].as_array().unwrap();
        let names: Vec<&Value> = steps.iter().map(|step| &step["message"]).collect();
        assert_eq!(names, ["AuthnRequest", "Response"]);
        assert_eq!(steps[0]["sent_to"], SSO);
        assert_eq!(steps[1]["relay_state"], "/orders?page=2");
        assert_eq!([&steps[0]["judged"], &steps[1]["judged"]], [false, true]);
    }
}

#[test]
fn an_address_may_have_a_query_string_of_its_own() {
    let mut har = Login::with(|login| {
        login.request = login
            .request
            .replace("idp.example/sso'", "idp.example/sso?idpid=1'");
        login.request = login
            .request
            .replace("sp.example/acs'", "sp.example/acs?tenant=1'");
        login.response = login
            .response
            .replace("sp.example/acs'", "sp.example/acs?tenant=1'");
        login.posted_to = "https://sp.example/acs?tenant=1";
    })
    .har();
    let told = known_json(&har);
    assert_eq!(
        told["code"], "saml.destination",
        "the request was sent without it: {told}"
    );
    assert_eq!(told["breaks_at"], 2);
    let url = har["log"]["entries"][1]["request"]["url"].as_str().unwrap();
    let url = url.replace("sso?token=s3cret-token&", "sso?idpid=1&");
    har["log"]["entries"][1]["request"]["url"] = json!(url);
    assert_eq!(known_json(&har)["verdict"], "passed", "{}", known_json(&har));
}

#[test]
fn a_login_that_breaks_says_where_with_the_values_that_do_not_fit() {
    for (login, request, code, values) in [
        (
            Login::response(
                "<Audience>https://sp.example/saml<",
                "<Audience>https://other.example<",
            ),
            4,
            "saml.audience",
            vec!["https://other.example", "https://sp.example/saml"],
        ),
        (
            Login::with(|login| login.posted_at = "2026-11-24T00:06:00Z"),
            4,
            "saml.expired",
            vec!["2026-11-24T00:05:00Z", "2026-11-24T00:06:00Z", "60 s"],
        ),
        (
            Login::response(" InResponseTo='_request-1'", ""),
            4,
            "saml.in_response_to",
            vec!["it answers no request", "_request-1"],
        ),
        (
            Login::response("'_request-1'", "'_request-0'"),
            4,
            "saml.in_response_to",
            vec!["_request-0", "_request-1"],
        ),
        (
            Login::response(
                "Recipient='https://sp.example/acs'",
                "Recipient='https://sp.example/old'",
            ),
            4,
            "saml.recipient",
            vec!["https://sp.example/old", ACS],
        ),
        (
            Login::with(|login| login.posted_to = "https://sp.example/elsewhere;jsessionid=s3cret-token"),
            4,
            "saml.destination",
            vec![ACS, "https://sp.example/elsewhere\""],
        ),
        (
            Login::with(|login| {
                login.response = login.response.replace(&format!(" Destination='{ACS}'"), "");
                login.posted_to = "https://sp.example/elsewhere;jsessionid=s3cret-token?x=s3cret-token";
            }),
            4,
            "saml.recipient",
            vec![ACS, "https://sp.example/elsewhere\""],
        ),
        (
            Login::with(|login| login.posted_to = "https://ann:s3cret-password@sp.example/acs"),
            4,
            "saml.destination",
            vec![ACS, "a URL with a user"],
        ),
        (
            Login::with(|login| login.request = login.request.replace("sp.example/acs", "sp.example/asked")),
            4,
            "saml.recipient",
            vec!["https://sp.example/asked", ACS],
        ),
        (
            Login::with(|login| {
                login.request = login
                    .request
                    .replace("Destination='https://idp", "Destination='https://old")
            }),
            2,
            "saml.destination",
            vec!["https://old.example/sso", SSO],
        ),
        (
            Login::with(|login| login.relay_state[1] = Some("/")),
            4,
            "saml.relay_state",
            vec!["/orders?page=2", "\"/\""],
        ),
        (
            Login::with(|login| login.relay_state[1] = None),
            4,
            "saml.relay_state",
            vec!["the answer has none"],
        ),
        (
            Login::with(|login| login.signer = "other-idp"),
            4,
            "dsig.signature_mismatch",
            vec![
                "CN=other-idp.example",
                "CN=idp.example",
                "its metadata is to be fetched anew",
            ],
        ),
        (
            Login::with(|login| login.posted = false),
            2,
            "saml.not_answered",
            vec!["request 3 of the recording holds a Response", "never sent it"],
        ),
        (
            Login::with(|login| (login.posted, login.page) = (false, false)),
            2,
            "saml.not_answered",
            vec!["nothing answers it"],
        ),
        (
            Login::response("status:Success", "status:Responder"),
            4,
            "saml.status",
            vec!["status:Responder"],
        ),
    ] {
        let told = known(&login);
        assert_eq!(told.code, Some(1), "{code}: {}", told.text);
        assert_eq!(told.json["code"], code, "{}", told.text);
        assert_eq!(told.json["breaks_at"], request, "{}", told.text);
        for value in values {
            assert!(told.text.contains(value), "{code}, {value}: {}", told.text);
        }
    }
}

/// A login that ends in an artifact, which `issuer` issued, with these parameters in `post` or the URL.
fn ends_in_artifact(issuer: &str, sent_to: &str, relay_state: &str, post: bool) -> Value {
    let mut har = Login::with(|login| login.page = false).har();
    let parameters = format!("SAMLart={}&RelayState={relay_state}", artifact(4, issuer));
    let request = &mut har["log"]["entries"][3]["request"];
    if post {
        request["url"] = json!(sent_to);
        request["postData"]["text"] = json!(parameters);
    } else {
        *request = json!({"method": "GET", "url": format!("{sent_to}?{parameters}")});
    }
    har
}

fn artifact(kind: u8, issuer: &str) -> String {
    let source = sealgate::crypto::digest(DigestAlgorithm::Sha1, issuer.as_bytes()).unwrap();
    let octets = [&[0, kind, 0, 3], source.as_bytes(), &[255; 20]].concat();
    let text = sealgate::crypto::encode_base64(&octets);
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn what_an_artifact_stands_for_is_not_in_the_recording() {
    let (idp, state) = ("https://idp.example/saml", "%2Forders%3Fpage%3D2");
    for post in [false, true] {
        let har = ends_in_artifact(idp, ACS, state, post);
        let told = known_json(&har);
        let outcome = [&told["verdict"], &told["code"], &told["breaks_at"]];
        assert_eq!(
            outcome,
            [
                &json!("indeterminate"),
                &json!("saml.artifact_not_resolved"),
                &json!(4)
            ],
            "{told}"
        );
        let step = &told["steps"][1];
        assert_eq!([&step["binding"], &step["message"]], ["artifact", "Artifact"]);
        assert_eq!([&step["issuer"], &step["relay_state"]], [idp, "/orders?page=2"]);
        assert_eq!([&step["id"], &step["judged"]], [&json!(null), &json!(false)]);
        assert!(
            told["message"]
                .as_str()
                .unwrap()
                .contains("ArtifactResolutionService 3")
        );
    }
    let tenant = "https://sp.example/acs?tenant=1";
    let mut har = ends_in_artifact(idp, ACS, state, false);
    let asking = Login::with(|login| login.request = login.request.replace(ACS, tenant)).har();
    har["log"]["entries"][1] = asking["log"]["entries"][1].clone();
    let url = har["log"]["entries"][3]["request"]["url"].as_str().unwrap();
    har["log"]["entries"][3]["request"]["url"] =
        json!(url.replace(&format!("{ACS}?"), &format!("{tenant}&")));
    assert_eq!(known_json(&har)["code"], "saml.artifact_not_resolved");
    let har = ends_in_artifact("https://other.example", ACS, state, false);
    assert_eq!(known_json(&har)["code"], "saml.artifact_issuer");
    let unknown = trace(&har.to_string(), &[]);
    assert_eq!(
        unknown.json["code"], "saml.artifact_not_resolved",
        "nobody is known"
    );
    assert_eq!(unknown.code, Some(1));
    for (sent_to, state, code) in [
        ("https://sp.example/other", state, "saml.recipient"),
        (ACS, "x", "saml.relay_state"),
    ] {
        let told = known_json(&ends_in_artifact(idp, sent_to, state, false));
        assert_eq!([&told["verdict"], &told["code"]], ["failed", code], "{told}");
    }
}

#[test]
fn an_artifact_is_read_in_one_way() {
    let har = ends_in_artifact("https://idp.example/saml", ACS, "x", false);
    let url = har["log"]["entries"][3]["request"]["url"].as_str().unwrap();
    let good = artifact(4, "https://idp.example/saml");
    for (to, code) in [
        (artifact(1, "https://idp.example/saml"), "saml.artifact"),
        (good.replacen("AAQ", "AA", 1), "saml.artifact"),
        (format!("{good}&SAMLart={good}"), "saml.duplicate_parameter"),
        (format!("{good}&SAMLResponse=x"), "saml.duplicate_parameter"),
        (format!("{good}&samlart=x"), "saml.duplicate_parameter"),
        (good.replace("%2F", "+"), "saml.query_string"),
    ] {
        let mut har = har.clone();
        har["log"]["entries"][3]["request"]["url"] = json!(url.replace(&good, &to));
        assert_eq!(known_json(&har)["steps"][1]["problems"][0]["code"], code, "{to}");
    }
}

#[test]
fn what_was_not_asked_is_not_passed() {
    let good = Login::good().har().to_string();
    let told = trace(&good, &[]);
    assert_eq!(told.code, Some(1));
    assert_eq!(
        [&told.json["verdict"], &told.json["code"]],
        ["indeterminate", "trust.no_anchor"]
    );
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    let told = trace(
        &good,
        &["--metadata", &metadata, "--audience", "https://other.example"],
    );
    assert_eq!(told.json["code"], "saml.audience");
    let told = trace(&good, &["--metadata", &metadata, "--at", "2027-01-01T00:00:00Z"]);
    assert_eq!(told.json["code"], "saml.expired");
}

#[test]
fn an_identity_provider_begins_a_login_only_where_it_may() {
    let mut har = Login::response(" InResponseTo='_request-1'", "").har();
    har["log"]["entries"].as_array_mut().unwrap().remove(1);
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    let known = ["--metadata", &metadata, "--audience", "https://sp.example/saml"];
    let told = trace(&har.to_string(), &known);
    assert_eq!(told.json["code"], "saml.in_response_to", "{}", told.text);
    assert!(told.text.contains("none was sent before it"), "{}", told.text);
    let told = trace(&har.to_string(), &[&known[..], &["--allow-unsolicited"]].concat());
    assert_eq!(told.json["verdict"], "passed", "{}", told.text);
}

#[test]
fn what_is_no_recording_of_a_login_is_refused() {
    let secret = format!(
        "{{\"log\": {{\"entries\": [{{\"request\": {{\"url\": [\"{}\"]}}}}]}}}}",
        SECRETS[1]
    );
    for (recording, code) in [
        ("<a/>", "saml.recording"),
        ("{}", "saml.recording"),
        ("{\"log\": 1}", "saml.recording"),
        (secret.as_str(), "saml.no_message"),
        ("{\"log\": {\"entries\": [{]}}", "saml.recording"),
        ("{\"log\": {\"entries\": []}}", "saml.no_message"),
        ("{\"requests\": [{\"url\": \"https://a/?b\"}]}", "saml.no_message"),
    ] {
        let told = trace(recording, &[]);
        assert_eq!(told.code, Some(1), "{recording}");
        assert_eq!(told.json["code"], code, "{recording}");
    }
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.har");
    fs::File::create(&long).unwrap().set_len((64 << 20) + 1).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    let output = command.args(["saml", "trace"]).arg(&long).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("limit.bytes"));
    let message = json!({"url": format!("https://a/?{}", Login::good().query())});
    let many = json!({"requests": vec![message; 257]});
    assert_eq!(trace(&many.to_string(), &[]).json["code"], "limit.messages");
    // A message that cannot be read is told at its step, and others are followed.
    let mut har = Login::good().har();
    har["log"]["entries"][1]["request"]["url"] = json!(format!("{SSO}?SAMLRequest=AAAA"));
    let told = known_json(&har);
    assert_eq!(told["code"], "saml.encoding");
    assert_eq!(told["breaks_at"], 2);
    // Nobody knows which ID and issuer it has.
    let problems = told["steps"][1]["problems"].as_array().unwrap();
    assert!(
        problems.len() == 1 && problems[0]["code"] == "saml.audience_unknown",
        "{told}"
    );
}

/// HAR asks for no order of its entries.
#[test]
fn a_login_is_followed_in_the_order_in_which_it_was_sent() {
    let mut har = Login::good().har();
    har["log"]["entries"].as_array_mut().unwrap().reverse();
    let told = known_json(&har);
    assert_eq!(told["verdict"], "passed", "{told}");
    assert_eq!(
        [&told["steps"][0]["request"], &told["steps"][1]["request"]],
        [3, 1]
    );
    // The page with the answer that is never sent is that of request 1.
    let mut har = Login::with(|login| login.posted = false).har();
    har["log"]["entries"].as_array_mut().unwrap().reverse();
    let message = &known_json(&har)["message"];
    assert!(message.to_string().contains("answered request 1 "), "{message}");
    // Where one does not say when it was sent, the order is that of the file.
    let mut har = Login::good().har();
    har["log"]["entries"].as_array_mut().unwrap().reverse();
    har["log"]["entries"][0]["startedDateTime"] = json!(null);
    assert_eq!(known_json(&har)["steps"][0]["request"], 1);
    // And not what some time makes of it that cannot be read.
    for (at, passed_over) in [
        (json!("today"), json!([4])),
        (json!(1_764_000_000), json!([4])),
        (json!("2026-11-24T01:00:25.123+0100"), json!([])),
    ] {
        let mut har = Login::good().har();
        har["log"]["entries"][3]["startedDateTime"] = at;
        assert_eq!(known_json(&har)["passed_over"], passed_over);
    }
}

#[test]
fn an_answer_that_is_sent_again_is_replayed() {
    let sent_again = |second: &Login| {
        let mut har = Login::good().har();
        let mut again = second.har()["log"]["entries"][3].clone();
        again["startedDateTime"] = json!("2026-11-24T00:00:40Z");
        har["log"]["entries"].as_array_mut().unwrap().push(again);
        let told = known_json(&har);
        assert_eq!(told["steps"][1]["problems"], json!([]), "{told}");
        let problems = told["steps"][2]["problems"].as_array().unwrap();
        assert!(told["breaks_at"] == 5 && problems.len() == 1, "{told}");
        let problem = &problems[0];
        assert!(problem["message"].to_string().contains("request 4 "), "{problem}");
        format!("{} {}", problem["stage"], problem["code"]).replace('"', "")
    };
    assert_eq!(sent_again(&Login::good()), "replay replay.assertion");
    // In another Response.
    let wrapped = Login::response("ID='_m'", "ID='_n'");
    assert_eq!(sent_again(&wrapped), "replay replay.assertion");
    // In one that says of nobody that he issued it.
    let issuer = "<Issuer>https://idp.example/saml</Issuer><p:Status>";
    let unnamed = Login::with(|login| {
        login.response = login.response.replacen("ID='_m'", "ID='_n'", 1);
        login.response = login.response.replacen(issuer, "<p:Status>", 1);
    });
    assert!(!unnamed.response.contains(issuer));
    assert_eq!(sent_again(&unnamed), "replay replay.assertion");
    // Another assertion, for a request that was answered.
    let other = Login::response("ID='_a'", "ID='_b'");
    assert_eq!(sent_again(&other), "saml saml.in_response_to");
}

/// In a Response of another ID that says of nobody that he issued it.
#[test]
fn an_assertion_that_comes_encrypted_is_known_again_once_it_is_verified() {
    let case = keys("../cases/good/saml-encrypted-assertion/message.xml");
    let encrypted = fs::read_to_string(case).unwrap();
    let wrapped = encrypted.replacen("_response-1", "_response-2", 1);
    let issuer = "<saml2:Issuer>https://idp.example/saml</saml2:Issuer>";
    let wrapped = wrapped.replacen(issuer, "", 1);
    assert_eq!(wrapped.len(), encrypted.len() - issuer.len());
    let acs = "https://gateway.example/orders/acs";
    let mut har = Login::with(|login| login.request = login.request.replace(ACS, acs)).har();
    let entries = har["log"]["entries"].as_array_mut().unwrap();
    let posted = entries.pop().unwrap();
    for (second, message) in [(30, encrypted), (40, wrapped)] {
        let form = form(
            message.as_bytes(),
            MessageParameter::Response,
            Some("/orders?page=2"),
        );
        let mut posted = posted.clone();
        posted["startedDateTime"] = json!(format!("2026-11-24T00:00:{second}Z"));
        posted["request"]["url"] = json!(acs);
        posted["request"]["postData"]["text"] = json!(form);
        entries.push(posted);
    }
    let (metadata, key) = (keys("idp-metadata.xml"), keys("gateway.key.pem"));
    let ours = [
        "--audience",
        "https://gateway.example/orders",
        "--key",
        key.to_str().unwrap(),
    ];
    let known = ["--metadata", metadata.to_str().unwrap()];
    let told = trace(&har.to_string(), &[&known[..], &ours[..]].concat()).json;
    assert_eq!(told["steps"][1]["problems"], json!([]), "{told}");
    assert_eq!(
        [&told["code"], &told["breaks_at"]],
        [&json!("replay.assertion"), &json!(5)],
        "{told}"
    );
}

#[test]
fn a_message_in_a_body_that_is_recorded_in_another_way_is_not_lost() {
    let good = Login::good().har();
    let with = |place: &str, value: Value| {
        let mut har = good.clone();
        let mut forged = har["log"]["entries"][3].clone();
        forged["startedDateTime"] = json!("2026-11-24T00:00:40Z");
        let message = Login::good().response;
        let form = form(message.as_bytes(), MessageParameter::Response, None);
        let post = &mut forged["request"]["postData"];
        post["text"] = json!(match place {
            "encoding" => sealgate::crypto::encode_base64(form.as_bytes()),
            _ => form.replace("SAMLResponse", "%53AMLResponse"),
        });
        post[place] = value;
        har["log"]["entries"].as_array_mut().unwrap().push(forged);
        known_json(&har)
    };
    let told = with("encoding", json!("base64"));
    assert_eq!(told["breaks_at"], 5, "{told}");
    let problems = told["steps"][2]["problems"].as_array().unwrap();
    assert!(problems.iter().any(|one| one["code"] == "dsig.missing"), "{told}");
    let told = with("comment", json!(""));
    assert_eq!(
        [&told["code"], &told["breaks_at"]],
        [&json!("saml.duplicate_parameter"), &json!(5)],
        "{told}"
    );
    for (place, value) in [
        ("encoding", json!("rot13")),
        ("encoding", json!(1)),
        ("text", json!(["a"])),
    ] {
        let told = with(place, value);
        assert_eq!(
            [&told["verdict"], &told["code"]],
            ["indeterminate", "saml.passed_over"],
            "{told}"
        );
        assert_eq!(told["passed_over"], json!([5]));
    }
}

/// A form with a Response that nobody signed.
fn forged() -> String {
    let message = Login::good().response;
    form(message.as_bytes(), MessageParameter::Response, None)
}

/// What is said of a login that works, after which this request was sent.
fn followed_by(request: Value) -> Value {
    let mut har = Login::good().har();
    let entry = json!({"startedDateTime": "2026-11-24T00:00:40Z", "request": request});
    har["log"]["entries"].as_array_mut().unwrap().push(entry);
    known_json(&har)
}

fn posted(post: Value) -> Value {
    json!({"method": "POST", "url": ACS, "postData": post})
}

/// Whether the steps of request 5 have a problem of this code.
fn breaks(told: &Value, code: &str) -> bool {
    let steps = told["steps"].as_array().unwrap().iter();
    let mut problems = steps
        .filter(|step| step["request"] == 5)
        .flat_map(|step| step["problems"].as_array().unwrap());
    told["verdict"] == "failed" && problems.any(|problem| problem["code"] == code)
}

#[test]
fn a_message_in_the_url_hides_none_in_the_form() {
    let form = json!({"mimeType": "application/x-www-form-urlencoded", "text": forged()});
    for beside in [Login::good().query(), format!("SAMLart={}", artifact(4, "urn:x"))] {
        let mut request = posted(form.clone());
        request["url"] = json!(format!("{ACS}?{beside}"));
        let told = followed_by(request);
        assert!(breaks(&told, "dsig.missing"), "{told}");
        let steps = told["steps"].as_array().unwrap().iter();
        assert_eq!(steps.filter(|step| step["request"] == 5).count(), 2);
    }
}

#[test]
fn a_name_that_some_reader_takes_for_one_of_saml_hides_no_message() {
    let form = forged();
    for name in [
        "+SAMLResponse",
        "%20samlResponse",
        "SAML%52esponse",
        "SAMLResponse%5b%zz",
        "SAMLResponse[]",
        "x;SAMLResponse",
    ] {
        let form = form.replace("SAMLResponse", name);
        let (_, value) = form.split_once('=').unwrap();
        for (post, url) in [
            (json!({"text": form}), ACS.to_owned()),
            (
                json!({"params": [{"name": name, "value": value}]}),
                ACS.to_owned(),
            ),
            // Beside one that is known.
            (json!({"text": format!("{}&{form}", forged())}), ACS.to_owned()),
            (json!({"mimeType": "text/plain"}), format!("{ACS}?{form}")),
        ] {
            let mut request = posted(post);
            request["url"] = json!(url);
            let told = followed_by(request);
            assert!(breaks(&told, "saml.duplicate_parameter"), "{name}: {told}");
        }
    }
}

#[test]
fn a_body_that_is_not_read_leaves_the_login_undecided() {
    let multipart = |field: &str| {
        let text = format!("--b\r\nContent-Disposition: form-data; {field}\r\n\r\nPHg+\r\n--b--\r\n");
        json!({"mimeType": "multipart/form-data; boundary=b", "text": text})
    };
    let form = "application/x-www-form-urlencoded";
    let in_parts = multipart("name=\"samlResponse\"");
    for post in [
        in_parts.clone(),
        multipart("name*0=\"SAML\"; name*1=\"Response\""),
        json!({"encoding": "base64", "text": sealgate::crypto::encode_base64(in_parts["text"].as_str().unwrap().as_bytes())}),
        json!({"mimeType": form, "text": "Content-Length: 19\r\n\r\nSAMLResponse=PHg%2B"}),
        json!({"mimeType": form, "params": {"SAMLResponse": "PHg+"}}),
        json!({"mimeType": form, "params": 7, "text": "a=b"}),
        json!({"mimeType": form, "params": [{"name": ["SAMLResponse"], "value": "PHg+"}]}),
        json!({"mimeType": form, "params": [{"name": "SAMLResponse", "value": "PHg+"}], "text": "a=b"}),
        json!({"mimeType": form}),
        json!({"mimeType": "Multipart/Form-Data; boundary=b"}),
        json!({}),
    ] {
        let told = followed_by(posted(post.clone()));
        assert_eq!(
            [&told["verdict"], &told["code"], &told["breaks_at"]],
            [&json!("indeterminate"), &json!("saml.passed_over"), &json!(5)],
            "{post}: {told}"
        );
    }
    for post in [
        multipart("name=\"photo\"; filename=\"a.png\""),
        json!({"mimeType": form, "text": ""}),
        json!({"mimeType": "application/json", "text": "{\"url\": \"https://a/?SAMLRequest=x\"}"}),
    ] {
        assert_eq!(followed_by(posted(post.clone()))["verdict"], "passed", "{post}");
    }
}

/// Asserts that the request that follows a login that works leaves it undecided.
#[track_caller]
fn undecided(request: Value) {
    let told = followed_by(request.clone());
    assert_eq!(
        [&told["verdict"], &told["code"], &told["breaks_at"]],
        [&json!("indeterminate"), &json!("saml.passed_over"), &json!(5)],
        "{request}: {told}"
    );
}

/// Asserts that nothing is said of it.
#[track_caller]
fn of_no_interest(request: Value) {
    let told = followed_by(request.clone());
    assert_eq!(told["verdict"], "passed", "{request}: {told}");
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_body_that_was_sent_and_is_not_recorded_leaves_the_login_undecided() {
    let sent = |method: &str, kind: &str, length: &str, size: Value, post: Value| {
        let mut headers = vec![json!({"name": "Cookie", "value": "a"})];
        for (name, value) in [("content-TYPE", kind), ("Content-Length", length)] {
            if !value.is_empty() {
                headers.push(json!({"name": name, "value": value}));
            }
        }
        json!({"method": method, "url": ACS, "headers": headers, "bodySize": size, "postData": post})
    };
    let none = json!(null);
    let empty = |kind: &str| json!({"mimeType": kind, "params": [], "text": ""});
    for (method, kind, length, size, post) in [
        ("POST", FORM, "", json!(9000), none.clone()),
        ("POST", FORM, "", json!(9000), empty(FORM)),
        ("POST", FORM, "", json!(-1), none.clone()),
        ("POST", FORM, "9000", json!(0), none.clone()),
        (
            "POST",
            "Multipart/Form-Data; boundary=b",
            "",
            none.clone(),
            none.clone(),
        ),
        ("POST", "", "", json!(9000.5), none.clone()),
        ("POST", "", "", json!("9000"), none.clone()),
        ("POST", "", "", json!(9000), empty("")),
        ("POST", "text/plain", "", json!(9000), empty(FORM)),
        ("GET", FORM, "", json!(9000), none.clone()),
    ] {
        undecided(sent(method, kind, length, size, post));
    }
    for (method, kind, length, size, post) in [
        ("POST", FORM, "0", json!(-1), none.clone()),
        ("POST", FORM, "", json!(0), empty(FORM)),
        ("POST", FORM, "", none.clone(), empty(FORM)),
        (
            "POST",
            "application/octet-stream",
            "9000",
            json!(9000),
            none.clone(),
        ),
        ("POST", "", "", none.clone(), empty("")),
        ("POST", "", "", json!(0), json!({"mimeType": null, "text": null})),
        ("get", FORM, "", json!(-1), none.clone()),
        ("GET", "", "", json!(-1), none.clone()),
    ] {
        of_no_interest(sent(method, kind, length, size, post));
    }
}

#[test]
fn a_request_that_is_recorded_in_two_ways_says_the_same_in_both() {
    let value = |form: &str| form.split('&').next().unwrap().replacen("SAMLResponse=", "", 1);
    let (good, bad) = (Login::good().form(), forged());
    let decoded = |text: &str| text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let field = |form: &str| json!([{"name": "SAMLResponse", "value": decoded(&value(form))}]);
    // The last request, with a body or URL that is said twice.
    let last = |change: &dyn Fn(&mut Value)| {
        let mut har = Login::good().har();
        change(&mut har["log"]["entries"][3]["request"]);
        let told = known_json(&har);
        assert_eq!(told["passed_over"], json!([4]), "{told}");
        assert_eq!(
            [&told["verdict"], &told["code"]],
            ["indeterminate", "saml.passed_over"],
            "{told}"
        );
    };
    last(&|request| request["postData"]["params"] = field(&bad));
    last(&|request| request["postData"]["params"] = json!([{"name": "a", "value": "b"}]));
    let mut several = field(&good);
    several.as_array_mut().unwrap().push(field(&bad)[0].clone());
    last(&|request| request["postData"]["params"] = several.clone());
    last(&|request| {
        request["postData"]["params"] = field(&good);
        request["postData"]["text"] = json!(format!("Content-Length: 9\r\n\r\n{bad}"));
    });
    last(&|request| request["queryString"] = json!(7));
    let in_query = |url: &str, query: Value| json!({"method": "GET", "url": url, "queryString": query});
    undecided(in_query(ACS, field(&bad)));
    undecided(in_query(&format!("{ACS}#{bad}"), field(&bad)));
    undecided(in_query(&format!("{ACS}?{bad}"), field(&good)));
    undecided(in_query(
        &format!("{ACS}?{bad}"),
        json!([{"name": "a", "value": "b"}]),
    ));
    of_no_interest(in_query(
        &format!("{ACS}?a=b"),
        json!([{"name": "a", "value": "c"}]),
    ));
    // As sent and decoded, in any order.
    for read in [false, true] {
        let read = |text: &str| {
            if read {
                decoded(text).replace("%3F", "?")
            } else {
                text.to_owned()
            }
        };
        let fields = |pairs: &str| -> Value {
            let pairs = pairs.split('&').rev().map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                json!({"name": name, "value": read(value)})
            });
            pairs.collect()
        };
        let mut har = Login::good().har();
        let url = har["log"]["entries"][1]["request"]["url"]
            .as_str()
            .unwrap()
            .to_owned();
        let form = har["log"]["entries"][3]["request"]["postData"]["text"]
            .as_str()
            .unwrap()
            .to_owned();
        har["log"]["entries"][1]["request"]["queryString"] = fields(url.split_once('?').unwrap().1);
        har["log"]["entries"][3]["request"]["postData"]["params"] = fields(&form);
        assert_eq!(known_json(&har)["verdict"], "passed", "{}", known_json(&har));
    }
    // A file of two recorders.
    let mut both = Login::good().har();
    both["requests"] = json!([{"url": ACS, "post": [["SAMLResponse", "PHg+"]]}]);
    let told = known_json(&both);
    assert_eq!(
        [&told["code"], &told["breaks_at"]],
        [&json!("saml.passed_over"), &json!(5)]
    );
    both["requests"] = json!([]);
    assert_eq!(known_json(&both)["verdict"], "passed");
}

#[test]
fn a_text_that_quotes_a_url_carries_no_message() {
    let url = format!("{SSO}?tenant=1&{}", Login::good().query());
    let json = json!({"url": url, "time": 1}).to_string();
    for (kind, text) in [
        ("application/json", json.clone()),
        ("text/plain;charset=UTF-8", json.clone()),
        ("text/plain", format!("{{\"sdk\": 1}}\n{json}\n")),
        ("text/plain", format!("seen: {url}")),
        ("text/csp-report", url.clone()),
        (
            "application/json",
            "{\"head\": \"Content-Disposition: attachment; filename*=UTF-8''a\"}".to_owned(),
        ),
    ] {
        of_no_interest(posted(json!({"mimeType": kind, "text": text})));
    }
    let mut traced = Login::good().traced();
    let request = json!({"method": "POST", "url": ACS, "post": json});
    traced["requests"].as_array_mut().unwrap().push(request);
    assert_eq!(known_json(&traced)["verdict"], "passed");
    // What is a form, or may be one, is read.
    for kind in [FORM, "text/plain"] {
        let told = followed_by(posted(json!({"mimeType": kind, "text": forged()})));
        assert!(breaks(&told, "dsig.missing"), "{told}");
    }
    let told = followed_by(posted(
        json!({"mimeType": FORM, "text": format!("{{&{}", forged())}),
    ));
    assert!(breaks(&told, "dsig.missing"), "{told}");
    undecided(posted(json!({"mimeType": "", "text": json})));
}

#[test]
fn what_is_not_read_may_be_the_request_or_the_answer() {
    let lost = json!({"mimeType": FORM});
    let mut har = Login::good().har();
    har["log"]["entries"][3]["request"]["postData"] = lost.clone();
    let told = known_json(&har);
    assert_eq!(
        [&told["verdict"], &told["breaks_at"]],
        [&json!("indeterminate"), &json!(4)],
        "{told}"
    );
    let mut har = Login::good().har();
    har["log"]["entries"][1]["request"] = posted(lost);
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    let known = ["--metadata", &metadata, "--audience", "https://sp.example/saml"];
    let told = trace(&har.to_string(), &known).json;
    assert_eq!(
        [&told["verdict"], &told["code"], &told["breaks_at"]],
        [&json!("indeterminate"), &json!("saml.passed_over"), &json!(2)],
        "{told}"
    );
    // That it names none is known.
    let mut har = Login::response(" InResponseTo='_request-1'", "").har();
    har["log"]["entries"][0] = json!(null);
    assert_eq!(known_json(&har)["code"], "saml.in_response_to");
    // An answer that can be read in two ways is the problem, not that there is none.
    let mut har = Login::good().har();
    let form = &mut har["log"]["entries"][3]["request"]["postData"]["text"];
    *form = json!(format!("{}&{}", forged(), form.as_str().unwrap()));
    let told = known_json(&har);
    assert_eq!(
        [&told["code"], &told["breaks_at"]],
        [&json!("saml.duplicate_parameter"), &json!(4)],
        "{told}"
    );
    // A request is none.
    har["log"]["entries"][3]["request"]["postData"]["text"] = json!("SAMLRequest=AAAA");
    assert_eq!(known_json(&har)["code"], "saml.not_answered");
}

#[test]
fn half_a_character_in_a_recording_is_no_reason_to_refuse_it() {
    let har = Login::good().har().to_string();
    let cut = har.replace("\"text\":\"\"", "\"text\":\"\\ud83d\"");
    assert_ne!(har, cut);
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    let told = trace(&cut, &["--metadata", &metadata]);
    assert_eq!(told.json["verdict"], "passed", "{}", told.text);
}

#[test]
fn a_body_that_saml_tracer_has_otherwise_leaves_the_login_undecided() {
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    for post in [
        json!([["SAMLResponse", {"value": "PHg+"}]]),
        json!([["SAMLResponse", ["PHg+", 7]]]),
        json!([["SAMLResponse", null]]),
        json!("--b\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\nPHg+\r\n--b--"),
    ] {
        let mut traced = Login::good().traced();
        let request = json!({"method": "POST", "url": ACS, "post": post});
        traced["requests"].as_array_mut().unwrap().push(request);
        let told = trace(&traced.to_string(), &["--metadata", &metadata]).json;
        assert_eq!(
            [&told["verdict"], &told["code"], &told["breaks_at"]],
            [&json!("indeterminate"), &json!("saml.passed_over"), &json!(3)],
            "{post}: {told}"
        );
    }
}

#[test]
fn what_is_odd_in_a_recording_is_said_and_the_rest_is_followed() {
    let passed = |recording: &Value, passed_over: Value| {
        let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
        let told = trace(&recording.to_string(), &["--metadata", &metadata]);
        let (verdict, code, exit) = match passed_over == json!([]) {
            true => ("passed", json!(null), 0),
            false => ("indeterminate", json!("saml.passed_over"), 1),
        };
        assert_eq!(told.json["verdict"], verdict, "{}", told.text);
        assert_eq!(
            [&told.json["code"], &told.json["breaks_at"]],
            [&code, &passed_over[0]]
        );
        assert_eq!(told.code, Some(exit));
        assert_eq!(told.json["passed_over"], passed_over);
        let said = told.text.contains("not read");
        assert_eq!(said, passed_over != json!([]), "{}", told.text);
    };
    let (har, traced) = (Login::good().har(), Login::good().traced());
    let with = |recording: &Value, place: &str, value: Value| {
        let mut changed = recording.clone();
        *changed.pointer_mut(place).unwrap() = value;
        changed
    };
    passed(&with(&har, "/log/entries/0", json!(null)), json!([1]));
    passed(
        &with(&har, "/log/entries/0", json!({"request": "GET"})),
        json!([1]),
    );
    passed(
        &with(&har, "/log/entries/2/request/postData", json!(["x"])),
        json!([3]),
    );
    passed(&with(&har, "/log/entries/2/request/url", json!(7)), json!([3]));
    passed(&with(&har, "/log/entries/2/response", json!(null)), json!([]));
    passed(
        &with(&har, "/log/entries/2/response/content/text", json!(null)),
        json!([]),
    );
    let nulls = json!({"mimeType": "text/plain", "params": null, "text": null});
    passed(&with(&har, "/log/entries/2/request/postData", nulls), json!([]));
    passed(
        &with(&traced, "/requests/0/post", json!("{\"raw\": 1}")),
        json!([]),
    );
    let mut odd = traced.clone();
    odd["requests"]
        .as_array_mut()
        .unwrap()
        .push(json!({"url": "https://a.example", "post": {"raw": 1}}));
    passed(&odd, json!([3]));
    // Several values of a name, as of one.
    let one = traced["requests"][1]["post"][0][1].clone();
    passed(&with(&traced, "/requests/1/post/0/1", json!([one])), json!([]));
    // Older Firefox has lines of the header before the form, and the fields beside it.
    let post = &har["log"]["entries"][3]["request"]["postData"];
    let form = post["text"].as_str().unwrap();
    let fields = |decode: bool| -> Value {
        let pairs = form.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let mut value = value.to_owned();
            for (code, octet) in [("%2B", "+"), ("%2F", "/"), ("%3D", "="), ("%3F", "?")] {
                value = if decode { value.replace(code, octet) } else { value };
            }
            json!({"name": name, "value": value})
        });
        pairs.collect()
    };
    let place = "/log/entries/3/request/postData";
    let old = json!({"mimeType": post["mimeType"], "params": fields(true),
                     "text": format!("Content-Length: {}\r\n\r\n{form}", form.len())});
    passed(&with(&har, place, old), json!([]));
    // Chrome's fields are as they were sent.
    for decode in [true, false] {
        passed(&with(&har, place, json!({"params": fields(decode)})), json!([]));
    }
}

fn known_json(har: &Value) -> Value {
    let metadata = keys("idp-metadata.xml").to_string_lossy().into_owned();
    trace(&har.to_string(), &["--metadata", &metadata]).json
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a recording, following it ends, and without a panic.
    #[test]
    fn any_recording_is_followed_to_an_end(at in 0_usize..6000, with in any::<[u8; 3]>(), url in "\\PC{0,60}") {
        let mut har = Login::good().har();
        har["log"]["entries"][0]["request"]["url"] = json!(format!("{url}?SAMLResponse={url}"));
        let mut bytes = har.to_string().into_bytes();
        let at = at % bytes.len();
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let (policy, trust) = (Profile::Strict.policy(), TrustSources::new().build());
let (nobody, no_keys) = (Issuers::new(), Keyring::new());
let context = LoginContext::new(&policy, &trust, &nobody, &no_keys);
        if let Ok(recording) = Recording::read(&bytes) {
            let login = follow(&recording, &context);
            prop_assert!(login.first_problem().is_some());
        }
    }
}
