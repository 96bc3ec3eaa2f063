//! Keys encrypted to RSA keys (XML Encryption 1.1 §5.5).

use std::hint::black_box;

use openssl::error::ErrorStack;
use openssl::pkey_ctx::PkeyCtx;
use openssl::pkey_ctx::PkeyCtxRef;
use openssl::rsa::Padding;
use zeroize::Zeroizing;

use super::Ability;
use super::CipherError;
use super::KeyKind;
use super::PrivateKey;
use super::PublicKey;
use super::Secret;
use super::Unavailable;
use super::digest::message_digest;
use super::oaep::decode;
use super::verify::hmac;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::MaskGeneration;

/// The longest label in bytes; nobody uses one of more than a few.
const MAX_LABEL: usize = 1024;
/// The shortest RSA key in bits that anything is encrypted to (NIST SP 800-131A §6).
const MIN_RSA_BITS: u32 = 2048;

/// The parameters of RSAES-OAEP (RFC 8017 §7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oaep {
    /// The digest of the label.
    pub digest: DigestAlgorithm,
    /// The mask generation function.
    pub mask: MaskGeneration,
    /// The label, `OAEPparams`; mostly empty.
    pub label: Vec<u8>,
}

/// Decrypts a key that was encrypted with RSAES-OAEP.
///
/// # Errors
///
/// [`CipherError::Failed`] whatever is wrong with it.
pub fn decrypt_oaep(key: &PrivateKey, parameters: &Oaep, ciphertext: &[u8]) -> Result<Secret, CipherError> {
    check_ciphertext(key, ciphertext)?;
    if let Some(holder) = key.holder() {
        if parameters.label.len() > MAX_LABEL {
            return Err(CipherError::Failed);
        }
        // It has shown that it knows digest and mask; labels are rare, and not every token knows them.
        let known = holder.can(Ability::DecryptOaep(parameters.digest, parameters.mask));
        if known && (parameters.label.is_empty() || !holder.can(Ability::DecryptRaw)) {
            return holder.decrypt_oaep(parameters, ciphertext, key.turn());
        }
        let encoded = holder.decrypt_raw(ciphertext, key.turn())?;
        return decode(parameters, encoded.expose());
    }
    let mut context = PkeyCtx::new(key.openssl()?).map_err(unavailable)?;
    context.decrypt_init().map_err(unavailable)?;
    configure(&mut context, parameters)?;
    let mut secret = Zeroizing::new(Vec::new());
    context
        .decrypt_to_vec(ciphertext, &mut secret)
        .map_err(|_| CipherError::Failed)?;
    Ok(Secret::new(secret.to_vec()))
}

/// Encrypts the key `secret` to `key` with RSAES-OAEP.
///
/// # Errors
///
/// [`CipherError::Recipient`] if `key` is no RSA key of at least 2048 bits, [`CipherError::Unavailable`] if the
/// secret is too long for it.
pub fn encrypt_oaep(key: &PublicKey, parameters: &Oaep, secret: &Secret) -> Result<Vec<u8>, CipherError> {
    if !matches!(key.kind(), KeyKind::Rsa { bits: MIN_RSA_BITS.. }) {
        return Err(CipherError::Recipient);
    }
    let mut context = PkeyCtx::new(key.openssl()).map_err(unavailable)?;
    context.encrypt_init().map_err(unavailable)?;
    configure(&mut context, parameters)?;
    let mut ciphertext = Vec::new();
    context
        .encrypt_to_vec(secret.expose(), &mut ciphertext)
        .map_err(unavailable)?;
    Ok(ciphertext)
}

