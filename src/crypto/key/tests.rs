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
        (&p, &p, &g, &y),
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

/// A value in DER: its tag, its length, its contents.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = match length {
        0..=127 => vec![tag, u8::try_from(length).unwrap()],
        128..=255 => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => vec![
            tag,
            0x82,
            u8::try_from(length >> 8).unwrap(),
            u8::try_from(length & 0xff).unwrap(),
        ],
    };
    [header, contents.to_vec()].concat()
}

const RSA_ALGORITHM: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const P256_ALGORITHM: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// A SubjectPublicKeyInfo of an algorithm and a key, with `after` at its end.
fn spki(algorithm: &[u8], key: &[u8], after: &[u8]) -> Vec<u8> {
    let key = [&[0], key].concat();
    tlv(0x30, &[&tlv(0x30, algorithm), &tlv(0x03, &key), after].concat())
}

#[test]
fn an_rsa_key_has_one_encoding() {
    let rsa = rsa(1024);
    let modulus = tlv(2, &[&[0], &rsa.n().to_vec()[..]].concat());
    let exponent = tlv(2, &[1, 0, 1]);
    let numbers = |parts: &[&[u8]]| tlv(0x30, &parts.concat());
    let good = numbers(&[&modulus, &exponent]);
    let key = PublicKey::from_der(&spki(RSA_ALGORITHM, &good, &[])).unwrap();
    assert_eq!(
        key,
        PublicKey::from_der(&rsa.public_key_to_der().unwrap()).unwrap()
    );

    let malformed = |why: &str| Err(KeyError::Malformed(why.to_owned()));
    let after = malformed("bytes after the end of a value");
    let shortest = malformed("an INTEGER is not in its shortest form");
    let type_ = malformed("a value of another type than expected");
    let null = [5, 0];
    let negative = tlv(2, &rsa.n().to_vec());
    let padded = tlv(2, &[&[0, 0], &rsa.n().to_vec()[..]].concat());
    let without_null = &RSA_ALGORITHM[..11];
    let full_null = [without_null, &[5, 1, 0]].concat();
    let cases = [
        (spki(RSA_ALGORITHM, &good, &null), after.clone()),
        ([spki(RSA_ALGORITHM, &good, &[]), vec![0]].concat(), after.clone()),
        (spki(&[RSA_ALGORITHM, &null].concat(), &good, &[]), after.clone()),
        (
            spki(RSA_ALGORITHM, &[&good[..], &null].concat(), &[]),
            after.clone(),
        ),
        (
            spki(RSA_ALGORITHM, &numbers(&[&modulus, &exponent, &null]), &[]),
            after,
        ),
        (
            spki(RSA_ALGORITHM, &numbers(&[&padded, &exponent]), &[]),
            shortest.clone(),
        ),
        (
            spki(RSA_ALGORITHM, &numbers(&[&modulus, &tlv(2, &[0, 1, 0, 1])]), &[]),
            shortest,
        ),
        (
            spki(RSA_ALGORITHM, &numbers(&[&negative, &exponent]), &[]),
            Err(KeyError::Parameter),
        ),
        (spki(without_null, &good, &[]), type_),
        (spki(&full_null, &good, &[]), malformed("a NULL has contents")),
    ];
    for (der, expected) in cases {
        assert_eq!(PublicKey::from_der(&der), expected, "{der:02x?}");
    }
}

#[test]
fn an_ec_key_has_one_algorithm_identifier() {
    let (group, key) = ec(Nid::X9_62_PRIME256V1);
    let mut context = BigNumContext::new().unwrap();
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    let point = key.public_key().to_bytes(&group, form, &mut context).unwrap();
    assert!(PublicKey::from_der(&spki(P256_ALGORITHM, &point, &[])).is_ok());
    for algorithm in [&[P256_ALGORITHM, &[5, 0]].concat()[..], &P256_ALGORITHM[..9]] {
        let result = PublicKey::from_der(&spki(algorithm, &point, &[]));
        assert!(matches!(result, Err(KeyError::Malformed(_))), "{result:?}");
    }
    let off = PublicKey::from_der(&spki(P256_ALGORITHM, &[&point[..], &[0]].concat(), &[]));
    assert_eq!(off, Err(KeyError::Point));
}

#[test]
fn a_dsa_key_has_one_encoding() {
    let dsa = Dsa::generate(1024).unwrap();
    let numbers = [dsa.p(), dsa.q(), dsa.g()].map(|number| {
        let bytes = number
            .to_vec_padded(number.num_bytes() + i32::from(number.num_bits() % 8 == 0))
            .unwrap();
        tlv(2, &bytes)
    });
    let y = dsa.pub_key();
    let y = y
        .to_vec_padded(y.num_bytes() + i32::from(y.num_bits() % 8 == 0))
        .unwrap();
    let algorithm = |parameters: &[u8]| [b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", parameters].concat();
    let parameters = tlv(0x30, &numbers.concat());
    let good = spki(&algorithm(&parameters), &tlv(2, &y), &[]);
    assert_eq!(good, dsa.public_key_to_der().unwrap());
    assert!(PublicKey::from_der(&good).is_ok());
    // BER: the length of the parameters in one byte more than it needs.
    assert_eq!(parameters[..2], [0x30, 0x82]);
    let longer = [&[0x30, 0x83, 0], &parameters[2..]].concat();
    let result = PublicKey::from_der(&spki(&algorithm(&longer), &tlv(2, &y), &[]));
    assert_eq!(result, Err(KeyError::Malformed("it is not DER".to_owned())));
}

#[test]
fn the_point_at_infinity_is_no_key() {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let infinity = openssl::ec::EcPoint::new(&group).unwrap();
    let key = EcKey::from_public_key(&group, &infinity)
        .and_then(PKey::from_ec_key)
        .unwrap();
    assert_eq!(PublicKey::from_openssl(&key), Err(KeyError::Point));
    assert_eq!(
        PublicKey::from_der(&spki(P256_ALGORITHM, &[0], &[])),
        Err(KeyError::Point)
    );
}

#[test]
fn an_ec_key_is_its_curve_and_point() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let key = crate::crypto::PrivateKey::generate_ec(curve).unwrap();
        let (found, point) = key.public().ec_point().unwrap();
        assert_eq!(found, curve);
        assert_eq!(&PublicKey::from_ec_point(curve, point).unwrap(), key.public());
        assert_eq!(Curve::from_uri(curve.uri()), Some(curve));
    }
}
