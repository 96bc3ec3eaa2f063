//! What is told about a request: everything to the log, under a name that the peer gets, and counts to the metrics.

use std::cell::Cell;
use std::cell::RefCell;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use chrono::Utc;

use super::arrival::NoMessage;
use super::body::{NoBody, STOPPING};
use super::crowd::Crowded;
use super::metrics::Metrics;
use super::metrics::Outcome;
use super::metrics::Step;
use super::threats::Watch;
use super::traced::Traced;
use crate::algorithm::DigestAlgorithm;
use crate::audit::{Entry, Kind};
use crate::crypto::digest;
use crate::crypto::random_name;
use crate::inbound::{BroughtMessage, GrantedAssertion, VerifiedMessage};
use crate::mint;
use crate::mint::Minted;
use crate::outbound;
use crate::policy::Unmet;
use crate::rejection::Rejection;
use crate::relay;
use crate::soap::Fault;
use crate::soap::IncidentId;
use crate::threat::{Rule, Threat};
use crate::trace::Context;
use crate::trust::{BearerError, PasswordError, ReplayReason, VerifiedBearer};
use crate::xml::Position;
use crate::xml::quoted;

/// The code of what could not be recorded.
const NOT_RECORDED: &str = "audit.unavailable";

/// The code of what could not be kept.
const NOT_KEPT: &str = "archive.unavailable";

/// The code of requests that nobody had time for. To record them would take more of it.
const BUSY: &str = "http.overload";

/// The code of messages that were in work when the gateway ended.
pub(super) const ABANDONED: &str = "http.abandoned";

/// What a client gets that brings no bearer token (RFC 6750 §3.1: no error then), and one whose token does not hold. Why it does not is
/// nobody's business.
const NO_TOKEN: &str = "Bearer realm=\"sealgate\"";
const INVALID_TOKEN: &str = "Bearer realm=\"sealgate\", error=\"invalid_token\"";

/// The report of one request.
pub(super) struct Report<'r> {
    metrics: &'r Metrics,
    route: &'r str,
    pub(super) peer: Option<SocketAddr>,
    /// The name that a peer can tell and an operator can find.
    pub(super) incident: IncidentId,
    /// What became of the request, and why.
    became: Cell<Option<(Outcome, &'static str)>>,
    /// The stage that refused the message.
    stage: Cell<Option<&'static str>>,
    /// When somebody who asked for too much may come back.
    wait: Cell<Option<Duration>>,
    /// What a client that is not authorized gets to know.
    challenge: Cell<&'static str>,
    /// Whether the client had gone before there was an answer.
    gone: Cell<bool>,
    /// Whether the backend has done what was asked.
    done: Cell<bool>,
    pub(super) watch: Watch<'r>,
    /// The threats that it was refused for.
    threats: RefCell<Vec<Rule>>,
    /// The trace that it is part of, until it ends.
    traced: Option<Traced<'r>>,
}

impl<'r> Report<'r> {
    pub(super) fn new(
        metrics: &'r Metrics,
        route: &'r str,
        peer: Option<SocketAddr>,
        watch: Watch<'r>,
        traced: Option<Traced<'r>>,
    ) -> Self {
        // Without random numbers nothing can be signed either; a name of zeros is then the least of our troubles.
        let name = random_name().unwrap_or_default();
        Self {
            metrics,
            route,
            peer,
            incident: IncidentId::new(name),
            became: Cell::new(None),
            stage: Cell::new(None),
            wait: Cell::new(None),
            challenge: Cell::new(NO_TOKEN),
            gone: Cell::new(false),
            done: Cell::new(false),
            watch,
            threats: RefCell::default(),
            traced,
        }
    }

    /// How long a step took that began at `started`.
    pub(super) fn took(&self, step: Step, started: Instant) {
        self.metrics.step(self.route, step, started.elapsed());
        if let Some(traced) = &self.traced {
            traced.took(step, started);
        }
    }

    /// What the backend is told of the trace.
    pub(super) fn trace(&self) -> Option<&Context> {
        self.traced.as_ref().map(|traced| &traced.backend)
    }

