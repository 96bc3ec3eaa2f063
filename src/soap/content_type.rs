use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::Version;
use crate::soap::action::action;

/// What a Content-Type header field says of a SOAP message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentType {
    version: Version,
    action: Option<String>,
}

impl ContentType {
    /// Reads `text/xml` (SOAP 1.1) or `application/soap+xml` (SOAP 1.2, RFC 3902) with its parameters. A charset is
    /// absent or utf-8: the XML itself says what it is, and the two must not differ (T39).
    ///
    /// # Errors
    /// Any other media type, charset, a parameter that stands twice, and what is not of the form of RFC 9110 §8.3.1.
    pub fn parse(field: &str) -> Result<Self, Error> {
        let malformed = || Error::of_transport(ErrorKind::ContentType(field.to_owned()));
        let (media_type, mut rest) = match field.split_once(';') {
            Some((media_type, _)) => (media_type, field.get(media_type.len()..).unwrap_or_default()),
            None => (field, ""),
        };
        let media_type = media_type.trim_matches(BLANK);
        let version = [Version::Soap11, Version::Soap12]
            .into_iter()
            .find(|version| media_type.eq_ignore_ascii_case(version.media_type()))
            .ok_or_else(malformed)?;
        let mut names: Vec<String> = Vec::new();
        let mut found = Self {
            version,
            action: None,
        };
        while !rest.is_empty() {
            let (parameter, after) = parameter(rest).ok_or_else(malformed)?;
            rest = after;
            let Some((name, value)) = parameter else { continue };
            if names.contains(&name) || names.len() >= MOST_PARAMETERS {
                return Err(malformed());
            }
            match name.as_str() {
                "charset" if !value.eq_ignore_ascii_case("utf-8") => {
                    return Err(Error::of_transport(ErrorKind::Charset(value)));
                }
                "action" => found.action = action(&value, &value)?,
                _ => {}
            }
            names.push(name);
        }
        Ok(found)
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

const BLANK: [char; 2] = [' ', '\t'];
/// More parameters than any stack writes.
const MOST_PARAMETERS: usize = 16;

/// The parameter after the semicolon at the start of `input`, its name in lower case, and what follows it.
/// A semicolon may stand alone.
#[allow(clippy::type_complexity, reason = "name and value, and the rest")]
fn parameter(input: &str) -> Option<(Option<(String, String)>, &str)> {
    let rest = input.strip_prefix(';')?.trim_start_matches(BLANK);
    if rest.is_empty() || rest.starts_with(';') {
        return Some((None, rest));
    }
    let (name, rest) = rest.split_once('=')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted)?,
        None => {
            let end = rest.find([';', ' ', '\t']).unwrap_or(rest.len());
            let (value, rest) = rest.split_at_checked(end)?;
            (Some(value.to_owned()).filter(|value| is_token(value))?, rest)
        }
    };
    let rest = rest.trim_start_matches(BLANK);
    let ends = rest.is_empty() || rest.starts_with(';');
    (is_token(name) && ends).then(|| (Some((name.to_ascii_lowercase(), value)), rest))
}

/// The content of a quoted-string (RFC 9110 §5.6.4) after its first quote, and what follows it.
fn quoted_string(input: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = input.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, input.get(at.checked_add(1)?..)?)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// A token (RFC 9110 §5.6.2), and the characters of URIs that some stacks leave without quotes.
fn is_token(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'(' | b')' | b',' | b';' | b'\\');
    !text.is_empty() && text.bytes().all(plain)
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
            "action=\"urn:\\a:B\"",
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
