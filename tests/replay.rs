//! What remembers uses: a real file, and a real Redis. Times are those of the test, so that clocks go where it wants.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

mod redis;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use redis::Redis;
use rustix::process::Signal;
use sealgate::crypto::{Certificate, TlsClient};
use sealgate::replay::{OnLoss, Place, Server, Settings, open};
use sealgate::trust::{ReplayKey, ReplayKind, ReplayStore, Use};
use tokio::runtime::{Builder, Runtime};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");
const SKEW: TimeDelta = TimeDelta::seconds(1);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn wanted(name: &str, issued: DateTime<Utc>, until: DateTime<Utc>) -> Use {
    let key = ReplayKey::new(ReplayKind::Message, b"alice", &[name.as_bytes()]).unwrap();
    Use { key, issued, until }
}

/// The code of a use of `name`, made at `now` and valid for five minutes, at `now`.
fn used(store: &ReplayStore, name: &str, now: DateTime<Utc>) -> &'static str {
    let one = wanted(name, now, now + TimeDelta::minutes(5));
    ask(store, vec![one], now)
}

fn ask(store: &ReplayStore, uses: Vec<Use>, now: DateTime<Utc>) -> &'static str {
    let told = runtime().block_on(store.first_use(uses, now));
    told.map_or_else(|error| error.code(), |_| "first")
}

fn opened(capacity: usize, place: Place, now: DateTime<Utc>) -> Result<ReplayStore, String> {
    let settings = Settings {
        capacity,
        place,
        skew: SKEW,
    };
    open(&settings, now, now).map_err(|error| error.to_string())
}

fn in_file(path: &Path, now: DateTime<Utc>) -> Result<ReplayStore, String> {
    opened(1000, Place::File(path.to_owned()), now)
}

fn server(redis: &Redis) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: redis.port,
        tls: None,
        user: None,
        password: None,
        database: 0,
        prefix: "test".to_owned(),
        time: Duration::from_millis(200),
        on_loss: OnLoss::Reject,
    }
}

fn at(server: Server, now: DateTime<Utc>) -> Result<ReplayStore, String> {
    opened(1000, Place::Server(Arc::new(server)), now)
}

/// So much later that a store that began at `now` takes what is made then.
fn settled(now: DateTime<Utc>) -> DateTime<Utc> {
    now + SKEW + TimeDelta::seconds(1)
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("uses.redb");
    (folder, file)
}

/// What both must do, with two stores that share what they remember, or one opened after the other.
fn keeps_what_it_is_told(store: &ReplayStore, other: &ReplayStore, now: DateTime<Utc>) {
    assert_eq!(used(store, "a", now), "first");
    assert_eq!(used(store, "a", now), "replay.message");
    assert_eq!(used(other, "a", now + TimeDelta::seconds(1)), "replay.message");
    let two = |name: &str| wanted(name, now, now + TimeDelta::minutes(1));
    assert_eq!(ask(other, vec![two("b"), two("a")], now), "replay.message");
    assert_eq!(ask(store, vec![two("b"), two("c")], now), "first");
    let ended = now - TimeDelta::seconds(1);
    assert_eq!(ask(store, vec![wanted("d", ended, now)], now), "replay.expired");
    let long = now + TimeDelta::hours(24) + TimeDelta::seconds(1);
    assert_eq!(ask(store, vec![wanted("d", now, long)], now), "replay.retention");
}

