//! What verifies, and what does not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
use super::*;
use crate::crypto::Curve;
use crate::crypto::PrivateKey;
use crate::crypto::SignError;
use crate::crypto::SigningKey;
use crate::crypto::sign;
use openssl::pkey::Private;
use openssl::sign::Signer;
use std::sync::LazyLock;

const MESSAGE: &[u8] = b"<ds:SignedInfo>...</ds:SignedInfo>";

static RSA: LazyLock<SigningKey> = LazyLock::new(|| PrivateKey::generate_rsa(2048).unwrap().into());
static DSA: LazyLock<PKey<Private>> =
    LazyLock::new(|| PKey::from_dsa(openssl::dsa::Dsa::generate(1024).unwrap()).unwrap());

fn signing_keys() -> Vec<SigningKey> {
    let ed25519 = PrivateKey::from_openssl(PKey::generate_ed25519().unwrap()).unwrap();
    let mut keys = vec![
        RSA.clone(),
        ed25519.into(),
        SigningKey::Hmac(Secret::new(b"a secret".to_vec())),
    ];
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        keys.push(PrivateKey::generate_ec(curve).unwrap().into());
    }
    keys
}

fn dsa_public() -> VerifyingKey {
    VerifyingKey::Public(PublicKey::from_der(&DSA.public_key_to_der().unwrap()).unwrap())
}

/// A raw r‖s by DSA, which we do not make ourselves.
fn dsa_signature(digest: openssl::hash::MessageDigest) -> Vec<u8> {
    let mut signer = Signer::new(digest, &DSA).unwrap();
    let signature = DsaSig::from_der(&signer.sign_oneshot_to_vec(MESSAGE).unwrap()).unwrap();
    [signature.r(), signature.s()]
        .map(|number| number.to_vec_padded(20).unwrap())
        .concat()
}

#[test]
fn what_is_signed_verifies_and_only_that() {
    for key in signing_keys() {
        let public = key.verifying_key();
        for &algorithm in SignatureAlgorithm::ALL {
            if algorithm.family() != key.family() || algorithm.digest() == Some(DigestAlgorithm::Sha1) {
                continue;
            }
            let mut signature = sign(algorithm, &key, MESSAGE).unwrap();
            // Twice, the second time with the context that was kept.
            for _ in 0..2 {
                assert_eq!(
                    verify(algorithm, &public, MESSAGE, &signature),
                    Ok(()),
                    "{algorithm} {key:?}"
                );
            }
            assert_eq!(
                verify(algorithm, &public, b"other", &signature),
                Err(VerifyError::Mismatch)
            );
            signature[10] ^= 1;
            assert_eq!(
                verify(algorithm, &public, MESSAGE, &signature),
                Err(VerifyError::Mismatch)
            );
        }
    }
}

#[test]
fn the_signature_of_one_algorithm_is_not_one_of_another() {
    let key = RSA.verifying_key();
    let signature = sign(SignatureAlgorithm::RsaSha256, &RSA, MESSAGE).unwrap();
    for other in [
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::RsaPssSha256,
        SignatureAlgorithm::RsaSha1,
    ] {
        assert_eq!(
            verify(other, &key, MESSAGE, &signature),
            Err(VerifyError::Mismatch),
            "{other}"
        );
    }
    assert_eq!(
        verify(SignatureAlgorithm::RsaSha256, &key, MESSAGE, &signature),
        Ok(())
    );
}

#[test]
fn a_key_of_another_family_is_refused_before_any_mathematics() {
    let mut keys: Vec<VerifyingKey> = signing_keys().iter().map(SigningKey::verifying_key).collect();
    keys.push(dsa_public());
    for key in &keys {
        for &algorithm in SignatureAlgorithm::ALL {
            if algorithm.family() != key.family() {
                let expected = Err(VerifyError::KeyMismatch {
                    algorithm,
                    key: key.family(),
                });
                assert_eq!(verify(algorithm, key, MESSAGE, b"anything"), expected);
            }
        }
    }
}

