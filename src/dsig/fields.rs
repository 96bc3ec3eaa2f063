//! Strict access to the children, attributes and text of `ds:` elements: anything that is not expected is refused, as
//! whatever a verifier skips, somebody else may read.

use std::borrow::Cow;

use super::error::{Error, ErrorKind};
use crate::crypto::decode_base64;
use crate::xml::{Element, Namespace};

/// The children of an element, taken in order.
pub(super) struct Fields<'d> {
    parent: Element<'d>,
    waiting: Option<Element<'d>>,
}

impl<'d> Fields<'d> {
    /// The children of `parent`, which may have these unqualified attributes and no text.
    pub(super) fn of(parent: Element<'d>, attributes: &[&str]) -> Result<Self, Error> {
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
    pub(super) fn next_in(&mut self, namespace: Namespace, local: &str) -> Option<Element<'d>> {
        let child = self.waiting.filter(|child| child.is(namespace, local))?;
        self.waiting = child.next_sibling();
        Some(child)
    }

    /// The next child, if it is `local` of XML Signature.
    pub(super) fn next(&mut self, local: &str) -> Option<Element<'d>> {
        self.next_in(Namespace::DS, local)
    }

    /// The next child, which must be `local` of XML Signature.
    pub(super) fn required(&mut self, local: &str) -> Result<Element<'d>, Error> {
        match self.next(local) {
            Some(child) => Ok(child),
            None => {
                let what = format!("{} needs {local} here", self.parent.name());
                let place = self.waiting.unwrap_or(self.parent);
                Err(Error::at(place, ErrorKind::Structure(what)))
            }
        }
    }

    /// There is no further child.
    pub(super) fn end(self) -> Result<(), Error> {
        match self.waiting {
            Some(child) => Err(structure(child, "an unexpected", child)),
            None => Ok(()),
        }
    }
}

fn structure(place: Element<'_>, what: &str, name: Element<'_>) -> Error {
    Error::at(place, ErrorKind::Structure(format!("{what} {}", name.name())))
}

fn check_attributes(element: Element<'_>, expected: &[&str]) -> Result<(), Error> {
    for attribute in element.attributes() {
        let own = attribute.namespace_id() == Namespace::NONE && expected.contains(&attribute.local_name());
        // wsu:Id and xml:* say nothing about a signature.
        let harmless = matches!(attribute.namespace_id(), Namespace::WSU | Namespace::XML);
        if !own && !harmless {
            let what = format!("the attribute {} on {}", attribute.name(), element.name());
            return Err(Error::at(element, ErrorKind::Structure(what)));
        }
    }
    Ok(())
}

/// The text of `element`, which holds nothing else: no elements, comments or processing instructions (T36).
pub(super) fn text<'d>(element: Element<'d>, attributes: &[&str]) -> Result<Cow<'d, str>, Error> {
    check_attributes(element, attributes)?;
    let text = element
        .text()
        .map_err(|error| Error::at(element, ErrorKind::Xml(error)))?;
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
pub(super) fn base64(element: Element<'_>, attributes: &[&str]) -> Result<Vec<u8>, Error> {
    let text = text(element, attributes)?;
    decode_base64(&text).map_err(|error| Error::at(element, ErrorKind::Encoding(error)))
}

/// The `Algorithm` of `element`.
pub(super) fn algorithm<'d>(element: Element<'d>) -> Result<Cow<'d, str>, Error> {
    element
        .attribute("Algorithm")
        .ok_or_else(|| structure(element, "no Algorithm on", element))
}
