//! Signature verification: mathematics only. Whether a key is trusted and an algorithm allowed is not asked here.

mod error;
mod recover;
#[cfg(test)]
mod tests;

pub use error::VerifyError;
pub use recover::raw_signature_value;
pub use recover::recover_digest;

use openssl::bn::BigNum;
use openssl::dsa::DsaSig;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::md_ctx::MdCtx;
use openssl::pkey::PKey;
use openssl::pkey::Public;
use openssl::pkey_ctx::PkeyCtx;
use openssl::pkey_ctx::PkeyCtxRef;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::DigestValue;
use super::PublicKey;
use super::Secret;
use super::Unavailable;
use super::VerifyingKey;
use super::digest::constant_time_eq;
use super::digest::digest;
use super::digest::message_digest;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::PssParameters;
use crate::algorithm::SignatureAlgorithm;
use crate::algorithm::SignatureScheme;

/// The shortest HMAC value in bits (XML Signature 1.1 §6.3.1: at least 80 and at least half the hash; T66).
const MIN_HMAC_BITS: u32 = 80;

/// Checks that `signature` is the signature value of `message` under `algorithm` by `key`.
///
/// `signature` is the decoded SignatureValue: for RSA as long as the modulus, for ECDSA and DSA raw r‖s and never ASN.1, for HMAC
/// the whole hash ([`verify_truncated_hmac`] takes shorter ones).
///
/// # Errors
///
/// [`VerifyError`]; the caller may treat every one as "not signed by this key".
pub fn verify(
    algorithm: SignatureAlgorithm,
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    verify_and_digest(algorithm, key, message, signature).map(drop)
}

/// As [`verify`]. The digest of `message` that the value is over, where it is over one.
///
/// # Errors
///
/// As [`verify`].
pub(crate) fn verify_and_digest(
    algorithm: SignatureAlgorithm,
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<Option<DigestValue>, VerifyError> {
    if algorithm.family() != key.family() {
        return Err(VerifyError::KeyMismatch {
            algorithm,
            key: key.family(),
        });
    }
    let over_digest = |key: &PublicKey, hash: DigestAlgorithm, value: &[u8]| {
        let digest = digest(hash, message)?;
        verify_digest(algorithm, key, &digest, value).map(|()| Some(digest))
    };
    match (key, algorithm.scheme()) {
        (VerifyingKey::Public(key), SignatureScheme::RsaPkcs1(hash) | SignatureScheme::RsaPss(hash)) => {
            check_length(key.openssl().size(), signature)?;
            over_digest(key, hash, signature)
        }
        (VerifyingKey::Public(key), SignatureScheme::Ecdsa(hash)) => {
            let (r, s) = scalars(key.order(), signature)?;
            let signature = EcdsaSig::from_private_components(r, s).and_then(|signature| signature.to_der());
            over_digest(key, hash, &signature.map_err(unavailable)?)
        }
        (VerifyingKey::Public(key), SignatureScheme::Dsa(hash)) => {
            let (r, s) = scalars(key.order(), signature)?;
            let signature = DsaSig::from_private_components(r, s).and_then(|signature| signature.to_der());
            over_digest(key, hash, &signature.map_err(unavailable)?)
        }
        (VerifyingKey::Public(key), SignatureScheme::Ed25519) => {
            verify_ed25519(key, message, signature).map(|()| None)
        }
        (VerifyingKey::Hmac(secret), SignatureScheme::Hmac(hash)) => {
            check_length(hash.size(), signature)?;
            verify_hmac(hash, secret, message, signature).map(|()| None)
        }
        (VerifyingKey::Public(_), SignatureScheme::Hmac(_)) | (VerifyingKey::Hmac(_), _) => {
            Err(VerifyError::KeyMismatch {
                algorithm,
                key: key.family(),
            })
        }
    }
}

/// Like [`verify`] for [`SignatureAlgorithm::RsaPss`], which has `parameters`. Whether they are allowed is not asked here.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_pss(
    parameters: PssParameters,
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let algorithm = SignatureAlgorithm::RsaPss;
    let key = match key {
        VerifyingKey::Public(public) if key.family() == algorithm.family() => public,
        VerifyingKey::Public(_) | VerifyingKey::Hmac(_) => {
            return Err(VerifyError::KeyMismatch {
                algorithm,
                key: key.family(),
            });
        }
    };
    check_length(key.openssl().size(), signature)?;
    let mut context = PkeyCtx::new(key.openssl()).map_err(unavailable)?;
    context.verify_init().map_err(unavailable)?;
    configure_pss(&mut context, parameters)?;
    let digest = digest(parameters.digest, message)?;
    match context.verify(digest.as_bytes(), signature) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Mismatch),
    }
}

