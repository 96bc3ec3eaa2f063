//! Parameters of RSASSA-PSS.

use super::DigestAlgorithm;

/// What a signature by [`SignatureAlgorithm::RsaPss`](super::SignatureAlgorithm::RsaPss) says about itself (RFC 9231 §2.3.9). The mask
/// generation function is MGF1 and the trailer field 1; there is nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PssParameters {
    /// The digest of the message.
    pub digest: DigestAlgorithm,
    /// The digest that MGF1 is built on.
    pub mask_digest: DigestAlgorithm,
    /// Length of the salt in bytes.
    pub salt_length: u32,
}

impl PssParameters {
    /// What holds where a signature says nothing: SHA-256 twice, and a salt as long as that.
    pub const DEFAULT: Self = Self {
        digest: DigestAlgorithm::Sha256,
        mask_digest: DigestAlgorithm::Sha256,
        salt_length: 32,
    };

    /// The fixed parameters of the other family of names: one digest for both, and a salt as long as it (RFC 9231 §2.3.10).
    pub fn of(digest: DigestAlgorithm) -> Self {
        Self {
            digest,
            mask_digest: digest,
            salt_length: u32::try_from(digest.size()).unwrap_or(u32::MAX),
        }
    }
}

/// How long the salt of RSASSA-PSS may be that its parameters give.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PssSalts {
    /// As long as the digest, as RSASSA-PSS without parameters has it (RFC 9231 §2.3.10).
    #[default]
    DigestLength,
    /// That or shorter, as FIPS 186-5 §5.4 allows.
    OrShorter,
}

impl PssSalts {
    /// Whether a salt of `parameters` may be as long as it is.
    pub fn allow(self, parameters: PssParameters) -> bool {
        let digest = u32::try_from(parameters.digest.size()).unwrap_or(0);
        match self {
            Self::DigestLength => parameters.salt_length == digest,
            Self::OrShorter => parameters.salt_length <= digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_never_longer_than_the_digest() {
        let of = |salt_length| PssParameters {
            salt_length,
            ..PssParameters::DEFAULT
        };
        let allowed = |salts: PssSalts| [0, 20, 31, 32, 33, u32::MAX].map(|length| salts.allow(of(length)));
        assert_eq!(
            allowed(PssSalts::DigestLength),
            [false, false, false, true, false, false]
        );
        assert_eq!(
            allowed(PssSalts::OrShorter),
            [true, true, true, true, false, false]
        );
    }
}
