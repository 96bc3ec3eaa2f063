use clap::ValueEnum;

use crate::algorithm::CanonicalizationAlgorithm;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::threat::{Mode, Modes};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// Judge a SOAP message, as the gateway does
    Verify,
    /// Judge the signatures in an XML document
    Dsig,
    /// Judge a SAML document
    Saml,
    /// Sign a SOAP message
    Sign,
    /// Canonicalize a document
    C14n,
    /// Read a document
    Parse,
}

/// What becomes of threats in what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThreatMode {
    /// As on a gateway that says nothing of them: XInclude is refused, the others are told under `warnings`
    Gateway,
    /// They are told under `warnings`
    Observe,
    /// The message is refused for the first
    Block,
}

impl From<ThreatMode> for Modes {
    fn from(mode: ThreatMode) -> Self {
        match mode {
            ThreatMode::Gateway => Self::default(),
            ThreatMode::Observe => Self::all(Mode::Observe),
            ThreatMode::Block => Self::all(Mode::Block),
        }
    }
}

/// What of a SAML document is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SamlPartName {
    /// The message, assertion or metadata at its root
    Document,
    /// The assertion in a Response
    Assertion,
    /// The assertion, and then the Response
    Both,
}

/// How a browser carries a SAML message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BindingName {
    /// HTTP-POST: the form, as application/x-www-form-urlencoded
    Post,
    /// HTTP-Redirect: the query string, which has the signature
    Redirect,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object an event
    Json,
    /// One line an event
    Text,
}

/// How a message says which key signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyReferenceName {
    /// The certificate goes along in a BinarySecurityToken
    Token,
    /// The certificate goes along with its path (X509PKIPathv1)
    Path,
    /// By SHA-1 of the certificate
    Thumbprint,
    /// By its SubjectKeyIdentifier
    Ski,
    /// By its issuer and serial number
    IssuerSerial,
}

/// How an encrypted SOAP message says to whose key it is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecipientReferenceName {
    /// By SHA-1 of the certificate
    Thumbprint,
    /// By its SubjectKeyIdentifier
    Ski,
    /// By its issuer and serial number
    IssuerSerial,
}

/// How a key is encrypted to an RSA key. RSA 1.5 is read and never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyTransportName {
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-256
    RsaOaepSha256,
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-1, for older stacks
    RsaOaepSha256Mgf1Sha1,
    /// RSA-OAEP with SHA-1, for the oldest
    RsaOaepMgf1p,
}

/// [`DataEncryptionAlgorithm`] by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataEncryptionName(pub(crate) DataEncryptionAlgorithm);

impl ValueEnum for DataEncryptionName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [DataEncryptionName; 7] = [
            DataEncryptionName(DataEncryptionAlgorithm::Aes256Gcm),
            DataEncryptionName(DataEncryptionAlgorithm::Aes192Gcm),
            DataEncryptionName(DataEncryptionAlgorithm::Aes128Gcm),
            DataEncryptionName(DataEncryptionAlgorithm::Aes256Cbc),
            DataEncryptionName(DataEncryptionAlgorithm::Aes192Cbc),
            DataEncryptionName(DataEncryptionAlgorithm::Aes128Cbc),
            DataEncryptionName(DataEncryptionAlgorithm::TripleDesCbc),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

/// [`SignatureAlgorithm`] by its short name: those that we sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SigningAlgorithmName(pub(crate) SignatureAlgorithm);

impl ValueEnum for SigningAlgorithmName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [SigningAlgorithmName; 13] = [
            SigningAlgorithmName(SignatureAlgorithm::RsaSha256),
            SigningAlgorithmName(SignatureAlgorithm::RsaSha384),
            SigningAlgorithmName(SignatureAlgorithm::RsaSha512),
            SigningAlgorithmName(SignatureAlgorithm::RsaPssSha256),
            SigningAlgorithmName(SignatureAlgorithm::RsaPssSha384),
            SigningAlgorithmName(SignatureAlgorithm::RsaPssSha512),
            SigningAlgorithmName(SignatureAlgorithm::EcdsaSha256),
            SigningAlgorithmName(SignatureAlgorithm::EcdsaSha384),
            SigningAlgorithmName(SignatureAlgorithm::EcdsaSha512),
            SigningAlgorithmName(SignatureAlgorithm::Ed25519),
            SigningAlgorithmName(SignatureAlgorithm::HmacSha256),
            SigningAlgorithmName(SignatureAlgorithm::HmacSha384),
            SigningAlgorithmName(SignatureAlgorithm::HmacSha512),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

/// [`CanonicalizationAlgorithm`] by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CanonicalizationName(pub(crate) CanonicalizationAlgorithm);

impl ValueEnum for CanonicalizationName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [CanonicalizationName; 6] = [
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive10),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive10WithComments),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive11),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive11WithComments),
            CanonicalizationName(CanonicalizationAlgorithm::Exclusive),
            CanonicalizationName(CanonicalizationAlgorithm::ExclusiveWithComments),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}
