//! Which algorithms a policy lets encryption use. Asked before a private key is touched (T80).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DataEncryptionAlgorithm;
use super::DigestAlgorithm;
use super::KeyWrapAlgorithm;
use super::MaskGeneration;

/// Which algorithms encryption may use. AES key wrap may be used always, and that of Triple DES where its cipher may.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionRules {
    /// Key transport.
    pub key_transport: Vec<KeyTransport>,
    /// Key agreement.
    #[serde(default)]
    pub key_agreement: Vec<KeyAgreement>,
    /// Data ciphers; those without authentication only where a trusted signature covers the ciphertext.
    pub data: Vec<DataCipher>,
}

/// How a key is transported.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyTransport {
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-256.
    RsaOaepSha256,
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-1.
    RsaOaepSha256Mgf1Sha1,
    /// RSA-OAEP with SHA-1 (`rsa-oaep-mgf1p`).
    RsaOaepMgf1p,
    /// RSA-OAEP with any digest and mask generation function.
    RsaOaep,
    /// RSA PKCS#1 v1.5, with implicit rejection, only below a verified signature.
    Rsa15,
}

/// How a key is agreed on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAgreement {
    /// ECDH-ES with ConcatKDF over SHA-256, SHA-384 or SHA-512.
    EcdhEsSha2,
    /// ECDH-ES with ConcatKDF over any digest.
    EcdhEs,
}

/// How data is encrypted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataCipher {
    /// AES-128, -192 and -256 in GCM.
    AesGcm,
    /// AES-128, -192 and -256 in CBC.
    AesCbc,
    /// Triple DES in CBC.
    TripleDesCbc,
}

impl EncryptionRules {
    /// Whether data may be encrypted so.
    pub fn permits_data(&self, algorithm: DataEncryptionAlgorithm) -> bool {
        use DataEncryptionAlgorithm as Algorithm;
        self.data.contains(&match algorithm {
            Algorithm::Aes128Gcm | Algorithm::Aes192Gcm | Algorithm::Aes256Gcm => DataCipher::AesGcm,
            Algorithm::Aes128Cbc | Algorithm::Aes192Cbc | Algorithm::Aes256Cbc => DataCipher::AesCbc,
            Algorithm::TripleDesCbc => DataCipher::TripleDesCbc,
        })
    }

    /// Whether a key may be wrapped so.
    pub fn permits_wrap(&self, algorithm: KeyWrapAlgorithm) -> bool {
        match algorithm {
            KeyWrapAlgorithm::Aes128 | KeyWrapAlgorithm::Aes192 | KeyWrapAlgorithm::Aes256 => true,
            KeyWrapAlgorithm::TripleDes => self.data.contains(&DataCipher::TripleDesCbc),
        }
    }

    /// Whether a key may be transported by RSA-OAEP with these.
    pub fn permits_oaep(&self, digest: DigestAlgorithm, mask: MaskGeneration) -> bool {
        let named = match (digest, mask) {
            (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha256) => Some(KeyTransport::RsaOaepSha256),
            (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha1) => Some(KeyTransport::RsaOaepSha256Mgf1Sha1),
            (DigestAlgorithm::Sha1, MaskGeneration::Mgf1Sha1) => Some(KeyTransport::RsaOaepMgf1p),
            _ => None,
        };
        let permitted = |transport| self.key_transport.contains(&transport);
        named.is_some_and(permitted) || permitted(KeyTransport::RsaOaep)
    }

    /// Whether a key may be transported by RSA PKCS#1 v1.5.
    pub fn permits_rsa_1_5(&self) -> bool {
        self.key_transport.contains(&KeyTransport::Rsa15)
    }

    /// Whether a key may be agreed on by ECDH-ES with ConcatKDF over `digest`.
    pub fn permits_ecdh_es(&self, digest: DigestAlgorithm) -> bool {
        let is_sha2 = matches!(
            digest,
            DigestAlgorithm::Sha256 | DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512
        );
        let permitted = |agreement| self.key_agreement.contains(&agreement);
        permitted(KeyAgreement::EcdhEs) || is_sha2 && permitted(KeyAgreement::EcdhEsSha2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(transport: KeyTransport, agreement: KeyAgreement, data: DataCipher) -> EncryptionRules {
        EncryptionRules {
            key_transport: vec![transport],
            key_agreement: vec![agreement],
            data: vec![data],
        }
    }

    #[test]
    fn each_name_permits_what_it_says_and_nothing_else() {
        use DigestAlgorithm as Digest;
        use MaskGeneration as Mask;
        let combinations = || {
            Digest::ALL
                .iter()
                .flat_map(|digest| Mask::ALL.iter().map(move |mask| (*digest, *mask)))
        };
        let oaep = |transport| {
            let rules = rules(transport, KeyAgreement::EcdhEsSha2, DataCipher::AesGcm);
            combinations()
                .filter(|(digest, mask)| rules.permits_oaep(*digest, *mask))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            oaep(KeyTransport::RsaOaepSha256),
            [(Digest::Sha256, Mask::Mgf1Sha256)]
        );
        assert_eq!(
            oaep(KeyTransport::RsaOaepSha256Mgf1Sha1),
            [(Digest::Sha256, Mask::Mgf1Sha1)]
        );
        assert_eq!(oaep(KeyTransport::RsaOaepMgf1p), [(Digest::Sha1, Mask::Mgf1Sha1)]);
        assert_eq!(oaep(KeyTransport::RsaOaep).len(), combinations().count());
        assert_eq!(oaep(KeyTransport::Rsa15), []);
    }

    #[test]
    fn old_digests_and_ciphers_are_permitted_by_name_only() {
        let strict = rules(
            KeyTransport::RsaOaepSha256,
            KeyAgreement::EcdhEsSha2,
            DataCipher::AesGcm,
        );
        let old = rules(
            KeyTransport::Rsa15,
            KeyAgreement::EcdhEs,
            DataCipher::TripleDesCbc,
        );
        assert!(!strict.permits_rsa_1_5() && old.permits_rsa_1_5());
        assert!(!strict.permits_ecdh_es(DigestAlgorithm::Sha1) && old.permits_ecdh_es(DigestAlgorithm::Sha1));
        assert!(strict.permits_ecdh_es(DigestAlgorithm::Sha384));
        assert!(!strict.permits_wrap(KeyWrapAlgorithm::TripleDes));
        assert!(old.permits_wrap(KeyWrapAlgorithm::TripleDes) && old.permits_wrap(KeyWrapAlgorithm::Aes128));
        for algorithm in DataEncryptionAlgorithm::ALL {
            assert_eq!(strict.permits_data(*algorithm), algorithm.is_authenticated());
        }
    }
}
