use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::xml::quoted;

/// Why what is in use stays in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// There is no connection.
    Unreachable(String),
    /// It took too long.
    Timeout,
    /// An HTTP status other than 200; redirects, too.
    Status(u16),
    /// It is longer than so many bytes.
    TooLarge(usize),
    /// It is compressed, which nobody asked for.
    ContentEncoding,
    /// The connection ended early, or does not speak HTTP.
    Broken(String),
    /// The configuration of an issuer is that of another, which it names.
    Issuer(Option<String>),
    /// The configuration of an issuer does not lead to its keys.
    Discovery(String),
    /// It is no revocation list.
    Revocation(String),
    /// It is nothing that is fetched.
    Unknown,
    /// It has nothing of an issuer of revocation lists, or of an entity, that is in what is in use.
    Missing(String),
    /// It is older than what is in use.
    Older {
        /// From when it is.
        from: DateTime<Utc>,
        /// From when that is.
        known: DateTime<Utc>,
    },
    /// It does not count any more.
    Over(DateTime<Utc>),
    /// It does not count yet: in its place, none that does could come.
    Ahead(DateTime<Utc>),
    /// The configuration does not hold with it: the code of why, and why.
    Refused(&'static str, String),
}

impl FetchError {
    /// The stable code, `fetch.<reason>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "fetch.unreachable",
            Self::Timeout => "fetch.timeout",
            Self::Status(_) => "fetch.status",
            Self::TooLarge(_) => "fetch.too_large",
            Self::ContentEncoding => "fetch.content_encoding",
            Self::Broken(_) => "fetch.broken",
            Self::Issuer(_) => "fetch.issuer",
            Self::Discovery(_) => "fetch.discovery",
            Self::Revocation(_) | Self::Unknown => "fetch.revocation",
            Self::Missing(_) => "fetch.missing",
            Self::Older { .. } => "fetch.older",
            Self::Over(_) => "fetch.over",
            Self::Ahead(_) => "fetch.ahead",
            Self::Refused(..) => "fetch.refused",
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "it cannot be reached: {}", quoted(reason)),
            Self::Timeout => f.write_str("it did not come in time"),
            Self::Status(status) => write!(f, "the answer has HTTP status {status}"),
            Self::TooLarge(most) => write!(f, "it is longer than {most} bytes"),
            Self::ContentEncoding => f.write_str("it is compressed"),
            Self::Broken(reason) => write!(f, "it broke off, or is no HTTP: {}", quoted(reason)),
            Self::Issuer(Some(found)) => write!(f, "the issuer calls itself {}", quoted(found)),
            Self::Issuer(None) => f.write_str("the issuer does not say its name"),
            Self::Discovery(reason) => write!(f, "the issuer's configuration: {}", quoted(reason)),
            Self::Revocation(reason) => {
                write!(f, "it is no revocation list that can be used: {}", quoted(reason))
            }
            Self::Unknown => f.write_str(
                "it is neither a JWK Set nor SAML metadata, a revocation list or an OCSP response",
            ),
            Self::Missing(issuer) => write!(
                f,
                "what {} says is in use and not in what came; to do without it, remove the file",
                quoted(issuer)
            ),
            Self::Older { from, known } => {
                write!(
                    f,
                    "it is from {from} and older than what is in use, which is from {known}"
                )
            }
            Self::Over(end) => write!(f, "it counted until {end}"),
            Self::Ahead(from) => write!(f, "it counts only from {from}"),
            Self::Refused(code, reason) => write!(f, "{code}: {reason}"),
        }
    }
}

impl std::error::Error for FetchError {}
