//! Folders, globs and lists of paths.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::json_lines::{Line, line};
use super::{Body, Ended, Item, PassedOver, Reading, Sink, Source, Stamp, broken, file, pattern};

/// The longest path in a list.
const MAX_PATH: usize = 64 << 10;
/// The most folders in folders.
pub(super) const MAX_DEPTH: usize = 256;
/// Why what leads into the folder of the results is not read.
pub(super) const RESULTS: &str = "it is in the folder where the results are written";

/// Hands every message of every source to `sink`, in order. What cannot be read is handed on as that.
///
/// # Errors
/// [`Ended::Stopped`] where the sink wants no more.
pub fn walk(sources: &[Source], reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    for source in sources {
        let (name, ended) = match source {
            Source::Path(path) => (path.clone(), path_or_folder(path, reading, sink)),
            Source::Glob(pattern) => (pattern.into(), pattern::each(pattern, reading, sink)),
            Source::List(path) => (path.clone(), listed(path, reading, sink)),
            #[cfg(feature = "s3")]
            Source::Store(url) => (url.into(), super::store::each(url, reading, sink)),
        };
        match ended {
            Err(Ended::Broken(error)) => unreadable(&name, error, sink)?,
            ended => ended?,
        }
    }
    Ok(())
}

/// Hands on that what is at `path` cannot be read.
pub(super) fn unreadable(path: &Path, error: io::Error, sink: &mut dyn Sink) -> Result<(), Ended> {
    let name = path.to_string_lossy();
    if !sink.wants(&name, Stamp::default()) {
        return Ok(());
    }
    sink.take(Item {
        path: name.into_owned(),
        stamp: Stamp::default(),
        body: Body::Unreadable(error),
    })
}

fn path_or_folder(path: &Path, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    if !path.is_dir() {
        return file::each(path, reading, sink);
    }
    let mut open = vec![sorted(path)?];
    let mut here = path.to_owned();
    while let Some(names) = open.last_mut() {
        let Some(name) = names.next() else {
            open.pop();
            here.pop();
            continue;
        };
        // Those are for other programs.
        if name.as_encoded_bytes().starts_with(b".") {
            sink.passed_over(PassedOver::Hidden);
            continue;
        }
        let path = here.join(&name);
        let metadata = fs::symlink_metadata(&path);
        if metadata
            .as_ref()
            .is_ok_and(|metadata| reading.passes_over(metadata))
        {
            sink.passed_over(PassedOver::Results);
            continue;
        }
        match metadata.map(|metadata| metadata.file_type()) {
            Err(error) => unreadable(&path, error, sink)?,
            Ok(kind) if kind.is_dir() && open.len() < MAX_DEPTH => match sorted(&path) {
                Ok(names) => {
                    open.push(names);
                    here = path;
                }
                Err(error) => unreadable(&path, error, sink)?,
            },
            Ok(kind) if kind.is_dir() => unreadable(&path, broken("too many folders in folders"), sink)?,
            Ok(kind) if kind.is_symlink() && path.is_dir() => {
                unreadable(&path, broken("a link to a folder is not followed"), sink)?;
            }
            Ok(kind) if kind.is_symlink() && reading.leads_to_results(&path) => {
                unreadable(&path, broken(RESULTS), sink)?;
            }
            Ok(_) => file::each(&path, reading, sink)?,
        }
    }
    Ok(())
}

/// The names in a folder, sorted.
pub(super) fn sorted(folder: &Path) -> io::Result<std::vec::IntoIter<OsString>> {
    let names: io::Result<Vec<_>> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect();
    let mut names = names?;
    names.sort_unstable();
    Ok(names.into_iter())
}

