mod disk;
mod line;

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::row::Row;
use super::source::Stamp;
use super::validation_reports::{self, Packed};
use disk::Disk;
use line::Entry;

/// What a job has done: `results.jsonl` for whoever wants the results, `validation-reports.zip` where these are asked for, and beside them
/// `journal.jsonl` with a short line a result.
///
/// All are only appended to, the result first. What the last complete line of the journal says is what counts; anything behind it
/// was being written when the process ended, and is cut off by the next one.
#[derive(Debug)]
pub struct Journal {
    results: File,
    journal: File,
    /// The validation reports, where they are kept.
    reports: Option<File>,
    paths: Paths,
    header: Header,
}

#[derive(Clone, Debug)]
struct Paths {
    results: PathBuf,
    journal: PathBuf,
    reports: PathBuf,
}

/// The first line of a journal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Header {
    #[serde(flatten)]
    identity: Identity,
    /// What "now" is in this job.
    started: DateTime<Utc>,
}

/// What of a row tells which message it is.
#[derive(Deserialize)]
pub(super) struct Named {
    /// As [`Row::source`].
    pub(super) source: String,
    /// As [`Row::sha256`].
    pub(super) sha256: Option<String>,
}

/// Why there is no journal.
#[derive(Debug)]
pub enum JournalError {
    /// The results in the folder are those of another job: what is other, so far as that is known.
    OtherJob(Vec<String>),
    /// Another process is at work there.
    InUse,
    /// It cannot be read or written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherJob(what) => {
                let what = match what.as_slice() {
                    [] => "sources, options, trust, or another version".to_owned(),
                    what => what.join(", "),
                };
                write!(
                    f,
                    "the folder holds results of another job (other {what}): name another folder"
                )
            }
            Self::InUse => f.write_str("another process is at work in this folder"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.to_string_lossy()),
        }
    }
}

impl std::error::Error for JournalError {}

impl Journal {
    /// The journal of `job` in `folder`, which is made where it is missing. `now` is when it starts, if it has not yet.
    ///
    /// # Errors
    /// The folder is another job's, in use, or cannot be written.
    pub fn open(folder: &Path, job: &Identity, now: DateTime<Utc>) -> Result<Self, JournalError> {
        let paths = Paths {
            results: folder.join("results.jsonl"),
            journal: folder.join("journal.jsonl"),
            reports: folder.join(validation_reports::FILE),
        };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| JournalError::Io(path, error)
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let journal = open(&paths.journal).map_err(failed(&paths.journal))?;
        match journal.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse),
            Err(TryLockError::Error(error)) => return Err(JournalError::Io(paths.journal, error)),
        }
        let results = open(&paths.results).map_err(failed(&paths.results))?;
        let found = header(&journal).map_err(failed(&paths.journal))?;
        let header = match found {
            Some(None) => return Err(JournalError::OtherJob(vec!["form of the journal".to_owned()])),
            Some(Some(header)) if header.identity.job == job.job => header,
            Some(Some(header)) => return Err(JournalError::OtherJob(header.identity.differs_in(job))),
            None => {
                // Results without a journal are not ours to overwrite.
                let is_foreign = results.metadata().map_err(failed(&paths.results))?.len() > 0;
                let is_reported = paths.reports.metadata().is_ok_and(|file| file.len() > 0);
                if is_foreign || is_reported {
                    return Err(JournalError::OtherJob(Vec::new()));
                }
                let header = Header {
                    identity: job.clone(),
                    started: now,
                };
                begin(&journal, &header).map_err(failed(&paths.journal))?;
                header
            }
        };
        Ok(Self {
            results,
            journal,
            reports: None,
            paths,
            header,
        })
    }

    /// It, which keeps validation reports too. Whether a job does is part of what it is.
    ///
    /// # Errors
    /// Their file cannot be written.
    pub fn with_validation_reports(self) -> Result<Self, JournalError> {
        let path = &self.paths.reports;
        let reports = open(path).map_err(|error| JournalError::Io(path.clone(), error))?;
        Ok(Self {
            reports: Some(reports),
            ..self
        })
    }

    /// When the job started.
    pub fn started(&self) -> DateTime<Utc> {
        self.header.started
    }

    /// Everything written so far, in order.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn rows(&self) -> io::Result<impl Iterator<Item = Row> + use<>> {
        let mut replay = self.replay()?;
        Ok(std::iter::from_fn(move || replay.take().map(|(row, _)| row)))
    }

    /// Its lines, by their places.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn lines(&self) -> io::Result<Lines> {
        Ok(Lines {
            input: BufReader::with_capacity(1 << 12, File::open(&self.paths.journal)?),
            at: 0,
            line: Vec::new(),
        })
    }

    /// What was written before, to go on behind it.
    pub(super) fn replay(&self) -> io::Result<Replay> {
        let length = |file: &File| file.metadata().map(|metadata| metadata.len());
        let reports = self.reports.as_ref().map_or(Ok(0), length)?;
        Replay::of(&self.paths, length(&self.results)?, reports)
    }

    /// Cuts off what comes after `replay`, and goes on there; not where it is damaged as no crash damages it.
    pub(super) fn append(&self, replay: &Replay) -> io::Result<Writer> {
        if replay.is_damaged || !self.ends_a_result(replay.result_end)? {
            let what = format!(
                "{} is damaged at byte {} or before it, as no crash damages it: name another folder",
                self.paths.journal.display(),
                replay.end
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.results.set_len(replay.result_end)?;
        self.journal.set_len(replay.end)?;
        let (mut results, mut journal) = (self.results.try_clone()?, self.journal.try_clone()?);
        results.seek(SeekFrom::Start(replay.result_end))?;
        journal.seek(SeekFrom::Start(replay.end))?;
        let reports = self.reports.as_ref().map(|reports| {
            reports.set_len(replay.report_end)?;
            let mut reports = reports.try_clone()?;
            reports.seek(SeekFrom::Start(replay.report_end))?;
            let path = &self.paths.reports;
            validation_reports::Writer::new(reports, path, replay.report_end)
        });
        Ok(Writer {
            disk: Disk::of([Some(&self.results), self.reports.as_ref(), Some(&self.journal)])?,
            reports: reports.transpose()?,
            results: BufWriter::with_capacity(1 << 16, results),
            journal,
            pending: Vec::new(),
            committed: replay.end,
            end: replay.result_end,
        })
    }
}

impl Journal {
    /// Whether the results have the end of a line before `end`.
    fn ends_a_result(&self, end: u64) -> io::Result<bool> {
        let Some(last) = end.checked_sub(1) else {
            return Ok(true);
        };
        let mut octet = [0];
        self.results.read_exact_at(&mut octet, last)?;
        Ok(octet == *b"\n")
    }
}

/// A link would lead out of the folder, to where whoever put it there may not write.
fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(flags)
        .open(path)
}

