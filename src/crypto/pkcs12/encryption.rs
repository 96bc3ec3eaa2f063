//! Contents of a PKCS#12 file that are encrypted as a whole: mostly certificates, and what else somebody put there.

use openssl::hash::MessageDigest;
use openssl::pkcs5;
use openssl::sha;
use zeroize::Zeroizing;

use super::Pkcs12Error;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::crypto::Secret;
use crate::crypto::ber;
use crate::crypto::cipher::decrypt_data;
use crate::crypto::der;
use crate::crypto::der::Reader;

/// The SafeContents that an EncryptedData (RFC 2315 §13) has, as DER.
pub(super) fn decrypt(mut encrypted: Reader<'_>, password: &str) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    encrypted.integer()?;
    let mut info = encrypted.sequence()?;
    info.oid()?;
    let mut algorithm = info.sequence()?;
    // In pieces where the writer did not know how much it would be.
    let ciphertext = match info.optional(der::context_constructed(0))? {
        Some(pieces) => ber::joined(pieces)?,
        None => Zeroizing::new(info.expect(der::context(0))?.to_vec()),
    };
    let name = der::dotted(algorithm.oid()?);
    let parameters = algorithm.sequence()?;
    let derived = match name.as_str() {
        PBES2 => vec![pbes2(parameters, password)?],
        PBE_TRIPLE_DES => pbe_triple_des(parameters, password)?,
        other => return Err(unsupported(other)),
    };
    let contents = derived.into_iter().find_map(|Derived { cipher, key, iv }| {
        let octets = [iv.as_slice(), &ciphertext].concat();
        let contents = Zeroizing::new(decrypt_data(cipher, &key, &octets).ok()?);
        ber::to_der(&contents).ok()
    });
    contents.ok_or(Pkcs12Error::Malformed)
}

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const PBE_TRIPLE_DES: &str = "1.2.840.113549.1.12.1.3";

/// What a password comes to.
struct Derived {
    cipher: DataEncryptionAlgorithm,
    key: Secret,
    iv: Zeroizing<Vec<u8>>,
}

fn unsupported(algorithm: &str) -> Pkcs12Error {
    Pkcs12Error::Unsupported(algorithm.to_owned())
}

/// PBES2 with PBKDF2 (RFC 8018 §6.2, appendix A.2 and A.4).
fn pbes2(mut parameters: Reader<'_>, password: &str) -> Result<Derived, Pkcs12Error> {
    let mut derivation = parameters.sequence()?;
    match der::dotted(derivation.oid()?).as_str() {
        PBKDF2 => {}
        other => return Err(unsupported(other)),
    }
    let mut derivation = derivation.sequence()?;
    let salt = derivation.expect(der::OCTET_STRING)?;
    let iterations = iterations(&mut derivation)?;
    let _key_size = derivation.optional(der::INTEGER)?;
    let hash = match derivation.optional(der::SEQUENCE)? {
        None => MessageDigest::sha1(),
        Some(algorithm) => match der::dotted(Reader::new(algorithm).oid()?).as_str() {
            "1.2.840.113549.2.7" => MessageDigest::sha1(),
            "1.2.840.113549.2.8" => MessageDigest::sha224(),
            "1.2.840.113549.2.9" => MessageDigest::sha256(),
            "1.2.840.113549.2.10" => MessageDigest::sha384(),
            "1.2.840.113549.2.11" => MessageDigest::sha512(),
            other => return Err(unsupported(other)),
        },
    };
    let mut encryption = parameters.sequence()?;
    let cipher = match der::dotted(encryption.oid()?).as_str() {
        "1.2.840.113549.3.7" => DataEncryptionAlgorithm::TripleDesCbc,
        "2.16.840.1.101.3.4.1.2" => DataEncryptionAlgorithm::Aes128Cbc,
        "2.16.840.1.101.3.4.1.22" => DataEncryptionAlgorithm::Aes192Cbc,
        "2.16.840.1.101.3.4.1.42" => DataEncryptionAlgorithm::Aes256Cbc,
        other => return Err(unsupported(other)),
    };
    let iv = encryption.expect(der::OCTET_STRING)?.to_vec().into();
    let mut key = vec![0; cipher.key_size()];
    let iterations = usize::try_from(iterations).map_err(|_| Pkcs12Error::Malformed)?;
    pkcs5::pbkdf2_hmac(password.as_bytes(), salt, iterations, hash, &mut key)
        .map_err(|_| Pkcs12Error::Malformed)?;
    Ok(Derived {
        cipher,
        key: Secret::new(key),
        iv,
    })
}

/// pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C). Of no password there are two readings.
fn pbe_triple_des(mut parameters: Reader<'_>, password: &str) -> Result<Vec<Derived>, Pkcs12Error> {
    let salt = parameters.expect(der::OCTET_STRING)?;
    let iterations = iterations(&mut parameters)?;
    let units = password.encode_utf16().chain([0]);
    let written: Zeroizing<Vec<u8>> = Zeroizing::new(units.flat_map(u16::to_be_bytes).collect());
    let readings = [Some(&written[..]), password.is_empty().then_some(&[][..])];
    let derived = readings.into_iter().flatten().map(|password| Derived {
        cipher: DataEncryptionAlgorithm::TripleDesCbc,
        key: Secret::new(derive(password, salt, KEY, iterations, 24).to_vec()),
        iv: derive(password, salt, IV, iterations, 8),
    });
    Ok(derived.collect())
}

fn iterations(parameters: &mut Reader<'_>) -> Result<u32, Pkcs12Error> {
    let count = der::small_integer(parameters.integer()?)?;
    if count == 0 {
        return Err(Pkcs12Error::Malformed);
    }
    Ok(count)
}

/// What octets are derived for (RFC 7292 appendix B.3).
const KEY: u8 = 1;
const IV: u8 = 2;

/// So many octets of a password, with SHA-1 (RFC 7292 appendix B.2).
fn derive(password: &[u8], salt: &[u8], purpose: u8, iterations: u32, size: usize) -> Zeroizing<Vec<u8>> {
    /// The block of SHA-1, in octets.
    const BLOCK: usize = 64;
    fn filled(octets: &[u8]) -> impl Iterator<Item = u8> {
        let size = octets.len().div_ceil(BLOCK).saturating_mul(BLOCK);
        octets.iter().copied().cycle().take(size)
    }
    let mut input: Zeroizing<Vec<u8>> = Zeroizing::new(filled(salt).chain(filled(password)).collect());
    let mut derived = Zeroizing::new(Vec::new());
    while derived.len() < size {
        let mut hash = sha::Sha1::new();
        hash.update(&[purpose; BLOCK]);
        hash.update(&input);
        let mut hash = hash.finish();
        for _ in 1..iterations {
            hash = sha::sha1(&hash);
        }
        derived.extend_from_slice(&hash);
        let added: Vec<u8> = hash.iter().copied().cycle().take(BLOCK).collect();
        for block in input.chunks_exact_mut(BLOCK) {
            let mut carry = 1_u16;
            for (octet, added) in block.iter_mut().zip(&added).rev() {
                let sum = u16::from(*octet)
                    .wrapping_add(u16::from(*added))
                    .wrapping_add(carry);
                let [high, low] = sum.to_be_bytes();
                (*octet, carry) = (low, u16::from(high));
            }
        }
    }
    derived.truncate(size);
    derived
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::process::Command;

    use super::super::Pkcs12;
    use super::*;

    /// Values of a published set of tests: the password `smeg`.
    #[test]
    fn keys_are_derived_as_others_derive_them() {
        let (password, salt) = (
            b"\0s\0m\0e\0g\0\0",
            [0x0a, 0x58, 0xcf, 0x64, 0x53, 0x0d, 0x82, 0x3f],
        );
        let hex = |octets: &[u8]| {
            octets
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect::<String>()
        };
        assert_eq!(
            hex(&derive(password, &salt, KEY, 1, 24)),
            "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"
        );
        assert_eq!(hex(&derive(password, &salt, IV, 1, 8)), "79993dfe048d3b76");
    }

    #[test]
    fn what_openssl_encrypts_is_looked_into() {
        let algorithms = [
            "PBE-SHA1-3DES",
            "AES-128-CBC",
            "AES-192-CBC",
            "AES-256-CBC",
            "DES-EDE3-CBC",
            "NONE",
        ];
        for (algorithm, password) in algorithms.iter().flat_map(|one| [(one, "secret"), (one, "")]) {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");
            let written = Command::new("openssl")
                .args(["pkcs12", "-export", "-inkey", "bob.key.pem", "-in", "bob.pem"])
                .args(["-certpbe", algorithm, "-keypbe", algorithm, "-passout"])
                .arg(format!("pass:{password}"))
                .current_dir(folder)
                .output()
                .unwrap();
            assert!(written.status.success(), "{algorithm}: {written:?}");
            let opened = Pkcs12::open(&written.stdout, password).unwrap();
            assert_eq!(opened.keys().unwrap().len(), 1, "{algorithm} {password:?}");
            assert!(opened.identity().is_ok());
        }
    }
}
