use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::algorithm::SignatureAlgorithm;
use crate::token::jwt::JwtError;
use crate::xml::quoted;

/// Why a bearer token proves nothing, with what it says: for the operator, never for the peer.
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
    /// No key of the issuer's is called so and made for that algorithm, or which one is meant is not said.
    Key {
        /// The `kid`.
        id: Option<String>,
        /// The `alg`.
        algorithm: SignatureAlgorithm,
    },
    /// The signature does not hold.
    Signature,
    /// Another `iss`: as it stands there, if it does.
    Issuer(Option<String>),
    /// Another `aud`: as it stands there, if it does.
    Audience(Option<String>),
    /// No `exp`, or it has passed.
    Expired {
        /// It, as it stands there.
        end: Option<String>,
        /// When it was judged.
        at: DateTime<Utc>,
    },
    /// `nbf` or `iat` lies ahead, or is no time.
    NotYetValid {
        /// Which.
        claim: &'static str,
        /// It, as it stands there.
        begin: String,
        /// When it was judged.
        at: DateTime<Utc>,
    },
    /// The issuer's keys were not seen where it publishes them for longer than they count. No token is to blame.
    KeysOld {
        /// When they were.
        seen: DateTime<Utc>,
        /// When the token was judged.
        at: DateTime<Utc>,
    },
    /// No `sub`.
    NoSubject,
    /// No `jti` or no `iat`, so that a second use could not be noticed (RFC 7519 §4.1.7).
    NotOnce,
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
            Self::Token(JwtError::Malformed(_)) => "bearer.malformed",
            Self::Algorithm(_) => "bearer.algorithm",
            Self::Kind(_) => "bearer.type",
            Self::Key { .. } => "bearer.key",
            Self::Signature => "bearer.signature",
            Self::Issuer(_) => "bearer.issuer",
            Self::Audience(_) => "bearer.audience",
            Self::Expired { .. } => "bearer.expired",
            Self::NotYetValid { .. } => "bearer.not_yet_valid",
            Self::KeysOld { .. } => "bearer.keys_old",
            Self::NoSubject => "bearer.no_subject",
            Self::NotOnce => "bearer.not_once",
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
            Self::Key { id, algorithm } => write!(
                f,
                "no one key of the issuer has the token's kid {} and is for its alg {}",
                said(id),
                algorithm.jws_name().unwrap_or("none")
            ),
            Self::Missing => f.write_str("there is no bearer token"),
            Self::Several => f.write_str("there is more than one Authorization header, or it is no text"),
            Self::Scheme => f.write_str("the Authorization is no Bearer"),
            Self::Transport => f.write_str("the bearer token came without TLS"),
            Self::Token(JwtError::TooLong) => f.write_str("the token is longer than 8192 bytes"),
            Self::Token(JwtError::Encrypted) => f.write_str("the token is encrypted"),
            Self::Token(JwtError::Critical) => f.write_str("the token has crit or b64"),
            Self::Issuer(found) => write!(f, "the token has another iss: {}", said(found)),
            Self::Audience(found) => write!(f, "the token has another aud: {}", said(found)),
            Self::Expired { end, at } => {
                write!(
                    f,
                    "the token's exp is {}, and it is {}",
                    said(end),
                    at.timestamp()
                )
            }
            Self::NotYetValid { claim, begin, at } => {
                write!(
                    f,
                    "the token's {claim} is {}, and it is {}",
                    quoted(begin),
                    at.timestamp()
                )
            }
            Self::KeysOld { seen, at } => write!(
                f,
                "the issuer's keys were last fetched at {seen}, it is {at}, and they count no longer than max_age_seconds"
            ),
            Self::NotOnce => f.write_str("the token has no jti or no iat, and may be used once only"),
            Self::NoSubject => f.write_str("the token has no sub"),
            Self::ClientCertificate => {
                f.write_str("the token is bound to a certificate that the client has not shown")
            }
            Self::Confirmation => {
                f.write_str("the token is not bound to a certificate, or to something else")
            }
            Self::Signature => f.write_str("the token's signature does not hold"),
            Self::Token(JwtError::Malformed(why)) => write!(f, "the token is malformed: {why}"),
        }
    }
}

impl std::error::Error for BearerError {}
