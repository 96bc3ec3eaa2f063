use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dated::DatedGrant;
use super::exception::Grant;
use super::requirement::{Part, SignedParts};
use super::saml_rules::SamlRules;
use crate::algorithm::{EncryptionRules, Permitted};
use crate::second_opinion::{NotBuilt, SecondOpinion};
use crate::trust::{DsaKeys, PathRules, Revocation, Sha1Signatures};
use crate::xml::Limits;

/// What a message must prove, as data. One of the five profiles, or one's own in TOML.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The name that verdicts and logs give.
    pub name: String,
    /// Which parts a trusted signature must cover, at the place where each is read.
    pub signed: SignedParts,
    /// Which parts must have been encrypted, where they are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encrypted: Vec<Part>,
    /// What becomes of headers that nobody signed.
    pub unsigned_headers: UnsignedHeaders,
    /// What a comment or processing instruction inside a security-relevant text means.
    pub interrupted_text: InterruptedText,
    /// Whether a message may be in UTF-16. What is for archives takes what is declared.
    #[serde(default)]
    pub utf16: Utf16,
    /// How far a sender's clock may be off, in seconds.
    pub clock_skew: u32,
    /// How the Basic Security Profile's structural rules count.
    pub basic_security_profile: BasicSecurityProfile,
    /// Forms in which a signature may say which key made it. Only ever a hint.
    pub key_references: Vec<KeyReference>,
    /// Whether libxmlsec1 and samael have to agree before a message passes.
    #[serde(default)]
    pub second_opinion: SecondOpinion,
    /// What the Timestamp must be.
    pub timestamp: TimestampRules,
    /// What certificates must be.
    pub certificates: CertificateRules,
    /// What SAML assertions must be.
    pub saml: SamlRules,
    /// What UsernameTokens must be.
    pub username_token: UsernameToken,
    /// Which algorithms signatures may use.
    pub algorithms: Permitted,
    /// Which algorithms encryption may use.
    pub encryption: EncryptionRules,
    /// Which further algorithms it takes of messages that were signed before a time, where they are judged as of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<DatedGrant>,
    /// How large a message may be.
    #[serde(default)]
    pub limits: Limits,
}

/// What becomes of headers, for us, that nobody signed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnsignedHeaders {
    /// The message is refused.
    Refuse,
    /// The backend does not get them.
    Drop,
}

/// What a comment or processing instruction inside a text means (T33, T34).
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterruptedText {
    /// The message is refused.
    Refuse,
    /// The text is what stands before and after, joined; a processing instruction is refused.
    Join,
}

/// Whether a message may be in UTF-16, with a byte order mark (T39).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Utf16 {
    /// The message is refused.
    #[default]
    Refuse,
    /// It may, and the verdict says so.
    Allow,
}

/// How the Basic Security Profile's structural rules count.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BasicSecurityProfile {
    /// A broken rule refuses the message.
    Enforce,
    /// A broken rule is a warning.
    Warn,
    /// A broken rule is noted.
    Report,
    /// They do not apply.
    NotApplicable,
}

/// A form in which a signature says which key made it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReference {
    /// A BinarySecurityToken in the header, by reference or embedded.
    BinarySecurityToken,
    /// `ds:X509Data` with a certificate, subject name or digest.
    X509Data,
    /// SHA-1 of a certificate.
    Thumbprint,
    /// Issuer name and serial number.
    IssuerSerial,
    /// A subject key identifier.
    SubjectKeyIdentifier,
    /// A SAML assertion in the header.
    SamlAssertion,
    /// A UsernameToken that says how a key is derived from the password.
    UsernameToken,
    /// An EncryptedKey in the header, which anybody can make: such a signature counts for what another one, by somebody trusted, signs
    /// that covers it.
    EncryptedKey,
    /// `ds:KeyName`.
    KeyName,
    /// None: each key that is trusted is tried.
    None,
}

impl std::fmt::Display for KeyReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::BinarySecurityToken => "a BinarySecurityToken",
            Self::X509Data => "X509Data",
            Self::Thumbprint => "a thumbprint",
            Self::IssuerSerial => "issuer and serial number",
            Self::SubjectKeyIdentifier => "a subject key identifier",
            Self::SamlAssertion => "a SAML assertion",
            Self::UsernameToken => "a UsernameToken",
            Self::EncryptedKey => "an EncryptedKey",
            Self::KeyName => "KeyName",
            Self::None => "nothing",
        })
    }
}

/// What the Timestamp must be (WSS 1.1 §10).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampRules {
    /// Whether there must be one.
    pub presence: TimestampPresence,
    /// Whether it must have Expires.
    pub expires: Expires,
    /// How old it may be, in seconds after Created; Expires may end it earlier, never later.
    pub max_age: u32,
}

/// Whether there must be a Timestamp.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimestampPresence {
    /// One.
    Required,
    /// If there is one it is judged.
    Optional,
    /// It is not judged.
    Ignored,
}

/// Whether a Timestamp must have Expires.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expires {
    /// It must.
    Required,
    /// It may; without it the greatest age ends it.
    Optional,
}

