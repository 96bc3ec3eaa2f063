use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

/// When something that others publish was last seen where they do, in milliseconds. All copies of this are told.
#[derive(Clone, Debug)]
pub struct LastSeen(Arc<AtomicI64>);

/// How long a JWK Set that its issuer publishes counts: keys that are withdrawn are not in the next one, and who keeps that away must not
/// keep them in use.
#[derive(Clone, Debug)]
pub struct KeysAge {
    /// When its issuer was last seen to publish it.
    pub seen: LastSeen,
    /// For how long it counts from then on.
    pub most: TimeDelta,
}

impl LastSeen {
    /// It was seen at `time`.
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(time.timestamp_millis())))
    }

    /// It was seen again at `time`.
    pub fn again(&self, time: DateTime<Utc>) {
        self.0.store(time.timestamp_millis(), Ordering::Relaxed);
    }

    /// When it was.
    pub fn time(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

impl KeysAge {
    /// When it was last seen, if that is too long ago at `now`.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let seen = self.seen.time();
        (now.signed_duration_since(seen) > self.most).then_some(seen)
    }
}
