//! Validates XML against XSD 1.0 with libxml2.
//!
//! libxml2 may open no file and no connection: what schemas include is among the documents that [`Schemas::new`] was given, or
//! does not exist. A parsed schema is never shared by threads; each has its own, made when it first needs it. Documents are fed tag
//! by tag to the validator, without a tree, so that the time is looked at between any two tags.

mod compiled;
mod documents;
mod log;
mod pattern;
mod tags;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use documents::Documents;

pub use pattern::is_deterministic;

/// A schema, checked.
#[derive(Clone, Debug)]
pub struct Schemas {
    documents: Arc<Documents>,
}

/// What validation may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Time, which is looked at after each tag.
    pub time: Duration,
    /// The bytes from one tag to the end of the next: a value, and the attributes of an element. What is longer is not validated.
    pub piece: usize,
}

/// What is wrong with schemas, as libxml2 says it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SchemaError {
    /// The URL of the document, if it is known.
    pub url: Option<String>,
    /// The line in it, from 1; 0 if it is not known.
    pub line: u32,
    /// For people.
    pub message: String,
}

/// Why a document is not valid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Invalid {
    /// The schema forbids it.
    Content {
        /// The element where it was noticed: its place in document order, from 0.
        element: usize,
        /// What is wrong, as libxml2 says it; for people.
        message: String,
    },
    /// It is no XML that may be validated: not well-formed, or with a DOCTYPE.
    Malformed,
    /// The time was over.
    Time,
    /// A value was too long.
    Length {
        /// The element with the value, or before it: its place in document order, from 0.
        element: usize,
    },
    /// libxml2 had no memory, or does no longer take the schema.
    Unavailable,
}

impl Schemas {
    /// Checks the schema at `root`, which includes and imports others of the `documents`: pairs of URL and content. References in
    /// them are resolved to absolute URLs and looked up among these, and nowhere else.
    ///
    /// # Errors
    /// [`SchemaError`]: what libxml2 complains about first, warnings too.
    pub fn new(
        root: &str,
        documents: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Self, SchemaError> {
        let documents = Arc::new(Documents::new(root, documents)?);
        compiled::with(&documents, |_| ())?;
        Ok(Self { documents })
    }

    /// Whether `document` is valid.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn validate(&self, document: &[u8], bounds: Bounds) -> Result<(), Invalid> {
        let validated = compiled::with(&self.documents, |schema| schema.validate(document, bounds));
        validated.map_err(|_| Invalid::Unavailable)?
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SchemaError {}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content { message, .. } => f.write_str(message),
            Self::Malformed => f.write_str("no well-formed XML without DOCTYPE"),
            Self::Length { .. } => f.write_str("a value is too long for the patterns of the schema"),
            Self::Time => f.write_str("the time for validation was over"),
            Self::Unavailable => f.write_str("libxml2 is not available"),
        }
    }
}

impl std::error::Error for Invalid {}
