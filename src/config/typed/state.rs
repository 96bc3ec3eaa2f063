//! What a gateway keeps of what happened, as it is typed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::TlsClient;

/// How used messages are remembered: in memory, which forgets them when the gateway ends, if neither `file` nor `redis` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Replay {
    /// How many messages are remembered at a time, at less than 100 bytes each. With no room left, messages are told to
    /// come back later. Redis has limits of its own.
    #[serde(default = "capacity")]
    #[schemars(range(min = 1000, max = 100_000_000))]
    pub(in crate::config) capacity: u32,
    /// File of this gateway alone, which is made where there is none. A use is in it before its message goes on.
    #[serde(default)]
    pub(in crate::config) file: Option<PathBuf>,
    /// A Redis, which several gateways may share.
    #[serde(default)]
    pub(in crate::config) redis: Option<Redis>,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            capacity: capacity(),
            file: None,
            redis: None,
        }
    }
}

fn capacity() -> u32 {
    1_000_000
}

/// A Redis, 6.2 or newer, with the maxmemory-policy noeviction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Redis {
    /// Name or IP address.
    pub(in crate::config) host: String,
    /// The port.
    #[serde(default = "redis_port")]
    #[schemars(range(min = 1))]
    pub(in crate::config) port: u16,
    /// TLS, which only loopback addresses may do without.
    #[serde(flatten)]
    pub(in crate::config) tls: TlsClient,
    /// The user, if it is not the default one.
    #[serde(default)]
    pub(in crate::config) user: Option<String>,
    /// File with the user's password, not readable by everybody.
    #[serde(default)]
    pub(in crate::config) password_file: Option<PathBuf>,
    /// The number of the database.
    #[serde(default)]
    pub(in crate::config) database: u16,
    /// What the names of all keys begin with. Gateways that share it share their memory, and their limits.
    #[serde(default = "prefix")]
    #[schemars(length(min = 1))]
    pub(in crate::config) prefix: String,
    /// Milliseconds for each step of connecting and answering.
    #[serde(default = "redis_milliseconds")]
    #[schemars(range(min = 10, max = 200))]
    pub(in crate::config) milliseconds: u16,
    /// What becomes of messages while it does not answer.
    #[serde(default)]
    pub(in crate::config) on_store_loss: OnStoreLoss,
}

/// What becomes of messages while the shared store does not answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum OnStoreLoss {
    /// They are told to come back later.
    #[default]
    Reject,
    /// Each gateway remembers and counts for itself: a message may then be used once at each, and a limit be used up at each.
    Local,
}

fn redis_port() -> u16 {
    6379
}

fn prefix() -> String {
    "sealgate".to_owned()
}

fn redis_milliseconds() -> u16 {
    200
}

/// What was decided, in a chain of records that are on the disk before anybody is told. What cannot be recorded is refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Audit {
    /// The folder of the records, of this gateway alone.
    pub(in crate::config) folder: PathBuf,
    /// Another folder, best on another machine, where signed checkpoints are kept as well.
    #[serde(default)]
    pub(in crate::config) checkpoints: Option<PathBuf>,
    /// PEM file: the certificate that checkpoints are signed with, not that of answers. Not needed if `key` is PKCS#12.
    #[serde(default)]
    pub(in crate::config) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file, or PKCS#11 URI: the key of the certificate, not readable by everybody.
    pub(in crate::config) key: PathBuf,
    /// File with the password of the key.
    #[serde(default)]
    pub(in crate::config) key_password_file: Option<PathBuf>,
    /// Bytes of a file, after which the next one begins.
    #[serde(default = "segment_bytes")]
    #[schemars(range(min = 65_536, max = 268_435_456))]
    pub(in crate::config) file_bytes: u32,
}

fn segment_bytes() -> u32 {
    16 << 20
}
