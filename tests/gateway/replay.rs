//! No message is accepted twice: by two gateways, after a kill, while the store is away.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sealgate::policy::Profile;
use sealgate::soap::Version;
use tempfile::TempDir;

use crate::backend::orders;
use crate::client::{post, request, send};
use crate::gateway::{configuration, prepared};
use crate::message::{Message, PLACE};
use crate::process::Process;
use crate::redis::Redis;

/// Longer than the allowed clock skew of the policy here, after which a new store takes messages.
pub(crate) const SETTLED: Duration = Duration::from_millis(2100);

/// The usual configuration, with an allowed clock skew of one second, and `replay`.
pub(crate) fn remembering(backend: SocketAddr, replay: &str) -> (TempDir, PathBuf) {
    let route = "[[route]]\npath = \"/orders\"\n";
    let text = configuration(&format!("http://{backend}/legacy"));
    let text = text.replace(
        route,
        &format!("[replay]\n{replay}\n\n{route}policy = \"brisk.toml\"\n"),
    );
    let (folder, file) = prepared(&text);
    let mut policy = Profile::Strict.policy();
    policy.clock_skew = 1;
    let brisk = toml::to_string(&policy).unwrap();
    std::fs::write(folder.path().join("brisk.toml"), brisk).unwrap();
    (folder, file)
}

/// Waits until `/readyz` of `gateway` says `state`.
pub(crate) fn wait_to_be(gateway: &Process, state: &str) {
    let mut said = String::new();
    for _ in 0..250 {
        let answer = send(gateway.admin, &request("GET", "/readyz", &[], ""));
        assert_eq!(answer.status == 200, answer.body == "ready\n", "{answer:?}");
        said = answer.body;
        if said.trim_end() == state {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{said} and not {state}");
}

/// An order like no other.
pub(crate) fn order() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let message = Message {
        body: PLACE.replace("bolt M8", &format!("bolt number {number}")),
        ..Message::default()
    };
    post(Version::Soap11, "urn:place", &message.signed())
}

pub(crate) fn shared(redis: &Redis) -> String {
    format!("redis = {{ host = \"127.0.0.1\", port = {} }}", redis.port)
}

#[test]
fn while_redis_is_away_messages_are_told_to_come_back_and_after_a_flush_old_ones_are_refused() {
    let (mut redis, backend) = (Redis::start(&[]), orders());
    let (_folder, file) = remembering(backend.address, &shared(&redis));
    let gateway = Process::start(&file).unwrap();
    wait_to_be(&gateway, "the store of uses refuses");
    std::thread::sleep(SETTLED);
    wait_to_be(&gateway, "ready");
    let used = order();
    assert_eq!(send(gateway.plain, &used).status, 200);
    redis.signal(Signal::STOP);
    for _ in 0..3 {
        let (message, started) = (order(), Instant::now());
        let answer = send(gateway.plain, &message);
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            started.elapsed()
        );
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        assert_eq!(gateway.code(answer.incident()), "replay.store_unavailable");
    }
    wait_to_be(&gateway, "the store of uses refuses");
    redis.signal(Signal::CONT);
    std::thread::sleep(Duration::from_millis(700));
    wait_to_be(&gateway, "ready");
    assert_eq!(send(gateway.plain, &order()).status, 200);
    assert_eq!(redis.cli(&["flushall"]), "OK");
    assert_eq!(send(gateway.plain, &used).status, 503);
    std::thread::sleep(SETTLED);
    let refused = send(gateway.plain, &used);
    assert_eq!(gateway.code(refused.incident()), "replay.before_store");
    assert_eq!(send(gateway.plain, &order()).status, 200);
    assert_eq!(backend.got().len(), 3);
    redis.restart();
    assert_eq!(send(gateway.plain, &order()).status, 503);
}

#[test]
fn a_gateway_does_not_start_with_a_store_that_may_forget() {
    let redis = Redis::start(&["--maxmemory", "10mb", "--maxmemory-policy", "volatile-ttl"]);
    let (folder, file) = remembering(orders().address, &shared(&redis));
    let refused = Process::start(&file).err().unwrap();
    assert!(refused.contains("maxmemory-policy is volatile-ttl"), "{refused}");
    let text = std::fs::read_to_string(&file).unwrap();
    let with_file = text.replace(&shared(&redis), "file = \"uses.redb\"");
    std::fs::write(&file, with_file).unwrap();
    std::fs::write(folder.path().join("uses.redb"), "no store").unwrap();
    let refused = Process::start(&file).err().unwrap();
    assert!(refused.contains("uses.redb, cannot be used"), "{refused}");
}

#[test]
fn a_new_store_says_when_it_takes_messages() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let store = "[replay]\nfile = \"uses.redb\"\n\n[[route]]\n";
    let (_folder, file) = prepared(&text.replacen("[[route]]\n", store, 1));
    let gateway = Process::start(&file).unwrap();
    let refused = send(gateway.plain, &order());
    assert_eq!(gateway.code(refused.incident()), "replay.store_new");
    // As long as clocks may differ.
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((20..=62).contains(&wait), "{wait}");
}
