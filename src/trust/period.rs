use std::fmt;
use std::str::FromStr;

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

/// `FROM/UNTIL`, each a time as RFC 3339 has it, or `..` for no end.
impl FromStr for Period {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let end = |typed: &str| match typed {
            ".." => Ok(None),
            typed => DateTime::parse_from_rfc3339(typed)
                .map(|time| Some(time.to_utc()))
                .map_err(|_| {
                    format!("{typed:?} is neither .. nor a time as 2026-11-24T00:00:30Z (RFC 3339)")
                }),
        };
        let (from, until) = typed.split_once('/').ok_or("not of the form FROM/UNTIL")?;
        Self::new(end(from)?, end(until)?).ok_or_else(|| "it ends before it begins".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_typed_by_its_ends() {
        let shown = |typed: &str| typed.parse().map(|period: Period| period.to_string());
        let both = "2019-01-01T00:00:00Z/2024-07-01T02:00:00+02:00";
        assert_eq!(
            shown(both).as_deref(),
            Ok("from 2019-01-01T00:00:00Z until 2024-07-01T00:00:00Z")
        );
        assert_eq!(
            shown("../2024-07-01T00:00:00Z").as_deref(),
            Ok("until 2024-07-01T00:00:00Z")
        );
        assert_eq!(shown("../..").as_deref(), Ok("always"));
        let reversed = "2024-07-01T00:00:00Z/2019-01-01T00:00:00Z";
        for refused in ["", "..", "2019/2024", "2019-01-01T00:00:00/..", reversed] {
            assert!(refused.parse::<Period>().is_err(), "{refused}");
        }
    }
}