#[test]
fn a_public_key_does_not_serve_as_the_secret_of_an_hmac() {
    let VerifyingKey::Public(public) = RSA.verifying_key() else {
        panic!("an RSA key is public")
    };
    let forged = SigningKey::Hmac(Secret::new(public.spki().to_vec()));
    let value = sign(SignatureAlgorithm::HmacSha256, &forged, MESSAGE).unwrap();
    let result = verify(
        SignatureAlgorithm::HmacSha256,
        &RSA.verifying_key(),
        MESSAGE,
        &value,
    );
    assert_eq!(result.unwrap_err().code(), "dsig.key_mismatch");
}

#[test]
fn an_rsa_value_has_the_length_of_the_modulus() {
    let signature = sign(SignatureAlgorithm::RsaSha256, &RSA, MESSAGE).unwrap();
    for wrong in [&signature[..255], &[], &[&[0], &signature[..]].concat()] {
        let result = verify(
            SignatureAlgorithm::RsaSha256,
            &RSA.verifying_key(),
            MESSAGE,
            wrong,
        );
        assert_eq!(
            result,
            Err(VerifyError::Length {
                expected: 256,
                actual: wrong.len()
            })
        );
    }
}

#[test]
fn an_ed25519_value_has_64_bytes() {
    let key = PrivateKey::from_openssl(PKey::generate_ed25519().unwrap()).unwrap();
    let key = SigningKey::from(key).verifying_key();
    for actual in [0, 63, 65] {
        let result = verify(SignatureAlgorithm::Ed25519, &key, MESSAGE, &vec![1; actual]);
        assert_eq!(result, Err(VerifyError::Length { expected: 64, actual }));
    }
}

#[test]
fn an_ecdsa_value_is_raw_and_of_exact_length() {
    let key = SigningKey::from(PrivateKey::generate_ec(Curve::P256).unwrap());
    let raw = sign(SignatureAlgorithm::EcdsaSha256, &key, MESSAGE).unwrap();
    let (r, s) = (
        BigNum::from_slice(&raw[..32]).unwrap(),
        BigNum::from_slice(&raw[32..]).unwrap(),
    );
    let asn1 = EcdsaSig::from_private_components(r, s).unwrap().to_der().unwrap();
    let longer = [&raw[..], &[0]].concat();
    for wrong in [&asn1[..], &raw[..63], &longer, &[]] {
        let result = verify(
            SignatureAlgorithm::EcdsaSha256,
            &key.verifying_key(),
            MESSAGE,
            wrong,
        );
        assert_eq!(
            result,
            Err(VerifyError::Length {
                expected: 64,
                actual: wrong.len()
            })
        );
    }
}

