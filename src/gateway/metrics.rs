//! Counters and times, in the text format of Prometheus. Each gateway has its own, so that two in one process do not mix.

mod describe;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;
use metrics::Counter;
use metrics::Histogram;
use metrics::counter;
use metrics::gauge;
use metrics::histogram;
use metrics::with_local_recorder;
use metrics_exporter_prometheus::Matcher;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::PrometheusRecorder;

use super::traces::Told;
use crate::archive;
use crate::hsm;
use crate::relay::Condition;
use crate::relay::Status;
use crate::threat::{Mode, Rule};

/// Seconds; a verification takes about a tenth of a millisecond, a slow backend tens of seconds.
const BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// The metrics of a gateway.
pub(super) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// By route. To find one of these by its name and labels takes some 2,500 instructions, and a good message changes five.
    of_route: RwLock<HashMap<String, OfRoute>>,
}

/// What every good message of a route changes, from when it first did.
#[derive(Default)]
struct OfRoute {
    answered: OnceLock<Counter>,
    receive: OnceLock<Histogram>,
    verify: OnceLock<Histogram>,
    backend: OnceLock<Histogram>,
    seal: OnceLock<Histogram>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The backend answered, and the answer was signed.
    Answered,
    /// The message, or the request, was refused.
    Refused,
    /// The backend or we failed.
    Failed,
}

