//! SAML documents with signatures of ours, where the schemas have them.
//!
//! What is signed was read as strictly as what others sign, and the signature is put into the octets that were read: nothing in
//! them is written anew, so no value can become markup (T109). What leaves has been read again and verified.

mod sign;

use std::fmt;
use std::io;

pub use sign::SamlPart;
pub use sign::SamlSigner;

use crate::dsig;
use crate::policy;
use crate::rejection::Rejection;
use crate::token;
use crate::xml;

/// Why nothing was signed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The document is none that is signed, or the key does not sign.
    Refused(Rejection),
    /// It could not be deflated.
    Deflate(io::Error),
    /// What was signed is not read as it was, or does not verify: our own mistake.
    NotVerified,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(rejection) => rejection.fmt(f),
            Self::Deflate(error) => write!(f, "it cannot be deflated: {error}"),
            Self::NotVerified => f.write_str("what was signed does not verify"),
        }
    }
}

impl std::error::Error for Error {}

impl From<xml::Error> for Error {
    fn from(error: xml::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<dsig::Error> for Error {
    fn from(error: dsig::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<token::saml::Error> for Error {
    fn from(error: token::saml::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<policy::saml::Error> for Error {
    fn from(error: policy::saml::Error) -> Self {
        Self::Refused(error.into())
    }
}

#[cfg(test)]
mod tests;
