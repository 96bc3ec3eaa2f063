use std::fmt;

use crate::token::jwt::JwtError;
use crate::xml::quoted;

/// Why a bearer token proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerError {
    /// There is none.
    Missing,
    /// More than one Authorization header, or one that is no text.
    Several,
    /// Another scheme than Bearer.
    Scheme,
    /// It came without TLS, where others can take it (RFC 6750 §5.3).
    Transport,
    /// It is no token that is read.
    Token(JwtError),
    /// An algorithm that the operator does not take.
    Algorithm(String),
    /// A `typ` that the operator does not take.
    Kind(Option<String>),
    /// No key of the issuer's is called so, or which one is meant is not said.
    Key(Option<String>),
    /// The signature does not hold.
    Signature,
    /// Another `iss`.
    Issuer,
    /// Another `aud`.
    Audience,
    /// No `exp`, or it has passed.
    Expired,
    /// `nbf` or `iat` lies ahead, or is no time.
    NotYetValid,
    /// No `sub`.
    NoSubject,
    /// Bound to a certificate that the client has not shown (RFC 8705 §3).
    ClientCertificate,
    /// Not bound to a certificate where it must be, or bound to something else.
    Confirmation,
}

impl BearerError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "bearer.missing",
            Self::Several => "bearer.several",
            Self::Scheme => "bearer.scheme",
            Self::Transport => "bearer.transport",
            Self::Token(JwtError::TooLong) => "limit.bearer",
            Self::Token(JwtError::Encrypted) => "bearer.encrypted",
            Self::Token(JwtError::Critical) => "bearer.critical",
            Self::Token(JwtError::Malformed) => "bearer.malformed",
            Self::Algorithm(_) => "bearer.algorithm",
            Self::Kind(_) => "bearer.type",
            Self::Key(_) => "bearer.key",
            Self::Signature => "bearer.signature",
            Self::Issuer => "bearer.issuer",
            Self::Audience => "bearer.audience",
            Self::Expired => "bearer.expired",
            Self::NotYetValid => "bearer.not_yet_valid",
            Self::NoSubject => "bearer.no_subject",
            Self::ClientCertificate => "bearer.client_certificate",
            Self::Confirmation => "bearer.confirmation",
        }
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), quoted);
        match self {
            Self::Algorithm(name) => write!(f, "the token's alg is {}", quoted(name)),
            Self::Kind(kind) => write!(f, "the token's typ is {}", said(kind)),
            Self::Key(id) => write!(f, "no key of the issuer is the token's kid {}", said(id)),
            Self::Missing => f.write_str("there is no bearer token"),
            Self::Several => f.write_str("there is more than one Authorization header, or it is no text"),
            Self::Scheme => f.write_str("the Authorization is no Bearer"),
            Self::Transport => f.write_str("the bearer token came without TLS"),
            Self::Token(JwtError::TooLong) => f.write_str("the token is longer than 8192 bytes"),
            Self::Token(JwtError::Encrypted) => f.write_str("the token is encrypted"),
            Self::Token(JwtError::Critical) => f.write_str("the token has crit or b64"),
            Self::Issuer => f.write_str("the token has another iss"),
            Self::Audience => f.write_str("the token has another aud"),
            Self::Expired => f.write_str("the token has expired, or no exp"),
            Self::NotYetValid => f.write_str("the token's nbf or iat lies ahead"),
            Self::NoSubject => f.write_str("the token has no sub"),
            Self::ClientCertificate => {
                f.write_str("the token is bound to a certificate that the client has not shown")
            }
            Self::Confirmation => {
                f.write_str("the token is not bound to a certificate, or to something else")
            }
            Self::Signature => f.write_str("the token's signature does not hold"),
            Self::Token(JwtError::Malformed) => f.write_str("the token is malformed"),
        }
    }
}

impl std::error::Error for BearerError {}
