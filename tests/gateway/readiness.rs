//! Each reason not to be ready: brought about on a gateway, told by `/readyz` and the metrics alike, and over when it is over.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use sealgate::soap::Version;

use crate::archive::archiving;
use crate::audit::{audited, until};
use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{post, request, send};
use crate::gateway::{configuration, prepared};
use crate::hsm::{Token, configured};
use crate::message::Message;
use crate::process::Process;
use crate::redis::Redis;
use crate::replay::{order, remembering, shared};
use crate::site::{nobody, wait_until};

/// By name, and as `/readyz` tells of it; the first that holds is told there.
const REASONS: [(&str, &str); 7] = [
    ("stopping", "stopping\n"),
    ("starting", "starting\n"),
    ("replay_store", "the store of uses refuses\n"),
    ("shared_limits", "the shared limits refuse\n"),
    ("audit_log", "the audit log refuses\n"),
    ("token", "a token with keys of ours is lost\n"),
    ("message_archive", "the message archive refuses\n"),
];

/// The reasons that metrics have as 1. Every other is there as 0.
fn by_metrics(admin: SocketAddr) -> Vec<&'static str> {
    let metrics = send(admin, &request("GET", "/metrics", &[], "")).body;
    let value = |reason: &str| {
        let line = format!("sealgate_not_ready{{reason=\"{reason}\"}} ");
        let values: Vec<_> = metrics
            .lines()
            .filter_map(|one| one.strip_prefix(&line))
            .collect();
        assert!(values == ["0"] || values == ["1"], "{line} in {metrics}");
        values == ["1"]
    };
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("sealgate_not_ready{"));
    assert_eq!(lines.count(), REASONS.len(), "{metrics}");
    REASONS
        .map(|(reason, _)| reason)
        .into_iter()
        .filter(|reason| value(reason))
        .collect()
}

/// Why a gateway is not ready, as both say at one moment.
fn reasons(admin: SocketAddr) -> Vec<&'static str> {
    loop {
        let before = by_metrics(admin);
        let ready = send(admin, &request("GET", "/readyz", &[], ""));
        if by_metrics(admin) != before {
            continue;
        }
        let told = REASONS.into_iter().find(|(reason, _)| before.contains(reason));
        let expected = told.map_or((200, "ready\n"), |(_, text)| (503, text));
        assert_eq!((ready.status, ready.body.as_str()), expected, "{before:?}");
        return before;
    }
}

fn wait_for(gateway: &Process, expected: &[&str]) {
    wait_until(&format!("{expected:?}"), || reasons(gateway.admin) == expected);
}

fn ask(gateway: &Process) {
    send(gateway.plain, &order());
}

/// Away, while `during` is done.
fn without(path: &Path, during: impl FnOnce()) {
    let elsewhere = path.with_extension("away");
    fs::rename(path, &elsewhere).unwrap();
    during();
    fs::rename(elsewhere, path).unwrap();
}

#[test]
fn until_every_thread_serves_it_starts() {
    let admin = nobody();
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let text = text.replace(
        "[admin]\naddress = \"127.0.0.1:0\"",
        &format!("[admin]\naddress = \"{admin}\""),
    );
    // So many take a while, which may still be too short for who looks.
    let (_folder, file) = prepared(&text.replace("workers = 2", "workers = 512"));
    let is_seen = (0..10).any(|_| {
        let looking = std::thread::spawn(move || {
            wait_until("somebody listens", || TcpStream::connect(admin).is_ok());
            let not_ready =
                std::iter::repeat_with(|| reasons(admin)).take_while(|reasons| !reasons.is_empty());
            not_ready
                .inspect(|reasons| assert_eq!(*reasons, ["starting"]))
                .count()
        });
        let gateway = Process::start(&file).unwrap();
        wait_for(&gateway, &[]);
        looking.join().unwrap() > 0
    });
    assert!(is_seen);
}

