//! Octets that do not become more than they may.

use crate::c14n::Sink;

/// Takes octets up to a length.
#[derive(Debug)]
pub(super) struct Bounded {
    octets: Vec<u8>,
    most: usize,
    full: bool,
    gap: Option<usize>,
}

impl Bounded {
    /// Takes `most` octets.
    pub(super) fn new(most: usize) -> Self {
        Self {
            octets: Vec::new(),
            most,
            full: false,
            gap: None,
        }
    }

    /// How many it takes.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Those that it took.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Those before the element that was left out, and those after it; `None` if there was none.
    pub(super) fn around_gap(&self) -> Option<(&[u8], &[u8])> {
        self.octets.split_at_checked(self.gap?)
    }
}

impl Sink for Bounded {
    fn put(&mut self, octets: &[u8]) {
        let room = self.most.saturating_sub(self.octets.len());
        if self.full || octets.len() > room {
            self.full = true;
            return;
        }
        self.octets.extend_from_slice(octets);
    }

    fn left_out(&mut self) {
        self.gap = Some(self.octets.len());
    }

    fn is_full(&self) -> bool {
        self.full
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::CanonicalizationAlgorithm;
    use crate::c14n;
    use crate::xml::{Document, Limits};

    #[test]
    fn nothing_is_taken_once_something_was_too_long() {
        let mut bounded = Bounded::new(3);
        for octets in ["ab", "cd", "e"] {
            bounded.put(octets.as_bytes());
        }
        assert!(bounded.is_full());
        assert_eq!(bounded.octets(), b"ab");
    }

    #[test]
    fn it_is_known_where_an_element_was_left_out() {
        let document = Document::parse("<a><b/>t<c/>u</a>".into(), &Limits::default()).unwrap();
        let except = document.root().children().nth(1);
        for form in [
            CanonicalizationAlgorithm::Exclusive,
            CanonicalizationAlgorithm::Inclusive10,
        ] {
            let mut whole = Bounded::new(99);
            c14n::element(document.root(), &form.into(), None, &mut whole).unwrap();
            assert_eq!(whole.around_gap(), None);
            let mut bounded = Bounded::new(99);
            c14n::element(document.root(), &form.into(), except, &mut bounded).unwrap();
            let (before, after) = bounded.around_gap().unwrap();
            assert_eq!((before, after), (&b"<a><b></b>t"[..], &b"u</a>"[..]));
        }
    }
}
