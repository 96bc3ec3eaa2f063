use std::fmt;

use crate::xml;
use crate::xml::{Position, quoted};

/// Why schemas cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    file: Option<usize>,
    position: Option<Position>,
}

/// What is wrong with schemas.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is none.
    NoFile,
    /// A file is no acceptable XML.
    Xml(xml::Error),
    /// The root is no `xs:schema`; its name.
    NotASchema(String),
    /// A schema is that of SOAP itself, which is known.
    OfSoap,
    /// A namespace is imported that none of the files is for.
    ImportMissing(String),
    /// libxml2 does not take it; in its words.
    Schema(String),
    /// This program cannot validate.
    NotBuilt(NotBuilt),
}

/// It was asked for, and this program was built without it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotBuilt;

impl Error {
    pub(super) fn new(kind: ErrorKind, file: Option<usize>, position: Position) -> Self {
        Self {
            kind,
            file,
            position: file.map(|_| position),
        }
    }

    pub(super) const fn nowhere(kind: ErrorKind) -> Self {
        Self {
            kind,
            file: None,
            position: None,
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// In which of the files.
    pub fn file(&self) -> Option<usize> {
        self.file
    }

    /// Where in it; of what libxml2 says, the line only.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this program validates nothing: build it with the Cargo feature xsd")
    }
}

impl std::error::Error for NotBuilt {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::NoFile => f.write_str("no file is named"),
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::NotASchema(name) => write!(f, "this is no XSD: its root is {}", quoted(name)),
            ErrorKind::OfSoap => f.write_str("this is a schema of SOAP, which is known"),
            ErrorKind::ImportMissing(namespace) => {
                write!(
                    f,
                    "no file is for the namespace {}, which is imported",
                    quoted(namespace)
                )
            }
            ErrorKind::Schema(message) => f.write_str(message),
            ErrorKind::NotBuilt(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
