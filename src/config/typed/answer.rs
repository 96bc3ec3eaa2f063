//! How answers are written, as it is typed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::algorithm::SignatureAlgorithm;

/// How the answers of a route are written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RouteAnswer {
    /// PEM file: the certificate that they are signed with, if not that of the gateway. Not needed if `key` is PKCS#12, or its token has it.
    #[serde(default)]
    pub(in crate::config) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file, or PKCS#11 URI: the key of the certificate, not readable by everybody.
    #[serde(default)]
    pub(in crate::config) key: Option<PathBuf>,
    /// File with the password of the key.
    #[serde(default)]
    pub(in crate::config) key_password_file: Option<PathBuf>,
    /// What signs them, of what fits the key; with SHA-256, or with the digest that fits the curve of the key, if it is not said.
    #[serde(default)]
    pub(in crate::config) algorithm: Option<AnswerSignature>,
    /// What is signed; all of it, if it is not said. "body" and "timestamp" have to be there, and what binds an answer to its request is signed in any case:
    /// `wsa:RelatesTo` and each SignatureConfirmation.
    #[serde(default)]
    pub(in crate::config) signed: Option<BTreeSet<SignedPart>>,
    /// How their signatures name our certificate.
    #[serde(default)]
    pub(in crate::config) key_reference: KeyReference,
    /// How the content of their bodies is encrypted to the certificate that signed the request, after it was signed. A request that no certificate
    /// signed that can be encrypted to is then refused.
    #[serde(default)]
    pub(in crate::config) encryption: Option<Encryption>,
}

/// A part of an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum SignedPart {
    /// The Body.
    Body,
    /// The Timestamp.
    Timestamp,
    /// The header blocks of WS-Addressing.
    Addressing,
    /// All header blocks.
    Headers,
}

/// What signs answers. Nothing with SHA-1 is there to be chosen.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum AnswerSignature {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// RSASSA-PSS with SHA-256, named as RFC 6931 §2.3.10 has it.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512.
    RsaPssSha512,
    /// ECDSA with SHA-256.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
}

impl AnswerSignature {
    pub(in crate::config) const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::RsaSha256 => SignatureAlgorithm::RsaSha256,
            Self::RsaSha384 => SignatureAlgorithm::RsaSha384,
            Self::RsaSha512 => SignatureAlgorithm::RsaSha512,
            Self::RsaPssSha256 => SignatureAlgorithm::RsaPssSha256,
            Self::RsaPssSha384 => SignatureAlgorithm::RsaPssSha384,
            Self::RsaPssSha512 => SignatureAlgorithm::RsaPssSha512,
            Self::EcdsaSha256 => SignatureAlgorithm::EcdsaSha256,
            Self::EcdsaSha384 => SignatureAlgorithm::EcdsaSha384,
            Self::EcdsaSha512 => SignatureAlgorithm::EcdsaSha512,
        }
    }
}

/// How answers are encrypted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Encryption {
    /// With what.
    #[serde(default)]
    pub(in crate::config) algorithm: DataEncryption,
    /// How the key for that is encrypted to an RSA key; for an EC key it is ECDH-ES.
    #[serde(default)]
    pub(in crate::config) key_transport: KeyTransport,
    /// How the receiver learns which of its keys is meant.
    #[serde(default)]
    pub(in crate::config) recipient_reference: RecipientReference,
}

/// How a signature names the certificate of its key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum KeyReference {
    /// The certificate goes along in a BinarySecurityToken.
    #[default]
    Token,
    /// By SHA-1 of the certificate.
    Thumbprint,
    /// By the SubjectKeyIdentifier of the certificate.
    Ski,
    /// By issuer and serial number.
    IssuerSerial,
}

/// How a recipient learns which of its keys is meant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RecipientReference {
    /// By SHA-1 of the certificate.
    #[default]
    Thumbprint,
    /// By the SubjectKeyIdentifier of the certificate.
    Ski,
    /// By issuer and serial number.
    IssuerSerial,
}

/// What encrypts content. Only what notices a change.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::enum_variant_names, reason = "the names of the standard")]
pub(in crate::config) enum DataEncryption {
    /// AES-GCM with 128 bits.
    Aes128Gcm,
    /// AES-GCM with 192 bits.
    Aes192Gcm,
    /// AES-GCM with 256 bits.
    #[default]
    Aes256Gcm,
}

/// How a key is encrypted to an RSA key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum KeyTransport {
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-256.
    #[default]
    RsaOaepSha256,
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-1, for older stacks.
    RsaOaepSha256Mgf1Sha1,
    /// RSA-OAEP with SHA-1, for the oldest.
    RsaOaepMgf1p,
}
