use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bounds how many messages are under way between the sources and the journal, and how many bytes they hold.
pub(super) struct Window {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
    most_bytes: u64,
}

#[derive(Default)]
struct State {
    messages: usize,
    bytes: u64,
    gate: Gate,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Gate {
    #[default]
    Open,
    Closed,
}

impl Window {
    /// Room for `most` messages that hold `most_bytes` together, or for one that holds more.
    pub(super) fn new(most: usize, most_bytes: u64) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
            most_bytes,
        }
    }

    /// Waits until there is room for a message that holds `bytes`; false where no more are let in.
    pub(super) fn enter(&self, bytes: u64) -> bool {
        let is_full = |state: &mut State| {
            let is_fuller = state.bytes.saturating_add(bytes) > self.most_bytes;
            state.gate == Gate::Open && state.messages > 0 && (state.messages >= self.most || is_fuller)
        };
        let waited = self.changed.wait_while(self.lock(), is_full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.gate == Gate::Closed {
            return false;
        }
        state.messages = state.messages.saturating_add(1);
        state.bytes = state.bytes.saturating_add(bytes);
        true
    }

    /// Takes note that so many messages, which held `bytes`, have been written down. Who waits is told when half of those that may be under
    /// way have been, and not of each.
    pub(super) fn leave(&self, messages: usize, bytes: u64) {
        let mut state = self.lock();
        state.messages = state.messages.saturating_sub(messages);
        state.bytes = state.bytes.saturating_sub(bytes);
        if state.messages <= self.most / 2 {
            self.changed.notify_all();
        }
    }

    /// Lets no more in.
    pub(super) fn close(&self) {
        self.lock().gate = Gate::Closed;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::thread;

    use super::*;

    #[test]
    fn a_full_window_waits_and_a_closed_one_lets_nobody_in() {
        let window = Window::new(2, 100);
        assert!(window.enter(500), "one that is too long alone is let in alone");
        thread::scope(|scope| {
            let second = scope.spawn(|| window.enter(1));
            assert!(!second.is_finished());
            window.leave(1, 500);
            assert!(second.join().unwrap());
            assert!(window.enter(99));
            let fourth = scope.spawn(|| window.enter(0));
            assert!(!fourth.is_finished());
            window.close();
            assert!(!fourth.join().unwrap());
        });
    }
}
