//! What a client gets: a sealed answer, a fault that says nothing, or plain HTTP.

use std::time::Duration;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::rt;
use actix_web::web;
use bytes::Bytes;

use super::arrival::NoMessage;
use super::load::Share;
use super::report::Report;
use super::server::CLOSE_TIME;
use crate::outbound::SealedBody;
use crate::outbound::SealedReply;
use crate::soap::Fault;
use crate::soap::Version;

/// Longer than a connection waits for its client to have taken the last answer.
const UNREAD_FOR: Duration = CLOSE_TIME.saturating_add(Duration::from_secs(1));

/// As much of an answer as goes to the connection at a time.
const PIECE: usize = 16 * 1024;

/// An answer that is held until its client has taken all but the last pieces.
struct Held {
    octets: Bytes,
    _share: Share,
}

/// The answer of a backend, signed, which `hold` counts.
pub(super) fn sealed(reply: SealedReply, hold: impl FnOnce(usize) -> Share) -> HttpResponse {
    let mut response = HttpResponse::build(status(reply.status()));
    let Some(content_type) = reply.content_type() else {
        return response.finish();
    };
    response.insert_header((header::CONTENT_TYPE, content_type));
    match reply.into_body() {
        SealedBody::Whole(octets) => response.body(Held {
            _share: hold(octets.len()),
            octets,
        }),
        SealedBody::Streamed(length, octets) => response.body(SizedStream::new(length, octets)),
    }
}

impl MessageBody for Held {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.octets.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let piece = self.octets.len().min(PIECE);
        let piece = self.octets.split_to(piece);
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

/// A fault. The connection ends with it where the request was not read to its end.
pub(super) fn fault(fault: &Fault, version: Version, report: &Report<'_>, unread: Unread) -> HttpResponse {
    let mut response = HttpResponse::build(status(fault.http_status(version)));
    if let Some(seconds) = report.retry_after().filter(|_| *fault == Fault::Busy) {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if *fault == Fault::Unauthorized {
        response.insert_header((header::WWW_AUTHENTICATE, report.challenge()));
    }
    if unread == Unread::Some {
        response.force_close();
    }
    response
        .insert_header((header::CONTENT_TYPE, version.content_type()))
        .body(fault.to_bytes(version, &report.incident))
}

/// Whether some of the request's body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It may be.
    Some,
    /// All was read.
    Nothing,
}

/// HTTP's own answer to what carries no message. The body was not read, so the connection ends.
pub(super) fn no_message(reason: NoMessage) -> HttpResponse {
    let mut response = HttpResponse::build(reason.status());
    if reason == NoMessage::Method {
        response.insert_header((header::ALLOW, "POST"));
    }
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.force_close().finish()
}

/// There is nothing at this path.
pub(super) fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .force_close()
        .finish()
}

/// Leaves the rest of a body where it is until the connection has been closed. To drop it would ask the web server to read a
/// chunked body to its end, which is the client's to choose.
pub(super) fn leave_unread(payload: web::Payload) {
    rt::spawn(async move {
        rt::time::sleep(UNREAD_FOR).await;
        drop(payload);
    });
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
