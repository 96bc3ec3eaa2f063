use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::journal::{Journal, Replay, Writer};
use super::queue::Window;
use super::row::Row;
use super::source::{Ended, Item, PassedOver, Reading, Sink, Source, Stamp, walk};
use super::validation_reports::Packed;

/// A job, ready to run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'r> {
    /// Where the messages are.
    pub sources: &'r [Source],
    /// How they are read.
    pub reading: &'r Reading,
    /// Threads that judge.
    pub workers: usize,
    /// Set by somebody else: stop as soon as what is under way is written.
    pub stop: &'r AtomicBool,
}

/// What a judge says of a message.
#[derive(Debug)]
pub struct Judged {
    /// For reports.
    pub row: Row,
    /// The line of `results.jsonl`, with its end.
    pub result: String,
    /// The validation report, where they are kept.
    pub report: io::Result<Option<Packed>>,
}

/// Who is told how the job goes on, all from one thread.
pub trait Observer {
    /// A result has been written, or had been by an earlier process; in order. Its line of the journal begins `line` bytes into that.
    fn written(&mut self, row: &Row, line: u64, was: Written);

    /// All sources have been walked: how much in them was no message, by the reason.
    fn passed_over(&mut self, counts: BTreeMap<PassedOver, u64>);

    /// So many more bytes of the sources have been read.
    fn advanced(&mut self, bytes: u64);

    /// Some time has passed.
    fn tick(&mut self);
}

/// When a result was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// By an earlier process.
    Before,
    /// Now.
    Now,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stopped {
    /// Every message has its result.
    AtEnd,
    /// It was told to stop, and can go on.
    Early,
}

/// The machine failed.
#[derive(Debug)]
pub struct RunError(io::Error);

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the results cannot be written: {}", self.0)
    }
}

impl std::error::Error for RunError {}

/// Messages under way, for each worker.
const MOST: usize = 128;
/// Bytes that they may hold together.
const MOST_BYTES: u64 = 64 << 20;
/// Messages that a worker takes at once, if they are there, and so many bytes of them: waking another thread for each message costs as
/// much as parsing it does.
const AT_ONCE: usize = 32;
const AT_ONCE_BYTES: u64 = 256 << 10;
/// What waits is written after this time, at the latest.
const COMMIT: Duration = Duration::from_millis(100);

enum Message {
    /// Written by an earlier process, and where its line of the journal begins.
    Known(Box<Row>, u64),
    /// Everything from here on is new.
    Begun(io::Result<Box<Writer>>),
    Judged(Vec<Done>),
    /// What was passed over in all sources.
    PassedOver(BTreeMap<PassedOver, u64>),
}

/// A message that was judged.
struct Done {
    number: u64,
    judged: Judged,
    held: u64,
}

impl Run<'_> {
    /// Judges every message that `journal` does not know yet, with `judge`.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn run(
        &self,
        journal: &Journal,
        judge: &(dyn Fn(Item) -> Judged + Sync),
        observer: &mut dyn Observer,
    ) -> Result<Stopped, RunError> {
        let workers = self.workers.max(1);
        let most = workers.saturating_mul(MOST);
        let window = Window::new(most, MOST_BYTES);
        let replay = journal.replay().map_err(RunError)?;
        let (queue, queued) = sync_channel(most);
        let (results, messages) = sync_channel(most);
        let queued = Mutex::new(queued);
        let advanced = AtomicU64::new(0);
        let written = thread::scope(|scope| {
            let mut reader = Reader {
                run: self,
                journal,
                window: &window,
                advanced: &advanced,
                replay: Some(replay),
                known: 0,
                next: 0,
                passed_over: BTreeMap::new(),
                queue,
                results: results.clone(),
            };
            scope.spawn(move || reader.read());
            for _ in 0..workers {
                let (queued, results) = (&queued, results.clone());
                scope.spawn(move || work(queued, &results, judge));
            }
            drop(results);
            collect(&messages, &window, &advanced, observer)
        });
        written.map_err(RunError)?;
        let is_early = self.stop.load(Ordering::Relaxed);
        Ok(if is_early { Stopped::Early } else { Stopped::AtEnd })
    }
}

/// Walks the sources: first along the journal, then ahead of the workers.
struct Reader<'r> {
    run: &'r Run<'r>,
    journal: &'r Journal,
    window: &'r Window,
    /// Bytes of the sources that have been read and of which the observer has not been told.
    advanced: &'r AtomicU64,
    replay: Option<Replay>,
    /// The bytes of the message that an earlier process judged last.
    known: u64,
    next: u64,
    passed_over: BTreeMap<PassedOver, u64>,
    queue: SyncSender<(u64, Item)>,
    results: SyncSender<Message>,
}

