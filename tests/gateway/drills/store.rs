//! B26: a Redis that is killed, stalls, or is flushed under load. Messages are told to come back, at once, and none is accepted twice.

use std::collections::HashMap;
use std::time::Duration;

use rustix::process::Signal;

use super::{milliseconds, row, setting, under_load, whole, with_status};
use crate::backend::orders;
use crate::client::send;
use crate::load::percentile;
use crate::process::Process;
use crate::redis::Redis;
use crate::replay::{SETTLED, remembering, shared};

#[test]
fn a_store_that_fails_under_load_costs_answers_and_accepts_nothing_twice() {
    let rounds = setting("ROUNDS", 1, 10);
    let (mut redis, backend) = (Redis::start(&[]), orders());
    let (_folder, file) = remembering(backend.address, &shared(&redis));
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let pause = Duration::from_millis(if whole() { 1500 } else { 300 });
    let (redis, mut sent) = under_load(&gateway, 3, || {
        for _ in 0..rounds {
            std::thread::sleep(pause);
            redis.stop();
            std::thread::sleep(pause);
            redis.restart();
            std::thread::sleep(SETTLED);
            redis.signal(Signal::STOP);
            std::thread::sleep(pause * 3);
            redis.signal(Signal::CONT);
            std::thread::sleep(pause);
            assert_eq!(redis.cli(&["flushall"]), "OK");
            std::thread::sleep(SETTLED);
        }
        redis
    });
    // Every one that was accepted is sent once more, to a store that has forgotten it.
    let mut again = 0;
    for one in sent.iter().filter(|one| one.status == 200).rev().take(200) {
        assert_ne!(send(gateway.plain, &one.request).status, 200);
        again += 1;
    }
    let mut got: HashMap<String, usize> = HashMap::new();
    for request in backend.got() {
        *got.entry(request.body).or_default() += 1;
    }
    assert!(
        got.values().all(|times| *times == 1),
        "a message was accepted twice"
    );
    // A message that was made before the store was new is refused.
    let [good, refused, told] = [200, 500, 503].map(|status| with_status(&sent, status));
    assert_eq!(good + refused + told, sent.len());
    assert!(good > 0 && told > 0);
    sent.retain(|one| one.status == 503);
    let slowest = percentile(sent.iter().map(|one| one.took), 100.0);
    let p99 = percentile(sent.iter().map(|one| one.took), 99.0);
    row(
        "B26, `make drill-store`",
        &format!(
            "a Redis killed, stalled and flushed {rounds} times each: {good} messages accepted, none twice, though {again} were sent again; {told} × 503, p99 {}, {} at most; {refused} refused that were older than the store",
            milliseconds(p99),
            milliseconds(slowest),
        ),
    );
    drop(redis);
    if whole() {
        assert!(p99 <= Duration::from_millis(250), "{p99:?}");
    }
}