#[test]
fn a_file_keeps_what_it_is_told_and_the_next_process_knows_it() {
    let (_folder, file) = file();
    let begun = Utc::now();
    let now = settled(begun);
    let store = in_file(&file, begun).unwrap();
    keeps_what_it_is_told(&store, &store, now);
    let second = in_file(&file, begun).unwrap_err();
    assert!(second.contains("already open"), "{second}");
    drop(store);
    let store = in_file(&file, now).unwrap();
    assert_eq!(used(&store, "a", now), "replay.message");
    assert_eq!(used(&store, "e", now), "first");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_new_file_takes_nothing_that_an_old_one_may_have_seen() {
    let (_folder, file) = file();
    let begun = Utc::now();
    let store = in_file(&file, begun).unwrap();
    assert_eq!(used(&store, "a", begun), "replay.store_new");
    let now = settled(begun);
    let old = wanted(
        "a",
        begun + SKEW - TimeDelta::seconds(1),
        now + TimeDelta::minutes(5),
    );
    assert_eq!(ask(&store, vec![old], now), "replay.before_store");
    assert_eq!(used(&store, "a", now), "first");
}

#[test]
fn a_file_that_is_damaged_or_somebody_elses_is_not_used() {
    let (_folder, file) = file();
    let begun = Utc::now();
    let open = in_file(&file, begun).unwrap();
    let refused = in_file(&file, begun).unwrap_err();
    assert!(
        refused.contains("it is open in another gateway") && !refused.contains("remove"),
        "{refused}"
    );
    drop(open);
    let good = fs::read(&file).unwrap();
    let mut damaged = good.clone();
    let length = damaged.len();
    damaged
        .iter_mut()
        .take(length / 2)
        .for_each(|octet| *octet = 0xff);
    for octets in [b"something else entirely".to_vec(), damaged] {
        fs::write(&file, &octets).unwrap();
        let refused = in_file(&file, begun).unwrap_err();
        assert!(refused.contains("cannot be used"), "{refused}");
        assert_eq!(fs::read(&file).unwrap(), octets, "nobody has changed it");
    }
}

#[test]
fn a_file_forgets_what_has_ended_and_refuses_it_when_the_clock_goes_back() {
    let (_folder, file) = file();
    let begun = Utc::now();
    let now = settled(begun);
    let store = opened(3, Place::File(file.clone()), begun).unwrap();
    for name in ["a", "b", "c"] {
        assert_eq!(used(&store, name, now), "first");
    }
    assert_eq!(used(&store, "d", now), "replay.store_full");
    let later = now + TimeDelta::hours(1);
    assert_eq!(used(&store, "d", later), "first");
    drop(store);
    let store = in_file(&file, later).unwrap();
    assert_eq!(used(&store, "a", now), "replay.forgotten");
}

#[test]
fn gateways_share_a_server_and_it_is_told_once() {
    let redis = Redis::start(&[]);
    let begun = Utc::now();
    let now = settled(begun);
    let (one, other) = (
        at(server(&redis), begun).unwrap(),
        at(server(&redis), begun).unwrap(),
    );
    assert_eq!(used(&one, "a", begun), "replay.store_new");
    keeps_what_it_is_told(&one, &other, now);
    let third = at(server(&redis), now).unwrap();
    assert_eq!(used(&third, "a", now), "replay.message");
    assert_eq!(used(&third, "e", now), "first");
}

#[test]
fn whose_clock_is_ahead_of_the_server_begins_no_store() {
    let redis = Redis::start(&[]);
    let ahead = at(server(&redis), Utc::now() + TimeDelta::days(1)).unwrap_err();
    assert!(ahead.contains("ahead of that of the server"), "{ahead}");
    // Nobody waits for its time.
    let now = Utc::now();
    let store = at(server(&redis), now).unwrap();
    let settled = settled(now);
    assert_eq!(used(&store, "one", settled), "first");
}

#[test]
fn a_server_that_lost_its_memory_is_a_new_store() {
    let mut redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "no"]);
    let begun = Utc::now() - TimeDelta::minutes(1);
    let (one, other) = (
        at(server(&redis), begun).unwrap(),
        at(server(&redis), begun).unwrap(),
    );
    std::thread::sleep(Duration::from_millis(2100));
    let now = Utc::now();
    assert_eq!(used(&one, "a", now), "first");
    assert_eq!(redis.cli(&["flushall"]), "OK");
    assert_eq!(used(&other, "a", now), "replay.store_new");
    assert_eq!(used(&one, "a", now), "replay.store_new");
    std::thread::sleep(Duration::from_millis(2100));
    let later = Utc::now();
    let again = wanted("a", now, now + TimeDelta::minutes(5));
    assert_eq!(ask(&one, vec![again], later), "replay.before_store");
    assert_eq!(used(&one, "b", later), "first");
    assert_eq!(used(&other, "b", later), "replay.message");
    // Another process may have lost what this one wrote last.
    redis.restart();
    assert_eq!(used(&one, "c", Utc::now()), "replay.store_unavailable");
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(used(&one, "b", later), "replay.store_new");
}

