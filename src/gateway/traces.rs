//! Spans wait here until a collector has been told. That never holds up a message: what there is no room for is counted and gone.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::rt;
use actix_web::web;
use http::Uri;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::shared::Shared;
use crate::crypto::random_bytes;
use crate::http_client::Body;
use crate::http_client::HttpClient;
use crate::http_client::Request;
use crate::http_client::Times;
use crate::trace::Settings;
use crate::trace::Span;
use crate::trace::export_request;
use crate::trace::rejected_spans;

/// How many spans are told at a time.
const BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const GATHERING: Duration = Duration::from_secs(1);

/// How long a collector has to connect, and then to answer.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(10);

/// How often a batch is told before it is given up.
const TRIES: u32 = 3;

/// The longest that a collector may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The greatest answer of a collector, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;

/// The spans of a gateway that are still to be told.
pub(super) struct Traces {
    pub(super) settings: Settings,
    waiting: Mutex<VecDeque<Span>>,
    /// Told when there is a batch, or no more to come.
    wake: Notify,
    ending: AtomicBool,
    told: AtomicU64,
    no_room: AtomicU64,
    not_taken: AtomicU64,
}

/// How many spans were told, and how many were not and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) exported: u64,
    /// There was no room for them to wait.
    pub(super) no_room: u64,
    /// The collector did not answer, or did not take them.
    pub(super) not_taken: u64,
}

/// Why a collector has not taken a batch.
enum NotTaken {
    /// It may take it later; after so long, if it said so.
    Later(String, Option<Duration>),
    /// It never will.
    Never(String),
}

