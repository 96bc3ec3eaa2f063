use std::fmt;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// There is no connection: nothing was sent.
    Unreachable(String),
    /// There was no connection in time: nothing was sent.
    ConnectTimeout,
    /// It took too long.
    Timeout,
    /// The connection ended early, or what came is no answer that everybody reads in the same way.
    Broken(String),
    /// It is longer than so many bytes.
    TooLarge(usize),
}

impl Error {
    pub(super) fn broken(reason: impl fmt::Display) -> Self {
        Self::Broken(reason.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) | Self::Broken(reason) => f.write_str(reason),
            Self::ConnectTimeout => f.write_str("there was no connection in time"),
            Self::Timeout => f.write_str("it took too long"),
            Self::TooLarge(most) => write!(f, "it is longer than {most} bytes"),
        }
    }
}

impl std::error::Error for Error {}
