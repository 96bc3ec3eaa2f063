//! A second opinion on what was accepted, from software that shares nothing with ours but OpenSSL.
//!
//! [`SecondOpinion::of_signature`] asks libxmlsec1 (crate `xmlsec`) whether a signature holds, [`SecondOpinion::of_saml`]
//! asks samael what a SAML issuer signed. They are asked last, about signatures that we have verified with a key that we
//! trust, and can only refuse: so the C libraries meet no message of a stranger, and nothing but references, transforms
//! and algorithms that this crate knows. The key is always ours, never that of the message.
//!
//! What they cannot judge is refused as if they disagreed: an algorithm that this libxmlsec1 does not have, a text node above
//! its 10 MB. The programs that can ask are built with the Cargo feature `second_opinion`.

#[cfg(feature = "second_opinion")]
mod libxmlsec1;
#[cfg(feature = "second_opinion")]
mod saml;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dsig::Covered;
use crate::xml::Position;

/// Whether another implementation has to agree.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondOpinion {
    /// It is not asked.
    #[default]
    NotAsked,
    /// What libxmlsec1 and samael do not confirm is refused.
    Required,
}

/// It was asked for, and this program was built without it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotBuilt;

impl fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this program has no second opinion: build it with the Cargo feature second_opinion")
    }
}

impl std::error::Error for NotBuilt {}

/// Why a second opinion refuses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    judge: Judge,
    kind: ErrorKind,
    position: Option<Position>,
}

/// Who was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judge {
    /// libxmlsec1, about a signature.
    Libxmlsec1,
    /// samael, about what a SAML issuer signed.
    Samael,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The signature does not hold.
    Disagrees,
    /// The signature holds, but over other octets than we digested.
    OtherContent,
    /// It could not be judged: what of it was too much.
    CannotJudge(&'static str),
}

impl Error {
    /// The stable code: `dsig.second_opinion` or `saml.second_opinion`.
    pub fn code(&self) -> &'static str {
        match self.judge {
            Judge::Libxmlsec1 => "dsig.second_opinion",
            Judge::Samael => "saml.second_opinion",
        }
    }

    /// What came of it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where the signature stands.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether the other implementation has no opinion, rather than another one.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self.kind, ErrorKind::CannotJudge(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judge = match self.judge {
            Judge::Libxmlsec1 => "libxmlsec1",
            Judge::Samael => "samael",
        };
        match self.kind {
            ErrorKind::Disagrees => write!(f, "we accept this signature, {judge} does not"),
            ErrorKind::OtherContent => write!(f, "{judge} says that something else was signed"),
            ErrorKind::CannotJudge(what) => write!(f, "{judge} cannot judge {what}, and has to agree"),
        }
    }
}

impl std::error::Error for Error {}

impl SecondOpinion {
    /// Whether it can be given by this program.
    ///
    /// # Errors
    /// [`NotBuilt`] if it is required and cannot.
    pub const fn check(self) -> Result<(), NotBuilt> {
        match self {
            Self::Required if !cfg!(feature = "second_opinion") => Err(NotBuilt),
            Self::Required | Self::NotAsked => Ok(()),
        }
    }

    /// Asks libxmlsec1 whether `covered` is the truth: the same document, the same Signature, the key that we trust.
    ///
    /// # Errors
    /// [`Error`] unless it agrees, noted in the log.
    pub fn of_signature(self, covered: &Covered<'_>) -> Result<(), Error> {
        match self {
            Self::NotAsked => Ok(()),
            Self::Required => told(Judge::Libxmlsec1, covered, libxmlsec1(covered)),
        }
    }

    /// Nobody else is asked about the signature of a query string.
    ///
    /// # Errors
    /// [`Error`] if somebody has to agree.
    pub fn of_query_string(self) -> Result<(), Error> {
        match self {
            Self::NotAsked => Ok(()),
            Self::Required => Err(Error {
                judge: Judge::Samael,
                kind: ErrorKind::CannotJudge("the signature of a query string"),
                position: None,
            }),
        }
    }

    /// Asks samael about SAML Responses and Assertions: that one of the keys that we trust made each signature in what
    /// each of `signed` covers, and that it covers the octets that we digested.
    ///
    /// # Errors
    /// [`Error`] unless it agrees, noted in the log.
    pub fn of_saml(self, signed: &[&Covered<'_>]) -> Result<(), Error> {
        match self {
            Self::NotAsked => Ok(()),
            Self::Required => signed
                .iter()
                .try_for_each(|covered| told(Judge::Samael, covered, saml(covered, signed))),
        }
    }
}

/// That two implementations differ is somebody's error, and perhaps an attack: whoever runs us must hear of it.
fn told(judge: Judge, covered: &Covered<'_>, opinion: Result<(), ErrorKind>) -> Result<(), Error> {
    opinion.map_err(|kind| {
        let position = Some(covered.signature().position());
        let error = Error { judge, kind, position };
        let algorithm = covered.method().uri();
        tracing::error!(code = error.code(), algorithm, reason = %error, "the second opinion refuses what we accept");
        error
    })
}

#[cfg(feature = "second_opinion")]
use libxmlsec1::opinion as libxmlsec1;
#[cfg(feature = "second_opinion")]
use saml::opinion as saml;

#[cfg(not(feature = "second_opinion"))]
const fn libxmlsec1(_: &Covered<'_>) -> Result<(), ErrorKind> {
    Err(ErrorKind::CannotJudge("anything: it is not built in"))
}

#[cfg(not(feature = "second_opinion"))]
const fn saml(_: &Covered<'_>, _: &[&Covered<'_>]) -> Result<(), ErrorKind> {
    Err(ErrorKind::CannotJudge("anything: it is not built in"))
}
