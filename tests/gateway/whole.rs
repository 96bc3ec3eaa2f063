//! Routes on which a bearer token stands for the message.

use chrono::Utc;
use sealgate::crypto::encode_base64_url;
use sealgate::soap::Version;
use serde_json::json;

use crate::backend::{Backend, PLACED, orders};
use crate::bearer::Provider;
use crate::client::{Answer, post_with, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, PLACE, certificate};

const HEADERS: &str = "<a:MessageID xmlns:a=\"http://www.w3.org/2005/08/addressing\">urn:uuid:7</a:MessageID><x:Hint xmlns:x=\"urn:x\">1</x:Hint>";

fn gateway(provider: &Provider, more: &str) -> (Gateway, Backend) {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let (before, after) = text.split_once("[[route.trust.anchor]]").unwrap();
    let (_, after) = after.split_once("[route.backend]").unwrap();
    let (after, _) = after.split_once("[route.identity]").unwrap();
    let bearer = format!(
        "[route.bearer]\nissuer = \"https://idp.example\"\naudience = \"urn:orders\"\njwks = {:?}\nmessage_security = \"replaced-by-token\"\n",
        provider.file()
    );
    let identity = "[route.identity]\nx-user = \"token-subject\"\nx-idp = \"token-issuer\"\n";
    let before = before.replace(
        "gateway.key.pem\" }",
        "gateway.key.pem\", clients = \"optional\", client_ca = [\"ca.pem\"] }",
    );
    let text = format!("{before}{bearer}[route.backend]{after}{identity}{more}");
    (Gateway::configured(&text), backend)
}

fn envelope(headers: &str, body: &str) -> String {
    let soap = Version::Soap11.namespace().uri();
    format!(
        "<s:Envelope xmlns:s=\"{soap}\"><s:Header>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn bring(gateway: &Gateway, client: Option<&str>, token: &str, message: &str) -> Answer {
    let token = format!("Bearer {token}");
    let request = post_with(
        Version::Soap11,
        "urn:place",
        message,
        &[("Authorization", &token)],
    );
    send_tls(gateway.tls(), client, &request).unwrap()
}

/// A token of the provider's that nobody has used.
fn token(provider: &Provider, id: &str) -> String {
    provider.token("one", &json!({ "jti": id }))
}

#[test]
fn a_token_can_stand_for_a_message_and_the_backend_gets_the_whole_of_it() {
    let provider = Provider::new();
    let (gateway, backend) = gateway(&provider, "");
    let message = envelope(HEADERS, &PLACE.replace("bolt", "bo<!-- -->lt"));
    let answer = bring(&gateway, None, &token(&provider, "1"), &message);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains(PLACED) && answer.body.contains("SignatureValue"));
    assert!(answer.body.contains(">urn:uuid:7</"), "{answer:?}");
    let got = backend.only();
    assert_eq!(got.body, envelope(HEADERS, PLACE));
    assert_eq!(got.headers("x-user"), ["ann"]);
    assert_eq!(got.headers("x-idp"), ["https://idp.example"]);
    assert!(got.headers("authorization").is_empty());
}

