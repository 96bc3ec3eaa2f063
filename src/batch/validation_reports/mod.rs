//! The validation reports of a job: `validation-reports.zip`, an entry a message, in the order of the results.
//!
//! A million small files are slow to write, to list, to copy and to delete, and a tar archive has to be read from its beginning to find one report in it. In a zip
//! archive each is found at once and compressed alone, by the worker that judged the message. Entries are appended as the results are; the
//! central directory follows when all are there, and is written anew by a process that goes on.

mod name;
mod zip;

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

pub(super) use zip::Writer;

/// The name of the file.
pub(super) const FILE: &str = "validation-reports.zip";

/// A report, as it is kept.
#[derive(Debug)]
pub struct Packed {
    name: String,
    deflated: Vec<u8>,
    crc: u32,
    length: u32,
}

impl Packed {
    /// The `report` on the message called `source`.
    ///
    /// # Errors
    /// It is longer than an entry may be.
    pub fn of(source: &str, report: &str) -> io::Result<Self> {
        let length = u32::try_from(report.len()).map_err(io::Error::other)?;
        let mut crc = Crc::new();
        crc.update(report.as_bytes());
        // Most of a report is certificates, which hardly shrink by more work.
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(report.as_bytes())?;
        Ok(Self {
            name: name::of(source),
            deflated: encoder.finish()?,
            crc: crc.sum(),
            length,
        })
    }
}
