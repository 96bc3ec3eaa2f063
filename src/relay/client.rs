use std::cell::Cell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

use awc::error::PayloadError;
use awc::http::StatusCode;
use awc::http::header;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::time::timeout_at;

use super::Backend;
use super::backend::Patience;
use super::error::Error;
use super::multipart::Multipart;
use super::parts;
use super::parts::AnswerParts;
use super::server::Server;
use crate::crypto::TlsClient;
use crate::inbound::VerifiedAttachment;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::soap::attachment::Carried;

/// How long a connection without work is kept: less than the five seconds after which common servers close it, as a request
/// that meets the end of a connection is not tried again.
const IDLE: Duration = Duration::from_secs(4);

/// The connections of one thread to the servers of one backend. It follows no redirect, asks for no compression, heeds no proxy, and never
/// sends a request twice by itself.
pub struct Client {
    pub(super) connections: Connections,
    pub(super) backend: Backend,
}

/// Connections of one thread that may be used again.
#[derive(Clone)]
pub(super) struct Connections {
    http: Rc<RefCell<awc::Client>>,
    connect: Duration,
    tls: Option<TlsClient>,
}

/// What is sent: everything in it was verified or is ours.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) content_type: String,
    /// The value of the SOAPAction header, without its quotes.
    pub(super) soap_action: Option<String>,
    /// Further headers, by names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// What is posted.
#[derive(Debug)]
pub(super) enum Body {
    /// An envelope.
    Envelope(Bytes),
    /// An envelope with attachments.
    Multipart(Multipart<VerifiedAttachment>),
}

/// Why there is no answer, and whether another server may be asked.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) sent: Sent,
}

/// How much of a request may have reached a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing: there was no connection.
    Nothing,
    /// Nobody knows.
    Something,
}

/// What came back, in form: nobody has looked into it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// That of its media type; none only if `body` is empty.
    pub(super) version: Option<Version>,
    pub(super) body: Bytes,
    pub(super) attachments: Attachments,
}

impl Client {
    /// A client for each of `backends`, in their order, to be used on this thread. Making one costs much, as awc begins each with a
    /// TLS context and the system's trust, of which nothing is used; so those without TLS share one.
    ///
    /// Connections are as many as there are messages in work, which somebody else limits.
    pub fn for_all<'b>(backends: impl IntoIterator<Item = &'b Backend>) -> Vec<Self> {
        let mut plain: HashMap<Duration, Connections> = HashMap::new();
        let client = |backend: &Backend| {
            let connect = backend.patience.connect;
            let connections = match &backend.tls {
                Some(_) => Connections::new(connect, backend.tls.clone()),
                None => plain
                    .entry(connect)
                    .or_insert_with(|| Connections::new(connect, None))
                    .clone(),
            };
            Self {
                connections,
                backend: backend.clone(),
            }
        };
        backends.into_iter().map(client).collect()
    }

    /// Posts `request` to `server` and takes the whole answer, of several parts only where `taken` says what they may be. All of it ends
    /// at `end`.
    pub(super) async fn post(
        &self,
        server: &Server,
        request: Request,
        taken: Option<&AnswerParts>,
        end: Instant,
    ) -> Result<Answer, Failure> {
        let patience = self.backend.patience;
        let mut post = self
            .connections
            .http()
            .post(server.url.clone())
            .timeout(end.saturating_duration_since(Instant::now()))
            .no_decompress()
            .insert_header((header::CONTENT_TYPE, request.content_type))
            .insert_header((
                header::ACCEPT,
                match taken {
                    None => "text/xml, application/soap+xml",
                    Some(_) => "text/xml, application/soap+xml, multipart/related",
                },
            ));
        if let Some(action) = request.soap_action {
            post = post.insert_header(("soapaction", format!("\"{action}\"")));
        }
        for (name, value) in request.headers {
            post = post.append_header((name, value));
        }
        let moved = Rc::new(Cell::new(Instant::now()));
        let sent = match request.body {
            Body::Envelope(bytes) => post.send_body(bytes),
            Body::Multipart(parts) => {
                let moving = Rc::clone(&moved);
                let length = parts.length();
                let pieces = Box::pin(parts.into_stream()).inspect(move |_| moving.set(Instant::now()));
                post.send_body(awc::body::SizedStream::new(length, pieces))
            }
        };
        let mut sent = Box::pin(sent);
        let response = loop {
            let due = later(moved.get(), patience.first_byte);
            match timeout_at(due.into(), &mut sent).await {
                Ok(response) => break response.map_err(not_sent)?,
                Err(_) if later(moved.get(), patience.first_byte) > due => {}
                Err(_) => return Err(Error::Timeout.into()),
            }
        };
        if !says_its_end(&response) {
            // awc takes it for whole and its connection for free, on which the rest would come as the answer to the next message.
            self.connections.leave();
            if is_answer(response.status()) {
                let reason = "it says neither its length nor that it is chunked".to_owned();
                return Err(Error::Broken(reason).into());
            }
        }
        Ok(answer(response, taken, patience, end).await?)
    }
}

impl Connections {
    fn new(connect: Duration, tls: Option<TlsClient>) -> Self {
        let http = http_client(connect, tls.as_ref());
        Self {
            http: Rc::new(RefCell::new(http)),
            connect,
            tls,
        }
    }

    pub(super) fn http(&self) -> awc::Client {
        self.http.borrow().clone()
    }

    /// Uses none of them again.
    fn leave(&self) {
        self.http.replace(http_client(self.connect, self.tls.as_ref()));
    }
}

