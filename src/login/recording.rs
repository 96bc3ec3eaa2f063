use std::fmt;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::value::MapAccessDeserializer;
use serde::de::value::SeqAccessDeserializer;

use crate::crypto::decode_base64;
use crate::har::Entry;
use crate::har::PostData;
use crate::har::Read;
use crate::har::Told;
use crate::har::form;
use crate::token::saml::is_message;
use crate::token::saml::is_of_saml;

/// The requests of a recording that carried a SAML message.
#[derive(Debug)]
pub struct Recording {
    /// In the order in which they were sent.
    pub(super) sent: Vec<Sent>,
    /// The pages of the recording that hold a SAML message for the browser to send.
    pub(super) pages: Vec<Page>,
    /// The requests that are not as their recorder has them otherwise, by their places from 1. They were passed over.
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
        let file: File = serde_json::from_slice(json).map_err(form)?;
        let read: Vec<Option<Request>> = match (file.log, file.requests) {
            (Some(log), _) => log.entries.into_iter().map(Request::of_entry).collect(),
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
struct Request {
    at: Option<DateTime<Utc>>,
    url: String,
    form: Option<String>,
    page_holds_message: bool,
}

impl Request {
    /// What it carried: nobody knows which its receiver read, the one in the URL or the one in the form.
    fn sent(self, number: usize, order: usize) -> impl Iterator<Item = Sent> {
        let (url, _) = self.url.split_once('#').unwrap_or((&self.url, ""));
        let url = url.to_owned();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let by_url = parameters(query).map(|found| (found, SentBy::Url));
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

/// Those of `pairs` that are of SAML, if a message is among them. Whatever else was sent is nobody's business.
fn parameters(pairs: &str) -> Option<String> {
    // That two readers may differ is told at the step.
    let of_saml: Vec<&str> = pairs.split('&').filter(|pair| is_of_saml(pair)).collect();
    of_saml
        .iter()
        .any(|pair| is_message(pair))
        .then(|| of_saml.join("&"))
}

/// Whether a body may hold a message that is not read: one in parts (multipart/form-data) that names one, or a name in another writing
/// (RFC 2231).
fn is_in_parts(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    let names = ["samlrequest", "samlresponse", "samlart", "name*"];
    body.contains("content-disposition") && names.iter().any(|name| body.contains(name))
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

/// Whether a page has a field for a SAML message; of the page nothing is kept.
struct HoldsMessage(bool);

impl Read<'_> for HoldsMessage {
    fn of_text(text: &str) -> Option<Self> {
        let named = [
            "name=\"SAMLResponse\"",
            "name='SAMLResponse'",
            "name=SAMLResponse",
        ];
        Some(Self(named.iter().any(|field| text.contains(field))))
    }
}

/// A request as SAML-tracer has it.
#[derive(Deserialize)]
struct Traced {
    #[serde(default)]
    url: Told<String>,
    #[serde(default)]
    post: Told<Posted>,
}

impl<'de> Read<'de> for Traced {
    fn of_object<A: MapAccess<'de>>(object: A) -> Result<Told<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(object)).map(Told::Value)
    }
}

/// What SAML-tracer has of a body.
enum Posted {
    /// The fields of a form, each a name and its value or its values.
    Fields(Vec<Told<Vec<Told<Field>>>>),
    /// A body that was no form to the browser.
    Text(String),
}

impl<'de> Read<'de> for Posted {
    fn of_text(text: &str) -> Option<Self> {
        Some(Self::Text(text.to_owned()))
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        let fields = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Told::Value(Self::Fields(fields)))
    }
}

/// A name or value, or values of one name.
enum Field {
    One(String),
    Several(Vec<Told<String>>),
}

impl<'de> Read<'de> for Field {
    fn of_text(text: &str) -> Option<Self> {
        Some(Self::One(text.to_owned()))
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        let several = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Told::Value(Self::Several(several)))
    }
}

impl Field {
    /// Its values; `None` if one is no text.
    fn values(self) -> Option<Vec<String>> {
        match self {
            Self::One(value) => Some(vec![value]),
            Self::Several(values) => values.into_iter().map(Told::value).collect(),
        }
    }
}

impl Request {
    /// An entry of a HAR file; `None` if it does not say to where it was sent, or how.
    fn of_entry(entry: Told<Entry<HoldsMessage>>) -> Option<Self> {
        let entry = entry.value()?;
        let request = entry.request.value()?;
        let form = match request.post_data {
            Told::Odd => return None,
            Told::Nothing => None,
            Told::Value(post) => body(post)?,
        };
        let content = entry
            .response
            .value()
            .and_then(|response| response.content.value());
        let page = content.and_then(|content| content.text.value());
        let started = entry.started.value().unwrap_or_default();
        Some(Self {
            at: DateTime::parse_from_rfc3339(&started)
                .ok()
                .map(|time| time.to_utc()),
            url: request.url.value()?,
            form,
            page_holds_message: page.is_some_and(|page| page.0),
        })
    }

    /// A request of SAML-tracer; `None` if it does not say to where it was sent, or how.
    fn of_traced(traced: Told<Traced>) -> Option<Self> {
        let traced = traced.value()?;
        let form = match traced.post {
            Told::Odd => return None,
            Told::Nothing => None,
            Told::Value(Posted::Text(text)) if is_in_parts(&text) => return None,
            Told::Value(Posted::Text(text)) => Some(text),
            Told::Value(Posted::Fields(fields)) => Some(form(&pairs(fields)?)),
        };
        Some(Self {
            at: None,
            url: traced.url.value()?,
            form,
            page_holds_message: false,
        })
    }
}

/// What was sent, if that is recorded; `None` if it may carry a message that is not read.
fn body(mut post: PostData) -> Option<Option<String>> {
    let has_text = post.has_text();
    match (post.form_of_params(), post.text) {
        (Told::Odd, _) | (Told::Nothing, Told::Odd) => None,
        (Told::Value(fields), _) if !has_text => Some(Some(fields)),
        // Where lines of the header end nobody knows.
        (Told::Nothing, Told::Value(text)) if !has_text && !text.is_empty() => None,
        (Told::Nothing, Told::Nothing) => {
            // What of a form is not there was not recorded.
            let is_other =
                matches!(&post.mime_type, Told::Value(name) if !name.to_ascii_lowercase().contains("form"));
            is_other.then_some(None)
        }
        (fields, text) => {
            let text = decoded(text.value()?, post.encoding)?;
            // The fields have it, and the text has not.
            let holds = |form: &str| parameters(form).is_some();
            let differs = fields.value().is_some_and(|fields| holds(&fields)) && !holds(&text);
            (!differs && !is_in_parts(&text)).then_some(Some(text))
        }
    }
}

/// A body, of which only ASCII can be of a form with a message; `None` if nobody knows how it is encoded.
fn decoded(text: String, encoding: Told<String>) -> Option<String> {
    match encoding {
        Told::Nothing => Some(text),
        Told::Value(name) if name == "base64" => {
            let octets = decode_base64(&text).ok()?;
            Some(String::from_utf8_lossy(&octets).into_owned())
        }
        Told::Value(_) | Told::Odd => None,
    }
}

/// Names and values; `None` if one is no text.
fn pairs(fields: Vec<Told<Vec<Told<Field>>>>) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::with_capacity(fields.len());
    for field in fields {
        let mut field = field.value()?.into_iter();
        let Some(Field::One(name)) = field.next()?.value() else {
            return None;
        };
        for values in field {
            let values = values.value()?.values()?;
            pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
    }
    Some(pairs)
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
