//! Threads that make the calls of a token, of which some may never return.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::token::lock;
use super::turns::{Full, Turns};
use crate::crypto::Turn;

/// How many calls are made at once.
const AT_ONCE: usize = 4;

/// How long a call is taken to last as long as none was made.
const UNKNOWN_PACE: Duration = Duration::from_millis(100);

/// How many threads may be in calls that nobody waits for any more, and have another in their place.
const HUNG: usize = 16;

/// Makes calls, a few at once. Those for what was begun come before all others: a signature, of what was done already, and what a backend has
/// answered. Whoever wants something decrypted loses nothing, and may be anybody.
pub(super) struct Calls(Arc<Threads>);

/// A call that can be made in time, for whoever has this.
pub(super) struct Place(Arc<Threads>);

/// Why nothing came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Too many waited.
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
    /// It made room for one of somebody else.
    Displaced,
    Begun,
    /// Begun, and nobody waits for it any more.
    Hung,
    Ended,
}

struct Threads {
    waiting: Mutex<Waiting>,
    /// A call came, or no further one will.
    came: Condvar,
    count: Mutex<Count>,
}

/// Calls that were not begun yet.
struct Waiting {
    /// As many as somebody waits for.
    first: VecDeque<Call>,
    others: Turns<Call>,
    /// How many places there are, with and without a call.
    places: usize,
    /// How long a call lasts, of late.
    pace: Duration,
    ended: bool,
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
        let calls = Self(Arc::new(Threads {
            waiting: Mutex::new(Waiting {
                first: VecDeque::new(),
                others: Turns::new(),
                places: 0,
                pace: UNKNOWN_PACE,
                ended: false,
            }),
            came: Condvar::new(),
            count: Mutex::default(),
        }));
        for _ in 0..AT_ONCE {
            calls.0.add(&mut lock(&calls.0.count))?;
        }
        Ok(calls)
    }

    /// A place for a call before all others, as long as all who have one could get theirs within half of `patience`, at the pace of the last calls: the
    /// other half is for what is being done before them.
    pub(super) fn reserve(&self, patience: Duration) -> Option<Place> {
        let mut waiting = lock(&self.0.waiting);
        let all = u32::try_from(waiting.places.div_ceil(AT_ONCE)).unwrap_or(u32::MAX);
        if waiting.pace.saturating_mul(all) > patience.checked_div(2).unwrap_or_default() {
            return None;
        }
        waiting.places = waiting.places.saturating_add(1);
        Some(Place(Arc::clone(&self.0)))
    }

    /// Whether any thread is left that takes calls.
    pub(super) fn are_made(&self) -> bool {
        lock(&self.0.count).working > 0
    }

    /// What `work` gives, which is waited for as long as `patience` says.
    ///
    /// # Errors
    /// [`Missed`]. What has hung may still be done.
    pub(super) fn make<T: Send + 'static>(
        &self,
        turn: Turn,
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
        self.0.put(call, turn, now)?;
        match answered.recv_timeout(patience) {
            Ok(done) => Ok(done),
            Err(RecvTimeoutError::Timeout) => Err(self.0.leave(&stage)),
            Err(RecvTimeoutError::Disconnected) => Err(match *lock(&stage) {
                Stage::Waits => Missed::NotBegun,
                Stage::Displaced => Missed::Full,
                Stage::Begun | Stage::Hung | Stage::Ended => Missed::Panicked,
            }),
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        lock(&self.0.waiting).ended = true;
        self.0.came.notify_all();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.0.waiting);
        waiting.places = waiting.places.saturating_sub(1);
    }
}

impl Threads {
    fn put(&self, call: Call, turn: Turn, now: Instant) -> Result<(), Missed> {
        let mut waiting = lock(&self.waiting);
        // Nobody waits for the others any more.
        let is_waited_for = |call: &Call| now < call.until;
        match turn {
            Turn::First => {
                waiting.first.retain(is_waited_for);
                waiting.first.push_back(call);
            }
            Turn::Of(caller) => {
                waiting.others.retain(is_waited_for);
                let displaced = waiting.others.put(caller, call).map_err(|Full| Missed::Full)?;
                if let Some(displaced) = displaced {
                    // Who waits for it is told when it is dropped.
                    *lock(&displaced.stage) = Stage::Displaced;
                }
            }
        }
        self.came.notify_one();
        Ok(())
    }

