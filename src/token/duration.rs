//! `xs:duration`, as far as it says how long something may be kept.

use chrono::DateTime;
use chrono::Months;
use chrono::TimeDelta;
use chrono::Utc;

/// A length of time from 0 on: months, whose length depends on when they begin, and seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Duration {
    months: u32,
    seconds: u64,
}

impl Duration {
    /// Reads `P1Y2M3DT4H5M6S`, of which not all has to be there (XML Schema Part 2 §3.2.6). Fractions of a second do not count.
    /// `None` for any other form, for one below 0, and for more than a hundred thousand years.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        let text = text.strip_prefix('P')?;
        let (date, time) = match text.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None if text.is_empty() => return None,
            None => (text, ""),
        };
        let [years, months, days] = numbers(date, ['Y', 'M', 'D'])?;
        let [hours, minutes, seconds] = numbers(time, ['H', 'M', 'S'])?;
        let months = years.checked_mul(12)?.checked_add(months)?;
        let hours = days.checked_mul(24)?.checked_add(hours)?;
        let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
        Some(Self {
            months: u32::try_from(months).ok().filter(|months| *months <= 1_200_000)?,
            seconds: minutes.checked_mul(60)?.checked_add(seconds)?,
        })
    }

    /// When it has passed that began at `start`; `None` if no calendar has that day.
    pub fn after(self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let seconds = TimeDelta::try_seconds(i64::try_from(self.seconds).ok()?)?;
        start
            .checked_add_months(Months::new(self.months))?
            .checked_add_signed(seconds)
    }
}

/// The numbers before each of `units`, which stand in this order, each at most once.
fn numbers(mut text: &str, units: [char; 3]) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    for (number, unit) in numbers.iter_mut().zip(units) {
        let Some((before, after)) = text.split_once(unit) else {
            continue;
        };
        let whole = match (unit, before.split_once('.')) {
            ('S', Some((whole, fraction))) if is_digits(fraction) => whole,
            _ => before,
        };
        *number = whole.parse().ok().filter(|_| is_digits(whole))?;
        text = after;
    }
    text.is_empty().then_some(numbers)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn each_unit_counts_from_when_it_begins() {
        let start = crate::token::datetime::parse("2026-01-31T00:00:00Z").unwrap();
        let after = |text: &str| Some(Duration::parse(text)?.after(start)?.to_rfc3339());
        for (text, end) in [
            ("PT0S", "2026-01-31T00:00:00+00:00"),
            ("PT1H2M3.5S", "2026-01-31T01:02:03+00:00"),
            ("P1D", "2026-02-01T00:00:00+00:00"),
            ("P1M", "2026-02-28T00:00:00+00:00"),
            ("P1Y1DT1M", "2027-02-01T00:01:00+00:00"),
            (" PT36H\n", "2026-02-01T12:00:00+00:00"),
        ] {
            assert_eq!(after(text).as_deref(), Some(end), "{text}");
        }
        assert_eq!(after("P99999Y"), Some("+102025-01-31T00:00:00+00:00".to_owned()));
    }

    #[test]
    fn other_forms_are_none() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "1D",
            "P1",
            "PD",
            "P1D1M",
            "P1H",
            "PT1D",
            "-P1D",
            "P-1D",
            "P1.5D",
            "PT1.S",
            "PT.5S",
            "P1W",
            "P 1D",
            "P1D1D",
            "P99999999999999999999D",
            "P100001Y",
            "PT1S1H",
            "p1d",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
