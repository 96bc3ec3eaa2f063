//! Changes of characters: line ends, white space, escapes.

use super::encoding::encodings;
use super::escapes::{escaped_once, escapes_of_one};
use super::explanation::Cause;
use super::layout::{Space, base64_lines, indentations, payloads, with_values, without_space};
use super::markup::{Piece, pieces, rewritten, with_start_tags, with_texts};
use super::search::{Changes, Undone};

/// What `canonical` would be without each of the changes of characters that tools make.
pub(super) fn changes(canonical: &str) -> Changes<'_> {
    let named = CHANGES
        .iter()
        .filter(|(_, _, needed, _)| canonical.contains(needed))
        .map(|(cause, detail, _, undo)| (*cause, (*detail).to_owned(), undo(canonical)));
    let changed = named
        .chain(base64_lines(canonical))
        .chain(indentations(canonical))
        .chain(payloads(canonical))
        .chain(escapes_of_one(canonical))
        .filter(move |(_, _, octets)| octets != canonical)
        .map(|(cause, detail, octets)| Undone::new(cause, detail, octets));
    Box::new(changed.chain(encodings(canonical)))
}

/// What is said of it, what canonical octets have in which it changes anything, and it undone.
type Change = (Cause, &'static str, &'static str, fn(&str) -> String);

