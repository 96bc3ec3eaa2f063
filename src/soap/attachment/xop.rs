use std::borrow::Cow;

use bytes::Bytes;

use crate::crypto::encode_base64;
use crate::dsig;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::xml::{Document, Element, Limit, Limits, Namespace};

use super::attachments::Attachment;

/// The envelope with the content of a part, in base64, in the place of each `xop:Include` (XOP 1.0 §3.2): what is verified then is
/// what the sender signed and what the backend gets. All of it counts towards the limit of a message.
///
/// # Errors
/// An Include that does not name a part of this message by a `cid:` URI, that another one named, that does not stand alone in its
/// element or has something in it itself; a part that none names; more than the limit.
pub(super) fn inlined(root: Bytes, parts: &[Attachment], limits: &Limits) -> Result<Bytes, Error> {
    let document = Document::parse(root.clone(), limits)?;
    let includes: Vec<Element<'_>> = document
        .root()
        .descendants()
        .filter(|element| element.is(Namespace::XOP, "Include"))
        .collect();
    let mut named: Vec<&Attachment> = Vec::with_capacity(includes.len().min(parts.len()));
    for include in &includes {
        named.push(part_of(*include, parts, &named)?);
    }
    if named.len() != parts.len() {
        let left = parts
            .iter()
            .find(|part| named.iter().all(|named| named.id() != part.id()));
        return Err(Error::of_transport(ErrorKind::XopInclude {
            why: "a part of the message stands in no place of it",
            href: left.map(|part| part.id().to_owned()),
        }));
    }
    let most = u64::from(limits.bytes);
    let encoded = |part: &&Attachment| part.length().div_ceil(3).saturating_mul(4);
    let added = named.iter().map(encoded).fold(0_u64, u64::saturating_add);
    let length = u64::try_from(root.len())
        .unwrap_or(u64::MAX)
        .saturating_add(added);
    if length > most {
        return Err(Error::of_limit(Limit::Bytes, limits.bytes));
    }
    let mut whole = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    let mut from = 0;
    for (include, part) in includes.iter().zip(&named) {
        let span = include.span();
        whole.extend_from_slice(root.get(from..span.start).unwrap_or_default());
        let mut content = Vec::with_capacity(usize::try_from(part.length()).unwrap_or(0));
        let read = part.read(|octets| content.extend_from_slice(octets));
        read.map_err(|error| Error::of_spool(&error))?;
        whole.extend_from_slice(encode_base64(&content).as_bytes());
        from = span.end;
    }
    whole.extend_from_slice(root.get(from..).unwrap_or_default());
    Ok(whole.into())
}

/// The part that `include` stands for.
fn part_of<'p>(
    include: Element<'_>,
    parts: &'p [Attachment],
    earlier: &[&Attachment],
) -> Result<&'p Attachment, Error> {
    let refused = |why| {
        let href = include.attribute("href").map(Cow::into_owned);
        Error::at(ErrorKind::XopInclude { why, href }, include)
    };
    if !stands_alone(include) {
        return Err(refused("it does not stand alone in its element"));
    }
    if include.attributes().count() != 1 || !include.content_span().is_empty() {
        return Err(refused("it has more than its href"));
    }
    let href = include.attribute("href");
    let id = href.as_deref().and_then(dsig::content_id);
    let id =
        id.ok_or_else(|| refused("its href is no cid: URI, and nothing outside the message is looked for"))?;
    let part = parts.iter().find(|part| part.id() == id);
    let part = part.ok_or_else(|| refused("its href names no part of the message"))?;
    if earlier.iter().any(|other| other.id() == part.id()) {
        return Err(refused(
            "its href names a part that stands in another place already",
        ));
    }
    Ok(part)
}

/// Whether nothing else is in the element around it, not even white space or a comment (XOP 1.0 §3.1).
fn stands_alone(include: Element<'_>) -> bool {
    include
        .parent()
        .is_some_and(|parent| parent.content_span() == include.span())
}
