//! Bodies are read whole, under limits of size, time and pace.

use std::pin::Pin;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::rt::time::Instant;
use actix_web::rt::time::timeout;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::Stream;
use futures_util::StreamExt;

use super::load::Gauge;
use super::load::Share;

/// The time that a client has before its pace counts.
const GRACE: Duration = Duration::from_secs(5);

/// Bytes that a client must send in a second (B15).
const PACE: u64 = 1024;

/// What is reserved for a body before any of it has come.
const FIRST: usize = 64 * 1024;

/// The code of requests that came when the gateway had been told to stop.
pub(super) const STOPPING: &str = "http.stopping";

/// The limits of a body.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Bytes.
    pub(super) bytes: usize,
    /// The time from the head of the request to the end of the body.
    pub(super) time: Duration,
    /// The bytes of all bodies.
    pub(super) held: Gauge,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is longer than allowed.
    TooLarge,
    /// It came too slowly.
    TooSlow,
    /// All bodies together are more than can be held.
    Overload,
    /// The gateway ends, and takes no new ones.
    Stopping,
    /// It ended early, or is framed wrongly.
    Broken,
}

impl NoBody {
    /// The stable code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "limit.bytes",
            Self::TooSlow => "http.too_slow",
            Self::Overload => "http.overload",
            Self::Stopping => STOPPING,
            Self::Broken => "http.broken",
        }
    }
}

/// Reads a body that says it has `length` bytes. The share says that its bytes are held.
pub(super) async fn read<S>(
    payload: &mut S,
    length: Option<usize>,
    limits: &Limits,
) -> Result<(Bytes, Share), NoBody>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    if length.is_some_and(|length| length > limits.bytes) {
        return Err(NoBody::TooLarge);
    }
    let mut share = limits.held.take(0).map_err(|_| NoBody::Overload)?;
    let mut arriving = Arriving::of(payload, limits.time);
    let mut body = BytesMut::new();
    while let Some(chunk) = arriving.next().await? {
        if body.len().saturating_add(chunk.len()) > limits.bytes {
            return Err(NoBody::TooLarge);
        }
        share.grow(chunk.len()).map_err(|_| NoBody::Overload)?;
        if body.is_empty() {
            // Most bodies are one chunk, and need no copy.
            if length == Some(chunk.len()) {
                return Ok((chunk, share));
            }
            body.reserve(length.unwrap_or_default().min(FIRST));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.freeze(), share))
}

/// A body on its way.
pub(super) struct Arriving<'p, S> {
    payload: &'p mut S,
    started: Instant,
    time: Duration,
    /// Bytes that have come.
    come: u64,
}

impl<'p, S> Arriving<'p, S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    /// A body that has `time` to come.
    pub(super) fn of(payload: &'p mut S, time: Duration) -> Self {
        Self {
            payload,
            started: Instant::now(),
            time,
            come: 0,
        }
    }

    /// The next bytes; none at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, NoBody> {
        let paced = self.come.checked_div(PACE).unwrap_or_default();
        let allowed = GRACE.saturating_add(Duration::from_secs(paced));
        let end = self
            .started
            .checked_add(allowed.min(self.time))
            .unwrap_or(self.started);
        let left = end.saturating_duration_since(Instant::now());
        let next = timeout(left, Pin::new(&mut *self.payload).next()).await;
        let chunk = next.map_err(|_| NoBody::TooSlow)?;
        let chunk = chunk.transpose().map_err(|_| NoBody::Broken)?;
        let length = chunk.as_ref().map_or(0, Bytes::len);
        self.come = self
            .come
            .saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use actix_web::rt::System;
    use futures_util::stream;

    use super::*;

    fn limits(bytes: usize, seconds: u64, held: usize) -> Limits {
        Limits {
            bytes,
            time: Duration::from_secs(seconds),
            held: Gauge::new(held),
        }
    }

    fn chunks(texts: &[&'static str]) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + use<> {
        let chunks: Vec<_> = texts
            .iter()
            .map(|text| Ok(Bytes::from_static(text.as_bytes())))
            .collect();
        stream::iter(chunks)
    }

    fn read_all(texts: &[&'static str], length: Option<usize>, limits: &Limits) -> Result<Bytes, NoBody> {
        let mut chunks = chunks(texts);
        let read = read(&mut chunks, length, limits);
        System::new().block_on(read).map(|(bytes, _)| bytes)
    }

    #[test]
    fn a_body_within_its_limits_is_read_whole() {
        let limits = limits(10, 1, 10);
        assert_eq!(
            read_all(&["01234", "56789"], None, &limits).unwrap(),
            "0123456789"
        );
        assert_eq!(
            read_all(&["0123456789"], Some(10), &limits).unwrap(),
            "0123456789"
        );
        assert_eq!(read_all(&[], Some(0), &limits).unwrap(), "");
        assert_eq!(limits.held.used(), 0);
    }

    #[test]
    fn one_byte_more_is_too_large_whatever_the_length_says() {
        let limits = limits(10, 1, 100);
        assert_eq!(
            read_all(&["01234", "567890"], None, &limits),
            Err(NoBody::TooLarge)
        );
        assert_eq!(
            read_all(&["01234", "567890"], Some(3), &limits),
            Err(NoBody::TooLarge)
        );
        assert_eq!(read_all(&[], Some(11), &limits), Err(NoBody::TooLarge));
    }

    #[test]
    fn bodies_that_together_are_too_much_are_refused() {
        let limits = limits(10, 1, 12);
        System::new().block_on(async {
            let (_, held) = read(&mut chunks(&["01234"]), None, &limits).await.unwrap();
            assert_eq!(
                read(&mut chunks(&["01234567"]), None, &limits).await.err(),
                Some(NoBody::Overload)
            );
            drop(held);
            assert!(read(&mut chunks(&["01234567"]), None, &limits).await.is_ok());
        });
    }

    #[test]
    fn a_body_that_stops_coming_is_given_up() {
        let started = std::time::Instant::now();
        let mut stuck = stream::iter([Ok(Bytes::from_static(b"0"))]).chain(stream::pending());
        let result = System::new().block_on(read(&mut stuck, None, &limits(10, 1, 10)));
        assert_eq!(result.err(), Some(NoBody::TooSlow));
        assert!(started.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_body_that_breaks_off_is_no_body() {
        let mut broken = stream::iter([Ok(Bytes::from_static(b"0")), Err(PayloadError::Incomplete(None))]);
        let result = System::new().block_on(read(&mut broken, None, &limits(10, 1, 10)));
        assert_eq!(result.err(), Some(NoBody::Broken));
    }
}