#[test]
fn an_entry_that_the_server_has_removed_is_refused_when_the_clock_goes_back() {
    let redis = Redis::start(&[]);
    let begun = Utc::now() - TimeDelta::minutes(1);
    let store = at(server(&redis), begun).unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    let now = Utc::now();
    let short = || vec![wanted("a", now, now + TimeDelta::milliseconds(300))];
    assert_eq!(ask(&store, short(), now), "first");
    // Kept beyond its end, as the clocks of gateways differ.
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(ask(&store, short(), now), "replay.message");
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(redis.cli(&["keys", "test:*"]), "test:store");
    assert_eq!(ask(&store, short(), now), "replay.forgotten");
    assert_eq!(used(&store, "b", now), "first");
}

#[test]
fn a_server_that_stalls_is_not_waited_for() {
    let redis = Redis::start(&[]);
    let begun = Utc::now() - TimeDelta::minutes(1);
    let store = at(server(&redis), begun).unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    let now = Utc::now();
    assert_eq!(used(&store, "a", now), "first");
    redis.signal(Signal::STOP);
    for name in ["b", "c", "d"] {
        let started = Instant::now();
        assert_eq!(used(&store, name, now), "replay.store_unavailable");
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            started.elapsed()
        );
    }
    redis.signal(Signal::CONT);
    let until = Instant::now() + Duration::from_secs(10);
    while used(&store, "e", now) == "replay.store_unavailable" {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(used(&store, "e", now), "replay.message");
    assert_eq!(used(&store, "a", now), "replay.message");
}

#[test]
fn where_it_may_each_gateway_goes_on_with_its_own_memory() {
    let mut redis = Redis::start(&[]);
    let begun = Utc::now() - TimeDelta::minutes(1);
    let local = || Server {
        on_loss: OnLoss::Local,
        ..server(&redis)
    };
    let (one, other) = (at(local(), begun).unwrap(), at(local(), begun).unwrap());
    std::thread::sleep(Duration::from_millis(2100));
    let now = Utc::now();
    assert_eq!(used(&one, "a", now), "first");
    assert!(one.is_available(Utc::now()));
    redis.stop();
    assert_eq!(used(&one, "b", now), "first");
    let until = Instant::now() + Duration::from_secs(10);
    while one.is_available(Utc::now()) {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!one.refuses(Utc::now()));
    assert_eq!(used(&one, "b", now), "replay.message");
    assert_eq!(used(&one, "a", now), "replay.message");
    assert_eq!(used(&other, "b", now), "first", "each for itself");
}

