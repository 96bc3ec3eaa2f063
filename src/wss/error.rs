use std::fmt;

use crate::dsig;
use crate::token;
use crate::token::datetime::DateTimeError;
use crate::token::field::NotText;
use crate::wss::Deviation;
use crate::xml;
use crate::xml::Element;
use crate::xml::Limit;
use crate::xml::Position;
use crate::xml::quoted;
use crate::xmlenc;

/// Why a Security header, or what a signature says of its key, cannot be read in one way only.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Option<Position>,
}

/// What is wrong. Names and values are as the message has them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An element where only text may stand.
    Xml(xml::Error),
    /// A token that cannot be read.
    Token(token::Error),
    /// A rule of the Basic Security Profile that the policy enforces.
    Deviation(Deviation),
    /// No Security header is for us.
    HeaderMissing {
        /// Whom the Security headers that there are are for.
        others: Vec<String>,
    },
    /// There are more Security headers than may be for one receiver, or for all.
    MultipleHeaders(Multiple),
    /// Text between the items of the header.
    Text,
    /// An item that is not known; its name.
    UnknownItem(String),
    /// A token of WS-SecureConversation, from which keys would be derived; its name.
    SecureConversation(String),
    /// An attribute that may be taken for an ID, or has no meaning; its name.
    Attribute(String),
    /// Two Timestamps.
    MultipleTimestamps,
    /// A Timestamp that is not as WSS 1.1 §10 and the Basic Security Profile have it.
    Timestamp {
        /// What is wrong.
        why: &'static str,
        /// The rule.
        clause: &'static str,
    },
    /// A time that is none.
    Time(DateTimeError),
    /// A SignatureConfirmation that is not as WSS 1.1 §8.5 has it.
    SignatureConfirmation(&'static str),
    /// A SecurityTokenReference that points at nothing, at too much, or out of the header.
    TokenReference {
        /// What is wrong.
        why: &'static str,
        /// The rule.
        clause: &'static str,
        /// The value at fault.
        value: Option<String>,
    },
    /// A SecurityTokenReference with an identifier that cannot be read.
    Identifier(token::Error),
    /// A KeyInfo with something other than one reference to a key.
    KeyInfo(&'static str),
    /// A key that comes with what it signs (T63).
    KeyValue,
    /// Two UsernameTokens.
    MultipleUsernameTokens,
    /// Encryption of nothing, or in a way that is not read; the element's name.
    UnsupportedEncryption(String),
    /// An EncryptedKeySHA1 of a key that is not in the message.
    UnknownEncryptedKey(String),
    /// A DataReference to something else than an EncryptedData for us.
    DataReference(Option<String>),
    /// An EncryptedData that no list of the header names.
    UnlistedEncryption,
    /// More Signatures than are looked at.
    Signatures {
        /// How many are.
        allowed: u16,
    },
    /// A message to be written to has a Security header for that receiver already.
    AlreadySecured,
    /// A part to be signed that no reference can name, or to be encrypted that cannot be.
    Part(&'static str),
    /// A certificate to be named by its SubjectKeyIdentifier has none.
    NoKeyIdentifier,
    /// A signature could not be made.
    Signing(dsig::Error),
    /// Something could not be encrypted.
    Encryption(xmlenc::Error),
}

/// Which Security headers are too many. An actor or role names a receiver, and nothing the last one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Multiple {
    /// Two for us, under these names.
    Ours([Option<String>; 2]),
    /// Two for the same other receiver.
    Same(String),
    /// Those for more than so many other receivers.
    TooMany(usize),
}

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(roles) => {
                let [first, second] = roles.each_ref().map(|role| match role {
                    Some(role) => quoted(role),
                    None => "the last receiver".to_owned(),
                });
                write!(
                    f,
                    "two Security headers are for us, one for {first} and one for {second}"
                )
            }
            Self::Same(role) => write!(f, "two Security headers are for {}", quoted(role)),
            Self::TooMany(most) => write!(f, "Security headers are for more than {most} other receivers"),
        }
    }
}

impl Error {
    pub(super) fn at(kind: ErrorKind, element: Element<'_>) -> Self {
        Self {
            kind,
            position: Some(element.position()),
        }
    }

    pub(super) fn at_position(kind: ErrorKind, position: Position) -> Self {
        Self {
            kind,
            position: Some(position),
        }
    }

    pub(super) fn nowhere(kind: ErrorKind) -> Self {
        Self { kind, position: None }
    }

    pub(super) fn timestamp(element: Element<'_>, why: &'static str, clause: &'static str) -> Self {
        Self::at(ErrorKind::Timestamp { why, clause }, element)
    }

