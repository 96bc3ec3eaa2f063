//! Where the messages of an archive come from: files, folders, globs and lists of them, and files that hold many messages. Each is
//! read from its beginning to its end, and of a container no more than one message at a time stands in memory.
//!
//! The order is that of the sources as named; folders are walked by name. It depends on nothing else, so that two runs over one
//! archive give their results in one order.

mod carried;
mod column;
mod compressed;
mod container;
mod csv;
mod file;
mod folder;
mod har;
mod http;
mod json_lines;
mod magic;
mod names;
mod parquet;
mod passed_over;
mod pattern;
mod places;
mod results;
#[cfg(feature = "s3")]
mod store;
mod tar;
mod zip;

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use column::message;
use container::{Container, Name};
pub use file::open;
pub use folder::walk;
pub(super) use names::Names;
pub use parquet::is_guarded;
pub use passed_over::PassedOver;
use places::Places;
pub use results::ResultsFolder;

/// What is walked.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// Every file whose path matches: `*`, `?` and `[…]` in a name, `**` for folders in folders.
    Glob(String),
    /// A file with a path a line.
    List(PathBuf),
    /// An object, or every object below it: `s3://bucket/prefix`.
    #[cfg(feature = "s3")]
    Store(String),
}

/// How messages are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The most bytes of a message: of a longer one no more is read.
    pub limit: u32,
    /// The column of JSON Lines, CSV and Parquet that holds the message.
    pub column: String,
    /// The column of Parquet that names the message; by its row without it.
    pub name: Option<String>,
    /// What is passed over wherever it lies.
    pub results: Option<ResultsFolder>,
}

impl Reading {
    /// Whether the folder that `metadata` describes is passed over.
    fn passes_over(&self, metadata: &Metadata) -> bool {
        let results = self.results.as_ref();
        results.is_some_and(|results| results.is(metadata))
    }

    /// Whether `path`, which was named or linked to, leads to something that is passed over.
    fn leads_to_results(&self, path: &Path) -> bool {
        let results = self.results.as_ref();
        results.is_some_and(|results| results.holds(path))
    }
}

/// A message that has not been judged.
#[derive(Debug)]
pub struct Item {
    /// What it is called: the path of a file; `archive.tar!name` and `lines.jsonl#7` in a container.
    pub path: String,
    /// Which state of the file it was read from.
    pub stamp: Stamp,
    /// The message.
    pub body: Body,
}

impl Item {
    /// How long it is, so far as that is known before it is read.
    pub(super) fn bytes(&self) -> u64 {
        match &self.body {
            Body::File(_) | Body::Remote(_) => self.stamp.length,
            Body::Bytes(_) | Body::TooLong | Body::TooMany(_) | Body::Unreadable(_) => self.body.held(),
        }
    }
}

/// Where the bytes of a message are.
#[derive(Debug)]
pub enum Body {
    /// A file of its own.
    File(PathBuf),
    /// Here.
    Bytes(Bytes),
    /// Elsewhere, from where it is fetched when it is read.
    Remote(Remote),
    /// It is longer than allowed and was not read.
    TooLong,
    /// The file has more messages than this, which its bytes do not explain: the others were not read.
    TooMany(u64),
    /// It could not be read: why.
    Unreadable(io::Error),
}

/// The bytes of a message that is somewhere else.
pub struct Remote(pub Box<dyn Read + Send>);

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}

impl Body {
    /// Bytes that it holds in memory.
    pub fn held(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::File(_) | Self::Remote(_) | Self::TooLong | Self::TooMany(_) | Self::Unreadable(_) => 0,
        }
    }
}

/// The state of a file: another one means that what it holds may have changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stamp {
    length: u64,
    /// When its inode changed last, in ns.
    changed: i64,
}

impl Stamp {
    /// Of a file that `metadata` describes.
    pub fn of(metadata: &Metadata) -> Self {
        let nanoseconds = metadata.ctime().saturating_mul(1_000_000_000);
        Self {
            length: metadata.len(),
            changed: nanoseconds.saturating_add(metadata.ctime_nsec()),
        }
    }
}

