//! Every folder of `fixtures/cases` and `fixtures/attacks` comes out of the command as its `expect.toml` says:
//! verdict, stage, code, exit code, and what is covered; and a validation report of each is valid and says the same.
//! How a folder is read is in `fixtures/README.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use chrono::TimeDelta;
use sealgate::trust::ReplayStore;
use serde_json::Value as Json;
use toml::{Table, Value as Toml};

#[test]
fn messages_come_out_as_their_cases_say() {
    judge_all("cases");
}

#[test]
fn attacks_are_refused_for_the_right_reason() {
    judge_all("attacks");
}

/// What a command, which has no memory, lets pass: in these folders is the message that came before as well.
#[test]
fn what_was_used_before_is_refused() {
    let mut cases = support::soap_cases("attacks");
    cases.retain(|case| case.folder.join(BEFORE).exists());
    assert!(!cases.is_empty());
    for mut case in cases {
        let since = case.at.checked_sub_signed(TimeDelta::hours(1)).unwrap();
        case.gate.replay = Some(Arc::new(ReplayStore::in_memory(100, since)));
        let before = fs::read(case.folder.join(BEFORE)).unwrap();
        case.admitted(Bytes::from(before)).unwrap();
        let refused = case.admitted(case.received.bytes.clone()).unwrap_err();
        let expected = table(&case.folder.join("expect.toml"));
        let name = name(&case.folder);
        assert_eq!(Some(refused.code()), text(&expected, "code"), "{name}");
    }
}

/// What a report says of these cases, besides that it is valid.
#[test]
fn validation_reports_say_why_in_words_of_etsi() {
    let sub = |name: &str| {
        format!("<SubIndication>urn:etsi:019102:subindication:{name}</SubIndication>\n      <Assoc")
    };
    let object = |name: &str| format!("<ObjectType>urn:etsi:019102:validationObject:{name}<");
    let revoked = "<RevocationTime>2026-".to_owned();
    let reason = "<Value>trust.expired</Value>".to_owned();
    let cases = [
        (
            "trust/revoked",
            vec![
                sub("REVOKED"),
                revoked.clone(),
                object("CRL"),
                object("certificate"),
            ],
        ),
        (
            "trust/ocsp-revoked",
            vec![sub("REVOKED"), revoked, object("OCSPResponse")],
        ),
        ("trust/not-yet-valid", vec![sub("NOT_YET_VALID")]),
        ("trust/expired", vec![sub("CUSTOM"), reason]),
        ("trust/no-anchor", vec![sub("NO_CERTIFICATE_CHAIN_FOUND")]),
        ("trust/revocation-unknown", vec![sub("TRY_LATER")]),
        (
            "dsig/body-changed",
            vec![sub("HASH_FAILURE"), "<TrustAnchor ".to_owned()],
        ),
        (
            "dsig/algorithm-rsa-sha256-damaged",
            vec![sub("SIG_CRYPTO_FAILURE")],
        ),
        (
            "dsig/missing",
            vec![sub("CUSTOM"), "<Value>dsig.missing</Value>".to_owned()],
        ),
        ("xml/ampersand-alone", vec![sub("FORMAT_FAILURE")]),
        (
            "good/crl-current",
            vec![object("CRL"), "<RelatedValidationObject ".to_owned()],
        ),
        ("good/ocsp-current", vec![object("OCSPResponse")]),
        (
            "good/intermediate-untrusted",
            vec!["<IntermediateCertificate ".to_owned()],
        ),
        (
            "good/legacy-2004-sha1",
            vec![
                "constraintStatus:disabled<".to_owned(),
                "<SecureAlgorithm>false<".to_owned(),
            ],
        ),
    ];
    let reports = tempfile::tempdir().unwrap();
    for (case, expected) in cases {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/cases")
            .join(case);
        let report = reports.path().join(case.replace('/', "_"));
        run(&folder, &table(&folder.join("gate.toml")), Some(&report)).unwrap();
        let report = fs::read_to_string(report).unwrap();
        for expected in expected {
            assert!(
                report.contains(&expected),
                "{case}: {expected} is not in\n{report}"
            );
        }
    }
}

#[test]
fn no_attack_is_expected_to_pass() {
    for folder in folders("attacks") {
        let expected = table(&folder.join("expect.toml"));
        assert_ne!(text(&expected, "verdict"), Some("passed"), "{}", name(&folder));
    }
}

