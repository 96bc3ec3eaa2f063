//! Messages of several parts: however the bytes come, they are the same message or none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealgate::soap::attachment::{InMemory, Package, Related, content_type_of};
use sealgate::xml::Limits;

use crate::support;

/// A file with its header. In pieces it comes to the same as in one.
pub(super) fn parts(data: &[u8]) {
    let Some(end) = data.windows(4).position(|window| window == b"\r\n\r\n") else {
        return;
    };
    let field = content_type_of(&data[..end]);
    let Some(related) = field.ok().and_then(|field| Related::parse(&field).ok()) else {
        return;
    };
    let body = &data[end + 4..];
    let whole = read(&related, body, body.len().max(1));
    for piece in [1, 3, 64] {
        assert_eq!(read(&related, body, piece), whole);
    }
}

/// Envelope, and ID, header and content of each attachment; or the code.
fn read(related: &Related, body: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, &'static str> {
    let limits = Limits::default();
    let mut package = Package::new(related.clone(), &limits, Arc::new(InMemory));
    for octets in body.chunks(piece) {
        package.push(octets).map_err(|error| error.code())?;
    }
    let packaged = package.finish().map_err(|error| error.code())?;
    assert!(packaged.attachments.iter().count() <= usize::from(limits.attachments));
    let mut read = vec![packaged.envelope.to_vec()];
    for attachment in packaged.attachments.iter() {
        assert!(attachment.length() <= 2 * u64::from(limits.attachment_bytes));
        let mut content = vec![0; usize::try_from(attachment.length()).unwrap()];
        let mut filled = 0;
        while filled < content.len() {
            let offset = u64::try_from(filled).unwrap();
            let count = attachment.read_at(offset, &mut content[filled..]).unwrap();
            assert!(count > 0);
            filled += count;
        }
        let header = attachment.header().unwrap_or_default().join("\n");
        read.extend([attachment.id().into(), header.into(), content]);
    }
    Ok(read)
}

/// All files of several parts, good and bad.
pub(super) fn files() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![
        support::fixtures().join("cases"),
        support::fixtures().join("attacks"),
    ];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() {
                folders.push(entry);
            } else if is_of_parts(&entry) {
                files.push(std::fs::read(entry).unwrap());
            }
        }
    }
    files
}

fn is_of_parts(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "mime")
}
