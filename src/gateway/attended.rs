//! An exchange goes on to its end whoever is there to read the answer: who resets a connection gets no work for nothing, and what was begun
//! has an outcome.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::dev::ServerHandle;
use actix_web::error::PayloadError;
use actix_web::rt;
use actix_web::web;
use bytes::Bytes;
use futures_util::{FutureExt, Stream};
use tokio::sync::oneshot::{Receiver, Sender, channel, error::TryRecvError};

use super::load::{Gauge, Share};
use super::report::Report;
use super::shared::Shared;
use crate::soap::Fault;

/// How often it is looked whether the last exchange without a client has ended.
const LOOK: Duration = Duration::from_millis(50);

/// What comes from a client. Its body ends early when the client goes.
pub(super) struct Incoming {
    payload: web::Payload,
    client: Client,
}

enum Client {
    Waits(Receiver<Share>),
    /// Counts the exchange as one without a client.
    Gone {
        _unattended: Option<Share>,
    },
}

/// The end that is with the connection.
struct Attendance {
    unattended: Gauge,
    client: Option<Sender<Share>>,
}

/// Does what `exchange` says to its end, on this thread, even where nobody waits for this any more: then it counts as `unattended`.
pub(super) async fn to_its_end<F>(
    unattended: Gauge,
    payload: web::Payload,
    exchange: impl FnOnce(Incoming) -> F,
) -> HttpResponse
where
    F: Future<Output = HttpResponse> + 'static,
{
    let (sender, receiver) = channel();
    let client = Client::Waits(receiver);
    let mut attendance = Attendance {
        unattended,
        client: Some(sender),
    };
    let done = rt::spawn(exchange(Incoming { payload, client })).await;
    attendance.client = None;
    done.unwrap_or_else(|_| HttpResponse::InternalServerError().force_close().finish())
}

/// A mistake of ours costs one message, and not the process nor the other connections of this thread.
pub(super) fn shielded<T, E: From<Fault>>(
    work: impl Future<Output = Result<T, E>>,
    report: &Report<'_>,
) -> impl Future<Output = Result<T, E>> {
    let done = AssertUnwindSafe(work).catch_unwind();
    done.map(|done| done.unwrap_or_else(|_| Err(report.panicked().into())))
}

/// Stops `server` once exchanges whose client has gone have ended, too, or had their time: it knows of connections alone.
pub(super) fn stop(server: ServerHandle, shared: web::Data<Shared>) {
    shared.begin_to_stop();
    if shared.unattended.used() == 0 {
        // The order is given by the call; the future only waits.
        return drop(server.stop(true));
    }
    let handle = server.clone();
    let wait = move || {
        drop(server.pause());
        let begun = Instant::now();
        while shared.unattended.used() > 0 && begun.elapsed() < shared.drain {
            sleep(LOOK);
        }
        let graceful = begun.elapsed() < shared.drain;
        shared.begin_to_stop();
        drop(server.stop(graceful));
    };
    if thread::Builder::new()
        .name("stop".to_owned())
        .spawn(wait)
        .is_err()
    {
        drop(handle.stop(true));
    }
}

impl Incoming {
    /// What of it was not read.
    pub(super) fn rest(self) -> web::Payload {
        self.payload
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn client_is_gone(&mut self) -> bool {
        if let Client::Waits(receiver) = &mut self.client {
            match receiver.try_recv() {
                Ok(share) => {
                    self.client = Client::Gone {
                        _unattended: Some(share),
                    }
                }
                Err(TryRecvError::Closed) => self.client = Client::Gone { _unattended: None },
                Err(TryRecvError::Empty) => {}
            }
        }
        matches!(self.client, Client::Gone { .. })
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = Pin::new(&mut self.payload).poll_next(context) {
            return Poll::Ready(chunk);
        }
        if let Client::Waits(receiver) = &mut self.client {
            let Poll::Ready(left) = Pin::new(receiver).poll(context) else {
                return Poll::Pending;
            };
            self.client = Client::Gone {
                _unattended: left.ok(),
            };
        }
        Poll::Ready(Some(Err(PayloadError::Incomplete(None))))
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if let (Some(client), Ok(share)) = (self.client.take(), self.unattended.take(1)) {
            // Where the exchange has just ended nothing is to be counted.
            let _ = client.send(share);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::gateway::metrics::Metrics;
    use crate::gateway::threats::Watch;

    #[test]
    fn a_panic_becomes_a_fault_and_is_counted() {
        let metrics = Metrics::new();
        let counts = std::sync::Arc::default();
        let watch = Watch::new(&counts, "/orders", None, None);
        let report = Report::new(&metrics, "/orders", None, watch, None);
        let ask = |broken: bool| {
            let work = async move {
                rt::task::yield_now().await;
                assert!(!broken, "a mistake");
                Ok(7)
            };
            rt::System::new().block_on(shielded(work, &report))
        };
        assert_eq!(ask(false), Ok(7));
        assert_eq!(ask(true), Err(Fault::Internal));
        let text = metrics.render();
        assert!(text.contains("sealgate_panics_total 1"), "{text}");
        assert!(text.contains("code=\"internal.panic\"} 1"), "{text}");
    }
}
