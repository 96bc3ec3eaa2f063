use crate::soap::Error;
use crate::soap::ErrorKind;

/// The action that a SOAPAction header field names; empty counts as absent.
///
/// # Errors
/// Anything but one URI, in quotes as SOAP 1.1 §6.1.1 wants it or bare as some stacks write it.
pub fn soap_action(field: &str) -> Result<Option<String>, Error> {
    let trimmed = field.trim_matches([' ', '\t']);
    let quoted = trimmed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    action(quoted.unwrap_or(trimmed), field)
}

/// Whether `text` can be an action of WS-Addressing: an IRI, and nothing that HTTP could not have beside it in quotes.
pub fn is_addressing_action(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"')
}

/// The action `uri`, which came as `field`.
pub(super) fn action(uri: &str, field: &str) -> Result<Option<String>, Error> {
    // A URI has none of these, and a comma between quotes would be two fields joined into one.
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`');
    if uri.bytes().all(plain) {
        Ok(Some(uri.to_owned()).filter(|uri| !uri.is_empty()))
    } else {
        Err(Error::of_transport(ErrorKind::Action(field.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn quotes_are_taken_off() {
        for field in ["\"urn:a:B\"", "urn:a:B", "  \"urn:a:B\" "] {
            assert_eq!(soap_action(field).unwrap().as_deref(), Some("urn:a:B"), "{field}");
        }
    }

    #[test]
    fn nothing_is_no_action() {
        for field in ["", "\"\"", "  "] {
            assert_eq!(soap_action(field).unwrap(), None, "{field:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for field in [
            "\"",
            "\"a",
            "a\"",
            "\"a\", \"b\"",
            "\"a\"\"b\"",
            "a b",
            "\" a\"",
            "a\tb",
            "é",
            "\"a\\b\"",
            "a\r\nb",
            "<a>",
        ] {
            assert_eq!(soap_action(field).unwrap_err().code(), "soap.action", "{field:?}");
        }
    }
}
