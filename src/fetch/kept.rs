use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;
use tempfile::NamedTempFile;

use crate::trust::LastSeen;

/// What was fetched and is in use, by the files that it stands for.
#[derive(Clone, Debug, Default)]
pub struct Fetched(HashMap<PathBuf, FetchedCopy>);

/// What came of one address.
#[derive(Clone, Debug)]
pub struct FetchedCopy {
    /// Its bytes.
    pub bytes: Bytes,
    /// When it was fetched, or seen to be the same still.
    pub at: LastSeen,
}

impl Fetched {
    /// What stands for `file`.
    pub fn get(&self, file: &Path) -> Option<&FetchedCopy> {
        self.0.get(file)
    }

    /// From now on `copy` stands for `file`.
    pub fn put(&mut self, file: PathBuf, copy: FetchedCopy) {
        self.0.insert(file, copy);
    }

    /// From now on what stands for a file in `others` does so here.
    pub fn put_all(&mut self, others: &Self) {
        self.0.extend(others.0.clone());
    }
}

/// Writes `bytes` to `file`, at once and whole: whoever reads it finds the old or the new, also after a loss of power.
///
/// # Errors
/// What the system says.
pub fn keep(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// Notes on `file`, which has what was kept, that it was the same still at `time`.
///
/// # Errors
/// What the system says.
pub fn keep_longer(file: &Path, time: DateTime<Utc>) -> io::Result<()> {
    File::options().write(true).open(file)?.set_modified(time.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_copy_takes_the_place_of_another_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        for bytes in [&b"one"[..], b"two"] {
            keep(&file, bytes).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), bytes);
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        assert!(keep(&folder.path().join("none/a"), b"x").is_err());
    }
}
