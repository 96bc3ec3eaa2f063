//! Elements and attributes that were put in or taken out.

use std::ops::Range;

use super::explanation::Cause;
use super::markup::{Piece, pieces};
use super::search::{Changes, Undone};
use crate::xml::{Document, quoted};

/// What `canonical` would be without each of its elements, and each of its attributes.
pub(super) fn removals(canonical: &str) -> Changes<'_> {
    let elements = elements(canonical).into_iter().flat_map(move |element| {
        let detail = format!(
            "the element {} was put in after signing",
            quoted(name(canonical, &element))
        );
        let spaces = [
            element.clone(),
            element.start_with_space(canonical),
            element.end_with_space(canonical),
        ];
        let mut ranges: Vec<Range<usize>> = spaces.into();
        ranges.dedup();
        ranges.into_iter().map(move |range| {
            Undone::new(
                Cause::ElementInserted,
                detail.clone(),
                without(canonical, &[range]),
            )
        })
    });
    let tags: Vec<(usize, &str)> = start_tags(canonical).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut single = Vec::new();
    for (at, tag) in &tags {
        for attribute in attributes(tag).filter(|attribute| !attribute.is_declaration()) {
            if names.len() < COPIES && !names.contains(&attribute.name) {
                names.push(attribute.name);
            }
            let range = at.saturating_add(attribute.range.start)..at.saturating_add(attribute.range.end);
            let declaration = declaration_in(tag, *at, attribute.name);
            single.push((attribute.name, vec![range.clone()]));
            single.extend(declaration.map(|declaration| (attribute.name, sorted(vec![range, declaration]))));
        }
    }
    let single = single.into_iter().map(move |(name, ranges)| {
        let detail = format!("the attribute {} was put in after signing", quoted(name));
        Undone::new(Cause::AttributeInserted, detail, without(canonical, &ranges))
    });
    let all = names.into_iter().map(move |name| {
        let mut ranges = Vec::new();
        for (at, tag) in &tags {
            let same = attributes(tag).filter(|attribute| attribute.name == name);
            ranges.extend(same.map(|attribute| {
                at.saturating_add(attribute.range.start)..at.saturating_add(attribute.range.end)
            }));
        }
        let detail = format!("the attributes {} were put in after signing", quoted(name));
        Undone::new(Cause::AttributeInserted, detail, without(canonical, &ranges))
    });
    Box::new(elements.chain(single).chain(all))
}

/// The longest element that is tried in other places, and the most of them.
const COPIED: usize = 2048;
const COPIES: usize = 64;

/// What `canonical` would be with an element or an attribute more, of those that the document has elsewhere.
pub(super) fn additions<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let mut copies: Vec<String> = Vec::new();
    let mut keep = |text: &str| {
        if copies.len() < COPIES && text.len() <= COPIED && !copies.iter().any(|known| known == text) {
            copies.push(text.to_owned());
        }
    };
    for element in elements(canonical) {
        keep(canonical.get(element.clone()).unwrap_or_default());
        let name = name(canonical, &element);
        keep(&format!("<{name}></{name}>"));
        keep(
            canonical
                .get(element.start_with_space(canonical))
                .unwrap_or_default(),
        );
    }
    for element in document
        .root()
        .descendants()
        .filter(|element| element.span().len() <= COPIED)
    {
        keep(document.as_str().get(element.span()).unwrap_or_default());
    }
    let mut known: Vec<(String, String)> = ADDED
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    for attribute in document
        .root()
        .descendants()
        .flat_map(|element| element.attributes())
    {
        let found = (attribute.name().to_owned(), attribute.value().into_owned());
        if known.len() < COPIES
            && !found.1.contains(['<', '&', '"', '\t', '\n', '\r'])
            && !known.contains(&found)
        {
            known.push(found);
        }
    }
    let gaps: Vec<usize> = gaps(canonical).collect();
    let inserted = move |at: usize, text: &str| {
        let (before, after) = canonical.split_at_checked(at).unwrap_or((canonical, ""));
        [before, text, after].concat()
    };
    let attributes = start_tags(canonical)
        .collect::<Vec<_>>()
        .into_iter()
        .flat_map(move |(at, tag)| {
            let mut places: Vec<usize> = attributes(tag)
                .filter(|attribute| !attribute.is_declaration())
                .map(|attribute| attribute.range.start)
                .collect();
            places.push(tag.len().saturating_sub(1));
            let known = known.clone();
            places.into_iter().flat_map(move |place| {
                let known = known.clone();
                known.into_iter().map(move |(name, value)| {
                    let octets = inserted(at.saturating_add(place), &format!(" {name}=\"{value}\""));
                    let detail = format!(
                        "the attribute {} was taken out after signing",
                        quoted(&format!("{name}=\"{value}\""))
                    );
                    Undone::new(Cause::AttributeRemoved, detail, octets)
                })
            })
        });
    let elements = copies.into_iter().flat_map(move |copy| {
        let detail = format!(
            "the element {} was taken out after signing",
            quoted(copy.trim_start())
        );
        gaps.clone()
            .into_iter()
            .map(move |at| Undone::new(Cause::ElementRemoved, detail.clone(), inserted(at, &copy)))
    });
    Box::new(attributes.chain(elements))
}

