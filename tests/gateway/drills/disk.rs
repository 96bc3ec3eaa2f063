//! B22: a disk under the audit log that becomes full. Nothing is accepted that is not recorded, and all goes on when there is room.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{row, setting, under_load, whole, with_status};
use crate::audit::{audited, body, is_whole, recorded};
use crate::backend::orders;
use crate::client::send;
use crate::process::Process;
use crate::replay::{SETTLED, order};

/// A file system in memory, until this is dropped. `None` where this user may mount none.
struct Mount<'p>(&'p Path);

impl<'p> Mount<'p> {
    fn at(folder: &'p Path) -> Option<Self> {
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn on_a_full_disk_nothing_is_accepted_until_there_is_room() {
    let rounds = setting("ROUNDS", 1, 5);
    let backend = orders();
    let (folder, file) = audited(backend.address, 1 << 20);
    let log = folder.path().join("log");
    let Some(mount) = Mount::at(&log) else {
        return;
    };
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let filler = log.join("filler");
    let (mut closed, mut back) = (Duration::ZERO, Duration::ZERO);
    let ((), sent) = under_load(&gateway, 3, || {
        for _ in 0..rounds {
            until(&gateway, 200);
            let _ = fs::write(&filler, vec![0; 4 << 20]);
            closed = closed.max(until(&gateway, 503));
            std::thread::sleep(Duration::from_secs(1));
            fs::remove_file(&filler).unwrap();
            back = back.max(until(&gateway, 200));
        }
    });
    assert_eq!(send(gateway.plain, &order()).status, 200);
    is_whole(folder.path());
    let [good, refused] = [200, 503].map(|status| with_status(&sent, status));
    assert_eq!(good + refused, sent.len());
    let read = recorded(folder.path());
    let accepted: HashSet<&str> = read
        .iter()
        .filter(|record| record["kind"] == "accepted")
        .filter_map(|record| record["received"]["sha256"].as_str())
        .collect();
    for got in sent.iter().filter(|one| one.status == 200) {
        assert!(
            accepted.contains(body(&got.request).sha256.as_str()),
            "accepted without a record"
        );
    }
    assert!(backend.got().len() <= accepted.len(), "relayed without a record");
    row(
        "B22, `make drill-disk`",
        &format!(
            "a full disk {rounds} times, {} messages: 503 after {:.2} s at most, 200 again after {:.2} s at most; the log is whole",
            sent.len(),
            closed.as_secs_f64(),
            back.as_secs_f64(),
        ),
    );
    drop(gateway);
    drop(mount);
    if whole() {
        assert!(
            closed <= Duration::from_secs(1) && back <= Duration::from_secs(5),
            "{closed:?} {back:?}"
        );
    }
}

/// Sends until the gateway answers so, and says how long that took.
fn until(gateway: &Process, status: u16) -> Duration {
    let started = Instant::now();
    while send(gateway.plain, &order()).status != status {
        assert!(started.elapsed() < Duration::from_secs(20), "still not {status}");
        std::thread::sleep(Duration::from_millis(20));
    }
    started.elapsed()
}
