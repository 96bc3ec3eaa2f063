//! What is a key, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
use super::*;
use openssl::bn::BigNumContext;
use openssl::dsa::Dsa;
use openssl::ec::Asn1Flag;
use openssl::ec::EcGroup;
use openssl::ec::EcKey;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::pkey::Private;
use openssl::rsa::Rsa;

fn ec(nid: Nid) -> (EcGroup, EcKey<Private>) {
    let group = EcGroup::from_curve_name(nid).unwrap();
    let key = EcKey::generate(&group).unwrap();
    (group, key)
}

fn rsa(bits: u32) -> Rsa<Private> {
    Rsa::generate(bits).unwrap()
}

#[test]
fn an_rsa_key_is_the_same_from_der_pem_and_its_numbers() {
    let rsa = rsa(1024);
    let key = PublicKey::from_der(&rsa.public_key_to_der().unwrap()).unwrap();
    assert_eq!(key.kind(), KeyKind::Rsa { bits: 1024 });
    assert_eq!(key.kind().bits(), 1024);
    assert_eq!(
        key,
        PublicKey::from_pem(&rsa.public_key_to_pem().unwrap()).unwrap()
    );
    assert_eq!(
        key,
        PublicKey::from_pem(&rsa.public_key_to_pem_pkcs1().unwrap()).unwrap()
    );
    let (n, e) = key.modulus_exponent().unwrap();
    assert_eq!(key, PublicKey::from_modulus_exponent(&n, &e).unwrap());
    assert_eq!(
        key,
        PublicKey::from_modulus_exponent(&[&[0], &n[..]].concat(), &[0, 1, 0, 1]).unwrap()
    );
    assert_eq!(key.spki_sha256(), openssl::sha::sha256(key.spki()));
    assert_ne!(key, PublicKey::from_modulus_exponent(&n, &[3]).unwrap());
}

#[test]
fn rsa_exponents_that_are_even_or_one_or_huge_are_refused() {
    let n = rsa(1024).n().to_vec();
    for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0xff; 33]] {
        assert_eq!(
            PublicKey::from_modulus_exponent(&n, exponent),
            Err(KeyError::Exponent),
            "{exponent:?}"
        );
    }
    assert!(PublicKey::from_modulus_exponent(&n, &[3]).is_ok());
}

#[test]
fn rsa_moduli_that_are_even_or_zero_or_huge_are_refused() {
    let mut even = rsa(1024).n().to_vec();
    even[127] &= 0xfe;
    let huge = [0xff; 2049];
    let absurd = vec![0xff; 1 << 20];
    for modulus in [&even[..], &[], &[0], &huge, &absurd] {
        assert_eq!(
            PublicKey::from_modulus_exponent(modulus, &[1, 0, 1]),
            Err(KeyError::Parameter)
        );
    }
}

#[test]
fn bytes_after_the_key_are_refused() {
    let mut der = rsa(1024).public_key_to_der().unwrap();
    der.push(0);
    assert!(matches!(PublicKey::from_der(&der), Err(KeyError::Malformed(_))));
    assert!(matches!(
        PublicKey::from_der(&der[..40]),
        Err(KeyError::Malformed(_))
    ));
    assert!(matches!(PublicKey::from_der(b""), Err(KeyError::Malformed(_))));
    assert!(matches!(
        PublicKey::from_pem(b"no PEM"),
        Err(KeyError::Malformed(_))
    ));
}

#[test]
fn ber_where_der_belongs_is_refused() {
    let der = rsa(1024).public_key_to_der().unwrap();
    // The outer length in one byte more than it needs: 30 81 9f becomes 30 82 00 9f.
    assert_eq!(der[..3], [0x30, 0x81, 0x9f]);
    let ber = [&[0x30, 0x82, 0x00, 0x9f], &der[3..]].concat();
    assert!(matches!(PublicKey::from_der(&ber), Err(KeyError::Malformed(_))));
}

