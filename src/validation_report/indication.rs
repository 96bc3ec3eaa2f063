//! Verdicts and codes in the words of ETSI EN 319 102-1 (§5.1.3, tables 5 and 6).

use super::nearest::nearest;
use crate::inbound::SignatureFinding;
use crate::verifier::{Outcome, Reason, Verdict};

/// MainIndication.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MainIndication {
    /// Of a signature: every check held.
    TotalPassed,
    /// Of a signature: a check was broken.
    TotalFailed,
    /// It could not be decided.
    Indeterminate,
    /// Of a constraint: it held.
    Passed,
    /// Of a constraint: it was broken.
    Failed,
}

impl MainIndication {
    /// Its URI.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
            Self::TotalFailed => "urn:etsi:019102:mainindication:total-failed",
            Self::Indeterminate => "urn:etsi:019102:mainindication:indeterminate",
            Self::Passed => "urn:etsi:019102:mainindication:passed",
            Self::Failed => "urn:etsi:019102:mainindication:failed",
        }
    }
}

/// SubIndication: those that a code of ours comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubIndication {
    /// It is not in a form that can be read.
    FormatFailure,
    /// What was signed has another digest.
    HashFailure,
    /// The value was not made by the key.
    SigCryptoFailure,
    /// The signer's certificate was revoked.
    Revoked,
    /// It was made before the signer's certificate was valid.
    NotYetValid,
    /// The signature, or what else the policy asks of a message, is not as that has it.
    SigConstraintsFailure,
    /// A certificate of the path is not as the policy has it.
    ChainConstraintsFailure,
    /// The path cannot be judged for another reason.
    CertificateChainGeneralFailure,
    /// An algorithm or the length of a key is not enough.
    CryptoConstraintsFailure,
    /// The signer's certificate has expired, and nothing proves that the signature was there before.
    OutOfBoundsNoPoe,
    /// It is not known since when the signature is there.
    NoPoe,
    /// Nothing says whose certificate to look for, or it is not there.
    NoSigningCertificateFound,
    /// No path leads to anybody who is trusted.
    NoCertificateChainFound,
    /// What would decide is not there yet, or not now.
    TryLater,
    /// The policy could not be applied.
    PolicyProcessingError,
    /// What was signed could not be had.
    SignedDataNotFound,
    /// None of the standard's, under this main indication.
    Custom,
}

impl SubIndication {
    /// Its URI.
    pub fn uri(self) -> String {
        let name = match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::NoPoe => "NO_POE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::TryLater => "TRY_LATER",
            Self::PolicyProcessingError => "POLICY_PROCESSING_ERROR",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::Custom => "CUSTOM",
        };
        format!("urn:etsi:019102:subindication:{name}")
    }

    /// Whether the standard has it under `main`.
    pub const fn is_of(self, main: MainIndication) -> bool {
        match self {
            Self::FormatFailure
            | Self::HashFailure
            | Self::SigCryptoFailure
            | Self::Revoked
            | Self::NotYetValid => matches!(main, MainIndication::TotalFailed),
            Self::SigConstraintsFailure
            | Self::ChainConstraintsFailure
            | Self::CertificateChainGeneralFailure
            | Self::CryptoConstraintsFailure
            | Self::OutOfBoundsNoPoe
            | Self::NoPoe
            | Self::NoSigningCertificateFound
            | Self::NoCertificateChainFound
            | Self::TryLater
            | Self::PolicyProcessingError
            | Self::SignedDataNotFound => matches!(main, MainIndication::Indeterminate),
            Self::Custom => matches!(main, MainIndication::TotalFailed | MainIndication::Indeterminate),
        }
    }

    /// Whether it is said of one signature, and not of the whole message.
    const fn is_of_a_signature(self) -> bool {
        match self {
            Self::HashFailure
            | Self::SigCryptoFailure
            | Self::Revoked
            | Self::NotYetValid
            | Self::ChainConstraintsFailure
            | Self::CertificateChainGeneralFailure
            | Self::CryptoConstraintsFailure
            | Self::OutOfBoundsNoPoe
            | Self::NoSigningCertificateFound
            | Self::NoCertificateChainFound => true,
            Self::FormatFailure
            | Self::SigConstraintsFailure
            | Self::NoPoe
            | Self::TryLater
            | Self::PolicyProcessingError
            | Self::SignedDataNotFound
            | Self::Custom => false,
        }
    }
}

/// SignatureValidationStatus.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Status {
    /// Ours: passed is total-passed, failed total-failed.
    pub main: MainIndication,
    /// Why.
    pub sub: Option<SubIndication>,
}

impl Status {
    /// What is said of the signature at `place` among those that `outcome` found, or of a message without one.
    ///
    /// No signature is total-passed that nobody trusted made, whatever the message is. In a message that was refused none is: where the reason
    /// lies in another signature, the sub-indication is `CUSTOM`. So it is where the standard has the nearest one under the other main
    /// indication.
    pub fn of(outcome: &Outcome, place: Option<usize>) -> Self {
        let signatures = &outcome.findings.signatures;
        let found = place.and_then(|place| Some((place, signatures.get(place)?)));
        let indeterminate = |sub| Self {
            main: MainIndication::Indeterminate,
            sub: Some(sub),
        };
        match (&outcome.verdict, found) {
            (Ok(()), Some((_, found))) if found.trusted => Self {
                main: MainIndication::TotalPassed,
                sub: None,
            },
            (Ok(()), Some(_)) => indeterminate(SubIndication::NoCertificateChainFound),
            // What passes without a signature has none that passed.
            (Ok(()), None) => indeterminate(SubIndication::Custom),
            (Err(reason), _) => {
                let main = match reason.verdict {
                    Verdict::Failed => MainIndication::TotalFailed,
                    Verdict::Indeterminate | Verdict::Unreadable => MainIndication::Indeterminate,
                };
                let sub = because(reason, main, outcome, found);
                Self { main, sub: Some(sub) }
            }
        }
    }
}

fn because(
    reason: &Reason,
    main: MainIndication,
    outcome: &Outcome,
    found: Option<(usize, &SignatureFinding)>,
) -> SubIndication {
    let Some(sub) = nearest(reason.code).filter(|sub| sub.is_of(main)) else {
        return SubIndication::Custom;
    };
    let Some((place, found)) = found.filter(|_| sub.is_of_a_signature()) else {
        return sub;
    };
    // The verdict is the first reason against one of them.
    let mut signatures = outcome.findings.signatures.iter();
    let is_its = signatures.position(|other| !other.trusted) == Some(place);
    let certificate = found.certificate.as_ref();
    let fits = if sub == SubIndication::HashFailure {
        let mut references = found.references.iter();
        references.any(|reference| reference.actual.is_some() && !reference.ok)
    } else if sub == SubIndication::Revoked {
        // Of a CA it would be something else.
        let revoked = found.revoked.as_ref();
        revoked.is_some_and(|revoked| Some(&revoked.certificate) == certificate)
    } else if sub == SubIndication::NotYetValid {
        let known = certificate.zip(outcome.findings.judged_at);
        known.is_some_and(|(certificate, at)| at < certificate.not_before())
    } else {
        true
    };
    if is_its && fits {
        sub
    } else {
        SubIndication::Custom
    }
}
