//! Threads that do the slow part of many requests at once: one sync of a file, one way to a server.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::{RecvTimeoutError, TrySendError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::sync::watch;

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

    /// Nothing follows: what is still to be done before it is dropped.
    ///
    /// # Errors
    ///
    /// What of that could not be done.
    fn end(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Why work has not ended as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEnded {
    /// It goes on, or hangs.
    Late,
    /// What was still to be done could not be, for that reason.
    Failed(String),
}

impl fmt::Display for NotEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("it did not end in time"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for NotEnded {}

/// What `work` gives, done by a thread of its own, which is left to it where that takes longer than `limit`: a disk of another machine may never
/// answer.
///
/// # Errors
///
/// That it took longer, or that too much else still does ([`TimedOut`](std::io::ErrorKind::TimedOut)); the system has no room for a thread; `work` panicked.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let late = |what| std::io::Error::new(std::io::ErrorKind::TimedOut, what);
    let (answer, answered) = mpsc::sync_channel(1);
    let alive = Arc::new(());
    {
        let mut threads = BOUNDED.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        if threads.len() >= MOST_BOUNDED {
            return Err(late("too much else has no answer".to_owned()));
        }
        threads.push(Arc::downgrade(&alive));
    }
    let thread = std::thread::Builder::new().name("bounded".to_owned());
    thread.spawn(move || {
        let _alive = alive;
        // Who has lost patience meanwhile does not listen.
        let _ = answer.send(work());
    })?;
    answered.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => late(format!("there is no answer after {} s", limit.as_secs())),
        RecvTimeoutError::Disconnected => std::io::Error::other("its thread panicked"),
    })
}

/// The threads of [`within`], and how many there may be.
static BOUNDED: Mutex<Vec<Weak<()>>> = Mutex::new(Vec::new());
const MOST_BOUNDED: usize = 16;

/// A thread that works.
#[derive(Debug)]
pub(crate) struct Worker<W: Work> {
    orders: Option<mpsc::SyncSender<Order<W>>>,
    thread: Option<JoinHandle<()>>,
    condition: Arc<Condition>,
    /// How it ended, when it has.
    ended: watch::Receiver<Option<Result<(), NotEnded>>>,
}

/// How the work goes, as others see it.
#[derive(Debug, Default)]
struct Condition {
    refuses: AtomicBool,
    /// Since when what is done now is done.
    busy: Mutex<Option<Instant>>,
    /// Whether it was told to end.
    ends: AtomicBool,
    /// Whether nobody waits for its end any more.
    left: AtomicBool,
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
    /// Nothing follows.
    End,
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
        let (done, ended) = watch::channel(None);
        let thread = thread.spawn(move || run(work, waiting, &told, &done))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
            condition,
            ended,
        })
    }

    /// Whether it could do nothing of late, or hangs: within a second or two of when that began or ended. Not where it was told to end.
    pub(crate) fn refuses(&self) -> bool {
        let condition = &self.condition;
        let is_gone = || self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        let refuses = || condition.refuses.load(Ordering::Relaxed) || condition.hangs() || is_gone();
        !condition.ends.load(Ordering::Relaxed) && refuses()
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

    /// Ends the work when what was asked for so far is done, and waits for `limit` at most until it is dropped; not at all where so many wait that
    /// it hangs. Who asks after that is told that nobody knows. To call it again waits again.
    ///
    /// # Errors
    ///
    /// [`NotEnded`]. Where it is late, nobody waits for its thread any more.
    pub(crate) async fn end(&self, limit: Duration) -> Result<(), NotEnded> {
        let sent = self.orders.as_ref().map(|orders| orders.try_send(Order::End));
        let told = match sent {
            Some(Err(TrySendError::Full(_))) => None,
            _ => {
                let mut ended = self.ended.clone();
                let told = tokio::time::timeout(limit, ended.wait_for(Option::is_some)).await;
                told.ok().map(|told| told.ok().and_then(|told| told.clone()))
            }
        };
        let Some(told) = told else {
            self.condition.left.store(true, Ordering::Relaxed);
            return Err(NotEnded::Late);
        };
        told.unwrap_or_else(|| Err(NotEnded::Failed("its thread panicked".to_owned())))
    }
}

