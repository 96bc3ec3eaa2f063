//! The test suites of other projects, through the command: each case of each manifest, under `archive-verify` and under `strict`,
//! has to come out as the manifest says, or stand in `fixtures/divergences.toml` with the reason why it does not. What stands there and
//! comes out right fails too.
//!
//! Exit code 0 is a pass and 1 a refusal; everything else is broken and always wrong. A refusal counts only if what the manifest calls
//! its `control` is accepted, or, where it names none, some case of the same operation. `open` cases may do either.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![allow(clippy::print_stdout, reason = "figures are for whoever runs the test")]

mod suites;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sealgate::algorithm::CanonicalizationAlgorithm;
use sealgate::c14n;
use sealgate::xml::{Document, Limits, to_utf8};
use serde_json::Value as Json;
use toml::{Table, Value as Toml};

/// What a case is run with, in the words of the manifests.
const COLUMNS: [(&str, &str); 2] = [("archive", "archive-verify"), ("strict", "strict")];

#[test]
fn the_suites_of_others_come_out_as_they_say() {
    let Some(folder) = suites::folder() else { return };
    let cases = manifests(&folder);
    assert!(!cases.is_empty(), "{} holds no suite", folder.display());
    let divergences = Divergences::read();
    let mut complaints = Vec::new();
    for (column, policy) in COLUMNS {
        let outcomes = in_parallel(&cases, |case| case.run(policy));
        let wrong = wrong(&cases, &outcomes, column);
        println!(
            "{column}: {} of {} cases are right",
            cases.len() - wrong.len(),
            cases.len()
        );
        for (place, case) in cases.iter().enumerate() {
            match (wrong.get(&place), divergences.knows(case, column)) {
                (Some(_), true) | (None, false) => {}
                (Some(why), false) => complaints.push(format!(
                    "{column}: {}: {why}; {}",
                    case.full_name(),
                    case.text("why")
                )),
                (None, true) => complaints.push(format!(
                    "{column}: {}: right, though fixtures/divergences.toml says otherwise",
                    case.full_name()
                )),
            }
        }
    }
    let names: BTreeSet<String> = cases.iter().map(Case::full_name).collect();
    complaints.extend(divergences.unknown(&names));
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// One line of a manifest.
struct Case {
    folder: PathBuf,
    suite: String,
    fields: Json,
}

/// What the command did.
enum Outcome {
    Accepted(Output),
    Refused,
    Broken(String),
}

/// The cases of all manifests that are run through the command.
fn manifests(folder: &Path) -> Vec<Case> {
    let mut suites: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    suites.sort();
    let mut cases = Vec::new();
    for suite in suites {
        let Ok(manifest) = fs::read_to_string(suite.join("manifest.jsonl")) else {
            continue;
        };
        cases.extend(manifest.lines().filter(|line| !line.is_empty()).map(|line| Case {
            folder: suite.clone(),
            suite: suite.file_name().unwrap().to_string_lossy().into_owned(),
            fields: serde_json::from_str(line).unwrap(),
        }));
    }
    // Those are read by `tests/wycheproof.rs`.
    cases.retain(|case| case.text("operation") != "unit");
    cases
}

impl Case {
    fn text(&self, field: &str) -> &str {
        self.fields[field].as_str().unwrap_or_default()
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.suite, self.text("case"))
    }

    fn run(&self, policy: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let (words, is_judged): (&[&str], bool) = match self.text("operation") {
            "dsig-verify" => (&["dsig", "verify"], true),
            "decrypt" => (&["decrypt"], true),
            "saml-verify" => (&["saml", "verify"], true),
            "wss-verify" => (&["verify"], true),
            "c14n" | "parse" => (&["c14n"], false),
            other => panic!("{}: what is the operation {other}?", self.full_name()),
        };
        command.args(words);
        if is_judged {
            command.args(["--policy", policy]);
        }
        let folder = self.folder.to_string_lossy();
        let arguments = self.fields["args"].as_array().unwrap().iter();
        command.args(arguments.map(|argument| argument.as_str().unwrap().replace("{dir}", &folder)));
        let output = command
            .arg(self.folder.join(self.text("file")))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        match output.status.code() {
            Some(0) => Outcome::Accepted(output),
            Some(1) => Outcome::Refused,
            _ => {
                let said = String::from_utf8_lossy(&output.stderr);
                let first = said.lines().next().unwrap_or_default();
                Outcome::Broken(format!("{}: {first}", output.status))
            }
        }
    }

    /// Why `outcome` is not what the manifest says, left alone whether a refusal counts.
    fn complaint(&self, outcome: &Outcome, column: &str) -> Option<String> {
        match (self.text(column), outcome) {
            (_, Outcome::Broken(how)) => Some(how.clone()),
            ("open", _) | ("fail", Outcome::Refused) => None,
            ("fail", Outcome::Accepted(_)) => Some("it is accepted".to_owned()),
            ("pass", Outcome::Refused) => Some("it is refused".to_owned()),
            ("pass", Outcome::Accepted(output)) => {
                let expected = self.fields["expected"].as_str()?;
                let expected = fs::read(self.folder.join(expected)).unwrap();
                let is_same = output.stdout == expected
                    || self.text("operation") == "decrypt" && is_equal_xml(&output.stdout, &expected);
                (!is_same).then(|| "the octets are not those that are expected".to_owned())
            }
            (other, _) => panic!("{}: what is the expectation {other:?}?", self.full_name()),
        }
    }
}