const CHANGES: &[Change] = &[
    (
        Cause::LineEndings,
        "lines end with CR LF where it was signed and with LF here: something on the way rewrote the text, as XML parsers do",
        "\n",
        |text| {
            with_texts(text, |text| {
                text.replace("&#xD;\n", "\n").replace('\n', "&#xD;\n")
            })
        },
    ),
    (
        Cause::LineEndings,
        "lines end with LF where it was signed and with CR LF here",
        "&#xD;\n",
        |text| text.replace("&#xD;\n", "\n"),
    ),
    (
        Cause::LineEndings,
        "there are carriage returns here that were not signed",
        "&#xD;",
        |text| text.replace("&#xD;", ""),
    ),
    (
        Cause::LineEndings,
        "lines end with LF where it was signed and with CR here",
        "&#xD;",
        |text| text.replace("&#xD;", "\n"),
    ),
    (
        Cause::LineEndings,
        "lines end with CR where it was signed and with LF here",
        "\n",
        |text| with_texts(text, |text| text.replace('\n', "&#xD;")),
    ),
    (
        Cause::LineEndings,
        "the signer digested CR LF as it stood, which canonicalization does not leave",
        "\n",
        |text| text.replace("&#xD;\n", "\n").replace('\n', "\r\n"),
    ),
    (
        Cause::TrailingNewline,
        "a line feed after the last tag was digested too",
        "",
        |text| format!("{text}\n"),
    ),
    (
        Cause::TrailingNewline,
        "CR LF after the last tag was digested too",
        "",
        |text| format!("{text}\r\n"),
    ),
    (
        Cause::TrailingNewline,
        "a line feed stood before the last end tag where it was signed",
        "",
        |text| before_last_tag(text, |content| format!("{content}\n")),
    ),
    (
        Cause::TrailingNewline,
        "CR LF stood before the last end tag where it was signed",
        "",
        |text| before_last_tag(text, |content| format!("{content}&#xD;\n")),
    ),
    (
        Cause::TrailingNewline,
        "the line feed before the last end tag was not signed",
        "\n</",
        |text| {
            before_last_tag(text, |content| {
                content.strip_suffix('\n').unwrap_or(content).to_owned()
            })
        },
    ),
    (
        Cause::TrailingNewline,
        "the line feeds at the end of values were not signed",
        "\n</",
        |text| with_values(text, |value| value.strip_suffix('\n').unwrap_or(value).to_owned()),
    ),
    (
        Cause::TrailingNewline,
        "values ended with a line feed where they were signed",
        "",
        |text| with_values(text, |value| format!("{value}\n")),
    ),
    (
        Cause::Whitespace,
        "the white space between elements was not signed: the message was pretty-printed afterwards",
        "",
        |text| without_space(text, Space::BetweenTags),
    ),
    (
        Cause::Whitespace,
        "texts of white space only were not signed",
        "",
        |text| without_space(text, Space::Everywhere),
    ),
    (
        Cause::Whitespace,
        "white space at the ends of values, and between elements, was not signed",
        "",
        |text| with_texts(text, |text| text.trim().to_owned()),
    ),
    (
        Cause::Whitespace,
        "white space at the ends of values was not signed",
        "",
        |text| with_values(text, |value| value.trim().to_owned()),
    ),
    (Cause::Whitespace, "line feeds were not signed", "\n", |text| {
        with_texts(text, |text| text.replace('\n', ""))
    }),
    (
        Cause::Whitespace,
        "where there are line feeds, spaces were signed",
        "\n",
        |text| with_texts(text, |text| text.replace('\n', " ")),
    ),
    (
        Cause::Whitespace,
        "runs of white space were one space where it was signed",
        "",
        |text| with_texts(text, one_space),
    ),
    (
        Cause::Whitespace,
        "where there are no-break spaces, spaces were signed",
        "\u{a0}",
        |text| text.replace('\u{a0}', " "),
    ),
    (
        Cause::ByteOrderMark,
        "a byte order mark was digested before the first tag",
        "",
        |text| format!("\u{feff}{text}"),
    ),
    (
        Cause::ByteOrderMark,
        "there is a byte order mark in a text that was not signed",
        "\u{feff}",
        |text| text.replace('\u{feff}', ""),
    ),
    (
        Cause::ByteOrderMark,
        "a byte order mark stood at the start of the first text where it was signed",
        "",
        |text| {
            let mut first = true;
            rewritten(text, |piece, out| {
                if matches!(piece, Piece::Text(_)) && std::mem::take(&mut first) {
                    out.push('\u{feff}');
                }
                out.push_str(piece.as_str());
            })
        },
    ),
    (
        Cause::Escaping,
        "the signer left > in texts unescaped, where canonicalization writes &gt;",
        "&gt;",
        |text| with_texts(text, |text| text.replace("&gt;", ">")),
    ),
    (
        Cause::Escaping,
        "the signer escaped > in attributes, where canonicalization leaves it",
        "",
        |text| with_start_tags(text, |tag| inside_tag(tag, |inside| inside.replace('>', "&gt;"))),
    ),
    (
        Cause::Escaping,
        "the signer escaped quotation marks in texts, where canonicalization leaves them",
        "",
        |text| with_texts(text, |text| text.replace('"', "&quot;")),
    ),
    (
        Cause::Escaping,
        "the signer escaped quotation marks and apostrophes in texts, where canonicalization leaves them",
        "",
        |text| with_texts(text, |text| text.replace('"', "&quot;").replace('\'', "&apos;")),
    ),
    (
        Cause::Escaping,
        "the signer escaped apostrophes in texts, where canonicalization leaves them",
        "'",
        |text| with_texts(text, |text| text.replace('\'', "&apos;")),
    ),
    (
        Cause::Escaping,
        "texts are escaped twice here and were escaped once where they were signed",
        "&amp;",
        |text| with_texts(text, escaped_once),
    ),
    (
        Cause::Escaping,
        "texts were escaped twice where they were signed and are escaped once here",
        "&",
        |text| with_texts(text, |text| text.replace('&', "&amp;")),
    ),
    (
        Cause::Escaping,
        "the signer had white space in attributes as it stands, where canonicalization writes character references",
        "&#x",
        |text| {
            with_start_tags(text, |tag| {
                tag.replace("&#xA;", "\n")
                    .replace("&#x9;", "\t")
                    .replace("&#xD;", "\r")
            })
        },
    ),
    (
        Cause::Escaping,
        "line feeds and tabs in attributes were spaces where they were signed",
        "&#x",
        |text| {
            with_start_tags(text, |tag| {
                tag.replace("&#xA;", " ")
                    .replace("&#x9;", " ")
                    .replace("&#xD;", " ")
            })
        },
    ),
    (
        Cause::Escaping,
        "the signer wrote carriage returns as they stand, where canonicalization writes &#xD;",
        "&#xD;",
        |text| text.replace("&#xD;", "\r"),
    ),
    (
        Cause::Escaping,
        "the signer wrote carriage returns as &#13;, where canonicalization writes &#xD;",
        "&#xD;",
        |text| text.replace("&#xD;", "&#13;"),
    ),
    (
        Cause::Escaping,
        "the signer wrote characters beyond ASCII as decimal references, where canonicalization writes them as they are",
        "",
        |text| referenced(text, |code| format!("&#{code};")),
    ),
    (
        Cause::Escaping,
        "the signer wrote characters beyond ASCII as hexadecimal references, where canonicalization writes them as they are",
        "",
        |text| referenced(text, |code| format!("&#x{code:X};")),
    ),
    (
        Cause::Escaping,
        "the signer left CDATA sections as they were, where canonicalization writes their text",
        "&",
        |text| with_values(text, cdata),
    ),
    (
        Cause::RawBytes,
        "the signer wrote elements without content as <a/>, where canonicalization writes <a></a>",
        "></",
        |text| text_of_empty(text, "/>"),
    ),
    (
        Cause::RawBytes,
        "the signer wrote elements without content as <a />, where canonicalization writes <a></a>",
        "></",
        |text| text_of_empty(text, " />"),
    ),
    (
        Cause::RawBytes,
        "the signer digested an XML declaration before the first tag",
        "",
        |text| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}"),
    ),
    (
        Cause::RawBytes,
        "the signer digested an XML declaration and a line feed before the first tag",
        "",
        |text| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}"),
    ),
    (
        Cause::RawBytes,
        "the signer digested an XML declaration before the first tag",
        "",
        |text| format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{text}"),
    ),
    (Cause::Comments, "the comments were not signed", "<!", |text| {
        rewritten(text, |piece, out| {
            if !piece.as_str().starts_with("<!") {
                out.push_str(piece.as_str());
            }
        })
    }),
];

