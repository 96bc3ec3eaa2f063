//! What a file is, by its name, and in what it is compressed, by its first bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::compressed::{PIECE, decompressed};
use super::{
    Body, Container, Ended, Item, PassedOver, Reading, Remote, Sink, Stamp, broken, csv, har, http, in_words,
    json_lines, magic, parquet, tar, unpacked, zip,
};

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Message,
    Tar,
    Zip,
    JsonLines,
    Csv,
    Har,
    Http,
    Parquet,
    /// Compressed in a way that is not read.
    Foreign(&'static str),
}

/// Hands on what the file holds: one message, or many.
pub(super) fn each(path: &Path, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    let stamp = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return unreadable(path, Stamp::default(), no_file(), sink);
        }
        Ok(metadata) => Stamp::of(&metadata),
        Err(error) => return unreadable(path, Stamp::default(), error, sink),
    };
    held(path, stamp, None, reading, sink)
}

/// Hands on what `content` holds, which is called `path`, is somewhere else and begins with `start`, where the name [does not say](says_nothing) what it is.
#[cfg(feature = "s3")]
pub(super) fn remote(
    path: &Path,
    stamp: Stamp,
    start: &[u8],
    content: impl Read + Send + 'static,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    held(
        path,
        stamp,
        Some((start, Remote(Box::new(content)))),
        reading,
        sink,
    )
}

/// Hands on what is in `remote`, with its first bytes, or else in the file at `path`.
fn held(
    path: &Path,
    stamp: Stamp,
    remote: Option<(&[u8], Remote)>,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    if !sink.opens() {
        sink.advanced(stamp.length);
        return Ok(());
    }
    let (kind, is_compressed) = match &remote {
        _ if !says_nothing(path) => kind(path),
        Some((start, _)) => found(start),
        None => found(&start(path)),
    };
    let remote = remote.map(|(_, remote)| remote);
    if kind == Kind::Message && !is_compressed {
        let name = path.to_string_lossy();
        if sink.wants(&name, stamp) {
            sink.take(Item {
                path: name.into_owned(),
                stamp,
                body: remote.map_or_else(|| Body::File(path.to_owned()), Body::Remote),
            })?;
        }
        sink.advanced(stamp.length);
        return Ok(());
    }
    let container = Container::new(path, stamp, reading);
    let most = container.most();
    match contained(kind, container, remote, sink) {
        Err(Ended::Broken(error)) => unreadable(path, stamp, error, sink),
        Err(Ended::TooMany) => instead(path, stamp, Body::TooMany(most), sink),
        ended => ended,
    }
}

/// The file at `path`, to be read. What is no file is an error at once: a pipe would wait for somebody to write into it.
///
/// # Errors
/// It cannot be opened, or is no file.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(no_file())
    }
}

fn no_file() -> io::Error {
    broken("neither a file nor a folder")
}

/// Reports that the file, or what is left of it, cannot be read.
pub(super) fn unreadable(
    path: &Path,
    stamp: Stamp,
    error: io::Error,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    instead(path, stamp, Body::Unreadable(in_words(error)), sink)
}

/// Hands on `body` by the name of the file, for what is left of it.
fn instead(path: &Path, stamp: Stamp, body: Body, sink: &mut dyn Sink) -> Result<(), Ended> {
    let name = path.to_string_lossy();
    if !sink.wants(&name, stamp) {
        return Ok(());
    }
    sink.take(Item {
        path: name.into_owned(),
        stamp,
        body,
    })
}

/// Whether the name tells nothing of what is in the file. Of a message's no byte is read before its turn.
pub(super) fn says_nothing(path: &Path) -> bool {
    let is_xml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("xml"));
    kind(path) == (Kind::Message, false) && !is_xml
}

/// The first bytes of a file, none where it cannot be read: then it is told as a message.
fn start(path: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    let most = u64::try_from(magic::LONGEST).unwrap_or(u64::MAX);
    let read = open(path).and_then(|file| file.take(most).read_to_end(&mut start));
    read.map_or_else(|_| Vec::new(), |_| start)
}

