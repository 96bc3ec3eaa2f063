//! Public keys, and what a signature is verified with.

mod error;
mod kind;
mod public;
mod spki;
#[cfg(test)]
mod tests;

pub use error::KeyError;
pub use kind::Curve;
pub use kind::KeyKind;
pub use public::PublicKey;

use super::Secret;
use crate::algorithm::KeyFamily;

/// What a signature is verified with. The algorithms it may be used with follow from it and never from the message (T67).
#[derive(Clone, Debug, PartialEq)]
pub enum VerifyingKey {
    /// The public half of a key pair.
    Public(PublicKey),
    /// A shared secret.
    Hmac(Secret),
}

impl VerifyingKey {
    /// The algorithms it may be used with.
    pub fn family(&self) -> KeyFamily {
        match self {
            Self::Public(key) => key.kind().family(),
            Self::Hmac(_) => KeyFamily::Hmac,
        }
    }
}

impl From<PublicKey> for VerifyingKey {
    fn from(key: PublicKey) -> Self {
        Self::Public(key)
    }
}
