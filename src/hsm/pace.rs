//! How long a token takes for what it has promised.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::token::{PATIENCE, lock};

/// How long the uses of a key take that somebody was promised, and those by which it proves itself: no others, as those are anybody's.
pub(super) struct Pace(Mutex<Calls>);

struct Calls {
    /// The time of the last two that came to something. So one quick call by chance promises nothing, and two end what a stall has left.
    last: [Duration; 2],
    /// When those began that are being made.
    begun: Vec<Instant>,
}

/// A call that is being made, until this is dropped.
struct Begun<'p>(&'p Pace, Instant);

impl Pace {
    /// That of a key whose proof took `time`.
    pub(super) const fn of(time: Duration) -> Self {
        Self(Mutex::new(Calls {
            last: [time; 2],
            begun: Vec::new(),
        }))
    }

    /// What `call` gives. It counts while it is being made, and afterwards if it came to something.
    pub(super) fn measure<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let began = Instant::now();
        lock(&self.0).begun.push(began);
        let _begun = Begun(self, began);
        let done = call();
        if done.is_ok() {
            self.took(began.elapsed());
        }
        done
    }

    /// How long the next call is taken to last: as long as the longer of the last two, or what one in progress has taken so far. One that has hung says
    /// nothing of the next, as the token was lost by it.
    pub(super) fn time(&self) -> Duration {
        let calls = lock(&self.0);
        let so_far = calls.begun.iter().map(Instant::elapsed);
        let so_far = so_far.filter(|time| *time < PATIENCE);
        so_far.chain(calls.last).max().unwrap_or_default()
    }

    /// Notes that a call took `time`, unless it had hung.
    fn took(&self, time: Duration) {
        if time < PATIENCE {
            let mut calls = lock(&self.0);
            let [_, before] = calls.last;
            calls.last = [before, time];
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let begun = &mut lock(&self.0.0).begun;
        if let Some(own) = begun.iter().position(|one| *one == self.1) {
            begun.swap_remove(own);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const QUICK: Duration = Duration::from_millis(1);
    const SLOW: Duration = Duration::from_secs(2);

    #[test]
    fn two_quick_calls_end_what_a_stall_has_left_and_one_does_not() {
        let pace = Pace::of(QUICK);
        for time in [SLOW, QUICK] {
            pace.took(time);
            assert_eq!(pace.time(), SLOW);
        }
        pace.took(QUICK);
        assert_eq!(pace.time(), QUICK);
    }

    #[test]
    fn a_call_in_progress_counts_as_long_as_it_is_made_however_it_ends() {
        let pace = Pace::of(QUICK);
        let nap = Duration::from_millis(50);
        let refused = pace.measure(|| {
            std::thread::sleep(nap);
            assert!(pace.time() >= nap);
            Err::<(), _>(())
        });
        // What it was refused for, it may be refused at once.
        assert_eq!((refused, pace.time()), (Err(()), QUICK));
        let panicking = || pace.measure(|| -> Result<(), ()> { panic!("on purpose") });
        assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
        std::thread::sleep(nap);
        assert_eq!(pace.time(), QUICK);
        let naps = || {
            std::thread::sleep(nap);
            Ok::<_, ()>(())
        };
        assert_eq!([pace.measure(naps), pace.measure(naps)], [Ok(()); 2]);
        assert!(pace.time() >= nap);
    }

    #[test]
    fn a_call_that_has_hung_does_not_count() {
        let pace = Pace::of(QUICK);
        pace.took(PATIENCE);
        let began = Instant::now().checked_sub(PATIENCE).unwrap();
        lock(&pace.0).begun.push(began);
        assert_eq!(pace.time(), QUICK);
    }
}