/// Decrypts a key of `length` bytes that was encrypted with RSAES-PKCS1-v1_5, without saying whether it was: where
/// the padding is wrong or the key of another length, the answer is a key as long as it should be that
/// decrypts nothing (implicit rejection; T79).
///
/// That other key follows from the ciphertext and the private key, so that asking twice tells nothing either. Everything after the RSA
/// operation takes the same time for every plaintext.
///
/// # Errors
///
/// [`CipherError::Failed`] for what everybody can see: the ciphertext is not as long as the modulus or not below it, the key is no RSA
/// key, no key of `length` bytes fits.
pub fn decrypt_rsa_1_5(key: &PrivateKey, ciphertext: &[u8], length: usize) -> Result<Secret, CipherError> {
    check_ciphertext(key, ciphertext)?;
    // 00 02, at least eight bytes of padding, and 00 stand before the key.
    if length == 0 || length > ciphertext.len().saturating_sub(11) {
        return Err(CipherError::Failed);
    }
    let rejected = rejected_key(key, ciphertext, length)?;
    if let Some(holder) = key.holder() {
        let encoded = holder.decrypt_raw(ciphertext, key.turn())?;
        return Ok(Secret::new(unpad_or(encoded.expose(), &rejected)?));
    }
    let mut context = PkeyCtx::new(key.openssl()?).map_err(unavailable)?;
    context.decrypt_init().map_err(unavailable)?;
    context.set_rsa_padding(Padding::NONE).map_err(unavailable)?;
    let mut encoded = Zeroizing::new(Vec::new());
    context
        .decrypt_to_vec(ciphertext, &mut encoded)
        .map_err(|_| CipherError::Failed)?;
    Ok(Secret::new(unpad_or(&encoded, &rejected)?))
}

/// The last bytes of `encoded` if it is 00 02, nonzero bytes, 00, and as many bytes as `rejected` has; otherwise
/// `rejected`. No branch and no index depends on what `encoded` holds (RFC 8017 §7.2.2).
fn unpad_or(encoded: &[u8], rejected: &[u8]) -> Result<Vec<u8>, CipherError> {
    let start = encoded
        .len()
        .checked_sub(rejected.len())
        .ok_or(CipherError::Failed)?;
    let (padding, message) = encoded.split_at_checked(start).ok_or(CipherError::Failed)?;
    let [zero, two, filler @ .., separator] = padding else {
        return Err(CipherError::Failed);
    };
    let wrong = filler
        .iter()
        .fold(zero | (two ^ 2) | separator, |wrong, byte| wrong | is_zero(*byte));
    // 0xff where the padding is right, 0 otherwise; hidden from the optimizer, which could make a branch of it.
    let right = black_box(is_zero(wrong).wrapping_neg());
    Ok(message
        .iter()
        .zip(rejected)
        .map(|(message, rejected)| (message & right) | (rejected & !right))
        .collect())
}

/// 1 if `byte` is zero, 0 otherwise, without a branch.
pub(super) fn is_zero(byte: u8) -> u8 {
    let any_bit = byte | byte.wrapping_neg();
    black_box((any_bit >> 7) ^ 1)
}

/// A key that nobody can guess who does not have the private key, the same for the same ciphertext.
fn rejected_key(
    key: &PrivateKey,
    ciphertext: &[u8],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let seed = Secret::new(hmac(DigestAlgorithm::Sha256, key.rejection_secret(), ciphertext)?);
    let mut rejected = Zeroizing::new(Vec::new());
    for block in 0..=u8::MAX {
        if rejected.len() >= length {
            break;
        }
        rejected.extend(hmac(DigestAlgorithm::Sha256, &seed, &[block])?);
    }
    rejected.truncate(length);
    Ok(rejected)
}

/// A ciphertext is as long as the modulus (RFC 8017 §7.1.2 and §7.2.2).
fn check_ciphertext(key: &PrivateKey, ciphertext: &[u8]) -> Result<(), CipherError> {
    let is_rsa = matches!(key.public().kind(), KeyKind::Rsa { .. });
    if is_rsa && ciphertext.len() == key.public().openssl().size() {
        Ok(())
    } else {
        Err(CipherError::Failed)
    }
}

