//! The TLS of a connection that we make, as it is typed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// The keys that a table has for the TLS of a connection that we make.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(in crate::config) struct TlsClient {
    /// Files with certificates: who issues the certificate of the server. Without them there is no TLS.
    #[serde(default)]
    pub(in crate::config) ca: Vec<PathBuf>,
    /// PEM file: the certificate that we show to the server. Not needed if `key` is PKCS#12.
    #[serde(default)]
    pub(in crate::config) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file: the key of that certificate, not readable by everybody.
    #[serde(default)]
    pub(in crate::config) key: Option<PathBuf>,
    /// File with the password of the key.
    #[serde(default)]
    pub(in crate::config) key_password_file: Option<PathBuf>,
}
