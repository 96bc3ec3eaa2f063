//! A collector and the backend are told of traces, and a collector that is lost holds nothing up.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use sealgate::soap::Version;

use crate::backend::{Backend, orders};
use crate::client::{Answer, post, post_with, request, send};
use crate::collector::{Collector, OK, attribute, hex};
use crate::gateway::{Gateway, configuration};
use crate::message::Message;

const THEIRS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A gateway before `backend` that tells `url` of traces.
fn gateway(backend: &Backend, url: &str, more: &str, route: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("path = \"/orders\"", &format!("path = \"/orders\"\n{route}"));
    Gateway::configured(&format!("{text}\n[traces]\nurl = \"{url}\"\n{more}\n"))
}

fn at(collector: &Collector) -> String {
    format!("http://{}/v1/traces", collector.address)
}

fn order(gateway: &Gateway, headers: &[(&str, &str)]) -> Answer {
    let message = Message::default().signed();
    send(
        gateway.plain(),
        &post_with(Version::Soap11, "urn:place", &message, headers),
    )
}

fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let one = found.next().unwrap_or_else(|| panic!("{name} in {spans:?}"));
    assert!(found.next().is_none(), "{name} in {spans:?}");
    one
}

/// Waits until the metrics have `line`.
fn wait_for_metric(gateway: &Gateway, line: &str) {
    let mut text = String::new();
    for _ in 0..500 {
        text = send(gateway.admin(), &request("GET", "/metrics", &[], "")).body;
        if text.lines().any(|one| one == line) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{line} in {text}");
}

#[test]
fn a_collector_is_told_of_each_step_and_the_backend_of_its_own() {
    let (backend, collector) = (orders(), Collector::start(&[OK]));
    let gateway = gateway(
        &backend,
        &at(&collector),
        "service = \"edge\"",
        "traceparent = \"heeded\"",
    );
    assert_eq!(order(&gateway, &[("traceparent", THEIRS)]).status, 200);
    let spans = collector.spans(5);
    let whole = named(&spans, "POST /orders");
    assert_eq!(whole.kind(), SpanKind::Server);
    assert_eq!(hex(&whole.parent_span_id), "b7ad6b7169203331");
    assert_eq!(attribute(whole, "http.response.status_code").unwrap(), "200");
    assert_eq!(
        attribute(whole, "sealgate.operation").unwrap(),
        "{urn:example:orders}PlaceOrder"
    );
    assert_eq!(attribute(whole, "sealgate.incident").unwrap().len(), 16);
    assert_eq!((attribute(whole, "error.type"), &whole.status), (None, &None));
    for step in ["receive", "verify", "backend", "seal"] {
        let span = named(&spans, step);
        assert_eq!(span.parent_span_id, whole.span_id, "{step}");
        assert!(whole.start_time_unix_nano <= span.start_time_unix_nano, "{step}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{step}");
        assert!(span.end_time_unix_nano <= whole.end_time_unix_nano, "{step}");
    }
    let asked = named(&spans, "backend");
    assert_eq!(asked.kind(), SpanKind::Client);
    let expected = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", hex(&asked.span_id));
    assert_eq!(backend.only().headers("traceparent"), [expected]);
    assert!(
        spans
            .iter()
            .all(|span| hex(&span.trace_id) == "0af7651916cd43dd8448eb211c80319c")
    );
    // Nothing that the message said, and nobody who said it.
    let post = &collector.posts()[0];
    assert!(post.head.starts_with("POST /v1/traces HTTP/1.1"), "{}", post.head);
    let told = String::from_utf8_lossy(&post.body);
    assert!(told.contains("edge"));
    for secret in ["alice", "127.0.0.1", "Envelope"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    wait_for_metric(&gateway, "sealgate_spans_exported_total 5");
}

#[test]
fn a_refusal_has_its_code() {
    let (backend, collector) = (orders(), Collector::start(&[OK]));
    let gateway = gateway(&backend, &at(&collector), "", "");
    let refused = send(gateway.plain(), &post(Version::Soap11, "urn:place", "<a/>"));
    assert_eq!(refused.status, 500);
    let get = request("GET", "/orders", &[], "");
    assert_eq!(send(gateway.plain(), &get).status, 405);
    let spans = collector.spans(4);
    let codes: Vec<_> = spans
        .iter()
        .filter_map(|span| attribute(span, "error.type"))
        .collect();
    assert_eq!(codes, ["soap.not_an_envelope", "http.method"]);
    for span in spans.iter().filter(|span| span.kind() == SpanKind::Server) {
        assert_eq!(span.status.as_ref().unwrap().code(), StatusCode::Error);
    }
    let incidents: Vec<_> = spans
        .iter()
        .filter_map(|span| attribute(span, "sealgate.incident"))
        .collect();
    assert_eq!(incidents[0], refused.incident());
}

#[test]
fn what_a_request_says_of_its_trace_counts_only_where_that_is_configured_and_well_written() {
    let (backend, collector) = (orders(), Collector::start(&[OK]));
    let ignoring = gateway(&backend, &at(&collector), "", "");
    assert_eq!(order(&ignoring, &[("traceparent", THEIRS)]).status, 200);
    let heeding = gateway(&backend, &at(&collector), "", "traceparent = \"heeded\"");
    let bad = THEIRS.replace("0af7", "0AF7");
    assert_eq!(order(&heeding, &[("traceparent", &bad)]).status, 200);
    let twice = [("traceparent", THEIRS), ("traceparent", THEIRS)];
    assert_eq!(order(&heeding, &twice).status, 200);
    for span in collector.spans(15) {
        assert_ne!(hex(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span.parent_span_id.is_empty(), span.kind() == SpanKind::Server);
    }
    // Who is not sampled is not told, but the backend learns which trace it is in.
    let not = THEIRS.replace("-01", "-00");
    assert_eq!(
        order(&heeding, &[("traceparent", &not), ("tracestate", "a=b")]).status,
        200
    );
    let last = backend.got().pop().unwrap();
    let [said] = last.headers("traceparent")[..] else {
        panic!("{last:?}")
    };
    assert!(
        said.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && said.ends_with("-00"),
        "{said}"
    );
    assert!(!said.contains("b7ad6b7169203331"), "{said}");
    assert!(last.headers("tracestate").is_empty());
    heeding.stop();
    assert_eq!(collector.spans(15).len(), 15);
}

#[test]
fn a_collector_that_is_busy_is_asked_again_and_one_that_is_lost_costs_spans_only() {
    let backend = orders();
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    let collector = Collector::start(&[busy, busy, OK]);
    let one = gateway(&backend, &at(&collector), "", "");
    assert_eq!(order(&one, &[]).status, 200);
    assert_eq!(collector.spans(5).len(), 5);
    let refusing = Collector::start(&["HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"]);
    let other = gateway(&backend, &at(&refusing), "", "");
    assert_eq!(order(&other, &[]).status, 200);
    wait_for_metric(&other, "sealgate_spans_lost_total{reason=\"not_taken\"} 5");
    // Nobody listens there.
    let nobody = gateway(&backend, "http://127.0.0.1:1/v1/traces", "", "");
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(order(&nobody, &[]).status, 200);
    }
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn the_last_spans_are_told_at_the_end_and_over_tls_only_to_whom_the_ca_certifies() {
    let own = tempfile::tempdir().unwrap();
    let certificate = own.path().join("collector.pem");
    let (backend, collector) = (orders(), Collector::start_tls(&certificate));
    let url = format!("https://localhost:{}/v1/traces", collector.address.port());
    let one = gateway(&backend, &url, &format!("ca = [{certificate:?}]"), "");
    assert_eq!(order(&one, &[]).status, 200);
    one.stop();
    assert_eq!(collector.spans(5).len(), 5);
    let other = gateway(&backend, &url, "ca = [\"stranger-ca.pem\"]", "");
    assert_eq!(order(&other, &[]).status, 200);
    other.stop();
    assert_eq!(collector.spans(5).len(), 5);
}
