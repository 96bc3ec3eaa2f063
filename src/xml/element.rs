use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::arena::{AttributeRecord, BreakKind, DeclarationRecord, ElementRecord, NO_PARENT, index};
use super::attributes::local_name;
use super::document::Document;
use super::error::Position;
use super::namespace::Namespace;
use super::text::attribute_value;

/// An element of the one document it was taken from. Two are equal if they are the same node of the same
/// document, never because they look alike.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document,
    number: u32,
}

/// What a record is read as when a number is out of range, which the parser does not produce.
const NOTHING: ElementRecord = ElementRecord {
    start: 0,
    open_end: 0,
    close: 0,
    end: 0,
    parent: NO_PARENT,
    next: 0,
    attributes: 0,
    declarations: 0,
    name_len: 0,
    prefix_len: 0,
    prefix: 0,
    namespace: 0,
    depth: 0,
    user: 0,
    canonical: 0,
    plain: false,
    empty: false,
    undeclares: false,
};

impl<'d> Element<'d> {
    pub(super) const fn new(document: &'d Document, number: u32) -> Self {
        Self { document, number }
    }

    /// The document that it is part of.
    pub fn document(self) -> &'d Document {
        self.document
    }

    pub(crate) fn number(self) -> u32 {
        self.number
    }

    pub(crate) fn record(self) -> &'d ElementRecord {
        self.document
            .arena()
            .elements
            .get(index(self.number))
            .unwrap_or(&NOTHING)
    }

    pub(super) fn slice(self, range: Range<u32>) -> &'d str {
        self.document
            .as_str()
            .get(index(range.start)..index(range.end))
            .unwrap_or_default()
    }

    /// Whether it is called `local` in `namespace`.
    pub fn is(self, namespace: Namespace, local: &str) -> bool {
        let record = self.record();
        if record.namespace != namespace.0 {
            return false;
        }
        let skip = match record.prefix_len {
            0 => 1,
            length => usize::from(length).wrapping_add(2),
        };
        let start = index(record.start).wrapping_add(skip);
        let end = index(record.start)
            .wrapping_add(1)
            .wrapping_add(usize::from(record.name_len));
        self.document.bytes().get(start..end) == Some(local.as_bytes())
    }

    /// The number of its namespace, to compare with the constants of [`Namespace`].
    pub fn namespace_id(self) -> Namespace {
        Namespace(self.record().namespace)
    }

    /// Its namespace name; empty for none.
    pub fn namespace(self) -> &'d str {
        self.document.arena().namespace_name(self.record().namespace)
    }

    /// Its name as written, with the prefix.
    pub fn name(self) -> &'d str {
        let record = self.record();
        let start = record.start.wrapping_add(1);
        self.slice(start..start.wrapping_add(u32::from(record.name_len)))
    }

    /// Its name without prefix.
    pub fn local_name(self) -> &'d str {
        let skip = match self.record().prefix_len {
            0 => 0,
            length => usize::from(length).wrapping_add(1),
        };
        self.name().get(skip..).unwrap_or_default()
    }

    /// Its prefix; empty for none.
    pub fn prefix(self) -> &'d str {
        self.name()
            .get(..usize::from(self.record().prefix_len))
            .unwrap_or_default()
    }

    /// The element around it.
    pub fn parent(self) -> Option<Self> {
        let parent = self.record().parent;
        (parent != NO_PARENT).then(|| Self::new(self.document, parent))
    }

    /// The elements around it, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Self> + use<'d> {
        std::iter::successors(self.parent(), |element| element.parent())
    }

    /// Its child elements.
    pub fn children(self) -> impl Iterator<Item = Self> + use<'d> {
        let end = self.record().next;
        let document = self.document;
        let mut number = self.number.wrapping_add(1);
        std::iter::from_fn(move || {
            if number >= end {
                return None;
            }
            let child = Self::new(document, number);
            number = child.record().next;
            Some(child)
        })
    }

    /// Its first child element.
    pub fn first_child(self) -> Option<Self> {
        self.children().next()
    }

    /// The element after it with the same parent.
    pub fn next_sibling(self) -> Option<Self> {
        let next = self.record().next;
        let end = self.parent()?.record().next;
        (next < end).then(|| Self::new(self.document, next))
    }

    /// Its first child element called `local` in `namespace`.
    pub fn child(self, namespace: Namespace, local: &str) -> Option<Self> {
        self.children().find(|child| child.is(namespace, local))
    }

    /// Itself and all elements inside, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> + use<'d> {
        let document = self.document;
        (self.number..self.record().next).map(move |number| Self::new(document, number))
    }

    /// Whether it is `ancestor` or inside it.
    pub fn is_within(self, ancestor: Self) -> bool {
        std::ptr::eq(self.document, ancestor.document)
            && (ancestor.number..ancestor.record().next).contains(&self.number)
    }

    /// Its attributes, namespace declarations excepted, as written.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> + use<'d> {
        let document = self.document;
        let records = document.arena().attributes_of(self.number);
        records.iter().map(move |record| Attribute { document, record })
    }

    /// The attributes with a prefix on it and on all elements inside, each with its element, in document order.
    pub(crate) fn prefixed_attributes_inside(self) -> impl Iterator<Item = (Self, Attribute<'d>)> {
        let document = self.document;
        let arena = document.arena();
        let place = |number: u32| arena.prefixed.partition_point(|(element, _)| *element < number);
        let inside = arena.prefixed.get(place(self.number)..place(self.record().next));
        inside
            .unwrap_or_default()
            .iter()
            .filter_map(move |(number, place)| {
                let record = arena.attributes.get(index(*place))?;
                Some((Self::new(document, *number), Attribute { document, record }))
            })
    }

    /// The value of the attribute called `name` without namespace.
    pub fn attribute(self, name: &str) -> Option<Cow<'d, str>> {
        self.attribute_ns(Namespace::NONE, name)
    }

    /// The value of the attribute called `local` in `namespace`.
    pub fn attribute_ns(self, namespace: Namespace, local: &str) -> Option<Cow<'d, str>> {
        let found = |attribute: &Attribute<'_>| attribute.is(namespace, local);
        self.attributes().find(found).map(|attribute| attribute.value())
    }

    /// The namespace declarations on it, as written.
    pub fn declarations(self) -> impl Iterator<Item = Declaration<'d>> + use<'d> {
        let document = self.document;
        let records = document.arena().declarations_of(self.number);
        records.iter().map(move |record| Declaration { document, record })
    }

    /// The namespace that `prefix` (empty: the default) has here; `None` if it has none.
    pub fn namespace_of(self, prefix: &str) -> Option<&'d str> {
        if prefix == "xml" {
            return Some(Namespace::XML.uri());
        }
        std::iter::once(self)
            .chain(self.ancestors())
            .find_map(|element| {
                element
                    .declarations()
                    .find(|declaration| declaration.prefix() == prefix)
            })
            .map(|declaration| declaration.namespace())
            .filter(|namespace| !namespace.is_empty())
    }

    /// The ID that it carries.
    pub fn id(self) -> Option<Cow<'d, str>> {
        self.id_attribute().map(Attribute::value)
    }

    /// The attribute that holds its ID.
    pub fn id_attribute(self) -> Option<Attribute<'d>> {
        let arena = self.document.arena();
        let (_, attribute) = arena.ids.iter().find(|(element, _)| *element == self.number)?;
        Some(Attribute {
            document: self.document,
            record: arena.attributes.get(index(*attribute))?,
        })
    }

    /// The first piece of text, with its offset, that stands directly in it and is no white space.
    pub fn stray_text(self) -> Option<Position> {
        let mut at = self.record().open_end;
        let ends = self
            .children()
            .map(|child| (child.record().start, child.record().end))
            .chain(std::iter::once((self.record().close, self.record().close)));
        for (start, end) in ends {
            if let Some(found) = self.stray_between(at, start) {
                return Some(self.document.position(found));
            }
            at = end;
        }
        None
    }

    fn stray_between(self, start: u32, end: u32) -> Option<usize> {
        if start == end {
            return None;
        }
        let breaks = &self.document.arena().breaks;
        let first = breaks.partition_point(|found| found.start < start);
        let mut at = start;
        for found in breaks
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|found| found.start < end)
        {
            let stray = match found.kind {
                BreakKind::Comment | BreakKind::ProcessingInstruction => self.stray_in(at, found.start),
                BreakKind::CData => Some(index(found.start)),
                BreakKind::Text | BreakKind::EndTag => continue,
            };
            if stray.is_some() {
                return stray;
            }
            at = found.end;
        }
        self.stray_in(at, end)
    }

    fn stray_in(self, start: u32, end: u32) -> Option<usize> {
        let text = self.slice(start..end);
        let found = text.find(|character: char| !matches!(character, ' ' | '\t' | '\n' | '\r'))?;
        Some(index(start).wrapping_add(found))
    }

    pub(super) fn start(self) -> Position {
        self.document.position(index(self.record().start))
    }

    /// Where its start tag begins.
    pub fn position(self) -> Position {
        self.start()
    }

    /// Its bytes in the input, tags included.
    pub fn span(self) -> Range<usize> {
        let record = self.record();
        index(record.start)..index(record.end)
    }

    /// Its bytes in the input between its tags.
    pub fn content_span(self) -> Range<usize> {
        let record = self.record();
        index(record.open_end)..index(record.close)
    }

    /// Its path from the root, with names as written: `/soap:Envelope/soap:Body`. A name that siblings share
    /// carries its place among them: `/a/b[2]`.
    pub fn path(self) -> String {
        let mut steps: Vec<String> = std::iter::once(self)
            .chain(self.ancestors())
            .map(Self::step)
            .collect();
        steps.reverse();
        steps.concat()
    }

    fn step(self) -> String {
        let name = self.name();
        let Some(parent) = self.parent() else {
            return format!("/{name}");
        };
        let mut same = parent.children().filter(|child| child.name() == name);
        let place = same
            .position(|child| child == self)
            .unwrap_or(0)
            .saturating_add(1);
        if place == 1 && same.next().is_none() {
            format!("/{name}")
        } else {
            format!("/{name}[{place}]")
        }
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.number == other.number
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({})", self.path())
    }
}

