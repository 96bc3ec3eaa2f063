//! A flood of refusals leaves a log that can be read.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, send};
use crate::gateway::{configuration, prepared};
use crate::process::{Process, Serving};

/// A gateway whose log has `most` lines of one kind a second.
fn serve(file: &Path, most: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .arg("serve")
        .arg("--config")
        .arg(file)
        .args(["--log-lines", most]);
    Process::spawn(command).unwrap()
}

#[test]
fn the_log_counts_what_it_leaves_out() {
    const FLOOD: usize = 300;
    let (_folder, file) = prepared(&configuration(&format!("http://{}/", orders().address)));
    let process = serve(&file, "10");
    let bad = post(Version::Soap11, "urn:place", "<a/>");
    for _ in 0..FLOOD {
        assert_eq!(send(process.plain, &bad).status, 500);
    }
    let text = |line: &serde_json::Value| line["fields"]["message"].as_str().unwrap_or_default().to_owned();
    let (mut written, mut left_out) = (0, 0);
    for _ in 0..200 {
        let lines = process.lines();
        written = lines
            .iter()
            .filter(|line| text(line) == "message refused")
            .count();
        let counted = lines
            .iter()
            .filter(|line| text(line) == "lines of one kind were left out");
        left_out = counted
            .filter(|line| line["fields"]["left_out_code"] == "soap.not_an_envelope")
            .map(|line| usize::try_from(line["fields"]["lines"].as_u64().unwrap()).unwrap())
            .sum();
        if written + left_out == FLOOD {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(written + left_out, FLOOD, "{written} and {left_out}");
    assert!(left_out > 0, "{written}");
}

/// A gateway whose log is not read on from where it serves, with its address. It ends when it is dropped.
struct Unread(Child, BufReader<ChildStderr>, SocketAddr);

impl Unread {
    fn start(file: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command.args(["serve", "--log-lines", "0", "--config"]).arg(file);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::with_capacity(1, child.stderr.take().unwrap());
        let mut gateway = Self(child, log, SocketAddr::from(([0; 4], 0)));
        loop {
            let mut line = String::new();
            assert!(gateway.1.read_line(&mut line).unwrap() > 0);
            if let Some(serving) = Serving::of(&line) {
                gateway.2 = serving.plain.unwrap();
                return gateway;
            }
        }
    }

    /// Sends so many messages that are refused, and a line of the log is about each.
    fn refuse(&self, count: usize) {
        let bad = post(Version::Soap11, "urn:place", "<a/>");
        for _ in 0..count {
            assert_eq!(send(self.2, &bad).status, 500);
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_keeps_no_request_waiting_and_says_how_much_of_it_is_lost() {
    const REFUSED: usize = 3000;
    let (_folder, file) = prepared(&configuration(&format!("http://{}/", orders().address)));
    let mut gateway = Unread::start(&file);
    gateway.refuse(REFUSED);
    let (mut written, mut lost) = (0, 0);
    while lost == 0 {
        let mut line = String::new();
        assert!(gateway.1.read_line(&mut line).unwrap() > 0);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        written += usize::from(line["fields"]["message"] == "message refused");
        if line["fields"]["code"] == "log.lost" {
            lost = usize::try_from(line["fields"]["lines"].as_u64().unwrap()).unwrap();
        }
    }
    assert_eq!(written + lost, REFUSED, "{written} and {lost}");
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_the_gateway_from_its_end() {
    let (_folder, file) = prepared(&configuration(&format!("http://{}/", orders().address)));
    let mut gateway = Unread::start(&file);
    gateway.refuse(600);
    kill_process(Pid::from_child(&gateway.0), Signal::TERM).unwrap();
    let told = Instant::now();
    let ended = loop {
        if let Some(ended) = gateway.0.try_wait().unwrap() {
            break ended;
        }
        assert!(
            told.elapsed() < Duration::from_secs(30),
            "it waits for who reads its log"
        );
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(ended.success(), "{ended}");
}
