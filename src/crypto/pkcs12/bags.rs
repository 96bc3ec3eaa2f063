//! The private keys of a PKCS#12 file, one by one: the library gives the first of them and passes over the others.

use zeroize::Zeroizing;

use super::Pkcs12Error;
use super::encryption;
use crate::crypto::ber;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;

/// The most bags in bags.
const MAX_DEPTH: usize = 16;

/// BMPString (X.690 §8.23.7).
const BMP_STRING: u8 = 0x1e;

/// A private key as it stands in the file.
pub(super) struct KeyBag {
    pub(super) value: Value,
    /// What the file calls it (PKCS#9 friendlyName).
    pub(super) friendly_name: Option<String>,
}

/// What a bag of a key holds (RFC 7292 §4.2.1, §4.2.2).
pub(super) enum Value {
    PrivateKeyInfo(Zeroizing<Vec<u8>>),
    EncryptedPrivateKeyInfo(Vec<u8>),
}

/// Every private key of `file`, in its order. Whether the password is the right one, and the file the one that was written with it, has to be known before.
pub(super) fn keys(file: &[u8], password: &str) -> Result<Vec<KeyBag>, Pkcs12Error> {
    let pfx = ber::to_der(file)?;
    let mut pfx = Reader::whole_sequence(&pfx)?;
    pfx.integer()?;
    let mut content = pfx.sequence()?;
    let (DATA, authenticated) = (der::dotted(content.oid()?).as_str(), octets(&mut content)?) else {
        return Err(Pkcs12Error::Malformed);
    };
    let safes = ber::to_der(authenticated)?;
    let mut safes = Reader::whole_sequence(&safes)?;
    let mut found = Vec::new();
    while !safes.is_empty() {
        let mut safe = safes.sequence()?;
        match der::dotted(safe.oid()?).as_str() {
            DATA => bags(&ber::to_der(octets(&mut safe)?)?, &mut found)?,
            ENCRYPTED_DATA => {
                let mut encrypted = Reader::new(safe.expect(der::context_constructed(0))?);
                bags(&encryption::decrypt(encrypted.sequence()?, password)?, &mut found)?;
            }
            other => return Err(Pkcs12Error::Unsupported(format!("contents of the type {other}"))),
        }
    }
    Ok(found)
}

/// PKCS#7 data and encryptedData (RFC 2315 §14).
const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
/// Bags (RFC 7292 appendix D), and PKCS#9 friendlyName (RFC 2985 §5.5.1).
const KEY: &str = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY: &str = "1.2.840.113549.1.12.10.1.2";
const SAFE_CONTENTS: &str = "1.2.840.113549.1.12.10.1.6";
const FRIENDLY_NAME: &str = "1.2.840.113549.1.9.20";

/// The octets that a ContentInfo of the type data has.
fn octets<'a>(content: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    Reader::new(content.expect(der::context_constructed(0))?).expect(der::OCTET_STRING)
}

/// Adds the keys of SafeContents, also of those in them.
fn bags(contents: &[u8], found: &mut Vec<KeyBag>) -> Result<(), Pkcs12Error> {
    let mut open = vec![Reader::whole_sequence(contents)?];
    while let Some(reader) = open.last_mut() {
        if reader.is_empty() {
            open.pop();
            continue;
        }
        let mut bag = reader.sequence()?;
        let kind = der::dotted(bag.oid()?);
        let value = bag.expect(der::context_constructed(0))?;
        let value = match kind.as_str() {
            KEY => Value::PrivateKeyInfo(Zeroizing::new(value.to_vec())),
            SHROUDED_KEY => Value::EncryptedPrivateKeyInfo(value.to_vec()),
            SAFE_CONTENTS if open.len() < MAX_DEPTH => {
                open.push(Reader::whole_sequence(value)?);
                continue;
            }
            SAFE_CONTENTS => return Err(Pkcs12Error::Malformed),
            // Certificates are the library's; revocation lists and secrets are nobody's here.
            _ => continue,
        };
        found.push(KeyBag {
            value,
            friendly_name: bag.optional(der::SET)?.map_or(Ok(None), friendly_name)?,
        });
    }
    Ok(())
}

