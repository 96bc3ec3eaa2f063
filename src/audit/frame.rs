//! Records in a file: length, CRC-32, JSON.

use flate2::Crc;

use super::entry::hexadecimal;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::Unavailable;
use crate::crypto::digest;

/// The longest JSON of a record.
pub(super) const LONGEST: usize = 64 * 1024;

/// The `prev` of the first record of a log.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where a chain has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The number of the last record; 0 before the first.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: String,
}

impl Chain {
    /// Before the first record.
    pub(super) fn new() -> Self {
        Self {
            seq: 0,
            hash: NOTHING.to_owned(),
        }
    }

    /// Appends the record with these members (JSON without its braces) to `octets`, and goes on to it.
    pub(super) fn append(&mut self, members: &str, octets: &mut Vec<u8>) -> Result<(), Unavailable> {
        let seq = self.seq.saturating_add(1);
        let json = format!("{{\"seq\":{seq},\"prev\":\"{}\",{members}}}", self.hash);
        self.hash = hash(json.as_bytes())?;
        self.seq = seq;
        let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
        octets.extend_from_slice(&length.to_be_bytes());
        octets.extend_from_slice(&crc(json.as_bytes()).to_be_bytes());
        octets.extend_from_slice(json.as_bytes());
        Ok(())
    }
}

/// The hash of a record's JSON.
pub(super) fn hash(json: &[u8]) -> Result<String, Unavailable> {
    Ok(hexadecimal(digest(DigestAlgorithm::Sha256, json)?.as_bytes()))
}

fn crc(octets: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(octets);
    crc.sum()
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRecord {
    /// It ends early.
    Torn,
    /// Its length is none that we write.
    Length,
    /// Its octets are not those that were written.
    Crc,
}

/// The JSON of a record, and what follows it. `None` at the end.
pub(super) type Split<'o> = Option<(&'o [u8], &'o [u8])>;

/// The first record in `octets`.
pub(super) fn first(octets: &[u8]) -> Result<Split<'_>, NoRecord> {
    if octets.is_empty() {
        return Ok(None);
    }
    let (length, rest) = octets.split_first_chunk().ok_or(NoRecord::Torn)?;
    let (sum, rest) = rest.split_first_chunk().ok_or(NoRecord::Torn)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NoRecord::Length)?;
    if length == 0 || length > LONGEST {
        return Err(NoRecord::Length);
    }
    let (json, rest) = rest.split_at_checked(length).ok_or(NoRecord::Torn)?;
    if crc(json) != u32::from_be_bytes(*sum) {
        return Err(NoRecord::Crc);
    }
    Ok(Some((json, rest)))
}
