use super::requirement::{Part, SignedParts};
use super::rules::{
    BasicSecurityProfile, CertificateRules, Dsa, Expires, InterruptedText, KeyReference, Policy, Sha1,
    TimestampPresence, TimestampRules, UnsignedHeaders, UsernameToken, Utf16,
};
use super::saml_rules::SamlRules;
use crate::algorithm::{
    CanonicalizationAlgorithm as Canonicalization, DataCipher, DigestAlgorithm as Digest, EcdsaValues,
    EncryptionRules, HmacTruncation, KeyAgreement, KeyTransport, Permitted, PssSalts, ReferenceForm, Set,
    SignatureAlgorithm as Signature, TransformAlgorithm as Transform,
};
use crate::second_opinion::SecondOpinion;
use crate::trust::Revocation;
use crate::xml::Limits;

/// The five profiles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// For new partners. The default.
    Strict,
    /// For SAML Responses and Assertions.
    SamlSso,
    /// For the stacks of 2010 and later: WCF, CXF, Metro, WSS4J.
    Bsp11,
    /// For those before, by name only.
    Legacy2004,
    /// For old files. What passes it is never relayed.
    ArchiveVerify,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Strict,
        Self::SamlSso,
        Self::Bsp11,
        Self::Legacy2004,
        Self::ArchiveVerify,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::SamlSso => "saml-sso",
            Self::Bsp11 => "bsp11",
            Self::Legacy2004 => "legacy-2004",
            Self::ArchiveVerify => "archive-verify",
        }
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Whether a gateway's route may use it (it may not relay what the last two let pass).
    pub const fn suits_a_gateway(self) -> bool {
        matches!(self, Self::Strict | Self::SamlSso | Self::Bsp11)
    }

    /// What it asks for.
    pub fn policy(self) -> Policy {
        match self {
            Self::Strict => strict(),
            Self::SamlSso => saml_sso(),
            Self::Bsp11 => bsp11(),
            Self::Legacy2004 => legacy_2004(),
            Self::ArchiveVerify => archive_verify(),
        }
    }
}

fn strict() -> Policy {
    Policy {
        name: Profile::Strict.name().to_owned(),
        signed: SignedParts::new(Part::Body, [Part::Timestamp, Part::Addressing, Part::Attachments]),
        encrypted: Vec::new(),
        unsigned_headers: UnsignedHeaders::Refuse,
        interrupted_text: InterruptedText::Refuse,
        utf16: Utf16::Refuse,
        clock_skew: 60,
        basic_security_profile: BasicSecurityProfile::Enforce,
        key_references: vec![
            KeyReference::BinarySecurityToken,
            KeyReference::X509Data,
            KeyReference::Thumbprint,
            KeyReference::SamlAssertion,
        ],
        second_opinion: SecondOpinion::NotAsked,
        timestamp: TimestampRules {
            presence: TimestampPresence::Required,
            expires: Expires::Required,
            max_age: 300,
        },
        certificates: CertificateRules {
            revocation: Revocation::WhenPromised,
            sha1: Sha1::Refuse,
            dsa: Dsa::Refuse,
        },
        saml: SamlRules::strict(),
        username_token: UsernameToken::Digest,
        algorithms: Permitted::strict(),
        encryption: EncryptionRules {
            key_transport: vec![KeyTransport::RsaOaepSha256],
            key_agreement: vec![KeyAgreement::EcdhEsSha2],
            data: vec![DataCipher::AesGcm],
        },
        legacy: Vec::new(),
        limits: Limits::default(),
    }
}

fn saml_sso() -> Policy {
    let strict = strict();
    Policy {
        name: Profile::SamlSso.name().to_owned(),
        signed: SignedParts::new(Part::Assertion, []),
        interrupted_text: InterruptedText::Join,
        basic_security_profile: BasicSecurityProfile::NotApplicable,
        saml: SamlRules::saml_sso(),
        username_token: UsernameToken::Refuse,
        encryption: EncryptionRules {
            key_transport: vec![KeyTransport::RsaOaepSha256, KeyTransport::RsaOaepSha256Mgf1Sha1],
            ..strict.encryption
        },
        ..strict
    }
}

