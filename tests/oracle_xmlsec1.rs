//! What we accept, xmlsec1 accepts; and what only xmlsec1 accepts, we refuse by a rule and not because we computed something else.
//!
//! Documents are generated, signed by our code or by xmlsec1 itself in every form that both know, and judged by both: as they
//! were signed, and with a small change. xmlsec1 gets the same trust, X.509 keys only, and references into the document only. It is left out, and
//! the test says so, where it is not installed.
//!
//! `SEALGATE_ORACLE_SIGNED` says how many documents are signed (60), `SEALGATE_SEED` where to begin.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod signed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use generate::{Random, setting};
use sealgate::inbound::AsOf;
use sealgate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use sealgate::policy::{Policy, Profile};
use sealgate::trust::{TrustSources, TrustStore};
use signed::{Signed, key_file};

/// So many documents are given to one process where all of them should pass.
const BATCH: u64 = 20;

#[test]
fn what_we_accept_xmlsec1_accepts_and_what_only_it_accepts_a_rule_refuses() {
    if signed::xmlsec1().arg("--version").output().is_err() {
        println!("left out: there is no xmlsec1 (Debian: xmlsec1)");
        return;
    }
    let first = setting("SEALGATE_SEED", 1);
    let end = first + setting("SEALGATE_ORACLE_SIGNED", 60);
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    let judges = Judges::new();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(BATCH, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let found = judges.batch(seed..end.min(seed + BATCH));
                    tally.lock().unwrap_or_else(PoisonError::into_inner).add(found);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{} signed documents, {} changed ones; of these {} accepted by both, {} refused by both, {} without a form for libxml2, and refused by us alone: {:#?}",
        tally.signed, tally.changed, tally.both, tally.neither, tally.without_form, tally.ours
    );
    assert_eq!(tally.signed, end - first);
    assert!(
        tally.complaints.is_empty(),
        "{} complaints:\n{}",
        tally.complaints.len(),
        tally.complaints.join("\n")
    );
}

#[derive(Default)]
struct Tally {
    signed: u64,
    changed: u64,
    both: u64,
    neither: u64,
    /// Accepted by us alone, as libxml2 has no canonical form of them.
    without_form: u64,
    /// Our codes for what only the peer accepts.
    ours: BTreeMap<&'static str, u64>,
    complaints: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.signed += other.signed;
        self.changed += other.changed;
        self.both += other.both;
        self.neither += other.neither;
        self.without_form += other.without_form;
        for (code, count) in other.ours {
            *self.ours.entry(code).or_default() += count;
        }
        self.complaints.extend(other.complaints);
    }
}

/// Both who judge.
struct Judges {
    store: TrustStore,
    policy: Policy,
    anchor: PathBuf,
}

impl Judges {
    fn new() -> Self {
        let anchor = key_file("ca.pem");
        let mut sources = TrustSources::new();
        drop(sources.trust_path(&anchor, None, None).unwrap());
        Self {
            store: sources.build(),
            policy: Profile::ArchiveVerify.policy(),
            anchor,
        }
    }

    fn batch(&self, seeds: std::ops::Range<u64>) -> Tally {
        let folder = tempfile::tempdir().unwrap();
        let mut tally = Tally::default();
        let mut accepted = Vec::new();
        for seed in seeds {
            let mut random = Random::new(seed);
            let made = Signed::new(&mut random, folder.path());
            tally.signed += 1;
            let file = folder.path().join(format!("{seed}.xml"));
            fs::write(&file, &made.text).unwrap();
            match self.ours(made.text.clone().into_bytes()) {
                Ok(()) => accepted.push(file),
                Err(code) => tally.complaints.push(format!(
                    "seed {seed}: signed by {}, and we refuse it: {code}\n{}",
                    made.signer, made.text
                )),
            }
            let changed = made.changed(&mut random);
            if changed != made.text.as_bytes() {
                tally.changed += 1;
                let file = folder.path().join(format!("{seed}-changed.xml"));
                fs::write(&file, &changed).unwrap();
                self.compare(&file, changed, &mut tally);
            }
        }
        if !self.theirs(&accepted) {
            for file in accepted.iter().filter(|file| !self.theirs(&[(*file).clone()])) {
                let text = fs::read_to_string(file).unwrap();
                tally
                    .complaints
                    .push(format!("{}: only we accept\n{text}", file.display()));
            }
            assert!(
                !tally.complaints.is_empty(),
                "xmlsec1 refuses the documents only together"
            );
        }
        tally
    }

    /// What was signed and then changed.
    fn compare(&self, file: &Path, changed: Vec<u8>, tally: &mut Tally) {
        let shown = String::from_utf8_lossy(&changed).into_owned();
        match (self.ours(changed), self.theirs(&[file.to_owned()])) {
            (Ok(()), true) => tally.both += 1,
            (Err(_), false) => tally.neither += 1,
            (Ok(()), false) if has_odd_namespace(&shown) => tally.without_form += 1,
            (Ok(()), false) => tally
                .complaints
                .push(format!("{}: only we accept\n{shown}", file.display())),
            // Another digest would mean that we canonicalize otherwise.
            (Err(code @ ("dsig.digest_mismatch" | "dsig.signature_mismatch")), true) => {
                tally.complaints.push(format!(
                    "{}: only xmlsec1 accepts, we say {code}\n{shown}",
                    file.display()
                ));
            }
            (Err(code), true) => *tally.ours.entry(code).or_default() += 1,
        }
    }

    fn ours(&self, bytes: Vec<u8>) -> Result<(), &'static str> {
        let at = "2026-11-24T00:00:30Z".parse().unwrap();
        let rules = DocumentRules {
            policy: &self.policy,
            keys: DocumentKeys::Trusted(&self.store, AsOf::Time(at)),
            id_attributes: &[],
        };
        let judgement = judge_document(bytes.into(), &rules);
        judgement.verdict.map_err(|rejection| rejection.code())
    }

    /// Whether xmlsec1 accepts all of `files`.
    fn theirs(&self, files: &[PathBuf]) -> bool {
        if files.is_empty() {
            return true;
        }
        let mut command = signed::xmlsec1();
        command.arg("--verify").arg("--trusted-pem").arg(&self.anchor);
        command.args([
            "--enabled-key-data",
            "x509",
            "--enabled-reference-uris",
            "empty,same-doc",
        ]);
        command
            .args(["--verification-time", "2026-11-24 00:00:30"])
            .args(files);
        command.output().unwrap().status.success()
    }
}

/// Whether a namespace name has a character that no URI has, or is relative. libxml2 canonicalizes nothing where one is declared,
/// used or not.
fn has_odd_namespace(text: &str) -> bool {
    text.split("xmlns").skip(1).any(|rest| {
        let value = rest.split_once('=').map_or("", |(_, value)| value.trim_start());
        let quote = value.chars().next().unwrap_or_default();
        let name = value.split(quote).nth(1).unwrap_or_default();
        let is_odd = |character: char| !character.is_ascii_graphic() || "\\^`{|}<>\"".contains(character);
        let is_relative = !name.is_empty() && !name.contains(':');
        is_relative || name.chars().any(is_odd)
    })
}
