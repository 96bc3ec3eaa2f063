//! Keys that two parties agree on: ECDH (XML Encryption 1.1 §5.6.4) and the concatenation key derivation function (§5.4.1).

use openssl::derive::Deriver;
use zeroize::Zeroizing;

use super::CipherError;
use super::Digester;
use super::KeyKind;
use super::PrivateKey;
use super::PublicKey;
use super::Secret;
use super::Unavailable;
use crate::algorithm::DigestAlgorithm;

/// The longest key that is derived, in bytes: more than any algorithm needs.
const MAX_DERIVED: usize = 512;

/// The secret that `key` and `other` share (NIST SP 800-56A §5.7.1.2): the x coordinate, as long as the field.
///
/// # Errors
///
/// [`CipherError::Failed`] unless both are points of the same curve.
pub fn agree(key: &PrivateKey, other: &PublicKey) -> Result<Secret, CipherError> {
    match (key.public().kind(), other.kind()) {
        (KeyKind::Ec(own), KeyKind::Ec(theirs)) if own == theirs => {}
        _ => return Err(CipherError::Failed),
    }
    if let Some(holder) = key.holder() {
        return Ok(holder.agree(other, key.turn())?);
    }
    let derived = Deriver::new(key.openssl()?).and_then(|mut deriver| {
        deriver.set_peer(other.openssl())?;
        deriver.derive_to_vec()
    });
    let secret = derived.map_err(|error| Unavailable::new("key agreement", error))?;
    Ok(Secret::new(secret))
}

/// A secret that is shared with the holder of `recipient` by a key made for this one use, whose public half goes along.
///
/// # Errors
///
/// [`CipherError::Recipient`] if `recipient` is no EC key.
pub fn agree_anew(recipient: &PublicKey) -> Result<(Secret, PublicKey), CipherError> {
    let KeyKind::Ec(curve) = recipient.kind() else {
        return Err(CipherError::Recipient);
    };
    let ephemeral =
        PrivateKey::generate_ec(curve).map_err(|error| Unavailable::new("an ephemeral key", error))?;
    let secret = agree(&ephemeral, recipient)?;
    Ok((secret, ephemeral.public().clone()))
}

/// A key of `length` bytes from an agreed `secret` and `other_info`, by the concatenation key derivation function over `digest`
/// (NIST SP 800-56A §5.8.1): digests of counter, secret and other information, one after the other.
///
/// # Errors
///
/// [`CipherError::KeyLength`] where no cipher has so long a key, [`CipherError::Unavailable`] where the crypto library fails.
pub fn concat_kdf(
    digest: DigestAlgorithm,
    secret: &Secret,
    other_info: &[u8],
    length: usize,
) -> Result<Secret, CipherError> {
    if length > MAX_DERIVED {
        return Err(CipherError::KeyLength {
            expected: MAX_DERIVED,
            actual: length,
        });
    }
    let mut key = Zeroizing::new(Vec::with_capacity(length));
    for counter in 1_u32.. {
        if key.len() >= length {
            break;
        }
        let mut digester = Digester::new(digest);
        digester.update(&counter.to_be_bytes());
        digester.update(secret.expose());
        digester.update(other_info);
        key.extend_from_slice(digester.finish()?.as_bytes());
    }
    key.truncate(length);
    Ok(Secret::new(key.to_vec()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::crypto::Curve;

    #[test]
    fn both_sides_agree_on_the_same_secret_as_long_as_the_field() {
        for (curve, length) in [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)] {
            let one = PrivateKey::generate_ec(curve).unwrap();
            let other = PrivateKey::generate_ec(curve).unwrap();
            let secret = agree(&one, other.public()).unwrap();
            assert_eq!(secret, agree(&other, one.public()).unwrap());
            assert_ne!(secret, agree(&one, one.public()).unwrap());
            assert_eq!(secret.len(), length);
        }
    }

    #[test]
    fn a_key_is_made_for_each_agreement() {
        let recipient = PrivateKey::generate_ec(Curve::P384).unwrap();
        let [(one, first), (two, second)] = [(); 2].map(|()| agree_anew(recipient.public()).unwrap());
        assert_eq!(one, agree(&recipient, &first).unwrap());
        assert_ne!(one, two);
        assert_ne!(first, second);
        let rsa = PrivateKey::generate_rsa(2048).unwrap();
        assert_eq!(agree_anew(rsa.public()), Err(CipherError::Recipient));
    }

    #[test]
    fn keys_of_other_kinds_and_curves_agree_on_nothing() {
        let ec = PrivateKey::generate_ec(Curve::P256).unwrap();
        let other = PrivateKey::generate_ec(Curve::P384).unwrap();
        let rsa = PrivateKey::generate_rsa(2048).unwrap();
        for (key, theirs) in [(&ec, &other), (&ec, &rsa), (&rsa, &ec), (&rsa, &rsa)] {
            assert_eq!(agree(key, theirs.public()), Err(CipherError::Failed));
        }
    }

    #[test]
    fn derived_keys_are_digests_in_a_row() {
        let secret = Secret::new(vec![7; 32]);
        let block = |counter: u8| {
            let input = [&[0, 0, 0, counter], secret.expose(), b"info"].concat();
            let digest = crate::crypto::digest(DigestAlgorithm::Sha256, &input).unwrap();
            digest.as_bytes().to_vec()
        };
        let expected = [block(1), block(2)].concat();
        for length in [0, 1, 16, 32, 33, 64] {
            let derived = concat_kdf(DigestAlgorithm::Sha256, &secret, b"info", length).unwrap();
            assert_eq!(Some(derived.expose()), expected.get(..length));
        }
        assert!(concat_kdf(DigestAlgorithm::Sha256, &secret, b"info", MAX_DERIVED + 1).is_err());
    }
}
