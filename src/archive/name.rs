//! The names of files: `journal-<time>-<mark>.log` and `messages-<time>.parquet`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};

use super::record::Mark;

const TIME: &str = "%Y%m%dT%H%M%S%.6fZ";

/// The journal in `folder` that begins at `time` and has records of that mark.
pub(super) fn of_journal(folder: &Path, time: DateTime<Utc>, mark: Mark) -> PathBuf {
    folder.join(format!("journal-{}-{mark}.log", time.format(TIME)))
}

/// The file in `folder` that is made of a journal that began at `time`.
pub(super) fn of_packed(folder: &Path, time: DateTime<Utc>) -> PathBuf {
    folder.join(format!("messages-{}.parquet", time.format(TIME)))
}

/// When the journal of that name began, if it is the name of one; one without a mark is none of ours, but may have been.
pub(super) fn journal_time(path: &Path) -> Option<DateTime<Utc>> {
    begun(between(path, "journal-", ".log")?)
}

/// When the journal began of which the file of that name was made, if it is the name of one.
pub(super) fn packed_time(path: &Path) -> Option<DateTime<Utc>> {
    time(between(path, "messages-", ".parquet")?)
}

/// When the journal began that was set aside under that name, if it is the name of one.
pub(super) fn damaged_time(path: &Path) -> Option<DateTime<Utc>> {
    begun(between(path, "journal-", ".damaged")?)
}

/// When the journal began of which a file is made under that name as long as it is not whole, if it is the name of one.
pub(super) fn half_made_time(path: &Path) -> Option<DateTime<Utc>> {
    begun(between(path, "journal-", ".parquet")?)
}

/// The mark in the name of a journal.
pub(super) fn mark(path: &Path) -> Option<Mark> {
    let (_, mark) = between(path, "journal-", ".log")?.split_once('-')?;
    Mark::read(mark)
}

fn between<'p>(path: &'p Path, begin: &str, end: &str) -> Option<&'p str> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix(begin)?.strip_suffix(end)
}

fn begun(name: &str) -> Option<DateTime<Utc>> {
    time(name.split_once('-').map_or(name, |(time, _)| time))
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, TIME).ok()?;
    Some(time.and_utc())
}

/// The files in `folder` that have a time by `time_of`, the oldest first.
pub(super) fn list(
    folder: &Path,
    time_of: impl Fn(&Path) -> Option<DateTime<Utc>>,
) -> io::Result<Vec<(DateTime<Utc>, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(time) = time_of(&path) {
            found.push((time, path));
        }
    }
    found.sort();
    Ok(found)
}
