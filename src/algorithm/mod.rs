//! Closed sets of algorithms: what a message may name, what we call it, and what a policy allows.
//!
//! A message names algorithms by URI. [`DigestAlgorithm::from_uri`] and its siblings are the only way from such a
//! URI to something that can be computed, so an algorithm that is not listed here cannot be reached, whatever the
//! message says, and there is no default for one that is unknown (threat T49). MD5, RIPEMD-160, XPath, XSLT
//! and the `none` of other formats are absent on purpose.
//!
//! Sources of the URIs: XML Signature 1.0 and 1.1, RFC 6931, RFC 9231, Canonical XML 1.0 and 1.1, Exclusive
//! Canonicalization 1.0, XML Encryption 1.1, WS-Security 1.1 §8.3.

mod canonicalization;
mod digest;
mod encryption;
mod encryption_rules;
mod jws;
mod permitted;
mod pss;
mod set;
mod signature;

pub use canonicalization::CanonicalizationAlgorithm;
pub use canonicalization::ReferenceForm;
pub use canonicalization::TransformAlgorithm;
pub use digest::DigestAlgorithm;
pub use encryption::DataEncryptionAlgorithm;
pub use encryption::KeyAgreementAlgorithm;
pub use encryption::KeyDerivationAlgorithm;
pub use encryption::KeyTransportAlgorithm;
pub use encryption::KeyWrapAlgorithm;
pub use encryption::MaskGeneration;
pub use encryption_rules::DataCipher;
pub use encryption_rules::EncryptionRules;
pub use encryption_rules::KeyAgreement;
pub use encryption_rules::KeyTransport;
pub use permitted::EcdsaValues;
pub use permitted::HmacTruncation;
pub use permitted::Permitted;
pub use pss::PssParameters;
pub use pss::PssSalts;
pub use set::Set;
pub use set::SetMember;
pub use signature::KeyFamily;
pub use signature::SignatureAlgorithm;
pub use signature::SignatureScheme;

/// Declares a closed set of algorithms: each variant with its short name (configuration, output) and its URI.
macro_rules! algorithms {
    (
        $(#[$meta:meta])*
        pub enum $type:ident { $( $(#[$variant_meta:meta])* $variant:ident = $name:literal, $uri:literal; )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $type { $( $(#[$variant_meta])* #[serde(rename = $name)] $variant, )+ }

        impl $type {
            /// Every algorithm of this kind, in the order of declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The algorithm that this URI names, compared code point by code point; `None` for any other.
            pub fn from_uri(uri: &str) -> Option<Self> {
                match uri { $( $uri => Some(Self::$variant), )+ _ => None }
            }

            /// The URI that names this algorithm in a message.
            pub const fn uri(self) -> &'static str {
                match self { $( Self::$variant => $uri, )+ }
            }

            /// The short name that configuration and output use.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl $crate::algorithm::SetMember for $type {
            const MEMBERS: &'static [Self] = Self::ALL;
        }
    };
}
use algorithms;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    macro_rules! round_trip {
        ($($type:ty),+) => { $(
            for &algorithm in <$type>::ALL {
                assert_eq!(<$type>::from_uri(algorithm.uri()), Some(algorithm));
                let json = serde_json::to_string(&algorithm).unwrap();
                assert_eq!(json, format!("\"{}\"", algorithm.name()));
                assert_eq!(serde_json::from_str::<$type>(&json).unwrap(), algorithm);
            }
            let mut names: Vec<_> = <$type>::ALL.iter().map(|a| a.name()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), <$type>::ALL.len(), "two algorithms share a name");
        )+ };
    }

    #[test]
    fn uris_and_names_lead_back_to_their_algorithm() {
        round_trip!(
            DigestAlgorithm,
            SignatureAlgorithm,
            CanonicalizationAlgorithm,
            TransformAlgorithm
        );
        round_trip!(
            DataEncryptionAlgorithm,
            KeyWrapAlgorithm,
            KeyTransportAlgorithm,
            KeyAgreementAlgorithm,
            KeyDerivationAlgorithm,
            MaskGeneration
        );
    }

    #[test]
    fn what_is_not_listed_is_unknown() {
        let refused = [
            "",
            "none",
            "sha256",
            "http://www.w3.org/2001/04/xmldsig-more#md5",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "http://www.w3.org/2001/04/xmlenc#ripemd160",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-ripemd160",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "http://www.w3.org/2002/06/xmldsig-filter2",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            "http://www.w3.org/2002/07/decrypt#XML",
            " http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmlenc#sha256 ",
            "http://www.w3.org/2001/04/xmlenc#SHA256",
            "https://www.w3.org/2001/04/xmlenc#sha256",
        ];
        for uri in refused {
            assert_eq!(DigestAlgorithm::from_uri(uri), None, "{uri}");
            assert_eq!(SignatureAlgorithm::from_uri(uri), None, "{uri}");
            assert_eq!(CanonicalizationAlgorithm::from_uri(uri), None, "{uri}");
            assert_eq!(TransformAlgorithm::from_uri(uri), None, "{uri}");
        }
    }
}
