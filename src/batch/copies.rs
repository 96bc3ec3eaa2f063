//! Messages whose octets another one of the archive has. Which they may be is noted in a file without a name, so that the memory does
//! not grow with the archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::row::Row;

/// Records that are compared at a time.
const AT_A_TIME: u64 = 1 << 19;
/// Copies that are named; there may be more.
const MOST: usize = 100_000;

/// Takes note of messages, in order.
pub struct Copies {
    noted: BufWriter<File>,
    count: u64,
}

/// A message with the octets of an earlier one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Copy {
    /// What it is called.
    pub source: String,
    /// What the first with these octets is called.
    pub first: String,
    /// Their hash.
    pub sha256: String,
}

/// The start of a hash, and the number of the message.
type Record = (u64, u64);

impl Copies {
    /// Nothing noted yet.
    ///
    /// # Errors
    /// There can be no temporary file.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            noted: BufWriter::new(tempfile::tempfile()?),
            count: 0,
        })
    }

    /// Takes note of the next message.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn note(&mut self, row: &Row) -> io::Result<()> {
        let start = row.sha256.as_deref().and_then(|digits| digits.get(..16));
        if let Some(start) = start.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            self.noted.write_all(&start.to_be_bytes())?;
            self.noted.write_all(&self.count.to_be_bytes())?;
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// The copies, in order. `rows` are the messages that were noted, again.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn find(self, rows: impl Iterator<Item = Row>) -> io::Result<Vec<Copy>> {
        let mut file = self.noted.into_inner().map_err(io::IntoInnerError::into_error)?;
        let passes = self.count.div_ceil(AT_A_TIME).max(1);
        // The number of each copy, and that of the first with these octets.
        let mut copies = BTreeMap::new();
        for pass in 0..passes {
            file.seek(SeekFrom::Start(0))?;
            let mut records = records(&file, |start| start.checked_rem(passes) == Some(pass))?;
            records.sort_unstable();
            for same in records.chunk_by(|one, other| one.0 == other.0) {
                let [first, others @ ..] = same else { continue };
                let room = MOST.saturating_sub(copies.len());
                copies.extend(others.iter().take(room).map(|other| (other.1, first.1)));
            }
        }
        Ok(named(&copies, rows))
    }
}

fn records(file: &File, wanted: impl Fn(u64) -> bool) -> io::Result<Vec<Record>> {
    let mut input = BufReader::with_capacity(1 << 16, file);
    let mut records = Vec::new();
    let mut number = [0; 8];
    loop {
        match input.read_exact(&mut number) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(records),
            read => read?,
        }
        let start = u64::from_be_bytes(number);
        input.read_exact(&mut number)?;
        if wanted(start) {
            records.push((start, u64::from_be_bytes(number)));
        }
    }
}

/// Looks at the whole hashes, as the starts can be the same by chance or by intent.
fn named(copies: &BTreeMap<u64, u64>, rows: impl Iterator<Item = Row>) -> Vec<Copy> {
    if copies.is_empty() {
        return Vec::new();
    }
    let mut firsts: BTreeMap<u64, Option<(String, String)>> =
        copies.values().map(|first| (*first, None)).collect();
    let mut found = Vec::new();
    for (number, row) in (0_u64..).zip(rows) {
        let Some(sha256) = row.sha256 else { continue };
        if let Some(first) = firsts.get_mut(&number) {
            *first = Some((row.source, sha256));
        } else if let Some(Some((first, hash))) = copies.get(&number).and_then(|first| firsts.get(first))
            && *hash == sha256
        {
            found.push(Copy {
                source: row.source,
                first: first.clone(),
                sha256,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::row::test_row;
    use super::*;

    #[test]
    fn copies_are_told_and_chance_is_not() {
        let hash = |start: &str, end: &str| Some(format!("{start:0>16}{end:0>48}"));
        let rows = [
            ("a", hash("1", "1")),
            ("b", None),
            ("c", hash("2", "2")),
            ("d", hash("1", "1")),
            ("e", hash("2", "3")),
            ("f", hash("1", "1")),
        ];
        let rows: Vec<Row> = rows
            .map(|(source, sha256)| Row {
                sha256,
                ..test_row(source)
            })
            .to_vec();
        let mut copies = Copies::new().unwrap();
        for row in &rows {
            copies.note(row).unwrap();
        }
        let found = copies.find(rows.into_iter()).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|copy| (copy.source.as_str(), copy.first.as_str()))
            .collect();
        assert_eq!(told, [("d", "a"), ("f", "a")]);
    }
}
