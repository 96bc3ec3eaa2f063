//! The records of a folder, read.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::frame;
use super::frame::Chain;
use super::frame::NoRecord;
use super::segment;

/// A record as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its JSON.
    pub json: Value,
}

impl Record {
    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }

    /// Its number.
    pub fn seq(&self) -> Option<u64> {
        self.json.get("seq")?.as_u64()
    }
}

/// Gives every record of the log in `folder` to `each`, in order, as far as they can be read; nothing is verified.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidData`] where a record cannot be read.
pub fn records(folder: &Path, mut each: impl FnMut(&Record) -> io::Result<()>) -> io::Result<()> {
    for (_, path) in segment::list(folder)? {
        let octets = std::fs::read(&path)?;
        let mut rest = octets.as_slice();
        while let Some((json, further)) =
            frame::first(rest).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, said(why)))?
        {
            each(&Record {
                json: serde_json::from_slice(json)?,
            })?;
            rest = further;
        }
    }
    Ok(())
}

/// Which log the one in `folder` says that it is; nothing is verified. `None` if it has no record.
///
/// # Errors
///
/// What the system says.
pub fn chain(folder: &Path) -> io::Result<Option<String>> {
    let first = segment::list(folder)?.into_iter().next();
    let read = first.map(|(first, path)| read(first, path)).transpose()?;
    Ok(read.map(|read| read.chain).filter(|chain| !chain.is_empty()))
}

/// One segment, read as far as its records follow each other.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) path: PathBuf,
    /// Which log.
    pub(super) chain: String,
    /// Before its first record.
    pub(super) begins: Chain,
    /// Whether it says that the segment before it may have records that do not count.
    pub(super) abandons: bool,
    /// Its records, with where the chain is after each and where each ends.
    pub(super) records: Vec<(Record, Chain, u64)>,
    /// Why it was not read to its end.
    pub(super) stopped: Option<String>,
    /// How many octets it has.
    pub(super) length: u64,
}

impl Read {
    /// Where the chain is after the last record that was read.
    pub(super) fn end(&self) -> &Chain {
        self.records.last().map_or(&self.begins, |(_, chain, _)| chain)
    }

    /// Octets of whole records.
    pub(super) fn whole(&self) -> u64 {
        self.records.last().map_or(0, |(_, _, end)| *end)
    }
}

/// Reads the segment at `path`, which begins with record `first`.
pub(super) fn read(first: u64, path: PathBuf) -> io::Result<Read> {
    let octets = std::fs::read(&path)?;
    let mut read = Read {
        path,
        chain: String::new(),
        begins: Chain {
            seq: first.saturating_sub(1),
            hash: String::new(),
        },
        abandons: false,
        records: Vec::new(),
        stopped: None,
        length: u64::try_from(octets.len()).unwrap_or(u64::MAX),
    };
    let mut rest = octets.as_slice();
    loop {
        let (json, further) = match frame::first(rest) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(why) => {
                read.stopped = Some(said(why).to_owned());
                break;
            }
        };
        match follows(&mut read, json) {
            Ok(()) => rest = further,
            Err(why) => {
                read.stopped = Some(why);
                break;
            }
        }
        let left = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        if let Some((_, _, end)) = read.records.last_mut() {
            *end = read.length.saturating_sub(left);
        }
    }
    Ok(read)
}

/// Adds a record, if it follows the one before it.
fn follows(read: &mut Read, json: &[u8]) -> Result<(), String> {
    let value: Value = serde_json::from_slice(json).map_err(|_| "is no JSON".to_owned())?;
    let record = Record { json: value };
    let expected = read.end().seq.saturating_add(1);
    match record.seq() {
        Some(seq) if seq == expected => {}
        Some(seq) => return Err(format!("has the number {seq}")),
        None => return Err("has no number".to_owned()),
    }
    let prev = record.text("prev").ok_or("has no prev")?;
    if read.records.is_empty() {
        let is_header = record.text("kind") == Some("segment");
        let chain = record.text("chain").filter(|_| is_header);
        chain
            .ok_or("does not begin a segment")?
            .clone_into(&mut read.chain);
        prev.clone_into(&mut read.begins.hash);
        read.abandons = record.json.get("abandons") == Some(&Value::Bool(true));
    } else if prev != read.end().hash {
        return Err("does not follow the record before it".to_owned());
    }
    let hash = frame::hash(json).map_err(|error| error.to_string())?;
    let chain = Chain { seq: expected, hash };
    read.records.push((record, chain, 0));
    Ok(())
}

fn said(why: NoRecord) -> &'static str {
    match why {
        NoRecord::Torn => "ends early",
        NoRecord::Length => "has a length that no record has",
        NoRecord::Crc => "has a wrong CRC",
    }
}
