//! `sealgate policy infer` on every good case: the case passes under the policy, and under none that asks for more in one field.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "any other value is passed on as it is"
)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sealgate::policy::{Part, Policy, Profile};
use sealgate::xml::{Document, Limits, Namespace};
use serde_json::{Map, Value, json};
use support::{Case, Command as Judging};

/// What is inferred for the message in `folder`, judged as its `gate.toml` says but for what stands in `instead`.
fn inferred(folder: &Path, instead: &[(&str, &str)]) -> Result<Policy, String> {
    let mut gate: toml::Table = std::fs::read_to_string(folder.join("gate.toml"))
        .unwrap()
        .parse()
        .unwrap();
    gate.remove("command");
    for (key, value) in instead {
        gate.insert((*key).to_owned(), (*value).into());
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .current_dir(folder)
        .args(["policy", "infer", "message.xml"]);
    for (key, value) in gate {
        let option = format!("--{}", key.replace('_', "-"));
        match value {
            toml::Value::Boolean(true) => {
                command.arg(option);
            }
            toml::Value::Array(values) => {
                for value in values {
                    command.args([&option, value.as_str().unwrap()]);
                }
            }
            value => {
                command.args([&option, value.as_str().unwrap()]);
            }
        }
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(toml::from_str(&text(output.stdout)).unwrap())
    } else {
        Err(text(output.stderr))
    }
}

/// Values from the loosest to the strictest, by the field that has them.
const ORDERS: [(&str, &[&str]); 16] = [
    ("unsigned_headers", &["drop", "refuse"]),
    ("interrupted_text", &["join", "refuse"]),
    ("utf16", &["allow", "refuse"]),
    (
        "basic_security_profile",
        &["not-applicable", "report", "warn", "enforce"],
    ),
    ("timestamp.presence", &["ignored", "optional", "required"]),
    ("timestamp.expires", &["optional", "required"]),
    ("certificates.revocation", &["warn", "when-promised", "required"]),
    ("certificates.sha1", &["allow", "refuse"]),
    ("certificates.dsa", &["allow", "refuse"]),
    (
        "username_token",
        &[
            "ignore",
            "nonce-optional-over-tls",
            "digest-or-text-over-tls",
            "digest",
            "refuse",
        ],
    ),
    ("saml.audience", &["optional", "required"]),
    ("saml.signature_order", &["any-child", "after-issuer"]),
    ("algorithms.hmac_truncation", &["at-least-half", "refused"]),
    ("algorithms.ecdsa_values", &["or-shorter", "full-length"]),
    ("algorithms.pss_salts", &["or-shorter", "digest-length"]),
    // No message has to do anything for it.
    ("second_opinion", &["not-asked"]),
];

/// Names of a list that stand for all of these.
const NARROWER: [(&str, &[&str]); 2] = [
    (
        "rsa-oaep",
        &["rsa-oaep-sha256", "rsa-oaep-sha256-mgf1-sha1", "rsa-oaep-mgf1p"],
    ),
    ("ecdh-es", &["ecdh-es-sha2"]),
];

const SIGNED: [&str; 7] = [
    "body",
    "timestamp",
    "addressing",
    "assertion",
    "username-token",
    "tokens",
    "attachments",
];

/// Every policy that asks for more than `policy` in one field, with the name of that field. A field that is not known here is a panic.
fn tighter(policy: &Policy, case: &Case) -> Vec<(String, Policy)> {
    let mut policy = serde_json::to_value(policy).unwrap();
    let object = policy.as_object_mut().unwrap();
    object.entry("encrypted").or_insert_with(|| json!([]));
    let mut found = Vec::new();
    for (name, value) in object.clone() {
        match value {
            Value::Object(fields) => {
                let mut fields = fields;
                if name == "saml" {
                    fields.entry("max_life").or_insert(json!(u32::MAX));
                }
                for (field, value) in &fields {
                    let path = format!("{name}.{field}");
                    for value in stricter(&path, value, case) {
                        let mut changed: Map<String, Value> = object.clone();
                        let inside = changed.get_mut(&name).unwrap().as_object_mut().unwrap();
                        inside.insert(field.clone(), value);
                        found.push((path.clone(), changed));
                    }
                }
            }
            value => {
                for value in stricter(&name, &value, case) {
                    let mut changed = object.clone();
                    changed.insert(name.clone(), value);
                    found.push((name.clone(), changed));
                }
            }
        }
    }
    let policies = found.into_iter().map(|(path, changed)| {
        let value = serde_json::from_value(Value::Object(changed));
        (path, value.unwrap())
    });
    policies.collect()
}

fn stricter(path: &str, value: &Value, case: &Case) -> Vec<Value> {
    let numbers = |numbers: &[u64], is_stricter: fn(u64, u64) -> bool| {
        let own = value.as_u64().unwrap();
        let stricter = numbers.iter().filter(|number| is_stricter(**number, own));
        stricter.map(|number| json!(number)).collect()
    };
    match (path, value) {
        ("name", _) => Vec::new(),
        ("signed", Value::Array(parts)) => with_more(parts, &signed(case)),
        ("encrypted", Value::Array(parts)) => with_more(parts, &encrypted(case)),
        (_, Value::Array(items)) => with_less(items),
        (_, Value::String(own)) => {
            let (_, values) = ORDERS.iter().find(|(known, _)| *known == path).unwrap();
            assert!(values.contains(&own.as_str()), "{path} = {own}");
            let stricter = values.iter().rev().take_while(|value| *value != own);
            stricter.map(|value| json!(value)).collect()
        }
        ("clock_skew", _) => numbers(&[60], |number, own| number < own),
        ("timestamp.max_age", _) => numbers(&[60, 120, 300], |number, own| number < own),
        ("saml.max_life", _) => numbers(&[300, 600, 3600], |number, own| number < own),
        ("algorithms.rsa_min_bits", _) => numbers(&[2048, 3072, 4096], |number, own| number > own),
        (limit, Value::Number(_)) if limit.starts_with("limits.") => {
            let defaults = serde_json::to_value(Limits::default()).unwrap();
            let ours = defaults.get(limit.strip_prefix("limits.").unwrap()).unwrap();
            numbers(&[ours.as_u64().unwrap()], |number, own| number < own)
        }
        _ => panic!("{path} = {value} is not known here"),
    }
}

fn with_more(parts: &[Value], further: &[String]) -> Vec<Value> {
    let new = further
        .iter()
        .map(|part| json!(part))
        .filter(|part| !parts.contains(part));
    let more = new.map(|part| parts.iter().cloned().chain([part]).collect());
    let but_anything: Vec<Value> = parts.iter().filter(|part| *part != "anything").cloned().collect();
    let less = (but_anything.len() < parts.len() && !but_anything.is_empty()).then_some(but_anything);
    more.chain(less.map(Value::Array)).collect()
}

fn with_less(items: &[Value]) -> Vec<Value> {
    let mut lists = Vec::new();
    for item in items {
        let others: Vec<Value> = items.iter().filter(|other| *other != item).cloned().collect();
        let narrower = NARROWER.iter().filter(|(name, _)| item == name);
        for instead in narrower.flat_map(|(_, instead)| instead.iter()) {
            lists.push(others.iter().cloned().chain([json!(instead)]).collect());
        }
        lists.push(Value::Array(others));
    }
    lists
}

/// The parts that can be seen in the message, and those that a policy always knows.
fn signed(case: &Case) -> Vec<String> {
    if case.command == Judging::Saml {
        return vec![Part::Assertion.to_string()];
    }
    let document = document(case);
    let header = document
        .root()
        .children()
        .find(|child| child.local_name() == "Header");
    let blocks = header.into_iter().flat_map(|header| header.children());
    let headers = blocks.map(|block| format!("header:{{{}}}{}", block.namespace(), block.local_name()));
    SIGNED.iter().map(ToString::to_string).chain(headers).collect()
}

/// A message that holds no ciphertext does not show what would be encrypted.
fn encrypted(case: &Case) -> Vec<String> {
    let document = document(case);
    let mut elements = document.root().descendants();
    let is_encrypted = elements.any(|element| element.is(Namespace::XENC, "EncryptedData"));
    if case.command == Judging::Saml || !is_encrypted {
        return Vec::new();
    }
    SIGNED
        .iter()
        .chain(&["signature"])
        .map(ToString::to_string)
        .collect()
}

fn document(case: &Case) -> Document {
    let bytes = sealgate::xml::to_utf8(case.received.bytes.clone()).unwrap();
    Document::parse(bytes, &Limits::archive())
        .unwrap_or_else(|_| Document::parse("<a/>".into(), &Limits::archive()).unwrap())
}

/// What is wrong with what is inferred from `case`.
fn complaints(case: &mut Case, instead: &[(&str, &str)]) -> Vec<String> {
    let name = case.folder.display().to_string();
    let policy = match inferred(&case.folder, instead) {
        Ok(policy) => policy,
        Err(said) => return vec![format!("{name}: {said}")],
    };
    let mut complaints = Vec::new();
    let candidates = tighter(&policy, case);
    if !case.passes_under(policy) {
        complaints.push(format!("{name} does not pass"));
    }
    for (field, candidate) in candidates {
        if case.passes_under(candidate.clone()) {
            complaints.push(format!("{name}: {field} can be tighter: {candidate:?}"));
        }
    }
    complaints
}

fn assert_all(cases: Vec<Case>, instead: &[(&str, &str)]) {
    let cases: Vec<Mutex<Case>> = cases.into_iter().map(Mutex::new).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut case = case.lock().unwrap_or_else(PoisonError::into_inner);
                    let complaints = complaints(&mut case, instead);
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend(complaints);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_field_of_an_inferred_policy_can_be_tighter() {
    let mut cases = support::cases("cases/good");
    cases.retain(|case| case.passes);
    assert!(cases.len() > 200, "{}", cases.len());
    assert_all(cases, &[]);
}

#[test]
fn neither_can_one_that_begins_with_the_loosest() {
    let names = [
        "soap11",
        "encrypted-soap11",
        "encrypted-first-cbc",
        "encrypted-signature",
        "username-digest-soap11",
        "saml-bearer-soap11",
        "saml-encrypted-assertion",
        "saml-response",
    ];
    let mut cases = support::cases("cases/good");
    cases.retain(|case| names.iter().any(|name| case.folder.ends_with(name)));
    assert_eq!(cases.len(), names.len());
    assert_all(cases, &[("policy", "archive-verify")]);
}

#[test]
fn what_is_encrypted_has_to_be() {
    let case = |name: &str| {
        let mut cases = support::cases("cases/good");
        cases.retain(|case| case.folder.ends_with(name));
        cases.pop().unwrap()
    };
    let encrypted = inferred(&case("encrypted-soap11").folder, &[("policy", "bsp11")]).unwrap();
    assert!(encrypted.encrypted.contains(&Part::Body), "{encrypted:?}");
    assert_eq!(
        encrypted.encryption.key_transport,
        Profile::Strict.policy().encryption.key_transport
    );
    assert!(!case("soap11").passes_under(encrypted));
    // One that encrypts nothing says nothing of what it would encrypt.
    let plain = inferred(&case("soap11").folder, &[("policy", "archive-verify")]).unwrap();
    assert_eq!(plain.encrypted, []);
    assert_eq!(plain.encryption.data, []);
    assert_eq!(plain.limits, Limits::default());
}
