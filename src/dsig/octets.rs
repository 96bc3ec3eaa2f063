use crate::algorithm::{Permitted, SignatureAlgorithm};
use crate::crypto::{self, SignError, SigningKey, VerifyError, VerifyingKey};

use super::error::{Error, ErrorKind, not_permitted};
use super::verify::{full_length, strength, value_error};

/// A signature over octets that are no XML, as over a query string (SAML Bindings §3.4.4.1).
#[derive(Clone, Copy, Debug)]
pub struct OctetSignature<'o> {
    /// The URI of its algorithm.
    pub algorithm: &'o str,
    /// Its value.
    pub value: &'o [u8],
    /// What was signed.
    pub octets: &'o [u8],
}

impl OctetSignature<'_> {
    /// Checks that `key` made it, with an algorithm and of a length that `permitted` allows.
    ///
    /// # Errors
    /// As [`verify`](super::verify), without a position.
    pub fn verify(&self, key: &VerifyingKey, permitted: &Permitted) -> Result<(), Error> {
        let unknown = || Error::nowhere(ErrorKind::UnknownAlgorithm(self.algorithm.to_owned()));
        let method = SignatureAlgorithm::from_uri(self.algorithm).ok_or_else(unknown)?;
        if !permitted.signatures.contains(method) {
            return Err(Error::nowhere(not_permitted(method)));
        }
        strength(key, permitted).map_err(Error::nowhere)?;
        let value = full_length(self.value, key, permitted.ecdsa_values);
        crypto::verify(method, key, self.octets, &value).map_err(|error| {
            Error::nowhere(if error == VerifyError::Mismatch {
                ErrorKind::OctetsMismatch
            } else {
                value_error(error)
            })
        })
    }
}

/// The value of a signature over `octets`, by `key` with `method`.
///
/// # Errors
/// `dsig.signing` for an algorithm that does not fit the key.
pub fn sign_octets(method: SignatureAlgorithm, key: &SigningKey, octets: &[u8]) -> Result<Vec<u8>, Error> {
    crypto::sign(method, key, octets).map_err(|error| {
        Error::nowhere(match error {
            SignError::Unavailable(error) => ErrorKind::Unavailable(error),
            error @ (SignError::KeyMismatch { .. } | SignError::NotForSigning(_) | SignError::WeakKey) => {
                ErrorKind::Signing(error.to_string())
            }
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::crypto::{Curve, PrivateKey, SigningKey, sign};

    #[test]
    fn key_algorithm_value_and_octets_must_be_right() {
        let key = SigningKey::Private(PrivateKey::generate_ec(Curve::P256).unwrap());
        let method = SignatureAlgorithm::EcdsaSha256;
        let value = sign(method, &key, b"a=b").unwrap();
        let code = |algorithm: &str, value: &[u8], octets: &[u8], key: &VerifyingKey| {
            let signature = OctetSignature {
                algorithm,
                value,
                octets,
            };
            let verified = signature.verify(key, &Permitted::strict());
            verified.map_or_else(|error| error.code(), |()| "holds")
        };
        let signature = OctetSignature {
            algorithm: method.uri(),
            value: &value,
            octets: b"a=B",
        };
        let refused = signature
            .verify(&key.verifying_key(), &Permitted::strict())
            .unwrap_err();
        assert_eq!(refused.clause(), Some("SAML Bindings §3.4.4.1"));
        let own = key.verifying_key();
        assert_eq!(code(method.uri(), &value, b"a=b", &own), "holds");
        assert_eq!(
            code(method.uri(), &value, b"a=B", &own),
            "dsig.signature_mismatch"
        );
        assert_eq!(code("urn:x", &value, b"a=b", &own), "dsig.unknown_algorithm");
        let old = SignatureAlgorithm::RsaSha1.uri();
        assert_eq!(code(old, &value, b"a=b", &own), "dsig.algorithm_not_permitted");
        let short = VerifyingKey::Public(PrivateKey::generate_rsa(1024).unwrap().public().clone());
        let rsa = SignatureAlgorithm::RsaSha256.uri();
        assert_eq!(code(rsa, &value, b"a=b", &short), "dsig.weak_key");
    }
}
