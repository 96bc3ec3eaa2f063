use super::Meanings;
use crate::xml::{Attribute, Element, Namespace};

/// Attributes whose value is a QName, or begins with one: by namespace, which all of them have, and local name.
const QNAME_ATTRIBUTES: [(&str, &str); 3] = [
    ("http://www.w3.org/2001/XMLSchema-instance", "type"),
    ("http://schemas.xmlsoap.org/soap/encoding/", "arrayType"),
    ("http://www.w3.org/2003/05/soap-encoding", "itemType"),
];

/// The first QName in an attribute inside `part` that means something which its canonical form does not say, and the element that has
/// it (T45): exclusive canonicalization drops declarations that only values use, of prefixes and of the default namespace alike, so
/// anyone could change them, and whoever reads the octets that were digested would not find them. What each means there must be what
/// it means in the document. Without `meanings`, of what has no such form, no QName is covered.
pub fn uncovered_qname<'d>(
    part: Element<'d>,
    mut meanings: Option<Meanings<'d>>,
) -> Option<(Element<'d>, String)> {
    let number = |(namespace, local)| Some((part.document().namespace_called(namespace)?, local));
    let known: Vec<(Namespace, &str)> = QNAME_ATTRIBUTES.into_iter().filter_map(number).collect();
    let is_qname = |attribute: &Attribute<'_>| {
        known
            .iter()
            .any(|(namespace, local)| attribute.is(*namespace, local))
    };
    let attributes = part.prefixed_attributes_inside();
    for (element, attribute) in attributes.filter(|(_, attribute)| is_qname(attribute)) {
        let value = attribute.value();
        let name = before(value.trim_ascii(), |byte| matches!(byte, b'[' | b' ')).0;
        let prefix = match before(name, |byte| byte == b':') {
            (prefix, true) => prefix,
            (_, false) => "",
        };
        let keeps_meaning = meanings
            .as_mut()
            .is_some_and(|meanings| meanings.keep(element, prefix));
        if !keeps_meaning {
            return Some((element, name.to_owned()));
        }
    }
    None
}

/// What stands in `text` before the first byte that is `end`, which is ASCII, and whether there is one. A big message has a QName
/// for every few elements.
fn before(text: &str, end: impl Fn(u8) -> bool) -> (&str, bool) {
    let found = text.bytes().position(end);
    let before = found.and_then(|at| text.get(..at));
    (before.unwrap_or(text), found.is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    use crate::algorithm::CanonicalizationAlgorithm;
    use crate::xml::{Document, Limits};

    /// Whether a QName in the first element of `message` loses its meaning by exclusive canonicalization.
    fn is_uncovered(message: &str) -> bool {
        let text = format!("<e xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" {message}</e>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let part = document.root().first_child().unwrap();
        let method = CanonicalizationAlgorithm::Exclusive.into();
        uncovered_qname(part, Some(Meanings::new(part, method))).is_some()
    }

    #[test]
    fn a_qname_means_in_the_octets_what_it_means_in_the_message() {
        assert!(is_uncovered("xmlns:p=\"urn:p\"><b xsi:type=\"p:T\"/>"));
        assert!(!is_uncovered("xmlns:p=\"urn:p\"><b xsi:type=\"p:T\" p:a=\"\"/>"));
        assert!(is_uncovered(
            "xmlns=\"urn:d\"><b xmlns=\"\"><x:c xmlns:x=\"urn:x\" xmlns=\"urn:e\" xsi:type=\"T\"/></b>"
        ));
        assert!(!is_uncovered("xmlns=\"urn:d\"><b xsi:type=\" T \"/>"));
        // Only what is in the part, the part itself and the last in it among that.
        assert!(!is_uncovered("xmlns:p=\"urn:p\"><b/><c xsi:type=\"p:T\"/>"));
        assert!(is_uncovered(
            "xmlns:p=\"urn:p\"><b><c/><d xsi:type=\"p:T\"/></b><e/>"
        ));
        // Declared nowhere: nobody knows what the signer meant.
        assert!(is_uncovered("><b xsi:type=\"p:T\"/>"));
    }
}