#[test]
fn r_and_s_are_between_one_and_the_order() {
    let key = SigningKey::from(PrivateKey::generate_ec(Curve::P256).unwrap()).verifying_key();
    let VerifyingKey::Public(public) = &key else {
        panic!("an EC key is public")
    };
    let (zero, one, order) = ([0; 32], [1; 32], public.order());
    for (r, s) in [(&zero, &zero), (&zero, &one), (&one, &zero)] {
        let value = [r, s].map(|half| half.as_slice()).concat();
        assert_eq!(
            verify(SignatureAlgorithm::EcdsaSha256, &key, MESSAGE, &value),
            Err(VerifyError::Range)
        );
    }
    for value in [[order, &one].concat(), [&one, order].concat(), vec![0xff; 64]] {
        assert_eq!(
            verify(SignatureAlgorithm::EcdsaSha256, &key, MESSAGE, &value),
            Err(VerifyError::Range)
        );
    }
    let in_range = [one, one].concat();
    assert_eq!(
        verify(SignatureAlgorithm::EcdsaSha256, &key, MESSAGE, &in_range),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn dsa_is_verified_as_raw_r_and_s_and_never_made() {
    let key = dsa_public();
    let sha1 = dsa_signature(openssl::hash::MessageDigest::sha1());
    let sha256 = dsa_signature(openssl::hash::MessageDigest::sha256());
    assert_eq!(verify(SignatureAlgorithm::DsaSha1, &key, MESSAGE, &sha1), Ok(()));
    assert_eq!(
        verify(SignatureAlgorithm::DsaSha256, &key, MESSAGE, &sha256),
        Ok(())
    );
    assert_eq!(
        verify(SignatureAlgorithm::DsaSha256, &key, MESSAGE, &sha1),
        Err(VerifyError::Mismatch)
    );
    assert_eq!(
        verify(SignatureAlgorithm::DsaSha1, &key, MESSAGE, &[0; 40]),
        Err(VerifyError::Range)
    );
    let private = SigningKey::from(PrivateKey::from_openssl(DSA.clone()).unwrap());
    let refused = Err(SignError::NotForSigning(SignatureAlgorithm::DsaSha256));
    assert_eq!(sign(SignatureAlgorithm::DsaSha256, &private, MESSAGE), refused);
}

#[test]
fn an_hmac_is_whole_unless_truncation_was_asked_for() {
    let key = SigningKey::Hmac(Secret::new(b"a secret".to_vec()));
    let value = sign(SignatureAlgorithm::HmacSha256, &key, MESSAGE).unwrap();
    let key = key.verifying_key();
    let short = verify(SignatureAlgorithm::HmacSha256, &key, MESSAGE, &value[..16]);
    assert_eq!(
        short,
        Err(VerifyError::Length {
            expected: 32,
            actual: 16
        })
    );
    let empty = verify(SignatureAlgorithm::HmacSha256, &key, MESSAGE, &[]);
    assert_eq!(
        empty,
        Err(VerifyError::Length {
            expected: 32,
            actual: 0
        })
    );
    for bits in [128, 136, 256] {
        let part = &value[..usize::try_from(bits / 8).unwrap()];
        assert_eq!(
            verify_truncated_hmac(SignatureAlgorithm::HmacSha256, &key, MESSAGE, part, bits),
            Ok(())
        );
    }
    let wrong = verify_truncated_hmac(SignatureAlgorithm::HmacSha256, &key, b"other", &value[..16], 128);
    assert_eq!(wrong, Err(VerifyError::Mismatch));
    let longer = verify_truncated_hmac(SignatureAlgorithm::HmacSha256, &key, MESSAGE, &value, 128);
    assert_eq!(
        longer,
        Err(VerifyError::Length {
            expected: 16,
            actual: 32
        })
    );
}

#[test]
fn an_hmac_below_the_floor_is_refused() {
    let key = VerifyingKey::Hmac(Secret::new(b"a secret".to_vec()));
    let cases = [
        (SignatureAlgorithm::HmacSha1, 72, 80),
        (SignatureAlgorithm::HmacSha256, 120, 128),
        (SignatureAlgorithm::HmacSha512, 248, 256),
        (SignatureAlgorithm::HmacSha256, 0, 128),
        (SignatureAlgorithm::HmacSha256, 8, 128),
        (SignatureAlgorithm::HmacSha256, 129, 128),
        (SignatureAlgorithm::HmacSha256, 264, 128),
        (SignatureAlgorithm::HmacSha256, u32::MAX, 128),
    ];
    for (algorithm, bits, floor) in cases {
        let value = vec![0; usize::try_from(bits / 8).unwrap().min(64)];
        let result = verify_truncated_hmac(algorithm, &key, MESSAGE, &value, bits);
        assert_eq!(
            result,
            Err(VerifyError::Truncation { bits, floor }),
            "{algorithm}"
        );
    }
    let mismatch = verify_truncated_hmac(SignatureAlgorithm::RsaSha256, &key, MESSAGE, &[0; 16], 128);
    assert_eq!(mismatch.unwrap_err().code(), "dsig.key_mismatch");
}

#[test]
fn an_empty_secret_proves_nothing() {
    let key = SigningKey::Hmac(Secret::new(Vec::new()));
    assert_eq!(
        sign(SignatureAlgorithm::HmacSha256, &key, MESSAGE),
        Err(SignError::WeakKey)
    );
    let result = verify(
        SignatureAlgorithm::HmacSha256,
        &key.verifying_key(),
        MESSAGE,
        &[0; 32],
    );
    assert_eq!(result, Err(VerifyError::EmptySecret));
}

#[test]
fn a_context_that_verified_waits_for_its_next_use_and_one_that_failed_does_not() {
    let key = SigningKey::from(PrivateKey::generate_ec(Curve::P256).unwrap());
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let signature = sign(algorithm, &key, MESSAGE).unwrap();
    let VerifyingKey::Public(public) = key.verifying_key() else {
        panic!("an EC key is public")
    };
    let key = VerifyingKey::Public(public.clone());
    assert!(verify(algorithm, &key, MESSAGE, &signature).is_ok());
    assert!(public.take_context(SignatureAlgorithm::EcdsaSha384).is_none());
    assert!(public.take_context(algorithm).is_some());
    assert!(verify(algorithm, &key, b"other", &signature).is_err());
    assert!(public.take_context(algorithm).is_none());
}

#[test]
fn contexts_that_wait_for_their_next_use_are_few() {
    let VerifyingKey::Public(key) = RSA.verifying_key() else {
        panic!("an RSA key is public")
    };
    for _ in 0..100 {
        let context = new_context(SignatureAlgorithm::RsaSha384, &key).unwrap();
        key.keep_context(SignatureAlgorithm::RsaSha384, context);
    }
    let kept = std::iter::from_fn(|| key.take_context(SignatureAlgorithm::RsaSha384)).count();
    assert!(kept <= 8, "{kept}");
}

#[test]
fn one_key_verifies_on_many_threads_at_once() {
    let key = RSA.verifying_key();
    let signature = sign(SignatureAlgorithm::RsaPssSha256, &RSA, MESSAGE).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(
                        verify(SignatureAlgorithm::RsaPssSha256, &key, MESSAGE, &signature),
                        Ok(())
                    );
                    let other = verify(SignatureAlgorithm::RsaPssSha256, &key, b"other", &signature);
                    assert_eq!(other, Err(VerifyError::Mismatch));
                }
            });
        }
    });
}

