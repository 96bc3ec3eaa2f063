//! What a policy allows a signature to use.

use super::CanonicalizationAlgorithm as Canonicalization;
use super::DigestAlgorithm as Digest;
use super::PssSalts;
use super::ReferenceForm;
use super::Set;
use super::SignatureAlgorithm as Signature;
use super::TransformAlgorithm as Transform;

/// Whether an HMAC value may be shorter than its hash (`HMACOutputLength`, XML Signature 1.1 §6.3.1; T66).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HmacTruncation {
    /// Any `HMACOutputLength` is refused (BSP 1.1 R5401).
    #[default]
    Refused,
    /// Whole bytes, at least 80 bits and at least half the hash.
    AtLeastHalf,
}

/// How the two numbers of an ECDSA value are written (XML Signature 1.1 §6.4.3).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EcdsaValues {
    /// Each as long as the order of the curve, as the standard has it.
    #[default]
    FullLength,
    /// Also both without leading zeros, equally long, as old Java releases wrote them for P-521.
    OrShorter,
}

/// What a policy allows a signature to use. Plain data; what is in no list is refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permitted {
    /// Signature and MAC algorithms. HMAC algorithms count only for a shared key that was configured.
    pub signatures: Set<Signature>,
    /// Digests of references.
    pub digests: Set<Digest>,
    /// Canonicalizations of SignedInfo.
    pub canonicalizations: Set<Canonicalization>,
    /// Transforms of references.
    pub transforms: Set<Transform>,
    /// Forms that the URI of a reference may take.
    pub references: Set<ReferenceForm>,
    /// Least length of an RSA modulus, and of p in DSA, in bits.
    pub rsa_min_bits: u32,
    /// Whether HMAC values may be truncated.
    #[serde(default)]
    pub hmac_truncation: HmacTruncation,
    /// How ECDSA values may be written.
    #[serde(default)]
    pub ecdsa_values: EcdsaValues,
    /// How long the salt may be that the parameters of RSASSA-PSS give. Its digests are allowed if `digests` has them.
    #[serde(default)]
    pub pss_salts: PssSalts,
}

impl Permitted {
    /// What the profile `strict` allows: SHA-2 from 256 bits, RSA from 2048 bits, exclusive canonicalization,
    /// references by ID.
    pub fn strict() -> Self {
        Self {
            signatures: Set::from([
                Signature::RsaSha256,
                Signature::RsaSha384,
                Signature::RsaSha512,
                Signature::RsaPssSha256,
                Signature::RsaPssSha384,
                Signature::RsaPssSha512,
                Signature::RsaPss,
                Signature::EcdsaSha256,
                Signature::EcdsaSha384,
                Signature::EcdsaSha512,
            ]),
            digests: Set::from([Digest::Sha256, Digest::Sha384, Digest::Sha512]),
            canonicalizations: Set::from([Canonicalization::Exclusive]),
            transforms: Set::from([
                Transform::EnvelopedSignature,
                Transform::Canonicalization(Canonicalization::Exclusive),
            ]),
            references: Set::from([ReferenceForm::SameDocumentId]),
            rsa_min_bits: 2048,
            hmac_truncation: HmacTruncation::Refused,
            ecdsa_values: EcdsaValues::FullLength,
            pss_salts: PssSalts::DigestLength,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn it_survives_toml_and_refuses_fields_it_does_not_know() {
        let text = toml::to_string(&Permitted::strict()).unwrap();
        assert_eq!(toml::from_str::<Permitted>(&text).unwrap(), Permitted::strict());
        assert!(toml::from_str::<Permitted>(&format!("{text}\nskip_verification = true\n")).is_err());
    }

    #[test]
    fn strict_has_no_sha1_and_no_hmac() {
        for signature in Permitted::strict().signatures.iter() {
            assert_ne!(signature.digest(), Some(Digest::Sha1));
            assert_ne!(signature.family(), crate::algorithm::KeyFamily::Hmac);
        }
    }
}
