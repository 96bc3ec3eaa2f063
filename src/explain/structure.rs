//! Elements and attributes that were put in, and where they stand.

use std::collections::HashMap;
use std::ops::Range;

use super::explanation::Cause;
use super::markup::{Piece, pieces};
use super::search::{Changes, Undone};
use crate::xml::quoted;

/// What `canonical` would be without each of its elements, and each of its attributes: those of which there are few first, as what
/// somebody put in is seldom like the rest.
pub(super) fn removals(canonical: &str) -> Changes<'_> {
    let mut parts = elements(canonical);
    for (at, tag) in start_tags(canonical) {
        let attributes = attributes(tag).filter(|attribute| !attribute.is_declaration());
        parts.extend(attributes.map(|attribute| Part {
            element: name(tag),
            attribute: Some((at, attribute.name)),
            range: at.saturating_add(attribute.range.start)..at.saturating_add(attribute.range.end),
        }));
    }
    let mut counts: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    let mut names: Vec<(&str, usize)> = Vec::new();
    for part in &parts {
        let count = counts.entry(part.kind()).or_default();
        *count = count.saturating_add(1);
        if let Some((_, name)) = part.attribute {
            if let Some((_, count)) = names.iter_mut().find(|(known, _)| *known == name) {
                *count = count.saturating_add(1);
            } else if names.len() < NAMES {
                names.push((name, 1));
            }
        }
    }
    parts.sort_by_key(|part| counts.get(&part.kind()).copied());
    let all = names.into_iter().filter(|(_, count)| *count > 1);
    let all = all.map(move |(name, _)| without_attributes(canonical, name));
    Box::new(all.chain(parts.into_iter().flat_map(move |part| part.removals(canonical))))
}

/// The most names of attributes of which all are left out at once.
const NAMES: usize = 64;

/// An element or an attribute.
pub(super) struct Part<'t> {
    /// The name of the element.
    pub(super) element: &'t str,
    /// Where the start tag of the attribute is, and the name.
    attribute: Option<(usize, &'t str)>,
    pub(super) range: Range<usize>,
}

impl<'t> Part<'t> {
    fn kind(&self) -> (&'t str, Option<&'t str>) {
        (self.element, self.attribute.map(|(_, name)| name))
    }

    /// `canonical` without it: as it is, with white space beside it, and with a declaration that only it may need.
    fn removals(self, canonical: &'t str) -> impl Iterator<Item = Undone> + use<'t> {
        let (cause, detail, mut all) = if let Some((at, name)) = self.attribute {
            let tag = start_tags(canonical.get(at..).unwrap_or_default()).next();
            let declaration = tag.and_then(|(_, tag)| declaration_in(tag, at, name));
            let detail = format!("the attribute {} was put in after signing", quoted(name));
            let alone = vec![self.range.clone()];
            let both = declaration.map(|declaration| sorted(vec![self.range, declaration]));
            let all = std::iter::once(alone).chain(both).collect::<Vec<_>>();
            (Cause::AttributeInserted, detail, all)
        } else {
            let detail = format!("the element {} was put in after signing", quoted(self.element));
            let (before, after) = (
                start_with_space(&self.range, canonical),
                end_with_space(&self.range, canonical),
            );
            let all = vec![vec![self.range], vec![before], vec![after]];
            (Cause::ElementInserted, detail, all)
        };
        all.dedup();
        all.into_iter()
            .map(move |ranges| Undone::new(cause, detail.clone(), without(canonical, &ranges)))
    }
}

/// Without the attribute `name` wherever it stands.
fn without_attributes(canonical: &str, name: &str) -> Undone {
    let mut ranges = Vec::new();
    for (at, tag) in start_tags(canonical) {
        let same = attributes(tag).filter(|attribute| attribute.name == name);
        ranges.extend(same.map(|attribute| {
            at.saturating_add(attribute.range.start)..at.saturating_add(attribute.range.end)
        }));
    }
    let detail = format!("the attributes {} were put in after signing", quoted(name));
    Undone::new(Cause::AttributeInserted, detail, without(canonical, &ranges))
}

/// `range` with the white space before.
pub(super) fn start_with_space(range: &Range<usize>, canonical: &str) -> Range<usize> {
    let before = canonical.get(..range.start).unwrap_or_default();
    let trimmed = before.trim_end_matches([' ', '\t', '\n']);
    let start = if trimmed.ends_with('>') {
        trimmed.len()
    } else {
        range.start
    };
    start..range.end
}

/// `range` with the white space after.
fn end_with_space(range: &Range<usize>, canonical: &str) -> Range<usize> {
    let after = canonical.get(range.end..).unwrap_or_default();
    let trimmed = after.trim_start_matches([' ', '\t', '\n']);
    let end = if trimmed.starts_with('<') {
        canonical.len().saturating_sub(trimmed.len())
    } else {
        range.end
    };
    range.start..end
}

/// Each element but the first, as it ends.
pub(super) fn elements(canonical: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for (at, piece) in placed(canonical) {
        let end = at.saturating_add(piece.as_str().len());
        match piece {
            Piece::Start(tag) => open.push((at, name(tag))),
            Piece::End(_) => {
                let start = open.pop();
                if let Some((start, element)) = start.filter(|_| !open.is_empty()) {
                    found.push(Part {
                        element,
                        attribute: None,
                        range: start..end,
                    });
                }
            }
            Piece::Text(_) | Piece::Other(_) => {}
        }
    }
    found
}

/// The places before each tag but the first.
pub(super) fn gaps(canonical: &str) -> impl Iterator<Item = usize> {
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

/// The name in a start tag.
fn name(tag: &str) -> &str {
    let inside = tag.strip_prefix('<').unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unlike_the_rest_is_left_out_first_wherever_it_stands() {
        let item = |at: usize| format!("<i n=\"{at}\"><v>{at}</v></i>");
        let items: String = (0..200).map(item).collect();
        let signed = format!("<a b=\"\">{items}</a>");
        for put_in in ["<new></new><i n=\"199\">", "<i n=\"199\" z=\"1\">"] {
            let received = signed.replace("<i n=\"199\">", put_in);
            let mut first = removals(&received).take(8);
            assert!(first.any(|undone| undone.octets == signed.as_bytes()), "{put_in}");
        }
    }
}
