//! Kinds of keys, and how strong they are.

use std::fmt;

use openssl::nid::Nid;

use crate::algorithm::KeyFamily;

/// An elliptic curve that ECDSA may use (FIPS 186-4 §D.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// P-256, secp256r1.
    P256,
    /// P-384, secp384r1.
    P384,
    /// P-521, secp521r1.
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The URI that names it in an ECKeyValue (XML Signature 1.1 §4.5.2.3.1).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::P256 => "urn:oid:1.2.840.10045.3.1.7",
            Self::P384 => "urn:oid:1.3.132.0.34",
            Self::P521 => "urn:oid:1.3.132.0.35",
        }
    }

    /// The curve that this URI names.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.uri() == uri)
    }

    /// The curve that the contents of this OBJECT IDENTIFIER name (RFC 5480 §2.1.1.1).
    pub(super) fn from_oid(contents: &[u8]) -> Option<Self> {
        match contents {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Some(Self::P256),
            [0x2b, 0x81, 0x04, 0x00, 0x22] => Some(Self::P384),
            [0x2b, 0x81, 0x04, 0x00, 0x23] => Some(Self::P521),
            _ => None,
        }
    }

    /// Length of a coordinate, and of each half of a signature, in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Length of its order in bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    pub(super) const fn nid(self) -> Nid {
        match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::P384 => Nid::SECP384R1,
            Self::P521 => Nid::SECP521R1,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        })
    }
}

/// What kind of public key it is, and how strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
    /// A point of this curve.
    Ec(Curve),
    /// DSA with a p of so many bits.
    Dsa {
        /// Length of p in bits.
        bits: u32,
    },
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    /// The algorithms it may be used with.
    pub const fn family(self) -> KeyFamily {
        match self {
            Self::Rsa { .. } => KeyFamily::Rsa,
            Self::Ec(_) => KeyFamily::Ec,
            Self::Dsa { .. } => KeyFamily::Dsa,
            Self::Ed25519 => KeyFamily::Ed25519,
        }
    }

    /// Length of the modulus (RSA), of p (DSA) or of the order of the curve, in bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa { bits } | Self::Dsa { bits } => bits,
            Self::Ec(curve) => curve.bits(),
            Self::Ed25519 => 253,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits} bits"),
            Self::Ec(curve) => write!(f, "EC {curve}"),
            Self::Dsa { bits } => write!(f, "DSA {bits} bits"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}
