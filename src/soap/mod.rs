//! SOAP 1.1 and 1.2 envelopes, read strictly, and the faults that a peer may be told.
//!
//! An [`Envelope`] has one Header at most and one Body, in that order and nothing else, and no Envelope inside it: what a
//! message means must not depend on which of two Bodies a reader finds first (T15, T18).

mod action;
mod addressing;
pub mod attachment;
mod content_type;
mod envelope;
mod error;
mod fault;
mod header_block;
mod media_type;
mod version;

pub use action::is_addressing_action;
pub use action::soap_action;
pub use addressing::Addressing;
pub use addressing::AddressingVersion;
pub use addressing::Property;
pub use addressing::ReplyAddress;
pub use content_type::ContentType;
pub use envelope::Envelope;
pub use error::Error;
pub use error::ErrorKind;
pub use fault::Fault;
pub use fault::IncidentId;
pub use header_block::HeaderBlock;
pub use header_block::NotUnderstood;
pub use header_block::QName;
pub use header_block::Roles;
pub use version::Version;
