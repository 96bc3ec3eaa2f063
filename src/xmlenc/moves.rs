use std::ops::Range;

use super::encrypt::Portion;
use crate::xml::{Document, Element};

/// Where in a decrypted document the elements of the document before are: decryption changes nothing but the places that
/// it fills. Made only by [`decrypt`](super::decrypt).
#[derive(Debug, Default)]
pub struct Moves {
    replaced: Vec<Replaced>,
}

/// A place in which plaintext stands now. All offsets are bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaced {
    /// What was taken out of the document before: the EncryptedData, or what was there only to hold it.
    pub place: Range<usize>,
    /// The EncryptedData in the document before.
    pub data: Range<usize>,
    /// Whether it was one element or what stands in `around`.
    pub portion: Portion,
    /// What the place stands in, in the document before; a document that was ciphertext as a whole stands in nothing.
    pub around: Option<Range<usize>>,
    /// The plaintext in the decrypted document.
    pub now: Range<usize>,
}

/// What has become of an element of the document before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moved<'d> {
    /// It is this one; of ciphertext, the element that it held.
    Element(Element<'d>),
    /// It was ciphertext of what now stands in this one.
    Content(Element<'d>),
    /// It was a part of ciphertext or of what held it.
    Gone,
}

impl Moves {
    pub(super) fn new(replaced: Vec<Replaced>) -> Self {
        Self { replaced }
    }

    /// The places, in document order.
    pub fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    /// What has become of the element at the bytes `before`. `document` is the decrypted document.
    pub fn find<'d>(&self, before: &Range<usize>, document: &'d Document) -> Moved<'d> {
        let mut shift = (0_usize, 0_usize);
        for replaced in &self.replaced {
            if before.start < replaced.place.start {
                break;
            }
            if before.start < replaced.place.end {
                if *before != replaced.place && *before != replaced.data {
                    return Moved::Gone;
                }
                return replaced.content(self, document);
            }
            shift = (replaced.place.end, replaced.now.end);
        }
        let start = before.start.saturating_sub(shift.0).saturating_add(shift.1);
        let mut found = document.elements_in(start..start.saturating_add(1));
        found.next().map_or(Moved::Gone, Moved::Element)
    }
}

impl Replaced {
    fn content<'d>(&self, moves: &Moves, document: &'d Document) -> Moved<'d> {
        match (self.portion, &self.around) {
            (Portion::Element, _) => {
                let mut found = document.elements_in(self.now.clone());
                found.next().map_or(Moved::Gone, Moved::Element)
            }
            // Nothing that a place stands in is in a place itself.
            (Portion::Content, Some(around)) => match moves.find(around, document) {
                Moved::Element(around) => Moved::Content(around),
                other @ (Moved::Content(_) | Moved::Gone) => other,
            },
            (Portion::Content, None) => Moved::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    fn document(text: &str) -> Document {
        Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
    }

    #[test]
    fn every_element_is_found_again_or_gone() {
        let before = document("<a><b/><h><d><k/></d></h><c><e/>x<f/></c><g/></a>");
        let after = document("<a><b/><!-- - --><p><q/></p><c>long text<r/>x<f/></c><g/></a>");
        let span = |name: &str| {
            let mut all = before.root().descendants();
            all.find(|element| element.name() == name).unwrap().span()
        };
        let at = |text: &str| {
            let start = after.as_str().find(text).unwrap();
            start..start.saturating_add(text.len())
        };
        let moves = Moves::new(vec![
            Replaced {
                place: span("h"),
                data: span("d"),
                portion: Portion::Element,
                around: Some(span("a")),
                now: at("<!-- - --><p><q/></p>"),
            },
            Replaced {
                place: span("e"),
                data: span("e"),
                portion: Portion::Content,
                around: Some(span("c")),
                now: at("long text<r/>"),
            },
        ]);
        let found = |name: &str| match moves.find(&span(name), &after) {
            Moved::Element(element) => element.name().to_owned(),
            Moved::Content(element) => format!("in {}", element.name()),
            Moved::Gone => "gone".to_owned(),
        };
        let wanted = [
            ("a", "a"),
            ("b", "b"),
            ("h", "p"),
            ("d", "p"),
            ("k", "gone"),
            ("c", "c"),
            ("e", "in c"),
            ("f", "f"),
            ("g", "g"),
        ];
        assert_eq!(
            wanted.map(|(name, _)| found(name)),
            wanted.map(|(_, now)| now.to_owned())
        );
    }
}
