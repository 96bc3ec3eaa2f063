use chrono::{DateTime, TimeDelta, Utc};

use super::rules::{Expires, Policy};
use super::unmet::{Unmet, UnmetKind};
use crate::trust::Signed;
use crate::wss::Timestamp;

/// Proof that a signed Timestamp says that the message is fresh. Made only from a Timestamp that a trusted signature covers.
#[derive(Debug)]
#[must_use = "freshness alone admits nothing"]
pub struct Fresh {
    created: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Fresh {
    /// When the message was made.
    pub fn created(&self) -> DateTime<Utc> {
        self.created
    }

    /// Until when it would be taken; a second use has to be noticed until then.
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }
}

/// Judges `timestamp`, which `proof` must sign, as of `now` (WSS 1.1 §10).
///
/// The skew is allowed for clocks that are ahead of ours. One that is behind costs its sender a part of the greatest age.
///
/// # Errors
/// It is not signed, from the future, too old, expired, or without an Expires that the policy asks for.
pub(super) fn fresh<'d>(
    policy: &Policy,
    timestamp: &Timestamp<'d>,
    proof: &Signed<'d>,
    now: DateTime<Utc>,
) -> Result<Fresh, Unmet> {
    if !proof.signs(timestamp.element()) {
        return Err(Unmet::at(timestamp.element(), UnmetKind::TimestampNotSigned));
    }
    within(policy, timestamp, now)
}

/// The times of `timestamp`, whoever wrote them.
pub(super) fn within(policy: &Policy, timestamp: &Timestamp<'_>, now: DateTime<Utc>) -> Result<Fresh, Unmet> {
    let refuse = |kind| Err(Unmet::at(timestamp.element(), kind));
    let created = timestamp.created();
    let oldest = later(created, policy.timestamp.max_age);
    let until = match (timestamp.expires(), policy.timestamp.expires) {
        (None, Expires::Required) => return refuse(UnmetKind::NoExpires),
        (None, Expires::Optional) => oldest,
        (Some(expires), _) if expires <= created => {
            return refuse(UnmetKind::ExpiresBeforeCreated { created, expires });
        }
        (Some(expires), _) => expires.min(oldest),
    };
    let skew = policy.clock_skew;
    if created > later(now, skew) {
        return refuse(UnmetKind::Future { created, now, skew });
    }
    let expired = timestamp.expires().is_some_and(|expires| now >= expires);
    if expired || now > oldest {
        return refuse(UnmetKind::Expired {
            created,
            ended: until,
            now,
        });
    }
    Ok(Fresh { created, until })
}

/// `time` and so many seconds.
pub(super) fn later(time: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    time.checked_add_signed(TimeDelta::seconds(i64::from(seconds)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
