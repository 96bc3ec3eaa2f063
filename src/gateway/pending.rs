//! Messages that are in work. Those that still are when the gateway ends are told of: nobody learns from their answers what became of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::shared::Shared;
use crate::audit::Entry;

/// The messages in work.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    next: u64,
    /// With what is recorded if they are given up, where they may have been accepted.
    messages: HashMap<u64, Option<Entry>>,
    /// Whether all were given up: none is taken on after that.
    closed: bool,
}

/// One message in work, until it is dropped; one that is cut off while the gateway stops stays.
pub(super) struct Message<'s> {
    shared: &'s Shared,
    number: u64,
}

impl Pending {
    /// Gives all of them up, and takes no more on: what is to be recorded of each.
    pub(super) fn give_up(&self) -> Vec<Option<Entry>> {
        let mut numbered = self.numbered();
        numbered.closed = true;
        numbered.messages.drain().map(|(_, entry)| entry).collect()
    }

    fn numbered(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'s> Message<'s> {
    /// A message is in work from now on.
    pub(super) fn begin(shared: &'s Shared) -> Self {
        let mut numbered = shared.pending.numbered();
        let number = numbered.next;
        numbered.next = number.wrapping_add(1);
        if !numbered.closed {
            numbered.messages.insert(number, None);
        }
        Self { shared, number }
    }

    /// It may be accepted from now on, unless this says that it was given up. If it is later, `entry` is recorded.
    pub(super) fn accepted(&self, entry: Entry) -> bool {
        let mut numbered = self.shared.pending.numbered();
        let place = numbered.messages.get_mut(&self.number);
        place.map(|place| *place = Some(entry)).is_some()
    }

    /// What became of it is decided. Says whether it was not given up before.
    pub(super) fn end(&self) -> bool {
        let mut numbered = self.shared.pending.numbered();
        numbered.messages.remove(&self.number).is_some()
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        if !self.shared.is_stopping() {
            self.end();
        }
    }
}