/// What the first bytes say, and whether they are those of something compressed.
fn found(start: &[u8]) -> (Kind, bool) {
    match magic::of(start) {
        Some(magic::Format::Gzip | magic::Format::Zstandard) => (Kind::Message, true),
        Some(magic::Format::Tar) => (Kind::Tar, false),
        Some(magic::Format::Zip) => (Kind::Zip, false),
        Some(magic::Format::Parquet) => (Kind::Parquet, false),
        Some(magic::Format::Foreign(name)) => (Kind::Foreign(name), true),
        None => (Kind::Message, false),
    }
}

/// What the name says, and whether it says that it is compressed. Nothing in a container is a container.
fn kind(path: &Path) -> (Kind, bool) {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    if name.ends_with(".tgz") || name.ends_with(".tzst") {
        return (Kind::Tar, true);
    }
    if let Some(foreign) = name.rsplit_once('.').and_then(|(_, end)| magic::foreign_end(end)) {
        return (Kind::Foreign(foreign), true);
    }
    let inner = [".gz", ".zst"].into_iter().find_map(|end| name.strip_suffix(end));
    let kind = match inner.unwrap_or(&name).rsplit_once('.') {
        Some((_, "tar")) => Kind::Tar,
        Some((_, "zip")) => Kind::Zip,
        Some((_, "jsonl" | "ndjson")) => Kind::JsonLines,
        Some((_, "csv" | "tsv")) => Kind::Csv,
        Some((_, "har")) => Kind::Har,
        Some((_, "http" | "mbox")) => Kind::Http,
        Some((_, "parquet")) => Kind::Parquet,
        _ => Kind::Message,
    };
    (kind, inner.is_some())
}

fn contained(
    kind: Kind,
    mut container: Container<'_>,
    remote: Option<Remote>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    if let Kind::Foreign(name) = kind {
        let told =
            format!("{name} is not read: decompress it, or compress it with gzip or Zstandard instead");
        return Err(broken(&told).into());
    }
    if matches!(kind, Kind::Zip | Kind::Parquet) {
        // Their directories are at their ends. A file without a name is gone whenever the process is.
        let here = remote.map(fetched).transpose()?;
        if let Some(file) = &here {
            container.place = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
        }
        if kind == Kind::Zip {
            zip::each(&container, sink)?;
        } else {
            parquet::each(&container, sink)?;
        }
        sink.advanced(container.stamp.length);
        return Ok(());
    }
    let container = &container;
    let read = std::cell::Cell::new(0_u64);
    let file = match remote {
        Some(Remote(content)) => content,
        None => Box::new(open(&container.place)?),
    };
    let file = Counted { file, read: &read };
    let mut input = decompressed(BufReader::with_capacity(PIECE, file), container.most_bytes())?;
    let mut sink = Advancing {
        sink,
        read: &read,
        told: 0,
    };
    // A name that says only how it is compressed leaves open what is.
    let is_tar = kind == Kind::Message && magic::of(input.fill_buf()?) == Some(magic::Format::Tar);
    match if is_tar { Kind::Tar } else { kind } {
        Kind::Tar => tar::each(&mut input, container, &mut sink),
        Kind::JsonLines => json_lines::each(&mut input, container, &mut sink),
        Kind::Csv => csv::each(&mut input, container, &mut sink),
        Kind::Har => har::each(&mut input, container, &mut sink),
        Kind::Http => http::each(&mut input, container, &mut sink),
        Kind::Message | Kind::Zip | Kind::Parquet | Kind::Foreign(_) => one(&mut input, container, &mut sink),
    }?;
    sink.tell();
    Ok(())
}

fn fetched(remote: Remote) -> io::Result<File> {
    let Remote(mut content) = remote;
    let mut file = tempfile::tempfile()?;
    io::copy(&mut content, &mut file)?;
    Ok(file)
}

