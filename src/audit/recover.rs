//! What a crash has left.

use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::entry::Octets;
use super::folder;
use super::folder::Read;
use super::frame::Chain;
use super::segment;
use crate::durable;

/// As much as one record, or what was written together with it, may be torn. More is no crash.
const TORN: u64 = 1 << 20;

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) chain: Chain,
    pub(super) path: PathBuf,
    pub(super) length: u64,
}

/// Finds the end of the log in `folder`, if it has a record. Octets at its end that are no whole record are set aside, in a file beside it, and told: the
/// last ones first.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidData`] where the last segment is damaged in a way that no crash damages it.
pub(super) fn recover(folder: &Path) -> io::Result<(Option<Found>, Vec<Octets>)> {
    let mut torn = Vec::new();
    for (first, path) in segment::list(folder)?.into_iter().rev() {
        let read = folder::read(first, path)?;
        if read.stopped.is_some() || read.records.is_empty() {
            torn.extend(Some(set_aside(&read)?).filter(|torn| torn.bytes > 0));
        }
        if read.records.is_empty() {
            // A segment that was just begun.
            fs::remove_file(&read.path)?;
            continue;
        }
        durable::sync_folder(folder)?;
        let found = Found {
            id: read.chain.clone(),
            chain: read.end().clone(),
            length: read.whole(),
            path: read.path,
        };
        return Ok((Some(found), torn));
    }
    Ok((None, torn))
}

/// Cuts a segment back to its whole records, and keeps what followed them.
fn set_aside(read: &Read) -> io::Result<Octets> {
    let whole = read.whole();
    let left = read.length.saturating_sub(whole);
    let next = read.end().seq.saturating_add(1);
    if left > TORN {
        let why = read.stopped.as_deref().unwrap_or("has no record");
        let what = format!(
            "record {next} in {} {why}, and {left} octets follow, which no crash leaves; see `sealgate audit verify`",
            read.path.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let octets = fs::read(&read.path)?;
    let rest = usize::try_from(whole).ok().and_then(|whole| octets.get(whole..));
    let rest = rest.unwrap_or_default();
    if rest.is_empty() {
        return Ok(Octets::of(rest));
    }
    fs::write(read.path.with_extension(format!("torn-{next}")), rest)?;
    let file = OpenOptions::new().write(true).open(&read.path)?;
    file.set_len(whole)?;
    file.sync_all()?;
    Ok(Octets::of(rest))
}
