//! Keys, revocation lists and metadata that are fetched in the background.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use std::time::Instant;

use actix_web::rt::System;
use actix_web::web;
use chrono::Utc;
use futures_util::StreamExt;
use futures_util::future::Either;
use futures_util::future::join_all;
use futures_util::future::select;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use super::reload::Reloader;
use crate::config;
use crate::crypto::random_bytes;
use crate::fetch;
use crate::fetch::Fetch;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::FetchedCopy;
use crate::fetch::Origin;
use crate::fetch::Schedule;
use crate::trust::LastSeen;

/// How often it is asked whether it is time to fetch something.
const TICK: Duration = Duration::from_millis(500);

/// Fetches what the configuration in use wants, as often as it says; what does not come holds nothing else up.
pub(super) async fn keep_fresh(reloader: web::Data<Reloader>) {
    let mut schedules: HashMap<PathBuf, (Origin, Schedule)> = HashMap::new();
    let mut under_way = FuturesUnordered::new();
    let mut busy: HashSet<PathBuf> = HashSet::new();
    loop {
        let asked = reloader.clone();
        // A reload may be going on, which takes its time.
        let Ok(fetches) = web::block(move || asked.fetches()).await else {
            tracing::error!(code = "internal.panic", "what is to be fetched cannot be told");
            sleep(TICK).await;
            continue;
        };
        schedules.retain(|file, (origin, _)| {
            let same = |fetch: &Fetch| fetch.file == *file && fetch.origin == *origin;
            fetches.iter().any(same)
        });
        let now = Instant::now();
        for fetch in fetches {
            if busy.contains(&fetch.file) {
                continue;
            }
            let new = || (fetch.origin.clone(), Schedule::begin(now));
            let (_, schedule) = schedules.entry(fetch.file.clone()).or_insert_with(new);
            if schedule.is_due(now) {
                busy.insert(fetch.file.clone());
                under_way.push(refresh(fetch, *schedule, &reloader));
            }
        }
        let mut tick = pin!(sleep(TICK));
        loop {
            match select(under_way.next(), tick.as_mut()).await {
                Either::Left((Some((file, schedule)), _)) => {
                    busy.remove(&file);
                    schedules.entry(file).and_modify(|(_, known)| *known = schedule);
                }
                Either::Left((None, tick)) => break tick.await,
                Either::Right(_) => break,
            }
        }
    }
}

/// Fetches once, and says when the next time is.
async fn refresh(
    fetch: Fetch,
    mut schedule: Schedule,
    reloader: &web::Data<Reloader>,
) -> (PathBuf, Schedule) {
    let result = taken_on(&fetch, reloader).await;
    let (now, random) = (Instant::now(), random());
    match result {
        Ok(ends) => schedule.fetched(now, fetch.every, ends, random),
        Err(error) => {
            reloader.not_fetched(&fetch, &error);
            schedule.failed(now, fetch.every, random);
        }
    }
    (fetch.file, schedule)
}

/// What bounds the use of what was fetched: how long its server says that it is fresh, and how long it holds.
type Ends = [Option<Duration>; 2];

/// Fetches once.
async fn taken_on(fetch: &Fetch, reloader: &web::Data<Reloader>) -> Result<Ends, FetchError> {
    let answer = fetch::get(fetch).await?;
    let at = Utc::now();
    let (fetch, reloader) = (fetch.clone(), reloader.clone());
    let copy = FetchedCopy {
        bytes: answer.bytes,
        at: LastSeen::at(at),
    };
    let taken = web::block(move || {
        let holds = fetch::until(&copy.bytes, at);
        reloader.take_on(&fetch, copy).map(|()| holds)
    });
    let broken_off = |_| FetchError::Refused("internal.panic", "it was broken off".to_owned());
    let holds = taken.await.map_err(broken_off)??;
    let holds = holds.map(|end| end.signed_duration_since(at).to_std().unwrap_or_default());
    Ok([answer.fresh, holds])
}

/// What is `known`, and what the configuration in `file` wants to be fetched and has no copy of yet, fetched now. What does not come is missing, and
/// the configuration that needs it does not hold.
pub fn first(file: &Path, known: &Fetched) -> Fetched {
    let mut fetched = known.clone();
    let mut missing = config::fetches(file);
    missing.retain(|fetch| known.get(&fetch.file).is_none() && !fetch.file.exists());
    if missing.is_empty() {
        return fetched;
    }
    // On a thread of its own, as this one may have a runtime.
    let thread = std::thread::Builder::new().spawn(move || {
        let each = missing.into_iter().map(|fetch| async {
            let came = fetch::get(&fetch).await;
            (fetch, came)
        });
        System::new().block_on(join_all(each))
    });
    let came = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(came)) => came,
        Ok(Err(_)) => {
            tracing::error!(code = "internal.panic", "nothing was fetched: it was broken off");
            Vec::new()
        }
        Err(error) => {
            tracing::error!(code = "internal.threads", reason = %error, "nothing was fetched");
            Vec::new()
        }
    };
    for (fetch, came) in came {
        let now = Utc::now();
        match came.and_then(|answer| fetch::check(&answer.bytes, None, now).map(|()| answer.bytes)) {
            Ok(bytes) => {
                let at = LastSeen::at(now);
                fetched.put(fetch.file, FetchedCopy { bytes, at });
            }
            Err(error) => {
                tracing::error!(code = error.code(), file = fetch.name, reason = %error, "nothing good was fetched");
            }
        }
    }
    fetched
}

fn random() -> u16 {
    let bytes = random_bytes(2).unwrap_or_default();
    bytes
        .iter()
        .fold(0, |number: u16, byte| number.wrapping_shl(8) | u16::from(*byte))
}
