//! Which IDs mean something in what goes along.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Described;
use crate::trust::Signed;
use crate::wss::{self, Item, Pointer, TokenReference};
use crate::xml::{Element, Namespace};

/// The IDs that what goes along refers to. Another ID that nobody signed is only a name.
#[derive(Debug, Default)]
pub(super) struct Named(HashSet<String>);

impl Named {
    /// Those in the References of `proofs`, and where those KeyInfos that led to a key and the SecurityTokenReferences of `header` point.
    pub(super) fn by<'w, 'd: 'w>(
        proofs: impl Iterator<Item = &'w Signed<'d>>,
        header: &wss::Header<'d>,
    ) -> Self {
        let mut named = Self::default();
        for proof in proofs {
            let signature = proof.signature();
            let signed_info = signature.child(Namespace::DS, "SignedInfo");
            for reference in signed_info.iter().flat_map(|info| info.children()) {
                let uri = reference.attribute("URI");
                let id = uri.as_deref().and_then(|uri| uri.strip_prefix('#'));
                named.0.extend(id.map(str::to_owned));
            }
            let key_info = signature.child(Namespace::DS, "KeyInfo");
            if Described::by(proof.owner()) == Described::Followed {
                named.follow(key_info.and_then(Element::first_child));
            }
        }
        for item in header.items() {
            if let Item::TokenReference(reference) = item
                && named.names(reference.element())
            {
                named.follow(Some(reference.element()));
            }
        }
        named
    }

    fn follow(&mut self, reference: Option<Element<'_>>) {
        let reference = reference.filter(|child| child.is(Namespace::WSSE, "SecurityTokenReference"));
        let read = reference.and_then(|child| TokenReference::read(child, &mut Vec::new()).ok());
        if let Some(Pointer::Direct { id, .. }) = read.as_ref().map(TokenReference::pointer) {
            self.0.insert(id.clone());
        }
    }

    /// Whether something refers to `element`.
    pub(super) fn names(&self, element: Element<'_>) -> bool {
        self.id(element).is_some()
    }

    /// The ID of `element`, if something refers to it.
    pub(super) fn id(&self, element: Element<'_>) -> Option<String> {
        let id = element.id().map(Cow::into_owned);
        id.filter(|id| self.0.contains(id))
    }
}
