//! How much is being worked on, and what is too much.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// A count that many threads share, with a most.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    used: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// A share of a [`Gauge`], given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    gauge: Gauge,
    size: usize,
}

/// There is not that much left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Gauge {
    pub(super) fn new(most: usize) -> Self {
        Self {
            used: Arc::default(),
            most: Arc::new(AtomicUsize::new(most)),
        }
    }

    /// A share of `size`, if so much is left.
    pub(super) fn take(&self, size: usize) -> Result<Share, Exhausted> {
        let mut share = Share {
            gauge: self.clone(),
            size: 0,
        };
        share.grow(size)?;
        Ok(share)
    }

    /// A share of `size`, however much is left: of something that is there, and keeps others out.
    pub(super) fn note(&self, size: usize) -> Share {
        self.used.fetch_add(size, Ordering::Relaxed);
        Share {
            gauge: self.clone(),
            size,
        }
    }

    /// From now on there are `most`. What is more than that and already taken stays so until it is given back.
    pub(super) fn set_most(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// How much is used.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Share {
    /// Makes the share larger, if so much is left.
    pub(super) fn grow(&mut self, by: usize) -> Result<(), Exhausted> {
        let most = self.gauge.most.load(Ordering::Relaxed);
        let enough = |used: usize| used.checked_add(by).filter(|sum| *sum <= most);
        let taken = self
            .gauge
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, enough);
        taken.map_err(|_| Exhausted)?;
        self.size = self.size.saturating_add(by);
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.gauge.used.fetch_sub(self.size, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn shares_never_exceed_the_most_and_come_back() {
        let gauge = Gauge::new(10);
        let mut one = gauge.take(6).unwrap();
        assert_eq!(gauge.take(5).err(), Some(Exhausted));
        assert_eq!(one.grow(5), Err(Exhausted));
        one.grow(4).unwrap();
        assert_eq!(gauge.used(), 10);
        assert_eq!(gauge.take(1).err(), Some(Exhausted));
        drop(one);
        assert_eq!(gauge.used(), 0);
        let ten = gauge.take(10).unwrap();
        gauge.set_most(4);
        assert_eq!(gauge.take(1).err(), Some(Exhausted));
        drop(ten);
        assert!(gauge.take(4).is_ok());
        let more = gauge.note(5);
        assert_eq!((gauge.used(), gauge.take(0).err()), (5, Some(Exhausted)));
        drop(more);
        assert_eq!(gauge.used(), 0);
    }
}
