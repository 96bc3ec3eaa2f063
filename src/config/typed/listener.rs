//! Where messages arrive, as it is typed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// An address where messages arrive.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Listener {
    /// IP address and port, as "0.0.0.0:8443" or "[::1]:8080"; port 0 takes a free one.
    pub(in crate::config) address: String,
    /// TLS 1.2 and 1.3. Without it only loopback addresses are allowed.
    #[serde(default)]
    pub(in crate::config) tls: Option<Tls>,
}

/// The TLS side of a listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Tls {
    /// PEM file: our certificate, then the path above it. Not needed if `key` is PKCS#12.
    #[serde(default)]
    pub(in crate::config) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file: the key of the certificate, not readable by everybody.
    pub(in crate::config) key: PathBuf,
    /// File with the password of the key.
    #[serde(default)]
    pub(in crate::config) key_password_file: Option<PathBuf>,
    /// Whether clients are asked for a certificate.
    #[serde(default)]
    pub(in crate::config) clients: Clients,
    /// PEM files: who issues the certificates of clients.
    #[serde(default)]
    pub(in crate::config) client_ca: Vec<PathBuf>,
}

/// Whether TLS clients are asked for a certificate.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Clients {
    /// They are not asked.
    #[default]
    NotAsked,
    /// They may have none, but no other than of `client_ca`.
    Optional,
    /// Without one of `client_ca` there is no connection.
    Required,
}
