use bytes::Bytes;
use bytestring::ByteString;

use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::lex::{is_space, skip_space};

/// Checks the encoding and every character of `input` and returns it as text, without a byte order mark's
/// bytes having been removed. UTF-8 only (XML 1.0 §4.3.3; BSP 1.1 R4006).
pub(super) fn text(input: &Bytes) -> Scanned<ByteString> {
    if let [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, ..] | [_, 0, ..] = input.as_ref() {
        return refuse(0, ErrorKind::Encoding("it looks like UTF-16 or UTF-32"));
    }
    let text = ByteString::try_from(input.clone());
    let text = text.or_else(|error| {
        let kind = ErrorKind::Encoding("a byte sequence is not UTF-8");
        refuse(error.valid_up_to(), kind)
    })?;
    let mut start = 0usize;
    // In pieces that are still in the first cache. Where there is not even a tab or a line end, one look is enough.
    for piece in input.chunks(8 << 10) {
        let lowest = piece.iter().fold(u8::MAX, |lowest, byte| lowest.min(*byte));
        let bad = lowest < 0x20
            && piece.iter().fold(false, |bad, byte| {
                bad | ((*byte < 0x20) & !matches!(*byte, b'\t' | b'\n' | b'\r'))
            });
        if bad {
            let forbidden = |byte: &u8| *byte < 0x20 && !is_space(*byte);
            let at = piece.iter().position(forbidden).unwrap_or(0);
            let code = u32::from(piece.get(at).copied().unwrap_or(0));
            return refuse(start.saturating_add(at), ErrorKind::ForbiddenCharacter(code));
        }
        start = start.saturating_add(piece.len());
    }
    for at in memchr::memchr_iter(0xef, input) {
        // U+FFFE and U+FFFF.
        if let Some([0xef, 0xbf, last @ (0xbe | 0xbf)]) = input.get(at..at.saturating_add(3)) {
            let code = 0xff40 | u32::from(*last);
            return refuse(at, ErrorKind::ForbiddenCharacter(code));
        }
    }
    Ok(text)
}

/// Reads a byte order mark and the XML declaration (XML 1.0 §2.8); returns where they end.
pub(super) fn read(input: &[u8]) -> Scanned<usize> {
    let start = if input.starts_with(&[0xef, 0xbb, 0xbf]) {
        3
    } else {
        0
    };
    let rest = input.get(start..).unwrap_or_default();
    if !rest.starts_with(b"<?xml") || !rest.get(5).is_some_and(|byte| is_space(*byte)) {
        return Ok(start);
    }
    let window = rest.get(..rest.len().min(256)).unwrap_or_default();
    let Some(length) = memchr::memmem::find(window, b"?>") else {
        return refuse(start, ErrorKind::Declaration("it has no end"));
    };
    let mut fields = Fields {
        text: input.get(..start.saturating_add(length)).unwrap_or_default(),
        at: start.saturating_add(5),
    };
    match fields.next("version")? {
        Some((_, b"1.0")) => {}
        Some((at, _)) => return refuse(at, ErrorKind::Version),
        None => return refuse(start, ErrorKind::Declaration("it has no version")),
    }
    if let Some((at, encoding)) = fields.next("encoding")?
        && !encoding.eq_ignore_ascii_case(b"utf-8")
    {
        return refuse(at, ErrorKind::Encoding("the declaration names another encoding"));
    }
    if let Some((at, standalone)) = fields.next("standalone")?
        && !matches!(standalone, b"yes" | b"no")
    {
        return refuse(at, ErrorKind::Declaration("standalone is yes or no"));
    }
    if skip_space(fields.text, fields.at) != fields.text.len() {
        let what = "version, encoding and standalone are all it may have, in this order";
        return refuse(fields.at, ErrorKind::Declaration(what));
    }
    Ok(start.saturating_add(length).saturating_add(2))
}

/// The pseudo-attributes of the XML declaration.
struct Fields<'i> {
    text: &'i [u8],
    at: usize,
}

impl<'i> Fields<'i> {
    /// The value of `name`, and where it starts, if `name` comes next.
    fn next(&mut self, name: &str) -> Scanned<Option<(usize, &'i [u8])>> {
        let start = skip_space(self.text, self.at);
        let named = self
            .text
            .get(start..)
            .is_some_and(|rest| rest.starts_with(name.as_bytes()));
        if !named {
            return Ok(None);
        }
        if start == self.at {
            return malformed(start, "white space is missing in the XML declaration");
        }
        let equals = skip_space(self.text, start.saturating_add(name.len()));
        if self.text.get(equals) != Some(&b'=') {
            return refuse(equals, ErrorKind::Declaration("= is missing"));
        }
        let quote_at = skip_space(self.text, equals.saturating_add(1));
        let Some(quote @ (b'"' | b'\'')) = self.text.get(quote_at).copied() else {
            return refuse(quote_at, ErrorKind::Declaration("a quoted value is missing"));
        };
        let value = quote_at.saturating_add(1);
        let rest = self.text.get(value..).unwrap_or_default();
        let Some(length) = memchr::memchr(quote, rest) else {
            return refuse(quote_at, ErrorKind::Declaration("a value has no end"));
        };
        self.at = value.saturating_add(length).saturating_add(1);
        Ok(rest.get(..length).map(|found| (value, found)))
    }
}
