//! What `sealgate explain` says of messages that another program signed, and to which something happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder, where the failure shows, and its causes.
fn cases() -> Vec<(PathBuf, String, BTreeSet<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/explain");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let text = fs::read_to_string(folder.join("explained.toml")).unwrap();
        let expected: toml::Table = text.parse().unwrap();
        let place = expected.get("at").unwrap().as_str().unwrap().to_owned();
        let causes = expected.get("causes").unwrap().as_array().unwrap();
        let causes = causes
            .iter()
            .map(|cause| cause.as_str().unwrap().to_owned())
            .collect();
        cases.push((folder, place, causes));
    }
    cases.sort();
    cases
}

fn explain(arguments: &[&str], message: &Path) -> (Value, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["explain", "--format", "json"])
        .args(arguments)
        .arg(message)
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (told, output.status.code().unwrap())
}

/// The causes at the place, and whether the best answer is proved.
fn causes(told: &Value, place: &str) -> (BTreeSet<String>, bool) {
    let at = match place {
        "reference" => told.pointer("/references/0/causes"),
        _ => told.pointer("/signature_value/causes"),
    };
    let at = at.unwrap().as_array().unwrap();
    let names = at
        .iter()
        .map(|cause| cause.get("cause").unwrap().as_str().unwrap().to_owned());
    let is_proved = at
        .first()
        .is_some_and(|cause| cause.get("certainty").unwrap() == "proved");
    (names.collect(), is_proved)
}

/// Nothing that is found leads to these.
const NOT_PROVED: [&str; 4] = [
    "content_changed",
    "signed_info_changed",
    "value_damaged",
    "wrong_key",
];

#[test]
fn every_cause_of_the_contract_is_told() {
    let mut told_causes = BTreeSet::new();
    for (folder, place, expected) in cases() {
        let (told, code) = explain(&[], &folder.join("message.xml"));
        assert_eq!(code, 1, "{}", folder.display());
        let (found, is_proved) = causes(&told, &place);
        assert!(expected.is_subset(&found), "{}: {found:?}", folder.display());
        let must_be_proved = !expected.iter().any(|cause| NOT_PROVED.contains(&cause.as_str()));
        assert_eq!(is_proved, must_be_proved, "{}: {told}", folder.display());
        told_causes.extend(expected);
    }
    assert_eq!(told_causes.len(), 26, "{told_causes:?}");
}

#[test]
fn a_case_for_a_partner_fails_for_the_same_causes_and_says_nothing_else() {
    let mut lost = Vec::new();
    for (folder, place, expected) in cases() {
        let out = tempfile::tempdir().unwrap();
        let message = folder.join("message.xml");
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let (before, code) = explain(&["--redact", out.path().to_str().unwrap()], &message);
        if code == 3 {
            lost.push(name);
            continue;
        }
        let key = out.path().join("key.pem");
        let redacted = out.path().join("message.xml");
        let (after, _) = explain(&["--public-key", key.to_str().unwrap()], &redacted);
        assert_eq!(causes(&after, &place).0, causes(&before, &place).0, "{name}");
        assert!(expected.is_subset(&causes(&after, &place).0), "{name}");
        let text = fs::read_to_string(redacted).unwrap();
        for said in ["alice", "bolt", "first", "line", "gold"] {
            assert!(!text.contains(said), "{name}: {said}");
        }
        assert!(
            text.contains("<o:Item") || text.contains("<ns2:Item"),
            "{name}: {text}"
        );
    }
    // What was digested in another encoding is not text that could be hidden.
    assert_eq!(lost, ["character-encoding"]);
}
