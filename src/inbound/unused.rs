use chrono::{DateTime, Utc};

use super::assertion;
use super::gate::Weighed;
use super::message::{Relayable, Sender, VerifiedMessage};
use super::username;
use crate::policy::Operation;
use crate::policy::saml::Claims;
use crate::rejection::Rejection;
use crate::trust::{LONGEST_RETENTION, ReplayKey, ReplayKind, ReplayStore, Use};

/// A message that is verified if it was not used before, which nobody has asked yet. It says whose it is and what it asks for, and nothing else
/// of what it says.
#[derive(Debug)]
#[must_use = "nobody has asked whether it was used before"]
pub struct Unused {
    message: Relayable,
    uses: Vec<Use>,
}

impl Unused {
    pub(super) fn new(message: Relayable, uses: Vec<Use>) -> Self {
        Self { message, uses }
    }

    /// Whose it is.
    pub fn sender(&self) -> &Sender {
        self.message.sender()
    }

    /// The operation that it asks for; `None` where the gate knows of no destination.
    pub fn requested(&self) -> Option<&Operation> {
        self.message.requested()
    }

    /// What its assertion says.
    pub fn claims(&self) -> Option<&Claims> {
        self.message.claims()
    }

    /// Asks `store`, and waits for its answer. Without a store nothing is remembered, as fits commands that judge files.
    ///
    /// # Errors
    /// It was used before, or nobody can tell.
    pub async fn first_use(
        self,
        store: Option<&ReplayStore>,
        now: DateTime<Utc>,
    ) -> Result<VerifiedMessage, Rejection> {
        let Self { message, uses } = self;
        let first = match store {
            Some(store) if !uses.is_empty() => Some(store.first_use(uses, now).await?),
            Some(_) | None => None,
        };
        Ok(message.used(first))
    }

    /// As [`first_use`](Self::first_use), of a store that answers at once.
    ///
    /// # Errors
    /// It was used before, or nobody can tell, as always where the store does not answer at once.
    pub fn first_use_at_once(
        self,
        store: Option<&ReplayStore>,
        now: DateTime<Utc>,
    ) -> Result<VerifiedMessage, Rejection> {
        let Self { message, uses } = self;
        let first = match store {
            Some(store) if !uses.is_empty() => Some(store.first_use_at_once(&uses, now)?),
            Some(_) | None => None,
        };
        Ok(message.used(first))
    }
}

/// What the message uses: itself, and the assertion and the nonce in it if they may be used once only. One that nothing proved fresh counts as
/// made at `arrived`, if that is said: a copy of it is known for as long as any use is.
pub(super) fn uses(weighed: &Weighed<'_>, arrived: Option<DateTime<Utc>>) -> Result<Vec<Use>, Rejection> {
    let mut uses = Vec::new();
    if let Some(presented) = &weighed.presented {
        uses.extend(assertion::the_use(presented)?);
    }
    uses.extend(username::the_use(&weighed.admitted)?);
    let fresh = weighed.admitted.fresh();
    let fresh = fresh.map(|fresh| (fresh.created(), fresh.until()));
    let longest = |arrived: DateTime<Utc>| {
        let until = arrived.checked_add_signed(LONGEST_RETENTION);
        (arrived, until.unwrap_or(DateTime::<Utc>::MAX_UTC))
    };
    if let (Some(main), Some((issued, until))) = (weighed.admitted.main(), fresh.or(arrived.map(longest))) {
        // What was signed, not the signature: there may be many values for the same content (T44).
        let (owner, signed) = (main.owner().identity(), main.signed_info_digest()?);
        uses.push(Use {
            key: ReplayKey::new(ReplayKind::Message, &owner, &[signed.as_bytes()])?,
            issued,
            until,
        });
    }
    Ok(uses)
}
