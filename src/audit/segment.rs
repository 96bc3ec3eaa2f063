use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

/// A file of records, to be appended to.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    /// Octets that are known to be on the disk.
    pub(super) length: u64,
}

impl Segment {
    /// Makes the segment that begins with record `first`. One of that name has no record that counts.
    pub(super) fn create(folder: &Path, first: u64) -> io::Result<Self> {
        let path = path(folder, first);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o640)
            .open(&path)?;
        Ok(Self { file, length: 0 })
    }

    /// Opens one whose first `length` octets are whole records.
    pub(super) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Self { file, length })
    }

    /// Appends `octets`, and returns when they are on the disk. After an error this segment must not be used again.
    pub(super) fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let begun = self.length;
        let written = self
            .file
            .write_all_at(octets, begun)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Whether this helps or not: the next segment says where this one ends.
            let _ = self.file.set_len(begun);
            return Err(error);
        }
        let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.length = begun.saturating_add(more);
        Ok(())
    }
}

/// Makes the names of new files in `folder` durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The segments in `folder`, by the number of their first record.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".log"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("audit-{first:012}.log"))
}
