//! The targets of `fuzz/` without libFuzzer: all seeds, then mutations of them, the same ones each time.
//!
//! `SEALGATE_FUZZ` says how many mutations each target gets (1,000), `SEALGATE_SEED` where to begin. `SEALGATE_FUZZ_CORPUS` is a
//! folder: seeds are written there for libFuzzer, and nothing else is done.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod support;
#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use generate::change::change;
use generate::{Random, setting};
use targets::Target;

#[test]
fn parse() {
    hold("parse");
}

#[test]
fn c14n() {
    hold("c14n");
}

#[test]
fn dsig_verify() {
    hold("dsig_verify");
}

#[test]
fn decrypt() {
    hold("decrypt");
}

#[test]
fn header() {
    hold("header");
}

#[test]
fn saml() {
    hold("saml");
}

#[test]
fn metadata() {
    hold("metadata");
}

#[test]
fn login() {
    hold("login");
}

#[test]
fn parts() {
    hold("parts");
}

#[test]
fn gate() {
    hold("gate");
}

#[test]
fn every_target_is_run_here_and_by_libfuzzer() {
    let here = fs::read_to_string(file!()).unwrap();
    for Target { name, .. } in targets::ALL {
        assert!(here.contains(&format!("hold(\"{name}\")")), "{name}");
        let driver = fs::read_to_string(format!("fuzz/fuzz_targets/{name}.rs")).unwrap();
        assert!(driver.contains(&format!("run(\"{name}\", data)")), "{name}");
    }
}

fn hold(name: &str) {
    let target = targets::ALL
        .into_iter()
        .find(|target| target.name == name)
        .unwrap();
    let seeds = (target.seeds)();
    assert!(seeds.len() > 30, "{name} has {} seeds", seeds.len());
    if let Some(corpus) = std::env::var_os("SEALGATE_FUZZ_CORPUS") {
        let folder = PathBuf::from(corpus).join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
        return;
    }
    for seed in &seeds {
        targets::run(name, seed);
    }
    let (count, first) = (setting("SEALGATE_FUZZ", 1_000), setting("SEALGATE_SEED", 1));
    for number in first..first + count {
        let mut random = Random::new(number);
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(3) {
            change(&mut input, &mut random);
        }
        if catch_unwind(AssertUnwindSafe(|| targets::run(name, &input))).is_err() {
            panic!("{name}, seed {number}:\n{}", String::from_utf8_lossy(&input));
        }
    }
    println!("{name}: {} seeds, {count} mutations", seeds.len());
}
