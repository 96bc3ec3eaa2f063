//! What a gateway decides is recorded before anybody is told.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sealgate::audit::{Evidence, Octets, records, verify};
use sealgate::crypto::Certificate;
use sealgate::soap::Version;
use serde_json::Value;
use tempfile::TempDir;

use crate::backend::orders;
use crate::client::{post, send};
use crate::message::{Message, PLACE, assertion};
use crate::process::Process;
use crate::replay::{SETTLED, order, remembering, wait_to_be};
use crate::site::wait_until;

/// A gateway with a log in `log`, whose files are of `bytes`.
pub(crate) fn audited(backend: SocketAddr, bytes: usize) -> (TempDir, PathBuf) {
    let replay = format!(
        "file = \"uses.redb\"\n\n[audit]\nfolder = \"log\"\ncheckpoints = \"export\"\ncertificate = \"bob.pem\"\nkey = \"bob.key.pem\"\nfile_bytes = {bytes}"
    );
    let (folder, file) = remembering(backend, &replay);
    fs::create_dir(folder.path().join("log")).unwrap();
    fs::create_dir(folder.path().join("export")).unwrap();
    (folder, file)
}

pub(crate) fn recorded(folder: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    records(&folder.join("log"), |record| {
        all.push(record.json.clone());
        Ok(())
    })
    .unwrap();
    all
}

/// The files of the log, the oldest first.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder.join("log")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    files.sort();
    files
}

pub(crate) fn is_whole(folder: &Path) {
    let pem = fs::read(folder.join("bob.pem")).unwrap();
    let evidence = Evidence {
        certificates: Certificate::from_pem_bundle(&pem).unwrap(),
        ..Evidence::default()
    };
    verify(&folder.join("log"), &evidence)
        .unwrap()
        .unwrap_or_else(|broken| panic!("{broken}"));
}

pub(crate) fn body(request: &str) -> Octets {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    Octets::of(body.as_bytes())
}

#[test]
fn who_sent_what_and_what_became_of_it_is_recorded() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 1 << 20);
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let message = Message {
        assertion: Some(assertion("alice", "https://gateway.example/orders", "buyer")),
        ..Message::default()
    };
    let good = post(Version::Soap11, "urn:place", &message.signed());
    assert_eq!(send(gateway.plain, &good).status, 200);
    let refused = send(gateway.plain, &good);
    assert_eq!(refused.status, 500);
    let read = recorded(folder.path());
    let kinds: Vec<_> = read
        .iter()
        .map(|record| record["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["segment", "checkpoint", "accepted", "answered", "refused"]
    );
    let accepted = &read[2];
    assert_eq!(accepted["received"]["sha256"], body(&good).sha256);
    let forwarded = Octets::of(backend.only().body.as_bytes());
    assert_eq!(accepted["forwarded"]["sha256"], forwarded.sha256);
    assert_eq!(accepted["operation"], "{urn:example:orders}PlaceOrder");
    assert_eq!(accepted["saml"]["issuer"], "https://idp.example/saml");
    assert_eq!(accepted["saml"]["subject"], "Zoë@example.com");
    assert_eq!(accepted["saml"]["assertion_id"], "assertion");
    assert_eq!(accepted["saml"]["issuer_key"].as_str().unwrap().len(), 64);
    assert!(accepted["saml"]["issue_instant"].is_string() && accepted["saml"]["not_on_or_after"].is_string());
    assert_eq!(read[3]["incident"], accepted["incident"]);
    assert_eq!(read[3]["status"], 200);
    assert_eq!(read[4]["incident"], refused.incident());
    assert_eq!(read[4]["code"], "replay.message");
    assert_eq!(read[4]["received"]["sha256"], body(&good).sha256);
    let text = fs::read_to_string(folder.path().join("bob.key.pem")).unwrap();
    let secret = text.lines().nth(1).unwrap();
    assert!(!read.iter().any(|record| record.to_string().contains(secret)));
    commands(folder.path(), refused.incident());
}