    /// The call that is made next; none if no further one comes.
    fn next(&self) -> Option<Call> {
        let mut waiting = lock(&self.waiting);
        loop {
            let Waiting {
                first, others, ended, ..
            } = &mut *waiting;
            let call = first.pop_front().or_else(|| others.take());
            if call.is_some() || *ended {
                return call;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a call took `time`.
    fn took(&self, time: Duration) {
        let mut waiting = lock(&self.waiting);
        let sum = waiting.pace.saturating_mul(3).saturating_add(time);
        waiting.pace = sum.checked_div(4).unwrap_or_default();
    }

    fn add(self: &Arc<Self>, count: &mut Count) -> io::Result<()> {
        let threads = Arc::clone(self);
        let thread = std::thread::Builder::new().name("token".to_owned());
        thread.spawn(move || threads.work())?;
        count.working = count.working.saturating_add(1);
        Ok(())
    }

    fn work(&self) {
        while let Some(call) = self.next() {
            let begun = Instant::now();
            if begun >= call.until {
                continue;
            }
            *lock(&call.stage) = Stage::Begun;
            // The session that it was in is not used again, and whoever waits is told.
            let _ = catch_unwind(AssertUnwindSafe(call.work));
            self.took(begun.elapsed());
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
                Stage::Displaced => return Missed::Full,
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::hsm::turns::WAITING;

    const OTHERS: Turn = Turn::Of(0);
    const PATIENCE: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    /// Makes calls that do not return before the sender is gone, until they are not begun any more: how many were.
    fn hang(calls: &Calls) -> (usize, mpsc::SyncSender<()>) {
        let (hold, held) = mpsc::sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        let mut hung = 0;
        loop {
            let held = Arc::clone(&held);
            match calls.make(OTHERS, PATIENCE, move || lock(&held).recv().is_err()) {
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
        assert_eq!(calls.make(OTHERS, LONG, || 1), Ok(1));
        let (hung, hold) = hang(&calls);
        assert_eq!(hung, AT_ONCE + HUNG);
        assert!(!calls.are_made());
        // Those that come back after all take calls again, and no more than before.
        drop(hold);
        assert_eq!(calls.make(OTHERS, LONG, || 2), Ok(2));
        let begun = Instant::now();
        while lock(&calls.0.count).hung > 0 {
            assert!(begun.elapsed() < LONG);
            std::thread::yield_now();
        }
        assert_eq!(lock(&calls.0.count).working, AT_ONCE);
    }

    #[test]
    fn a_panic_is_told_and_costs_no_thread() {
        let calls = Calls::start().unwrap();
        for _ in 0..=AT_ONCE {
            assert_eq!(
                calls.make(OTHERS, LONG, || panic!("on purpose")),
                Err::<(), _>(Missed::Panicked)
            );
        }
        assert_eq!(calls.make(OTHERS, LONG, || 1), Ok(1));
    }

    #[test]
    fn what_was_begun_comes_before_all_else_and_is_never_refused_for_a_full_queue() {
        let calls = Calls::start().unwrap();
        let (hold, held) = mpsc::sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        let order = Mutex::new(Vec::new());
        let make = &|turn| {
            let begun = calls.make(turn, LONG, Instant::now).unwrap();
            lock(&order).push((begun, turn));
        };
        let wait_until = |is_so: &dyn Fn(&Waiting) -> bool| {
            let begun = Instant::now();
            while !is_so(&lock(&calls.0.waiting)) {
                assert!(begun.elapsed() < LONG);
                std::thread::yield_now();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                let held = Arc::clone(&held);
                let work = move || lock(&held).recv().is_err();
                let (calls, begun) = (&calls, Instant::now());
                scope.spawn(move || calls.make(OTHERS, LONG, work));
                while lock(&calls.0.waiting).others.len() == 0 && begun.elapsed() < PATIENCE {
                    std::thread::yield_now();
                }
                wait_until(&|waiting| waiting.others.len() == 0);
            }
            for _ in 0..WAITING {
                scope.spawn(move || make(OTHERS));
            }
            wait_until(&|waiting| waiting.others.len() == WAITING);
            assert_eq!(calls.make(OTHERS, LONG, || 1), Err(Missed::Full));
            for _ in 0..=WAITING {
                scope.spawn(move || make(Turn::First));
            }
            wait_until(&|waiting| waiting.first.len() > WAITING);
            drop(hold);
        });
        let mut order = std::mem::take(&mut *lock(&order));
        order.sort_by_key(|(begun, _)| *begun);
        // Threads that begin at the same time may be noted the other way round.
        let mut first = order.iter().take(WAITING + 1 - AT_ONCE);
        assert!(first.all(|(_, turn)| *turn == Turn::First));
    }

    #[test]
    fn whoever_has_most_calls_waiting_is_told_at_once_that_one_made_room() {
        let calls = Calls::start().unwrap();
        let (_, hold) = hang(&calls);
        let (calls, told) = (&calls, &AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..WAITING {
                scope.spawn(move || {
                    let missed = calls
                        .make(OTHERS, LONG, || 1)
                        .is_err_and(|missed| missed == Missed::Full);
                    told.fetch_add(missed.into(), Ordering::Relaxed);
                });
            }
            let begun = Instant::now();
            while lock(&calls.0.waiting).others.len() < WAITING {
                assert!(begun.elapsed() < LONG);
                std::thread::yield_now();
            }
            let other = scope.spawn(|| calls.make(Turn::Of(1), LONG, || 2));
            while told.load(Ordering::Relaxed) == 0 {
                assert!(begun.elapsed() < LONG);
                std::thread::yield_now();
            }
            drop(hold);
            assert_eq!(other.join().unwrap(), Ok(2));
        });
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn there_are_places_for_as_many_as_can_be_signed_for_in_time() {
        let calls = Calls::start().unwrap();
        let places = || {
            let taken: Vec<_> = std::iter::from_fn(|| calls.reserve(LONG)).collect();
            taken.len()
        };
        // Within 5 s, at 100 ms each; what was taken comes back.
        assert_eq!((places(), places()), (50 * AT_ONCE + 1, 50 * AT_ONCE + 1));
        for _ in 0..40 {
            calls.0.took(Duration::from_millis(10));
        }
        assert!(places() > 400 * AT_ONCE);
    }
}
