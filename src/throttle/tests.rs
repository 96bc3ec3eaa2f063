#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
use chrono::TimeDelta;

use super::*;

const EPOCH: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn rate(per_second: u32, burst: u32) -> Limit {
    Limit {
        rate: Some(Rate {
            interval: Duration::from_secs(1).checked_div(per_second).unwrap(),
            burst,
        }),
        ..Limit::default()
    }
}

fn what(entered: Result<Pass, TooMuch>) -> Option<What> {
    entered.err().map(|too_much| too_much.what)
}

#[test]
fn a_burst_passes_and_then_the_rate_counts_for_each_name() {
    let throttle = Arc::new(Throttle::default());
    let limit = rate(1, 5);
    let passed = (0..20).filter(|_| throttle.enter(&("", "a"), &limit, EPOCH).is_ok());
    assert_eq!(passed.count(), 5);
    let refused = throttle.enter(&("", "a"), &limit, EPOCH).unwrap_err();
    assert_eq!(refused.what, What::Rate);
    assert!(refused.wait <= Duration::from_secs(1), "{refused:?}");
    assert!(throttle.enter(&("", "b"), &limit, EPOCH).is_ok());
    let limit = rate(100, 1);
    assert!(throttle.enter(&("", "c"), &limit, EPOCH).is_ok());
    assert_eq!(what(throttle.enter(&("", "c"), &limit, EPOCH)), Some(What::Rate));
    std::thread::sleep(Duration::from_millis(11));
    assert!(throttle.enter(&("", "c"), &limit, EPOCH).is_ok());
}

#[test]
fn those_who_are_there_count_until_they_leave() {
    let throttle = Arc::new(Throttle::default());
    let limit = Limit {
        concurrent: Some(2),
        ..Limit::default()
    };
    let (one, _other) = (
        throttle.enter(&("", 1), &limit, EPOCH),
        throttle.enter(&("", 1), &limit, EPOCH),
    );
    assert_eq!(
        what(throttle.enter(&("", 1), &limit, EPOCH)),
        Some(What::Concurrent)
    );
    drop(one);
    assert!(throttle.enter(&("", 1), &limit, EPOCH).is_ok());
}

#[test]
fn a_quota_begins_anew_with_the_day_and_not_with_a_clock_that_goes_back() {
    let throttle = Arc::new(Throttle::default());
    let limit = Limit {
        daily: Some(2),
        ..Limit::default()
    };
    let at = |day: i64, second| EPOCH + TimeDelta::seconds(day * DAY + second);
    let enter = |day| what(throttle.enter(&("", "a"), &limit, at(day, 0)));
    assert_eq!([enter(7), enter(7), enter(7)], [None, None, Some(What::Daily)]);
    assert_eq!(enter(6), Some(What::Daily));
    assert_eq!([enter(8), enter(8), enter(8)], [None, None, Some(What::Daily)]);
    let wait = |day, second| {
        let refused = throttle.enter(&("", "a"), &limit, at(day, second)).unwrap_err();
        refused.wait.as_secs()
    };
    assert_eq!(
        [wait(8, 0), wait(8, 86_399), wait(7, 86_400 - 60)],
        [86_400, 1, 86_460]
    );
}

#[test]
fn what_was_spent_is_owed() {
    let throttle = Throttle::default();
    let (budget, burst) = (Budget::Cost(Duration::from_millis(100)), Duration::from_secs(2));
    let spend = |milliseconds| {
        let time = Duration::from_millis(milliseconds);
        throttle.spent(&("", "a"), budget.pays(Used { time, bytes: 0 }), budget.most());
    };
    assert!(throttle.owes(&("", "a"), burst).is_ok());
    spend(190);
    assert!(throttle.owes(&("", "a"), burst).is_ok());
    spend(100);
    let owed = throttle.owes(&("", "a"), burst).unwrap_err();
    assert!(
        owed.wait > Duration::from_millis(500) && owed.wait <= Duration::from_millis(900),
        "{owed:?}"
    );
    assert!(throttle.owes(&("", "b"), burst).is_ok());
}