#[test]
fn a_token_counts_for_one_message() {
    let provider = Provider::new();
    let (gateway, backend) = gateway(&provider, "");
    let (one, message) = (token(&provider, "1"), envelope("", PLACE));
    assert_eq!(bring(&gateway, None, &one, &message).status, 200);
    let again = bring(&gateway, None, &one, &envelope("", &PLACE.replace("100", "101")));
    assert_eq!(
        (again.status, logged_code(again.incident()).as_str()),
        (500, "replay.token")
    );
    // Another token with its name is no other.
    let other = provider.token("one", &json!({ "jti": "1", "sub": "bob" }));
    let again = bring(&gateway, None, &other, &message);
    assert_eq!(logged_code(again.incident()), "replay.token");
    let unnamed = provider.token("one", &json!({}));
    let refused = bring(&gateway, None, &unnamed, &message);
    assert_eq!(
        (refused.status, logged_code(refused.incident()).as_str()),
        (401, "bearer.not_once")
    );
    let old = provider.token(
        "one",
        &json!({ "jti": "2", "iat": Utc::now().timestamp() - 3600 }),
    );
    let refused = bring(&gateway, None, &old, &message);
    assert_eq!(logged_code(refused.incident()), "replay.before_store");
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn a_message_that_is_refused_does_not_use_up_its_token() {
    let provider = Provider::new();
    let (gateway, backend) = gateway(&provider, "[route.threats]\nsql_pattern = \"block\"\n");
    let one = token(&provider, "1");
    let soap = |body: &str| envelope("", body);
    let security = "<w:Security xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"/>";
    let injected = PLACE.replace("bolt M8", "x' OR '1'='1' --");
    let hint = "<x:Hint xmlns:x=\"urn:x\" xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:mustUnderstand=\"1\"/>";
    let action = "<a:Action xmlns:a=\"http://www.w3.org/2005/08/addressing\">urn:cancel</a:Action>";
    for (message, code) in [
        (Message::default().signed(), "policy.security_with_token"),
        (
            envelope(
                &security.replace(
                    "/>",
                    " xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:actor=\"urn:b\"/>",
                ),
                PLACE,
            ),
            "policy.security_with_token",
        ),
        (
            envelope(
                "<d:Security xmlns:d=\"http://schemas.xmlsoap.org/ws/2002/07/secext\"/>",
                PLACE,
            ),
            "policy.security_with_token",
        ),
        (soap(&injected), "threat.sql_pattern"),
        (
            soap(PLACE).replace("<s:Header>", "<s:Header h=\"x' OR '1'='1' --\">"),
            "threat.sql_pattern",
        ),
        (
            envelope(&HEADERS.replace(">1<", ">x' OR '1'='1' --<"), PLACE),
            "threat.sql_pattern",
        ),
        (envelope(hint, PLACE), "soap.must_understand"),
        (envelope(action, PLACE), "policy.action_mismatch"),
        (
            soap("<o:CancelOrder xmlns:o=\"urn:example:orders\"/>"),
            "policy.action_mismatch",
        ),
        (
            soap("<o:DropOrders xmlns:o=\"urn:example:orders\"/>"),
            "policy.operation_unknown",
        ),
        (soap(&format!("{PLACE}{PLACE}")), "policy.operation_unknown"),
        (
            soap(&PLACE.replace("urn:example:orders\">", "urn:example:orders\" xmlns:r=\"rel\">")),
            "xml.relative_namespace",
        ),
        ("<!DOCTYPE a><a/>".to_owned(), "xml.dtd"),
    ] {
        let answer = bring(&gateway, None, &one, &message);
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(logged_code(answer.incident()), code, "{message}");
    }
    assert!(backend.got().is_empty());
    assert_eq!(bring(&gateway, None, &one, &soap(PLACE)).status, 200);
}

#[test]
fn nothing_but_a_token_over_tls_stands_for_a_message() {
    let provider = Provider::new();
    let (gateway, backend) = gateway(&provider, "");
    let message = envelope("", PLACE);
    let signed = Message::default().signed();
    for body in [&message, &signed] {
        let request = post_with(Version::Soap11, "urn:place", body, &[]);
        let answer = send_tls(gateway.tls(), None, &request).unwrap();
        assert_eq!(
            (answer.status, logged_code(answer.incident()).as_str()),
            (401, "bearer.missing")
        );
    }
    let one = format!("Bearer {}", token(&provider, "1"));
    let request = post_with(Version::Soap11, "urn:place", &message, &[("Authorization", &one)]);
    let answer = send(gateway.plain(), &request);
    assert_eq!(
        (answer.status, logged_code(answer.incident()).as_str()),
        (401, "bearer.transport")
    );
    let thumbprint = encode_base64_url(certificate("alice").sha256());
    let bound = provider.token("one", &json!({ "jti": "2", "cnf": { "x5t#S256": thumbprint } }));
    let stolen = bring(&gateway, Some("bob"), &bound, &message);
    assert_eq!(logged_code(stolen.incident()), "bearer.client_certificate");
    assert!(backend.got().is_empty());
    assert_eq!(bring(&gateway, Some("alice"), &bound, &message).status, 200);
}

#[test]
fn rules_ask_for_what_the_token_says_that_stands_for_a_message() {
    let provider = Provider::new();
    let (gateway, backend) = gateway(
        &provider,
        "x-tenant = { token_claim = \"tenant\" }\n[[route.allow]]\ntoken_scope = [\"orders.write\"]\n",
    );
    let token = |id: &str, scope: &str| {
        provider.token("one", &json!({ "jti": id, "scope": scope, "tenant": "north" }))
    };
    let message = envelope("", PLACE);
    let refused = bring(&gateway, None, &token("1", "orders.read"), &message);
    assert_eq!(logged_code(refused.incident()), "policy.not_authorized");
    let answer = bring(&gateway, None, &token("2", "orders.read orders.write"), &message);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(backend.only().headers("x-tenant"), ["north"]);
}
