//! How strong the signature on a certificate or CRL is, from its AlgorithmIdentifier.

use std::borrow::Cow;

use crate::algorithm::SignatureAlgorithm;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;

/// The algorithm that signed a certificate or a CRL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateSignature {
    name: Cow<'static, str>,
    hash: SignatureHash,
    algorithm: Option<SignatureAlgorithm>,
}

/// What the hash in a signature algorithm is worth.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignatureHash {
    /// SHA-2, or part of the algorithm (Ed25519).
    Strong,
    /// SHA-1: collisions are affordable.
    Sha1,
    /// MD5 and older, or an algorithm that we do not know.
    Refused,
}

impl SignatureHash {
    /// The one that is worth less.
    #[must_use]
    pub const fn weaker(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Sha1, _) | (_, Self::Sha1) => Self::Sha1,
            (Self::Strong, Self::Strong) => Self::Strong,
        }
    }
}

impl CertificateSignature {
    /// Its common name, as `sha256WithRSAEncryption`, or its OID.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its hash is worth.
    pub const fn hash(&self) -> SignatureHash {
        self.hash
    }

    /// The same algorithm among those that messages are signed with, if it is one; all of these but Ed25519 sign a
    /// digest, and an ECDSA value is in ASN.1 here.
    pub(crate) const fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// Reads the contents of an AlgorithmIdentifier; its parameters are absent, NULL or a SEQUENCE.
    pub(crate) fn read(contents: &[u8]) -> der::Result<Self> {
        let mut reader = Reader::new(contents);
        let oid = reader.oid()?;
        let parameters = if reader.is_empty() {
            None
        } else {
            Some(reader.element()?)
        };
        reader.finish()?;
        let is_usual =
            |parameters: der::Element<'_>| parameters.tag == der::SEQUENCE || parameters.bytes == der::NULL;
        if !parameters.is_none_or(is_usual) {
            return Err(Malformed("an algorithm with parameters of another type"));
        }
        if oid == RSASSA_PSS {
            let hash = parameters.map_or(Ok(SignatureHash::Sha1), |parameters| pss_hash(parameters.bytes))?;
            return Ok(Self {
                name: Cow::Borrowed("RSASSA-PSS"),
                hash,
                algorithm: None,
            });
        }
        let known = ALGORITHMS.iter().find(|(known, ..)| *known == oid);
        Ok(match known {
            Some((_, name, hash, algorithm)) => Self {
                name: Cow::Borrowed(name),
                hash: *hash,
                algorithm: *algorithm,
            },
            None => Self {
                name: Cow::Owned(der::dotted(oid)),
                hash: SignatureHash::Refused,
                algorithm: None,
            },
        })
    }
}

const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

#[rustfmt::skip]
const ALGORITHMS: &[(&[u8], &str, SignatureHash, Option<SignatureAlgorithm>)] = &[
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x02], "md2WithRSAEncryption", SignatureHash::Refused, None),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x03], "md4WithRSAEncryption", SignatureHash::Refused, None),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], "md5WithRSAEncryption", SignatureHash::Refused, None),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], "sha1WithRSAEncryption", SignatureHash::Sha1, Some(SignatureAlgorithm::RsaSha1)),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1d], "sha1WithRSASignature", SignatureHash::Sha1, None),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], "sha256WithRSAEncryption", SignatureHash::Strong, Some(SignatureAlgorithm::RsaSha256)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], "sha384WithRSAEncryption", SignatureHash::Strong, Some(SignatureAlgorithm::RsaSha384)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], "sha512WithRSAEncryption", SignatureHash::Strong, Some(SignatureAlgorithm::RsaSha512)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e], "sha224WithRSAEncryption", SignatureHash::Strong, Some(SignatureAlgorithm::RsaSha224)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], "ecdsa-with-SHA1", SignatureHash::Sha1, Some(SignatureAlgorithm::EcdsaSha1)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01], "ecdsa-with-SHA224", SignatureHash::Strong, Some(SignatureAlgorithm::EcdsaSha224)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], "ecdsa-with-SHA256", SignatureHash::Strong, Some(SignatureAlgorithm::EcdsaSha256)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], "ecdsa-with-SHA384", SignatureHash::Strong, Some(SignatureAlgorithm::EcdsaSha384)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], "ecdsa-with-SHA512", SignatureHash::Strong, Some(SignatureAlgorithm::EcdsaSha512)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03], "dsa-with-SHA1", SignatureHash::Sha1, None),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x01], "dsa-with-SHA224", SignatureHash::Strong, None),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02], "dsa-with-SHA256", SignatureHash::Strong, None),
    (&[0x2b, 0x65, 0x70], "Ed25519", SignatureHash::Strong, Some(SignatureAlgorithm::Ed25519)),
];

/// The weaker of the two hashes of RSASSA-PSS-params; both are SHA-1 by default (RFC 4055 §3.1).
fn pss_hash(parameters: &[u8]) -> der::Result<SignatureHash> {
    let mut reader = Reader::whole_sequence(parameters)?;
    let digest = match reader.optional(der::context_constructed(0))? {
        None => SignatureHash::Sha1,
        Some(identifier) => digest_worth(Reader::whole_sequence(identifier)?.oid()?),
    };
    let mask = match reader.optional(der::context_constructed(1))? {
        None => SignatureHash::Sha1,
        Some(identifier) => {
            let mut mgf1 = Reader::whole_sequence(identifier)?;
            mgf1.oid()?;
            digest_worth(mgf1.sequence()?.oid()?)
        }
    };
    Ok(match (digest, mask) {
        (SignatureHash::Strong, SignatureHash::Strong) => SignatureHash::Strong,
        (SignatureHash::Refused, _) | (_, SignatureHash::Refused) => SignatureHash::Refused,
        _ => SignatureHash::Sha1,
    })
}

const fn digest_worth(oid: &[u8]) -> SignatureHash {
    match oid {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => SignatureHash::Sha1,
        // SHA-256, SHA-384, SHA-512, SHA-224
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01..=0x04] => SignatureHash::Strong,
        _ => SignatureHash::Refused,
    }
}
