use std::ops::Range;

use crate::soap::Envelope;
use crate::xml::Element;

/// Insertions into the text of a message, and replacements. The text around them stays as it came, byte for byte.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

/// The place of the signature: so far into the text that is written at an offset of the original.
pub(super) struct Slot {
    offset: usize,
    into: usize,
}

impl Edits {
    /// Writes `attributes`, which begin with a blank, at the end of the start tag of `element`.
    pub(super) fn insert_attributes(&mut self, element: Element<'_>, attributes: &str) {
        let end = start_tag_end(element);
        self.edits.push((end..end, attributes.to_owned()));
    }

    /// Writes `text` in the place of what stands in `range`.
    pub(super) fn replace(&mut self, range: Range<usize>, text: String) {
        self.edits.push((range, text));
    }

    /// Writes `text` as the first content of `element`.
    pub(super) fn insert_first(&mut self, element: Element<'_>, text: &str) {
        let (range, before, after) = first_content(element);
        self.edits.push((range, format!("{before}{text}{after}")));
    }

    /// Writes `open` and `close` as the first header block, in a Header of its own if there is none. The slot is between
    /// the two.
    pub(super) fn insert_header(&mut self, envelope: &Envelope, open: &str, close: &str) -> Slot {
        let (range, before, after) = match envelope.header() {
            Some(header) => first_content(header),
            None => {
                let root = envelope.root();
                let start = root.content_span().start;
                let name = match root.prefix() {
                    "" => "Header".to_owned(),
                    prefix => format!("{prefix}:Header"),
                };
                (start..start, format!("<{name}>"), format!("</{name}>"))
            }
        };
        let slot = Slot {
            offset: range.start,
            into: before.len().saturating_add(open.len()),
        };
        self.edits.push((range, format!("{before}{open}{close}{after}")));
        slot
    }

    /// The text with all edits.
    pub(super) fn into_text(self, text: &str) -> String {
        let nowhere = Slot {
            offset: usize::MAX,
            into: 0,
        };
        self.apply(text, nowhere).0
    }

    /// The text with all edits, and where the slot is in it.
    pub(super) fn apply(mut self, text: &str, slot: Slot) -> (String, usize) {
        // What is inserted before something that is replaced comes first.
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let more: usize = self.edits.iter().map(|(_, inserted)| inserted.len()).sum();
        let mut out = String::with_capacity(text.len().saturating_add(more));
        let (mut at, mut place) = (0, 0);
        for (range, inserted) in self.edits {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            if range.start == slot.offset {
                place = out.len().saturating_add(slot.into);
            }
            out.push_str(&inserted);
            at = range.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        (out, place)
    }
}

/// Where the first content of `element` goes, with what has to stand before and after it: an element without an end tag is given one.
fn first_content(element: Element<'_>) -> (Range<usize>, String, String) {
    if is_empty_tag(element) {
        let range = start_tag_end(element)..element.span().end;
        (range, ">".to_owned(), format!("</{}>", element.name()))
    } else {
        let start = element.content_span().start;
        (start..start, String::new(), String::new())
    }
}

fn is_empty_tag(element: Element<'_>) -> bool {
    let text = element.document().as_str();
    text.get(element.span()).is_some_and(|tag| tag.ends_with("/>"))
}

/// Where the `>` or `/>` of the start tag stands.
fn start_tag_end(element: Element<'_>) -> usize {
    if is_empty_tag(element) {
        element.span().end.saturating_sub(2)
    } else {
        element.content_span().start.saturating_sub(1)
    }
}
