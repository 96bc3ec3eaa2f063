use crate::algorithm::SignatureAlgorithm;

/// The algorithms of JSON Web Signature (RFC 7518 §3.1, RFC 8037 §3.1) that need a public key to verify. `none` is not one, and a MAC cannot be
/// taken for one (RFC 8725 §2.1).
const NAMES: [(&str, SignatureAlgorithm); 10] = [
    ("RS256", SignatureAlgorithm::RsaSha256),
    ("RS384", SignatureAlgorithm::RsaSha384),
    ("RS512", SignatureAlgorithm::RsaSha512),
    ("PS256", SignatureAlgorithm::RsaPssSha256),
    ("PS384", SignatureAlgorithm::RsaPssSha384),
    ("PS512", SignatureAlgorithm::RsaPssSha512),
    ("ES256", SignatureAlgorithm::EcdsaSha256),
    ("ES384", SignatureAlgorithm::EcdsaSha384),
    ("ES512", SignatureAlgorithm::EcdsaSha512),
    ("EdDSA", SignatureAlgorithm::Ed25519),
];

impl SignatureAlgorithm {
    /// Its name in JSON Web Signature, if it has one.
    pub fn jws_name(self) -> Option<&'static str> {
        let found = NAMES.iter().find(|(_, algorithm)| *algorithm == self);
        found.map(|(name, _)| *name)
    }

    /// The algorithm that JSON Web Signature calls `name`.
    pub fn from_jws_name(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| *algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_neither_none_nor_a_mac_has_one() {
        for (name, algorithm) in NAMES {
            assert_eq!(SignatureAlgorithm::from_jws_name(name), Some(algorithm));
            assert_eq!(algorithm.jws_name(), Some(name));
        }
        for other in ["none", "None", "HS256", "HS512", "rs256", "ES256K", ""] {
            assert_eq!(SignatureAlgorithm::from_jws_name(other), None, "{other}");
        }
        assert_eq!(SignatureAlgorithm::HmacSha256.jws_name(), None);
    }
}
