use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::known::Known;

/// Classes of bytes, as bits.
pub(super) const NAME: u8 = 1;
const START: u8 = 2;
const HIGH: u8 = 4;

/// For each byte: may it stand in a name, may it start one, is it part of a non-ASCII character.
static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut index = 0;
    while index < 256 {
        #[allow(
            clippy::as_conversions,
            reason = "index is below 256; `try_from` is not const"
        )]
        let byte = index as u8;
        let mut class = 0;
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class |= NAME | START;
        }
        if byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':') {
            class |= NAME;
        }
        if byte >= 0x80 {
            class |= NAME | START | HIGH;
        }
        #[allow(clippy::indexing_slicing, reason = "constant evaluation; index is below 256")]
        {
            table[index] = class;
        }
        index += 1;
    }
    table
};

/// A qualified name as it stands in the input: `[start, end)`, the colon's offset (0: none),
/// whether it holds what the fast check does not decide, and what is known of it if it was checked before.
#[derive(Clone, Copy)]
pub(super) struct RawName {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) colon: usize,
    pub(super) odd: bool,
    pub(super) known: Option<Known>,
}

#[inline(always)]
fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Reads the run of name bytes at `start`.
#[inline(always)]
pub(super) fn raw_name(input: &[u8], start: usize) -> RawName {
    let (mut end, mut colon, mut odd) = (start, 0, false);
    for byte in input.get(start..).unwrap_or_default() {
        let class = class(*byte);
        if class & NAME == 0 {
            break;
        }
        if *byte == b':' {
            odd |= colon != 0;
            colon = end;
        }
        odd |= class & HIGH != 0;
        end = end.wrapping_add(1);
    }
    RawName {
        start,
        end,
        colon,
        odd,
        known: None,
    }
}

/// Checks that `name` is a QName (Namespaces 1.0 §4).
#[inline(always)]
pub(super) fn check_qname(input: &[u8], name: RawName) -> Scanned<()> {
    let starts = |at: usize| input.get(at).is_some_and(|byte| class(*byte) & START != 0);
    let local = if name.colon == 0 {
        name.start
    } else {
        name.colon.wrapping_add(1)
    };
    if local >= name.end || !starts(name.start) || !starts(local) {
        return malformed(name.start, "a name was expected");
    }
    if name.odd { check_odd(input, name) } else { Ok(()) }
}

#[cold]
fn check_odd(input: &[u8], name: RawName) -> Scanned<()> {
    let text = input
        .get(name.start..name.end)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default();
    let (prefix, local) = match text.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, text),
    };
    if local.contains(':') {
        return malformed(name.start, "a name has two colons");
    }
    if prefix.is_some_and(|prefix| !is_ncname(prefix)) || !is_ncname(local) {
        let bad = text.chars().find(|c| !is_name_char(*c) && *c != ':');
        return match bad {
            Some(c) => refuse(name.start, ErrorKind::ForbiddenCharacter(u32::from(c))),
            None => malformed(name.start, "a name starts with a character that cannot start one"),
        };
    }
    Ok(())
}

/// Whether `text` is an NCName (Namespaces 1.0 §3).
pub fn is_ncname(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(name: &str) -> bool {
        let raw = raw_name(name.as_bytes(), 0);
        raw.end == name.len() && check_qname(name.as_bytes(), raw).is_ok()
    }

    #[test]
    fn qualified_names_are_told_from_others() {
        for good in ["a", "_a", "a:b", "a-b.c9", "ä:ö", "a\u{b7}", "𐀀"] {
            assert!(accepts(good), "{good}");
        }
        for bad in [
            "",
            ":",
            ":a",
            "a:",
            "a:b:c",
            "1a",
            "a:1",
            "-a",
            "\u{b7}a",
            "a\u{d7}",
            "a:\u{300}b",
            "a\u{f8ff}",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
