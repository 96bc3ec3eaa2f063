use crate::soap::ContentType;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::Version;
use crate::soap::media_type::MediaType;
use crate::xml::Encoding;

use super::head::content_id;

/// What a Content-Type of `multipart/related` says of a SOAP message (RFC 2387, SOAP with Attachments §3, MTOM §3.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Related {
    boundary: String,
    packaging: Packaging,
    /// The version and action of the envelope, where the package says it before its parts do.
    content: ContentType,
    start: Option<String>,
}

/// How the parts of a message belong together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packaging {
    /// SOAP with Attachments: the envelope is as it is, and other parts stand beside it.
    Attachments,
    /// XOP, as MTOM uses it: the other parts belong into the envelope, where an `xop:Include` stands for each.
    Xop,
}

/// The media type of an envelope in XOP.
pub(super) const XOP: &str = "application/xop+xml";
/// The longest boundary (RFC 2046 §5.1.1).
const LONGEST_BOUNDARY: usize = 70;

impl Related {
    /// Reads the field. `type` must be there, and for XOP `start-info`, so that the version is known before the parts.
    ///
    /// # Errors
    /// Another media type, a parameter missing, twice, malformed or that could be read in two ways, two different actions.
    pub fn parse(field: &str) -> Result<Self, Error> {
        let malformed = || Error::of_transport(ErrorKind::ContentType(field.to_owned()));
        let media_type = MediaType::parse_in_one_way(field).ok_or_else(malformed)?;
        if media_type.essence() != "multipart/related" {
            return Err(malformed());
        }
        let boundary = media_type.parameter("boundary").filter(|text| is_boundary(text));
        let root = media_type.parameter("type").ok_or_else(malformed)?;
        let root_type = MediaType::parse_in_one_way(root).ok_or_else(malformed)?;
        let info = media_type.parameter("start-info");
        let (packaging, content) = if root_type.essence() == XOP {
            (Packaging::Xop, ContentType::parse(info.ok_or_else(malformed)?)?)
        } else {
            (Packaging::Attachments, ContentType::parse(root)?)
        };
        let action = media_type.parameter("action").unwrap_or_default();
        let start = media_type.parameter("start");
        let start = start.map(|start| content_id(start).ok_or_else(malformed));
        Ok(Self {
            boundary: boundary.ok_or_else(malformed)?.to_owned(),
            packaging,
            content: content.with_action(action)?,
            start: start.transpose()?,
        })
    }

    /// How the parts belong together.
    pub fn packaging(&self) -> Packaging {
        self.packaging
    }

    /// The SOAP version of the envelope.
    pub fn version(&self) -> Version {
        self.content.version()
    }

    /// The action that the `action` parameter, or that of the envelope's type in it, names.
    pub fn action(&self) -> Option<&str> {
        self.content.action()
    }

    pub(super) fn boundary(&self) -> &str {
        &self.boundary
    }

    pub(super) fn start(&self) -> Option<&str> {
        self.start.as_deref()
    }

    /// Checks that a first part of this type, with this Content-ID, is the root that was announced.
    pub(super) fn check_root(&self, media_type: &str, id: Option<&str>) -> Result<(), Error> {
        let refused = |why| Error::of_transport(ErrorKind::RootPart(why));
        if self.start().is_some_and(|start| Some(start) != id) {
            return Err(refused("the start parameter names another part than the first"));
        }
        let content = match self.packaging {
            Packaging::Attachments => ContentType::parse(media_type)?,
            Packaging::Xop => {
                let outer = MediaType::parse_in_one_way(media_type).filter(|outer| outer.essence() == XOP);
                let outer = outer.ok_or_else(|| refused("it is not application/xop+xml"))?;
                let utf8 = |charset: &str| charset.eq_ignore_ascii_case("utf-8");
                if let Some(other) = outer.parameter("charset").filter(|charset| !utf8(charset)) {
                    return Err(Error::of_transport(ErrorKind::Charset(other.to_owned())));
                }
                let inner = outer.parameter("type");
                let content = ContentType::parse(inner.ok_or_else(|| refused("it has no type parameter"))?)?;
                content.with_action(outer.parameter("action").unwrap_or_default())?
            }
        };
        let agrees = content.version() == self.version();
        if !agrees || content.action().is_some() && content.action() != self.action() {
            return Err(refused("its type is not the one that the message announces"));
        }
        Ok(())
    }
}

/// What the Content-Type of a request announces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Carried {
    /// An envelope, and nothing else.
    Envelope(ContentType),
    /// An envelope among other parts.
    Package(Related),
}

impl Carried {
    /// Reads the field.
    ///
    /// # Errors
    /// As [`ContentType::parse`] and [`Related::parse`].
    pub(crate) fn parse(field: &str) -> Result<Self, Error> {
        Self::parse_in(field, &[Encoding::Utf8])
    }

    /// As [`parse`](Self::parse), where an envelope alone may be in one of `encodings`.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn parse_in(field: &str, encodings: &[Encoding]) -> Result<Self, Error> {
        let essence = field.split(';').next().unwrap_or_default();
        if essence
            .trim_matches([' ', '\t'])
            .eq_ignore_ascii_case("multipart/related")
        {
            Related::parse(field).map(Self::Package)
        } else {
            ContentType::parse_in(field, encodings).map(Self::Envelope)
        }
    }

    /// The SOAP version.
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Envelope(content) => content.version(),
            Self::Package(related) => related.version(),
        }
    }

    /// The encoding that is said of the envelope. In a package it is UTF-8, whatever is said.
    pub(crate) fn charset(&self) -> Option<Encoding> {
        match self {
            Self::Envelope(content) => content.charset(),
            Self::Package(_) => Some(Encoding::Utf8),
        }
    }

    /// The action.
    pub(crate) fn action(&self) -> Option<&str> {
        match self {
            Self::Envelope(content) => content.action(),
            Self::Package(related) => related.action(),
        }
    }
}

