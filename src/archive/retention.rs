//! Removes what is older than it is to be kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

use super::name;
use super::parquet;
use super::proofs::Proofs;

/// Longer than a file of messages goes on, and than until what is used is touched again.
const LATER: Duration = Duration::from_secs(2 * 24 * 3600);

/// How long what is in an archive is kept.
pub(super) struct Retention {
    pub(super) folder: PathBuf,
    /// How long a message is, if not for ever.
    pub(super) life: Option<TimeDelta>,
}

impl Retention {
    /// Removes files whose messages are older than they are to be kept. One that cannot be removed keeps no other.
    pub(super) fn remove_old(&self) {
        let now = Utc::now();
        let Some(before) = self.life.and_then(|life| now.checked_sub_signed(life)) else {
            return;
        };
        let files = name::list(&self.folder, name::packed_time).and_then(|files| {
            // No message came before its journal began, if the clock was right.
            let may_be_old = files
                .into_iter()
                .filter(|(begun, _)| *begun < before || *begun > now);
            let old = may_be_old.filter(|(_, path)| youngest(path).is_some_and(|youngest| youngest < before));
            old.map(|(_, path)| fs::remove_file(path))
                .fold(Ok(()), Result::and)
        });
        // Later than the last message that may have needed it.
        let unneeded = SystemTime::from(before).checked_sub(LATER);
        let proofs = Proofs::remove_old(&self.folder, unneeded.unwrap_or(SystemTime::UNIX_EPOCH));
        if let Err(error) = files.and(proofs) {
            tracing::error!(code = "archive.retention", reason = %error, folder = %self.folder.display(), "old messages were not removed");
        }
    }
}

/// When the youngest message of a file came. Where that cannot be read, when the file was written: nothing in it is younger.
fn youngest(path: &Path) -> Option<DateTime<Utc>> {
    let written = || fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    parquet::youngest(path).or_else(|| written().map(Into::into))
}