fn before_last_tag(canonical: &str, write: impl Fn(&str) -> String) -> String {
    match canonical
        .rfind("</")
        .and_then(|at| canonical.split_at_checked(at))
    {
        Some((content, tag)) => write(content) + tag,
        None => canonical.to_owned(),
    }
}

fn one_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let is_space = matches!(character, ' ' | '\t' | '\n');
        if !is_space {
            out.push(character);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// A start tag with what stands between its angle brackets as `write` has it.
fn inside_tag(tag: &str, write: impl Fn(&str) -> String) -> String {
    let inside = tag.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inside.map_or_else(|| tag.to_owned(), |inside| format!("<{}>", write(inside)))
}

fn referenced(text: &str, write: impl Fn(u32) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            out.push_str(&write(character.into()));
        }
    }
    out
}

fn cdata(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    let plain = value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#xD;", "\r")
        .replace("&amp;", "&");
    format!("<![CDATA[{plain}]]>")
}

fn text_of_empty(canonical: &str, end: &str) -> String {
    let mut out = String::with_capacity(canonical.len());
    let mut all = pieces(canonical).peekable();
    while let Some(piece) = all.next() {
        match (piece, all.peek()) {
            (Piece::Start(tag), Some(Piece::End(_))) => {
                out.push_str(tag.strip_suffix('>').unwrap_or(tag));
                out.push_str(end);
                all.next();
            }
            _ => out.push_str(piece.as_str()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(canonical: &str, cause: Cause) -> Vec<String> {
        let changes = changes(canonical).filter(|change| change.cause == cause);
        changes
            .map(|change| String::from_utf8_lossy(&change.octets).into_owned())
            .collect()
    }

    #[test]
    fn what_was_indented_is_compact_and_what_was_compact_is_indented() {
        let compact = "<a><b>x</b><c><d> </d></c></a>";
        let indented = "<a>\n  <b>x</b>\n  <c>\n    <d> </d>\n  </c>\n</a>";
        assert!(undone(indented, Cause::Whitespace).contains(&compact.to_owned()));
        assert!(undone(compact, Cause::Whitespace).contains(&indented.to_owned()));
    }

    #[test]
    fn lines_of_base64_are_joined_and_broken() {
        let value = "QUJD".repeat(20);
        let compact = format!("<a>{value}</a>");
        let (first, second) = value.split_at(64);
        let broken = format!("<a>{first}&#xD;\n{second}</a>");
        assert!(undone(&broken, Cause::Base64LineBreaks).contains(&compact));
        assert!(undone(&compact, Cause::Base64LineBreaks).contains(&broken));
    }

    #[test]
    fn what_is_passed_over_would_change_nothing() {
        let texts = [
            "<a></a>",
            "<a>x</a>",
            "<a b=\"x>y\"> x  y </a>",
            "<a b=\"&#xA;&#x9;&#xD;\"></a>",
            "<a><b>x\n</b>\n</a>",
            "<a>x&#xD;\ny&#xD;z</a>",
            "<a>\u{a0}\u{feff}ä</a>",
            "<a>&gt; \" ' &amp;lt;</a>",
            "<a><!-- c --><?p?></a>",
        ];
        for (_, detail, needed, undo) in CHANGES {
            let (with, without): (Vec<&str>, Vec<&str>) =
                texts.iter().partition(|text| text.contains(needed));
            assert!(without.iter().all(|text| undo(text) == **text), "{detail}");
            assert!(with.iter().any(|text| undo(text) != **text), "{detail}");
        }
    }

    #[test]
    fn nothing_is_tried_twice_that_changes_nothing() {
        let canonical = "<a></a>";
        assert!(changes(canonical).all(|change| change.octets != canonical.as_bytes()));
    }
}
