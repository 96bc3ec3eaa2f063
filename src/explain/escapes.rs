//! Texts that were escaped once more, or once less.

use super::explanation::Cause;
use super::markup::{Piece, pieces};

/// The most texts of which one alone is tried.
const TEXTS: usize = 64;

/// The octets with one text escaped as often as the others are: where one field of many was handed on as markup.
pub(super) fn escapes_of_one(canonical: &str) -> impl Iterator<Item = (Cause, String, String)> {
    let mut at = 0_usize;
    let mut texts = Vec::new();
    for piece in pieces(canonical) {
        let start = at;
        at = at.saturating_add(piece.as_str().len());
        if matches!(piece, Piece::Text(text) if text.contains('&')) && texts.len() < TEXTS {
            texts.push(start..at);
        }
    }
    // Where there is one only, all are.
    if texts.len() < 2 {
        texts.clear();
    }
    texts.into_iter().flat_map(move |range| {
        let part = |range| canonical.get(range).unwrap_or_default();
        let (before, text, after) = (part(0..range.start), part(range.clone()), part(range.end..at));
        let less = (
            "a text is escaped twice here and was escaped once where it was signed",
            escaped_once(text),
        );
        let more = (
            "a text was escaped twice where it was signed and is escaped once here",
            text.replace('&', "&amp;"),
        );
        [less, more].map(|(detail, text)| {
            (
                Cause::Escaping,
                detail.to_owned(),
                [before, text.as_str(), after].concat(),
            )
        })
    })
}

/// A text that is escaped twice, as canonicalization writes it escaped once: quotation marks and most characters are not escaped then.
pub(super) fn escaped_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&amp;") {
        out.push_str(before);
        let reference = after.split_once(';').filter(|(name, _)| name.len() <= LONGEST);
        rest = match reference.and_then(|(name, rest)| Some((character(name)?, rest))) {
            Some((character, rest)) => {
                out.push(character);
                rest
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// The longest name of a reference to a character, as `#x10FFFF`.
const LONGEST: usize = 8;

/// The character that a reference of this name is to, if it stands as itself in canonical octets.
fn character(name: &str) -> Option<char> {
    let number = match name {
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?).filter(|character| !matches!(character, '&' | '<' | '>' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_twice_is_escaped_once() {
        for (twice, once) in [
            ("a &amp;lt; b", "a &lt; b"),
            ("&amp;amp;lt;", "&amp;lt;"),
            ("&amp;quot;&amp;apos;&amp;#39;&amp;#xFC;", "\"''ü"),
            ("&amp;#60;&amp;#13;", "&#60;&#13;"),
            ("&amp; &amp;;&amp;#;&amp;#99999999;", "& &;&#;&#99999999;"),
            ("", ""),
        ] {
            assert_eq!(escaped_once(twice), once);
        }
    }

    #[test]
    fn each_text_is_tried_alone() {
        let tried: Vec<String> = escapes_of_one("<a>&amp;lt;<b>&amp;</b></a>")
            .map(|(.., octets)| octets)
            .collect();
        assert!(tried.contains(&"<a>&lt;<b>&amp;</b></a>".to_owned()), "{tried:?}");
        assert!(
            tried.contains(&"<a>&amp;lt;<b>&amp;amp;</b></a>".to_owned()),
            "{tried:?}"
        );
    }
}
