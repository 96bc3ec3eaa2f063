use std::borrow::Cow;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use super::context::Context;
use super::context::SpanId;

/// A piece of work, from its begin to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Itself.
    pub context: Context,
    /// The span that it is a part of, if it is not the first of its trace.
    pub parent: Option<SpanId>,
    /// What it is, of a small set: collectors group by it.
    pub name: Cow<'static, str>,
    /// Its place between those who talk to each other.
    pub kind: Kind,
    /// When it began.
    pub begin: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// More about it.
    pub attributes: Vec<(&'static str, Value)>,
    /// The code of what went wrong, if anything did.
    pub error: Option<&'static str>,
}

/// The place of a span between those who talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers somebody.
    Server,
    /// It asks somebody.
    Client,
    /// Neither.
    Internal,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

/// Nanoseconds since 1970.
pub(super) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
