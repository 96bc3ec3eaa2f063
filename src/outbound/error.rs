use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::Unavailable;
use crate::rejection::Rejection;
use crate::soap;
use crate::soap::Fault;
use crate::soap::Version;
use crate::wss;
use crate::xml::quoted;
use crate::xmlenc;

/// Why an answer cannot be sealed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The backend's answer is no envelope.
    NoEnvelope(soap::Error),
    /// It is one of another SOAP version than the request.
    Version(Version),
    /// It is no fault and came with this HTTP status.
    Status(u16),
    /// It has a Security header already.
    Security,
    /// The backend has to sign its answers, and this one is not as it must be.
    Refused(Box<Rejection>),
    /// The same, and there is nothing in it.
    NotSigned,
    /// The same, or it has to be encrypted, and it has attachments.
    Attachments,
    /// It says that it answers another message; which one.
    RelatesTo(String),
    /// A QName in an attachment of XML means in the octets that are signed what it did not mean before; Content-ID and name.
    AttachmentQName(String, String),
    /// The Security header could not be written or signed.
    Written(wss::Error),
    /// Our certificate does not hold any more, or not yet.
    Certificate {
        /// Not before.
        from: DateTime<Utc>,
        /// Not after.
        to: DateTime<Utc>,
    },
    /// Our key is of a kind that signs no messages.
    Key,
    /// The answer could not be encrypted.
    Encryption(xmlenc::Error),
    /// The answer has to be encrypted to who asked, and cannot be; why.
    NoRecipient(&'static str),
    /// The crypto library failed.
    Unavailable(Unavailable),
}

impl Error {
    /// The stable code, `outbound.<reason>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoEnvelope(_) => "outbound.no_envelope",
            Self::Version(_) => "outbound.version",
            Self::Status(_) => "outbound.status",
            Self::Security => "outbound.security",
            Self::Refused(rejection) => rejection.code(),
            Self::NotSigned => "outbound.not_signed",
            Self::Attachments => "outbound.attachments",
            Self::RelatesTo(_) => "outbound.relates_to",
            Self::AttachmentQName(..) => "outbound.attachment",
            Self::Written(error) if error.code() == Unavailable::TOKEN => Unavailable::TOKEN,
            Self::Written(_) => "outbound.written",
            Self::Certificate { .. } => "outbound.certificate",
            Self::Key => "outbound.key",
            Self::Encryption(_) => "outbound.encryption",
            Self::NoRecipient(_) => "outbound.no_recipient",
            Self::Unavailable(error) if error.code() == Unavailable::TOKEN => Unavailable::TOKEN,
            Self::Unavailable(_) => "outbound.unavailable",
        }
    }

    /// What the peer is told: whether the backend or the gateway is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoEnvelope(_)
            | Self::Version(_)
            | Self::Status(_)
            | Self::Security
            | Self::Refused(_)
            | Self::NotSigned
            | Self::Attachments
            | Self::RelatesTo(_)
            | Self::AttachmentQName(..) => Fault::BadGateway,
            Self::NoRecipient(_) => Fault::FailedCheck,
            Self::Written(error) if error.code() == Unavailable::TOKEN => Fault::Busy,
            Self::Unavailable(error) if error.code() == Unavailable::TOKEN => Fault::Busy,
            Self::Written(_)
            | Self::Certificate { .. }
            | Self::Key
            | Self::Encryption(_)
            | Self::Unavailable(_) => Fault::Internal,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEnvelope(error) => write!(f, "the backend's answer is no SOAP message: {error}"),
            Self::Version(version) => write!(f, "the backend answered in {version}, and was not asked in it"),
            Self::Status(status) => write!(
                f,
                "the backend's answer is no fault and has the HTTP status {status}"
            ),
            Self::Security => f.write_str("the backend's answer has a Security header already"),
            Self::Refused(rejection) => write!(f, "the backend's answer is refused: {rejection}"),
            Self::NotSigned => f.write_str("the backend's answer is empty, and has to be signed"),
            Self::Attachments => {
                f.write_str("the backend's answer has attachments, and has to be signed or encrypted")
            }
            Self::RelatesTo(other) => {
                write!(f, "the backend's answer says that it answers {}", quoted(other))
            }
            Self::AttachmentQName(id, name) => write!(
                f,
                "the canonical form of the attachment {} does not say what the prefix in {} means",
                quoted(id),
                quoted(name)
            ),
            Self::Written(error) => write!(f, "the answer cannot be signed: {error}"),
            Self::Certificate { from, to } => write!(f, "our certificate is valid from {from} to {to} only"),
            Self::Key => f.write_str("our key is of a kind that signs no messages"),
            Self::Encryption(error) => write!(f, "the answer cannot be encrypted: {error}"),
            Self::NoRecipient(why) => write!(f, "the answer cannot be encrypted to who asked: {why}"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
