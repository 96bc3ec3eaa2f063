//! What the head of a request says, checked before a byte of the body is read (T113, T126).

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::http::header::HeaderMap;
use actix_web::http::header::HeaderName;

use crate::config::TakesAttachments;
use crate::soap::Version;
use crate::soap::attachment::{Carried, Related};
use crate::soap::soap_action;
use crate::xml::Encoding;

/// Fields of a head at most, and their bytes.
const FIELDS: usize = 100;
const FIELD_BYTES: usize = 32 * 1024;

/// The head of a request that may carry a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The SOAP version whose HTTP binding this is (SOAP 1.1 §6, SOAP 1.2 Part 2 §7).
    pub(super) version: Version,
    /// The encoding that it says the envelope is in.
    pub(super) charset: Option<Encoding>,
    /// The Content-Type as it came.
    pub(super) content_type: String,
    /// The SOAPAction without its quotes, or the action parameter; `None` if absent or empty.
    pub(super) action: Option<String>,
    /// How its parts are told apart, where it has several.
    pub(super) package: Option<Related>,
    /// How long the body says it is.
    pub(super) length: Option<usize>,
}

/// Why a request carries no message, whatever its body is. It is answered in HTTP, without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoMessage {
    /// Not POST.
    Method,
    /// Not a media type of SOAP, or in an encoding that nobody may use here.
    MediaType,
    /// It has attachments, and none are taken.
    Attachments,
    /// The body is compressed.
    ContentEncoding,
    /// A field twice that must be there once, or one that cannot be read.
    Field,
    /// Too many fields, or too long ones.
    Fields,
    /// The action is no URI, or the SOAPAction header and the action parameter are different.
    Action,
}

impl NoMessage {
    /// The stable code, `http.<reason>`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Method => "http.method",
            Self::MediaType => "http.media_type",
            Self::Attachments => "http.attachments",
            Self::ContentEncoding => "http.content_encoding",
            Self::Field => "http.field",
            Self::Fields => "limit.header",
            Self::Action => "http.action",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType | Self::Attachments | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Field | Self::Action => StatusCode::BAD_REQUEST,
            Self::Fields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }
}

impl Arrival {
    /// Reads the head of a request.
    pub(super) fn read(
        method: &Method,
        headers: &HeaderMap,
        attachments: TakesAttachments,
        encodings: &[Encoding],
    ) -> Result<Self, NoMessage> {
        if method != Method::POST {
            return Err(NoMessage::Method);
        }
        within_limits(headers)?;
        let field = only(headers, &header::CONTENT_TYPE)?.ok_or(NoMessage::MediaType)?;
        let carried = Carried::parse_in(field, encodings).map_err(|_| NoMessage::MediaType)?;
        if matches!(carried, Carried::Package(_)) && attachments == TakesAttachments::No {
            return Err(NoMessage::Attachments);
        }
        let coding = only(headers, &header::CONTENT_ENCODING)?;
        if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return Err(NoMessage::ContentEncoding);
        }
        let length = only(headers, &header::CONTENT_LENGTH)?;
        Ok(Self {
            version: carried.version(),
            charset: carried.charset(),
            action: action(&carried, headers)?,
            content_type: field.to_owned(),
            length: length.and_then(|length| length.parse().ok()),
            package: match carried {
                Carried::Package(related) => Some(related),
                Carried::Envelope(_) => None,
            },
        })
    }
}

/// The action that the head names. In SOAP 1.2 it is a parameter of the media type; some senders add the header of
/// SOAP 1.1, which must then say the same.
fn action(carried: &Carried, headers: &HeaderMap) -> Result<Option<String>, NoMessage> {
    const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");
    let field = only(headers, &SOAP_ACTION)?;
    let in_header = field
        .map(soap_action)
        .transpose()
        .map_err(|_| NoMessage::Action)?;
    match (in_header.flatten(), carried.action()) {
        (Some(one), Some(other)) if one != other => Err(NoMessage::Action),
        (one, other) => Ok(one.or_else(|| other.map(str::to_owned))),
    }
}

/// The value of a field that may stand once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, NoMessage> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(NoMessage::Field);
    }
    value.to_str().map(Some).map_err(|_| NoMessage::Field)
}

