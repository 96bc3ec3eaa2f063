//! Removes what is older than it is to be kept, and what a process that is gone had half made.

use std::fs;
use std::io;
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
    /// That of the journals.
    pub(super) working: PathBuf,
    /// How long a message is, if not for ever.
    pub(super) life: Option<TimeDelta>,
}

impl Retention {
    /// Removes what a process that is gone had half made. Nobody else may be making anything.
    pub(super) fn remove_half_made(&self) {
        let files = name::list(&self.working, name::half_made_time)
            .and_then(|files| remove(files.into_iter().map(|(_, path)| path)));
        self.tell(files.and(Proofs::remove_half_made(&self.folder)));
    }

    /// Removes files whose messages are older than they are to be kept, and damaged journals of which that is true.
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
            remove(old.map(|(_, path)| path))
        });
        // Nothing was written to a journal after its last message.
        let damaged = name::list(&self.working, name::damaged_time).and_then(|damaged| {
            let old = damaged
                .into_iter()
                .filter(|(_, path)| written(path).is_some_and(|written| written < before));
            remove(old.map(|(_, path)| path))
        });
        // Later than the last message that may have needed it.
        let unneeded = SystemTime::from(before).checked_sub(LATER);
        let proofs = Proofs::remove_old(&self.folder, unneeded.unwrap_or(SystemTime::UNIX_EPOCH));
        self.tell(files.and(damaged).and(proofs));
    }

    fn tell(&self, removed: io::Result<()>) {
        if let Err(error) = removed {
            tracing::error!(code = "archive.retention", reason = %error, folder = %self.folder.display(), "what is old was not all removed");
        }
    }
}

/// When the youngest message of a file came. Where that cannot be read, when the file was written: nothing in it is younger.
fn youngest(path: &Path) -> Option<DateTime<Utc>> {
    parquet::youngest(path).or_else(|| written(path))
}

fn written(path: &Path) -> Option<DateTime<Utc>> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.ok().map(Into::into)
}

/// Removes all of `files`. One that cannot be removed keeps no other.
fn remove(files: impl Iterator<Item = PathBuf>) -> io::Result<()> {
    files.map(fs::remove_file).fold(Ok(()), Result::and)
}
