use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::Unavailable;
use crate::dsig;
use crate::soap;
use crate::soap::Fault;
use crate::soap::Version;
use crate::xml;
use crate::xml::quoted;

/// Why an answer cannot be sealed.
#[derive(Clone, Debug, PartialEq)]
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
    /// It says that it answers another message; which one.
    RelatesTo(String),
    /// No prefix is left for what has to be put in.
    Prefixes,
    /// With what was put in it is not acceptable any more.
    Written(xml::Error),
    /// What was to be signed is not found again, by its ID.
    Lost(String),
    /// The signature could not be made.
    Signature(dsig::Error),
    /// Our certificate does not hold any more, or not yet.
    Certificate {
        /// Not before.
        from: DateTime<Utc>,
        /// Not after.
        to: DateTime<Utc>,
    },
    /// Our key is of a kind that signs no messages.
    Key,
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
            Self::RelatesTo(_) => "outbound.relates_to",
            Self::Prefixes => "outbound.prefixes",
            Self::Written(_) => "outbound.written",
            Self::Lost(_) => "outbound.lost",
            Self::Signature(_) => "outbound.signature",
            Self::Certificate { .. } => "outbound.certificate",
            Self::Key => "outbound.key",
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
            | Self::RelatesTo(_)
            | Self::Prefixes => Fault::BadGateway,
            Self::Written(_)
            | Self::Lost(_)
            | Self::Signature(_)
            | Self::Certificate { .. }
            | Self::Key
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
            Self::RelatesTo(other) => {
                write!(f, "the backend's answer says that it answers {}", quoted(other))
            }
            Self::Prefixes => f.write_str("the backend's answer uses all prefixes that could be put into it"),
            Self::Written(error) => write!(f, "the answer is not acceptable with a Security header: {error}"),
            Self::Lost(id) => write!(
                f,
                "what carries the ID {} cannot be found to be signed",
                quoted(id)
            ),
            Self::Signature(error) => write!(f, "the answer cannot be signed: {error}"),
            Self::Certificate { from, to } => write!(f, "our certificate is valid from {from} to {to} only"),
            Self::Key => f.write_str("our key is of a kind that signs no messages"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