/// Judges each folder below `fixtures/<kind>` and tells every difference at once.
fn judge_all(kind: &str) {
    let folders = folders(kind);
    let reports = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = reports
                        .path()
                        .join(format!("{}.xml", name(folder).replace('/', "_")));
                    if let Err(complaint) = judge(folder, &report) {
                        let mut all = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                        all.push(format!("{}: {complaint}", name(folder)));
                    }
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap_or_else(PoisonError::into_inner);
    complaints.sort();
    assert!(
        complaints.is_empty(),
        "{} of {} differ:\n{}",
        complaints.len(),
        folders.len(),
        complaints.join("\n")
    );
    assert_valid(reports.path());
}

/// The commands that write validation reports.
const REPORTING: [&str; 3] = ["verify", "saml verify", "dsig verify"];

/// Every report in `folder` is valid by our schema.
fn assert_valid(folder: &Path) {
    let root = env!("CARGO_MANIFEST_DIR");
    let reports = children(folder);
    assert!(reports.len() > 100, "{}", reports.len());
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(format!("{root}/schemas/validation-report.xsd"))
        .args(&reports)
        .output()
        .unwrap_or_else(|error| panic!("xmllint does not run ({error}): `make setup` installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| !line.ends_with(" validates"))
        .collect();
    assert!(
        output.status.success() && complaints.is_empty(),
        "{}",
        complaints.join("\n")
    );
}

/// The main indications of `report` are what `answer` says in words of ETSI.
fn compare_report(report: &Path, answer: &Json) -> Result<(), String> {
    const MAIN: &str = "<MainIndication>urn:etsi:019102:mainindication:";
    let written = fs::read_to_string(report).map_err(|problem| format!("no validation report: {problem}"))?;
    let statuses = written.split("<SignatureValidationStatus>").skip(1);
    let said: Vec<&str> = statuses
        .filter_map(|status| status.split_once(MAIN)?.1.split('<').next())
        .collect();
    let signatures = answer.get("signatures").and_then(Json::as_array);
    let trusted = signatures.map(Vec::as_slice).unwrap_or_default().iter();
    let trusted = trusted.map(|signature| signature.get("trusted").and_then(Json::as_bool) == Some(true));
    let mut expected: Vec<&str> = trusted
        .map(|trusted| match answer.get("verdict").and_then(Json::as_str) {
            Some("passed") if trusted => "total-passed",
            Some("failed") => "total-failed",
            _ => "indeterminate",
        })
        .collect();
    if expected.is_empty() {
        let failed = answer.get("verdict").and_then(Json::as_str) == Some("failed");
        expected.push(if failed { "total-failed" } else { "indeterminate" });
    }
    if said == expected {
        Ok(())
    } else {
        Err(format!("the validation report says {said:?}, not {expected:?}"))
    }
}

/// The folders `fixtures/<kind>/<group>/<case>`. One without a case is a mistake, not nothing to do.
fn folders(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
    let mut found = Vec::new();
    for group in children(&root) {
        found.extend(children(&group));
    }
    found
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{} is empty", folder.display());
    found
}

/// A message that was used before.
const BEFORE: &str = "before.xml";

fn judge(folder: &Path, report: &Path) -> Result<(), String> {
    let expected = if folder.join(BEFORE).exists() {
        // By itself nothing is wrong with it.
        Table::from_iter([("verdict".to_owned(), "passed".into())])
    } else {
        read_table(&folder.join("expect.toml"))?
    };
    let gate = read_table(&folder.join("gate.toml"))?;
    let is_reported = text(&gate, "command").is_some_and(|command| REPORTING.contains(&command));
    let report = is_reported.then_some(report);
    let output = run(folder, &gate, report)?;
    match text(&expected, "output") {
        Some(file) => compare_octets(&output, &folder.join(file)),
        None => compare_verdict(&output, &expected, report),
    }
}

/// The command that `gate.toml` describes, in the case's folder, so that its relative paths hold.
fn run(folder: &Path, gate: &Table, report: Option<&Path>) -> Result<Output, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command.current_dir(folder).env("NO_COLOR", "1");
    let name = text(gate, "command").ok_or("gate.toml names no command")?;
    command.args(name.split(' '));
    for (key, value) in gate.iter().filter(|(key, _)| *key != "command") {
        add_option(&mut command, &format!("--{}", key.replace('_', "-")), value)?;
    }
    if let Some(report) = report {
        command.arg("--validation-report").arg(report);
    }
    command.args(["--format", "json", input(folder)]);
    command
        .output()
        .map_err(|problem| format!("the command does not start: {problem}"))
}

/// The file with the message; one of several parts has another ending.
fn input(folder: &Path) -> &'static str {
    if folder.join("message.mime").exists() {
        "message.mime"
    } else {
        "message.xml"
    }
}

