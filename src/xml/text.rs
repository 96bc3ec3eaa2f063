use std::borrow::Cow;

/// The character content of an element, text and CDATA sections joined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text<'d> {
    /// The characters, references resolved and line ends normalized (XML 1.0 §2.11).
    pub value: Cow<'d, str>,
    /// Whether a comment or a processing instruction stood inside.
    pub interrupted: bool,
}

/// The character that the reference at the start of `input` (a `&`) means, and its length in bytes.
/// Only the predefined entities and characters that XML 1.0 §2.2 allows.
pub(crate) fn reference(input: &[u8]) -> Option<(char, usize)> {
    let window = input.get(..input.len().min(12))?;
    let length = memchr::memchr(b';', window)?;
    let character = match window.get(1..length)? {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x', hex @ ..] => number(hex, 16)?,
        [b'#', decimal @ ..] => number(decimal, 10)?,
        _ => return None,
    };
    Some((character, length.wrapping_add(1)))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    // `from_str_radix` would take a sign.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    let allowed = matches!(code, 0x9 | 0xa | 0xd | 0x20..=0xd7ff | 0xe000..=0xfffd | 0x10000..=0x10ffff);
    char::from_u32(code).filter(|_| allowed)
}

/// Appends `raw`, text between tags, with references resolved and line ends normalized.
pub(super) fn append_text(out: &mut String, raw: &str, resolve: bool) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let skip = match special.as_bytes() {
            [b'\r', b'\n', ..] => 1,
            [b'\r', ..] => {
                out.push('\n');
                1
            }
            bytes => match reference(bytes).filter(|_| resolve) {
                Some((character, length)) => {
                    out.push(character);
                    length
                }
                None => {
                    out.push('&');
                    1
                }
            },
        };
        rest = special.get(skip..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// An attribute's value, normalized as CDATA type (XML 1.0 §3.3.3).
pub(super) fn attribute_value(raw: &str) -> Cow<'_, str> {
    if !raw
        .bytes()
        .any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r'))
    {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest
        .bytes()
        .position(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r'))
    {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let skip = match special.as_bytes() {
            [b'\r', b'\n', ..] => {
                out.push(' ');
                2
            }
            [b'&', ..] => match reference(special.as_bytes()) {
                Some((character, length)) => {
                    out.push(character);
                    length
                }
                None => {
                    out.push('&');
                    1
                }
            },
            _ => {
                out.push(' ');
                1
            }
        };
        rest = special.get(skip..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `value` as character content: `&`, `<`, `>` and CR escaped as canonical XML writes them.
pub fn escape_text(value: &str) -> Cow<'_, str> {
    escape(value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

/// `value` as the content of a double-quoted attribute, escaped as canonical XML writes it.
pub fn escape_attribute(value: &str) -> Cow<'_, str> {
    // Nearly always there is nothing to do, and this loop takes many bytes at a time.
    let special = |byte| matches!(byte, b'&' | b'<' | b'"' | b'\t' | b'\n' | b'\r');
    if !value.bytes().fold(false, |any, byte| any | special(byte)) {
        return Cow::Borrowed(value);
    }
    escape(value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

/// All characters that are escaped are ASCII.
fn escape(value: &str, replacement: impl Fn(u8) -> Option<&'static str>) -> Cow<'_, str> {
    let Some(first) = value.bytes().position(|byte| replacement(byte).is_some()) else {
        return Cow::Borrowed(value);
    };
    let (before, rest) = value.split_at_checked(first).unwrap_or((value, ""));
    let mut out = String::with_capacity(value.len().saturating_add(16));
    out.push_str(before);
    for character in rest.chars() {
        match u8::try_from(character).ok().and_then(&replacement) {
            Some(text) => out.push_str(text),
            None => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// How many characters of a value from a message an operator is shown.
const SHOWN: usize = 256;

/// A value from a message, for an operator: in quotes, control and invisible characters escaped, cut
/// after 256 characters, so that it cannot forge a line of a log or move a terminal's cursor.
pub fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for (count, character) in value.chars().enumerate() {
        if count == SHOWN {
            out.push('…');
            break;
        }
        let plain = character != '"' && character != '\\' && !is_invisible(character);
        if plain {
            out.push(character);
        } else {
            out.extend(character.escape_default());
        }
    }
    out.push('"');
    out
}

/// The same without quotes around it, for where it cannot end early (T138).
pub(crate) fn plain(value: &str) -> String {
    let quoted = quoted(value);
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // Quotes and backslashes are no danger without quotes around them, and names are full of them.
    inside
        .unwrap_or_default()
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}

/// Control, bidirectional and zero-width characters.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `is` holds of every byte of `text`. It is asked of many at a time, so it should be a comparison and no more.
pub(crate) fn is_all(text: &str, is: impl Fn(u8) -> bool) -> bool {
    let mut pieces = text.as_bytes().chunks(64);
    pieces.all(|piece| piece.iter().fold(true, |all, byte| all & is(*byte)))
}

/// `text` for XML and HTML that people read: nothing in it is markup, and what XML does not allow is escaped as they read it.
pub(crate) fn escaped_markup(text: &str) -> String {
    let is_plain = |byte| matches!(byte, b' '..=b'~') & !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    if is_all(text, is_plain) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character if is_invisible(character) || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                out.extend(character.escape_unicode());
            }
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_markup() {
        assert_eq!(
            escaped_markup("<a b=\"c\" d='e'>&"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;"
        );
        assert_eq!(
            escaped_markup("a\0\u{1b}\n\u{202e}\u{ffff}b"),
            r"a\u{0}\u{1b}\u{a}\u{202e}\u{ffff}b"
        );
    }

    #[test]
    fn values_are_shown_as_they_are_unless_they_would_move_the_cursor() {
        assert_eq!(plain(r#"CN="a, b"\,c"#), r#"CN="a, b"\,c"#);
        assert_eq!(plain("a\u{1b}[2Jb\n"), r"a\u{1b}[2Jb\n");
    }

    #[test]
    fn only_predefined_references_and_allowed_characters_are_resolved() {
        assert_eq!(reference(b"&amp;x"), Some(('&', 5)));
        assert_eq!(reference(b"&#x10FFFF;"), Some(('\u{10ffff}', 10)));
        assert_eq!(reference(b"&#65;"), Some(('A', 5)));
        for bad in [
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#0;",
            "&#x0;",
            "&#xD800;",
            "&#xFFFE;",
            "&#x110000;",
            "&#+65;",
            "&nbsp;",
            "&amp",
            "&#X41;",
            "&# 65;",
            "&#1;",
            "&#aa;",
        ] {
            assert_eq!(reference(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn values_are_normalized() {
        assert_eq!(attribute_value("a\tb\r\nc\rd&#xA;e&quot;"), "a b c d\ne\"");
        let mut out = String::new();
        append_text(&mut out, "a\r\nb\rc&lt;&#xD;", true);
        assert_eq!(out, "a\nb\nc<\r");
    }

    #[test]
    fn shown_values_cannot_forge_lines() {
        assert_eq!(
            quoted("a\n\u{1b}[31m\"\u{202e}"),
            "\"a\\n\\u{1b}[31m\\\"\\u{202e}\""
        );
        assert_eq!(quoted(&"x".repeat(300)).chars().count(), 259);
    }
}