/// The commands, on that log.
fn commands(folder: &Path, incident: &str) {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let output = command
            .arg("audit")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["verify", "log", "--certificate", "bob.pem"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("whole") && text.contains("5 records in 1 files"),
        "{text}"
    );
    let (code, text) = run(&["verify", "log", "--certificate", "alice.pem", "--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, told["record"].as_u64()), (Some(1), Some(2)), "{text}");
    let (code, text) = run(&["show", "log", "--incident", incident]);
    assert_eq!((code, text.lines().count()), (Some(0), 1), "{text}");
    assert!(text.contains("replay.message"), "{text}");
    assert_eq!(run(&["show", "log", "--kind", "nope"]).0, Some(2));
    for kind in ["answered", "failed", "segment", "recovered", "checkpoint"] {
        assert_eq!(run(&["show", "log", "--kind", kind]).0, Some(0), "{kind}");
    }
    let (_, text) = run(&["export", "log", "--kind", "accepted"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["seq"], 3);
    let (_, text) = run(&["export", "log", "--format", "csv", "--code", "replay.message"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[1].starts_with("\"5\",") && lines[1].contains(incident),
        "{text}"
    );
    assert!(
        lines[0].ends_with(",threats,legacy,bearer,token,client"),
        "{text}"
    );
}

#[test]
fn threats_are_shown_and_exported_and_a_beginning_that_is_away_is_told_of() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 65_536);
    let mut gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let message = Message {
        body: PLACE.replace("bolt M8", "bolt' or '1'='1"),
        ..Message::default()
    };
    let message = post(Version::Soap11, "urn:place", &message.signed());
    assert_eq!(send(gateway.plain, &message).status, 200);
    // Enough for a second file.
    while segments(folder.path()).len() < 2 {
        send(gateway.plain, &post(Version::Soap11, "urn:place", "<a/>"));
    }
    let incident = recorded(folder.path())[2]["incident"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let command = command
            .arg("audit")
            .args(arguments)
            .args(["--incident", &incident]);
        let output = command.current_dir(folder.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for shown in [run(&["show", "log"]), run(&["export", "log", "--format", "csv"])] {
        assert!(shown.contains("sql_pattern"), "{shown}");
    }
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    let starts = |code: &str| {
        let mut gateway = Process::start(&file).unwrap();
        wait_until(code, || {
            let mut lines = gateway.lines().into_iter();
            lines.any(|line| line["fields"]["code"] == code)
        });
        gateway.signal(Signal::TERM);
        assert!(gateway.ended());
    };
    let [first, second] = segments(folder.path()).try_into().unwrap();
    let archived = folder.path().join("archived");
    fs::rename(&first, &archived).unwrap();
    starts("audit.begins_later");
    fs::write(&first, "").unwrap();
    starts("audit.begins_later");
    fs::copy(&second, &first).unwrap();
    starts("audit.gap");
    fs::rename(&archived, &first).unwrap();
    fs::remove_file(&second).unwrap();
    starts("audit.ends_early");
    // All of it: who checks the configuration is told, too, as long as nothing has begun.
    let told = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let output = command.args(["config", "check"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        said.contains("audit.folder: has no record, and checkpoints speak of a log by the same key")
    };
    assert!(!told());
    for segment in segments(folder.path()) {
        fs::remove_file(segment).unwrap();
    }
    assert!(told());
    starts("audit.begins_anew");
    assert!(!told());
}

/// Sends until the gateway answers `status`.
pub(crate) fn until(address: SocketAddr, status: u16) {
    let started = Instant::now();
    loop {
        let begun = Instant::now();
        let answer = send(address, &order());
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        if answer.status == status {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{answer:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_its_folder_nothing_is_accepted_until_it_is_back() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 65_536);
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let (log, away) = (folder.path().join("log"), folder.path().join("away"));
    fs::rename(&log, &away).unwrap();
    // The file that is open takes some more; the next one cannot be made.
    until(gateway.plain, 503);
    let got = backend.got().len();
    assert_eq!(send(gateway.plain, &order()).header("retry-after"), Some("1"));
    assert_eq!(
        backend.got().len(),
        got,
        "nothing is relayed that is not recorded"
    );
    wait_to_be(&gateway, "the audit log refuses");
    fs::rename(&away, &log).unwrap();
    // Nobody has to send a message for that.
    wait_to_be(&gateway, "ready");
    until(gateway.plain, 200);
    is_whole(folder.path());
}
