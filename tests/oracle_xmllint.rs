//! What we digest is what libxml2 digests: canonical octets, byte for byte, of generated documents.
//!
//! xmllint has the forms of whole documents with comments; `tests/oracle/c14n.c` asks the library for those of subtrees, without
//! comments, and with PrefixLists. Each is left out, and says so, where it is not installed. Namespace names are plain URIs, as libxml2
//! has no form where one has other characters, and forgets to escape those that need it.
//!
//! `SEALGATE_ORACLE_DOCUMENTS` says how many documents are made (2,000), `SEALGATE_SEED` where to begin.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use generate::{NamespaceNames, Random, document, setting};
use sealgate::algorithm::CanonicalizationAlgorithm as Algorithm;
use sealgate::c14n::{self, Canonicalization};
use sealgate::xml::{Document, Limits};

/// So many documents are given to a process of xmllint.
const BATCH: u64 = 500;

fn seeds() -> std::ops::Range<u64> {
    let first = setting("SEALGATE_SEED", 1);
    first..first + setting("SEALGATE_ORACLE_DOCUMENTS", 2_000)
}

fn parsed(text: &str) -> Document {
    Document::parse(text.to_owned().into(), &Limits::archive()).unwrap()
}

#[test]
fn whole_documents_are_canonicalized_as_by_xmllint() {
    let found = Command::new("xmllint").arg("--version").output();
    if found.is_err() {
        println!("left out: there is no xmllint (Debian: libxml2-utils)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let seeds = seeds();
    let mut first = seeds.start;
    while first < seeds.end {
        let end = seeds.end.min(first + BATCH);
        let documents: Vec<String> = (first..end)
            .map(|seed| document(&mut Random::new(seed), NamespaceNames::Plain))
            .collect();
        let files: Vec<PathBuf> = (0..documents.len())
            .map(|number| folder.path().join(number.to_string()))
            .collect();
        for (file, text) in files.iter().zip(&documents) {
            fs::write(file, text).unwrap();
        }
        for (option, algorithm) in [
            ("--c14n", Algorithm::Inclusive10WithComments),
            ("--c14n11", Algorithm::Inclusive11WithComments),
            ("--exc-c14n", Algorithm::ExclusiveWithComments),
        ] {
            let ours: Vec<Vec<u8>> = documents.iter().map(|text| whole(text, algorithm)).collect();
            if xmllint(option, &files) == ours.concat() {
                continue;
            }
            for ((seed, file), ours) in (first..end).zip(&files).zip(&ours) {
                let theirs = xmllint(option, std::slice::from_ref(file));
                assert_eq!(
                    shown(ours),
                    shown(&theirs),
                    "seed {seed}, {option}:\n{}",
                    documents[index(seed - first)]
                );
            }
            panic!("xmllint says something else of all documents together, from seed {first}");
        }
        first = end;
    }
    println!(
        "{} documents in 3 forms as xmllint writes them",
        seeds.end - seeds.start
    );
}

fn whole(text: &str, algorithm: Algorithm) -> Vec<u8> {
    let mut octets = Vec::new();
    c14n::document(&parsed(text), &algorithm.into(), None, &mut octets).unwrap();
    octets
}

fn xmllint(option: &str, files: &[PathBuf]) -> Vec<u8> {
    Command::new("xmllint")
        .args(["--nonet", option])
        .args(files)
        .output()
        .unwrap()
        .stdout
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// A form of a document, or of an element in it.
struct Job {
    seed: u64,
    text: String,
    method: Canonicalization,
    /// The number of the element.
    apex: Option<usize>,
}

#[test]
fn subtrees_are_canonicalized_as_by_libxml2() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("c14n");
    if let Err(reason) = built(&program) {
        println!("left out: tests/oracle/c14n.c cannot be built (Debian: libxml2-dev): {reason}");
        return;
    }
    let mut child = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut jobs = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let seeds = seeds();
    let (sender, waiting) = std::sync::mpsc::sync_channel::<Job>(1_000);
    let range = seeds.clone();
    let writer = std::thread::spawn(move || {
        for job in range.map(job) {
            jobs.write_all(line(&job).as_bytes()).unwrap();
            jobs.write_all(job.text.as_bytes()).unwrap();
            sender.send(job).unwrap();
        }
    });
    let mut compared = 0u64;
    for job in waiting {
        let mut length = String::new();
        answers.read_line(&mut length).unwrap();
        let Ok(length) = length.trim().parse::<usize>() else {
            panic!(
                "libxml2 has no canonical form of seed {}:\n{}",
                job.seed, job.text
            );
        };
        let mut theirs = vec![0; length];
        answers.read_exact(&mut theirs).unwrap();
        let ours = ours(&job);
        assert_eq!(
            shown(&ours),
            shown(&theirs),
            "seed {}, {:?} of {:?}:\n{}",
            job.seed,
            job.method,
            job.apex,
            job.text
        );
        compared += 1;
    }
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    println!("{compared} forms of elements and documents as libxml2 writes them");
    assert_eq!(compared, seeds.end - seeds.start);
}

/// Builds what puts documents before libxml2.
fn built(program: &Path) -> Result<(), String> {
    let run = |command: &mut Command| {
        let output = command.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success().then_some(output.stdout).ok_or(said)
    };
    let flags = run(Command::new("pkg-config").args(["--cflags", "--libs", "libxml-2.0"]))?;
    let flags = String::from_utf8_lossy(&flags).into_owned();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/c14n.c");
    run(Command::new("cc")
        .args(["-O2", "-Wall", "-o"])
        .arg(program)
        .arg(source)
        .args(flags.split_whitespace()))?;
    Ok(())
}

fn job(seed: u64) -> Job {
    let mut random = Random::new(seed);
    let text = document(&mut random, NamespaceNames::Plain);
    let algorithms = [
        &Algorithm::Exclusive,
        &Algorithm::Exclusive,
        &Algorithm::ExclusiveWithComments,
        &Algorithm::Inclusive10,
        &Algorithm::Inclusive10WithComments,
        &Algorithm::Inclusive11,
        &Algorithm::Inclusive11WithComments,
    ];
    let algorithm = *random.pick(&algorithms);
    let mut prefixes = Vec::new();
    while algorithm.is_exclusive() && random.chance(40) {
        prefixes.push(
            random
                .pick(&["a", "b", "c", "soap", "", "xml", "z1", "none", "ä"])
                .to_owned(),
        );
    }
    let parsed = parsed(&text);
    let elements = parsed.root().descendants().count();
    let apex = random.chance(80).then(|| random.below(elements));
    Job {
        seed,
        text,
        method: Canonicalization { algorithm, prefixes },
        apex,
    }
}

/// What comes before the document; the numbers of forms are those of libxml2.
fn line(job: &Job) -> String {
    let mode = match job.method.algorithm {
        Algorithm::Inclusive10 | Algorithm::Inclusive10WithComments => 0,
        Algorithm::Exclusive | Algorithm::ExclusiveWithComments => 1,
        Algorithm::Inclusive11 | Algorithm::Inclusive11WithComments => 2,
    };
    let comments = u8::from(job.method.algorithm.keeps_comments());
    let apex = job.apex.map_or("-1".to_owned(), |apex| apex.to_string());
    let mut line = format!("{mode} {comments} {apex} {}", job.text.len());
    for prefix in &job.method.prefixes {
        line.push(' ');
        line.push_str(if prefix.is_empty() { "#default" } else { prefix });
    }
    line.push('\n');
    line
}

fn ours(job: &Job) -> Vec<u8> {
    let document = parsed(&job.text);
    let mut octets = Vec::new();
    match job.apex {
        None => c14n::document(&document, &job.method, None, &mut octets).unwrap(),
        Some(apex) => {
            let element = document.root().descendants().nth(apex).unwrap();
            c14n::element(element, &job.method, None, &mut octets).unwrap();
        }
    }
    octets
}
