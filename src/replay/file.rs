use std::fs::File;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use redb::Database;
use redb::ReadableTable;
use redb::ReadableTableMetadata;
use redb::Table;
use redb::TableDefinition;
use redb::backends::FileBackend;

use super::OpenError;
use super::begins;
use super::milliseconds;
use super::time;
use super::worker::Wanted;
use crate::trust::{ReplayError, ReplayReason, Use};
use crate::worker::Work;

/// What was used, and until when that counts.
const USES: TableDefinition<'_, [u8; 16], i64> = TableDefinition::new("uses");

/// The same, the one that ends first in front.
const ENDS: TableDefinition<'_, (i64, [u8; 16]), ()> = TableDefinition::new("ends");

/// Times of the store itself.
const TIMES: TableDefinition<'_, &str, i64> = TableDefinition::new("times");

/// From when on all uses are known.
const SINCE: &str = "since";

/// Everything that ended at this time or before it may have been removed.
const FORGOTTEN: &str = "forgotten";

/// Bytes of the file that are held in memory.
const CACHE: usize = 32 << 20;

/// How many ended entries one message removes at most while there is room.
const REMOVED_AT_ONCE: usize = 64;

/// How long nothing is tried after something failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Uses in a file. Its process is the only one that may have it open.
#[derive(Debug)]
pub(super) struct UseFile {
    path: PathBuf,
    capacity: u64,
    skew: TimeDelta,
    /// `None` after something failed: what the file has then is found out by opening it again.
    database: Option<Database>,
    /// From when on all uses are known.
    since: DateTime<Utc>,
    /// Whether there is no room.
    full: bool,
    try_again: Instant,
}

impl UseFile {
    /// Opens the file at `path`, or makes it.
    pub(super) fn open(
        path: PathBuf,
        capacity: usize,
        skew: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, OpenError> {
        let (database, since) = database(&path, skew, now).map_err(|error| {
            OpenError(format!(
                "the store of uses, {}, cannot be used: {error}; {}",
                path.display(),
                advice(&error)
            ))
        })?;
        Ok(Self {
            path,
            capacity: u64::try_from(capacity).unwrap_or(u64::MAX),
            skew,
            database: Some(database),
            since,
            full: false,
            try_again: Instant::now(),
        })
    }

    fn try_record(&mut self, wanted: &[Wanted]) -> Result<Vec<Result<(), ReplayError>>, redb::Error> {
        let now = wanted.first().map_or_else(Utc::now, |first| first.now);
        let database = match self.database.take() {
            Some(database) => database,
            None => {
                let (database, since) = database(&self.path, self.skew, now)?;
                self.since = since;
                database
            }
        };
        let writing = database.begin_write()?;
        let mut changed = false;
        let (answers, full) = {
            let mut ledger = Tables {
                uses: writing.open_table(USES)?,
                ends: writing.open_table(ENDS)?,
                times: writing.open_table(TIMES)?,
                capacity: self.capacity,
            };
            let mut answers = Vec::with_capacity(wanted.len());
            for wanted in wanted {
                changed |= ledger.remove_ended(wanted.now)?;
                let answer = ledger.record(wanted)?;
                changed |= answer.is_ok();
                answers.push(answer);
            }
            (answers, ledger.uses.len()? >= self.capacity)
        };
        if changed {
            writing.commit()?;
        } else {
            writing.abort()?;
        }
        self.database = Some(database);
        self.full = full;
        Ok(answers)
    }
}

impl Work for UseFile {
    type Job = Wanted;
    type Done = Result<(), ReplayError>;

    fn work(&mut self, wanted: &[Wanted]) -> Vec<Result<(), ReplayError>> {
        let nobody = || wanted.iter().map(|wanted| Err(wanted.unavailable())).collect();
        if self.database.is_none() && Instant::now() < self.try_again {
            return nobody();
        }
        self.try_record(wanted).unwrap_or_else(|error| {
            tracing::error!(code = "replay.store_unavailable", reason = %error, file = %self.path.display(), "uses cannot be recorded");
            self.try_again = Instant::now().checked_add(PAUSE).unwrap_or_else(Instant::now);
            nobody()
        })
    }

    fn tick(&mut self) {
        self.work(&[Wanted::nothing()]);
    }

