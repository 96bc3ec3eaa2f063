//! What `sealgate explain` says of messages that another program signed, and to which something happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder of the fixtures.
struct Case {
    folder: PathBuf,
    /// Where the failure shows.
    place: String,
    causes: Vec<String>,
    /// Whether these are told in this order, and nothing else.
    is_exact: bool,
}

impl Case {
    fn expected(&self) -> BTreeSet<String> {
        self.causes.iter().cloned().collect()
    }
}

fn cases() -> Vec<Case> {
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
        cases.push(Case {
            folder,
            place,
            causes,
            is_exact: expected.contains_key("exact"),
        });
    }
    cases.sort_by(|one, other| one.folder.cmp(&other.folder));
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

/// The causes at the place in their order, and whether the best answer is proved.
fn causes(told: &Value, place: &str) -> (Vec<String>, bool) {
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
    for case in cases() {
        let (folder, expected) = (&case.folder, case.expected());
        let (told, code) = explain(&[], &folder.join("message.xml"));
        assert_eq!(code, 1, "{}", folder.display());
        let (found, is_proved) = causes(&told, &case.place);
        if case.is_exact {
            assert_eq!(found, case.causes, "{}", folder.display());
        }
        let found: BTreeSet<String> = found.into_iter().collect();
        assert!(expected.is_subset(&found), "{}: {found:?}", folder.display());
        let must_be_proved = !expected.iter().any(|cause| NOT_PROVED.contains(&cause.as_str()));
        assert_eq!(is_proved, must_be_proved, "{}: {told}", folder.display());
        told_causes.extend(expected);
    }
    assert_eq!(told_causes.len(), 26, "{told_causes:?}");
}

/// Each reason of the first reference: its cause and the number of its answer.
fn answers(name: &str) -> Vec<(String, u64)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/explain");
    let (told, _) = explain(&[], &folder.join(name).join("message.xml"));
    let causes = told.pointer("/references/0/causes").unwrap().as_array().unwrap();
    let each = causes.iter().map(|cause| {
        let name = cause.get("cause").unwrap().as_str().unwrap().to_owned();
        (name, cause.get("group").unwrap().as_u64().unwrap())
    });
    each.collect()
}

#[test]
fn what_happened_together_has_one_number_and_what_may_have_happened_instead_another() {
    let numbered = |causes: &[(&str, u64)]| {
        let causes = causes.iter().map(|(name, group)| ((*name).to_owned(), *group));
        causes.collect::<Vec<_>>()
    };
    assert_eq!(
        answers("pair-whitespace-line-endings"),
        numbered(&[("line_endings", 1), ("whitespace", 1)])
    );
    assert_eq!(
        answers("canonicalization-method"),
        numbered(&[("prefix_list", 1), ("canonicalization_method", 2)])
    );
    assert_eq!(
        answers("digest-algorithm-inclusive"),
        numbered(&[
            ("prefix_list", 1),
            ("digest_algorithm", 1),
            ("canonicalization_method", 2),
            ("digest_algorithm", 2)
        ])
    );
}

#[test]
fn a_case_for_a_partner_fails_for_the_same_causes_and_says_nothing_else() {
    let mut lost = Vec::new();
    for case in cases() {
        let (folder, place) = (&case.folder, &case.place);
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
        assert_eq!(causes(&after, place).0, causes(&before, place).0, "{name}");
        let found: BTreeSet<String> = causes(&after, place).0.into_iter().collect();
        assert!(case.expected().is_subset(&found), "{name}");
        let text = fs::read_to_string(redacted).unwrap();
        for said in ["alice", "bolt", "first", "line", "gold"] {
            assert!(!text.contains(said), "{name}: {said}");
        }
        assert!(text.contains(":Item"), "{name}: {text}");
    }
    // What was digested or read in another encoding is not text that could be hidden.
    assert_eq!(lost, ["character-encoding", "read-as-windows-1252"]);
}

/// What is said of a message of the cases that pass, with the key that it is encrypted to or without.
fn of_case(name: &str, with_key: bool) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folder = root.join("cases/good").join(name);
    let message = ["message.xml", "message.mime"].map(|name| folder.join(name));
    let message = message.iter().find(|path| path.exists()).unwrap();
    told_of(message, with_key)
}

fn told_of(message: &Path, with_key: bool) -> Value {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
    let [key, trust] =
        ["gateway.key.pem", "alice.pem"].map(|name| keys.join(name).to_str().unwrap().to_owned());
    let mut arguments = vec!["--trust", &trust];
    if with_key {
        arguments.extend(["--key", &key]);
    }
    explain(&arguments, message).0
}

/// Of each reference: its form, and its causes or that it holds.
fn references(told: &Value) -> Vec<String> {
    let each = told.get("references").unwrap().as_array().unwrap().iter();
    each.map(|reference| {
        let text = |name: &str| reference.get(name).unwrap().as_str().unwrap().to_owned();
        let causes = reference.get("causes").unwrap().as_array().unwrap().iter();
        let causes: Vec<_> = causes
            .map(|cause| cause.get("cause").unwrap().as_str().unwrap())
            .collect();
        let said = if reference.get("ok").unwrap() == true {
            "holds".to_owned()
        } else {
            causes.join(" ")
        };
        format!("{} {said}", text("form"))
    })
    .collect()
}

