use crate::c14n::Meanings;
use crate::policy::{Unmet, UnmetKind};
use crate::xml::{Attribute, Element, Namespace};

/// Attributes whose value is a QName, or begins with one: by namespace and local name.
const QNAME_ATTRIBUTES: [(&str, &str); 3] = [
    ("http://www.w3.org/2001/XMLSchema-instance", "type"),
    ("http://schemas.xmlsoap.org/soap/encoding/", "arrayType"),
    ("http://www.w3.org/2003/05/soap-encoding", "itemType"),
];

/// Refuses a Body or header in which a QName in an attribute means something that the signature does not cover (T45): exclusive
/// canonicalization drops declarations that only values use, of prefixes and of the default namespace alike, so anyone could
/// change them, and the backend would not find them in the octets that were digested. What each means there must be what it means in
/// the message.
pub(super) fn refuse_uncovered_qnames<'d>(
    part: Element<'d>,
    mut meanings: Option<Meanings<'d>>,
) -> Result<(), Unmet> {
    let number = |(namespace, local)| Some((part.document().namespace_called(namespace)?, local));
    let known: Vec<(Namespace, &str)> = QNAME_ATTRIBUTES.into_iter().filter_map(number).collect();
    let is_qname = |attribute: &Attribute<'_>| {
        known
            .iter()
            .any(|(namespace, local)| attribute.is(*namespace, local))
    };
    for (element, attribute) in part.attributes_inside(is_qname) {
        let value = attribute.value();
        let name = value.trim_matches([' ', '\t', '\n', '\r']);
        let name = name.split(['[', ' ']).next().unwrap_or_default();
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        let keeps_meaning = meanings
            .as_mut()
            .is_some_and(|meanings| meanings.keep(element, prefix));
        if !keeps_meaning {
            return Err(Unmet::at(element, UnmetKind::QNameNotCovered(name.to_owned())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    use crate::algorithm::CanonicalizationAlgorithm;
    use crate::xml::{Document, Limits};

    /// Whether the Body in `message` is refused when it was digested by exclusive canonicalization.
    fn is_refused(message: &str) -> bool {
        let text = format!("<e xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" {message}</e>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let body = document.root().first_child().unwrap();
        let method = CanonicalizationAlgorithm::Exclusive.into();
        refuse_uncovered_qnames(body, Some(Meanings::new(body, method))).is_err()
    }

    #[test]
    fn a_qname_means_in_the_octets_what_it_means_in_the_message() {
        assert!(is_refused("xmlns:p=\"urn:p\"><b xsi:type=\"p:T\"/>"));
        assert!(!is_refused("xmlns:p=\"urn:p\"><b xsi:type=\"p:T\" p:a=\"\"/>"));
        assert!(is_refused(
            "xmlns=\"urn:d\"><b xmlns=\"\"><x:c xmlns:x=\"urn:x\" xmlns=\"urn:e\" xsi:type=\"T\"/></b>"
        ));
        assert!(!is_refused("xmlns=\"urn:d\"><b xsi:type=\" T \"/>"));
        // Declared nowhere: nobody knows what the signer meant.
        assert!(is_refused("><b xsi:type=\"p:T\"/>"));
    }
}
