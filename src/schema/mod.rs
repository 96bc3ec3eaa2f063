//! Whether the Body of a verified message is what the schemas of its service describe.
//!
//! A Body is validated last but for its one use, in the octets that were signed and will be relayed, so libxml2 meets only what a
//! trusted key signed. Schemas are read by our own reader first: they have no DOCTYPE, and what they import must be among them. libxml2 then
//! reads these documents and nothing else: no file, no network. The programs that can validate are built with the Cargo feature `xsd`.

#[cfg(not(feature = "xsd"))]
mod absent;
mod error;
mod prepare;
#[cfg(feature = "xsd")]
mod validator;

#[cfg(not(feature = "xsd"))]
pub use absent::Schemas;
pub use error::{Error, ErrorKind, NotBuilt};
#[cfg(feature = "xsd")]
pub use validator::Schemas;

use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

/// What one validation may take. It is looked at after each tag.
pub const TIME: Duration = Duration::from_secs(1);

/// How long values may be where a pattern of the schema can be tried in many ways, in bytes.
pub const VALUE_UNDER_PATTERNS: usize = 4096;

/// What becomes of a Body that is not valid.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is not validated.
    Off,
    /// It is relayed, counted and noted in the log.
    Observe,
    /// It is refused.
    #[default]
    Enforce,
}

/// A file with a schema.
#[derive(Clone, Debug)]
pub struct SchemaFile {
    /// Its absolute path, by which others include it.
    pub path: String,
    /// What is in it.
    pub content: Bytes,
}

/// What Bodies are validated against, and what becomes of those that are not valid.
#[derive(Clone, Debug)]
pub struct Check {
    /// The schemas.
    pub schemas: Schemas,
    /// Whether what is not valid is refused.
    pub mode: Mode,
}

/// Why a Body is not valid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// The element where it was noticed: its place in the Body, in document order; the Body is 0.
    pub element: usize,
    /// What is wrong.
    pub kind: InvalidKind,
}

/// What is wrong with a Body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InvalidKind {
    /// The schema forbids it; in the words of libxml2.
    Content(String),
    /// More than validation may take: what of it.
    Limit(&'static str),
    /// libxml2 could not validate it.
    Unavailable,
}