/// Like [`verify`] for an HMAC that its `HMACOutputLength` says was cut to `bits`, for the few policies that allow it
/// ([`HmacTruncation::AtLeastHalf`](crate::algorithm::HmacTruncation::AtLeastHalf)).
///
/// # Errors
///
/// [`VerifyError::Truncation`] for fewer bits than 80 or than half the hash, for more than the hash, and for a part
/// of a byte; otherwise as [`verify`].
pub fn verify_truncated_hmac(
    algorithm: SignatureAlgorithm,
    key: &VerifyingKey,
    message: &[u8],
    value: &[u8],
    bits: u32,
) -> Result<(), VerifyError> {
    let (VerifyingKey::Hmac(secret), SignatureScheme::Hmac(hash)) = (key, algorithm.scheme()) else {
        return Err(VerifyError::KeyMismatch {
            algorithm,
            key: key.family(),
        });
    };
    let length = truncated_length(hash, bits)?;
    check_length(length, value)?;
    verify_hmac(hash, secret, message, value)
}

/// Whether `key` made the signature `value` of a certificate under `algorithm`: as [`verify`], but with r and s in ASN.1, as
/// certificates have them (RFC 3279 §2.2).
pub(in crate::crypto) fn verifies_certificate(
    algorithm: SignatureAlgorithm,
    key: &PublicKey,
    signed: &[u8],
    value: &[u8],
) -> bool {
    if algorithm.family() != key.kind().family() {
        return false;
    }
    let verified = match algorithm.digest() {
        Some(hash) => digest(hash, signed)
            .map_err(VerifyError::Unavailable)
            .and_then(|digest| verify_digest(algorithm, key, &digest, value)),
        None => verify_ed25519(key, signed, value),
    };
    verified.is_ok()
}

/// Sets padding and digests of an RSA signature, or the digest of another one.
pub(in crate::crypto) fn configure<T>(
    context: &mut PkeyCtxRef<T>,
    scheme: SignatureScheme,
    hash: DigestAlgorithm,
) -> Result<(), Unavailable> {
    let md = message_digest(hash)?;
    let result = match scheme {
        SignatureScheme::RsaPkcs1(_) => context
            .set_rsa_padding(Padding::PKCS1)
            .and_then(|()| context.set_signature_md(md)),
        SignatureScheme::RsaPss(_) => return configure_pss(context, PssParameters::of(hash)),
        SignatureScheme::Ecdsa(_) | SignatureScheme::Dsa(_) => context.set_signature_md(md),
        SignatureScheme::Ed25519 | SignatureScheme::Hmac(_) => Ok(()),
    };
    result.map_err(|error| Unavailable::new("a signature", error))
}

fn configure_pss<T>(context: &mut PkeyCtxRef<T>, parameters: PssParameters) -> Result<(), Unavailable> {
    let (md, mask_md) = (
        message_digest(parameters.digest)?,
        message_digest(parameters.mask_digest)?,
    );
    // No key is so long that a salt of this length would fit; the library refuses it.
    let salt = RsaPssSaltlen::custom(i32::try_from(parameters.salt_length).unwrap_or(i32::MAX));
    let result = context
        .set_rsa_padding(Padding::PKCS1_PSS)
        .and_then(|()| context.set_signature_md(md))
        .and_then(|()| context.set_rsa_mgf1_md(mask_md))
        .and_then(|()| context.set_rsa_pss_saltlen(salt));
    result.map_err(|error| Unavailable::new("a signature", error))
}

