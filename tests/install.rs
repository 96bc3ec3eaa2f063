//! What is installed beside the program: pages of the manual and completions of shells, as man(1) and bash have them.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const SEALGATE: &str = env!("CARGO_BIN_EXE_sealgate");

/// What `sealgate` prints, which must end well.
fn sealgate(arguments: &[&str]) -> String {
    let output = Command::new(SEALGATE).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every command, as its help names it: "saml verify".
fn commands() -> Vec<String> {
    let mut left = vec![String::new()];
    let mut found = Vec::new();
    while let Some(command) = left.pop() {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = sealgate(&words);
        let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let listed = listed.lines().take_while(|line| !line.is_empty());
        // Lines that go on are indented further.
        let names = listed.filter_map(|line| {
            line.strip_prefix("  ")?
                .split(' ')
                .next()
                .filter(|name| !name.is_empty())
        });
        left.extend(names.map(|name| format!("{command} {name}").trim().to_owned()));
        found.push(command);
    }
    found
}

/// The options in a help text: `--trust`. What explains them stands after two blanks, or is indented further.
fn options(help: &str) -> BTreeSet<&str> {
    let listed = help.lines().filter_map(|line| {
        let option = line.trim_start();
        let is_one = option.starts_with('-') && line.len() - option.len() <= 6;
        option.split("  ").next().filter(|_| is_one)
    });
    let words = listed.flat_map(|option| option.split([' ', ',']));
    words.filter(|word| word.starts_with("--")).collect()
}

/// The page of `file` as a terminal shows it, in long lines and without overstriking.
fn rendered(file: &Path) -> String {
    let output = Command::new("groff")
        .args([
            "-ww",
            "-Kutf8",
            "-man",
            "-Tutf8",
            "-P-cbou",
            "-rLL=1000n",
            "-rHY=0",
        ])
        .arg(file)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{}: {complaints}",
        file.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_has_a_page_with_every_option_that_renders_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("man1");
    sealgate(&["man", folder.to_str().unwrap()]);
    let mut pages: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let name = format!("sealgate {command}").trim().replace(' ', "-");
        assert!(pages.remove(&format!("{name}.1")), "no page {name}");
        let page = rendered(&folder.join(format!("{name}.1")));
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = sealgate(&words);
        for option in options(&help) {
            let is_in_page = page.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with('-') && line.split([' ', ',']).any(|word| word == option)
            });
            assert!(is_in_page, "{name}: no {option} in\n{page}");
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
            assert!(
                page.lines().any(|line| line == section),
                "{name}: no {section} in\n{page}"
            );
        }
        let title = format!("{name} - ");
        assert!(page.contains(&title), "{name}: no '{title}' in\n{page}");
    }
    assert!(pages.is_empty(), "pages of no command: {pages:?}");
}

#[test]
fn pages_are_not_written_over_what_is_no_folder() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(SEALGATE)
        .arg("man")
        .arg(file.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

/// What bash offers after `words`, of which the last is what was begun.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let script = r#"
        source <("$PROGRAM" completions bash) || exit 1
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        completes=$(complete -p sealgate) || exit 1
        [[ $completes =~ -F\ ([^ ]+) ]] || exit 1
        previous=""
        [ $# -lt 2 ] || previous=${@: -2:1}
        "${BASH_REMATCH[1]}" sealgate "${@: -1}" "$previous"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash"])
        .args(words)
        .env("PROGRAM", SEALGATE)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{words:?}: {complaints}"
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let set = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    assert_eq!(offered(&["sealgate", "ser"]), set(&["serve"]));
    assert_eq!(offered(&["sealgate", "config", "c"]), set(&["check"]));
    assert_eq!(offered(&["sealgate", "verify", "--form"]), set(&["--format"]));
    assert_eq!(
        offered(&["sealgate", "verify", "--format", ""]),
        set(&["json", "text"])
    );
    assert_eq!(
        offered(&["sealgate", "dsig", "sign", "--algorithm", "ed"]),
        set(&["ed25519"])
    );
}

#[test]
fn completions_for_every_shell_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sealgate(&["completions", shell]);
        for command in commands() {
            let last = command.split(' ').next_back().unwrap_or_default();
            assert!(script.contains(last), "{shell}: {command}");
        }
    }
}
