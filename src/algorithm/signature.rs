//! Signature and MAC algorithms.

use super::DigestAlgorithm;
use super::algorithms;

algorithms! {
    /// A signature or MAC algorithm (XML Signature 1.1 §6.3 and §6.4, RFC 6931 §2.2 and §2.3, RFC 9231 §2.2 and §2.3).
    ///
    /// [`scheme`](Self::scheme) says what it computes and [`family`](Self::family) which keys it may be used with.
    pub enum SignatureAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-1; verified under legacy policies only, never made.
        RsaSha1 = "rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
        /// RSASSA-PKCS1-v1_5 with SHA-224.
        RsaSha224 = "rsa-sha224", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224";
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RsaSha256 = "rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RsaSha384 = "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RsaSha512 = "rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";

        /// RSASSA-PSS without parameters, SHA-1 (RFC 6931 §2.3.10); verified only, never made.
        RsaPssSha1 = "rsa-pss-sha1", "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA-224.
        RsaPssSha224 = "rsa-pss-sha224", "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA-256.
        RsaPssSha256 = "rsa-pss-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA-384.
        RsaPssSha384 = "rsa-pss-sha384", "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA-512.
        RsaPssSha512 = "rsa-pss-sha512", "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA3-224.
        RsaPssSha3_224 = "rsa-pss-sha3-224", "http://www.w3.org/2007/05/xmldsig-more#sha3-224-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA3-256.
        RsaPssSha3_256 = "rsa-pss-sha3-256", "http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA3-384.
        RsaPssSha3_384 = "rsa-pss-sha3-384", "http://www.w3.org/2007/05/xmldsig-more#sha3-384-rsa-MGF1";
        /// RSASSA-PSS without parameters, SHA3-512.
        RsaPssSha3_512 = "rsa-pss-sha3-512", "http://www.w3.org/2007/05/xmldsig-more#sha3-512-rsa-MGF1";

        /// RSASSA-PSS with what [`PssParameters`](super::PssParameters) say (RFC 9231 §2.3.9); without them, SHA-256.
        RsaPss = "rsa-pss", "http://www.w3.org/2007/05/xmldsig-more#rsa-pss";

        /// ECDSA with SHA-1, raw r‖s; verified only, never made.
        EcdsaSha1 = "ecdsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1";
        /// ECDSA with SHA-224, raw r‖s.
        EcdsaSha224 = "ecdsa-sha224", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224";
        /// ECDSA with SHA-256, raw r‖s.
        EcdsaSha256 = "ecdsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
        /// ECDSA with SHA-384, raw r‖s.
        EcdsaSha384 = "ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
        /// ECDSA with SHA-512, raw r‖s.
        EcdsaSha512 = "ecdsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512";
        /// ECDSA with SHA3-224, raw r‖s.
        EcdsaSha3_224 = "ecdsa-sha3-224", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-224";
        /// ECDSA with SHA3-256, raw r‖s.
        EcdsaSha3_256 = "ecdsa-sha3-256", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256";
        /// ECDSA with SHA3-384, raw r‖s.
        EcdsaSha3_384 = "ecdsa-sha3-384", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-384";
        /// ECDSA with SHA3-512, raw r‖s.
        EcdsaSha3_512 = "ecdsa-sha3-512", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-512";

        /// DSA with SHA-1, raw r‖s of 20 bytes each; verified only, never made.
        DsaSha1 = "dsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1";
        /// DSA with SHA-256, raw r‖s; verified only, never made.
        DsaSha256 = "dsa-sha256", "http://www.w3.org/2009/xmldsig11#dsa-sha256";

        /// Ed25519 (RFC 9231 §2.3.12, RFC 8032).
        Ed25519 = "ed25519", "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519";

        /// HMAC with SHA-1; verified only, never made.
        HmacSha1 = "hmac-sha1", "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
        /// HMAC with SHA-224.
        HmacSha224 = "hmac-sha224", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha224";
        /// HMAC with SHA-256.
        HmacSha256 = "hmac-sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
        /// HMAC with SHA-384.
        HmacSha384 = "hmac-sha384", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384";
        /// HMAC with SHA-512.
        HmacSha512 = "hmac-sha512", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";
    }
}

