use std::fmt;

use crate::xml::Namespace;

/// A version of SOAP.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Version {
    /// SOAP 1.1 (W3C Note of May 2000).
    Soap11,
    /// SOAP 1.2 (W3C Recommendation, second edition).
    Soap12,
}

impl Version {
    /// The version whose envelopes are in `namespace`.
    pub fn of(namespace: Namespace) -> Option<Self> {
        match namespace {
            Namespace::SOAP11 => Some(Self::Soap11),
            Namespace::SOAP12 => Some(Self::Soap12),
            _ => None,
        }
    }

    /// The namespace of its envelope.
    pub const fn namespace(self) -> Namespace {
        match self {
            Self::Soap11 => Namespace::SOAP11,
            Self::Soap12 => Namespace::SOAP12,
        }
    }

    /// The media type of its messages (SOAP 1.1 §6, SOAP 1.2 Part 2 §7.1.4).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Soap11 => "text/xml",
            Self::Soap12 => "application/soap+xml",
        }
    }

    /// The Content-Type of what we send.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Soap11 => "text/xml; charset=utf-8",
            Self::Soap12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The attribute that names for whom a header block is (SOAP 1.1 §4.2.2, SOAP 1.2 Part 1 §5.2.2).
    pub(super) const fn role_attribute(self) -> &'static str {
        match self {
            Self::Soap11 => "actor",
            Self::Soap12 => "role",
        }
    }

    /// The role that every node on the way plays.
    pub(super) const fn next(self) -> &'static str {
        match self {
            Self::Soap11 => "http://schemas.xmlsoap.org/soap/actor/next",
            Self::Soap12 => "http://www.w3.org/2003/05/soap-envelope/role/next",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Soap11 => "SOAP 1.1",
            Self::Soap12 => "SOAP 1.2",
        })
    }
}
