//! Traces, as they are typed.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::TlsClient;

/// Which collector is told where the time of requests went, by OTLP over HTTP. Backends are told, too, in a `traceparent` header.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Traces {
    /// The URL, as `https://collector.example:4318/v1/traces`; "http:" only of this machine.
    pub(in crate::config) url: String,
    /// TLS.
    #[serde(flatten)]
    pub(in crate::config) tls: TlsClient,
    /// The name of this gateway, as collectors show it.
    #[serde(default = "service")]
    #[schemars(length(min = 1))]
    pub(in crate::config) service: String,
    /// One in so many of the requests that begin a trace is told.
    #[serde(default = "one_in")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(in crate::config) one_in: NonZeroU32,
    /// How many spans wait for the collector at a time; a request has up to five. What there is no room for is counted and gone.
    #[serde(default = "queue")]
    #[schemars(range(min = 512, max = 1_000_000))]
    pub(in crate::config) queue: u32,
}

/// Whether the trace that a request says it belongs to counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Traceparent {
    /// It does not: each request begins a trace.
    #[default]
    Ignored,
    /// It does, if it is written as W3C Trace Context has it, and so does whether it is sampled. Nobody has signed it.
    Heeded,
}

fn service() -> String {
    "sealgate".to_owned()
}

fn one_in() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn queue() -> u32 {
    8192
}
