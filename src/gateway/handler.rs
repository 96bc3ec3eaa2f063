//! The life of a request.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web;
use chrono::Utc;
use futures_util::future::join;

use super::accepted::Accepted;
use super::archived::{Body, Came};
use super::arrival::Arrival;
use super::attended::{Incoming, shielded, to_its_end};
use super::bearer::Authorization;
use super::body;
use super::body::NoBody;
use super::client;
use super::crowd;
use super::crowd::Names;
use super::exchange;
use super::load::Share;
use super::metered::Metered;
use super::metrics::Outcome;
use super::metrics::Step;
use super::parts;
use super::parts::NotRead;
use super::parts::PlannedBy;
use super::pending;
use super::published;
use super::recent::Recent;
use super::reply;
use super::reply::{Unread, leave_unread};
use super::report::Report;
use super::shared::Shared;
use super::shared::Worker;
use super::snapshot::Clients;
use super::snapshot::Place;
use super::snapshot::Snapshot;
use super::thread::DONE_HERE;
use super::thread::Thread;
use super::threats::Watch;
use super::traced::Traced;
use crate::audit::{Kind, Octets};
use crate::crypto::{Fingerprint, Reserved};
use crate::inbound::BroughtMessage;
use crate::inbound::Received;
use crate::inbound::VerifiedMessage;
use crate::outbound::Exchange;
use crate::outbound::SealedReply;
use crate::policy::Operation;
use crate::policy::Transport;
use crate::relay;
use crate::soap::attachment::{Attachments, Package, Packaged};
use crate::soap::{Fault, Version};
use crate::throttle::{Pass, Used};
use crate::trust::{MessageBearer, VerifiedBearer};

/// Answers a request.
pub(super) async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let snapshot = shared.current();
    let unattended = shared.unattended.clone();
    if let Some(endpoint) = snapshot.endpoint(request.path()).map(Arc::clone) {
        let exchange = |incoming| exchange::answer(request, incoming, shared, snapshot, endpoint);
        return to_its_end(unattended, payload, exchange).await;
    }
    let Some(place) = snapshot.place(request.path()).map(Arc::clone) else {
        leave_unread(payload);
        if let Some(keys) = snapshot.published(request.path()) {
            shared.metrics.request(request.path(), Outcome::Answered, "none");
            return published::answer(&request, keys);
        }
        shared.metrics.request("none", Outcome::Refused, "http.path");
        return reply::nothing_here();
    };
    let exchange = |incoming| answer(request, incoming, shared, worker, snapshot, place);
    to_its_end(unattended, payload, exchange).await
}

/// Answers a request to `place`.
async fn answer(
    request: HttpRequest,
    mut incoming: Incoming,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
    snapshot: Arc<Snapshot>,
    place: Arc<Place>,
) -> HttpResponse {
    let (path, peer) = (&place.route.path, request.peer_addr());
    let counted = peer.filter(|peer| !snapshot.throttle.exempts(peer.ip()));
    let watch = Watch::new(&shared.threats, path, place.gate.threats.as_ref(), counted);
    let traces = shared.traces.as_ref();
    let traced = traces.and_then(|traces| Traced::begin(traces, place.traceparent, request.headers()));
    let report = Report::new(&shared.metrics, path, peer, watch, traced);
    let (head, encodings) = (request.headers(), place.encodings());
    let arrival = match Arrival::read(request.method(), head, place.attachments, encodings) {
        Ok(arrival) => arrival,
        Err(reason) => {
            report.no_message(reason);
            leave_unread(incoming.rest());
            let response = reply::no_message(reason);
            report.end(response.status().as_u16());
            return response;
        }
    };
    let version = arrival.version;
    let mut exchange = InWork {
        shared: &shared,
        snapshot: &snapshot,
        clients: worker.clients(&snapshot),
        place: &place,
        report: &report,
        transport: if request.app_config().secure() {
            Transport::Tls
        } else {
            Transport::Unprotected
        },
        client: client::certificate(&request),
        authorization: Authorization::of(request.headers()),
        unread: Unread::Some,
        pending: None,
        came: Cell::new(None),
        original: Cell::new(None),
        reserved: Cell::default(),
    };
    // The connection counts as open as long as this is there.
    drop(request);
    let answer = shielded(exchange.answer(arrival, &mut incoming), &report).await;
    if incoming.client_is_gone() {
        report.client_is_gone();
    }
    let answer = exchange.recorded(answer, version).await;
    let unread = exchange.unread;
    // It looks at the report.
    drop(exchange);
    if unread == Unread::Some {
        leave_unread(incoming.rest());
    }
    let response = match answer {
        Ok(sealed) => reply::sealed(sealed, |bytes| shared.hold_answer(bytes)),
        Err(fault) => reply::fault(&fault, version, &report, unread),
    };
    report.end(response.status().as_u16());
    response
}

