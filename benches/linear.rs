//! Work before trust is linear in the input: for families of documents that cost other readers the square or worse, twice the input
//! takes at most 2.5 times as long, and memory grows by at most eight times the input and one MiB (B10; T51, T55, T56, T131–T137).
//!
//! Limits are lifted where they would end a family before it grew. `SEALGATE_FAMILY` picks families by a part of their names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a measurement may panic, and rounds what it shows"
)]

#[path = "../tests/families/mod.rs"]
mod families;
#[path = "../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use families::{FAMILIES, Family, good};
use rustix::time::{ClockId, clock_gettime};

/// How often the input is doubled.
const DOUBLINGS: u32 = 6;
const MOST: f64 = 2.5;
/// A family is measured anew so often before it counts as not linear: other programs run on this machine, too.
const ATTEMPTS: u32 = 4;

fn main() -> ExitCode {
    let bench = Bench { gate: good("soap11") };
    let wanted = std::env::var("SEALGATE_FAMILY").unwrap_or_default();
    println!(
        "{:<34}{:>10}{:>11}  {:>34}{:>9}",
        "family", "KiB", "ms", "each doubling takes times", "memory"
    );
    let mut bad = 0;
    for family in FAMILIES.iter().filter(|family| family.name.contains(&wanted)) {
        let memory = bench.memory(family);
        let mut measured = bench.measure(family);
        for _ in 1..ATTEMPTS {
            if measured.worst() <= MOST {
                break;
            }
            measured = measured.best(bench.measure(family));
        }
        let ratios: Vec<String> = measured
            .ratios()
            .iter()
            .map(|ratio| format!("{ratio:.2}"))
            .collect();
        let (length, time) = measured.rows.last().unwrap();
        let linear = measured.worst() <= MOST && memory.is_none_or(|(_, within)| within);
        println!(
            "{:<34}{:>10}{:>11.2}  {:>34}{:>9}{}",
            family.name,
            length / 1024,
            time.as_secs_f64() * 1e3,
            ratios.join(" "),
            memory.map_or("?".to_owned(), |(factor, _)| format!("{factor:.1}×")),
            if linear { "" } else { "  TOO MUCH" }
        );
        bad += usize::from(!linear);
    }
    if bad == 0 {
        return ExitCode::SUCCESS;
    }
    println!("{bad} families cost more than in proportion");
    ExitCode::FAILURE
}

/// Length and time of each size.
struct Measured {
    rows: Vec<(usize, Duration)>,
}

impl Measured {
    /// How many times longer each doubled input took, per doubling of its length.
    fn ratios(&self) -> Vec<f64> {
        let pairs = self.rows.windows(2).map(|pair| {
            let grown = pair[1].0 as f64 / pair[0].0 as f64;
            pair[1].1.as_secs_f64() / pair[0].1.as_secs_f64() * 2.0 / grown
        });
        pairs.collect()
    }

    fn worst(&self) -> f64 {
        self.ratios().into_iter().fold(0.0, f64::max)
    }

    fn best(self, other: Self) -> Self {
        let pairs = self.rows.into_iter().zip(other.rows);
        Self {
            rows: pairs.map(|(one, two)| (one.0, one.1.min(two.1))).collect(),
        }
    }
}

struct Bench {
    gate: support::Case,
}

impl Bench {
    fn measure(&self, family: &Family) -> Measured {
        let row = |doubled: u32| {
            let input = Bytes::from((family.make)(family.first << doubled));
            let begun = processor_time();
            let mut best = Duration::MAX;
            let mut runs = 1;
            // The clock is coarse on some systems, so that a short work is done often.
            while processor_time() - begun < Duration::from_millis(100) {
                let start = processor_time();
                (0..runs).for_each(|_| family.work(&self.gate, &input));
                let spent = processor_time() - start;
                if spent < Duration::from_millis(4) {
                    runs *= 2;
                } else {
                    best = best.min(spent / runs);
                }
            }
            (input.len(), best)
        };
        Measured {
            rows: (0..=DOUBLINGS).map(row).collect(),
        }
    }

    /// How much memory the largest input takes, as a multiple of its length, and whether that is within bounds; `None` where the system
    /// does not tell.
    fn memory(&self, family: &Family) -> Option<(f64, bool)> {
        let input = Bytes::from((family.make)(family.first << DOUBLINGS));
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        let before = resident("VmRSS:")?;
        family.work(&self.gate, &input);
        let grown = resident("VmHWM:")?.saturating_sub(before);
        let within = grown <= 8 * input.len() + (1 << 20);
        Some((grown as f64 / input.len() as f64, within))
    }
}

/// How long this thread has run, whatever else the machine did.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// Kilobytes that the system says, in bytes.
fn resident(field: &str) -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}
