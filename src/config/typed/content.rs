//! What messages are held against beside signatures, as it is typed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::schema::Mode;

/// The files of users and passwords that `sealgate password add` writes, none of them readable by everybody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Users {
    /// File with salted hashes, for passwords that are sent as they are, over TLS.
    #[serde(default)]
    pub(in crate::config) hashes: Option<PathBuf>,
    /// File with encrypted passwords, for PasswordDigest and keys that are derived from passwords.
    #[serde(default)]
    pub(in crate::config) secrets: Option<PathBuf>,
    /// File with the 32 bytes of the key of `secrets`.
    #[serde(default)]
    pub(in crate::config) secrets_key: Option<PathBuf>,
}

/// The schemas that the bodies of messages must be valid against.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Schema {
    /// Files with XSD. They may include each other by their paths and import each other by their namespaces; nothing else is read.
    #[schemars(length(min = 1))]
    pub(in crate::config) files: Vec<PathBuf>,
    /// Whether a body that is not valid is refused ("enforce"), relayed, counted and noted ("observe"), or not looked at ("off").
    #[serde(default)]
    pub(in crate::config) mode: Mode,
}

/// Whether messages may have attachments.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Attachments {
    /// They may not: HTTP status 415.
    #[default]
    Refused,
    /// They may, and each must be signed.
    Signed,
}