fn configure<T>(context: &mut PkeyCtxRef<T>, parameters: &Oaep) -> Result<(), CipherError> {
    if parameters.label.len() > MAX_LABEL {
        return Err(CipherError::Failed);
    }
    let digest = message_digest(parameters.digest)?;
    let mask = message_digest(parameters.mask.digest())?;
    let result = context
        .set_rsa_padding(Padding::PKCS1_OAEP)
        .and_then(|()| context.set_rsa_oaep_md(digest))
        .and_then(|()| context.set_rsa_mgf1_md(mask))
        .and_then(|()| match &*parameters.label {
            [] => Ok(()),
            label => context.set_rsa_oaep_label(label),
        });
    result.map_err(unavailable)
}

fn unavailable(error: ErrorStack) -> CipherError {
    CipherError::Unavailable(Unavailable::new("key transport", error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::crypto::Curve;
    use std::sync::LazyLock;

    static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate_rsa(2048).unwrap());

    fn oaep() -> Oaep {
        Oaep {
            digest: DigestAlgorithm::Sha256,
            mask: MaskGeneration::Mgf1Sha256,
            label: Vec::new(),
        }
    }

    /// Encrypts with RSA 1.5, which we do not do ourselves.
    fn encrypt_rsa_1_5(message: &[u8]) -> Vec<u8> {
        let mut ciphertext = vec![0; 256];
        let rsa = KEY.public().openssl().rsa().unwrap();
        rsa.public_encrypt(message, &mut ciphertext, Padding::PKCS1)
            .unwrap();
        ciphertext
    }

    /// Encrypts an encoded message as it stands.
    fn encrypt_raw(encoded: &[u8]) -> Vec<u8> {
        let mut ciphertext = vec![0; 256];
        let rsa = KEY.public().openssl().rsa().unwrap();
        rsa.public_encrypt(encoded, &mut ciphertext, Padding::NONE)
            .unwrap();
        ciphertext
    }

    #[test]
    fn oaep_decrypts_with_the_same_parameters_only() {
        let secret = Secret::random(32).unwrap();
        let ciphertext = encrypt_oaep(KEY.public(), &oaep(), &secret).unwrap();
        assert_eq!(decrypt_oaep(&KEY, &oaep(), &ciphertext).unwrap(), secret);
        let others = [
            Oaep {
                digest: DigestAlgorithm::Sha1,
                ..oaep()
            },
            Oaep {
                mask: MaskGeneration::Mgf1Sha1,
                ..oaep()
            },
            Oaep {
                label: b"label".to_vec(),
                ..oaep()
            },
            Oaep {
                label: vec![0; 1 << 20],
                ..oaep()
            },
        ];
        for other in others {
            assert_eq!(decrypt_oaep(&KEY, &other, &ciphertext), Err(CipherError::Failed));
        }
    }

    #[test]
    fn oaep_works_with_every_digest_and_a_label() {
        let secret = Secret::random(16).unwrap();
        for digest in [
            DigestAlgorithm::Sha1,
            DigestAlgorithm::Sha224,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ] {
            for &mask in MaskGeneration::ALL {
                let parameters = Oaep {
                    digest,
                    mask,
                    label: b"label".to_vec(),
                };
                let ciphertext = encrypt_oaep(KEY.public(), &parameters, &secret).unwrap();
                assert_eq!(decrypt_oaep(&KEY, &parameters, &ciphertext).unwrap(), secret);
            }
        }
    }

    #[test]
    fn a_label_is_short() {
        let secret = Secret::random(16).unwrap();
        let with_label = |length| Oaep {
            label: vec![1; length],
            ..oaep()
        };
        assert!(encrypt_oaep(KEY.public(), &with_label(1024), &secret).is_ok());
        assert_eq!(
            encrypt_oaep(KEY.public(), &with_label(1025), &secret),
            Err(CipherError::Failed)
        );
    }

    #[test]
    fn a_ciphertext_has_the_length_of_the_modulus() {
        let ciphertext = encrypt_oaep(KEY.public(), &oaep(), &Secret::random(16).unwrap()).unwrap();
        for wrong in [&ciphertext[..255], &[], &[&[0], &ciphertext[..]].concat()] {
            assert_eq!(decrypt_oaep(&KEY, &oaep(), wrong), Err(CipherError::Failed));
            assert_eq!(decrypt_rsa_1_5(&KEY, wrong, 16), Err(CipherError::Failed));
        }
        assert_eq!(decrypt_rsa_1_5(&KEY, &[0xff; 256], 16), Err(CipherError::Failed));
    }

    #[test]
    fn nothing_is_encrypted_to_a_weak_key_or_to_one_of_another_kind() {
        let weak = PrivateKey::generate_rsa(1024).unwrap();
        let ec = PrivateKey::generate_ec(Curve::P256).unwrap();
        for key in [weak, ec.clone()] {
            let result = encrypt_oaep(key.public(), &oaep(), &Secret::random(16).unwrap());
            assert_eq!(result, Err(CipherError::Recipient));
        }
        assert_eq!(
            decrypt_oaep(&ec, &oaep(), &vec![0; ec.public().openssl().size()]),
            Err(CipherError::Failed)
        );
    }

    #[test]
    fn rsa_1_5_gives_the_key_if_padding_and_length_are_right() {
        for length in [1, 16, 24, 32, 245] {
            let message = vec![7; length];
            let secret = decrypt_rsa_1_5(&KEY, &encrypt_rsa_1_5(&message), length).unwrap();
            assert_eq!(secret, Secret::new(message));
        }
        for length in [0, 246, 256, 1000] {
            let ciphertext = encrypt_rsa_1_5(&[7; 16]);
            assert_eq!(
                decrypt_rsa_1_5(&KEY, &ciphertext, length),
                Err(CipherError::Failed)
            );
        }
    }

    #[test]
    fn rsa_1_5_gives_another_key_and_no_error_if_they_are_wrong() {
        let message = [7; 16];
        let mut good = vec![0x55; 256];
        good[..2].copy_from_slice(&[0, 2]);
        good[239] = 0;
        good[240..].copy_from_slice(&message);
        let changed = |index: usize, byte: u8| {
            let mut encoded = good.clone();
            encoded[index] = byte;
            encoded
        };
        let secret = Secret::new(message.to_vec());
        assert_eq!(decrypt_rsa_1_5(&KEY, &encrypt_raw(&good), 16).unwrap(), secret);
        let wrong = [
            changed(0, 1),
            changed(1, 1),
            changed(1, 0),
            changed(239, 1),
            changed(239, 0x80),
            changed(2, 0),
            changed(9, 0),
            changed(100, 0),
            changed(238, 0),
            changed(100, 0).into_iter().map(|byte| byte & 0x7f).collect(),
        ];
        for encoded in wrong {
            let ciphertext = encrypt_raw(&encoded);
            let rejected = decrypt_rsa_1_5(&KEY, &ciphertext, 16).unwrap();
            assert_eq!(rejected.len(), 16);
            assert_ne!(rejected, secret);
            assert_eq!(
                decrypt_rsa_1_5(&KEY, &ciphertext, 16).unwrap(),
                rejected,
                "asking twice tells nothing"
            );
        }
        for length in [15, 17, 24] {
            let rejected = decrypt_rsa_1_5(&KEY, &encrypt_raw(&good), length).unwrap();
            assert_eq!(rejected.len(), length);
            assert_ne!(rejected.expose()[length - 15..], message[1..]);
        }
    }

    #[test]
    fn rejected_keys_differ_by_ciphertext_and_by_private_key() {
        let other = PrivateKey::generate_rsa(2048).unwrap();
        let rejected = |key, ciphertext: &[u8]| rejected_key(key, ciphertext, 40).unwrap();
        assert_eq!(rejected(&KEY, b"one").len(), 40);
        assert_ne!(rejected(&KEY, b"one"), rejected(&KEY, b"two"));
        assert_ne!(rejected(&KEY, b"one"), rejected(&other, b"one"));
        assert_ne!(rejected(&KEY, b"one")[..8], rejected(&KEY, b"one")[32..]);
    }

    #[test]
    fn only_zero_is_zero() {
        assert_eq!(
            (0..=255).filter(|&byte| is_zero(byte) == 1).collect::<Vec<u8>>(),
            [0]
        );
    }
}