/// bchars (RFC 2046 §5.1.1), no space at the end.
fn is_boundary(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=LONGEST_BOUNDARY).contains(&text.len()) && text.bytes().all(plain) && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn related(parameters: &str) -> Result<Related, &'static str> {
        Related::parse(&format!("multipart/related; {parameters}")).map_err(|error| error.code())
    }

    const XOP12: &str =
        "boundary=b; type=\"application/xop+xml\"; start-info=\"application/soap+xml; action=\\\"urn:a\\\"\"";

    #[test]
    fn version_action_and_packaging_are_known_before_the_parts() {
        let plain = related("type=\"text/xml\"; boundary=\"a b\"; start=\"<root@x>\"").unwrap();
        assert_eq!(plain.packaging(), Packaging::Attachments);
        assert_eq!(plain.version(), Version::Soap11);
        assert_eq!((plain.boundary(), plain.start()), ("a b", Some("root@x")));
        let xop = related(XOP12).unwrap();
        assert_eq!(xop.packaging(), Packaging::Xop);
        assert_eq!((xop.version(), xop.action()), (Version::Soap12, Some("urn:a")));
        assert_eq!(
            related(&format!("{XOP12}; action=\"urn:a\"")).unwrap().action(),
            Some("urn:a")
        );
    }

    #[test]
    fn the_envelope_in_a_package_is_utf8() {
        let both = [Encoding::Utf8, Encoding::Utf16];
        for (field, charset) in [
            (
                "multipart/related; type=\"text/xml\"; boundary=b",
                Some(Encoding::Utf8),
            ),
            ("text/xml", None),
            ("text/xml; charset=utf-16", Some(Encoding::Utf16)),
        ] {
            assert_eq!(
                Carried::parse_in(field, &both).unwrap().charset(),
                charset,
                "{field}"
            );
        }
    }

    #[test]
    fn what_is_missing_malformed_or_said_in_two_ways_is_refused() {
        for parameters in [
            "type=\"text/xml\"",
            "boundary=b",
            "boundary=b; type=\"application/xop+xml\"",
            "boundary=b; type=\"text/plain\"",
            "boundary=\"\"; type=\"text/xml\"",
            "boundary=\"b \"; type=\"text/xml\"",
            "boundary=\"b@\"; type=\"text/xml\"",
            "boundary=b; boundary=b; type=\"text/xml\"",
            "boundary=b; type=\"text/xml\"; start=\"<>\"",
            "boundary=b; type=\"text/xml\"; boundary*=us-ascii''c",
            "boundary=b; type=\"text/xml\"; Boundary*0=c",
            "boundary=b; type=\"text/xml\"; start*=us-ascii''%3Ca@x%3E",
            "boundary=b; type=\"text/xml\"; type*=us-ascii''text%2Fxml",
            "boundary=\"b\\c\"; type=\"text/xml\"",
            "boundary=b; type=\"text/xml\"; start=\"<a\\@x>\"",
            "boundary=b; type=\"text/xml; charset*=us-ascii''utf-7\"",
        ] {
            assert_eq!(related(parameters), Err("soap.content_type"), "{parameters}");
        }
        let long = "b".repeat(LONGEST_BOUNDARY);
        assert!(related(&format!("type=\"text/xml\"; boundary={long}")).is_ok());
        assert!(related(&format!("type=\"text/xml\"; boundary={long}b")).is_err());
        assert_eq!(related(&format!("{XOP12}; action=\"urn:b\"")), Err("soap.action"));
        assert!(Related::parse("multipart/mixed; boundary=b; type=\"text/xml\"").is_err());
    }

    #[test]
    fn the_root_is_the_first_part_and_of_the_type_that_was_announced() {
        let plain = related("type=\"text/xml\"; boundary=b; start=\"<r@x>\"").unwrap();
        let code = |related: &Related, media_type: &str, id: Option<&str>| {
            related.check_root(media_type, id).map_err(|error| error.code())
        };
        assert_eq!(code(&plain, "text/xml; charset=utf-8", Some("r@x")), Ok(()));
        assert_eq!(code(&plain, "text/xml", Some("other@x")), Err("soap.root_part"));
        assert_eq!(code(&plain, "text/xml", None), Err("soap.root_part"));
        assert_eq!(
            code(&plain, "application/soap+xml", Some("r@x")),
            Err("soap.root_part")
        );
        assert_eq!(code(&plain, "text/plain", Some("r@x")), Err("soap.content_type"));
        assert_eq!(
            code(&plain, "text/xml; charset*=us-ascii''utf-7", Some("r@x")),
            Err("soap.content_type")
        );
        let xop = related(XOP12).unwrap();
        let inner = "application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"";
        assert_eq!(code(&xop, inner, None), Ok(()));
        assert_eq!(
            code(&xop, &format!("{inner}; action=\"urn:b\""), None),
            Err("soap.root_part")
        );
        assert_eq!(code(&xop, "application/soap+xml", None), Err("soap.root_part"));
        assert_eq!(code(&xop, "application/xop+xml", None), Err("soap.root_part"));
        assert_eq!(
            code(&xop, &format!("{inner}; charset*0=utf-7"), None),
            Err("soap.root_part")
        );
        assert_eq!(
            code(&xop, "application/xop+xml; type=\"text/xml\"", None),
            Err("soap.root_part")
        );
        assert_eq!(
            code(
                &xop,
                "application/xop+xml; charset=utf-16; type=\"application/soap+xml\"",
                None
            ),
            Err("soap.charset")
        );
    }
}
