//! What all threads of a gateway share, and what each has for itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web;
use arc_swap::ArcSwap;
use chrono::Utc;

use super::body;
use super::budget::Budget;
use super::budget::Within;
use super::connections::Connections;
use super::kinds::Throttles;
use super::load::Exhausted;
use super::load::Gauge;
use super::load::Share;
use super::metrics::Metrics;
use super::parts;
use super::pending::Pending;
use super::service_manager::ServiceManager;
use super::snapshot::Clients;
use super::snapshot::Place;
use super::snapshot::Snapshot;
use super::traces::Traces;
use super::watchdog::Pulse;
use crate::archive::Archive;
use crate::audit::Log;
use crate::config::CertificateUse;
use crate::config::Load;
use crate::config::TakesAttachments;
use crate::hsm;
use crate::outbound::Sealer;
use crate::policy::Exception;
use crate::relay::AnswerParts;
use crate::spool::TemporaryFiles;
use crate::throttle::{SharedLimits, Throttle};

/// More than the header of a part and its boundary may have.
const PART_HEADER: usize = 16 * 1024;

/// The longest form that asks for a token, in bytes.
const FORM: usize = 256 * 1024;

/// What there is once, whatever the configuration.
pub(super) struct Shared {
    current: ArcSwap<Snapshot>,
    pub(super) metrics: Metrics,
    /// Where what was decided is recorded.
    pub(super) audit: Option<Log>,
    /// Where messages are kept.
    pub(super) archive: Option<Archive>,
    /// Spans that a collector is to be told of.
    pub(super) traces: Option<Traces>,
    /// Who asked for how much.
    pub(super) throttles: Throttles,
    /// Who asked all gateways together for how much.
    pub(super) limits: Option<SharedLimits>,
    /// Whose messages were refused as threats.
    pub(super) threats: Arc<Throttle>,
    /// Those of clients.
    pub(super) connections: Connections,
    /// Messages in work.
    pub(super) messages: Gauge,
    pub(super) pending: Pending,
    /// Of them and of other requests, those whose client has gone.
    pub(super) unattended: Gauge,
    /// Bytes of bodies, and of answers.
    held: Gauge,
    /// Bytes of attachments.
    spooled: Gauge,
    /// Threads that are to serve, and those that already do.
    workers: usize,
    serving: AtomicUsize,
    stopping: AtomicBool,
    /// How long messages in work may go on when it stops.
    pub(super) drain: Duration,
    /// Who is told how the gateway is.
    pub(super) manager: Option<Arc<ServiceManager>>,
    /// How the threads are that serve, where that is to be told.
    pub(super) pulse: Option<Pulse>,
}

/// What is kept of messages.
pub(super) struct Records {
    pub(super) audit: Option<Log>,
    pub(super) archive: Option<Archive>,
}

/// What one thread has for itself: the connections to the backends.
pub(super) struct Worker {
    clients: RefCell<Rc<Clients>>,
}

impl Shared {
    /// A gateway that begins with `snapshot`.
    pub(super) fn new(
        snapshot: Snapshot,
        load: Load,
        connections: Connections,
        records: Records,
        limits: Option<SharedLimits>,
        traces: Option<Traces>,
        manager: Option<Arc<ServiceManager>>,
    ) -> Self {
        let watchdog = manager.as_ref().and_then(|manager| manager.watchdog());
        Self {
            // As sd_watchdog_enabled(3) recommends.
            pulse: watchdog.map(|period| Pulse::new(period.checked_div(2).unwrap_or(period))),
            manager,
            drain: load.drain,
            held: Gauge::new(held(&snapshot, load)),
            current: ArcSwap::from_pointee(snapshot),
            metrics: Metrics::new(),
            audit: records.audit,
            archive: records.archive,
            traces,
            throttles: Throttles::default(),
            limits,
            threats: Arc::default(),
            connections,
            messages: Gauge::new(load.messages),
            pending: Pending::default(),
            // Those in work are limited.
            unattended: Gauge::new(usize::MAX),
            spooled: Gauge::new(load.spooled),
            workers: load.workers,
            serving: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        }
    }

    /// The configuration for a request that begins now.
    pub(super) fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Requests that begin from now on know `snapshot`, and `load` counts for all.
    pub(super) fn replace(&self, snapshot: Snapshot, load: Load) {
        self.messages.set_most(load.messages);
        self.held.set_most(held(&snapshot, load));
        self.spooled.set_most(load.spooled);
        let before = self.current.swap(Arc::new(snapshot));
        let current = self.current();
        for place in before.places() {
            if current.place(&place.route.path).is_none() {
                self.metrics.route_certificate_ends(&place.route.path, None);
            }
        }
    }

    /// Counts the bytes of an answer with those of bodies, until its client has it.
    pub(super) fn hold_answer(&self, bytes: usize) -> Share {
        self.held.note(bytes)
    }

    /// The limits of a body for `place`.
    pub(super) fn body_limits(&self, snapshot: &Snapshot, place: &Place) -> body::Limits {
        body::Limits {
            bytes: usize::try_from(place.gate.policy.limits.bytes).unwrap_or(usize::MAX),
            time: snapshot.body_time,
            held: self.held.clone(),
        }
    }

