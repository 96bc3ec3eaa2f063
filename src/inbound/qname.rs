use crate::policy::{Unmet, UnmetKind};
use crate::xml::{Attribute, Element, Namespace};

/// Attributes whose value is a QName, or begins with one: by namespace and local name.
const QNAME_ATTRIBUTES: [(&str, &str); 3] = [
    ("http://www.w3.org/2001/XMLSchema-instance", "type"),
    ("http://schemas.xmlsoap.org/soap/encoding/", "arrayType"),
    ("http://www.w3.org/2003/05/soap-encoding", "itemType"),
];

/// Refuses a Body in which a QName in an attribute means something that the signature does not cover (T45): exclusive
/// canonicalization drops declarations that only values use, of prefixes and of the default namespace alike, so anyone could
/// change them, and the backend would not find them in the octets that were digested. What each means there, `keeps_meaning`
/// says of a place and a prefix, must be what it means in the message.
pub(super) fn refuse_uncovered_qnames<'d>(
    body: Element<'d>,
    keeps_meaning: impl Fn(Element<'d>, &str) -> bool,
) -> Result<(), Unmet> {
    let number = |(namespace, local)| Some((body.document().namespace_called(namespace)?, local));
    let known: Vec<(Namespace, &str)> = QNAME_ATTRIBUTES.into_iter().filter_map(number).collect();
    let is_qname = |attribute: &Attribute<'_>| {
        known
            .iter()
            .any(|(namespace, local)| attribute.is(*namespace, local))
    };
    for (element, attribute) in body.attributes_inside(is_qname) {
        let value = attribute.value();
        let name = value.trim_matches([' ', '\t', '\n', '\r']);
        let name = name.split(['[', ' ']).next().unwrap_or_default();
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        if !keeps_meaning(element, prefix) {
            return Err(Unmet::at(element, UnmetKind::QNameNotCovered(name.to_owned())));
        }
    }
    Ok(())
}
