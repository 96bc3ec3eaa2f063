use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::known::Known;
use super::lex;

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

/// Reads the run of name bytes at `start`.
#[inline(always)]
pub(super) fn raw_name(input: &[u8], start: usize) -> RawName {
    let (mut at, mut colon, mut odd) = (start, 0, false);
    loop {
        let value = lex::load8(input, at);
        let stop = lex::no_name(value);
        let (colons, others) = (
            lex::colons(value) & lex::below(stop),
            lex::not_ascii(value) & lex::below(stop),
        );
        odd |= others != 0;
        if colons != 0 {
            odd |= colon != 0 || !colons.is_power_of_two();
            colon = at.wrapping_add(lex::last(colons));
        }
        if stop != 0 {
            at = at.wrapping_add(lex::first(stop));
            break;
        }
        at = at.wrapping_add(8);
    }
    RawName {
        start,
        end: at,
        colon,
        odd,
        known: None,
    }
}

/// Checks that `name` is a QName (Namespaces 1.0 §4).
#[inline(always)]
pub(super) fn check_qname(input: &[u8], name: RawName) -> Scanned<()> {
    let starts = |at: usize| input.get(at).copied().is_some_and(starts_name);
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

/// Whether a name may start with `byte`, as far as that is decided here.
#[inline(always)]
fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
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
#[allow(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::*;

    fn accepts(name: &str) -> bool {
        let raw = raw_name(name.as_bytes(), 0);
        raw.end == name.len() && check_qname(name.as_bytes(), raw).is_ok()
    }

    /// The same byte by byte.
    fn slowly(input: &[u8]) -> (usize, usize, bool) {
        let is_name = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') || !byte.is_ascii()
        };
        let end = input.iter().position(|byte| !is_name(byte));
        let name = input.get(..end.unwrap_or(input.len())).unwrap_or_default();
        let colon = name.iter().rposition(|byte| *byte == b':');
        let colons = name.iter().filter(|byte| **byte == b':').count();
        (
            name.len(),
            colon.map_or(0, |at| at + 1),
            colons > 1 || !name.is_ascii(),
        )
    }

    #[test]
    fn names_are_read_by_words_as_they_are_byte_by_byte() {
        for length in 1..20 {
            for (place, other) in (0..length).flat_map(|place| (0..length).map(move |other| (place, other))) {
                for byte in 0..=255_u8 {
                    let mut input = vec![b'a'; length];
                    input.splice(other..=other, [b':']);
                    input.splice(place..=place, [byte]);
                    let (length, colon, odd) = slowly(&input);
                    // As in a document, where something stands before every name.
                    input.insert(0, b'<');
                    let found = raw_name(&input, 1);
                    assert_eq!((found.end, found.odd), (1 + length, odd), "{input:?}");
                    assert_eq!(found.colon, colon, "{input:?}");
                }
            }
        }
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
