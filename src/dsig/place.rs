use crate::xml::Element;

/// Where in its parent a signature is put.
#[derive(Clone, Copy, Debug)]
pub enum Place<'d> {
    /// Before everything else.
    First,
    /// After this child.
    After(Element<'d>),
    /// After everything else.
    Last,
}

/// The text of the document that `parent` is in, with `signature` in `parent`. Nothing else is written anew, but a parent
/// that was an empty-element tag gets an end tag.
pub fn put(signature: &str, parent: Element<'_>, place: Place<'_>) -> String {
    let text = parent.document().as_str();
    let (span, content) = (parent.span(), parent.content_span());
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    if let Some(open) = part(span.start, content.start).strip_suffix("/>") {
        let (before, after) = (part(0, span.start), part(span.end, text.len()));
        return [before, open, ">", signature, "</", parent.name(), ">", after].concat();
    }
    let at = match place {
        Place::First => content.start,
        Place::After(child) => child.span().end,
        Place::Last => content.end,
    };
    [part(0, at), signature, part(at, text.len())].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn a_signature_stands_where_it_is_put_and_the_rest_stays() {
        let text = "<?p?><a x='1'> <b/>t<c></c> </a>\n";
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let root = document.root();
        let first = root.first_child().unwrap();
        for (place, expected) in [
            (Place::First, "<?p?><a x='1'><S/> <b/>t<c></c> </a>\n"),
            (Place::After(first), "<?p?><a x='1'> <b/><S/>t<c></c> </a>\n"),
            (Place::Last, "<?p?><a x='1'> <b/>t<c></c> <S/></a>\n"),
        ] {
            assert_eq!(put("<S/>", root, place), expected);
        }
        let emptied = put("<S/>", first, Place::First);
        assert_eq!(emptied, "<?p?><a x='1'> <b><S/></b>t<c></c> </a>\n");
    }
}