/// The one message that a compressed file is.
fn one(input: &mut dyn BufRead, container: &Container<'_>, sink: &mut dyn Sink) -> Result<(), Ended> {
    let path = container.path.to_string_lossy();
    if !sink.wants(&path, container.stamp) {
        return Ok(());
    }
    sink.take(Item {
        path: path.into_owned(),
        stamp: container.stamp,
        body: unpacked(input, container.reading.limit)
            .unwrap_or_else(|error| Body::Unreadable(in_words(error))),
    })
}

/// Counts what is read of a file.
struct Counted<'c> {
    file: Box<dyn Read + Send>,
    read: &'c std::cell::Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let more = u64::try_from(count).unwrap_or(0);
        self.read.set(self.read.get().saturating_add(more));
        Ok(count)
    }
}

/// Tells a sink how far the file has been read.
struct Advancing<'s> {
    sink: &'s mut dyn Sink,
    read: &'s std::cell::Cell<u64>,
    told: u64,
}

impl Advancing<'_> {
    fn tell(&mut self) {
        let read = self.read.get();
        self.sink.advanced(read.saturating_sub(self.told));
        self.told = read;
    }
}

impl Sink for Advancing<'_> {
    fn wants(&mut self, path: &str, stamp: Stamp) -> bool {
        self.sink.wants(path, stamp)
    }

    fn known(&self) -> u64 {
        self.sink.known()
    }

    fn take(&mut self, item: Item) -> Result<(), Ended> {
        self.tell();
        self.sink.take(item)
    }

    fn passed_over(&mut self, what: PassedOver) {
        self.sink.passed_over(what);
    }

    fn advanced(&mut self, bytes: u64) {
        self.sink.advanced(bytes);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::Taken;
    use super::*;

    #[test]
    fn names_say_what_is_in_a_file() {
        let kind = |name: &str| kind(Path::new(name));
        assert_eq!(kind("a.xml"), (Kind::Message, false));
        assert_eq!(kind("csv"), (Kind::Message, false));
        assert_eq!(kind("a.tar.GZ"), (Kind::Tar, true));
        assert_eq!(kind("a.tgz"), (Kind::Tar, true));
        assert_eq!(kind("a.har"), (Kind::Har, false));
        assert_eq!(kind("a.http.gz"), (Kind::Http, true));
        assert_eq!(kind("a.mbox"), (Kind::Http, false));
        assert_eq!(kind("a.jsonl.zst"), (Kind::JsonLines, true));
        assert_eq!(kind("a.xml.gz"), (Kind::Message, true));
        assert_eq!(kind("x/a.zip"), (Kind::Zip, false));
        assert_eq!(kind("a.PARQUET"), (Kind::Parquet, false));
    }

    fn gzipped(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn taken(name: &str, bytes: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let reading = Reading {
            limit: 10,
            column: "message".to_owned(),
            name: None,
            results: None,
        };
        let mut taken = Taken::default();
        assert!(each(&path, &reading, &mut taken).is_ok());
        let short = |path: &str| path.rsplit('/').next().map(str::to_owned).unwrap();
        taken
            .0
            .iter()
            .map(|(path, body)| format!("{} {body}", short(path)))
            .collect()
    }

    #[test]
    fn compressed_files_are_decompressed_also_in_several_pieces() {
        let zstd = |text: &str| {
            ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
        };
        assert_eq!(taken("a.xml.gz", &gzipped("<a/>")), ["a.xml.gz <a/>"]);
        assert_eq!(
            taken("a.xml.gz", &[gzipped("<a"), gzipped("/>")].concat()),
            ["a.xml.gz <a/>"]
        );
        assert_eq!(
            taken("a.xml.zst", &[zstd("<a"), zstd("/>")].concat()),
            ["a.xml.zst <a/>"]
        );
        let lines = "{\"message\":\"<a/>\"}\n{\"message\":\"<b/>\"}";
        assert_eq!(
            taken("a.jsonl.zst", &zstd(lines)),
            ["a.jsonl.zst#1 <a/>", "a.jsonl.zst#2 <b/>"]
        );
        // What its name says and it is not, is read as it is.
        assert_eq!(taken("a.xml.gz", b"<a/>"), ["a.xml.gz <a/>"]);
        assert_eq!(taken("a.xml.gz", &gzipped("12345678901")), ["a.xml.gz too long"]);
    }

    #[test]
    fn a_file_whose_name_says_nothing_is_what_its_first_bytes_say() {
        let tar = {
            let mut header = vec![0; 512];
            header[0] = b'a';
            header[124..135].fill(b'0');
            header[134] = b'4';
            header[148..156].fill(b' ');
            header[257..263].copy_from_slice(b"ustar\0");
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            header.extend_from_slice(b"<a/>");
            header.resize(512 * 4, 0);
            header
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&tar).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(taken("2019", &tar), ["2019!a <a/>"]);
        assert_eq!(taken("2019.bak", &packed), ["2019.bak!a <a/>"]);
        assert_eq!(taken("2019.gz", &packed), ["2019.gz!a <a/>"]);
        assert_eq!(taken("a", &gzipped("<a/>")), ["a <a/>"]);
        assert!(
            taken("a", b"PK\x03\x04")
                .last()
                .unwrap()
                .contains("no zip archive")
        );
        assert!(taken("a.x", b"PAR1\x15").last().unwrap().contains("unreadable"));
        // What a name says counts.
        let told = taken("a.xml", b"PK\x03\x04");
        assert!(told.last().unwrap().starts_with("a.xml file"), "{told:?}");
    }

    #[test]
    fn what_is_compressed_otherwise_is_told_and_not_read() {
        let is_told = |name: &str, bytes: &[u8], by: &str| {
            let told = taken(name, bytes);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].contains(&format!("unreadable: {by} is not read")),
                "{told:?}"
            );
        };
        is_told("a.tar.xz", b"", "xz");
        is_told("a.TBZ2", b"", "bzip2");
        is_told("a.7z", b"", "7-Zip");
        is_told("a", b"\xfd7zXZ\0", "xz");
        is_told("a", b"BZh91AY&SY", "bzip2");
        is_told("a.old", b"Rar!\x1a\x07", "RAR");
    }

    #[test]
    fn what_became_a_pipe_since_it_was_found_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("a.xml");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(open(&pipe).is_err() && open(Path::new("/dev/zero")).is_err());
        fs::write(folder.path().join("b.xml"), "<a/>").unwrap();
        assert!(open(&folder.path().join("b.xml")).is_ok());
    }

    #[test]
    fn what_cannot_be_read_on_is_told_after_what_could() {
        let end = |name: &str, bytes: &[u8]| taken(name, bytes).pop().unwrap();
        assert!(end("a.zip", b"PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0").ends_with("cut off"));
        assert!(end("a.zst", b"\x28\xb5\x2f\xfd\0").ends_with("damaged or cut off"));
        assert!(end("a.gz", b"\x1f\x8b\x08").ends_with("it is cut off"));
        let mut cut = gzipped("{\"message\":\"<a/>\"}\n{\"message\":\"<b/>\"}");
        cut.truncate(cut.len().saturating_sub(9));
        let told = taken("a.jsonl.gz", &cut);
        assert!(
            told.last().unwrap().starts_with("a.jsonl.gz unreadable: "),
            "{told:?}"
        );
        assert!(taken("a.tar", b"").last().unwrap().contains("end mark"));
        assert!(taken("a.zip", b"").last().unwrap().contains("no zip"));
        let mut nothing = Taken::default();
        let reading = Reading {
            limit: 10,
            column: String::new(),
            name: None,
            results: None,
        };
        assert!(each(Path::new("/nonexistent.xml"), &reading, &mut nothing).is_ok());
        assert!(nothing.0.iter().any(|(_, body)| body.starts_with("unreadable")));
    }
}
