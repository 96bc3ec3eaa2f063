//! What was decrypted is read as a document of its own before it takes the place of the ciphertext (T88).

use bytes::Bytes;

use super::data::{ContentType, holds_encryption};
use super::error::ErrorKind;
use super::write::declarations;
use crate::xml::{Document, Element, Limits};

/// Checks that `plaintext` can stand where `place` stands: well-formed by itself with the prefixes that are bound there, one element
/// if it is said to be one, without a DOCTYPE, and not encrypted again (T84). In the place of the root it is a document. Returns where
/// the part that takes the place begins: after an XML declaration, which only a whole document may have.
pub(super) fn check(
    plaintext: &[u8],
    kind: &ContentType,
    place: Element<'_>,
    limits: &Limits,
) -> Result<usize, ErrorKind> {
    let Some(parent) = place.parent() else {
        return match kind {
            ContentType::Octets(_) => Ok(0),
            ContentType::Element | ContentType::Content => {
                let document = parse(plaintext.to_vec(), limits)?;
                not_nested(document.root())?;
                Ok(document.declaration_end())
            }
        };
    };
    let start = format!("<w{}>", declarations(parent, &[]));
    let document = parse([start.as_bytes(), plaintext, b"</w>"].concat(), limits)?;
    let around = document.root();
    if *kind == ContentType::Element {
        let mut children = around.children();
        if children.next().is_none() || children.next().is_some() || around.stray_text().is_some() {
            return Err(ErrorKind::Plaintext("it is not one element".to_owned()));
        }
    }
    not_nested(around)?;
    Ok(0)
}

/// All tags have to be balanced, as nothing may follow the one root.
fn parse(text: Vec<u8>, limits: &Limits) -> Result<Document, ErrorKind> {
    let limits = Limits {
        namespaces: limits.namespaces_in_scope,
        ..limits.clone()
    };
    Document::parse(Bytes::from(text), &limits).map_err(|error| ErrorKind::Plaintext(error.to_string()))
}

fn not_nested(element: Element<'_>) -> Result<(), ErrorKind> {
    if holds_encryption(element) {
        return Err(ErrorKind::Nested);
    }
    Ok(())
}
