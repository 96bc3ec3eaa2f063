//! Token endpoints: a verified assertion for a token of ours. What a client is told is what RFC 6749 §5.2 and RFC 8693 §2.2.2 have, and no more.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web;
use chrono::Utc;
use serde_json::json;

use super::arrival::NoMessage;
use super::attended::{Incoming, shielded};
use super::body;
use super::body::NoBody;
use super::crowd;
use super::crowd::Names;
use super::form::Asked;
use super::form::Grant;
use super::metered::Metered;
use super::metrics::Step;
use super::reply;
use super::reply::leave_unread;
use super::report::Report;
use super::shared::Shared;
use super::snapshot::Endpoint;
use super::snapshot::Snapshot;
use super::thread::{DONE_HERE, Thread};
use super::threats::Watch;
use super::traced::Traced;
use crate::audit::Octets;
use crate::inbound::GrantedAssertion;
use crate::inbound::examine_grant;
use crate::mint::Facts;
use crate::mint::Minted;
use crate::soap::Fault;
use crate::throttle::Used;
use crate::trace::Parent;

/// Why no token is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// What is asked for is not said as it must be.
    Request(&'static str),
    /// It came without TLS.
    Transport,
    /// A client says who it is, and we know none.
    Client,
    /// Another way to get a token.
    GrantType,
    /// A token for somebody else.
    Target,
    /// A token that may do only so much.
    Scope,
    /// The assertion does not hold.
    Assertion(Grant),
    /// The assertion cannot be decoded.
    Base64(Grant),
    /// Its body did not come whole.
    Body,
    /// Not now.
    Busy,
    /// We cannot.
    Internal,
}

impl Refusal {
    /// The value of `error`; none for what OAuth has no word for.
    pub(super) fn error(self) -> Option<&'static str> {
        Some(match self {
            Self::Request(_)
            | Self::Transport
            | Self::Body
            | Self::Base64(Grant::TokenExchange(_))
            | Self::Assertion(Grant::TokenExchange(_)) => "invalid_request",
            Self::Client => "invalid_client",
            Self::GrantType => "unsupported_grant_type",
            Self::Target => "invalid_target",
            Self::Scope => "invalid_scope",
            Self::Base64(Grant::Saml2Bearer) | Self::Assertion(Grant::Saml2Bearer) => "invalid_grant",
            Self::Busy | Self::Internal => return None,
        })
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Client => StatusCode::UNAUTHORIZED,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Request(_)
            | Self::Transport
            | Self::GrantType
            | Self::Target
            | Self::Scope
            | Self::Base64(_)
            | Self::Assertion(_)
            | Self::Body => StatusCode::BAD_REQUEST,
        }
    }

    /// The code and the reason for the log, where nobody else has told them.
    fn told(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Request(reason) => ("grant.request", reason),
            Self::Transport => ("grant.transport", "it came without TLS"),
            Self::Client => ("grant.client", "a client says who it is"),
            Self::GrantType => ("grant.type", "the grant_type is none of ours"),
            Self::Target => ("grant.target", "the token is to be for somebody else"),
            Self::Scope => ("grant.scope", "there is a scope"),
            Self::Base64(_) => ("grant.request", "the assertion is no base64url"),
            Self::Assertion(_) | Self::Body | Self::Busy | Self::Internal => return None,
        })
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        if fault == Fault::Busy {
            Self::Busy
        } else {
            Self::Internal
        }
    }
}

/// A token that is given.
struct Given {
    minted: Minted,
    seconds: i64,
    grant: Grant,
    assertion: GrantedAssertion,
}

/// A request for a token.
struct Exchange<'r> {
    request: &'r HttpRequest,
    shared: &'r Shared,
    snapshot: &'r Snapshot,
    endpoint: &'r Arc<Endpoint>,
    report: &'r Report<'r>,
    /// The assertion that came, for the record.
    came: Cell<Option<Octets>>,
}

