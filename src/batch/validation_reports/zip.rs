use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::{Packed, name};
use crate::batch::source::Names;

/// The header of an entry before its name: a signature, ten fields that the central directory repeats, and two lengths.
const HEADER: usize = 30;
/// A day of 1980, as every entry is from: what is in one depends on nothing but the message and how it was judged.
const DATE: u16 = 0x21;

/// Appends entries to a zip archive.
pub(in crate::batch) struct Writer {
    out: BufWriter<File>,
    path: PathBuf,
    end: u64,
    count: u64,
    names: Names,
}

impl Writer {
    /// Goes on in `file` at `path`, which is at its place `end`, where the last entry ends.
    ///
    /// # Errors
    /// Its entries cannot be read, or are not as they were written.
    pub(in crate::batch) fn new(file: File, path: &Path, end: u64) -> io::Result<Self> {
        let (mut count, mut names) = (0, Names::default());
        each(path, end, |_, entry, _| {
            count = u64::saturating_add(count, 1);
            names.was_seen(&name::folded(&String::from_utf8_lossy(entry)));
            Ok(())
        })?;
        Ok(Self {
            out: BufWriter::with_capacity(1 << 16, file),
            path: path.to_owned(),
            end,
            count,
            names,
        })
    }

    /// Where the last entry ends.
    pub(in crate::batch) fn end(&self) -> u64 {
        self.end
    }

    /// Appends an entry. Where another may be called so, the place of this one is in its name.
    pub(in crate::batch) fn append(&mut self, packed: &Packed) -> io::Result<()> {
        self.count = self.count.saturating_add(1);
        let name = if self.names.was_seen(&name::folded(&packed.name)) {
            &name::at_place(&packed.name, self.count)
        } else {
            &packed.name
        };
        let mut header = Fields::of(b"PK\x03\x04");
        header.u16(20);
        // The name is UTF-8.
        header.u16(1 << 11);
        // Deflated.
        header.u16(8);
        header.u16(0);
        header.u16(DATE);
        header.u32(packed.crc);
        header.u32(length(&packed.deflated)?);
        header.u32(packed.length);
        header.u16(u16::try_from(name.len()).map_err(io::Error::other)?);
        header.u16(0);
        header.0.extend_from_slice(name.as_bytes());
        for octets in [&header.0, &packed.deflated] {
            self.out.write_all(octets)?;
            self.end = self.end.saturating_add(u64::from(length(octets)?));
        }
        Ok(())
    }

    /// Hands what waits to the system.
    pub(in crate::batch) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes the central directory, which makes it an archive.
    pub(in crate::batch) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        let mut size = 0;
        each(&self.path, self.end, |header, name, place| {
            let record = Entry::of(header)?.record(header, name, place);
            self.out.write_all(&record)?;
            size = u64::from(length(&record)?).saturating_add(size);
            Ok(())
        })?;
        self.out
            .write_all(&end_of_directory(self.count, size, self.end))?;
        self.out.flush()
    }
}

/// Tells `told` of each entry of the archive at `path` before `end`: its header, its name, and where it begins.
fn each(
    path: &Path,
    end: u64,
    mut told: impl FnMut(&[u8; HEADER], &[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut entries = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut place = 0;
    while place < end {
        let mut header = [0; HEADER];
        entries.read_exact(&mut header)?;
        let entry = Entry::of(&header)?;
        let mut name = vec![0; usize::from(entry.name)];
        entries.read_exact(&mut name)?;
        entries.seek_relative(entry.content.into())?;
        told(&header, &name, place)?;
        place = entry.end(place);
    }
    Ok(())
}

/// What the header of an entry says of where the next begins.
struct Entry {
    name: u16,
    content: u32,
}

impl Entry {
    fn of(header: &[u8; HEADER]) -> io::Result<Self> {
        match header {
            [
                b'P',
                b'K',
                3,
                4,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                a,
                b,
                c,
                d,
                _,
                _,
                _,
                _,
                e,
                f,
                0,
                0,
            ] => Ok(Self {
                name: u16::from_le_bytes([*e, *f]),
                content: u32::from_le_bytes([*a, *b, *c, *d]),
            }),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the archive of the validation reports is not as it was written",
            )),
        }
    }

    /// Where it ends, if it begins at `place`.
    fn end(&self, place: u64) -> u64 {
        let length = u64::from(self.content).saturating_add(self.name.into());
        place.saturating_add(30).saturating_add(length)
    }

    /// Its record in the central directory.
    fn record(&self, header: &[u8; HEADER], name: &[u8], place: u64) -> Vec<u8> {
        let near = u32::try_from(place).ok().filter(|place| *place != u32::MAX);
        let mut record = Fields::of(b"PK\x01\x02");
        // Made on Unix, by version 4.5.
        record.u16(0x032d);
        // Zip64 needs 4.5 to be read, too (APPNOTE 4.4.3.2).
        record.u16(if near.is_some() { 20 } else { 45 });
        record.0.extend(header.iter().skip(6).take(22));
        record.u16(if near.is_some() { 0 } else { 12 });
        record.u16(0);
        record.u16(0);
        record.u16(0);
        // A file that its owner may write.
        record.u32(0o100_644 << 16);
        record.u32(near.unwrap_or(u32::MAX));
        record.0.extend_from_slice(name);
        if near.is_none() {
            // Zip64: the place alone.
            record.u16(1);
            record.u16(8);
            record.u64(place);
        }
        record.0
    }
}

