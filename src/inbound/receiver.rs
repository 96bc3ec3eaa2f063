use std::ops::Range;

use super::Keyring;
use crate::crypto::{PrivateKey, PublicKey, Secret, Turn};
use crate::trust::CiphertextCovered;
use crate::xml::{Element, Namespace};
use crate::xmlenc::Resolver;

/// Who decrypts a message: with the keys of the operator, what is ours, knowing what was signed.
pub(super) struct Receiver<'r> {
    pub(super) keyring: &'r Keyring,
    pub(super) recipient: Option<&'r str>,
    /// The EncryptedData and EncryptedKeys that are for us, by their bytes.
    pub(super) ours: &'r [Range<usize>],
    pub(super) covered: &'r [CiphertextCovered],
    /// When, where others hold a key for us.
    pub(super) turn: Turn,
}

impl Resolver for Receiver<'_> {
    fn private_keys(&self, key_info: Option<Element<'_>>) -> Vec<PrivateKey> {
        let keys = self.keyring.private_keys(key_info).into_iter();
        keys.map(|key| key.in_turn(self.turn)).collect()
    }

    fn secrets(&self, name: Option<&str>) -> Vec<Secret> {
        self.keyring.secrets(name)
    }

    fn originator(&self, key_info: Element<'_>) -> Option<PublicKey> {
        self.keyring.originator(key_info)
    }

    fn referred<'d>(&self, item: Element<'d>) -> Option<Element<'d>> {
        self.keyring.referred(item)
    }

    fn recipient(&self) -> Option<&str> {
        self.recipient
    }

    fn is_ours(&self, element: Element<'_>) -> bool {
        self.ours.contains(&element.span())
    }

    fn is_signed(&self, element: Element<'_>) -> bool {
        let span = element.span();
        self.covered.iter().any(|covered| covered.covers(&span))
    }

    fn place<'d>(&self, data: Element<'d>) -> Element<'d> {
        holder(data)
    }
}

/// The element that is there only to hold `data` and its keys, if there is one: what was encrypted takes its place (WSS 1.1 §9.3,
/// SAML Core §2.2.4, §2.3.4, §2.7.3.2, §3.6.1).
pub(super) fn holder(data: Element<'_>) -> Element<'_> {
    let Some(parent) = data.parent() else {
        return data;
    };
    let saml2 = ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"];
    let holds = parent.is(Namespace::WSSE11, "EncryptedHeader")
        || parent.is(Namespace::SAMLP, "NewEncryptedID")
        || saml2.iter().any(|name| parent.is(Namespace::SAML2, name));
    let mut children = parent.children();
    let is_alone = children.all(|child| child == data || child.is(Namespace::XENC, "EncryptedKey"));
    if holds && is_alone { parent } else { data }
}
