//! Old algorithms and forms that one partner may still use, until a date.
//!
//! An exception never widens what a route takes from everybody: it is a policy of its own, by which a message is judged that the route's policy
//! refused, and only signatures of the partner count there. So nothing that it grants reaches anybody else, whatever is noted of it.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::requirement::Part;
use super::rules::{Policy, Sha1, TimestampPresence, UsernameToken, Utf16};
use crate::algorithm::{
    CanonicalizationAlgorithm, DataCipher, DigestAlgorithm, KeyTransport, SignatureAlgorithm,
    TransformAlgorithm,
};
use crate::trust::Partner;

/// What an exception may grant, by the names that verdicts give in `legacy`. The list is closed: what no profile of a gateway may ever take is not in it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Grant {
    /// Digests with SHA-1.
    #[serde(rename = "sha1")]
    Sha1,
    /// Signatures by RSA with SHA-1. A verdict names them `sha1` too.
    #[serde(rename = "rsa-sha1")]
    RsaSha1,
    /// Canonical XML 1.0, inclusive, of SignedInfo and of what is signed.
    #[serde(rename = "c14n10")]
    C14n10,
    /// Certificates and revocation lists that are signed with SHA-1.
    #[serde(rename = "certificate-sha1")]
    CertificateSha1,
    /// RSA keys of 1024 bits or more.
    #[serde(rename = "certificate-rsa-1024")]
    CertificateRsa1024,
    /// Keys transported by RSA PKCS#1 v1.5, for what a verified signature covers.
    #[serde(rename = "rsa-1_5")]
    Rsa15,
    /// Triple DES in CBC, for what a verified signature covers, and its key wrap.
    #[serde(rename = "tripledes-cbc")]
    TripleDesCbc,
    /// A Timestamp that nobody signed. The same signed content is taken once in 24 hours.
    #[serde(rename = "timestamp.unsigned")]
    TimestampUnsigned,
    /// No Timestamp. The same signed content is taken once in 24 hours.
    #[serde(rename = "timestamp.optional")]
    TimestampOptional,
    /// A UsernameToken without Nonce, over TLS; for a policy that takes passwords over TLS, as bsp11.
    #[serde(rename = "username_token.no_nonce")]
    UsernameTokenNoNonce,
    /// Messages in UTF-16, with a byte order mark.
    #[serde(rename = "utf-16")]
    Utf16,
}

/// What a partner may use beyond the policy of a route, and until when.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Whose signatures count in it.
    pub partner: Partner,
    /// What is granted.
    pub allow: Vec<Grant>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub until: NaiveDate,
    /// What a message of the partner must prove: the policy of the route with what is granted.
    pub policy: Policy,
}

impl Grant {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Sha1,
        Self::RsaSha1,
        Self::C14n10,
        Self::CertificateSha1,
        Self::CertificateRsa1024,
        Self::Rsa15,
        Self::TripleDesCbc,
        Self::TimestampUnsigned,
        Self::TimestampOptional,
        Self::UsernameTokenNoNonce,
        Self::Utf16,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::RsaSha1 => "rsa-sha1",
            Self::C14n10 => "c14n10",
            Self::CertificateSha1 => "certificate-sha1",
            Self::CertificateRsa1024 => "certificate-rsa-1024",
            Self::Rsa15 => "rsa-1_5",
            Self::TripleDesCbc => "tripledes-cbc",
            Self::TimestampUnsigned => "timestamp.unsigned",
            Self::TimestampOptional => "timestamp.optional",
            Self::UsernameTokenNoNonce => "username_token.no_nonce",
            Self::Utf16 => "utf-16",
        }
    }
}

impl Exception {
    /// The days before its end on which it is told of.
    pub const NOTICE_DAYS: i64 = 30;

