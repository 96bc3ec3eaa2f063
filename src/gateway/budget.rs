//! What one request may keep of attachments: a share of what all may.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::load::Exhausted;
use super::load::Share;
use crate::soap::attachment::{Spool, Stored};

/// A share that grows with what came and with what is kept of it, whichever is more: canonical forms are longer than what came.
/// It is given back when the request and all that it kept are gone.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Mutex<Used>>);

#[derive(Debug)]
struct Used {
    share: Share,
    counted: usize,
    come: usize,
    kept: usize,
    full: bool,
}

/// A spool that keeps what a budget allows.
#[derive(Debug)]
pub(super) struct Within {
    pub(super) budget: Budget,
    pub(super) spool: Arc<dyn Spool>,
}

#[derive(Debug)]
struct Counted {
    budget: Budget,
    stored: Box<dyn Stored>,
}

impl Budget {
    /// A budget that nothing was taken from, as `share` is of nothing.
    pub(super) fn of(share: Share) -> Self {
        Self(Arc::new(Mutex::new(Used {
            share,
            counted: 0,
            come: 0,
            kept: 0,
            full: false,
        })))
    }

    /// Counts octets that came.
    pub(super) fn come(&self, octets: usize) -> Result<(), Exhausted> {
        self.count(|used| used.come = used.come.saturating_add(octets))
    }

    /// Whether more was asked for than there was.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).full
    }

    fn keep(&self, octets: usize) -> Result<(), Exhausted> {
        self.count(|used| used.kept = used.kept.saturating_add(octets))
    }

    fn count(&self, add: impl FnOnce(&mut Used)) -> Result<(), Exhausted> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut used);
        let more = used.come.max(used.kept).saturating_sub(used.counted);
        let grown = used.share.grow(more);
        used.full |= grown.is_err();
        grown?;
        used.counted = used.counted.saturating_add(more);
        Ok(())
    }
}

impl Spool for Within {
    fn create(&self) -> io::Result<Box<dyn Stored>> {
        Ok(Box::new(Counted {
            budget: self.budget.clone(),
            stored: self.spool.create()?,
        }))
    }
}

impl Stored for Counted {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let kept = self.budget.keep(octets.len());
        kept.map_err(|Exhausted| io::ErrorKind::QuotaExceeded)?;
        self.stored.append(octets)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.stored.read_at(offset, into)
    }

    fn another(&self) -> io::Result<Box<dyn Stored>> {
        Ok(Box::new(Self {
            budget: self.budget.clone(),
            stored: self.stored.another()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::gateway::load::Gauge;
    use crate::soap::attachment::InMemory;

    #[test]
    fn the_larger_of_what_came_and_what_is_kept_counts() {
        let gauge = Gauge::new(10);
        let budget = Budget::of(gauge.take(0).unwrap());
        let spool = Within {
            budget: budget.clone(),
            spool: Arc::new(InMemory),
        };
        let mut stored = spool.create().unwrap();
        budget.come(4).unwrap();
        stored.append(b"123").unwrap();
        assert_eq!(gauge.used(), 4);
        stored.append(b"4567").unwrap();
        assert_eq!(gauge.used(), 7);
        budget.come(4).unwrap();
        assert_eq!((gauge.used(), budget.is_full()), (8, false));
        assert!(stored.append(b"89ab").is_err());
        assert!(budget.is_full());
        drop((spool, budget));
        assert_eq!(gauge.used(), 8);
        drop(stored);
        assert_eq!(gauge.used(), 0);
    }
}
