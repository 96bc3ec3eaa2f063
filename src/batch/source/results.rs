use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Source, pattern};

/// The folder where the results are written, which are no messages: a job that read them would never end.
#[derive(Clone, Debug)]
pub struct ResultsFolder {
    path: PathBuf,
    /// The device and the inode.
    identity: (u64, u64),
}

impl ResultsFolder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// It is not there, or not accessible.
    pub fn at(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let metadata = fs::metadata(&path)?;
        Ok(Self {
            identity: identity(&metadata),
            path,
        })
    }

    /// The first of `sources` that is this folder, or names something in it.
    pub fn named_by<'s>(&self, sources: &'s [Source]) -> Option<&'s Path> {
        sources.iter().find_map(|source| match source {
            Source::Path(path) => self.holds(path).then_some(path.as_path()),
            Source::Glob(typed) => {
                let base = pattern::base(typed).filter(|base| self.holds(base));
                base.map(|_| Path::new(typed))
            }
            Source::List(_) => None,
            #[cfg(feature = "s3")]
            Source::Store(_) => None,
        })
    }

    /// Whether `path` leads to it or into it.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        path.canonicalize().is_ok_and(|path| path.starts_with(&self.path))
    }

    /// Whether `metadata` describes it.
    pub(super) fn is(&self, metadata: &Metadata) -> bool {
        identity(metadata) == self.identity
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