/// Which cases are wrong, by their place, and why.
fn wrong(cases: &[Case], outcomes: &[Outcome], column: &str) -> BTreeMap<usize, String> {
    let mut wrong = BTreeMap::new();
    let mut accepted = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for (place, (case, outcome)) in cases.iter().zip(outcomes).enumerate() {
        match case.complaint(outcome, column) {
            Some(why) => {
                wrong.insert(place, why);
            }
            None if case.text(column) == "pass" => {
                accepted.insert(case.full_name());
                operations.insert(case.text("operation"));
            }
            None => {}
        }
    }
    let acceptable: Vec<&Case> = cases.iter().filter(|case| case.text(column) == "pass").collect();
    let names: BTreeSet<String> = acceptable.iter().map(|case| case.full_name()).collect();
    let of_operation: BTreeSet<&str> = acceptable.iter().map(|case| case.text("operation")).collect();
    for (place, case) in cases
        .iter()
        .enumerate()
        .filter(|(_, case)| case.text(column) == "fail")
    {
        let control = format!("{}/{}", case.suite, case.text("control"));
        let operation = case.text("operation");
        let is_proven = if names.contains(&control) {
            accepted.contains(&control)
        } else if of_operation.contains(operation) {
            operations.contains(operation)
        } else {
            !accepted.is_empty()
        };
        if !is_proven {
            wrong
                .entry(place)
                .or_insert_with(|| "it is refused, but so is what has to be accepted".to_owned());
        }
    }
    wrong
}

/// Whether both are XML with the same canonical octets.
fn is_equal_xml(one: &[u8], other: &[u8]) -> bool {
    let form = |octets: &[u8]| {
        let utf8 = to_utf8(octets.to_vec().into()).ok()?;
        let document = Document::parse(utf8, &Limits::archive()).ok()?;
        let mut canonical = Vec::new();
        let algorithm = CanonicalizationAlgorithm::ExclusiveWithComments.into();
        c14n::document(&document, &algorithm, None, &mut canonical).ok()?;
        Some(canonical)
    };
    form(one).is_some_and(|one| Some(one) == form(other))
}

/// What `fixtures/divergences.toml` says.
struct Divergences {
    /// Single cases with their column.
    cases: BTreeSet<(String, String)>,
}

impl Divergences {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/divergences.toml");
        let table: Table = fs::read_to_string(file).unwrap().parse().unwrap();
        let divergences = table
            .get("divergence")
            .and_then(Toml::as_array)
            .cloned()
            .unwrap_or_default();
        let cases = divergences.iter().map(|divergence| {
            let text = |key: &str| divergence[key].as_str().unwrap().to_owned();
            assert!(!text("reason").is_empty(), "{divergence} needs a reason");
            (format!("{}/{}", text("suite"), text("case")), text("column"))
        });
        Self {
            cases: cases.collect(),
        }
    }

    fn knows(&self, case: &Case, column: &str) -> bool {
        self.cases.contains(&(case.full_name(), column.to_owned()))
    }

    /// Names that are in no suite.
    fn unknown(&self, names: &BTreeSet<String>) -> Vec<String> {
        let named = self.cases.iter().map(|(name, _)| name);
        let unknown = named.filter(|name| !names.contains(*name));
        unknown
            .map(|name| format!("fixtures/divergences.toml names {name}, which is no case"))
            .collect()
    }
}

/// `work` on each of `items`, by all processors.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else { break };
                    let result = work(item);
                    results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((place, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