/// Answers a request to `endpoint`.
pub(super) async fn answer(
    request: HttpRequest,
    mut incoming: Incoming,
    shared: web::Data<Shared>,
    snapshot: Arc<Snapshot>,
    endpoint: Arc<Endpoint>,
) -> HttpResponse {
    let (path, peer) = (&endpoint.checked.path, request.peer_addr());
    let counted = peer.filter(|peer| !snapshot.throttle.exempts(peer.ip()));
    let watch = Watch::new(&shared.threats, path, Some(&endpoint.checked.threats), counted);
    let traces = shared.traces.as_ref();
    let traced = traces.and_then(|traces| Traced::begin(traces, Parent::Ignored, request.headers()));
    let report = Report::new(&shared.metrics, path, peer, watch, traced);
    let response = if request.method() == Method::POST {
        let exchange = Exchange {
            request: &request,
            shared: &shared,
            snapshot: &snapshot,
            endpoint: &endpoint,
            report: &report,
            came: Cell::new(None),
        };
        let given = shielded(exchange.given(&mut incoming), &report).await;
        if incoming.client_is_gone() {
            report.client_is_gone();
        }
        match exchange.recorded(given).await {
            Ok(given) => answered(&given),
            Err(refusal) => {
                leave_unread(incoming.rest());
                refused(refusal, &report)
            }
        }
    } else {
        report.no_message(NoMessage::Method);
        leave_unread(incoming.rest());
        reply::no_message(NoMessage::Method)
    };
    report.end(response.status().as_u16());
    response
}

