//! CRLs and OCSP responses, each in a file of its own that has the name of its SHA-256.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, DirEntry, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::journal::hexadecimal;
use crate::durable;
use crate::trust::ClearedBy;

/// The folder in that of the files of messages. Who reads a folder of messages passes it over.
const FOLDER: &str = ".revocation";

/// What is no whole file yet.
const HALF_MADE: &str = ".new";

/// How old a file may become before it is touched again where it is used.
const FRESH: Duration = Duration::from_secs(3600);

/// The files of what cleared certificates.
pub(super) struct Proofs {
    folder: PathBuf,
    /// Those that are on the disk, since when they need not be looked at.
    seen: HashSet<String>,
    since: SystemTime,
}

impl Proofs {
    pub(super) fn open(archive: &Path) -> io::Result<Self> {
        let folder = archive.join(FOLDER);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self {
            folder,
            seen: HashSet::new(),
            since: SystemTime::now(),
        })
    }

    /// The names of `all`, each of which is on the disk then.
    pub(super) fn keep(&mut self, all: &[ClearedBy]) -> io::Result<Vec<String>> {
        if self.since.elapsed().is_ok_and(|age| age >= FRESH) {
            self.seen.clear();
            self.since = SystemTime::now();
        }
        let mut names = Vec::new();
        for proof in all {
            let end = match proof {
                ClearedBy::Crl(_) => "crl",
                ClearedBy::Ocsp(_) => "ocsp",
            };
            let name = format!("{}.{end}", hexadecimal(proof.sha256()));
            if !self.seen.contains(&name) {
                self.write(&name, proof)?;
                self.seen.insert(name.clone());
            }
            names.push(name);
        }
        Ok(names)
    }

    fn write(&self, name: &str, proof: &ClearedBy) -> io::Result<()> {
        let path = self.folder.join(name);
        if let Ok(there) = OpenOptions::new().append(true).open(&path) {
            return there.set_modified(SystemTime::now());
        }
        let der = proof
            .der()
            .ok_or_else(|| io::Error::other("a CRL cannot be written"))?;
        let temporary = self.folder.join(HALF_MADE);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(&der)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        durable::sync_folder(&self.folder)
    }

    /// Removes what of one was not whole when its process ended.
    pub(super) fn remove_half_made(archive: &Path) -> io::Result<()> {
        match fs::remove_file(archive.join(FOLDER).join(HALF_MADE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes those that no message needed since `before`. One that cannot be removed keeps no other.
    pub(super) fn remove_old(archive: &Path, before: SystemTime) -> io::Result<()> {
        let remove = |entry: io::Result<DirEntry>| {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|end| end == "crl" || end == "ocsp");
            if is_ours && fs::metadata(&path)?.modified()? < before {
                fs::remove_file(&path)?;
            }
            Ok(())
        };
        let entries = match fs::read_dir(archive.join(FOLDER)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        entries.map(remove).fold(Ok(()), Result::and)
    }
}
