//! A disk that does not answer, as one of another machine that is gone.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::audit::audited;
use crate::backend::orders;
use crate::client::send;
use crate::drills::shim;
use crate::process::{Process, program};
use crate::replay::order;
use crate::site::wait_until;

#[test]
fn a_gateway_starts_where_its_exported_checkpoints_do_not_answer_and_says_so() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 65_536);
    let library = shim(include_str!("dead.c"), folder.path());
    let dead = || {
        let mut command = Command::new(program());
        command
            .env("LD_PRELOAD", &library)
            .env("DEAD", folder.path().join("export"));
        command
    };
    let starts = || {
        let mut command = dead();
        command.args(["serve", "--log", "json", "--config"]).arg(&file);
        let begun = Instant::now();
        let mut gateway = Process::spawn(command).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        wait_until("audit.unchecked", || {
            let mut lines = gateway.lines().into_iter();
            lines.any(|line| line["fields"]["code"] == "audit.unchecked")
        });
        // Made before the gateway was there.
        wait_until("it serves", || send(gateway.plain, &order()).status == 200);
        gateway.signal(Signal::TERM);
        assert!(gateway.ended());
    };
    let examined = || {
        let begun = Instant::now();
        let mut command = dead();
        let output = command.args(["config", "check"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        String::from_utf8(output.stdout).unwrap()
    };
    let told = "audit.checkpoints: is not known to be a folder: there is no answer after 5 s";
    assert!(examined().contains(told));
    // One that begins, and one that goes on.
    starts();
    assert!(fs::read_dir(folder.path().join("log")).unwrap().count() > 1);
    starts();
}
