//! Security tokens as they were read: what they claim, proved by nothing yet.

pub mod datetime;
pub mod saml;
