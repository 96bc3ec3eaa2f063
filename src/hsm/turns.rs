//! What waits for a token, where whoever asks for much keeps nobody else from it.

use std::collections::VecDeque;

/// How many wait at most.
pub(super) const WAITING: usize = 64;

/// Calls that wait, each caller's in their order and one caller after the other.
pub(super) struct Turns<C> {
    /// Those who have calls here, the next one first.
    callers: VecDeque<Caller<C>>,
}

struct Caller<C> {
    number: u64,
    calls: VecDeque<C>,
}

/// There is no room for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<C> Turns<C> {
    pub(super) const fn new() -> Self {
        Self {
            callers: VecDeque::new(),
        }
    }

    /// Has `call` of the caller with this `number` wait. Where there is no room, the last call of whoever has most makes some, and is returned, unless the
    /// caller would then have more than they: so each of `n` callers has room for `WAITING / n`, however much the others ask for.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn put(&mut self, number: u64, call: C) -> Result<Option<C>, Full> {
        let displaced = if self.len() < WAITING {
            None
        } else {
            let own = self.of(number).map_or(0, |caller| caller.calls.len());
            let most = self.callers.iter_mut().max_by_key(|caller| caller.calls.len());
            let most = most.filter(|caller| own.saturating_add(1) < caller.calls.len());
            Some(most.and_then(|caller| caller.calls.pop_back()).ok_or(Full)?)
        };
        match self.of(number) {
            Some(caller) => caller.calls.push_back(call),
            None => self.callers.push_back(Caller {
                number,
                calls: VecDeque::from([call]),
            }),
        }
        Ok(displaced)
    }

    /// The next call. Who has further ones waits for all others.
    pub(super) fn take(&mut self) -> Option<C> {
        let mut caller = self.callers.pop_front()?;
        let call = caller.calls.pop_front();
        if !caller.calls.is_empty() {
            self.callers.push_back(caller);
        }
        call
    }

    /// Keeps the calls of which `is_kept` says so.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&C) -> bool) {
        self.callers.retain_mut(|caller| {
            caller.calls.retain(&is_kept);
            !caller.calls.is_empty()
        });
    }

    /// How many calls wait.
    pub(super) fn len(&self) -> usize {
        self.callers.iter().map(|caller| caller.calls.len()).sum()
    }

    fn of(&mut self, number: u64) -> Option<&mut Caller<C>> {
        self.callers.iter_mut().find(|caller| caller.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers in the order in which they get their turns.
    fn order(turns: &mut Turns<u64>) -> Vec<u64> {
        std::iter::from_fn(|| turns.take()).collect()
    }

    #[test]
    fn callers_have_their_turns_one_after_the_other() {
        let mut turns = Turns::new();
        for caller in [1, 1, 1, 2, 3, 2] {
            assert_eq!(turns.put(caller, caller), Ok(None));
        }
        assert_eq!(order(&mut turns), [1, 2, 3, 1, 2, 1]);
        assert_eq!(turns.len(), 0);
    }

    #[test]
    fn whoever_has_most_makes_room_but_not_for_whoever_would_have_more() {
        let mut turns = Turns::new();
        for _ in 0..WAITING {
            assert_eq!(turns.put(1, 1), Ok(None));
        }
        assert_eq!(turns.put(1, 1), Err(Full));
        for _ in 0..WAITING / 2 {
            assert_eq!(turns.put(2, 2), Ok(Some(1)));
        }
        assert_eq!((turns.put(2, 2), turns.put(1, 1)), (Err(Full), Err(Full)));
        // Whoever comes then takes from either, as long as they have less.
        for _ in 0..WAITING / 3 {
            assert!(matches!(turns.put(3, 3), Ok(Some(1 | 2))));
        }
        assert_eq!(turns.put(3, 3), Err(Full));
        let order = order(&mut turns);
        assert_eq!(order.len(), WAITING);
        for caller in [1, 2, 3] {
            let has = order.iter().filter(|one| **one == caller).count();
            assert!(has >= WAITING / 3, "{caller} has {has}");
        }
    }

    #[test]
    fn among_as_many_callers_as_there_is_room_for_nobody_loses_a_place() {
        let mut turns = Turns::new();
        for caller in 0..64 {
            assert_eq!(turns.put(caller, caller), Ok(None));
        }
        assert_eq!(turns.put(64, 64), Err(Full));
        turns.retain(|caller| *caller != 7);
        assert_eq!(turns.put(64, 64), Ok(None));
        assert_eq!(turns.len(), WAITING);
    }
}