/// The first line; none where there is no complete one. What it says, if it has a checksum.
fn header(mut journal: &File) -> io::Result<Option<Option<Header>>> {
    journal.seek(SeekFrom::Start(0))?;
    let mut line = Vec::new();
    BufReader::new(journal.take(1 << 16)).read_until(b'\n', &mut line)?;
    line.ends_with(b"\n")
        .then(|| line::read_header(&line))
        .transpose()
}

fn begin(mut journal: &File, header: &Header) -> io::Result<()> {
    journal.set_len(0)?;
    journal.seek(SeekFrom::Start(0))?;
    journal.write_all(&line::write_header(header)?)?;
    journal.sync_data()
}

/// The lines of a journal by their places, of which those that follow one another are read together.
pub(super) struct Lines {
    input: BufReader<File>,
    at: u64,
    line: Vec<u8>,
}

impl Lines {
    /// Of the message whose line begins `line` bytes into the journal.
    ///
    /// # Errors
    /// The file cannot be read, or no message is there.
    pub(super) fn named(&mut self, line: u64) -> io::Result<Named> {
        let distance = line.checked_signed_diff(self.at);
        self.input
            .seek_relative(distance.ok_or(io::ErrorKind::InvalidInput)?)?;
        self.line.clear();
        let length = self.input.read_until(b'\n', &mut self.line)?;
        self.at = line.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        let entry = Entry::<Named>::read(&self.line).ok_or(io::ErrorKind::InvalidData)?;
        Ok(entry.row)
    }
}

/// The lines of a journal, one after the other.
pub(super) struct Replay {
    input: BufReader<File>,
    line: Vec<u8>,
    results: u64,
    reports: u64,
    /// The line after those that were accepted.
    next: Option<Entry<Row>>,
    /// Whether the line after those is not there as no crash takes it away: another one follows, or its result ends too early.
    is_damaged: bool,
    /// Where the accepted lines end, and their results.
    end: u64,
    result_end: u64,
    report_end: u64,
}

