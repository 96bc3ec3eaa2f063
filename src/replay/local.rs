use chrono::DateTime;
use chrono::Utc;

use super::server::UseServer;
use crate::trust::{MemoryReplayStore, Recorded, ReplayReason, Use, UseStore};
use crate::worker::Worker;

/// A store that goes on with its own memory where the shared one does not answer: each gateway then notices only what was used at
/// itself. What the shared one refuses is refused.
#[derive(Debug)]
pub(super) struct Local {
    memory: MemoryReplayStore,
    shared: Worker<UseServer>,
}

impl Local {
    pub(super) fn new(capacity: usize, since: DateTime<Utc>, shared: Worker<UseServer>) -> Self {
        let memory = MemoryReplayStore::new(capacity, since);
        Self { memory, shared }
    }
}

impl UseStore for Local {
    /// Its own memory never does.
    fn refuses(&self) -> bool {
        false
    }

    fn is_available(&self) -> bool {
        !self.shared.refuses()
    }

    fn record(&self, uses: Vec<Use>, now: DateTime<Utc>) -> Recorded {
        // Always, so that what was used before the loss is known after it.
        let here = self.memory.record(&uses, now);
        if let Err(refused) = here {
            return Box::pin(std::future::ready(Err(refused)));
        }
        let there = self.shared.record(uses, now);
        Box::pin(async move {
            match there.await {
                Err(error) if *error.reason() == ReplayReason::Unavailable => {
                    tracing::warn!("the shared store of uses does not answer; remembered here only");
                    Ok(())
                }
                told => told,
            }
        })
    }
}