/// Whether the head of an answer says where it ends (RFC 9112 §6.3). That of an interim answer (1xx) does not, as another follows.
fn says_its_end(response: &awc::ClientResponse) -> bool {
    let headers = response.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let coded = headers.contains_key(header::TRANSFER_ENCODING);
    match response.status() {
        status if status.is_informational() => false,
        StatusCode::NO_CONTENT => !coded && length.is_none_or(|length| length == "0"),
        // Of HTTP/1.0, the end of the connection is the end.
        _ => coded || length.is_some() || response.version() < awc::http::Version::HTTP_11,
    }
}

/// The whole of an answer whose head has come.
async fn answer(
    response: awc::ClientResponse,
    taken: Option<&AnswerParts>,
    patience: Patience,
    end: Instant,
) -> Result<Answer, Error> {
    let status = response.status();
    let headers = response.headers();
    let coded = headers
        .get_all(header::CONTENT_ENCODING)
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if coded {
        return Err(Error::ContentEncoding);
    }
    let carried = content_type(headers)?;
    if !is_answer(status) {
        return Err(Error::Status(status.as_u16()));
    }
    let status = status.as_u16();
    let version = carried.as_ref().map(Carried::version);
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut octets = unhurried(response, length, patience.idle, end);
    if let Some(Carried::Package(related)) = carried {
        let taken = taken.ok_or_else(|| Error::MediaType("multipart/related".to_owned()))?;
        let packaged = parts::read(&mut octets, related, taken, patience.answer_bytes).await?;
        return Ok(Answer {
            status,
            version,
            body: packaged.envelope,
            attachments: packaged.attachments,
        });
    }
    let mut body = BytesMut::new();
    while let Some(piece) = octets.next().await {
        let piece = piece.map_err(|error| not_read(&error))?;
        if body.len().saturating_add(piece.len()) > patience.answer_bytes {
            return Err(Error::TooLarge(patience.answer_bytes));
        }
        body.extend_from_slice(&piece);
    }
    if !body.is_empty() && version.is_none() {
        return Err(Error::MediaType("no Content-Type".to_owned()));
    }
    Ok(Answer {
        status,
        version,
        body: body.freeze(),
        attachments: Attachments::default(),
    })
}

/// The octets of an answer, each piece within `idle` after the one before, and all by `end`. If it said its `length`, they are as many: awc takes
/// the end of a connection for the end of an answer.
fn unhurried(
    response: awc::ClientResponse,
    length: Option<u64>,
    idle: Duration,
    end: Instant,
) -> Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> {
    let begun = Some((response, length.unwrap_or(0)));
    Box::pin(unfold(begun, move |begun| async move {
        let (mut response, left) = begun?;
        let due = later(Instant::now(), idle).min(end);
        match timeout_at(due.into(), response.next()).await {
            Ok(None) if left > 0 => Some((Err(PayloadError::Incomplete(None)), None)),
            Ok(None) => None,
            Ok(Some(piece)) => {
                let come = piece.as_ref().map_or(0, Bytes::len);
                let left = left.saturating_sub(u64::try_from(come).unwrap_or(u64::MAX));
                Some((piece, Some((response, left))))
            }
            Err(_) => {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Some((Err(PayloadError::Io(late)), None))
            }
        }
    }))
}

fn later(from: Instant, time: Duration) -> Instant {
    from.checked_add(time).unwrap_or(from)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            sent: Sent::Something,
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.backend).finish()
    }
}

/// HTTP/1.1 as long as nobody offers more in TLS, which [`TlsClient`] does not.
pub(crate) fn http_client(connect: Duration, tls: Option<&TlsClient>) -> awc::Client {
    let mut connector = awc::Connector::new()
        .timeout(connect)
        .handshake_timeout(connect)
        .conn_keep_alive(IDLE)
        .limit(0);
    if let Some(tls) = tls {
        connector = connector.openssl(tls.connector());
    }
    awc::ClientBuilder::new()
        .connector(connector)
        .no_default_headers()
        .disable_redirects()
        .finish()
}

/// Statuses that come with an envelope, or with nothing (202, and 204 of a one-way operation): SOAP 1.1 §6.2, SOAP 1.2 Part 2 §7.5.
fn is_answer(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::OK
            | StatusCode::ACCEPTED
            | StatusCode::NO_CONTENT
            | StatusCode::BAD_REQUEST
            | StatusCode::INTERNAL_SERVER_ERROR
    )
}

fn content_type(headers: &header::HeaderMap) -> Result<Option<Carried>, Error> {
    let mut values = headers.get_all(header::CONTENT_TYPE);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let parsed = Carried::parse(text).ok().filter(|_| values.next().is_none());
    parsed.map(Some).ok_or_else(|| Error::MediaType(text.to_owned()))
}

/// That there was no connection is certain only where making one failed: what awc calls disconnected may be an answer that did not come.
fn not_sent(error: awc::error::SendRequestError) -> Failure {
    use awc::error::ConnectError;
    use awc::error::SendRequestError;
    let text = error.to_string();
    let unsent = |error| Failure {
        error,
        sent: Sent::Nothing,
    };
    if let SendRequestError::Timeout = error {
        return Error::Timeout.into();
    }
    let SendRequestError::Connect(connect) = error else {
        return Error::Broken(text).into();
    };
    if let ConnectError::Timeout = connect {
        return unsent(Error::Timeout);
    }
    let unconnected = matches!(
        connect,
        ConnectError::Io(_) | ConnectError::Resolver(_) | ConnectError::NoRecords | ConnectError::SslError(_)
    );
    if unconnected {
        unsent(Error::Unreachable(text))
    } else {
        Error::Broken(text).into()
    }
}

pub(super) fn not_read(error: &PayloadError) -> Error {
    let late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    if let PayloadError::Io(inner) = error
        && late(inner)
    {
        return Error::Timeout;
    }
    Error::Broken(error.to_string())
}
