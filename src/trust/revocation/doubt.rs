use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Why a CRL or an OCSP answer that was given does not decide.
pub(super) struct Doubt {
    /// What it is.
    pub(super) kind: &'static str,
    /// Its thisUpdate.
    pub(super) begins: DateTime<Utc>,
    /// Why.
    pub(super) why: Why,
}

pub(super) enum Why {
    /// It counts later.
    NotYet,
    /// It counted until then.
    Ended(DateTime<Utc>),
    /// It is not one that decides, whenever it counts.
    Other(String),
}

/// The doubts that tell most: a history of CRLs has thousands that are not of the time.
#[derive(Default)]
pub(super) struct Doubts {
    /// The last before.
    ended: Option<Doubt>,
    /// The first after.
    not_yet: Option<Doubt>,
    others: Vec<Doubt>,
    count: usize,
}

impl Doubts {
    /// How many are told that do not decide whenever they count.
    const OTHERS: usize = 3;

    pub(super) fn add(&mut self, doubt: Doubt) {
        self.count = self.count.saturating_add(1);
        match &doubt.why {
            Why::Ended(_) => {
                let is_nearer = |known: &Doubt| known.end() < doubt.end();
                if self.ended.as_ref().is_none_or(is_nearer) {
                    self.ended = Some(doubt);
                }
            }
            Why::NotYet => {
                let is_nearer = |known: &Doubt| known.begins > doubt.begins;
                if self.not_yet.as_ref().is_none_or(is_nearer) {
                    self.not_yet = Some(doubt);
                }
            }
            Why::Other(_) if self.others.len() < Self::OTHERS => self.others.push(doubt),
            Why::Other(_) => {}
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Doubt {
    fn end(&self) -> Option<DateTime<Utc>> {
        match self.why {
            Why::Ended(end) => Some(end),
            Why::NotYet | Why::Other(_) => None,
        }
    }
}

impl fmt::Display for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.ended.iter().chain(&self.not_yet).chain(&self.others);
        let mut told: Vec<String> = told.map(ToString::to_string).collect();
        match self.count.saturating_sub(told.len()) {
            0 => {}
            1 => told.push("and 1 other".to_owned()),
            others => told.push(format!("and {others} others")),
        }
        f.write_str(&told.join("; "))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "the {} of {} ", self.kind, text(self.begins))?;
        match &self.why {
            Why::NotYet => f.write_str("does not count yet"),
            Why::Ended(end) => write!(f, "counted until {}", text(*end)),
            Why::Other(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn told(doubts: &[(&String, Option<&str>)]) -> String {
        let mut all = Doubts::default();
        assert!(all.is_empty());
        for (begins, why) in doubts {
            all.add(Doubt {
                kind: "CRL",
                begins: begins.parse().unwrap(),
                why: match why.map(|why| (why, why.parse())) {
                    None => Why::NotYet,
                    Some((_, Ok(end))) => Why::Ended(end),
                    Some((why, Err(_))) => Why::Other(why.to_owned()),
                },
            });
        }
        assert!(!all.is_empty());
        all.to_string()
    }

    #[test]
    fn of_a_history_the_nearest_are_told_and_the_others_counted() {
        let [one, two, three, four, five] = [1, 2, 3, 4, 5].map(|day| format!("2026-01-0{day}T00:00:00Z"));
        let ended = "the CRL of 2026-01-02T00:00:00Z counted until 2026-01-03T00:00:00Z";
        let history = [
            (&one, Some(&*two)),
            (&two, Some(&three)),
            (&five, None),
            (&four, None),
        ];
        let told_of_it = format!("{ended}; the CRL of 2026-01-04T00:00:00Z does not count yet; and 2 others");
        assert_eq!(told(&history), told_of_it);
        let reversed: Vec<_> = history.into_iter().rev().collect();
        assert_eq!(told(&reversed), told_of_it);
        assert_eq!(told(&[(&two, Some(&three))]), ended);
        let strange = [(&one, Some("is a delta CRL")); 4];
        let same = "the CRL of 2026-01-01T00:00:00Z is a delta CRL";
        assert_eq!(told(&strange), format!("{same}; {same}; {same}; and 1 other"));
    }
}
