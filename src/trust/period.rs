use std::fmt;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

/// When a certificate is trusted: the operator's decision, beside the dates that stand in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Period {
    /// All of time.
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    /// From `from` until before `until`; without an end where there is none. `None` if nothing is in between.
    pub fn new(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Option<Self> {
        let is_empty = matches!((from, until), (Some(from), Some(until)) if from >= until);
        (!is_empty).then_some(Self { from, until })
    }

    /// Whether `at` belongs to it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Its ends, as far as it has them.
    pub(super) fn ends(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.from.into_iter().chain(self.until)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        match (self.from, self.until) {
            (None, None) => f.write_str("always"),
            (Some(from), None) => write!(f, "from {}", shown(from)),
            (None, Some(until)) => write!(f, "until {}", shown(until)),
            (Some(from), Some(until)) => write!(f, "from {} until {}", shown(from), shown(until)),
        }
    }
}
