//! XML Signature: which nodes did this key sign?
//!
//! [`Signature::read`] takes a `ds:Signature` apart and judges its form; what it holds are claims. [`verify`] does the
//! mathematics with a key that the caller chose: first the value over SignedInfo, then, and only if that holds, the
//! digest of each reference. The [`Covered`] that it returns is the only statement about signed nodes in this
//! crate, and says nothing about whose key it was. [`OctetSignature`] is for octets that are no XML. The module knows
//! documents, not SOAP.

mod attachment;
mod covered;
mod error;
pub(crate) mod fields;
mod octets;
mod place;
mod reference;
mod sign;
mod signature;
mod transform;
mod verify;

pub use attachment::{AttachmentError, AttachmentScope, SignedAttachment};
pub use covered::{Covered, Digested};
pub use error::{Error, ErrorKind};
pub use octets::{OctetSignature, sign_octets};
pub use place::{Place, put};
pub(crate) use reference::content_id;
pub use reference::{Reference, Target};
pub use sign::{AttachmentToSign, ReferenceToSign, SignatureRequest, sign, sign_with, x509_data};
pub use signature::{Objects, Signature};
pub use transform::{Processing, Transforms};
pub use verify::{Keep, ReferenceOutcome, Rules, verify};
pub(crate) use verify::{dereferenced, octets, verify_value};

#[cfg(test)]
mod tests;
