//! How answers are written, as it is typed.

use schemars::JsonSchema;
use serde::Deserialize;

/// How the answers of a route are written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RouteAnswer {
    /// How their signatures name our certificate.
    #[serde(default)]
    pub(in crate::config) key_reference: KeyReference,
    /// How the content of their bodies is encrypted to the certificate that signed the request, after it was signed. A request that no certificate
    /// signed that can be encrypted to is then refused.
    #[serde(default)]
    pub(in crate::config) encryption: Option<Encryption>,
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
