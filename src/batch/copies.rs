//! Messages whose octets another one of the archive has. Hashes are noted in a file without a name, so that the memory does not grow with
//! the archive.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::journal::Journal;
use super::row::Row;

/// Records that are compared at a time: 10 MiB.
const AT_A_TIME: u64 = 1 << 18;
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

/// The hash of a message, and where its line begins in the journal.
type Record = (Sha256, u64);

/// In two halves, the first bits first.
type Sha256 = [[u8; 16]; 2];

impl Copies {
    /// Nothing noted yet.
    ///
    /// # Errors
    /// There can be no temporary file.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            noted: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            count: 0,
        })
    }

    /// Takes note of the next message, whose line of the journal begins `line` bytes into that.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn note(&mut self, row: &Row, line: u64) -> io::Result<()> {
        if let Some(sha256) = row.sha256.as_deref().and_then(sha256) {
            self.noted.write_all(sha256.as_flattened())?;
            self.noted.write_all(&line.to_be_bytes())?;
            self.count = self.count.saturating_add(1);
        }
        Ok(())
    }

    /// The copies, in order, among the messages that were noted.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn find(self) -> io::Result<Found> {
        self.find_so_many(MOST)
    }

    fn find_so_many(self, most: usize) -> io::Result<Found> {
        let mut file = self.noted.into_inner().map_err(io::IntoInnerError::into_error)?;
        let passes = self.count.div_ceil(AT_A_TIME).max(1);
        let room = usize::try_from(self.count.min(AT_A_TIME)).unwrap_or(0);
        let mut records = Vec::with_capacity(room);
        let mut found = Vec::new();
        for pass in 0..passes {
            file.seek(SeekFrom::Start(0))?;
            let is_now = |sha256: Sha256| {
                let [half, _] = sha256.map(u128::from_be_bytes);
                half.checked_rem(passes.into()) == Some(pass.into())
            };
            read_records(&file, is_now, &mut records)?;
            records.sort_unstable();
            for same in records.chunk_by(|one, other| one.0 == other.0) {
                let [first, others @ ..] = same else { continue };
                let left = most.saturating_sub(found.len());
                found.extend(others.iter().take(left).map(|other| (other.1, first.1)));
            }
            if found.len() >= most {
                break;
            }
        }
        found.sort_unstable();
        let are_all = found.len() < most;
        Ok(Found {
            lines: found,
            are_all,
        })
    }
}

/// Copies that were found: of each, where in the journal its line begins, and that of the first with these octets.
#[derive(Debug)]
pub struct Found {
    lines: Vec<(u64, u64)>,
    are_all: bool,
}

impl Found {
    /// How many there are.
    pub fn count(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    /// Whether there are no others.
    pub fn are_all(&self) -> bool {
        self.are_all
    }

    /// What each is called, as `journal` has it.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn each(&self, journal: &Journal) -> io::Result<impl Iterator<Item = io::Result<Copy>>> {
        let (mut copies, mut firsts) = (journal.lines()?, journal.lines()?);
        Ok(self.lines.iter().map(move |&(copy, first)| {
            let (copy, first) = (copies.named(copy)?, firsts.named(first)?);
            Ok(Copy {
                source: copy.source,
                first: first.source,
                sha256: copy.sha256.unwrap_or_default(),
            })
        }))
    }
}

/// What 64 hexadecimal digits stand for.
fn sha256(digits: &str) -> Option<Sha256> {
    let (first, second) = digits.split_at_checked(32)?;
    if second.len() != 32 {
        return None;
    }
    let half = |digits| u128::from_str_radix(digits, 16).map(u128::to_be_bytes).ok();
    Some([half(first)?, half(second)?])
}

/// Reads the records whose hashes are wanted, in the place of those that `records` held.
fn read_records(file: &File, wanted: impl Fn(Sha256) -> bool, records: &mut Vec<Record>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, file);
    let mut sha256 = Sha256::default();
    let mut line = [0; 8];
    records.clear();
    loop {
        match input.read_exact(sha256.as_flattened_mut()) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        input.read_exact(&mut line)?;
        if wanted(sha256) {
            records.push((sha256, u64::from_be_bytes(line)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use chrono::Utc;

    use super::super::Identity;
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
        let journal = Journal::open(folder.path(), &Identity::new(String::new(), []), Utc::now()).unwrap();
        let mut writer = journal.append(&journal.replay().unwrap()).unwrap();
        let (mut copies, mut same) = (Copies::new().unwrap(), Copies::new().unwrap());
        for row in rows {
            copies.note(&row, writer.next_line()).unwrap();
            same.note(&row, writer.next_line()).unwrap();
            writer.append(row, b"", None).unwrap();
        }
        writer.finish().unwrap();
        let least = same.find_so_many(1).unwrap();
        assert_eq!((least.count(), least.are_all()), (1, false));
        let found = copies.find().unwrap();
        assert!(found.are_all());
        let told: Vec<_> = found.each(&journal).unwrap().map(Result::unwrap).collect();
        let told: Vec<_> = told
            .iter()
            .map(|copy| (copy.source.as_str(), copy.first.as_str()))
            .collect();
        assert_eq!((found.count(), told), (2, vec![("d", "a"), (&long, "a")]));
    }
}
