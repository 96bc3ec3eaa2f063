//! The last messages that were verified, to try a new configuration on.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::DateTime;
use chrono::Utc;

use crate::inbound::Gate;
use crate::inbound::Received;
use crate::policy::UnmetKind;
use crate::rejection::Rejection;
use crate::rejection::Stage;

/// So many messages are kept of a route.
const KEPT: usize = 8;

/// The longest message that is kept, in bytes.
const LONGEST: usize = 64 * 1024;

/// Messages of one route that were verified, the latest last.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<Verified>>);

#[derive(Clone)]
struct Verified {
    received: Received,
    at: DateTime<Utc>,
}

/// How a new configuration has judged recent messages of a route.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) route: String,
    /// How many there were.
    pub(super) tried: usize,
    /// Why it refuses some.
    pub(super) refused: Vec<Rejection>,
}

impl Recent {
    /// Whether `received` may be kept: not if it is long, nor if it has attachments, whose files would be kept with it.
    pub(super) fn takes(received: &Received) -> bool {
        received.bytes.len() <= LONGEST && received.attachments.is_empty()
    }

    /// Keeps `received`, which was verified at `at`.
    pub(super) fn keep(&self, received: Received, at: DateTime<Utc>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Verified { received, at });
    }

    /// Keeps those messages of `other` that `gate` verifies as well, and says what it refuses.
    pub(super) fn take_from(&self, other: &Self, gate: &Gate, route: &str) -> Trial {
        let kept = other.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut trial = Trial {
            route: route.to_owned(),
            tried: kept.len(),
            refused: Vec::new(),
        };
        for Verified { received, at } in kept {
            match gate.verify(received.clone(), at) {
                Ok(_) => self.keep(received, at),
                Err(rejection) => trial.refused.push(rejection),
            }
        }
        trial
    }
}

impl Trial {
    /// Whether nothing of what was good still is, for another reason than whose signatures count and who may ask: to withdraw that is what a
    /// new configuration may be for, and must not be held up.
    pub(super) fn speaks_against(&self) -> bool {
        let may_not = |rejection: &Rejection| matches!(rejection, Rejection::Policy(unmet) if matches!(unmet.kind(), UnmetKind::NotAuthorized(_)));
        let withdrawn = |rejection: &Rejection| rejection.stage() == Stage::Trust || may_not(rejection);
        self.tried > 0 && self.refused.len() == self.tried && !self.refused.iter().all(withdrawn)
    }

    /// The codes of what it refuses, each once.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.refused.iter().map(Rejection::code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (refused, tried) = (self.refused.len(), self.tried);
        write!(
            f,
            "{}: refuses {refused} of {tried} messages that were good",
            self.route
        )?;
        match self.refused.first() {
            Some(first) => write!(f, ", one as {}: {first}", first.code()),
            None => Ok(()),
        }
    }
}
