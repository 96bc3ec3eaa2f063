//! How much of a body has come, in whatever form it is kept.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;

/// A body whose octets are counted as they come.
pub(super) struct Metered<'p, S> {
    payload: &'p mut S,
    come: u64,
}

impl<'p, S> Metered<'p, S> {
    /// The body, of which nothing has come.
    pub(super) const fn of(payload: &'p mut S) -> Self {
        Self { payload, come: 0 }
    }

    /// Octets that have come.
    pub(super) const fn come(&self) -> u64 {
        self.come
    }
}

impl<S> Stream for Metered<'_, S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut *self.payload).poll_next(context);
        if let Poll::Ready(Some(Ok(octets))) = &next {
            let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
            self.come = self.come.saturating_add(length);
        }
        next
    }
}
