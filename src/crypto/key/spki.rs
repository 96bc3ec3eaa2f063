//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of the common keys, read by ourselves: one encoding a key, and a fiftieth of the
//! time that the crypto library's decoders take.

use super::Curve;
use super::KeyError;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;

/// rsaEncryption (RFC 3279 §2.3.1).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const NULL: u8 = 0x05;

/// What a SubjectPublicKeyInfo holds.
pub(super) enum Spki<'a> {
    /// Modulus and exponent, big-endian.
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
    /// A point, uncompressed or compressed, not yet known to be on the curve.
    Ec { curve: Curve, point: &'a [u8] },
    /// A kind that is left to the crypto library.
    Other,
}

impl<'a> Spki<'a> {
    pub(super) fn read(der: &'a [u8]) -> Result<Self, KeyError> {
        let mut spki = Reader::whole_sequence(der)?;
        let mut algorithm = spki.sequence()?;
        let key = spki.expect(der::BIT_STRING)?;
        spki.finish()?;
        let oid = algorithm.oid()?;
        let Some((0, key)) = key.split_first() else {
            return Err(KeyError::Malformed(
                "a key is no whole number of bytes".to_owned(),
            ));
        };
        match oid {
            RSA_ENCRYPTION => {
                if !algorithm.expect(NULL)?.is_empty() {
                    return Err(KeyError::Malformed("a NULL has contents".to_owned()));
                }
                algorithm.finish()?;
                let mut numbers = Reader::whole_sequence(key)?;
                let modulus = positive(numbers.integer()?)?;
                let exponent = positive(numbers.integer()?)?;
                numbers.finish()?;
                Ok(Self::Rsa { modulus, exponent })
            }
            EC_PUBLIC_KEY => {
                if algorithm.peek() == Some(der::SEQUENCE) {
                    return Err(KeyError::ExplicitCurve);
                }
                let name = algorithm.oid()?;
                algorithm.finish()?;
                let curve = Curve::from_oid(name).ok_or_else(|| KeyError::Curve(der::dotted(name)))?;
                Ok(Self::Ec { curve, point: key })
            }
            _ => Ok(Self::Other),
        }
    }
}

impl From<Malformed> for KeyError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.0.to_owned())
    }
}

fn positive(integer: &[u8]) -> Result<&[u8], KeyError> {
    match integer.first() {
        Some(0..=0x7f) => Ok(integer),
        _ => Err(KeyError::Parameter),
    }
}
