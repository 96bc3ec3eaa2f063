//! Keys encrypted with keys: AES key wrap (RFC 3394) and Triple DES key wrap (RFC 3217).

use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::cipher_ctx::CipherCtxFlags;
use openssl::cipher_ctx::CipherCtxRef;
use openssl::error::ErrorStack;
use zeroize::Zeroizing;

use super::CipherError;
use super::Secret;
use super::Unavailable;
use super::cipher::check_key;
use crate::algorithm::KeyWrapAlgorithm;

/// The shortest and the longest key that is wrapped, in bytes: two blocks (RFC 3394 §2), and more than any algorithm needs.
const KEY_SIZES: std::ops::RangeInclusive<usize> = 16..=512;
/// What wrapping may add to a key, in bytes.
const MAX_OVERHEAD: usize = 16;

/// Decrypts a wrapped key.
///
/// # Errors
///
/// [`CipherError::Failed`] whatever is wrong with it.
pub fn unwrap_key(algorithm: KeyWrapAlgorithm, key: &Secret, wrapped: &[u8]) -> Result<Secret, CipherError> {
    check_key(algorithm.key_size(), key)?;
    if wrapped.len() > KEY_SIZES.end().saturating_add(MAX_OVERHEAD) {
        return Err(CipherError::Failed);
    }
    let cipher = fetch(algorithm)?;
    let mut context = context()?;
    let unwrapped = context
        .decrypt_init(Some(&cipher), Some(key.expose()), None)
        .and_then(|()| run(&mut context, wrapped))
        .map_err(|_| CipherError::Failed)?;
    if unwrapped.len() < *KEY_SIZES.start() {
        return Err(CipherError::Failed);
    }
    Ok(Secret::new(unwrapped.to_vec()))
}

/// Encrypts the key `secret` with `key`.
///
/// # Errors
///
/// [`CipherError::KeyLength`] where a key has a length that the algorithm does not take.
pub fn wrap_key(algorithm: KeyWrapAlgorithm, key: &Secret, secret: &Secret) -> Result<Vec<u8>, CipherError> {
    check_key(algorithm.key_size(), key)?;
    if !secret.len().is_multiple_of(8) || !KEY_SIZES.contains(&secret.len()) {
        return Err(CipherError::KeyLength {
            expected: *KEY_SIZES.start(),
            actual: secret.len(),
        });
    }
    let cipher = fetch(algorithm)?;
    let mut context = context()?;
    let wrapped = context
        .encrypt_init(Some(&cipher), Some(key.expose()), None)
        .and_then(|()| run(&mut context, secret.expose()))
        .map_err(|error| Unavailable::new("a wrapped key", error))?;
    Ok(wrapped.to_vec())
}

/// A context in which the ciphers of key wrapping may be used.
fn context() -> Result<CipherCtx, Unavailable> {
    let mut context = CipherCtx::new().map_err(|error| Unavailable::new("a wrapped key", error))?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    Ok(context)
}

fn run(context: &mut CipherCtxRef, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let mut output = Zeroizing::new(vec![
        0;
        input.len().saturating_add(MAX_OVERHEAD).saturating_add(8)
    ]);
    let length = context.cipher_update(input, Some(&mut output))?;
    output.truncate(length);
    Ok(output)
}

fn fetch(algorithm: KeyWrapAlgorithm) -> Result<Cipher, Unavailable> {
    let name = match algorithm {
        KeyWrapAlgorithm::Aes128 => "AES-128-WRAP",
        KeyWrapAlgorithm::Aes192 => "AES-192-WRAP",
        KeyWrapAlgorithm::Aes256 => "AES-256-WRAP",
        KeyWrapAlgorithm::TripleDes => "DES3-WRAP",
    };
    Cipher::fetch(None, name, None).map_err(|error| Unavailable::new(algorithm.name(), error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_is_wrapped_comes_back() {
        for &algorithm in KeyWrapAlgorithm::ALL {
            let key = Secret::random(algorithm.key_size()).unwrap();
            for length in [16, 24, 32, 64] {
                let secret = Secret::random(length).unwrap();
                let wrapped = wrap_key(algorithm, &key, &secret).unwrap();
                assert_eq!(
                    unwrap_key(algorithm, &key, &wrapped).unwrap(),
                    secret,
                    "{algorithm} {length}"
                );
            }
        }
    }

    #[test]
    fn the_vectors_of_the_standard_hold() {
        // RFC 3394 §4.1: 128 bits of key data with a 128-bit key.
        let key = Secret::new((0..16).collect());
        let secret = Secret::new((0..16).map(|byte| byte * 0x11).collect());
        let wrapped = wrap_key(KeyWrapAlgorithm::Aes128, &key, &secret).unwrap();
        let hex: String = wrapped.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    }

    #[test]
    fn a_changed_or_cut_key_is_refused() {
        for &algorithm in KeyWrapAlgorithm::ALL {
            let key = Secret::random(algorithm.key_size()).unwrap();
            let wrapped = wrap_key(algorithm, &key, &Secret::random(24).unwrap()).unwrap();
            for index in 0..wrapped.len() {
                let mut changed = wrapped.clone();
                changed[index] ^= 1;
                assert_eq!(unwrap_key(algorithm, &key, &changed), Err(CipherError::Failed));
                assert_eq!(
                    unwrap_key(algorithm, &key, &wrapped[..index]),
                    Err(CipherError::Failed)
                );
            }
            let longer = [&wrapped[..], &[0; 8]].concat();
            assert_eq!(unwrap_key(algorithm, &key, &longer), Err(CipherError::Failed));
            assert_eq!(
                unwrap_key(algorithm, &key, &[0; 1 << 16]),
                Err(CipherError::Failed)
            );
        }
    }

    #[test]
    fn a_key_that_is_too_long_or_too_short_is_not_unwrapped() {
        let key = Secret::random(16).unwrap();
        let cipher = fetch(KeyWrapAlgorithm::Aes128).unwrap();
        let mut context = context().unwrap();
        context
            .encrypt_init(Some(&cipher), Some(key.expose()), None)
            .unwrap();
        let long = run(&mut context, &[7; 536]).unwrap();
        assert_eq!(
            unwrap_key(KeyWrapAlgorithm::Aes128, &key, &long),
            Err(CipherError::Failed)
        );
        let triple = Secret::random(24).unwrap();
        let cipher = fetch(KeyWrapAlgorithm::TripleDes).unwrap();
        context
            .encrypt_init(Some(&cipher), Some(triple.expose()), None)
            .unwrap();
        let short = run(&mut context, &[7; 8]).unwrap();
        assert_eq!(
            unwrap_key(KeyWrapAlgorithm::TripleDes, &triple, &short),
            Err(CipherError::Failed)
        );
    }

    #[test]
    fn keys_of_other_lengths_are_refused() {
        let algorithm = KeyWrapAlgorithm::Aes128;
        let (key, long) = (Secret::random(16).unwrap(), Secret::random(24).unwrap());
        for actual in [0, 8, 20, 520] {
            let secret = Secret::new(vec![1; actual]);
            let refused = Err(CipherError::KeyLength { expected: 16, actual });
            assert_eq!(wrap_key(algorithm, &key, &secret), refused);
        }
        let refused = CipherError::KeyLength {
            expected: 16,
            actual: 24,
        };
        assert_eq!(wrap_key(algorithm, &long, &key), Err(refused.clone()));
        assert_eq!(unwrap_key(algorithm, &long, &[0; 24]).unwrap_err(), refused);
    }
}
