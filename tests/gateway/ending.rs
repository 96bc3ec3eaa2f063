//! The end of a gateway: in its time, whatever hangs, and nothing is lost without a word.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::audit::{audited, is_whole, recorded, until};
use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::try_send;
use crate::process::Process;
use crate::replay::{SETTLED, order};
use crate::site::wait_until;

/// A gateway with an audit log in `log` and an archive in `messages`, which has so many seconds for messages in work.
pub(crate) fn keeping(backend: SocketAddr, drain: u8) -> (TempDir, PathBuf) {
    let (folder, file) = audited(backend, 65_536);
    let text = fs::read_to_string(&file).unwrap();
    let archive = "[message_archive]\nfolder = \"messages\"\nfree_bytes = 0\n\n[[route]]\n";
    let text = text
        .replacen("[[route]]\n", archive, 1)
        .replace("answer_seconds = 2", "answer_seconds = 60")
        .replace("drain_seconds = 5", &format!("drain_seconds = {drain}"));
    fs::write(&file, text).unwrap();
    let messages = folder.path().join("messages");
    fs::create_dir_all(messages.join(".journal")).unwrap();
    fs::set_permissions(&messages, fs::Permissions::from_mode(0o700)).unwrap();
    (folder, file)
}

/// Sends the signal to stop, and waits until it is heard.
fn stop(gateway: &Process, times: usize) {
    gateway.signal(Signal::TERM);
    gateway.lines_of(times, |line| line["fields"]["message"] == "told to stop");
}

fn told(gateway: &Process, code: &str) -> Value {
    let lines = gateway.lines_of(1, |line| line["fields"]["code"] == code);
    lines[0]["fields"].clone()
}

fn names(folder: &Path, end: &str) -> Vec<String> {
    let all = fs::read_dir(folder).unwrap();
    let all = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    all.filter(|name| name.ends_with(end)).collect()
}

#[test]
fn messages_that_are_not_answered_are_told_of_and_all_else_is_kept() {
    for (drain, signals) in [(1, 1), (60, 2)] {
        let backend = Backend::start(Behaviour::Late(Duration::from_secs(30), placed(false)));
        let (folder, file) = keeping(backend.address, drain);
        let mut gateway = Process::start(&file).unwrap();
        std::thread::sleep(SETTLED);
        let (plain, message) = (gateway.plain, order());
        let asked = std::thread::spawn(move || try_send(plain, &message));
        backend.wait_for(1);
        (1..=signals).for_each(|times| stop(&gateway, times));
        let begun = Instant::now();
        assert!(gateway.ended());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert!(asked.join().unwrap().is_err());
        assert_eq!(told(&gateway, "http.abandoned")["messages"], 1);
        is_whole(folder.path());
        let recorded = recorded(folder.path());
        assert_eq!(recorded.last().unwrap()["kind"], "checkpoint");
        let of = |kind: &str| recorded.iter().find(|record| record["kind"] == kind).unwrap();
        assert_eq!(of("failed")["incident"], of("accepted")["incident"]);
        assert_eq!(of("failed")["code"], "http.abandoned");
        let messages = folder.path().join("messages");
        assert_eq!(names(&messages, ".parquet").len(), 1);
        assert_eq!(names(&messages.join(".journal"), ".log"), [""; 0]);
    }
}

#[test]
fn an_archive_that_hangs_keeps_neither_the_log_nor_the_process_from_ending() {
    let backend = orders();
    let (folder, file) = keeping(backend.address, 5);
    // Whoever opens it to read waits for somebody who writes.
    let journal = folder
        .path()
        .join("messages/.journal/journal-20200101T000000.000000Z.log");
    assert!(Command::new("mkfifo").arg(&journal).status().unwrap().success());
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    until(gateway.plain, 200);
    stop(&gateway, 1);
    // The log is signed at once.
    wait_until("a checkpoint", || {
        recorded(folder.path()).last().unwrap()["kind"] == "checkpoint"
    });
    stop(&gateway, 2);
    let begun = Instant::now();
    assert!(gateway.ended());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    told(&gateway, "archive.not_ended");
    is_whole(folder.path());
}

#[test]
fn an_end_of_the_log_that_is_not_signed_is_told_of() {
    let backend = orders();
    let (folder, file) = keeping(backend.address, 5);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let (log, away) = (folder.path().join("log"), folder.path().join("away"));
    fs::rename(&log, &away).unwrap();
    // The file that is open takes some more; the next one cannot be made.
    until(gateway.plain, 503);
    stop(&gateway, 1);
    assert!(!gateway.ended());
    let reason = told(&gateway, "audit.not_ended")["reason"].clone();
    assert!(reason.as_str().unwrap().contains("No such file"), "{reason}");
}
