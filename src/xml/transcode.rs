use std::ops::Range;

use bytes::Bytes;

use super::error::{Error, ErrorKind, Position};

/// An encoding of Unicode that a message may be in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, in the order of octets that its byte order mark says.
    Utf16,
}

impl Encoding {
    /// That of this name (RFC 2978), in any case.
    pub fn named(name: &str) -> Option<Self> {
        let names = [("utf-8", Self::Utf8), ("utf-16", Self::Utf16)];
        let mut known = names
            .into_iter()
            .filter(|(known, _)| name.eq_ignore_ascii_case(known));
        known.next().map(|(_, encoding)| encoding)
    }

    /// That of `input`: UTF-16 where it begins with a byte order mark of that, as XML 1.0 §4.3.3 asks.
    pub fn of(input: &[u8]) -> Self {
        match input {
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => Self::Utf16,
            _ => Self::Utf8,
        }
    }
}

/// `input` as UTF-8, where it is UTF-16 and declares that, or nothing; anything else comes back as it is.
///
/// # Errors
/// `xml.encoding` if it declares something else, or is not UTF-16.
pub fn utf16_to_utf8(input: Bytes) -> Result<Bytes, Error> {
    let (pairs, unit): (_, fn([u8; 2]) -> u16) = match input.as_ref() {
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        _ => return Ok(input),
    };
    let text = utf16(pairs, unit)?;
    match declared_encoding(text.as_bytes()) {
        None => Ok(text.into()),
        Some(name) if is(text.as_bytes(), &name, UTF16) => Ok(relabelled(&text, &name)),
        Some(name) => {
            let kind = ErrorKind::Encoding("it is UTF-16 and declares another encoding");
            Err(Error::new(kind, Position::of(text.as_bytes(), name.start)))
        }
    }
}

const UTF16: &[&str] = &["utf-16"];
const LATIN1: &[&str] = &["iso-8859-1", "latin1"];

/// `input` as UTF-8, where it says that it is UTF-16 (with a byte order mark), ISO-8859-1 or US-ASCII; anything
/// else comes back as it is. For archives and tools only: a message that is judged for a gateway is UTF-8, because a
/// reader before or behind us may decode other bytes otherwise (T39).
///
/// # Errors
/// `xml.encoding` if it is not what it says it is.
pub fn to_utf8(input: Bytes) -> Result<Bytes, Error> {
    match input.as_ref() {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(relabelled_utf16),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(relabelled_utf16),
        [0xef, 0xbb, 0xbf, ..] => Ok(input),
        bytes => match declared_encoding(bytes) {
            Some(name) if is(bytes, &name, LATIN1) => Ok(latin1(bytes, &name)),
            Some(name) if is(bytes, &name, &["us-ascii", "ascii"]) => ascii(bytes, &name),
            _ => Ok(input),
        },
    }
}

/// `text`, a document that was read from `input`, in the encoding of `input` again if that is ISO-8859-1, so that what
/// was not changed is the same octets. `None` where it is another encoding, or has no octet for a character of `text`:
/// it stays UTF-8 then, as it declares.
pub fn in_encoding_of(input: &[u8], text: &str) -> Option<Vec<u8>> {
    let declared = declared_encoding(input)?;
    if !is(input, &declared, LATIN1) {
        return None;
    }
    let name = declared_encoding(text.as_bytes())?;
    let octets = |text: &str| -> Option<Vec<u8>> {
        text.chars()
            .map(|character| u8::try_from(character).ok())
            .collect()
    };
    let parts = [
        octets(text.get(..name.start)?)?,
        input.get(declared)?.to_vec(),
        octets(text.get(name.end..)?)?,
    ];
    Some(parts.concat())
}

fn is(bytes: &[u8], name: &Range<usize>, names: &[&str]) -> bool {
    let declared = bytes.get(name.clone()).unwrap_or_default();
    names
        .iter()
        .any(|known| declared.eq_ignore_ascii_case(known.as_bytes()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Error> {
    let refuse = |what| Error::new(ErrorKind::Encoding(what), Position { line: 1, column: 1 });
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(refuse("half a UTF-16 unit is at the end"));
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| refuse("a UTF-16 surrogate is alone"))?;
    // It would be taken for a byte order mark of UTF-8.
    if text.starts_with('\u{feff}') {
        return Err(refuse("a second byte order mark is at the start"));
    }
    Ok(text)
}

fn relabelled_utf16(text: String) -> Bytes {
    match declared_encoding(text.as_bytes()) {
        Some(name) if is(text.as_bytes(), &name, UTF16) => relabelled(&text, &name),
        // Whatever else it declares, the parser refuses.
        _ => text.into(),
    }
}

fn latin1(bytes: &[u8], name: &Range<usize>) -> Bytes {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    relabelled(&text, name)
}

fn ascii(bytes: &[u8], name: &Range<usize>) -> Result<Bytes, Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Ok(relabelled(text, name)),
        _ => {
            let at = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
            let kind = ErrorKind::Encoding("a byte is not US-ASCII");
            Err(Error::new(kind, Position::of(bytes, at)))
        }
    }
}

/// `text` with UTF-8 declared where `name` stands.
fn relabelled(text: &str, name: &Range<usize>) -> Bytes {
    let before = text.get(..name.start).unwrap_or_default();
    let after = text.get(name.end..).unwrap_or_default();
    [before, "UTF-8", after].concat().into()
}

