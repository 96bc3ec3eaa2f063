use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::Version;
use crate::soap::action::action;
use crate::soap::media_type::MediaType;
use crate::xml::Encoding;

/// What a Content-Type header field says of a SOAP message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentType {
    version: Version,
    action: Option<String>,
    charset: Option<Encoding>,
}

impl ContentType {
    /// Reads `text/xml` (SOAP 1.1) or `application/soap+xml` (SOAP 1.2, RFC 3902) with its parameters. A charset is
    /// absent or utf-8: the XML itself says what it is, and the two must not differ (T39).
    ///
    /// # Errors
    /// Any other media type, charset, a parameter that stands twice or could be read in two ways, and what is not of the form of RFC 9110 §8.3.1.
    pub fn parse(field: &str) -> Result<Self, Error> {
        Self::parse_in(field, &[Encoding::Utf8])
    }

    /// As [`parse`](Self::parse), with a charset that is absent or one of `encodings`.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn parse_in(field: &str, encodings: &[Encoding]) -> Result<Self, Error> {
        let malformed = || Error::of_transport(ErrorKind::ContentType(field.to_owned()));
        let media_type = MediaType::parse_in_one_way(field).ok_or_else(malformed)?;
        let version = [Version::Soap11, Version::Soap12]
            .into_iter()
            .find(|version| media_type.essence() == version.media_type())
            .ok_or_else(malformed)?;
        let charset = media_type.parameter("charset").map(|name| {
            let encoding = Encoding::named(name).filter(|encoding| encodings.contains(encoding));
            encoding.ok_or_else(|| Error::of_transport(ErrorKind::Charset(name.to_owned())))
        });
        let named = media_type.parameter("action");
        let action = named.map(|named| action(named, named)).transpose()?.flatten();
        Ok(Self {
            version,
            action,
            charset: charset.transpose()?,
        })
    }

    /// The same, where another place names the action too; empty counts as absent.
    pub(super) fn with_action(self, other: &str) -> Result<Self, Error> {
        match (self.action.as_deref(), action(other, other)?) {
            (Some(one), Some(other)) if one != other => Err(Error::of_transport(ErrorKind::Action(other))),
            (None, action @ Some(_)) => Ok(Self { action, ..self }),
            _ => Ok(self),
        }
    }

    /// The encoding that the `charset` parameter names.
    pub(crate) fn charset(&self) -> Option<Encoding> {
        self.charset
    }

    /// The version of SOAP whose media type it is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The `action` parameter (RFC 3902 §2); empty counts as absent.
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn code(field: &str) -> &'static str {
        ContentType::parse(field).unwrap_err().code()
    }

    #[test]
    fn the_media_type_says_the_version() {
        for (field, version) in [
            ("text/xml", Version::Soap11),
            ("Text/XML ; Charset=\"UTF-8\"", Version::Soap11),
            ("text/xml;charset=utf-8;", Version::Soap11),
            ("application/soap+xml; charset=utf-8", Version::Soap12),
        ] {
            assert_eq!(ContentType::parse(field).unwrap().version(), version, "{field}");
        }
        for other in [
            "",
            "text/plain",
            "application/xml",
            "text/xml2",
            "text/xml, text/xml",
            "multipart/related; type=\"text/xml\"",
        ] {
            assert_eq!(code(other), "soap.content_type", "{other}");
        }
    }

    #[test]
    fn the_action_is_a_parameter() {
        let action = |parameters: &str| {
            let field = format!("application/soap+xml; {parameters}");
            ContentType::parse(&field).unwrap().action().map(str::to_owned)
        };
        for parameters in [
            "charset=utf-8; action=\"urn:a:B\"",
            "action=\"urn:a:B\";charset=utf-8",
            "ACTION=urn:a:B",
            "x=\"a;action=urn:c\"; action=\"urn:a:B\"",
        ] {
            assert_eq!(action(parameters).as_deref(), Some("urn:a:B"), "{parameters}");
        }
        assert_eq!(action("action=\"\""), None);
        assert_eq!(action("charset=utf-8"), None);
    }

    #[test]
    fn the_charset_is_utf_8() {
        for charset in ["iso-8859-1", "utf-16", "\"utf8\"", "utf-7"] {
            assert_eq!(code(&format!("text/xml; charset={charset}")), "soap.charset");
        }
        let both = [Encoding::Utf8, Encoding::Utf16];
        let read = |field: &str| ContentType::parse_in(field, &both).map(|read| read.charset());
        assert_eq!(
            read("text/xml; charset=\"UTF-16\"").unwrap(),
            Some(Encoding::Utf16)
        );
        assert_eq!(read("text/xml").unwrap(), None);
        for charset in ["utf-16le", "utf-7"] {
            let refused = read(&format!("text/xml; charset={charset}"));
            assert_eq!(refused.unwrap_err().code(), "soap.charset");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for parameters in [
            "action=\"a\"; action=\"b\"",
            "charset=utf-8; Charset=utf-8",
            "charset=",
            "charset",
            "=utf-8",
            "charset = utf-8",
            "action=\"a",
            "action=\"a\"b",
            "action=a b",
            "action=\"a\\",
            "action=\"urn:\\a:B\"",
            "charset*=us-ascii''utf-7",
            "charset=utf-8; CHARSET*0=utf",
        ] {
            assert_eq!(
                code(&format!("application/soap+xml; {parameters}")),
                "soap.content_type",
                "{parameters}"
            );
        }
        assert_eq!(code("application/soap+xml; action=\"a b\""), "soap.action");
        let many: String = (0..17).map(|number| format!("; p{number}=1")).collect();
        assert_eq!(code(&format!("text/xml{many}")), "soap.content_type");
    }

    proptest::proptest! {
        #[test]
        fn every_quoted_action_comes_back_and_no_field_is_worse_than_refused(
            action in "[!#-;=?-\\[\\]_a-z{|}~]{1,20}",
            field in "\\PC{0,60}",
        ) {
            let written = format!("application/soap+xml; action=\"{action}\"; charset=UTF-8");
            let read = ContentType::parse(&written).unwrap();
            proptest::prop_assert_eq!(read.action(), Some(action.as_str()));
            let _ = ContentType::parse(&field);
            let _ = ContentType::parse(&format!("text/xml;{field}"));
        }
    }
}
