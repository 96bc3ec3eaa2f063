//! Bodies of several parts are read as they come: the envelope is held, attachments go to the spool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web;
use bytes::Bytes;
use bytes::BytesMut;
use chrono::Utc;
use futures_util::Stream;

use super::body::Arriving;
use super::body::NoBody;
use super::budget::Budget;
use super::budget::Within;
use super::load::Gauge;
use super::load::Share;
use super::snapshot::Place;
use crate::soap;
use crate::soap::attachment::Package;
use crate::soap::attachment::Packaged;
use crate::soap::attachment::Plan;
use crate::soap::attachment::PlannedDigest;
use crate::soap::attachment::Spool;

/// As much is gathered before another thread takes it apart: less is not worth the way there.
const PIECE: usize = 256 * 1024;

/// The limits of a body of several parts.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Bytes of all parts.
    pub(super) bytes: usize,
    /// Bytes of its envelope.
    pub(super) envelope: usize,
    /// The time from the head of the request to the end of the body.
    pub(super) time: Duration,
    /// Bytes of a body that are kept as they came; of a longer one, nothing is.
    pub(super) kept: usize,
    /// The bytes of all envelopes.
    pub(super) held: Gauge,
    /// The bytes of all attachments, as they come, as they are spooled and as they are kept.
    pub(super) spooled: Gauge,
    /// Where they are kept.
    pub(super) spool: Arc<dyn Spool>,
}

/// Attachments are digested as they come where the gate of a place says that the signature over them is worth it.
pub(super) struct PlannedBy(pub(super) Arc<Place>);

impl fmt::Debug for PlannedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlannedBy").field(&self.0.route.path).finish()
    }
}

impl Plan for PlannedBy {
    fn digests(&self, envelope: Bytes) -> Vec<PlannedDigest> {
        self.0.gate.planned_digests(envelope, Utc::now())
    }
}

/// Why there is no message.
#[derive(Debug)]
pub(super) enum NotRead {
    /// The body did not come whole.
    Body(NoBody),
    /// It is refused.
    Refused(soap::Error),
    /// A mistake of ours.
    Panicked,
}

impl From<NoBody> for NotRead {
    fn from(reason: NoBody) -> Self {
        Self::Body(reason)
    }
}

/// A body that was read.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) packaged: Packaged,
    /// Says that the envelope is held; attachments count as long as they are there.
    pub(super) held: Share,
    /// The octets as they came, if they are kept, and that they are held.
    pub(super) whole: Option<(Bytes, Share)>,
}

/// Reads a body that says it has `length` bytes into the package that `package` makes of a spool.
pub(super) async fn read<S>(
    payload: &mut S,
    length: Option<usize>,
    limits: &Limits,
    package: impl FnOnce(Arc<dyn Spool>) -> Package,
) -> Result<Whole, NotRead>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    if length.is_some_and(|length| length > limits.bytes) {
        return Err(NoBody::TooLarge.into());
    }
    let budget = Budget::of(limits.spooled.take(0).map_err(|_| NoBody::Overload)?);
    let held = length.unwrap_or(usize::MAX).min(limits.envelope);
    let held = limits.held.take(held).map_err(|_| NoBody::Overload)?;
    let mut package = package(Arc::new(Within {
        budget: budget.clone(),
        spool: Arc::clone(&limits.spool),
    }));
    let or_overload = |reason| match reason {
        NotRead::Refused(_) if budget.is_full() => NoBody::Overload.into(),
        NotRead::Body(_) | NotRead::Refused(_) | NotRead::Panicked => reason,
    };
    let mut arriving = Arriving::of(payload, limits.time);
    let mut come = 0_usize;
    let mut gathered = BytesMut::new();
    let mut kept = AsItCame::of(limits)?;
    while let Some(chunk) = arriving.next().await? {
        come = come.saturating_add(chunk.len());
        if come > limits.bytes {
            return Err(NoBody::TooLarge.into());
        }
        budget.come(chunk.len()).map_err(|_| NoBody::Overload)?;
        gathered.extend_from_slice(&chunk);
        if gathered.len() >= PIECE {
            let piece = gathered.split().freeze();
            kept.push(&piece)?;
            package = pushed(package, piece).await.map_err(or_overload)?;
        }
    }
    let piece = gathered.freeze();
    kept.push(&piece)?;
    let package = pushed(package, piece).await.map_err(or_overload)?;
    let finished = web::block(move || package.finish()).await;
    let packaged = finished.map_err(|_| NotRead::Panicked)?;
    Ok(Whole {
        packaged: packaged.map_err(NotRead::Refused).map_err(or_overload)?,
        held,
        whole: kept.octets(),
    })
}

