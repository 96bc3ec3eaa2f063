//! Text with its letters and digits hidden.

/// Attributes whose values are structure: what refers to what, and by which algorithm.
const STRUCTURE: [&str; 14] = [
    "xmlns",
    "Id",
    "ID",
    "id",
    "AssertionID",
    "ResponseID",
    "RequestID",
    "Algorithm",
    "PrefixList",
    "ValueType",
    "EncodingType",
    "space",
    "version",
    "encoding",
];
/// What follows an ampersand that is none.
const ESCAPED: [&str; 5] = ["lt;", "gt;", "amp;", "quot;", "apos;"];
/// Elements whose text is structure.
const KEPT: [&str; 2] = ["HMACOutputLength", "SaltLength"];

/// `xml`, a document or canonical octets or a piece of text, with every letter and digit hidden that stands in text, in the value of an
/// attribute that is no structure, in a comment or in a processing instruction. White space, punctuation, markup, names and the forms of
/// references stay, so what was the same before is the same after it, and what differed in form still does.
pub(super) fn masked(xml: &str) -> String {
    let mut masked = String::with_capacity(xml.len());
    let mut rest = xml;
    let mut within = "";
    while !rest.is_empty() {
        let (piece, after) = match rest.find('<') {
            Some(0) => rest.split_at(markup(rest)),
            Some(place) => rest.split_at(place),
            None => (rest, ""),
        };
        rest = after;
        if !piece.starts_with('<') {
            if KEPT.contains(&within) {
                masked.push_str(piece);
            } else {
                text(piece, &mut masked);
            }
        } else if piece.starts_with("<?xml ") {
            masked.push_str(piece);
        } else if let Some((open, inside, close)) = inside(piece) {
            masked.push_str(open);
            text(inside, &mut masked);
            masked.push_str(close);
        } else {
            tag(piece, &mut masked);
            within = if piece.starts_with("</") {
                ""
            } else {
                local(piece.trim_start_matches('<'))
            };
        }
    }
    masked
}

/// The length of the markup at the start of `xml`.
fn markup(xml: &str) -> usize {
    let ends = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
    for (open, close) in ends {
        if let Some(after) = xml.strip_prefix(open) {
            let length = after
                .find(close)
                .map(|place| place.saturating_add(open.len()).saturating_add(close.len()));
            return length.unwrap_or(xml.len());
        }
    }
    let mut quote = None;
    for (place, character) in xml.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return place.saturating_add(1),
            (None | Some(_), _) => {}
        }
    }
    xml.len()
}

/// Comments, CDATA sections and processing instructions, in three pieces.
fn inside(markup: &str) -> Option<(&str, &str, &str)> {
    let (open, close) = if markup.starts_with("<!--") {
        (4, "-->")
    } else if markup.starts_with("<![CDATA[") {
        (9, "]]>")
    } else if markup.starts_with("<?") {
        (markup.find(char::is_whitespace).unwrap_or(markup.len()), "?>")
    } else {
        return None;
    };
    let end = markup
        .strip_suffix(close)
        .map_or(markup.len(), str::len)
        .max(open);
    Some((markup.get(..open)?, markup.get(open..end)?, markup.get(end..)?))
}

/// A start tag or an end tag.
fn tag(tag: &str, masked: &mut String) {
    let mut rest = tag;
    while let Some(place) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(place);
        masked.push_str(before);
        let quote = quoted.chars().next().unwrap_or('"');
        let value = quoted.get(1..).unwrap_or_default();
        let end = value.find(quote).unwrap_or(value.len());
        let (value, after) = value.split_at(end);
        let name = before.trim_end().strip_suffix('=').unwrap_or(before).trim_end();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
        masked.push(quote);
        if is_structure(name, value) {
            masked.push_str(value);
        } else {
            text(value, masked);
        }
        let after = after.strip_prefix(quote);
        if after.is_some() {
            masked.push(quote);
        }
        rest = after.unwrap_or_default();
    }
    masked.push_str(rest);
}

fn is_structure(name: &str, value: &str) -> bool {
    let points_here = value.starts_with('#') || value.is_empty();
    name.starts_with("xmlns:") || STRUCTURE.contains(&local(name)) || (local(name) == "URI" && points_here)
}

fn local(name: &str) -> &str {
    let end = name.find(|character: char| character.is_whitespace() || matches!(character, '>' | '/'));
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

/// Text with references in it.
fn text(plain: &str, masked: &mut String) {
    let mut rest = plain;
    while let Some(place) = rest.find('&') {
        let (before, reference) = rest.split_at(place);
        masked.extend(before.chars().map(hidden));
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
    masked.extend(rest.chars().map(hidden));
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

/// What stands for a character.
fn hidden(character: char) -> char {
    match character {
        'A'..='Z' => 'X',
        'a'..='z' => 'x',
        '0'..='9' => '0',
        other if other.is_ascii() => other,
        other if other.is_alphanumeric() => 'é',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_hidden_and_structure_stays() {
        let cases = [
            (
                "<a b='Bob > 7' xmlns:p=\"urn:p\">Tel. 030\n</a>",
                "<a b='Xxx > 0' xmlns:p=\"urn:p\">Xxx. 000\n</a>",
            ),
            (
                "<d:Reference URI=\"#b1\"/><c URI='http://a1/'/>",
                "<d:Reference URI=\"#b1\"/><c URI='xxxx://x0/'/>",
            ),
            (
                "<!--Secret--><![CDATA[a<b>1]]><?php echo 1?>",
                "<!--Xxxxxx--><![CDATA[x<x>0]]><?php xxxx 0?>",
            ),
            ("&lt;ä&#233;&#xE9;&#65;&#xD;", "&lt;é&#233;&#xE9;&#88;&#xD;"),
            (
                "<d:HMACOutputLength>160</d:HMACOutputLength>1",
                "<d:HMACOutputLength>160</d:HMACOutputLength>0",
            ),
            (
                "<?xml version=\"1.0\" encoding='UTF-8'?><a wsu:Id=\"x9\" id='y'/>",
                "<?xml version=\"1.0\" encoding='UTF-8'?><a wsu:Id=\"x9\" id='y'/>",
            ),
            ("no markup 1 & more", "xx xxxxxx 0 & xxxx"),
            ("&amp;lt;b&amp;it", "&amp;lt;x&amp;xx"),
            ("<a b=\"1", "<a b=\"0"),
        ];
        for (plain, expected) in cases {
            assert_eq!(masked(plain), expected);
        }
    }
}
