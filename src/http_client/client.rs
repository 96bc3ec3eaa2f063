use std::time::Duration;
use std::time::Instant;

use bytes::Buf;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::Uri;
use tokio::time::timeout_at;

use super::answer::Answer;
use super::connection::Connection;
use super::connection::later;
use super::error::Error;
use super::head::Head;
use super::pool::Pool;
use super::request::Body;
use super::request::Request;
use crate::crypto::TlsClient;

/// A client, to be used on one thread.
#[derive(Clone)]
pub(crate) struct HttpClient {
    /// The time to connect, and once more for the TLS handshake.
    connect: Duration,
    tls: Option<TlsClient>,
    pool: Option<Pool>,
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// The time to its head, from the first try to connect or from the last piece of a long request that was taken.
    pub(crate) first_byte: Duration,
    /// The time between two pieces of it.
    pub(crate) idle: Duration,
    /// When all of it has come.
    pub(crate) end: Instant,
}

impl Times {
    /// All of it within `time` from now on.
    pub(crate) fn of(time: Duration) -> Self {
        Self {
            first_byte: time,
            idle: time,
            end: later(Instant::now(), time),
        }
    }
}

impl HttpClient {
    /// A client that keeps connections for further requests. It asks `https:` servers only if there is a `tls`, else `http:` ones.
    pub(crate) fn keeping(connect: Duration, tls: Option<TlsClient>) -> Self {
        Self {
            pool: Some(Pool::default()),
            ..Self::closing(connect, tls)
        }
    }

    /// A client that has a connection for each request.
    pub(crate) fn closing(connect: Duration, tls: Option<TlsClient>) -> Self {
        let pool = None;
        Self { connect, tls, pool }
    }

    /// Sends `request` and waits for the head of the answer.
    ///
    /// # Errors
    /// [`Error`]: with [`Error::Unreachable`] and [`Error::ConnectTimeout`] the server has nothing of the request, else it may have.
    pub(crate) async fn send(&self, request: Request<'_>, times: Times) -> Result<Answer, Error> {
        let uri = request.uri;
        let (first, rest) = request.written(self.pool.is_none())?;
        let mut exchange = self.begin(uri, first, times).await?;
        let (head, is_sent) = exchange.run(rest).await?;
        let server = uri.authority().map(ToString::to_string);
        let keep = self.pool.clone().filter(|_| is_sent).zip(server);
        Ok(Answer::new(
            head,
            exchange.connection,
            keep,
            times.idle,
            times.end,
        ))
    }

    /// A connection that has taken the first octets of a request. One that was kept and takes none has ended meanwhile, and another is tried.
    async fn begin(&self, uri: &Uri, mut first: Bytes, times: Times) -> Result<Exchange, Error> {
        let due = later(Instant::now(), times.first_byte).min(times.end);
        let server = uri.authority().map_or("", |authority| authority.as_str());
        let mut kept = self.pool.as_ref().and_then(|pool| pool.take(server));
        loop {
            let is_kept = kept.is_some();
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => Connection::open(uri, self.tls.as_ref(), self.connect, due).await?,
            };
            let written = timeout_at(due.into(), connection.write(&first)).await;
            match written.map_err(|_| Error::Timeout)? {
                Ok(written) if written > 0 => {
                    first.advance(written);
                    let interim = 0;
                    return Ok(Exchange {
                        connection,
                        first,
                        due,
                        times,
                        interim,
                    });
                }
                _ if is_kept => kept = self.pool.as_ref().and_then(|pool| pool.take(server)),
                Ok(_) => return Err(Error::Unreachable("the connection takes nothing".to_owned())),
                Err(error) => return Err(Error::Unreachable(error.to_string())),
            }
        }
    }
}

/// A request that is being sent, and its answer.
struct Exchange {
    connection: Connection,
    /// What is left of its first octets.
    first: Bytes,
    due: Instant,
    times: Times,
    interim: u8,
}

impl Exchange {
    /// Sends the rest and waits for the head of the answer; and whether all was sent. A server that refuses a request before it has all of it gets no more.
    async fn run(&mut self, rest: Body) -> Result<(Head, bool), Error> {
        let first = stream::iter([Ok(std::mem::take(&mut self.first))]);
        let mut pieces = match rest {
            Body::None => first.boxed_local(),
            Body::Octets(octets) => first.chain(stream::iter([Ok(octets)])).boxed_local(),
            Body::Pieces { pieces, .. } => first.chain(pieces).boxed_local(),
        };
        let mut early = None;
        while let Some(piece) = pieces.next().await {
            let mut piece = piece.map_err(Error::broken)?;
            if !piece.is_empty() {
                self.moved();
            }
            while !piece.is_empty() {
                let written = timeout_at(self.due.into(), self.connection.exchange(&piece)).await;
                let Ok(written) = written.map_err(|_| Error::Timeout)? else {
                    // What it had to say may have come before it closed the connection.
                    return Ok((self.head(early).await?, false));
                };
                piece.advance(written);
                if written > 0 {
                    self.moved();
                } else if early.is_none() {
                    early = self.connection.head(&mut self.interim)?;
                }
                if early.as_ref().is_some_and(|head| head.status >= 300) {
                    return Ok((self.head(early).await?, false));
                }
            }
        }
        Ok((self.head(early).await?, true))
    }

    /// A piece was taken, so that the time begins anew.
    fn moved(&mut self) {
        self.due = later(Instant::now(), self.times.first_byte).min(self.times.end);
    }

    /// The head that came `early`, or the one that is still to come.
    async fn head(&mut self, early: Option<Head>) -> Result<Head, Error> {
        if let Some(head) = early {
            return Ok(head);
        }
        loop {
            if let Some(head) = self.connection.head(&mut self.interim)? {
                return Ok(head);
            }
            self.connection.read(self.due).await?;
        }
    }
}
