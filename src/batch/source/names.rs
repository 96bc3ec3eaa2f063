use std::borrow::Cow;

use crate::algorithm::DigestAlgorithm;
use crate::crypto;

/// Names that a container has given, so far as filters of a few sizes know them: of a name that is new they may say that it was there, of
/// one that was there never that it is new.
#[derive(Default)]
pub(in crate::batch) struct Names {
    /// Each larger than the one before it, and all but the last full: a few names touch only as much memory as they need.
    filters: Vec<Filter>,
}

impl Names {
    /// `name`, and the place of its message behind it where another may be called so. It is also there where the name ends as if it were,
    /// so that no two results are the same.
    pub(super) fn told_apart<'n>(&mut self, name: &'n str, place: u64) -> Cow<'n, str> {
        let ends_in_a_place = name
            .rsplit_once('#')
            .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()));
        if self.was_seen(name) || ends_in_a_place {
            Cow::Owned(format!("{name}#{place}"))
        } else {
            Cow::Borrowed(name)
        }
    }

    /// Whether the name may have been asked for before.
    pub(in crate::batch) fn was_seen(&mut self, name: &str) -> bool {
        // Without a digest every name may be known.
        let Ok(digest) = crypto::digest(DigestAlgorithm::Sha256, name.as_bytes()) else {
            return true;
        };
        let places = digest.as_bytes().chunks_exact(4).take(4).map(|part| {
            let places = part.iter();
            places.fold(0_u32, |place, byte| place << 8 | u32::from(*byte))
        });
        if self.filters.last().is_none_or(Filter::is_full) {
            self.filters.push(Filter::after(self.filters.last()));
        }
        let Some((last, others)) = self.filters.split_last_mut() else {
            return true;
        };
        let was_in_another = others.iter().any(|filter| filter.has(places.clone()));
        was_in_another || last.add(places)
    }
}

/// Four bits a name.
struct Filter {
    bits: Vec<u64>,
    names: usize,
}

impl Filter {
    /// Words of the first, 32 KiB, of which each further has eight times as many.
    const FIRST: usize = 1 << 12;
    /// Words of the last, 16 MiB, in which one of 200 names is mistaken after ten million.
    const LAST: usize = 1 << 21;
    /// Names for each word of those before it, so that less than one of 1,000 is mistaken.
    const NAMES_A_WORD: usize = 2;

    /// An empty one.
    fn after(filter: Option<&Self>) -> Self {
        let words = filter.map_or(Self::FIRST, |filter| filter.bits.len().saturating_mul(8));
        Self {
            bits: vec![0; words],
            names: 0,
        }
    }

    /// Whether further names belong into another. The last is never full.
    fn is_full(&self) -> bool {
        self.bits.len() < Self::LAST && self.names >= self.bits.len().saturating_mul(Self::NAMES_A_WORD)
    }

    /// Whether the name with these places may be in it.
    fn has(&self, places: impl Iterator<Item = u32>) -> bool {
        let mut bits = places.map(|place| self.bit(place));
        bits.all(|(word, bit)| self.bits.get(word).is_some_and(|word| word & bit != 0))
    }

    /// Adds that name; whether it may have been in it.
    fn add(&mut self, places: impl Iterator<Item = u32>) -> bool {
        let mut was_in_it = true;
        for place in places {
            let (word, bit) = self.bit(place);
            if let Some(word) = self.bits.get_mut(word) {
                was_in_it &= *word & bit != 0;
                *word |= bit;
            }
        }
        if !was_in_it {
            self.names = self.names.saturating_add(1);
        }
        was_in_it
    }

    /// The word for a place, and the bit in it.
    fn bit(&self, place: u32) -> (usize, u64) {
        let words = self.bits.len().saturating_sub(1);
        let word = usize::try_from(place / 64).unwrap_or(0) & words;
        (word, 1 << (place % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_there_is_known_however_many_there_are() {
        let mut names = Names::default();
        let mut ask = |count: u32| {
            let asked = (0..count).map(|number| names.was_seen(&number.to_string()));
            asked.filter(|was_seen| *was_seen).count()
        };
        let mistaken = ask(80_000);
        assert!(mistaken < 40, "{mistaken}");
        assert_eq!(ask(80_000), 80_000);
        let sizes: Vec<_> = names.filters.iter().map(|filter| filter.bits.len()).collect();
        assert_eq!(sizes, [1 << 12, 1 << 15, 1 << 18]);
    }

    #[test]
    fn the_last_filter_takes_all_that_come() {
        let filter = Filter {
            bits: vec![0; Filter::LAST],
            names: usize::MAX,
        };
        assert!(!filter.is_full());
    }
}