/// Attributes that stacks are known to drop.
const ADDED: &[(&str, &str)] = &[
    ("xml:space", "preserve"),
    ("xml:lang", "en"),
    ("xsi:nil", "true"),
    ("xsi:nil", "false"),
];

trait Spaced {
    fn start_with_space(&self, canonical: &str) -> Range<usize>;
    fn end_with_space(&self, canonical: &str) -> Range<usize>;
}

impl Spaced for Range<usize> {
    /// With the white space before.
    fn start_with_space(&self, canonical: &str) -> Self {
        let before = canonical.get(..self.start).unwrap_or_default();
        let trimmed = before.trim_end_matches([' ', '\t', '\n']);
        let start = if trimmed.ends_with('>') {
            trimmed.len()
        } else {
            self.start
        };
        start..self.end
    }

    /// With the white space after.
    fn end_with_space(&self, canonical: &str) -> Self {
        let after = canonical.get(self.end..).unwrap_or_default();
        let trimmed = after.trim_start_matches([' ', '\t', '\n']);
        let end = if trimmed.starts_with('<') {
            canonical.len().saturating_sub(trimmed.len())
        } else {
            self.end
        };
        self.start..end
    }
}

/// Where each element but the first stands.
fn elements(canonical: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for (at, piece) in placed(canonical) {
        let end = at.saturating_add(piece.as_str().len());
        match piece {
            Piece::Start(_) => open.push(at),
            Piece::End(_) => {
                let start = open.pop();
                if let Some(start) = start.filter(|_| !open.is_empty()) {
                    found.push(start..end);
                }
            }
            Piece::Text(_) | Piece::Other(_) => {}
        }
    }
    found
}

/// The places before each tag but the first.
fn gaps(canonical: &str) -> impl Iterator<Item = usize> {
    placed(canonical)
        .filter(|(at, piece)| *at > 0 && matches!(piece, Piece::Start(_) | Piece::End(_)))
        .map(|(at, _)| at)
}

/// The start tags, with the place of each.
pub(super) fn start_tags(canonical: &str) -> impl Iterator<Item = (usize, &str)> {
    placed(canonical).filter_map(|(at, piece)| match piece {
        Piece::Start(tag) => Some((at, tag)),
        Piece::Text(_) | Piece::End(_) | Piece::Other(_) => None,
    })
}

/// The pieces, with the place of each.
fn placed(canonical: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    pieces(canonical).scan(0_usize, |at, piece| {
        let here = *at;
        *at = at.saturating_add(piece.as_str().len());
        Some((here, piece))
    })
}

/// An attribute or a declaration in a start tag.
pub(super) struct Written<'t> {
    /// Where it stands in the tag, with the space before it.
    pub(super) range: Range<usize>,
    pub(super) name: &'t str,
    pub(super) value: &'t str,
}

impl<'t> Written<'t> {
    pub(super) fn is_declaration(&self) -> bool {
        self.name == "xmlns" || self.name.starts_with("xmlns:")
    }

    /// The prefix that a declaration is of.
    pub(super) fn prefix(&self) -> &'t str {
        self.name.strip_prefix("xmlns:").unwrap_or_default()
    }
}

/// What stands in a canonical start tag: each after one space, in quotation marks.
pub(super) fn attributes(tag: &str) -> impl Iterator<Item = Written<'_>> {
    let mut at = tag.find([' ', '>']).unwrap_or(tag.len());
    std::iter::from_fn(move || {
        let rest = tag.get(at..)?.strip_prefix(' ')?;
        let (name, quoted) = rest.split_once("=\"")?;
        let (value, _) = quoted.split_once('"')?;
        let start = at;
        at = at
            .saturating_add(name.len())
            .saturating_add(value.len())
            .saturating_add(4);
        Some(Written {
            range: start..at,
            name,
            value,
        })
    })
}

/// Where `tag`, which stands at `at`, declares the prefix of the attribute `name`.
fn declaration_in(tag: &str, at: usize, name: &str) -> Option<Range<usize>> {
    let (prefix, _) = name.split_once(':')?;
    let mut declarations = attributes(tag).filter(Written::is_declaration);
    let declaration = declarations.find(|declaration| declaration.prefix() == prefix)?;
    Some(at.saturating_add(declaration.range.start)..at.saturating_add(declaration.range.end))
}

fn sorted(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges
}

fn name<'t>(canonical: &'t str, element: &Range<usize>) -> &'t str {
    let text = canonical.get(element.clone()).unwrap_or_default();
    let inside = text.strip_prefix('<').unwrap_or_default();
    inside.split([' ', '>']).next().unwrap_or_default()
}

/// The text without `ranges`, which are in order.
pub(super) fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
