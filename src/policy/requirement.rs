use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::xml::Element;

/// A part that a trusted signature must cover. Each is found by its place, never by name alone or by ID: what is signed
/// elsewhere in the message does not count (T15–T17).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Part {
    /// `/Envelope/Body`; written `body`.
    Body,
    /// The Timestamp in the Security header for us; written `timestamp`.
    Timestamp,
    /// Each WS-Addressing header that is there; written `addressing`.
    Addressing,
    /// The SAML assertion or Response; written `assertion`.
    Assertion,
    /// The UsernameToken in the Security header for us, which must be there; written `username-token`.
    UsernameToken,
    /// Each certificate's token in the Security header for us, that is there; written `tokens`.
    Tokens,
    /// Each signature in the Security header for us, which can be asked to be encrypted only; written `signature`.
    Signature,
    /// Each attachment that is there; written `attachments`. None is relayed that is not signed, whatever a policy asks for.
    Attachments,
    /// Anything at all, which is reported; written `anything`.
    Anything,
    /// The header of this name, which must be there; written `header:{namespace}local`.
    Header {
        /// Its namespace name.
        namespace: String,
        /// Its local name.
        local: String,
    },
    /// The header of this name, if it is there; written `header?:{namespace}local`.
    HeaderIfThere {
        /// Its namespace name.
        namespace: String,
        /// Its local name.
        local: String,
    },
}

/// The parts that must be signed: at least one, as a policy that asks for nothing proves nothing.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(try_from = "Vec<Part>", into = "Vec<Part>")]
#[schemars(with = "Vec<Part>", extend("minItems" = 1))]
pub struct SignedParts(Vec<Part>);

/// No part was to be signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NothingSigned;

impl SignedParts {
    /// `first`, and `others`.
    pub fn new(first: Part, others: impl IntoIterator<Item = Part>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }

    /// Whether `part` is among them.
    pub fn contains(&self, part: &Part) -> bool {
        self.0.contains(part)
    }

    /// All but `part`; `None` if that is nothing.
    pub fn without(&self, part: &Part) -> Option<Self> {
        let others: Vec<Part> = self.iter().filter(|other| *other != part).cloned().collect();
        Self::try_from(others).ok()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Part> {
        self.0.iter()
    }
}

impl TryFrom<Vec<Part>> for SignedParts {
    type Error = NothingSigned;

    fn try_from(parts: Vec<Part>) -> Result<Self, NothingSigned> {
        if parts.is_empty() {
            Err(NothingSigned)
        } else {
            Ok(Self(parts))
        }
    }
}

impl From<SignedParts> for Vec<Part> {
    fn from(SignedParts(parts): SignedParts) -> Self {
        parts
    }
}

impl fmt::Display for NothingSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy must ask for at least one signed part")
    }
}

impl std::error::Error for NothingSigned {}

impl Part {
    /// Whether `header` is the header that this asks for.
    pub fn is_header(&self, header: Element<'_>) -> bool {
        match self {
            Self::Header { namespace, local } | Self::HeaderIfThere { namespace, local } => {
                header.namespace() == namespace && header.local_name() == local
            }
            Self::Body
            | Self::Timestamp
            | Self::Addressing
            | Self::Assertion
            | Self::UsernameToken
            | Self::Tokens
            | Self::Signature
            | Self::Attachments
            | Self::Anything => false,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("body"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Addressing => f.write_str("addressing"),
            Self::Assertion => f.write_str("assertion"),
            Self::UsernameToken => f.write_str("username-token"),
            Self::Tokens => f.write_str("tokens"),
            Self::Signature => f.write_str("signature"),
            Self::Attachments => f.write_str("attachments"),
            Self::Anything => f.write_str("anything"),
            Self::Header { namespace, local } => write!(f, "header:{{{namespace}}}{local}"),
            Self::HeaderIfThere { namespace, local } => write!(f, "header?:{{{namespace}}}{local}"),
        }
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.to_string()
    }
}

impl TryFrom<String> for Part {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "body" => Ok(Self::Body),
            "timestamp" => Ok(Self::Timestamp),
            "addressing" => Ok(Self::Addressing),
            "assertion" => Ok(Self::Assertion),
            "username-token" => Ok(Self::UsernameToken),
            "tokens" => Ok(Self::Tokens),
            "signature" => Ok(Self::Signature),
            "attachments" => Ok(Self::Attachments),
            "anything" => Ok(Self::Anything),
            other => named_header(other).ok_or_else(|| {
                format!(
                    "{text:?} is no part; one of body, timestamp, addressing, assertion, username-token, \
                     tokens, signature, attachments, anything, header:{{namespace}}local, header?:{{namespace}}local"
                )
            }),
        }
    }
}

fn named_header(text: &str) -> Option<Part> {
    let (kind, name) = text.split_once(":{")?;
    // A namespace may have one too.
    let (namespace, local) = name
        .rsplit_once('}')
        .filter(|(_, local)| crate::xml::is_ncname(local))?;
    let (namespace, local) = (namespace.to_owned(), local.to_owned());
    match kind {
        "header" => Some(Part::Header { namespace, local }),
        "header?" => Some(Part::HeaderIfThere { namespace, local }),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_they_are_written() {
        for text in [
            "body",
            "timestamp",
            "addressing",
            "assertion",
            "username-token",
            "tokens",
            "signature",
            "attachments",
            "anything",
            "header:{urn:a}b",
            "header?:{urn:a}b",
            "header:{urn:a}b}c",
            "header:{urn:{a}}c",
        ] {
            assert_eq!(Part::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in [
            "",
            "Body",
            "header:b",
            "header:{urn:a}",
            "header:{urn:a}b:c",
            "headers:{urn:a}b",
        ] {
            assert!(Part::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