/// What comes after a central directory of `count` records and `size` bytes that begins at `start`. That of Zip64 is always there, as one may need it.
fn end_of_directory(count: u64, size: u64, start: u64) -> Vec<u8> {
    let mut end = Fields::of(b"PK\x06\x06");
    end.u64(44);
    end.u16(0x032d);
    end.u16(45);
    end.u32(0);
    end.u32(0);
    end.u64(count);
    end.u64(count);
    end.u64(size);
    end.u64(start);
    let locator = start.saturating_add(size);
    end.0.extend_from_slice(b"PK\x06\x07");
    end.u32(0);
    end.u64(locator);
    end.u32(1);
    end.0.extend_from_slice(b"PK\x05\x06");
    end.u16(0);
    end.u16(0);
    let few = u16::try_from(count).unwrap_or(u16::MAX);
    end.u16(few);
    end.u16(few);
    end.u32(u32::try_from(size).unwrap_or(u32::MAX));
    end.u32(u32::try_from(start).unwrap_or(u32::MAX));
    end.u16(0);
    end.0
}

fn length(octets: &[u8]) -> io::Result<u32> {
    u32::try_from(octets.len()).map_err(io::Error::other)
}

/// Little-endian numbers, one after the other.
struct Fields(Vec<u8>);

impl Fields {
    fn of(signature: &[u8; 4]) -> Self {
        Self(signature.to_vec())
    }

    fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::fs;
    use std::process::Command;

    use super::*;

    /// How many entries Python finds, each with its checksum, and what the last one says; or why it does not.
    fn listed(path: &Path) -> String {
        let output = Command::new("python3")
            .args(["-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()), z.read(z.namelist()[-1]).decode())"])
            .arg(path)
            .output()
            .unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    #[test]
    fn another_program_reads_more_entries_than_a_number_of_16_bits_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(super::super::FILE);
        let mut writer = Writer::new(File::create(&path).unwrap(), &path, 0).unwrap();
        for number in 0..=65_536 {
            let packed = Packed::of(&number.to_string(), &format!("<a>{number}</a>")).unwrap();
            writer.append(&packed).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(listed(&path), "65537 <a>65536</a>\n");
    }

    #[test]
    fn no_two_entries_have_one_name_also_if_it_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(super::super::FILE);
        File::create(&path).unwrap();
        let mut end = 0;
        for source in ["a", "A", "b", "a", "a~1"] {
            let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            let mut writer = Writer::new(file, &path, end).unwrap();
            writer.append(&Packed::of(source, source).unwrap()).unwrap();
            writer.flush().unwrap();
            end = writer.end();
        }
        let mut names = Vec::new();
        each(&path, end, |_, name, _| {
            names.push(String::from_utf8_lossy(name).replace(".report.xml", ""));
            Ok(())
        })
        .unwrap();
        assert_eq!(names, ["a", "A~2", "b", "a~4", "a%7E1"]);
    }

    #[test]
    fn an_entry_beyond_4_gib_has_its_place_in_zip64() {
        let header = [0; HEADER];
        let entry = Entry { name: 1, content: 0 };
        let near = entry.record(&header, b"a", u64::from(u32::MAX) - 1);
        assert!(near.ends_with(b"\xfe\xff\xff\xffa"), "{near:?}");
        let far = entry.record(&header, b"a", 0x1_2345_6789);
        assert!(
            far.ends_with(b"\xff\xff\xff\xffa\x01\0\x08\0\x89\x67\x45\x23\x01\0\0\0"),
            "{far:?}"
        );
        assert_eq!(far.get(30..32), Some(&[12, 0][..]));
        let needed = [&near, &far].map(|record| record.get(6..8));
        assert_eq!(needed, [Some(&[20, 0][..]), Some(&[45, 0][..])]);
        let edge = entry.record(&header, b"a", u32::MAX.into());
        assert!(edge.ends_with(b"\xff\xff\xff\xff\0\0\0\0"), "{edge:?}");
    }

    #[test]
    fn an_archive_that_somebody_changed_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(super::super::FILE);
        fs::write(&path, [b'x'; 64]).unwrap();
        let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let error = Writer::new(file, &path, 64).map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