impl Exchange<'_> {
    /// The only way to a token leads through the assertion's verification and its first use.
    async fn given(&self, incoming: &mut Incoming) -> Result<Given, Refusal> {
        let (report, endpoint) = (self.report, &self.endpoint.checked);
        let entered = crowd::by_address(self.shared, &self.snapshot.throttle, report.peer).await;
        let _pass = entered.map_err(|crowded| report.crowded(crowded))?;
        let may_cost = crowd::by_route(&self.shared.throttles, &endpoint.path, &endpoint.throttle);
        may_cost.map_err(|crowded| report.crowded(crowded))?;
        report
            .watch
            .may_enter()
            .map_err(|crowded| report.crowded(crowded))?;
        let available = endpoint.minter.available();
        available.map_err(|error| Refusal::from(report.not_minted(&error)))?;
        let asked = self.asked(incoming).await.inspect_err(|refusal| {
            if let Some((code, reason)) = refusal.told() {
                report.no_grant(code, reason);
            }
        })?;
        let Ok(_share) = self.shared.messages.take(1) else {
            return Err(report.no_body(NoBody::Overload).into());
        };
        if self.shared.audit.is_some() {
            self.came.set(Some(Octets::of(&asked.assertion)));
        }
        let (started, now) = (Instant::now(), Utc::now());
        let (judging, xml) = (Arc::clone(self.endpoint), asked.assertion.clone());
        let thread = Thread::serving_if(xml.len() <= DONE_HERE);
        let examine = move || examine_grant(xml, &judging.context(now));
        let examined = thread.does(examine, report).await?;
        let limits = &self.snapshot.throttle;
        let spent = Used {
            time: started.elapsed(),
            bytes: u64::try_from(asked.assertion.len()).unwrap_or(u64::MAX),
        };
        crowd::spent(self.shared, limits, report.peer, spent.without_bytes());
        let unfit = |fault| {
            if fault == Fault::Busy || fault == Fault::Internal {
                Refusal::from(fault)
            } else {
                Refusal::Assertion(asked.grant)
            }
        };
        let rejected = |rejection| unfit(report.rejected(&rejection, &asked.assertion));
        let crowded = |crowded| report.crowded(crowded);
        let unused = examined.inspect_err(|_| report.took(Step::Verify, started));
        let unused = unused.map_err(rejected)?;
        let names = Names::of_claims(unused.claims(), &endpoint.path, &endpoint.throttle);
        names.may_enter(self.shared, now).await.map_err(crowded)?;
        let reserved = endpoint.minter.signer().reserve();
        let _reserved = reserved.map_err(|error| Refusal::from(report.not_minted(&error.into())))?;
        let used = unused.first_use(&self.endpoint.replay, now).await;
        report.took(Step::Verify, started);
        let assertion = used.map_err(rejected)?;
        let _passes = names.enter(self.shared, now, spent).await.map_err(crowded)?;
        let started = Instant::now();
        let minting = Arc::clone(self.endpoint);
        let mint = move || {
            let minted = minting.checked.minter.mint(&Facts::from(&assertion), now);
            (assertion, minted)
        };
        let thread = Thread::serving_if(!endpoint.minter.signer().is_held());
        let (assertion, minted) = thread.does(mint, report).await?;
        report.took(Step::Seal, started);
        let minted = minted.map_err(|error| unfit(report.not_minted(&error)))?;
        Ok(Given {
            seconds: minted.end.timestamp().saturating_sub(now.timestamp()),
            minted,
            grant: asked.grant,
            assertion,
        })
    }

    /// What is asked for.
    async fn asked(&self, incoming: &mut Incoming) -> Result<Asked, Refusal> {
        if !self.request.app_config().secure() {
            return Err(Refusal::Transport);
        }
        let headers = self.request.headers();
        if headers.contains_key(header::AUTHORIZATION) {
            return Err(Refusal::Client);
        }
        let mut types = headers.get_all(header::CONTENT_TYPE);
        let kind = types.next().and_then(|value| value.to_str().ok());
        let is_plain = types.next().is_none() && !headers.contains_key(header::CONTENT_ENCODING);
        if !is_plain || !kind.is_some_and(is_form) {
            return Err(Refusal::Request("it is no application/x-www-form-urlencoded"));
        }
        let started = Instant::now();
        let addresses = &self.snapshot.throttle;
        let mut payload = Metered::of(incoming, self.shared, addresses, self.report.peer);
        let body = body::read(&mut payload, None, &self.shared.form_limits(self.snapshot)).await;
        drop(payload);
        self.report.took(Step::Receive, started);
        let (body, _held) = body.map_err(|reason| {
            if self.report.no_body(reason) == Fault::Busy {
                Refusal::Busy
            } else {
                Refusal::Body
            }
        })?;
        Asked::read(&body, self.endpoint.checked.minter.audience())
    }

    /// The token, after it was recorded that it is given; or that none is.
    async fn recorded(&self, given: Result<Given, Refusal>) -> Result<Given, Refusal> {
        let status = match &given {
            Ok(given) => {
                self.report.granted(&given.assertion, &given.minted);
                StatusCode::OK
            }
            Err(refusal) => refusal.status(),
        };
        let (Some(log), Some(mut entry)) = (&self.shared.audit, self.report.entry(status.as_u16())) else {
            return given;
        };
        entry.received = self.came.take();
        if let Ok(given) = &given {
            entry = entry.about_grant(&given.assertion, &given.minted);
        }
        match log.record(&entry).await {
            Ok(()) => given,
            Err(_) => Err(self.report.not_recorded().into()),
        }
    }
}

fn is_form(value: &str) -> bool {
    let kind = value.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn answered(given: &Given) -> HttpResponse {
    let mut answer = json!({
        "access_token": given.minted.token,
        "token_type": "Bearer",
        "expires_in": given.seconds,
    });
    if let (Grant::TokenExchange(kind), Some(answer)) = (given.grant, answer.as_object_mut()) {
        answer.insert("issued_token_type".to_owned(), kind.into());
    }
    uncached(StatusCode::OK).json(answer)
}

/// The connection ends with it, as some of the form may not have been read.
fn refused(refusal: Refusal, report: &Report<'_>) -> HttpResponse {
    let mut response = uncached(refusal.status());
    response.force_close();
    if let Some(seconds) = report.retry_after().filter(|_| refusal == Refusal::Busy) {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if refusal == Refusal::Client {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"sealgate\""));
    }
    let description = format!("Incident {}.", report.incident);
    match refusal.error() {
        Some(error) => response.json(json!({ "error": error, "error_description": description })),
        None => response.json(json!({ "error_description": description })),
    }
}

/// Nothing of it is kept on its way (RFC 6749 §5.1).
fn uncached(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::PRAGMA, "no-cache"));
    response
}
