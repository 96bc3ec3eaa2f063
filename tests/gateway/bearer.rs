//! Routes that ask for a bearer token beside a signed message.

use std::fs;

use chrono::Utc;
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::{PrivateKey, SigningKey, decode_base64_url, encode_base64_url, sign};
use sealgate::soap::Version;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backend::{Backend, orders};
use crate::client::{Answer, post_with, request, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, certificate};
use crate::reload::replace;

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
        self.gateway_with("")
    }

    /// A gateway whose route also says `more`.
    fn gateway_with(&self, more: &str) -> (Gateway, Backend) {
        let backend = orders();
        let text = configuration(&format!("http://{}/legacy", backend.address));
        let bearer = format!(
            "[route.bearer]\nissuer = \"https://idp.example\"\naudience = \"urn:orders\"\njwks = {:?}\n\n{more}\n[route.backend]",
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

#[test]
fn a_backend_is_told_what_a_token_beside_a_signed_message_says() {
    let provider = Provider::new();
    let (gateway, backend) = provider.gateway_with(
        "[route.jwt]\nheader = \"x-jwt\"\nissuer = \"urn:us\"\naudience = \"urn:backend\"\nsubject = \"token-subject\"\nseconds = 3600\n\
         claims = { tenant = { token_claim = \"tenant\" }, signer = \"signer-subject\" }",
    );
    let text = fs::read_to_string(gateway.folder.path().join("sealgate.toml")).unwrap();
    let told = "x-user = \"token-subject\"\nx-idp = \"token-issuer\"\nx-tenant = { token_claim = \"tenant\" }\nx-level = { token_claim = \"level\" }\n";
    let text = text.replace("x-name-id", &format!("{told}x-name-id"));
    assert_eq!(replace(&gateway, &text).0, 200);
    let end = Utc::now().timestamp() + 600;
    let more = json!({ "tenant": ["north, east", "s\u{fc}d"], "level": 7, "exp": end });
    let good = format!("Bearer {}", provider.token("one", &more));
    assert_eq!(ask(&gateway, None, &[&good]).status, 200);
    let got = backend.only();
    for (name, values) in [
        ("x-user", &["ann"][..]),
        ("x-idp", &["https://idp.example"]),
        ("x-tenant", &["north%2C east,s%C3%BCd"]),
        // No text, so nothing that a header could have.
        ("x-level", &[]),
        ("x-signer-subject", &["O=Example,CN=alice"]),
    ] {
        assert_eq!(got.headers(name), values, "{name}");
    }
    let [jwt] = got.headers("x-jwt")[..] else {
        panic!("{got:?}")
    };
    let claims = jwt.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&decode_base64_url(claims).unwrap()).unwrap();
    assert_eq!(
        (
            &claims["sub"],
            &claims["tenant"],
            &claims["signer"],
            &claims["exp"]
        ),
        (
            &"ann".into(),
            &json!(["north, east", "s\u{fc}d"]),
            &"O=Example,CN=alice".into(),
            &end.into()
        )
    );
    // Values that nobody should get refuse the message.
    for bad in [
        json!("a\r\nx-admin: yes"),
        json!("x".repeat(1025)),
        json!(vec!["x"; 65]),
    ] {
        let token = provider.token("one", &json!({ "tenant": bad }));
        let refused = ask(&gateway, None, &[&format!("Bearer {token}")]);
        assert_eq!(refused.status, 500, "{refused:?}");
        assert_eq!(logged_code(refused.incident()), "policy.identity_value");
    }
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn rules_ask_for_subject_scope_and_claims_of_a_token_beside_a_signed_message() {
    let provider = Provider::new();
    let (gateway, backend) = provider.gateway_with(
        "[[route.allow]]\ntoken_subject = [\"ann\", \"bea\"]\ntoken_scope = [\"orders.write\"]\n\
         token_claim = [{ name = \"tenant\", values = [\"north\"] }]",
    );
    let asked = |claims: Value| {
        ask(
            &gateway,
            None,
            &[&format!("Bearer {}", provider.token("one", &claims))],
        )
    };
    let good = json!({ "scope": "orders.read orders.write", "tenant": "north" });
    assert_eq!(asked(good.clone()).status, 200);
    for (name, value) in [
        ("sub", json!("eve")),
        ("scope", json!("orders.read")),
        ("scope", json!("orders.writeall")),
        ("scope", json!(null)),
        ("tenant", json!("NORTH")),
        ("tenant", json!(7)),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        let refused = asked(claims.clone());
        assert_eq!(refused.status, 500, "{claims}");
        assert_eq!(
            logged_code(refused.incident()),
            "policy.not_authorized",
            "{claims}"
        );
    }
    // Nor does a token count that does not hold.
    let forged = Provider::new().token("one", &good);
    refused(
        &ask(&gateway, None, &[&format!("Bearer {forged}")]),
        "bearer.signature",
    );
    assert_eq!(backend.got().len(), 1);
}
