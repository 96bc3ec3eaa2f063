use std::fmt;

use crate::crypto::{Base64Error, CipherError};
use crate::dsig::fields::{FieldError, FieldErrorKind};
use crate::xml;
use crate::xml::{Element, Limit, Position, quoted};

/// Why something is not decrypted or encrypted, and where in the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Option<Position>,
}

/// What is wrong with encrypted content.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no EncryptedData.
    Missing,
    /// An element, attribute or text where the schema has none, or one that is missing.
    Structure(String),
    /// An `Algorithm` that names nothing we know.
    UnknownAlgorithm(String),
    /// An algorithm that the policy does not allow.
    AlgorithmNotPermitted(String),
    /// An algorithm that proves nothing about its plaintext, where no verified signature covers the ciphertext.
    Unsigned(String),
    /// `xenc:CipherReference` to something else than an attachment of the message, which would have us fetch it.
    CipherReference,
    /// An encrypted attachment in a form that is not read, or of no part of the message.
    Attachment(String),
    /// A RetrievalMethod, KeyInfoReference or other reference that leads to no EncryptedKey of the document.
    Reference(String),
    /// Octets without authentication, and several keys of which each may be theirs.
    AmbiguousKey,
    /// Parameters of a key derivation that are not read.
    KeyDerivation(&'static str),
    /// Octets of no XML type in the middle of a document.
    Type(Option<String>),
    /// A value that is not base64.
    Encoding(Base64Error),
    /// Encrypted content in what was decrypted, or a key that needs another one to be decrypted.
    Nested,
    /// We have no key for it.
    NoKey {
        /// What names the keys that it is encrypted to.
        named: Vec<String>,
    },
    /// A part that cannot be encrypted.
    Target(&'static str),
    /// What was decrypted cannot stand where it stood; said of authenticated ciphertexts only.
    Plaintext(String),
    /// The ciphertext cannot be decrypted, or a key of ours does not fit the algorithm.
    Cipher(CipherError),
    /// The XML is not as it must be.
    Xml(xml::Error),
    /// More than is allowed.
    Limit {
        /// Of what.
        limit: Limit,
        /// How many are allowed.
        allowed: u64,
    },
}

impl Error {
    pub(super) fn at(element: Element<'_>, kind: ErrorKind) -> Self {
        Self {
            kind,
            position: Some(element.position()),
        }
    }

    pub(super) fn at_position(position: Position, kind: ErrorKind) -> Self {
        Self {
            kind,
            position: Some(position),
        }
    }

    pub(super) fn nowhere(kind: ErrorKind) -> Self {
        Self { kind, position: None }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where: for what fails while decrypting, the EncryptedData.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The stable code, `xmlenc.<reason>`; of XML, limits and the crypto library, theirs.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Missing => "xmlenc.missing",
            ErrorKind::Structure(_) => "xmlenc.structure",
            ErrorKind::UnknownAlgorithm(_) => "xmlenc.unknown_algorithm",
            ErrorKind::AlgorithmNotPermitted(_) => "xmlenc.algorithm_not_permitted",
            ErrorKind::Unsigned(_) => "xmlenc.unsigned_ciphertext",
            ErrorKind::CipherReference => "xmlenc.cipher_reference",
            ErrorKind::Attachment(_) => "xmlenc.attachment",
            ErrorKind::Reference(_) => "xmlenc.reference",
            ErrorKind::AmbiguousKey => "xmlenc.ambiguous_key",
            ErrorKind::KeyDerivation(_) => "xmlenc.key_derivation",
            ErrorKind::Type(_) => "xmlenc.type",
            ErrorKind::Encoding(_) => "xmlenc.encoding",
            ErrorKind::Nested => "xmlenc.nested",
            ErrorKind::NoKey { .. } => "xmlenc.no_key",
            ErrorKind::Target(_) => "xmlenc.target",
            ErrorKind::Plaintext(_) => "xmlenc.plaintext",
            ErrorKind::Cipher(error) => error.code(),
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::Limit { limit, .. } => limit.code(),
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match &self.kind {
            ErrorKind::Missing => Some("XML Encryption 1.1 §4.4"),
            ErrorKind::Structure(_) => Some("XML Encryption 1.1 §3"),
            ErrorKind::UnknownAlgorithm(_) | ErrorKind::AlgorithmNotPermitted(_) => {
                Some("XML Encryption 1.1 §5.1")
            }
            ErrorKind::Unsigned(_) => Some("XML Encryption 1.1 §6.1.2"),
            ErrorKind::CipherReference => Some("XML Encryption 1.1 §3.3.1"),
            ErrorKind::Attachment(_) => Some("SwA Profile 1.1 §5.5"),
            ErrorKind::Reference(_) | ErrorKind::AmbiguousKey => Some("XML Encryption 1.1 §3.5"),
            ErrorKind::KeyDerivation(_) => Some("XML Encryption 1.1 §5.4.1"),
            ErrorKind::Type(_) => Some("XML Encryption 1.1 §3.1"),
            ErrorKind::Plaintext(_) => Some("XML Encryption 1.1 §4.5"),
            ErrorKind::Encoding(error) => error.clause().into(),
            ErrorKind::Cipher(error) => error.clause(),
            ErrorKind::Xml(error) => error.clause(),
            ErrorKind::Nested | ErrorKind::NoKey { .. } | ErrorKind::Target(_) | ErrorKind::Limit { .. } => {
                None
            }
        }
    }

    /// Whether another key could have decided otherwise.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self.kind, ErrorKind::NoKey { .. })
    }

    /// Whether our own machine failed, and not the message.
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, ErrorKind::Cipher(CipherError::Unavailable(_)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Missing => f.write_str("nothing in it is encrypted"),
            ErrorKind::Structure(what) => {
                write!(f, "the encrypted content is not as its schema has it: {what}")
            }
            ErrorKind::UnknownAlgorithm(uri) => write!(f, "{} names no algorithm that is known", quoted(uri)),
            ErrorKind::AlgorithmNotPermitted(what) => {
                write!(f, "the policy does not allow the algorithm {}", quoted(what))
            }
            ErrorKind::Unsigned(uri) => write!(
                f,
                "{} proves nothing about what it decrypts, and no verified signature covers the ciphertext and its key",
                quoted(uri)
            ),
            ErrorKind::CipherReference => {
                f.write_str("a CipherReference is never followed, but to an attachment that the Security header says is encrypted")
            }
            ErrorKind::Attachment(why) => write!(f, "the encrypted attachment is refused: {why}"),
            ErrorKind::Reference(what) => {
                write!(f, "{} refers to no encrypted key of the document", quoted(what))
            }
            ErrorKind::AmbiguousKey => {
                f.write_str("several keys may be its key, and nothing would show that the wrong one was used")
            }
            ErrorKind::KeyDerivation(what) => write!(f, "the key derivation is refused: {what}"),
            ErrorKind::Type(None) => f.write_str(
                "it says no Type: octets that are no XML can be decrypted only if they are all there is",
            ),
            ErrorKind::Type(Some(uri)) => write!(
                f,
                "content of the Type {} can be decrypted only if it is all there is",
                quoted(uri)
            ),
            ErrorKind::Encoding(error) => error.fmt(f),
            ErrorKind::Nested => f.write_str("it is encrypted more than once"),
            ErrorKind::NoKey { named } => {
                let named = match named.as_slice() {
                    [] => "a key that it does not name".to_owned(),
                    named => named.join(", or "),
                };
                write!(f, "there is no key for it: it is encrypted to {named}; see --key and --secret-key")
            }
            ErrorKind::Target(what) => write!(f, "it cannot be encrypted: {what}"),
            ErrorKind::Plaintext(what) => write!(f, "what was encrypted cannot stand here: {what}"),
            ErrorKind::Cipher(error) => error.fmt(f),
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::Limit { limit, allowed } => write!(f, "more than {allowed} {limit}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self {
            kind: match error.kind {
                FieldErrorKind::Structure(what) => ErrorKind::Structure(what),
                FieldErrorKind::Xml(error) => ErrorKind::Xml(error),
                FieldErrorKind::Encoding(error) => ErrorKind::Encoding(error),
            },
            position: Some(error.position),
        }
    }
}

impl From<xml::Error> for Error {
    fn from(error: xml::Error) -> Self {
        Self {
            position: error.position(),
            kind: ErrorKind::Xml(error),
        }
    }
}
