use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;

use super::row::{Row, Verdict};
use super::writer::{Slot, Writer};
use crate::worker::{NotEnded, Worker};

/// How long a request waits for its row (B22).
const PATIENCE: Duration = Duration::from_millis(900);

/// Where messages are kept, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder. This process is the only one that writes there.
    pub folder: PathBuf,
    /// Which messages.
    pub keep: Keep,
    /// Octets of a message at most, with its attachments; of a longer one less is kept, see [`Kept`](super::Kept).
    pub message_bytes: usize,
    /// Octets of a journal, after which a file is made of it.
    pub file_bytes: u64,
    /// The time after which that is done in any case.
    pub file_age: Duration,
    /// How long files are kept when the youngest message in them has come, if not for ever.
    pub life: Option<TimeDelta>,
    /// With fewer octets free on the disk nothing is written.
    pub free_bytes: u64,
    /// What becomes of messages that cannot be kept.
    pub on_loss: OnLoss,
}

/// Which messages are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All that came whole.
    All,
    /// Those that could go to their backends.
    Passed,
    /// Those that were refused.
    Refused,
}

/// What becomes of messages that cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// They go no further, and their senders are told to come back later.
    Refuse,
    /// They go on, and that is logged and counted.
    Warn,
}

/// What a gateway got, kept.
pub struct Archive {
    worker: Worker<Writer>,
    keep: Keep,
    on_loss: OnLoss,
    message_bytes: usize,
    counts: Arc<Counts>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut archive = f.debug_struct("Archive");
        archive.field("keep", &self.keep).finish_non_exhaustive()
    }
}

/// Nobody knows whether the message is on the disk, and the archive must have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotKept;

/// Why there is no archive.
#[derive(Debug)]
pub struct OpenError(String);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message archive cannot be used: {}", self.0)
    }
}

impl std::error::Error for OpenError {}

/// What became of messages since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Rows that are on the disk.
    pub rows: u64,
    /// Their octets, in journals.
    pub bytes: u64,
    /// Rows that are not, or not known to be, and files that could not be made at an attempt.
    pub failures: u64,
    /// Files that were made.
    pub files: u64,
}

impl Archive {
    /// Opens the archive, or begins one. Of what an earlier process left, files are made in the background.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: somebody else has it open; nothing can be written there; what the system says.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        let counts = Arc::default();
        let failed = |error: std::io::Error| OpenError(error.to_string());
        let writer = Writer::open(settings, &counts).map_err(failed)?;
        Ok(Self {
            worker: Worker::start("archive", writer).map_err(failed)?,
            keep: settings.keep,
            on_loss: settings.on_loss,
            message_bytes: settings.message_bytes,
            counts,
        })
    }

    /// Octets of a message that are kept at most.
    pub fn message_bytes(&self) -> usize {
        self.message_bytes
    }

    /// Whether messages are refused at present because they could not be kept.
    pub fn refuses(&self) -> bool {
        self.on_loss == OnLoss::Refuse && self.worker.refuses()
    }

    /// Whether messages can be kept at present.
    pub fn is_available(&self) -> bool {
        !self.worker.refuses()
    }

    /// Keeps nothing more, and returns when there are files of all that was kept, after `limit` at most.
    ///
    /// # Errors
    ///
    /// [`NotEnded`]: of what is left, the next start makes files.
    pub async fn end(&self, limit: Duration) -> Result<(), NotEnded> {
        self.worker.end(limit).await
    }

    /// Counts, for metrics.
    pub fn told(&self) -> Told {
        self.counts.told()
    }

    /// Keeps `row`, if messages of its verdict are, and returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// [`NotKept`]: what it is about must not happen.
    pub async fn keep(&self, row: Row) -> Result<(), NotKept> {
        if !self.keep.takes(row.facts.verdict) {
            return Ok(());
        }
        let incident = row.facts.incident.clone();
        let waiting = Waiting(Arc::new(Mutex::new(Some(row))));
        let done = self.worker.ask(Arc::clone(&waiting.0), PATIENCE).await;
        if done.is_some_and(|done| done.is_ok()) {
            return Ok(());
        }
        self.counts.failed();
        match self.on_loss {
            OnLoss::Refuse => Err(NotKept),
            OnLoss::Warn => {
                tracing::warn!(
                    code = "archive.unavailable",
                    incident,
                    "a message goes on that is not kept"
                );
                Ok(())
            }
        }
    }
}

impl Keep {
    /// Whether messages of that verdict are kept.
    pub fn takes(self, verdict: Verdict) -> bool {
        match self {
            Self::All => true,
            Self::Passed => verdict == Verdict::Passed,
            Self::Refused => verdict == Verdict::Refused,
        }
    }
}

/// Takes the row back when nobody waits for it any more, so that a disk that hangs keeps no messages in memory.
struct Waiting(Slot);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    rows: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
    files: AtomicU64,
}

impl Counts {
    pub(super) fn kept(&self, rows: usize, bytes: u64) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn packed(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    fn told(&self) -> Told {
        Told {
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            files: self.files.load(Ordering::Relaxed),
        }
    }
}
