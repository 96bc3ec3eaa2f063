//! What the first bytes of a file say that it is.

/// So many bytes are looked at.
pub(super) const LONGEST: usize = 512;

/// A format that no message has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Gzip,
    Zstandard,
    Tar,
    Zip,
    Parquet,
    /// One that is not read, by its name.
    Foreign(&'static str),
}

/// The format of what begins so. A message in base64 begins with none of these, as it is text: also the second header of bzip2, and the first
/// field of a structure of Parquet, are looked at.
pub(super) fn of(start: &[u8]) -> Option<Format> {
    const STARTS: [(&[u8], Format); 9] = [
        (b"\x1f\x8b", Format::Gzip),
        (b"\x28\xb5\x2f\xfd", Format::Zstandard),
        (b"PK\x03\x04", Format::Zip),
        (b"PK\x05\x06", Format::Zip),
        (b"PAR1\x15", Format::Parquet),
        (b"\xfd7zXZ\0", Format::Foreign("xz")),
        (b"7z\xbc\xaf\x27\x1c", Format::Foreign("7-Zip")),
        (b"Rar!\x1a\x07", Format::Foreign("RAR")),
        (b"\x04\x22\x4d\x18", Format::Foreign("LZ4")),
    ];
    let named = STARTS.iter().find(|(bytes, _)| start.starts_with(bytes));
    if let Some((_, format)) = named {
        return Some(*format);
    }
    if start.first_chunk().is_some_and(is_skippable) {
        return Some(Format::Zstandard);
    }
    // The size of its blocks, and the mark of a block or of the end.
    let bzip2 = start.get(4..10).filter(|_| start.starts_with(b"BZh"));
    if bzip2.is_some_and(|mark| mark == b"1AY&SY" || mark == b"\x17\x72\x45\x38\x50\x90") {
        return Some(Format::Foreign("bzip2"));
    }
    // Of POSIX, and of GNU; before POSIX there was none.
    let tar = start.get(257..265).unwrap_or_default();
    let is_tar = tar.starts_with(b"ustar\0") || tar == b"ustar  \0";
    is_tar.then_some(Format::Tar)
}

/// Whether a frame of Zstandard that begins so says nothing to decoders (RFC 8878 §3.1.2).
pub(super) const fn is_skippable(start: &[u8; 4]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// The format that a name which ends so has, if it is one that is not read.
pub(super) fn foreign_end(end: &str) -> Option<&'static str> {
    Some(match end {
        "xz" | "txz" | "lzma" => "xz",
        "bz2" | "tbz" | "tbz2" => "bzip2",
        "7z" => "7-Zip",
        "rar" => "RAR",
        "lz4" => "LZ4",
        _ => return None,
    })
}

/// Whether an entry of an archive is what macOS puts beside a file to hold its attributes (AppleDouble, RFC 1740 §B), by its name.
pub(super) fn may_be_apple_double(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.starts_with("._")
}

/// The same by what is in it, which no message has: its mark, and its version.
pub(super) fn is_apple_double(content: &[u8]) -> bool {
    content.starts_with(b"\0\x05\x16\x07\0\x02\0\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_container_whatever_it_begins_with() {
        for text in [
            "BZhvbGQgbWVzc2FnZQ==",
            "BZh91AYxSY",
            "PAR1bGQ=",
            "7zXZ",
            "PK",
            "<a/>",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(of(b"PAR1\x15\x04"), Some(Format::Parquet));
        for mark in [b"BZh91AY&SY", b"BZh1\x17\x72\x45\x38\x50\x90"] {
            assert_eq!(of(mark), Some(Format::Foreign("bzip2")));
        }
        assert!(!is_apple_double(b"\0\x05\x16\x07<a/>"));
    }
}
