//! `sealgate dsig`: XML Signature without the meaning that SOAP or SAML give it.

mod sign;
mod verify;

pub(super) use sign::run as sign;
pub(super) use verify::run as verify;
