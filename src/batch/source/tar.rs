//! Tar archives: ustar, with the long names of GNU and pax. Everything that is no file or folder is reported, and nothing that
//! follows the end goes unnoticed.

use std::io::{self, Read};

use super::{Body, Container, Ended, PassedOver, Sink, broken, unpacked};

const BLOCK: usize = 512;
/// The most bytes of a long name, or of pax records.
const MAX_EXTENSION: u64 = 1 << 20;

/// Hands on each file of the archive.
pub(super) fn each(
    input: &mut dyn Read,
    container: &Container<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let mut next = Extension::default();
    loop {
        let mut block = [0; BLOCK];
        if !read_block(input, &mut block)? {
            return Err(broken("the archive ends without its end mark").into());
        }
        if block == [0; BLOCK] {
            return Ok(only_zeros(input)?);
        }
        let header = Header::read(&block)?;
        let extension = std::mem::take(&mut next);
        let size = extension.size.unwrap_or(header.size);
        let mut content = (&mut *input).take(size);
        match header.kind {
            b'L' => {
                let name = extension_content(&mut content)?;
                next = Extension {
                    path: Some(until_nul(&name)),
                    ..extension
                };
            }
            b'x' => next = pax(&extension_content(&mut content)?, extension)?,
            b'g' => {
                let of_all = pax(&extension_content(&mut content)?, Extension::default())?;
                if of_all.path.is_some() || of_all.size.is_some() {
                    return Err(broken(
                        "a global pax header names the files of the tar archive or says how long they are",
                    )
                    .into());
                }
                next = extension;
            }
            // Where a link leads says nothing about messages.
            b'K' => next = extension,
            // Readers differ on whether anything follows one that has a length.
            b'5' if size == 0 => sink.passed_over(PassedOver::Folder),
            kind => {
                let name = extension.path.unwrap_or(header.path);
                let read = || match kind {
                    b'0' | 0 | b'7' => {
                        let read = unpacked(&mut content, container.reading.limit)?;
                        let is_cut_off = matches!(read, Body::Bytes(_)) && content.limit() > 0;
                        if is_cut_off { Err(cut_off()) } else { Ok(read) }
                    }
                    b'1' | b'2' => Err(broken("a link in an archive is not followed")),
                    _ => Err(broken("an entry of a tar archive that is no file")),
                };
                container.offer_entry(&name, sink, read)?;
            }
        }
        let rest = content.limit();
        skip(input, rest.saturating_add(padding(size)))?;
    }
}

#[derive(Default)]
struct Extension {
    path: Option<String>,
    size: Option<u64>,
}

struct Header {
    path: String,
    size: u64,
    kind: u8,
}

impl Header {
    fn read(block: &[u8; BLOCK]) -> io::Result<Self> {
        let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
        let sum = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)))
        };
        // What stands in the place of the sum counts as spaces.
        let sum = [field(0, 148), &[b' '; 8], field(156, BLOCK)]
            .map(sum)
            .into_iter()
            .fold(0, u32::wrapping_add);
        if number(field(148, 156)) != Some(sum.into()) {
            return Err(broken("a header of the tar archive is damaged"));
        }
        let name = until_nul(field(0, 100));
        let prefix = until_nul(field(345, 500));
        let is_ustar = field(257, 263) == b"ustar\0";
        Ok(Self {
            path: if is_ustar && !prefix.is_empty() {
                format!("{prefix}/{name}")
            } else {
                name
            },
            size: number(field(124, 136)).ok_or_else(|| broken("a header of the tar archive has no size"))?,
            kind: block.get(156).copied().unwrap_or_default(),
        })
    }
}

/// A number in octal digits, or in base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first()
        && *first & 0x80 != 0
    {
        return rest.iter().try_fold(u64::from(*first & 0x7f), |value, byte| {
            Some(value.checked_mul(256)? | u64::from(*byte))
        });
    }
    let text = std::str::from_utf8(field).ok()?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
}

