use std::fmt;
use std::time::Instant;

use bytes::Bytes;

use super::Backend;
use super::error::Error;
use super::multipart::Multipart;
use super::parts;
use super::parts::AnswerParts;
use super::server::Server;
use crate::http_client;
use crate::http_client::Fields;
use crate::http_client::HttpClient;
use crate::http_client::Times;
use crate::inbound::VerifiedAttachment;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::soap::attachment::Carried;

/// The connections of one thread to the servers of one backend. It follows no redirect, asks for no compression, heeds no proxy, and never
/// sends a request twice by itself.
pub struct Client {
    http: HttpClient,
    pub(super) backend: Backend,
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
    /// A client for `backend`, to be used on this thread.
    ///
    /// Connections are as many as there are messages in work, which somebody else limits.
    pub fn new(backend: Backend) -> Self {
        Self {
            http: HttpClient::keeping(backend.patience.connect, backend.tls.clone()),
            backend,
        }
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
        let times = Times {
            first_byte: patience.first_byte,
            idle: patience.idle,
            end,
        };
        let accepted = match taken {
            None => "text/xml, application/soap+xml",
            Some(_) => "text/xml, application/soap+xml, multipart/related",
        };
        let mut fields = vec![
            ("content-type", request.content_type),
            ("accept", accepted.to_owned()),
        ];
        if let Some(action) = request.soap_action {
            fields.push(("soapaction", format!("\"{action}\"")));
        }
        let further = request.headers.iter();
        fields.extend(further.map(|(name, value)| (name.as_str(), value.clone())));
        let post = http_client::Request {
            method: "POST",
            uri: &server.url,
            fields,
            body: match request.body {
                Body::Envelope(octets) => http_client::Body::Octets(octets),
                Body::Multipart(parts) => http_client::Body::Pieces {
                    length: parts.length(),
                    pieces: Box::pin(parts.into_stream()),
                },
            },
        };
        let answer = self.http.send(post, times).await?;
        Ok(self.answer(answer, taken).await?)
    }

    /// The whole of an answer whose head has come.
    async fn answer(
        &self,
        mut answer: http_client::Answer,
        taken: Option<&AnswerParts>,
    ) -> Result<Answer, Error> {
        let most = self.backend.patience.answer_bytes;
        if answer.fields.is_coded() {
            return Err(Error::ContentEncoding);
        }
        let carried = content_type(&answer.fields)?;
        let status = answer.status;
        if !is_answer(status) {
            return Err(Error::Status(status));
        }
        let version = carried.as_ref().map(Carried::version);
        if let Some(Carried::Package(related)) = carried {
            let taken = taken.ok_or_else(|| Error::MediaType {
                found: "multipart/related".to_owned(),
                expected: "a message without attachments, as the route takes none from its backend",
            })?;
            let packaged = parts::read(&mut answer, related, taken, most).await?;
            return Ok(Answer {
                status,
                version,
                body: packaged.envelope,
                attachments: packaged.attachments,
            });
        }
        let body = answer.whole(most).await?;
        if !body.is_empty() && version.is_none() {
            return Err(Error::MediaType {
                found: String::new(),
                expected: "one of SOAP, as there is a body",
            });
        }
        Ok(Answer {
            status,
            version,
            body,
            attachments: Attachments::default(),
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            sent: Sent::Something,
        }
    }
}

impl From<http_client::Error> for Failure {
    fn from(error: http_client::Error) -> Self {
        let unsent = matches!(
            error,
            http_client::Error::Unreachable(_) | http_client::Error::ConnectTimeout
        );
        Self {
            error: error.into(),
            sent: if unsent { Sent::Nothing } else { Sent::Something },
        }
    }
}

impl From<http_client::Error> for Error {
    fn from(error: http_client::Error) -> Self {
        match error {
            http_client::Error::Unreachable(reason) => Self::Unreachable(reason),
            http_client::Error::ConnectTimeout | http_client::Error::Timeout => Self::Timeout,
            http_client::Error::Broken(reason) => Self::Broken(reason),
            http_client::Error::TooLarge(most) => Self::TooLarge(most),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.backend).finish()
    }
}

/// Statuses that come with an envelope, or with nothing (202, and 204 of a one-way operation): SOAP 1.1 §6.2, SOAP 1.2 Part 2 §7.5.
fn is_answer(status: u16) -> bool {
    matches!(status, 200 | 202 | 204 | 400 | 500)
}

fn content_type(fields: &Fields) -> Result<Option<Carried>, Error> {
    let mut values = fields.all("content-type");
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value).unwrap_or_default();
    let refused = |expected| Error::MediaType {
        found: text.to_owned(),
        expected,
    };
    if values.next().is_some() {
        return Err(refused("one Content-Type and no second"));
    }
    let parsed = Carried::parse(text).ok();
    parsed.map(Some).ok_or_else(|| {
        refused("text/xml, application/soap+xml or multipart/related with one of these, in utf-8")
    })
}
