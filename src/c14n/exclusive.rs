//! Exclusive canonicalization without comments, as runs of the input wherever it is canonical already.

use super::Sink;
use super::content::Runs;
use super::tag::{self, Declared};
use crate::xml::{AttributeRecord, Element, ElementRecord, index};

/// Whether `prefixes` make no difference: none of them is declared inside `apex`, and each that has a
/// namespace at `apex` is visibly used there, so that it is declared there anyhow.
pub(super) fn suits(apex: Element<'_>, prefixes: &[String]) -> bool {
    prefixes.is_empty()
        || prefixes.iter().all(|prefix| makes_no_difference(apex, prefix)) && !redeclared(apex, prefixes)
}

fn makes_no_difference(apex: Element<'_>, prefix: &str) -> bool {
    apex.prefix() == prefix
        || apex.namespace_of(prefix).is_none()
        || prefix == "xml"
        || !prefix.is_empty()
            && apex.attributes().any(|attribute| {
                attribute
                    .name()
                    .split_once(':')
                    .is_some_and(|(used, _)| used == prefix)
            })
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

/// Writes `apex` without `except`.
pub(super) fn write<'d>(apex: Element<'d>, except: Option<Element<'d>>, sink: &mut impl Sink) {
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
            runs.skip(hidden.end);
            number = hidden.next;
            continue;
        }
        if record.canonical < top.depth {
            runs.to(record.start, sink);
            if sink.is_full() {
                return;
            }
            start_tag(apex, record, number, &mut runs, &mut declared, sink);
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
    record: &ElementRecord,
    number: u32,
    runs: &mut Runs<'d>,
    declared: &mut Vec<Declared<'d>>,
    sink: &mut impl Sink,
) {
    let document = apex.document();
    let (arena, input) = (document.arena(), document.bytes());
    let depth = apex.record().depth;
    declared.clear();
    let own = if record.undeclares {
        record.user >= depth
    } else {
        record.user < depth
    };
    if own {
        declared.push(Declared {
            prefix: arena.prefix_name(input, record.prefix),
            namespace: record.namespace,
        });
    }
    let needed = |attribute: &&AttributeRecord| attribute.user < depth;
    for attribute in arena.attributes_of(number).iter().filter(needed) {
        declared.push(Declared {
            prefix: arena.prefix_name(input, attribute.prefix),
            namespace: attribute.namespace,
        });
    }
    let element = document.element(number);
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
