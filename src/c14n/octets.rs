use bytes::Bytes;

use super::Sink;

/// From which length on a run of the document is not copied.
const LONG: usize = 1024;

/// Canonical octets. Long runs of the document that are canonical as they stand there are part of it and no copy.
#[derive(Clone, Debug, Default)]
pub struct Octets {
    pieces: Vec<Bytes>,
}

impl Octets {
    /// The octets, in pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(Bytes::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pieces()
            .fold(0, |sum, piece| sum.saturating_add(piece.len()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces().all(<[u8]>::is_empty)
    }

    /// All of them in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self {
            pieces: vec![octets.into()],
        }
    }
}

/// Passes octets on and keeps them where they are wanted.
pub struct Kept<'s, S: Sink> {
    sink: &'s mut S,
    document: Option<&'s Bytes>,
    pieces: Vec<Bytes>,
    /// What was copied since the last piece.
    copied: Vec<u8>,
}

impl<'s, S: Sink> Kept<'s, S> {
    /// Before `sink`; keeps octets that come from `document`, if there is one.
    pub fn new(sink: &'s mut S, document: Option<&'s Bytes>) -> Self {
        Self {
            sink,
            document,
            pieces: Vec::new(),
            copied: Vec::new(),
        }
    }

    /// What has passed, if it was to be kept.
    pub fn finish(mut self) -> Option<Octets> {
        self.end_copy();
        self.document.map(|_| Octets { pieces: self.pieces })
    }

    fn end_copy(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copied).into());
        }
    }
}

impl<S: Sink> Sink for Kept<'_, S> {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        match self.document {
            Some(document) if octets.len() >= LONG && lies_in(octets, document) => {
                self.end_copy();
                self.pieces.push(document.slice_ref(octets));
            }
            Some(_) => self.copied.extend_from_slice(octets),
            None => {}
        }
        self.sink.put(octets);
    }

    fn is_full(&self) -> bool {
        self.sink.is_full()
    }
}

/// Whether `part` is memory of `whole`.
fn lies_in(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::CanonicalizationAlgorithm;
    use crate::c14n::{Buffered, Canonicalization, element};
    use crate::xml::{Document, Limits};

    fn kept(text: String) -> (Document, Octets, Vec<u8>) {
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let mut digested = Vec::new();
        let mut kept = Kept::new(&mut digested, Some(document.bytes()));
        let mut buffered = Buffered::new(&mut kept);
        let form = Canonicalization::from(CanonicalizationAlgorithm::Exclusive);
        element(document.root(), &form, None, &mut buffered).unwrap();
        buffered.finish();
        let octets = kept.finish().unwrap();
        (document, octets, digested)
    }

    #[test]
    fn what_is_kept_is_what_was_digested_and_long_runs_are_not_copied() {
        let long = "<b>text</b>".repeat(1000);
        for (text, parts) in [
            (format!("<a>{long}</a>"), 1),
            (format!("<a  x='1'>{long}<c/>{long}</a>"), 4),
            ("<a  x='1'/>".to_owned(), 0),
        ] {
            let (document, octets, digested) = kept(text);
            assert_eq!(octets.to_vec(), digested);
            assert_eq!(octets.len(), digested.len());
            let of_document = octets.pieces().filter(|piece| lies_in(piece, document.bytes()));
            assert_eq!(of_document.count() > 0, parts > 0);
            assert!(octets.pieces().count() >= parts);
        }
    }

    #[test]
    fn octets_outlive_the_document() {
        let long = "<b>text</b>".repeat(1000);
        let (document, octets, digested) = kept(format!("<a>{long}</a>"));
        drop(document);
        assert_eq!(octets.to_vec(), digested);
    }

    #[test]
    fn only_what_lies_in_a_document_as_a_whole_is_shared() {
        let memory = [0; 16];
        let document = &memory[4..12];
        for (part, lies) in [
            (4..12, true),
            (4..5, true),
            (11..12, true),
            (3..5, false),
            (0..2, false),
            (11..13, false),
            (14..16, false),
        ] {
            assert_eq!(lies_in(&memory[part.clone()], document), lies, "{part:?}");
        }
    }
}
