//! How much is done for twice the input, counted in instructions, which other programs on the machine do not change (I9; T135, T137).
//!
//! Callgrind counts them in this program itself, between the beginning and the end of each piece of work; without Valgrind it is left
//! out. `SEALGATE_FAMILY` picks other families of `benches/linear.rs` by a part of their names. `benches/linear.rs` measures all of
//! them in time and memory.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test may panic, and says what it counted"
)]

mod families;
mod source;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use families::{FAMILIES, Family, good};
use source::{package, relative, rust_files, tokens};

/// How often the input is doubled.
const DOUBLINGS: u32 = 3;

fn wanted() -> Vec<&'static Family> {
    let named = std::env::var("SEALGATE_FAMILY");
    let is_wanted = |family: &&Family| match &named {
        Ok(part) => family.name.contains(part),
        Err(_) => ["T135", "T137"]
            .iter()
            .any(|attack| family.name.starts_with(attack)),
    };
    FAMILIES.iter().filter(is_wanted).collect()
}

/// The documents of `family`, each twice as long as the one before.
fn documents(family: &Family) -> impl Iterator<Item = Bytes> {
    (0..=DOUBLINGS).map(|doubled| Bytes::from((family.make)(family.first << doubled)))
}

#[test]
fn twice_the_input_takes_no_more_than_in_proportion() {
    let folder = tempfile::tempdir().unwrap();
    let counted = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--zero-before=work::one_piece_of_work",
            "--dump-after=work::one_piece_of_work",
        ])
        .arg(format!(
            "--callgrind-out-file={}",
            folder.path().join("count").display()
        ))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "each_family_is_worked_on", "--test-threads=1"])
        .output();
    let counted = match counted {
        Ok(output) => output,
        Err(error) => {
            println!("left out: there is no valgrind ({error})");
            return;
        }
    };
    assert!(
        counted.status.success(),
        "{}",
        String::from_utf8_lossy(&counted.stderr)
    );
    let mut dump = 0;
    for family in wanted() {
        let mut rows = Vec::new();
        for document in documents(family) {
            dump += 1;
            rows.push((
                document.len(),
                instructions(&folder.path().join(format!("count.{dump}"))),
            ));
        }
        for pair in rows.windows(2) {
            let [(length, before), (doubled, after)] = [pair[0], pair[1]];
            // 1.25 times in proportion to the length, as the time of a doubling is 2.5 times at most.
            let most = before * doubled * 5 / (length * 4);
            println!("{:<32}{doubled:>9} octets{after:>13} instructions", family.name);
            assert!(after <= most, "{}: {rows:?}", family.name);
        }
    }
    assert!(dump > 0, "something was counted");
}

/// The instructions that a dump of Callgrind says were carried out.
fn instructions(dump: &Path) -> usize {
    let text = fs::read_to_string(dump).unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().unwrap()
}

#[test]
fn each_family_is_worked_on() {
    let gate = good("soap11");
    for family in wanted() {
        for document in documents(family) {
            one_piece_of_work(family, &gate, &document);
        }
    }
}

/// Callgrind begins and ends to count with it, and knows it by its name.
#[inline(never)]
fn one_piece_of_work(family: &Family, gate: &support::Case, document: &Bytes) {
    family.work(gate, document);
}

/// T135: maps are those of the standard library with their random keys, so that no sender can choose names that collide.
#[test]
fn no_map_has_a_hash_without_a_key() {
    const UNKEYED: [&str; 7] = [
        "with_hasher",
        "with_capacity_and_hasher",
        "BuildHasherDefault",
        "FxHashMap",
        "AHashMap",
        "FnvHashMap",
        "IndexMap",
    ];
    let mut found = Vec::new();
    for file in rust_files(&package().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let names = tokens(&text);
        let names = names.iter().filter_map(|token| token.word());
        found.extend(
            names
                .filter(|name| UNKEYED.contains(name))
                .map(|name| format!("{}: {name}", relative(&file))),
        );
    }
    assert_eq!(found, [""; 0]);
}
