//! How much of a body has come, whatever becomes of it, and who pays for that.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;

use super::crowd;
use super::shared::Shared;
use crate::throttle::{AddressLimits, Used};

/// A body whose octets are counted as they come. When this is dropped its address pays for them, also where the body did not come whole, is
/// refused, or nobody waits for the answer any more.
pub(super) struct Metered<'r, S> {
    payload: &'r mut S,
    come: u64,
    shared: &'r Shared,
    limits: &'r AddressLimits,
    peer: Option<SocketAddr>,
}

impl<'r, S> Metered<'r, S> {
    /// The body that `peer` sends, of which nothing has come.
    pub(super) const fn of(
        payload: &'r mut S,
        shared: &'r Shared,
        limits: &'r AddressLimits,
        peer: Option<SocketAddr>,
    ) -> Self {
        Self {
            payload,
            come: 0,
            shared,
            limits,
            peer,
        }
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

impl<S> Drop for Metered<'_, S> {
    fn drop(&mut self) {
        let used = Used {
            bytes: self.come,
            ..Used::default()
        };
        crowd::spent(self.shared, self.limits, self.peer, used);
    }
}
