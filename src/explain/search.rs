use super::explanation::{Cause, Certainty, Finding};

/// How much is searched, in bytes that are looked at. It is the same on every machine, so the answer is, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort(u64);

impl Effort {
    /// Enough for most answers in milliseconds.
    pub const DEFAULT: Self = Self(1 << 30);
    /// For tests of what is not about the search.
    #[cfg(test)]
    pub(super) const LITTLE: Self = Self(1 << 20);

    /// Spends `bytes`; false if so many are not left.
    pub(super) fn spend(&mut self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What canonical octets would have been without one change.
#[derive(Clone, Debug)]
pub(super) struct Undone {
    pub(super) cause: Cause,
    pub(super) detail: String,
    pub(super) octets: Vec<u8>,
}

impl Undone {
    pub(super) fn new(cause: Cause, detail: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        Self {
            cause,
            detail: detail.into(),
            octets: octets.into(),
        }
    }
}

/// Changes of one kind, each made only when it is asked for.
pub(super) type Changes<'t> = Box<dyn Iterator<Item = Undone> + 't>;

/// A search for octets that are what was signed.
pub(super) struct Search<'s> {
    is_signed: &'s dyn Fn(&[u8]) -> bool,
    /// What an attempt costs beside its bytes.
    each: usize,
    effort: &'s mut Effort,
    findings: Vec<Finding>,
    /// The first octets that were found to be signed.
    signed: Option<Vec<u8>>,
}

impl<'s> Search<'s> {
    /// `is_signed` says whether octets are the ones that were signed; to ask costs `each` beside their bytes.
    pub(super) fn new(is_signed: &'s dyn Fn(&[u8]) -> bool, each: usize, effort: &'s mut Effort) -> Self {
        Self {
            is_signed,
            each,
            effort,
            findings: Vec::new(),
            signed: None,
        }
    }

    /// Tries each of `changes`, until the effort is spent.
    pub(super) fn each(&mut self, changes: impl Iterator<Item = Undone>) {
        for change in changes {
            if !self.attempt(&[&change], &change.octets) {
                return;
            }
        }
    }

    /// Tries what each of `first` and then each that `then` makes of it gives, until there is an answer or the effort is spent.
    pub(super) fn pairs(&mut self, first: Changes<'_>, then: impl for<'t> Fn(&'t str) -> Changes<'t>) {
        for one in first {
            if self.is_over() || !self.effort.spend(one.octets.len()) {
                return;
            }
            let Ok(text) = std::str::from_utf8(&one.octets) else {
                continue;
            };
            for other in then(text) {
                if other.cause != one.cause && !self.attempt(&[&one, &other], &other.octets) || self.is_over()
                {
                    return;
                }
            }
        }
    }

    /// Whether `octets` are what was signed; false if the effort is spent.
    fn attempt(&mut self, changes: &[&Undone], octets: &[u8]) -> bool {
        if !self
            .effort
            .spend(octets.len().saturating_add(64).saturating_add(self.each))
        {
            return false;
        }
        if (self.is_signed)(octets) {
            self.signed.get_or_insert_with(|| octets.to_vec());
            for change in changes {
                self.found(change.cause, change.detail.clone());
            }
        }
        true
    }

    /// Notes a proved cause, once.
    pub(super) fn found(&mut self, cause: Cause, detail: String) {
        if !self.findings.iter().any(|known| known.cause == cause) {
            self.findings.push(Finding {
                cause,
                detail,
                certainty: Certainty::Proved,
            });
        }
    }

    /// Whether there is an answer.
    pub(super) fn is_over(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Whether nothing more will be tried.
    pub(super) fn is_spent(&self) -> bool {
        self.effort.0 == 0
    }

    /// What was found, for the caller to name; forgotten here.
    pub(super) fn found_so_far(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// The octets that were found to be signed; forgotten here.
    pub(super) fn take_signed(&mut self) -> Option<Vec<u8>> {
        self.signed.take()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
