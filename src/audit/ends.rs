//! Whether a log is all there, as far as the first and the last record of each segment say: no start waits for all of it to be read.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use super::checkpoint::Checkpoint;
use super::folder::Record;
use super::frame;
use super::frame::Chain;
use super::log::Settings;
use super::segment;
use crate::crypto::Certificate;
use crate::worker::within;

/// As much as one record with its head may have.
#[allow(clippy::as_conversions, reason = "no octets are lost")]
const RECORD: u64 = frame::LONGEST as u64 + 8;

/// How long the folder of exported checkpoints, which may be on another machine, has to answer.
const ANSWERS: Duration = Duration::from_secs(5);

/// What a folder shows without being read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// The number of the first record.
    pub(super) begins: Option<u64>,
    /// The number of the first record of a segment that does not follow the segment before it, or has another name.
    pub(super) gap: Option<u64>,
}

/// Looks at the segments in `folder`. One whose first record cannot be read is none, so that the next one does not follow.
pub(super) fn ends(folder: &Path) -> io::Result<Ends> {
    let mut found = Ends::default();
    let mut before: Option<(Option<Chain>, String)> = None;
    for (number, path) in segment::list(folder)? {
        let Some(first) = first(&path) else { continue };
        let seq = first.seq().unwrap_or_default();
        let text = |name| first.text(name).unwrap_or_default();
        let previous = seq.saturating_sub(1);
        // The segment before one that says so may have records that do not count, and end in none.
        let abandons = first.json.get("abandons") == Some(&true.into());
        let follows = before.as_ref().is_none_or(|(end, chain)| {
            let follows = match end {
                Some(end) if abandons => end.seq >= previous,
                Some(end) => end.seq == previous && end.hash == text("prev"),
                None => abandons,
            };
            follows && chain == text("chain")
        });
        if seq != number || !follows {
            found.gap.get_or_insert(number);
        }
        found.begins.get_or_insert(seq);
        before = Some((last(&path), text("chain").to_owned()));
    }
    Ok(found)
}

/// Whether `folder`, where checkpoints are exported to, is one.
///
/// # Errors
///
/// It does not answer.
pub fn is_folder(folder: &Path) -> io::Result<bool> {
    let folder = folder.to_owned();
    within(ANSWERS, move || folder.is_dir())
}

/// The number of the last record that the exported checkpoints of the log `chain` in `folder` speak of.
///
/// # Errors
///
/// The folder does not answer.
pub(super) fn exported(folder: &Path, chain: &str) -> io::Result<Option<u64>> {
    let path = folder.join(Checkpoint::file_name(chain));
    let checkpoints = within(ANSWERS, move || last_checkpoints(&path))?;
    Ok(checkpoints.iter().map(|checkpoint| checkpoint.last).max())
}

/// Where the folder of the log has no record: the last checkpoint that was exported of a log by the same signer, which was there before and is not any more,
/// or is in another folder. Nothing is told of a signer without a certificate, or where nothing is exported.
///
/// # Errors
///
/// What the system says; [`TimedOut`](io::ErrorKind::TimedOut) where the folder of checkpoints does not answer.
pub fn gone(settings: &Settings) -> io::Result<Option<Checkpoint>> {
    let (Some(export), Some(certificate)) = (&settings.export, settings.signer.certificate()) else {
        return Ok(None);
    };
    if ends(&settings.folder)?.begins.is_some() {
        return Ok(None);
    }
    let (export, certificate) = (export.clone(), certificate.clone());
    within(ANSWERS, move || latest_of(&certificate, &export))?
}

/// The last checkpoint in `export` that the key of `certificate` signed, of whatever log.
fn latest_of(certificate: &Certificate, export: &Path) -> io::Result<Option<Checkpoint>> {
    let mut latest: Option<Checkpoint> = None;
    for entry in std::fs::read_dir(export)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(Checkpoint::is_file_name) {
            continue;
        }
        let mut all = last_checkpoints(&path).into_iter().rev();
        let of_signer = all.find(|checkpoint| checkpoint.is_signed_by(std::slice::from_ref(certificate)));
        latest = latest
            .into_iter()
            .chain(of_signer)
            .max_by_key(|checkpoint| checkpoint.time);
    }
    Ok(latest)
}

