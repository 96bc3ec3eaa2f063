//! Why a signature does not verify.

use std::fmt;

use crate::algorithm::KeyFamily;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Unavailable;

/// Why a signature does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// The algorithm does not work with this kind of key; nothing was computed (T67, T68).
    KeyMismatch {
        /// What the message names.
        algorithm: SignatureAlgorithm,
        /// What the key is.
        key: KeyFamily,
    },
    /// The value is not as long as this algorithm with this key makes it (T69).
    Length {
        /// As it must be, in bytes.
        expected: usize,
        /// As it is, in bytes.
        actual: usize,
    },
    /// r or s is zero or not below the order (T69).
    Range,
    /// An `HMACOutputLength` that is no whole number of bytes, below the floor or above the hash (T66).
    Truncation {
        /// As the message asks, in bits.
        bits: u32,
        /// The least there may be, in bits.
        floor: u32,
    },
    /// The shared secret is empty.
    EmptySecret,
    /// The value is not the signature of this message by this key.
    Mismatch,
    /// The crypto library could not check it.
    Unavailable(Unavailable),
}

impl VerifyError {
    /// Stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyMismatch { .. } => "dsig.key_mismatch",
            Self::Length { .. } => "dsig.signature_length",
            Self::Range => "dsig.signature_range",
            Self::Truncation { .. } => "dsig.hmac_truncated",
            Self::EmptySecret => "dsig.empty_secret",
            Self::Mismatch => "dsig.signature_mismatch",
            Self::Unavailable(error) => error.code(),
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::KeyMismatch { .. } | Self::Mismatch => Some("XML Signature 1.1 §3.2.2"),
            Self::Length { .. } | Self::Range => Some("XML Signature 1.1 §6.4"),
            Self::Truncation { .. } => Some("XML Signature 1.1 §6.3.1"),
            Self::EmptySecret | Self::Unavailable(_) => None,
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMismatch { algorithm, key } => {
                write!(
                    f,
                    "the algorithm {algorithm} does not work with a key of the kind {key}"
                )
            }
            Self::Length { expected, actual } => {
                write!(
                    f,
                    "the signature value has {actual} bytes where algorithm and key make {expected}"
                )
            }
            Self::Range => f.write_str("r or s of the signature value is zero or not below the order"),
            Self::Truncation { bits, floor } => {
                write!(
                    f,
                    "an HMAC of {bits} bits is not allowed; whole bytes from {floor} bits up to the hash are"
                )
            }
            Self::EmptySecret => f.write_str("the shared secret is empty"),
            Self::Mismatch => f.write_str("the signature value is not one of this content by this key"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<Unavailable> for VerifyError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}