    /// Whether it holds at `now`.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        now < self.ends()
    }

    /// The days after that of `now` on which it holds.
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        self.until.signed_duration_since(now.date_naive()).num_days()
    }

    /// When it ends: with its last day.
    pub fn ends(&self) -> DateTime<Utc> {
        let next = self.until.checked_add_days(Days::new(1));
        next.map_or(DateTime::<Utc>::MAX_UTC, |next| {
            next.and_time(NaiveTime::MIN).and_utc()
        })
    }
}

impl Policy {
    /// The same where `grant` is taken too, and nothing else. `None` if it has no meaning here, as nonces where UsernameTokens are refused.
    #[must_use]
    pub fn granting(&self, grant: Grant) -> Option<Self> {
        let mut policy = self.clone();
        let (algorithms, encryption) = (&mut policy.algorithms, &mut policy.encryption);
        match grant {
            Grant::Sha1 => algorithms.digests = algorithms.digests.with(DigestAlgorithm::Sha1),
            Grant::RsaSha1 => algorithms.signatures = algorithms.signatures.with(SignatureAlgorithm::RsaSha1),
            Grant::C14n10 => {
                let inclusive = CanonicalizationAlgorithm::Inclusive10;
                algorithms.canonicalizations = algorithms.canonicalizations.with(inclusive);
                let transform = TransformAlgorithm::Canonicalization(inclusive);
                algorithms.transforms = algorithms.transforms.with(transform);
            }
            Grant::CertificateSha1 => policy.certificates.sha1 = Sha1::Allow,
            Grant::CertificateRsa1024 => algorithms.rsa_min_bits = algorithms.rsa_min_bits.min(1024),
            Grant::Rsa15 => encryption.key_transport.push(KeyTransport::Rsa15),
            Grant::TripleDesCbc => encryption.data.push(DataCipher::TripleDesCbc),
            Grant::TimestampUnsigned => policy.signed = policy.signed.without(&Part::Timestamp)?,
            Grant::TimestampOptional => policy.timestamp.presence = TimestampPresence::Optional,
            Grant::Utf16 => policy.utf16 = Utf16::Allow,
            // From a stricter rule it would loosen more than the nonce.
            Grant::UsernameTokenNoNonce => match policy.username_token {
                UsernameToken::DigestOrTextOverTls => {
                    policy.username_token = UsernameToken::NonceOptionalOverTls;
                }
                UsernameToken::Digest
                | UsernameToken::NonceOptionalOverTls
                | UsernameToken::Refuse
                | UsernameToken::Ignore => return None,
            },
        }
        Some(policy)
    }

    /// What of it an exception alone may grant on a gateway.
    pub fn granted(&self) -> Option<Grant> {
        let takes = |grant: &Grant| match grant {
            Grant::Sha1 => self.algorithms.digests.contains(DigestAlgorithm::Sha1),
            Grant::RsaSha1 => self.algorithms.signatures.contains(SignatureAlgorithm::RsaSha1),
            Grant::C14n10 => {
                let inclusive = CanonicalizationAlgorithm::Inclusive10;
                let transform = TransformAlgorithm::Canonicalization(inclusive);
                self.algorithms.canonicalizations.contains(inclusive)
                    || self.algorithms.transforms.contains(transform)
            }
            Grant::CertificateSha1 => self.certificates.sha1 == Sha1::Allow,
            Grant::CertificateRsa1024 => self.algorithms.rsa_min_bits < 2048,
            Grant::Rsa15 => self.encryption.permits_rsa_1_5(),
            Grant::TripleDesCbc => self.encryption.data.contains(&DataCipher::TripleDesCbc),
            Grant::TimestampUnsigned => {
                // An assertion has times of its own.
                !self.signed.contains(&Part::Timestamp) && !self.signed.contains(&Part::Assertion)
            }
            Grant::TimestampOptional => self.timestamp.presence == TimestampPresence::Optional,
            Grant::UsernameTokenNoNonce => self.username_token == UsernameToken::NonceOptionalOverTls,
            Grant::Utf16 => self.utf16 == Utf16::Allow,
        };
        Grant::ALL.into_iter().find(takes)
    }
}
