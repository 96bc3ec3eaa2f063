use bytes::Bytes;

use crate::crypto::decode_base64;
use crate::token::field;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::xml::Element;

/// A `wsse11:SignatureConfirmation` (WSS 1.1 §8.5): what the sender of an answer says was signed in the request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureConfirmation<'d> {
    element: Element<'d>,
    value: Option<Bytes>,
}

impl<'d> SignatureConfirmation<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        let bad = |why| Error::at(ErrorKind::SignatureConfirmation(why), element);
        if field::unwanted_attribute(element, &["Value"]).is_some() {
            return Err(bad("it has an attribute besides Value and wsu:Id"));
        }
        if element.children().next().is_some() || element.stray_text().is_some() {
            return Err(bad("it is not empty"));
        }
        let value = match element.attribute("Value") {
            Some(value) => match decode_base64(&value) {
                Ok(value) if !value.is_empty() => Some(value.into()),
                _ => return Err(bad("its Value is no base64")),
            },
            None => None,
        };
        Ok(Self { element, value })
    }

    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// The value of a signature of the request; `None` says that the request had no signature.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    fn read(attributes: &str, content: &str) -> Result<Option<Vec<u8>>, &'static str> {
        let text = format!("<a {attributes}>{content}</a>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let confirmation = SignatureConfirmation::read(document.root()).map_err(|error| error.code())?;
        Ok(confirmation.value().map(<[u8]>::to_vec))
    }

    #[test]
    fn the_value_is_read_or_absent() {
        assert_eq!(read("Value='AQID'", " "), Ok(Some(vec![1, 2, 3])));
        assert_eq!(read("", ""), Ok(None));
    }

    #[test]
    fn anything_else_is_refused() {
        for (attributes, content) in [
            ("Value=''", ""),
            ("Value='AQI'", ""),
            ("Value='AQID' Id='a'", ""),
            ("Value='AQID'", "text"),
            ("Value='AQID'", "<b/>"),
        ] {
            assert_eq!(
                read(attributes, content),
                Err("wss.signature_confirmation"),
                "{attributes} {content}"
            );
        }
    }
}
