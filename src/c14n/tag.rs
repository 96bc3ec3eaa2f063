//! Start tags, rewritten.

use std::borrow::Cow;

use super::Sink;
use crate::xml::{
    AttributeRecord, Document, Element, Namespace, compare, escape_attribute, index, reference,
};

/// A namespace declaration to write: number of the prefix's name, number of the namespace.
#[derive(Clone, Copy)]
pub(super) struct Declared<'d> {
    pub(super) prefix: &'d [u8],
    pub(super) namespace: u16,
}

/// An `xml:` attribute that an element takes over from those around it.
pub(super) struct Inherited<'d> {
    pub(super) local: &'d str,
    pub(super) value: Cow<'d, str>,
}

/// Writes the start tag of `element` with these declarations; of an empty-element tag also the end tag.
/// `inherited` replaces attributes of the same name.
pub(super) fn write<'d>(
    element: Element<'d>,
    declared: &mut [Declared<'d>],
    inherited: &[Inherited<'d>],
    sink: &mut impl Sink,
) {
    let document = element.document();
    let start = index(element.record().start);
    let name_end = start
        .wrapping_add(1)
        .wrapping_add(usize::from(element.record().name_len));
    sink.put(document.bytes().get(start..name_end).unwrap_or_default());
    declarations(document, declared, sink);
    attributes(element, inherited, sink);
    if element.record().empty {
        sink.put(b"></");
        sink.put(element.name().as_bytes());
    }
    sink.put(b">");
}

/// Writes namespace declarations in canonical order, which is by prefix.
pub(super) fn declarations(document: &Document, declared: &mut [Declared<'_>], sink: &mut impl Sink) {
    declared.sort_unstable_by_key(|declaration| declaration.prefix);
    for declaration in declared {
        if declaration.prefix.is_empty() {
            sink.put(b" xmlns=\"");
        } else {
            sink.put(b" xmlns:");
            sink.put(declaration.prefix);
            sink.put(b"=\"");
        }
        let name = document.arena().namespace_name(declaration.namespace);
        sink.put(escape_attribute(name).as_bytes());
        sink.put(b"\"");
    }
}

fn attributes<'d>(element: Element<'d>, inherited: &[Inherited<'d>], sink: &mut impl Sink) {
    let document = element.document();
    let records = document.arena().attributes_of(element.number());
    let input = document.bytes();
    let ascending = |pair: &[AttributeRecord]| match pair {
        [a, b] => compare(document.arena(), input, a, b).is_lt(),
        _ => true,
    };
    if inherited.is_empty() && records.windows(2).all(ascending) {
        records
            .iter()
            .for_each(|record| attribute(document, record, sink));
        return;
    }
    let mut sorted: Vec<&AttributeRecord> = records.iter().collect();
    sorted.sort_unstable_by(|a, b| compare(document.arena(), input, a, b));
    if inherited.is_empty() {
        sorted.iter().for_each(|record| attribute(document, record, sink));
        return;
    }
    merged(document, &sorted, inherited, sink);
}

/// Attributes with inherited ones among them, both in canonical order.
fn merged(
    document: &Document,
    sorted: &[&AttributeRecord],
    inherited: &[Inherited<'_>],
    sink: &mut impl Sink,
) {
    let xml = Namespace::XML.uri();
    let mut waiting = inherited.iter().peekable();
    for record in sorted {
        let namespace = document.arena().namespace_name(record.namespace);
        let start = index(record.name);
        let name = document
            .as_str()
            .get(start..start.wrapping_add(usize::from(record.name_len)))
            .unwrap_or_default();
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        let mut replaced = false;
        while let Some(next) = waiting.next_if(|next| (xml, next.local) <= (namespace, local)) {
            inherited_attribute(next, sink);
            replaced = (xml, next.local) == (namespace, local);
        }
        if !replaced {
            attribute(document, record, sink);
        }
    }
    waiting.for_each(|next| inherited_attribute(next, sink));
}

fn inherited_attribute(inherited: &Inherited<'_>, sink: &mut impl Sink) {
    sink.put(b" xml:");
    sink.put(inherited.local.as_bytes());
    sink.put(b"=\"");
    sink.put(escape_attribute(&inherited.value).as_bytes());
    sink.put(b"\"");
}

fn attribute(document: &Document, record: &AttributeRecord, sink: &mut impl Sink) {
    let input = document.bytes();
    let name_start = index(record.name);
    let name_end = name_start.wrapping_add(usize::from(record.name_len));
    let (value_start, value_end) = (index(record.value), index(record.value_end));
    let as_written = name_start.wrapping_sub(1)..value_end.wrapping_add(1);
    if record.canonical
        && input.get(as_written.start) == Some(&b' ')
        && input.get(name_end..value_start) == Some(b"=\"")
    {
        sink.put(input.get(as_written).unwrap_or_default());
        return;
    }
    let name = input.get(name_start..name_end).unwrap_or_default();
    let value = input.get(value_start..value_end).unwrap_or_default();
    sink.put(b" ");
    sink.put(name);
    sink.put(b"=\"");
    if record.canonical && !value.contains(&b'"') {
        sink.put(value);
    } else {
        attribute_value(value, sink);
    }
    sink.put(b"\"");
}

/// A value: references resolved, white space normalized, then escaped (Canonical XML 1.0 §2.3).
fn attribute_value(raw: &[u8], sink: &mut impl Sink) {
    let mut rest = raw;
    let special = |byte: &u8| matches!(byte, b'&' | b'"' | b'\t' | b'\n' | b'\r');
    while let Some(at) = rest.iter().position(special) {
        let (before, found) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        sink.put(before);
        let length = match found {
            [b'\r', b'\n', ..] => {
                sink.put(b" ");
                2
            }
            [b'"', ..] => {
                sink.put(b"&quot;");
                1
            }
            [b'&', ..] => {
                let (character, length) = reference(found).unwrap_or(('&', 1));
                let text = character.encode_utf8(&mut [0; 4]).to_owned();
                sink.put(escape_attribute(&text).as_bytes());
                length
            }
            _ => {
                sink.put(b" ");
                1
            }
        };
        rest = found.get(length..).unwrap_or_default();
    }
    sink.put(rest);
}
