//! B12: verification opens nothing and connects to nobody. The system calls of a gateway that judges every message of the fixtures are traced.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{row, setting};
use crate::client::{request, try_send_octets};
use crate::gateway::{configuration, prepared};
use crate::message::Message;
use crate::process::Process;
use sealgate::soap::Version;

/// What would reach outside of the process.
const CALLS: &str = "trace=%file,socket,connect,bind,execve,fork,vfork,ptrace";

/// What the C library reads of the system for its memory.
const C_LIBRARY: [&str; 2] = [
    "\"/sys/devices/system/cpu/online\"",
    "\"/proc/sys/vm/overcommit_memory\"",
];

#[test]
fn verification_opens_nothing_and_connects_to_nobody() {
    // Nobody is there: a connection to it is told from all others by its port, which is why it is known.
    let nobody = crate::site::nobody();
    let (folder, file) = prepared(&configuration(&format!("http://{nobody}/legacy")));
    let gateway = Process::start(&file).unwrap();
    let send = |body: &[u8], kind: &str| {
        let headers = [("Content-Type", kind), ("SOAPAction", "\"urn:place\"")];
        let head = request("POST", "/orders", &headers, "");
        let length = format!("Content-Length: {}", body.len());
        let head = head.replace("Content-Length: 0", &length);
        // Some are refused before they were sent.
        let _ = try_send_octets(gateway.plain, &[head.as_bytes(), body].concat());
    };
    // What is made once, is.
    send(
        Message::default().signed().as_bytes(),
        Version::Soap11.content_type(),
    );
    let trace = folder.path().join("calls");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-e", CALLS, "-o"]).arg(&trace);
    strace
        .args(["-p", &gateway.id().to_string()])
        .stderr(Stdio::piped());
    let mut strace = strace.spawn().expect("make setup installs strace");
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"));
    let mut messages = Vec::new();
    collect(fixtures, &mut messages);
    let every = setting("EVERY", 20, 1);
    std::thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    if let Some(ended) = strace.try_wait().unwrap() {
        let mut said = String::new();
        strace.stderr.unwrap().read_to_string(&mut said).unwrap();
        panic!("strace may not trace here: {ended}, {said}");
    }
    let mut judged = 0;
    for message in messages.iter().step_by(every) {
        let body = std::fs::read(message).unwrap();
        for version in [Version::Soap11, Version::Soap12] {
            send(&body, version.content_type());
        }
        judged += 2;
    }
    let good = Message::default().signed();
    send(good.as_bytes(), Version::Soap11.content_type());
    let strace_id = rustix::process::Pid::from_raw(i32::try_from(strace.id()).unwrap()).unwrap();
    rustix::process::kill_process(strace_id, rustix::process::Signal::INT).unwrap();
    strace.wait().unwrap();
    let calls = std::fs::read_to_string(&trace).unwrap();
    let port = format!("sin_port=htons({})", nobody.port());
    // A connection to the backend of what was verified: that the trace sees it shows that it would see another.
    let connected = calls.lines().filter(|line| line.contains("connect(")).count();
    assert!(connected >= 1, "{calls}");
    let other: Vec<&str> = calls
        .lines()
        .filter(|line| line.contains('('))
        .filter(|line| !(line.contains("socket(AF_INET, SOCK_STREAM") || line.contains(&port)))
        .filter(|line| !line.contains("resumed>"))
        // The C library looks there for the number of processors when a thread asks it for memory for the first time, and for whether it may
        // give memory back.
        .filter(|line| !C_LIBRARY.iter().any(|file| line.contains(file)))
        .collect();
    assert!(other.is_empty(), "{other:#?}");
    row(
        "B12, `make drill-calls`",
        &format!(
            "{judged} times a message of the fixtures, {:.0} s: no file opened, no connection but {connected} to the backend for what was verified",
            started.elapsed().as_secs_f64()
        ),
    );
}

/// Every message of the fixtures.
fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.file_stem().is_some_and(|stem| stem == "message") {
            into.push(path);
        }
    }
}
