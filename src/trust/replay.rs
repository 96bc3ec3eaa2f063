//! Whether something that may be used once is used for the first time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::Digester;
use crate::crypto::Unavailable;

/// The longest time that a store remembers anything. What stays valid for longer is refused, as its second use
/// could not be noticed.
pub const LONGEST_RETENTION: TimeDelta = TimeDelta::hours(24);

/// How many expired entries one call removes at most while there is room.
const REMOVED_AT_ONCE: usize = 64;

/// Remembers what has been used, for as long as it would still be valid.
///
/// A store that cannot tell says so, and the message is refused: there is no setting that accepts instead (T149).
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayStore {
    /// In the memory of this process.
    Memory(MemoryReplayStore),
}

impl ReplayStore {
    /// A store in memory for at most `capacity` entries at a time (less than 100 bytes each). What was issued before
    /// `since` is refused, as it may have been used in the life of an earlier store.
    pub fn in_memory(capacity: usize, since: DateTime<Utc>) -> Self {
        Self::Memory(MemoryReplayStore {
            capacity,
            since,
            seen: Mutex::default(),
        })
    }

    /// Records the use of `key`, which was issued at `issued` and stays valid to `until` (its own validity and the
    /// allowed clock skew), if this is the first. Of any number of callers at the same time exactly one succeeds.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: it was used before, or whether it was cannot be told.
    pub fn first_use(
        &self,
        key: &ReplayKey,
        issued: DateTime<Utc>,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<FirstUse, ReplayError> {
        let Self::Memory(store) = self;
        let refuse = |reason| ReplayError {
            kind: key.kind,
            reason,
        };
        if until <= now {
            return Err(refuse(ReplayReason::Expired { until }));
        }
        if until.signed_duration_since(now) > LONGEST_RETENTION {
            return Err(refuse(ReplayReason::Retention { until }));
        }
        if issued < store.since {
            return Err(refuse(ReplayReason::BeforeStore {
                issued,
                since: store.since,
            }));
        }
        store.record(key.name, until, now).map_err(refuse)?;
        Ok(FirstUse { _private: () })
    }
}

/// What may be used once, by its kind, its owner and the owner's name for it: never by signature bytes, which others can
/// vary (T44).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayKey {
    kind: ReplayKind,
    /// The first half of a SHA-256: enough, as nobody gains from two of their own names that collide.
    name: [u8; 16],
}

/// The kinds of things that may be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplayKind {
    /// A SAML assertion, by issuer and ID.
    Assertion,
    /// A message, by signer and what it signed or its MessageID.
    Message,
    /// The nonce of a UsernameToken, by user name, nonce and Created.
    Nonce,
}

impl ReplayKey {
    /// The key of the thing of `kind` that `owner` calls by `names`. Parts are kept apart: `["ab", "c"]` is not
    /// `["a", "bc"]`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the crypto library has no SHA-256.
    pub fn new(kind: ReplayKind, owner: &[u8], names: &[&[u8]]) -> Result<Self, Unavailable> {
        let mut digester = Digester::new(DigestAlgorithm::Sha256);
        digester.update(kind.code().as_bytes());
        for part in std::iter::once(&owner).chain(names) {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            digester.update(&length.to_be_bytes());
            digester.update(part);
        }
        let digest = digester.finish()?;
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Ok(Self { kind, name })
    }
}

impl ReplayKind {
    /// The code of a second use, `replay.<kind>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assertion => "replay.assertion",
            Self::Message => "replay.message",
            Self::Nonce => "replay.nonce",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Message => "message",
            Self::Nonce => "nonce",
        }
    }
}