    /// The limits of the form that asks for a token.
    pub(super) fn form_limits(&self, snapshot: &Snapshot) -> body::Limits {
        body::Limits {
            bytes: FORM,
            time: snapshot.body_time,
            held: self.held.clone(),
        }
    }

    /// The limits of a body of several parts for `place`.
    pub(super) fn parts_limits(&self, snapshot: &Snapshot, place: &Place) -> parts::Limits {
        let limits = &place.gate.policy.limits;
        let size = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
        let part = size(limits.attachment_bytes).saturating_add(PART_HEADER);
        let parts = part.saturating_mul(usize::from(limits.attachments));
        let envelope = size(limits.bytes);
        parts::Limits {
            bytes: envelope.saturating_add(PART_HEADER).saturating_add(parts),
            envelope,
            time: snapshot.body_time,
            kept: self.archive.as_ref().map_or(0, Archive::message_bytes),
            held: self.held.clone(),
            spooled: self.spooled.clone(),
            spool: Arc::<TemporaryFiles>::clone(&snapshot.spool),
        }
    }

    /// What the answers of the backend of `place` may have beside their envelopes: what requests may; nothing, where those may not.
    pub(super) fn answer_parts(
        &self,
        snapshot: &Snapshot,
        place: &Place,
    ) -> Result<Option<AnswerParts>, Exhausted> {
        if place.attachments == TakesAttachments::No || place.answers.is_some() {
            return Ok(None);
        }
        let limits = &place.gate.policy.limits;
        let spool = Within {
            budget: Budget::of(self.spooled.take(0)?),
            spool: Arc::<TemporaryFiles>::clone(&snapshot.spool),
        };
        Ok(Some(AnswerParts {
            attachments: limits.attachments,
            attachment_bytes: limits.attachment_bytes,
            spool: Arc::new(spool),
            digest: Sealer::DIGEST,
        }))
    }

    /// From now on the gateway is not ready for new work.
    pub(super) fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(manager) = &self.manager {
            manager.stopping(self.drain);
        }
    }

    /// Threads that are to serve.
    pub(super) const fn workers(&self) -> usize {
        self.workers
    }

    /// How the gateway is, for people.
    pub(super) fn status(&self) -> String {
        format!("Serving, configuration {}", self.current().number)
    }

    /// Whether every thread serves, and none has been told to stop.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_stopping() && self.serving.load(Ordering::Relaxed) >= self.workers
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Tells the metrics about the configuration.
    pub(super) fn note_configuration(&self) {
        let current = self.current();
        self.metrics.configuration(current.number, Utc::now());
        if let Some(ends) = current.signer_ends {
            self.metrics.certificate_ends(ends);
        }
        for purpose in CertificateUse::ALL {
            let ends = current.ends.get(&purpose).copied();
            self.metrics.certificates_end(purpose.name(), ends);
        }
        self.metrics.lists_end(current.crl_ends(Utc::now()).first);
        for place in current.places() {
            self.metrics
                .route_certificate_ends(&place.route.path, place.sealer.ends());
            let ends = place.gate.exceptions.iter().map(Exception::ends).min();
            self.metrics.exception_ends(&place.route.path, ends);
        }
    }

    /// Tells the metrics how much is in work, and how the servers are.
    pub(super) fn note_load(&self) {
        self.metrics.load(self.messages.used(), self.held.used());
        for (listener, open) in self.connections.open() {
            self.metrics.connections(listener, open);
        }
        if let Some(traces) = &self.traces {
            self.metrics.spans(traces.told());
        }
        for token in hsm::conditions() {
            self.metrics.token(&token);
        }
        if let Some(archive) = &self.archive {
            self.metrics.archive(archive.told());
        }
        for place in self.current().places() {
            for status in place.route.backend.status() {
                self.metrics.server(&place.route.path, &status);
            }
        }
    }
}

/// Enough for the longest body of each of the messages that are taken on.
fn held(snapshot: &Snapshot, load: Load) -> usize {
    snapshot.longest_body().saturating_mul(load.messages)
}

impl Worker {
    /// The worker of this thread. It is made once, however many listeners the thread serves.
    pub(super) fn of_this_thread(shared: &Shared) -> web::Data<Self> {
        thread_local! {
            static WORKER: RefCell<Option<web::Data<Worker>>> = const { RefCell::new(None) };
        }
        WORKER.with_borrow_mut(|worker| {
            worker
                .get_or_insert_with(|| web::Data::new(Self::new(shared)))
                .clone()
        })
    }

    fn new(shared: &Shared) -> Self {
        let clients = Clients::new(&shared.current());
        if let Some(pulse) = &shared.pulse {
            pulse.beat_here();
        }
        shared.serving.fetch_add(1, Ordering::Relaxed);
        Self {
            clients: RefCell::new(Rc::new(clients)),
        }
    }

    /// The clients for the backends of `snapshot`. Connections to those of an earlier one close with its last request.
    pub(super) fn clients(&self, snapshot: &Snapshot) -> Rc<Clients> {
        let mut clients = self.clients.borrow_mut();
        if clients.number != snapshot.number {
            *clients = Rc::new(Clients::new(snapshot));
        }
        Rc::clone(&clients)
    }
}
