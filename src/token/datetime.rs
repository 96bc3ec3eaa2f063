//! `xs:dateTime` without the forms that readers disagree on (T42).

use std::fmt;

use chrono::DateTime;
use chrono::FixedOffset;
use chrono::NaiveDate;
use chrono::TimeZone;
use chrono::Utc;

use crate::xml::quoted;

/// Why a text is no time that every reader understands alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DateTimeError {
    value: String,
    reason: Reason,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Not `YYYY-MM-DDThh:mm:ss`, a fraction, and a zone, or more than nine digits of fraction.
    Form,
    /// Neither `Z` nor an offset of at most 14 hours.
    Zone,
    /// A date or time of day that does not exist; 24:00:00 and second 60 are among them.
    Range,
}

impl DateTimeError {
    /// What is wrong with it.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The clause that it breaks.
    pub fn clause(&self) -> &'static str {
        match self.reason {
            Reason::Zone => "BSP 1.1 R3217; SAML Core §1.3.3",
            Reason::Form | Reason::Range => "XML Schema Part 2 §3.2.7",
        }
    }
}

impl fmt::Display for DateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::Form => "is not YYYY-MM-DDThh:mm:ss with at most nine digits of fraction and a time zone",
            Reason::Zone => "has no time zone, or one that does not exist",
            Reason::Range => "names a date or a time of day that does not exist",
        };
        write!(f, "{} {reason}", quoted(&self.value))
    }
}

impl std::error::Error for DateTimeError {}

/// Reads an `xs:dateTime` of the years 0001 to 9999 with at most nine digits of fraction and with a time
/// zone, `Z` or an offset. White space around it is not part of the value (XML Schema Part 2 §4.3.6).
///
/// # Errors
/// Any other form, 24:00:00, second 60 and dates that do not exist.
///
/// ```
/// use sealgate::token::datetime::parse;
///
/// assert_eq!(parse("2026-11-26T13:00:00+01:00"), parse("2026-11-26T12:00:00Z"));
/// assert!(parse("2026-11-26T12:00:00").is_err());
/// ```
pub fn parse(value: &str) -> Result<DateTime<Utc>, DateTimeError> {
    let trimmed = value.trim_matches([' ', '\t', '\n', '\r']);
    read(trimmed.as_bytes()).map_err(|reason| DateTimeError {
        value: value.to_owned(),
        reason,
    })
}

fn read(input: &[u8]) -> Result<DateTime<Utc>, Reason> {
    let (date_time, rest) = input.split_at_checked(19).ok_or(Reason::Form)?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
    ] = *date_time
    else {
        return Err(Reason::Form);
    };
    let year = number(&[y1, y2, y3, y4])?;
    let date = i32::try_from(year)
        .ok()
        .filter(|year| *year > 0)
        .and_then(|year| NaiveDate::from_ymd_opt(year, number(&[m1, m2]).ok()?, number(&[d1, d2]).ok()?));
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    // Digits are checked before dates, so that a wrong form is called one.
    number(&[m1, m2, d1, d2])?;
    let (nanoseconds, rest) = fraction(rest)?;
    let offset = zone(rest)?;
    let local = date
        .and_then(|date| date.and_hms_nano_opt(hour, minute, second, nanoseconds))
        .ok_or(Reason::Range)?;
    let time = offset.from_local_datetime(&local).single();
    Ok(time.ok_or(Reason::Range)?.with_timezone(&Utc))
}

/// The number that `digits` write; nothing but ASCII digits is one.
fn number(digits: &[u8]) -> Result<u32, Reason> {
    digits.iter().try_fold(0_u32, |sum, digit| {
        let value = digit.checked_sub(b'0').filter(|value| *value < 10);
        let value = value.ok_or(Reason::Form)?;
        Ok(sum.saturating_mul(10).saturating_add(u32::from(value)))
    })
}

/// The nanoseconds of the fraction at the start of `input`, and what follows it.
fn fraction(input: &[u8]) -> Result<(u32, &[u8]), Reason> {
    let Some((b'.', rest)) = input.split_first() else {
        return Ok((0, input));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return Err(Reason::Form);
    }
    let (digits, rest) = rest.split_at_checked(length).ok_or(Reason::Form)?;
    let mut padded = [b'0'; 9];
    padded.iter_mut().zip(digits).for_each(|(to, from)| *to = *from);
    Ok((number(&padded)?, rest))
}

fn zone(input: &[u8]) -> Result<FixedOffset, Reason> {
    match *input {
        [b'Z'] => FixedOffset::east_opt(0).ok_or(Reason::Zone),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            let total = hours.saturating_mul(60).saturating_add(minutes);
            if minutes > 59 || total > 14 * 60 {
                return Err(Reason::Zone);
            }
            let seconds = i32::try_from(total.saturating_mul(60)).map_err(|_| Reason::Zone)?;
            let offset = if sign == b'+' {
                FixedOffset::east_opt(seconds)
            } else {
                FixedOffset::west_opt(seconds)
            };
            offset.ok_or(Reason::Zone)
        }
        [] => Err(Reason::Zone),
        _ => Err(Reason::Form),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn reason(value: &str) -> Reason {
        parse(value).unwrap_err().reason()
    }

    #[test]
    fn a_time_with_a_zone_is_read_to_the_nanosecond() {
        let time = parse(" 2026-02-28T23:59:59.123456789-02:30\n").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-03-01T02:29:59.123456789+00:00");
        assert_eq!(
            parse("2024-02-29T00:00:00.5Z").unwrap().timestamp_subsec_millis(),
            500
        );
        assert!(parse("9999-12-31T23:59:59-14:00").is_ok());
        assert!(parse("0001-01-01T00:00:00+14:00").is_ok());
    }

    #[test]
    fn a_time_without_zone_is_refused() {
        assert_eq!(reason("2026-11-26T12:00:00"), Reason::Zone);
        assert_eq!(reason("2026-11-26T12:00:00+14:01"), Reason::Zone);
        assert_eq!(reason("2026-11-26T12:00:00+01:60"), Reason::Zone);
    }

    #[test]
    fn times_that_do_not_exist_are_refused() {
        for value in [
            "2026-11-26T24:00:00Z",
            "2026-11-26T23:59:60Z",
            "2026-11-26T12:60:00Z",
            "2026-02-29T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-00-01T12:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(reason(value), Reason::Range, "{value}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for value in [
            "",
            "2026-11-26",
            "2026-11-26 12:00:00Z",
            "2026-11-26t12:00:00Z",
            "2026-11-26T12:00:00z",
            "-2026-11-26T12:00:00Z",
            "12026-11-26T12:00:00Z",
            "2026-11-26T12:00:00.Z",
            "2026-11-26T12:00:00.1234567890Z",
            "2026-11-26T12:00:00,5Z",
            "2026-11-26T12:00:00+0100",
            "2026-11-26T12:00:00ZZ",
            "2026-1a-26T12:00:00Z",
            "2026-11-26T+2:00:00Z",
            "２026-11-26T12:00:00Z",
            "1234567890",
        ] {
            assert_eq!(reason(value), Reason::Form, "{value}");
        }
    }
}