/// What a time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Reading the body from the network.
    Receive,
    /// Judging the message.
    Verify,
    /// Waiting for the backend.
    Backend,
    /// Signing the answer.
    Seal,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Step {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Verify => "verify",
            Self::Backend => "backend",
            Self::Seal => "seal",
        }
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let times = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new();
        // Buckets are refused only if there are none.
        let recorder = builder
            .set_buckets_for_metric(times, BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new())
            .build_recorder();
        let handle = recorder.handle();
        let metrics = Self {
            recorder,
            handle,
            of_route: RwLock::default(),
        };
        metrics.describe();
        metrics
    }

    /// Counts a request. `code` is of a closed set, or `none`.
    pub(super) fn request(&self, route: &str, outcome: Outcome, code: &'static str) {
        let found = || {
            with_local_recorder(
                &self.recorder,
                || counter!("sealgate_requests_total", "route" => route.to_owned(), "outcome" => outcome.name(), "code" => code),
            )
        };
        match (outcome, code) {
            (Outcome::Answered, "none") => {
                self.of(route, |of| of.answered.get_or_init(found).increment(1));
            }
            _ => found().increment(1),
        }
    }

    /// Notes how long a step took.
    pub(super) fn step(&self, route: &str, step: Step, time: Duration) {
        let found = || {
            with_local_recorder(
                &self.recorder,
                || histogram!("sealgate_step_seconds", "route" => route.to_owned(), "step" => step.name()),
            )
        };
        self.of(route, |of| {
            let kept = match step {
                Step::Receive => &of.receive,
                Step::Verify => &of.verify,
                Step::Backend => &of.backend,
                Step::Seal => &of.seal,
            };
            kept.get_or_init(found).record(time.as_secs_f64());
        });
    }

    /// Changes what is kept for `route`.
    fn of(&self, route: &str, change: impl Fn(&OfRoute)) {
        let all = self.of_route.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_route) = all.get(route) {
            return change(of_route);
        }
        drop(all);
        let mut all = self.of_route.write().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(route.to_owned()).or_default());
    }

    /// Counts a wrong password: many of them are somebody who guesses.
    pub(super) fn wrong_password(&self, route: &str) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_wrong_passwords_total", "route" => route.to_owned()).increment(1);
        });
    }

    /// Counts a threat.
    pub(super) fn threat(&self, route: &str, rule: Rule, mode: Mode) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_threats_total", "route" => route.to_owned(), "rule" => rule.name(), "mode" => mode.name())
                .increment(1);
        });
    }

    /// Counts a message that was relayed with a body that is not as its schemas have it.
    pub(super) fn invalid_body(&self, route: &str) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_invalid_bodies_total", "route" => route.to_owned()).increment(1);
        });
    }

    /// Counts a verified message that needed `name`, which is of a closed set.
    pub(super) fn legacy(&self, route: &str, name: &str) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_legacy_total", "route" => route.to_owned(), "name" => name.to_owned())
                .increment(1);
        });
    }

    /// Notes when the next exception of a route ends, if it has one.
    pub(super) fn exception_ends(&self, route: &str, ends: Option<DateTime<Utc>>) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_exception_ends_timestamp_seconds", "route" => route.to_owned()).set(end(ends));
        });
    }

    /// Counts a panic.
    pub(super) fn panic(&self) {
        with_local_recorder(&self.recorder, || counter!("sealgate_panics_total").increment(1));
    }

    /// Notes how much is in work.
    pub(super) fn load(&self, messages: usize, bytes: usize) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_messages_in_work").set(number(messages));
            gauge!("sealgate_body_bytes_held").set(number(bytes));
        });
    }

    /// Notes how many connections `listener` has.
    pub(super) fn connections(&self, listener: SocketAddr, open: usize) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_connections", "listener" => listener.to_string()).set(number(open));
        });
    }

    /// Notes whether `reason`, which is of a closed set, keeps the gateway from new work.
    pub(super) fn not_ready(&self, reason: &'static str, holds: bool) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_not_ready", "reason" => reason).set(number(usize::from(holds)));
        });
    }

    /// Notes whether `store`, which is of a closed set, can be used.
    pub(super) fn store(&self, store: &'static str, available: bool) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_store_available", "store" => store).set(number(usize::from(available)));
        });
    }

    /// Notes how a token is that holds keys of ours.
    pub(super) fn token(&self, token: &hsm::Condition) {
        with_local_recorder(&self.recorder, || {
            let there = usize::from(token.lost.is_none());
            gauge!("sealgate_token_available", "token" => token.token.clone()).set(number(there));
        });
    }

    /// Notes how a server of the backend of a route is.
    pub(super) fn server(&self, route: &str, server: &Status) {
        let labels = || [("route", route.to_owned()), ("server", server.name.clone())];
        let asked = server.condition == Condition::Closed;
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_server_available", &labels()).set(number(usize::from(asked)));
            counter!("sealgate_server_answered_total", &labels()).absolute(server.answered);
            counter!("sealgate_server_failed_total", &labels()).absolute(server.failed);
            counter!("sealgate_server_opened_total", &labels()).absolute(server.opened);
        });
    }

    /// Notes how many spans a collector was told of, and how many were lost.
    pub(super) fn spans(&self, told: Told) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_spans_exported_total").absolute(told.exported);
            counter!("sealgate_spans_lost_total", "reason" => "no_room").absolute(told.no_room);
            counter!("sealgate_spans_lost_total", "reason" => "not_taken").absolute(told.not_taken);
        });
    }

    /// Notes what became of the messages that are to be kept.
    pub(super) fn archive(&self, told: archive::Told) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_archive_rows_total").absolute(told.rows);
            counter!("sealgate_archive_bytes_total").absolute(told.bytes);
            counter!("sealgate_archive_failures_total").absolute(told.failures);
            counter!("sealgate_archive_files_total").absolute(told.files);
        });
    }

    /// Counts an attempt to replace the configuration, which was `replaced` or `kept`.
    pub(super) fn reload(&self, outcome: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_reloads_total", "outcome" => outcome).increment(1);
        });
    }

    /// Notes when what is in use for a file was fetched.
    pub(super) fn fetched(&self, file: &str, at: DateTime<Utc>) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_fetched_timestamp_seconds", "file" => file.to_owned())
                .set(seconds(at.timestamp()));
        });
    }

    /// Counts a failure to fetch a file.
    pub(super) fn not_fetched(&self, file: &str, code: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!("sealgate_fetch_failures_total", "file" => file.to_owned(), "code" => code).increment(1);
        });
    }

    /// Notes which configuration is in use, counted from 1, and since when.
    pub(super) fn configuration(&self, number: u64, since: DateTime<Utc>) {
        let counted = u32::try_from(number).map_or(f64::MAX, f64::from);
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_configuration").set(counted);
            gauge!("sealgate_configuration_since_timestamp_seconds").set(seconds(since.timestamp()));
        });
    }

    /// Notes when the certificate of the gateway ends.
    pub(super) fn certificate_ends(&self, ends: DateTime<Utc>) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_certificate_ends_timestamp_seconds").set(seconds(ends.timestamp()));
        });
    }

    /// Notes when the certificate ends that signs the answers of a route; `None` if there is none any more.
    pub(super) fn route_certificate_ends(&self, route: &str, ends: Option<DateTime<Utc>>) {
        let ends = ends.map_or(f64::INFINITY, |ends| seconds(ends.timestamp()));
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_certificate_ends_timestamp_seconds", "route" => route.to_owned()).set(ends);
        });
    }

    /// Notes when the first certificate for `purpose`, which is of a closed set, ends, if there is one.
    pub(super) fn certificates_end(&self, purpose: &'static str, ends: Option<DateTime<Utc>>) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_certificates_end_timestamp_seconds", "use" => purpose).set(end(ends));
        });
    }

    /// Notes from when an issuer has no CRL that counts.
    pub(super) fn lists_end(&self, ends: Option<DateTime<Utc>>) {
        with_local_recorder(&self.recorder, || {
            gauge!("sealgate_crl_next_update_timestamp_seconds").set(end(ends));
        });
    }

    /// Everything, as Prometheus reads it.
    pub(super) fn render(&self) -> String {
        // Moves what was recorded since the last time into the buckets, which also bounds it.
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// To be called every few seconds, or what was recorded since the last [`render`](Self::render) grows.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// When something ends, in seconds since 1970; never, if it is not there.
fn end(ends: Option<DateTime<Utc>>) -> f64 {
    ends.map_or(f64::INFINITY, |ends| seconds(ends.timestamp()))
}

/// Seconds since 1970.
fn seconds(timestamp: i64) -> f64 {
    u32::try_from(timestamp).map_or(f64::MAX, f64::from)
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn metrics_are_rendered_and_do_not_mix() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.request("/orders", Outcome::Refused, "dsig.missing");
        one.request("/orders", Outcome::Refused, "dsig.missing");
        one.step("/orders", Step::Verify, Duration::from_micros(80));
        for route in ["/orders", "/orders", "/bills"] {
            one.request(route, Outcome::Answered, "none");
            one.step(route, Step::Seal, Duration::from_millis(3));
        }
        one.load(3, 4096);
        one.wrong_password("/orders");
        one.threat("/orders", Rule::SqlPattern, Mode::Observe);
        let text = one.render();
        for line in [
            "sealgate_requests_total{route=\"/orders\",outcome=\"refused\",code=\"dsig.missing\"} 2",
            "sealgate_step_seconds_bucket{route=\"/orders\",step=\"verify\",le=\"0.0001\"} 1",
            "sealgate_step_seconds_bucket{route=\"/orders\",step=\"verify\",le=\"0.00005\"} 0",
            "sealgate_requests_total{route=\"/orders\",outcome=\"answered\",code=\"none\"} 2",
            "sealgate_requests_total{route=\"/bills\",outcome=\"answered\",code=\"none\"} 1",
            "sealgate_step_seconds_bucket{route=\"/orders\",step=\"seal\",le=\"0.005\"} 2",
            "sealgate_step_seconds_bucket{route=\"/bills\",step=\"seal\",le=\"0.005\"} 1",
            "sealgate_step_seconds_count{route=\"/orders\",step=\"verify\"} 1",
            "sealgate_messages_in_work 3",
            "sealgate_wrong_passwords_total{route=\"/orders\"} 1",
            "sealgate_threats_total{route=\"/orders\",rule=\"sql_pattern\",mode=\"observe\"} 1",
            "sealgate_body_bytes_held 4096",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!other.render().contains("/orders"));
    }

    /// Every name of a metric in `text`; of a histogram, that which it is described by.
    fn names(text: &str) -> BTreeSet<&str> {
        let word = |c: char| !(c.is_ascii_lowercase() || c == '_');
        let names = text.split(word).filter(|name| name.starts_with("sealgate_"));
        names.map(|name| name.trim_end_matches("_bucket")).collect()
    }

    /// What is exported, by name, with its kind.
    fn exported() -> BTreeSet<(&'static str, &'static str)> {
        let (ours, _) = include_str!("metrics.rs").split_once("#[cfg(test)]").unwrap();
        let described = include_str!("metrics/describe.rs")
            .split("metrics::describe_")
            .skip(1);
        let described: BTreeSet<_> = described
            .map(|rest| {
                let (kind, rest) = rest.split_once('!').unwrap();
                (rest.split('"').nth(1).unwrap(), kind)
            })
            .collect();
        let named: BTreeSet<_> = described.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, names(ours), "each is described and set");
        described
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_no_other() {
        let dashboard = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/dashboards/grafana.json"));
        let ours: BTreeSet<_> = exported().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names(dashboard), ours);
        let parsed: serde_json::Value = serde_json::from_str(dashboard).unwrap();
        assert!(
            parsed
                .get("panels")
                .is_some_and(|panels| panels.as_array().is_some_and(|all| all.len() > 10))
        );
    }

    #[test]
    fn the_manual_has_every_metric_with_its_kind_and_no_other() {
        let manual = include_str!("../manual/metrics.rs");
        let rows = manual.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("//! | `")?.split(" | ");
            Some((cells.next()?.strip_suffix('`')?, cells.next()?))
        });
        assert_eq!(rows.collect::<BTreeSet<_>>(), exported());
    }
}