fn bsp11() -> Policy {
    let strict = strict();
    let mut key_references = strict.key_references.clone();
    key_references.extend([KeyReference::IssuerSerial, KeyReference::SubjectKeyIdentifier]);
    Policy {
        name: Profile::Bsp11.name().to_owned(),
        signed: SignedParts::new(Part::Body, [Part::Timestamp, Part::Attachments]),
        unsigned_headers: UnsignedHeaders::Drop,
        interrupted_text: InterruptedText::Join,
        key_references,
        timestamp: TimestampRules {
            expires: Expires::Optional,
            ..strict.timestamp
        },
        saml: SamlRules::bsp11(),
        username_token: UsernameToken::DigestOrTextOverTls,
        algorithms: Permitted {
            transforms: strict
                .algorithms
                .transforms
                .with(Transform::StrTransform)
                .with(Transform::AttachmentContent)
                .with(Transform::AttachmentComplete),
            references: strict.algorithms.references.with(ReferenceForm::Attachment),
            ..strict.algorithms
        },
        encryption: EncryptionRules {
            key_transport: vec![
                KeyTransport::RsaOaepSha256,
                KeyTransport::RsaOaepSha256Mgf1Sha1,
                KeyTransport::RsaOaepMgf1p,
            ],
            key_agreement: strict.encryption.key_agreement.clone(),
            data: vec![DataCipher::AesGcm, DataCipher::AesCbc],
        },
        ..strict
    }
}

fn legacy_2004() -> Policy {
    let mut policy = bsp11();
    policy.name = Profile::Legacy2004.name().to_owned();
    policy.signed = SignedParts::new(Part::Body, [Part::Attachments]);
    policy.clock_skew = 300;
    policy.basic_security_profile = BasicSecurityProfile::Warn;
    policy.timestamp.presence = TimestampPresence::Optional;
    policy.certificates = CertificateRules {
        revocation: Revocation::Warn,
        sha1: Sha1::Allow,
        dsa: Dsa::Refuse,
    };
    policy.username_token = UsernameToken::NonceOptionalOverTls;
    policy.saml = SamlRules::legacy_2004();
    let algorithms = &mut policy.algorithms;
    algorithms.signatures = algorithms.signatures.with(Signature::RsaSha1);
    algorithms.digests = algorithms.digests.with(Digest::Sha1);
    algorithms.canonicalizations = algorithms.canonicalizations.with(Canonicalization::Inclusive10);
    algorithms.transforms = algorithms
        .transforms
        .with(Transform::Canonicalization(Canonicalization::Inclusive10));
    algorithms.references = algorithms.references.with(ReferenceForm::WholeDocument);
    policy.encryption.key_transport.push(KeyTransport::Rsa15);
    policy.encryption.data.push(DataCipher::TripleDesCbc);
    policy
}

fn archive_verify() -> Policy {
    let mut policy = legacy_2004();
    policy.name = Profile::ArchiveVerify.name().to_owned();
    policy.signed = SignedParts::new(Part::Anything, []);
    policy.basic_security_profile = BasicSecurityProfile::Report;
    policy.timestamp.presence = TimestampPresence::Ignored;
    policy.certificates.dsa = Dsa::Allow;
    policy.saml = SamlRules::archive_verify();
    policy.username_token = UsernameToken::Ignore;
    policy.key_references.extend([
        KeyReference::EncryptedKey,
        KeyReference::KeyName,
        KeyReference::None,
    ]);
    policy.algorithms = Permitted {
        signatures: Set::all(),
        digests: Set::all(),
        canonicalizations: Set::all(),
        transforms: Set::all(),
        references: Set::all(),
        rsa_min_bits: 1024,
        hmac_truncation: HmacTruncation::AtLeastHalf,
        ecdsa_values: EcdsaValues::OrShorter,
        pss_salts: PssSalts::OrShorter,
    };
    policy.encryption.key_transport.push(KeyTransport::RsaOaep);
    policy.encryption.key_agreement.push(KeyAgreement::EcdhEs);
    policy.limits = Limits::archive();
    policy
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn profiles_survive_toml_and_ask_for_something() {
        for profile in Profile::ALL {
            let policy = profile.policy().check().unwrap();
            let text = toml::to_string(&policy).unwrap();
            assert_eq!(toml::from_str::<Policy>(&text).unwrap(), policy);
            assert_eq!(Profile::named(&policy.name), Some(profile));
        }
    }

    #[test]
    fn no_profile_of_a_gateway_takes_sha1_or_short_keys() {
        for profile in Profile::ALL
            .into_iter()
            .filter(|profile| profile.suits_a_gateway())
        {
            let algorithms = profile.policy().algorithms;
            assert!(!algorithms.signatures.contains(Signature::RsaSha1));
            assert!(!algorithms.signatures.contains(Signature::HmacSha256));
            assert!(!algorithms.digests.contains(Digest::Sha1));
            assert!(algorithms.rsa_min_bits >= 2048);
        }
    }
}
