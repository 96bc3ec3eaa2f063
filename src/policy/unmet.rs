mod display;

use chrono::{DateTime, Utc};

use super::NotKept;
use super::NotWhole;
use super::authorization::NotAuthorized;
use super::destination::NoOperation;
use super::rules::KeyReference;
use crate::schema::InvalidKind;
use crate::xml::{Element, Position};

/// The first thing that a policy asks for and a message does not prove.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unmet {
    kind: UnmetKind,
    position: Option<Position>,
}

/// What was not proved.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UnmetKind {
    /// There is no signature at all.
    NoSignature,
    /// No trusted signature covers the Body.
    BodyNotSigned,
    /// A part that must have been encrypted was not: which.
    NotEncrypted(String),
    /// More than one signature covers the Body, so that it is not certain whose message it is.
    SeveralBodySignatures,
    /// A signature covers an element that nobody reads where it stands; its path.
    SignedElsewhere(String),
    /// The Timestamp is not covered by the signature that covers the Body.
    TimestampNotSigned,
    /// A header that has to be signed is not; its name.
    HeaderNotSigned(String),
    /// A header that has to be there is not; its name.
    HeaderMissing(String),
    /// An attachment that the signature over the Body does not cover; its Content-ID.
    AttachmentNotSigned(String),
    /// A header for us that nobody signed; its name.
    UnsignedHeader(String),
    /// There is no SAML assertion that a trusted issuer vouches for.
    AssertionMissing,
    /// There is more than one SAML assertion.
    SeveralAssertions,
    /// Nobody who could stand for the SAML assertion signed it.
    AssertionNotSigned,
    /// The signature was to be made with a key that a SAML assertion confirms, and it confirms none.
    NoConfirmationKey,
    /// The transport says something else than the message about what it is for.
    ActionMismatch {
        /// SOAPAction, or the `action` parameter.
        transport: String,
        /// wsa:Action.
        message: String,
    },
    /// It is for somebody else, or asks for nothing, or for different things, that may be asked for here.
    NoOperation(NoOperation),
    /// Whoever sent it may not ask for that, or not now.
    NotAuthorized(NotAuthorized),
    /// A SAML assertion for one use that never ends, so that its use would have to be remembered for ever.
    EndlessAssertion,
    /// There is no Timestamp.
    TimestampMissing,
    /// The Timestamp has no Expires.
    NoExpires,
    /// Expires is not after Created.
    ExpiresBeforeCreated {
        /// wsu:Created.
        created: DateTime<Utc>,
        /// wsu:Expires.
        expires: DateTime<Utc>,
    },
    /// The Timestamp is too old.
    Expired {
        /// wsu:Created.
        created: DateTime<Utc>,
        /// When it ended.
        ended: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
    },
    /// The Timestamp is from the future.
    Future {
        /// wsu:Created.
        created: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
        /// The clock skew allowed, in seconds.
        skew: u32,
    },
    /// The signature says in this form which key made it, which is not allowed.
    KeyReference {
        /// How the key is named.
        found: KeyReference,
        /// How it may be.
        allowed: Vec<KeyReference>,
    },
    /// There is no UsernameToken.
    UsernameTokenMissing,
    /// There is a UsernameToken, and none is taken.
    UsernameTokenRefused,
    /// The UsernameToken is not covered by the signature that covers the Body.
    UsernameTokenNotSigned,
    /// The signature over the Body does not cover a token in the Security header.
    TokenNotSigned,
    /// The UsernameToken brings no password, and no key that is derived from it signed the Body.
    NoPassword,
    /// A password that is sent as it is, where others could read it or the policy takes none.
    PasswordText {
        /// Whether it came over TLS, so that it is the policy which takes none.
        over_tls: bool,
    },
    /// A UsernameToken without Nonce and Created, which could be used again.
    NoNonce,
    /// The UsernameToken is too old.
    UsernameTokenExpired {
        /// wsu:Created.
        created: DateTime<Utc>,
        /// When it ended.
        ended: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
    },
    /// The UsernameToken is from the future.
    UsernameTokenFuture {
        /// wsu:Created.
        created: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
        /// The clock skew allowed, in seconds.
        skew: u32,
    },
    /// The signature was made with an EncryptedKey, and no signature with the key of somebody trusted covers it.
    NotEndorsed,
    /// The signature names a UsernameToken as its key that does not say how a key is made.
    NoDerivation,
    /// The request that a message is to answer has encrypted items in its Security header, which may be signatures.
    RequestEncrypted,
    /// A SignatureConfirmation that the signature over the Body does not cover.
    ConfirmationNotSigned,
    /// An answer does not confirm what was signed in its request; the values, in base64.
    Confirmation {
        /// That it confirms.
        found: Vec<String>,
        /// That the request has; none if it has no signature.
        expected: Vec<String>,
    },
    /// An answer says that it answers another message than its request, or does not say it under a signature.
    RelatesTo {
        /// The signed wsa:RelatesTo.
        found: Option<String>,
        /// The wsa:MessageID of the request.
        expected: Option<String>,
    },
    /// A header block that was encrypted must be understood, and is not.
    EncryptedNotUnderstood,
    /// The wsa:MessageID was encrypted, wholly or partly.
    MessageIdEncrypted,
    /// A QName in content whose prefix the signature does not cover; the QName.
    QNameNotCovered(String),
    /// The same in an attachment of XML: its Content-ID, and the name.
    AttachmentQNameNotCovered(String, String),
    /// The Body is not as its schema has it; in the words of who validated it.
    Schema(String),
    /// The Body takes more to validate than it may; what of it.
    SchemaLimit(&'static str),
    /// The Body could not be validated.
    SchemaUnavailable,
    /// There is no time in the message as of which it could be judged.
    NoMessageTime,
    /// A token stands for the message, and it is not taken as a whole.
    NotWhole(NotWhole),
    /// The Security header goes with the message, and more would have to go than was proven.
    NotKept(NotKept),
}

