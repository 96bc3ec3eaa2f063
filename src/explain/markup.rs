/// A piece of canonical octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Characters between markup, escaped as they stand.
    Text(&'t str),
    /// A start tag.
    Start(&'t str),
    /// An end tag.
    End(&'t str),
    /// A comment or a processing instruction.
    Other(&'t str),
}

impl<'t> Piece<'t> {
    /// As it stands.
    pub(super) fn as_str(self) -> &'t str {
        match self {
            Self::Text(text) | Self::Start(text) | Self::End(text) | Self::Other(text) => text,
        }
    }

    /// Whether it is text of nothing but white space, in whatever way that is written.
    pub(super) fn is_space(self) -> bool {
        matches!(self, Self::Text(text) if text.split("&#xD;").all(|part| part.trim().is_empty()))
    }
}

/// Takes canonical octets apart; joined again, the pieces are what they were.
pub(super) fn pieces(canonical: &str) -> impl Iterator<Item = Piece<'_>> {
    #[cfg(test)]
    TAKEN_APART.set(TAKEN_APART.get().saturating_add(canonical.len()));
    let mut rest = canonical;
    std::iter::from_fn(move || {
        let length = match rest.strip_prefix('<') {
            None => rest.find('<').unwrap_or(rest.len()),
            Some(markup) if markup.starts_with("!--") => end_after(rest, "-->"),
            Some(markup) if markup.starts_with('?') => end_after(rest, "?>"),
            Some(_) => tag_length(rest),
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        let is_other = piece.starts_with("<!") || piece.starts_with("<?");
        (!piece.is_empty()).then_some(if !piece.starts_with('<') {
            Piece::Text(piece)
        } else if is_other {
            Piece::Other(piece)
        } else if piece.starts_with("</") {
            Piece::End(piece)
        } else {
            Piece::Start(piece)
        })
    })
}

#[cfg(test)]
thread_local! {
    /// So many bytes were taken apart by this thread: how much tests let it do.
    pub(super) static TAKEN_APART: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn end_after(text: &str, end: &str) -> usize {
    text.find(end)
        .map_or(text.len(), |at| at.saturating_add(end.len()))
}

/// A `>` may stand in the value of an attribute.
fn tag_length(text: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// The octets with each piece written as `write` has it.
pub(super) fn rewritten(canonical: &str, mut write: impl FnMut(Piece<'_>, &mut String)) -> String {
    let mut out = String::with_capacity(canonical.len());
    for piece in pieces(canonical) {
        write(piece, &mut out);
    }
    out
}

/// The octets with each text written as `write` has it.
pub(super) fn with_texts(canonical: &str, write: impl Fn(&str) -> String) -> String {
    rewritten(canonical, |piece, out| match piece {
        Piece::Text(text) => out.push_str(&write(text)),
        Piece::Start(_) | Piece::End(_) | Piece::Other(_) => out.push_str(piece.as_str()),
    })
}

/// The octets with each start tag written as `write` has it.
pub(super) fn with_start_tags(canonical: &str, write: impl Fn(&str) -> String) -> String {
    rewritten(canonical, |piece, out| match piece {
        Piece::Start(tag) => out.push_str(&write(tag)),
        Piece::Text(_) | Piece::End(_) | Piece::Other(_) => out.push_str(piece.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart_and_lose_nothing() {
        let text = "<a b=\"x>y\">t &lt;<?p q>?><!-- <c> --><d></d>\n</a>";
        let found: Vec<Piece<'_>> = pieces(text).collect();
        assert_eq!(
            found,
            [
                Piece::Start("<a b=\"x>y\">"),
                Piece::Text("t &lt;"),
                Piece::Other("<?p q>?>"),
                Piece::Other("<!-- <c> -->"),
                Piece::Start("<d>"),
                Piece::End("</d>"),
                Piece::Text("\n"),
                Piece::End("</a>"),
            ]
        );
        for broken in ["", "<", "<a", "a<", "<!--", "<a b=\"", "é<"] {
            let joined: String = pieces(broken).map(Piece::as_str).collect();
            assert_eq!(joined, broken);
        }
    }
}
