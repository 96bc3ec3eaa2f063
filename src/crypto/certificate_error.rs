//! Why bytes are no certificate that we would use.

use std::fmt;

use crate::crypto::KeyError;
use crate::crypto::der::Malformed;
use crate::crypto::extensions::ExtensionError;

/// Why bytes are no X.509 certificate, CRL or OCSP response, or not one that can be read in one way only (T43, T146).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateError {
    /// More bytes than any certificate needs.
    TooLong {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Not DER, or not the structure that RFC 5280 §4.1 or §5.1 gives.
    Malformed(&'static str),
    /// The PEM around it cannot be read.
    Pem(&'static str),
    /// The algorithm inside the signed part is another than the one beside the signature.
    AlgorithmsDiffer,
    /// The serial number is longer than 20 octets.
    Serial,
    /// The version is unknown, or has no place for the fields that are there.
    Version,
    /// An extension stands there twice; its OID.
    DuplicateExtension(String),
    /// An extension cannot be read.
    Extension {
        /// Its OID.
        oid: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The key in it is none that we would use.
    Key(KeyError),
    /// A PKIPath with no certificate or too many.
    PathLength {
        /// How many there may be.
        limit: usize,
    },
}

impl CertificateError {
    /// Stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "limit.certificate",
            Self::Malformed(_) | Self::Extension { .. } => "token.certificate_malformed",
            Self::Pem(_) => "token.certificate_pem",
            Self::AlgorithmsDiffer => "token.certificate_algorithms_differ",
            Self::Serial => "token.certificate_serial",
            Self::Version => "token.certificate_version",
            Self::DuplicateExtension(_) => "token.certificate_duplicate_extension",
            Self::Key(error) => error.code(),
            Self::PathLength { .. } => "limit.certificate_path",
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::TooLong { .. } => None,
            Self::Malformed(_) => Some("RFC 5280 §4.1"),
            Self::Pem(_) => Some("RFC 7468 §5.1"),
            Self::AlgorithmsDiffer => Some("RFC 5280 §4.1.1.2"),
            Self::Serial => Some("RFC 5280 §4.1.2.2"),
            Self::Version => Some("RFC 5280 §4.1.2.1"),
            Self::DuplicateExtension(_) | Self::Extension { .. } => Some("RFC 5280 §4.2"),
            Self::Key(error) => error.clause(),
            Self::PathLength { .. } => Some("WSS X.509 Token Profile 1.1 §3.1"),
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, limit } => write!(f, "{bytes} bytes, where {limit} are allowed"),
            Self::Malformed(why) => write!(f, "it is not well-formed: {why}"),
            Self::Pem(why) => write!(f, "the PEM text cannot be read: {why}"),
            Self::AlgorithmsDiffer => {
                f.write_str("the signature algorithm in its signed part is not the one beside its signature")
            }
            Self::Serial => f.write_str("the serial number is longer than 20 octets"),
            Self::Version => f.write_str("its version is unknown or does not fit its fields"),
            Self::DuplicateExtension(oid) => write!(f, "the extension {oid} stands in it twice"),
            Self::Extension { oid, why } => write!(f, "the extension {oid} cannot be read: {why}"),
            Self::Key(error) => error.fmt(f),
            Self::PathLength { limit } => write!(f, "a path of no certificate, or of more than {limit}"),
        }
    }
}

impl std::error::Error for CertificateError {}

impl From<Malformed> for CertificateError {
    fn from(Malformed(why): Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<ExtensionError> for CertificateError {
    fn from(error: ExtensionError) -> Self {
        match error {
            ExtensionError::Duplicate(oid) => Self::DuplicateExtension(oid),
            ExtensionError::Malformed { oid, why } => Self::Extension { oid, why },
        }
    }
}

impl From<KeyError> for CertificateError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
