//! The messages of OTLP 1 (opentelemetry/proto/trace/v1/trace.proto and what it imports), as far as we fill them in.

use prost::Enumeration;
use prost::Message;
use prost::Oneof;

use super::span;
use super::span::Span;
use super::span::nanoseconds;

/// The message that tells a collector of `spans` of `service`: an ExportTraceServiceRequest, as HTTP carries it in
/// `application/x-protobuf`.
pub fn export_request(service: &str, spans: &[Span]) -> Vec<u8> {
    let request = Request {
        resources: vec![OfResource {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", service),
                    text("service.version", env!("CARGO_PKG_VERSION")),
                ],
            }),
            scopes: vec![OfScope {
                scope: Some(Scope {
                    name: env!("CARGO_PKG_NAME").to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                }),
                spans: spans.iter().map(written).collect(),
            }],
        }],
    };
    request.encode_to_vec()
}

/// How many spans a collector has not taken, as it says in `answer`, an ExportTraceServiceResponse; `None` if it is none.
pub fn rejected_spans(answer: &[u8]) -> Option<u64> {
    let answer = Answer::decode(answer).ok()?;
    let rejected = answer.partial.map_or(0, |partial| partial.rejected);
    Some(u64::try_from(rejected).unwrap_or_default())
}

fn written(span: &Span) -> Written {
    let error = span.error.map(|code| text("error.type", code));
    Written {
        trace_id: span.context.trace.0.to_vec(),
        span_id: span.context.span.0.to_vec(),
        parent_span_id: span.parent.map(|parent| parent.0.to_vec()).unwrap_or_default(),
        name: span.name.clone().into_owned(),
        kind: match span.kind {
            span::Kind::Internal => Kind::Internal,
            span::Kind::Server => Kind::Server,
            span::Kind::Client => Kind::Client,
        }
        .into(),
        begin: nanoseconds(span.begin),
        end: nanoseconds(span.end),
        attributes: span.attributes.iter().map(attribute).chain(error).collect(),
        status: span.error.map(|_| Status {
            code: Code::Error.into(),
        }),
        flags: span.context.flags().into(),
    }
}

fn attribute((name, value): &(&'static str, span::Value)) -> Attribute {
    match value {
        span::Value::Text(value) => text(name, value),
        span::Value::Number(number) => of(name, Any::Number(*number)),
    }
}

fn text(name: &str, value: &str) -> Attribute {
    of(name, Any::Text(value.to_owned()))
}

fn of(name: &str, value: Any) -> Attribute {
    Attribute {
        name: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
    }
}

/// ExportTraceServiceRequest.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<OfResource>,
}

/// ResourceSpans.
#[derive(Clone, PartialEq, Message)]
struct OfResource {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<OfScope>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Attribute>,
}

/// ScopeSpans.
#[derive(Clone, PartialEq, Message)]
struct OfScope {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Written>,
}

/// InstrumentationScope.
#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

/// Span.
#[derive(Clone, PartialEq, Message)]
struct Written {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(enumeration = "Kind", tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    begin: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Attribute>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

/// SpanKind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
enum Kind {
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(enumeration = "Code", tag = "3")]
    code: i32,
}

/// StatusCode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
enum Code {
    Unset = 0,
    Error = 2,
}

/// KeyValue.
#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 3")]
    value: Option<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Number(i64),
}

/// ExportTraceServiceResponse.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

/// ExportTracePartialSuccess.
#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::time::Duration;
    use std::time::UNIX_EPOCH;

    use opentelemetry_proto::tonic::collector::trace::v1 as collector;
    use opentelemetry_proto::tonic::common::v1::any_value::Value as TheirValue;
    use opentelemetry_proto::tonic::trace::v1 as theirs;

    use super::*;
    use crate::trace::Context;

    #[test]
    fn what_is_written_is_read_by_the_types_that_the_project_publishes() {
        let context = Context::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        let parent = Context::parse("00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01").unwrap();
        let span = Span {
            context,
            parent: Some(parent.span),
            name: "verify".into(),
            kind: span::Kind::Client,
            begin: UNIX_EPOCH + Duration::from_nanos(5),
            end: UNIX_EPOCH + Duration::new(3, 1),
            attributes: vec![
                ("http.route", span::Value::Text("/orders".into())),
                ("http.response.status_code", span::Value::Number(500)),
            ],
            error: Some("dsig.missing"),
        };
        let octets = export_request("orders", std::slice::from_ref(&span));
        let request = collector::ExportTraceServiceRequest::decode(octets.as_slice()).unwrap();
        let of_resource = request.resource_spans.first().unwrap();
        let service = of_resource.resource.as_ref().unwrap().attributes.first().unwrap();
        assert_eq!(service.key, "service.name");
        assert_eq!(
            service.value.as_ref().unwrap().value,
            Some(TheirValue::StringValue("orders".to_owned()))
        );
        let of_scope = of_resource.scope_spans.first().unwrap();
        assert_eq!(of_scope.scope.as_ref().unwrap().name, "sealgate");
        let read = of_scope.spans.first().unwrap();
        assert_eq!(read.trace_id, context.trace.0);
        assert_eq!(read.span_id, context.span.0);
        assert_eq!(read.parent_span_id, parent.span.0);
        assert_eq!(
            (read.name.as_str(), read.kind()),
            ("verify", theirs::span::SpanKind::Client)
        );
        assert_eq!(
            (read.start_time_unix_nano, read.end_time_unix_nano),
            (5, 3_000_000_001)
        );
        assert_eq!(read.flags, 1);
        assert_eq!(
            read.status.as_ref().unwrap().code(),
            theirs::status::StatusCode::Error
        );
        let values: Vec<_> = read
            .attributes
            .iter()
            .map(|one| one.value.clone().unwrap().value)
            .collect();
        assert_eq!(
            values,
            [
                Some(TheirValue::StringValue("/orders".to_owned())),
                Some(TheirValue::IntValue(500)),
                Some(TheirValue::StringValue("dsig.missing".to_owned())),
            ]
        );
        // Nothing was written that they do not know.
        assert_eq!(request.encode_to_vec(), octets);
    }

    #[test]
    fn what_a_collector_does_not_take_is_counted() {
        let said = collector::ExportTraceServiceResponse {
            partial_success: Some(collector::ExportTracePartialSuccess {
                rejected_spans: 7,
                error_message: "too old".to_owned(),
            }),
        };
        assert_eq!(rejected_spans(&said.encode_to_vec()), Some(7));
        assert_eq!(rejected_spans(&[]), Some(0));
        assert_eq!(rejected_spans(b"no message"), None);
    }
}
