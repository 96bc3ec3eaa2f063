//! Exclusive canonicalization without comments, as runs of the input wherever it is canonical already.

use super::content::Runs;
use super::tag::{self, Declared};
use super::{Sink, apex};
use crate::xml::{AttributeRecord, Element, index};

/// A namespace that is declared at the apex because its prefix is listed: by the numbers of prefix and namespace.
pub(super) type Listed = (u16, u16);

/// What `prefixes` declare at `apex`, where that is all that they change: the default namespace is not among them, unless it is
/// visibly used there and declared anyhow, and none of them is declared again inside.
pub(super) fn listed(apex: Element<'_>, prefixes: &[String]) -> Option<Vec<Listed>> {
    if prefixes.is_empty() {
        return Some(Vec::new());
    }
    let is_default = |prefix: &String| prefix.is_empty();
    if prefixes.iter().any(is_default) && !apex.prefix().is_empty() && apex.namespace_of("").is_some()
        || redeclared(apex, prefixes)
    {
        return None;
    }
    let (arena, input) = (apex.document().arena(), apex.document().bytes());
    let is_listed = |(prefix, _): &Listed| {
        let name = arena.prefix_name(input, *prefix);
        !name.is_empty() && name != b"xml" && prefixes.iter().any(|listed| listed.as_bytes() == name)
    };
    Some(apex::in_scope(apex).into_iter().filter(is_listed).collect())
}

fn redeclared(apex: Element<'_>, prefixes: &[String]) -> bool {
    let arena = apex.document().arena();
    let first = arena.elements.get(index(apex.number()).wrapping_add(1));
    let after = arena.elements.get(index(apex.record().next));
    let all = arena.declarations.len();
    let range = first.map_or(all, |record| index(record.declarations))
        ..after.map_or(all, |record| index(record.declarations));
    let inside = arena.declarations.get(range).unwrap_or_default();
    inside.iter().any(|declaration| {
        let name = arena.prefix_name(apex.document().bytes(), declaration.prefix);
        prefixes.iter().any(|prefix| prefix.as_bytes() == name)
    })
}

/// Writes `apex` with what is `listed` for it, without `except`.
pub(super) fn write<'d>(
    apex: Element<'d>,
    listed: &[Listed],
    except: Option<Element<'d>>,
    sink: &mut impl Sink,
) {
    let document = apex.document();
    let elements = &document.arena().elements;
    let top = apex.record();
    let mut runs = Runs::new(document, top.start, false);
    let hidden = except
        .filter(|except| except.is_within(apex))
        .map(|except| (except.number(), except.record()));
    let mut number = apex.number();
    let mut declared = Vec::new();
    while number < top.next {
        let Some(record) = elements.get(index(number)) else {
            break;
        };
        if let Some((except, hidden)) = hidden
            && except == number
        {
            runs.to(hidden.start, sink);
            sink.left_out();
            runs.skip(hidden.end);
            number = hidden.next;
            continue;
        }
        if record.canonical < top.depth || !listed.is_empty() && number == apex.number() {
            runs.to(record.start, sink);
            if sink.is_full() {
                return;
            }
            start_tag(apex, listed, number, &mut runs, &mut declared, sink);
        } else if record.empty {
            end_empty(document.element(number), &mut runs, sink);
        }
        number = number.wrapping_add(1);
    }
    runs.to(top.end, sink);
}

#[inline(never)]
fn start_tag<'d>(
    apex: Element<'d>,
    listed: &[Listed],
    number: u32,
    runs: &mut Runs<'d>,
    declared: &mut Vec<Declared<'d>>,
    sink: &mut impl Sink,
) {
    let document = apex.document();
    let (arena, input) = (document.arena(), document.bytes());
    let element = document.element(number);
    let record = element.record();
    let depth = apex.record().depth;
    declared.clear();
    let mut declare = |prefix: u16, namespace: u16| {
        declared.push(Declared {
            prefix: arena.prefix_name(input, prefix),
            namespace,
        });
    };
    let own = if record.undeclares {
        record.user >= depth
    } else {
        record.user < depth
    };
    // What is listed is declared at the apex, once.
    let is_listed = |prefix: u16| listed.iter().any(|(listed, _)| *listed == prefix);
    if own && !is_listed(record.prefix) {
        declare(record.prefix, record.namespace);
    }
    let needed = |attribute: &&AttributeRecord| attribute.user < depth && !is_listed(attribute.prefix);
    for attribute in arena.attributes_of(number).iter().filter(needed) {
        declare(attribute.prefix, attribute.namespace);
    }
    if element == apex {
        listed
            .iter()
            .for_each(|(prefix, namespace)| declare(*prefix, *namespace));
    }
    if !record.plain {
        tag::write(element, declared, &[], sink);
        runs.skip(record.open_end);
        return;
    }
    let name_end = record.start.wrapping_add(1).wrapping_add(record.name_len.into());
    runs.to(name_end, sink);
    tag::declarations(document, declared, sink);
    if record.empty {
        end_empty(element, runs, sink);
    }
}

/// Ends an empty-element tag that is canonical up to its end, which canonicalization writes as two tags.
fn end_empty<'d>(element: Element<'d>, runs: &mut Runs<'d>, sink: &mut impl Sink) {
    let end = element.record().open_end;
    runs.to(end.wrapping_sub(2), sink);
    sink.put(b"></");
    sink.put(element.name().as_bytes());
    sink.put(b">");
    runs.skip(end);
}
