//! XML Encryption: what is behind this ciphertext?
//!
//! [`decrypt`] takes a document by value and gives the one in which every `xenc:EncryptedData` is replaced by what it
//! held. First everything is read and the algorithms are judged, then keys are looked for, and only then anything is
//! decrypted (T80). Whatever goes wrong from there on looks the same (T78, T79, T89): a key that does not come out is replaced by one
//! that decrypts nothing, and the work goes on. What was decrypted proves nothing about who wrote it (T90).
//!
//! Of attachments only what decrypts them stands in the document: [`encrypted_attachments`] reads it.
//!
//! [`encrypt`] is the way back: a [`SessionKey`] made for one document encrypts parts of it, and goes along encrypted to a [`Recipient`].
//!
//! Keys come from a [`Resolver`] that the caller hands in; the module knows documents, not SOAP.

mod agreement;
mod attachment;
mod data;
mod decrypt;
mod encrypt;
mod error;
mod key;
mod moves;
mod plaintext;
mod recipients;
mod resolver;
mod sources;
pub(crate) mod write;

pub use attachment::{EncryptedAttachment, encrypted_attachments, is_of_attachment};
pub use decrypt::{
    Decrypted, KeyLengths, Plaintext, Rules, Unauthenticated, decrypt, decrypt_mac_key, decrypt_parts,
};
pub(crate) use encrypt::check_apart;
pub use encrypt::{Portion, Recipient, SessionKey, encrypt};
pub use error::{Error, ErrorKind};
pub use moves::{Moved, Moves, Replaced};
pub use resolver::Resolver;

#[cfg(test)]
mod tests;