#[test]
fn the_three_curves_are_read_from_der_and_from_a_point() {
    for (curve, nid, uri) in [
        (Curve::P256, Nid::X9_62_PRIME256V1, "urn:oid:1.2.840.10045.3.1.7"),
        (Curve::P384, Nid::SECP384R1, "urn:oid:1.3.132.0.34"),
        (Curve::P521, Nid::SECP521R1, "urn:oid:1.3.132.0.35"),
    ] {
        let (group, key) = ec(nid);
        let mut context = BigNumContext::new().unwrap();
        let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
        let point = key.public_key().to_bytes(&group, form, &mut context).unwrap();
        let read = PublicKey::from_der(&key.public_key_to_der().unwrap()).unwrap();
        assert_eq!(read.kind(), KeyKind::Ec(curve));
        assert_eq!(read.kind().bits(), curve.bits());
        assert_eq!(read.order().len(), curve.size());
        assert_eq!(read, PublicKey::from_ec_point(curve, &point).unwrap());
        assert_eq!(Curve::from_uri(uri), Some(curve));
    }
    assert_eq!(Curve::from_uri("urn:oid:1.2.840.10045.3.1.1"), None);
}

#[test]
fn a_compressed_point_is_the_same_key() {
    let (group, key) = ec(Nid::X9_62_PRIME256V1);
    let mut context = BigNumContext::new().unwrap();
    let form = openssl::ec::PointConversionForm::COMPRESSED;
    let point = key.public_key().to_bytes(&group, form, &mut context).unwrap();
    let algorithm = &key.public_key_to_der().unwrap()[2..23];
    let der = [&[0x30, 0x39], algorithm, &[0x03, 0x22, 0x00], &point].concat();
    let uncompressed = PublicKey::from_der(&key.public_key_to_der().unwrap()).unwrap();
    assert_eq!(PublicKey::from_der(&der).unwrap(), uncompressed);
}

#[test]
fn points_off_the_curve_or_in_another_form_are_refused() {
    let (group, key) = ec(Nid::X9_62_PRIME256V1);
    let mut context = BigNumContext::new().unwrap();
    let mut bytes = |form| key.public_key().to_bytes(&group, form, &mut context).unwrap();
    let point = bytes(openssl::ec::PointConversionForm::UNCOMPRESSED);
    let compressed = bytes(openssl::ec::PointConversionForm::COMPRESSED);
    let hybrid = bytes(openssl::ec::PointConversionForm::HYBRID);
    let mut off = point.clone();
    off[64] ^= 1;
    for wrong in [
        &off[..],
        &point[..64],
        &compressed,
        &hybrid,
        &[0],
        &[],
        &[&point[..], &[0]].concat(),
    ] {
        assert_eq!(PublicKey::from_ec_point(Curve::P256, wrong), Err(KeyError::Point));
    }
    assert_eq!(
        PublicKey::from_ec_point(Curve::P384, &point),
        Err(KeyError::Point)
    );
}

#[test]
fn other_curves_are_refused() {
    for nid in [
        Nid::X9_62_PRIME192V1,
        Nid::SECP224R1,
        Nid::SECP256K1,
        Nid::BRAINPOOL_P256R1,
    ] {
        let der = ec(nid).1.public_key_to_der().unwrap();
        assert!(
            matches!(PublicKey::from_der(&der), Err(KeyError::Curve(_))),
            "{nid:?}"
        );
    }
}

#[test]
fn a_curve_given_by_its_parameters_is_refused() {
    let (mut group, key) = ec(Nid::X9_62_PRIME256V1);
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let explicit = EcKey::from_public_key(&group, key.public_key()).unwrap();
    let der = explicit.public_key_to_der().unwrap();
    assert!(der.len() > 200, "the parameters are in it");
    assert_eq!(PublicKey::from_der(&der), Err(KeyError::ExplicitCurve));
    // As a certificate brings it, read by the library.
    let library = PKey::public_key_from_der(&der).unwrap();
    assert_eq!(PublicKey::from_openssl(&library), Err(KeyError::ExplicitCurve));
}

