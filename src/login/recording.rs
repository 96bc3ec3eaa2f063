use std::fmt;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde::Deserializer;

use crate::token::saml::percent_encoded;

/// The requests of a recording that carried a SAML message.
#[derive(Debug)]
pub struct Recording {
    pub(super) sent: Vec<Sent>,
    /// Whether a page of the recording holds a SAML message for the browser to send.
    pub(super) pages: Vec<Page>,
}

/// A request that carried a SAML message.
#[derive(Debug)]
pub(super) struct Sent {
    /// Its place among all requests, from 1.
    pub(super) number: usize,
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
        let file: File = serde_json::from_slice(json).map_err(form)?;
        let requests: Vec<Request> = match (file.log, file.requests) {
            (Some(log), _) => log.entries.into_iter().map(Request::from).collect(),
            (None, Some(requests)) => requests.into_iter().map(Request::from).collect(),
            (None, None) => return Err(RecordingError::Form { line: 1, column: 1 }),
        };
        let count = requests.len();
        let (mut sent, mut pages) = (Vec::new(), Vec::new());
        for (number, request) in (1..).zip(requests) {
            if request.page_holds_message {
                pages.push(Page { number });
            }
            sent.extend(request.sent(number));
        }
        if sent.is_empty() {
            return Err(RecordingError::NoMessage { requests: count });
        }
        if sent.len() > Self::MAX_MESSAGES {
            let allowed = Self::MAX_MESSAGES;
            return Err(RecordingError::Messages { allowed });
        }
        Ok(Self { sent, pages })
    }
}

/// What both kinds of recording say of a request.
struct Request {
    at: Option<DateTime<Utc>>,
    url: String,
    form: Option<String>,
    page_holds_message: bool,
}

impl Request {
    fn sent(self, number: usize) -> Option<Sent> {
        let (url, _) = self.url.split_once('#').unwrap_or((&self.url, ""));
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let by_url = parameters(query).map(|found| (found, SentBy::Url));
        let by_form = || parameters(self.form.as_deref()?).map(|found| (found, SentBy::Form));
        let (parameters, way) = by_url.or_else(by_form)?;
        Some(Sent {
            number,
            at: self.at,
            url: url.to_owned(),
            parameters,
            way,
        })
    }
}

/// Those of `pairs` that are of SAML, if a message is among them. Whatever else was sent is nobody's business.
fn parameters(pairs: &str) -> Option<String> {
    const NAMES: [&str; 7] = [
        "SAMLRequest",
        "SAMLResponse",
        "SAMLart",
        "RelayState",
        "SigAlg",
        "Signature",
        "SAMLEncoding",
    ];
    let named = |pair: &&str, names: &[&str]| {
        let name = pair.split('=').next().unwrap_or_default();
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let of_saml = || pairs.split('&').filter(|pair| named(pair, &NAMES));
    let message = NAMES.get(..3).unwrap_or_default();
    of_saml()
        .any(|pair| named(&pair, message))
        .then(|| of_saml().collect::<Vec<_>>().join("&"))
}

#[derive(Deserialize)]
struct File {
    log: Option<Log>,
    requests: Option<Vec<Traced>>,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

/// An entry of a HAR file.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "startedDateTime", default)]
    started: String,
    request: HarRequest,
    #[serde(default)]
    response: HarResponse,
}

#[derive(Deserialize)]
struct HarRequest {
    url: String,
    #[serde(rename = "postData")]
    post: Option<PostData>,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: String,
    #[serde(default)]
    params: Vec<Param>,
}

#[derive(Deserialize)]
struct Param {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Default, Deserialize)]
struct HarResponse {
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default, deserialize_with = "holds_message")]
    text: bool,
}

/// A request as SAML-tracer has it.
#[derive(Deserialize)]
struct Traced {
    url: String,
    #[serde(default)]
    post: Option<Vec<(String, String)>>,
}

impl From<Entry> for Request {
    fn from(entry: Entry) -> Self {
        let form = entry.request.post.map(|post| match post.text.is_empty() {
            false => post.text,
            true => form(
                post.params
                    .iter()
                    .map(|param| (param.name.as_str(), param.value.as_str())),
            ),
        });
        Self {
            at: DateTime::parse_from_rfc3339(&entry.started)
                .ok()
                .map(|time| time.to_utc()),
            url: entry.request.url,
            form,
            page_holds_message: entry.response.content.text,
        }
    }
}

impl From<Traced> for Request {
    fn from(traced: Traced) -> Self {
        let pairs = traced.post.unwrap_or_default();
        Self {
            at: None,
            url: traced.url,
            form: Some(form(
                pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            )),
            page_holds_message: false,
        }
    }
}

/// Decoded parameters as a form again.
fn form<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let encoded: Vec<String> = pairs
        .map(|(name, value)| [percent_encoded(name), percent_encoded(value)].join("="))
        .collect();
    encoded.join("&")
}

/// Whether a page has a field for a SAML message; of the page nothing is kept.
fn holds_message<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = String::deserialize(deserializer)?;
    let named = [
        "name=\"SAMLResponse\"",
        "name='SAMLResponse'",
        "name=SAMLResponse",
    ];
    Ok(named.iter().any(|field| text.contains(field)))
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
            Self::NoMessage { requests } => write!(
                f,
                "none of the {requests} requests has a SAMLRequest, SAMLResponse or SAMLart in its URL or its form; was the recording begun \
                 before the login, and are the bodies of requests in it?"
            ),
            Self::Messages { allowed } => write!(f, "more than {allowed} requests carry a SAML message"),
        }
    }
}

impl std::error::Error for RecordingError {}
