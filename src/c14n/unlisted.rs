use std::collections::HashSet;

use super::{Canonicalization, apex};
use crate::xml::{Element, Namespace};

/// Whether a prefix is bound at `apex` or inside that no name there uses and the PrefixList of `method` leaves out: an exclusive form does not say
/// what it means. Other forms say it of every prefix.
pub fn leaves_prefixes_out(apex: Element<'_>, method: &Canonicalization) -> bool {
    if !method.algorithm.is_exclusive() {
        return false;
    }
    let (arena, input) = (apex.document().arena(), apex.document().bytes());
    let numbers = apex.number()..apex.record().next;
    let inside = numbers.clone().flat_map(|number| arena.declarations_of(number));
    let inside = inside.map(|declaration| (declaration.prefix, declaration.namespace));
    let is_kept = |prefix: u16| {
        let name = arena.prefix_name(input, prefix);
        name == b"xml" || method.prefixes.iter().any(|listed| listed.as_bytes() == name)
    };
    let bound = apex::in_scope(apex).into_iter().chain(inside);
    let bound =
        bound.filter(|(prefix, namespace)| *namespace != Namespace::NONE.number() && !is_kept(*prefix));
    let mut unused: HashSet<u16> = bound.map(|(prefix, _)| prefix).collect();
    for number in numbers {
        if unused.is_empty() {
            break;
        }
        unused.remove(&apex.document().element(number).record().prefix);
        let attributes = arena.attributes_of(number).iter();
        for attribute in attributes.filter(|attribute| attribute.prefix_len > 0) {
            unused.remove(&attribute.prefix);
        }
    }
    !unused.is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    use crate::algorithm::CanonicalizationAlgorithm::{self, Exclusive, ExclusiveWithComments, Inclusive10};
    use crate::xml::{Document, Limits};

    /// Whether the form of the first element in `text`, with these `prefixes`, leaves some out.
    fn by(algorithm: CanonicalizationAlgorithm, text: &str, prefixes: &[&str]) -> bool {
        let document = Document::parse(text.to_owned().into(), &Limits::default()).unwrap();
        let prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        let method = Canonicalization { algorithm, prefixes };
        leaves_prefixes_out(document.root().first_child().unwrap(), &method)
    }

    #[test]
    fn a_prefix_is_used_by_a_name_or_listed() {
        let text = "<a xmlns:p='urn:p' xmlns:q='urn:q'><b><p:c q:d=''/></b><q:e/></a>";
        assert!(!by(Exclusive, text, &[]));
        let text = text.replace("q:d=''", "d='q:f'");
        assert!(by(Exclusive, &text, &[]));
        assert!(by(ExclusiveWithComments, &text, &["p"]));
        assert!(!by(Exclusive, &text, &["x", "q"]));
        assert!(!by(Inclusive10, &text, &[]));
    }

    #[test]
    fn what_is_declared_inside_counts_and_what_is_not_bound_does_not() {
        assert!(by(Exclusive, "<a><b><c xmlns:p='urn:p'/></b></a>", &[]));
        assert!(!by(Exclusive, "<a><b><c xmlns:p='urn:p'/></b></a>", &["p"]));
        assert!(!by(Exclusive, "<a><b/><c xmlns:p='urn:p'/></a>", &[]));
        let xml = "xmlns:xml='http://www.w3.org/XML/1998/namespace'";
        assert!(!by(Exclusive, &format!("<a {xml}><b xmlns=''/></a>"), &[]));
    }

    #[test]
    fn the_default_namespace_is_used_by_elements_alone() {
        let text = "<a xmlns='urn:a' xmlns:p='urn:p'><p:b c=''/></a>";
        assert!(by(Exclusive, text, &[]));
        assert!(!by(Exclusive, text, &[""]));
        assert!(!by(Exclusive, &text.replace("/></a>", "><d/></p:b></a>"), &[]));
        assert!(!by(Exclusive, &text.replace("c=''", "xmlns=''"), &[]));
    }
}
