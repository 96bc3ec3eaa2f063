//! Files that are only appended to. Whatever a crash leaves begins with whole records.

pub(crate) mod frame;
mod segment;

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

pub(crate) use segment::Segment;

/// Makes the names of new files in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// While what this gives is open, nobody else gets it for the same folder.
pub(crate) fn lock(folder: &Path) -> io::Result<File> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::other("another gateway writes to the same folder"),
        TryLockError::Error(error) => error,
    })?;
    Ok(lock)
}
