use chrono::DateTime;
use chrono::FixedOffset;

use super::body::agree;
use super::body::begins_as_form;
use super::body::is_in_parts;
use super::body::parameters;
use super::recording::Request;
use super::recording::query;
use crate::crypto::decode_base64;
use crate::har;
use crate::har::Body;
use crate::har::Entry;
use crate::har::PostData;
use crate::har::Read;
use crate::har::Told;

/// Whether a page has a field for a SAML message; of the page nothing is kept.
pub(super) struct HoldsMessage(bool);

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

impl Request {
    /// An entry of a HAR file; `None` if it does not say to where, when or how it was sent, or says that in two ways.
    pub(super) fn of_entry(entry: Told<Entry<HoldsMessage>>) -> Option<Self> {
        let entry = entry.value()?;
        let mut request = entry.request.value()?;
        let in_query = har::form_of(std::mem::take(&mut request.query_string));
        let form = body(&mut request)?;
        let url = request.url.value()?;
        match in_query {
            Told::Odd => return None,
            Told::Value(fields) if !agree(&fields, query(&url)) => return None,
            Told::Value(_) | Told::Nothing => {}
        }
        let at = match entry.started {
            Told::Odd => return None,
            Told::Nothing => None,
            // Some write the offset without a colon.
            Told::Value(text) => Some(text.parse::<DateTime<FixedOffset>>().ok()?.to_utc()),
        };
        let content = entry
            .response
            .value()
            .and_then(|response| response.content.value());
        let page = content.and_then(|content| content.text.value());
        Some(Self {
            at,
            url,
            form,
            page_holds_message: page.is_some_and(|page| page.0),
        })
    }
}

/// What a body is said to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A form, or parts.
    Form,
    Other,
    NotSaid,
}

impl Kind {
    fn of<'n>(names: impl Iterator<Item = &'n Told<String>>, sent: Body) -> Self {
        let is_form = |name: &str| ["form", "multipart"].iter().any(|of| name.contains(of));
        let mut kind = Self::NotSaid;
        for name in names {
            match name {
                Told::Value(name) if is_form(&name.to_ascii_lowercase()) => return Self::Form,
                // Nothing is of no type.
                Told::Value(name) if !name.is_empty() || sent != Body::Sent => kind = Self::Other,
                Told::Value(_) | Told::Nothing | Told::Odd => {}
            }
        }
        kind
    }
}

/// What was sent, if that is recorded; `None` if it may carry a message that is not read.
fn body(request: &mut har::Request) -> Option<Option<String>> {
    let sent = request.body();
    match std::mem::take(&mut request.post_data) {
        Told::Odd => None,
        Told::Nothing => {
            let gets = |name: &String| ["GET", "HEAD"].iter().any(|one| name.eq_ignore_ascii_case(one));
            let posts = !matches!(&request.method, Told::Value(name) if gets(name));
            let is_lost = match Kind::of(request.header("content-type"), sent) {
                Kind::Form => sent == Body::Sent || (sent == Body::NotSaid && posts),
                Kind::NotSaid => sent == Body::Sent,
                Kind::Other => false,
            };
            (!is_lost).then_some(None)
        }
        Told::Value(post) => {
            let sent = if post.has_text() { Body::Sent } else { sent };
            let names = request.header("content-type").chain([&post.mime_type]);
            let kind = Kind::of(names, sent);
            recorded(post, kind, sent)
        }
    }
}

/// As [`body`], of what is recorded of one.
fn recorded(mut post: PostData, kind: Kind, sent: Body) -> Option<Option<String>> {
    let has_text = post.has_text();
    match (post.form_of_params(), post.text) {
        (Told::Odd, _) | (Told::Nothing, Told::Odd) => None,
        (Told::Value(fields), text) if !has_text => {
            // Behind lines of the header.
            let text = text.value().unwrap_or_default();
            let last = text.rsplit('\n').next().unwrap_or_default();
            (last.is_empty() || agree(&fields, last)).then_some(Some(fields))
        }
        (Told::Nothing, Told::Nothing) => {
            let is_lost = kind == Kind::Form || (kind == Kind::NotSaid && sent != Body::Empty);
            (!is_lost).then_some(None)
        }
        (Told::Nothing, Told::Value(text)) if text.is_empty() => {
            (kind == Kind::Other || sent != Body::Sent).then_some(None)
        }
        // Where lines of the header end nobody knows.
        (Told::Nothing, Told::Value(_)) if !has_text => None,
        (fields, text) => {
            let text = decoded(text.value()?, post.encoding)?;
            let is_form = begins_as_form(&text);
            let text = match kind {
                Kind::Other if !is_form => String::new(),
                Kind::NotSaid if !is_form && parameters(&text).is_some() => return None,
                Kind::Form | Kind::Other | Kind::NotSaid => text,
            };
            let is_same = fields.value().is_none_or(|fields| agree(&fields, &text));
            (is_same && !is_in_parts(&text)).then_some(Some(text))
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
