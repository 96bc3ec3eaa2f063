use std::fmt;
use std::io::Read;

use bytes::Bytes;
use flate2::read::DeflateDecoder;

use super::query;
use super::query::QueryError;
use super::query::QueryString;
use crate::crypto::Base64Error;
use crate::crypto::decode_base64;

/// The most bytes that come out of DEFLATE (T110).
const MAX_INFLATED: u64 = 1 << 20;

/// The most bytes that come out of DEFLATE for one that goes in (T110).
const MAX_RATIO: u64 = 100;

/// Why bytes are no SAML message in a form that a binding gives it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BindingError {
    /// Neither XML nor base64.
    Base64(Base64Error),
    /// What the base64 encodes is neither XML nor DEFLATE.
    Deflate,
    /// What was deflated is larger than a message may be.
    Inflated {
        /// How many bytes may come out.
        allowed: u64,
    },
    /// It is in a query string that is not read.
    Query(QueryError),
    /// An artifact that is none of type 0x0004.
    Artifact,
}

/// A message as XML, and how a browser carried it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The XML.
    pub xml: Bytes,
    /// The query string that it was deflated in (HTTP-Redirect).
    pub query: Option<QueryString>,
}

/// The XML of a SAML message as XML, as base64 (SAML Bindings §3.5.4), as base64 of DEFLATE (§3.4.4.1), or in a form, a query
/// string or a URL with one.
///
/// XML begins with `<`, and no base64 does; base64 holds no `&` and no `=` but at its end.
///
/// # Errors
/// It is none of these, or inflates to more than 1 MiB or a hundred times its size.
pub fn decode(input: Bytes) -> Result<Decoded, BindingError> {
    if is_xml(&input) {
        return Ok(Decoded {
            xml: input,
            query: None,
        });
    }
    let text = std::str::from_utf8(&input).map_err(|_| BindingError::Base64(Base64Error::Length))?;
    let Some(found) = query::find(text.trim_ascii()) else {
        let (xml, _) = from_base64(text)?;
        return Ok(Decoded { xml, query: None });
    };
    let (message, beside) = query::parse(found).map_err(BindingError::Query)?;
    match from_base64(&message)? {
        (xml, Compression::Deflate) => Ok(Decoded {
            xml,
            query: Some(beside),
        }),
        (xml, Compression::None) if beside.signature.is_none() => Ok(Decoded { xml, query: None }),
        (_, Compression::None) => Err(BindingError::Query(QueryError::NotDeflated)),
    }
}

#[derive(Clone, Copy)]
enum Compression {
    None,
    Deflate,
}

fn from_base64(text: &str) -> Result<(Bytes, Compression), BindingError> {
    let decoded = decode_base64(text).map_err(BindingError::Base64)?;
    if is_xml(&decoded) {
        return Ok((decoded.into(), Compression::None));
    }
    Ok((inflate(&decoded)?, Compression::Deflate))
}

/// Whether `bytes` begin as XML does, in UTF-8 or UTF-16.
fn is_xml(bytes: &[u8]) -> bool {
    if matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]) {
        return true;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

fn inflate(deflated: &[u8]) -> Result<Bytes, BindingError> {
    let length = u64::try_from(deflated.len()).unwrap_or(u64::MAX);
    let allowed = length.saturating_mul(MAX_RATIO).min(MAX_INFLATED);
    let mut inflated = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated);
    let read = (&mut decoder)
        .take(allowed.saturating_add(1))
        .read_to_end(&mut inflated);
    if u64::try_from(inflated.len()).unwrap_or(u64::MAX) > allowed {
        return Err(BindingError::Inflated { allowed });
    }
    match read {
        // What follows the end of the stream would make a second encoding of the same (T43).
        Ok(_) if is_xml(&inflated) && decoder.total_in() == length => Ok(inflated.into()),
        Ok(_) | Err(_) => Err(BindingError::Deflate),
    }
}