    /// The request was answered with `status`.
    pub(super) fn end(self, status: u16) {
        if let Some(traced) = self.traced {
            let became = self.became.get();
            let error = became.filter(|(outcome, _)| *outcome != Outcome::Answered);
            traced.end(self.route, &self.incident, status, error.map(|(_, code)| code));
        }
    }

    /// The request carries no message.
    pub(super) fn no_message(&self, reason: NoMessage) {
        self.refused(reason.code(), None);
        tracing::info!(incident = %self.incident, route = self.route, peer = %self.peer(), code = reason.code(), "no message");
    }

    /// There is no body, or no room for it.
    pub(super) fn no_body(&self, reason: NoBody) -> Fault {
        self.refused(reason.code(), None);
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code = reason.code(), "no body");
        match reason {
            NoBody::Overload | NoBody::Stopping => Fault::Busy,
            NoBody::TooLarge | NoBody::TooSlow | NoBody::Broken => Fault::FailedCheck,
        }
    }

    /// The message was refused. Everything known goes to the log, and its code to the metrics.
    pub(super) fn rejected(&self, rejection: &Rejection, bytes: &[u8]) -> Fault {
        self.refused(rejection.code(), rejection.position());
        self.stage.set(Some(rejection.stage().name()));
        if let Rejection::Threat(threat) = rejection {
            self.threat(threat.rule(), rejection.position());
        }
        if matches!(rejection, Rejection::Password(PasswordError::Wrong)) {
            self.metrics.wrong_password(self.route);
        }
        if let Rejection::Replay(error) = rejection
            && let ReplayReason::New { since } = error.reason()
        {
            let left = since.signed_duration_since(Utc::now());
            self.wait.set(left.to_std().ok());
        }
        let sha256 = digest(DigestAlgorithm::Sha256, bytes).map(|digest| format!("{digest:?}"));
        tracing::warn!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            code = rejection.code(),
            stage = rejection.stage().name(),
            reason = %rejection,
            position = %Known(rejection.position()),
            clause = rejection.clause(),
            bytes = bytes.len(),
            sha256 = sha256.unwrap_or_default(),
            "message refused"
        );
        rejection.fault()
    }

    /// There is no bearer token that holds.
    pub(super) fn unauthorized(&self, error: &BearerError) -> Fault {
        self.count(Outcome::Refused, error.code());
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code = error.code(), reason = %error, "no bearer token that holds");
        if !matches!(error, BearerError::Missing | BearerError::Scheme) {
            self.challenge.set(INVALID_TOKEN);
        }
        Fault::Unauthorized
    }

    /// What a client asks of a token endpoint is not said as it must be.
    pub(super) fn no_grant(&self, code: &'static str, reason: &'static str) {
        self.refused(code, None);
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code, reason, "no token given");
    }

    /// No token can be made of an assertion that holds.
    pub(super) fn not_minted(&self, error: &mint::Error) -> Fault {
        let fault = relay::Error::from(error.clone()).fault();
        if fault == Fault::FailedCheck {
            self.refused(error.code(), None);
        } else {
            self.count(Outcome::Failed, error.code());
        }
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code = error.code(), reason = %error, "no token given");
        fault
    }

    /// An assertion is exchanged for a token.
    pub(super) fn granted(&self, assertion: &GrantedAssertion, minted: &Minted) {
        self.count(Outcome::Answered, "none");
        let claims = assertion.claims();
        tracing::info!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            issuer = escaped(&claims.issuer),
            subject = claims.name_id.as_ref().map(|name| escaped(&name.value)),
            token = minted.id,
            "token given"
        );
    }

    /// The bearer token holds.
    pub(super) fn authorized(&self, bearer: &VerifiedBearer) {
        tracing::info!(
            incident = %self.incident,
            route = self.route,
            subject = escaped(bearer.claims().subject()),
            token = bearer.id().map(escaped),
            "bearer token verified"
        );
    }

    /// The message was verified and goes to its backend.
    pub(super) fn verified(&self, message: &VerifiedMessage) {
        if let (Some(traced), Some(operation)) = (&self.traced, message.requested()) {
            traced.asked(operation);
        }
        let sender = message.sender();
        let certificate = sender.certificate.as_ref();
        let legacy = message.legacy();
        tracing::info!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            operation = %Known(message.operation()),
            signer = certificate.map(|signer| escaped(&signer.subject)),
            signer_sha256 = certificate.map(|signer| signer.sha256.as_str()),
            subject = message.claims().and_then(|claims| claims.name_id.as_ref()).map(|name| escaped(&name.value)),
            user = message.user().map(|user| escaped(user.name())),
            legacy = (!legacy.is_empty()).then(|| legacy.join(",")),
            "message verified"
        );
        legacy
            .iter()
            .for_each(|name| self.metrics.legacy(self.route, name));
        self.observed(message.threats(), message.invalid());
    }

    /// What of a message is only observed.
    fn observed(&self, threats: &[Threat], invalid: Option<&Unmet>) {
        for threat in threats {
            self.threat(threat.rule(), Some(threat.position()));
        }
        if let Some(invalid) = invalid {
            self.metrics.invalid_body(self.route);
            tracing::warn!(
                incident = %self.incident,
                route = self.route,
                code = invalid.code(),
                reason = %invalid,
                position = %Known(invalid.position()),
                "the body is not valid, and is relayed as the route only observes"
            );
        }
    }

    /// A message that a token stands for goes to its backend.
    pub(super) fn brought(&self, message: &BroughtMessage) {
        tracing::info!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            operation = %message.operation().body,
            subject = escaped(message.bearer().claims().subject()),
            "message taken for its bearer token"
        );
        self.observed(message.threats(), message.invalid());
    }

    /// The verified message did not reach its backend, or the backend gave no answer that can be passed on.
    pub(super) fn relay(&self, error: &relay::Error) -> Fault {
        let fault = error.fault();
        let outcome = if fault == Fault::FailedCheck {
            Outcome::Refused
        } else {
            Outcome::Failed
        };
        self.count(outcome, error.code());
        tracing::warn!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            code = error.code(),
            reason = %error,
            "message not answered"
        );
        fault
    }

    /// The key that signs is known to be lost, so that nothing is taken that it would be needed for.
    pub(super) fn keyless(&self, error: &outbound::Error) -> Fault {
        self.count(Outcome::Failed, error.code());
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code = error.code(), reason = %error, "nothing can be signed");
        error.fault()
    }

    /// Whoever asked cannot be answered, so that the backend is not asked.
    pub(super) fn unanswerable(&self, error: &outbound::Error) -> Fault {
        self.refused(error.code(), None);
        tracing::warn!(incident = %self.incident, route = self.route, peer = %self.peer(), code = error.code(), reason = %error, "message refused: it could not be answered");
        error.fault()
    }

    /// The backend's answer could not be signed.
    pub(super) fn outbound(&self, error: &outbound::Error) -> Fault {
        self.count(Outcome::Failed, error.code());
        tracing::error!(incident = %self.incident, route = self.route, code = error.code(), reason = %error, "answer not signed");
        error.fault()
    }

    /// We made a mistake.
    pub(super) fn panicked(&self) -> Fault {
        self.metrics.panic();
        self.count(Outcome::Failed, "internal.panic");
        tracing::error!(incident = %self.incident, route = self.route, code = "internal.panic", "a mistake of ours; please report it");
        Fault::Internal
    }

    /// The answer is signed and on its way.
    pub(super) fn answered(&self, status: u16) {
        self.count(Outcome::Answered, "none");
        tracing::info!(incident = %self.incident, route = self.route, status, "message answered");
    }

    /// Nobody waits for the answer any more.
    pub(super) fn client_is_gone(&self) {
        self.gone.set(true);
        tracing::info!(incident = %self.incident, route = self.route, peer = %self.peer(), code = "http.client_gone", "the client had gone before there was an answer");
    }

    /// Somebody asked for too much.
    pub(super) fn crowded(&self, crowded: Crowded) -> Fault {
        self.count(Outcome::Refused, crowded.code);
        self.wait.set(Some(crowded.wait));
        tracing::info!(incident = %self.incident, route = self.route, peer = %self.peer(), code = crowded.code, "too much");
        Fault::Busy
    }

    /// The backend has answered.
    pub(super) fn backend_answered(&self) {
        self.done.set(true);
    }

    /// In how many seconds a client that was told to come back later may do so. Nothing, where that would be done twice.
    pub(super) fn retry_after(&self) -> Option<u64> {
        let wait = self.wait.get().unwrap_or_default();
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        (!self.done.get()).then_some(seconds.max(1))
    }

    /// The value of WWW-Authenticate for a client that is not authorized.
    pub(super) fn challenge(&self) -> &'static str {
        self.challenge.get()
    }

    /// What is to be recorded of the answer, whose status is `status`; nothing, where nobody looked at the request.
    pub(super) fn entry(&self, status: u16) -> Option<Entry> {
        let (outcome, code) = self.became.get()?;
        let kind = match outcome {
            Outcome::Answered => Kind::Answered,
            Outcome::Refused if code == BUSY || code == STOPPING || Crowded::is_early(code) => return None,
            Outcome::Refused => Kind::Refused,
            Outcome::Failed => Kind::Failed,
        };
        let mut entry = self.entry_of(kind);
        entry.threats = self.threats.borrow().iter().map(|rule| rule.name()).collect();
        entry.code = (outcome != Outcome::Answered).then_some(code);
        entry.status = Some(status);
        entry.client = self.gone.get().then_some("gone");
        Some(entry)
    }

    /// A record of that kind about this request.
    pub(super) fn entry_of(&self, kind: Kind) -> Entry {
        let peer = self.peer.map(|peer| peer.to_string());
        Entry::new(kind, Utc::now(), self.incident.to_string(), self.route, peer)
    }

    /// The record that the gateway ended while the request was in work.
    pub(super) fn abandoned(&self) -> Entry {
        let mut entry = self.entry_of(Kind::Failed);
        entry.code = Some(ABANDONED);
        entry
    }

    /// What would have to be recorded could not be, and does not happen.
    pub(super) fn not_recorded(&self) -> Fault {
        self.count(Outcome::Failed, NOT_RECORDED);
        tracing::error!(incident = %self.incident, route = self.route, code = NOT_RECORDED, "not recorded");
        Fault::Busy
    }

    /// What would have to be kept could not be, and does not happen.
    pub(super) fn not_kept(&self) -> Fault {
        self.count(Outcome::Failed, NOT_KEPT);
        tracing::error!(incident = %self.incident, route = self.route, code = NOT_KEPT, "not kept");
        Fault::Busy
    }

    /// The path of the route.
    pub(super) fn route(&self) -> &str {
        self.route
    }

    /// What became of the request, and why, as far as that is decided.
    pub(super) fn became(&self) -> Option<(Outcome, &'static str)> {
        self.became.get()
    }

    /// The stage that refused the message, if one did.
    pub(super) fn stage(&self) -> Option<&'static str> {
        self.stage.get()
    }

    fn refused(&self, code: &'static str, position: Option<Position>) {
        self.count(Outcome::Refused, code);
        if let Some(rule) = self.watch.refused(code) {
            self.threat(rule, position);
        }
    }

    /// Tells of a threat; the message is refused or not by others.
    fn threat(&self, rule: Rule, position: Option<Position>) {
        let mode = self.watch.mode(rule);
        self.metrics.threat(self.route, rule, mode);
        self.threats.borrow_mut().push(rule);
        tracing::warn!(
            incident = %self.incident,
            route = self.route,
            peer = %self.peer(),
            threat = rule.code(),
            mode = mode.name(),
            position = %Known(position),
            "threat"
        );
    }

    fn count(&self, outcome: Outcome, code: &'static str) {
        self.became.set(Some((outcome, code)));
        self.metrics.request(self.route, outcome, code);
    }

    fn peer(&self) -> Known<SocketAddr> {
        Known(self.peer)
    }
}

/// A value of a message, cut, and with invisible characters escaped (T138).
fn escaped(value: &str) -> String {
    let quoted = quoted(value);
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

/// Something that is told if it is known.
struct Known<T>(Option<T>);

impl<T: Display> Display for Known<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(known) => known.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}
