use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Fingerprint;

/// How many are kept at least before it is looked which of them are still in use.
const FEWEST: usize = 64;

/// What was read, by the SHA-256 of its octets, as long as it is in use anywhere: whoever reads the same octets shares it. It says nothing of whether
/// it is trusted.
pub(super) struct InUse<T>(Mutex<Table<T>>);

struct Table<T> {
    read: BTreeMap<Fingerprint, Weak<T>>,
    /// With how many it is looked again.
    room: usize,
}

impl<T> InUse<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Table {
            read: BTreeMap::new(),
            room: FEWEST,
        }))
    }

    /// What was read of those octets.
    pub(super) fn find(&self, sha256: &Fingerprint) -> Option<Arc<T>> {
        self.table().read.get(sha256).and_then(Weak::upgrade)
    }

    /// Shares what was `read` of those octets. Another may have done so meanwhile.
    pub(super) fn share(&self, sha256: Fingerprint, read: T) -> Arc<T> {
        let mut table = self.table();
        if let Some(shared) = table.read.get(&sha256).and_then(Weak::upgrade) {
            return shared;
        }
        if table.read.len() >= table.room {
            table.read.retain(|_, other| other.strong_count() > 0);
            table.room = table.read.len().saturating_mul(2).max(FEWEST);
        }
        let shared = Arc::new(read);
        table.read.insert(sha256, Arc::downgrade(&shared));
        shared
    }

    fn table(&self) -> MutexGuard<'_, Table<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_is_shared_and_nothing_else_is_kept() {
        let all = InUse::new();
        let one = all.share([1; 32], "one");
        assert!(all.find(&[1; 32]).is_some_and(|found| Arc::ptr_eq(&found, &one)));
        assert!(Arc::ptr_eq(&all.share([1; 32], "the same"), &one));
        for number in 2..u8::MAX {
            all.share([number; 32], "nobody's");
        }
        assert_eq!(all.find(&[7; 32]), None);
        assert!(all.table().read.len() <= FEWEST);
        assert_eq!(all.find(&[1; 32]).as_deref(), Some(&"one"));
    }
}
