//! Connections of HTTP/2. The web server waits without end for a client that gives no window for its answer, and when it stops for one that asks
//! nothing any more: such connections are ended here.

use std::collections::HashMap;
use std::error::Error;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::rt;
use actix_web::web;
use bytes::Bytes;
use rustix::net::{Shutdown, shutdown};

use super::shared::Shared;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);

/// How long a connection has asked nothing that is ended when the gateway stops: what is under way to it or from it has this time.
const IDLE: Duration = Duration::from_secs(1);

/// The connections that are open.
#[derive(Debug, Default)]
pub(super) struct Multiplexed(Mutex<Vec<Weak<Connection>>>);

/// A connection, open as long as this is there.
#[derive(Debug)]
pub(super) struct Connection {
    socket: OwnedFd,
    requests: Mutex<Requests>,
}

#[derive(Debug)]
struct Requests {
    next: u64,
    /// Those that are not answered to their end; since when the client has not taken what there was of its answer.
    open: HashMap<u64, Option<Instant>>,
    /// When the last one ended.
    ended: Instant,
}

/// A request, until its answer has ended.
pub(super) struct Request {
    // Who works on it keeps no connection open.
    connection: Weak<Connection>,
    number: u64,
}

/// The body of an answer, of which each piece is asked for when the client has taken the one before.
struct Taken {
    body: BoxBody,
    request: Request,
}

impl Multiplexed {
    /// Notes a new connection over `socket`. Nothing if the system does not have another name for it.
    pub(super) fn opened(&self, socket: impl AsFd) -> Option<Arc<Connection>> {
        let connection = Arc::new(Connection {
            socket: socket.as_fd().try_clone_to_owned().ok()?,
            requests: Mutex::new(Requests {
                next: 0,
                open: HashMap::new(),
                ended: Instant::now(),
            }),
        });
        self.all().push(Arc::downgrade(&connection));
        Some(connection)
    }

    /// Ends those whose client has taken nothing of an answer for longer than `unread`, and if the gateway stops those that ask nothing.
    fn look(&self, unread: Duration, stops: bool) {
        self.all().retain(|connection| {
            let Some(connection) = connection.upgrade() else {
                return false;
            };
            let is_over = {
                let requests = connection.requests();
                let mut waiting = requests.open.values().flatten();
                let is_idle = requests.open.is_empty() && requests.ended.elapsed() >= IDLE;
                waiting.any(|since| since.elapsed() > unread) || stops && is_idle
            };
            if is_over {
                // One that has ended by itself has nothing to be ended.
                let _ = shutdown(&connection.socket, Shutdown::Both);
            }
            !is_over
        });
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Request {
        let mut requests = self.requests();
        let number = requests.next;
        requests.next = number.wrapping_add(1);
        requests.open.insert(number, None);
        Request {
            connection: Arc::downgrade(self),
            number,
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// Its answer, with which it ends.
    pub(super) fn answered(self, response: HttpResponse) -> HttpResponse {
        response.map_body(|_, body| {
            let request = self;
            BoxBody::new(Taken { body, request })
        })
    }

    /// Since when the client has not taken what there is.
    fn waits(&self, since: Option<Instant>) {
        if let Some(connection) = self.connection.upgrade() {
            connection.requests().open.insert(self.number, since);
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.upgrade() {
            let mut requests = connection.requests();
            requests.open.remove(&self.number);
            requests.ended = Instant::now();
        }
    }
}

impl MessageBody for Taken {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        let is_there = matches!(next, Poll::Ready(Some(Ok(_))));
        self.request.waits(is_there.then(Instant::now));
        next
    }
}

/// Looks at the connections as long as the gateway serves.
pub(super) async fn look(shared: web::Data<Shared>) {
    let mut stopping: Option<Instant> = None;
    loop {
        rt::time::sleep(LOOK).await;
        if shared.is_stopping() {
            stopping.get_or_insert_with(Instant::now);
        }
        let stops = stopping.is_some_and(|since| since.elapsed() >= IDLE);
        shared.multiplexed.look(shared.current().body_time, stops);
    }
}
