//! Drills: what a gateway does under fault and load. `make drill-…` runs one at full length against a release build, asserts its bar and prints its
//! row for the manual; without `SEALGATE_DRILL` a slice of each runs, and no time is judged.

#![allow(
    clippy::as_conversions,
    reason = "shares and rates of a measurement need no last digit"
)]

mod backends;
mod calls;
mod certificates;
mod clock;
mod copies;
mod disk;
mod drain;
mod idle;
mod junk;
mod kills;
mod overload;
mod power;
mod reload;
mod soak;
mod store;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::try_send;
use crate::load::percentile;
use crate::process::Process;
use crate::replay::order;

/// Whether all of a drill is asked for, and its times are judged.
fn whole() -> bool {
    std::env::var_os("SEALGATE_DRILL").is_some()
}

/// How much of something: what `SEALGATE_DRILL_` and this name say, or the usual for a slice or for all.
fn setting(name: &str, slice: usize, all: usize) -> usize {
    let usual = if whole() { all } else { slice };
    std::env::var(format!("SEALGATE_DRILL_{name}")).map_or(usual, |typed| typed.parse().unwrap())
}

/// Prints the row of a drill.
fn row(bar: &str, figures: &str) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    let one_minute = load.split(' ').next().unwrap();
    #[allow(clippy::print_stdout, reason = "the row is what a drill is for")]
    let () = println!("| {bar} | {figures} | {one_minute} |");
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// A gateway with the configuration `file`, on a core of its own where all of a drill is asked for; this process and its backends get another.
fn alone(file: &Path) -> Process {
    if !whole() {
        return Process::start(file).unwrap();
    }
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-a", "-p", "-c", "1", &own])
        .output();
    assert!(pinned.unwrap().status.success());
    Process::pinned(file, 0).unwrap()
}

/// Changes a configuration that was written.
fn change(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// An order that was sent.
struct Sent {
    request: String,
    /// 0 where there was no answer.
    status: u16,
    took: Duration,
}

/// Lets clients send orders until `work` has ended, and gives what became of them.
fn under_load<T>(gateway: &Process, clients: usize, work: impl FnOnce() -> T) -> (T, Vec<Sent>) {
    let (address, ended) = (gateway.plain, AtomicBool::new(false));
    let all: Mutex<Vec<Sent>> = Mutex::default();
    let done = std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut own = Vec::new();
                while !ended.load(Ordering::Relaxed) {
                    let (request, begun) = (order(), Instant::now());
                    let status = try_send(address, &request).map_or(0, |answer| answer.status);
                    let took = begun.elapsed();
                    own.push(Sent {
                        request,
                        status,
                        took,
                    });
                }
                all.lock().unwrap().extend(own);
            });
        }
        // Whatever fails in here, the clients end.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        ended.store(true, Ordering::Relaxed);
        done
    });
    let done = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    (done, all.into_inner().unwrap())
}

fn with_status(sent: &[Sent], status: u16) -> usize {
    sent.iter().filter(|one| one.status == status).count()
}

fn p99(sent: &[Sent]) -> Duration {
    percentile(sent.iter().map(|one| one.took), 99.0)
}

/// Compiles a library that a gateway is started with, which changes what the system does.
pub(crate) fn shim(source: &str, folder: &Path) -> PathBuf {
    let (file, library) = (folder.join("shim.c"), folder.join("shim.so"));
    std::fs::write(&file, source).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(file)
        .args(["-ldl", "-lpthread"])
        .output()
        .unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    library
}
