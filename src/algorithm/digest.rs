//! Digest algorithms.

use super::algorithms;

algorithms! {
    /// A digest algorithm (XML Signature 1.1 §6.2, RFC 6931 §2.1, RFC 9231 §2.1).
    pub enum DigestAlgorithm {
        /// SHA-1: broken for collisions; only for what legacy policies allow.
        Sha1 = "sha1", "http://www.w3.org/2000/09/xmldsig#sha1";
        /// SHA-224.
        Sha224 = "sha224", "http://www.w3.org/2001/04/xmldsig-more#sha224";
        /// SHA-256.
        Sha256 = "sha256", "http://www.w3.org/2001/04/xmlenc#sha256";
        /// SHA-384.
        Sha384 = "sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384";
        /// SHA-512.
        Sha512 = "sha512", "http://www.w3.org/2001/04/xmlenc#sha512";
        /// SHA3-224.
        Sha3_224 = "sha3-224", "http://www.w3.org/2007/05/xmldsig-more#sha3-224";
        /// SHA3-256.
        Sha3_256 = "sha3-256", "http://www.w3.org/2007/05/xmldsig-more#sha3-256";
        /// SHA3-384.
        Sha3_384 = "sha3-384", "http://www.w3.org/2007/05/xmldsig-more#sha3-384";
        /// SHA3-512.
        Sha3_512 = "sha3-512", "http://www.w3.org/2007/05/xmldsig-more#sha3-512";
    }
}

impl DigestAlgorithm {
    /// Length of a digest in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }
}
