//! Simple fields of security elements: an attribute or a text that every reader takes alike, or nothing (T21, T36, T46).

use std::borrow::Cow;

use crate::xml;
use crate::xml::Attribute;
use crate::xml::Element;
use crate::xml::Namespace;

/// Why an element's content is no simple text.
#[derive(Debug)]
pub(crate) enum NotText {
    /// There is an element in it.
    Element(xml::Error),
    /// There is a comment or a processing instruction in it.
    Interrupted,
}

/// The text of `element`, whole; nothing is trimmed.
pub(crate) fn text(element: Element<'_>) -> Result<Cow<'_, str>, NotText> {
    let text = element.text().map_err(NotText::Element)?;
    if text.interrupted {
        Err(NotText::Interrupted)
    } else {
        Ok(text.value)
    }
}

/// The first attribute that may not stand on `element`: an unqualified one that is not in `allowed`, `xsi:nil`, or
/// one that another reader may take for the ID.
pub(crate) fn unwanted_attribute<'d>(element: Element<'d>, allowed: &[&str]) -> Option<Attribute<'d>> {
    element.attributes().find(|attribute| {
        let local = attribute.local_name();
        match attribute.namespace_id() {
            Namespace::NONE => !allowed.contains(&local),
            Namespace::WSU => local != "Id",
            Namespace::XML => false,
            Namespace::XSI => local == "nil",
            _ => local.eq_ignore_ascii_case("id"),
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    fn unwanted(attributes: &str) -> Option<String> {
        let text = format!(
            "<a xmlns:wsu='{}' xmlns:xsi='{}' xmlns:x='urn:x' {attributes}/>",
            Namespace::WSU.uri(),
            Namespace::XSI.uri()
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        unwanted_attribute(document.root(), &["URI"]).map(|attribute| attribute.name().to_owned())
    }

    #[test]
    fn attributes_that_another_reader_may_take_for_something_are_found() {
        for fine in [
            "",
            "URI='a' wsu:Id='b'",
            "xml:lang='en' x:other='1' xsi:type='x:y'",
        ] {
            assert_eq!(unwanted(fine), None, "{fine}");
        }
        for bad in [
            "Id",
            "id",
            "uri",
            "x:Id",
            "x:ID",
            "x:id",
            "wsu:id",
            "wsu:Other",
            "xsi:nil",
        ] {
            assert_eq!(unwanted(&format!("{bad}='1'")), Some(bad.to_owned()));
        }
    }

    #[test]
    fn only_uninterrupted_text_is_text() {
        let of = |content: &str| {
            let document = Document::parse(format!("<a>{content}</a>").into(), &Limits::default()).unwrap();
            text(document.root()).map(Cow::into_owned)
        };
        assert_eq!(of(" a&amp;<![CDATA[b]]>").unwrap(), " a&b");
        assert!(matches!(of("a<!-- -->b"), Err(NotText::Interrupted)));
        assert!(matches!(of("a<?b?>"), Err(NotText::Interrupted)));
        assert!(matches!(of("a<b/>"), Err(NotText::Element(_))));
    }
}
