//! Encryption of data as XML Encryption 1.1 §5.2 writes it: the initialization vector stands before the ciphertext.

use std::fmt;
use std::sync::LazyLock;

use openssl::cipher::Cipher;
use openssl::cipher::CipherRef;
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;

use super::Secret;
use super::Unavailable;
use super::random_bytes;
use crate::algorithm::DataEncryptionAlgorithm;

/// The initialization vector of GCM in bytes (XML Encryption 1.1 §5.2.4).
const GCM_IV: usize = 12;
/// The authentication tag of GCM in bytes: all 128 bits, and never fewer (T86).
pub(super) const GCM_TAG: usize = 16;
/// The longest text in bytes that the crypto library takes in one call.
const MAX_LENGTH: usize = 0x7fff_0000;

/// Why nothing was encrypted or decrypted.
///
/// There is one variant for everything that a ciphertext can have wrong, so that no caller can tell more of it than that (T78, T89).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CipherError {
    /// The key is not as long as the algorithm needs it.
    KeyLength {
        /// As it must be, in bytes.
        expected: usize,
        /// As it is, in bytes.
        actual: usize,
    },
    /// The ciphertext was not made with this key and algorithm, or was changed.
    Failed,
    /// The key is neither RSA of 2048 bits or more nor EC, and nothing is encrypted to it.
    Recipient,
    /// The crypto library failed.
    Unavailable(Unavailable),
}

impl CipherError {
    /// Stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyLength { .. } => "xmlenc.key_length",
            Self::Failed => "xmlenc.decryption_failed",
            Self::Recipient => "xmlenc.recipient_key",
            Self::Unavailable(error) => error.code(),
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::KeyLength { .. } | Self::Failed => Some("XML Encryption 1.1 §4.4"),
            Self::Recipient | Self::Unavailable(_) => None,
        }
    }
}

