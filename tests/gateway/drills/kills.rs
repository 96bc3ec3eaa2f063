//! B18: `kill -9` under load. Whoever was told of an answer is in the audit log, the log is whole after each kill, and nothing is accepted again.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::{row, setting, under_load, whole};
use crate::audit::{audited, body, recorded};
use crate::backend::orders;
use crate::client::send;
use crate::process::{Process, program};
use crate::replay::SETTLED;
use crate::site::wait_until;

const SENDERS: usize = 4;

/// Messages that are sent again after each kill.
const AGAIN: usize = 20;

#[test]
fn a_gateway_that_is_killed_under_load_forgets_nothing() {
    let kills = setting("KILLS", 4, 200);
    let backend = orders();
    let (folder, file) = audited(backend.address, 1 << 20);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let mut told: Vec<String> = Vec::new();
    let mut slowest = Duration::ZERO;
    for round in 0..kills {
        let time = Duration::from_millis(u64::try_from(200 + round * 53 % 300).unwrap());
        let before = backend.got().len();
        let ((), sent) = under_load(&gateway, SENDERS, || {
            // Each sender has one in work at most, so that this many more were answered, however slow the disk is.
            let enough = before + 2 * SENDERS;
            wait_until("messages on their way", || backend.got().len() >= enough);
            std::thread::sleep(time);
            gateway.signal(Signal::KILL);
        });
        gateway.kill();
        let begun = Instant::now();
        gateway = Process::start(&file).unwrap();
        slowest = slowest.max(begun.elapsed());
        is_whole(folder.path());
        let (answered, in_doubt): (Vec<_>, Vec<_>) = sent.into_iter().partition(|one| one.status == 200);
        for one in answered.iter().rev().take(AGAIN) {
            let again = send(gateway.plain, &one.request);
            assert_eq!(gateway.code(again.incident()), "replay.message");
        }
        // Nobody knows of these: they may be accepted now, if they were not before.
        for one in in_doubt.iter().take(AGAIN) {
            send(gateway.plain, &one.request);
        }
        told.extend(answered.iter().map(|one| body(&one.request).sha256));
    }
    let read = recorded(folder.path());
    let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let of_kind = |kind: &'static str| read.iter().filter(move |record| record["kind"] == kind);
    let answered: HashSet<String> = of_kind("answered")
        .map(|record| text(record, "incident"))
        .collect();
    let accepted: HashMap<&str, String> = of_kind("accepted")
        .filter_map(|record| Some((record["received"]["sha256"].as_str()?, text(record, "incident"))))
        .collect();
    for sha256 in &told {
        let incident = accepted.get(sha256.as_str());
        assert!(
            incident.is_some_and(|incident| answered.contains(incident)),
            "{sha256}"
        );
    }
    let mut got: HashMap<String, usize> = HashMap::new();
    for request in backend.got() {
        *got.entry(request.body).or_default() += 1;
    }
    assert!(
        got.values().all(|times| *times == 1),
        "the backend got none twice"
    );
    assert!(told.len() >= SENDERS * kills);
    row(
        "B18, `make drill-kills`",
        &format!(
            "{kills} kills, {} answers told, each in the log; {} messages at the backend, none twice; {} torn ends repaired; whole after every kill; serving again after {:.1} s at most",
            told.len(),
            got.len(),
            of_kind("recovered").count(),
            slowest.as_secs_f64(),
        ),
    );
    if whole() {
        assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    }
}

/// By the command, as an operator would.
fn is_whole(folder: &Path) {
    let mut command = Command::new(program());
    command.args(["audit", "verify", "log", "--certificate", "bob.pem"]);
    let output = command.current_dir(folder).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