fn add_option(command: &mut Command, option: &str, value: &Toml) -> Result<(), String> {
    match value {
        Toml::String(value) => {
            command.args([option, value.as_str()]);
        }
        Toml::Boolean(true) => {
            command.arg(option);
        }
        Toml::Array(values) => {
            for value in values {
                add_option(command, option, value)?;
            }
        }
        Toml::Boolean(false) | Toml::Integer(_) | Toml::Float(_) | Toml::Datetime(_) | Toml::Table(_) => {
            return Err(format!("gate.toml: {option} cannot be {value}"));
        }
    }
    Ok(())
}

fn compare_octets(output: &Output, file: &Path) -> Result<(), String> {
    let expected = fs::read(file).map_err(|problem| format!("{}: {problem}", file.display()))?;
    if output.status.code() != Some(0) {
        return Err(format!("{}: {}", output.status, errors(output)));
    }
    if output.stdout == expected {
        return Ok(());
    }
    let same = output
        .stdout
        .iter()
        .zip(&expected)
        .take_while(|(a, b)| a == b)
        .count();
    Err(format!("the octets differ from byte {same}"))
}

fn compare_verdict(output: &Output, expected: &Table, report: Option<&Path>) -> Result<(), String> {
    // A command that writes a document says beside it why there is none.
    let said = if output.stdout.is_empty() {
        &output.stderr
    } else {
        &output.stdout
    };
    let answer: Json = serde_json::from_slice(said)
        .map_err(|problem| format!("no JSON ({problem}); {}: {}", output.status, errors(output)))?;
    let mut complaint = String::new();
    for key in ["verdict", "stage", "code"] {
        let actual = answer.get(key).and_then(Json::as_str);
        if !is_expected(expected.get(key), actual) {
            let wanted = expected.get(key).map_or("none".to_owned(), Toml::to_string);
            let _ = write!(complaint, "{key} is {}, not {wanted}; ", actual.unwrap_or("none"));
        }
    }
    if let Some(wanted) = expected.get("covered") {
        let actual = answer.get("covered").map_or_else(Vec::new, strings);
        if Toml::Array(actual.iter().map(|path| Toml::String(path.clone())).collect()) != *wanted {
            let _ = write!(complaint, "covered is {actual:?}, not {wanted}; ");
        }
    }
    if let Some(wanted) = expected.get("warnings") {
        let mut actual = answer.get("warnings").map_or_else(Vec::new, strings);
        // Whoever names a CA on the command line decided that.
        actual.retain(|warning| warning != "unconstrained_ca");
        if Toml::from(actual.clone()) != *wanted {
            let _ = write!(complaint, "warnings are {actual:?}, not {wanted}; ");
        }
    }
    let exit = i32::from(text(expected, "verdict") != Some("passed"));
    if output.status.code() != Some(exit) {
        let _ = write!(complaint, "{}, not {exit}; ", output.status);
    }
    let answered = String::from_utf8_lossy(said);
    if let Some(character) = answered.trim_end().chars().find(|c| moves_a_cursor(*c)) {
        let _ = write!(complaint, "{} is written as it is; ", character.escape_unicode());
    }
    if complaint.is_empty() {
        return report.map_or(Ok(()), |report| compare_report(report, &answer));
    }
    let message = answer.get("message").and_then(Json::as_str).unwrap_or_default();
    Err(format!("{complaint}it says: {message}"))
}

/// Whether a terminal does something for it (T138): controls, line ends and marks of direction.
fn moves_a_cursor(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
}

/// Nothing is expected, or the one value.
fn is_expected(expected: Option<&Toml>, actual: Option<&str>) -> bool {
    match expected {
        None => actual.is_none(),
        Some(value) => value.as_str() == actual && actual.is_some(),
    }
}

fn strings(value: &Json) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Toml::as_str)
}

fn table(file: &Path) -> Table {
    read_table(file).unwrap_or_else(|problem| panic!("{problem}"))
}

fn read_table(file: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(file).map_err(|problem| format!("{}: {problem}", file.display()))?;
    text.parse()
        .map_err(|problem| format!("{}: {problem}", file.display()))
}

/// `cases/good/soap11`.
fn name(folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    folder.strip_prefix(root).unwrap_or(folder).display().to_string()
}
