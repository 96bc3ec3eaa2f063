use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

use awc::http::StatusCode;
use awc::http::Uri;
use awc::http::header;
use bytes::Bytes;

use super::error::Error;
use super::multipart::Multipart;
use super::parts;
use super::parts::AnswerParts;
use crate::crypto::TlsClient;
use crate::inbound::VerifiedAttachment;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::soap::attachment::Carried;

/// How long a connection without work is kept: less than the five seconds after which common servers close it, as a request
/// that meets the end of a connection is not tried again.
const IDLE: Duration = Duration::from_secs(4);

/// Where the verified messages of a route go.
#[derive(Clone, Debug)]
pub struct Backend {
    url: Uri,
    tls: Option<TlsClient>,
    patience: Patience,
}

/// How long a backend is waited for, and how much it may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The time to connect, with TLS.
    pub connect: Duration,
    /// The time from the first try to the end of the answer.
    pub answer: Duration,
    /// The greatest answer in bytes.
    pub answer_bytes: usize,
}

/// Why there can be no such backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The URL is not of the form `http://host/path` or `https://host/path`.
    Url,
    /// An `https:` backend, and nobody to trust.
    TlsMissing,
    /// Certificates, and no `https:`.
    TlsUnused,
}

impl Backend {
    /// The backend at `url`, reached with `tls` if that begins with `https:`.
    ///
    /// # Errors
    ///
    /// [`BackendError`] if the URL is unusable, or does not fit `tls`.
    pub fn new(url: &str, tls: Option<TlsClient>, patience: Patience) -> Result<Self, BackendError> {
        let url: Uri = url.parse().map_err(|_| BackendError::Url)?;
        let authority = url.authority().ok_or(BackendError::Url)?;
        // Credentials in a URL would end up in logs.
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(BackendError::Url);
        }
        match (url.scheme_str(), &tls) {
            (Some("http"), None) | (Some("https"), Some(_)) => Ok(Self { url, tls, patience }),
            (Some("http"), Some(_)) => Err(BackendError::TlsUnused),
            (Some("https"), None) => Err(BackendError::TlsMissing),
            _ => Err(BackendError::Url),
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.url.to_string()
    }
}

/// The connections of one thread to one backend. It follows no redirect, asks for no compression, heeds no proxy, and never
/// sends a request twice.
pub struct Client {
    http: awc::Client,
    backend: Backend,
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
        let mut plain: HashMap<Duration, awc::Client> = HashMap::new();
        let client = |backend: &Backend| {
            let connect = backend.patience.connect;
            let http = match &backend.tls {
                Some(tls) => http_client(connect, Some(tls)),
                None => plain
                    .entry(connect)
                    .or_insert_with(|| http_client(connect, None))
                    .clone(),
            };
            Self {
                http,
                backend: backend.clone(),
            }
        };
        backends.into_iter().map(client).collect()
    }

    /// Posts `request` and takes the whole answer, of several parts only where `taken` says what they may be.
    pub(super) async fn post(&self, request: Request, taken: Option<&AnswerParts>) -> Result<Answer, Error> {
        let started = Instant::now();
        let patience = self.backend.patience;
        let mut post = self
            .http
            .post(self.backend.url.clone())
            .timeout(patience.answer)
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
        let sent = match request.body {
            Body::Envelope(bytes) => post.send_body(bytes),
            Body::Multipart(parts) => {
                post.send_body(awc::body::SizedStream::new(parts.length(), parts.into_stream()))
            }
        };
        let mut response = sent.await.map_err(not_sent)?;
        let left = patience.answer.saturating_sub(started.elapsed());
        response = response.timeout(left);
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
        if let Some(Carried::Package(related)) = carried {
            let taken = taken.ok_or_else(|| Error::MediaType("multipart/related".to_owned()))?;
            let packaged = parts::read(&mut response, related, taken, patience.answer_bytes).await?;
            return Ok(Answer {
                status,
                version,
                body: packaged.envelope,
                attachments: packaged.attachments,
            });
        }
        let body = response.body().limit(patience.answer_bytes).await;
        let body = body.map_err(|error| not_read(&error, patience.answer_bytes))?;
        if !body.is_empty() && version.is_none() {
            return Err(Error::MediaType("no Content-Type".to_owned()));
        }
        Ok(Answer {
            status,
            version,
            body,
            attachments: Attachments::default(),
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.backend).finish()
    }
}

/// HTTP/1.1 as long as nobody offers more in TLS, which [`TlsClient`] does not.
fn http_client(connect: Duration, tls: Option<&TlsClient>) -> awc::Client {
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

/// Statuses that come with an envelope, or with nothing (202): SOAP 1.1 §6.2, SOAP 1.2 Part 2 §7.5.
fn is_answer(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::OK | StatusCode::ACCEPTED | StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR
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

fn not_sent(error: awc::error::SendRequestError) -> Error {
    use awc::error::ConnectError;
    use awc::error::SendRequestError;
    let text = error.to_string();
    if let SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) = error {
        Error::Timeout
    } else if let SendRequestError::Connect(_) = error {
        Error::Unreachable(text)
    } else {
        Error::Broken(text)
    }
}

pub(super) fn not_read(error: &awc::error::PayloadError, answer_bytes: usize) -> Error {
    use awc::error::PayloadError;
    if let PayloadError::Overflow = error {
        return Error::TooLarge(answer_bytes);
    }
    let late = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    if let PayloadError::Io(inner) = error
        && late(inner)
    {
        return Error::Timeout;
    }
    Error::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(url: &str) -> Result<Backend, BackendError> {
        let patience = Patience {
            connect: Duration::from_secs(1),
            answer: Duration::from_secs(1),
            answer_bytes: 1,
        };
        Backend::new(url, None, patience)
    }

    #[test]
    fn a_backend_is_a_plain_url() {
        for good in [
            "http://127.0.0.1:80/orders?wsdl",
            "http://orders.example",
            "http://[::1]/",
        ] {
            assert!(backend(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/orders",
            "orders.example:80",
            "http:///orders",
            "ftp://orders.example/",
            "http://u:p@orders.example/",
            "http://a b/",
        ] {
            assert_eq!(backend(bad).err(), Some(BackendError::Url), "{bad}");
        }
        assert_eq!(
            backend("https://orders.example/").err(),
            Some(BackendError::TlsMissing)
        );
    }
}
