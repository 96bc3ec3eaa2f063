use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

use crate::trust::{Recorded, ReplayError, ReplayReason, Use, UseStore};
use crate::worker::{Work, Worker};

/// How long a message waits for its record (B26).
const PATIENCE: Duration = Duration::from_millis(240);

/// What a message uses.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) uses: Vec<Use>,
    pub(super) now: DateTime<Utc>,
}

impl Wanted {
    /// Nothing, to find out whether there is an answer.
    pub(super) fn nothing() -> Self {
        Self {
            uses: Vec::new(),
            now: Utc::now(),
        }
    }

    /// The answer that nobody can tell.
    pub(super) fn unavailable(&self) -> ReplayError {
        unavailable(&self.uses)
    }
}

impl<W> UseStore for Worker<W>
where
    W: Work<Job = Wanted, Done = Result<(), ReplayError>> + std::fmt::Debug,
{
    fn record(&self, uses: Vec<Use>, now: DateTime<Utc>) -> Recorded {
        let nobody = unavailable(&uses);
        let told = self.ask(Wanted { uses, now }, PATIENCE);
        Box::pin(async { told.await.unwrap_or(Err(nobody)) })
    }

    fn refuses(&self) -> bool {
        Self::refuses(self)
    }
}

fn unavailable(uses: &[Use]) -> ReplayError {
    ReplayError::of(uses.first(), ReplayReason::Unavailable)
}