    pub(super) fn reference(element: Element<'_>, why: &'static str, clause: &'static str) -> Self {
        let value = None;
        Self::at(ErrorKind::TokenReference { why, clause, value }, element)
    }

    pub(super) fn reference_value(
        element: Element<'_>,
        why: &'static str,
        clause: &'static str,
        value: &str,
    ) -> Self {
        let value = Some(value.to_owned());
        Self::at(ErrorKind::TokenReference { why, clause, value }, element)
    }

    /// A certificate under the STR-Transform that is not the one whose key signs.
    pub(crate) fn not_of_the_signer(token: Element<'_>) -> Self {
        let why = "the STR-Transform leads to another certificate than KeyInfo";
        Self::reference_value(token, why, "WSS 1.1 §8.3", &token.path())
    }

    /// An identifier that cannot be read makes a bad reference; an element in it stays what it is.
    pub(super) fn identifier(error: token::Error) -> Self {
        if matches!(error.kind(), token::ErrorKind::Xml(_)) {
            return error.into();
        }
        let position = error.position();
        Self {
            kind: ErrorKind::Identifier(error),
            position,
        }
    }

    /// `element` should be a text; `interrupted` says what it means that a comment stands in it.
    pub(super) fn of_text(reason: NotText, element: Element<'_>, interrupted: ErrorKind) -> Self {
        match reason {
            NotText::Element(error) => {
                let position = error.position();
                Self {
                    kind: ErrorKind::Xml(error),
                    position,
                }
            }
            NotText::Interrupted => Self::at(interrupted, element),
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::Token(error) => error.code(),
            ErrorKind::Deviation(deviation) => deviation.code(),
            ErrorKind::HeaderMissing { .. } => "wss.header_missing",
            ErrorKind::MultipleHeaders(_) => "wss.multiple_headers",
            ErrorKind::Text => "wss.text",
            ErrorKind::UnknownItem(_) => "wss.unknown_item",
            ErrorKind::SecureConversation(_) => "wss.secure_conversation",
            ErrorKind::Attribute(_) => "wss.attribute",
            ErrorKind::MultipleTimestamps => "wss.timestamp_multiple",
            ErrorKind::Timestamp { .. } | ErrorKind::Time(_) => "wss.timestamp_invalid",
            ErrorKind::SignatureConfirmation(_) => "wss.signature_confirmation",
            ErrorKind::TokenReference { .. } | ErrorKind::Identifier(_) => "wss.token_reference",
            ErrorKind::KeyInfo(_) => "wss.key_info",
            ErrorKind::KeyValue => "dsig.key_value",
            ErrorKind::MultipleUsernameTokens => "wss.multiple_username_tokens",
            ErrorKind::UnsupportedEncryption(_) => "wss.unsupported_encryption",
            ErrorKind::UnknownEncryptedKey(_) => "wss.unknown_encrypted_key",
            ErrorKind::DataReference(_) => "wss.data_reference",
            ErrorKind::UnlistedEncryption => "wss.unlisted_encryption",
            ErrorKind::Signatures { .. } => Limit::Signatures.code(),
            ErrorKind::AlreadySecured => "wss.already_secured",
            ErrorKind::Part(_) => "wss.part",
            ErrorKind::NoKeyIdentifier => "wss.no_key_identifier",
            ErrorKind::Signing(error) => error.code(),
            ErrorKind::Encryption(error) => error.code(),
        }
    }

    /// The clause that it breaks.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &self.kind {
            ErrorKind::Xml(error) => return error.clause(),
            ErrorKind::Token(error) => return error.clause(),
            ErrorKind::Identifier(error) => return error.clause(),
            ErrorKind::Deviation(deviation) => return deviation.clause(),
            ErrorKind::HeaderMissing { .. } | ErrorKind::Text | ErrorKind::UnknownItem(_) => "WSS 1.1 §5",
            ErrorKind::MultipleHeaders(_) => "WSS 1.1 §5; BSP 1.1 R3206, R3210",
            ErrorKind::SecureConversation(_) => "WS-SecureConversation 1.3 §2, §7",
            ErrorKind::UnknownEncryptedKey(_) => "WSS 1.1 §7.3",
            ErrorKind::Attribute(_) => "WSS 1.1 §4.1",
            ErrorKind::MultipleTimestamps => "WSS 1.1 §10; BSP 1.1 R3227",
            ErrorKind::Timestamp { clause, .. } | ErrorKind::TokenReference { clause, .. } => clause,
            ErrorKind::Time(error) => error.clause(),
            ErrorKind::SignatureConfirmation(_) => "WSS 1.1 §8.5",
            ErrorKind::KeyInfo(_) => "BSP 1.1 R5402",
            ErrorKind::KeyValue => "WSS 1.1 §7.5",
            ErrorKind::AlreadySecured => "WSS 1.1 §5; BSP 1.1 R3206, R3210",
            ErrorKind::Part(_) => "XML Signature §4.4.3.1",
            ErrorKind::DataReference(_) | ErrorKind::UnlistedEncryption => "WSS 1.1 §9.1",
            ErrorKind::NoKeyIdentifier => "WSS X.509 Token Profile 1.1 §3.2.1",
            ErrorKind::Signing(error) => return error.clause(),
            ErrorKind::Encryption(error) => return error.clause(),
            ErrorKind::MultipleUsernameTokens
            | ErrorKind::UnsupportedEncryption(_)
            | ErrorKind::Signatures { .. } => return None,
        })
    }
}

