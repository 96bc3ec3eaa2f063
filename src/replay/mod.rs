//! Where uses are remembered beyond the memory of one process: in a file, or in a Redis that several gateways share.
//!
//! Both decide nothing: [`trust::UseStore`](crate::trust::UseStore) says what they owe. Each is one thread that takes all waiting uses at once: so many
//! messages share one sync of the file, or one way to the server, and no thread of the web server waits.
//!
//! | what happens (T149) | what follows |
//! |---|---|
//! | the process ends at any time, `kill -9` too | a use was on the disk, or at the server, before its message went on; the next process refuses it |
//! | the file is lost | a new one begins, and refuses what was issued before, and everything until the allowed clock skew is over |
//! | an older copy of the file is put back | nobody can tell: what was accepted since passes again as long as it is fresh. Leave the file out of backups and snapshots, or delete it before starting, so that a new one begins |
//! | the file is damaged | the gateway does not start; while it runs, messages are told to come back later |
//! | Redis cannot be reached, or stalls | messages are told to come back later, within the time that is set for it; or, with `on_loss = "local"`, each gateway remembers for itself |
//! | a memory, a file or a Redis is full | messages are told to come back later, until something in it has ended |
//! | Redis was flushed, restarted, or another took over | its generation is not the one that was known: a new one begins, as with a file |
//! | Redis would evict entries | the gateway does not start, or does not use it again |
//! | a clock goes back (T150) | what ended before the latest time that was seen is refused, as it may have been removed |

mod connection;
mod file;
mod local;
mod server;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::DateTime;
use chrono::DurationRound;
use chrono::TimeDelta;
use chrono::Utc;

use crate::trust::ReplayStore;
use crate::worker::{Work, Worker};
use file::UseFile;
use local::Local;
use server::UseServer;

pub(crate) use connection::Connection;
pub use server::OnLoss;
pub use server::Server;

/// How uses are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many at a time, in memory or in a file; a server has limits of its own.
    pub capacity: usize,
    /// Where.
    pub place: Place,
    /// The greatest clock skew that is allowed to anybody.
    pub skew: TimeDelta,
}

/// Where uses are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the memory of the process.
    Memory,
    /// In a file of its own, which survives the process.
    File(PathBuf),
    /// In a Redis, which several gateways may share.
    Server(Arc<Server>),
}

/// Why there is no store.
#[derive(Debug)]
pub struct OpenError(String);

impl OpenError {
    pub(crate) fn new(what: String) -> Self {
        Self(what)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

/// Opens the store of uses, as of `now`. One in memory knows what was used since `since`.
///
/// # Errors
///
/// [`OpenError`]: a file is damaged or somebody else's; a server does not answer, or may not be trusted to remember.
pub fn open(settings: &Settings, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<ReplayStore, OpenError> {
    let Settings { capacity, skew, .. } = *settings;
    match &settings.place {
        Place::Memory => Ok(ReplayStore::in_memory(capacity, since)),
        Place::File(path) => {
            let file = UseFile::open(path.clone(), capacity, skew, now)?;
            Ok(ReplayStore::Elsewhere(Box::new(started(file)?)))
        }
        Place::Server(server) => {
            let uses = UseServer::open(Arc::clone(server), skew, now)?;
            Ok(ReplayStore::Elsewhere(match server.on_loss {
                OnLoss::Reject => Box::new(started(uses)?),
                OnLoss::Local => Box::new(Local::start(capacity, since, uses)?),
            }))
        }
    }
}

fn started<W: Work>(work: W) -> Result<Worker<W>, OpenError> {
    Worker::start("replay", work).map_err(|error| OpenError(error.to_string()))
}

/// From when on a store that begins at `now` knows all uses: senders write whole seconds, and their clocks may be ahead.
fn begins(now: DateTime<Utc>, skew: TimeDelta) -> DateTime<Utc> {
    let second = TimeDelta::seconds(1);
    let whole = now.duration_trunc(second).unwrap_or(now);
    let begun = whole.checked_add_signed(second.checked_add(&skew).unwrap_or(second));
    begun.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Milliseconds since 1970, the next if there is a part of one.
fn milliseconds(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis().saturating_add(1)
}

fn time(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