/// The octets of a body, as long as they are few enough to be kept.
struct AsItCame {
    most: usize,
    pieces: Option<(Vec<Bytes>, Share)>,
}

impl AsItCame {
    fn of(limits: &Limits) -> Result<Self, NoBody> {
        let share = limits.spooled.take(0).map_err(|_| NoBody::Overload)?;
        Ok(Self {
            most: limits.kept,
            pieces: (limits.kept > 0).then(|| (Vec::new(), share)),
        })
    }

    fn push(&mut self, piece: &Bytes) -> Result<(), NoBody> {
        self.most = match self.most.checked_sub(piece.len()) {
            Some(left) => left,
            None => {
                self.pieces = None;
                0
            }
        };
        if let Some((pieces, share)) = &mut self.pieces {
            share.grow(piece.len()).map_err(|_| NoBody::Overload)?;
            pieces.push(piece.clone());
        }
        Ok(())
    }

    fn octets(self) -> Option<(Bytes, Share)> {
        self.pieces.map(|(pieces, share)| (pieces.concat().into(), share))
    }
}

/// `package` with further octets. Files are written, so this is done on a thread that may wait.
async fn pushed(mut package: Package, octets: Bytes) -> Result<Package, NotRead> {
    let done = web::block(move || package.push(&octets).map(|()| package)).await;
    done.map_err(|_| NotRead::Panicked)?.map_err(NotRead::Refused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use actix_web::rt::System;
    use futures_util::stream;

    use super::*;
    use crate::soap::attachment::{InMemory, Related};

    const BODY: &str = "--b\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b\r\nContent-Type: a/b\r\nContent-ID: <p@x>\r\n\r\nx\r\n--b--";

    fn limits(bytes: usize, spooled: usize) -> Limits {
        Limits {
            bytes,
            envelope: 10,
            kept: 0,
            time: Duration::from_secs(1),
            held: Gauge::new(10),
            spooled: Gauge::new(spooled),
            spool: Arc::new(InMemory),
        }
    }

    fn read_all(body: &str, length: Option<usize>, limits: &Limits) -> Result<Packaged, NotRead> {
        let related = Related::parse("multipart/related; type=\"text/xml\"; boundary=b").unwrap();
        let package = |spool| Package::new(related, &crate::xml::Limits::default(), spool);
        let mut chunks = stream::iter(
            body.as_bytes()
                .chunks(7)
                .map(|chunk| Ok(Bytes::copy_from_slice(chunk))),
        );
        let read = System::new().block_on(read(&mut chunks, length, limits, package));
        read.map(|read| read.packaged)
    }

    #[test]
    fn parts_are_read_as_they_come() {
        let limits = limits(1000, 1000);
        let packaged = read_all(BODY, Some(BODY.len()), &limits).unwrap();
        assert_eq!(packaged.envelope, "<a/>");
        assert_eq!(packaged.attachments.iter().count(), 1);
        assert_eq!((limits.held.used(), limits.spooled.used()), (0, BODY.len()));
        drop(packaged);
        assert_eq!(limits.spooled.used(), 0);
    }

    #[test]
    fn too_much_and_what_is_wrong_are_refused() {
        let body = |read: Result<Packaged, NotRead>| match read.unwrap_err() {
            NotRead::Body(reason) => reason.code(),
            NotRead::Refused(error) => error.code(),
            NotRead::Panicked => "panicked",
        };
        assert_eq!(
            body(read_all(BODY, Some(1001), &limits(1000, 1000))),
            "limit.bytes"
        );
        assert_eq!(
            body(read_all(BODY, None, &limits(BODY.len() - 1, 1000))),
            "limit.bytes"
        );
        assert_eq!(
            body(read_all(BODY, None, &limits(1000, BODY.len() - 1))),
            "http.overload"
        );
        assert_eq!(body(read_all("--c", None, &limits(1000, 1000))), "soap.multipart");
        // Line ends of a text become longer when they are canonical.
        let lines = BODY
            .replace("a/b", "text/plain")
            .replace("x\r", &format!("{}\r", "\n".repeat(200)));
        assert_eq!(body(read_all(&lines, None, &limits(1000, 399))), "http.overload");
        assert!(read_all(&lines, None, &limits(1000, 400)).is_ok());
    }
}
