//! Why a public key is refused.

use std::fmt;

/// Why bytes are no public key that we would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not the encoding it should be: not DER, bytes after the end, not PEM.
    Malformed(String),
    /// A kind of key that no algorithm here takes.
    Unsupported(String),
    /// An elliptic curve other than P-256, P-384 and P-521 (T68).
    Curve(String),
    /// A curve given by its parameters and not by its name (T68; RFC 5480 §2.1.1).
    ExplicitCurve,
    /// A point that is not on its curve, or is the point at infinity.
    Point,
    /// An RSA exponent that is even, below 3 or longer than 256 bits.
    Exponent,
    /// An RSA modulus or DSA parameter that cannot be one: zero, even, or longer than 16,384 bits.
    Parameter,
}

impl KeyError {
    /// Stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "token.key_malformed",
            Self::Unsupported(_) => "token.key_unsupported",
            Self::Curve(_) => "token.key_curve",
            Self::ExplicitCurve => "token.key_explicit_curve",
            Self::Point => "token.key_point",
            Self::Exponent => "token.key_exponent",
            Self::Parameter => "token.key_parameter",
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Malformed(_) => Some("RFC 5280 §4.1.2.7"),
            Self::Curve(_) | Self::Unsupported(_) => Some("XML Signature 1.1 §4.5.2"),
            Self::ExplicitCurve => Some("RFC 5480 §2.1.1"),
            Self::Point => Some("RFC 5480 §2.2"),
            Self::Exponent | Self::Parameter => Some("RFC 8017 §3.1"),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the public key cannot be read: {why}"),
            Self::Unsupported(what) => write!(f, "keys of the kind {what} are not supported"),
            Self::Curve(name) => write!(f, "the curve {name} is none of P-256, P-384, P-521"),
            Self::ExplicitCurve => f.write_str("the curve is given by its parameters and not by its name"),
            Self::Point => f.write_str("the public key is not a point of its curve"),
            Self::Exponent => f.write_str("the RSA exponent is even, below 3 or longer than 256 bits"),
            Self::Parameter => f.write_str("a parameter of the key is zero, even or longer than 16384 bits"),
        }
    }
}

impl std::error::Error for KeyError {}
