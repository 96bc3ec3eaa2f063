//! Whether something that may be used once is used for the first time.

mod error;
mod memory;

use std::fmt;
use std::pin::Pin;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::Digester;
use crate::crypto::Unavailable;

pub use error::ReplayError;
pub use error::ReplayReason;
pub use memory::MemoryReplayStore;

/// The longest time that a store remembers anything. What stays valid for longer is refused, as its second use
/// could not be noticed.
pub const LONGEST_RETENTION: TimeDelta = TimeDelta::hours(24);

/// Remembers what has been used, for as long as it would still be valid.
///
/// A store that cannot tell says so, and the message is refused: there is no setting that accepts instead (T149).
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayStore {
    /// In the memory of this process.
    Memory(MemoryReplayStore),
    /// In a file or a server, which take time.
    Elsewhere(Box<dyn UseStore>),
}

/// What remembers uses outside of this process. It decides nothing but which use is the first.
pub trait UseStore: fmt::Debug + Send + Sync {
    /// Records all of `uses` as of `now`, or none of them; whoever is told `Ok` has the only one. It is told when the record would survive
    /// the end of this process.
    ///
    /// It refuses what it has no room for, what an earlier store may have seen ([`Use::check`]), and what it may have forgotten.
    fn record(&self, uses: Vec<Use>, now: DateTime<Utc>) -> Recorded;

    /// Whether it would refuse whatever it is given, as of late: it does not answer, is new, or has no room.
    fn refuses(&self) -> bool;

    /// Whether all of it can be used at present, as of late: one that goes on without a part of it refuses nothing.
    fn is_available(&self) -> bool {
        !self.refuses()
    }
}

/// The answer of a [`UseStore`]: [`ReplayError`] where something was used before, or nobody can tell.
pub type Recorded = Pin<Box<dyn Future<Output = Result<(), ReplayError>> + Send>>;

impl ReplayStore {
    /// A store in memory for at most `capacity` entries at a time (less than 100 bytes each). What was issued before
    /// `since` is refused, as it may have been used in the life of an earlier store.
    pub fn in_memory(capacity: usize, since: DateTime<Utc>) -> Self {
        Self::Memory(MemoryReplayStore::new(capacity, since))
    }

    /// Whether it would refuse whatever it is given at `now`, as of late.
    pub fn refuses(&self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Memory(store) => store.is_full(now),
            Self::Elsewhere(store) => store.refuses(),
        }
    }

    /// Whether all of it can be used at `now`, as of late.
    pub fn is_available(&self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Memory(store) => !store.is_full(now),
            Self::Elsewhere(store) => store.is_available(),
        }
    }

    /// Records `uses`, all of them or none, if each is the first of its key. Of any number of callers at the same time exactly one succeeds.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: one was used before, or whether it was cannot be told.
    pub async fn first_use(&self, uses: Vec<Use>, now: DateTime<Utc>) -> Result<FirstUse, ReplayError> {
        match self {
            Self::Memory(store) => store.record(&uses, now)?,
            Self::Elsewhere(store) => store.record(uses, now).await?,
        }
        Ok(FirstUse { _private: () })
    }

    /// As [`first_use`](Self::first_use), where nobody can wait.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]; for a store that has to be waited for, [`ReplayReason::Unavailable`] always.
    pub fn first_use_at_once(&self, uses: &[Use], now: DateTime<Utc>) -> Result<FirstUse, ReplayError> {
        match self {
            Self::Memory(store) => store.record(uses, now)?,
            Self::Elsewhere(_) => return Err(ReplayError::of(uses.first(), ReplayReason::Unavailable)),
        }
        Ok(FirstUse { _private: () })
    }
}

/// A use of something, which may be the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Of what.
    pub key: ReplayKey,
    /// When that was made.
    pub issued: DateTime<Utc>,
    /// How long it stays valid: its own validity and the allowed clock skew.
    pub until: DateTime<Utc>,
}

impl Use {
    /// Whether a store that knows all uses since `since` can remember this one for long enough.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: it has ended, it would have to be remembered for too long, or it was issued before the store began (T149).
    pub fn check(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), ReplayError> {
        let Self { issued, until, .. } = *self;
        if until <= now {
            return Err(self.refused(ReplayReason::Expired { until }));
        }
        if until.signed_duration_since(now) > LONGEST_RETENTION {
            return Err(self.refused(ReplayReason::Retention { until }));
        }
        if now < since {
            return Err(self.refused(ReplayReason::New { since }));
        }
        if issued < since {
            return Err(self.refused(ReplayReason::BeforeStore { issued, since }));
        }
        Ok(())
    }

    /// The error that says why this use does not count.
    pub fn refused(&self, reason: ReplayReason) -> ReplayError {
        ReplayError::of(Some(self), reason)
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
    /// A JSON Web Token that stands for a message, by issuer and `jti`.
    Token,
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

impl ReplayKey {
    /// What it is stored under: the first half of a SHA-256.
    pub fn name(&self) -> &[u8; 16] {
        &self.name
    }
}

impl ReplayKind {
    /// The code of a second use, `replay.<kind>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assertion => "replay.assertion",
            Self::Message => "replay.message",
            Self::Nonce => "replay.nonce",
            Self::Token => "replay.token",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Message => "message",
            Self::Nonce => "nonce",
            Self::Token => "token",
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

#[cfg(test)]
mod tests;
