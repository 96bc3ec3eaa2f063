//! Assertions are exchanged for tokens, which other routes take.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{DateTime, TimeDelta, Utc};
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::{decode_base64_url, encode_base64_url};
use sealgate::soap::Version;
use sealgate::trust::TokenKeys;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audit::recorded;
use crate::backend::{Backend, orders};
use crate::client::{Answer, post_with, request, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::{PLACE, certificate, signed_assertion, time};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const SAML2: &str = "urn:ietf:params:oauth:token-type:saml2";
const US: &str = "https://gateway.example/token";

/// A token endpoint that signs with the key of the gateway.
pub(crate) const ENDPOINT: &str = r#"
[[token_endpoint]]
path = "/token"
[token_endpoint.trust.saml]
metadata = ["idp-metadata.xml"]
audience = "https://gateway.example/token"
recipient = "https://gateway.example/token"
[token_endpoint.token]
issuer = "https://gateway.example"
audience = "urn:orders"
"#;

/// A gateway with a token endpoint that signs as alice, a route that takes its tokens, and `more` in the endpoint.
fn gateway(more: &str) -> (Gateway, Backend) {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let endpoint = format!(
        r#"
[[token_endpoint]]
path = "/token"
{more}
[token_endpoint.trust.saml]
metadata = ["idp-metadata.xml"]
audience = "{US}"
recipient = "{US}"

[token_endpoint.token]
certificate = "alice.pem"
key = "alice.key.pem"
issuer = "https://gateway.example"
audience = "urn:orders"
claims = {{ role = {{ saml_attribute = "role" }}, idp = "saml-issuer" }}

[[route]]
path = "/api"
operation = [{{ action = "urn:place", body = "{{urn:example:orders}}PlaceOrder" }}]
bearer = {{ issuer = "https://gateway.example", audience = "urn:orders", jwks = "jwks.json", message_security = "replaced-by-token" }}
backend = {{ url = "http://{}/legacy" }}
identity = {{ x-user = "token-subject" }}

[audit]
folder = "log"
checkpoints = "export"
certificate = "bob.pem"
key = "bob.key.pem"
"#,
        backend.address
    );
    let (folder, _) = prepared(&format!("{text}{endpoint}"));
    publish(&folder);
    for name in ["log", "export"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    (gateway, backend)
}

/// The key of alice as the JWK Set of the endpoint.
fn publish(folder: &TempDir) {
    let alice = certificate("alice");
    let (n, e) = alice.public_key().modulus_exponent().unwrap();
    let key = json!({
        "kty": "RSA",
        "kid": encode_base64_url(alice.sha256()),
        "n": encode_base64_url(&n),
        "e": encode_base64_url(&e),
    });
    let set = json!({ "keys": [key] }).to_string();
    fs::write(folder.path().join("jwks.json"), set).unwrap();
}

/// An assertion for the endpoint, that ends at `ends`; `SIGNATURE` stands where one belongs.
fn unsigned(ends: DateTime<Utc>) -> String {
    let (issued, ends) = (time(Utc::now()), time(ends));
    format!(
        "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"assertion\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <saml2:Issuer>https://idp.example/saml</saml2:Issuer>SIGNATURE<saml2:Subject><saml2:NameID>Zoë@example.com</saml2:NameID>\
         <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml2:SubjectConfirmationData NotOnOrAfter=\"{ends}\" Recipient=\"{US}\"/></saml2:SubjectConfirmation></saml2:Subject>\
         <saml2:Conditions NotOnOrAfter=\"{ends}\"><saml2:AudienceRestriction><saml2:Audience>{US}</saml2:Audience>\
         </saml2:AudienceRestriction></saml2:Conditions><saml2:AttributeStatement><saml2:Attribute Name=\"role\">\
         <saml2:AttributeValue>buyer</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion>"
    )
}

fn soon() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(2)
}

fn assertion() -> String {
    signed_assertion(&unsigned(soon()), "idp")
}

fn form(grant: &str, assertion: &str) -> String {
    let assertion = encode_base64_url(assertion.as_bytes());
    match grant {
        EXCHANGE => format!("grant_type={grant}&subject_token_type={SAML2}&subject_token={assertion}"),
        _ => format!("grant_type={}&assertion={assertion}", grant.replace(':', "%3A")),
    }
}

/// What asks for a token for one of many assertions, each with an ID of its own.
pub(crate) fn bearer_form_of(number: usize) -> String {
    let unsigned = unsigned(soon()).replace("ID=\"assertion\"", &format!("ID=\"assertion-{number}\""));
    form(BEARER, &signed_assertion(&unsigned, "idp"))
}

/// What asks for a token for an assertion that nobody has used.
pub(crate) fn bearer_form() -> String {
    form(BEARER, &assertion())
}

fn ask_with(gateway: &Gateway, further: &[(&str, &str)], form: &str) -> Answer {
    let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
    headers.extend(further);
    send_tls(gateway.tls(), None, &request("POST", "/token", &headers, form)).unwrap()
}

fn ask(gateway: &Gateway, form: &str) -> Answer {
    ask_with(gateway, &[], form)
}

fn object(answer: &Answer) -> Value {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_str(&answer.body).unwrap()
}

/// The client is told `error` and no more than an incident, and the log says `code`.
fn refused(answer: &Answer, error: &str, code: &str) {
    let told = json!({ "error": error, "error_description": format!("Incident {}.", answer.incident()) });
    assert_eq!(object(answer), told);
    assert_eq!(logged_code(answer.incident()), code);
    let status = if error == "invalid_client" { 401 } else { 400 };
    assert_eq!(answer.status, status);
}

/// Places an order with the token.
fn place(gateway: &Gateway, token: &str) -> Answer {
    let soap = Version::Soap11.namespace().uri();
    let message = format!("<s:Envelope xmlns:s=\"{soap}\"><s:Body>{PLACE}</s:Body></s:Envelope>");
    let token = format!("Bearer {token}");
    let request = post_with(
        Version::Soap11,
        "urn:place",
        &message,
        &[("Authorization", &token)],
    );
    send_tls(gateway.tls(), None, &request.replace("/orders", "/api")).unwrap()
}

#[test]
fn an_assertion_is_exchanged_for_a_token_that_a_route_takes() {
    let (gateway, backend) = gateway("");
    let ends = soon();
    let answer = ask(&gateway, &form(BEARER, &signed_assertion(&unsigned(ends), "idp")));
    assert_eq!(answer.status, 200, "{answer:?}");
    let given = object(&answer);
    assert_eq!(
        (&given["token_type"], given.get("issued_token_type")),
        (&json!("Bearer"), None)
    );
    let left = given["expires_in"].as_i64().unwrap();
    assert!((115..=120).contains(&left), "{left}");
    let token = given["access_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&decode_base64_url(claims).unwrap()).unwrap();
    assert_eq!(claims["exp"], json!(ends.timestamp()));
    let told = (
        &claims["iss"],
        &claims["aud"],
        &claims["sub"],
        &claims["role"],
        &claims["idp"],
    );
    assert_eq!(
        told,
        (
            &json!("https://gateway.example"),
            &json!("urn:orders"),
            &json!("Zoë@example.com"),
            &json!(["buyer"]),
            &json!("https://idp.example/saml"),
        )
    );
    assert_eq!(place(&gateway, token).status, 200);
    assert_eq!(logged_code(place(&gateway, token).incident()), "replay.token");
    assert_eq!(backend.only().headers("x-user"), ["Zo%C3%AB@example.com"]);

    let answer = ask(&gateway, &form(EXCHANGE, &assertion()));
    refused(&answer, "invalid_request", "replay.assertion");
    let metrics = send(gateway.admin(), &request("GET", "/metrics", &[], "")).body;
    let answered = "sealgate_requests_total{route=\"/token\",outcome=\"answered\",code=\"none\"} 1";
    assert!(metrics.contains(answered), "{metrics}");
    let folder = gateway.into_folder();
    let records = recorded(folder.path());
    let given: Vec<_> = records
        .iter()
        .filter(|record| record["route"] == "/token")
        .collect();
    assert_eq!(given.len(), 2, "{given:?}");
    assert_eq!(
        (&given[0]["kind"], &given[0]["token"]),
        (&json!("answered"), &claims["jti"])
    );
    assert_eq!(given[0]["saml"]["assertion_id"], "assertion");
    assert_eq!(
        (&given[1]["kind"], &given[1]["code"]),
        (&json!("refused"), &json!("replay.assertion"))
    );
}

#[test]
fn tokens_are_exchanged_by_the_other_standard_too() {
    let (gateway, _backend) = gateway("");
    let given = object(&ask(&gateway, &form(EXCHANGE, &assertion())));
    assert_eq!(
        given["issued_token_type"],
        "urn:ietf:params:oauth:token-type:access_token"
    );
    assert_eq!(
        place(&gateway, given["access_token"].as_str().unwrap()).status,
        200
    );
}

#[test]
fn an_assertion_that_does_not_hold_gives_no_token() {
    let (gateway, backend) = gateway("");
    let good = unsigned(soon());
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        signed_assertion(&good.replace(from, to), "idp")
    };
    let soap = signed_assertion(&good, "idp");
    let response = format!(
        "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"r\" Version=\"2.0\" IssueInstant=\"{}\"><p:Status>\
         <p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>{soap}</p:Response>",
        time(Utc::now())
    );
    let (before, data) = good.split_once("ConfirmationData NotOnOrAfter=\"").unwrap();
    let (_, data) = data.split_once("\" ").unwrap();
    let endless = format!("{before}ConfirmationData {data}");
    let past = signed_assertion(&unsigned(Utc::now() - TimeDelta::minutes(10)), "idp");
    for (assertion, code) in [
        (
            changed(&format!("<saml2:Audience>{US}"), "<saml2:Audience>urn:other"),
            "saml.audience",
        ),
        (
            changed(
                &format!("Recipient=\"{US}\""),
                "Recipient=\"https://sp.example/acs\"",
            ),
            "saml.recipient",
        ),
        (
            changed(&format!(" Recipient=\"{US}\""), ""),
            "saml.recipient_missing",
        ),
        (signed_assertion(&endless, "idp"), "saml.bearer_without_end"),
        (
            changed("Recipient=", "InResponseTo=\"_r\" Recipient="),
            "saml.in_response_to",
        ),
        (
            changed("cm:bearer", "cm:holder-of-key"),
            "saml.confirmation_method",
        ),
        (
            changed("cm:bearer", "cm:sender-vouches"),
            "saml.confirmation_method",
        ),
        (good.replace("SIGNATURE", ""), "dsig.missing"),
        (signed_assertion(&good, "mallory"), "dsig.signature_mismatch"),
        (soap.replace("buyer", "admin"), "dsig.digest_mismatch"),
        (response, "saml.not_supported"),
        (past, "saml.expired"),
        ("<!DOCTYPE a><a/>".to_owned(), "xml.dtd"),
    ] {
        refused(&ask(&gateway, &form(BEARER, &assertion)), "invalid_grant", code);
        refused(
            &ask(&gateway, &form(EXCHANGE, &assertion)),
            "invalid_request",
            code,
        );
    }
    // Clocks may differ, but nothing rests on what is over.
    let over = unsigned(Utc::now() - TimeDelta::seconds(1));
    let over = signed_assertion(&over.replace("\"assertion\"", "\"over\""), "idp");
    refused(
        &ask(&gateway, &form(BEARER, &over)),
        "invalid_grant",
        "policy.assertion_over",
    );
    assert!(backend.got().is_empty());
    // None of that used up the ID.
    assert_eq!(ask(&gateway, &form(BEARER, &soap)).status, 200);
}

#[test]
fn what_is_not_asked_for_as_the_standards_say_gives_no_token() {
    let (gateway, _backend) = gateway("");
    let good = form(BEARER, &assertion());
    let with = |more: &str| format!("{good}&{more}");
    for (form, error, code) in [
        (String::new(), "invalid_request", "grant.request"),
        (with("assertion=PGEvPg"), "invalid_request", "grant.request"),
        (with("client_secret=a"), "invalid_client", "grant.client"),
        (with("scope=all"), "invalid_scope", "grant.scope"),
        (
            "grant_type=password".to_owned(),
            "unsupported_grant_type",
            "grant.type",
        ),
        (
            form(EXCHANGE, &assertion()) + "&audience=urn:other",
            "invalid_target",
            "grant.target",
        ),
        ("x".repeat(300_000), "invalid_request", "limit.bytes"),
    ] {
        refused(&ask(&gateway, &form), error, code);
    }
    let basic = ask_with(&gateway, &[("Authorization", "Basic YTpi")], &good);
    refused(&basic, "invalid_client", "grant.client");
    assert!(
        basic
            .header("www-authenticate")
            .is_some_and(|value| value.starts_with("Basic "))
    );
    let coded = ask_with(&gateway, &[("Content-Encoding", "gzip")], &good);
    refused(&coded, "invalid_request", "grant.request");
    let json = request("POST", "/token", &[("Content-Type", "application/json")], &good);
    let json = send_tls(gateway.tls(), None, &json).unwrap();
    refused(&json, "invalid_request", "grant.request");
    let get = request("GET", &format!("/token?{good}"), &[], "");
    assert_eq!(send_tls(gateway.tls(), None, &get).unwrap().status, 405);
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let plain = send(gateway.plain(), &request("POST", "/token", &kind, &good));
    refused(&plain, "invalid_request", "grant.transport");
    assert_eq!(ask(&gateway, &good).status, 200);
}

#[test]
fn who_asks_for_too_many_tokens_waits() {
    let (gateway, _backend) = gateway("throttle = { subject = { per_minute = 1 } }");
    assert_eq!(ask(&gateway, &form(BEARER, &assertion())).status, 200);
    let another = unsigned(soon()).replace("\"assertion\"", "\"other\"");
    let crowded = ask(&gateway, &form(BEARER, &signed_assertion(&another, "idp")));
    assert_eq!(crowded.status, 503);
    assert!(crowded.header("retry-after").is_some());
    let told = json!({ "error_description": format!("Incident {}.", crowded.incident()) });
    assert_eq!(object(&crowded), told);
    assert_eq!(logged_code(crowded.incident()), "limit.subject_rate");
}

#[test]
fn the_keys_of_tokens_are_published_the_next_one_before_it_signs() {
    let (gateway, _backend) = gateway("keys_path = \"/token/keys\"\nfurther_keys = [\"bob.pem\"]");
    let ask = |method: &str| send(gateway.plain(), &request(method, "/token/keys", &[], ""));
    let got = ask("GET");
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(got.header("cache-control"), Some("public, max-age=300"));
    let set: Value = serde_json::from_str(&got.body).unwrap();
    let ids: Vec<&str> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    let expected = ["alice", "bob"].map(|name| encode_base64_url(certificate(name).sha256()));
    assert_eq!(ids, expected);
    assert!(!got.body.contains("\"d\""), "{got:?}");
    // What is published verifies what is given.
    let keys = TokenKeys::read(got.body.as_bytes()).unwrap();
    assert!(keys.verify(SignatureAlgorithm::RsaSha256) && keys.verify(SignatureAlgorithm::EcdsaSha256));
    let got = ask("POST");
    assert_eq!(
        (got.status, got.header("allow")),
        (405, Some("GET, HEAD")),
        "{got:?}"
    );
    let mut head = TcpStream::connect(gateway.plain()).unwrap();
    head.write_all(request("HEAD", "/token/keys", &[], "").as_bytes())
        .unwrap();
    let mut said = String::new();
    head.read_to_string(&mut said).unwrap();
    assert!(
        said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\n"),
        "{said}"
    );
}

#[test]
fn nothing_at_a_token_endpoint_is_kept_on_its_way() {
    let (gateway, _backend) = gateway("");
    for (method, path, status) in [("GET", "/token", 405), ("POST", "/token/keys", 404)] {
        let got = send(gateway.plain(), &request(method, path, &[], ""));
        assert_eq!(got.status, status, "{got:?}");
        assert_eq!(got.header("cache-control"), Some("no-store"), "{got:?}");
    }
}

#[test]
fn an_address_pays_for_all_of_a_form() {
    let (gateway, _backend) = gateway("[throttle]\naddress_bytes_per_minute = 100000");
    let answer = ask(&gateway, &format!("grant_type=x&pad={}", "x".repeat(200_000)));
    refused(&answer, "unsupported_grant_type", "grant.type");
    let answer = ask(&gateway, &form(BEARER, &assertion()));
    assert_eq!(
        (answer.status, logged_code(answer.incident()).as_str()),
        (503, "limit.address_bytes")
    );
}
