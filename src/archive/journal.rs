//! Rows in a journal. A record is `C` and a certificate, which is there once, or `M`, the length of the facts, the facts in JSON and the message.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::row::{Facts, Row};
use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;
use crate::durable::frame::{self, NoRecord};

const CERTIFICATE: u8 = b'C';
const MESSAGE: u8 = b'M';

/// What tells certificates apart.
type Name = Vec<u8>;

/// The certificates that a journal has.
pub(super) type Written = HashSet<Name>;

#[derive(Deserialize, Serialize)]
struct Head {
    #[serde(flatten)]
    facts: Facts,
    /// The SHA-256 of certificates of the journal.
    chain: Vec<String>,
    /// The names of files.
    revocation: Vec<String>,
}

/// The records of one row, in pieces that are written one after the other.
pub(super) struct Encoded {
    pieces: Vec<Bytes>,
    /// The certificates that are among them.
    pub(super) news: Vec<Name>,
}

impl Encoded {
    /// The records that `row` takes in a journal that has `written`; `revocation` are the names of what cleared its certificates.
    pub(super) fn of(row: &Row, revocation: Vec<String>, written: &Written) -> io::Result<Self> {
        let mut encoded = Self {
            pieces: Vec::new(),
            news: Vec::new(),
        };
        let mut chain = Vec::new();
        for der in &row.chain {
            let name = name(der)?;
            chain.push(hexadecimal(&name));
            if !written.contains(&name) && !encoded.news.contains(&name) {
                encoded.push(&[CERTIFICATE], der)?;
                encoded.news.push(name);
            }
        }
        let head = Head {
            facts: row.facts.clone(),
            chain,
            revocation,
        };
        let json = serde_json::to_vec(&head)?;
        let length = u32::try_from(json.len()).map_err(io::Error::other)?.to_be_bytes();
        encoded.push(&[&[MESSAGE], length.as_slice(), &json].concat(), &row.message)?;
        Ok(encoded)
    }

    fn push(&mut self, begin: &[u8], rest: &Bytes) -> io::Result<()> {
        let head = frame::head(&[begin, rest]).ok_or(io::ErrorKind::FileTooLarge)?;
        self.pieces.push([&head, begin].concat().into());
        self.pieces.push(rest.clone());
        Ok(())
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(AsRef::as_ref)
    }
}

/// Reads the rows of a journal, one by one.
pub(super) struct Rows {
    input: BufReader<File>,
    left: u64,
    certificates: HashMap<String, Bytes>,
}

/// A row as it was read.
pub(super) struct Read {
    pub(super) facts: Facts,
    pub(super) chain: Vec<Bytes>,
    /// The names of what cleared them.
    pub(super) revocation: Vec<String>,
    pub(super) message: Bytes,
    /// The octets of its record, of which `message` is a part.
    pub(super) octets: usize,
}

/// What is read of a journal next.
pub(super) enum Next {
    Row(Box<Read>),
    End,
    /// What follows is no whole record, so many octets.
    Torn(u64),
    /// What follows is damaged as no crash damages it, so many octets.
    Damaged(u64),
}

impl Rows {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            left: file.metadata()?.len(),
            input: BufReader::new(file),
            certificates: HashMap::new(),
        })
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            let record = match frame::next(&mut self.input, self.left)? {
                Ok(Some(record)) => Bytes::from(record),
                Ok(None) => return Ok(Next::End),
                Err(NoRecord::Torn) => return Ok(Next::Torn(self.left)),
                // A file may be longer than what of it had reached the disk when the power failed.
                Err(NoRecord::Length | NoRecord::Crc) => return Ok(Next::Damaged(self.left)),
            };
            match self.decoded(&record) {
                Ok(row) => {
                    let taken = u64::try_from(record.len()).unwrap_or(u64::MAX);
                    self.left = self.left.saturating_sub(taken).saturating_sub(8);
                    if let Some(row) = row {
                        return Ok(Next::Row(Box::new(row)));
                    }
                }
                Err(_) => return Ok(Next::Damaged(self.left)),
            }
        }
    }

    /// The row that a record is, or none if it is a certificate.
    fn decoded(&mut self, record: &Bytes) -> io::Result<Option<Read>> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        let (kind, rest) = record.split_first().ok_or_else(damaged)?;
        match *kind {
            CERTIFICATE => {
                let der = record.slice_ref(rest);
                self.certificates.insert(hexadecimal(&name(&der)?), der);
                return Ok(None);
            }
            MESSAGE => {}
            _ => return Err(damaged()),
        }
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?;
        let (json, message) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let head: Head = serde_json::from_slice(json)?;
        let certificate = |name: &String| self.certificates.get(name).cloned().ok_or_else(damaged);
        Ok(Some(Read {
            facts: head.facts,
            revocation: head.revocation,
            chain: head.chain.iter().map(certificate).collect::<io::Result<_>>()?,
            message: record.slice_ref(message),
            octets: record.len(),
        }))
    }
}

fn name(der: &[u8]) -> io::Result<Name> {
    let digest = digest(DigestAlgorithm::Sha256, der).map_err(io::Error::other)?;
    Ok(digest.as_bytes().to_vec())
}

pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
