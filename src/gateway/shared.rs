//! What all threads of a gateway share, and what each has for itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web;

use super::body;
use super::load::Gauge;
use super::metrics::Metrics;
use super::parts;
use crate::config::Checked;
use crate::config::TakesAttachments;
use crate::inbound::Gate;
use crate::outbound::Sealer;
use crate::relay::Client;
use crate::relay::Route;
use crate::spool::TemporaryFiles;
use crate::trust::ReplayStore;

/// More than the header of a part and its boundary may have.
const PART_HEADER: usize = 16 * 1024;

/// Everything that a request needs to know. It never changes while the gateway runs, so that no request sees half of one
/// configuration and half of another (T153).
pub(super) struct Shared {
    places: HashMap<String, Arc<Place>>,
    pub(super) sealer: Sealer,
    pub(super) metrics: Metrics,
    /// Messages in work.
    pub(super) messages: Gauge,
    /// Bytes of bodies.
    held: Gauge,
    /// Bytes of attachments.
    spooled: Gauge,
    spool: Arc<TemporaryFiles>,
    body_time: Duration,
    /// Threads that are to serve, and those that already do.
    workers: usize,
    serving: AtomicUsize,
    stopping: AtomicBool,
}

/// A route with the gate before it.
pub(super) struct Place {
    /// Which of the worker's clients is for it.
    number: usize,
    pub(super) gate: Gate,
    pub(super) attachments: TakesAttachments,
    pub(super) route: Route,
}

/// What one thread has for itself: the connections to the backends.
pub(super) struct Worker {
    clients: HashMap<usize, Client>,
}

impl Shared {
    /// `replay` is the one memory of all routes.
    pub(super) fn new(config: Checked, replay: &Arc<ReplayStore>) -> Self {
        let largest = config
            .routes
            .iter()
            .map(|guarded| guarded.policy.limits.bytes)
            .max();
        let largest = largest
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or_default();
        let places = config.routes.into_iter().enumerate().map(|(number, guarded)| {
            let place = Place {
                number,
                gate: Gate {
                    trust: guarded.trust,
                    issuers: guarded.issuers,
                    passwords: guarded.passwords,
                    keyring: guarded.keyring,
                    policy: guarded.policy,
                    party: guarded.party,
                    roles: guarded.roles,
                    understood: guarded.understood,
                    destination: Some(guarded.destination),
                    schema: guarded.schema,
                    replay: Some(Arc::clone(replay)),
                },
                attachments: guarded.attachments,
                route: guarded.route,
            };
            (place.route.path.clone(), Arc::new(place))
        });
        let metrics = Metrics::new();
        if let Some(certificate) = config.signer.certificate() {
            metrics.certificate_ends(certificate.not_after().timestamp());
        }
        Self {
            places: places.collect(),
            sealer: Sealer::new(&config.signer),
            metrics,
            messages: Gauge::new(config.load.messages),
            held: Gauge::new(largest.saturating_mul(config.load.messages)),
            spooled: Gauge::new(config.load.spooled),
            spool: Arc::new(config.spool),
            body_time: config.load.body,
            workers: config.load.workers,
            serving: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        }
    }

    /// What is at `path`.
    pub(super) fn place(&self, path: &str) -> Option<&Arc<Place>> {
        self.places.get(path)
    }

    /// The limits of a body for `place`.
    pub(super) fn body_limits(&self, place: &Place) -> body::Limits {
        body::Limits {
            bytes: usize::try_from(place.gate.policy.limits.bytes).unwrap_or(usize::MAX),
            time: self.body_time,
            held: self.held.clone(),
        }
    }

    /// The limits of a body of several parts for `place`.
    pub(super) fn parts_limits(&self, place: &Place) -> parts::Limits {
        let limits = &place.gate.policy.limits;
        let size = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
        let part = size(limits.attachment_bytes).saturating_add(PART_HEADER);
        let parts = part.saturating_mul(usize::from(limits.attachments));
        let envelope = size(limits.bytes);
        parts::Limits {
            bytes: envelope.saturating_add(PART_HEADER).saturating_add(parts),
            envelope,
            time: self.body_time,
            held: self.held.clone(),
            spooled: self.spooled.clone(),
            spool: Arc::<TemporaryFiles>::clone(&self.spool),
        }
    }

    /// From now on the gateway is not ready for new work.
    pub(super) fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether every thread serves, and none has been told to stop.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_stopping() && self.serving.load(Ordering::Relaxed) >= self.workers
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Tells the metrics how much is in work.
    pub(super) fn note_load(&self) {
        self.metrics.load(self.messages.used(), self.held.used());
    }
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
        let numbers = shared.places.values().map(|place| place.number);
        let backends = shared.places.values().map(|place| &place.route.backend);
        let clients = numbers.zip(Client::for_all(backends)).collect();
        shared.serving.fetch_add(1, Ordering::Relaxed);
        Self { clients }
    }

    /// The client for the backend of `place`.
    pub(super) fn client(&self, place: &Place) -> Option<&Client> {
        self.clients.get(&place.number)
    }
}
