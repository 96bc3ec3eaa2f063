#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
use std::sync::Barrier;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn key(name: &str) -> ReplayKey {
    ReplayKey::new(ReplayKind::Assertion, b"idp", &[name.as_bytes()]).unwrap()
}

fn used(
    store: &ReplayStore,
    key: &ReplayKey,
    issued: DateTime<Utc>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<FirstUse, ReplayError> {
    let key = key.clone();
    store.first_use_at_once(&[Use { key, issued, until }], now)
}

fn code(result: Result<FirstUse, ReplayError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "first")
}

#[test]
fn a_second_use_is_refused_until_the_end_of_validity() {
    let store = ReplayStore::in_memory(10, at(0));
    assert_eq!(code(used(&store, &key("a"), at(1), at(300), at(2))), "first");
    assert_eq!(
        code(used(&store, &key("a"), at(1), at(300), at(299))),
        "replay.assertion"
    );
    assert_eq!(
        code(used(&store, &key("a"), at(1), at(300), at(300))),
        "replay.expired"
    );
    assert_eq!(code(used(&store, &key("b"), at(1), at(300), at(2))), "first");
}

#[test]
fn of_100_parallel_uses_exactly_one_is_the_first() {
    let store = ReplayStore::in_memory(10, at(0));
    let together = Barrier::new(100);
    let first = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    let key = key("a");
                    together.wait();
                    used(&store, &key, at(1), at(300), at(2)).is_ok()
                })
            })
            .collect();
        let uses = tries.into_iter().map(|attempt| attempt.join().unwrap());
        uses.filter(|first| *first).count()
    });
    assert_eq!(first, 1);
}

#[test]
fn a_full_store_refuses_and_forgets_nothing() {
    let store = ReplayStore::in_memory(2, at(0));
    assert_eq!(code(used(&store, &key("a"), at(1), at(100), at(2))), "first");
    assert_eq!(code(used(&store, &key("b"), at(1), at(200), at(2))), "first");
    let refused = used(&store, &key("c"), at(1), at(300), at(2)).unwrap_err();
    assert_eq!((refused.code(), refused.is_ours()), ("replay.store_full", true));
    assert_eq!(
        code(used(&store, &key("a"), at(1), at(100), at(2))),
        "replay.assertion"
    );
    // Room comes when the first entry has ended, and not before.
    assert_eq!(
        code(used(&store, &key("c"), at(1), at(300), at(99))),
        "replay.store_full"
    );
    assert_eq!(code(used(&store, &key("c"), at(1), at(300), at(100))), "first");
    assert_eq!(
        code(used(&store, &key("b"), at(1), at(200), at(100))),
        "replay.assertion"
    );
}

#[test]
fn what_cannot_be_remembered_long_enough_is_refused() {
    let store = ReplayStore::in_memory(10, at(0));
    let day = LONGEST_RETENTION.num_seconds();
    assert_eq!(code(used(&store, &key("a"), at(1), at(2 + day), at(2))), "first");
    assert_eq!(
        code(used(&store, &key("b"), at(1), at(3 + day), at(2))),
        "replay.retention"
    );
}

#[test]
fn what_is_older_than_the_store_is_refused() {
    let store = ReplayStore::in_memory(10, at(10));
    assert_eq!(
        code(used(&store, &key("a"), at(9), at(300), at(11))),
        "replay.before_store"
    );
    assert_eq!(code(used(&store, &key("a"), at(10), at(300), at(11))), "first");
}

#[test]
fn a_store_that_begins_later_takes_nothing_before() {
    let store = ReplayStore::in_memory(10, at(10));
    let refused = used(&store, &key("a"), at(10), at(300), at(9)).unwrap_err();
    assert_eq!((refused.code(), refused.is_ours()), ("replay.store_new", true));
}

#[test]
fn a_clock_that_goes_back_does_not_bring_forgotten_entries_back() {
    let store = ReplayStore::in_memory(10, at(0));
    assert_eq!(code(used(&store, &key("a"), at(1), at(300), at(2))), "first");
    assert_eq!(
        code(used(&store, &key("b"), at(4_000), at(4_300), at(4_000))),
        "first"
    );
    assert_eq!(
        code(used(&store, &key("a"), at(1), at(300), at(3))),
        "replay.forgotten"
    );
    assert_eq!(code(used(&store, &key("c"), at(3), at(301), at(3))), "first");
}

#[test]
fn ended_entries_leave_the_memory() {
    let store = ReplayStore::in_memory(1_000, at(0));
    for number in 0..10_000 {
        let key = key(&number.to_string());
        assert_eq!(
            code(used(&store, &key, at(number), at(number + 10), at(number))),
            "first"
        );
    }
    let ReplayStore::Memory(memory) = &store else {
        unreachable!("a store in memory");
    };
    assert_eq!(memory.held(), Some((10, 10)));
}

#[test]
fn keys_differ_in_kind_owner_and_every_part() {
    let new = |kind, owner: &str, names: &[&str]| {
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        ReplayKey::new(kind, owner.as_bytes(), &names).unwrap()
    };
    let one = new(ReplayKind::Nonce, "ab", &["c", "d"]);
    assert_eq!(one, new(ReplayKind::Nonce, "ab", &["c", "d"]));
    assert_ne!(one.name, new(ReplayKind::Message, "ab", &["c", "d"]).name);
    assert_ne!(one, new(ReplayKind::Nonce, "a", &["bc", "d"]));
    assert_ne!(one, new(ReplayKind::Nonce, "ab", &["cd"]));
    assert_ne!(one, new(ReplayKind::Nonce, "ab", &["c", "d", ""]));
}

#[test]
fn of_several_uses_all_are_recorded_or_none() {
    let store = ReplayStore::in_memory(3, at(0));
    let uses = |names: &[&str]| -> Vec<Use> {
        let uses = names.iter().map(|name| Use {
            key: key(name),
            issued: at(1),
            until: at(300),
        });
        uses.collect()
    };
    let used = |names: &[&str]| code(store.first_use_at_once(&uses(names), at(2)));
    assert_eq!(used(&["a", "b"]), "first");
    assert_eq!(used(&["c", "b"]), "replay.assertion");
    assert_eq!(used(&["c", "d"]), "replay.store_full");
    assert_eq!(used(&["c"]), "first");
}
