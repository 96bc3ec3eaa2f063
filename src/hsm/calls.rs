//! Threads that make the calls of a token, of which some may never return.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::token::lock;
use super::turns::{Full, Turns};
use crate::crypto::Turn;

/// How many calls are made at once.
pub(super) const AT_ONCE: u32 = 4;

/// How many threads may be in calls that nobody waits for any more, and have another in their place.
const HUNG: u32 = 16;

/// Makes calls, a few at once. Those for what was begun come before all others: a signature, of what was done already, and what a backend has
/// answered. Whoever wants something decrypted loses nothing, and may be anybody.
pub(super) struct Calls(Arc<Threads>);

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
    begin: mpsc::SyncSender<()>,
    work: Box<dyn FnOnce() + Send>,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    /// Nobody waits for it any more, and it is not begun.
    Left,
    /// It made room for one of somebody else.
    Displaced,
    Begun,
    /// Begun, and nobody waits for it any more.
    Hung,
    Ended,
}

struct Threads {
    state: Mutex<State>,
    /// A call came, or no further one will.
    came: Condvar,
}

/// Calls that were not begun yet, and who makes them.
struct State {
    /// As many as somebody waits for.
    first: VecDeque<Call>,
    others: Turns<Call>,
    /// How many threads take calls, and how many are in one that nobody waits for any more.
    working: u32,
    hung: u32,
    ended: bool,
}

impl Calls {
    /// Starts the threads, which end with what this returns.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(super) fn start() -> io::Result<Self> {
        let calls = Self(Arc::new(Threads {
            state: Mutex::new(State {
                first: VecDeque::new(),
                others: Turns::new(),
                working: 0,
                hung: 0,
                ended: false,
            }),
            came: Condvar::new(),
        }));
        for _ in 0..AT_ONCE {
            calls.0.add(&mut lock(&calls.0.state))?;
        }
        Ok(calls)
    }

    /// Whether any thread is left that takes calls.
    pub(super) fn are_made(&self) -> bool {
        lock(&self.0.state).working > 0
    }

    /// What `work` gives, for which `patience` is had from when it begins: only what takes longer has hung. As long at most it is waited for that it begins,
    /// unless it comes before all others: that ends too, as each of those before it ends or hangs.
    ///
    /// # Errors
    /// [`Missed`]. What has hung may still be done.
    pub(super) fn make<T: Send + 'static>(
        &self,
        turn: Turn,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Missed> {
        let (begin, begun) = mpsc::sync_channel(1);
        let (answer, answered) = mpsc::sync_channel(1);
        let stage = Arc::new(Mutex::new(Stage::Waits));
        let call = Call {
            begin,
            work: Box::new(move || {
                // Who has lost patience meanwhile does not listen.
                let _ = answer.send(work());
            }),
            stage: Arc::clone(&stage),
        };
        self.0.put(call, turn)?;
        let begins = match turn {
            Turn::First => begun.recv().map_err(RecvTimeoutError::from),
            Turn::Of(_) => begun.recv_timeout(patience),
        };
        if begins.is_err() {
            has_begun(&stage)?;
        }
        match answered.recv_timeout(patience) {
            Ok(done) => Ok(done),
            Err(RecvTimeoutError::Timeout) => {
                self.0.leave(&stage);
                Err(Missed::Hung)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Missed::Panicked),
        }
    }
}

/// Whether a call has begun after all. If not, it is left.
fn has_begun(stage: &Mutex<Stage>) -> Result<(), Missed> {
    let mut stage = lock(stage);
    match *stage {
        Stage::Waits | Stage::Left => {
            *stage = Stage::Left;
            Err(Missed::NotBegun)
        }
        Stage::Displaced => Err(Missed::Full),
        Stage::Begun | Stage::Hung | Stage::Ended => Ok(()),
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        lock(&self.0.state).ended = true;
        self.0.came.notify_all();
    }
}

