use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};

use crate::inbound::AsOf;

/// The time that an input is judged as of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// When it is judged.
    Now,
    /// A given time.
    Time(DateTime<Utc>),
    /// The signed time of the message itself.
    Message,
}

impl At {
    /// The time that was given.
    pub fn time(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Time(time) => Some(time),
            Self::Now | Self::Message => None,
        }
    }

    /// As the judgement takes it.
    pub fn as_of(self) -> AsOf {
        match self {
            Self::Now => AsOf::Time(Utc::now()),
            Self::Time(time) => AsOf::Time(time),
            Self::Message => AsOf::Message,
        }
    }
}

/// As it is typed.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Time(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Message => f.write_str("message"),
        }
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        match typed {
            "now" => Ok(Self::Now),
            "message" => Ok(Self::Message),
            other => match DateTime::parse_from_rfc3339(other) {
                Ok(time) if time.nanosecond() >= 1_000_000_000 => {
                    Err("leap seconds are not told apart: name the second before or after".to_owned())
                }
                Ok(time) => Ok(Self::Time(time.to_utc())),
                Err(_) => {
                    Err("neither now, nor message, nor a time as 2026-11-24T00:00:30Z (RFC 3339)".to_owned())
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_an_offset() {
        assert_eq!("now".parse(), Ok(At::Now));
        assert_eq!("message".parse(), Ok(At::Message));
        let parsed: Result<At, String> = "2026-11-24T01:00:30+01:00".parse();
        assert_eq!(parsed, "2026-11-24T00:00:30Z".parse());
        // XML Schema has no leap seconds, so no report or Timestamp could say one.
        let leap = ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z"];
        for refused in ["", "yesterday", "2026-11-24", "2026-11-24T00:00:30"]
            .into_iter()
            .chain(leap)
        {
            assert!(refused.parse::<At>().is_err(), "{refused}");
        }
    }
}