impl Replay {
    fn of(paths: &Paths, results: u64, reports: u64) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(1 << 16, File::open(&paths.journal)?);
        let mut line = Vec::new();
        let header = input.read_until(b'\n', &mut line)?;
        let mut replay = Self {
            input,
            line,
            results,
            reports,
            next: None,
            is_damaged: false,
            end: u64::try_from(header).unwrap_or(0),
            result_end: 0,
            report_end: 0,
        };
        replay.read();
        Ok(replay)
    }

    /// Whether the next line is that of this message, in this state of its file.
    pub(super) fn is_next(&self, source: &str, stamp: Stamp) -> bool {
        let same = |entry: &Entry<Row>| entry.row.source == source && entry.row.stamp == stamp;
        self.next.as_ref().is_some_and(same)
    }

    /// Takes the next line: its row, and where it begins.
    pub(super) fn take(&mut self) -> Option<(Row, u64)> {
        let line = self.end;
        let entry = self.next.take();
        if let Some(entry) = &entry {
            self.result_end = entry.result_end;
            self.report_end = entry.report_end.unwrap_or(0);
        }
        self.accept();
        entry.map(|entry| (entry.row, line))
    }

    fn accept(&mut self) {
        let length = u64::try_from(self.line.len()).unwrap_or(0);
        self.end = self.end.saturating_add(length);
        self.read();
    }

    /// Reads the next line, if it is complete and its result is.
    fn read(&mut self) {
        self.next = self.read_line();
        if self.next.is_none() {
            // What a crash has torn was written last.
            let is_followed = self.line.ends_with(b"\n") && self.read_line().is_some();
            self.is_damaged |= is_followed;
            self.line.clear();
        }
    }

    fn read_line(&mut self) -> Option<Entry<Row>> {
        self.line.clear();
        let read = self.input.read_until(b'\n', &mut self.line);
        let entry = read.ok().and_then(|_| Entry::<Row>::read(&self.line));
        // Every result is longer than nothing.
        self.is_damaged |= entry
            .as_ref()
            .is_some_and(|entry| entry.result_end <= self.result_end);
        let is_whole = |entry: &Entry<Row>| {
            entry.result_end <= self.results && entry.report_end.is_none_or(|end| end <= self.reports)
        };
        entry.filter(is_whole).filter(|_| !self.is_damaged)
    }
}

/// Appends results.
pub(super) struct Writer {
    results: BufWriter<File>,
    reports: Option<validation_reports::Writer>,
    journal: File,
    /// Lines of the journal whose results may not have been written yet.
    pending: Vec<u8>,
    /// Where those that were written end.
    committed: u64,
    end: u64,
    disk: Disk,
}

impl Writer {
    /// Bytes of the journal that wait for their results at most.
    const PENDING: usize = 1 << 15;

    /// Where the next line of the journal will begin.
    pub(super) fn next_line(&self) -> u64 {
        let pending = u64::try_from(self.pending.len()).unwrap_or(0);
        self.committed.saturating_add(pending)
    }

    /// Appends a result, a line with its end, and its validation report.
    pub(super) fn append(&mut self, row: Row, result: &[u8], report: Option<&Packed>) -> io::Result<()> {
        self.results.write_all(result)?;
        self.end = self.end.saturating_add(u64::try_from(result.len()).unwrap_or(0));
        if let (Some(reports), Some(report)) = (&mut self.reports, report) {
            reports.append(report)?;
        }
        let report_end = self.reports.as_ref().map(validation_reports::Writer::end);
        let entry = Entry {
            result_end: self.end,
            row,
            report_end,
        };
        entry.write(&mut self.pending)?;
        if self.pending.len() > Self::PENDING {
            self.commit()
        } else {
            Ok(())
        }
    }

    /// Writes what waits: after this a process that is killed has lost nothing.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.results.flush()?;
        self.reports
            .as_mut()
            .map_or(Ok(()), validation_reports::Writer::flush)?;
        self.journal.write_all(&self.pending)?;
        self.committed = self.next_line();
        self.pending.clear();
        self.disk.sync_now_and_then()
    }

    /// Writes what waits, to the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.commit()?;
        self.reports.map_or(Ok(()), validation_reports::Writer::finish)?;
        self.disk.sync()
    }
}

#[cfg(test)]
mod tests;
