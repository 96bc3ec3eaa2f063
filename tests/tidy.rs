//! What a reader may rely on in every file, and no compiler checks.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Kind, files, package, relative, rust_files, tokens};

/// Files of 100 to 300 lines are read in one go; above this one becomes two with good names.
const LONGEST_FILE: usize = 500;

/// Files that may be longer, with the reason. One that no longer needs it must leave.
const LONGER: &[(&str, &str)] = &[];

#[test]
fn source_files_are_short_enough_to_read() {
    let mut long = BTreeSet::new();
    for file in rust_files(&package().join("src")) {
        // A row of cases is looked up, not read.
        let cases = file.ends_with("tests.rs");
        if !cases && fs::read_to_string(&file).unwrap().lines().count() > LONGEST_FILE {
            long.insert(relative(&file));
        }
    }
    let allowed: BTreeSet<String> = LONGER.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(
        long, allowed,
        "files of more than {LONGEST_FILE} lines, and those that may be"
    );
}

#[test]
fn every_module_and_every_test_program_says_what_it_is_for() {
    let src = package().join("src");
    let speaks = |file: &PathBuf| {
        let folder = file.parent().unwrap();
        folder == src || folder == package().join("tests") || file.ends_with("mod.rs")
    };
    let silent: Vec<String> = rust_files(package())
        .into_iter()
        .filter(|file| speaks(file) && !fs::read_to_string(file).unwrap().starts_with("//! "))
        .map(|file| relative(&file))
        .collect();
    assert!(silent.is_empty(), "these begin without a //! line: {silent:#?}");
}

#[test]
fn nothing_in_src_is_unfinished() {
    let mut complaints = Vec::new();
    for file in rust_files(&package().join("src")) {
        for window in tokens(&fs::read_to_string(&file).unwrap()).windows(2) {
            let unfinished = matches!(window[0].word(), Some("todo" | "unimplemented" | "dbg"));
            if unfinished && window[1].kind == Kind::Mark('!') {
                complaints.push(format!("{}:{}", relative(&file), window[0].line));
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "todo!, unimplemented! or dbg! at {complaints:#?}"
    );
}

#[test]
fn no_test_is_switched_off() {
    let mut off = Vec::new();
    for file in rust_files(package()) {
        for window in tokens(&fs::read_to_string(&file).unwrap()).windows(3) {
            if window[0].kind == Kind::Mark('#') && window[2].word() == Some("ignore") {
                off.push(format!("{}:{}", relative(&file), window[2].line));
            }
        }
    }
    assert!(off.is_empty(), "ignored tests at {off:#?}");
}

#[test]
fn text_files_have_no_trailing_blanks_and_end_with_a_line() {
    let mut complaints = Vec::new();
    for (file, text) in ours() {
        for (number, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                complaints.push(format!("{}:{}: blanks at the end", relative(&file), number + 1));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            complaints.push(format!("{}: no line end at the end", relative(&file)));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn nothing_depends_on_the_machine_it_was_written_on() {
    let homes = [
        concat!("/", "home/"),
        concat!("/", "root/"),
        concat!("/", "work/"),
        concat!("/", "Users/"),
    ];
    found_nowhere(&homes);
}

#[test]
fn nothing_is_left_for_later() {
    let notes = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("HA", "CK:"),
    ];
    found_nowhere(&notes);
}

#[test]
fn every_case_has_its_input_and_its_line_in_the_list() {
    let fixtures = package().join("fixtures");
    let list = fs::read_to_string(fixtures.join("INDEX.md")).unwrap();
    let mut complaints = Vec::new();
    for file in files(&fixtures) {
        if file.file_name().is_none_or(|name| name != "expect.toml") {
            continue;
        }
        let folder = file.parent().unwrap();
        let name = folder.strip_prefix(&fixtures).unwrap().display().to_string();
        let input = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == "message");
        if !files(folder).iter().any(input) {
            complaints.push(format!("{name}: no message"));
        }
        if !list.contains(&format!("`{name}`")) {
            complaints.push(format!("{name}: not in fixtures/INDEX.md"));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// Every text file that we wrote; inputs of tests are what others wrote, or are damaged on purpose.
fn ours() -> impl Iterator<Item = (PathBuf, String)> {
    files(package())
        .into_iter()
        .filter(|file| is_ours(file))
        .filter_map(|file| {
            let text = String::from_utf8(fs::read(&file).unwrap()).ok()?;
            Some((file, text))
        })
}

fn is_ours(file: &Path) -> bool {
    const GENERATED: &[&str] = &["Cargo.lock", "package-lock.json", "LICENSE-APACHE"];
    const WRITTEN_FIXTURES: &[&str] = &["md", "toml", "sh"];
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    if GENERATED.contains(&name.as_ref()) || ["snap", "stderr", "stdout"].contains(&extension.as_ref()) {
        return false;
    }
    let data =
        file.starts_with(package().join("fixtures")) || file.starts_with(package().join("tests/snapshots"));
    !data || WRITTEN_FIXTURES.contains(&extension.as_ref())
}

fn found_nowhere(words: &[&str]) {
    let mut complaints = Vec::new();
    for (file, text) in ours() {
        for (number, line) in text.lines().enumerate() {
            for word in words {
                if line.contains(word) {
                    complaints.push(format!("{}:{}: {word}", relative(&file), number + 1));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}