impl Traces {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            waiting: Mutex::default(),
            wake: Notify::new(),
            ending: AtomicBool::new(false),
            told: AtomicU64::new(0),
            no_room: AtomicU64::new(0),
            not_taken: AtomicU64::new(0),
        }
    }

    /// Takes the spans of a request, as far as there is room.
    pub(super) fn put(&self, spans: Vec<Span>) {
        let mut waiting = self.waiting();
        let room = self.settings.queue.saturating_sub(waiting.len());
        let lost = spans.len().saturating_sub(room);
        waiting.extend(spans.into_iter().take(room));
        let enough = waiting.len() >= BATCH;
        drop(waiting);
        count(&self.no_room, lost);
        if enough {
            self.wake.notify_one();
        }
    }

    /// No more will come.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    pub(super) fn told(&self) -> Told {
        Told {
            exported: self.told.load(Ordering::Relaxed),
            no_room: self.no_room.load(Ordering::Relaxed),
            not_taken: self.not_taken.load(Ordering::Relaxed),
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    fn batch(&self) -> Vec<Span> {
        let mut waiting = self.waiting();
        let length = waiting.len().min(BATCH);
        waiting.drain(..length).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the collector of spans, if there is one, until no more will come.
pub(super) async fn export(shared: web::Data<Shared>) {
    let Some(traces) = &shared.traces else {
        return;
    };
    let client = HttpClient::closing(CONNECT, traces.settings.tls.clone());
    let mut answered = true;
    loop {
        let _ = timeout(GATHERING, traces.wake.notified()).await;
        // Before the last look at what waits, so that nothing comes between.
        let ending = traces.is_ending();
        loop {
            let batch = traces.batch();
            if batch.is_empty() {
                break;
            }
            let told = tell(&client, traces, &batch).await;
            note(answered, told.as_ref().err());
            answered = told.is_ok();
            match told {
                Ok(rejected) => {
                    let rejected = usize::try_from(rejected).unwrap_or(usize::MAX).min(batch.len());
                    count(&traces.told, batch.len().saturating_sub(rejected));
                    count(&traces.not_taken, rejected);
                }
                Err(_) => count(&traces.not_taken, batch.len()),
            }
            if batch.len() < BATCH {
                break;
            }
        }
        if ending {
            return;
        }
    }
}

/// Tells of a batch, more than once where the collector may take it later (OTLP 1, "Retryable Response Codes" and "Throttling"). How many
/// spans it has not taken; or why it has taken none.
async fn tell(client: &HttpClient, traces: &Traces, batch: &[Span]) -> Result<u64, String> {
    let body = bytes::Bytes::from(export_request(&traces.settings.service, batch));
    let mut pause = Duration::from_secs(1);
    let mut tries: u32 = 1;
    loop {
        let (reason, asked) = match post(client, &traces.settings.url, body.clone()).await {
            Ok(rejected) => return Ok(rejected),
            Err(NotTaken::Never(reason)) => return Err(reason),
            Err(NotTaken::Later(reason, asked)) => (reason, asked),
        };
        if tries >= TRIES || traces.is_ending() {
            return Err(reason);
        }
        let wait = asked.unwrap_or_else(|| jittered(pause)).min(LONGEST_WAIT);
        let until = tokio::time::Instant::now().checked_add(wait);
        while until.is_some_and(|until| tokio::time::Instant::now() < until) && !traces.is_ending() {
            rt::time::sleep(wait.min(Duration::from_millis(100))).await;
        }
        pause = pause.saturating_mul(2);
        tries = tries.saturating_add(1);
    }
}

async fn post(client: &HttpClient, url: &Uri, body: bytes::Bytes) -> Result<u64, NotTaken> {
    let request = Request {
        method: "POST",
        uri: url,
        fields: vec![("content-type", "application/x-protobuf".to_owned())],
        body: Body::Octets(body),
    };
    let mut answer = client
        .send(request, Times::of(ANSWER))
        .await
        .map_err(|error| NotTaken::Later(error.to_string(), None))?;
    if (200..300).contains(&answer.status) {
        // It has them, whatever it says of it.
        let said = answer.whole(ANSWER_BYTES).await.ok();
        return Ok(said.and_then(|said| rejected_spans(&said)).unwrap_or(0));
    }
    let reason = format!("HTTP status {}", answer.status);
    let after = answer.fields.text("retry-after");
    let after = after.and_then(|after| after.parse().ok());
    Err(match answer.status {
        429 | 502..=504 => NotTaken::Later(reason, after.map(Duration::from_secs)),
        _ => NotTaken::Never(reason),
    })
}

/// Between half of `pause` and all of it, so that gateways do not come back together.
fn jittered(pause: Duration) -> Duration {
    let random = random_bytes(1).ok().and_then(|octets| octets.first().copied());
    let part = pause.saturating_mul(random.unwrap_or(0).into()).checked_div(512);
    pause.saturating_sub(part.unwrap_or_default())
}

/// One line when a collector ceases to take spans, and one when it does again.
fn note(answered: bool, error: Option<&String>) {
    match (answered, error) {
        (true, Some(reason)) => tracing::warn!(reason, "traces are lost: the collector does not take them"),
        (false, None) => tracing::info!("the collector takes traces again"),
        (true, None) | (false, Some(_)) => {}
    }
}

fn count(counter: &AtomicU64, spans: usize) {
    counter.fetch_add(u64::try_from(spans).unwrap_or(u64::MAX), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::num::NonZeroU32;
    use std::time::SystemTime;

    use super::*;
    use crate::trace::Context;
    use crate::trace::Kind;

    fn traces(queue: usize) -> Traces {
        Traces::new(Settings {
            url: Uri::from_static("http://127.0.0.1:1/v1/traces"),
            tls: None,
            service: "sealgate".to_owned(),
            one_in: NonZeroU32::MIN,
            queue,
        })
    }

    fn span() -> Span {
        Span {
            context: Context::begin(NonZeroU32::MIN).unwrap(),
            parent: None,
            name: "verify".into(),
            kind: Kind::Internal,
            begin: SystemTime::UNIX_EPOCH,
            end: SystemTime::UNIX_EPOCH,
            attributes: Vec::new(),
            error: None,
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_and_gone() {
        let traces = traces(3);
        traces.put(vec![span(), span()]);
        traces.put(vec![span(), span()]);
        traces.put(vec![span()]);
        assert_eq!(traces.told().no_room, 2);
        assert_eq!(traces.batch().len(), 3);
        assert!(traces.batch().is_empty());
        traces.put(vec![span()]);
        assert_eq!((traces.batch().len(), traces.told().no_room), (1, 2));
    }

    #[test]
    fn a_wait_is_never_longer_than_asked_nor_shorter_than_half_of_it() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(2));
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&wait));
        }
    }
}
