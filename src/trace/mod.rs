//! Traces: where the time of a request went, as OpenTelemetry has it.
//!
//! Nothing here does input or output. A [`Context`] says to which trace something belongs, and reads and writes itself as W3C Trace Context
//! has it. A [`Span`] is one piece of work with its times; [`export_request`] is the message of OTLP that tells a collector of spans.
//!
//! What stands in a span is of closed sets, from the configuration, or a number: nothing that a message said.

mod context;
mod otlp;
mod span;

use std::num::NonZeroU32;

pub use context::Context;
pub use context::Sampling;
pub use context::SpanId;
pub use context::TraceId;
pub use otlp::export_request;
pub use otlp::rejected_spans;
pub use span::Kind;
pub use span::Span;
pub use span::Value;

use http::Uri;

use crate::crypto::TlsClient;

/// Which collector is told of traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The URL that spans are posted to. Without TLS it is one of this machine.
    pub url: Uri,
    /// TLS, if the URL is of `https:`.
    pub tls: Option<TlsClient>,
    /// `service.name`, as OpenTelemetry calls it.
    pub service: String,
    /// One in so many of the requests that begin a trace is told of.
    pub one_in: NonZeroU32,
    /// How many spans wait for the collector at a time.
    pub queue: usize,
}

/// Whether the trace that a request says it belongs to counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// It does not: each request begins a trace.
    Ignored,
    /// It does, if it is written as it has to be.
    Heeded,
}
