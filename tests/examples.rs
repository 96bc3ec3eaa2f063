//! The configurations that we show are valid by the schema that editors read: `jsonschema` says so, which is not ours.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Takes a schema and documents, and says what is wrong with which.
const VALIDATE: &str = "
import json, sys
from jsonschema import Draft202012Validator
schema, *documents = (json.load(open(path)) for path in sys.argv[1:])
Draft202012Validator.check_schema(schema)
for path, document in zip(sys.argv[2:], documents):
    for error in Draft202012Validator(schema).iter_errors(document):
        print(path, error.json_path, error.message)
";

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sealgate(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is wrong with `configurations`, each with the name of the file that it is written to in `folder`.
fn complaints(folder: &Path, configurations: &[(&str, String)]) -> String {
    let written = configurations.iter().map(|(name, text)| {
        let document: Value = toml::from_str(text).unwrap();
        let path = folder.join(name);
        fs::write(&path, document.to_string()).unwrap();
        path
    });
    let written: Vec<PathBuf> = written.collect();
    let python = package().join("build/venv/bin/python");
    assert!(python.exists(), "{}: run `make setup`", python.display());
    let output = Command::new(python)
        .args(["-c", VALIDATE])
        .arg(package().join("schemas/config.schema.json"))
        .args(written)
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run `make setup`: {problem}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_configurations_that_we_show_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string(package().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let demo = folder.path().join("world");
    sealgate(&["demo", "--once", "--dir", demo.to_str().unwrap()]);
    let shown = [
        ("readme", rest.split("```").next().unwrap().to_owned()),
        ("init", sealgate(&["config", "init"])),
        ("demo", fs::read_to_string(demo.join("gateway.toml")).unwrap()),
    ];
    assert_eq!(complaints(folder.path(), &shown), "");
}

#[test]
fn what_the_reader_refuses_for_its_shape_is_not_valid() {
    let folder = tempfile::tempdir().unwrap();
    let init = sealgate(&["config", "init"]);
    for (name, from, to, complaint) in [
        (
            "key",
            "drain_seconds",
            "drain_minutes",
            "'drain_minutes' was unexpected",
        ),
        (
            "range",
            "drain_seconds = 30",
            "drain_seconds = 100000",
            "$.gateway.drain_seconds",
        ),
        ("value", "\"not-asked\"", "\"never\"", "$.listener[1].tls.clients"),
        (
            "type",
            "body_seconds = 30",
            "body_seconds = \"30\"",
            "$.gateway.body_seconds",
        ),
    ] {
        assert!(init.contains(from), "{from}");
        let said = complaints(folder.path(), &[(name, init.replacen(from, to, 1))]);
        assert!(said.contains(complaint), "{name}: {said}");
    }
}
