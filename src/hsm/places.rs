//! What a token has promised.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::calls::AT_ONCE;
use super::pace::Pace;
use super::token::lock;

/// How many calls of each pace were promised.
#[derive(Default)]
pub(super) struct Places(Arc<Mutex<Counts>>);

type Counts = Vec<(Arc<Pace>, u32)>;

/// A call that was promised to whoever has this.
pub(super) struct Place(Places, Arc<Pace>);

impl Places {
    /// A place for a call of that `pace` before all others, as long as all who have one could get theirs within half of `patience`: the other half is
    /// for what is being done before them. Who has one waits longer where the calls turn out to be slower.
    pub(super) fn reserve(&self, pace: &Arc<Pace>, patience: Duration) -> Option<Place> {
        let mut places = lock(&self.0);
        let times = places
            .iter()
            .map(|(pace, count)| pace.time().saturating_mul(*count));
        let all = times.fold(Duration::ZERO, Duration::saturating_add);
        if all.checked_div(AT_ONCE) > patience.checked_div(2) {
            return None;
        }
        match places.iter_mut().find(|(of, _)| Arc::ptr_eq(of, pace)) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => places.push((Arc::clone(pace), 1)),
        }
        Some(Place(Self(Arc::clone(&self.0)), Arc::clone(pace)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = lock(&self.0.0);
        if let Some((_, count)) = places.iter_mut().find(|(of, _)| Arc::ptr_eq(of, &self.1)) {
            *count = count.saturating_sub(1);
        }
        places.retain(|(_, count)| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn all(places: &Places, pace: &Arc<Pace>) -> Vec<Place> {
        std::iter::from_fn(|| places.reserve(pace, LONG)).collect()
    }

    #[test]
    fn there_are_as_many_as_can_be_made_in_time() {
        let places = Places::default();
        let [slow, quick] = [100, 10].map(|time| Arc::new(Pace::of(Duration::from_millis(time))));
        // Within 5 s, four at once; what was taken comes back.
        for _ in 0..2 {
            assert_eq!(all(&places, &slow).len(), 201);
            assert_eq!(all(&places, &quick).len(), 2001);
        }
        assert!(lock(&places.0).is_empty());
        // Those of one key leave no time for those of another.
        let taken = all(&places, &slow);
        assert!(places.reserve(&quick, LONG).is_none());
        drop(taken);
        assert!(places.reserve(&quick, LONG).is_some());
    }

    #[test]
    fn what_is_found_to_be_slower_counts_for_what_was_promised_before() {
        let (places, pace) = (Places::default(), Arc::new(Pace::of(Duration::ZERO)));
        let taken: Vec<_> = (0..20).map_while(|_| places.reserve(&pace, LONG)).collect();
        assert_eq!(taken.len(), 20);
        let refused = pace.measure(|| {
            std::thread::sleep(Duration::from_millis(1100));
            places.reserve(&pace, LONG).is_none().then_some(()).ok_or(())
        });
        assert_eq!(refused, Ok(()));
    }
}
