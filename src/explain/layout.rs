//! White space between elements, and lines of base64.

use std::cmp::Ordering;

use super::explanation::Cause;
use super::markup::{Piece, pieces};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Everywhere,
    /// But not as the one content of an element.
    BetweenTags,
}

pub(super) fn without_space(canonical: &str, which: Space) -> String {
    let all: Vec<Piece<'_>> = pieces(canonical).collect();
    let mut out = String::with_capacity(canonical.len());
    for (at, piece) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let is_content = matches!(before, Some(Piece::Start(_)))
            && matches!(all.get(at.saturating_add(1)), Some(Piece::End(_)));
        if !piece.is_space() || (is_content && which == Space::BetweenTags) {
            out.push_str(piece.as_str());
        }
    }
    out
}

/// The octets with the content of each element that has only text as `write` has it.
pub(super) fn with_values(canonical: &str, write: impl Fn(&str) -> String) -> String {
    let all: Vec<Piece<'_>> = pieces(canonical).collect();
    let mut out = String::with_capacity(canonical.len());
    for (at, piece) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let after = all.get(at.saturating_add(1));
        match (before, piece, after) {
            (Some(Piece::Start(_)), Piece::Text(text), Some(Piece::End(_))) => out.push_str(&write(text)),
            _ => out.push_str(piece.as_str()),
        }
    }
    out
}

/// The shortest text that is taken for base64.
const BASE64: usize = 32;

/// Base64 texts without line breaks, and with those that common encoders make.
pub(super) fn base64_lines(canonical: &str) -> impl Iterator<Item = (Cause, String, String)> {
    let forms = [
        ("", 0_usize),
        ("\n", 64),
        ("\n", 76),
        ("&#xD;\n", 64),
        ("&#xD;\n", 76),
    ];
    let ends = [(false, false), (false, true), (true, true)];
    let is_long = |piece: Piece<'_>| matches!(piece, Piece::Text(text) if text.len() >= BASE64);
    let forms = Some(forms).filter(|_| pieces(canonical).any(is_long));
    let forms = forms
        .into_iter()
        .flatten()
        .flat_map(move |form| ends.into_iter().map(move |ends| (form, ends)));
    let forms = forms.filter(|((end, _), (_, after))| !end.is_empty() || !after);
    forms.map(move |((end, width), (before, after))| {
        let detail = if width == 0 {
            "base64 texts had no line breaks where they were signed".to_owned()
        } else {
            let end = if end == "\n" { "LF" } else { "CR LF" };
            format!("base64 texts had lines of {width} characters, ended by {end}, where they were signed")
        };
        let octets = with_values(canonical, |value| {
            if value.len() < BASE64 {
                return value.to_owned();
            }
            let compact = value.replace("&#xD;", "").replace(['\n', ' ', '\t'], "");
            let is_base64 = compact.len() >= BASE64
                && compact
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
            if !is_base64 {
                return value.to_owned();
            }
            let lines: Vec<&[u8]> = compact
                .as_bytes()
                .chunks(if width == 0 { usize::MAX } else { width })
                .collect();
            let lines: Vec<&str> = lines
                .into_iter()
                .filter_map(|line| std::str::from_utf8(line).ok())
                .collect();
            let first = if before { end } else { "" };
            let last = if after { end } else { "" };
            format!("{first}{}{last}", lines.join(end))
        });
        (Cause::Base64LineBreaks, detail, octets)
    })
}

