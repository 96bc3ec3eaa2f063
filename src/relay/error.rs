use std::fmt;

use crate::crypto::Unavailable;
use crate::mint;
use crate::soap;
use crate::soap::Fault;
use crate::xml::quoted;

/// Why a message was not answered by its backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The gate before the route was told of no operations, so nobody knows what the message asks for.
    NoOperation,
    /// The backend cannot be told who the sender is.
    Identity(mint::Error),
    /// Every server is down or failed too often of late, so that none was asked.
    NoServer,
    /// There is no connection.
    Unreachable(String),
    /// It took too long.
    Timeout,
    /// The answer is longer than so many bytes.
    TooLarge(usize),
    /// There is nothing in the answer, with this HTTP status.
    Empty(u16),
    /// An HTTP status that no SOAP answer has; redirects, too.
    Status(u16),
    /// The Content-Type is not the one of the request's SOAP version.
    MediaType {
        /// What there was; nothing if there was none, or one that is no text.
        found: String,
        /// What there should have been.
        expected: &'static str,
    },
    /// The answer is compressed, which nobody asked for.
    ContentEncoding,
    /// It has parts that cannot be read in one way, or more than may be.
    Parts(soap::Error),
    /// Reading its parts was broken off.
    Interrupted,
    /// The connection ended early, or does not speak HTTP.
    Broken(String),
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

impl Error {
    /// The stable code: `policy.<reason>` where the message is to blame, `relay.<reason>` where the backend is.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoOperation => "policy.operation_unknown",
            Self::Identity(error) => error.code(),
            Self::Parts(_) => "relay.parts",
            Self::Interrupted => "relay.interrupted",
            Self::Empty(_) => "relay.empty",
            Self::NoServer => "relay.no_server",
            Self::Unreachable(_) => "relay.unreachable",
            Self::Timeout => "relay.timeout",
            Self::TooLarge(_) => "relay.too_large",
            Self::Status(_) => "relay.status",
            Self::MediaType { .. } => "relay.media_type",
            Self::ContentEncoding => "relay.content_encoding",
            Self::Broken(_) => "relay.broken",
            Self::Unavailable(error) => error.code(),
        }
    }
}

impl Error {
    /// What the peer is told.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoOperation | Self::Identity(mint::Error::Value(_) | mint::Error::Over { .. }) => {
                Fault::FailedCheck
            }
            Self::Timeout => Fault::GatewayTimeout,
            Self::Identity(error) if error.code() == Unavailable::TOKEN => Fault::Busy,
            Self::Unavailable(_) | Self::Interrupted | Self::Identity(_) => Fault::Internal,
            Self::NoServer
            | Self::Unreachable(_)
            | Self::TooLarge(_)
            | Self::Empty(_)
            | Self::Parts(_)
            | Self::Status(_)
            | Self::MediaType { .. }
            | Self::ContentEncoding
            | Self::Broken(_) => Fault::BadGateway,
        }
    }
}

impl Error {
    /// Whether the server failed, and not what it answered: nothing came to its end, or a gateway before it says so (502, 503, 504).
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout | Self::Broken(_) => true,
            Self::Status(status) => matches!(status, 502..=504),
            Self::NoOperation
            | Self::Identity(_)
            | Self::NoServer
            | Self::TooLarge(_)
            | Self::Empty(_)
            | Self::MediaType { .. }
            | Self::ContentEncoding
            | Self::Parts(_)
            | Self::Interrupted
            | Self::Unavailable(_) => false,
        }
    }
}

impl From<mint::Error> for Error {
    fn from(error: mint::Error) -> Self {
        Self::Identity(error)
    }
}

impl From<mint::NotHandedOn> for Error {
    fn from(error: mint::NotHandedOn) -> Self {
        Self::Identity(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOperation => f.write_str("nothing says which operations the route has"),
            Self::Identity(error) => error.fmt(f),
            Self::Empty(status) => write!(f, "the backend's answer is empty, with HTTP status {status}"),
            Self::Parts(error) => write!(f, "the backend's answer has parts that cannot be taken: {error}"),
            Self::Interrupted => f.write_str("reading the parts of the backend's answer was broken off"),
            Self::NoServer => f.write_str("every server of the backend is down or failed too often of late"),
            Self::Unreachable(reason) => write!(f, "the backend cannot be reached: {}", quoted(reason)),
            Self::Timeout => f.write_str("the backend did not answer in time"),
            Self::TooLarge(most) => write!(f, "the backend's answer is longer than {most} bytes"),
            Self::Status(status) => write!(f, "the backend answered with HTTP status {status}"),
            Self::MediaType { found, expected } => write!(
                f,
                "the Content-Type of the backend's answer is {}; expected {expected}",
                quoted(found)
            ),
            Self::ContentEncoding => f.write_str("the backend compressed its answer"),
            Self::Unavailable(error) => error.fmt(f),
            Self::Broken(reason) => write!(
                f,
                "the backend's answer broke off, or is no HTTP: {}",
                quoted(reason)
            ),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_told_beside_the_one_that_was_expected() {
        let error = Error::MediaType {
            found: "text/html".to_owned(),
            expected: "text/xml",
        };
        let told = "the Content-Type of the backend's answer is \"text/html\"; expected text/xml";
        assert_eq!(error.to_string(), told);
    }
}
