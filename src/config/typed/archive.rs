//! The message archive as it is typed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// What came, as it came, with what was decided, in Parquet files that `sealgate batch verify` reads. They hold all that senders sent, also
/// what is secret in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct MessageArchive {
    /// The folder of the files, of this gateway alone, and open to nobody but its owner.
    pub(in crate::config) folder: PathBuf,
    /// Which messages are kept.
    #[serde(default)]
    pub(in crate::config) keep: KeptMessages,
    /// What becomes of a message that cannot be kept.
    #[serde(default)]
    pub(in crate::config) on_loss: OnArchiveLoss,
    /// Bytes of a message at most. Of a longer one the envelope alone is kept, or only what is known of it.
    #[serde(default = "message_bytes")]
    #[schemars(range(min = 1024, max = 268_435_456))]
    pub(in crate::config) message_bytes: u32,
    /// Bytes of messages, before they are compressed, after which a file ends.
    #[serde(default = "file_bytes")]
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub(in crate::config) file_bytes: u32,
    /// Minutes after which it ends in any case.
    #[serde(default = "file_minutes")]
    #[schemars(range(min = 1, max = 1440))]
    pub(in crate::config) file_minutes: u16,
    /// Bytes of the disk that stay free: with fewer, nothing can be kept.
    #[serde(default = "free_bytes")]
    pub(in crate::config) free_bytes: u64,
    /// Days after which files are removed; never, if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 36_500))]
    pub(in crate::config) days: Option<u16>,
    /// Whether messages with passwords that are no digests may be kept.
    #[serde(default)]
    pub(in crate::config) passwords: KeptPasswords,
}

/// Which messages are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum KeptMessages {
    /// All that came whole.
    #[default]
    All,
    /// Those that could go to their backends.
    Passed,
    /// Those that were refused.
    Refused,
}

/// What becomes of a message that cannot be kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum OnArchiveLoss {
    /// It goes no further, and its sender is told to come back later.
    #[default]
    Refuse,
    /// It goes on, and that is logged and counted.
    Warn,
}

/// Whether messages with passwords that are no digests may be kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum KeptPasswords {
    /// A configuration that has a route for them is refused.
    #[default]
    Refuse,
    /// They are kept.
    Keep,
}

fn message_bytes() -> u32 {
    16 << 20
}

fn file_bytes() -> u32 {
    128 << 20
}

fn file_minutes() -> u16 {
    60
}

fn free_bytes() -> u64 {
    1 << 30
}
