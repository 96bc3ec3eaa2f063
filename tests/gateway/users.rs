//! UsernameTokens, as a route with users meets them.

use chrono::{DateTime, Utc};
use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{digest, encode_base64};
use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{Answer, post, request, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, time};

const PROFILE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

fn gateway(backend: std::net::SocketAddr, policy: &str) -> Gateway {
    let text = configuration(&format!("http://{backend}/legacy"));
    // Only bsp11 takes what is compared with hashes.
    let hashes = if policy == "bsp11" {
        "hashes = \"users.hashes\"\n"
    } else {
        ""
    };
    let users = format!("[route.users]\n{hashes}secrets = \"users.secrets\"\nsecrets_key = \"users.key\"\n");
    let text = text
        .replace("[route.backend]", &format!("{users}\n[route.backend]"))
        .replace("[route.identity]", "[route.identity]\nx-user = \"username\"")
        .replace(
            "path = \"/orders\"",
            &format!("path = \"/orders\"\npolicy = \"{policy}\""),
        );
    Gateway::configured(&text)
}

fn with(fields: &str) -> String {
    let token = format!(
        "<wsse:UsernameToken wsu:Id=\"username\"><wsse:Username>alice</wsse:Username>{fields}</wsse:UsernameToken>"
    );
    Message {
        username_token: Some(token),
        ..Message::default()
    }
    .signed()
}

fn with_digest(password: &str, nonce: &[u8], at: DateTime<Utc>) -> String {
    let created = time(at);
    let sum = digest(
        DigestAlgorithm::Sha1,
        &[nonce, created.as_bytes(), password.as_bytes()].concat(),
    );
    let (sum, nonce) = (encode_base64(sum.unwrap().as_bytes()), encode_base64(nonce));
    with(&format!(
        "<wsse:Password Type=\"{PROFILE}#PasswordDigest\">{sum}</wsse:Password>\
         <wsse:Nonce EncodingType=\"{BASE64}\">{nonce}</wsse:Nonce><wsu:Created>{created}</wsu:Created>"
    ))
}

fn with_text(password: &str) -> String {
    with(&format!(
        "<wsse:Password Type=\"{PROFILE}#PasswordText\">{password}</wsse:Password>"
    ))
}

fn plain(gateway: &Gateway, message: &str) -> Answer {
    send(gateway.plain(), &post(Version::Soap11, "urn:place", message))
}

fn tls(gateway: &Gateway, message: &str) -> Answer {
    let request = post(Version::Soap11, "urn:place", message);
    send_tls(gateway.tls(), None, &request).unwrap()
}

#[test]
fn the_backend_is_told_the_user_of_a_digest_and_a_nonce_counts_once() {
    let backend = orders();
    let gateway = gateway(backend.address, "strict");
    let nonce = [7; 16];
    let now = Utc::now();
    let answer = plain(&gateway, &with_digest("correct horse", &nonce, now));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(backend.only().headers("x-user"), ["alice"]);
    let replayed = plain(&gateway, &with_digest("correct horse", &nonce, now));
    assert_eq!(
        (replayed.status, logged_code(replayed.incident())),
        (500, "replay.nonce".to_owned())
    );
}

#[test]
fn a_password_is_taken_over_tls_only() {
    let backend = orders();
    let gateway = gateway(backend.address, "bsp11");
    let refused = plain(&gateway, &with_text("correct horse"));
    assert_eq!(logged_code(refused.incident()), "policy.password_text");
    assert_eq!(tls(&gateway, &with_text("correct horse")).status, 200);
    assert_eq!(backend.only().headers("x-user"), ["alice"]);
}

#[test]
fn guessing_looks_like_any_refusal_and_is_counted() {
    let backend = orders();
    let gateway = gateway(backend.address, "bsp11");
    let unknown = with_text("correct horse").replace(">alice<", ">mallory<");
    let wrong = tls(&gateway, &with_text("wrong"));
    let digest = plain(&gateway, &with_digest("wrong", &[8; 16], Utc::now()));
    assert_eq!(logged_code(wrong.incident()), "trust.password");
    assert_eq!(logged_code(digest.incident()), "trust.password");
    let changed = tls(&gateway, &unknown);
    assert_eq!(logged_code(changed.incident()), "dsig.digest_mismatch");
    let constant = |answer: &Answer| (answer.status, answer.body.replace(answer.incident(), "INCIDENT"));
    assert_eq!(constant(&wrong), constant(&digest));
    assert_eq!(constant(&wrong), constant(&changed));
    let metrics = send(gateway.admin(), &request("GET", "/metrics", &[], "")).body;
    let line = "sealgate_wrong_passwords_total{route=\"/orders\"} 2";
    assert!(metrics.contains(line), "{metrics}");
    assert!(backend.got().is_empty());
}
