use std::collections::VecDeque;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::journal::{Encoded, Written};
use super::keeper::{Counts, NotKept, Settings};
use super::name;
use super::pack::Packer;
use super::proofs::Proofs;
use super::record::Mark;
use super::retention::Retention;
use super::row::Row;
use crate::durable;
use crate::durable::Segment;
use crate::worker::Work;

/// How long nothing is tried after something failed, and how long it is not told again.
const PAUSE: Duration = Duration::from_millis(200);
const QUIET: Duration = Duration::from_secs(10);

/// The folder of what is no file yet, in that of the files. Who reads a folder of files passes it over.
const WORKING: &str = ".journal";

/// A row, as long as somebody waits for it.
pub(super) type Slot = Arc<Mutex<Option<Row>>>;

/// The one who appends to journals.
pub(super) struct Writer {
    folder: PathBuf,
    /// That of the journals.
    working: PathBuf,
    file_bytes: u64,
    file_age: Duration,
    free_bytes: u64,
    counts: Arc<Counts>,
    proofs: Proofs,
    journal: Option<Journal>,
    /// While nothing can be kept: when to try again.
    try_again: Option<Instant>,
    told: Option<Instant>,
    packer: Option<(mpsc::Sender<PathBuf>, JoinHandle<()>)>,
    /// While this is open and locked, nobody else writes.
    _lock: File,
}

struct Journal {
    path: PathBuf,
    /// The time in its name.
    time: DateTime<Utc>,
    /// The mark in it.
    mark: Mark,
    segment: Segment,
    begun: Instant,
    written: Written,
}

impl Writer {
    pub(super) fn open(settings: &Settings, counts: &Arc<Counts>) -> io::Result<Self> {
        let folder = &settings.folder;
        let working = folder.join(WORKING);
        DirBuilder::new().recursive(true).mode(0o700).create(&working)?;
        let lock = durable::lock(&working)?;
        let retention = Retention {
            folder: folder.clone(),
            working: working.clone(),
            life: settings.life,
        };
        // Before anything is written, for which there may be no room otherwise.
        retention.remove_half_made();
        retention.remove_old();
        let left = name::list(&working, name::journal_time)?;
        warn_of_the_future(&left, &name::list(folder, name::packed_time)?);
        let packer = Packer {
            folder: folder.clone(),
            working: working.clone(),
            retention,
            counts: Arc::clone(counts),
            journals: left.into_iter().map(|(_, path)| path).collect::<VecDeque<_>>(),
        };
        let (journals, more) = mpsc::channel();
        let thread = std::thread::Builder::new().name("archive-pack".to_owned());
        let mut writer = Self {
            folder: folder.clone(),
            working,
            file_bytes: settings.file_bytes,
            file_age: settings.file_age,
            free_bytes: settings.free_bytes,
            counts: Arc::clone(counts),
            proofs: Proofs::open(folder)?,
            journal: None,
            try_again: None,
            told: None,
            packer: None,
            _lock: lock,
        };
        // An archive that cannot be written to is found out at start.
        writer.begin()?;
        writer.packer = Some((journals, thread.spawn(move || packer.run(&more))?));
        Ok(writer)
    }

    /// The journal to append to.
    fn begin(&mut self) -> io::Result<&mut Journal> {
        self.end_old();
        let free = rustix::fs::statvfs(&self.working)?;
        if free.f_bavail.saturating_mul(free.f_frsize) < self.free_bytes {
            let what = format!("less than {} bytes of the disk are free", self.free_bytes);
            return Err(io::Error::new(io::ErrorKind::StorageFull, what));
        }
        let journal = match self.journal.take() {
            Some(journal) => journal,
            None => {
                let time = free_time(&self.folder, &self.working, Utc::now())?;
                let mark = Mark::random()?;
                let path = name::of_journal(&self.working, time, mark);
                let segment = Segment::create(&path, 0o600)?;
                durable::sync_folder(&self.working)?;
                Journal {
                    path,
                    time,
                    mark,
                    segment,
                    begun: Instant::now(),
                    written: Written::new(),
                }
            }
        };
        Ok(self.journal.insert(journal))
    }

    /// Appends `rows`, and returns when they are on the disk.
    fn append(&mut self, rows: &[Row]) -> io::Result<()> {
        let file_bytes = self.file_bytes;
        let kept = rows.iter().map(|row| self.proofs.keep(&row.cleared_by));
        let revocation = kept.collect::<io::Result<Vec<_>>>()?;
        let journal = self.begin()?;
        let before = journal.segment.length;
        let appended = journal.append(rows, revocation);
        let after = journal.segment.length;
        // After an error nothing is tried again on the same file.
        if appended.is_err() || after >= file_bytes {
            self.end_journal();
        }
        appended?;
        self.counts.kept(rows.len(), after.saturating_sub(before));
        Ok(())
    }

    /// Ends a journal whose time is over.
    fn end_old(&mut self) {
        let age = self.file_age;
        if self.journal.as_ref().is_some_and(|journal| journal.is_old(age)) {
            self.end_journal();
        }
    }