impl Threads {
    fn put(&self, call: Call, turn: Turn) -> Result<(), Missed> {
        let mut state = lock(&self.state);
        if state.working == 0 {
            return Err(Missed::NotBegun);
        }
        match turn {
            Turn::First => state.first.push_back(call),
            Turn::Of(caller) => {
                state.others.retain(|call| *lock(&call.stage) == Stage::Waits);
                let displaced = state.others.put(caller, call).map_err(|Full| Missed::Full)?;
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
        let mut state = lock(&self.state);
        loop {
            let State {
                first, others, ended, ..
            } = &mut *state;
            let call = first.pop_front().or_else(|| others.take());
            if call.is_some() || *ended {
                return call;
            }
            state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn add(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let threads = Arc::clone(self);
        let thread = std::thread::Builder::new().name("token".to_owned());
        thread.spawn(move || threads.work())?;
        state.working = state.working.saturating_add(1);
        Ok(())
    }

    fn work(&self) {
        while let Some(call) = self.next() {
            if std::mem::replace(&mut *lock(&call.stage), Stage::Begun) == Stage::Left {
                continue;
            }
            let _ = call.begin.send(());
            // The session that it was in is not used again, and whoever waits is told.
            let _ = catch_unwind(AssertUnwindSafe(call.work));
            let before = std::mem::replace(&mut *lock(&call.stage), Stage::Ended);
            if before == Stage::Hung && !self.goes_on() {
                return;
            }
        }
    }

    /// Nobody waits for the call any more: its thread may never come back, so another takes its place.
    fn leave(self: &Arc<Self>, stage: &Mutex<Stage>) {
        let mut state = lock(&self.state);
        {
            let mut stage = lock(stage);
            // It may have ended just now, and counts as if it had not: nobody is there to be told.
            if *stage != Stage::Begun {
                return;
            }
            *stage = Stage::Hung;
        }
        state.working = state.working.saturating_sub(1);
        state.hung = state.hung.saturating_add(1);
        if state.hung <= HUNG
            && let Err(error) = self.add(&mut state)
        {
            tracing::error!(code = "internal.threads", reason = %error, "a call of a token has hung, and no thread takes its place");
        }
        if state.working == 0 {
            // Nobody begins these. What they hold may end what is locked here.
            let first = std::mem::take(&mut state.first);
            let others = std::mem::replace(&mut state.others, Turns::new());
            drop(state);
            drop((first, others));
        }
    }

    /// Whether a thread that has come back takes calls again; nobody may have taken its place.
    fn goes_on(&self) -> bool {
        let mut state = lock(&self.state);
        state.hung = state.hung.saturating_sub(1);
        let goes_on = state.working < AT_ONCE;
        if goes_on {
            state.working = state.working.saturating_add(1);
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
    use std::thread::Scope;
    use std::time::Instant;

    use super::*;
    use crate::hsm::turns::WAITING;

    const OTHERS: Turn = Turn::Of(0);
    const PATIENCE: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    /// Makes calls that do not return before the sender is gone, until they are not begun any more: how many were.
    fn hang(calls: &Calls) -> (u32, mpsc::SyncSender<()>) {
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

    fn wait_until(calls: &Calls, is_so: &dyn Fn(&State) -> bool) {
        let begun = Instant::now();
        while !is_so(&lock(&calls.0.state)) {
            assert!(begun.elapsed() < LONG);
            std::thread::yield_now();
        }
    }

    /// Has every thread make a call that does not return before the sender is gone.
    fn occupy<'s>(scope: &'s Scope<'s, '_>, calls: &'s Calls) -> mpsc::SyncSender<()> {
        let (hold, held) = mpsc::sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        let begun = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let (held, begun) = (Arc::clone(&held), Arc::clone(&begun));
            let work = move || {
                begun.fetch_add(1, Ordering::Relaxed);
                lock(&held).recv().is_err()
            };
            scope.spawn(move || calls.make(OTHERS, LONG, work));
        }
        wait_until(calls, &|_| begun.load(Ordering::Relaxed) == 4);
        hold
    }

    #[test]
    fn others_take_the_place_of_threads_that_hang_but_not_without_end() {
        let calls = Calls::start().unwrap();
        assert_eq!(calls.make(OTHERS, LONG, || 1), Ok(1));
        let (hung, hold) = hang(&calls);
        assert_eq!(hung, AT_ONCE + HUNG);
        assert!(!calls.are_made());
        assert_eq!(calls.make(Turn::First, PATIENCE, || 2), Err(Missed::NotBegun));
        // Those that come back after all take calls again, and no more than before.
        drop(hold);
        wait_until(&calls, &|state| state.hung == 0);
        assert_eq!(calls.make(OTHERS, LONG, || 2), Ok(2));
        assert_eq!(lock(&calls.0.state).working, AT_ONCE);
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
        let order = Mutex::new(Vec::new());
        let make = &|turn| {
            let begun = calls.make(turn, LONG, Instant::now).unwrap();
            lock(&order).push((begun, turn));
        };
        std::thread::scope(|scope| {
            let hold = occupy(scope, &calls);
            for _ in 0..WAITING {
                scope.spawn(move || make(OTHERS));
            }
            wait_until(&calls, &|state| state.others.len() == WAITING);
            assert_eq!(calls.make(OTHERS, LONG, || 1), Err(Missed::Full));
            for _ in 0..=WAITING {
                scope.spawn(move || make(Turn::First));
            }
            wait_until(&calls, &|state| state.first.len() > WAITING);
            drop(hold);
        });
        let mut order = std::mem::take(&mut *lock(&order));
        order.sort_by_key(|(begun, _)| *begun);
        // Threads that begin at the same time may be noted the other way round.
        let mut first = order.iter().take(WAITING - 3);
        assert!(first.all(|(_, turn)| *turn == Turn::First));
    }

    /// Has as many threads make calls of that `turn` as that, each of which takes `time`: what came of each.
    fn made(
        calls: &Calls,
        turn: Turn,
        patience: Duration,
        count: usize,
        time: Duration,
    ) -> Vec<Result<(), Missed>> {
        std::thread::scope(|scope| {
            let make = || calls.make(turn, patience, move || std::thread::sleep(time));
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    #[test]
    fn whoever_has_most_calls_waiting_is_told_at_once_that_one_made_room() {
        let calls = Calls::start().unwrap();
        let (calls, told) = (&calls, &AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let hold = occupy(scope, calls);
            for _ in 0..WAITING {
                scope.spawn(move || {
                    let missed = calls
                        .make(OTHERS, LONG, || 1)
                        .is_err_and(|missed| missed == Missed::Full);
                    told.fetch_add(missed.into(), Ordering::Relaxed);
                });
            }
            wait_until(calls, &|state| state.others.len() == WAITING);
            let other = scope.spawn(|| calls.make(Turn::Of(1), LONG, || 2));
            wait_until(calls, &|_| told.load(Ordering::Relaxed) > 0);
            drop(hold);
            assert_eq!(other.join().unwrap(), Ok(2));
        });
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_call_hangs_by_its_own_time_alone_however_long_it_has_waited() {
        let calls = Calls::start().unwrap();
        // The second four begin after 700 ms, and end after 1,400; the third do not begin.
        let (patience, time) = (Duration::from_secs(1), Duration::from_millis(700));
        let mut made = made(&calls, OTHERS, patience, 12, time);
        made.sort_by_key(Result::is_err);
        let (done, missed) = made.split_at(8);
        assert_eq!(done, [Ok(()); 8]);
        assert_eq!(missed, [Err(Missed::NotBegun); 4]);
        assert_eq!(lock(&calls.0.state).hung, 0);
    }

    #[test]
    fn what_was_promised_is_done_however_long_it_has_to_wait() {
        let calls = Calls::start().unwrap();
        let (patience, time) = (Duration::from_secs(1), Duration::from_millis(400));
        assert_eq!(made(&calls, Turn::First, patience, 16, time), [Ok(()); 16]);
    }

    #[test]
    fn nobody_waits_for_threads_of_which_none_is_left() {
        let calls = Calls::start().unwrap();
        let (hold, held) = mpsc::sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        let hung = 20;
        std::thread::scope(|scope| {
            let waits = || {
                let held = Arc::clone(&held);
                calls.make(Turn::First, PATIENCE, move || lock(&held).recv().is_err())
            };
            let waiting: Vec<_> = (0..hung + 4).map(|_| scope.spawn(waits)).collect();
            let mut missed: Vec<_> = waiting
                .into_iter()
                .map(|waits| waits.join().unwrap().unwrap_err())
                .collect();
            missed.sort_by_key(|missed| *missed != Missed::Hung);
            let (begun, others) = missed.split_at(hung);
            assert!(begun.iter().all(|missed| *missed == Missed::Hung));
            assert_eq!(others, [Missed::NotBegun; 4]);
        });
        drop(hold);
    }
}