impl BindingError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Base64(_) | Self::Deflate => "saml.encoding",
            Self::Artifact => "saml.artifact",
            Self::Inflated { .. } => "limit.inflated",
            Self::Query(error) => error.code(),
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Base64(_) => Some("SAML Bindings §3.5.4"),
            Self::Deflate | Self::Query(_) => Some("SAML Bindings §3.4.4.1"),
            Self::Artifact => Some("SAML Bindings §3.6.4"),
            Self::Inflated { .. } => None,
        }
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64(error) => write!(f, "it is neither XML nor base64: {error}"),
            Self::Deflate => f.write_str("what the base64 encodes is neither XML nor deflated XML"),
            Self::Inflated { allowed } => write!(f, "more than {allowed} bytes come out of the DEFLATE"),
            Self::Query(error) => error.fmt(f),
            Self::Artifact => f.write_str("it is no artifact of type 0x0004: base64 of 44 octets"),
        }
    }
}

impl std::error::Error for BindingError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::io::Write;

    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::crypto::encode_base64;

    fn deflated(content: &[u8]) -> Bytes {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        encode_base64(&encoder.finish().unwrap()).into()
    }

    fn code(input: impl Into<Bytes>) -> &'static str {
        decode(input.into()).map_or_else(|error| error.code(), |_| "decoded")
    }

    #[test]
    fn each_binding_gives_the_same_xml() {
        let xml = "<a>b</a>";
        for input in [
            xml.into(),
            encode_base64(xml.as_bytes()).into(),
            format!(" {}\n", encode_base64(xml.as_bytes())).into(),
            deflated(xml.as_bytes()),
        ] {
            assert_eq!(decode(input).unwrap().xml, xml);
        }
        assert_eq!(code("\n \u{feff}<a/>"), "saml.encoding");
        assert_eq!(code("\u{feff} <a/>"), "decoded");
        assert_eq!(code(&b"\xff\xfe<\0a\0/\0>\0"[..]), "decoded");
    }

    #[test]
    fn a_query_string_carries_what_is_deflated_and_a_form_what_is_not() {
        let escaped = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace('=', "%3D")
                .replace('+', "%2B")
        };
        let in_query = escaped(&deflated(b"<a>b</a>"));
        let in_form = escaped(encode_base64(b"<a>b</a>").as_bytes());
        let decoded = |text: &str| decode(Bytes::from(text.to_owned())).unwrap();
        assert!(
            decoded(&format!("https://a/?SAMLRequest={in_query}&RelayState=r\n"))
                .query
                .is_some()
        );
        assert!(
            decoded(&format!("SAMLResponse={in_form}&RelayState=r"))
                .query
                .is_none()
        );
        let signed = "&SigAlg=a&Signature=YQ%3D%3D";
        assert!(
            decoded(&format!("SAMLRequest={in_query}{signed}"))
                .query
                .unwrap()
                .signature
                .is_some()
        );
        assert_eq!(
            code(format!("SAMLRequest={in_form}{signed}")),
            "saml.query_string"
        );
    }

    #[test]
    fn other_bytes_are_refused() {
        for input in ["", "a", "abc*", "YWJj", "PGEvPg=", "\u{e9}"] {
            assert_eq!(code(input), "saml.encoding", "{input}");
        }
        assert_eq!(code(&b"\xff"[..]), "saml.encoding");
        assert_eq!(code(deflated(b"no xml")), "saml.encoding");
        assert_eq!(code(encode_base64(&[0x4b, 0x04])), "saml.encoding");
    }

    #[test]
    fn nothing_follows_the_deflated_message() {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"<a>b</a>").unwrap();
        let mut bytes = encoder.finish().unwrap();
        assert_eq!(code(encode_base64(&bytes)), "decoded");
        bytes.push(0);
        assert_eq!(code(encode_base64(&bytes)), "saml.encoding");
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let large = |length: usize| {
            let noise = (0_u64..).map(|number| format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let mut content = String::from("<a>");
            for word in noise {
                content.push_str(&word);
                if content.len() >= length {
                    break;
                }
            }
            content.truncate(length);
            content
        };
        assert_eq!(code(deflated(large(1 << 20).as_bytes())), "decoded");
        assert_eq!(code(deflated(large((1 << 20) + 1).as_bytes())), "limit.inflated");
        let dense = format!("<a>{}", " ".repeat(500_000));
        assert_eq!(code(deflated(dense.as_bytes())), "limit.inflated");
    }
}
