//! The files whose paths match a pattern. Links to folders are told and not followed, as in folders: one that leads back up would show
//! everything below it again and again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::Pattern;

use super::folder::{MAX_DEPTH, RESULTS, sorted, unreadable};
use super::{Ended, PassedOver, Reading, Sink, broken, file};

/// Hands on what matches, by name.
///
/// `*`, `?` and `[…]` stand for a part of one name, `**` for any folders in folders, and at the end for everything in them. A folder that matches is
/// none of the files that do.
pub(super) fn each(pattern: &str, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    let (base, steps) = parsed(pattern)?;
    let mut found = Found::Nothing;
    let mut open = vec![Folder::open(&base, vec![0])?];
    while let Some(folder) = open.last_mut() {
        let Some(name) = folder.names.next() else {
            open.pop();
            continue;
        };
        let after = steps.after(&folder.places, &name.to_string_lossy());
        let path = folder.path.join(name);
        let is_match = after.contains(&steps.0.len());
        let goes_on = after.iter().any(|place| *place < steps.0.len());
        if !is_match && !goes_on {
            continue;
        }
        let metadata = fs::symlink_metadata(&path);
        if metadata
            .as_ref()
            .is_ok_and(|metadata| reading.passes_over(metadata))
        {
            sink.passed_over(PassedOver::Results);
            continue;
        }
        let kind = metadata.map(|metadata| metadata.file_type());
        let is_link = kind.as_ref().is_ok_and(fs::FileType::is_symlink);
        if kind.is_ok_and(|kind| kind.is_dir()) {
            if goes_on && open.len() < MAX_DEPTH {
                match Folder::open(&path, after) {
                    Ok(folder) => open.push(folder),
                    Err(error) => unreadable(&path, error, sink)?,
                }
            } else if goes_on {
                unreadable(&path, broken("too many folders in folders"), sink)?;
            }
            continue;
        }
        if is_link && path.is_dir() {
            if goes_on {
                found = Found::Something;
                unreadable(&path, broken("a link to a folder is not followed"), sink)?;
            }
        } else if is_match && is_link && reading.leads_to_results(&path) {
            found = Found::Something;
            unreadable(&path, broken(RESULTS), sink)?;
        } else if is_match {
            found = Found::Something;
            file::each(&path, reading, sink)?;
        }
    }
    match found {
        Found::Something => Ok(()),
        Found::Nothing => Err(broken("nothing matches").into()),
    }
}

#[derive(PartialEq)]
enum Found {
    Nothing,
    Something,
}

/// A folder that is being read, and the steps that its entries may be.
struct Folder {
    path: PathBuf,
    names: std::vec::IntoIter<std::ffi::OsString>,
    places: Vec<usize>,
}

impl Folder {
    fn open(path: &Path, places: Vec<usize>) -> io::Result<Self> {
        let shown = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        Ok(Self {
            names: sorted(shown)?,
            path: path.to_owned(),
            places,
        })
    }
}

/// What the names of a path have to be, one after the other.
struct Steps(Vec<Step>);

enum Step {
    Name(Pattern),
    /// Any folders, or none.
    Folders,
}

impl Steps {
    /// The steps that what is in `name` may be, in order, where `name` may be one of `places`. The number of steps stands for a path that
    /// matches.
    fn after(&self, places: &[usize], name: &str) -> Vec<usize> {
        let mut after = Vec::new();
        let mut left = places.to_vec();
        while let Some(place) = left.pop() {
            let next = place.saturating_add(1);
            match self.0.get(place) {
                Some(Step::Name(pattern)) if pattern.matches(name) => after.push(next),
                Some(Step::Folders) => {
                    after.push(place);
                    // They may be none, and at the end they are everything.
                    if next == self.0.len() {
                        after.push(next);
                    } else {
                        left.push(next);
                    }
                }
                Some(Step::Name(_)) | None => {}
            }
        }
        after.sort_unstable();
        after.dedup();
        after
    }
}

/// The folder where `pattern` begins to be one, if it is one.
pub(super) fn base(pattern: &str) -> Option<PathBuf> {
    parsed(pattern).ok().map(|(base, _)| base)
}

/// The folder where the pattern begins to be one, and the steps from there.
fn parsed(pattern: &str) -> io::Result<(PathBuf, Steps)> {
    let mut base = PathBuf::from(if pattern.starts_with('/') { "/" } else { "" });
    let mut steps = Vec::new();
    for name in pattern.split('/').filter(|name| !name.is_empty()) {
        if name == "**" {
            steps.push(Step::Folders);
        } else if steps.is_empty() && !name.contains(['*', '?', '[']) {
            base.push(name);
        } else {
            let pattern = Pattern::new(name).map_err(|error| broken(&error.to_string()))?;
            steps.push(Step::Name(pattern));
        }
    }
    Ok((base, Steps(steps)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::os::unix::fs::symlink;

    use super::super::Taken;
    use super::*;

    fn told(root: &Path, pattern: &str) -> Vec<String> {
        let mut taken = Taken::default();
        let pattern = format!("{}/{pattern}", root.display());
        let ended = each(&pattern, &Taken::reading(100), &mut taken);
        let root = format!("{}/", root.display());
        let mut told: Vec<String> = taken
            .0
            .iter()
            .map(|(path, body)| {
                let end = if body.starts_with("file ") { "" } else { " !" };
                format!("{}{end}", path.replace(&root, ""))
            })
            .collect();
        if let Err(Ended::Broken(error)) = ended {
            told.push(error.to_string());
        }
        told
    }

    #[test]
    fn links_that_lead_back_are_told_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in ["a.xml", "b/2.xml", "b/c/x.xml", "b/c/y.txt"] {
            fs::write(root.join(name), "<a/>").unwrap();
        }
        symlink(root, root.join("b/up")).unwrap();
        symlink(root, root.join("b/up2")).unwrap();
        symlink(root.join("a.xml"), root.join("b/same.xml")).unwrap();
        symlink("nowhere", root.join("b/z.xml")).unwrap();
        let all = [
            "a.xml",
            "b/2.xml",
            "b/c/x.xml",
            "b/same.xml",
            "b/up !",
            "b/up2 !",
            "b/z.xml !",
        ];
        assert_eq!(told(root, "**/*.xml"), all);
        assert_eq!(told(root, "**/**/*.xml"), all);
        assert_eq!(told(root, "*/*.xml"), ["b/2.xml", "b/same.xml", "b/z.xml !"]);
        assert_eq!(told(root, "b/*/*.xml"), ["b/c/x.xml", "b/up !", "b/up2 !"]);
        assert_eq!(told(root, "b/[c-d]/?.*"), ["b/c/x.xml", "b/c/y.txt"]);
        assert_eq!(told(root, "b/c/**"), ["b/c/x.xml", "b/c/y.txt"]);
        assert_eq!(told(root, "*/c/x.xml"), ["b/c/x.xml"]);
        assert_eq!(told(root, "*"), ["a.xml"]);
        assert_eq!(told(root, "**/none"), ["b/up !", "b/up2 !"]);
        assert_eq!(told(root, "*.none"), ["nothing matches"]);
        assert_eq!(told(root, "a**b").len(), 1);
        assert_eq!(told(root, "none/*").len(), 1);
    }
}
