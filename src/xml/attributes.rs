use std::cmp::Ordering;

use super::arena::{Arena, AttributeRecord, index};
use super::error::{ErrorKind, Scanned, refuse};
use super::lex;
use super::namespace::Namespace;

/// Checks that the attributes from `first` on, all of one element, have different expanded names (Namespaces 1.0 §6.3).
/// Returns whether they stand in canonical order, which is by namespace name, then local name.
#[inline(always)]
pub(super) fn check(arena: &Arena, input: &[u8], first: usize) -> Scanned<bool> {
    let records = arena.attributes.get(first..).unwrap_or_default();
    let ascending = records
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if compare(arena, input, a, b) == Ordering::Less));
    if !ascending {
        unique(arena, input, records)?;
    }
    Ok(ascending)
}

/// Up to how many attributes are compared each with each.
const FEW: usize = 8;

#[inline(never)]
fn unique(arena: &Arena, input: &[u8], records: &[AttributeRecord]) -> Scanned<()> {
    if records.len() <= FEW {
        let mut before = records.iter().enumerate();
        let is_unique = before.all(|(place, record)| {
            let mut others = records.iter().take(place);
            others.all(|other| compare(arena, input, other, record) != Ordering::Equal)
        });
        if is_unique {
            return Ok(());
        }
    }
    let mut sorted: Vec<&AttributeRecord> = records.iter().collect();
    sorted.sort_unstable_by(|a, b| compare(arena, input, a, b));
    for pair in sorted.windows(2) {
        if let [a, b] = pair
            && compare(arena, input, a, b) == Ordering::Equal
        {
            let at = index(a.name.max(b.name));
            let name = String::from_utf8_lossy(local_name(input, b)).into_owned();
            return refuse(at, ErrorKind::DuplicateAttribute(name));
        }
    }
    Ok(())
}

/// Canonical order of two attributes (Canonical XML 1.0 §2.2): by namespace name, then local name, by code point.
#[inline(always)]
pub(crate) fn compare(arena: &Arena, input: &[u8], a: &AttributeRecord, b: &AttributeRecord) -> Ordering {
    let names = || {
        let (at, length) = local_place(a);
        let (other, other_length) = local_place(b);
        let leading = lex::leading(input, at, length).cmp(&lex::leading(input, other, other_length));
        leading.then_with(|| local_name(input, a).cmp(local_name(input, b)))
    };
    if a.namespace == b.namespace {
        return names();
    }
    if a.namespace == Namespace::NONE.0 {
        return Ordering::Less;
    }
    let uris = arena
        .namespace_name(a.namespace)
        .cmp(arena.namespace_name(b.namespace));
    uris.then_with(names)
}

/// The local name as written. UTF-8 orders as code points do.
#[inline(always)]
pub(crate) fn local_name<'i>(input: &'i [u8], record: &AttributeRecord) -> &'i [u8] {
    let (start, length) = local_place(record);
    input.get(start..start.wrapping_add(length)).unwrap_or_default()
}

/// Where the local name starts, and its length.
#[inline(always)]
fn local_place(record: &AttributeRecord) -> (usize, usize) {
    let skip = match record.prefix_len {
        0 => 0,
        length => usize::from(length).wrapping_add(1),
    };
    let start = index(record.name).wrapping_add(skip);
    (start, usize::from(record.name_len).wrapping_sub(skip))
}