/// The element indented in the ways of common serializers, as it may have been before somebody removed or changed that.
pub(super) fn indentations(canonical: &str) -> impl Iterator<Item = (Cause, String, String)> {
    let compact = without_space(canonical, Space::BetweenTags);
    let units = ["  ", "    ", "\t", "", " ", "   "];
    let forms = units
        .into_iter()
        .flat_map(|unit| ["\n", "&#xD;\n"].into_iter().map(move |end| (unit, end)))
        .flat_map(|(unit, end)| (0..5_usize).map(move |depth| (unit, end, depth)))
        .filter(|(unit, _, depth)| !unit.is_empty() || *depth == 0);
    forms.map(move |(unit, end, depth)| {
        let shown = match unit {
            "" => "line ends only".to_owned(),
            "\t" => "tabs".to_owned(),
            unit => format!("{} spaces a level", unit.len()),
        };
        let detail = format!("it was indented, with {shown}, where it was signed");
        let layout = Layout {
            unit,
            end,
            depth,
            compact: 0,
        };
        (Cause::Whitespace, detail, layout.write(&compact))
    })
}

/// A payload indented by itself, and put into elements that were not: with and without a line end before and after it.
pub(super) fn payloads(canonical: &str) -> impl Iterator<Item = (Cause, String, String)> {
    let text = without_space(canonical, Space::BetweenTags);
    let mut forms = Vec::new();
    for unit in ["  ", "    ", "\t"] {
        for end in ["\n", "&#xD;\n"] {
            for compact in 1..=2 {
                for around in ["", end] {
                    forms.push((unit, end, compact, around));
                }
            }
        }
    }
    forms.into_iter().map(move |(unit, end, compact, around)| {
        let layout = Layout {
            unit,
            end,
            depth: 0,
            compact,
        };
        let level = if compact == 1 { "children" } else { "grandchildren" };
        let lines = if around.is_empty() {
            ""
        } else {
            " on lines of their own"
        };
        let detail = format!("its {level} were indented by themselves{lines} where they were signed");
        (Cause::Whitespace, detail, layout.write_around(&text, around))
    })
}

/// How many times longer than it is a text may become: deep elements with much white space before each would take all memory.
const GROWTH: usize = 16;

/// How a serializer writes lines.
struct Layout<'l> {
    /// What stands before a tag for each level.
    unit: &'l str,
    /// How a line ends.
    end: &'l str,
    /// The level of the first element.
    depth: usize,
    /// So many levels stand on one line, and are not counted.
    compact: usize,
}

impl Layout<'_> {
    /// `text`, which has no white space between its tags, with lines.
    fn write(&self, text: &str) -> String {
        self.write_around(text, "")
    }

    /// The same, with `around` on both sides of what stands in the last of the levels that are on one line.
    fn write_around(&self, text: &str, around: &str) -> String {
        let mut out = String::with_capacity(text.len().saturating_mul(2));
        let mut all = pieces(text).peekable();
        // Of each open element: whether its content is elements only, as far as its beginning shows.
        let mut open: Vec<bool> = Vec::new();
        // Before a tag of that level, which stands in so many elements.
        let line = |out: &mut String, level: usize, inside: usize| match inside.cmp(&self.compact) {
            Ordering::Less => {}
            Ordering::Equal => out.push_str(around),
            Ordering::Greater => {
                out.push_str(self.end);
                let level = self.depth.saturating_add(level).saturating_sub(self.compact);
                (0..level).for_each(|_| out.push_str(self.unit));
            }
        };
        while let Some(piece) = all.next() {
            if out.len() / GROWTH > text.len() {
                return text.to_owned();
            }
            match piece {
                Piece::Start(tag) => {
                    if open.last() == Some(&true) {
                        line(&mut out, open.len(), open.len());
                    }
                    out.push_str(tag);
                    open.push(matches!(all.peek(), Some(Piece::Start(_) | Piece::Other(_))));
                }
                Piece::End(tag) => {
                    if open.pop() == Some(true) {
                        line(&mut out, open.len(), open.len().saturating_add(1));
                    }
                    out.push_str(tag);
                }
                Piece::Other(other) => {
                    if open.last() == Some(&true) {
                        line(&mut out, open.len(), open.len());
                    }
                    out.push_str(other);
                }
                Piece::Text(text) => out.push_str(text),
            }
        }
        out
    }
}
