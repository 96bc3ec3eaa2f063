use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use chrono::DateTime;
use chrono::Utc;

use super::OpenError;
use super::server::UseServer;
use super::started;
use crate::trust::{MemoryReplayStore, Recorded, ReplayReason, Use, UseStore};
use crate::worker::Worker;

/// A store that goes on with its own memory where the shared one does not answer: each gateway then notices only what was used at
/// itself. What the shared one refuses is refused.
#[derive(Debug)]
pub(super) struct Local {
    memory: MemoryReplayStore,
    shared: Worker<UseServer>,
    /// Until when the shared one answers that it takes nothing.
    refusing: Arc<AtomicI64>,
}

impl Local {
    pub(super) fn start(capacity: usize, since: DateTime<Utc>, server: UseServer) -> Result<Self, OpenError> {
        Ok(Self {
            memory: MemoryReplayStore::new(capacity, since),
            refusing: server.refusing(),
            shared: started(server)?,
        })
    }
}

impl UseStore for Local {
    fn refuses(&self) -> bool {
        let now = Utc::now();
        self.memory.is_full(now) || now.timestamp_millis() < self.refusing.load(Ordering::Relaxed)
    }

    fn is_available(&self) -> bool {
        !self.refuses() && !self.shared.refuses()
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
