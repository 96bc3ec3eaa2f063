//! `sealgate policy infer` and `policy diff`, on messages whose policies and differences are known.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::process::{Command, Output};

use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::policy::{KeyReference, Part, Policy, UnsignedHeaders};
use serde_json::Value;

const AT: &str = "2026-11-24T00:00:30Z";

fn sealgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases"))
        .env("NO_COLOR", "1")
        .args(arguments)
        .output()
        .unwrap()
}

fn infer(policy: &str, messages: &[&str]) -> Output {
    let files: Vec<String> = messages
        .iter()
        .map(|name| format!("{name}/message.xml"))
        .collect();
    let mut arguments = vec![
        "policy",
        "infer",
        "--trust",
        "../keys/ca.pem",
        "--at",
        AT,
        "--policy",
        policy,
    ];
    arguments.extend(["--untrusted", "../keys/alice.pem"]);
    arguments.extend(files.iter().map(String::as_str));
    sealgate(&arguments)
}

fn inferred(policy: &str, messages: &[&str]) -> Policy {
    let output = infer(policy, messages);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    toml::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap()
}

#[test]
fn a_policy_keeps_only_what_its_sample_needs() {
    let policy = inferred("strict", &["good/ecdsa-p384"]);
    let signatures: Vec<_> = policy.algorithms.signatures.iter().collect();
    assert_eq!(signatures, [SignatureAlgorithm::EcdsaSha384]);
    assert_eq!(
        policy.algorithms.digests.iter().collect::<Vec<_>>(),
        [DigestAlgorithm::Sha384]
    );
    assert_eq!(policy.key_references, [KeyReference::BinarySecurityToken]);
    assert!(policy.timestamp.max_age <= 300);
}

#[test]
fn an_old_profile_is_tightened_to_what_a_message_of_today_meets() {
    let policy = inferred("archive-verify", &["good/key-ski-soap11"]);
    assert!(policy.signed.contains(&Part::Body) && policy.signed.contains(&Part::Timestamp));
    assert!(!policy.signed.contains(&Part::Anything));
    assert_eq!(policy.unsigned_headers, UnsignedHeaders::Refuse);
    assert_eq!(policy.key_references, [KeyReference::SubjectKeyIdentifier]);
    assert!(!policy.algorithms.signatures.contains(SignatureAlgorithm::RsaSha1));
    assert_eq!(policy.algorithms.rsa_min_bits, 2048);
}

#[test]
fn several_samples_all_pass() {
    let policy = inferred("strict", &["good/ecdsa-p256", "good/key-thumbprint-soap11"]);
    let signatures: Vec<_> = policy.algorithms.signatures.iter().collect();
    assert_eq!(
        signatures,
        [SignatureAlgorithm::RsaSha256, SignatureAlgorithm::EcdsaSha256]
    );
    assert_eq!(
        policy.key_references,
        [KeyReference::BinarySecurityToken, KeyReference::Thumbprint]
    );
}

#[test]
fn nothing_is_inferred_from_a_message_that_does_not_pass() {
    let output = infer("strict", &["good/ecdsa-p256", "policy/timestamp-not-signed"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("policy.timestamp_not_signed") && !said.contains("[algorithms]"),
        "{said}"
    );
}

fn diff(good: &str, bad: &str) -> (Option<i32>, Vec<(String, Value, Value)>) {
    let (good, bad) = (format!("{good}/message.xml"), format!("{bad}/message.xml"));
    let output = sealgate(&["policy", "diff", "--format", "json", &good, &bad]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object.get("verified"), Some(&Value::Bool(false)));
    let listed = object.get("differences").unwrap().as_array().unwrap();
    let field = |one: &Value, key: &str| one.get(key).unwrap().clone();
    let listed = listed.iter().map(|one| {
        let what = field(one, "what").as_str().unwrap().to_owned();
        (what, field(one, "good"), field(one, "bad"))
    });
    (output.status.code(), listed.collect())
}

fn has(found: &[(String, Value, Value)], what: &str, good: &str, bad: &str) -> bool {
    found
        .iter()
        .any(|(name, before, after)| name.ends_with(what) && before == good && after == bad)
}

#[test]
fn a_message_does_not_differ_from_itself() {
    let (code, found) = diff("good/username-digest-soap11", "good/username-digest-soap11");
    assert_eq!((code, found), (Some(0), Vec::new()));
}

#[test]
fn another_certificate_and_algorithm_are_told() {
    let (code, found) = diff("good/ecdsa-p256", "good/ecdsa-p384");
    assert_eq!(code, Some(1));
    assert!(
        has(&found, "› algorithm", "ecdsa-sha256", "ecdsa-sha384"),
        "{found:?}"
    );
    assert!(has(&found, "› digest", "sha256", "sha384"), "{found:?}");
    assert!(
        has(
            &found,
            "certificate › subject",
            "O=Example,CN=bob",
            "O=Example,CN=carol"
        ),
        "{found:?}"
    );
}

#[test]
fn parts_times_and_order_are_told() {
    let (_, found) = diff("good/username-digest-soap11", "policy/timestamp-not-signed");
    let gone = |part: &str| {
        found
            .iter()
            .any(|(name, _, after)| name.contains(part) && after.is_null())
    };
    assert!(
        gone("UsernameToken") && gone("wsu:Timestamp › digest"),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(name, _, _)| name.ends_with("items › order")),
        "{found:?}"
    );
    let (_, times) = diff("good/ecdsa-p256", "wss/bsp-r3203");
    assert!(
        times
            .iter()
            .any(|(name, good, bad)| name.ends_with("› life") && good == "300 s" && bad.is_null())
    );
    let (_, namespaces) = diff("good/username-digest-soap11", "good/username-digest-soap12");
    assert!(has(&namespaces, "message › soap", "1.1", "1.2"), "{namespaces:?}");
}
