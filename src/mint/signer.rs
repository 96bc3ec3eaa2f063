use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::SigningKey;
use crate::crypto::{Reserved, Unavailable};

/// Our key, with the certificate that others know it by.
#[derive(Clone, Debug)]
pub struct Signer {
    identity: Identity,
    certificate: Certificate,
    key: SigningKey,
    method: SignatureAlgorithm,
}

/// Why a key signs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerError {
    /// It has no certificate.
    NoCertificate,
    /// It is of a kind that only verifies.
    Kind,
}

impl Signer {
    /// The key of `identity`.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn new(identity: &Identity) -> Result<Self, SignerError> {
        let certificate = identity.certificate().ok_or(SignerError::NoCertificate)?;
        let key = SigningKey::from(identity.key().clone());
        let method = key.default_algorithm().ok_or(SignerError::Kind)?;
        Ok(Self {
            identity: identity.clone(),
            certificate: certificate.clone(),
            key,
            method,
        })
    }

    /// The algorithm that fits the key.
    pub fn method(&self) -> SignatureAlgorithm {
        self.method
    }

    /// Whether the key is there, as far as that is known.
    pub(super) fn available(&self) -> Result<(), Error> {
        Ok(self.identity.key().available()?)
    }

    /// A signature that can be made in time, kept for whoever has this.
    ///
    /// # Errors
    /// The key is in a token that is lost, or has promised as many as it can make.
    pub fn reserve(&self) -> Result<Reserved, Unavailable> {
        self.identity.key().reserve()
    }

    /// Whether others hold the key for us, whom each signature is waited for.
    pub fn is_held(&self) -> bool {
        self.identity.key().is_held()
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn chain(&self) -> &[Certificate] {
        self.identity.chain()
    }

    /// The key, as long as its certificate holds.
    ///
    /// # Errors
    /// It does not hold at `now`.
    pub(super) fn key(&self, now: DateTime<Utc>) -> Result<&SigningKey, Error> {
        let (from, to) = (self.certificate.not_before(), self.certificate.not_after());
        if now < from || to < now {
            return Err(Error::Certificate { from, to });
        }
        Ok(&self.key)
    }
}