#[test]
fn what_was_signed_and_then_encrypted_is_decrypted_first_and_what_was_encrypted_and_then_signed_is_not() {
    for name in ["encrypted-soap11", "encrypted-soap12"] {
        assert_eq!(
            references(&of_case(name, true)),
            ["received holds", "decrypted holds"],
            "{name}"
        );
        let told = of_case(name, false);
        assert_eq!(
            references(&told),
            ["received holds", "received encrypted"],
            "{name}"
        );
        assert_eq!(told.get("verdict").unwrap(), "indeterminate");
        assert_eq!(told.pointer("/not_decrypted/code").unwrap(), "xmlenc.no_key");
        let detail = told
            .pointer("/references/1/causes/0/detail")
            .unwrap()
            .as_str()
            .unwrap();
        assert!(
            detail.contains("there is no key for it") && detail.contains("beside it stands the key of"),
            "{detail}"
        );
    }
    let first =
        ["soap11", "soap12", "cbc", "header", "prefix-list"].map(|name| format!("encrypted-first-{name}"));
    for (name, with_key) in first.iter().flat_map(|name| [(name, true), (name, false)]) {
        let told = of_case(name, with_key);
        assert!(
            references(&told).iter().all(|said| said == "received holds"),
            "{name} {told}"
        );
        assert_eq!(told.get("verdict").unwrap(), "passed", "{name}");
    }
    // Signatures that came encrypted, in a header and in an assertion.
    for name in [
        "encrypted-signature",
        "saml-encrypted-assertion",
        "saml-encrypted-assertion-keys-beside",
    ] {
        let told = of_case(name, true);
        assert!(
            references(&told).iter().all(|said| said == "decrypted holds"),
            "{name} {told}"
        );
        assert_eq!(told.pointer("/signatures/0/form").unwrap(), "decrypted", "{name}");
        let told = of_case(name, false);
        assert_eq!(
            told.pointer("/not_decrypted/code").unwrap(),
            "xmlenc.no_key",
            "{name}"
        );
        assert_eq!(told.get("verdict").unwrap(), "indeterminate", "{name}");
    }
    assert_eq!(
        references(&of_case("saml-encrypted-assertion-response-signed-first", true)),
        ["decrypted holds"]
    );
    assert_eq!(
        references(&of_case("saml-encrypted-assertion-signed-response", false)),
        ["received holds"]
    );
    assert_eq!(
        references(&of_case("encrypted-attachment-first-soap11", false))
            .last()
            .unwrap(),
        "received holds"
    );
    assert_eq!(
        references(&of_case("encrypted-attachment-soap11", true))
            .last()
            .unwrap(),
        "decrypted holds"
    );
    assert_eq!(
        references(&of_case("encrypted-attachment-soap11", false))
            .last()
            .unwrap(),
        "received encrypted"
    );
}

/// `message`, with what `name` names encrypted to the gateway, in `folder`.
fn encrypted(message: &Path, name: &str, folder: &Path) -> PathBuf {
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys/gateway.pem");
    let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["encrypt", "--element", name, "--to"])
        .args([&to, message])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = folder.join(format!("{}.xml", message.file_stem().unwrap().to_str().unwrap()));
    fs::write(&path, output.stdout).unwrap();
    path
}

#[test]
fn what_happened_before_encryption_is_told_with_the_key_and_what_happened_after_it_without() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["whitespace", "attribute-inserted", "prefix-renamed"] {
        let message = fixtures.join("explain").join(name).join("message.xml");
        let order = encrypted(&message, "{urn:example:orders}Order", folder.path());
        let cause = name.replace('-', "_");
        assert_eq!(references(&told_of(&order, true)), [format!("decrypted {cause}")]);
        // What it points to is in the ciphertext.
        assert_eq!(references(&told_of(&order, false)), ["received encrypted"]);
    }
    // An assertion that was changed before its IdP encrypted it.
    let response =
        fs::read_to_string(fixtures.join("cases/good/saml-encrypted-assertion/message.xml")).unwrap();
    let plain = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["decrypt", "--key"])
        .args([
            fixtures.join("keys/gateway.key.pem"),
            fixtures.join("cases/good/saml-encrypted-assertion/message.xml"),
        ])
        .output()
        .unwrap();
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert_ne!(plain, response);
    let changed = plain.replacen("<saml2:Conditions", "<saml2:Conditions OneMore=\"1\"", 1);
    assert_ne!(plain, changed);
    let path = folder.path().join("response.xml");
    fs::write(&path, changed).unwrap();
    let path = encrypted(
        &path,
        "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion",
        folder.path(),
    );
    let told = told_of(&path, true);
    assert_eq!(references(&told), ["decrypted attribute_inserted"]);
    assert_eq!(
        told.pointer("/references/0/element").unwrap(),
        "/samlp:Response/saml2:Assertion"
    );
    // Ciphertext that was signed, and changed.
    let signed = fs::read_to_string(fixtures.join("cases/good/encrypted-first-soap11/message.xml")).unwrap();
    let spaced = signed.replacen("<soap:Body", "<soap:Body x=\"1\"", 1);
    assert_ne!(signed, spaced);
    let path = folder.path().join("spaced.xml");
    fs::write(&path, spaced).unwrap();
    for with_key in [true, false] {
        assert_eq!(
            references(&told_of(&path, with_key)),
            ["received holds", "received attribute_inserted"]
        );
    }
}

#[test]
fn a_case_hands_out_no_plaintext_of_what_came_encrypted() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let message = fixtures.join("cases/good/encrypted-soap11/message.xml");
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("case");
    let key = fixtures.join("keys/gateway.key.pem");
    let redacted = |key: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command.args(["explain", "--redact", folder.to_str().unwrap()]);
        command.args(key).arg(&message).output().unwrap()
    };
    let refused = redacted(&["--key", key.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("what was signed came encrypted"));
    assert!(!folder.exists());
    // Without the key there is nothing to hand out, and the failure is the same.
    assert_eq!(redacted(&[]).status.code(), Some(1));
    let told = told_of(&folder.join("message.xml"), false);
    assert_eq!(references(&told), ["received holds", "received encrypted"]);
}
