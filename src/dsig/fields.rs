//! Strict access to the children, attributes and text of elements of XML Signature and Encryption: anything that is not
//! expected is refused, as whatever a verifier skips, somebody else may read.

use std::borrow::Cow;

use crate::crypto::{Base64Error, decode_base64};
use crate::xml;
use crate::xml::{Element, Namespace, Position, quoted};

/// Why an element is not as its schema has it.
#[derive(Debug)]
pub(crate) struct FieldError {
    pub(crate) kind: FieldErrorKind,
    pub(crate) position: Position,
}

#[derive(Debug)]
pub(crate) enum FieldErrorKind {
    /// An element, attribute or text where the schema has none, or one that is missing.
    Structure(String),
    /// An element in a text.
    Xml(xml::Error),
    /// A text that is not base64.
    Encoding(Base64Error),
}

impl FieldError {
    fn at(element: Element<'_>, kind: FieldErrorKind) -> Self {
        Self {
            kind,
            position: element.position(),
        }
    }
}

/// The children of an element, taken in order.
pub(crate) struct Fields<'d> {
    parent: Element<'d>,
    waiting: Option<Element<'d>>,
}

impl<'d> Fields<'d> {
    /// The children of `parent`, which may have these unqualified attributes and no text.
    pub(crate) fn of(parent: Element<'d>, attributes: &[&str]) -> Result<Self, FieldError> {
        check_attributes(parent, attributes)?;
        if parent.stray_text().is_some() {
            return Err(structure(parent, "text between elements of", parent));
        }
        Ok(Self {
            parent,
            waiting: parent.first_child(),
        })
    }

    /// The next child, if it is `local` of `namespace`.
    pub(crate) fn next_in(&mut self, namespace: Namespace, local: &str) -> Option<Element<'d>> {
        let child = self.waiting.filter(|child| child.is(namespace, local))?;
        self.waiting = child.next_sibling();
        Some(child)
    }

    /// The next child, if it is `local` of XML Signature.
    pub(crate) fn next(&mut self, local: &str) -> Option<Element<'d>> {
        self.next_in(Namespace::DS, local)
    }

    /// The next child, which must be `local` of XML Signature.
    pub(crate) fn required(&mut self, local: &str) -> Result<Element<'d>, FieldError> {
        self.required_in(Namespace::DS, local)
    }

    /// The next child, which must be `local` of `namespace`.
    pub(crate) fn required_in(
        &mut self,
        namespace: Namespace,
        local: &str,
    ) -> Result<Element<'d>, FieldError> {
        match self.next_in(namespace, local) {
            Some(child) => Ok(child),
            None => {
                let what = format!("{} needs {local} here", quoted(self.parent.name()));
                let place = self.waiting.unwrap_or(self.parent);
                Err(FieldError::at(place, FieldErrorKind::Structure(what)))
            }
        }
    }

    /// The next child, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Element<'d>> {
        let child = self.waiting?;
        self.waiting = child.next_sibling();
        Some(child)
    }

    /// There is no further child.
    pub(crate) fn end(self) -> Result<(), FieldError> {
        match self.waiting {
            Some(child) => Err(structure(child, "an unexpected", child)),
            None => Ok(()),
        }
    }
}

fn structure(place: Element<'_>, what: &str, name: Element<'_>) -> FieldError {
    FieldError::at(
        place,
        FieldErrorKind::Structure(format!("{what} {}", quoted(name.name()))),
    )
}

fn check_attributes(element: Element<'_>, expected: &[&str]) -> Result<(), FieldError> {
    for attribute in element.attributes() {
        let own = attribute.namespace_id() == Namespace::NONE && expected.contains(&attribute.local_name());
        // wsu:Id and xml:* say nothing about a signature.
        let harmless = matches!(attribute.namespace_id(), Namespace::WSU | Namespace::XML);
        if !own && !harmless {
            let what = format!(
                "the attribute {} on {}",
                quoted(attribute.name()),
                quoted(element.name())
            );
            return Err(FieldError::at(element, FieldErrorKind::Structure(what)));
        }
    }
    Ok(())
}

/// The text of `element`, which holds nothing else: no elements, comments or processing instructions (T36).
pub(crate) fn text<'d>(element: Element<'d>, attributes: &[&str]) -> Result<Cow<'d, str>, FieldError> {
    check_attributes(element, attributes)?;
    let text = element
        .text()
        .map_err(|error| FieldError::at(element, FieldErrorKind::Xml(error)))?;
    if text.interrupted {
        return Err(structure(
            element,
            "a comment or processing instruction in",
            element,
        ));
    }
    Ok(text.value)
}

/// The bytes that the text of `element` encodes.
pub(crate) fn base64(element: Element<'_>, attributes: &[&str]) -> Result<Vec<u8>, FieldError> {
    let text = text(element, attributes)?;
    decode_base64(&text).map_err(|error| FieldError::at(element, FieldErrorKind::Encoding(error)))
}

/// The `Algorithm` of `element`.
pub(crate) fn algorithm<'d>(element: Element<'d>) -> Result<Cow<'d, str>, FieldError> {
    element
        .attribute("Algorithm")
        .ok_or_else(|| structure(element, "no Algorithm on", element))
}

/// `text`, several times: each time with something in or on one element of `within`, or `within` itself, that no schema has there. Text
/// has no empty-element tags.
#[cfg(test)]
pub(crate) fn spoilt(text: &str, within: Element<'_>) -> Vec<String> {
    let spoil = |element: Element<'_>| {
        let span = element.span();
        let (open, close) = (format!("<{}", element.name()), format!("</{}>", element.name()));
        let written = text.get(span.clone()).unwrap_or_default();
        assert!(
            written.starts_with(&open) && written.ends_with(&close),
            "{written}"
        );
        let with = |at: usize, what: &str| {
            let (before, after) = text.split_at(at);
            format!("{before}{what}{after}")
        };
        let (inside, end) = (
            span.start.saturating_add(open.len()),
            span.end.saturating_sub(close.len()),
        );
        let mut spoilt = vec![
            with(inside, " more=\"1\""),
            with(inside, " xmlns:m=\"urn:more\" m:Algorithm=\"1\""),
            with(end, "<m:more xmlns:m=\"urn:more\"></m:more>"),
        ];
        // Where text belongs, other text may be as good.
        if element.first_child().is_some() || element.text().is_ok_and(|text| text.value.is_empty()) {
            spoilt.push(with(end, "more"));
        }
        spoilt
    };
    within.descendants().flat_map(spoil).collect()
}