/// Those at the end of a file of checkpoints.
fn last_checkpoints(path: &Path) -> Vec<Checkpoint> {
    let octets = tail(path).unwrap_or_default();
    // The first line may have lost its beginning, and the last one its end.
    let lines = octets.split(|octet| *octet == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

fn first(path: &Path) -> Option<Record> {
    let mut octets = Vec::new();
    open(path)?.take(RECORD).read_to_end(&mut octets).ok()?;
    let (json, _) = frame::first(&octets).ok()??;
    let json = serde_json::from_slice(json).ok()?;
    Some(Record { json })
}

/// Where the chain is after the last record: the one that ends with the file. No octet of JSON is zero, so that no other place has a length like its own.
fn last(path: &Path) -> Option<Chain> {
    let octets = tail(path)?;
    let json = (0..octets.len()).find_map(|start| {
        // Length and CRC.
        let (length, rest) = octets.get(start..)?.split_first_chunk()?;
        let is_last = usize::try_from(u32::from_be_bytes(*length)) == Ok(rest.len().checked_sub(4)?);
        let (json, _) = if is_last {
            frame::first(octets.get(start..)?).ok()??
        } else {
            return None;
        };
        Some(json)
    })?;
    let record = Record {
        json: serde_json::from_slice(json).ok()?,
    };
    Some(Chain {
        seq: record.seq()?,
        hash: frame::hash(json).ok()?,
    })
}

/// The end of a file.
fn tail(path: &Path) -> Option<Vec<u8>> {
    let mut file = open(path)?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(RECORD))).ok()?;
    let mut octets = Vec::new();
    file.take(RECORD).read_to_end(&mut octets).ok()?;
    Some(octets)
}

/// Opens a file, and nothing that would have the start wait.
fn open(path: &Path) -> Option<File> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    is_file.then(|| File::open(path).ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// Adds a segment with two records to what `folder` has, and gives its path.
    fn segment(folder: &Path, chain: &mut Chain, abandons: bool) -> std::path::PathBuf {
        let path = folder.join(format!("audit-{:012}.log", chain.seq.saturating_add(1)));
        let header = format!(r#""kind":"segment","chain":"ab","abandons":{abandons}"#);
        let mut octets = Vec::new();
        chain.append(&header, &mut octets).unwrap();
        chain.append(r#""kind":"refused""#, &mut octets).unwrap();
        std::fs::write(&path, octets).unwrap();
        path
    }

    #[test]
    fn segments_that_are_gone_empty_or_exchanged_show_at_the_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, mut chain) = (folder.path(), Chain::new());
        let paths = [false; 3].map(|abandons| segment(folder, &mut chain, abandons));
        let [first, second, third] = &paths;
        let good = paths.clone().map(|path| std::fs::read(path).unwrap());
        let is = |begins, gap, what: &str| {
            assert_eq!(
                ends(folder).unwrap(),
                Ends {
                    begins: Some(begins),
                    gap
                },
                "{what}"
            );
            for (path, good) in paths.iter().zip(&good) {
                std::fs::write(path, good).unwrap();
            }
        };
        is(1, None, "whole");
        std::fs::write(first, "").unwrap();
        is(3, None, "an empty file is no beginning");
        std::fs::remove_file(second).unwrap();
        is(1, Some(5), "one in the middle is gone");
        std::fs::copy(third, first).unwrap();
        is(5, Some(1), "another one in the place of the first");
        std::fs::write(third, [0; 3]).unwrap();
        is(1, None, "the last one has no record, which is for the recovery");
        let (_, other) = (
            std::fs::remove_file(second),
            &mut Chain {
                seq: 2,
                ..Chain::new()
            },
        );
        segment(folder, other, false);
        is(1, Some(3), "one that follows another");
    }

    #[test]
    fn what_does_not_count_may_be_torn() {
        for (abandons, gap) in [(true, None), (false, Some(3))] {
            let folder = tempfile::tempdir().unwrap();
            let mut chain = Chain::new();
            let first = segment(folder.path(), &mut chain, false);
            let torn = [&std::fs::read(&first).unwrap()[..], b"torn"].concat();
            std::fs::write(first, torn).unwrap();
            segment(folder.path(), &mut chain, abandons);
            assert_eq!(ends(folder.path()).unwrap().gap, gap);
        }
    }

    #[test]
    fn the_last_record_is_found_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut chain = Chain::new();
        let path = segment(folder.path(), &mut chain, false);
        let mut octets = std::fs::read(&path).unwrap();
        for length in [1, 60_000, 65_000] {
            let members = format!(r#""kind":"refused","x":"{}""#, "x".repeat(length));
            chain.append(&members, &mut octets).unwrap();
            std::fs::write(&path, &octets).unwrap();
            assert_eq!(last(&path).as_ref(), Some(&chain));
        }
        octets.pop();
        std::fs::write(&path, octets).unwrap();
        assert_eq!(last(&path), None);
    }
}