/// What certificates must be, besides what RFC 5280 asks.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRules {
    /// What to do about revocation.
    pub revocation: Revocation,
    /// Whether SHA-1 may have been used to sign them.
    pub sha1: Sha1,
    /// Whether they may hold DSA keys.
    pub dsa: Dsa,
}

/// Whether SHA-1 may have been used.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sha1 {
    /// Not.
    Refuse,
    /// It may, and the verdict says so.
    Allow,
}

/// Whether DSA keys are taken.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dsa {
    /// Not.
    Refuse,
    /// From 1024 bits on.
    Allow,
}

/// What UsernameTokens must be. None of them stands for a signature: what a policy wants signed must be signed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsernameToken {
    /// With PasswordDigest, Nonce and Created, and signed together with the Body.
    Digest,
    /// Or with PasswordText over TLS. Over TLS the signature need not cover it.
    DigestOrTextOverTls,
    /// Or, over TLS, without Nonce.
    NonceOptionalOverTls,
    /// None.
    Refuse,
    /// They are read and not judged, and prove nothing.
    Ignore,
}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The clock skew is above 300 seconds.
    ClockSkew(u32),
    /// The assertions' or Timestamps' life is above 24 hours, beyond which no use is remembered.
    Life,
    /// It asks that something is encrypted of which nobody can see whether it was.
    Encrypted(&'static str),
    /// It asks that something is signed of which that cannot be asked.
    Signed(&'static str),
    /// It takes something of messages of an age that says nothing of it.
    Legacy(Grant),
    /// It asks for a second opinion, which this program cannot give.
    SecondOpinion(NotBuilt),
}

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClockSkew(seconds) => write!(f, "clock_skew is {seconds} s; at most 300 s are allowed"),
            Self::Life => {
                f.write_str("timestamp.max_age is above 86,400 s, beyond which no use is remembered")
            }
            Self::Encrypted(part) => {
                write!(f, "encrypted: {part} is no part that can be seen to be encrypted")
            }
            Self::Signed(part) => write!(f, "signed: {part} can be asked to be encrypted only"),
            Self::Legacy(grant) => write!(
                f,
                "legacy: {} is nothing that a signature uses, so that its age says nothing of it",
                grant.name()
            ),
            Self::SecondOpinion(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Checks what the types do not say: that it forgets nothing too early, and needs nothing that this program does not
    /// have.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn check(self) -> Result<Self, PolicyError> {
        if self.clock_skew > 300 {
            return Err(PolicyError::ClockSkew(self.clock_skew));
        }
        if self.timestamp.max_age > 86_400 {
            return Err(PolicyError::Life);
        }
        if self.encrypted.contains(&Part::Anything) {
            return Err(PolicyError::Encrypted("anything"));
        }
        if self.signed.contains(&Part::Signature) {
            return Err(PolicyError::Signed("signature"));
        }
        if let Some(dated) = self.legacy.iter().find(|dated| dated.allow.refusals().is_empty()) {
            return Err(PolicyError::Legacy(dated.allow));
        }
        self.second_opinion.check().map_err(PolicyError::SecondOpinion)?;
        Ok(self)
    }

    /// What it asks of certificate paths.
    pub fn path_rules(&self) -> PathRules {
        PathRules {
            rsa_min_bits: self.algorithms.rsa_min_bits,
            dsa: match self.certificates.dsa {
                Dsa::Refuse => DsaKeys::Refused,
                Dsa::Allow => DsaKeys::AtLeast(1024),
            },
            sha1: match self.certificates.sha1 {
                Sha1::Refuse => Sha1Signatures::Refused,
                Sha1::Allow => Sha1Signatures::Allowed,
            },
            revocation: self.certificates.revocation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Profile;

    #[test]
    fn what_cannot_be_asked_of_a_part_is_no_policy() {
        let strict = Profile::Strict.policy();
        let policy = Policy {
            encrypted: vec![Part::Anything],
            ..strict.clone()
        };
        assert_eq!(policy.check(), Err(PolicyError::Encrypted("anything")));
        let policy = Policy {
            signed: SignedParts::new(Part::Body, [Part::Signature]),
            ..strict.clone()
        };
        assert_eq!(policy.check(), Err(PolicyError::Signed("signature")));
        let policy = Policy {
            signed: SignedParts::new(Part::Body, [Part::Tokens]),
            encrypted: vec![Part::Signature, Part::Attachments],
            ..strict
        };
        assert!(policy.check().is_ok());
    }

    #[test]
    fn it_forgets_nothing_too_early() {
        let slow = |clock_skew| Policy {
            clock_skew,
            ..Profile::Strict.policy()
        };
        assert!(slow(300).check().is_ok());
        assert_eq!(slow(301).check(), Err(PolicyError::ClockSkew(301)));
        let long = |max_age| {
            let mut policy = Profile::Strict.policy();
            policy.timestamp.max_age = max_age;
            policy
        };
        assert!(long(86_400).check().is_ok());
        assert_eq!(long(86_401).check(), Err(PolicyError::Life));
    }

    #[test]
    fn a_second_opinion_is_asked_for_where_it_can_be_given() {
        let policy = Policy {
            second_opinion: SecondOpinion::Required,
            ..Profile::Strict.policy()
        };
        assert_eq!(policy.check().is_ok(), cfg!(feature = "second_opinion"));
    }
}
