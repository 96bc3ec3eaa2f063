//! `fixtures/archive`: what became of certificates and algorithms since messages were signed, and what that says of each message.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const AT: [&str; 2] = ["message", "now"];

fn archive() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/archive")
}

/// The results by the names of the messages.
fn results(published: &Path, at: &str) -> BTreeMap<String, Value> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .args(["batch", "verify", "--policy", "archive-verify", "--at", at])
        .args(["--trust", "keys/ca.pem", "--crl"])
        .arg(published)
        .arg("--out")
        .arg(out.path())
        .arg("messages")
        .current_dir(archive());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    super::results(out.path())
        .into_iter()
        .map(|(path, result)| {
            let name = path.trim_start_matches("messages/").trim_end_matches(".xml");
            (name.to_owned(), result)
        })
        .collect()
}

#[test]
fn messages_of_years_come_out_as_of_their_own_times_and_as_of_now() {
    let outcomes = fs::read_to_string(archive().join("outcomes.toml")).unwrap();
    let outcomes: BTreeMap<String, BTreeMap<String, Value>> = toml::from_str(&outcomes).unwrap();
    for at in AT {
        let results = results(Path::new("published"), at);
        assert_eq!(results.len(), outcomes.len());
        for (name, result) in &results {
            let outcome = &outcomes[name][at];
            let told = format!("{name} as of {at}: {result}");
            assert_eq!(result["verdict"], outcome["verdict"], "{told}");
            assert_eq!(result["code"], outcome["code"], "{told}");
            let says = outcome["says"].as_str().unwrap_or_default();
            assert!(
                result["message"].as_str().unwrap_or_default().contains(says),
                "{told}"
            );
            let none = Value::Array(Vec::new());
            assert_eq!(
                &result["legacy"],
                outcome.get("legacy").unwrap_or(&none),
                "{told}"
            );
            let warned = result["warnings"].as_array().unwrap();
            let warned: Vec<&Value> = warned.iter().filter(|code| *code != "unconstrained_ca").collect();
            let expected = outcome.get("warnings").unwrap_or(&none).as_array().unwrap();
            assert_eq!(warned, expected.iter().collect::<Vec<_>>(), "{told}");
        }
    }
}

/// Each CRL and the OCSP response decide what nothing else there decides.
#[test]
fn what_was_published_is_needed_file_by_file() {
    let published = archive().join("published");
    let verdicts = |published: &Path| {
        AT.map(|at| {
            let results = results(published, at).into_iter();
            results
                .map(|(name, result)| (name, result["code"].clone(), result["warnings"].clone()))
                .collect::<Vec<_>>()
        })
    };
    let all = verdicts(&published);
    let names = fs::read_dir(&published)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.collect();
    assert_eq!(names.len(), 5);
    for without in &names {
        let folder = tempfile::tempdir().unwrap();
        for name in names.iter().filter(|name| *name != without) {
            fs::copy(published.join(name), folder.path().join(name)).unwrap();
        }
        assert_ne!(verdicts(folder.path()), all, "{}", without.display());
    }
}