impl fmt::Display for CipherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength { expected, actual } => {
                write!(
                    f,
                    "the key has {actual} bytes where the algorithm needs {expected}"
                )
            }
            Self::Failed => f.write_str("the ciphertext cannot be decrypted with this key"),
            Self::Recipient => f.write_str("the recipient's key is neither RSA of 2048 bits or more nor EC"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CipherError {}

impl From<Unavailable> for CipherError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// Decrypts the octets of a CipherValue: initialization vector, ciphertext and, for GCM, the tag of 16 bytes.
///
/// With CBC success says nothing: a changed ciphertext decrypts to something else. Only a signature over the ciphertext makes it
/// worth decrypting (T78).
///
/// # Errors
///
/// [`CipherError::Failed`] whatever is wrong with the ciphertext.
pub fn decrypt_data(
    algorithm: DataEncryptionAlgorithm,
    key: &Secret,
    ciphertext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    check_key(algorithm.key_size(), key)?;
    if ciphertext.len() > MAX_LENGTH {
        return Err(CipherError::Failed);
    }
    let (iv, ciphertext) = ciphertext
        .split_at_checked(iv_size(algorithm))
        .ok_or(CipherError::Failed)?;
    let cipher = cipher(algorithm)?;
    if algorithm.is_authenticated() {
        let length = ciphertext.len().checked_sub(GCM_TAG).ok_or(CipherError::Failed)?;
        let (ciphertext, tag) = ciphertext.split_at_checked(length).ok_or(CipherError::Failed)?;
        decrypt_gcm(cipher, key, iv, ciphertext, tag).map_err(|_| CipherError::Failed)
    } else {
        let mut plaintext = decrypt_cbc(cipher, key, iv, ciphertext).map_err(|_| CipherError::Failed)?;
        without_padding(&mut plaintext, iv.len())?;
        Ok(plaintext)
    }
}

/// Encrypts `plaintext` with a fresh random initialization vector, into the octets of a CipherValue.
///
/// # Errors
///
/// [`CipherError::KeyLength`], or [`CipherError::Unavailable`] where the crypto library fails.
pub fn encrypt_data(
    algorithm: DataEncryptionAlgorithm,
    key: &Secret,
    plaintext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    check_key(algorithm.key_size(), key)?;
    if plaintext.len() > MAX_LENGTH {
        return Err(CipherError::Unavailable(Unavailable::new(
            "a ciphertext",
            "the plaintext is too long",
        )));
    }
    let cipher = cipher(algorithm)?;
    let iv = random_bytes(iv_size(algorithm))?;
    let encrypted = if algorithm.is_authenticated() {
        encrypt_gcm(cipher, key, &iv, plaintext)
    } else {
        encrypt_cbc(cipher, key, &iv, plaintext)
    };
    let ciphertext = encrypted.map_err(|error| Unavailable::new("a ciphertext", error))?;
    Ok([iv, ciphertext].concat())
}

/// Refuses a key of another length than `expected`.
pub(super) fn check_key(expected: usize, key: &Secret) -> Result<(), CipherError> {
    let actual = key.len();
    if actual == expected {
        Ok(())
    } else {
        Err(CipherError::KeyLength { expected, actual })
    }
}

fn decrypt_gcm(
    cipher: &CipherRef,
    key: &Secret,
    iv: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.decrypt_init(Some(cipher), Some(key.expose()), Some(iv))?;
    context.set_tag(tag)?;
    let mut plaintext = Vec::new();
    context.cipher_update_vec(ciphertext, &mut plaintext)?;
    // Checks the tag; only after it the plaintext is anybody's.
    context.cipher_final_vec(&mut plaintext)?;
    Ok(plaintext)
}

fn encrypt_gcm(cipher: &CipherRef, key: &Secret, iv: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.encrypt_init(Some(cipher), Some(key.expose()), Some(iv))?;
    let mut ciphertext = Vec::new();
    context.cipher_update_vec(plaintext, &mut ciphertext)?;
    context.cipher_final_vec(&mut ciphertext)?;
    let mut tag = [0; GCM_TAG];
    context.tag(&mut tag)?;
    ciphertext.extend_from_slice(&tag);
    Ok(ciphertext)
}

fn decrypt_cbc(
    cipher: &CipherRef,
    key: &Secret,
    iv: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.decrypt_init(Some(cipher), Some(key.expose()), Some(iv))?;
    // The padding of XML Encryption is not the one that the library would check; it still wants whole blocks.
    context.set_padding(false);
    let mut plaintext = Vec::new();
    context.cipher_update_vec(ciphertext, &mut plaintext)?;
    context.cipher_final_vec(&mut plaintext)?;
    Ok(plaintext)
}

/// The library's own padding is one of those that XML Encryption allows: every byte says how many there are.
fn encrypt_cbc(cipher: &CipherRef, key: &Secret, iv: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.encrypt_init(Some(cipher), Some(key.expose()), Some(iv))?;
    let mut ciphertext = Vec::new();
    context.cipher_update_vec(plaintext, &mut ciphertext)?;
    context.cipher_final_vec(&mut ciphertext)?;
    Ok(ciphertext)
}

/// Takes off the padding: the last byte says how many bytes it has, at least one and at most a block; the others
/// may be anything (XML Encryption 1.1 §5.2.1).
pub(super) fn without_padding(plaintext: &mut Vec<u8>, block: usize) -> Result<(), CipherError> {
    let padding = plaintext.last().copied().map_or(0, usize::from);
    if padding == 0 || padding > block {
        return Err(CipherError::Failed);
    }
    plaintext.truncate(plaintext.len().saturating_sub(padding));
    Ok(())
}

/// Length of the initialization vector; for CBC the length of a block.
pub(super) const fn iv_size(algorithm: DataEncryptionAlgorithm) -> usize {
    match algorithm {
        DataEncryptionAlgorithm::Aes128Gcm
        | DataEncryptionAlgorithm::Aes192Gcm
        | DataEncryptionAlgorithm::Aes256Gcm => GCM_IV,
        DataEncryptionAlgorithm::Aes128Cbc
        | DataEncryptionAlgorithm::Aes192Cbc
        | DataEncryptionAlgorithm::Aes256Cbc => 16,
        DataEncryptionAlgorithm::TripleDesCbc => 8,
    }
}

/// The implementation of the crypto library, fetched once in the life of the process.
pub(super) fn cipher(algorithm: DataEncryptionAlgorithm) -> Result<&'static CipherRef, Unavailable> {
    static FETCHED: LazyLock<Vec<(DataEncryptionAlgorithm, Option<Cipher>)>> = LazyLock::new(|| {
        let fetch = |&algorithm| (algorithm, Cipher::fetch(None, library_name(algorithm), None).ok());
        DataEncryptionAlgorithm::ALL.iter().map(fetch).collect()
    });
    let found = FETCHED.iter().find(|(other, _)| *other == algorithm);
    let cipher = found.and_then(|(_, cipher)| cipher.as_deref());
    cipher.ok_or_else(|| Unavailable::new(algorithm.name(), "no provider has it"))
}

