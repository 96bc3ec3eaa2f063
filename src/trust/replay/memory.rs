use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashSet;
use std::sync::Mutex;

use chrono::DateTime;
use chrono::Utc;

use super::ReplayError;
use super::ReplayReason;
use super::Use;

/// How many expired entries one call removes at most while there is room.
const REMOVED_AT_ONCE: usize = 64;

/// The store of [`ReplayStore::in_memory`](super::ReplayStore::in_memory).
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
    /// A store for at most `capacity` entries at a time, which knows all uses since `since`.
    pub fn new(capacity: usize, since: DateTime<Utc>) -> Self {
        Self {
            capacity,
            since,
            seen: Mutex::default(),
        }
    }

    /// Records all of `uses` or none, as a [`UseStore`](super::UseStore) does, at once.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: one was used before, or whether it was cannot be told.
    pub fn record(&self, uses: &[Use], now: DateTime<Utc>) -> Result<(), ReplayError> {
        uses.iter().try_for_each(|wanted| wanted.check(self.since, now))?;
        let lost = |_| ReplayError::of(uses.first(), ReplayReason::Unavailable);
        let mut seen = self.seen.lock().map_err(lost)?;
        seen.remove_ended(now, self.capacity);
        for (index, wanted) in uses.iter().enumerate() {
            let reason = seen.refusal(wanted, self.capacity.saturating_sub(index));
            reason.map_or(Ok(()), |reason| Err(wanted.refused(reason)))?;
        }
        for wanted in uses {
            let name = *wanted.key.name();
            seen.names.insert(name);
            seen.by_end.push(Reverse((wanted.until, name)));
        }
        Ok(())
    }

    /// Whether it has no room at `now`, or nobody can tell.
    pub fn is_full(&self, now: DateTime<Utc>) -> bool {
        self.seen.lock().map_or(true, |mut seen| {
            seen.remove_ended(now, self.capacity);
            seen.names.len() >= self.capacity
        })
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> Option<(usize, usize)> {
        let seen = self.seen.lock().ok()?;
        Some((seen.names.len(), seen.by_end.len()))
    }
}

impl Seen {
    fn refusal(&self, wanted: &Use, capacity: usize) -> Option<ReplayReason> {
        let forgotten = self.forgotten;
        if self.names.contains(wanted.key.name()) {
            Some(ReplayReason::Replayed)
        } else if wanted.until <= forgotten {
            Some(ReplayReason::Forgotten { forgotten })
        } else {
            (self.names.len() >= capacity).then_some(ReplayReason::Full)
        }
    }

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
