//! Signature values. SHA-1 and DSA are for verifying old signatures: nothing here makes one (threats §4).

use std::fmt;

use openssl::bn::BigNumRef;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::md_ctx::MdCtx;
use openssl::pkey::PKeyRef;
use openssl::pkey::Private;
use openssl::pkey_ctx::PkeyCtx;

use super::Curve;
use super::KeyKind;
use super::PrivateKey;
use super::Secret;
use super::Unavailable;
use super::VerifyingKey;
use super::digest::digest;
use super::verify::configure;
use super::verify::hmac;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::KeyFamily;
use crate::algorithm::SignatureAlgorithm;
use crate::algorithm::SignatureScheme;

/// The shortest RSA modulus that signs, in bits (NIST SP 800-131A §3).
const MIN_RSA_BITS: u32 = 2048;

/// What a signature is made with.
#[derive(Clone, Debug)]
pub enum SigningKey {
    /// The private half of a key pair.
    Private(PrivateKey),
    /// A shared secret.
    Hmac(Secret),
}

impl SigningKey {
    /// The algorithms it may be used with.
    pub fn family(&self) -> KeyFamily {
        match self {
            Self::Private(key) => key.public().kind().family(),
            Self::Hmac(_) => KeyFamily::Hmac,
        }
    }

    /// What verifies its signatures.
    pub fn verifying_key(&self) -> VerifyingKey {
        match self {
            Self::Private(key) => VerifyingKey::Public(key.public().clone()),
            Self::Hmac(secret) => VerifyingKey::Hmac(secret.clone()),
        }
    }

    /// The algorithm we sign with where nothing else is configured: SHA-256, or the digest that fits the curve.
    pub fn default_algorithm(&self) -> Option<SignatureAlgorithm> {
        match self {
            Self::Hmac(_) => Some(SignatureAlgorithm::HmacSha256),
            Self::Private(key) => match key.public().kind() {
                KeyKind::Rsa { .. } => Some(SignatureAlgorithm::RsaSha256),
                KeyKind::Ec(curve) => Some(match curve {
                    Curve::P256 => SignatureAlgorithm::EcdsaSha256,
                    Curve::P384 => SignatureAlgorithm::EcdsaSha384,
                    Curve::P521 => SignatureAlgorithm::EcdsaSha512,
                }),
                KeyKind::Ed25519 => Some(SignatureAlgorithm::Ed25519),
                KeyKind::Dsa { .. } => None,
            },
        }
    }
}

impl From<PrivateKey> for SigningKey {
    fn from(key: PrivateKey) -> Self {
        Self::Private(key)
    }
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The algorithm does not work with this kind of key.
    KeyMismatch {
        /// What was asked for.
        algorithm: SignatureAlgorithm,
        /// What the key is.
        key: KeyFamily,
    },
    /// An algorithm with SHA-1, or DSA: signatures of these are verified and never made.
    NotForSigning(SignatureAlgorithm),
    /// The RSA key is shorter than 2048 bits, or the shared secret is empty.
    WeakKey,
    /// The crypto library, or the holder of the key, failed.
    Unavailable(Unavailable),
}

impl SignError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyMismatch { .. } => "dsig.key_mismatch",
            Self::NotForSigning(_) => "dsig.not_for_signing",
            Self::WeakKey => "dsig.key_weak",
            Self::Unavailable(error) => error.code(),
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMismatch { algorithm, key } => {
                write!(
                    f,
                    "the algorithm {algorithm} does not work with a key of the kind {key}"
                )
            }
            Self::NotForSigning(algorithm) => write!(f, "{algorithm} is too weak to sign with"),
            Self::WeakKey => write!(
                f,
                "the key is too weak to sign with: RSA needs {MIN_RSA_BITS} bits, a shared secret at least a byte"
            ),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SignError {}

