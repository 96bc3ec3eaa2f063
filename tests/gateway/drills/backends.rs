//! B16: a backend that fails in every way while another route works on. `make drill-backends` runs all of it, within the times of B16, and its row stands in
//! the manual; without `SEALGATE_DRILL_SECONDS` two faults are tried, and no time is judged.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, request, send};
use crate::faults::FAULTS;
use crate::gateway::{Gateway, configuration, logged};
use crate::message::Message;
use crate::proxy::{Fault, Proxy};

/// Senders to the route whose backend fails.
const SENDERS: usize = 2;

/// How long a breaker may take to open and to close, and a bad answer: its limit of two seconds and one more.
const BOUNDS: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(3),
];

#[test]
fn a_backend_that_fails_does_not_disturb_another_route() {
    let seconds = std::env::var("SEALGATE_DRILL_SECONDS").ok();
    let (faults, bounds) = match seconds {
        Some(_) => (&FAULTS[..], BOUNDS),
        None => (&FAULTS[..2], BOUNDS.map(|bound| bound * 20)),
    };
    let [most_open, most_closed, most_slow] = bounds;
    let window = seconds.map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(seconds.parse().unwrap())
    });
    let (good, quick) = (orders(), orders());
    let proxy = Proxy::before(good.address, Fault::None);
    let text = configuration(&format!("http://{}/legacy", proxy.address)).replace(
        "answer_seconds = 2",
        "answer_seconds = 2\nbreaker = { failures = 3, open_seconds = 3 }",
    );
    let (_, route) = text.split_once("[[route]]").unwrap();
    let other = route
        .replace("\"/orders\"", "\"/quick\"")
        .replace(&proxy.address.to_string(), &quick.address.to_string());
    let gateway = Gateway::configured(&format!("{text}\n[[route]]\n{other}"));
    let one_a_millisecond = Mutex::new(());
    let order = || {
        // Two messages of one millisecond are one message and its copy.
        let turn = one_a_millisecond.lock();
        std::thread::sleep(Duration::from_millis(2));
        let message = Message::default();
        drop(turn);
        post(Version::Soap11, "urn:place", &message.signed())
    };
    let (ended, bad, sent) = (
        AtomicBool::new(false),
        AtomicBool::new(false),
        AtomicUsize::new(0),
    );
    let times: Mutex<BTreeMap<bool, Vec<Duration>>> = Mutex::default();
    let slowest = Mutex::new(Duration::ZERO);
    let condition = || {
        let said = send(gateway.admin(), &request("GET", "/backends", &[], "")).body;
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        said[0]["servers"][0]["condition"].as_str().unwrap().to_owned()
    };
    let wait = |wanted: &str, most: Duration| {
        let started = Instant::now();
        while condition() != wanted {
            assert!(started.elapsed() < most, "not {wanted} in time");
            std::thread::sleep(Duration::from_millis(20));
        }
        started.elapsed()
    };
    let (mut opened, mut recovered) = (Duration::ZERO, Duration::ZERO);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let request = order().replace("POST /orders", "POST /quick");
                let during = bad.load(Ordering::Relaxed);
                let started = Instant::now();
                let answer = send(gateway.plain(), &request);
                assert_eq!(answer.status, 200, "{:?}", logged(answer.incident()));
                let took = started.elapsed();
                times.lock().unwrap().entry(during).or_default().push(took);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let request = order();
                    sent.fetch_add(1, Ordering::Relaxed);
                    let started = Instant::now();
                    let status = send(gateway.plain(), &request).status;
                    assert!([200, 502, 504].contains(&status), "{status}");
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = slowest.max(started.elapsed());
                    drop(slowest);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        // Whatever fails in here, the senders end.
        let drilled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // Who answers at too great length has answered.
            for (fault, _, _) in faults
                .iter()
                .copied()
                .filter(|(fault, _, _)| *fault != Fault::Huge)
            {
                std::thread::sleep(window);
                bad.store(true, Ordering::Relaxed);
                proxy.set(fault);
                opened = opened.max(wait("open", most_open));
                std::thread::sleep(window);
                proxy.set(Fault::None);
                recovered = recovered.max(wait("closed", most_closed));
                bad.store(false, Ordering::Relaxed);
            }
        }));
        ended.store(true, Ordering::Relaxed);
        drilled.unwrap();
    });
    assert!(
        proxy.begun() <= sent.load(Ordering::Relaxed),
        "a message was sent twice"
    );
    let slowest = *slowest.lock().unwrap();
    assert!(slowest < most_slow, "{slowest:?}");
    let times = times.into_inner().unwrap();
    let p99 = |during: bool| {
        let mut sorted = times.get(&during).cloned().unwrap_or_default();
        sorted.sort();
        sorted.get(sorted.len() * 99 / 100).copied().unwrap_or_default()
    };
    let figures = format!(
        "{} faults, {} messages, {} on the other route; p99 of the other route {:.1} ms, {:.1} ms during faults; \
         slowest bad answer {:.2} s of 2 s; breaker opened after {:.1} s at most, closed after {:.1} s",
        faults.len(),
        sent.load(Ordering::Relaxed),
        times.values().map(Vec::len).sum::<usize>(),
        p99(false).as_secs_f64() * 1000.0,
        p99(true).as_secs_f64() * 1000.0,
        slowest.as_secs_f64(),
        opened.as_secs_f64(),
        recovered.as_secs_f64(),
    );
    super::row("B16, `make drill-backends`", &figures);
}
