use std::fmt;

use crate::xml::quoted;

/// Why a verified message was not answered by its backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    Unreachable(String),
    /// It took too long.
    Timeout,
    /// The answer is longer than so many bytes.
    TooLarge(usize),
    /// An HTTP status that no SOAP answer has; redirects, too.
    Status(u16),
    /// The Content-Type is not the one of the request's SOAP version.
    MediaType(String),
    /// The answer is compressed, which nobody asked for.
    ContentEncoding,
    /// The connection ended early, or does not speak HTTP.
    Broken(String),
}

impl Error {
    /// The stable code, `relay.<reason>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "relay.unreachable",
            Self::Timeout => "relay.timeout",
            Self::TooLarge(_) => "relay.too_large",
            Self::Status(_) => "relay.status",
            Self::MediaType(_) => "relay.media_type",
            Self::ContentEncoding => "relay.content_encoding",
            Self::Broken(_) => "relay.broken",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "the backend cannot be reached: {}", quoted(reason)),
            Self::Timeout => f.write_str("the backend did not answer in time"),
            Self::TooLarge(most) => write!(f, "the backend's answer is longer than {most} bytes"),
            Self::Status(status) => write!(f, "the backend answered with HTTP status {status}"),
            Self::MediaType(found) => write!(
                f,
                "the backend's answer is no SOAP by its Content-Type: {}",
                quoted(found)
            ),
            Self::ContentEncoding => f.write_str("the backend compressed its answer"),
            Self::Broken(reason) => write!(
                f,
                "the backend's answer broke off, or is no HTTP: {}",
                quoted(reason)
            ),
        }
    }
}

impl std::error::Error for Error {}
