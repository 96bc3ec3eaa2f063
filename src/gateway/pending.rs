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

    /// A message is in work from now on: its number.
    fn begin(&self) -> u64 {
        let mut numbered = self.numbered();
        let number = numbered.next;
        numbered.next = number.wrapping_add(1);
        if !numbered.closed {
            numbered.messages.insert(number, None);
        }
        number
    }

    /// It may be accepted from now on, unless this says that it was given up. If it is later, `entry` is recorded.
    fn accepted(&self, number: u64, entry: Entry) -> bool {
        let mut numbered = self.numbered();
        let place = numbered.messages.get_mut(&number);
        place.map(|place| *place = Some(entry)).is_some()
    }

    /// What became of it is decided. Says whether it was not given up before.
    fn end(&self, number: u64) -> bool {
        self.numbered().messages.remove(&number).is_some()
    }

    fn numbered(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'s> Message<'s> {
    /// A message is in work from now on.
    pub(super) fn begin(shared: &'s Shared) -> Self {
        let number = shared.pending.begin();
        Self { shared, number }
    }

    /// It may be accepted from now on, unless this says that it was given up. If it is later, `entry` is recorded.
    pub(super) fn accepted(&self, entry: Entry) -> bool {
        self.shared.pending.accepted(self.number, entry)
    }

    /// What became of it is decided. Says whether it was not given up before.
    pub(super) fn end(&self) -> bool {
        self.shared.pending.end(self.number)
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        if !self.shared.is_stopping() {
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Kind;

    #[test]
    fn a_message_that_was_given_up_is_neither_accepted_nor_ended_after_that() {
        let pending = Pending::default();
        let entry = || Entry::new(Kind::Failed, chrono::Utc::now(), String::new(), "/orders", None);
        let [ended, accepted, in_work] = [(); 3].map(|()| pending.begin());
        assert!(pending.accepted(accepted, entry()) && pending.end(ended) && !pending.end(ended));
        let given_up = pending.give_up();
        assert_eq!(given_up.len(), 2);
        assert_eq!(given_up.iter().flatten().count(), 1);
        let late = pending.begin();
        for message in [accepted, in_work, late] {
            assert!(!pending.accepted(message, entry()) && !pending.end(message));
        }
        assert!(pending.give_up().is_empty());
    }
}
