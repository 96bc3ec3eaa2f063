//! The lines of a journal, each of which ends with a checksum of itself.

use std::io;

use flate2::Crc;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// What a message's line says of it.
#[derive(Debug)]
pub(super) struct Entry<R> {
    /// Where its result ends.
    pub(super) result_end: u64,
    pub(super) row: R,
    /// Where its validation report ends, if there is one.
    pub(super) report_end: Option<u64>,
}

/// What stands before the checksum of a JSON text, and after it: in an array, and in an object.
const ARRAY: (&str, &str) = (",\"", "\"]\n");
const OBJECT: (&str, &str) = (",\"crc\":\"", "\"}\n");

impl<R: Serialize> Entry<R> {
    /// Appends the line of a message.
    pub(super) fn write(&self, into: &mut Vec<u8>) -> io::Result<()> {
        write(&(self.result_end, &self.row, self.report_end), ARRAY, into)
    }
}

impl<R: DeserializeOwned> Entry<R> {
    /// Of a line, with its end; none where any of its octets is not the one that was written.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        if !is_whole(line, ARRAY) {
            return None;
        }
        // Of the whole line at once it is cheaper to tell that it is UTF-8 than of each text in it.
        let line = std::str::from_utf8(line).ok()?;
        let (result_end, row, report_end, IgnoredAny) = serde_json::from_str(line).ok()?;
        Some(Self {
            result_end,
            row,
            report_end,
        })
    }
}

/// The first line of a journal.
pub(super) fn write_header<H: Serialize>(header: &H) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    write(header, OBJECT, &mut line)?;
    Ok(line)
}

/// What a first line says; none where it has no checksum, as an earlier version wrote it.
///
/// # Errors
/// It is not the one that was written.
pub(super) fn read_header<H: DeserializeOwned>(line: &[u8]) -> io::Result<Option<H>> {
    let header = serde_json::from_slice(line)?;
    let before = split(line, OBJECT).map(|(_, end)| end.starts_with(OBJECT.0.as_bytes()));
    match before {
        Some(true) if is_whole(line, OBJECT) => Ok(Some(header)),
        Some(true) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its first line is damaged: name another folder",
        )),
        Some(false) | None => Ok(None),
    }
}

/// Appends `value`, an array or an object by `form`, with the checksum as its last member.
fn write(value: &impl Serialize, form: (&str, &str), into: &mut Vec<u8>) -> io::Result<()> {
    let start = into.len();
    serde_json::to_writer(&mut *into, value)?;
    into.pop();
    let end = end(into.get(start..).unwrap_or_default(), form);
    into.extend_from_slice(end.as_bytes());
    Ok(())
}

/// Whether the line ends with the checksum of what is before it.
fn is_whole(line: &[u8], form: (&str, &str)) -> bool {
    split(line, form).is_some_and(|(content, written)| end(content, form).as_bytes() == written)
}

/// A line's content, and what is the end if it is whole.
fn split<'l>(line: &'l [u8], (before, after): (&str, &str)) -> Option<(&'l [u8], &'l [u8])> {
    /// Hexadecimal digits of a CRC-32.
    const DIGITS: usize = 8;
    let end = before.len().saturating_add(DIGITS).saturating_add(after.len());
    line.split_at_checked(line.len().checked_sub(end)?)
}

fn end(content: &[u8], (before, after): (&str, &str)) -> String {
    let mut crc = Crc::new();
    crc.update(content);
    format!("{before}{:08x}{after}", crc.sum())
}