impl From<token::Error> for Error {
    fn from(error: token::Error) -> Self {
        let position = error.position();
        Self {
            kind: ErrorKind::Token(error),
            position,
        }
    }
}

impl From<Deviation> for Error {
    fn from(deviation: Deviation) -> Self {
        let position = deviation.position();
        Self {
            kind: ErrorKind::Deviation(deviation),
            position,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::Token(error) => error.fmt(f),
            ErrorKind::Deviation(deviation) => deviation.fmt(f),
            ErrorKind::HeaderMissing { others } if others.is_empty() => {
                f.write_str("there is no Security header")
            }
            ErrorKind::HeaderMissing { others } => write!(
                f,
                "no Security header is for us: there are some for {} (other roles that we play: --role, or `roles` of a route)",
                others.join(", ")
            ),
            ErrorKind::MultipleHeaders(multiple) => multiple.fmt(f),
            ErrorKind::Text => f.write_str("text stands between the items of the Security header"),
            ErrorKind::UnknownItem(name) => {
                write!(
                    f,
                    "{} stands in the Security header and is not known",
                    quoted(name)
                )
            }
            ErrorKind::SecureConversation(name) => write!(
                f,
                "{} is of WS-SecureConversation, which is not read: no derived keys (sp:RequireDerivedKeys), no security contexts",
                quoted(name)
            ),
            ErrorKind::UnknownEncryptedKey(digest) => write!(
                f,
                "EncryptedKeySHA1 names the key {digest}, which is not in this message; keys of earlier messages are not remembered",
            ),
            ErrorKind::Attribute(name) => write!(f, "the attribute {} may not stand there", quoted(name)),
            ErrorKind::MultipleTimestamps => f.write_str("the Security header has two Timestamps"),
            ErrorKind::Timestamp { why, .. } => write!(f, "the Timestamp is not as it must be: {why}"),
            ErrorKind::Time(error) => error.fmt(f),
            ErrorKind::SignatureConfirmation(why) => {
                write!(f, "the SignatureConfirmation is not as it must be: {why}")
            }
            ErrorKind::TokenReference { why, value, .. } => {
                write!(f, "the key's reference leads nowhere: {why}")?;
                match value {
                    Some(value) => write!(f, ": {}", quoted(value)),
                    None => Ok(()),
                }
            }
            ErrorKind::Identifier(error) => write!(f, "the key's identifier cannot be read: {error}"),
            ErrorKind::KeyInfo(why) => write!(f, "KeyInfo does not name one key: {why}"),
            ErrorKind::KeyValue => f.write_str("the signature brings its own key, which proves nothing"),
            ErrorKind::MultipleUsernameTokens => f.write_str("the Security header has two UsernameTokens"),
            ErrorKind::UnsupportedEncryption(name) => {
                write!(
                    f,
                    "{} stands in the Security header, and nothing is encrypted that we read",
                    quoted(name)
                )
            }
            ErrorKind::UnlistedEncryption => {
                f.write_str("something is encrypted that the Security header does not list")
            }
            ErrorKind::DataReference(uri) => write!(
                f,
                "a DataReference to {} leads to nothing that is encrypted to us",
                uri.as_deref().map_or("nothing".to_owned(), quoted)
            ),
            ErrorKind::Signatures { allowed } => write!(f, "more than {allowed} {}", Limit::Signatures),
            ErrorKind::AlreadySecured => {
                f.write_str("the message has a Security header for that receiver already")
            }
            ErrorKind::Part(why) => write!(f, "this part cannot be secured: {why}"),
            ErrorKind::NoKeyIdentifier => f.write_str("the certificate has no SubjectKeyIdentifier"),
            ErrorKind::Signing(error) => error.fmt(f),
            ErrorKind::Encryption(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
