use std::time::Duration;
use std::time::Instant;

/// Nobody is asked more often, whatever they say.
const LEAST: Duration = Duration::from_secs(60);

/// After the first failure it is so long until the next try, then twice as long each time.
const FIRST_WAIT: Duration = Duration::from_secs(15);

/// When something is fetched the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    due: Instant,
    /// In a row.
    failures: u32,
}

impl Schedule {
    /// For the first time at `now`.
    pub fn begin(now: Instant) -> Self {
        Self {
            due: now,
            failures: 0,
        }
    }

    /// Whether it is time.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due <= now
    }

    /// It was fetched at `now`, and counts for so long as is known: the next time is before each of `ends` and after `every` at the latest, but
    /// not at once. As it is with others, a part of the time that `random` chooses is left out, so that not all come together.
    pub fn fetched(&mut self, now: Instant, every: Duration, ends: [Option<Duration>; 2], random: u16) {
        let [fresh, holds] = ends;
        // What ceases to count is looked after before it does.
        let holds = holds.map(|holds| part(holds, 750));
        let wanted = [fresh, holds].into_iter().flatten().fold(every, Duration::min);
        let wait = wanted.max(LEAST.min(every));
        self.failures = 0;
        self.due = later(now, part(wait, 900_u32.saturating_add(u32::from(random) % 101)));
    }

    /// It was not: the next time is after a while that grows, and never less often than `every`.
    pub fn failed(&mut self, now: Instant, every: Duration, random: u16) {
        let grown = FIRST_WAIT.saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(1));
        self.failures = self.failures.saturating_add(1);
        self.due = later(
            now,
            part(grown.min(every), 500_u32.saturating_add(u32::from(random) % 501)),
        );
    }
}

/// So many thousandths of a time.
fn part(time: Duration, thousandths: u32) -> Duration {
    let whole = time.saturating_mul(thousandths);
    whole.checked_div(1000).unwrap_or(time)
}

fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds until the next time, without and with all of the jitter.
    fn waits(change: impl Fn(&mut Schedule, Instant, u16)) -> (u64, u64) {
        let now = Instant::now();
        let after = |random: u16| {
            let mut schedule = Schedule::begin(now);
            assert!(schedule.is_due(now));
            change(&mut schedule, now, random);
            schedule.due.duration_since(now).as_secs()
        };
        (after(500), after(0))
    }

    #[test]
    fn the_next_time_is_before_what_is_known_ceases_to_count() {
        let wait = |every: u64, fresh: Option<u64>, holds: Option<u64>| {
            let ends = [fresh, holds].map(|end| end.map(Duration::from_secs));
            let (_, least) = waits(|schedule, now, random| {
                schedule.fetched(now, Duration::from_secs(every), ends, random);
            });
            least
        };
        assert_eq!(wait(3600, None, None), 3240);
        assert_eq!(wait(3600, Some(600), None), 540);
        assert_eq!(wait(3600, Some(9999), Some(1000)), 675);
        // Not all the time, whoever says so, but as often as the operator does.
        assert_eq!(wait(3600, Some(0), Some(0)), 54);
        assert_eq!(wait(10, Some(0), None), 9);
        assert!(wait(u64::MAX, None, None) > 3600);
    }

    #[test]
    fn failures_make_it_rarer_and_never_rarer_than_asked_for() {
        let wait = |times: usize| {
            waits(|schedule, now, random| {
                for _ in 0..times {
                    schedule.failed(now, Duration::from_secs(3600), random);
                }
            })
        };
        assert_eq!(wait(1), (15, 7));
        assert_eq!(wait(2), (30, 15));
        assert_eq!(wait(5), (240, 120));
        assert_eq!(wait(40), (3600, 1800));
    }
}
