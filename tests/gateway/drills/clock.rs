//! B23: the clock of the system is set while the gateway serves, by an hour and by ten years, forth and back, and repeats a second. A library before
//! the gateway moves its clock; partners go by the right time, or by the gateway's.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use sealgate::soap::Version;

use super::{row, shim, whole};
use crate::backend::orders;
use crate::client::{connect, post, request, send};
use crate::message::{Message, PLACE};
use crate::process::{Process, program};
use crate::replay::{SETTLED, remembering};

const HOUR: i64 = 3600;
const DECADE: i64 = 10 * 365 * 24 * HOUR;

/// An order that was made so many seconds from now.
fn order(number: usize, ahead: i64) -> String {
    let message = Message {
        body: PLACE.replace("bolt M8", &format!("bolt at {number}")),
        created: Utc::now() + TimeDelta::seconds(ahead),
        ..Message::default()
    };
    post(Version::Soap11, "urn:place", &message.signed())
}

fn set(file: &Path, ahead: i64) {
    // At once and whole, as the library reads it at any time.
    let new = file.with_extension("new");
    std::fs::write(&new, ahead.to_string()).unwrap();
    std::fs::rename(new, file).unwrap();
}

#[test]
fn whatever_the_clock_says_no_message_is_taken_twice() {
    let backend = orders();
    let (folder, file) = remembering(backend.address, "file = \"uses.redb\"");
    let library = shim(include_str!("clock.c"), folder.path());
    let ahead = folder.path().join("ahead");
    set(&ahead, 0);
    let mut command = Command::new(program());
    command.args(["serve", "--log", "json", "--config"]).arg(&file);
    command.env("LD_PRELOAD", library).env("CLOCK_AHEAD", &ahead);
    let gateway = Process::spawn(command).unwrap();
    std::thread::sleep(SETTLED);
    let code = |request: &str| {
        let answer = send(gateway.plain, request);
        match answer.status {
            200 => "accepted".to_owned(),
            _ => gateway.code(answer.incident()),
        }
    };
    let mut accepted = Vec::new();
    let mut steps = 0;
    for (number, step) in [0, HOUR, 0, -HOUR, 0, 1, 0, -1, 0, DECADE, 0, HOUR, 0]
        .into_iter()
        .enumerate()
    {
        set(&ahead, step);
        steps += 1;
        let of_now = order(2 * number, step);
        let now = code(&of_now);
        if now == "accepted" {
            accepted.push(of_now);
        } else {
            // It ends before what may have been forgotten, or was made before the store began.
            assert!(
                ["replay.forgotten", "replay.store_new", "replay.before_store"].contains(&now.as_str()),
                "{now} at {step} s"
            );
        }
        if step.abs() > 400 {
            let right = code(&order(2 * number + 1, 0));
            let expected = if step > 0 {
                "wss.timestamp_expired"
            } else {
                "wss.timestamp_future"
            };
            assert_eq!(right, expected, "at {step} s");
        }
        for used in &accepted {
            assert_ne!(code(used), "accepted", "twice, at {step} s");
        }
    }
    // Timers go by another clock: a head that does not come is given up in time, though the clock goes on by an hour, and back.
    let begun = Instant::now();
    let mut silent = connect(gateway.plain);
    std::thread::sleep(Duration::from_secs(1));
    set(&ahead, HOUR);
    std::thread::sleep(Duration::from_secs(1));
    set(&ahead, -HOUR);
    let closed = if whole() {
        let _ = std::io::Read::read(&mut silent, &mut [0; 64]);
        begun.elapsed()
    } else {
        Duration::from_secs(10)
    };
    set(&ahead, 0);
    let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
    assert!(!metrics.contains("sealgate_panics_total 1"), "{metrics}");
    assert_eq!(backend.got().len(), accepted.len());
    row(
        "B23, `make drill-clock`",
        &format!(
            "{steps} steps of an hour, ten years and a second, forth and back: {} of {steps} messages of the gateway's own time accepted, none twice, the rest refused as its use might be forgotten; all of another time refused; a connection without a head closed after {:.1} s",
            accepted.len(),
            closed.as_secs_f64(),
        ),
    );
    if whole() {
        assert!(
            closed >= Duration::from_secs(9) && closed <= Duration::from_secs(12),
            "{closed:?}"
        );
    }
}
