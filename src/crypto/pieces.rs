//! Decryption of what is too long to be held, piece by piece.

use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;

use super::Secret;
use super::Unavailable;
use super::cipher::{CipherError, GCM_TAG, check_key, cipher, iv_size, without_padding};
use crate::algorithm::DataEncryptionAlgorithm;

/// As much ciphertext is decrypted at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// Decrypts octets as [`decrypt_data`](super::decrypt_data) does, in memory that does not grow with them. There are `length` of them; `read`
/// fills a buffer from an offset on, and `take` is given the plaintext piece by piece.
///
/// With GCM what `take` was given is nobody's before this returns `Ok`: whoever must not keep it until then drops it the first time, and asks
/// a second time.
///
/// # Errors
///
/// [`CipherError::Failed`] whatever is wrong with the ciphertext; those of `read` and `take`.
pub fn decrypt_pieces<E: From<CipherError>>(
    algorithm: DataEncryptionAlgorithm,
    key: &Secret,
    length: u64,
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    check_key(algorithm.key_size(), key)?;
    let size = |octets: usize| u64::try_from(octets).unwrap_or(u64::MAX);
    let tag_size = if algorithm.is_authenticated() { GCM_TAG } else { 0 };
    let mut iv = vec![0; iv_size(algorithm)];
    let mut offset = size(iv.len());
    let end = length.checked_sub(size(tag_size));
    let end = end.filter(|end| *end >= offset).ok_or(CipherError::Failed)?;
    read(0, &mut iv)?;
    let mut tag = vec![0; tag_size];
    read(end, &mut tag)?;
    let mut decryption = Decryption::new(algorithm, key, &iv)?;
    let mut piece = vec![0; PIECE];
    while offset < end {
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(PIECE);
        let piece = piece.get_mut(..left.min(PIECE)).unwrap_or_default();
        read(offset, piece)?;
        take(decryption.update(piece)?)?;
        offset = offset.saturating_add(size(piece.len()));
    }
    take(decryption.finish(&tag)?)
}

/// Decryption that goes on.
struct Decryption {
    context: CipherCtx,
    /// Plaintext that was not given yet: of CBC the last block may be padding.
    held: Vec<u8>,
    given: usize,
    /// Octets that are held back.
    block: usize,
}

impl Decryption {
    fn new(algorithm: DataEncryptionAlgorithm, key: &Secret, iv: &[u8]) -> Result<Self, CipherError> {
        let cipher = cipher(algorithm)?;
        let begin = || {
            let mut context = CipherCtx::new()?;
            context.decrypt_init(Some(cipher), Some(key.expose()), Some(iv))?;
            if !algorithm.is_authenticated() {
                // As where a ciphertext is decrypted whole: the padding is not the one that the library would check.
                context.set_padding(false);
            }
            Ok(context)
        };
        let begun = begin().map_err(|error: ErrorStack| Unavailable::new("a ciphertext", error))?;
        Ok(Self {
            context: begun,
            held: Vec::new(),
            given: 0,
            block: if algorithm.is_authenticated() { 0 } else { iv.len() },
        })
    }

    /// Further plaintext.
    fn update(&mut self, ciphertext: &[u8]) -> Result<&[u8], CipherError> {
        self.held.drain(..self.given);
        let done = self.context.cipher_update_vec(ciphertext, &mut self.held);
        done.map_err(|_| CipherError::Failed)?;
        self.given = self.held.len().saturating_sub(self.block);
        Ok(self.held.get(..self.given).unwrap_or_default())
    }

    /// The last of it: of GCM if `tag` is right, of CBC without its padding.
    fn finish(&mut self, tag: &[u8]) -> Result<&[u8], CipherError> {
        self.held.drain(..self.given);
        let tagged = if tag.is_empty() {
            Ok(())
        } else {
            self.context.set_tag(tag)
        };
        let done = tagged.and_then(|()| self.context.cipher_final_vec(&mut self.held));
        done.map_err(|_| CipherError::Failed)?;
        if self.block > 0 {
            without_padding(&mut self.held, self.block)?;
        }
        Ok(&self.held)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]
    use super::*;
    use crate::crypto::{decrypt_data, encrypt_data};

    fn decrypted(
        algorithm: DataEncryptionAlgorithm,
        key: &Secret,
        ciphertext: &[u8],
    ) -> Result<(Vec<u8>, usize), CipherError> {
        let (mut plaintext, mut longest) = (Vec::new(), 0);
        let read = |offset: u64, into: &mut [u8]| {
            let offset = usize::try_from(offset).unwrap();
            into.copy_from_slice(&ciphertext[offset..offset + into.len()]);
            Ok(())
        };
        let length = u64::try_from(ciphertext.len()).unwrap();
        decrypt_pieces(algorithm, key, length, read, |octets| {
            longest = longest.max(octets.len());
            plaintext.extend_from_slice(octets);
            Ok::<(), CipherError>(())
        })?;
        Ok((plaintext, longest))
    }

    #[test]
    fn pieces_are_the_whole() {
        for &algorithm in DataEncryptionAlgorithm::ALL {
            let key = Secret::random(algorithm.key_size()).unwrap();
            for length in [
                0,
                1,
                15,
                16,
                17,
                PIECE - 16,
                PIECE - 1,
                PIECE,
                PIECE + 1,
                3 * PIECE + 5,
            ] {
                let plaintext: Vec<u8> = (0..=250).cycle().take(length).collect();
                let ciphertext = encrypt_data(algorithm, &key, &plaintext).unwrap();
                let (found, longest) = decrypted(algorithm, &key, &ciphertext).unwrap();
                assert!(found == plaintext, "{algorithm} {length}");
                assert!(longest <= PIECE + 32, "{longest}");
            }
        }
    }

    #[test]
    fn what_is_refused_whole_is_refused_in_pieces() {
        for &algorithm in DataEncryptionAlgorithm::ALL {
            let key = Secret::random(algorithm.key_size()).unwrap();
            let ciphertext = encrypt_data(algorithm, &key, &[7; 40]).unwrap();
            let variants = (0..ciphertext.len()).map(|length| ciphertext[..length].to_vec());
            let variants = variants.chain((0..ciphertext.len()).map(|index| {
                let mut changed = ciphertext.clone();
                changed[index] ^= 0x10;
                changed
            }));
            for changed in variants {
                let whole = decrypt_data(algorithm, &key, &changed);
                let pieces = decrypted(algorithm, &key, &changed).map(|(plaintext, _)| plaintext);
                assert_eq!(pieces, whole, "{algorithm} {}", changed.len());
                assert!(!algorithm.is_authenticated() || whole.is_err());
            }
            let other = Secret::new(vec![1; algorithm.key_size() - 1]);
            assert!(matches!(
                decrypted(algorithm, &other, &ciphertext),
                Err(CipherError::KeyLength { .. })
            ));
        }
    }
}
