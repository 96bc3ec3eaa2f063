//! `sealgate password`: the files of users, as an operator makes them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn password(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .arg("password")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that stops before it reads is told by its exit code.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

const FILES: [&str; 6] = [
    "--user-hashes",
    "hashes",
    "--user-secrets",
    "secrets",
    "--user-secrets-key",
    "key",
];

fn with<'a>(command: &'a str, user: &'a str) -> Vec<&'a str> {
    [&[command], FILES.as_slice(), &[user]].concat()
}

#[test]
fn a_user_is_added_checked_and_given_another_password() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("key"), [7; 32]).unwrap();
    for (user, word) in [("alice", "first"), ("bob", "other"), ("alice", "second")] {
        let added = password(folder, &with("add", user), &format!("{word}\n"));
        assert_eq!(code(&added), Some(0), "{added:?}");
        assert!(added.stdout.is_empty());
    }
    for (user, word, expected) in [
        ("alice", "second\r\n", 0),
        ("alice", "first\n", 1),
        ("alice", "second ", 1),
        ("bob", "other", 0),
        ("mallory", "second", 1),
    ] {
        let checked = password(folder, &with("check", user), word);
        assert_eq!(code(&checked), Some(expected), "{user} {word:?} {checked:?}");
    }
    for file in ["hashes", "secrets"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(!text.contains("second") && !text.contains("c2Vjb25k"), "{text}");
        let mode = fs::metadata(folder.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn what_cannot_be_a_user_or_a_password_is_a_wrong_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("key"), [7; 32]).unwrap();
    fs::write(folder.join("short"), [7; 16]).unwrap();
    let long = "a".repeat(1025);
    for (arguments, input) in [
        (with("add", "alice"), ""),
        (with("add", "alice"), "\nsecond line"),
        (with("add", "alice"), long.as_str()),
        (with("add", "#alice"), "p"),
        (vec!["add", "alice"], "p"),
        (vec!["check", "alice"], "p"),
        (vec!["add", "--user-secrets", "secrets", "alice"], "p"),
        (
            vec![
                "add",
                "--user-secrets",
                "secrets",
                "--user-secrets-key",
                "short",
                "alice",
            ],
            "p",
        ),
        (vec!["check", "--user-hashes", "none", "alice"], "p"),
    ] {
        let output = password(folder, &arguments, input);
        assert_eq!(code(&output), Some(2), "{arguments:?} {output:?}");
    }
    assert!(!folder.join("hashes").exists() && !folder.join("secrets").exists());
}
