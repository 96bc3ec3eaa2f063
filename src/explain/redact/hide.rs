//! Text with everything hidden that it says.

/// What follows an ampersand that is none.
const ESCAPED: [&str; 5] = ["lt;", "gt;", "amp;", "quot;", "apos;"];

/// Whether it shows how long words were.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lengths {
    /// What was a word is a character, or one for each change between ASCII and other characters.
    Hidden,
    /// Every character is one.
    Kept,
}

/// Appends what stands for `plain`, text with references in it.
pub(super) fn text(plain: &str, lengths: Lengths, masked: &mut String) {
    let mut rest = plain;
    while let Some(place) = rest.find('&') {
        let (before, reference) = rest.split_at(place);
        words(before, lengths, masked);
        let end = reference.find(';').map_or(1, |end| end.saturating_add(1));
        let (reference, after) = reference.split_at(end);
        masked.push_str(&hidden_reference(reference));
        // What was escaped twice.
        let inner = ESCAPED
            .into_iter()
            .find(|name| reference == "&amp;" && after.starts_with(name));
        masked.push_str(inner.unwrap_or_default());
        rest = after.get(inner.map_or(0, str::len)..).unwrap_or_default();
    }
    words(rest, lengths, masked);
}

fn words(plain: &str, lengths: Lengths, masked: &mut String) {
    let mut last = None;
    for character in plain.chars() {
        let other = hidden(character);
        let is_kept = lengths == Lengths::Kept || other.is_whitespace() || !matches!(other, 'x' | 'é');
        if is_kept || last != Some(other) {
            masked.push(other);
        }
        last = Some(other);
    }
}

/// A character reference to a character that is hidden refers to what hides it.
fn hidden_reference(reference: &str) -> String {
    let number = reference
        .strip_prefix("&#")
        .and_then(|rest| rest.strip_suffix(';'));
    let Some(number) = number else {
        return reference.to_owned();
    };
    let hexadecimal = number.strip_prefix('x');
    let code = match hexadecimal {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let Some(character) = code.ok().and_then(char::from_u32) else {
        return reference.to_owned();
    };
    let other = hidden(character);
    match hexadecimal {
        _ if other == character => reference.to_owned(),
        Some(digits) if digits.contains(|digit: char| digit.is_ascii_lowercase()) => {
            format!("&#x{:x};", u32::from(other))
        }
        Some(_) => format!("&#x{:X};", u32::from(other)),
        None => format!("&#{};", u32::from(other)),
    }
}

/// What stands for a character: white space, a byte order mark and what XML escapes for themselves.
fn hidden(character: char) -> char {
    match character {
        '<' | '>' | '&' | '"' | '\'' | '\u{feff}' => character,
        character if character.is_whitespace() => character,
        character if character.is_ascii() => 'x',
        _ => 'é',
    }
}