#[test]
fn dsa_keys_are_read_and_their_parameters_checked() {
    let dsa = Dsa::generate(1024).unwrap();
    let key = PublicKey::from_der(&dsa.public_key_to_der().unwrap()).unwrap();
    assert_eq!(key.kind(), KeyKind::Dsa { bits: 1024 });
    assert_eq!(key.order().len(), 20);
    let [p, q, g, y] = [dsa.p(), dsa.q(), dsa.g(), dsa.pub_key()].map(|number| number.to_vec());
    assert_eq!(PublicKey::from_dsa_parameters(&p, &q, &g, &y).unwrap(), key);
    for (p, q, g, y) in [
        (&q, &p, &g, &y),
        (&p, &q, &vec![1], &y),
        (&p, &q, &g, &vec![0]),
        (&p, &q, &p, &y),
    ] {
        assert_eq!(
            PublicKey::from_dsa_parameters(p, q, g, y),
            Err(KeyError::Parameter)
        );
    }
}

#[test]
fn kinds_of_keys_that_no_algorithm_takes_are_refused() {
    let x25519 = PKey::generate_x25519().unwrap().public_key_to_der().unwrap();
    assert!(matches!(
        PublicKey::from_der(&x25519),
        Err(KeyError::Unsupported(_))
    ));
    let ed25519 = PKey::generate_ed25519().unwrap().public_key_to_der().unwrap();
    assert_eq!(PublicKey::from_der(&ed25519).unwrap().kind(), KeyKind::Ed25519);
}

#[test]
fn keys_of_all_kinds_may_be_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<PublicKey>();
    check::<VerifyingKey>();
}

#[test]
fn what_the_library_reads_is_the_same_key() {
    let ec = |nid| PKey::from_ec_key(ec(nid).1).unwrap();
    let keys = [
        PKey::from_rsa(rsa(1024)).unwrap(),
        PKey::from_rsa(rsa(2048)).unwrap(),
        ec(Nid::X9_62_PRIME256V1),
        ec(Nid::SECP384R1),
        ec(Nid::SECP521R1),
    ];
    for key in keys {
        let der = key.public_key_to_der().unwrap();
        let library = PKey::public_key_from_der(&der).unwrap();
        let ours = PublicKey::from_der(&der).unwrap();
        assert_eq!(PublicKey::from_openssl(&library).unwrap(), ours);
        assert_eq!(ours.spki(), der);
    }
}

#[test]
fn no_change_of_one_byte_leaves_the_same_key() {
    let rsa = PKey::from_rsa(rsa(1024)).unwrap().public_key_to_der().unwrap();
    let ec = ec(Nid::X9_62_PRIME256V1).1.public_key_to_der().unwrap();
    for der in [rsa, ec] {
        let key = PublicKey::from_der(&der).unwrap();
        for index in 0..der.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut changed = der.clone();
                changed[index] ^= change;
                assert_ne!(PublicKey::from_der(&changed), Ok(key.clone()), "byte {index}");
            }
            assert!(PublicKey::from_der(&der[..index]).is_err());
        }
    }
}

#[test]
fn rsa_numbers_that_are_negative_or_padded_are_refused() {
    let der = rsa(1024).public_key_to_der().unwrap();
    let modulus = der
        .windows(4)
        .position(|window| window == [0x02, 0x81, 0x81, 0x00])
        .unwrap();
    // Without its leading zero the modulus is a negative number; with two of them it is not in its shortest form.
    let mut negative = der.clone();
    negative.remove(modulus + 3);
    negative[modulus + 2] -= 1;
    let mut padded = der;
    padded.insert(modulus + 3, 0);
    padded[modulus + 2] += 1;
    let shortest = KeyError::Malformed("an INTEGER is not in its shortest form".to_owned());
    for (mut changed, by, expected) in [(negative, -1_i8, KeyError::Parameter), (padded, 1, shortest)] {
        // The lengths of both sequences and of the bit string.
        for length in [2, modulus - 1, modulus - 5] {
            changed[length] = changed[length].wrapping_add_signed(by);
        }
        assert_eq!(PublicKey::from_der(&changed), Err(expected));
    }
}

#[test]
fn an_rsa_key_without_null_parameters_is_refused() {
    let der = rsa(1024).public_key_to_der().unwrap();
    let null = der.windows(2).position(|window| window == [0x05, 0x00]).unwrap();
    let mut without = der.clone();
    without.drain(null..null + 2);
    without[2] -= 2;
    without[4] -= 2;
    assert_eq!(without[3], 0x30);
    assert!(matches!(
        PublicKey::from_der(&without),
        Err(KeyError::Malformed(_))
    ));
}
