use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use bytes::Bytes;
use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::inbound::Received;
use crate::verifier::entity::{self, NoMessage};
use crate::xml::Limits;

use super::exit::Stop;
use super::report::plain;

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`.
    StandardInput,
    /// A file, by its path as typed.
    File(PathBuf),
}

impl Source {
    /// For clap: any path that the system can have.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        PathBufValueParser::new().map(Self::from)
    }

    /// It, to be read from its beginning.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::StandardInput => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }

    /// All of it, but no more than one byte over `limit`: who reads it then refuses what is too long.
    pub(crate) fn read(&self, limit: u32) -> io::Result<Bytes> {
        let most = u64::from(limit).saturating_add(1);
        let mut bytes = Vec::new();
        match self {
            Self::StandardInput => io::stdin().lock().take(most).read_to_end(&mut bytes)?,
            Self::File(path) => {
                let file = File::open(path)?;
                let length = file.metadata().map_or(0, |metadata| metadata.len().min(most));
                bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
                file.take(most).read_to_end(&mut bytes)?
            }
        };
        Ok(bytes.into())
    }

    /// The message in it, which is XML, or what its media type says: that is `field`, or stands in a header at its beginning.
    pub(crate) fn received(&self, field: Option<&str>, limits: &Limits) -> Result<Received, NoMessage> {
        entity::read(&mut *self.open()?, field, limits)
    }

    /// As typed, for JSON.
    pub(crate) fn typed(&self) -> String {
        match self {
            Self::StandardInput => "-".to_owned(),
            Self::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::StandardInput
        } else {
            Self::File(path)
        }
    }
}

/// As people read it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::File(path) => f.write_str(&plain(&path.to_string_lossy())),
        }
    }
}

/// Refuses to read standard input twice: the second time it would be empty.
pub(crate) fn distinct(sources: &[Source]) -> Result<(), Stop> {
    let times = sources
        .iter()
        .filter(|source| **source == Source::StandardInput)
        .count();
    if times > 1 {
        return Err(Stop::usage("standard input (-) can be read only once"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_file_is_read_up_to_one_byte_over_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.xml");
        std::fs::write(&path, "0123456789").unwrap();
        let source = Source::from(path);
        assert_eq!(source.read(4).unwrap(), "01234");
        assert_eq!(source.read(10).unwrap(), "0123456789");
    }

    #[test]
    fn standard_input_is_read_once() {
        let file = Source::from(PathBuf::from("a"));
        assert!(distinct(&[file.clone(), Source::StandardInput, file]).is_ok());
        assert!(distinct(&[Source::StandardInput, Source::StandardInput]).is_err());
    }
}