/// A message on its way.
struct InWork<'r> {
    shared: &'r Shared,
    snapshot: &'r Snapshot,
    clients: Rc<Clients>,
    place: &'r Arc<Place>,
    report: &'r Report<'r>,
    transport: Transport,
    client: Option<Fingerprint>,
    authorization: Authorization,
    unread: Unread,
    /// Since all of it has come.
    pending: Option<pending::Message<'r>>,
    /// What came, for the record.
    came: Cell<Option<Octets>>,
    /// All of it, for the archive.
    original: Cell<Option<Came>>,
    /// The signatures that it needs.
    reserved: Cell<Vec<Reserved>>,
}

impl InWork<'_> {
    /// The only way to an answer leads through verification, the backend and the seal.
    async fn answer(&mut self, arrival: Arrival, incoming: &mut Incoming) -> Result<SealedReply, Fault> {
        let limits = &self.snapshot.throttle;
        let entered = crowd::by_address(self.shared, limits, self.report.peer);
        let _pass = entered.await.map_err(|crowded| self.report.crowded(crowded))?;
        let not_shut_out = self.report.watch.may_enter();
        not_shut_out.map_err(|crowded| self.report.crowded(crowded))?;
        let (path, limits) = (&self.place.route.path, &self.place.throttle);
        let may_cost = crowd::by_route(&self.shared.throttles, path, limits);
        may_cost.map_err(|crowded| self.report.crowded(crowded))?;
        if let Err(rejection) = self.place.gate.may_ask(arrival.action.as_deref()) {
            return Err(self.report.rejected(&rejection, &[]));
        }
        // Before anything of it is used up: whoever is told to come back later may.
        if self.place.route.always_signs() {
            self.has_key()?;
        }
        let bearer = self.bearer()?;
        let (mut received, came, _held) = self.received(arrival, incoming).await?;
        self.unread = Unread::Nothing;
        let (Ok(_share), Ok(_own)) = (self.shared.messages.take(1), self.place.messages.take(1)) else {
            return Err(self.report.no_body(NoBody::Overload));
        };
        self.pending = Some(pending::Message::begin(self.shared));
        let (message, _passes) = match bearer {
            Some(bearer) if self.place.token_stands_for_message() => {
                let bearer = bearer.for_message().ok_or(Fault::Internal)?;
                let (message, passes) = self.brought(received, came, bearer).await?;
                (Accepted::Brought(Box::new(message)), passes)
            }
            bearer => {
                received.bearer = bearer.as_ref().map(|bearer| Arc::clone(bearer.claims()));
                let (message, passes) = self.verified(received, came).await?;
                (Accepted::Verified(Box::new(message), bearer), passes)
            }
        };
        let exchange = message.exchange();
        let answerable = self.place.sealer.can_answer(&exchange);
        answerable.map_err(|error| self.report.unanswerable(&error))?;
        self.accepted(&message).await?;
        match &message {
            Accepted::Verified(message, _) => self.report.verified(message),
            Accepted::Brought(message) => self.report.brought(message),
        }
        self.relayed(message, exchange).await
    }

    /// Keeps what `operation` needs of signatures until the message has ended. Asked before its use is remembered: whoever is told to come
    /// back later may, and no answer is lost for want of its signature.
    fn reserve_for(&self, operation: Option<&Operation>) -> Result<(), Fault> {
        if operation.is_none_or(|operation| self.place.route.signs_for(operation)) {
            let reserved = self.place.reserve();
            self.reserved
                .set(reserved.map_err(|error| self.report.keyless(&error))?);
        }
        Ok(())
    }

    /// Whether the key is there with which the answer would be signed, as far as that is known: a backend that was asked in vain is asked again.
    fn has_key(&self) -> Result<(), Fault> {
        let available = self.place.sealer.available();
        available.map_err(|error| self.report.keyless(&error))
    }

    /// The answer of the backend, signed.
    async fn relayed(&self, message: Accepted, exchange: Exchange) -> Result<SealedReply, Fault> {
        let Some(client) = self.clients.of(self.place) else {
            return Err(Fault::Internal);
        };
        let started = Instant::now();
        let taken = self.shared.answer_parts(self.snapshot, self.place);
        let taken = taken.map_err(|_| self.report.no_body(NoBody::Overload))?;
        let (route, trace) = (&self.place.route, self.report.trace());
        let reply = match message {
            Accepted::Verified(message, _) => {
                relay::forward(*message, route, client, taken.as_ref(), trace).await
            }
            Accepted::Brought(message) => relay::forward_brought(*message, route, client, trace).await,
        };
        self.report.took(Step::Backend, started);
        let reply = reply.map_err(|error| self.report.relay(&error))?;
        self.report.backend_answered();
        let started = Instant::now();
        let soon = reply.is_envelope_within(DONE_HERE) && !self.place.waits_to_answer();
        let place = Arc::clone(self.place);
        let seal = move || place.sealed(reply, &exchange);
        let sealed = Thread::serving_if(soon).does(seal, self.report).await?;
        self.report.took(Step::Seal, started);
        let sealed = sealed.map_err(|error| self.report.outbound(&error))?;
        self.report.answered(sealed.status());
        Ok(sealed)
    }

    /// What the bearer token proves, where one is asked for. It comes beside what the message has to prove, unless the route says that it stands for it.
    fn bearer(&self) -> Result<Option<VerifiedBearer>, Fault> {
        let Some(rules) = &self.place.bearer else {
            return Ok(None);
        };
        let client = self.client.as_ref();
        let judged = self
            .authorization
            .judge(rules, self.transport, client, Utc::now());
        let bearer = judged.map_err(|error| self.report.unauthorized(&error))?;
        self.report.authorized(&bearer);
        Ok(Some(bearer))
    }

    /// Records that the message was accepted, and keeps it, before its backend gets it.
    async fn accepted(&self, message: &Accepted) -> Result<(), Fault> {
        let pending = self.pending.as_ref();
        if pending.is_some_and(|pending| !pending.accepted(self.report.abandoned())) {
            return Err(self.report.no_body(NoBody::Stopping));
        }
        let (recorded, kept) = join(self.accepted_on_record(message), self.kept(Some(message))).await;
        recorded.and(kept)
    }

    async fn accepted_on_record(&self, message: &Accepted) -> Result<(), Fault> {
        let Some(log) = &self.shared.audit else {
            return Ok(());
        };
        let entry = self.report.entry_of(Kind::Accepted);
        let mut entry = match message {
            Accepted::Verified(message, bearer) => entry.about(message).with(bearer.as_ref()),
            Accepted::Brought(message) => entry.about_brought(message),
        };
        entry.received = self.came.take();
        let recorded = log.record(&entry).await;
        recorded.map_err(|_| self.report.not_recorded())
    }

    /// Keeps what came, if that was not done.
    async fn kept(&self, accepted: Option<&Accepted>) -> Result<(), Fault> {
        let (Some(archive), Some(came)) = (&self.shared.archive, self.original.take()) else {
            return Ok(());
        };
        let kept = archive.keep(came.row(accepted, self.report)).await;
        kept.map_err(|_| self.report.not_kept())
    }

    /// The answer, after it was recorded, with what came, where that was not accepted.
    async fn recorded(
        &self,
        answer: Result<SealedReply, Fault>,
        version: Version,
    ) -> Result<SealedReply, Fault> {
        let answer = self.kept(None).await.and(answer);
        let status = match &answer {
            Ok(sealed) => sealed.status(),
            Err(fault) => fault.http_status(version),
        };
        if self.pending.as_ref().is_some_and(|pending| !pending.end()) {
            // That is recorded already.
            return Err(Fault::Busy);
        }
        let Some(log) = &self.shared.audit else {
            return answer;
        };
        let Some(mut entry) = self.report.entry(status) else {
            return answer;
        };
        entry.received = self.came.take();
        match log.record(&entry).await {
            Ok(()) => answer,
            Err(_) => Err(self.report.not_recorded()),
        }
    }

    /// The message, read to its end, and how many octets came; the share says that it is held.
    async fn received(
        &self,
        arrival: Arrival,
        incoming: &mut Incoming,
    ) -> Result<(Received, u64, Share), Fault> {
        let started = Instant::now();
        let (addresses, peer) = (&self.snapshot.throttle, self.report.peer);
        let mut payload = Metered::of(incoming, self.shared, addresses, peer);
        let (bytes, attachments, share, body) = match arrival.package {
            None => {
                let limits = self.shared.body_limits(self.snapshot, self.place);
                let read = body::read(&mut payload, arrival.length, &limits).await;
                self.report.took(Step::Receive, started);
                let (bytes, share) = read.map_err(|reason| self.report.no_body(reason))?;
                (bytes, Attachments::default(), share, Body::Envelope)
            }
            Some(related) => {
                let limits = &self.place.gate.policy.limits;
                let plan = Arc::new(PlannedBy(Arc::clone(self.place)));
                let package = |spool| Package::new(related, limits, spool).digested_by(plan);
                let limits = self.shared.parts_limits(self.snapshot, self.place);
                let read = parts::read(&mut payload, arrival.length, &limits, package).await;
                self.report.took(Step::Receive, started);
                let read = read.map_err(|reason| match reason {
                    NotRead::Body(reason) => self.report.no_body(reason),
                    NotRead::Refused(error) => self.report.rejected(&error.into(), &[]),
                    NotRead::Panicked => self.report.panicked(),
                })?;
                let Packaged {
                    envelope,
                    attachments,
                } = read.packaged;
                (envelope, attachments, read.held, Body::Parts(read.whole))
            }
        };
        if self.shared.audit.is_some() || self.shared.archive.is_some() {
            let octets = Octets::of(&bytes);
            self.came.set(Some(octets.clone()));
            if let Some(archive) = &self.shared.archive {
                let head = (arrival.content_type, arrival.action.clone());
                let came = Came::new(head, (&bytes, octets), body, archive.message_bytes());
                self.original.set(Some(came));
            }
        }
        let received = Received {
            action: arrival.action,
            version: Some(arrival.version),
            charset: arrival.charset,
            transport: self.transport,
            client: self.client,
            attachments,
            turn: crowd::turn(self.shared, addresses, peer, &self.place.route.path),
            ..Received::from(bytes)
        };
        Ok((received, payload.come(), share))
    }

    /// The message, of which so many octets `came`, verified and used for the first time.
    async fn verified(&self, received: Received, came: u64) -> Result<(VerifiedMessage, Vec<Pass>), Fault> {
        let started = Instant::now();
        let now = Utc::now();
        let bytes = received.bytes.clone();
        let kept = Recent::takes(&received).then(|| received.clone());
        let gate = &self.place.gate;
        // The hashing of passwords takes long, and a token that decrypts may.
        let soon = bytes.len() <= DONE_HERE
            && received.attachments.is_empty()
            && gate.passwords.is_empty()
            && !gate.keyring.has_held_key();
        let place = Arc::clone(self.place);
        let examine = move || place.gate.examine(received, now);
        let examined = Thread::serving_if(soon).does(examine, self.report).await?;
        let spent = Used {
            time: started.elapsed(),
            bytes: came,
        };
        let limits = &self.snapshot.throttle;
        crowd::spent(self.shared, limits, self.report.peer, spent.without_bytes());
        let rejected = |rejection| self.report.rejected(&rejection, &bytes);
        let crowded = |crowded| self.report.crowded(crowded);
        let examined = examined.inspect_err(|_| self.report.took(Step::Verify, started));
        let unused = examined.map_err(rejected)?;
        let names = Names::of(&unused, &self.place.route.path, &self.place.throttle);
        names.may_enter(self.shared, now).await.map_err(crowded)?;
        self.reserve_for(unused.requested())?;
        let used = unused.first_use(self.place.gate.replay.as_deref(), now).await;
        self.report.took(Step::Verify, started);
        let message = used.map_err(rejected)?;
        let passes = names.enter(self.shared, now, spent).await.map_err(crowded)?;
        // Not with a password in it, which would be kept as well, and is dear to compare again.
        if let Some(received) = kept.filter(|_| message.user().is_none()) {
            self.place.recent.keep(received, now);
        }
        Ok((message, passes))
    }
}

