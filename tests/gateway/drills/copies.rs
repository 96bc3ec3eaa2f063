//! B25: copies of one message in parallel at two gateways that share a Redis, and a store with a million uses in it.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sealgate::replay::{Place, Settings, open};
use sealgate::trust::{ReplayKey, ReplayKind, ReplayStore, Use};
use tokio::runtime::{Builder, Runtime};

use super::{change, milliseconds, row, setting, whole};
use crate::backend::orders;
use crate::client::send;
use crate::load::percentile;
use crate::process::Process;
use crate::redis::Redis;
use crate::replay::{SETTLED, order, remembering, shared};

#[test]
fn of_100_parallel_copies_at_each_of_two_gateways_one_is_accepted() {
    let rounds = setting("ROUNDS", 2, 50);
    let (redis, backend) = (Redis::start(&[]), orders());
    let (_folder, file) = remembering(backend.address, &shared(&redis));
    let mut gateways = [Process::start(&file).unwrap(), Process::start(&file).unwrap()];
    std::thread::sleep(SETTLED);
    let mut last = String::new();
    for round in 1..=rounds {
        last = order();
        let together = Barrier::new(200);
        let accepted: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..200)
                .map(|number| {
                    let (address, message, together) = (gateways[number % 2].plain, &last, &together);
                    scope.spawn(move || {
                        together.wait();
                        usize::from(send(address, message).status == 200)
                    })
                })
                .collect();
            all.into_iter().map(|answer| answer.join().unwrap()).sum()
        });
        assert_eq!((accepted, backend.got().len()), (1, round));
    }
    // Nor by one that was started again in between.
    gateways[0].kill();
    gateways[0] = Process::start(&file).unwrap();
    let again = send(gateways[0].plain, &last);
    assert_eq!(gateways[0].code(again.incident()), "replay.message");
    assert_eq!(send(gateways[0].plain, &order()).status, 200);
    row(
        "B25, `make drill-copies`",
        &format!(
            "{rounds} messages, each 100 times in parallel at each of two gateways with one Redis: each accepted once"
        ),
    );
}

#[test]
fn a_store_with_many_uses_takes_bounded_memory_and_is_quick() {
    let uses = setting("USES", 2000, 1_000_000);
    let backend = orders();
    let (folder, file) = remembering(backend.address, "file = \"uses.redb\"\ncapacity = 2000000");
    let path = folder.path().join("uses.redb");
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let begun = Utc::now();
    let settings = Settings {
        capacity: 2_000_000,
        place: Place::File(path),
        skew: TimeDelta::seconds(1),
    };
    let store = open(&settings, begun, begun).unwrap();
    std::thread::sleep(SETTLED);
    let now = Utc::now();
    let filled = Instant::now();
    let numbers: Vec<usize> = (0..uses).collect();
    for some in numbers.chunks(256) {
        // One that waited too long for its answer may be there: it is asked for again.
        while !recorded(&runtime, &store, some, now) {}
    }
    let filled = filled.elapsed();
    let looked: Vec<Duration> = (0..1000.min(uses))
        .map(|number| looked_up(&runtime, &store, number * (uses / 1000).max(1) % uses, now))
        .collect();
    drop(store);
    change(&file, "workers = 2", "workers = 1");
    let gateway = Process::start(&file).unwrap();
    for _ in 0..50 {
        assert_eq!(send(gateway.plain, &order()).status, 200);
    }
    let kib = gateway.memory("VmHWM");
    let p99 = percentile(looked, 99.0);
    row(
        "B25, `make drill-copies`",
        &format!(
            "{uses} live uses in a file, written in {:.0} s: a use that is there is found in {} (p99); the gateway has {:.0} MiB at most",
            filled.as_secs_f64(),
            milliseconds(p99),
            kib as f64 / 1024.0,
        ),
    );
    if whole() {
        assert!(p99 <= Duration::from_millis(2), "{p99:?}");
        assert!(kib <= 128 * 1024, "{kib} KiB");
    }
}

/// Records these uses; whether all are known to be there.
fn recorded(runtime: &Runtime, store: &ReplayStore, numbers: &[usize], now: DateTime<Utc>) -> bool {
    let all = numbers
        .iter()
        .map(|number| store.first_use(vec![one(*number, now)], now));
    let told = runtime.block_on(futures_util::future::join_all(all));
    told.iter().all(|told| match told {
        Ok(_) => true,
        Err(error) => error.code() == "replay.message",
    })
}

fn one(number: usize, now: DateTime<Utc>) -> Use {
    let key = ReplayKey::new(ReplayKind::Message, b"alice", &[&number.to_be_bytes()]).unwrap();
    Use {
        key,
        issued: now,
        until: now + TimeDelta::hours(2),
    }
}

/// How long it takes to be told that a use is not the first.
fn looked_up(runtime: &Runtime, store: &ReplayStore, number: usize, now: DateTime<Utc>) -> Duration {
    let begun = Instant::now();
    let told = runtime.block_on(store.first_use(vec![one(number, now)], now));
    let took = begun.elapsed();
    assert_eq!(told.unwrap_err().code(), "replay.message");
    took
}
