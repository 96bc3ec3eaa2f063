//! Elements and attributes that were taken out.

use super::explanation::Cause;
use super::search::{Changes, Undone};
use super::structure::{self, Part, elements, gaps, start_tags, start_with_space};
use crate::xml::{Document, quoted};

/// The longest element that is tried in other places, and the most of them.
const COPIED: usize = 2048;
const COPIES: usize = 64;

/// Attributes that stacks are known to drop.
const DROPPED: &[(&str, &str)] = &[
    ("xml:space", "preserve"),
    ("xml:lang", "en"),
    ("xsi:nil", "true"),
    ("xsi:nil", "false"),
];

/// What `canonical` would be with an attribute or an element more, of those that the document has elsewhere.
pub(super) fn additions<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let mut copies: Vec<String> = Vec::new();
    let mut keep = |text: &str| {
        if copies.len() < COPIES && text.len() <= COPIED && !copies.iter().any(|known| known == text) {
            copies.push(text.to_owned());
        }
    };
    let part = |range| canonical.get(range).unwrap_or_default();
    for Part { element, range, .. } in elements(canonical) {
        let with_space = start_with_space(&range, canonical);
        keep(part(range));
        keep(&format!("<{element}></{element}>"));
        keep(part(with_space));
    }
    let short = document.root().descendants().map(|element| element.span());
    for span in short.filter(|span| span.len() <= COPIED) {
        keep(document.as_str().get(span).unwrap_or_default());
    }
    let gaps: Vec<usize> = gaps(canonical).collect();
    let elements = copies.into_iter().flat_map(move |copy| {
        let detail = format!(
            "the element {} was taken out after signing",
            quoted(copy.trim_start())
        );
        let undone = move |at: usize| {
            Undone::new(
                Cause::ElementRemoved,
                detail.clone(),
                inserted(canonical, at, &copy),
            )
        };
        gaps.clone().into_iter().map(undone)
    });
    Box::new(attributes(canonical, document).chain(elements))
}

/// With an attribute more.
pub(super) fn attributes<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let mut known: Vec<(String, String)> = DROPPED
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let all = document.root().descendants();
    for attribute in all.flat_map(|element| element.attributes()) {
        let found = (attribute.name().to_owned(), attribute.value().into_owned());
        if known.len() < COPIES
            && !found.1.contains(['<', '&', '"', '\t', '\n', '\r'])
            && !known.contains(&found)
        {
            known.push(found);
        }
    }
    let places = start_tags(canonical).flat_map(|(at, tag)| {
        let others = structure::attributes(tag).filter(|attribute| !attribute.is_declaration());
        let ends = std::iter::once(tag.len().saturating_sub(1));
        let places = others.map(|attribute| attribute.range.start).chain(ends);
        places.map(move |place| at.saturating_add(place))
    });
    let places = places.flat_map(move |at| known.clone().into_iter().map(move |attribute| (at, attribute)));
    Box::new(places.map(move |(at, (name, value))| {
        let written = format!("{name}=\"{value}\"");
        let detail = format!("the attribute {} was taken out after signing", quoted(&written));
        let octets = inserted(canonical, at, &format!(" {written}"));
        Undone::new(Cause::AttributeRemoved, detail, octets)
    }))
}

fn inserted(canonical: &str, at: usize, text: &str) -> String {
    let (before, after) = canonical.split_at_checked(at).unwrap_or((canonical, ""));
    [before, text, after].concat()
}
