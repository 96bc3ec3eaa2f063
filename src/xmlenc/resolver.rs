use crate::crypto::{PrivateKey, PublicKey, Secret};
use crate::xml::Element;

/// What the caller knows about keys and their surroundings, and this module does not.
///
/// It chooses by what is public, and uses no key. What it cannot read says nothing: then a key does not fit, or is not found.
pub trait Resolver {
    /// Our private keys that the `ds:KeyInfo` or `xenc:RecipientKeyInfo` may mean; all of them where there is none, or where it says
    /// nothing that can be compared.
    fn private_keys(&self, key_info: Option<Element<'_>>) -> Vec<PrivateKey>;

    /// The shared secrets that go by `name`, or by no name.
    fn secrets(&self, name: Option<&str>) -> Vec<Secret>;

    /// The public key of the sender that an `xenc:OriginatorKeyInfo` holds or names.
    fn originator(&self, key_info: Element<'_>) -> Option<PublicKey>;

    /// The element that `item` of a `ds:KeyInfo` refers to, where it is of a kind that XML Encryption does not know.
    fn referred<'d>(&self, item: Element<'d>) -> Option<Element<'d>>;

    /// The name that an EncryptedKey for us carries as its Recipient, if we go by one: where one does, no other is tried.
    fn recipient(&self) -> Option<&str>;

    /// Whether `element`, an EncryptedData or EncryptedKey, is for us. Others are left as they are.
    fn is_ours(&self, element: Element<'_>) -> bool;

    /// Whether a signature that somebody trusted made, and that holds, covers `element`.
    fn is_signed(&self, element: Element<'_>) -> bool;

    /// The element that decrypted content takes the place of: `data`, or one that is there only to hold it.
    fn place<'d>(&self, data: Element<'d>) -> Element<'d>;
}