fn run<W: Work>(
    mut work: W,
    waiting: mpsc::Receiver<Order<W>>,
    condition: &Condition,
    ended: &watch::Sender<Option<Result<(), NotEnded>>>,
) {
    serve(&mut work, &waiting, condition);
    condition.ends.store(true, Ordering::Relaxed);
    // Nobody else has to wait.
    drop(waiting);
    let end = work.end();
    drop(work);
    ended.send_replace(Some(end.map_err(|error| NotEnded::Failed(error.to_string()))));
}

/// Works until nothing follows.
fn serve<W: Work>(work: &mut W, waiting: &mpsc::Receiver<Order<W>>, condition: &Condition) {
    let mut ends = false;
    while !ends {
        condition.refuses.store(work.refuses(), Ordering::Relaxed);
        let first = match waiting.recv_timeout(TICK) {
            Ok(Order::Job(first)) => first,
            Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                condition.during(|| work.tick());
                continue;
            }
        };
        let next = || match waiting.try_recv().ok()? {
            Order::Job(job) => Some(job),
            Order::End => {
                ends = true;
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
        condition.refuses.store(work.refuses(), Ordering::Relaxed);
        for (done, became) in done.into_iter().zip(all_became) {
            // It may have lost patience meanwhile.
            let _ = done.send(became);
        }
    }
}

/// Waits until the last job is done, so that its file is free; not where that was done in vain.
impl<W: Work> Drop for Worker<W> {
    fn drop(&mut self) {
        self.orders = None;
        let left = self.condition.left.load(Ordering::Relaxed);
        if let Some(thread) = self.thread.take().filter(|_| !left) {
            // A thread that panicked has answered nobody, which is an answer.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::sync::atomic::AtomicUsize;

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
        assert_eq!(runtime.block_on(worker.end(Duration::from_secs(10))), Ok(()));
        assert!(ended.load(Ordering::Relaxed));
        for (job, became) in asked.into_iter().enumerate() {
            assert_eq!(runtime.block_on(became), Some(job));
        }
        assert_eq!(runtime.block_on(worker.ask(10, Duration::from_secs(10))), None);
        assert_eq!(runtime.block_on(worker.end(Duration::from_secs(10))), Ok(()));
        assert!(!worker.refuses());
    }

    #[test]
    fn an_end_that_hangs_is_waited_for_no_longer_than_is_said() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (let_go, go_on) = mpsc::channel();
        let worker = Worker::start("held", Held { begun, go_on }).unwrap();
        let _waiting = worker.ask(0, Duration::from_secs(10));
        has_begun.recv().unwrap();
        let asked = Instant::now();
        let ended = runtime.block_on(worker.end(Duration::from_millis(20)));
        assert_eq!(ended, Err(NotEnded::Late));
        drop(worker);
        assert!(asked.elapsed() < Duration::from_secs(5));
        drop(let_go);
    }

    #[test]
    fn work_that_does_not_return_is_left_and_not_without_end() {
        assert_eq!(within(Duration::from_secs(10), || 7).unwrap(), 7);
        let (hold, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let begun = Arc::new(AtomicUsize::new(0));
        let hang = || {
            let (held, begun) = (Arc::clone(&held), Arc::clone(&begun));
            let hung = within(Duration::from_millis(20), move || {
                begun.fetch_add(1, Ordering::Relaxed);
                held.lock().unwrap().recv()
            });
            hung.unwrap_err().kind()
        };
        for _ in 0..MOST_BOUNDED + 4 {
            assert_eq!(hang(), std::io::ErrorKind::TimedOut);
        }
        assert!(begun.load(Ordering::Relaxed) <= MOST_BOUNDED);
        drop(hold);
        let asked = Instant::now();
        while within(Duration::from_secs(10), || ()).is_err() {
            assert!(asked.elapsed() < Duration::from_secs(10));
        }
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
