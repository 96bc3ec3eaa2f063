//! Which attributes are IDs. A signature's `#id` and the reader of a message must never resolve to
//! different elements, so every kind of ID shares one index, values are unique in it, and an
//! element whose ID could be read in two ways is refused.

use std::borrow::Cow;

use super::arena::{Arena, AttributeRecord, index, offset};
use super::attributes::local_name;
use super::error::{ErrorKind, Scanned, refuse};
use super::namespace::Namespace;
use super::text::attribute_value;

/// Whether an attribute with this local name can be of type ID, or look as if, on any element.
pub(super) fn may_be_id(local: &[u8], further: &[String]) -> bool {
    local.eq_ignore_ascii_case(b"id")
        || matches!(local, b"AssertionID" | b"ResponseID" | b"RequestID")
        || further.iter().any(|name| name.as_bytes() == local)
}

/// Records the ID of `element`, whose attributes start at `first`.
#[inline(always)]
pub(super) fn note(
    arena: &mut Arena,
    input: &str,
    element: u32,
    namespace: u16,
    first: usize,
    further: &[String],
) -> Scanned<()> {
    let mut found = false;
    for at in first..arena.attributes.len() {
        let Some(record) = arena.attributes.get(at).copied() else {
            break;
        };
        let local = local_name(input.as_bytes(), &record);
        if !may_be_id(local, further) {
            continue;
        }
        match role(Namespace(namespace), &record, local, further) {
            Role::Id if found => return ambiguous(input, &record),
            Role::Id => {
                found = true;
                arena.ids.push((element, offset(at)));
            }
            Role::Lookalike if is_foreign(input, Namespace(namespace), &record) => {}
            Role::Lookalike => return ambiguous(input, &record),
            Role::Other => {}
        }
    }
    Ok(())
}

enum Role {
    Id,
    /// On an element that signatures are about, something that another reader may take for its ID.
    Lookalike,
    Other,
}

fn role(element: Namespace, record: &AttributeRecord, local: &[u8], further: &[String]) -> Role {
    let attribute = Namespace(record.namespace);
    let global =
        attribute == Namespace::WSU && local == b"Id" || attribute == Namespace::XML && local == b"id";
    if global {
        return Role::Id;
    }
    let unqualified = attribute == Namespace::NONE;
    if unqualified && further.iter().any(|name| name.as_bytes() == local) {
        return Role::Id;
    }
    let own: &[&[u8]] = match element {
        Namespace::DS | Namespace::DSIG11 | Namespace::XENC | Namespace::XENC11 => &[b"Id"],
        Namespace::SAML2 | Namespace::SAMLP | Namespace::MD => &[b"ID"],
        Namespace::SAML1 => &[b"AssertionID"],
        Namespace::SAMLP1 => &[b"ResponseID", b"RequestID"],
        _ => return Role::Other,
    };
    if unqualified && own.contains(&local) {
        return Role::Id;
    }
    if local.eq_ignore_ascii_case(b"id") {
        return Role::Lookalike;
    }
    Role::Other
}

/// Whether the element that `record` is on only strayed into the namespace of XML Signature, as payload does below a
/// default namespace, and is none that the schema has: nobody looks there for the ID of a signed part.
#[cold]
fn is_foreign(input: &str, namespace: Namespace, record: &AttributeRecord) -> bool {
    const WITH_ID: [&str; 9] = [
        "Signature",
        "SignedInfo",
        "SignatureValue",
        "Reference",
        "KeyInfo",
        "Object",
        "Manifest",
        "SignatureProperties",
        "SignatureProperty",
    ];
    let before = input.get(..index(record.name)).unwrap_or_default();
    // No attribute value holds a `<`.
    let tag = before.rsplit('<').next().unwrap_or_default();
    let name = tag.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    let local = name.rsplit(':').next().unwrap_or_default();
    namespace == Namespace::DS && !WITH_ID.contains(&local)
}

#[cold]
fn ambiguous<T>(input: &str, record: &AttributeRecord) -> Scanned<T> {
    let start = index(record.name);
    let end = start.wrapping_add(usize::from(record.name_len));
    let name = input.get(start..end).unwrap_or_default().to_owned();
    refuse(start, ErrorKind::AmbiguousId(name))
}

/// Sorts the IDs by value and refuses one that stands twice.
pub(super) fn sort(arena: &mut Arena, input: &str) -> Scanned<()> {
    let mut ids = std::mem::take(&mut arena.ids);
    ids.sort_by(|a, b| value(arena, input, a.1).cmp(&value(arena, input, b.1)));
    let twice = ids
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if value(arena, input, a.1) == value(arena, input, b.1)));
    if let Some([_, (_, attribute)]) = twice {
        let at = arena
            .attributes
            .get(index(*attribute))
            .map_or(0, |record| index(record.value));
        let id = value(arena, input, *attribute).into_owned();
        return refuse(at, ErrorKind::DuplicateId(id));
    }
    arena.ids = ids;
    Ok(())
}

/// The element that carries `id`.
pub(super) fn find(arena: &Arena, input: &str, id: &str) -> Option<u32> {
    let at = arena
        .ids
        .binary_search_by(|(_, attribute)| value(arena, input, *attribute).as_ref().cmp(id))
        .ok()?;
    arena.ids.get(at).map(|(element, _)| *element)
}

/// The normalized value of an ID attribute. `xml:id` and types ID are tokens, but a value with white space
/// cannot be referred to, so it is not trimmed.
pub(super) fn value<'i>(arena: &Arena, input: &'i str, attribute: u32) -> Cow<'i, str> {
    let Some(record) = arena.attributes.get(index(attribute)) else {
        return Cow::Borrowed("");
    };
    let raw = input
        .get(index(record.value)..index(record.value_end))
        .unwrap_or_default();
    if record.special {
        attribute_value(raw)
    } else {
        Cow::Borrowed(raw)
    }
}
