//! Reading by a schema: sequences, attributes, simple types.

use std::borrow::Cow;
use std::iter::Peekable;

use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use crate::token::datetime;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::is_ncname;

/// The child elements of one element, taken in the order of its schema.
pub(super) struct Sequence<'d, I: Iterator<Item = Element<'d>>> {
    parent: Element<'d>,
    rest: Peekable<I>,
    clause: &'static str,
}

/// The children of `parent`, which the schema of `clause` describes.
///
/// # Errors
/// Text between them.
pub(super) fn sequence<'d>(
    parent: Element<'d>,
    clause: &'static str,
) -> Result<Sequence<'d, impl Iterator<Item = Element<'d>>>, Error> {
    sequence_of(parent, parent.children(), clause)
}

/// As [`sequence`], of those of its children that `children` gives.
pub(super) fn sequence_of<'d, I: Iterator<Item = Element<'d>>>(
    parent: Element<'d>,
    children: I,
    clause: &'static str,
) -> Result<Sequence<'d, I>, Error> {
    if parent.stray_text().is_some() {
        return Err(Error::new(parent, clause, ErrorKind::StrayText));
    }
    Ok(Sequence {
        parent,
        rest: children.peekable(),
        clause,
    })
}

impl<'d, I: Iterator<Item = Element<'d>>> Sequence<'d, I> {
    /// The next child, if it is called `local` in `namespace`.
    pub(super) fn optional(&mut self, namespace: Namespace, local: &str) -> Option<Element<'d>> {
        self.rest.next_if(|child| child.is(namespace, local))
    }

    /// The next child, which must be called `local` in `namespace`.
    pub(super) fn required(
        &mut self,
        namespace: Namespace,
        local: &'static str,
    ) -> Result<Element<'d>, Error> {
        let found = self.optional(namespace, local);
        found.ok_or_else(|| Error::new(self.parent, self.clause, ErrorKind::MissingElement(local)))
    }

    /// The next children, as long as they are called `local` in `namespace`.
    pub(super) fn many<'s>(
        &'s mut self,
        namespace: Namespace,
        local: &'static str,
    ) -> impl Iterator<Item = Element<'d>> + use<'s, 'd, I> {
        std::iter::from_fn(move || self.optional(namespace, local))
    }

    /// The next child, whatever it is.
    pub(super) fn any(&mut self) -> Option<Element<'d>> {
        self.rest.next()
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), Error> {
        match self.rest.next() {
            Some(child) => Err(unexpected(child, self.clause)),
            None => Ok(()),
        }
    }
}

/// `child` is not of its parent's schema.
pub(super) fn unexpected(child: Element<'_>, clause: &'static str) -> Error {
    let kind = ErrorKind::UnexpectedElement(child.name().to_owned());
    Error::new(child, clause, kind)
}

/// Which attributes the schema has besides those it names.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum OtherAttributes {
    /// None.
    Refused,
    /// Those of other namespaces (`anyAttribute namespace="##other"`).
    Foreign,
}

/// Checks that `element` has only attributes that its schema has: those of `names`, and those that XML Schema
/// allows everywhere. `xsi:nil` is refused (T46).
pub(super) fn attributes(
    element: Element<'_>,
    names: &[&str],
    others: OtherAttributes,
    clause: &'static str,
) -> Result<(), Error> {
    for attribute in element.attributes() {
        let local = attribute.local_name();
        let known = match attribute.namespace_id() {
            Namespace::NONE => names.contains(&local),
            Namespace::XSI => matches!(local, "type" | "schemaLocation" | "noNamespaceSchemaLocation"),
            Namespace::XML => true,
            _ => others == OtherAttributes::Foreign,
        };
        if !known {
            let name = attribute.name().to_owned();
            return Err(Error::new(element, clause, ErrorKind::UnexpectedAttribute(name)));
        }
    }
    Ok(())
}

