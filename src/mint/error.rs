use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::SignError;
use crate::crypto::Unavailable;
use crate::soap;
use crate::xml::quoted;

/// Why nothing was said about a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A verified value cannot be handed on, or one is missing that has to be.
    Value(NotHandedOn),
    /// The assertion that it would rest on ends by now: it was accepted because clocks may differ, and nothing rests on that.
    Over {
        /// When it ends.
        end: DateTime<Utc>,
        /// When something was to be made of it.
        at: DateTime<Utc>,
    },
    /// Our certificate does not hold now.
    Certificate {
        /// From when it holds.
        from: DateTime<Utc>,
        /// Until when.
        to: DateTime<Utc>,
    },
    /// The key does not sign.
    Key(SignError),
    /// The assertion could not be signed.
    Assertion(String),
    /// The Security header could not be written.
    SecurityHeader(String),
    /// The envelope of what was verified is not read as one: our own mistake.
    Envelope(soap::Error),
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

/// A value that the sender proved and that nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotHandedOn {
    /// The header, claim or attribute that it was for.
    pub name: String,
    /// Why.
    pub why: Unfit,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It holds a control character: no header can carry it, and nothing good is meant by it (T120).
    ControlCharacter(String),
    /// It is longer than 1024 bytes: so many.
    TooLong(usize),
    /// There are more than 64: so many.
    TooMany(usize),
    /// It is empty where there must be one.
    Empty,
    /// There are so many where there must be one.
    NotOne(usize),
}

impl Error {
    /// The stable code: `policy.<reason>` where the message is to blame, `relay.<reason>` where we are.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Value(_) => "policy.identity_value",
            Self::Over { .. } => "policy.assertion_over",
            Self::Unavailable(error) => error.code(),
            Self::Key(SignError::Unavailable(error)) => error.code(),
            Self::Certificate { .. }
            | Self::Key(_)
            | Self::Assertion(_)
            | Self::SecurityHeader(_)
            | Self::Envelope(_) => "relay.not_minted",
        }
    }
}

impl Error {
    /// Nothing was signed, for a reason with `code`: `other`, unless the token that holds the key was to blame.
    pub(super) fn unsigned(code: &str, why: &dyn fmt::Display, other: fn(String) -> Self) -> Self {
        if code == Unavailable::TOKEN {
            Self::Unavailable(Unavailable::of_token(why))
        } else {
            other(why.to_string())
        }
    }
}

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<NotHandedOn> for Error {
    fn from(error: NotHandedOn) -> Self {
        Self::Value(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(error) => error.fmt(f),
            Self::Over { end, at } => {
                write!(
                    f,
                    "the assertion that it would rest on ends at {end}, and it is {at}"
                )
            }
            Self::Certificate { from, to } => {
                write!(f, "our certificate holds from {from} to {to}, and not now")
            }
            Self::Key(error) => error.fmt(f),
            Self::Assertion(error) => write!(f, "no assertion was signed: {error}"),
            Self::SecurityHeader(error) => write!(f, "no Security header was written: {error}"),
            Self::Envelope(error) => write!(f, "the verified envelope is not read: {error}"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for NotHandedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.why {
            Unfit::ControlCharacter(value) => write!(
                f,
                "the verified value for {name} holds a control character: {}",
                quoted(value)
            ),
            Unfit::TooLong(bytes) => write!(
                f,
                "the verified value for {name} has {bytes} bytes, and may have 1024"
            ),
            Unfit::TooMany(values) => {
                write!(f, "there are {values} verified values for {name}, and may be 64")
            }
            Unfit::Empty => write!(f, "the verified value for {name} is empty"),
            Unfit::NotOne(values) => write!(f, "there are {values} verified values for {name}; expected 1"),
        }
    }
}