/// An attribute that is no namespace declaration.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    document: &'d Document,
    record: &'d AttributeRecord,
}

impl<'d> Attribute<'d> {
    /// Whether it is called `local` in `namespace`.
    pub fn is(self, namespace: Namespace, local: &str) -> bool {
        let input = self.document.bytes();
        self.record.namespace == namespace.0 && local_name(input, self.record) == local.as_bytes()
    }

    /// The number of its namespace, to compare with the constants of [`Namespace`].
    pub fn namespace_id(self) -> Namespace {
        Namespace(self.record.namespace)
    }

    /// Its namespace name; empty for none.
    pub fn namespace(self) -> &'d str {
        self.document.arena().namespace_name(self.record.namespace)
    }

    /// Its name as written.
    pub fn name(self) -> &'d str {
        let start = index(self.record.name);
        let end = start.wrapping_add(usize::from(self.record.name_len));
        self.document.as_str().get(start..end).unwrap_or_default()
    }

    /// Its prefix; empty for none.
    pub fn prefix(self) -> &'d str {
        let length = usize::from(self.record.prefix_len);
        self.name().get(..length).unwrap_or_default()
    }

    /// Its name without prefix.
    pub fn local_name(self) -> &'d str {
        let local = local_name(self.document.as_str().as_bytes(), self.record);
        let start = self.name().len().saturating_sub(local.len());
        self.name().get(start..).unwrap_or_default()
    }

    /// Its value, normalized as type CDATA (XML 1.0 §3.3.3).
    pub fn value(self) -> Cow<'d, str> {
        let range = index(self.record.value)..index(self.record.value_end);
        let raw = self.document.as_str().get(range).unwrap_or_default();
        if self.record.special {
            attribute_value(raw)
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// Where its name begins.
    pub fn position(self) -> Position {
        self.document.position(index(self.record.name))
    }

    /// Its bytes in the input, from its name to the quote that ends its value.
    pub fn span(self) -> Range<usize> {
        index(self.record.name)..index(self.record.value_end).saturating_add(1)
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.name(), self.value())
    }
}

/// A namespace declaration.
#[derive(Clone, Copy)]
pub struct Declaration<'d> {
    document: &'d Document,
    record: &'d DeclarationRecord,
}

impl<'d> Declaration<'d> {
    /// The declared prefix; empty for the default namespace.
    pub fn prefix(self) -> &'d str {
        let input = self.document.as_str().as_bytes();
        std::str::from_utf8(self.document.arena().prefix_name(input, self.record.prefix)).unwrap_or_default()
    }

    /// The namespace name; empty where the default namespace is undeclared.
    pub fn namespace(self) -> &'d str {
        self.document.arena().namespace_name(self.record.namespace)
    }
}

impl fmt::Debug for Declaration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "xmlns:{}={:?}", self.prefix(), self.namespace())
    }
}
