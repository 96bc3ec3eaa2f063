/// A piece of a document that ends with a tag, a comment or a processing instruction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Piece<'d> {
    pub(crate) bytes: &'d [u8],
    pub(crate) kind: Kind,
}

/// What it ends with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Start,
    /// A start tag that is an end tag too.
    Empty,
    End,
    Other,
}

/// The pieces of a document, in order; what follows the last tag is left out. `None` is a piece that cannot be: a DOCTYPE, or
/// something that does not end.
pub(crate) fn pieces(document: &[u8]) -> impl Iterator<Item = Option<Piece<'_>>> {
    let mut rest = document;
    std::iter::from_fn(move || {
        let open = rest.iter().position(|byte| *byte == b'<')?;
        let piece = piece(rest, open);
        rest = piece
            .and_then(|piece| rest.get(piece.bytes.len()..))
            .unwrap_or_default();
        Some(piece)
    })
}

fn piece(rest: &[u8], open: usize) -> Option<Piece<'_>> {
    let (before, tag) = rest.split_at_checked(open)?;
    let (length, kind) = match tag {
        [b'<', b'/', ..] => (after(tag, b">")?, Kind::End),
        [b'<', b'?', ..] => (after(tag, b"?>")?, Kind::Other),
        [b'<', b'!', b'-', b'-', inside @ ..] => (after(inside, b"-->")?.checked_add(4)?, Kind::Other),
        [b'<', b'!', ..] => return None,
        _ => start_tag(tag)?,
    };
    Some(Piece {
        bytes: rest.get(..before.len().checked_add(length)?)?,
        kind,
    })
}

/// How many bytes there are up to the end of the first `mark`.
fn after(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let place = bytes.windows(mark.len()).position(|window| window == mark)?;
    place.checked_add(mark.len())
}

/// The length of a start tag: a `>` in the value of an attribute does not end it.
fn start_tag(tag: &[u8]) -> Option<(usize, Kind)> {
    let mut quote = None;
    let mut before = b' ';
    for (place, byte) in tag.iter().enumerate() {
        match (quote, *byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => {
                let kind = if before == b'/' { Kind::Empty } else { Kind::Start };
                return Some((place.checked_add(1)?, kind));
            }
            (None, _) => {}
        }
        before = *byte;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn all(document: &str) -> Vec<Option<(String, Kind)>> {
        let text = |piece: Piece<'_>| (String::from_utf8(piece.bytes.to_vec()).unwrap(), piece.kind);
        pieces(document.as_bytes()).map(|piece| piece.map(text)).collect()
    }

    #[test]
    fn each_piece_ends_with_its_tag() {
        let found = all("<a b='>' c=\"/>'\">x<b/><!--<c>-->y<?p <d>?></a>\n");
        let expected = [
            ("<a b='>' c=\"/>'\">", Kind::Start),
            ("x<b/>", Kind::Empty),
            ("<!--<c>-->", Kind::Other),
            ("y<?p <d>?>", Kind::Other),
            ("</a>", Kind::End),
        ];
        assert_eq!(found, expected.map(|(text, kind)| Some((text.to_owned(), kind))));
    }

    #[test]
    fn what_does_not_end_or_is_a_doctype_is_no_piece() {
        for document in [
            "<!DOCTYPE a><a/>",
            "<![CDATA[a]]>",
            "<a",
            "<a b='>",
            "<!--a",
            "<?a",
            "</a",
            "<!-->",
        ] {
            assert_eq!(all(document), [None], "{document}");
        }
        assert_eq!(all("text"), []);
    }
}
