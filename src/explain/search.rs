use super::explanation::{Cause, Certainty, Finding};

/// How much is searched, in bytes that are looked at. It is the same on every machine, so the answer is, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort(u64);

impl Effort {
    /// Most answers come in milliseconds; a message of 1 MiB of which nothing is found takes up to ten seconds of CPU.
    pub const DEFAULT: Self = Self(1 << 30);
    /// For tests of what is not about the search.
    #[cfg(test)]
    pub(super) const LITTLE: Self = Self(1 << 20);

    /// Spends `bytes`; false if so many are not left beside what is `kept`.
    fn spend(&mut self, bytes: usize, kept: u64) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let left = self.0.checked_sub(bytes).filter(|left| *left >= kept);
        self.0 = left.unwrap_or(self.0);
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

/// What happened, all together.
type Answer = Vec<(Cause, String)>;

/// A search for octets that are what was signed.
pub(super) struct Search<'s> {
    is_signed: &'s dyn Fn(&[u8]) -> bool,
    /// What an attempt costs beside its bytes.
    each: usize,
    effort: &'s mut Effort,
    /// How much of the effort is for what is tried later.
    kept: u64,
    /// Whether something was not tried, for want of effort.
    is_cut: bool,
    answers: Vec<Answer>,
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
            kept: 0,
            is_cut: false,
            answers: Vec::new(),
            signed: None,
        }
    }

    /// What is tried next may take one of `parts` of the effort that is left, so that something is left for what comes after it.
    pub(super) fn turn(&mut self, parts: u64) {
        let left = self.effort.0;
        self.kept = left.saturating_sub(left.checked_div(parts).unwrap_or(left));
    }

    /// Tries each of `changes`, until the effort is spent: there may be several answers.
    pub(super) fn each(&mut self, changes: impl Iterator<Item = Undone>) {
        for change in changes {
            if !self.one(change.cause, &change.octets, || change.detail.clone()) {
                return;
            }
        }
    }

    /// Tries `octets`, which `cause` explains; `detail` is asked for only if they are what was signed. False if the effort is spent.
    pub(super) fn one(&mut self, cause: Cause, octets: &[u8], detail: impl FnOnce() -> String) -> bool {
        self.attempt(octets, || vec![(cause, detail())])
    }

    /// Tries each of `changes`; the answers among them are better than those so far.
    pub(super) fn rather(&mut self, changes: impl Iterator<Item = Undone>) {
        let others = std::mem::take(&mut self.answers);
        self.each(changes);
        self.answers.extend(others);
    }

    /// Tries each of `changes`, until there is an answer or the effort is spent. False if there is no need to go on.
    pub(super) fn first(&mut self, changes: impl Iterator<Item = Undone>) -> bool {
        for change in changes {
            if self.is_over() || !self.one(change.cause, &change.octets, || change.detail.clone()) {
                return false;
            }
        }
        !self.is_over()
    }

    /// Tries what each of `first` and then each that `then` makes of it gives, until there is an answer or the effort is spent.
    pub(super) fn pairs(&mut self, first: Changes<'_>, then: impl for<'t> Fn(&'t str) -> Changes<'t>) {
        for one in first {
            if self.is_over() || !self.spend(one.octets.len()) {
                return;
            }
            let Ok(text) = std::str::from_utf8(&one.octets) else {
                continue;
            };
            for other in then(text) {
                let is_pair = other.cause != one.cause || one.cause.is_of_structure();
                let both = || {
                    [&one, &other]
                        .map(|change| (change.cause, change.detail.clone()))
                        .into()
                };
                if is_pair && !self.attempt(&other.octets, both) || self.is_over() {
                    return;
                }
            }
        }
    }

    /// Whether `octets` are what was signed; false if the effort is spent.
    fn attempt(&mut self, octets: &[u8], answer: impl FnOnce() -> Answer) -> bool {
        if !self.spend(octets.len().saturating_add(64).saturating_add(self.each)) {
            return false;
        }
        if (self.is_signed)(octets) {
            self.signed.get_or_insert_with(|| octets.to_vec());
            let causes = |answer: &Answer| answer.iter().map(|(cause, _)| *cause).collect::<Vec<_>>();
            let answer = answer();
            if !self.answers.iter().any(|known| causes(known) == causes(&answer)) {
                self.answers.push(answer);
            }
        }
        true
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let is_left = self.effort.spend(bytes, self.kept);
        self.is_cut |= !is_left;
        is_left
    }

    /// Whether the effort is enough for an attempt with so many `bytes`. To make one costs, too, where nothing can be tried.
    pub(super) fn can_try(&mut self, bytes: usize) -> bool {
        let mut effort = *self.effort;
        let can = effort.spend(bytes, self.kept);
        self.is_cut |= !can;
        can
    }

    /// Whether there is an answer.
    pub(super) fn is_over(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Whether something was not tried, for want of effort.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What was found, in words, for the caller to name; forgotten here.
    pub(super) fn told(&mut self) -> Option<String> {
        let answers = std::mem::take(&mut self.answers).into_iter();
        let details = answers.map(|answer| {
            let details: Vec<String> = answer.into_iter().map(|(_, detail)| detail).collect();
            details.join("; and ")
        });
        let details: Vec<String> = details.collect();
        (!details.is_empty()).then(|| details.join("; or "))
    }

    /// The octets that were found to be signed; forgotten here.
    pub(super) fn take_signed(&mut self) -> Option<Vec<u8>> {
        self.signed.take()
    }

    /// All answers, each together with what happened `beside` it.
    pub(super) fn into_findings(self, beside: Option<&(Cause, String)>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (group, answer) in (1..).zip(self.answers) {
            let all = answer.into_iter().chain(beside.cloned());
            findings.extend(all.map(|(cause, detail)| Finding {
                cause,
                detail,
                certainty: Certainty::Proved,
                group,
            }));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_tried_first_leaves_something_for_what_comes_after_it() {
        let tried = Cell::new(0);
        let is_signed = |_: &[u8]| {
            tried.set(tried.get() + 1);
            false
        };
        let mut effort = Effort(1000);
        let mut search = Search::new(&is_signed, 0, &mut effort);
        let change = Undone::new(Cause::Whitespace, "", vec![b' '; 100]);
        for (parts, expected) in [(2, 3), (1, 6)] {
            search.turn(parts);
            search.each(std::iter::repeat_n(change.clone(), 10));
            assert_eq!(tried.get(), expected);
            assert!(search.is_cut());
        }
    }

    /// To say where an element stands takes as long as there are elements before it.
    #[test]
    fn what_is_not_the_answer_is_not_told() {
        let is_signed = |octets: &[u8]| octets == b"b";
        let mut effort = Effort::LITTLE;
        let mut search = Search::new(&is_signed, 0, &mut effort);
        let told = Cell::new(0);
        for octets in [b"a", b"b", b"c"] {
            let tell = || {
                told.set(told.get() + 1);
                "b".to_owned()
            };
            assert!(search.one(Cause::IdMoved, octets, tell));
        }
        assert_eq!(told.get(), 1);
        assert_eq!(search.told().as_deref(), Some("b"));
    }

    #[test]
    fn what_happened_together_is_one_answer() {
        let is_signed = |octets: &[u8]| octets == b"ab";
        let mut effort = Effort::LITTLE;
        let mut search = Search::new(&is_signed, 0, &mut effort);
        let one = Undone::new(Cause::Whitespace, "one", "a");
        search.pairs(Box::new(std::iter::once(one)), |text| {
            let other = Undone::new(Cause::Escaping, "other", format!("{text}b"));
            Box::new(std::iter::once(other))
        });
        search.rather(std::iter::once(Undone::new(Cause::Comments, "better", "ab")));
        let beside = (Cause::DigestAlgorithm, "beside".to_owned());
        let found = search.into_findings(Some(&beside));
        let told: Vec<_> = found
            .iter()
            .map(|finding| (finding.group, finding.detail.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (1, "better"),
                (1, "beside"),
                (2, "one"),
                (2, "other"),
                (2, "beside")
            ]
        );
    }
}