fn until_nul(field: &[u8]) -> String {
    let name = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

fn extension_content(content: &mut io::Take<impl Read>) -> io::Result<Vec<u8>> {
    if content.limit() > MAX_EXTENSION {
        return Err(broken("a name in the tar archive is too long"));
    }
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Records of the form `LENGTH KEY=VALUE\n`.
fn pax(records: &[u8], mut extension: Extension) -> io::Result<Extension> {
    let malformed = || broken("the pax records of the tar archive are malformed");
    let mut rest = records;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(malformed)?;
        let digits = rest
            .get(..space)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let length: usize = digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(malformed)?;
        let record = rest.get(space.saturating_add(1)..length).ok_or_else(malformed)?;
        rest = rest.get(length..).ok_or_else(malformed)?;
        let record = record.strip_suffix(b"\n").ok_or_else(malformed)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            extension.path = Some(String::from_utf8_lossy(path).into_owned());
        } else if let Some(size) = record.strip_prefix(b"size=") {
            let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
            extension.size = Some(size.ok_or_else(malformed)?);
        } else if record.starts_with(b"GNU.sparse.") {
            return Err(broken("a sparse file in the tar archive"));
        }
    }
    Ok(extension)
}

/// Whether there was another block.
fn read_block(input: &mut dyn Read, block: &mut [u8; BLOCK]) -> io::Result<bool> {
    let mut held = 0;
    while let Some(rest) = block.get_mut(held..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) if held == 0 => return Ok(false),
            Ok(0) => return Err(cut_off()),
            Ok(count) => held = held.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn padding(size: u64) -> u64 {
    let padded = size.checked_next_multiple_of(512).unwrap_or(u64::MAX);
    padded.saturating_sub(size)
}

fn skip(input: &mut dyn Read, count: u64) -> io::Result<()> {
    if io::copy(&mut input.take(count), &mut io::sink())? == count {
        Ok(())
    } else {
        Err(cut_off())
    }
}

fn cut_off() -> io::Error {
    broken("the tar archive is cut off")
}

fn only_zeros(input: &mut dyn Read) -> io::Result<()> {
    let mut block = [0; BLOCK];
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) if block.iter().take(count).all(|byte| *byte == 0) => {}
            Ok(_) => return Err(broken("something follows the end of the tar archive")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use super::super::Taken;
    use super::*;

    /// An entry as tar writes it.
    fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend_from_slice(content);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }

    fn taken(archive: &[u8]) -> (Vec<(String, String)>, Result<(), Ended>) {
        Taken::of(8, |container, sink| each(&mut &*archive, container, sink))
    }

    fn named(taken: &[(String, String)]) -> Vec<(&str, &str)> {
        taken
            .iter()
            .map(|(path, body)| (path.as_str(), body.as_str()))
            .collect()
    }

    fn why(ended: Result<(), Ended>) -> String {
        match ended {
            Err(Ended::Broken(error)) => error.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn files_are_handed_on_and_long_ones_are_not_read() {
        let pax = entry("x", b'x', b"17 path=long/one\n");
        let archive = [
            entry("a.xml", b'0', b"<a/>"),
            entry("folder/", b'5', b""),
            pax,
            entry("short", b'0', b"<b/>"),
            entry("n", b'L', b"longer/two\0"),
            entry("short", b'0', b"123456789"),
            entry("link", b'2', b""),
            entry("a.gz", b'0', b"\x1f\x8b"),
            entry("unwanted", b'0', b"<c/>"),
            vec![0; 4 * BLOCK],
        ];
        let (taken, ended) = taken(&archive.concat());
        assert!(ended.is_ok());
        assert_eq!(
            named(&taken),
            [
                ("c!a.xml", "<a/>"),
                ("c!long/one", "<b/>"),
                ("c!longer/two", "too long"),
                ("c!link", "unreadable: a link in an archive is not followed"),
                (
                    "c!a.gz",
                    "unreadable: it is compressed, or an archive, in another one: unpack that first"
                ),
            ]
        );
    }

    #[test]
    fn what_macos_puts_beside_a_file_is_passed_over_if_it_is_that() {
        let archive = [
            entry("x/._a.xml", b'0', b"\0\x05\x16\x07\0\x02\0\0"),
            entry("x/a.xml", b'0', b"<a/>"),
            entry("._b.xml", b'0', b"<b/>"),
            vec![0; 2 * BLOCK],
        ];
        let (taken, ended) = taken(&archive.concat());
        assert!(ended.is_ok());
        assert_eq!(named(&taken), [("c!x/a.xml", "<a/>"), ("c!._b.xml", "<b/>")]);
    }

    #[test]
    fn what_is_no_message_is_counted_and_a_folder_with_a_length_is_told() {
        let long = [entry("x/", b'5', b""), vec![0; BLOCK]].concat();
        let mut long: Vec<u8> = long.into_iter().take(BLOCK).collect();
        // 512 bytes, with which the sum grows by one.
        long[124..135].copy_from_slice(b"00000001000");
        let sum = String::from_utf8(long[148..154].to_vec()).unwrap();
        let sum = u32::from_str_radix(&sum, 8).unwrap() + 1;
        long[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        let archive = [
            entry("y/", b'5', b""),
            entry("y/._a.xml", b'0', b"\0\x05\x16\x07\0\x02\0\0"),
            long,
            entry("hidden.xml", b'0', b""),
            vec![0; 2 * BLOCK],
        ];
        let archive = archive.concat();
        let (taken, _) = Taken::with_passed_over(8, |container, sink| each(&mut &*archive, container, sink));
        let folder = ("c!x/", "unreadable: an entry of a tar archive that is no file");
        assert_eq!(named(&taken.0)[0], folder);
        assert_eq!(taken.1, ["folder", "apple_double"]);
    }

    #[test]
    fn a_global_header_may_say_who_made_the_archive_and_not_what_its_files_are() {
        let with = |records: &[u8]| {
            let archive = [
                entry("g", b'g', records),
                entry("a", b'0', b"<a/>"),
                vec![0; 2 * BLOCK],
            ];
            taken(&archive.concat())
        };
        assert!(with(b"13 comment=a\n").1.is_ok());
        for records in [b"10 path=b\n".as_slice(), b"10 size=0\n"] {
            let (taken, ended) = with(records);
            assert_eq!(taken.len(), 0);
            assert!(why(ended).contains("a global pax header"));
        }
    }

    #[test]
    fn what_is_damaged_or_follows_the_end_is_told() {
        let good = entry("a.xml", b'0', b"<a/>");
        assert_eq!(why(taken(&good).1), "the archive ends without its end mark");
        assert_eq!(why(taken(&good[..700]).1), "the tar archive is cut off");
        let mut damaged = good.clone();
        damaged[0] ^= 1;
        assert_eq!(why(taken(&damaged).1), "a header of the tar archive is damaged");
        let two = [good.clone(), vec![0; BLOCK], good].concat();
        assert_eq!(why(taken(&two).1), "something follows the end of the tar archive");
    }

    /// An entry whose header says that it has this size.
    fn of_size(kind: u8, size: &[u8; 12], content: &[u8]) -> Vec<u8> {
        let mut lying = entry("n", kind, content);
        lying[124..136].copy_from_slice(size);
        lying[148..156].fill(b' ');
        let sum: u32 = lying[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
        lying[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        lying
    }

    #[test]
    fn a_long_name_has_an_end() {
        let huge = of_size(b'L', b"77777777777\0", b"");
        assert_eq!(why(taken(&huge).1), "a name in the tar archive is too long");
    }

    #[test]
    fn a_size_that_no_archive_has_ends_it() {
        let largest = *b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
        let pax = entry("x", b'x', b"29 size=18446744073709551615\n");
        for huge in [
            of_size(b'0', &largest, b"<a/>"),
            of_size(b'5', &largest, b""),
            [pax, entry("n", b'0', b"<a/>")].concat(),
        ] {
            assert_eq!(why(taken(&huge).1), "the tar archive is cut off");
        }
    }

    #[test]
    fn an_entry_that_is_cut_off_is_not_judged_as_if_it_were_whole() {
        for length in [BLOCK, BLOCK + 3] {
            let (taken, ended) = taken(&entry("a.xml", b'0', b"<a/>")[..length]);
            assert_eq!(
                named(&taken),
                [("c!a.xml", "unreadable: the tar archive is cut off")]
            );
            assert_eq!(why(ended), "the tar archive is cut off");
        }
    }
}