    /// Nothing is appended to the present journal any more.
    fn end_journal(&mut self) {
        if let (Some(journal), Some((packer, _))) = (self.journal.take(), &self.packer) {
            // Where its thread has ended, the next start does its work.
            let _ = packer.send(journal.path);
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.try_again = Instant::now().checked_add(PAUSE);
        if self.told.is_none_or(|at| at.elapsed() >= QUIET) {
            self.told = Some(Instant::now());
            tracing::error!(code = "archive.unavailable", reason = %error, folder = %self.working.display(), "messages cannot be kept");
        }
    }
}

/// `now`, or the first time after it by which neither a journal nor a file is called: the clock may have been set back.
fn free_time(folder: &Path, working: &Path, now: DateTime<Utc>) -> io::Result<DateTime<Utc>> {
    let mut time = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
    // A journal becomes a file before it is removed, so that one of both is found.
    let journals = name::list(working, name::journal_time)?;
    while journals.iter().any(|(taken, _)| *taken == time) || name::of_packed(folder, time).exists() {
        let later = time.checked_add_signed(TimeDelta::microseconds(1));
        time = later.ok_or_else(|| io::Error::other("the clock is at the end of time"))?;
    }
    Ok(time)
}

/// Says once of what is called by a time that is still to come, that the clock was wrong then or is now.
fn warn_of_the_future(journals: &[(DateTime<Utc>, PathBuf)], files: &[(DateTime<Utc>, PathBuf)]) {
    let now = Utc::now();
    let ahead = journals.iter().chain(files).filter(|(time, _)| *time > now);
    if let Some((_, path)) = ahead.clone().max() {
        tracing::warn!(code = "archive.clock", files = ahead.count(), last = %path.display(), "files of messages have times in their names that are still to come: the clock was wrong, or is");
    }
}

impl Journal {
    /// Whether it is of that age, also by a clock that was set meanwhile.
    fn is_old(&self, age: Duration) -> bool {
        let by_clock = Utc::now().signed_duration_since(self.time).to_std();
        self.begun.elapsed() >= age || by_clock.is_ok_and(|by_clock| by_clock >= age)
    }

    fn append(&mut self, rows: &[Row], revocation: Vec<Vec<String>>) -> io::Result<()> {
        let mut all = Vec::new();
        for (row, revocation) in rows.iter().zip(revocation) {
            let encoded = Encoded::of(row, revocation, self.mark, &self.written)?;
            self.written.extend(encoded.news.iter().cloned());
            all.push(encoded);
        }
        self.segment.append(all.iter().flat_map(Encoded::pieces))
    }
}

impl Work for Writer {
    type Job = Slot;
    type Done = Result<(), NotKept>;

    fn work(&mut self, jobs: &[Slot]) -> Vec<Self::Done> {
        let pausing = self.try_again.is_some_and(|then| Instant::now() < then);
        let taken = jobs
            .iter()
            .map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        // Whoever does not wait any more has taken the row back.
        let (there, rows): (Vec<bool>, Vec<Option<Row>>) = taken.map(|row| (row.is_some(), row)).unzip();
        let rows: Vec<Row> = rows.into_iter().flatten().collect();
        let kept = if pausing {
            Err(NotKept)
        } else {
            match self.append(&rows) {
                Ok(()) => {
                    self.try_again = None;
                    Ok(())
                }
                Err(error) => {
                    self.failed(&error);
                    Err(NotKept)
                }
            }
        };
        let became = |there| if there { kept } else { Err(NotKept) };
        there.into_iter().map(became).collect()
    }

    fn refuses(&self) -> bool {
        self.try_again.is_some()
    }

    fn tick(&mut self) {
        if self.refuses() {
            match self.begin().map(drop) {
                Ok(()) => self.try_again = None,
                Err(error) => self.failed(&error),
            }
        }
        self.end_old();
    }

    /// Where a process has the time, there are files of all its messages when it ends.
    fn end(&mut self) -> io::Result<()> {
        self.end_journal();
        if let Some((journals, thread)) = self.packer.take() {
            drop(journals);
            // What it did not do, the next start does.
            let _ = thread.join();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn no_two_journals_have_one_time_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp_micros(1_600_000_000_000_000).unwrap();
        let free = |now| free_time(folder.path(), folder.path(), now).unwrap();
        let after = |microseconds| now + TimeDelta::microseconds(microseconds);
        assert_eq!(free(now), now);
        assert_eq!(free(now + TimeDelta::nanoseconds(999)), now);
        let journal = name::of_journal(folder.path(), now, Mark::random().unwrap());
        std::fs::write(journal, "").unwrap();
        std::fs::write(name::of_packed(folder.path(), after(1)), "").unwrap();
        assert_eq!(
            (free(now), free(after(1)), free(after(-1))),
            (after(2), after(2), after(-1))
        );
    }

    #[test]
    fn a_journal_is_old_by_its_name_too_if_the_clock_was_set() {
        let folder = tempfile::tempdir().unwrap();
        let age = Duration::from_secs(3600);
        for (minutes, is_old) in [
            (-90, false),
            (0, false),
            (59, false),
            (60, true),
            (1_000_000, true),
        ] {
            let time = Utc::now() - TimeDelta::minutes(minutes);
            let mark = Mark::random().unwrap();
            let path = name::of_journal(folder.path(), time, mark);
            let journal = Journal {
                segment: Segment::create(&path, 0o600).unwrap(),
                path,
                time,
                mark,
                begun: Instant::now(),
                written: Written::new(),
            };
            assert_eq!(journal.is_old(age), is_old, "{minutes}");
        }
    }
}