fn within_limits(headers: &HeaderMap) -> Result<(), NoMessage> {
    let mut bytes = 0_usize;
    for (number, (name, value)) in headers.iter().enumerate() {
        bytes = bytes
            .saturating_add(name.as_str().len())
            .saturating_add(value.len());
        if number >= FIELDS || bytes > FIELD_BYTES {
            return Err(NoMessage::Fields);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(method: Method, fields: &[(&str, &str)]) -> Result<Arrival, NoMessage> {
        let request = fields
            .iter()
            .fold(TestRequest::default(), |request, field| {
                request.append_header(*field)
            })
            .to_http_request();
        Arrival::read(
            &method,
            request.headers(),
            TakesAttachments::No,
            &[Encoding::Utf8],
        )
    }

    fn action(fields: &[(&str, &str)]) -> Result<Option<String>, NoMessage> {
        read(Method::POST, fields).map(|arrival| arrival.action)
    }

    #[test]
    fn only_post_carries_a_message() {
        let xml = [("content-type", "text/xml")];
        assert!(read(Method::POST, &xml).is_ok());
        for method in [
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::OPTIONS,
            Method::TRACE,
            Method::PATCH,
            Method::DELETE,
        ] {
            assert_eq!(read(method, &xml), Err(NoMessage::Method));
        }
    }

    #[test]
    fn the_media_type_tells_the_version_and_others_carry_nothing() {
        let post = |kind| read(Method::POST, &[("content-type", kind)]);
        let version = |kind| post(kind).map(|arrival| arrival.version);
        assert_eq!(version("text/xml; charset=UTF-8"), Ok(Version::Soap11));
        assert_eq!(version("application/soap+xml"), Ok(Version::Soap12));
        for other in [
            "application/xml",
            "text/plain",
            "multipart/related; type=\"text/xml\"",
            "text/xml; charset=utf-16",
            "text/xml, application/soap+xml",
            "",
        ] {
            assert_eq!(version(other), Err(NoMessage::MediaType), "{other}");
        }
        let package = "multipart/related; type=\"text/xml\"; boundary=b";
        assert_eq!(version(package), Err(NoMessage::Attachments));
        let request = TestRequest::default().append_header(("content-type", package));
        let taken = Arrival::read(
            &Method::POST,
            request.to_http_request().headers(),
            TakesAttachments::Signed,
            &[Encoding::Utf8],
        );
        assert_eq!(taken.map(|arrival| arrival.package.is_some()), Ok(true));
        assert_eq!(read(Method::POST, &[]), Err(NoMessage::MediaType));
    }

    #[test]
    fn compressed_bodies_are_refused() {
        for (coding, refused) in [
            ("gzip", true),
            ("deflate", true),
            ("identity, gzip", true),
            ("identity", false),
        ] {
            let arrival = read(
                Method::POST,
                &[("content-type", "text/xml"), ("content-encoding", coding)],
            );
            assert_eq!(
                arrival.err(),
                refused.then_some(NoMessage::ContentEncoding),
                "{coding}"
            );
        }
    }

    #[test]
    fn the_action_comes_from_the_header_or_the_parameter_and_they_agree() {
        let soap11 = ("content-type", "text/xml");
        let soap12 = ("content-type", "application/soap+xml; action=\"urn:a\"");
        assert_eq!(
            action(&[soap11, ("soapaction", "\"urn:a\"")]),
            Ok(Some("urn:a".to_owned()))
        );
        assert_eq!(
            action(&[soap11, ("soapaction", "urn:a")]),
            Ok(Some("urn:a".to_owned()))
        );
        assert_eq!(action(&[soap11, ("soapaction", "\"\"")]), Ok(None));
        assert_eq!(action(&[soap11]), Ok(None));
        assert_eq!(action(&[soap12]), Ok(Some("urn:a".to_owned())));
        assert_eq!(
            action(&[soap12, ("soapaction", "\"urn:a\"")]),
            Ok(Some("urn:a".to_owned()))
        );
        assert_eq!(
            action(&[soap12, ("soapaction", "\"urn:b\"")]),
            Err(NoMessage::Action)
        );
        assert_eq!(
            action(&[soap11, ("soapaction", "\"urn:a")]),
            Err(NoMessage::Action)
        );
        assert_eq!(action(&[soap11, ("soapaction", "a\"b")]), Err(NoMessage::Action));
    }

    #[test]
    fn a_field_that_counts_stands_once() {
        for name in ["content-type", "soapaction", "content-encoding", "content-length"] {
            let fields = [
                ("content-type", "text/xml"),
                (name, "text/xml"),
                (name, "text/xml"),
            ];
            assert_eq!(read(Method::POST, &fields), Err(NoMessage::Field), "{name}");
        }
    }

    #[test]
    fn fields_are_limited_in_number_and_length() {
        let xml = ("content-type", "text/xml");
        let names: Vec<String> = (0..FIELDS).map(|number| format!("x-{number}")).collect();
        let fields: Vec<_> = std::iter::once(xml)
            .chain(names.iter().map(|name| (name.as_str(), "x")))
            .collect();
        assert_eq!(read(Method::POST, &fields), Err(NoMessage::Fields));
        assert!(read(Method::POST, fields.get(..FIELDS).unwrap_or_default()).is_ok());
        let long = "x".repeat(FIELD_BYTES);
        assert_eq!(read(Method::POST, &[xml, ("x", &long)]), Err(NoMessage::Fields));
    }
}
