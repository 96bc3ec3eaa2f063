use super::error::Error;
use super::error::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;

/// A Signature that stands in what it should sign.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct EnvelopedSignature<'d> {
    /// The `ds:Signature` element.
    pub element: Element<'d>,
    /// Where it stands.
    pub place: SignaturePlace,
}

/// Where a Signature stands among the children of its element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignaturePlace {
    /// Where the schema has it: after the Issuer if there is one, before anything else.
    Schema,
    /// Somewhere after other children. Some older signers append it.
    Elsewhere,
}

impl<'d> EnvelopedSignature<'d> {
    /// As [`find`](Self::find), where the schema has it after everything else (SAML 1.1 assertions).
    pub(super) fn find_last(parent: Element<'d>, clause: &'static str) -> Result<Option<Self>, Error> {
        let found = Self::find(parent, clause)?;
        let last = parent.children().last();
        Ok(found.map(|found| Self {
            place: if last == Some(found.element) {
                SignaturePlace::Schema
            } else {
                SignaturePlace::Elsewhere
            },
            ..found
        }))
    }

    /// The one Signature among the children of `parent`.
    ///
    /// # Errors
    /// `saml.multiple_signatures` if there are two (T13).
    pub(super) fn find(parent: Element<'d>, clause: &'static str) -> Result<Option<Self>, Error> {
        let mut found = None;
        let mut place = SignaturePlace::Schema;
        for child in parent.children() {
            if is_signature(child) {
                if found.is_some() {
                    return Err(Error::new(child, clause, ErrorKind::MultipleSignatures));
                }
                found = Some(Self {
                    element: child,
                    place,
                });
            } else if !child.is(Namespace::SAML2, "Issuer") {
                place = SignaturePlace::Elsewhere;
            }
        }
        Ok(found)
    }
}

/// The children of `parent` that are no Signature.
pub(super) fn unsigned_children(parent: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    parent.children().filter(|child| !is_signature(*child))
}

fn is_signature(element: Element<'_>) -> bool {
    element.is(Namespace::DS, "Signature")
}
