//! Whether every thread that serves still turns. A process with one that hangs is none that serves: its service manager hears nothing more
//! of it, and starts it again.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use actix_web::rt;
use actix_web::web;

use super::shared::Shared;

/// When each thread turned last.
#[derive(Debug)]
pub(super) struct Pulse {
    begun: Instant,
    /// In milliseconds since then. Those of threads that have ended are gone.
    beats: Mutex<Vec<Weak<AtomicU64>>>,
    every: Duration,
}

impl Pulse {
    /// Threads that are asked for it turn once in `every` at least, or hang.
    pub(super) fn new(every: Duration) -> Self {
        Self {
            begun: Instant::now(),
            beats: Mutex::default(),
            every,
        }
    }

    /// Notes from now on that this thread, which runs an actix system, turns.
    pub(super) fn beat_here(&self) {
        let (begun, pause) = (self.begun, self.every.checked_div(4).unwrap_or(self.every));
        let beat = Arc::new(AtomicU64::new(milliseconds(begun.elapsed())));
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.push(Arc::downgrade(&beat));
        rt::spawn(async move {
            loop {
                beat.store(milliseconds(begun.elapsed()), Ordering::Relaxed);
                rt::time::sleep(pause).await;
            }
        });
    }

    /// Whether `threads` of them turn, and none hangs.
    pub(super) fn is_of(&self, threads: usize) -> bool {
        let now = milliseconds(self.begun.elapsed());
        let longest = milliseconds(self.every);
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.retain(|beat| beat.strong_count() > 0);
        let turning = beats.iter().filter_map(Weak::upgrade);
        let ages = turning.map(|beat| now.saturating_sub(beat.load(Ordering::Relaxed)));
        let ages: Vec<u64> = ages.collect();
        ages.len() >= threads && ages.iter().all(|age| *age <= longest)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Tells the service manager, if it wants to know, that every thread turns; twice in the time in which it wants to hear of it.
pub(super) async fn tell(shared: web::Data<Shared>) {
    let (Some(manager), Some(pulse)) = (&shared.manager, &shared.pulse) else {
        return;
    };
    loop {
        if shared.is_stopping() || pulse.is_of(shared.workers()) {
            manager.alive();
        } else {
            tracing::error!(code = "internal.hangs", "a thread does not serve any more");
        }
        rt::time::sleep(pulse.every).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_hangs_and_one_that_has_ended_are_noticed() {
        let every = Duration::from_millis(400);
        let pulse = Arc::new(Pulse::new(every));
        let (hang, hanging) = mpsc::channel::<mpsc::Receiver<()>>();
        let (end, ending) = mpsc::channel::<()>();
        let of_thread = Arc::clone(&pulse);
        let (began, begun) = mpsc::channel();
        let thread = thread::spawn(move || {
            rt::System::new().block_on(async {
                of_thread.beat_here();
                began.send(()).unwrap();
                while ending.try_recv().is_err() {
                    rt::time::sleep(Duration::from_millis(5)).await;
                    if let Ok(until) = hanging.try_recv() {
                        let _ = until.recv();
                    }
                }
            });
        });
        begun.recv().unwrap();
        thread::sleep(every * 3);
        assert!(pulse.is_of(1));
        assert!(!pulse.is_of(2));
        let (go_on, until) = mpsc::channel();
        hang.send(until).unwrap();
        thread::sleep(every * 3);
        assert!(!pulse.is_of(1));
        go_on.send(()).unwrap();
        thread::sleep(every);
        assert!(pulse.is_of(1));
        end.send(()).unwrap();
        thread.join().unwrap();
        assert!(!pulse.is_of(1));
    }
}
