use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use super::LONGEST_RETENTION;
use super::ReplayKind;
use super::Use;

/// Why something does not count as used for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError {
    kind: ReplayKind,
    reason: ReplayReason,
}

/// The reasons of a [`ReplayError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayReason {
    /// It was used before.
    Replayed,
    /// Its validity has ended.
    Expired {
        /// When.
        until: DateTime<Utc>,
    },
    /// It stays valid for longer than anything is remembered.
    Retention {
        /// How long it would have to be remembered.
        until: DateTime<Utc>,
    },
    /// It is older than the store, so an earlier store may have seen it (T149).
    BeforeStore {
        /// When it was issued.
        issued: DateTime<Utc>,
        /// What the store can vouch for begins here.
        since: DateTime<Utc>,
    },
    /// The store has just begun. Until the allowed clock skew is over, what an earlier store has seen may be dated later than it began.
    New {
        /// When that is over.
        since: DateTime<Utc>,
    },
    /// The clock went back: this would still be valid, but such entries were already removed (T150).
    Forgotten {
        /// Entries up to here were removed.
        forgotten: DateTime<Utc>,
    },
    /// The store has no room. Removing entries early would let them pass again.
    Full,
    /// The store does not work any more.
    Unavailable,
}

impl ReplayError {
    /// The error of `wanted`; of no use at all, that of a message.
    pub fn of(wanted: Option<&Use>, reason: ReplayReason) -> Self {
        let kind = wanted.map_or(ReplayKind::Message, |wanted| wanted.key.kind);
        Self { kind, reason }
    }

    /// Why.
    pub fn reason(&self) -> &ReplayReason {
        &self.reason
    }

    /// Whether the sender can do nothing about it: another try at another time may succeed.
    pub fn is_ours(&self) -> bool {
        use ReplayReason::{Full, New, Unavailable};
        matches!(self.reason, Full | New { .. } | Unavailable)
    }

    /// The stable code, `replay.<reason>`.
    pub fn code(&self) -> &'static str {
        match self.reason {
            ReplayReason::Replayed => self.kind.code(),
            ReplayReason::Expired { .. } => "replay.expired",
            ReplayReason::Retention { .. } => "replay.retention",
            ReplayReason::BeforeStore { .. } => "replay.before_store",
            ReplayReason::New { .. } => "replay.store_new",
            ReplayReason::Forgotten { .. } => "replay.forgotten",
            ReplayReason::Full => "replay.store_full",
            ReplayReason::Unavailable => "replay.store_unavailable",
        }
    }

    /// The clause that asks for single use.
    pub fn clause(&self) -> Option<&'static str> {
        match self.kind {
            ReplayKind::Assertion => Some("SAML Core §2.5.1.5; SAML Profiles §4.1.4.5"),
            ReplayKind::Message => Some("WSS 1.1 §13.2"),
            ReplayKind::Token => Some("RFC 7519 §4.1.7"),
            ReplayKind::Nonce => Some("WSS UsernameToken Profile 1.1 §3.1"),
        }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.kind.name();
        match &self.reason {
            ReplayReason::Replayed => write!(f, "this {what} has been used before"),
            ReplayReason::Expired { until } => write!(f, "this {what} was valid until {until} only"),
            ReplayReason::Retention { until } => write!(
                f,
                "this {what} stays valid until {until}; a second use is noticed within {} hours only",
                LONGEST_RETENTION.num_hours()
            ),
            ReplayReason::BeforeStore { issued, since } => write!(
                f,
                "this {what} was issued at {issued}, and what was used before {since} is not known"
            ),
            ReplayReason::New { since } => {
                write!(f, "the store of uses is new, and takes nothing before {since}")
            }
            ReplayReason::Forgotten { forgotten } => write!(
                f,
                "the clock went back: what was valid until {forgotten} has been forgotten, and this {what} with it"
            ),
            ReplayReason::Full => write!(f, "no room to remember this {what}"),
            ReplayReason::Unavailable => write!(f, "nobody remembers whether this {what} has been used"),
        }
    }
}

impl std::error::Error for ReplayError {}
