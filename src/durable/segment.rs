use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
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
        let mut end = begun;
        let mut written = Ok(());
        for piece in pieces {
            written = self.file.write_all_at(piece, end);
            if written.is_err() {
                break;
            }
            end = end.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // Whether this helps or not: nobody was told of what follows.
            let _ = self.file.set_len(begun);
            return Err(error);
        }
        self.length = end;
        Ok(())
    }
}
