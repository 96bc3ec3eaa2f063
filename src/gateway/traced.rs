//! The trace of one request.

use std::cell::RefCell;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use actix_web::http::header::HeaderMap;

use super::metrics::Step;
use super::traces::Traces;
use crate::policy::Operation;
use crate::soap::IncidentId;
use crate::trace::Context;
use crate::trace::Kind;
use crate::trace::Parent;
use crate::trace::Sampling;
use crate::trace::Span;
use crate::trace::SpanId;
use crate::trace::Value;

/// A request that is part of a trace.
pub(super) struct Traced<'t> {
    traces: &'t Traces,
    /// The span of the whole request.
    context: Context,
    parent: Option<SpanId>,
    /// The span of asking the backend, which the backend is told.
    pub(super) backend: Context,
    began: Instant,
    at: SystemTime,
    steps: RefCell<Vec<Span>>,
    operation: RefCell<Option<String>>,
}

impl<'t> Traced<'t> {
    /// The trace of a request with these headers, which counts as a part of what it says if that is `heeded`. `None` without random
    /// numbers.
    pub(super) fn begin(traces: &'t Traces, heeded: Parent, headers: &HeaderMap) -> Option<Self> {
        let parent = match heeded {
            Parent::Ignored => None,
            Parent::Heeded => said(headers),
        };
        let context = match &parent {
            Some(parent) => parent.child(),
            None => Context::begin(traces.settings.one_in),
        };
        let context = context?;
        Some(Self {
            traces,
            context,
            parent: parent.map(|parent| parent.span),
            backend: context.child()?,
            began: Instant::now(),
            at: SystemTime::now(),
            steps: RefCell::default(),
            operation: RefCell::default(),
        })
    }

    /// Notes what was asked for.
    pub(super) fn asked(&self, operation: &Operation) {
        *self.operation.borrow_mut() = Some(operation.body.to_string());
    }

    /// Notes a step that began at `started` and is over.
    pub(super) fn took(&self, step: Step, started: Instant) {
        let (context, kind) = match step {
            Step::Backend => (Some(self.backend), Kind::Client),
            Step::Receive | Step::Verify | Step::Seal => (self.context.child(), Kind::Internal),
        };
        let Some(context) = context.filter(|_| self.context.sampling == Sampling::Sampled) else {
            return;
        };
        self.steps.borrow_mut().push(Span {
            context,
            parent: Some(self.context.span),
            name: step.name().into(),
            kind,
            begin: self.time(started.saturating_duration_since(self.began)),
            end: self.time(self.began.elapsed()),
            attributes: Vec::new(),
            error: None,
        });
    }

    /// The request to `route` was answered with `status`; with `error`, if it was refused or failed.
    pub(super) fn end(self, route: &str, incident: &IncidentId, status: u16, error: Option<&'static str>) {
        if self.context.sampling == Sampling::NotSampled {
            return;
        }
        let end = self.time(self.began.elapsed());
        let text = |text: String| Value::Text(text.into());
        let mut attributes = vec![
            ("http.request.method", Value::Text("POST".into())),
            ("http.route", text(route.to_owned())),
            ("http.response.status_code", Value::Number(status.into())),
            ("sealgate.incident", text(incident.to_string())),
        ];
        if let Some(operation) = self.operation.take() {
            attributes.push(("sealgate.operation", text(operation)));
        }
        let mut spans = self.steps.take();
        spans.push(Span {
            context: self.context,
            parent: self.parent,
            name: format!("POST {route}").into(),
            kind: Kind::Server,
            begin: self.at,
            end,
            attributes,
            error,
        });
        self.traces.put(spans);
    }

    fn time(&self, since: Duration) -> SystemTime {
        self.at.checked_add(since).unwrap_or(self.at)
    }
}

/// What a request says of itself. More than one such header is none (W3C Trace Context §3.2).
fn said(headers: &HeaderMap) -> Option<Context> {
    let mut values = headers.get_all("traceparent");
    let value = values.next().filter(|_| values.next().is_none())?;
    Context::parse(value.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn one_context_counts_and_two_do_not() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let request = TestRequest::default().append_header(("traceparent", good));
        assert!(said(request.to_http_request().headers()).is_some());
        let twice = TestRequest::default()
            .append_header(("traceparent", good))
            .append_header(("traceparent", good));
        assert_eq!(said(twice.to_http_request().headers()), None);
    }
}