fn listed(list: &Path, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    let mut input = BufReader::new(File::open(list)?);
    let mut bytes = Vec::new();
    loop {
        match line(&mut input, MAX_PATH, &mut bytes)? {
            Line::End => return Ok(()),
            Line::TooLong => return Err(broken("a line of the list is too long for a path").into()),
            Line::Whole => {}
        }
        let typed = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        if typed.is_empty() {
            continue;
        }
        let path = PathBuf::from(OsString::from_vec(typed.to_vec()));
        if reading.leads_to_results(&path) {
            unreadable(&path, broken(RESULTS), sink)?;
            continue;
        }
        match path_or_folder(&path, reading, sink) {
            Err(Ended::Broken(error)) => unreadable(&path, error, sink)?,
            ended => ended?,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::os::unix::fs::symlink;

    use super::super::Taken;
    use super::*;

    fn taken(root: &Path, sources: &[Source]) -> Vec<String> {
        let reading = Reading {
            limit: 100,
            column: "message".to_owned(),
            name: None,
            results: None,
        };
        let mut taken = Taken::default();
        assert!(walk(sources, &reading, &mut taken).is_ok());
        let root = format!("{}/", root.display());
        let told = taken.0.iter();
        told.map(|(path, body)| {
            format!("{path} {}", body.split(' ').next().unwrap_or_default()).replace(&root, "")
        })
        .collect()
    }

    #[test]
    fn folders_are_walked_by_name_and_links_to_folders_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in ["z.xml", "a.xml", "b/2.xml", "b/10.xml", "b/c/x.xml", ".hidden"] {
            fs::write(root.join(name), "<a/>").unwrap();
        }
        fs::write(root.join("b.jsonl"), "{\"message\":\"<a/>\"}").unwrap();
        symlink(root, root.join("loop")).unwrap();
        symlink(root.join("a.xml"), root.join("same")).unwrap();
        assert_eq!(
            taken(root, &[Source::Path(root.to_owned())]),
            [
                "a.xml file",
                "b/10.xml file",
                "b/2.xml file",
                "b/c/x.xml file",
                "b.jsonl#1 <a/>",
                "loop unreadable:",
                "same file",
                "z.xml file"
            ]
        );
        fs::remove_file(root.join("loop")).unwrap();
        let pattern = root.join("**/*.xml").to_string_lossy().into_owned();
        assert_eq!(
            taken(root, &[Source::Glob(pattern)]),
            [
                "a.xml file",
                "b/10.xml file",
                "b/2.xml file",
                "b/c/x.xml file",
                "z.xml file"
            ]
        );
        let list = root.join(".list");
        fs::write(&list, format!("{0}/z.xml\r\n\n{0}/none\n{0}/b", root.display())).unwrap();
        assert_eq!(
            taken(root, &[Source::List(list)]),
            [
                "z.xml file",
                "none unreadable:",
                "b/10.xml file",
                "b/2.xml file",
                "b/c/x.xml file"
            ]
        );
        assert_eq!(
            taken(root, &[Source::Glob("/nothing/*".to_owned())]),
            ["/nothing/* unreadable:"]
        );
    }

    #[test]
    fn what_is_hidden_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join(".git/below")).unwrap();
        for name in [".git/config", ".a.xml", "a.xml"] {
            fs::write(root.join(name), "<a/>").unwrap();
        }
        let mut taken = Taken::default();
        assert!(walk(&[Source::Path(root.to_owned())], &Taken::reading(100), &mut taken).is_ok());
        assert_eq!((taken.0.len(), taken.1), (1, vec!["hidden"; 2]));
    }

    #[test]
    fn what_is_no_file_is_told_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (pipe, socket) = (root.join("p.xml"), root.join("s.xml"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let list = root.join(".list");
        fs::write(&list, format!("{}\n{}", pipe.display(), socket.display())).unwrap();
        let pattern = root.join("*.xml").to_string_lossy().into_owned();
        for sources in [
            vec![Source::Path(pipe), Source::Path(socket)],
            vec![Source::Path(root.to_owned())],
            vec![Source::Glob(pattern)],
            vec![Source::List(list)],
        ] {
            assert_eq!(
                taken(root, &sources),
                ["p.xml unreadable:", "s.xml unreadable:"],
                "{sources:?}"
            );
        }
        assert_eq!(
            taken(root, &[Source::Path("/dev/zero".into())]),
            ["/dev/zero unreadable:"]
        );
    }
}
