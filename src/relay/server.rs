use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use http::Uri;

use super::backend::BackendError;
use super::health::Thresholds;

/// One of the servers that answer for a backend.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) name: String,
    pub(super) url: Uri,
    pub(super) weight: u16,
    state: Arc<Mutex<State>>,
}

/// When a server that fails is left alone: the circuit breaker opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After so many messages in a row that it did not answer.
    pub failures: u32,
    /// For so long; then one message at a time tries it again.
    pub open: Duration,
}

/// Whether a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is.
    Closed,
    /// One message asks it now, and others do not.
    HalfOpen,
    /// It failed too often, and is left alone.
    Open,
    /// It does not answer as the health check wants.
    Down,
}

/// How a server is, and what it did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Whether it is asked.
    pub condition: Condition,
    /// Messages that it answered, whatever it said.
    pub answered: u64,
    /// Messages that it did not answer.
    pub failed: u64,
    /// How often its circuit breaker opened.
    pub opened: u64,
}

/// The condition of a server has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It failed too often and is left alone for a time.
    Opened,
    /// It answered again.
    Closed,
    /// The health check failed too often.
    Down,
    /// The health check holds again.
    Up,
}

/// What outlives a reload.
#[derive(Debug)]
struct State {
    circuit: Circuit,
    health: Health,
    /// When it was last looked after.
    looked: Option<Instant>,
    /// Who has most is next.
    credit: i64,
    answered: u64,
    failed: u64,
    opened: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    /// So many messages in a row were not answered.
    Closed(u32),
    HalfOpen,
    OpenUntil(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// So many checks in a row failed.
    Up(u16),
    /// So many checks in a row held.
    Down(u16),
}

/// The right to send one message to a server. If nobody says what came of it, it counts for nothing.
#[derive(Debug)]
pub(super) struct Turn<'s> {
    pub(super) server: &'s Server,
    pub(super) index: usize,
    breaker: Breaker,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Usual,
    /// It asks whether a server that failed answers again.
    Probe,
    /// What came of it has been said.
    Over,
}

