//! `make bench-gateway`: what a gateway costs beside a bare proxy, in one run. A figure is of the processor time that the process under
//! test used, so that what else this machine does counts little. That process has core 0; the load, and the backend, core 1.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a measurement may panic, prints, and needs a part of what tests share"
)]

#[path = "../../tests/gateway/backend.rs"]
mod backend;
mod bare;
mod figures;
#[path = "../../tests/gateway/gateway.rs"]
mod gateway;
#[path = "../../tests/gateway/load.rs"]
mod load;
#[path = "../../tests/gateway/message.rs"]
mod message;
#[path = "../../tests/gateway/process.rs"]
mod process;
#[path = "../../tests/gateway/sink.rs"]
mod sink;

use std::process::Command;

/// The core of the process under test, and that of everything else.
const UNDER_TEST: usize = 0;
const BESIDE: usize = 1;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == bare::ROLE) {
        return bare::serve(arguments[at + 1].parse().unwrap());
    }
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-a", "-p", "-c", &BESIDE.to_string(), &own])
        .output();
    assert!(pinned.unwrap().status.success());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    let one_minute = load.split(' ').next().unwrap();
    println!("load of this machine before: {one_minute}\n\n| figure | measured | wanted |\n|---|---|---|");
    figures::speed();
    figures::idle();
    figures::attachment();
}
