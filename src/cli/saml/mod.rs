//! SAML documents by themselves.

mod sign;
mod trace;
mod verify;

pub(super) use sign::run as sign;
pub(super) use trace::run as trace;
pub(super) use verify::run as verify;