/// What a [`SignatureAlgorithm`] computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS with MGF1 over the same digest and a salt as long as the digest (RFC 8017 §8.1, RFC 6931 §2.3.10).
    RsaPss(DigestAlgorithm),
    /// ECDSA (FIPS 186-4), the value as raw r‖s, each as long as the order of the curve (XML Signature 1.1 §6.4.3).
    Ecdsa(DigestAlgorithm),
    /// DSA (FIPS 186-4), the value as raw r‖s, each as long as q (XML Signature 1.1 §6.4.1).
    Dsa(DigestAlgorithm),
    /// Ed25519 (RFC 8032), which takes the message itself and no digest.
    Ed25519,
    /// HMAC (RFC 2104).
    Hmac(DigestAlgorithm),
}

/// The kind of key that an algorithm works with. A key of another family is refused before any mathematics (T67, T68).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFamily {
    /// RSA.
    Rsa,
    /// Elliptic curves in the sense of ECDSA.
    Ec,
    /// DSA.
    Dsa,
    /// Ed25519.
    Ed25519,
    /// A shared secret.
    Hmac,
}

impl std::fmt::Display for KeyFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Dsa => "DSA",
            Self::Ed25519 => "Ed25519",
            Self::Hmac => "HMAC",
        })
    }
}

impl SignatureAlgorithm {
    /// What it computes.
    pub const fn scheme(self) -> SignatureScheme {
        use DigestAlgorithm as D;
        use SignatureScheme as S;
        match self {
            Self::RsaSha1 => S::RsaPkcs1(D::Sha1),
            Self::RsaSha224 => S::RsaPkcs1(D::Sha224),
            Self::RsaSha256 => S::RsaPkcs1(D::Sha256),
            Self::RsaSha384 => S::RsaPkcs1(D::Sha384),
            Self::RsaSha512 => S::RsaPkcs1(D::Sha512),
            Self::RsaPssSha1 => S::RsaPss(D::Sha1),
            Self::RsaPssSha224 => S::RsaPss(D::Sha224),
            Self::RsaPssSha256 => S::RsaPss(D::Sha256),
            Self::RsaPssSha384 => S::RsaPss(D::Sha384),
            Self::RsaPssSha512 => S::RsaPss(D::Sha512),
            Self::RsaPssSha3_224 => S::RsaPss(D::Sha3_224),
            Self::RsaPssSha3_256 => S::RsaPss(D::Sha3_256),
            Self::RsaPssSha3_384 => S::RsaPss(D::Sha3_384),
            Self::RsaPssSha3_512 => S::RsaPss(D::Sha3_512),
            Self::RsaPss => S::RsaPss(D::Sha256),
            Self::EcdsaSha1 => S::Ecdsa(D::Sha1),
            Self::EcdsaSha224 => S::Ecdsa(D::Sha224),
            Self::EcdsaSha256 => S::Ecdsa(D::Sha256),
            Self::EcdsaSha384 => S::Ecdsa(D::Sha384),
            Self::EcdsaSha512 => S::Ecdsa(D::Sha512),
            Self::EcdsaSha3_224 => S::Ecdsa(D::Sha3_224),
            Self::EcdsaSha3_256 => S::Ecdsa(D::Sha3_256),
            Self::EcdsaSha3_384 => S::Ecdsa(D::Sha3_384),
            Self::EcdsaSha3_512 => S::Ecdsa(D::Sha3_512),
            Self::DsaSha1 => S::Dsa(D::Sha1),
            Self::DsaSha256 => S::Dsa(D::Sha256),
            Self::Ed25519 => S::Ed25519,
            Self::HmacSha1 => S::Hmac(D::Sha1),
            Self::HmacSha224 => S::Hmac(D::Sha224),
            Self::HmacSha256 => S::Hmac(D::Sha256),
            Self::HmacSha384 => S::Hmac(D::Sha384),
            Self::HmacSha512 => S::Hmac(D::Sha512),
        }
    }

    /// The only keys it may be used with.
    pub const fn family(self) -> KeyFamily {
        match self.scheme() {
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_) => KeyFamily::Rsa,
            SignatureScheme::Ecdsa(_) => KeyFamily::Ec,
            SignatureScheme::Dsa(_) => KeyFamily::Dsa,
            SignatureScheme::Ed25519 => KeyFamily::Ed25519,
            SignatureScheme::Hmac(_) => KeyFamily::Hmac,
        }
    }

    /// The digest it is built on; `None` for Ed25519, which has its own inside.
    pub const fn digest(self) -> Option<DigestAlgorithm> {
        match self.scheme() {
            SignatureScheme::RsaPkcs1(digest)
            | SignatureScheme::RsaPss(digest)
            | SignatureScheme::Ecdsa(digest)
            | SignatureScheme::Dsa(digest)
            | SignatureScheme::Hmac(digest) => Some(digest),
            SignatureScheme::Ed25519 => None,
        }
    }
}
