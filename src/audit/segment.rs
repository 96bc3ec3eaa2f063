use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::durable::Segment;

/// Makes the segment that begins with record `first`. One of that name has no record that counts.
pub(super) fn create(folder: &Path, first: u64) -> io::Result<Segment> {
    let path = path(folder, first);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    Segment::create(&path, 0o640)
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