    fn refuses(&self) -> bool {
        self.database.is_none() || self.full || Utc::now() < self.since
    }
}

struct Tables<'t> {
    uses: Table<'t, [u8; 16], i64>,
    ends: Table<'t, (i64, [u8; 16]), ()>,
    times: Table<'t, &'static str, i64>,
    capacity: u64,
}

impl Tables<'_> {
    /// Records all uses or none.
    fn record(&mut self, wanted: &Wanted) -> Result<Result<(), ReplayError>, redb::StorageError> {
        let since = self.time(SINCE)?.map_or(DateTime::<Utc>::MAX_UTC, time);
        let mut left = self.capacity.saturating_sub(self.uses.len()?);
        for one in &wanted.uses {
            if let Err(refused) = one.check(since, wanted.now) {
                return Ok(Err(refused));
            }
            if let Some(reason) = self.refusal(one, left)? {
                return Ok(Err(one.refused(reason)));
            }
            left = left.saturating_sub(1);
        }
        for one in &wanted.uses {
            let (name, until) = (*one.key.name(), milliseconds(one.until));
            self.uses.insert(name, until)?;
            self.ends.insert((until, name), ())?;
        }
        Ok(Ok(()))
    }

    fn refusal(&self, one: &Use, left: u64) -> Result<Option<ReplayReason>, redb::StorageError> {
        if self.uses.get(one.key.name())?.is_some() {
            return Ok(Some(ReplayReason::Replayed));
        }
        let forgotten = self.time(FORGOTTEN)?.unwrap_or(i64::MIN);
        if milliseconds(one.until) <= forgotten {
            let forgotten = time(forgotten);
            return Ok(Some(ReplayReason::Forgotten { forgotten }));
        }
        Ok((left == 0).then_some(ReplayReason::Full))
    }

    /// Removes some of what has ended; all of it where there is no room. Says whether there was something.
    fn remove_ended(&mut self, now: DateTime<Utc>) -> Result<bool, redb::StorageError> {
        let mut forgotten = None;
        let mut removed = 0_usize;
        while removed < REMOVED_AT_ONCE || self.uses.len()? >= self.capacity {
            let first = self.ends.first()?.map(|(key, _)| key.value());
            let Some((until, name)) = first.filter(|(until, _)| *until <= now.timestamp_millis()) else {
                break;
            };
            self.ends.remove((until, name))?;
            self.uses.remove(name)?;
            forgotten = Some(until);
            removed = removed.saturating_add(1);
        }
        if let Some(until) = forgotten.filter(|_| removed > 0) {
            let known = self.time(FORGOTTEN)?.unwrap_or(i64::MIN);
            self.times.insert(FORGOTTEN, until.max(known))?;
        }
        Ok(forgotten.is_some())
    }

    fn time(&self, name: &'static str) -> Result<Option<i64>, redb::StorageError> {
        Ok(self.times.get(name)?.map(|time| time.value()))
    }
}

/// What whoever operates the gateway can do about it.
fn advice(error: &redb::Error) -> &'static str {
    if matches!(error, redb::Error::DatabaseAlreadyOpen) {
        return "it is open in another gateway: give each a file of its own, or all of them a Redis";
    }
    "put back a good one, or remove it: what was made before the new one is then refused"
}

/// The database in the file at `path`. One that is new begins at `now`.
fn database(
    path: &Path,
    skew: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(Database, DateTime<Utc>), redb::Error> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    let database = Database::builder()
        .set_cache_size(CACHE)
        .create_with_backend(FileBackend::new(file)?)?;
    let writing = database.begin_write()?;
    let since = {
        // All three, so that no read finds one missing.
        writing.open_table(USES)?;
        writing.open_table(ENDS)?;
        let mut times = writing.open_table(TIMES)?;
        let known = times.get(SINCE)?.map(|since| since.value());
        match known {
            Some(since) => time(since),
            None => {
                let since = begins(now, skew);
                tracing::warn!(file = %path.display(), %since, "a new store of uses: what was made before is refused");
                times.insert(SINCE, since.timestamp_millis())?;
                since
            }
        }
    };
    writing.commit()?;
    // The name of a new file is durable only with its folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok((database, since))
}
