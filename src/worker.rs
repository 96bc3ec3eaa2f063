//! Threads that do the slow part of many requests at once: one sync of a file, one way to a server.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::{RecvTimeoutError, TrySendError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// How many jobs are done at once.
const AT_ONCE: usize = 256;

/// How many wait at most. Whoever asks gives up after a second, so that more come only where the work hangs.
const WAITING: usize = 4096;

/// How often a worker without jobs is asked whether there is something else to do.
const TICK: Duration = Duration::from_secs(1);

/// Work that is done for several at once.
pub(crate) trait Work: Send + 'static {
    /// What is to be done.
    type Job: Send + 'static;
    /// What became of it.
    type Done: Send + 'static;

    /// Does all of `jobs`; what became of each, in order.
    fn work(&mut self, jobs: &[Self::Job]) -> Vec<Self::Done>;

    /// There was no job for a while: the time to find out whether there could be one.
    fn tick(&mut self);

    /// Whether it could do nothing at present.
    fn refuses(&self) -> bool;
}

/// A thread that works.
#[derive(Debug)]
pub(crate) struct Worker<W: Work> {
    jobs: Option<mpsc::SyncSender<Waiting<W>>>,
    thread: Option<JoinHandle<()>>,
    refuses: Arc<AtomicBool>,
}

struct Waiting<W: Work> {
    job: W::Job,
    done: oneshot::Sender<W::Done>,
}

impl<W: Work> Worker<W> {
    /// Starts a thread of that name.
    pub(crate) fn start(name: &str, work: W) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let thread = std::thread::Builder::new().name(name.to_owned());
        let refuses = Arc::new(AtomicBool::new(work.refuses()));
        let told = Arc::clone(&refuses);
        let thread = thread.spawn(move || run(work, &waiting, &told))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            refuses,
        })
    }

    /// Whether it could do nothing of late: within a second or two of when that began or ended.
    pub(crate) fn refuses(&self) -> bool {
        let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        ended || self.refuses.load(Ordering::Relaxed)
    }

    /// Has `job` done, and waits for `patience` at most. `None` if nobody knows what became of it, at once where too many wait already.
    pub(crate) fn ask(
        &self,
        job: W::Job,
        patience: Duration,
    ) -> impl Future<Output = Option<W::Done>> + Send + use<W> {
        let (done, told) = oneshot::channel();
        let waiting = Waiting { job, done };
        let sent = self.jobs.as_ref().map(|jobs| jobs.try_send(waiting));
        // Where it was not taken, or the thread has ended, `told` says so.
        if matches!(sent, Some(Err(TrySendError::Full(_)))) {
            self.refuses.store(true, Ordering::Relaxed);
        }
        async move { tokio::time::timeout(patience, told).await.ok()?.ok() }
    }
}

fn run<W: Work>(mut work: W, waiting: &mpsc::Receiver<Waiting<W>>, refuses: &AtomicBool) {
    loop {
        refuses.store(work.refuses(), Ordering::Relaxed);
        let first = match waiting.recv_timeout(TICK) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                work.tick();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let more = std::iter::from_fn(|| waiting.try_recv().ok()).take(AT_ONCE);
        // Whoever does not wait any more has told its client that it was not done.
        let all = std::iter::once(first)
            .chain(more)
            .filter(|waiting| !waiting.done.is_closed());
        let (jobs, done): (Vec<_>, Vec<_>) = all.map(|waiting| (waiting.job, waiting.done)).unzip();
        for (done, became) in done.into_iter().zip(work.work(&jobs)) {
            // It may have lost patience meanwhile.
            let _ = done.send(became);
        }
    }
}

/// Waits until the last job is done, so that its file is free.
impl<W: Work> Drop for Worker<W> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered nobody, which is an answer.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::time::Instant;

    use super::*;

    /// Tells when it has jobs, and does them when it is let.
    struct Held {
        begun: mpsc::Sender<()>,
        go_on: mpsc::Receiver<()>,
    }

    impl Work for Held {
        type Job = usize;
        type Done = usize;

        fn work(&mut self, jobs: &[usize]) -> Vec<usize> {
            // When the test is over with them, at once.
            let _ = self.begun.send(());
            let _ = self.go_on.recv();
            jobs.to_vec()
        }

        fn tick(&mut self) {}

        fn refuses(&self) -> bool {
            false
        }
    }

    #[test]
    fn no_more_jobs_wait_for_work_that_hangs_than_there_is_room_for() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let ask = |worker: &Worker<Held>, job| {
            runtime.block_on(async { worker.ask(job, Duration::from_secs(10)).await })
        };
        let (begun, has_begun) = mpsc::channel();
        let (let_go, go_on) = mpsc::channel();
        let worker = Worker::start("held", Held { begun, go_on }).unwrap();
        let mut waiting = vec![worker.ask(0, Duration::from_secs(10))];
        has_begun.recv().unwrap();
        waiting.extend((1..=WAITING).map(|job| worker.ask(job, Duration::from_secs(10))));
        let refused_before = worker.refuses();
        let asked = Instant::now();
        let became = ask(&worker, 0);
        let (waited, refuses) = (asked.elapsed(), worker.refuses());
        drop(let_go);
        assert_eq!((refused_before, became, refuses), (false, None, true));
        assert!(waited < Duration::from_secs(5), "{waited:?}");
        for (job, became) in waiting.into_iter().enumerate() {
            assert_eq!(runtime.block_on(became), Some(job));
        }
        assert_eq!(ask(&worker, 7), Some(7));
        assert!(!worker.refuses());
    }
}