impl InWork<'_> {
    /// The message, of which so many octets `came`, and for which `bearer` stands.
    async fn brought(
        &self,
        received: Received,
        came: u64,
        bearer: MessageBearer,
    ) -> Result<(BroughtMessage, Vec<Pass>), Fault> {
        let (started, now) = (Instant::now(), Utc::now());
        let bytes = received.bytes.clone();
        let place = Arc::clone(self.place);
        let examine = move || place.gate.examine_brought(received, bearer, now);
        let thread = Thread::serving_if(bytes.len() <= DONE_HERE);
        let examined = thread.does(examine, self.report).await?;
        let limits = &self.snapshot.throttle;
        let spent = Used {
            time: started.elapsed(),
            bytes: came,
        };
        crowd::spent(self.shared, limits, self.report.peer, spent.without_bytes());
        let rejected = |rejection| self.report.rejected(&rejection, &bytes);
        let crowded = |crowded| self.report.crowded(crowded);
        let unused = examined.map_err(rejected)?;
        let names = Names::of_bearer(unused.bearer(), &self.place.route.path, &self.place.throttle);
        names.may_enter(self.shared, now).await.map_err(crowded)?;
        let store = self.place.gate.replay.as_deref().ok_or(Fault::Internal)?;
        self.reserve_for(Some(unused.operation()))?;
        let used = unused.first_use(store, now).await;
        self.report.took(Step::Verify, started);
        let message = used.map_err(rejected)?;
        let passes = names.enter(self.shared, now, spent).await.map_err(crowded)?;
        Ok((message, passes))
    }
}
