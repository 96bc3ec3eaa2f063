use std::collections::BTreeMap;

/// Which bytes of a file are taken. What is read again and again makes many messages of few bytes.
pub(super) struct Places {
    /// From where to where. What nothing fits between is one.
    taken: BTreeMap<u64, u64>,
    /// So many bytes are the fewest of which something is.
    fewest: u64,
}

impl Places {
    /// Where all is free, and nothing fits in fewer than `fewest` bytes.
    pub(super) const fn where_none_fits_in(fewest: u64) -> Self {
        Self {
            taken: BTreeMap::new(),
            fewest,
        }
    }

    /// Takes `length` bytes from `start` on; false where one of them was taken.
    pub(super) fn take(&mut self, start: u64, length: u64) -> bool {
        if length == 0 {
            return true;
        }
        let mut span = (start, start.saturating_add(length));
        let after = self.taken.range(start..).next().map(|(from, to)| (*from, *to));
        let before = self
            .taken
            .range(..start)
            .next_back()
            .map(|(from, to)| (*from, *to));
        if after.is_some_and(|after| after.0 < span.1) || before.is_some_and(|before| before.1 > start) {
            return false;
        }
        if let Some(before) = before.filter(|before| start.saturating_sub(before.1) < self.fewest) {
            span.0 = before.0;
        }
        if let Some(after) = after.filter(|after| after.0.saturating_sub(span.1) < self.fewest) {
            self.taken.remove(&after.0);
            span.1 = after.1;
        }
        self.taken.insert(span.0, span.1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_once_in_whatever_order() {
        let mut places = Places::where_none_fits_in(30);
        for (start, length) in [
            (1_000, 100),
            (0, 100),
            (200, 300),
            (120, 80),
            (1_100, 10),
            (510, 40),
            (50, 0),
        ] {
            assert!(places.take(start, length), "{start}");
        }
        for (start, length) in [
            (0, 30),
            (90, 5),
            (499, 2),
            (900, 101),
            (1_109, 30),
            (50, 5_000),
            (540, 1),
        ] {
            assert!(!places.take(start, length), "{start}");
        }
        assert_eq!(places.taken.len(), 2, "{:?}", places.taken);
        let mut places = Places::where_none_fits_in(1);
        assert!(places.take(0, 10) && places.take(11, 10) && places.take(10, 1));
        assert_eq!(places.taken.len(), 1);
    }
}
