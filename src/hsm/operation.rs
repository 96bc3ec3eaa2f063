use cryptoki::context::Function;
use cryptoki::error::{Error as ModuleError, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Ulong;
use zeroize::Zeroizing;

use super::error::Failure;
use crate::algorithm::{DigestAlgorithm, SignatureScheme};
use crate::crypto::{KeyKind, Oaep, PublicKey, Secret};

/// The signature of `digest`, for Ed25519 of a message, by the key at `handle`, whose public half is `public`.
pub(super) fn sign(
    session: &Session,
    handle: ObjectHandle,
    public: &PublicKey,
    scheme: SignatureScheme,
    digest: &[u8],
) -> Result<Vec<u8>, Failure> {
    let unknown = || Failure::Refused(format!("PKCS#11 has no mechanism for {scheme:?}"));
    match scheme {
        SignatureScheme::RsaPkcs1(algorithm) => {
            let info = [digest_info(algorithm).ok_or_else(unknown)?, digest].concat();
            Ok(session.sign(&Mechanism::RsaPkcs, handle, &info)?)
        }
        SignatureScheme::RsaPss(algorithm) => {
            let (hash_alg, mgf) = names(algorithm).ok_or_else(unknown)?;
            let s_len = Ulong::try_from(algorithm.size())?;
            let parameters = PkcsPssParams { hash_alg, mgf, s_len };
            Ok(session.sign(&Mechanism::RsaPkcsPss(parameters), handle, digest)?)
        }
        SignatureScheme::Ecdsa(_) => {
            // Not every token takes a digest that is longer than its curve; what it would leave out is left out here (FIPS 186-4 §6.4).
            let most = match public.kind() {
                KeyKind::Ec(curve) => curve.size(),
                KeyKind::Rsa { .. } | KeyKind::Dsa { .. } | KeyKind::Ed25519 => return Err(unknown()),
            };
            let digest = digest.get(..most).unwrap_or(digest);
            Ok(session.sign(&Mechanism::Ecdsa, handle, digest)?)
        }
        SignatureScheme::Ed25519 => {
            let parameters = EddsaParams::new(EddsaSignatureScheme::Ed25519);
            Ok(session.sign(&Mechanism::Eddsa(parameters), handle, digest)?)
        }
        SignatureScheme::Dsa(_) | SignatureScheme::Hmac(_) => Err(unknown()),
    }
}

/// What was encrypted with RSAES-OAEP. `None` where it is wrong, however the module says that.
pub(super) fn decrypt_oaep(
    session: &Session,
    handle: ObjectHandle,
    oaep: &Oaep,
    ciphertext: &[u8],
) -> Result<Option<Secret>, Failure> {
    let unknown = || Failure::Refused("PKCS#11 has no name for these parameters of OAEP".to_owned());
    let (digest, _) = names(oaep.digest).ok_or_else(unknown)?;
    let (_, mask) = names(oaep.mask.digest()).ok_or_else(unknown)?;
    let label = match oaep.label.as_slice() {
        [] => PkcsOaepSource::empty(),
        label => PkcsOaepSource::data_specified(label),
    };
    let mechanism = Mechanism::RsaPkcsOaep(PkcsOaepParams::new(digest, mask, label));
    decrypt(session, handle, &mechanism, ciphertext)
}

/// `ciphertext` to the private exponent, as many bytes.
pub(super) fn decrypt_raw(
    session: &Session,
    handle: ObjectHandle,
    ciphertext: &[u8],
) -> Result<Option<Secret>, Failure> {
    let found = decrypt(session, handle, &Mechanism::RsaX509, ciphertext)?;
    // Some tokens leave out the zeros in front.
    Ok(found.and_then(|secret| {
        let missing = ciphertext.len().checked_sub(secret.len())?;
        Some(Secret::new([&vec![0; missing], secret.expose()].concat()))
    }))
}

fn decrypt(
    session: &Session,
    handle: ObjectHandle,
    mechanism: &Mechanism<'_>,
    ciphertext: &[u8],
) -> Result<Option<Secret>, Failure> {
    match session.decrypt(mechanism, handle, ciphertext) {
        Ok(bytes) => Ok(Some(Secret::new(bytes))),
        Err(error @ ModuleError::Pkcs11(_, Function::Decrypt)) => match Failure::from(error) {
            gone @ Failure::Gone(_) => Err(gone),
            Failure::Refused(_) => Ok(None),
        },
        // A label that it does not take, which everybody sees.
        Err(ModuleError::Pkcs11(
            RvError::ArgumentsBad | RvError::MechanismParamInvalid,
            Function::DecryptInit,
        )) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The secret that the key at `handle` shares with `other`.
pub(super) fn agree(session: &Session, handle: ObjectHandle, other: &PublicKey) -> Result<Secret, Failure> {
    let Some((curve, point)) = other.ec_point() else {
        return Err(Failure::Refused("there is no point to agree with".to_owned()));
    };
    let size = curve.size();
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::ValueLen(Ulong::try_from(size)?),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
    let derived = session.derive_key(&mechanism, handle, &template)?;
    let read = session.get_attributes(derived, &[AttributeType::Value]);
    // It lives no longer than the session anyway.
    let _ = session.destroy_object(derived);
    match read?.pop() {
        Some(Attribute::Value(value)) if value.len() == size => Ok(Secret::new(value)),
        Some(Attribute::Value(value)) => {
            drop(Zeroizing::new(value));
            Err(Failure::Refused(
                "the secret is not as long as the field".to_owned(),
            ))
        }
        _ => Err(Failure::Refused("it keeps the secret".to_owned())),
    }
}

/// What a digest and the mask made of it are called.
fn names(digest: DigestAlgorithm) -> Option<(MechanismType, PkcsMgfType)> {
    match digest {
        DigestAlgorithm::Sha1 => Some((MechanismType::SHA1, PkcsMgfType::MGF1_SHA1)),
        DigestAlgorithm::Sha224 => Some((MechanismType::SHA224, PkcsMgfType::MGF1_SHA224)),
        DigestAlgorithm::Sha256 => Some((MechanismType::SHA256, PkcsMgfType::MGF1_SHA256)),
        DigestAlgorithm::Sha384 => Some((MechanismType::SHA384, PkcsMgfType::MGF1_SHA384)),
        DigestAlgorithm::Sha512 => Some((MechanismType::SHA512, PkcsMgfType::MGF1_SHA512)),
        DigestAlgorithm::Sha3_224
        | DigestAlgorithm::Sha3_256
        | DigestAlgorithm::Sha3_384
        | DigestAlgorithm::Sha3_512 => None,
    }
}

/// What stands before a digest in a DigestInfo (RFC 8017 §9.2, note 1).
fn digest_info(digest: DigestAlgorithm) -> Option<&'static [u8]> {
    match digest {
        DigestAlgorithm::Sha224 => {
            Some(b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c")
        }
        DigestAlgorithm::Sha256 => {
            Some(b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20")
        }
        DigestAlgorithm::Sha384 => {
            Some(b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30")
        }
        DigestAlgorithm::Sha512 => {
            Some(b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40")
        }
        DigestAlgorithm::Sha1
        | DigestAlgorithm::Sha3_224
        | DigestAlgorithm::Sha3_256
        | DigestAlgorithm::Sha3_384
        | DigestAlgorithm::Sha3_512 => None,
    }
}