/// Checks that `element`, whose attributes may be any, is not turned into nothing by `xsi:nil` (T46).
pub(super) fn not_nil(element: Element<'_>, clause: &'static str) -> Result<(), Error> {
    if element.attribute_ns(Namespace::XSI, "nil").is_none() {
        return Ok(());
    }
    let kind = ErrorKind::UnexpectedAttribute("xsi:nil".to_owned());
    Err(Error::new(element, clause, kind))
}

/// The attribute `name`, which must be there.
pub(super) fn required_attribute<'d>(
    element: Element<'d>,
    name: &'static str,
    clause: &'static str,
) -> Result<Cow<'d, str>, Error> {
    let value = element.attribute(name);
    value.ok_or_else(|| Error::new(element, clause, ErrorKind::MissingAttribute(name)))
}

/// The attribute `ID`, an NCName that must be there.
pub(super) fn id<'d>(element: Element<'d>, clause: &'static str) -> Result<Cow<'d, str>, Error> {
    let id = required_attribute(element, "ID", clause)?;
    if is_ncname(&id) {
        return Ok(id);
    }
    Err(value_error(element, "ID", &id, "an NCName", clause))
}

/// The time in the attribute `name`.
pub(super) fn time(
    element: Element<'_>,
    name: &'static str,
    clause: &'static str,
) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(value) = element.attribute(name) else {
        return Ok(None);
    };
    let time = datetime::parse(&value);
    time.map(Some)
        .map_err(|error| Error::new(element, clause, ErrorKind::Time { name, error }))
}

/// The time in the attribute `name`, which must be there.
pub(super) fn required_time(
    element: Element<'_>,
    name: &'static str,
    clause: &'static str,
) -> Result<DateTime<Utc>, Error> {
    let time = time(element, name, clause)?;
    time.ok_or_else(|| Error::new(element, clause, ErrorKind::MissingAttribute(name)))
}

/// The attribute `Version`, which must be `2.0`.
pub(super) fn version(element: Element<'_>, clause: &'static str) -> Result<(), Error> {
    let version = required_attribute(element, "Version", clause)?;
    if version == "2.0" {
        return Ok(());
    }
    Err(Error::new(
        element,
        clause,
        ErrorKind::Version(version.into_owned()),
    ))
}

/// The whole text of `element`.
pub(super) fn text<'d>(element: Element<'d>, clause: &'static str) -> Result<Cow<'d, str>, Error> {
    let text = element.text();
    text.map(|text| text.value)
        .map_err(|error| Error::new(element, clause, ErrorKind::Text(error)))
}

/// The whole text of `element`, which has no attributes.
pub(super) fn plain_text<'d>(element: Element<'d>, clause: &'static str) -> Result<Cow<'d, str>, Error> {
    attributes(element, &[], OtherAttributes::Refused, clause)?;
    text(element, clause)
}

/// `element` has no attributes and nothing in it.
pub(super) fn empty(element: Element<'_>, clause: &'static str) -> Result<(), Error> {
    attributes(element, &[], OtherAttributes::Refused, clause)?;
    sequence(element, clause)?.end()
}

/// The attribute `name`, which must be `true`, `false`, `1` or `0`.
pub(super) fn boolean(
    element: Element<'_>,
    name: &'static str,
    clause: &'static str,
) -> Result<Option<bool>, Error> {
    let Some(value) = element.attribute(name) else {
        return Ok(None);
    };
    match value.as_ref() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(value_error(element, name, &value, "a boolean", clause)),
    }
}

/// The attribute `name`, a number from 0.
pub(super) fn count(
    element: Element<'_>,
    name: &'static str,
    clause: &'static str,
) -> Result<Option<u64>, Error> {
    let Some(value) = element.attribute(name) else {
        return Ok(None);
    };
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| digits);
    let error = || value_error(element, name, &value, "a number from 0", clause);
    number.map(Some).ok_or_else(error)
}

/// `value` is not what `name` may say.
pub(super) fn value_error(
    element: Element<'_>,
    name: &'static str,
    value: &str,
    expected: &'static str,
    clause: &'static str,
) -> Error {
    let kind = ErrorKind::Value {
        name,
        value: value.to_owned(),
        expected,
    };
    Error::new(element, clause, kind)
}