#[test]
fn pss_with_parameters_takes_those_it_was_made_with_and_no_others() {
    let made = PssParameters::of(DigestAlgorithm::Sha384);
    let value = sign(SignatureAlgorithm::RsaPssSha384, &RSA, MESSAGE).unwrap();
    let verifies = |parameters, value: &[u8]| verify_pss(parameters, &RSA.verifying_key(), MESSAGE, value);
    assert_eq!(verifies(made, &value), Ok(()));
    for other in [
        PssParameters::DEFAULT,
        PssParameters {
            mask_digest: DigestAlgorithm::Sha256,
            ..made
        },
        PssParameters {
            salt_length: 47,
            ..made
        },
        PssParameters {
            salt_length: 0,
            ..made
        },
        PssParameters {
            salt_length: u32::MAX,
            ..made
        },
    ] {
        assert!(verifies(other, &value).is_err(), "{other:?}");
    }
    let short = VerifyError::Length {
        expected: 256,
        actual: 255,
    };
    assert_eq!(verifies(made, &value[1..]), Err(short));
    let secret = VerifyingKey::Hmac(Secret::new(b"secret".to_vec()));
    let mismatch = VerifyError::KeyMismatch {
        algorithm: SignatureAlgorithm::RsaPss,
        key: crate::algorithm::KeyFamily::Hmac,
    };
    assert_eq!(verify_pss(made, &secret, MESSAGE, &value), Err(mismatch));
}
