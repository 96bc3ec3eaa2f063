//! For which times a verdict holds.

use chrono::DateTime;
use chrono::Utc;

/// A run of time around the one that was judged, in which nothing that the verdict rests on begins or ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Window {
    start: DateTime<Utc>,
    /// The first moment that no longer belongs to it.
    end: DateTime<Utc>,
}

impl Window {
    /// All of time.
    pub(super) const ALWAYS: Self = Self {
        start: DateTime::<Utc>::MIN_UTC,
        end: DateTime::<Utc>::MAX_UTC,
    };

    /// Something changes at `boundary`: only the side on which `at` lies stays.
    pub(super) fn cut(&mut self, at: DateTime<Utc>, boundary: DateTime<Utc>) {
        if at < boundary {
            self.end = self.end.min(boundary);
        } else {
            self.start = self.start.max(boundary);
        }
    }

    /// Whether the verdict holds at `at`.
    pub(super) fn contains(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }
}
