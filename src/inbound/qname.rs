use crate::policy::{Unmet, UnmetKind};
use crate::xml::{Attribute, Document, Element, Limits};

/// Attributes whose value is a QName, or begins with one: by namespace and local name.
const QNAME_ATTRIBUTES: [(&str, &str); 3] = [
    ("http://www.w3.org/2001/XMLSchema-instance", "type"),
    ("http://schemas.xmlsoap.org/soap/encoding/", "arrayType"),
    ("http://www.w3.org/2003/05/soap-encoding", "itemType"),
];

/// The QNames in attributes of `element`.
fn qnames(element: Element<'_>) -> impl Iterator<Item = String> {
    let is_qname = |attribute: &Attribute<'_>| {
        !attribute.namespace().is_empty()
            && QNAME_ATTRIBUTES.contains(&(attribute.namespace(), attribute.local_name()))
    };
    element.attributes().filter(is_qname).map(|attribute| {
        let value = attribute.value();
        let name = value.trim_matches([' ', '\t', '\n', '\r']);
        name.split(['[', ' ']).next().unwrap_or_default().to_owned()
    })
}

/// The first element in `body` with such an attribute.
pub(super) fn first_qname(body: Element<'_>) -> Option<Element<'_>> {
    // Most messages do not know the namespaces, and looking at every attribute would take longer than all the rest.
    let known = QNAME_ATTRIBUTES
        .iter()
        .any(|(namespace, _)| body.document().uses_attributes_of(namespace));
    known
        .then(|| {
            body.descendants()
                .find(|element| qnames(*element).next().is_some())
        })
        .flatten()
}

/// Refuses a Body in which a QName in an attribute means something that the signature does not cover (T45): exclusive
/// canonicalization drops declarations that only values use, of prefixes and of the default namespace alike, so anyone could
/// change them, and the backend would not find them in the octets that were digested. What each means there
/// must be what it means in the message.
pub(super) fn refuse_uncovered_qnames(body: Element<'_>, octets: &[u8]) -> Result<(), Unmet> {
    let Some(first) = first_qname(body) else {
        return Ok(());
    };
    let not_covered = |at: Element<'_>, name: String| Unmet::at(at, UnmetKind::QNameNotCovered(name));
    let document = Document::parse(octets.to_vec().into(), &Limits::archive())
        .map_err(|_| not_covered(first, first.name().to_owned()))?;
    let in_message: Vec<_> = body.descendants().collect();
    let in_octets: Vec<_> = document.root().descendants().collect();
    if in_message.len() != in_octets.len() {
        return Err(not_covered(first, first.name().to_owned()));
    }
    for (element, digested) in in_message.into_iter().zip(in_octets) {
        for name in qnames(element) {
            let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
            let (meant, covered) = (element.namespace_of(prefix), digested.namespace_of(prefix));
            if meant != covered || (!prefix.is_empty() && covered.is_none()) {
                return Err(not_covered(element, name));
            }
        }
    }
    Ok(())
}
