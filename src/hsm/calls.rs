//! Threads that make the calls of a token, of which some may never return.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::token::lock;

/// How many calls are made at once, and how many wait for that.
const AT_ONCE: usize = 4;
const WAITING: usize = 64;

/// How many threads may be in calls that nobody waits for any more, and have another in their place.
const HUNG: usize = 16;

/// Makes calls, a few at once.
pub(super) struct Calls {
    calls: SyncSender<Call>,
    threads: Arc<Threads>,
}

/// Why nothing came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Too many waited before it.
    Full,
    /// It was not begun in time.
    NotBegun,
    /// It was begun, and did not return in time.
    Hung,
    /// It ended in a panic.
    Panicked,
}

/// Something to do, unless nobody waits for it any more.
struct Call {
    work: Box<dyn FnOnce() + Send>,
    stage: Arc<Mutex<Stage>>,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Begun,
    /// Begun, and nobody waits for it any more.
    Hung,
    Ended,
}

struct Threads {
    waiting: Mutex<Receiver<Call>>,
    count: Mutex<Count>,
}

/// How many threads take calls, and how many are in one that nobody waits for any more.
#[derive(Default)]
struct Count {
    working: usize,
    hung: usize,
}

impl Calls {
    /// Starts the threads, which end with what this returns.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(super) fn start() -> io::Result<Self> {
        let (calls, waiting) = mpsc::sync_channel(WAITING);
        let threads = Arc::new(Threads {
            waiting: Mutex::new(waiting),
            count: Mutex::default(),
        });
        for _ in 0..AT_ONCE {
            threads.add(&mut lock(&threads.count))?;
        }
        Ok(Self { calls, threads })
    }

    /// Whether any thread is left that takes calls.
    pub(super) fn are_made(&self) -> bool {
        lock(&self.threads.count).working > 0
    }

    /// What `work` gives, which is waited for as long as `patience` says.
    ///
    /// # Errors
    /// [`Missed`]. What has hung may still be done.
    pub(super) fn make<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Missed> {
        let now = Instant::now();
        let (answer, answered) = mpsc::sync_channel(1);
        let stage = Arc::new(Mutex::new(Stage::Waits));
        let call = Call {
            work: Box::new(move || {
                // Who has lost patience meanwhile does not listen.
                let _ = answer.send(work());
            }),
            stage: Arc::clone(&stage),
            until: now.checked_add(patience).unwrap_or(now),
        };
        match self.calls.try_send(call) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Missed::Full),
            Err(TrySendError::Disconnected(_)) => return Err(Missed::NotBegun),
        }
        match answered.recv_timeout(patience) {
            Ok(done) => Ok(done),
            Err(RecvTimeoutError::Timeout) => Err(self.threads.leave(&stage)),
            Err(RecvTimeoutError::Disconnected) if *lock(&stage) == Stage::Waits => Err(Missed::NotBegun),
            Err(RecvTimeoutError::Disconnected) => Err(Missed::Panicked),
        }
    }
}

impl Threads {
    fn add(self: &Arc<Self>, count: &mut Count) -> io::Result<()> {
        let threads = Arc::clone(self);
        let thread = std::thread::Builder::new().name("token".to_owned());
        thread.spawn(move || threads.work())?;
        count.working = count.working.saturating_add(1);
        Ok(())
    }

    fn work(&self) {
        loop {
            let next = lock(&self.waiting).recv();
            let Ok(call) = next else { return };
            if Instant::now() >= call.until {
                continue;
            }
            *lock(&call.stage) = Stage::Begun;
            // The session that it was in is not used again, and whoever waits is told.
            let _ = catch_unwind(AssertUnwindSafe(call.work));
            let before = std::mem::replace(&mut *lock(&call.stage), Stage::Ended);
            if before == Stage::Hung && !self.goes_on() {
                return;
            }
        }
    }

    /// Nobody waits for the call any more: its thread may never come back, so another takes its place.
    fn leave(self: &Arc<Self>, stage: &Mutex<Stage>) -> Missed {
        let mut count = lock(&self.count);
        {
            let mut stage = lock(stage);
            match *stage {
                Stage::Waits => return Missed::NotBegun,
                // It has ended just now, and counts as if it had not: nobody is there to be told.
                Stage::Ended | Stage::Hung => return Missed::Hung,
                Stage::Begun => *stage = Stage::Hung,
            }
        }
        count.working = count.working.saturating_sub(1);
        count.hung = count.hung.saturating_add(1);
        if count.hung <= HUNG
            && let Err(error) = self.add(&mut count)
        {
            tracing::error!(code = "internal.threads", reason = %error, "a call of a token has hung, and no thread takes its place");
        }
        Missed::Hung
    }

    /// Whether a thread that has come back takes calls again; nobody may have taken its place.
    fn goes_on(&self) -> bool {
        let mut count = lock(&self.count);
        count.hung = count.hung.saturating_sub(1);
        let goes_on = count.working < AT_ONCE;
        if goes_on {
            count.working = count.working.saturating_add(1);
        }
        goes_on
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    /// Makes calls that do not return before the sender is gone, until they are not begun any more: how many were.
    fn hang(calls: &Calls) -> (usize, SyncSender<()>) {
        let (hold, held) = mpsc::sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        let mut hung = 0;
        loop {
            let held = Arc::clone(&held);
            match calls.make(PATIENCE, move || lock(&held).recv().is_err()) {
                Err(Missed::Hung) => hung += 1,
                other => {
                    assert_eq!(other, Err(Missed::NotBegun));
                    return (hung, hold);
                }
            }
        }
    }

    #[test]
    fn others_take_the_place_of_threads_that_hang_but_not_without_end() {
        let calls = Calls::start().unwrap();
        assert_eq!(calls.make(LONG, || 1), Ok(1));
        let (hung, hold) = hang(&calls);
        assert_eq!(hung, AT_ONCE + HUNG);
        assert!(!calls.are_made());
        // Those that come back after all take calls again, and no more than before.
        drop(hold);
        assert_eq!(calls.make(LONG, || 2), Ok(2));
        let begun = Instant::now();
        while lock(&calls.threads.count).hung > 0 {
            assert!(begun.elapsed() < LONG);
            std::thread::yield_now();
        }
        assert_eq!(lock(&calls.threads.count).working, AT_ONCE);
    }

    #[test]
    fn a_panic_is_told_and_costs_no_thread() {
        let calls = Calls::start().unwrap();
        for _ in 0..=AT_ONCE {
            assert_eq!(
                calls.make(LONG, || panic!("on purpose")),
                Err::<(), _>(Missed::Panicked)
            );
        }
        assert_eq!(calls.make(LONG, || 1), Ok(1));
    }
}
