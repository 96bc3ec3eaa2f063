use std::hint::black_box;

use zeroize::Zeroizing;

use super::CipherError;
use super::Digester;
use super::Oaep;
use super::Secret;
use super::digest::digest;
use super::key_transport::is_zero;
use crate::algorithm::DigestAlgorithm;

/// What `encoded`, as long as the modulus, was made of by RSAES-OAEP (RFC 8017 §7.1.2 step 3): for tokens that raise to the exponent
/// and know other parameters only.
///
/// # Errors
/// [`CipherError::Failed`] whatever is wrong with it: all of it is looked at before anything is told, without a branch or an index that
/// depends on it.
pub(crate) fn decode(parameters: &Oaep, encoded: &[u8]) -> Result<Secret, CipherError> {
    let size = parameters.digest.size();
    let mask = parameters.mask.digest();
    let label = digest(parameters.digest, &parameters.label)?;
    let [first, rest @ ..] = encoded else {
        return Err(CipherError::Failed);
    };
    let (seed, data) = rest.split_at_checked(size).ok_or(CipherError::Failed)?;
    let seed = masked(mask, seed, data)?;
    let data = masked(mask, data, &seed)?;
    let (found, padded) = data.split_at_checked(size).ok_or(CipherError::Failed)?;
    let differs = found
        .iter()
        .zip(label.as_bytes())
        .fold(*first, |differs, (found, expected)| differs | (found ^ expected));
    let (separated, start) = after_separator(padded);
    // One bit leaves: whether it was right, which whoever calls does not tell (T79, T89).
    if black_box(is_zero(differs) & separated) == 0 {
        return Err(CipherError::Failed);
    }
    let message = padded.get(start..).ok_or(CipherError::Failed)?;
    Ok(Secret::new(message.to_vec()))
}

/// 1 if `padded` is zeros and a one, and more or nothing; and what follows the first byte that is no zero.
fn after_separator(padded: &[u8]) -> (u8, usize) {
    let mut separated = 0;
    let mut start = 0_usize;
    let mut looking = 1;
    for (byte, next) in padded.iter().zip(1_usize..) {
        let here = looking & (is_zero(*byte) ^ 1);
        separated |= here & is_zero(byte ^ 1);
        start |= next & usize::from(here).wrapping_neg();
        looking &= here ^ 1;
    }
    (black_box(separated), start)
}

/// `octets` with the mask that follows from `seed` (MGF1, RFC 8017 §B.2.1).
fn masked(algorithm: DigestAlgorithm, octets: &[u8], seed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut masked = Zeroizing::new(Vec::with_capacity(octets.len()));
    for (counter, block) in (0_u32..).zip(octets.chunks(algorithm.size())) {
        let mut digester = Digester::new(algorithm);
        digester.update(seed);
        digester.update(&counter.to_be_bytes());
        let mask = digester.finish()?;
        masked.extend(block.iter().zip(mask.as_bytes()).map(|(byte, mask)| byte ^ mask));
    }
    Ok(masked)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::MaskGeneration;
    use crate::crypto::{PrivateKey, encrypt_oaep};
    use openssl::rsa::Padding;

    fn raw(key: &PrivateKey, ciphertext: &[u8]) -> Vec<u8> {
        let mut encoded = vec![0; ciphertext.len()];
        let rsa = key.openssl().unwrap().rsa().unwrap();
        rsa.private_decrypt(ciphertext, &mut encoded, Padding::NONE)
            .unwrap();
        encoded
    }

    #[test]
    fn what_the_library_encodes_is_decoded_and_nothing_else() {
        let key = PrivateKey::generate_rsa(2048).unwrap();
        for (digest, label) in [
            (DigestAlgorithm::Sha1, &b""[..]),
            (DigestAlgorithm::Sha256, b"label"),
            (DigestAlgorithm::Sha512, b""),
        ] {
            for &mask in MaskGeneration::ALL {
                let parameters = Oaep {
                    digest,
                    mask,
                    label: label.to_vec(),
                };
                for length in [1, 32, 100] {
                    let secret = Secret::random(length).unwrap();
                    let encoded = raw(&key, &encrypt_oaep(key.public(), &parameters, &secret).unwrap());
                    assert_eq!(decode(&parameters, &encoded).unwrap(), secret);
                    for index in [0, 1, 20, 64, 65, 100, 200, 255] {
                        let mut changed = encoded.clone();
                        changed[index] ^= 1;
                        // A change in the last bytes may be one of the message only where the seed did not change.
                        assert_ne!(decode(&parameters, &changed).ok(), Some(secret.clone()));
                    }
                    let other = Oaep {
                        label: b"other".to_vec(),
                        ..parameters.clone()
                    };
                    assert_eq!(decode(&other, &encoded), Err(CipherError::Failed));
                }
            }
        }
        assert_eq!(
            decode(
                &Oaep {
                    digest: DigestAlgorithm::Sha512,
                    mask: MaskGeneration::Mgf1Sha512,
                    label: Vec::new()
                },
                &[0; 128]
            ),
            Err(CipherError::Failed)
        );
    }

    #[test]
    fn every_part_of_the_padding_counts() {
        let parameters = Oaep {
            digest: DigestAlgorithm::Sha256,
            mask: MaskGeneration::Mgf1Sha256,
            label: Vec::new(),
        };
        // As RFC 8017 §7.1.1 encodes, of data that may be wrong.
        let encode = |first: u8, data: &[u8]| {
            let label = digest(DigestAlgorithm::Sha256, b"").unwrap();
            let data = [label.as_bytes(), data].concat();
            let data = masked(DigestAlgorithm::Sha256, &data, &[7; 32]).unwrap();
            let seed = masked(DigestAlgorithm::Sha256, &[7; 32], &data).unwrap();
            [&[first], &seed[..], &data[..]].concat()
        };
        let good = [&[0; 20][..], &[1, 9, 9]].concat();
        assert_eq!(
            decode(&parameters, &encode(0, &good)).unwrap(),
            Secret::new(vec![9, 9])
        );
        let failed = Err(CipherError::Failed);
        assert_eq!(decode(&parameters, &encode(1, &good)), failed);
        let mut changed = good.clone();
        changed[3] = 2;
        assert_eq!(decode(&parameters, &encode(0, &changed)), failed);
        changed[20] = 2;
        changed[3] = 0;
        assert_eq!(decode(&parameters, &encode(0, &changed)), failed);
        assert_eq!(decode(&parameters, &encode(0, &[0; 23])), failed);
    }

    #[test]
    fn the_separator_is_found_wherever_it_is() {
        assert_eq!(after_separator(&[0, 0, 1, 5]), (1, 3));
        assert_eq!(after_separator(&[1]), (1, 1));
        assert_eq!(after_separator(&[0, 2, 1, 5]).0, 0);
        assert_eq!(after_separator(&[0x80, 1]).0, 0);
        assert_eq!(after_separator(&[0, 0]).0, 0);
        assert_eq!(after_separator(&[]).0, 0);
    }
}