impl Server {
    /// The server at `url`, with a `name` for logs and metrics; of `weight` messages in the sum of all weights it gets so many.
    ///
    /// # Errors
    ///
    /// [`BackendError::Url`] if the URL is not of the form `http://host/path` or `https://host/path`.
    pub fn new(name: Option<&str>, url: &str, weight: u16) -> Result<Self, BackendError> {
        let url: Uri = url.parse().map_err(|_| BackendError::Url)?;
        let authority = url.authority().ok_or(BackendError::Url)?;
        // Credentials in a URL would end up in logs.
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(BackendError::Url);
        }
        Ok(Self {
            name: name.unwrap_or(authority.as_str()).to_owned(),
            url,
            weight,
            state: Arc::new(Mutex::new(State::new())),
        })
    }

    /// Its name in logs and metrics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Goes on with the state of `other`.
    pub(super) fn go_on_as(&mut self, other: &Self) {
        self.state = Arc::clone(&other.state);
    }

    pub(super) fn may_be_asked(&self, now: Instant) -> bool {
        let state = self.state();
        matches!(state.health, Health::Up(_)) && state.circuit.admits(now)
    }

    /// Adds `more` to its credit, and says how much there is.
    pub(super) fn credit(&self, more: i64) -> i64 {
        let mut state = self.state();
        state.credit = state.credit.saturating_add(more);
        state.credit
    }

    /// A turn, unless somebody else has just taken the last that there was.
    pub(super) fn turn(&self, index: usize, breaker: Breaker, now: Instant) -> Option<Turn<'_>> {
        let mut state = self.state();
        if !state.circuit.admits(now) {
            return None;
        }
        let kind = match state.circuit {
            Circuit::Closed(_) => Kind::Usual,
            Circuit::HalfOpen | Circuit::OpenUntil(_) => {
                state.circuit = Circuit::HalfOpen;
                Kind::Probe
            }
        };
        Some(Turn {
            server: self,
            index,
            breaker,
            kind,
        })
    }

    /// Whether it is time to look after it again. Who is told so does it.
    pub(super) fn is_due(&self, every: Duration, now: Instant) -> bool {
        let mut state = self.state();
        let due = state
            .looked
            .is_none_or(|looked| now.saturating_duration_since(looked) >= every);
        if due {
            state.looked = Some(now);
        }
        due
    }

    /// Notes whether a check held.
    pub(super) fn checked(&self, held: bool, thresholds: Thresholds) -> Option<Change> {
        let mut state = self.state();
        let (health, change) = match (state.health, held) {
            (Health::Up(_), true) => (Health::Up(0), None),
            (Health::Down(_), false) => (Health::Down(0), None),
            (Health::Up(failed), false) if failed.saturating_add(1) >= thresholds.unhealthy => {
                (Health::Down(0), Some(Change::Down))
            }
            (Health::Down(passed), true) if passed.saturating_add(1) >= thresholds.healthy => {
                (Health::Up(0), Some(Change::Up))
            }
            (Health::Up(failed), false) => (Health::Up(failed.saturating_add(1)), None),
            (Health::Down(passed), true) => (Health::Down(passed.saturating_add(1)), None),
        };
        state.health = health;
        change
    }

    /// How it is.
    pub(super) fn status(&self) -> Status {
        let state = self.state();
        Status {
            name: self.name.clone(),
            condition: match (state.health, state.circuit) {
                (Health::Down(_), _) => Condition::Down,
                (_, Circuit::Closed(_)) => Condition::Closed,
                (_, Circuit::HalfOpen) => Condition::HalfOpen,
                (_, Circuit::OpenUntil(_)) => Condition::Open,
            },
            answered: state.answered,
            failed: state.failed,
            opened: state.opened,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The server has answered.
    pub(super) fn answered(mut self) -> Option<Change> {
        let mut state = self.server.state();
        state.answered = state.answered.saturating_add(1);
        let change = match (self.kind, state.circuit) {
            (Kind::Probe, _) => Some(Change::Closed),
            (_, Circuit::Closed(_)) => None,
            // It began before the others that failed.
            _ => {
                self.kind = Kind::Over;
                return None;
            }
        };
        state.circuit = Circuit::Closed(0);
        drop(state);
        self.kind = Kind::Over;
        change
    }

    /// The server has not answered.
    pub(super) fn failed(mut self, now: Instant) -> Option<Change> {
        let mut state = self.server.state();
        state.failed = state.failed.saturating_add(1);
        let open = Circuit::OpenUntil(now.checked_add(self.breaker.open).unwrap_or(now));
        let (circuit, change) = match (self.kind, state.circuit) {
            (Kind::Probe, _) => (open, None),
            (_, Circuit::Closed(failures)) if failures.saturating_add(1) >= self.breaker.failures => {
                state.opened = state.opened.saturating_add(1);
                (open, Some(Change::Opened))
            }
            (_, Circuit::Closed(failures)) => (Circuit::Closed(failures.saturating_add(1)), None),
            (_, circuit) => (circuit, None),
        };
        state.circuit = circuit;
        drop(state);
        self.kind = Kind::Over;
        change
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.kind == Kind::Probe {
            // Nobody knows more than before: the next message may ask.
            self.server.state().circuit = Circuit::OpenUntil(Instant::now());
        }
    }
}

impl State {
    fn new() -> Self {
        Self {
            circuit: Circuit::Closed(0),
            health: Health::Up(0),
            looked: None,
            credit: 0,
            answered: 0,
            failed: 0,
            opened: 0,
        }
    }
}

impl Circuit {
    fn admits(self, now: Instant) -> bool {
        match self {
            Self::Closed(_) => true,
            Self::HalfOpen => false,
            Self::OpenUntil(end) => now >= end,
        }
    }
}

impl Condition {
    /// Its name in metrics and for operators.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
            Self::Down => "down",
        }
    }
}

impl Change {
    /// Tells the log. There is at most one opening in the time that a breaker is open, and one change in the time of as many checks as it takes.
    pub fn log(self, route: &str, server: &str) {
        match self {
            Self::Opened => tracing::warn!(route, server, "server failed too often: left alone for a time"),
            Self::Closed => tracing::info!(route, server, "server answers again"),
            Self::Down => tracing::warn!(route, server, "server is down: the health check fails"),
            Self::Up => tracing::info!(route, server, "server is up: the health check holds"),
        }
    }
}
