//! B14: twice as much as there is room for. What is more than that is told so at once, and costs the rest little.

use std::time::Duration;

use super::{alone, change, milliseconds, row, setting, whole};
use crate::load::{Arrivals, Outcome, percentile, send_all, with_status};
use crate::replay::{SETTLED, order, remembering};
use crate::sink::Sink;

/// Of so many messages one was changed after it was signed.
const CHANGED: usize = 10;

#[test]
fn what_is_too_much_is_told_so_and_the_rest_is_answered() {
    let sink = Sink::start();
    let (_folder, file) = remembering(sink.address, "");
    change(&file, "workers = 2", "workers = 1\nmessages = 8");
    let gateway = alone(&file);
    std::thread::sleep(SETTLED);
    let patience = Duration::from_secs(60);
    let good = requests(setting("MESSAGES", 60, 3000), usize::MAX);
    let measured = std::time::Instant::now();
    let outcomes = send_all(gateway.plain, &good, 8, Arrivals::Closed, patience);
    let most = outcomes.len() as f64 / measured.elapsed().as_secs_f64();
    assert_eq!(with_status(&outcomes, 200), good.len());
    let before = sink.requests();
    let seconds = if whole() { 5.0 } else { 0.3 };
    let flood = requests((most * 2.0 * seconds) as usize, CHANGED);
    let measured = std::time::Instant::now();
    let outcomes = send_all(gateway.plain, &flood, 128, Arrivals::Steady(most * 2.0), patience);
    let took = measured.elapsed().as_secs_f64();
    let [answered, refused, told] = [200, 500, 503].map(|status| with_status(&outcomes, status));
    assert_eq!(
        answered + refused + told,
        flood.len(),
        "every message has an answer"
    );
    assert!(refused <= flood.len() / CHANGED + 1);
    assert_eq!(sink.requests() - before, answered, "only what was verified");
    let too_much = || outcomes.iter().filter(|one| one.status == 503);
    assert!(too_much().all(|one| one.told), "Retry-After");
    let [p50, p99] = [50.0, 99.0].map(|of| percentile(too_much().map(|one: &Outcome| one.answered), of));
    let share = answered as f64 / took / most;
    row(
        "B14, `make drill-overload`",
        &format!(
            "{most:.0} messages a second fit; of {} at twice that, {} to be refused, {answered} were answered: {:.0} % of what fits; {told} × 503, p50 {}, p99 {}",
            flood.len(),
            flood.len() / CHANGED,
            share * 100.0,
            milliseconds(p50),
            milliseconds(p99),
        ),
    );
    if whole() {
        assert!(share >= 0.9, "goodput");
        assert!(p50 <= Duration::from_millis(10), "{p50:?}");
    }
}

/// Orders for connections that stay, every so many of which was changed.
fn requests(count: usize, changed: usize) -> Vec<Vec<u8>> {
    let make = |number: usize| {
        let order = order().replace("Connection: close\r\n", "");
        let bad = number % changed == changed - 1;
        let order = if bad {
            order.replacen("bolt", "nuts", 1)
        } else {
            order
        };
        order.into_bytes()
    };
    (0..count).map(make).collect()
}