fn library_name(algorithm: DataEncryptionAlgorithm) -> &'static str {
    match algorithm {
        DataEncryptionAlgorithm::Aes128Gcm => "AES-128-GCM",
        DataEncryptionAlgorithm::Aes192Gcm => "AES-192-GCM",
        DataEncryptionAlgorithm::Aes256Gcm => "AES-256-GCM",
        DataEncryptionAlgorithm::Aes128Cbc => "AES-128-CBC",
        DataEncryptionAlgorithm::Aes192Cbc => "AES-192-CBC",
        DataEncryptionAlgorithm::Aes256Cbc => "AES-256-CBC",
        DataEncryptionAlgorithm::TripleDesCbc => "DES-EDE3-CBC",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;

    fn key(algorithm: DataEncryptionAlgorithm) -> Secret {
        Secret::random(algorithm.key_size()).unwrap()
    }

    #[test]
    fn what_is_encrypted_decrypts_and_never_looks_the_same_twice() {
        for &algorithm in DataEncryptionAlgorithm::ALL {
            let key = key(algorithm);
            for length in [0, 1, 7, 8, 15, 16, 17, 1000] {
                let plaintext = vec![0x5a; length];
                let ciphertext = encrypt_data(algorithm, &key, &plaintext).unwrap();
                assert_eq!(
                    decrypt_data(algorithm, &key, &ciphertext).unwrap(),
                    plaintext,
                    "{algorithm}"
                );
                assert_ne!(
                    encrypt_data(algorithm, &key, &plaintext).unwrap(),
                    ciphertext,
                    "{algorithm}"
                );
            }
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for &algorithm in DataEncryptionAlgorithm::ALL {
            let expected = algorithm.key_size();
            for actual in [0, 8, expected - 1, expected + 1, 64] {
                let key = Secret::new(vec![1; actual]);
                let refused = CipherError::KeyLength { expected, actual };
                assert_eq!(decrypt_data(algorithm, &key, &[0; 64]), Err(refused.clone()));
                assert_eq!(encrypt_data(algorithm, &key, b""), Err(refused));
            }
        }
    }

    #[test]
    fn any_changed_bit_of_a_gcm_ciphertext_is_noticed() {
        let algorithm = DataEncryptionAlgorithm::Aes256Gcm;
        let key = key(algorithm);
        let ciphertext = encrypt_data(algorithm, &key, b"secret").unwrap();
        for index in 0..ciphertext.len() {
            let mut changed = ciphertext.clone();
            changed[index] ^= 0x10;
            assert_eq!(
                decrypt_data(algorithm, &key, &changed),
                Err(CipherError::Failed),
                "byte {index}"
            );
        }
    }

    #[test]
    fn a_gcm_tag_that_is_short_or_missing_is_refused() {
        let algorithm = DataEncryptionAlgorithm::Aes128Gcm;
        let key = key(algorithm);
        let ciphertext = encrypt_data(algorithm, &key, b"").unwrap();
        assert_eq!(ciphertext.len(), 28);
        for length in 0..28 {
            assert_eq!(
                decrypt_data(algorithm, &key, &ciphertext[..length]),
                Err(CipherError::Failed)
            );
        }
        assert_eq!(decrypt_data(algorithm, &key, &ciphertext), Ok(Vec::new()));
    }

    #[test]
    fn a_cbc_ciphertext_is_whole_blocks_and_at_least_one() {
        for (algorithm, block) in [
            (DataEncryptionAlgorithm::Aes128Cbc, 16),
            (DataEncryptionAlgorithm::TripleDesCbc, 8),
        ] {
            let key = key(algorithm);
            let ciphertext = encrypt_data(algorithm, &key, b"twenty bytes of text").unwrap();
            for length in (0..ciphertext.len()).filter(|length| length % block != 0 || *length <= block) {
                assert_eq!(
                    decrypt_data(algorithm, &key, &ciphertext[..length]),
                    Err(CipherError::Failed)
                );
            }
        }
    }

    #[test]
    fn only_the_last_byte_of_the_padding_counts() {
        let without = |mut padded: Vec<u8>| without_padding(&mut padded, 16).map(|()| padded);
        let padded = |last: u8| [[0x41; 15].as_slice(), &[last]].concat();
        assert_eq!(without(padded(1)).unwrap(), [0x41; 15]);
        assert_eq!(without(padded(15)).unwrap(), [0x41; 1]);
        assert!(without(padded(16)).unwrap().is_empty());
        for wrong in [0, 17, 255] {
            assert_eq!(without(padded(wrong)), Err(CipherError::Failed));
        }
        assert_eq!(without(Vec::new()), Err(CipherError::Failed));
    }
}
