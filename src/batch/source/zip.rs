//! Zip archives: stored and deflated entries, Zip64, in the order of the central directory, which is read entry by entry.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};

use super::{Body, Container, Ended, PassedOver, Places, Sink, broken, open, unpacked};

/// The end record with the longest comment.
const LONGEST_END: u64 = 22 + 65_535;
/// The header before the name and the content of an entry.
const HEADER: u64 = 30;

/// Hands on each file of the archive.
pub(super) fn each(container: &Container<'_>, sink: &mut dyn Sink) -> Result<(), Ended> {
    let mut content = open(&container.place)?;
    let (start, count, end) = directory(&mut content)?;
    let mut places = Places::where_none_fits_in(HEADER);
    let mut directory = BufReader::new(open(&container.place)?);
    directory.seek(SeekFrom::Start(start))?;
    for _ in 0..count {
        let entry = Entry::read(&mut directory)?;
        let is_free = places.take(entry.header, entry.header_and_content());
        if !is_free {
            return Err(broken("two entries of the zip archive have the same bytes").into());
        }
        if entry.is_folder() {
            sink.passed_over(PassedOver::Folder);
            continue;
        }
        container.offer_entry(&entry.name, sink, || {
            entry.content(&mut content, container.reading.limit)
        })?;
    }
    let mut after = [0; 4];
    directory.read_exact(&mut after)?;
    match &after {
        b"PK\x05\x06" | b"PK\x06\x06" | b"PK\x05\x05" if end == End::OfFile => Ok(()),
        b"PK\x05\x06" | b"PK\x06\x06" | b"PK\x05\x05" => {
            Err(broken("something follows the end of the zip archive").into())
        }
        _ => Err(broken("the directory of the zip archive is longer than it says").into()),
    }
}

/// What the end record, with its comment, is the end of.
#[derive(Clone, Copy, PartialEq)]
enum End {
    OfFile,
    Earlier,
}

/// Where the central directory starts, how many entries it has, and what ends behind it.
fn directory(file: &mut File) -> io::Result<(u64, u64, End)> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LONGEST_END);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(LONGEST_END).read_to_end(&mut tail)?;
    let place =
        memchr::memmem::rfind(&tail, b"PK\x05\x06").ok_or_else(|| broken("no zip archive: it has no end"))?;
    let end = Fields(tail.get(place..).unwrap_or_default());
    let (count, start) = (end.u16(10)?, end.u32(16)?);
    let record = usize::from(end.u16(20)?).saturating_add(22);
    let end = if end.0.len() == record {
        End::OfFile
    } else {
        End::Earlier
    };
    if count != u16::MAX && start != u32::MAX {
        return Ok((start.into(), count.into(), end));
    }
    // Zip64: a locator stands before the end.
    let locator = Fields(tail.get(place.saturating_sub(20)..place).unwrap_or_default());
    if !locator.0.starts_with(b"PK\x06\x07") {
        return Ok((start.into(), count.into(), end));
    }
    file.seek(SeekFrom::Start(locator.u64(8)?))?;
    let mut record = [0; 56];
    file.read_exact(&mut record)?;
    let record = Fields(&record);
    if !record.0.starts_with(b"PK\x06\x06") {
        return Err(broken("the end of the zip archive is damaged"));
    }
    Ok((record.u64(48)?, record.u64(32)?, end))
}

/// Little-endian numbers at places.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn at<const N: usize>(&self, place: usize) -> io::Result<[u8; N]> {
        let found = self.0.get(place..).and_then(<[u8]>::first_chunk);
        found.copied().ok_or_else(|| broken("the zip archive is cut off"))
    }

    fn u16(&self, place: usize) -> io::Result<u16> {
        self.at(place).map(u16::from_le_bytes)
    }

    fn u32(&self, place: usize) -> io::Result<u32> {
        self.at(place).map(u32::from_le_bytes)
    }

    fn u64(&self, place: usize) -> io::Result<u64> {
        self.at(place).map(u64::from_le_bytes)
    }
}

struct Entry {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    length: u64,
    header: u64,
    /// Kind and permissions, as Unix has them.
    mode: u32,
}

impl Entry {
    fn read(directory: &mut impl Read) -> io::Result<Self> {
        let mut record = [0; 46];
        directory.read_exact(&mut record)?;
        let fixed = Fields(&record);
        if !record.starts_with(b"PK\x01\x02") {
            return Err(broken("the directory of the zip archive is damaged"));
        }
        let mut name = vec![0; fixed.u16(28)?.into()];
        directory.read_exact(&mut name)?;
        let mut extra = vec![0; fixed.u16(30)?.into()];
        directory.read_exact(&mut extra)?;
        let comment = u64::from(fixed.u16(32)?);
        io::copy(&mut directory.take(comment), &mut io::sink())?;
        let mut entry = Self {
            name: String::from_utf8_lossy(&name).into_owned(),
            flags: fixed.u16(8)?,
            method: fixed.u16(10)?,
            crc: fixed.u32(16)?,
            compressed: fixed.u32(20)?.into(),
            length: fixed.u32(24)?.into(),
            header: fixed.u32(42)?.into(),
            mode: fixed.u32(38)? >> 16,
        };
        entry.widen(&extra)?;
        Ok(entry)
    }

