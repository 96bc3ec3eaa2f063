//! Whether the files of the configuration have changed.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use actix_web::rt;
use actix_web::web;

use super::reload::Reloader;

/// How often it is asked whether to look, where files are not looked at.
const UNWATCHED: Duration = Duration::from_secs(5);

/// Reloads when a file has changed and then stayed as it is between two looks, as those who write several files need time.
pub(super) async fn on_change(reloader: web::Data<Reloader>) {
    let mut known = None;
    let mut last = None;
    loop {
        let looking = reloader.clone();
        let looked = web::block(move || {
            let (every, files) = looking.watched()?;
            Some((
                every,
                files.iter().flat_map(|file| stamps(file)).collect::<Vec<_>>(),
            ))
        });
        let (every, seen) = looked.await.ok().flatten().unzip();
        let changed = known.is_some() && seen.is_some() && seen != known;
        if changed && seen == last {
            let changing = reloader.clone();
            // What came of it has been logged. A bad one is not tried again before it changes again.
            let _ = web::block(move || changing.reload().is_ok()).await;
        }
        // What was there before it was read, as it may have changed since.
        if !changed || seen == last {
            known.clone_from(&seen);
        }
        last = seen;
        rt::time::sleep(every.unwrap_or(UNWATCHED)).await;
    }
}

/// What tells that a file has changed; `None` where there is none.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// Of a file, or of a folder and what is in it.
fn stamps(path: &Path) -> Vec<Stamp> {
    let stamp = |path: &Path| {
        let known = fs::metadata(path).ok();
        known.and_then(|known| Some((known.modified().ok()?, known.len())))
    };
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let inside = entries
        .map(|entry| entry.path())
        .map(|path| (path.clone(), stamp(&path)));
    let mut all: Vec<Stamp> = std::iter::once((path.to_owned(), stamp(path)))
        .chain(inside)
        .collect();
    all.sort();
    all
}