/// Who takes the messages.
pub trait Sink {
    /// Whether this message is wanted. It is not read where it is not.
    fn wants(&mut self, path: &str, stamp: Stamp) -> bool;

    /// How many bytes the message has that was not wanted last.
    fn known(&self) -> u64 {
        0
    }

    /// Takes a message.
    ///
    /// # Errors
    /// [`Ended::Stopped`]: no more is wanted.
    fn take(&mut self, item: Item) -> Result<(), Ended>;

    /// Takes note of something that is no message.
    fn passed_over(&mut self, what: PassedOver);

    /// Says that so many more bytes of the sources have been read.
    fn advanced(&mut self, bytes: u64);

    /// Whether files that hold many messages are opened; where not, they only count as read.
    fn opens(&self) -> bool {
        true
    }
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum Ended {
    /// No more is wanted.
    Stopped,
    /// The container holds more messages than it may.
    TooMany,
    /// The container cannot be read on.
    Broken(io::Error),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Most messages are no longer, in bytes.
const USUAL: usize = 8 << 10;

/// What is left of `input`, up to the limit.
fn bounded(input: &mut dyn Read, limit: u32) -> io::Result<Body> {
    let most = u64::from(limit);
    let mut bytes = Vec::with_capacity(USUAL);
    input.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(Body::Bytes(bytes.into()))
    } else {
        Ok(Body::TooLong)
    }
}

/// The same of a file in a container. One that is a container itself is not read.
fn unpacked(input: &mut dyn Read, limit: u32) -> io::Result<Body> {
    let body = bounded(input, limit)?;
    if matches!(&body, Body::Bytes(bytes) if magic::of(bytes).is_some()) {
        let what = "it is compressed, or an archive, in another one: unpack that first";
        return Ok(Body::Unreadable(broken(what)));
    }
    Ok(body)
}

/// `error`, in words where it has none.
fn in_words(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        broken("it is cut off")
    } else {
        error
    }
}

/// An error that says what is wrong with a container.
fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// For tests: takes everything, and tells it as text.
#[cfg(test)]
#[derive(Default)]
struct Taken(Vec<(String, String)>, Vec<&'static str>);

#[cfg(test)]
impl Sink for Taken {
    fn wants(&mut self, path: &str, _: Stamp) -> bool {
        !path.ends_with("unwanted")
    }

    fn take(&mut self, item: Item) -> Result<(), Ended> {
        let body = match item.body {
            Body::File(path) => format!("file {}", path.display()),
            Body::Remote(_) => "elsewhere".to_owned(),
            Body::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Body::TooLong => "too long".to_owned(),
            Body::TooMany(most) => format!("more than {most}"),
            Body::Unreadable(error) => format!("unreadable: {error}"),
        };
        self.0.push((item.path, body));
        Ok(())
    }

    fn passed_over(&mut self, what: PassedOver) {
        self.1.push(what.name());
    }

    fn advanced(&mut self, _: u64) {}
}

#[cfg(test)]
impl Taken {
    /// What `each` hands on, of a container `c` and messages of at most `limit` bytes.
    fn of(
        limit: u32,
        each: impl FnOnce(&Container<'_>, &mut dyn Sink) -> Result<(), Ended>,
    ) -> (Vec<(String, String)>, Result<(), Ended>) {
        let (taken, ended) = Self::with_passed_over(limit, each);
        (taken.0, ended)
    }

    /// The same, with what it passes over.
    fn with_passed_over(
        limit: u32,
        each: impl FnOnce(&Container<'_>, &mut dyn Sink) -> Result<(), Ended>,
    ) -> (Self, Result<(), Ended>) {
        let reading = Self::reading(limit);
        let container = Container::new(std::path::Path::new("c"), Stamp::default(), &reading);
        let mut taken = Self::default();
        let ended = each(&container, &mut taken);
        (taken, ended)
    }

    /// How messages of at most `limit` bytes are read.
    fn reading(limit: u32) -> Reading {
        Reading {
            limit,
            column: "message".to_owned(),
            name: None,
            results: None,
        }
    }
}
