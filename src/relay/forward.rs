use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chrono::Utc;
use tokio::task::spawn_blocking;

use super::Client;
use super::Route;
use super::Told;
use super::client::Answer;
use super::client::Body;
use super::client::Failure;
use super::client::Request;
use super::client::Sent;
use super::error::Error;
use super::multipart::Multipart;
use super::parts::AnswerParts;
use super::server::Change;
use super::server::Server;
use crate::inbound::BroughtMessage;
use crate::inbound::VerifiedAttachment;
use crate::inbound::VerifiedMessage;
use crate::mint::Facts;
use crate::mint::SecurityHeader;
use crate::policy::Operation;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::trace::Context;

/// Up to so many octets an envelope gets a Security header on the thread that serves: to sign it takes longer than the rest of it.
const WRITTEN_HERE: usize = 64 * 1024;

/// What a backend has answered. Nobody has looked into it, and it cannot be sent: it has to be sealed.
#[derive(Debug)]
#[must_use = "an answer that nobody gets"]
pub struct Reply(ReplyContent);

/// The content of a [`Reply`].
#[derive(Debug)]
pub enum ReplyContent {
    /// The backend has taken the message and has nothing to say (HTTP status 202).
    Nothing,
    /// The backend has taken the message of an operation that nothing is answered to.
    OneWay,
    /// Bytes that came with the media type of the request's SOAP version.
    Envelope {
        /// The HTTP status.
        status: u16,
        /// The bytes.
        bytes: Bytes,
        /// What stands beside it.
        attachments: Attachments,
    },
}

impl Reply {
    pub(crate) fn new(content: ReplyContent) -> Self {
        Self(content)
    }

    /// Whether it is no more than an envelope of `most` octets.
    pub fn is_envelope_within(&self, most: usize) -> bool {
        match &self.0 {
            ReplyContent::Nothing | ReplyContent::OneWay => true,
            ReplyContent::Envelope {
                bytes, attachments, ..
            } => bytes.len() <= most && attachments.is_empty(),
        }
    }

    /// What it holds.
    pub fn into_content(self) -> ReplyContent {
        self.0
    }
}

/// Hands a message to a server of the backend of its route, and waits for the answer.
///
/// The backend gets an envelope of what was verified, the signed attachments beside it and nothing else but what we say about the sender
/// in a Security header or a token, the action of the operation that the message was found
/// to ask for, what was verified about the sender, and the span that asks, if there is a `trace`. No header of the request gets through. An answer may have several parts where
/// `taken` says what they may be.
///
/// Another server is asked where a server could not be connected to, so that it has nothing of the message; and, once, where a server failed
/// that may have it, if the operation is idempotent. No server is asked twice.
///
/// # Errors
///
/// [`Error`]: nobody has asked which operation it is; a verified value fits no header; no server is asked at present; the last server that was asked has no
/// answer that can be passed on.
pub async fn forward(
    message: VerifiedMessage,
    route: &Route,
    client: &Client,
    taken: Option<&AnswerParts>,
    trace: Option<&Context>,
) -> Result<Reply, Error> {
    let outgoing = Outgoing {
        envelope: message.envelope().into(),
        proved: Proved::Message(Box::new(message)),
        trace: trace.copied(),
    };
    send(Arc::new(outgoing), route, client, taken).await
}

/// As [`forward`], of a message that a token stands for: the backend gets all of it, as it was read, and whose token it was. It has no
/// attachments, and its answer has none.
///
/// # Errors
///
/// As [`forward`].
pub async fn forward_brought(
    message: BroughtMessage,
    route: &Route,
    client: &Client,
    trace: Option<&Context>,
) -> Result<Reply, Error> {
    let outgoing = Outgoing {
        envelope: message.envelope().clone(),
        proved: Proved::Brought(Box::new(message)),
        trace: trace.copied(),
    };
    send(Arc::new(outgoing), route, client, None).await
}

/// What goes to a backend.
struct Outgoing {
    proved: Proved,
    envelope: Bytes,
    trace: Option<Context>,
}

/// What was proved of it.
enum Proved {
    Message(Box<VerifiedMessage>),
    Brought(Box<BroughtMessage>),
}

impl Proved {
    fn facts(&self) -> Facts<'_> {
        match self {
            Self::Message(message) => Facts::from(&**message),
            Self::Brought(message) => Facts::from(&**message),
        }
    }

    fn version(&self) -> Version {
        match self {
            Self::Message(message) => message.version(),
            Self::Brought(message) => message.version(),
        }
    }

    fn operation(&self) -> Result<&Operation, Error> {
        match self {
            Self::Message(message) => message.requested().ok_or(Error::NoOperation),
            Self::Brought(message) => Ok(message.operation()),
        }
    }

    fn attachments(&self) -> &[VerifiedAttachment] {
        match self {
            Self::Message(message) => message.attachments(),
            Self::Brought(_) => &[],
        }
    }
}

