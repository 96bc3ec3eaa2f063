//! What HTTP carried: which bodies are messages at all, in recordings that hold pages and pictures too.

use std::io;

use flate2::bufread::MultiGzDecoder;

use super::{Body, bounded, broken};

/// What a body is.
pub(super) enum Carried {
    /// There is none.
    Nothing,
    /// No message.
    Other,
    /// A message, or what cannot be told from one.
    Message(io::Result<Body>),
}

/// What a body with this Content-Type and Content-Encoding is. A message is XML, a SOAP message of several parts, or a form with SAML in it. `body`
/// may be cut off behind `limit` bytes.
pub(super) fn message(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: Vec<u8>,
    limit: u32,
) -> Carried {
    let field = content_type.unwrap_or_default();
    let media_type = field.to_ascii_lowercase();
    let is_related = media_type.starts_with("multipart/related");
    let is_form = is_form(&media_type);
    if body.is_empty() {
        return Carried::Nothing;
    }
    if !may_be_message(content_type) {
        return Carried::Other;
    }
    let body = match decoded(content_encoding, body, limit) {
        Ok(Body::Bytes(bytes)) => bytes,
        told => return Carried::Message(told),
    };
    if (is_form && !carries_saml(&body)) || (media_type.is_empty() && !begins_as_xml(&body)) {
        return Carried::Other;
    }
    // The boundary of its parts stands in the field.
    Carried::Message(Ok(Body::Bytes(if is_related {
        [format!("Content-Type: {field}\r\n\r\n").as_bytes(), &body]
            .concat()
            .into()
    } else {
        body
    })))
}

/// Whether a body with this Content-Type can be a message.
pub(super) fn may_be_message(content_type: Option<&str>) -> bool {
    let media_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let is_xml = media_type.contains("xml") && !media_type.contains("xhtml");
    is_xml || media_type.is_empty() || media_type.starts_with("multipart/related") || is_form(&media_type)
}

fn is_form(media_type: &str) -> bool {
    media_type.starts_with("application/x-www-form-urlencoded")
}

/// A body without the compression that its header names.
fn decoded(content_encoding: Option<&str>, body: Vec<u8>, limit: u32) -> io::Result<Body> {
    if u32::try_from(body.len()).map_or(true, |length| length > limit) {
        return Ok(Body::TooLong);
    }
    match content_encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => Ok(Body::Bytes(body.into())),
        Some("gzip" | "x-gzip") => bounded(&mut MultiGzDecoder::new(body.as_slice()), limit),
        Some(_) => Err(broken("the body is compressed by another method than gzip")),
    }
}

pub(super) fn begins_as_xml(body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    text.trim_ascii_start().starts_with(b"<")
}

/// Whether a form or query string has a message of SAML in it.
pub(super) fn carries_saml(form: &[u8]) -> bool {
    form.split(|byte| *byte == b'&')
        .any(|pair| pair.starts_with(b"SAMLResponse=") || pair.starts_with(b"SAMLRequest="))
}
