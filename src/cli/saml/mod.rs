//! SAML documents by themselves.

mod sign;
mod verify;

pub(super) use sign::run as sign;
pub(super) use verify::run as verify;
