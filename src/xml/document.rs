use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use super::arena::{Arena, index};
use super::build::Builder;
use super::element::Element;
use super::error::{Error, ErrorKind, Fault, Position, Scanned};
use super::limits::{Limit, Limits};
use super::namespace::Namespace;
use super::{ids, prolog, scan};

/// A parsed document: well-formed, namespace-well-formed, without DOCTYPE, with unique IDs and within its limits.
///
/// ```
/// use sealgate::xml::{Document, Limits};
///
/// let document = Document::parse("<a xmlns='urn:a'><b/></a>".into(), &Limits::default())?;
/// assert_eq!(document.root().local_name(), "a");
/// assert_eq!(document.root().children().count(), 1);
/// # Ok::<(), sealgate::xml::Error>(())
/// ```
#[derive(Debug)]
pub struct Document {
    input: ByteString,
    arena: Arena,
}

impl Document {
    /// Parses `input`, whole; nothing is fetched, expanded or repaired.
    ///
    /// # Errors
    /// The first thing that is not XML 1.0, Namespaces 1.0 or within `limits`, with its position.
    pub fn parse(input: Bytes, limits: &Limits) -> Result<Self, Error> {
        Self::parse_with_ids(input, limits, &[])
    }

    /// As [`Document::parse`]; unqualified attributes named in `id_attributes` are of type ID too.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_with_ids(input: Bytes, limits: &Limits, id_attributes: &[String]) -> Result<Self, Error> {
        let mut arena = Arena::take();
        match read(&mut arena, &input, limits, id_attributes) {
            Ok(input) => Ok(Self { input, arena }),
            Err(fault) => {
                arena.give_back();
                Err(Error::new(fault.kind, Position::of(&input, fault.at)))
            }
        }
    }

    /// The root element.
    pub fn root(&self) -> Element<'_> {
        Element::new(self, 0)
    }

    /// The one element whose ID is `id`.
    pub fn element_by_id(&self, id: &str) -> Option<Element<'_>> {
        ids::find(&self.arena, &self.input, id).map(|element| Element::new(self, element))
    }

    /// The elements whose start tags begin in the bytes `range`, in document order.
    pub fn elements_in(&self, range: Range<usize>) -> impl Iterator<Item = Element<'_>> {
        let place = |offset: usize| {
            let elements = &self.arena.elements;
            elements.partition_point(|record| index(record.start) < offset)
        };
        let numbers = place(range.start)..place(range.end);
        numbers
            .filter_map(|number| u32::try_from(number).ok())
            .map(|number| Element::new(self, number))
    }

    /// The number of the namespace called `name`, if it can be anything's here.
    pub(crate) fn namespace_called(&self, name: &str) -> Option<Namespace> {
        self.arena.namespace_number(name).map(Namespace)
    }

    /// Element `number` in document order.
    pub(crate) fn element(&self, number: u32) -> Element<'_> {
        Element::new(self, number)
    }

    /// Where a byte order mark and the XML declaration end.
    pub(crate) fn declaration_end(&self) -> usize {
        prolog::read(self.bytes()).unwrap_or_default()
    }

    /// The bytes that were parsed.
    pub fn bytes(&self) -> &Bytes {
        self.input.as_bytes()
    }

    /// The input as text.
    pub fn as_str(&self) -> &str {
        &self.input
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.arena.elements.len()
    }

    /// Never: a document has a root.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The place of byte `offset`.
    pub fn position(&self, offset: usize) -> Position {
        Position::of(self.input.as_bytes(), offset)
    }

    pub(crate) fn arena(&self) -> &Arena {
        &self.arena
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        std::mem::take(&mut self.arena).give_back();
    }
}

fn read(arena: &mut Arena, input: &Bytes, limits: &Limits, id_attributes: &[String]) -> Scanned<ByteString> {
    if input.len() > index(limits.bytes) {
        let allowed = limits.bytes.into();
        let kind = ErrorKind::Limit {
            limit: Limit::Bytes,
            allowed,
        };
        return Err(Box::new(Fault {
            at: index(limits.bytes),
            kind,
        }));
    }
    let text = prolog::text(input)?;
    let start = prolog::read(input)?;
    arena.reserve(input.len());
    scan::scan(Builder::new(arena, &text, limits, id_attributes), start)?;
    Ok(text)
}
