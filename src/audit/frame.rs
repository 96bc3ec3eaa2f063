//! Records in a file, whose content is JSON.

use std::io;

use super::entry::hexadecimal;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::Unavailable;
use crate::crypto::digest;
use crate::durable::frame;
pub(super) use crate::durable::frame::{NoRecord, Split};

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
    pub(super) fn append(&mut self, members: &str, octets: &mut Vec<u8>) -> io::Result<()> {
        let seq = self.seq.saturating_add(1);
        let json = format!("{{\"seq\":{seq},\"prev\":\"{}\",{members}}}", self.hash);
        self.hash = hash(json.as_bytes()).map_err(io::Error::other)?;
        self.seq = seq;
        let head = frame::head(&[json.as_bytes()]).ok_or(io::ErrorKind::FileTooLarge)?;
        octets.extend_from_slice(&head);
        octets.extend_from_slice(json.as_bytes());
        Ok(())
    }
}

/// A JSON object without its braces.
pub(super) fn inside(json: &str) -> &str {
    let inside = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inside.unwrap_or_default()
}

/// The hash of a record's JSON.
pub(super) fn hash(json: &[u8]) -> Result<String, Unavailable> {
    Ok(hexadecimal(digest(DigestAlgorithm::Sha256, json)?.as_bytes()))
}

/// The first record in `octets`.
pub(super) fn first(octets: &[u8]) -> Result<Split<'_>, NoRecord> {
    frame::first(octets, LONGEST)
}
