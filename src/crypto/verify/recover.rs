use openssl::dsa::DsaSig;
use openssl::ecdsa::EcdsaSig;
use openssl::rsa::Padding;

use crate::algorithm::{DigestAlgorithm, KeyFamily};
use crate::crypto::PublicKey;

/// The digest that an RSA PKCS#1 v1.5 value was made over, and its algorithm (RFC 8017 §9.2); `None` if `signature` is no such
/// value by `key`. For people who ask why a signature does not hold; it verifies nothing.
pub fn recover_digest(key: &PublicKey, signature: &[u8]) -> Option<(DigestAlgorithm, Vec<u8>)> {
    let rsa = key.openssl().rsa().ok()?;
    let length = usize::try_from(rsa.size()).ok()?;
    if signature.len() != length {
        return None;
    }
    let mut info = vec![0; length];
    let written = rsa.public_decrypt(signature, &mut info, Padding::PKCS1).ok()?;
    info.truncate(written);
    HASHES.iter().find_map(|(algorithm, prefix)| {
        let digest = info.strip_prefix(*prefix)?;
        (digest.len() == algorithm.size()).then(|| (*algorithm, digest.to_vec()))
    })
}

/// What stands before the digest (RFC 8017 §9.2 note 1).
const HASHES: [(DigestAlgorithm, &[u8]); 5] = [
    (
        DigestAlgorithm::Sha1,
        &[
            0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
        ],
    ),
    (DigestAlgorithm::Sha224, &sha2(0x2d, 0x04, 0x1c)),
    (DigestAlgorithm::Sha256, &sha2(0x31, 0x01, 0x20)),
    (DigestAlgorithm::Sha384, &sha2(0x41, 0x02, 0x30)),
    (DigestAlgorithm::Sha512, &sha2(0x51, 0x03, 0x40)),
];

const fn sha2(all: u8, number: u8, length: u8) -> [u8; 19] {
    [
        0x30, all, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number, 0x05,
        0x00, 0x04, length,
    ]
}

/// The raw r‖s of an ECDSA or DSA value in ASN.1 DER; `None` if it is none. For people who ask why a signature does not hold.
pub fn raw_signature_value(key: &PublicKey, der: &[u8]) -> Option<Vec<u8>> {
    let size = i32::try_from(key.order().len()).ok()?;
    let numbers = match key.kind().family() {
        KeyFamily::Ec => {
            let value = EcdsaSig::from_der(der).ok()?;
            [value.r().to_vec_padded(size), value.s().to_vec_padded(size)]
        }
        KeyFamily::Dsa => {
            let value = DsaSig::from_der(der).ok()?;
            [value.r().to_vec_padded(size), value.s().to_vec_padded(size)]
        }
        KeyFamily::Rsa | KeyFamily::Ed25519 | KeyFamily::Hmac => return None,
    };
    let [Ok(r), Ok(s)] = numbers else {
        return None;
    };
    Some([r, s].concat())
}
