//! Routes that ask for a bearer token beside a signed message.

use std::fs;

use chrono::Utc;
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::{PrivateKey, SigningKey, encode_base64_url, sign};
use sealgate::soap::Version;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backend::{Backend, orders};
use crate::client::{Answer, post_with, request, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, certificate};

/// An OpenID provider: its keys, by name, and the file where they are published.
pub(crate) struct Provider {
    pub(crate) keys: Vec<(&'static str, PrivateKey)>,
    folder: TempDir,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let provider = Self {
            keys: vec![("one", PrivateKey::generate_rsa(2048).unwrap())],
            folder: tempfile::tempdir().unwrap(),
        };
        provider.publish();
        provider
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("jwks.json")
    }

    fn publish(&self) {
        fs::write(self.file(), self.jwks()).unwrap();
    }

    /// Its keys, as it publishes them.
    pub(crate) fn jwks(&self) -> String {
        let keys = self.keys.iter().map(|(id, key)| {
            let (n, e) = key.public().modulus_exponent().unwrap();
            json!({ "kty": "RSA", "kid": id, "use": "sig", "n": encode_base64_url(&n), "e": encode_base64_url(&e) })
        });
        json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    }

    /// A token about ann for the route, with `more` claims.
    pub(crate) fn token(&self, id: &str, more: &Value) -> String {
        let (_, key) = self.keys.iter().find(|(name, _)| *name == id).unwrap();
        let now = Utc::now().timestamp();
        let mut claims = json!({ "iss": "https://idp.example", "aud": "urn:orders", "sub": "ann", "iat": now, "exp": now + 60 });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| encode_base64_url(value.to_string().as_bytes());
        let header = json!({ "alg": "RS256", "kid": id, "typ": "at+jwt" });
        let signed = format!("{}.{}", part(&header), part(&claims));
        let key = SigningKey::from(key.clone());
        let value = sign(SignatureAlgorithm::RsaSha256, &key, signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode_base64_url(&value))
    }

    fn gateway(&self) -> (Gateway, Backend) {
        let backend = orders();
        let text = configuration(&format!("http://{}/legacy", backend.address));
        let bearer = format!(
            "[route.bearer]\nissuer = \"https://idp.example\"\naudience = \"urn:orders\"\njwks = {:?}\n\n[route.backend]",
            self.file()
        );
        let text = text.replace("[route.backend]", &bearer).replace(
            "gateway.key.pem\" }",
            "gateway.key.pem\", clients = \"optional\", client_ca = [\"ca.pem\"] }",
        );
        (Gateway::configured(&text), backend)
    }
}

pub(crate) fn ask(gateway: &Gateway, client: Option<&str>, authorization: &[&str]) -> Answer {
    let headers: Vec<_> = authorization
        .iter()
        .map(|value| ("Authorization", *value))
        .collect();
    let request = post_with(
        Version::Soap11,
        "urn:place",
        &Message::default().signed(),
        &headers,
    );
    send_tls(gateway.tls(), client, &request).unwrap()
}

pub(crate) fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 401, "{answer:?}");
    let none = ["bearer.missing", "bearer.scheme"].contains(&code);
    let error = if none { "" } else { ", error=\"invalid_token\"" };
    assert_eq!(
        answer.header("www-authenticate"),
        Some(format!("Bearer realm=\"sealgate\"{error}").as_str())
    );
    assert_eq!(logged_code(answer.incident()), code);
    let incident = answer.incident();
    assert!(
        answer
            .body
            .contains(&format!("The message was refused. Incident {incident}.")),
        "{answer:?}"
    );
}

