//! Threads that do the slow part of many requests at once: one sync of a file, one way to a server.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// How many jobs are done at once.
const AT_ONCE: usize = 256;

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
    jobs: Option<mpsc::Sender<Waiting<W>>>,
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
        let (jobs, waiting) = mpsc::channel();
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

    /// Has `job` done, and waits for `patience` at most. `None` if nobody knows what became of it.
    pub(crate) fn ask(
        &self,
        job: W::Job,
        patience: Duration,
    ) -> impl Future<Output = Option<W::Done>> + Send + use<W> {
        let (done, told) = oneshot::channel();
        let jobs = self.jobs.as_ref();
        // Where the thread has ended, `told` says so.
        let _ = jobs.map(|jobs| jobs.send(Waiting { job, done }));
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