impl Reader<'_> {
    fn read(&mut self) {
        // It ends early only where it was told to.
        let _ = walk(self.run.sources, self.run.reading, self);
        self.begin();
        let passed_over = std::mem::take(&mut self.passed_over);
        self.send(Message::PassedOver(passed_over));
    }

    /// Ends the replay. What the journal says beyond this place is of an archive that has changed since, and is judged anew.
    fn begin(&mut self) {
        if let Some(replay) = self.replay.take() {
            let is_stopped = self.run.stop.load(Ordering::Relaxed);
            if !is_stopped {
                let writer = self.journal.append(&replay).map(Box::new);
                self.send(Message::Begun(writer));
            }
        }
    }

    fn send(&self, message: Message) {
        // The collector outlives every sender.
        let _ = self.results.send(message);
    }
}

impl Sink for Reader<'_> {
    fn wants(&mut self, path: &str, stamp: Stamp) -> bool {
        let Some(replay) = &mut self.replay else {
            return true;
        };
        if self.run.stop.load(Ordering::Relaxed) {
            return true;
        }
        if !replay.is_next(path, stamp) {
            self.begin();
            return true;
        }
        if let Some((row, line)) = replay.take() {
            self.known = row.bytes;
            self.send(Message::Known(row.into(), line));
        }
        false
    }

    fn known(&self) -> u64 {
        self.known
    }

    fn take(&mut self, item: Item) -> Result<(), Ended> {
        if self.run.stop.load(Ordering::Relaxed) || !self.window.enter(item.body.held()) {
            return Err(Ended::Stopped);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.queue.send((number, item)).map_err(|_| Ended::Stopped)
    }

    fn passed_over(&mut self, what: PassedOver) {
        let count = self.passed_over.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    fn advanced(&mut self, bytes: u64) {
        self.advanced.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn work(
    queued: &Mutex<Receiver<(u64, Item)>>,
    results: &SyncSender<Message>,
    judge: &(dyn Fn(Item) -> Judged + Sync),
) {
    loop {
        let taken = take(queued);
        if taken.is_empty() {
            return;
        }
        let judged = taken.into_iter().map(|(number, item)| Done {
            number,
            held: item.body.held(),
            judged: judge(item),
        });
        if results.send(Message::Judged(judged.collect())).is_err() {
            return;
        }
    }
}

/// The next messages, and none where there will be none.
fn take(queued: &Mutex<Receiver<(u64, Item)>>) -> Vec<(u64, Item)> {
    let queued = queued.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = Vec::new();
    let mut bytes = 0_u64;
    let mut next = queued.recv().ok();
    while let Some((number, item)) = next {
        bytes = bytes.saturating_add(item.bytes());
        taken.push((number, item));
        let is_enough = taken.len() >= AT_ONCE || bytes >= AT_ONCE_BYTES;
        next = if is_enough { None } else { queued.try_recv().ok() };
    }
    taken
}

/// Puts the results into order and writes them.
fn collect(
    messages: &Receiver<Message>,
    window: &Window,
    advanced: &AtomicU64,
    observer: &mut dyn Observer,
) -> io::Result<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 0_u64;
    let mut writer: Option<Box<Writer>> = None;
    let mut failed = Ok(());
    loop {
        observer.advanced(advanced.swap(0, Ordering::Relaxed));
        observer.tick();
        let message = match messages.recv_timeout(COMMIT) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => {
                keep_first(
                    &mut failed,
                    writer.as_deref_mut().map_or(Ok(()), Writer::commit),
                    window,
                );
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match message {
            Message::Known(row, line) => observer.written(&row, line, Written::Before),
            Message::Begun(Ok(begun)) => writer = Some(begun),
            Message::Begun(Err(error)) => keep_first(&mut failed, Err(error), window),
            Message::PassedOver(counts) => observer.passed_over(counts),
            Message::Judged(judged) => waiting.extend(judged.into_iter().map(|done| (done.number, done))),
        }
        let (mut written, mut bytes) = (0_usize, 0_u64);
        while let Some(Done { judged, held, .. }) = waiting.remove(&next) {
            next = next.saturating_add(1);
            if let (Some(writer), Ok(())) = (&mut writer, &failed) {
                observer.written(&judged.row, writer.next_line(), Written::Now);
                let appended = judged
                    .report
                    .and_then(|report| writer.append(judged.row, judged.result.as_bytes(), report.as_ref()));
                keep_first(&mut failed, appended, window);
            }
            written = written.saturating_add(1);
            bytes = bytes.saturating_add(held);
        }
        window.leave(written, bytes);
    }
    failed?;
    writer.map_or(Ok(()), |writer| writer.finish())
}

/// The first failure is the one that is told, and nothing is read after it.
fn keep_first(failed: &mut io::Result<()>, result: io::Result<()>, window: &Window) {
    if result.is_err() {
        window.close();
        if failed.is_ok() {
            *failed = result;
        }
    }
}
