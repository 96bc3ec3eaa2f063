use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::entry::Entry;
use super::writer::Writer;
use crate::crypto::Identity;
use crate::worker::{NotEnded, Worker};

/// How long a request waits for its record (B22).
const PATIENCE: Duration = Duration::from_millis(900);

/// Where the log is, and who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder of the segments. This process is the only one that writes there.
    pub folder: PathBuf,
    /// Where checkpoints are appended to as well, best on another machine.
    pub export: Option<PathBuf>,
    /// Who signs checkpoints. Its key should be used for nothing else.
    pub signer: Identity,
    /// Octets of a segment, after which the next one begins.
    pub segment_bytes: u64,
}

/// The audit log of a gateway.
#[derive(Debug)]
pub struct Log {
    worker: Worker<Writer>,
}

/// Nobody knows whether a record is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecorded;

/// Why there is no log.
#[derive(Debug)]
pub struct OpenError(pub(super) String);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the audit log cannot be used: {}", self.0)
    }
}

impl std::error::Error for OpenError {}

impl Log {
    /// Opens the log, or begins one.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: somebody else has it open; it is damaged as no crash damages it; what the system says.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        let writer = Writer::open(settings).map_err(|error| OpenError(error.to_string()))?;
        let worker = Worker::start("audit", writer).map_err(|error| OpenError(error.to_string()))?;
        Ok(Self { worker })
    }

    /// Whether nothing could be recorded of late.
    pub fn refuses(&self) -> bool {
        self.worker.refuses()
    }

    /// Records nothing more, and returns when what was recorded is signed, after `limit` at most.
    ///
    /// # Errors
    ///
    /// [`NotEnded`]: why it may not be.
    pub async fn end(&self, limit: Duration) -> Result<(), NotEnded> {
        self.worker.end(limit).await
    }

    /// Records `entry`, and returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`]: what it is about must not happen.
    pub async fn record(&self, entry: &Entry) -> Result<(), NotRecorded> {
        let Ok(json) = serde_json::to_string(entry) else {
            return Err(NotRecorded);
        };
        let members = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let members = members.unwrap_or_default().to_owned();
        let done = self.worker.ask(members, PATIENCE).await;
        done.unwrap_or(Err(NotRecorded))
    }
}
