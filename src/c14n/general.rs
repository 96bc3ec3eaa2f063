//! Every form, by what is rendered so far. Linear in elements, attributes and declarations.

use super::content::Runs;
use super::rendered::Rendered;
use super::tag::{self, Declared};
use super::{Canonicalization, Sink, apex};
use crate::xml::{Element, Namespace};

/// What the apex says where it has no default namespace.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum NoDefault {
    /// Nothing.
    Implied,
    /// `xmlns=""`.
    Declared,
}

/// Writes `apex` without `except`.
pub(super) fn write<'d>(
    apex: Element<'d>,
    method: &Canonicalization,
    except: Option<Element<'d>>,
    no_default: NoDefault,
    sink: &mut impl Sink,
) {
    let document = apex.document();
    let (arena, input) = (document.arena(), document.bytes());
    let listed: Vec<u16> = (0u16..)
        .zip(&arena.prefixes)
        .map(|(number, _)| number)
        .filter(|number| {
            let name = arena.prefix_name(input, *number);
            method.prefixes.iter().any(|prefix| prefix.as_bytes() == name)
        })
        .collect();
    let exclusive = method.algorithm.is_exclusive();
    let inclusive_prefix = |prefix: u16| !exclusive || listed.contains(&prefix);
    let top = apex.record();
    let mut runs = Runs::new(document, top.start, method.algorithm.keeps_comments());
    let mut rendered = Rendered::default();
    let mut declared = Vec::new();
    let mut number = apex.number();
    while number < top.next {
        let element = document.element(number);
        let record = element.record();
        if except == Some(element) {
            runs.to(record.start, sink);
            sink.left_out();
            runs.skip(record.end);
            number = record.next;
            continue;
        }
        rendered.reach(number);
        rendered.enter(record.next);
        declared.clear();
        let mut declare = |prefix: u16, namespace: u16| {
            if prefix_is_bound(namespace) && rendered.declare(prefix, namespace) {
                declared.push(Declared {
                    prefix: arena.prefix_name(input, prefix),
                    namespace,
                });
            }
        };
        if element == apex {
            for (prefix, namespace) in apex::in_scope(apex) {
                if inclusive_prefix(prefix) {
                    declare(prefix, namespace);
                }
            }
        } else {
            for declaration in arena.declarations_of(number) {
                if inclusive_prefix(declaration.prefix) {
                    declare(declaration.prefix, declaration.namespace);
                }
            }
        }
        if exclusive {
            declare(record.prefix, record.namespace);
            for attribute in arena
                .attributes_of(number)
                .iter()
                .filter(|attribute| attribute.prefix_len != 0)
            {
                declare(attribute.prefix, attribute.namespace);
            }
        }
        if element == apex && no_default == NoDefault::Declared && apex.namespace_of("").is_none() {
            declared.push(Declared {
                prefix: b"",
                namespace: Namespace::NONE.number(),
            });
        }
        let inherited = if element == apex {
            apex::inherited(apex, method.algorithm)
        } else {
            Vec::new()
        };
        runs.to(record.start, sink);
        if sink.is_full() {
            return;
        }
        tag::write(element, &mut declared, &inherited, sink);
        runs.skip(record.open_end);
        number = number.wrapping_add(1);
    }
    runs.to(top.end, sink);
}

/// The `xml` prefix is never declared.
fn prefix_is_bound(namespace: u16) -> bool {
    namespace != Namespace::XML.number()
}
