use std::fmt;

use crate::crypto::Base64Error;
use crate::crypto::CertificateError;
use crate::crypto::KeyError;
use crate::token::datetime::DateTimeError;
use crate::token::field::NotText;
use crate::token::username::UsernameFault;
use crate::xml;
use crate::xml::Element;
use crate::xml::Position;
use crate::xml::quoted;

/// Why a token, or what a `ds:KeyInfo` says of a key, cannot be read in one way only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Position,
}

/// What is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An element where only text may stand.
    Xml(xml::Error),
    /// A comment or a processing instruction inside a text (T36); the element's name.
    Interrupted(String),
    /// An attribute that may not stand there; its name.
    Attribute(String),
    /// A BinarySecurityToken of a kind that is not read, or that does not say its kind.
    ValueType(Option<String>),
    /// The text of a token is not encoded as base64 by its own account.
    EncodingType(String),
    /// A text that is not base64.
    Base64(Base64Error),
    /// Nothing where something has to be; the element's name.
    Empty(String),
    /// A PKIPath that is no sequence of certificates.
    PkiPath(CertificateError),
    /// A PKCS#7 that is no set of certificates.
    Pkcs7(CertificateError),
    /// A certificate of version 1.
    X509V1,
    /// A certificate that cannot be read.
    Certificate(CertificateError),
    /// X509Data that is not as XML Signature §4.5.4 has it.
    X509Data(&'static str),
    /// A KeyValue that is not as XML Signature 1.1 §4.5.2 has it.
    KeyValue(&'static str),
    /// A RetrievalMethod or KeyInfoReference that leads to nothing that is read.
    KeyReference(&'static str),
    /// A KeyInfoReference that leads to another reference.
    KeyReferenceDepth,
    /// A public key that cannot be used.
    Key(KeyError),
    /// A UsernameToken that is not as its profile has it.
    Username(UsernameFault),
    /// A time that is none.
    Time(DateTimeError),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, position: Position) -> Self {
        Self { kind, position }
    }

    pub(crate) fn of_text(reason: NotText, element: Element<'_>) -> Self {
        let kind = match reason {
            NotText::Element(error) => ErrorKind::Xml(error),
            NotText::Interrupted => ErrorKind::Interrupted(element.name().to_owned()),
        };
        Self::new(kind, element.position())
    }

    /// The certificate that the element at `position` carries cannot be read.
    pub fn certificate(error: CertificateError, position: Position) -> Self {
        Self::new(ErrorKind::Certificate(error), position)
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        if let ErrorKind::Xml(error) = &self.kind {
            return error.position();
        }
        Some(self.position)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::Interrupted(_) => "token.interrupted",
            ErrorKind::Attribute(_) => "token.attribute",
            ErrorKind::ValueType(_) => "token.value_type",
            ErrorKind::EncodingType(_) => "token.encoding_type",
            ErrorKind::Base64(_) => "token.base64",
            ErrorKind::Empty(_) => "token.empty",
            ErrorKind::PkiPath(_) => "token.pkipath",
            ErrorKind::Pkcs7(_) => "token.pkcs7",
            ErrorKind::X509V1 => "token.x509v1",
            ErrorKind::Certificate(error) => error.code(),
            ErrorKind::X509Data(_) => "token.x509_data",
            ErrorKind::KeyValue(_) => "token.key_value",
            ErrorKind::KeyReference(_) => "token.key_reference",
            ErrorKind::KeyReferenceDepth => "token.key_reference_depth",
            ErrorKind::Key(error) => error.code(),
            ErrorKind::Username(fault) => fault.code(),
            ErrorKind::Time(_) => "token.time",
        }
    }

    /// The clause that it breaks.
    pub fn clause(&self) -> Option<&'static str> {
        match &self.kind {
            ErrorKind::Xml(error) => error.clause(),
            ErrorKind::Interrupted(_) => None,
            ErrorKind::Attribute(_) | ErrorKind::Empty(_) => Some("WSS 1.1 §6.3"),
            ErrorKind::ValueType(None) => Some("BSP 1.1 R3031"),
            ErrorKind::ValueType(Some(_)) => Some("WSS X.509 Token Profile 1.1 §3.1"),
            ErrorKind::EncodingType(_) => Some("BSP 1.1 R3030"),
            ErrorKind::Base64(error) => Some(error.clause()),
            ErrorKind::PkiPath(_) | ErrorKind::Pkcs7(_) | ErrorKind::X509V1 => {
                Some("WSS X.509 Token Profile 1.1 §3.1")
            }
            ErrorKind::Certificate(error) => error.clause(),
            ErrorKind::X509Data(_) => Some("XML Signature §4.5.4"),
            ErrorKind::KeyValue(_) => Some("XML Signature 1.1 §4.5.2"),
            ErrorKind::KeyReference(_) => Some("XML Signature 1.1 §4.5.3, §4.5.10"),
            ErrorKind::KeyReferenceDepth => Some("XML Signature 1.1 §4.5.10"),
            ErrorKind::Key(error) => error.clause(),
            ErrorKind::Username(fault) => Some(fault.clause()),
            ErrorKind::Time(error) => Some(error.clause()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::Interrupted(name) => {
                write!(
                    f,
                    "a comment or processing instruction stands in the text of {}",
                    quoted(name)
                )
            }
            ErrorKind::Attribute(name) => {
                write!(f, "the attribute {} may not stand on a token", quoted(name))
            }
            ErrorKind::ValueType(None) => f.write_str("the token does not say its ValueType"),
            ErrorKind::ValueType(Some(uri)) => {
                write!(f, "tokens of the ValueType {} are not read", quoted(uri))
            }
            ErrorKind::EncodingType(uri) => {
                write!(
                    f,
                    "the EncodingType is {}, where only #Base64Binary is read",
                    quoted(uri)
                )
            }
            ErrorKind::Base64(error) => error.fmt(f),
            ErrorKind::Empty(name) => write!(f, "there is nothing in {}", quoted(name)),
            ErrorKind::PkiPath(error) => write!(f, "the token is no PKIPath: {error}"),
            ErrorKind::Pkcs7(error) => write!(f, "the token is no PKCS#7 with certificates: {error}"),
            ErrorKind::X509V1 => f.write_str(
                "a certificate of version 1 has no extensions, so that nobody can tell what its key is for",
            ),
            ErrorKind::Certificate(error) => write!(f, "the token is no certificate that is read: {error}"),
            ErrorKind::X509Data(what) => write!(f, "X509Data cannot be read in one way only: {what}"),
            ErrorKind::KeyValue(what) => write!(f, "the KeyValue is not read: {what}"),
            ErrorKind::KeyReference(what) => write!(f, "the reference to a key is not followed: {what}"),
            ErrorKind::KeyReferenceDepth => f.write_str("a reference to a key leads to another reference"),
            ErrorKind::Key(error) => error.fmt(f),
            ErrorKind::Username(fault) => fault.fmt(f),
            ErrorKind::Time(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