/// Proof that something was used for the first time. Only [`ReplayStore::first_use`] makes one.
///
/// ```compile_fail
/// let forged = sealgate::trust::FirstUse { _private: () };
/// ```
#[derive(Debug)]
#[must_use = "a first use that nobody asks for has been spent"]
pub struct FirstUse {
    _private: (),
}

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
    /// Why.
    pub fn reason(&self) -> &ReplayReason {
        &self.reason
    }

    /// Whether the sender can do nothing about it: another try at another time may succeed.
    pub fn is_ours(&self) -> bool {
        matches!(self.reason, ReplayReason::Full | ReplayReason::Unavailable)
    }

    /// The stable code, `replay.<reason>`.
    pub fn code(&self) -> &'static str {
        match self.reason {
            ReplayReason::Replayed => self.kind.code(),
            ReplayReason::Expired { .. } => "replay.expired",
            ReplayReason::Retention { .. } => "replay.retention",
            ReplayReason::BeforeStore { .. } => "replay.before_store",
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

/// The store of [`ReplayStore::in_memory`].
#[derive(Debug)]
pub struct MemoryReplayStore {
    capacity: usize,
    since: DateTime<Utc>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    names: HashSet<[u8; 16]>,
    /// The same names, the one that ends first on top.
    by_end: BinaryHeap<Reverse<(DateTime<Utc>, [u8; 16])>>,
    /// Everything that ended at this time or before it may have been removed.
    forgotten: DateTime<Utc>,
}

impl MemoryReplayStore {
    fn record(&self, name: [u8; 16], until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), ReplayReason> {
        let mut seen = self.seen.lock().map_err(|_| ReplayReason::Unavailable)?;
        seen.remove_ended(now, self.capacity);
        if seen.names.contains(&name) {
            return Err(ReplayReason::Replayed);
        }
        if until <= seen.forgotten {
            return Err(ReplayReason::Forgotten {
                forgotten: seen.forgotten,
            });
        }
        if seen.names.len() >= self.capacity {
            return Err(ReplayReason::Full);
        }
        seen.names.insert(name);
        seen.by_end.push(Reverse((until, name)));
        Ok(())
    }
}

impl Seen {
    /// Removes some of what has ended; all of it where there is no room.
    fn remove_ended(&mut self, now: DateTime<Utc>, capacity: usize) {
        let mut removed = 0_usize;
        while let Some(Reverse((until, name))) = self.by_end.peek() {
            if *until > now || (removed >= REMOVED_AT_ONCE && self.names.len() < capacity) {
                break;
            }
            self.forgotten = self.forgotten.max(*until);
            self.names.remove(name);
            self.by_end.pop();
            removed = removed.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use std::sync::Barrier;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn key(name: &str) -> ReplayKey {
        ReplayKey::new(ReplayKind::Assertion, b"idp", &[name.as_bytes()]).unwrap()
    }

    fn code(result: Result<FirstUse, ReplayError>) -> &'static str {
        result.map_or_else(|error| error.code(), |_| "first")
    }

    #[test]
    fn a_second_use_is_refused_until_the_end_of_validity() {
        let store = ReplayStore::in_memory(10, at(0));
        assert_eq!(code(store.first_use(&key("a"), at(1), at(300), at(2))), "first");
        assert_eq!(
            code(store.first_use(&key("a"), at(1), at(300), at(299))),
            "replay.assertion"
        );
        assert_eq!(
            code(store.first_use(&key("a"), at(1), at(300), at(300))),
            "replay.expired"
        );
        assert_eq!(code(store.first_use(&key("b"), at(1), at(300), at(2))), "first");
    }

    #[test]
    fn of_100_parallel_uses_exactly_one_is_the_first() {
        let store = ReplayStore::in_memory(10, at(0));
        let together = Barrier::new(100);
        let first = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..100)
                .map(|_| {
                    scope.spawn(|| {
                        let key = key("a");
                        together.wait();
                        store.first_use(&key, at(1), at(300), at(2)).is_ok()
                    })
                })
                .collect();
            let uses = tries.into_iter().map(|attempt| attempt.join().unwrap());
            uses.filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn a_full_store_refuses_and_forgets_nothing() {
        let store = ReplayStore::in_memory(2, at(0));
        assert_eq!(code(store.first_use(&key("a"), at(1), at(100), at(2))), "first");
        assert_eq!(code(store.first_use(&key("b"), at(1), at(200), at(2))), "first");
        let refused = store.first_use(&key("c"), at(1), at(300), at(2)).unwrap_err();
        assert_eq!((refused.code(), refused.is_ours()), ("replay.store_full", true));
        assert_eq!(
            code(store.first_use(&key("a"), at(1), at(100), at(2))),
            "replay.assertion"
        );
        // Room comes when the first entry has ended, and not before.
        assert_eq!(
            code(store.first_use(&key("c"), at(1), at(300), at(99))),
            "replay.store_full"
        );
        assert_eq!(code(store.first_use(&key("c"), at(1), at(300), at(100))), "first");
        assert_eq!(
            code(store.first_use(&key("b"), at(1), at(200), at(100))),
            "replay.assertion"
        );
    }

    #[test]
    fn what_cannot_be_remembered_long_enough_is_refused() {
        let store = ReplayStore::in_memory(10, at(0));
        let day = LONGEST_RETENTION.num_seconds();
        assert_eq!(
            code(store.first_use(&key("a"), at(1), at(2 + day), at(2))),
            "first"
        );
        assert_eq!(
            code(store.first_use(&key("b"), at(1), at(3 + day), at(2))),
            "replay.retention"
        );
    }

    #[test]
    fn what_is_older_than_the_store_is_refused() {
        let store = ReplayStore::in_memory(10, at(10));
        assert_eq!(
            code(store.first_use(&key("a"), at(9), at(300), at(11))),
            "replay.before_store"
        );
        assert_eq!(code(store.first_use(&key("a"), at(10), at(300), at(11))), "first");
    }

    #[test]
    fn a_clock_that_goes_back_does_not_bring_forgotten_entries_back() {
        let store = ReplayStore::in_memory(10, at(0));
        assert_eq!(code(store.first_use(&key("a"), at(1), at(300), at(2))), "first");
        assert_eq!(
            code(store.first_use(&key("b"), at(4_000), at(4_300), at(4_000))),
            "first"
        );
        assert_eq!(
            code(store.first_use(&key("a"), at(1), at(300), at(3))),
            "replay.forgotten"
        );
        assert_eq!(code(store.first_use(&key("c"), at(3), at(301), at(3))), "first");
    }

    #[test]
    fn ended_entries_leave_the_memory() {
        let store = ReplayStore::in_memory(1_000, at(0));
        for number in 0..10_000 {
            let key = key(&number.to_string());
            assert_eq!(
                code(store.first_use(&key, at(number), at(number + 10), at(number))),
                "first"
            );
        }
        let ReplayStore::Memory(memory) = &store;
        let seen = memory.seen.lock().unwrap();
        assert_eq!((seen.names.len(), seen.by_end.len()), (10, 10));
    }

    #[test]
    fn keys_differ_in_kind_owner_and_every_part() {
        let new = |kind, owner: &str, names: &[&str]| {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            ReplayKey::new(kind, owner.as_bytes(), &names).unwrap()
        };
        let one = new(ReplayKind::Nonce, "ab", &["c", "d"]);
        assert_eq!(one, new(ReplayKind::Nonce, "ab", &["c", "d"]));
        assert_ne!(one.name, new(ReplayKind::Message, "ab", &["c", "d"]).name);
        assert_ne!(one, new(ReplayKind::Nonce, "a", &["bc", "d"]));
        assert_ne!(one, new(ReplayKind::Nonce, "ab", &["cd"]));
        assert_ne!(one, new(ReplayKind::Nonce, "ab", &["c", "d", ""]));
    }
}