/// Without anybody who asks for anything else.
fn wait_to_refuse(store: &ReplayStore, refuses: bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while store.refuses(Utc::now()) != refuses || store.is_available(Utc::now()) == refuses {
        assert!(Instant::now() < until, "{refuses}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn while_a_shared_store_is_new_one_that_may_go_on_alone_refuses_as_well() {
    let redis = Redis::start(&[]);
    let local = Server {
        on_loss: OnLoss::Local,
        ..server(&redis)
    };
    let store = at(local, Utc::now()).unwrap();
    assert!(store.refuses(Utc::now()) && !store.is_available(Utc::now()));
    assert_eq!(used(&store, "a", Utc::now()), "replay.store_new");
    wait_to_refuse(&store, false);
    assert_eq!(redis.cli(&["flushall"]), "OK");
    wait_to_refuse(&store, true);
    wait_to_refuse(&store, false);
    assert_eq!(used(&store, "b", Utc::now()), "first");
}

#[test]
fn a_store_without_room_refuses_until_there_is_some() {
    let (_folder, path) = file();
    let begun = Utc::now() - TimeDelta::minutes(1);
    let place = Place::File(path);
    for store in [opened(2, place, begun).unwrap(), ReplayStore::in_memory(2, begun)] {
        let now = Utc::now();
        let until = now + TimeDelta::seconds(5);
        assert_eq!(ask(&store, vec![wanted("a", now, until)], now), "first");
        assert!(!store.refuses(Utc::now()));
        assert_eq!(ask(&store, vec![wanted("b", now, until)], now), "first");
        assert_eq!(
            ask(&store, vec![wanted("c", now, until)], now),
            "replay.store_full"
        );
        wait_to_refuse(&store, true);
        wait_to_refuse(&store, false);
    }
}

#[test]
fn a_server_that_hangs_is_noticed_without_a_message() {
    let redis = Redis::start(&[]);
    let store = at(server(&redis), Utc::now() - TimeDelta::minutes(1)).unwrap();
    wait_to_refuse(&store, false);
    redis.signal(Signal::STOP);
    wait_to_refuse(&store, true);
    redis.signal(Signal::CONT);
    wait_to_refuse(&store, false);
}

#[test]
fn a_server_that_may_forget_is_not_used() {
    let redis = Redis::start(&["--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lru"]);
    let refused = at(server(&redis), Utc::now()).unwrap_err();
    assert!(refused.contains("maxmemory-policy is allkeys-lru"), "{refused}");
    assert_eq!(
        redis.cli(&["config", "set", "maxmemory-policy", "noeviction"]),
        "OK"
    );
    assert!(at(server(&redis), Utc::now()).is_ok());
    let nobody = Server {
        port: 1,
        ..server(&redis)
    };
    assert!(at(nobody, Utc::now()).unwrap_err().contains("refused"));
}

#[test]
fn a_full_server_refuses() {
    let redis = Redis::start(&["--maxmemory-policy", "noeviction"]);
    let begun = Utc::now() - TimeDelta::minutes(1);
    let limited = |bytes: &str| assert_eq!(redis.cli(&["config", "set", "maxmemory", bytes]), "OK");
    for on_loss in [OnLoss::Reject, OnLoss::Local] {
        let store = Server {
            on_loss,
            ..server(&redis)
        };
        let store = at(store, begun).unwrap();
        wait_to_refuse(&store, false);
        limited("1");
        assert_eq!(used(&store, "a", Utc::now()), "replay.store_full");
        wait_to_refuse(&store, true);
        // For as long as there is none.
        std::thread::sleep(Duration::from_millis(2100));
        assert!(store.refuses(Utc::now()));
        limited("0");
        wait_to_refuse(&store, false);
        assert_eq!(used(&store, &format!("{on_loss:?}"), Utc::now()), "first");
    }
}

#[test]
fn a_server_is_reached_by_tls_and_with_a_password_and_no_other() {
    let made = tempfile::tempdir().unwrap();
    let file = |name: &str| made.path().join(name).display().to_string();
    let output = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-subj", "/CN=redis", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", &file("key.pem"), "-out", &file("redis.pem")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let redis = Redis::start(&[
        "--tls-port",
        "--tls-cert-file",
        &file("redis.pem"),
        "--tls-key-file",
        &file("key.pem"),
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        &file("redis.pem"),
        "--requirepass",
        "correct horse",
    ]);
    let certificates = |file: &str| Certificate::from_pem_bundle(&fs::read(file).unwrap()).unwrap();
    let reached = |ca: &str, password: &str| {
        let server = Server {
            host: "localhost".to_owned(),
            tls: Some(TlsClient::new(&certificates(ca), None).unwrap()),
            password: Some(password.to_owned().into()),
            ..server(&redis)
        };
        at(server, Utc::now()).map(drop)
    };
    assert_eq!(reached(&file("redis.pem"), "correct horse"), Ok(()));
    let wrong = reached(&file("redis.pem"), "battery staple").unwrap_err();
    assert!(
        wrong.contains("WRONGPASS") && !wrong.contains("battery"),
        "{wrong}"
    );
    assert!(reached(&format!("{KEYS}/stranger-ca.pem"), "correct horse").is_err());
    assert!(at(server(&redis), Utc::now()).is_err());
}
