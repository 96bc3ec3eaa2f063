//! Where the content of attachments waits for the verdict: in memory while it is short, then in a file that has no name.

use std::fs::File;
use std::io;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::soap::attachment::{Spool, Stored};

/// So many bytes of one attachment are held in memory.
const IN_MEMORY: usize = 64 * 1024;

/// A spool of files in a folder. None of them can be opened by anybody else, and all are gone when the process is.
#[derive(Clone, Debug)]
pub struct TemporaryFiles {
    folder: PathBuf,
}

impl TemporaryFiles {
    /// Files in `folder`.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }
}

/// In the folder that the system has for it.
impl Default for TemporaryFiles {
    fn default() -> Self {
        Self::in_folder(std::env::temp_dir())
    }
}

impl Spool for TemporaryFiles {
    fn create(&self) -> io::Result<Box<dyn Stored>> {
        Ok(Box::new(Spooled {
            folder: self.folder.clone(),
            memory: Vec::new(),
            file: None,
        }))
    }
}

/// The content of one attachment: all of it is in the file, if there is one, and else in memory.
struct Spooled {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<File>,
}

/// Without the content.
impl std::fmt::Debug for Spooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.is_some();
        f.debug_struct("Spooled")
            .field("file", &file)
            .finish_non_exhaustive()
    }
}

impl Stored for Spooled {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(octets);
        }
        self.memory.extend_from_slice(octets);
        if self.memory.len() > IN_MEMORY {
            let mut file = tempfile::tempfile_in(&self.folder)?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if let Some(file) = &self.file {
            return file.read_at(into, offset);
        }
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.memory.get(offset..));
        rest.map_or(Ok(0), |mut rest| io::Read::read(&mut rest, into))
    }

    fn another(&self) -> io::Result<Box<dyn Stored>> {
        TemporaryFiles::in_folder(self.folder.clone()).create()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_was_kept_is_read_back_from_memory_and_from_a_file_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = TemporaryFiles::in_folder(folder.path().to_owned());
        for pieces in [0_usize, 1, 8, 40] {
            let mut stored = spool.create().unwrap();
            let piece: Vec<u8> = (0..=250).cycle().take(10_000).collect();
            (0..pieces).for_each(|_| stored.append(&piece).unwrap());
            let (mut read, mut buffer) = (Vec::<u8>::new(), vec![0; 7_000]);
            loop {
                let count = stored
                    .read_at(u64::try_from(read.len()).unwrap(), &mut buffer)
                    .unwrap();
                if count == 0 {
                    break;
                }
                read.extend(buffer.iter().take(count));
            }
            assert_eq!(read, piece.repeat(pieces));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_folder_that_is_not_there_keeps_nothing_long() {
        let spool = TemporaryFiles::in_folder("/nowhere/at/all".into());
        let mut stored = spool.create().unwrap();
        assert!(stored.append(&[0; IN_MEMORY]).is_ok());
        assert!(stored.append(&[0]).is_err());
    }
}
