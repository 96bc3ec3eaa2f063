//! Messages whose octets another one of the archive has. Which they may be is noted in a file without a name, so that the memory does
//! not grow with the archive.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::journal::Journal;
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

/// The start of a hash, and where the line of its message begins in the journal.
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

    /// Takes note of the next message, whose line of the journal begins `line` bytes into that.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn note(&mut self, row: &Row, line: u64) -> io::Result<()> {
        let start = row.sha256.as_deref().and_then(|digits| digits.get(..16));
        if let Some(start) = start.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            self.noted.write_all(&start.to_be_bytes())?;
            self.noted.write_all(&line.to_be_bytes())?;
            self.count = self.count.saturating_add(1);
        }
        Ok(())
    }

    /// The copies, in order, of the messages that were noted and are in `journal`.
    ///
    /// # Errors
    /// The temporary file or the journal cannot be read.
    pub fn find(self, journal: &Journal) -> io::Result<Found> {
        let mut file = self.noted.into_inner().map_err(io::IntoInnerError::into_error)?;
        let passes = self.count.div_ceil(AT_A_TIME).max(1);
        let room = usize::try_from(self.count.min(AT_A_TIME)).unwrap_or(0);
        let mut records = Vec::with_capacity(room);
        let mut found = Vec::new();
        for pass in 0..passes {
            file.seek(SeekFrom::Start(0))?;
            read_records(
                &file,
                |start| start.checked_rem(passes) == Some(pass),
                &mut records,
            )?;
            records.sort_unstable();
            for same in records.chunk_by(|one, other| one.0 == other.0) {
                let [first, others @ ..] = same else { continue };
                let left = MOST.saturating_sub(found.len());
                found.extend(others.iter().take(left).map(|other| (other.1, first.1)));
            }
            if found.len() >= MOST {
                break;
            }
        }
        found.sort_unstable();
        Found { lines: found }.that_are(journal)
    }
}

/// Copies that were found: of each, where in the journal its line begins, and that of the first with these octets.
#[derive(Debug)]
pub struct Found {
    lines: Vec<(u64, u64)>,
}

impl Found {
    /// How many there are.
    pub fn count(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    /// What each is called, as `journal` has it.
    pub fn each(&self, journal: &Journal) -> impl Iterator<Item = io::Result<Copy>> {
        self.lines.iter().map(|&(copy, first)| {
            let (copy, first) = (journal.row(copy)?, journal.row(first)?);
            Ok(Copy {
                source: copy.source,
                first: first.source,
                sha256: copy.sha256.unwrap_or_default(),
            })
        })
    }

    /// Those whose whole hashes are the same, as the starts can be that by chance or by intent.
    fn that_are(mut self, journal: &Journal) -> io::Result<Self> {
        let mut failed = Ok(());
        self.lines.retain(|&(copy, first)| {
            let sha256 = |line| journal.row(line).map(|row| row.sha256);
            match sha256(copy).and_then(|copy| Ok(copy == sha256(first)?)) {
                Ok(is_same) => is_same,
                Err(error) => {
                    failed = Err(error);
                    false
                }
            }
        });
        failed.map(|()| self)
    }
}

/// Reads the records whose starts are wanted, in the place of those that `records` held.
fn read_records(file: &File, wanted: impl Fn(u64) -> bool, records: &mut Vec<Record>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, file);
    let mut number = [0; 8];
    records.clear();
    loop {
        match input.read_exact(&mut number) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let start = u64::from_be_bytes(number);
        input.read_exact(&mut number)?;
        if wanted(start) {
            records.push((start, u64::from_be_bytes(number)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use chrono::Utc;

    use super::super::row::test_row;
    use super::*;

    #[test]
    fn copies_are_told_and_chance_is_not() {
        let hash = |start: &str, end: &str| Some(format!("{start:0>16}{end:0>48}"));
        let long = "f".repeat(3_000);
        let rows = [
            ("a", hash("1", "1")),
            ("b", None),
            ("c", hash("2", "2")),
            ("d", hash("1", "1")),
            ("e", hash("2", "3")),
            (&long, hash("1", "1")),
        ];
        let rows: Vec<Row> = rows
            .map(|(source, sha256)| Row {
                sha256,
                ..test_row(source)
            })
            .to_vec();
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "job", Utc::now()).unwrap();
        let mut writer = journal.append(&journal.replay().unwrap()).unwrap();
        let mut copies = Copies::new().unwrap();
        for row in rows {
            copies.note(&row, writer.next_line()).unwrap();
            writer.append(row, b"", None).unwrap();
        }
        writer.finish().unwrap();
        let found = copies.find(&journal).unwrap();
        let told: Vec<_> = found.each(&journal).map(Result::unwrap).collect();
        let told: Vec<_> = told
            .iter()
            .map(|copy| (copy.source.as_str(), copy.first.as_str()))
            .collect();
        assert_eq!((found.count(), told), (2, vec![("d", "a"), (&long, "a")]));
    }
}