/// What the attributes of a bag call it.
fn friendly_name(attributes: &[u8]) -> Result<Option<String>, Malformed> {
    let mut attributes = Reader::new(attributes);
    while !attributes.is_empty() {
        let mut attribute = attributes.sequence()?;
        if der::dotted(attribute.oid()?) != FRIENDLY_NAME {
            continue;
        }
        let value = Reader::new(attribute.expect(der::SET)?).expect(BMP_STRING)?;
        let (pairs, _) = value.as_chunks();
        let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
        return Ok(Some(String::from_utf16_lossy(&units)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::DataEncryptionAlgorithm;
    use crate::crypto::Secret;
    use crate::crypto::encrypt_data;

    fn tlv(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        ber::value(tag, &contents.concat()).unwrap().to_vec()
    }

    fn oid(dotted: &str) -> Vec<u8> {
        tlv(der::OID, &[&der::from_dotted(dotted).unwrap()])
    }

    fn bag(kind: &str, value: &[u8], name: Option<&str>) -> Vec<u8> {
        let name = name.map(|name| {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let attribute = [oid(FRIENDLY_NAME), tlv(der::SET, &[&tlv(BMP_STRING, &[&units])])].concat();
            tlv(der::SET, &[&tlv(der::SEQUENCE, &[&attribute])])
        });
        tlv(
            der::SEQUENCE,
            &[&oid(kind), &tlv(0xa0, &[value]), &name.unwrap_or_default()],
        )
    }

    /// The key `key` in a bag.
    fn key(key: u8, name: Option<&str>) -> Vec<u8> {
        bag(KEY, &[2, 1, key], name)
    }

    fn content(kind: &str, content: &[u8]) -> Vec<u8> {
        tlv(der::SEQUENCE, &[&oid(kind), &tlv(0xa0, &[content])])
    }

    fn safe(bags: &[&[u8]]) -> Vec<u8> {
        content(DATA, &tlv(der::OCTET_STRING, &[&tlv(der::SEQUENCE, bags)]))
    }

    /// The same, encrypted with the password `secret`: PBES2 with PBKDF2, SHA-256 and AES.
    fn encrypted(bags: &[&[u8]]) -> Vec<u8> {
        let mut derived = vec![0; 32];
        let hash = openssl::hash::MessageDigest::sha256();
        openssl::pkcs5::pbkdf2_hmac(b"secret", b"salt", 3, hash, &mut derived).unwrap();
        let plaintext = tlv(der::SEQUENCE, bags);
        let sealed = encrypt_data(
            DataEncryptionAlgorithm::Aes256Cbc,
            &Secret::new(derived),
            &plaintext,
        )
        .unwrap();
        let (iv, ciphertext) = sealed.split_at(16);
        let salt = [tlv(der::OCTET_STRING, &[b"salt"]), vec![2, 1, 3]].concat();
        let hash = tlv(der::SEQUENCE, &[&oid("1.2.840.113549.2.9"), der::NULL]);
        let derivation = [oid("1.2.840.113549.1.5.12"), tlv(der::SEQUENCE, &[&salt, &hash])].concat();
        let cipher = [oid("2.16.840.1.101.3.4.1.42"), tlv(der::OCTET_STRING, &[iv])].concat();
        let parameters = [tlv(der::SEQUENCE, &[&derivation]), tlv(der::SEQUENCE, &[&cipher])].concat();
        let algorithm = [oid("1.2.840.113549.1.5.13"), tlv(der::SEQUENCE, &[&parameters])].concat();
        // In two pieces, as writers of BER have it.
        let (one, other) = ciphertext.split_at(5);
        let pieces = [tlv(der::OCTET_STRING, &[one]), tlv(der::OCTET_STRING, &[other])].concat();
        let info = [
            oid(DATA),
            tlv(der::SEQUENCE, &[&algorithm]),
            tlv(0xa0, &[&pieces]),
        ]
        .concat();
        content(
            ENCRYPTED_DATA,
            &tlv(der::SEQUENCE, &[&[2, 1, 0], &tlv(der::SEQUENCE, &[&info])]),
        )
    }

    fn file(safes: &[&[u8]]) -> Vec<u8> {
        let authenticated = tlv(der::OCTET_STRING, &[&tlv(der::SEQUENCE, safes)]);
        tlv(der::SEQUENCE, &[&[2, 1, 3], &content(DATA, &authenticated)])
    }

    /// The keys of a file, each with what it is called.
    fn told(file: &[u8]) -> Result<Vec<String>, Pkcs12Error> {
        let keys = keys(file, "secret")?;
        let told = keys.iter().map(|bag| {
            let key: &[u8] = match &bag.value {
                Value::PrivateKeyInfo(key) => key,
                Value::EncryptedPrivateKeyInfo(key) => key,
            };
            format!("{} {}", key[2], bag.friendly_name.as_deref().unwrap_or("-"))
        });
        Ok(told.collect())
    }

    #[test]
    fn keys_are_found_wherever_a_file_has_them() {
        let certificate = bag("1.2.840.113549.1.12.10.1.3", &[5, 0], Some("no key"));
        let nested = bag(
            SAFE_CONTENTS,
            &tlv(der::SEQUENCE, &[&key(3, None), &key(4, Some("ä"))]),
            None,
        );
        let shrouded = bag(SHROUDED_KEY, &[2, 1, 5], Some(""));
        let written = file(&[
            &safe(&[&certificate, &key(1, Some("one"))]),
            &encrypted(&[&certificate, &key(2, Some("two")), &key(9, None)]),
            &safe(&[]),
            &safe(&[&nested, &shrouded]),
        ]);
        let all = ["1 one", "2 two", "9 -", "3 -", "4 ä", "5 "];
        assert_eq!(told(&written).unwrap(), all);
        assert_eq!(told(&[written, vec![0; 9]].concat()).unwrap(), all);
    }

    #[test]
    fn lengths_that_a_writer_did_not_know_are_read() {
        let safes = [
            &[0x30, 0x80][..],
            &safe(&[&key(1, Some("one")), &key(2, None)]),
            &[0, 0],
        ]
        .concat();
        let (one, other) = safes.split_at(9);
        let pieces = [tlv(der::OCTET_STRING, &[one]), tlv(der::OCTET_STRING, &[other])].concat();
        let octets = [&[0x24, 0x80][..], &pieces, &[0, 0]].concat();
        let written = [&[0x30, 0x80, 2, 1, 3][..], &content(DATA, &octets), &[0, 0]].concat();
        assert_eq!(told(&written).unwrap(), ["1 one", "2 -"]);
    }

    #[test]
    fn what_cannot_be_looked_into_is_refused() {
        let enveloped = content("1.2.840.113549.1.7.3", &[5, 0]);
        let written = file(&[&safe(&[&key(1, None)]), &enveloped]);
        let refused = "contents of the type 1.2.840.113549.1.7.3".to_owned();
        assert_eq!(told(&written), Err(Pkcs12Error::Unsupported(refused)));
        let deep = |depth| {
            let bags = (0..depth).fold(key(1, None), |inner, _| {
                bag(SAFE_CONTENTS, &tlv(der::SEQUENCE, &[&inner]), None)
            });
            told(&file(&[&safe(&[&bags])]))
        };
        assert_eq!(deep(15), Ok(vec!["1 -".to_owned()]));
        assert_eq!(deep(16), Err(Pkcs12Error::Malformed));
        for written in [
            file(&[&safe(&[&[2, 1, 0]])]),
            file(&[&[2, 1, 0]]),
            tlv(der::SEQUENCE, &[&[2, 1, 3], &content(ENCRYPTED_DATA, &[4, 0])]),
            Vec::new(),
        ] {
            assert_eq!(told(&written), Err(Pkcs12Error::Malformed), "{written:x?}");
        }
        assert!(keys(&file(&[&encrypted(&[&key(1, None)])]), "other").is_err());
    }
}