#[test]
fn once_it_is_told_to_stop_it_stops() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let (_folder, file) = prepared(&configuration(&format!("http://{}/legacy", backend.address)));
    let mut gateway = Process::start(&file).unwrap();
    wait_for(&gateway, &[]);
    let (plain, message) = (gateway.plain, order());
    let in_work = std::thread::spawn(move || send(plain, &message));
    backend.wait_for(1);
    gateway.signal(Signal::TERM);
    wait_for(&gateway, &["stopping"]);
    assert_eq!(in_work.join().unwrap().status, 200);
    assert!(gateway.ended());
    wait_for(&Process::start(&file).unwrap(), &[]);
}

#[test]
fn while_a_redis_does_not_answer_neither_uses_nor_limits_are_known() {
    let (uses, limits, backend) = (Redis::start(&[]), Redis::start(&[]), orders());
    let replay = format!("{}\n\n[throttle]\n{}", shared(&uses), shared(&limits));
    let (_folder, file) = remembering(backend.address, &replay);
    let limited = "[route.throttle]\nsigner = { per_day = 1000 }\n\n[route.backend]\n";
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("[route.backend]\n", limited)).unwrap();
    let gateway = Process::start(&file).unwrap();
    // For as long as clocks may differ.
    assert_eq!(reasons(gateway.admin), ["replay_store"]);
    wait_for(&gateway, &[]);
    let is_available = |store: &str, value: u8| {
        let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
        let line = format!("sealgate_store_available{{store=\"{store}\"}} {value}");
        assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
    };
    // Nobody sends anything: that it hangs is found out all the same.
    for (redis, store) in [(&uses, "replay_store"), (&limits, "shared_limits")] {
        is_available(store, 1);
        redis.signal(Signal::STOP);
        wait_for(&gateway, &[store]);
        is_available(store, 0);
        redis.signal(Signal::CONT);
        wait_for(&gateway, &[]);
    }
    // One that answers, and takes nothing more.
    assert_eq!(limits.cli(&["config", "set", "maxmemory", "1"]), "OK");
    wait_for(&gateway, &["shared_limits"]);
    assert_eq!(limits.cli(&["config", "set", "maxmemory", "0"]), "OK");
    wait_for(&gateway, &[]);
    // A flushed script is loaded anew before anybody needs it.
    assert_eq!(limits.cli(&["script", "flush"]), "OK");
    wait_until("the script is there again", || {
        let loaded = limits.cli(&["info", "memory"]);
        loaded
            .lines()
            .any(|line| line.trim_end() == "number_of_cached_scripts:1")
    });
}

#[test]
fn while_the_audit_log_has_no_folder_nothing_is_recorded() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 65_536);
    let gateway = Process::start(&file).unwrap();
    wait_for(&gateway, &[]);
    without(&folder.path().join("log"), || {
        // The file that is open takes some more; the next one cannot be made.
        until(gateway.plain, 503);
        wait_for(&gateway, &["audit_log"]);
    });
    wait_for(&gateway, &[]);
}

#[test]
fn while_a_token_is_away_nothing_is_signed() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (_folder, gateway) = token.gateway(&configured(backend.address, &token.uri("gateway")));
    let gateway = gateway.unwrap();
    wait_for(&gateway, &[]);
    without(&token.path("tokens"), || {
        ask(&gateway);
        wait_for(&gateway, &["token"]);
        // Before anybody looks at what it is.
        let junk = post(Version::Soap11, "urn:place", "<a/>");
        assert_eq!(send(gateway.plain, &junk).status, 503);
    });
    wait_for(&gateway, &[]);
}

#[test]
fn while_the_message_archive_has_no_folder_no_message_is_kept() {
    let backend = orders();
    let (folder, file) = archiving(
        "file_bytes = 65536\nmessage_bytes = 100000",
        "strict",
        backend.address,
    );
    let gateway = Process::start(&file).unwrap();
    wait_for(&gateway, &[]);
    // A journal ends with this one.
    send(
        gateway.plain,
        &post(Version::Soap11, "urn:place", &"x".repeat(70_000)),
    );
    without(&folder.path().join("messages/.journal"), || {
        let refused = send(
            gateway.plain,
            &post(Version::Soap11, "urn:place", &Message::default().signed()),
        );
        assert_eq!(refused.status, 503);
        wait_for(&gateway, &["message_archive"]);
    });
    wait_for(&gateway, &[]);
}
