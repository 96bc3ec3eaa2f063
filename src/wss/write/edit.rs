use std::ops::Range;

use crate::soap::Envelope;
use crate::xml::Element;

/// Insertions into the text of a message. The text around them stays as it came, byte for byte.
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

    /// Writes `open` and `close` as the first header block, in a Header of its own if there is none. The slot is between
    /// the two.
    pub(super) fn insert_header(&mut self, envelope: &Envelope, open: &str, close: &str) -> Slot {
        let (range, before, after) = match envelope.header() {
            Some(header) if is_empty_tag(header) => {
                let end = header.span().end;
                (
                    start_tag_end(header)..end,
                    ">".to_owned(),
                    format!("</{}>", header.name()),
                )
            }
            Some(header) => {
                let start = header.content_span().start;
                (start..start, String::new(), String::new())
            }
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

    /// The text with all insertions, and where the slot is in it.
    pub(super) fn apply(mut self, text: &str, slot: Slot) -> (String, usize) {
        self.edits.sort_by_key(|(range, _)| range.start);
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