impl From<InvalidKind> for UnmetKind {
    fn from(kind: InvalidKind) -> Self {
        match kind {
            InvalidKind::Content(message) => Self::Schema(message),
            InvalidKind::Limit(what) => Self::SchemaLimit(what),
            InvalidKind::Unavailable => Self::SchemaUnavailable,
        }
    }
}

impl Unmet {
    /// Not proved, and there is no place to show.
    pub fn nowhere(kind: UnmetKind) -> Self {
        Self { kind, position: None }
    }

    /// Not proved at `element`.
    pub fn at(element: Element<'_>, kind: UnmetKind) -> Self {
        let position = Some(element.position());
        Self { kind, position }
    }

    /// What was not proved.
    pub fn kind(&self) -> &UnmetKind {
        &self.kind
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether more information could have decided otherwise.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self.kind, UnmetKind::NoMessageTime | UnmetKind::SchemaUnavailable)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            UnmetKind::NoSignature => "dsig.missing",
            UnmetKind::BodyNotSigned => "policy.body_not_signed",
            UnmetKind::NotEncrypted(_) => "policy.not_encrypted",
            UnmetKind::SeveralBodySignatures => "policy.several_body_signatures",
            UnmetKind::SignedElsewhere(_) => "policy.signed_elsewhere",
            UnmetKind::TimestampNotSigned => "policy.timestamp_not_signed",
            UnmetKind::HeaderNotSigned(_) => "policy.header_not_signed",
            UnmetKind::HeaderMissing(_) => "policy.header_missing",
            UnmetKind::UnsignedHeader(_) => "policy.unsigned_header",
            UnmetKind::AttachmentNotSigned(_) => "policy.attachment_not_signed",
            UnmetKind::AssertionMissing => "policy.assertion_missing",
            UnmetKind::SeveralAssertions => "saml.multiple_assertions",
            UnmetKind::AssertionNotSigned => "saml.not_signed",
            UnmetKind::NoConfirmationKey => "saml.holder_of_key",
            UnmetKind::ActionMismatch { .. } => "policy.action_mismatch",
            UnmetKind::NoOperation(error) => error.code(),
            UnmetKind::NotAuthorized(error) => error.code(),
            UnmetKind::EndlessAssertion => "saml.endless",
            UnmetKind::TimestampMissing => "wss.timestamp_missing",
            UnmetKind::NoExpires | UnmetKind::ExpiresBeforeCreated { .. } => "wss.timestamp_invalid",
            UnmetKind::Expired { .. } => "wss.timestamp_expired",
            UnmetKind::Future { .. } => "wss.timestamp_future",
            UnmetKind::KeyReference { .. } => "policy.key_reference",
            UnmetKind::UsernameTokenMissing => "policy.username_token_missing",
            UnmetKind::UsernameTokenRefused => "policy.username_token",
            UnmetKind::UsernameTokenNotSigned => "policy.username_token_not_signed",
            UnmetKind::TokenNotSigned => "policy.token_not_signed",
            UnmetKind::NoPassword => "policy.no_password",
            UnmetKind::PasswordText { .. } => "policy.password_text",
            UnmetKind::NoNonce => "policy.no_nonce",
            UnmetKind::UsernameTokenExpired { .. } => "policy.username_token_expired",
            UnmetKind::UsernameTokenFuture { .. } => "policy.username_token_future",
            UnmetKind::NotEndorsed => "policy.not_endorsed",
            UnmetKind::NoDerivation => "policy.no_derivation",
            UnmetKind::RequestEncrypted
            | UnmetKind::ConfirmationNotSigned
            | UnmetKind::Confirmation { .. } => "policy.signature_confirmation",
            UnmetKind::RelatesTo { .. } => "policy.relates_to",
            UnmetKind::EncryptedNotUnderstood => "policy.encrypted_not_understood",
            UnmetKind::MessageIdEncrypted => "policy.message_id_encrypted",
            UnmetKind::QNameNotCovered(_) | UnmetKind::AttachmentQNameNotCovered(_, _) => {
                "policy.qname_not_covered"
            }
            UnmetKind::Schema(_) => "policy.schema",
            UnmetKind::SchemaLimit(_) => "limit.schema",
            UnmetKind::SchemaUnavailable => "policy.schema_unavailable",
            UnmetKind::NoMessageTime => "policy.no_message_time",
            UnmetKind::NotWhole(error) => error.code(),
            UnmetKind::NotKept(NotKept::NoPrefix) => "policy.security_header_prefix",
            UnmetKind::NotKept(_) => "policy.security_header",
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &self.kind {
            UnmetKind::NotEncrypted(_) => "WS-SecurityPolicy 1.3 §4.2",
            UnmetKind::NoSignature | UnmetKind::BodyNotSigned => "WSS 1.1 §8",
            UnmetKind::SeveralBodySignatures | UnmetKind::SignedElsewhere(_) => "WSS 1.1 §8",
            UnmetKind::TimestampNotSigned => "WSS 1.1 §13.2",
            UnmetKind::HeaderNotSigned(_) | UnmetKind::HeaderMissing(_) | UnmetKind::UnsignedHeader(_) => {
                "WS-Addressing 1.0 SOAP Binding §7; WSS 1.1 §13"
            }
            UnmetKind::AttachmentNotSigned(_) => "SwA Profile 1.1 §5",
            UnmetKind::TimestampMissing
            | UnmetKind::NoExpires
            | UnmetKind::ExpiresBeforeCreated { .. }
            | UnmetKind::Expired { .. }
            | UnmetKind::Future { .. } => "WSS 1.1 §10",
            UnmetKind::TokenNotSigned => "WS-SecurityPolicy 1.3 §6.5",
            UnmetKind::UsernameTokenNotSigned => "WSS UsernameToken Profile 1.1 §5; WSS 1.1 §13.2",
            UnmetKind::NoPassword
            | UnmetKind::NoNonce
            | UnmetKind::UsernameTokenExpired { .. }
            | UnmetKind::UsernameTokenFuture { .. } => "WSS UsernameToken Profile 1.1 §3.1",
            UnmetKind::PasswordText { .. } => "WSS UsernameToken Profile 1.1 §3.1, §5",
            UnmetKind::NotEndorsed => "WS-SecurityPolicy 1.3 §8.3",
            UnmetKind::NoDerivation => "WSS UsernameToken Profile 1.1 §4",
            UnmetKind::RequestEncrypted
            | UnmetKind::ConfirmationNotSigned
            | UnmetKind::Confirmation { .. } => "WSS 1.1 §8.5",
            UnmetKind::RelatesTo { .. } => "WS-Addressing 1.0 Core §3.4",
            UnmetKind::EncryptedNotUnderstood => "SOAP 1.2 Part 1 §2.4",
            UnmetKind::MessageIdEncrypted => "WSS 1.1 §13.2.7",
            UnmetKind::QNameNotCovered(_) | UnmetKind::AttachmentQNameNotCovered(_, _) => {
                "Exclusive C14N §1.3"
            }
            UnmetKind::SeveralAssertions => "WSS SAML Token Profile 1.1 §3.3",
            UnmetKind::AssertionNotSigned => "SAML Core §5.4.2; WSS SAML Token Profile 1.1 §3.5",
            UnmetKind::NoConfirmationKey => "SAML Profiles §3.1; SAML Core §2.4.1.3",
            UnmetKind::ActionMismatch { .. } => "WS-Addressing 1.0 SOAP Binding §4",
            UnmetKind::NoOperation(_) => NoOperation::CLAUSE,
            UnmetKind::EndlessAssertion => "SAML Core §2.5.1.5",
            UnmetKind::Schema(_) => "XSD 1.0 Part 1 §2.3",
            UnmetKind::SchemaLimit(_)
            | UnmetKind::SchemaUnavailable
            | UnmetKind::NotAuthorized(_)
            | UnmetKind::AssertionMissing
            | UnmetKind::UsernameTokenMissing
            | UnmetKind::UsernameTokenRefused
            | UnmetKind::KeyReference { .. }
            | UnmetKind::NoMessageTime
            | UnmetKind::NotWhole(_)
            | UnmetKind::NotKept(_) => return None,
        })
    }
}

impl std::error::Error for Unmet {}
