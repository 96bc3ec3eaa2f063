use std::fs;
use std::sync::LazyLock;

use bytes::Bytes;
use sealgate::algorithm::{
    DataEncryptionAlgorithm as Data, DigestAlgorithm, KeyWrapAlgorithm, MaskGeneration,
};
use sealgate::crypto::{Oaep, PrivateKey, Secret, encode_base64, encrypt_data, encrypt_oaep, wrap_key};
use sealgate::inbound::{DecryptionRules, Keyring, NamedSecret, decrypt_document};
use sealgate::policy::Profile;
use sealgate::xml::Namespace;
use sealgate::xmlenc::Plaintext;

use crate::support;

/// What strict rules decrypt, lenient ones decrypt to the same.
pub(super) fn decrypt(data: &[u8]) {
    static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
        let mut keyring = Keyring::new();
        keyring.add_private(own_key(), &[]);
        for length in [16, 24, 32] {
            keyring.add_secret(NamedSecret {
                name: Some(format!("k{length}")),
                secret: secret(length),
            });
        }
        keyring
    });
    let decrypted = |profile: Profile| {
        let rules = DecryptionRules {
            policy: &profile.policy(),
            id_attributes: &[],
        };
        match decrypt_document(Bytes::copy_from_slice(data), &KEYRING, &rules) {
            Ok(Plaintext::Document(decrypted)) => Some(decrypted.document.bytes().to_vec()),
            Ok(Plaintext::Octets(octets)) => Some(octets),
            Err(_) => None,
        }
    };
    let lenient = decrypted(Profile::ArchiveVerify);
    if let Some(strict) = decrypted(Profile::Strict) {
        assert_eq!(Some(strict), lenient);
    }
}

/// Elements, content and octets, encrypted in every way. No two runs make the same.
pub(super) fn encrypted() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for data in Data::ALL.iter().copied() {
        for kind in [
            "http://www.w3.org/2001/04/xmlenc#Element",
            "http://www.w3.org/2001/04/xmlenc#Content",
            "",
        ] {
            let key = secret(data.key_size());
            let name = format!("<ds:KeyName>k{}</ds:KeyName>", key.len());
            for key_info in [name, transported(&key), wrapped(&key)] {
                seeds.push(document(data, kind, &key_info, &key).into_bytes());
            }
        }
    }
    seeds
}

fn document(data: Data, kind: &str, key_info: &str, key: &Secret) -> String {
    let plaintext = br#"<p:card xmlns:p="urn:p" Id="c">4111 &amp; 1111</p:card>"#;
    let kind = if kind.is_empty() {
        String::new()
    } else {
        format!(" Type='{kind}'")
    };
    format!(
        "<r><e:EncryptedData xmlns:e='{}' xmlns:ds='{}'{kind}><e:EncryptionMethod Algorithm='{}'/>\
         <ds:KeyInfo>{key_info}</ds:KeyInfo><e:CipherData><e:CipherValue>{}</e:CipherValue></e:CipherData></e:EncryptedData></r>",
        Namespace::XENC.uri(),
        Namespace::DS.uri(),
        data.uri(),
        encode_base64(&encrypt_data(data, key, plaintext).unwrap()),
    )
}

fn transported(key: &Secret) -> String {
    let parameters = Oaep {
        digest: DigestAlgorithm::Sha256,
        mask: MaskGeneration::Mgf1Sha256,
        label: Vec::new(),
    };
    let method = format!(
        "<e:EncryptionMethod Algorithm='http://www.w3.org/2009/xmlenc11#rsa-oaep'><ds:DigestMethod Algorithm='{}'/>\
         <e11:MGF xmlns:e11='{}' Algorithm='{}'/></e:EncryptionMethod>",
        parameters.digest.uri(),
        Namespace::XENC11.uri(),
        parameters.mask.uri(),
    );
    encrypted_key(
        &method,
        &encrypt_oaep(own_key().public(), &parameters, key).unwrap(),
    )
}

fn wrapped(key: &Secret) -> String {
    let wrap = KeyWrapAlgorithm::Aes256;
    let method = format!(
        "<e:EncryptionMethod Algorithm='{}'/><ds:KeyInfo><ds:KeyName>k32</ds:KeyName></ds:KeyInfo>",
        wrap.uri()
    );
    encrypted_key(&method, &wrap_key(wrap, &secret(32), key).unwrap())
}

fn encrypted_key(method: &str, ciphertext: &[u8]) -> String {
    let value = encode_base64(ciphertext);
    format!(
        "<e:EncryptedKey>{method}<e:CipherData><e:CipherValue>{value}</e:CipherValue></e:CipherData></e:EncryptedKey>"
    )
}

fn own_key() -> PrivateKey {
    let pem = fs::read(support::fixtures().join("keys/gateway.key.pem")).unwrap();
    PrivateKey::from_pem(&pem, None).unwrap()
}

fn secret(length: usize) -> Secret {
    Secret::new((1..=32).take(length).collect())
}
