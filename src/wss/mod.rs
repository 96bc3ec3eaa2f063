//! The WS-Security header: the one that is for us, item by item, as read (WSS 1.1 §5); and how ours is written.
//!
//! A message may carry Security headers for several receivers. [`Header::read`] takes the one for the roles that we play and refuses a
//! second; keys are looked up in that header alone (T18, T73). Rules of the Basic Security Profile without which a message still
//! means one thing only are kept as [`Deviation`]s: a policy says what they are worth.

mod confirmation;
mod deviation;
mod encrypted;
mod error;
mod header;
mod prefix_list;
mod receiver;
mod reference;
mod resolve;
mod secure_conversation;
mod timestamp;
pub mod write;

pub use confirmation::SignatureConfirmation;
pub use deviation::Deviation;
pub use deviation::Rule;
pub use encrypted::EncryptedParts;
pub use encrypted::has_digest;
pub use encrypted::is_by_encrypted_key;
pub use encrypted::refuse_unlisted;
pub use error::Error;
pub use error::ErrorKind;
pub use error::Multiple;
pub use header::Header;
pub use header::Item;
pub use prefix_list::PrefixList;
pub use reference::EmbeddedToken;
pub use reference::Pointer;
pub use reference::SamlVersion;
pub use reference::TokenReference;
pub(crate) use reference::key_identifier::{SUBJECT_KEY_IDENTIFIER, THUMBPRINT_SHA1};
pub use resolve::KeyForm;
pub use resolve::ResolvedKey;
pub use resolve::dereference;
pub use resolve::dereference_in_document;
pub use resolve::resolve;
pub use timestamp::Timestamp;

#[cfg(test)]
mod tests;