async fn send(
    outgoing: Arc<Outgoing>,
    route: &Route,
    client: &Client,
    taken: Option<&AnswerParts>,
) -> Result<Reply, Error> {
    let (operation, version) = (outgoing.proved.operation()?, outgoing.proved.version());
    let one_way = route.one_way.contains(operation);
    let mut again = route.idempotent.contains(operation);
    let begun = Instant::now();
    let end = begun.checked_add(route.backend.patience.answer).unwrap_or(begun);
    let mut tried = Vec::new();
    let mut error = Error::NoServer;
    while let Some(turn) = route.backend.choose(&tried, Instant::now()) {
        let request = written(&outgoing, &route.told).await?;
        let server = turn.server;
        tried.push(turn.index);
        let Failure { error: why, sent } = match client.post(server, request, taken, end).await {
            Ok(answer) => {
                note(turn.answered(), route, server);
                return reply(answer, version, one_way);
            }
            Err(failure) => failure,
        };
        if !why.is_failure() {
            note(turn.answered(), route, server);
            return Err(why);
        }
        let now = Instant::now();
        // Servers before it have used the time that it would have had, which is no fault of its own.
        let had_its_time = tried.len() == 1 || why != Error::Timeout || now < end;
        if had_its_time {
            note(turn.failed(now), route, server);
        }
        let may_have_it = sent == Sent::Something;
        let more = (!may_have_it || again) && now < end;
        error = why;
        if !more {
            break;
        }
        again &= !may_have_it;
    }
    Err(error)
}

fn note(change: Option<Change>, route: &Route, server: &Server) {
    if let Some(change) = change {
        change.log(&route.path, server.name());
    }
}

/// What one server gets of a message, written on a thread that may wait where that takes long.
async fn written(outgoing: &Arc<Outgoing>, told: &Arc<Told>) -> Result<Request, Error> {
    let signs_later = told.has_held_key();
    let is_long =
        outgoing.envelope.len() > WRITTEN_HERE && matches!(told.security, SecurityHeader::Replaced(_));
    if !signs_later && !is_long {
        return request(outgoing, told);
    }
    let (outgoing, told) = (Arc::clone(outgoing), Arc::clone(told));
    match spawn_blocking(move || request(&outgoing, &told)).await {
        Ok(request) => request,
        Err(error) => match error.try_into_panic() {
            // As if it had been done here: whoever counts those hears of it.
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::Interrupted),
        },
    }
}

/// What one server gets of a message, with tokens of its own.
fn request(outgoing: &Outgoing, told: &Told) -> Result<Request, Error> {
    let Outgoing {
        proved,
        envelope,
        trace,
    } = outgoing;
    let (facts, operation, version) = (proved.facts(), proved.operation()?, proved.version());
    let now = Utc::now();
    let mut headers = told.identity.lines(&facts)?;
    if let Some(jwt) = &told.jwt {
        headers.push(jwt.line(&facts, now)?);
    }
    if let Some(trace) = trace {
        headers.push(("traceparent".to_owned(), trace.to_string()));
    }
    let soap_action = (version == Version::Soap11).then(|| operation.action.clone().unwrap_or_default());
    let content_type = content_type(version, operation);
    let envelope = told.security.envelope(envelope.clone(), &facts, now)?;
    let attachments = proved.attachments();
    let (content_type, body) = if attachments.is_empty() {
        (content_type, Body::Envelope(envelope))
    } else {
        let action = operation.action.as_deref().filter(|_| version == Version::Soap12);
        let multipart = Multipart::new(version, action, &content_type, envelope, attachments);
        let multipart = multipart.map_err(Error::Unavailable)?;
        (multipart.content_type().to_owned(), Body::Multipart(multipart))
    };
    Ok(Request {
        content_type,
        soap_action,
        headers,
        body,
    })
}

/// SOAP 1.2 Part 2 §6.5.3 has the action in the media type.
fn content_type(version: Version, operation: &Operation) -> String {
    match (version, &operation.action) {
        (Version::Soap12, Some(action)) => format!("{}; action=\"{action}\"", version.content_type()),
        _ => version.content_type().to_owned(),
    }
}

fn reply(answer: Answer, version: Version, one_way: bool) -> Result<Reply, Error> {
    let Answer {
        status,
        version: answered,
        body,
        attachments,
    } = answer;
    match (status, answered) {
        (200 | 202 | 204, _) if one_way && body.is_empty() => Ok(Reply::new(ReplyContent::OneWay)),
        (202, _) if body.is_empty() => Ok(Reply::new(ReplyContent::Nothing)),
        _ if body.is_empty() => Err(Error::Empty(status)),
        (_, Some(answered)) if answered == version => Ok(Reply::new(ReplyContent::Envelope {
            status,
            bytes: body,
            attachments,
        })),
        (_, other) => {
            let name = other.map_or("none", Version::media_type);
            Err(Error::MediaType {
                found: name.to_owned(),
                expected: version.media_type(),
            })
        }
    }
}
