use super::RedactError;
use super::mask::Mask;
use crate::algorithm::{KeyFamily, SignatureAlgorithm};
use crate::crypto::{self, Curve, PrivateKey, PublicKey, SignError, encode_base64};
use crate::explain::explanation::{Explanation, ValueExplanation};
use crate::explain::value::{Encoding, Origin};

/// A key that is made for one case and forgotten.
pub(super) struct Throwaway {
    key: PrivateKey,
    family: Option<KeyFamily>,
}

impl Throwaway {
    /// A key for the signatures of a message, which have to be of one family.
    pub(super) fn of(explanation: &Explanation) -> Result<Self, RedactError> {
        let methods = explanation
            .signatures
            .iter()
            .map(|signature| signature.value.algorithm);
        let mut family = None;
        for uri in methods {
            let known = SignatureAlgorithm::ALL.iter().find(|method| method.uri() == uri);
            let of_method = known.map(|method| method.family());
            if family.is_some() && family != of_method {
                return Err(RedactError::Algorithm(uri));
            }
            family = of_method;
            if !matches!(family, Some(KeyFamily::Rsa | KeyFamily::Ec)) {
                return Err(RedactError::Algorithm(uri));
            }
        }
        Ok(Self {
            key: generate(family)?,
            family,
        })
    }

    /// The key that the case is explained with.
    pub(super) fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// A value over `octets` that came about as that of `explained`. `mask` knows the digests of the message, and those that stand for them.
    pub(super) fn value(
        &self,
        method: SignatureAlgorithm,
        explained: &ValueExplanation,
        octets: &[u8],
        mask: &mut Mask<'_>,
    ) -> Result<Vec<u8>, RedactError> {
        let sign = |method: SignatureAlgorithm, key: &PrivateKey, octets: &[u8]| {
            let value = crypto::sign(method, &key.clone().into(), octets);
            value.map_err(|error: SignError| match error.code() {
                "crypto.unavailable" => RedactError::Machine(error.to_string()),
                _ => RedactError::Algorithm(method.uri()),
            })
        };
        Ok(match &explained.origin {
            Origin::Meant => sign(method, &self.key, octets)?,
            Origin::Method(other) => sign(*other, &self.key, octets)?,
            Origin::OtherKey => sign(method, &generate(self.family)?, octets)?,
            Origin::Encoded(encoding) => encoded(*encoding, &sign(method, &self.key, octets)?),
            Origin::Over(signed) => {
                let signed = mask.masked(&String::from_utf8_lossy(signed));
                sign(method, &self.key, signed.as_bytes())?
            }
            Origin::Elsewhere => sign(method, &self.key, b"another SignedInfo")?,
            Origin::Length(length) => {
                let mut value = sign(method, &self.key, octets)?;
                value.resize(
                    if *length < value.len() {
                        *length
                    } else {
                        value.len().saturating_add(1)
                    },
                    0,
                );
                value
            }
        })
    }
}

/// A key of this family.
fn generate(family: Option<KeyFamily>) -> Result<PrivateKey, RedactError> {
    let made = match family {
        Some(KeyFamily::Ec) => PrivateKey::generate_ec(Curve::P256),
        _ => PrivateKey::generate_rsa(2048),
    };
    made.map_err(|error| RedactError::Machine(error.to_string()))
}

fn encoded(encoding: Encoding, value: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Der => {
            let (r, s) = value.split_at(value.len() / 2);
            let numbers = [der_integer(r), der_integer(s)].concat();
            let length = u8::try_from(numbers.len()).unwrap_or(u8::MAX);
            [vec![0x30, length], numbers].concat()
        }
        Encoding::Reversed => value.iter().rev().copied().collect(),
        Encoding::Base64 => encode_base64(value).into_bytes(),
        Encoding::Hexadecimal => value
            .iter()
            .flat_map(|byte| format!("{byte:02x}").into_bytes())
            .collect(),
    }
}

/// A number of P-256, which is short enough for one byte of length.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let sign = digits.first().is_none_or(|first| *first >= 0x80).then_some(0);
    let content: Vec<u8> = sign.into_iter().chain(digits.iter().copied()).collect();
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [vec![2, length], content].concat()
}