#[test]
fn a_route_can_ask_for_a_token_beside_a_signed_message() {
    let provider = Provider::new();
    let (gateway, backend) = provider.gateway();
    let good = format!("Bearer {}", provider.token("one", &json!({})));
    assert_eq!(ask(&gateway, None, &[&good]).status, 200);
    assert_eq!(
        ask(&gateway, None, &[&good.replace("Bearer", "bearer")]).status,
        200
    );
    // The token is for the gateway: no backend gets it.
    assert!(
        backend
            .got()
            .iter()
            .all(|got| got.headers("authorization").is_empty())
    );
    assert_eq!(backend.got().len(), 2);
    refused(&ask(&gateway, None, &[]), "bearer.missing");
    refused(&ask(&gateway, None, &["Basic YTpi"]), "bearer.scheme");
    refused(&ask(&gateway, None, &["Bearer"]), "bearer.scheme");
    refused(&ask(&gateway, None, &["Bearer x"]), "bearer.malformed");
    refused(&ask(&gateway, None, &[&good, &good]), "bearer.several");
    refused(&ask(&gateway, None, &["Basic YTpi", &good]), "bearer.several");
    refused(
        &ask(&gateway, None, &[&format!("Bearer {}", "x".repeat(9000))]),
        "limit.bearer",
    );
    let expired = provider.token("one", &json!({ "exp": Utc::now().timestamp() - 3600 }));
    refused(
        &ask(&gateway, None, &[&format!("Bearer {expired}")]),
        "bearer.expired",
    );
    let other = provider.token("one", &json!({ "aud": "urn:other" }));
    refused(
        &ask(&gateway, None, &[&format!("Bearer {other}")]),
        "bearer.audience",
    );
    assert_eq!(backend.got().len(), 2);
}

#[test]
fn a_token_does_not_stand_for_a_message() {
    let provider = Provider::new();
    let (gateway, backend) = provider.gateway();
    let good = format!("Bearer {}", provider.token("one", &json!({})));
    let headers = [
        ("Content-Type", "text/xml; charset=utf-8"),
        ("SOAPAction", "\"urn:place\""),
        ("Authorization", good.as_str()),
    ];
    let signed = Message::default().signed();
    let unsigned = Message::default().unsigned().replace("SIGNATURE", "");
    let no_header = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
                     <o:PlaceOrder xmlns:o=\"urn:example:orders\"/></s:Body></s:Envelope>";
    let changed = signed.replace("bolt", "nuts");
    for body in [unsigned.as_str(), no_header, changed.as_str()] {
        let answer = send_tls(gateway.tls(), None, &request("POST", "/orders", &headers, body)).unwrap();
        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(!logged_code(answer.incident()).starts_with("bearer."));
    }
    // Where others can take it a good token is none.
    let answer = send(gateway.plain(), &request("POST", "/orders", &headers, &signed));
    refused(&answer, "bearer.transport");
    assert!(backend.got().is_empty());
}

#[test]
fn a_stolen_token_that_is_bound_to_a_certificate_is_of_no_use() {
    let provider = Provider::new();
    let (gateway, _backend) = provider.gateway();
    let thumbprint = encode_base64_url(certificate("alice").sha256());
    let bound = provider.token("one", &json!({ "cnf": { "x5t#S256": thumbprint } }));
    let bound = format!("Bearer {bound}");
    assert_eq!(ask(&gateway, Some("alice"), &[&bound]).status, 200);
    refused(
        &ask(&gateway, Some("bob"), &[&bound]),
        "bearer.client_certificate",
    );
    refused(&ask(&gateway, None, &[&bound]), "bearer.client_certificate");
}

#[test]
fn keys_of_the_issuer_are_replaced_without_a_restart() {
    let mut provider = Provider::new();
    let (gateway, _backend) = provider.gateway();
    let old = format!("Bearer {}", provider.token("one", &json!({})));
    provider
        .keys
        .push(("two", PrivateKey::generate_rsa(2048).unwrap()));
    let new = format!("Bearer {}", provider.token("two", &json!({})));
    refused(&ask(&gateway, None, &[&new]), "bearer.key");
    let reload = || send(gateway.admin(), &request("POST", "/reload", &[], "")).status;
    provider.publish();
    assert_eq!(reload(), 200);
    assert_eq!(ask(&gateway, None, &[&new]).status, 200);
    assert_eq!(ask(&gateway, None, &[&old]).status, 200);
    provider.keys.remove(0);
    provider.publish();
    assert_eq!(reload(), 200);
    refused(&ask(&gateway, None, &[&old]), "bearer.key");
    // What cannot be read changes nothing.
    fs::write(provider.file(), "{\"keys\":[]}").unwrap();
    assert_eq!(reload(), 409);
    assert_eq!(ask(&gateway, None, &[&new]).status, 200);
}