    /// Whether it is a folder, and nothing else.
    fn is_folder(&self) -> bool {
        /// Deflate makes so many bytes of nothing.
        const NOTHING: u64 = 2;
        self.name.ends_with('/') && self.length == 0 && self.compressed <= NOTHING
    }

    /// Takes from the Zip64 field what did not fit; it has only those, in this order.
    fn widen(&mut self, extra: &[u8]) -> io::Result<()> {
        let mut rest = extra;
        while rest.len() >= 4 {
            let field = Fields(rest);
            let (id, length) = (field.u16(0)?, usize::from(field.u16(2)?));
            let content = rest.get(4..length.saturating_add(4)).unwrap_or_default();
            rest = rest.get(length.saturating_add(4)..).unwrap_or_default();
            if id != 1 {
                continue;
            }
            let content = Fields(content);
            let mut place = 0_usize;
            for value in [&mut self.length, &mut self.compressed, &mut self.header] {
                if *value == u64::from(u32::MAX) {
                    *value = content.u64(place)?;
                    place = place.saturating_add(8);
                }
            }
        }
        Ok(())
    }

    /// How many bytes of the file it has.
    fn header_and_content(&self) -> u64 {
        let name = u64::try_from(self.name.len()).unwrap_or(u64::MAX);
        HEADER.saturating_add(name).saturating_add(self.compressed)
    }

