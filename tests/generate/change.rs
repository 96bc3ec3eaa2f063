use bytes::Bytes;
use sealgate::xml::{Document, Limits};

use super::Random;

/// What is put in somewhere.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{fffd}",
    "&#0;",
    "&amp;",
    "&lt;",
    "&#x20;",
    "]]>",
    "<!--x-->",
    "<?p?>",
    "<![CDATA[x]]>",
    "<!DOCTYPE a>",
    "<x/>",
    " x=\"1\"",
    " Id=\"b\"",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:soap=\"urn:x\"",
    " xml:space=\"preserve\"",
    "9999999999999999999999",
    "\u{feff}",
    "\u{202e}",
    "#",
    "=",
];

/// Changes a message as an attacker would: octets, pieces, and whole subtrees.
pub(crate) fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1).min(bytes.len());
    match random.below(14) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => drop(bytes.splice(at..at, random.pick(PIECES).bytes())),
        4 => bytes.truncate(at),
        5 => {
            let end = (at + random.below(40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            drop(bytes.splice(to..to, piece));
        }
        6 => {
            let end = (at + random.below(40)).min(bytes.len());
            drop(bytes.drain(at..end));
        }
        _ => change_tree(bytes, random),
    }
}

/// Moves, copies, removes and wraps whole subtrees, and swaps attribute values and names.
fn change_tree(bytes: &mut Vec<u8>, random: &mut Random) {
    let Ok(document) = Document::parse(Bytes::copy_from_slice(bytes), &Limits::default()) else {
        return;
    };
    let elements: Vec<_> = document.root().descendants().collect();
    let (one, other) = (
        elements[random.below(elements.len())],
        elements[random.below(elements.len())],
    );
    let text = document.as_str().to_owned();
    let piece = text[one.span()].to_owned();
    let inside = other.content_span();
    let place = match random.below(3) {
        0 => inside.start,
        1 => inside.end,
        _ => other.span().start,
    };
    let outside = place <= one.span().start || place >= one.span().end;
    let mut changed = text.clone();
    match random.below(7) {
        0 => changed.insert_str(place, &piece),
        1 if outside => {
            // Moved: removed where it was, put where it was not.
            if place >= one.span().end {
                changed.insert_str(place, &piece);
                changed.replace_range(one.span(), "");
            } else {
                changed.replace_range(one.span(), "");
                changed.insert_str(place, &piece);
            }
        }
        2 => changed.replace_range(one.span(), ""),
        3 => changed.replace_range(one.span(), &format!("<w>{piece}</w>")),
        4 => {
            let ids: Vec<_> = elements.iter().filter_map(|element| element.id()).collect();
            if ids.len() > 1 {
                let (a, b) = (&ids[random.below(ids.len())], &ids[random.below(ids.len())]);
                changed = changed
                    .replace(&format!("\"{a}\""), "\"\u{1}\"")
                    .replace(&format!("\"{b}\""), &format!("\"{a}\""))
                    .replace('\u{1}', b);
            }
        }
        5 => {
            let values: Vec<String> = one
                .attributes()
                .map(|attribute| attribute.value().into_owned())
                .filter(|v| !v.is_empty())
                .collect();
            if let Some(value) = values.first() {
                let wanted = random.pick(&["x", "", "#b", "urn:x", "2026-11-24T00:04:00Z"]);
                changed = changed.replacen(&format!("\"{value}\""), &format!("\"{wanted}\""), 1);
            }
        }
        _ => changed.replace_range(one.span(), &text[other.span()]),
    }
    *bytes = changed.into_bytes();
}
