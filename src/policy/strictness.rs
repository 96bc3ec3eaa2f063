use super::requirement::Part;
use super::rules::{
    BasicSecurityProfile, Dsa, Expires, InterruptedText, Sha1, TimestampPresence, UnsignedHeaders,
    UsernameToken, Utf16,
};
use super::saml_rules::{AudienceRule, SignatureOrder};
use crate::algorithm::{EcdsaValues, HmacTruncation, KeyAgreement, KeyTransport, PssSalts};
use crate::trust::Revocation;

/// Values of which each lets pass less than another.
pub(super) trait Strictness: Copy {
    /// The next stricter one.
    fn stricter(self) -> Option<Self>;
}

impl Strictness for UnsignedHeaders {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Drop => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for InterruptedText {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Join => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for Utf16 {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Allow => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for BasicSecurityProfile {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::NotApplicable => Some(Self::Report),
            Self::Report => Some(Self::Warn),
            Self::Warn => Some(Self::Enforce),
            Self::Enforce => None,
        }
    }
}

impl Strictness for TimestampPresence {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Ignored => Some(Self::Optional),
            Self::Optional => Some(Self::Required),
            Self::Required => None,
        }
    }
}

impl Strictness for Expires {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Optional => Some(Self::Required),
            Self::Required => None,
        }
    }
}

impl Strictness for Revocation {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Warn => Some(Self::WhenPromised),
            Self::WhenPromised => Some(Self::Required),
            Self::Required => None,
        }
    }
}

impl Strictness for Sha1 {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Allow => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for Dsa {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Allow => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for UsernameToken {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Ignore => Some(Self::NonceOptionalOverTls),
            Self::NonceOptionalOverTls => Some(Self::DigestOrTextOverTls),
            Self::DigestOrTextOverTls => Some(Self::Digest),
            Self::Digest => Some(Self::Refuse),
            Self::Refuse => None,
        }
    }
}

impl Strictness for AudienceRule {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::Optional => Some(Self::Required),
            Self::Required => None,
        }
    }
}

impl Strictness for SignatureOrder {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::AnyChild => Some(Self::AfterIssuer),
            Self::AfterIssuer => None,
        }
    }
}

impl Strictness for HmacTruncation {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::AtLeastHalf => Some(Self::Refused),
            Self::Refused => None,
        }
    }
}

impl Strictness for EcdsaValues {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::OrShorter => Some(Self::FullLength),
            Self::FullLength => None,
        }
    }
}

impl Strictness for PssSalts {
    fn stricter(self) -> Option<Self> {
        match self {
            Self::OrShorter => Some(Self::DigestLength),
            Self::DigestLength => None,
        }
    }
}

impl Part {
    /// Whether asking for this part to be signed asks for all that `other` does.
    pub(super) fn is_more_than(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Header { namespace, local },
                Self::HeaderIfThere {
                    namespace: other,
                    local: name,
                },
            ) => namespace == other && local == name,
            _ => false,
        }
    }
}

/// What of `transport` may be permitted alone.
pub(super) fn narrower_transports(transport: KeyTransport) -> &'static [KeyTransport] {
    use KeyTransport::{Rsa15, RsaOaep, RsaOaepMgf1p, RsaOaepSha256, RsaOaepSha256Mgf1Sha1};
    match transport {
        RsaOaep => &[RsaOaepSha256, RsaOaepSha256Mgf1Sha1, RsaOaepMgf1p],
        RsaOaepSha256 | RsaOaepSha256Mgf1Sha1 | RsaOaepMgf1p | Rsa15 => &[],
    }
}

/// What of `agreement` may be permitted alone.
pub(super) fn narrower_agreements(agreement: KeyAgreement) -> &'static [KeyAgreement] {
    match agreement {
        KeyAgreement::EcdhEs => &[KeyAgreement::EcdhEsSha2],
        KeyAgreement::EcdhEsSha2 => &[],
    }
}