#[test]
fn bytes_are_paid_for_by_the_minute() {
    let throttle = Throttle::default();
    let (budget, minute) = (Budget::Bytes(1000), Duration::from_secs(60));
    let send = |bytes| {
        let time = Duration::ZERO;
        throttle.spent(&("", "a"), budget.pays(Used { time, bytes }), budget.most());
    };
    send(1000);
    assert!(throttle.owes(&("", "a"), minute).is_ok());
    send(500);
    let wait = throttle.owes(&("", "a"), minute).unwrap_err().wait;
    assert!(
        wait > Duration::from_secs(25) && wait <= Duration::from_secs(30),
        "{wait:?}"
    );
    assert!(throttle.owes(&("", "b"), minute).is_ok());
    // However much it was, a minute later it is paid for.
    send(u64::MAX);
    let wait = throttle.owes(&("", "a"), minute).unwrap_err().wait;
    assert!(wait > Duration::from_secs(55) && wait <= minute, "{wait:?}");
}

#[test]
fn what_others_know_to_be_owed_is_not_added() {
    let throttle = Throttle::default();
    let wait = |burst| {
        let owes = throttle.owes(&("", "a"), Duration::from_secs(burst));
        owes.err().map(|too_much| too_much.wait.as_secs())
    };
    throttle.owes_at_least(&("", "a"), Duration::from_secs(9));
    throttle.owes_at_least(&("", "a"), Duration::from_secs(7));
    assert_eq!((wait(0), wait(9)), (Some(8), None));
    throttle.spent(&("", "a"), Duration::from_secs(2), Duration::from_secs(99));
    assert_eq!(wait(0), Some(10));
}

#[test]
fn many_names_take_bounded_room_and_nothing_from_those_who_are_known() {
    let throttle = Arc::new(Throttle::with_capacity(160));
    let limit = rate(1, 2);
    assert!(throttle.enter(&("", "honest"), &limit, EPOCH).is_ok());
    let passed = (0..10_000).filter(|number| throttle.enter(&("", number), &limit, EPOCH).is_ok());
    assert!(passed.count() < 500);
    let known: usize = throttle
        .parts
        .iter()
        .map(|part| part.lock().unwrap().known.len())
        .sum();
    assert!(known <= 161, "{known}");
    assert!(throttle.enter(&("", "honest"), &limit, EPOCH).is_ok());
}

#[test]
fn a_day_keeps_its_names_until_it_is_over_and_no_others_out() {
    let throttle = Arc::new(Throttle::with_capacity(160));
    let limit = Limit {
        daily: Some(3),
        ..Limit::default()
    };
    let at = |day: i64| EPOCH + TimeDelta::days(day);
    let enter = |name: &str, day| what(throttle.enter(&("", name), &limit, at(day)));
    assert_eq!([(); 3].map(|()| enter("greedy", 7)), [None; 3]);
    let fill = |day| {
        for number in 0..10_000 {
            drop(throttle.enter(&("", number), &limit, at(day)));
        }
        std::thread::sleep(SEARCH);
    };
    fill(7);
    // Whoever had much of it is remembered, and strangers find room.
    assert_eq!([(); 3].map(|()| enter("honest", 7)), [None; 3]);
    assert_eq!(enter("greedy", 7), Some(What::Daily));
    fill(7);
    fill(8);
    let of_today = |part: &Mutex<Part>| part.lock().unwrap().known.values().all(|known| known.day == 8);
    assert!(throttle.parts.iter().all(of_today));
}

#[test]
fn those_who_are_not_known_share_what_they_have_of_one_kind_alone() {
    let throttle = Arc::new(Throttle::with_capacity(16));
    let limit = rate(1, 1);
    let enter = |kind: &str, name: u32| throttle.enter(&(kind, name), &limit, EPOCH).is_ok();
    let passed = |kind: &str| (0..1000).filter(|number| enter(kind, *number)).count();
    assert!(passed("address") > 0);
    assert!(!enter("address", 2000));
    assert!(enter("signer", 2000));
    assert!(!enter("signer", 2001));
}

#[test]
fn names_without_effect_make_room() {
    let throttle = Arc::new(Throttle::with_capacity(16));
    let limit = rate(100, 1);
    (0..1000).for_each(|number| drop(throttle.enter(&("", number), &limit, EPOCH)));
    std::thread::sleep(SEARCH);
    let passed = (2000..2010).filter(|number| throttle.enter(&("", number), &limit, EPOCH).is_ok());
    assert!(passed.count() >= 5);
}

#[test]
fn who_has_an_ipv6_address_has_its_network() {
    let of = |text: &str| network(text.parse().unwrap()).to_string();
    assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
}
