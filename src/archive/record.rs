//! Records of a journal: mark (16 octets), length and CRC-32 of the content, CRC-32 of all before it (four octets each, the greater first), content.
//!
//! Behind damage the next record is found by its mark. That is random and each journal's own, for the content comes from senders: none of them can send what
//! would be taken for a record.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use flate2::Crc;
use memchr::memmem;

use super::name;
use crate::crypto;
use crate::durable::frame;

const MARK: usize = 16;
const HEAD: usize = MARK + 12;

/// By what the records of a journal are known. It stands in the journal's name, which no damage of its octets reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark([u8; MARK]);

impl Mark {
    /// One that nobody can guess.
    pub(super) fn random() -> io::Result<Self> {
        crypto::random_name().map(Self).map_err(io::Error::other)
    }

    /// The one that is shown as `text`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let is_hexadecimal = text.len() == 2 * MARK && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        let mark = u128::from_str_radix(text, 16).ok().filter(|_| is_hexadecimal)?;
        Some(Self(mark.to_be_bytes()))
    }

    /// What stands before a record whose content is `pieces`, one after the other. `None` if it is too long to be one.
    pub(super) fn head(self, pieces: &[&[u8]]) -> Option<[u8; HEAD]> {
        Some(self.headed(frame::head(pieces)?))
    }

    fn headed(self, frame: [u8; 8]) -> [u8; HEAD] {
        let mut crc = Crc::new();
        crc.update(&self.0);
        crc.update(&frame);
        let mut head = [0; HEAD];
        let all = self.0.into_iter().chain(frame).chain(crc.sum().to_be_bytes());
        head.iter_mut().zip(all).for_each(|(place, octet)| *place = octet);
        head
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Reads the records of a journal, one by one.
pub(super) struct Records {
    input: BufReader<File>,
    /// None where the name has none, and no record is known.
    mark: Option<Mark>,
    /// Where the next one is looked for.
    at: u64,
    length: u64,
}

/// What is read next.
pub(super) enum Next {
    /// The content of a record.
    Record(Bytes),
    End,
    /// So many octets at the end are the beginning of a record.
    Torn(u64),
    /// So many octets are no record. What follows them is one, or nothing.
    Damaged(u64),
}

/// Why there is no record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NoRecord {
    /// What is there until the end is the beginning of one.
    Torn,
    Damaged,
}

impl Records {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            length: file.metadata()?.len(),
            input: BufReader::new(file),
            mark: name::mark(path),
            at: 0,
        })
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        let (begun, left) = (self.at, self.left());
        if left == 0 {
            return Ok(Next::End);
        }
        let why = match self.read()? {
            Ok(content) => return Ok(Next::Record(content)),
            Err(why) => why,
        };
        let next = self.next_whole()?;
        // What a crash has torn was written last.
        if next.is_none() && why == NoRecord::Torn {
            return Ok(Next::Torn(left));
        }
        Ok(Next::Damaged(self.at.saturating_sub(begun)))
    }

    fn left(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    /// Goes on to the next place behind this one where a whole record is, or to the end.
    fn next_whole(&mut self) -> io::Result<Option<()>> {
        while let Some(place) = self.next_mark()? {
            self.go_to(place)?;
            if self.read()?.is_ok() {
                self.go_to(place)?;
                return Ok(Some(()));
            }
        }
        self.at = self.length;
        Ok(None)
    }

    /// The next place behind this one where the mark stands.
    fn next_mark(&mut self) -> io::Result<Option<u64>> {
        let Some(Mark(mark)) = self.mark else {
            return Ok(None);
        };
        let mut begin = self.at.saturating_add(1);
        self.go_to(begin)?;
        let finder = memmem::Finder::new(&mark);
        let mut window = Vec::new();
        loop {
            let octets = self.input.fill_buf()?;
            let read = octets.len();
            if read == 0 {
                return Ok(None);
            }
            window.extend_from_slice(octets);
            self.input.consume(read);
            if let Some(found) = finder.find(&window) {
                return Ok(Some(begin.saturating_add(wide(found))));
            }
            // A mark may be on both sides of where a piece ends.
            let past = window.len().saturating_sub(MARK);
            window.drain(..past);
            begin = begin.saturating_add(wide(past));
        }
    }

    fn go_to(&mut self, place: u64) -> io::Result<()> {
        self.at = self.input.seek(SeekFrom::Start(place))?;
        Ok(())
    }

    /// The content of the record that begins here, behind which it goes on; where there is none it stays.
    fn read(&mut self) -> io::Result<Result<Bytes, NoRecord>> {
        let Some(mark) = self.mark else {
            return Ok(Err(NoRecord::Damaged));
        };
        let Some(left) = self.left().checked_sub(wide(HEAD)) else {
            let mut begin = Vec::new();
            self.input.read_to_end(&mut begin)?;
            let is_torn = begin.iter().zip(mark.0).all(|(octet, of_mark)| *octet == of_mark);
            return Ok(Err(if is_torn {
                NoRecord::Torn
            } else {
                NoRecord::Damaged
            }));
        };
        let mut head = [0; HEAD];
        self.input.read_exact(&mut head)?;
        let frame = head.get(MARK..).and_then(|frame| frame.first_chunk().copied());
        let Some(frame) = frame.filter(|frame| mark.headed(*frame) == head) else {
            return Ok(Err(NoRecord::Damaged));
        };
        let [a, b, c, d, ..] = frame;
        let length = u32::from_be_bytes([a, b, c, d]);
        if u64::from(length) > left {
            return Ok(Err(NoRecord::Torn));
        }
        let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.input.read_exact(&mut content)?;
        if frame::head(&[&content]) != Some(frame) {
            return Ok(Err(NoRecord::Damaged));
        }
        self.at = self.at.saturating_add(wide(HEAD)).saturating_add(length.into());
        Ok(Ok(content.into()))
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
