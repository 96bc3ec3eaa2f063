use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::pin::pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use bytes::BytesMut;
use futures_util::FutureExt;
use http::Uri;
use socket2::SockRef;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::timeout_at;
use tokio_openssl::SslStream;

use super::error::Error;
use super::head;
use super::head::Head;
use super::request::port;
use crate::crypto::TlsClient;

/// As much is read at a time.
const PIECE: usize = 16 * 1024;

/// How many interim answers may come before an answer.
const INTERIM: u8 = 16;

/// A connection to a server, and what has come by it and was not taken.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    pub(super) buffer: BytesMut,
    ended: Option<String>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// What its octets come by.
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for SslStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
}

impl Connection {
    /// A connection to the server of `uri`, within the time `connect`, once more for the TLS handshake, and by `due` in any case.
    pub(super) async fn open(
        uri: &Uri,
        tls: Option<&TlsClient>,
        connect: Duration,
        due: Instant,
    ) -> Result<Self, Error> {
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let within = || later(Instant::now(), connect).min(due).into();
        let unreachable = |reason: String| Error::Unreachable(reason);
        let connected = timeout_at(within(), TcpStream::connect((host, port(uri)))).await;
        let stream = connected
            .map_err(|_| Error::ConnectTimeout)?
            .map_err(|error| unreachable(error.to_string()))?;
        stream
            .set_nodelay(true)
            .map_err(|error| unreachable(error.to_string()))?;
        let stream: Box<dyn Stream> = match (uri.scheme_str(), tls) {
            (Some("http"), None) => Box::new(stream),
            (Some("https"), Some(tls)) => {
                let session = tls
                    .session(host)
                    .map_err(|error| unreachable(error.to_string()))?;
                let stream =
                    SslStream::new(session, stream).map_err(|error| unreachable(error.to_string()))?;
                let mut stream = Box::new(stream);
                let shaken = timeout_at(within(), Pin::new(&mut *stream).connect()).await;
                shaken
                    .map_err(|_| Error::ConnectTimeout)?
                    .map_err(|error| unreachable(error.to_string()))?;
                stream
            }
            _ => return Err(unreachable("TLS is not set up as its URL has it".to_owned())),
        };
        Ok(Self {
            stream,
            buffer: BytesMut::new(),
            ended: None,
        })
    }

    /// Whether nothing has come by it, not even its end. The socket itself is asked: what has come since the runtime last looked would be taken for the
    /// answer to the next request.
    pub(super) fn is_quiet(&mut self) -> bool {
        let peeked = SockRef::from(self.stream.socket()).peek(&mut [MaybeUninit::uninit()]);
        if !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            return false;
        }
        let read = unconstrained(self.stream.read_buf(&mut self.buffer));
        read.now_or_never().is_none()
    }

    /// Writes of `octets` what the connection takes.
    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        poll_fn(|context| Pin::new(&mut self.stream).poll_write(context, octets)).await
    }

    /// Writes of `octets` what the connection takes, and takes in what comes meanwhile: 0 if that was something.
    pub(super) async fn exchange(&mut self, octets: &[u8]) -> io::Result<usize> {
        poll_fn(|context| {
            let written = Pin::new(&mut self.stream).poll_write(context, octets);
            match written {
                Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Pending if self.poll_read(context).is_ready() => Poll::Ready(Ok(0)),
                Poll::Pending | Poll::Ready(_) => written,
            }
        })
        .await
    }

    /// Takes in more of what comes.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.ended.is_some() || self.buffer.len() >= head::MOST {
            return Poll::Pending;
        }
        self.buffer.reserve(PIECE);
        let read = pin!(self.stream.read_buf(&mut self.buffer)).poll(context);
        read.map(|read| match read {
            Ok(0) => self.ended = Some("the connection ended early".to_owned()),
            Ok(_) => {}
            Err(error) => self.ended = Some(error.to_string()),
        })
    }

    /// Waits for more.
    ///
    /// # Errors
    /// There is no more, or it does not come by `due`.
    pub(super) async fn read(&mut self, due: Instant) -> Result<(), Error> {
        // A server that never stops sending is never waited for.
        if Instant::now() >= due {
            return Err(Error::Timeout);
        }
        if self.ended.is_none() {
            let read = timeout_at(due.into(), poll_fn(|context| self.poll_read(context)));
            read.await.map_err(|_| Error::Timeout)?;
        }
        self.ended
            .as_ref()
            .map_or(Ok(()), |reason| Err(Error::broken(reason)))
    }

    /// The head of an answer, if all of it has come. Heads of interim answers are passed over (RFC 9110 §15.2); but nobody asked for another protocol.
    pub(super) fn head(&mut self, interim: &mut u8) -> Result<Option<Head>, Error> {
        loop {
            let head = head::take(&mut self.buffer)?;
            match &head {
                Some(head) if head.status == 101 => {
                    return Err(Error::broken("it switches to another protocol"));
                }
                Some(head) if head.status < 200 => {
                    *interim = interim.saturating_add(1);
                    if *interim > INTERIM {
                        return Err(Error::broken("too many interim answers"));
                    }
                }
                _ => return Ok(head),
            }
        }
    }
}

pub(super) fn later(from: Instant, time: Duration) -> Instant {
    from.checked_add(time).unwrap_or(from)
}
