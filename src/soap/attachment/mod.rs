//! Messages of several parts: SOAP with Attachments and MTOM, in `multipart/related` (RFC 2387).
//!
//! A [`Package`] takes the body of such a message piece by piece, in memory that does not grow with its attachments, and
//! refuses all that two readers could take apart in two ways. The envelope is the first part, held whole; the content of every
//! other part goes into a [`Spool`] that the caller brings, in the very octets that a signature is about (SwA Profile 1.1 §5.4).
//! What comes out is a [`Packaged`] message: of MTOM, an envelope in which each `xop:Include` has been replaced by what it stands
//! for; of SOAP with Attachments, an envelope and its [`Attachments`].
//!
//! An attachment that is ciphertext is exchanged for what it was before by [`Attachment::decrypted`].
//!
//! Nothing is ever looked for outside the message: a `cid:` URI names one of its parts, and no other URI names anything (T117).

mod arriving;
mod attachments;
mod canonical;
mod decrypted;
mod head;
mod package;
mod related;
mod splitter;
mod spool;
mod xop;

pub use attachments::Attachment;
pub use attachments::Attachments;
pub use decrypted::Original;
pub use head::content_type_of;
pub use package::Package;
pub use package::Packaged;
pub use package::Plan;
pub use package::PlannedDigest;
pub use related::Packaging;
pub use related::Related;
pub use spool::InMemory;
pub use spool::Spool;
pub use spool::Stored;

pub(crate) use related::Carried;
