//! Threads that do the slow part of many requests at once: one sync of a file, one way to a server.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::{RecvTimeoutError, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// How many jobs are done at once.
const AT_ONCE: usize = 256;

/// How many wait at most. Whoever asks gives up after a second, so that more come only where the work hangs.
const WAITING: usize = 4096;

/// How often a worker without jobs is asked whether there is something else to do.
const TICK: Duration = Duration::from_secs(1);

/// What takes longer at a time hangs: who waits for a disk gives up a little later.
const HANGS: Duration = Duration::from_millis(800);

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
    orders: Option<mpsc::SyncSender<Order<W>>>,
    thread: Option<JoinHandle<()>>,
    condition: Arc<Condition>,
}

/// How the work goes, as others see it.
#[derive(Debug, Default)]
struct Condition {
    refuses: AtomicBool,
    /// Since when what is done now is done.
    busy: Mutex<Option<Instant>>,
}

impl Condition {
    /// What `work` gives. As long as it takes is known to others.
    fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.note(Some(Instant::now()));
        let done = work();
        self.note(None);
        done
    }

    fn note(&self, busy: Option<Instant>) {
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = busy;
    }

    fn hangs(&self) -> bool {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.is_some_and(|since| since.elapsed() >= HANGS)
    }
}

enum Order<W: Work> {
    Job(Waiting<W>),
    /// Nothing follows. It is answered when the work is dropped.
    End(oneshot::Sender<()>),
}

struct Waiting<W: Work> {
    job: W::Job,
    done: oneshot::Sender<W::Done>,
}

impl<W: Work> Worker<W> {
    /// Starts a thread of that name.
    pub(crate) fn start(name: &str, work: W) -> std::io::Result<Self> {
        let (orders, waiting) = mpsc::sync_channel(WAITING);
        let thread = std::thread::Builder::new().name(name.to_owned());
        let condition = Arc::new(Condition::default());
        condition.refuses.store(work.refuses(), Ordering::Relaxed);
        let told = Arc::clone(&condition);
        let thread = thread.spawn(move || run(work, &waiting, &told))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
            condition,
        })
    }

    /// Whether it could do nothing of late, or hangs: within a second or two of when that began or ended.
    pub(crate) fn refuses(&self) -> bool {
        let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        ended || self.condition.refuses.load(Ordering::Relaxed) || self.condition.hangs()
    }

    /// Has `job` done, and waits for `patience` at most. `None` if nobody knows what became of it, at once where too many wait already.
    pub(crate) fn ask(
        &self,
        job: W::Job,
        patience: Duration,
    ) -> impl Future<Output = Option<W::Done>> + Send + use<W> {
        let (done, told) = oneshot::channel();
        let order = Order::Job(Waiting { job, done });
        let sent = self.orders.as_ref().map(|orders| orders.try_send(order));
        // Where it was not taken, or the thread has ended, `told` says so.
        if matches!(sent, Some(Err(TrySendError::Full(_)))) {
            self.condition.refuses.store(true, Ordering::Relaxed);
        }
        async move { tokio::time::timeout(patience, told).await.ok()?.ok() }
    }

    /// Ends the work when what was asked for so far is done, and waits until it is dropped; not where so many wait that it hangs. Who asks
    /// after that is told that nobody knows.
    pub(crate) async fn end(&self) {
        let (done, ended) = oneshot::channel();
        let sent = self
            .orders
            .as_ref()
            .map(|orders| orders.try_send(Order::End(done)));
        if let Some(Ok(())) = sent {
            // A thread that has ended before has nothing left to do.
            let _ = ended.await;
        }
    }
}

fn run<W: Work>(mut work: W, waiting: &mpsc::Receiver<Order<W>>, condition: &Condition) {
    let refuses = &condition.refuses;
    let mut ending: Option<oneshot::Sender<()>> = None;
    loop {
        if let Some(done) = ending {
            drop(work);
            // Who asked for the end may be gone.
            let _ = done.send(());
            return;
        }
        refuses.store(work.refuses(), Ordering::Relaxed);
        let first = match waiting.recv_timeout(TICK) {
            Ok(Order::Job(first)) => first,
            Ok(Order::End(done)) => {
                ending = Some(done);
                continue;
            }
            Err(RecvTimeoutError::Timeout) => {
                condition.during(|| work.tick());
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let next = || match waiting.try_recv().ok()? {
            Order::Job(job) => Some(job),
            Order::End(done) => {
                ending = Some(done);
                None
            }
        };
        // Whoever does not wait any more has told its client that it was not done.
        let all = std::iter::once(first)
            .chain(std::iter::from_fn(next).take(AT_ONCE))
            .filter(|waiting| !waiting.done.is_closed());
        let (jobs, done): (Vec<_>, Vec<_>) = all.map(|waiting| (waiting.job, waiting.done)).unzip();
        let all_became = condition.during(|| work.work(&jobs));
        // Whoever is answered finds it so.
        refuses.store(work.refuses(), Ordering::Relaxed);
        for (done, became) in done.into_iter().zip(all_became) {
            // It may have lost patience meanwhile.
            let _ = done.send(became);
        }
    }
}

/// Waits until the last job is done, so that its file is free.
impl<W: Work> Drop for Worker<W> {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered nobody, which is an answer.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
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

    /// Takes its time to end.
    struct Slow(Arc<AtomicBool>);

    impl Work for Slow {
        type Job = usize;
        type Done = usize;

        fn work(&mut self, jobs: &[usize]) -> Vec<usize> {
            jobs.to_vec()
        }

        fn tick(&mut self) {}

        fn refuses(&self) -> bool {
            false
        }
    }

    impl Drop for Slow {
        fn drop(&mut self) {
            std::thread::sleep(Duration::from_millis(200));
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_was_asked_for_before_the_end_is_done_and_the_end_is_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let worker = Worker::start("slow", Slow(Arc::clone(&ended))).unwrap();
        let asked: Vec<_> = (0..10)
            .map(|job| worker.ask(job, Duration::from_secs(10)))
            .collect();
        runtime.block_on(worker.end());
        assert!(ended.load(Ordering::Relaxed));
        for (job, became) in asked.into_iter().enumerate() {
            assert_eq!(runtime.block_on(became), Some(job));
        }
        assert_eq!(runtime.block_on(worker.ask(10, Duration::from_secs(10))), None);
        runtime.block_on(worker.end());
    }

    #[test]
    fn work_that_hangs_refuses_until_it_goes_on() {
        let (begun, has_begun) = mpsc::channel();
        let (let_go, go_on) = mpsc::channel();
        let worker = Worker::start("held", Held { begun, go_on }).unwrap();
        let _waiting = worker.ask(0, Duration::from_secs(10));
        has_begun.recv().unwrap();
        assert!(!worker.refuses());
        std::thread::sleep(HANGS);
        assert!(worker.refuses());
        drop(let_go);
        let asked = Instant::now();
        while worker.refuses() {
            assert!(asked.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(5));
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
