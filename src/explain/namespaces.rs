//! Declarations that were put in, taken out or moved.

use std::ops::Range;

use super::explanation::Cause;
use super::prefixes;
use super::search::{Changes, Undone};
use super::structure::{Written, attributes, start_tags, without};
use crate::xml::{Document, Element, quoted};

/// What `canonical` would be without each of the changes of prefixes and declarations that tools make. `document` is what it comes
/// from: its declarations are the ones that somebody may have moved.
pub(super) fn changes<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let known = known(canonical, document);
    let declared = removed(canonical)
        .chain(added(canonical, known))
        .chain(hoisted(canonical));
    Box::new(declared.chain(prefixes::renamed(canonical, document)))
}

/// A declaration: prefix and namespace name.
pub(super) type Declaration = (String, String);

/// The most declarations that are tried in other places, and the most of which all subsets are.
pub(super) const DECLARATIONS: usize = 24;
const SUBSETS: usize = 8;
/// The most that are left out one by one: the same one may stand at thousands of elements.
const REMOVED: usize = 256;

/// Declarations that stacks are known to add.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xs", "http://www.w3.org/2001/XMLSchema"),
    ("soap", "http://schemas.xmlsoap.org/soap/envelope/"),
    ("soapenv", "http://schemas.xmlsoap.org/soap/envelope/"),
    (
        "wsu",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    ),
    (
        "wsse",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    ),
    ("ds", "http://www.w3.org/2000/09/xmldsig#"),
];

/// Everything that `document` declares.
pub(super) fn declared(document: &Document) -> impl Iterator<Item = Declaration> {
    let declarations = document.root().descendants().flat_map(Element::declarations);
    declarations.map(|declaration| {
        (
            declaration.prefix().to_owned(),
            declaration.namespace().to_owned(),
        )
    })
}

fn known(canonical: &str, document: &Document) -> Vec<Declaration> {
    let mut known: Vec<Declaration> = Vec::new();
    let of_document = declared(document);
    let well_known = WELL_KNOWN
        .iter()
        .map(|(prefix, name)| ((*prefix).to_owned(), (*name).to_owned()));
    let apex = start_tags(canonical).next().map_or("", |(_, tag)| tag);
    let there: Vec<&str> = attributes(apex)
        .filter(Written::is_declaration)
        .map(|declared| declared.name)
        .collect();
    for declaration in of_document.chain(well_known) {
        let name = written_name(&declaration.0);
        if known.len() < DECLARATIONS && !known.contains(&declaration) && !there.contains(&name.as_str()) {
            known.push(declaration);
        }
    }
    known
}

pub(super) fn written_name(prefix: &str) -> String {
    if prefix.is_empty() {
        "xmlns".to_owned()
    } else {
        format!("xmlns:{prefix}")
    }
}

fn shown(prefix: &str) -> String {
    if prefix.is_empty() {
        "of the default namespace".to_owned()
    } else {
        format!("of the prefix {}", quoted(prefix))
    }
}

