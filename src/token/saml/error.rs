use std::fmt;

use crate::token::datetime::DateTimeError;
use crate::xml;
use crate::xml::Element;
use crate::xml::Position;
use crate::xml::quoted;

/// Why an element is no SAML that we read, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    clause: &'static str,
    path: String,
    position: Position,
}

/// What made it unreadable.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The element is none of those that may stand here.
    NotExpected {
        /// Its name as written.
        found: String,
        /// What may stand here.
        expected: &'static str,
    },
    /// An element that the schema requires is not at its place.
    MissingElement(&'static str),
    /// An element that the schema has no place for, or not here, or not again.
    UnexpectedElement(String),
    /// An attribute that the schema requires is not there.
    MissingAttribute(&'static str),
    /// An attribute that the schema does not have.
    UnexpectedAttribute(String),
    /// Text between elements.
    StrayText,
    /// An element where only text may stand.
    Text(xml::Error),
    /// An attribute or a text whose value its type does not have.
    Value {
        /// The attribute or element.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// A time that is no `xs:dateTime`, or has no zone.
    Time {
        /// The attribute.
        name: &'static str,
        /// What is wrong with it.
        error: DateTimeError,
    },
    /// A version other than that of the namespace.
    Version(String),
    /// More than one Signature in one element.
    MultipleSignatures,
    /// A Signature where one is to be put, or around it.
    AlreadySigned,
    /// A Response with more than one assertion.
    MultipleAssertions(usize),
    /// An assertion whose statements are about nobody.
    NoSubject,
    /// Statements of one assertion about several subjects (SAML 1.1).
    SubjectsDiffer,
}

impl Error {
    pub(crate) fn new(at: Element<'_>, clause: &'static str, kind: ErrorKind) -> Self {
        Self {
            kind,
            clause,
            path: at.path(),
            position: at.position(),
        }
    }

    /// Metadata of which another reader sees other entities.
    pub(crate) fn no_entity(root: Element<'_>) -> Self {
        let kind = ErrorKind::NotExpected {
            found: root.name().to_owned(),
            expected: "metadata in which each entity can be told from the others",
        };
        Self::new(root, "SAML Metadata §2.3", kind)
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The path of the element that is wrong, or that lacks something.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The stable code, `saml.<reason>`.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::NotExpected { .. } => "saml.not_supported",
            ErrorKind::MissingElement(_)
            | ErrorKind::UnexpectedElement(_)
            | ErrorKind::MissingAttribute(_)
            | ErrorKind::UnexpectedAttribute(_)
            | ErrorKind::StrayText
            | ErrorKind::Value { .. } => "saml.structure",
            ErrorKind::Text(_) => "saml.element_in_text",
            ErrorKind::Time { .. } => "saml.time",
            ErrorKind::Version(_) => "saml.version",
            ErrorKind::MultipleSignatures => "saml.multiple_signatures",
            ErrorKind::AlreadySigned => "saml.already_signed",
            ErrorKind::MultipleAssertions(_) => "saml.multiple_assertions",
            ErrorKind::NoSubject => "saml.no_subject",
            ErrorKind::SubjectsDiffer => "saml.subjects_differ",
        }
    }

    /// Where it was noticed.
    pub fn position(&self) -> Option<Position> {
        Some(self.position)
    }

    /// The clause that it breaks.
    pub fn clause(&self) -> Option<&'static str> {
        if let ErrorKind::Time { error, .. } = &self.kind {
            return Some(error.clause());
        }
        Some(self.clause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::NotExpected { found, expected } => {
                write!(f, "{} stands where {expected} was expected", quoted(found))?;
            }
            ErrorKind::MissingElement(name) => write!(f, "there is no {name} at its place")?,
            ErrorKind::UnexpectedElement(name) => {
                write!(f, "the schema has no place for {} here", quoted(name))?;
            }
            ErrorKind::MissingAttribute(name) => write!(f, "there is no attribute {name}")?,
            ErrorKind::UnexpectedAttribute(name) => {
                write!(f, "the schema has no attribute {} here", quoted(name))?;
            }
            ErrorKind::StrayText => f.write_str("text stands between the elements")?,
            ErrorKind::Text(error) => write!(f, "{error}")?,
            ErrorKind::Value {
                name,
                value,
                expected,
            } => write!(f, "{name} is {}, which is not {expected}", quoted(value))?,
            ErrorKind::Time { name, error } => write!(f, "{name} {error}")?,
            ErrorKind::Version(version) => {
                write!(
                    f,
                    "the version is {}; only SAML 1.1 and 2.0 are read, each in its namespace",
                    quoted(version)
                )?;
            }
            ErrorKind::MultipleSignatures => f.write_str("there is more than one Signature")?,
            ErrorKind::AlreadySigned => f.write_str("it is signed already, and would not verify any more")?,
            ErrorKind::MultipleAssertions(count) => {
                write!(f, "there are {count} assertions where one is expected")?;
            }
            ErrorKind::SubjectsDiffer => f.write_str("the statements are about several Subjects")?,
            ErrorKind::NoSubject => f.write_str("the statements are about no Subject")?,
        }
        write!(f, ", in {}", quoted(&self.path))
    }
}

impl std::error::Error for Error {}
