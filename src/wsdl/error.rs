use std::fmt;

use super::service::Place;
use crate::xml;
use crate::xml::quoted;

/// Why no policy can be read from a WSDL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    place: Option<Place>,
}

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file is no acceptable XML.
    Xml(xml::Error),
    /// The root is no `wsdl:definitions`; its name.
    NotWsdl(String),
    /// No port with a SOAP binding, or none of this name.
    NoPort {
        /// The name.
        name: Option<String>,
        /// Where the file is that a `wsdl:import` names and that was not given, as it says.
        not_given: Option<String>,
    },
    /// No operation, or none of this name.
    NoOperation(Option<String>),
    /// No policy is attached to what was wanted.
    NoPolicy,
    /// The URI of a reference leads to no policy in the files.
    PolicyMissing(String),
    /// A policy refers to itself.
    CircularPolicy(String),
    /// An element of the namespace of WS-Policy that is no operator.
    UnknownOperator(String),
    /// The policy has more alternatives, or the same assertions more often, than are looked at.
    TooManyAlternatives,
    /// There are more ports, bindings or operations than are looked at.
    TooManyOperations,
    /// The policy has no alternative, so that no message meets it, or not the one that was wanted.
    NoAlternative,
}

impl Error {
    pub(super) const fn new(kind: ErrorKind, place: Place) -> Self {
        Self {
            kind,
            place: Some(place),
        }
    }

    pub(super) const fn nowhere(kind: ErrorKind) -> Self {
        Self { kind, place: None }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The stable code: `wsdl.<reason>`, or that of the XML.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::NotWsdl(_) => "wsdl.not_wsdl",
            ErrorKind::NoPort { .. } => "wsdl.no_port",
            ErrorKind::NoOperation(_) => "wsdl.no_operation",
            ErrorKind::NoPolicy => "wsdl.no_policy",
            ErrorKind::PolicyMissing(_) => "wsdl.policy_missing",
            ErrorKind::CircularPolicy(_) => "wsdl.circular_policy",
            ErrorKind::UnknownOperator(_) => "wsdl.unknown_operator",
            ErrorKind::TooManyAlternatives => "wsdl.too_many_alternatives",
            ErrorKind::TooManyOperations => "wsdl.too_many_operations",
            ErrorKind::NoAlternative => "wsdl.no_alternative",
        }
    }

    /// The clause that the input breaks.
    pub fn clause(&self) -> Option<&'static str> {
        match &self.kind {
            ErrorKind::Xml(error) => error.clause(),
            ErrorKind::NotWsdl(_) => Some("WSDL 1.1 §2.1"),
            ErrorKind::PolicyMissing(_) | ErrorKind::CircularPolicy(_) => {
                Some("WS-Policy 1.5 Framework §4.3.4")
            }
            ErrorKind::UnknownOperator(_) => Some("WS-Policy 1.5 Framework §4.1"),
            ErrorKind::NoPort { .. }
            | ErrorKind::NoOperation(_)
            | ErrorKind::NoPolicy
            | ErrorKind::TooManyAlternatives
            | ErrorKind::TooManyOperations
            | ErrorKind::NoAlternative => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::NotWsdl(name) => write!(f, "this is no WSDL 1.1: its root is {}", quoted(name)),
            ErrorKind::NoPort { name, not_given } => {
                match name {
                    None => f.write_str("no port and no binding is for SOAP")?,
                    Some(name) => write!(f, "no port or binding for SOAP is called {}", quoted(name))?,
                }
                match not_given {
                    None => Ok(()),
                    Some(location) => write!(
                        f,
                        "; its wsdl:import of {} is never fetched: save that file and name it with --import",
                        quoted(location)
                    ),
                }
            }
            ErrorKind::NoOperation(None) => f.write_str("there is no operation"),
            ErrorKind::NoOperation(Some(name)) => write!(f, "no operation is called {}", quoted(name)),
            ErrorKind::NoPolicy => f.write_str("no policy is attached to what requests are sent to"),
            ErrorKind::PolicyMissing(uri) => {
                write!(
                    f,
                    "no file that was named is or has the policy {}; see --import",
                    quoted(uri)
                )
            }
            ErrorKind::CircularPolicy(uri) => write!(f, "the policy {} refers to itself", quoted(uri)),
            ErrorKind::UnknownOperator(name) => write!(f, "WS-Policy has no operator {}", quoted(name)),
            ErrorKind::TooManyAlternatives => f.write_str("the policy has too many alternatives"),
            ErrorKind::TooManyOperations => f.write_str(
                "there are too many ports, bindings or operations; --operation names one operation",
            ),
            ErrorKind::NoAlternative => f.write_str("the policy has no such alternative"),
        }
    }
}

impl std::error::Error for Error {}
