use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::party::Rules;
use crate::xml::Element;

/// When it is, and how far clocks may be off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: DateTime<Utc>,
    pub(super) skew: TimeDelta,
}

impl Clock {
    pub(super) fn new(rules: &Rules<'_>, now: DateTime<Utc>) -> Self {
        Self {
            now,
            skew: rules.skew,
        }
    }

    /// Refuses what begins later than now: `now >= begins - skew` (T95).
    pub(super) fn has_begun(
        self,
        at: Element<'_>,
        what: &'static str,
        begins: DateTime<Utc>,
    ) -> Result<(), Error> {
        // What lies too far in the past to subtract from has begun.
        let earliest = begins.checked_sub_signed(self.skew).unwrap_or(begins);
        if self.now >= earliest {
            return Ok(());
        }
        let (now, skew) = (self.now, self.skew);
        let kind = ErrorKind::NotYetValid {
            what,
            begins,
            now,
            skew,
        };
        Err(Error::new(at, kind))
    }

    /// Refuses what ended by now: `now < ended + skew` (T95).
    pub(super) fn has_not_ended(
        self,
        at: Element<'_>,
        what: &'static str,
        ended: DateTime<Utc>,
    ) -> Result<(), Error> {
        let latest = ended.checked_add_signed(self.skew).unwrap_or(ended);
        if self.now < latest {
            return Ok(());
        }
        let (now, skew) = (self.now, self.skew);
        let kind = ErrorKind::Expired {
            what,
            ended,
            now,
            skew,
        };
        Err(Error::new(at, kind))
    }

    /// Refuses what does not hold now, or never does.
    pub(super) fn is_within(
        self,
        at: Element<'_>,
        not_before: Option<DateTime<Utc>>,
        not_on_or_after: Option<DateTime<Utc>>,
    ) -> Result<(), Error> {
        if let (Some(not_before), Some(not_on_or_after)) = (not_before, not_on_or_after)
            && not_on_or_after <= not_before
        {
            let kind = ErrorKind::EmptyWindow {
                not_before,
                not_on_or_after,
            };
            return Err(Error::new(at, kind));
        }
        if let Some(begins) = not_before {
            self.has_begun(at, "NotBefore", begins)?;
        }
        match not_on_or_after {
            Some(ended) => self.has_not_ended(at, "NotOnOrAfter", ended),
            None => Ok(()),
        }
    }
}

/// Refuses what holds for longer after `issued` than `allowed` (T96). Without an end of its own it ends when that
/// has passed.
pub(super) fn check_life(
    at: Element<'_>,
    clock: Clock,
    issued: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
    allowed: Option<TimeDelta>,
) -> Result<(), Error> {
    let Some(allowed) = allowed else {
        return Ok(());
    };
    let Some(ends) = ends else {
        let ended = issued.checked_add_signed(allowed).unwrap_or(issued);
        return clock.has_not_ended(at, "the end of the longest life allowed", ended);
    };
    if ends.signed_duration_since(issued) > allowed {
        let kind = ErrorKind::LifeTooLong {
            issued,
            ends,
            allowed,
        };
        return Err(Error::new(at, kind));
    }
    Ok(())
}