impl From<Unavailable> for SignError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// The signature value of `message`, in the form that [`verify`](super::verify()) takes: ECDSA as raw r‖s, HMAC in full.
///
/// # Errors
///
/// [`SignError`] if algorithm and key do not fit, or are too weak to sign with.
pub fn sign(algorithm: SignatureAlgorithm, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, SignError> {
    if algorithm.family() != key.family() {
        return Err(SignError::KeyMismatch {
            algorithm,
            key: key.family(),
        });
    }
    if algorithm.digest() == Some(DigestAlgorithm::Sha1) {
        return Err(SignError::NotForSigning(algorithm));
    }
    match (key, algorithm.scheme()) {
        (SigningKey::Private(key), SignatureScheme::RsaPkcs1(hash) | SignatureScheme::RsaPss(hash)) => {
            if key.public().kind().bits() < MIN_RSA_BITS {
                return Err(SignError::WeakKey);
            }
            sign_digest(algorithm.scheme(), hash, key, message)
        }
        (SigningKey::Private(key), SignatureScheme::Ecdsa(hash)) => {
            if let Some(holder) = key.holder() {
                return Ok(holder.sign(algorithm.scheme(), digest(hash, message)?.as_bytes())?);
            }
            let der = sign_digest(algorithm.scheme(), hash, key, message)?;
            raw_scalars(&der, key.public().order().len()).map_err(unavailable)
        }
        (SigningKey::Private(key), SignatureScheme::Ed25519) => match key.holder() {
            Some(holder) => Ok(holder.sign(algorithm.scheme(), message)?),
            None => sign_ed25519(key.openssl()?, message).map_err(unavailable),
        },
        (SigningKey::Hmac(secret), SignatureScheme::Hmac(hash)) => {
            if secret.is_empty() {
                return Err(SignError::WeakKey);
            }
            Ok(hmac(hash, secret, message)?)
        }
        (SigningKey::Private(_), SignatureScheme::Dsa(_)) => Err(SignError::NotForSigning(algorithm)),
        (SigningKey::Private(_), SignatureScheme::Hmac(_)) | (SigningKey::Hmac(_), _) => {
            Err(SignError::KeyMismatch {
                algorithm,
                key: key.family(),
            })
        }
    }
}

fn sign_digest(
    scheme: SignatureScheme,
    hash: DigestAlgorithm,
    key: &PrivateKey,
    message: &[u8],
) -> Result<Vec<u8>, SignError> {
    let digest = digest(hash, message)?;
    if let Some(holder) = key.holder() {
        return Ok(holder.sign(scheme, digest.as_bytes())?);
    }
    let mut context = match key.take_ready(scheme) {
        Some(context) => context,
        None => ready(scheme, hash, key)?,
    };
    let mut signature = Vec::new();
    context
        .sign_to_vec(digest.as_bytes(), &mut signature)
        .map_err(unavailable)?;
    key.put_ready(scheme, context);
    Ok(signature)
}

/// What signs digests by `scheme`, as often as it is asked to.
fn ready(
    scheme: SignatureScheme,
    hash: DigestAlgorithm,
    key: &PrivateKey,
) -> Result<PkeyCtx<Private>, SignError> {
    let mut context = PkeyCtx::new(key.openssl()?).map_err(unavailable)?;
    context.sign_init().map_err(unavailable)?;
    configure(&mut context, scheme, hash)?;
    Ok(context)
}

fn sign_ed25519(key: &PKeyRef<Private>, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut context = MdCtx::new()?;
    context.digest_sign_init(None, key)?;
    let mut signature = Vec::new();
    context.digest_sign_to_vec(message, &mut signature)?;
    Ok(signature)
}

/// r‖s of an ECDSA signature in ASN.1, each of `size` bytes.
fn raw_scalars(der: &[u8], size: usize) -> Result<Vec<u8>, ErrorStack> {
    let signature = EcdsaSig::from_der(der)?;
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let padded = |number: &BigNumRef| number.to_vec_padded(size);
    Ok([padded(signature.r())?, padded(signature.s())?].concat())
}

fn unavailable(error: ErrorStack) -> SignError {
    SignError::Unavailable(Unavailable::new("a signature", error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::crypto::verify;

    #[test]
    fn no_signature_with_sha1_is_ever_made() {
        let rsa = SigningKey::from(PrivateKey::generate_rsa(2048).unwrap());
        let ec = SigningKey::from(PrivateKey::generate_ec(Curve::P256).unwrap());
        let hmac = SigningKey::Hmac(Secret::new(b"a secret".to_vec()));
        let mut refused = 0;
        for key in [rsa, ec, hmac] {
            for &algorithm in SignatureAlgorithm::ALL {
                if algorithm.family() == key.family() && algorithm.digest() == Some(DigestAlgorithm::Sha1) {
                    assert_eq!(
                        sign(algorithm, &key, b"m"),
                        Err(SignError::NotForSigning(algorithm))
                    );
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, 4, "rsa-sha1, rsa-pss-sha1, ecdsa-sha1, hmac-sha1");
    }

    #[test]
    fn a_short_rsa_key_does_not_sign() {
        let key = SigningKey::from(PrivateKey::generate_rsa(1024).unwrap());
        assert_eq!(
            sign(SignatureAlgorithm::RsaSha256, &key, b"m"),
            Err(SignError::WeakKey)
        );
    }

    /// What is set up for one scheme and kept signs by no other.
    #[test]
    fn a_key_signs_by_each_scheme_in_turn_and_on_several_threads() {
        let rsa = SigningKey::from(PrivateKey::generate_rsa(2048).unwrap());
        let ec = SigningKey::from(PrivateKey::generate_ec(Curve::P384).unwrap());
        let signs = |key: &SigningKey, algorithm, message: &[u8]| {
            let value = sign(algorithm, key, message).unwrap();
            verify(algorithm, &key.verifying_key(), message, &value).unwrap();
        };
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let (rsa, ec) = (&rsa, &ec);
                scope.spawn(move || {
                    for turn in 0..8 {
                        let message = [thread, turn];
                        signs(rsa, SignatureAlgorithm::RsaSha256, &message);
                        signs(rsa, SignatureAlgorithm::RsaSha256, &message);
                        signs(rsa, SignatureAlgorithm::RsaSha512, &message);
                        signs(rsa, SignatureAlgorithm::RsaPssSha256, &message);
                        signs(ec, SignatureAlgorithm::EcdsaSha384, &message);
                        signs(ec, SignatureAlgorithm::EcdsaSha256, &message);
                    }
                });
            }
        });
    }

    #[test]
    fn algorithm_and_key_have_to_fit() {
        let hmac = SigningKey::Hmac(Secret::new(b"a secret".to_vec()));
        let ec = SigningKey::from(PrivateKey::generate_ec(Curve::P256).unwrap());
        for key in [hmac, ec] {
            let algorithm = SignatureAlgorithm::RsaSha256;
            let refused = Err(SignError::KeyMismatch {
                algorithm,
                key: key.family(),
            });
            assert_eq!(sign(algorithm, &key, b"m"), refused);
        }
    }

    #[test]
    fn an_hmac_is_the_one_of_its_standard() {
        // RFC 4231, test case 2.
        let key = SigningKey::Hmac(Secret::new(b"Jefe".to_vec()));
        let value = sign(
            SignatureAlgorithm::HmacSha256,
            &key,
            b"what do ya want for nothing?",
        )
        .unwrap();
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(
            value.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            expected
        );
    }

    #[test]
    fn the_default_algorithm_fits_its_key() {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            let key = SigningKey::from(PrivateKey::generate_ec(curve).unwrap());
            assert!(sign(key.default_algorithm().unwrap(), &key, b"m").is_ok());
        }
    }
}