/// Where the encoding's name stands in the XML declaration; the parser checks the declaration's form later.
fn declared_encoding(bytes: &[u8]) -> Option<Range<usize>> {
    let window = bytes.get(..bytes.len().min(256))?;
    let length = memchr::memmem::find(window, b"?>")?;
    // A processing instruction whose name only begins like that declares nothing.
    let declaration = window.get(..length)?.strip_prefix(b"<?xml")?;
    if !declaration.first()?.is_ascii_whitespace() {
        return None;
    }
    let declaration = window.get(..length)?;
    let at = memchr::memmem::find(declaration, b"encoding")?.checked_add(8)?;
    let quote_at = memchr::memchr2(b'"', b'\'', declaration.get(at..)?)?.checked_add(at)?;
    let quote = *declaration.get(quote_at)?;
    let start = quote_at.checked_add(1)?;
    let end = memchr::memchr(quote, declaration.get(start..)?)?.checked_add(start)?;
    Some(start..end)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use super::*;
    use crate::xml::{Document, Limits};

    fn content(input: &[u8]) -> Result<String, Error> {
        let document = Document::parse(to_utf8(Bytes::copy_from_slice(input))?, &Limits::default())?;
        Ok(document.root().text()?.value.into_owned())
    }

    #[test]
    fn what_is_declared_is_decoded() {
        let latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
        assert_eq!(content(latin1).unwrap(), "é");
        let ascii = b"<?xml version='1.0' encoding=\"us-ascii\"?><a>e</a>";
        assert_eq!(content(ascii).unwrap(), "e");
        assert_eq!(content("<a>é</a>".as_bytes()).unwrap(), "é");
    }

    #[test]
    fn an_instruction_that_is_no_declaration_declares_nothing() {
        let text = "<?xml-stylesheet href='a' encoding='ISO-8859-1'?><a>\u{e9}</a>";
        assert_eq!(to_utf8(text.into()).unwrap(), text);
        assert_eq!(content(text.as_bytes()).unwrap(), "\u{e9}");
        assert_eq!(in_encoding_of(text.as_bytes(), text), None);
        let text = text.replace("ISO-8859-1", "UTF-16");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let utf16 = Bytes::from([vec![0xfe, 0xff], utf16].concat());
        assert_eq!(utf16_to_utf8(utf16.clone()).unwrap(), text);
        assert_eq!(to_utf8(utf16).unwrap(), text);
    }

    #[test]
    fn one_byte_order_mark_is_enough() {
        let twice = Bytes::from_static(&[0xfe, 0xff, 0xfe, 0xff, 0, b'<', 0, b'a', 0, b'/', 0, b'>']);
        for refused in [utf16_to_utf8(twice.clone()), to_utf8(twice)] {
            assert_eq!(refused.unwrap_err().code(), "xml.encoding");
        }
    }

    #[test]
    fn latin1_is_written_as_it_was_read_where_it_has_every_character() {
        let input = b"<?xml version='1.0' encoding='latin1'?><a>\xe9</a>";
        let text = "<?xml version='1.0' encoding='UTF-8'?><a>\u{e9}\u{ff}</a>";
        let written = b"<?xml version='1.0' encoding='latin1'?><a>\xe9\xff</a>";
        assert_eq!(in_encoding_of(input, text).unwrap(), written);
        assert_eq!(in_encoding_of(input, &text.replace('\u{ff}', "\u{100}")), None);
        assert_eq!(in_encoding_of(text.as_bytes(), text), None);
    }

    #[test]
    fn utf16_is_decoded_in_both_orders() {
        let text = "\u{feff}<?xml version='1.0' encoding='UTF-16'?><a>é𝄞</a>";
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(content(&big).unwrap(), "é𝄞");
        assert_eq!(content(&little).unwrap(), "é𝄞");
        assert_eq!(content(&big[..big.len() - 1]).unwrap_err().code(), "xml.encoding");
        let alone: Vec<u8> = [0xfeff, 0x3c, 0xd800, 0x3c]
            .into_iter()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(content(&alone).unwrap_err().code(), "xml.encoding");
    }

    #[test]
    fn a_message_in_utf16_declares_that_or_nothing() {
        let read = |text: &str, unit: fn(u16) -> [u8; 2]| {
            let octets: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            let read = utf16_to_utf8(octets.into()).map_err(|error| (error.code(), error.position()));
            read.map(|read| String::from_utf8(read.to_vec()).unwrap())
        };
        for unit in [u16::to_be_bytes, u16::to_le_bytes] {
            let declared = "\u{feff}<?xml version='1.0' encoding='UTF-16'?><a>é𝄞</a>";
            let told = "<?xml version='1.0' encoding='UTF-8'?><a>é𝄞</a>";
            assert_eq!(read(declared, unit).as_deref(), Ok(told));
            assert_eq!(read("\u{feff}<a/>", unit).as_deref(), Ok("<a/>"));
            for other in ["UTF-8", "utf-16le", "ISO-8859-1"] {
                let at = Position { line: 1, column: 31 };
                let refused = Err(("xml.encoding", Some(at)));
                assert_eq!(read(&declared.replace("UTF-16", other), unit), refused, "{other}");
            }
        }
        let plain = Bytes::from_static(b"<?xml version='1.0' encoding='UTF-16'?><a/>");
        assert_eq!(utf16_to_utf8(plain.clone()).unwrap(), plain);
        assert_eq!(Encoding::of(&plain), Encoding::Utf8);
        assert_eq!(Encoding::named("Utf-16"), Some(Encoding::Utf16));
        assert_eq!(Encoding::named("utf-16le"), None);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for input in [
            b"<?xml version='1.0' encoding='us-ascii'?><a>\xc3\xa9</a>".as_slice(),
            b"\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            b"<?xml version='1.0' encoding='UTF-16'?><a/>",
            b"<?xml version='1.0' encoding='windows-1252'?><a/>",
        ] {
            assert_eq!(content(input).unwrap_err().code(), "xml.encoding");
        }
    }
}