    fn content(&self, file: &mut File, limit: u32) -> io::Result<Body> {
        match self.mode & 0o170_000 {
            0 | 0o100_000 => {}
            0o120_000 => return Err(broken("a link in an archive is not followed")),
            _ => return Err(broken("an entry of a zip archive that is no file")),
        }
        if self.flags & 1 != 0 {
            return Err(broken("the entry of the zip archive is encrypted"));
        }
        file.seek(SeekFrom::Start(self.header))?;
        let mut local = [0; 30];
        file.read_exact(&mut local)?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(broken(
                "the entry of the zip archive is not where its directory says",
            ));
        }
        let fields = Fields(&local);
        let before = i64::from(fields.u16(26)?).saturating_add(fields.u16(28)?.into());
        file.seek(SeekFrom::Current(before))?;
        let mut compressed = file.take(self.compressed);
        let body = match self.method {
            0 => unpacked(&mut compressed, limit)?,
            8 => unpacked(&mut DeflateDecoder::new(compressed), limit)?,
            _ => {
                return Err(broken(
                    "the entry of the zip archive is compressed by another method than deflate",
                ));
            }
        };
        if let Body::Bytes(bytes) = &body {
            let mut crc = Crc::new();
            crc.update(bytes);
            if crc.sum() != self.crc || u64::try_from(bytes.len()).ok() != Some(self.length) {
                return Err(broken("the entry of the zip archive is damaged"));
            }
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::super::Taken;
    use super::*;

    /// An archive of one deflated entry and one stored.
    fn archive() -> Vec<u8> {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(b"<a/>").unwrap();
        let mut archive = Vec::new();
        let mut directory = Vec::new();
        let entries = [
            ("d/", 0_u16, b"".to_vec(), ""),
            ("d/a.xml", 8, deflated.finish().unwrap(), "<a/>"),
            ("b.xml", 0, b"123456789".to_vec(), "123456789"),
        ];
        for (name, method, content, plain) in &entries {
            let mut crc = Crc::new();
            crc.update(plain.as_bytes());
            let mut fields = [20_u16, 0, *method, 0, 0].map(u16::to_le_bytes).concat();
            let lengths = [crc.sum(), content.len() as u32, plain.len() as u32];
            fields.extend(lengths.map(u32::to_le_bytes).concat());
            fields.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
            directory.extend(b"PK\x01\x02\x14\x00".iter().chain(&fields).chain(&[0; 10]));
            directory.extend((archive.len() as u32).to_le_bytes());
            directory.extend(name.bytes());
            archive.extend(b"PK\x03\x04".iter().chain(&fields));
            archive.extend(name.bytes().chain(content.iter().copied()));
        }
        let start = archive.len() as u32;
        let size = directory.len() as u32;
        archive.extend(directory);
        archive.extend(b"PK\x05\x06\0\0\0\0");
        archive.extend([entries.len() as u16; 2].map(u16::to_le_bytes).concat());
        archive.extend([size, start].map(u32::to_le_bytes).concat());
        archive.extend([0, 0]);
        archive
    }

    fn taken(archive: &[u8]) -> (Vec<(String, String)>, Result<(), Ended>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(archive).unwrap();
        let (taken, ended) = Taken::of(8, |container, sink| {
            each(
                &Container::new(file.path(), container.stamp, container.reading),
                sink,
            )
        });
        let short = |path: String| {
            path.split_once('!')
                .map_or(path.clone(), |(_, name)| name.to_owned())
        };
        (
            taken
                .into_iter()
                .map(|(path, body)| (short(path), body))
                .collect(),
            ended,
        )
    }

    #[test]
    fn stored_and_deflated_entries_are_handed_on() {
        let (taken, ended) = taken(&archive());
        assert!(ended.is_ok(), "{ended:?}");
        let told: Vec<_> = taken
            .iter()
            .map(|(path, body)| (path.as_str(), body.as_str()))
            .collect();
        assert_eq!(told, [("d/a.xml", "<a/>"), ("b.xml", "too long")]);
    }

    /// The place in `archive` of what is at `place` in the record of the directory of the entry `name`.
    fn recorded(archive: &[u8], name: &[u8], place: usize) -> usize {
        memchr::memmem::rfind(archive, name).unwrap() - 46 + place
    }

    #[test]
    fn what_follows_the_end_is_told_after_what_was_before_it() {
        let (messages, ended) = taken(&[archive().as_slice(), b"x"].concat());
        assert_eq!(messages.len(), 2);
        let told = format!("{ended:?}");
        assert!(
            told.contains("something follows the end of the zip archive"),
            "{told}"
        );
        let mut commented = archive();
        let place = commented.len() - 2;
        commented[place] = 1;
        commented.push(b'x');
        assert!(taken(&commented).1.is_ok());
    }

    #[test]
    fn a_folder_is_counted_and_one_with_content_is_a_message() {
        let counted = |archive: &[u8]| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(archive).unwrap();
            let (taken, ended) = Taken::with_passed_over(10, |container, sink| {
                each(
                    &Container::new(file.path(), container.stamp, container.reading),
                    sink,
                )
            });
            assert!(ended.is_ok(), "{ended:?}");
            (taken.0.len(), taken.1)
        };
        assert_eq!(counted(&archive()), (2, vec!["folder"]));
        let mut named = archive();
        for from in [0, recorded(&named, b"b.xml", 0)] {
            let place = from
                + named[from..]
                    .windows(5)
                    .position(|name| name == b"b.xml")
                    .unwrap();
            named[place + 4] = b'/';
        }
        assert_eq!(counted(&named), (2, vec!["folder"]));
        let is_told = |archive: &[u8], entry: &str| {
            let (taken, _) = taken(archive);
            taken.iter().any(|(name, _)| name == entry)
        };
        let place = recorded(&named, b"b.xm/", 24);
        named[place] = 0;
        assert!(is_told(&named, "b.xm/"));
        let mut long = archive();
        let place = memchr::memmem::find(&long, b"PK\x01\x02").unwrap();
        long[place + 24] = 3;
        assert!(is_told(&long, "d/"));
    }

    #[test]
    fn a_link_is_told_and_not_judged() {
        for (mode, expected) in [
            (0o120_777_u16, "unreadable: a link in an archive is not followed"),
            (0o010_644, "unreadable: an entry of a zip archive that is no file"),
            (0o100_644, "<a/>"),
        ] {
            let mut archive = archive();
            let place = recorded(&archive, b"d/a.xml", 40);
            archive[place..place + 2].copy_from_slice(&mode.to_le_bytes());
            assert_eq!(taken(&archive).0[0].1, expected, "{mode:o}");
        }
    }

    #[test]
    fn entries_that_share_bytes_end_the_archive() {
        let mut archive = archive();
        let (first, second) = (
            recorded(&archive, b"d/a.xml", 42),
            recorded(&archive, b"b.xml", 42),
        );
        let place: [u8; 4] = archive[first..first + 4].try_into().unwrap();
        archive[second..second + 4].copy_from_slice(&place);
        let (messages, ended) = taken(&archive);
        assert_eq!(messages.len(), 1);
        let told = format!("{ended:?}");
        assert!(
            told.contains("two entries of the zip archive have the same bytes"),
            "{told}"
        );
    }

    #[test]
    fn damage_is_told() {
        let mut damaged = archive();
        let place = memchr::memmem::find(&damaged, b"d/a.xml").unwrap() + 8;
        damaged[place] ^= 0xff;
        let (taken, _) = taken(&damaged);
        assert!(taken[0].1.starts_with("unreadable: "), "{taken:?}");
        assert!(self::taken(b"PK\x03\x04").1.is_err());
        assert!(self::taken(&archive()[40..]).1.is_err());
    }
}