/// Without declarations: each one, all of a prefix, the empty ones, and those of the first tag in each combination.
pub(super) fn removed(canonical: &str) -> impl Iterator<Item = Undone> {
    let mut all = Vec::new();
    for (at, tag) in start_tags(canonical) {
        let declarations = attributes(tag).filter(Written::is_declaration);
        all.extend(declarations.map(|declared| {
            let range = at.saturating_add(declared.range.start)..at.saturating_add(declared.range.end);
            (at, range, declared.prefix(), declared.value.is_empty())
        }));
    }
    let mut prefixes: Vec<&str> = Vec::new();
    for (.., prefix, _) in &all {
        if prefixes.len() < DECLARATIONS && !prefixes.contains(prefix) {
            prefixes.push(prefix);
        }
    }
    let of_first: Vec<_> = all
        .iter()
        .filter(|(at, ..)| *at == 0)
        .take(SUBSETS)
        .map(|(_, range, prefix, _)| (range.clone(), *prefix))
        .collect();
    let empty: Vec<_> = all
        .iter()
        .filter(|(.., empty)| *empty)
        .map(|(_, range, ..)| range.clone())
        .collect();
    let left_out = move |detail: String, ranges: &[Range<usize>]| {
        Undone::new(Cause::NamespaceDeclaration, detail, without(canonical, ranges))
    };
    let single: Vec<_> = all.iter().take(REMOVED).cloned().collect();
    let single = single.into_iter().map(move |(_, range, prefix, _)| {
        let prefix = shown(prefix);
        let detail = format!(
            "the declaration {prefix} was put in after signing or moved, or stands at what the signed element was put into"
        );
        left_out(detail, &[range])
    });
    let of_prefix = prefixes.into_iter().map(move |chosen| {
        let same = all.iter().filter(|(.., prefix, _)| *prefix == chosen);
        let ranges: Vec<_> = same.map(|(_, range, ..)| range.clone()).collect();
        let detail = format!("the declarations {} were put in after signing", shown(chosen));
        left_out(detail, &ranges)
    });
    let empty = (!empty.is_empty()).then(|| {
        let detail = "declarations xmlns=\"\" were put in after signing";
        left_out(detail.to_owned(), &empty)
    });
    let subsets = (1_usize..1 << of_first.len()).map(move |chosen| {
        let is_chosen = |place: &usize| chosen >> place & 1 == 1;
        let chosen = of_first.iter().enumerate().filter(|(place, _)| is_chosen(place));
        let (prefixes, ranges): (Vec<_>, Vec<_>) = chosen
            .map(|(_, (range, prefix))| (shown(prefix), range.clone()))
            .unzip();
        let detail = format!(
            "declarations were put in after signing, or stand at what the signed element was put into: {}",
            prefixes.join(", ")
        );
        left_out(detail, &ranges)
    });
    single.chain(of_prefix).chain(empty).chain(subsets)
}

/// With further declarations in the first tag: each one, all, and pairs.
fn added(canonical: &str, known: Vec<Declaration>) -> impl Iterator<Item = Undone> {
    let mut sets: Vec<Vec<Declaration>> = known.iter().map(|one| vec![one.clone()]).collect();
    sets.push(known.clone());
    for (place, one) in known.iter().enumerate() {
        sets.extend(
            known
                .iter()
                .skip(place.saturating_add(1))
                .map(|other| vec![one.clone(), other.clone()]),
        );
    }
    sets.into_iter().map(move |set| {
        let octets = set.iter().fold(canonical.to_owned(), |text, declaration| {
            with_declaration(&text, declaration)
        });
        let names: Vec<String> = set.iter().map(|(prefix, _)| shown(prefix)).collect();
        let detail = format!(
            "a declaration {} was in scope where it was signed",
            names.join(" and one ")
        );
        Undone::new(Cause::NamespaceDeclaration, detail, octets)
    })
}

/// The first tag with a declaration at its place: by prefix, the default namespace first.
pub(super) fn with_declaration(canonical: &str, (prefix, namespace): &Declaration) -> String {
    let tag = start_tags(canonical).next().map_or("", |(_, tag)| tag);
    let name_end = tag.find([' ', '>']).unwrap_or(tag.len());
    let smaller =
        attributes(tag).filter(|declared| declared.is_declaration() && declared.prefix() < prefix.as_str());
    let at = smaller
        .map(|declared| declared.range.end)
        .last()
        .unwrap_or(name_end);
    let (before, after) = canonical.split_at_checked(at).unwrap_or((canonical, ""));
    format!("{before} {}=\"{namespace}\"{after}", written_name(prefix))
}

/// With each declaration of inner elements at the first tag instead.
fn hoisted(canonical: &str) -> impl Iterator<Item = Undone> {
    let mut inner: Vec<Declaration> = Vec::new();
    for (_, tag) in start_tags(canonical).skip(1) {
        for declared in attributes(tag).filter(Written::is_declaration) {
            let declaration = (declared.prefix().to_owned(), declared.value.to_owned());
            if inner.len() < DECLARATIONS && !inner.contains(&declaration) {
                inner.push(declaration);
            }
        }
    }
    inner.into_iter().map(move |declaration| {
        let written = format!(" {}=\"{}\"", written_name(&declaration.0), declaration.1);
        let moved = with_declaration(&canonical.replace(&written, ""), &declaration);
        let detail = format!(
            "the declaration {} stood at the signed element itself where it was signed",
            shown(&declaration.0)
        );
        Undone::new(Cause::NamespaceDeclaration, detail, moved)
    })
}
