use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// A file of records, to be appended to.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    /// Octets that are known to be on the disk.
    pub(crate) length: u64,
}

impl Segment {
    /// Makes the file at `path`, which is not there.
    pub(crate) fn create(path: &Path, mode: u32) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        Ok(Self { file, length: 0 })
    }

    /// Opens one whose first `length` octets are whole records.
    pub(crate) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Self { file, length })
    }

    /// Appends `pieces`, and returns when they are on the disk. After an error this segment must not be used again.
    pub(crate) fn append<'p>(&mut self, pieces: impl IntoIterator<Item = &'p [u8]>) -> io::Result<()> {
        let begun = self.length;
        self.check(begun)?;
        let mut end = begun;
        let mut written = Ok(());
        for piece in pieces {
            written = self.file.write_all_at(piece, end);
            if written.is_err() {
                break;
            }
            end = end.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        let written = written.and_then(|()| self.file.sync_data());
        if let Err(error) = written.and_then(|()| self.check(end)) {
            // Whether this helps or not: nobody was told of what follows.
            let _ = self.file.set_len(begun);
            return Err(error);
        }
        self.length = end;
        Ok(())
    }

    /// Whether the file is still there, as long as it was written: what somebody else removed or cut keeps nothing.
    fn check(&self, length: u64) -> io::Result<()> {
        let found = self.file.metadata()?;
        if found.nlink() == 0 {
            return Err(io::Error::other(
                "somebody else has removed the file that is written to",
            ));
        }
        if found.len() != length {
            return Err(io::Error::other(
                "somebody else has changed the file that is written to",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_is_written_to_a_file_that_is_gone_or_cut_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        for harm in ["none", "removed", "cut"] {
            let mut segment = Segment::create(&path, 0o600).unwrap();
            segment.append([&b"first"[..]]).unwrap();
            match harm {
                "removed" => std::fs::remove_file(&path).unwrap(),
                "cut" => File::options()
                    .write(true)
                    .open(&path)
                    .unwrap()
                    .set_len(0)
                    .unwrap(),
                _ => {}
            }
            let again = segment.append([&b"second"[..]]);
            assert_eq!(again.is_ok(), harm == "none", "{harm}: {again:?}");
            let _ = std::fs::remove_file(&path);
        }
    }
}
