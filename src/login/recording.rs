use std::fmt;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;

use super::body::parameters;
use super::entry::HoldsMessage;
use super::tracer::Traced;
use crate::har::Entry;
use crate::har::Told;
use crate::har::without_lone_surrogates;

/// The requests of a recording that carried a SAML message.
#[derive(Debug)]
pub struct Recording {
    /// In the order in which they were sent.
    pub(super) sent: Vec<Sent>,
    /// The pages of the recording that hold a SAML message for the browser to send.
    pub(super) pages: Vec<Page>,
    /// The requests that are not as their recorder has them otherwise, or that contradict themselves, by their places from 1. They were
    /// passed over.
    pub(super) passed_over: Vec<usize>,
}

/// A request that carried a SAML message.
#[derive(Debug)]
pub(super) struct Sent {
    /// Its place among all requests, from 1.
    pub(super) number: usize,
    /// Its place in the order in which they were sent.
    pub(super) order: usize,
    pub(super) at: Option<DateTime<Utc>>,
    /// The URL without a fragment.
    pub(super) url: String,
    /// The parameters of SAML, as they were sent.
    pub(super) parameters: String,
    pub(super) way: SentBy,
}

/// Where the message stood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SentBy {
    Url,
    Form,
}

/// A page with a form that holds a SAML message.
#[derive(Debug)]
pub(super) struct Page {
    /// The request that it answered.
    pub(super) number: usize,
    /// The place of that in the order in which they were sent.
    pub(super) order: usize,
}

/// Why a file is no recording of a login.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordingError {
    /// It is neither a HAR file nor an export of SAML-tracer.
    Form {
        /// The line where that was noticed.
        line: usize,
        /// The column.
        column: usize,
    },
    /// No request in it carries a SAML message.
    NoMessage {
        /// How many requests there are.
        requests: usize,
        /// How many of them could not be read.
        passed_over: usize,
    },
    /// More messages than are followed.
    Messages {
        /// How many are.
        allowed: usize,
    },
}

impl Recording {
    /// The most messages that are followed.
    pub const MAX_MESSAGES: usize = 256;

    /// Reads a HAR file (version 1.2), or the JSON that SAML-tracer exports.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub fn read(json: &[u8]) -> Result<Self, RecordingError> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        // The words of the error would quote values.
        let form = |error: serde_json::Error| RecordingError::Form {
            line: error.line(),
            column: error.column(),
        };
        let file: File = serde_json::from_slice(&without_lone_surrogates(json)).map_err(form)?;
        let read: Vec<Option<Request>> = match (file.log, file.requests) {
            (Some(log), beside) => {
                let entries = log.entries.into_iter().map(Request::of_entry);
                // No recorder writes both, and which is true nobody knows.
                let beside = beside.into_iter().flatten().map(|_| None);
                entries.chain(beside).collect()
            }
            (None, Some(requests)) => requests.into_iter().map(Request::of_traced).collect(),
            (None, None) => return Err(RecordingError::Form { line: 1, column: 1 }),
        };
        let count = read.len();
        let (mut requests, mut passed_over) = (Vec::with_capacity(count), Vec::new());
        for (number, request) in (1..).zip(read) {
            match request {
                Some(request) => requests.push((number, request)),
                None => passed_over.push(number),
            }
        }
        // HAR 1.2 §entries: no order is asked for.
        if requests.iter().all(|(_, request)| request.at.is_some()) {
            requests.sort_by_key(|(_, request)| request.at);
        }
        let (mut sent, mut pages) = (Vec::new(), Vec::new());
        for (order, (number, request)) in requests.into_iter().enumerate() {
            if request.page_holds_message {
                pages.push(Page { number, order });
            }
            sent.extend(request.sent(number, order));
        }
        if sent.is_empty() {
            return Err(RecordingError::NoMessage {
                requests: count,
                passed_over: passed_over.len(),
            });
        }
        if sent.len() > Self::MAX_MESSAGES {
            let allowed = Self::MAX_MESSAGES;
            return Err(RecordingError::Messages { allowed });
        }
        Ok(Self {
            sent,
            pages,
            passed_over,
        })
    }
}

/// What both kinds of recording say of a request.
pub(super) struct Request {
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) url: String,
    pub(super) form: Option<String>,
    pub(super) page_holds_message: bool,
}

impl Request {
    /// What it carried: nobody knows which its receiver read, the one in the URL or the one in the form.
    fn sent(self, number: usize, order: usize) -> impl Iterator<Item = Sent> {
        let url = without_fragment(&self.url).to_owned();
        let by_url = parameters(query(&url)).map(|found| (found, SentBy::Url));
        let by_form = parameters(self.form.as_deref().unwrap_or_default());
        let by_form = by_form.map(|found| (found, SentBy::Form));
        by_url
            .into_iter()
            .chain(by_form)
            .map(move |(parameters, way)| Sent {
                number,
                order,
                at: self.at,
                url: url.clone(),
                parameters,
                way,
            })
    }
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

/// The query string of a URL.
pub(super) fn query(url: &str) -> &str {
    without_fragment(url)
        .split_once('?')
        .map_or("", |(_, query)| query)
}

#[derive(Deserialize)]
struct File {
    log: Option<Log>,
    requests: Option<Vec<Told<Traced>>>,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Told<Entry<HoldsMessage>>>,
}

impl RecordingError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "saml.recording",
            Self::NoMessage { .. } => "saml.no_message",
            Self::Messages { .. } => "limit.messages",
        }
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { line, column } => write!(
                f,
                "it is neither a HAR file nor an export of SAML-tracer, as line {line}, column {column} shows"
            ),
            Self::NoMessage {
                requests,
                passed_over,
            } => write!(
                f,
                "none of the {requests} requests ({passed_over} of them could not be read) has a SAMLRequest, SAMLResponse or SAMLart in its \
                 URL or its form; was the recording begun before the login, and are the bodies of requests in it?"
            ),
            Self::Messages { allowed } => write!(f, "more than {allowed} requests carry a SAML message"),
        }
    }
}

impl std::error::Error for RecordingError {}
