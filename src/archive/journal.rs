//! Rows in a journal. A record is `C` and a certificate, which is there once, or `M`, the length of the facts, the facts in JSON and the message.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::record::{self, Mark, Records};
use super::row::{Facts, Row};
use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;

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
    /// The records that `row` takes in a journal of that mark that has `written`; `revocation` are the names of what cleared its certificates.
    pub(super) fn of(row: &Row, revocation: Vec<String>, mark: Mark, written: &Written) -> io::Result<Self> {
        let mut encoded = Self {
            pieces: Vec::new(),
            news: Vec::new(),
        };
        let mut chain = Vec::new();
        for der in &row.chain {
            let name = name(der)?;
            chain.push(hexadecimal(&name));
            if !written.contains(&name) && !encoded.news.contains(&name) {
                encoded.push(mark, &[CERTIFICATE], der)?;
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
        encoded.push(
            mark,
            &[&[MESSAGE], length.as_slice(), &json].concat(),
            &row.message,
        )?;
        Ok(encoded)
    }

    fn push(&mut self, mark: Mark, begin: &[u8], rest: &Bytes) -> io::Result<()> {
        let head = mark.head(&[begin, rest]).ok_or(io::ErrorKind::FileTooLarge)?;
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
    records: Records,
    certificates: HashMap<String, Bytes>,
}

/// A row as it was read.
pub(super) struct Read {
    pub(super) facts: Facts,
    /// None where one of them is damaged.
    pub(super) chain: Option<Vec<Bytes>>,
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
    /// The rest is the beginning of a record, so many octets.
    Torn(u64),
    /// So many octets are damaged as no crash damages them.
    Damaged(u64),
}

impl Rows {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            records: Records::open(path)?,
            certificates: HashMap::new(),
        })
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            let record = match self.records.next()? {
                record::Next::Record(record) => record,
                record::Next::End => return Ok(Next::End),
                record::Next::Torn(octets) => return Ok(Next::Torn(octets)),
                record::Next::Damaged(octets) => return Ok(Next::Damaged(octets)),
            };
            match self.decoded(&record) {
                Ok(Some(row)) => return Ok(Next::Row(Box::new(row))),
                Ok(None) => {}
                Err(_) => {
                    let octets = u64::try_from(record.len()).unwrap_or(u64::MAX);
                    return Ok(Next::Damaged(octets));
                }
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
        let certificate = |name| self.certificates.get(name).cloned();
        Ok(Some(Read {
            facts: head.facts,
            revocation: head.revocation,
            chain: head.chain.iter().map(certificate).collect(),
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
