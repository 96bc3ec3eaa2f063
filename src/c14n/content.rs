//! What stands between tags.

use super::Sink;
use crate::xml::{Break, BreakKind, Document, index, reference};

/// Writes what a break becomes.
#[inline(never)]
pub(super) fn write(input: &[u8], found: &Break, comments: bool, sink: &mut impl Sink) {
    let whole = input
        .get(index(found.start)..index(found.end))
        .unwrap_or_default();
    match found.kind {
        BreakKind::Text => text(whole, true, sink),
        BreakKind::CData => text(inner(whole, 9, 3), false, sink),
        BreakKind::Comment if comments => line_ends(whole, sink),
        BreakKind::Comment => {}
        BreakKind::ProcessingInstruction => instruction(whole, sink),
        BreakKind::EndTag => {
            let name = inner(whole, 0, 1);
            sink.put(name.trim_ascii_end());
            sink.put(b">");
        }
    }
}

fn inner(whole: &[u8], before: usize, after: usize) -> &[u8] {
    whole
        .get(before..whole.len().saturating_sub(after))
        .unwrap_or_default()
}

/// Text: references resolved where `resolve`, line ends normalized, then escaped (Canonical XML 1.0 §2.3).
fn text(raw: &[u8], resolve: bool, sink: &mut impl Sink) {
    let mut rest = raw;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'\r'))
    {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        sink.put(before);
        let (character, length) = match special {
            [b'\r', b'\n', ..] => ('\n', 2),
            [b'\r', ..] => ('\n', 1),
            [b'&', ..] if resolve => reference(special).unwrap_or(('&', 1)),
            [b'<', ..] => ('<', 1),
            [b'>', ..] => ('>', 1),
            _ => ('&', 1),
        };
        escaped(character, sink);
        rest = special.get(length..).unwrap_or_default();
    }
    sink.put(rest);
}

fn escaped(character: char, sink: &mut impl Sink) {
    match character {
        '&' => sink.put(b"&amp;"),
        '<' => sink.put(b"&lt;"),
        '>' => sink.put(b"&gt;"),
        '\r' => sink.put(b"&#xD;"),
        other => sink.put(other.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// `raw` with CR LF and CR as LF (XML 1.0 §2.11).
fn line_ends(raw: &[u8], sink: &mut impl Sink) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        sink.put(before);
        sink.put(b"\n");
        let skip = if special.get(1) == Some(&b'\n') { 2 } else { 1 };
        rest = special.get(skip..).unwrap_or_default();
    }
    sink.put(rest);
}

/// A processing instruction: one space between target and data.
fn instruction(whole: &[u8], sink: &mut impl Sink) {
    let content = inner(whole, 2, 2);
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let target_end = content.iter().position(space).unwrap_or(content.len());
    let (target, data) = content.split_at_checked(target_end).unwrap_or((content, &[]));
    sink.put(b"<?");
    sink.put(target);
    let data_start = data.iter().position(|byte| !space(byte)).unwrap_or(data.len());
    let data = data.get(data_start..).unwrap_or_default();
    if !data.is_empty() {
        sink.put(b" ");
        line_ends(data, sink);
    }
    sink.put(b"?>");
}

/// Comments and processing instructions before the root element, each with a line end after it.
pub(super) fn before_root(document: &Document, comments: bool, sink: &mut impl Sink) {
    let start = document.root().record().start;
    for found in document
        .arena()
        .breaks
        .iter()
        .take_while(|found| found.start < start)
    {
        if comments || found.kind == BreakKind::ProcessingInstruction {
            write(document.bytes(), found, comments, sink);
            sink.put(b"\n");
        }
    }
}

/// Comments and processing instructions after the root element, each with a line end before it.
pub(super) fn after_root(document: &Document, comments: bool, sink: &mut impl Sink) {
    let end = document.root().record().end;
    let breaks = &document.arena().breaks;
    let first = breaks.partition_point(|found| found.start < end);
    for found in breaks.get(first..).unwrap_or_default() {
        if comments || found.kind == BreakKind::ProcessingInstruction {
            sink.put(b"\n");
            write(document.bytes(), found, comments, sink);
        }
    }
}

/// Passes on runs of the input, with breaks written as they must be.
pub(super) struct Runs<'d> {
    input: &'d [u8],
    breaks: &'d [Break],
    comments: bool,
    /// Where what was not passed on yet begins.
    at: u32,
}

impl<'d> Runs<'d> {
    /// From byte `start` of the document on.
    pub(super) fn new(document: &'d Document, start: u32, comments: bool) -> Self {
        let breaks = &document.arena().breaks;
        let first = breaks.partition_point(|found| found.start < start);
        Self {
            input: document.bytes(),
            breaks: breaks.get(first..).unwrap_or_default(),
            comments,
            at: start,
        }
    }

    fn pass(&mut self, end: u32, sink: &mut impl Sink) {
        let run = self.input.get(index(self.at)..index(end)).unwrap_or_default();
        if !run.is_empty() {
            sink.put(run);
        }
    }

    /// Passes on everything before `end`.
    #[inline]
    pub(super) fn to(&mut self, end: u32, sink: &mut impl Sink) {
        while let Some((found, rest)) = self.breaks.split_first() {
            if found.start >= end {
                break;
            }
            self.pass(found.start, sink);
            write(self.input, found, self.comments, sink);
            self.at = found.end;
            self.breaks = rest;
        }
        self.pass(end, sink);
        self.at = end;
    }

    /// Leaves out everything before `end`.
    pub(super) fn skip(&mut self, end: u32) {
        let inside = self.breaks.partition_point(|found| found.start < end);
        self.breaks = self.breaks.get(inside..).unwrap_or_default();
        self.at = end;
    }
}