/// The HMAC of `message` in full.
pub(crate) fn hmac(hash: DigestAlgorithm, secret: &Secret, message: &[u8]) -> Result<Vec<u8>, Unavailable> {
    let md = message_digest(hash)?;
    let compute = || {
        let key = PKey::hmac(secret.expose())?;
        let mut context = MdCtx::new()?;
        context.digest_sign_init(Some(md), &key)?;
        let mut value = Vec::with_capacity(hash.size());
        context.digest_sign_to_vec(message, &mut value)?;
        Ok(value)
    };
    compute().map_err(|error: ErrorStack| Unavailable::new("an HMAC", error))
}

/// Verifies the signature of a digest in the form that the library takes (r and s in ASN.1).
fn verify_digest(
    algorithm: SignatureAlgorithm,
    key: &PublicKey,
    digest: &DigestValue,
    signature: &[u8],
) -> Result<(), VerifyError> {
    let mut context = match key.take_context(algorithm) {
        Some(context) => context,
        None => new_context(algorithm, key)?,
    };
    // A context that has failed is not used again: the library leaves open in which state it is.
    match context.verify(digest.as_bytes(), signature) {
        Ok(true) => {
            key.keep_context(algorithm, context);
            Ok(())
        }
        Ok(false) | Err(_) => Err(VerifyError::Mismatch),
    }
}

fn new_context(algorithm: SignatureAlgorithm, key: &PublicKey) -> Result<PkeyCtx<Public>, VerifyError> {
    let mut context = PkeyCtx::new(key.openssl()).map_err(unavailable)?;
    context.verify_init().map_err(unavailable)?;
    if let Some(hash) = algorithm.digest() {
        configure(&mut context, algorithm.scheme(), hash)?;
    }
    Ok(context)
}

fn verify_ed25519(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    check_length(64, signature)?;
    let mut context = MdCtx::new().map_err(unavailable)?;
    context
        .digest_verify_init(None, key.openssl())
        .map_err(unavailable)?;
    match context.digest_verify(message, signature) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Mismatch),
    }
}

/// Compares `value` with the start of the HMAC, as much as there is of it; the caller has checked the length.
fn verify_hmac(
    hash: DigestAlgorithm,
    secret: &Secret,
    message: &[u8],
    value: &[u8],
) -> Result<(), VerifyError> {
    if secret.is_empty() {
        return Err(VerifyError::EmptySecret);
    }
    let computed = hmac(hash, secret, message)?;
    match computed.get(..value.len()) {
        Some(computed) if constant_time_eq(computed, value) => Ok(()),
        _ => Err(VerifyError::Mismatch),
    }
}

/// Length in bytes of an HMAC cut to `bits`, if it may be cut so.
fn truncated_length(hash: DigestAlgorithm, bits: u32) -> Result<usize, VerifyError> {
    let half = u32::try_from(hash.size()).unwrap_or(u32::MAX).saturating_mul(4);
    let floor = half.max(MIN_HMAC_BITS);
    let length = usize::try_from(bits / 8).unwrap_or(usize::MAX);
    if !bits.is_multiple_of(8) || bits < floor || length > hash.size() {
        return Err(VerifyError::Truncation { bits, floor });
    }
    Ok(length)
}

/// r and s of a raw r‖s, each exactly as long as the order, and in 1..order (FIPS 186-4 §4.7 and §6.4.2).
fn scalars(order: &[u8], signature: &[u8]) -> Result<(BigNum, BigNum), VerifyError> {
    let size = order.len();
    check_length(size.saturating_mul(2), signature)?;
    let (r, s) = signature.split_at_checked(size).ok_or(VerifyError::Range)?;
    for scalar in [r, s] {
        // Big-endian numbers of one length order as their bytes do.
        if scalar.iter().all(|&byte| byte == 0) || scalar >= order {
            return Err(VerifyError::Range);
        }
    }
    let number = |bytes| BigNum::from_slice(bytes).map_err(unavailable);
    Ok((number(r)?, number(s)?))
}

fn check_length(expected: usize, signature: &[u8]) -> Result<(), VerifyError> {
    let actual = signature.len();
    if actual == expected {
        Ok(())
    } else {
        Err(VerifyError::Length { expected, actual })
    }
}

fn unavailable(error: ErrorStack) -> VerifyError {
    VerifyError::Unavailable(Unavailable::new("a signature", error))
}
