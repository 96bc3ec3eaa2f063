//! What of a configuration is fetched. It is read as if it stood in the file that it stands for.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::ends::CertificateUse;
use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::problem::Stage;
use super::typed;
use crate::crypto::TlsClient;
use crate::fetch::Address;
use crate::fetch::AddressError;
use crate::fetch::Fetch;
use crate::fetch::Fetched;
use crate::fetch::FetchedCopy;
use crate::fetch::Origin;
use crate::trust::LastSeen;

/// For how many seconds keys count, unless they are fetched more rarely than three times in it: a day.
const AGE: u32 = 86_400;

/// What is fetched, what came of it so far, and what of that is in use.
#[derive(Default)]
pub(super) struct Fetching {
    pub(super) all: Vec<Fetch>,
    pub(super) known: Fetched,
    pub(super) used: Fetched,
    named: Vec<PathBuf>,
    /// Those of them that are JWK Sets.
    pub(super) keys: Vec<PathBuf>,
    /// Those that are not there before the start.
    to_come: Vec<PathBuf>,
}

impl Source<'_> {
    /// What stands for the file that the configuration calls `path`, if it is fetched.
    pub(super) fn fetch_of(&self, path: &Path) -> Option<&Fetch> {
        let full = self.folder().join(path);
        self.fetching.all.iter().find(|fetch| fetch.file == full)
    }

    /// Whether what the configuration calls `path` has been asked for, and will only be there when the gateway has started.
    pub(super) fn is_to_come(&self, path: &Path) -> bool {
        self.fetching.to_come.contains(&self.folder().join(path))
    }

    /// The content of the file that the configuration calls `path`, of which no more than `most` bytes are read, and from when it is. `None` if it
    /// is to come, which only a configuration that is examined may say of a file.
    pub(super) fn read(&mut self, path: &Path, most: u64) -> io::Result<Option<FetchedCopy>> {
        let full = self.ask(path);
        let is_fetched = self.fetch_of(path).is_some();
        if is_fetched {
            self.fetching.named.push(full.clone());
        }
        let known = self.fetching.known.get(&full).filter(|_| is_fetched);
        let copy = match known {
            Some(known) if u64::try_from(known.bytes.len()).is_ok_and(|length| length <= most) => {
                known.clone()
            }
            Some(_) => return Err(io::Error::other(format!("it is longer than {most} bytes"))),
            None if is_fetched && self.stage == Stage::Examined && !full.exists() => {
                self.fetching.to_come.push(full);
                return Ok(None);
            }
            None => FetchedCopy {
                bytes: files::read(&full, most)?.into(),
                at: LastSeen::at(full.metadata()?.modified()?.into()),
            },
        };
        if is_fetched {
            self.fetching.used.put(full, copy.clone());
        }
        Ok(Some(copy))
    }
}

/// Notes in `source` what is fetched.
pub(super) fn check(fetches: &[typed::Fetch], source: &mut Source<'_>) {
    let table = KeyPath::default().key("fetch");
    for (index, fetch) in fetches.iter().enumerate() {
        let path = table.entry(index);
        if source.fetch_of(&fetch.file).is_some() {
            source.problem(
                &path.key("file"),
                "stands for another address, too",
                "name another file",
            );
            continue;
        }
        if let Some(checked) = check_one(fetch, &path, source) {
            source.fetching.all.push(checked);
        }
    }
}

/// Notes what is fetched for nobody, and what will be fetched at the start, once all files have been read.
pub(super) fn check_use(fetches: &[typed::Fetch], source: &mut Source<'_>) {
    for (index, fetch) in fetches.iter().enumerate() {
        let full = source.folder().join(&fetch.file);
        if source.fetch_of(&fetch.file).is_some() && !source.fetching.named.contains(&full) {
            let key = KeyPath::default().key("fetch").entry(index).key("file");
            let what = format!("is fetched for nothing: {}", fetch.file.display());
            source.problem(
                &key,
                what,
                "name this file in jwks, crls or metadata, written as here",
            );
        } else if fetch.max_age_seconds.is_some() && !source.fetching.keys.contains(&full) {
            let key = KeyPath::default()
                .key("fetch")
                .entry(index)
                .key("max_age_seconds");
            let what = "is for JWK Sets: lists and metadata say themselves how long they count";
            source.problem(&key, what, "leave it out");
        }
        if source.is_to_come(&fetch.file) {
            let key = KeyPath::default().key("fetch").entry(index).key("file");
            let what = format!("is not there yet: {}", fetch.file.display());
            source.note(
                &key,
                what,
                "the gateway fetches it at its start, and does not start without it",
            );
        }
    }
}

fn check_one(fetch: &typed::Fetch, path: &KeyPath, source: &mut Source<'_>) -> Option<Fetch> {
    let (key, text, origin) = match (&fetch.url, &fetch.issuer) {
        (Some(url), None) => ("url", url, Address::parse(url).map(Origin::Address)),
        (None, Some(issuer)) => ("issuer", issuer, Origin::issuer(issuer)),
        (None, None) | (Some(_), Some(_)) => {
            source.problem(path, "has not one of url and issuer", "write one of them");
            return None;
        }
    };
    let origin = origin.map_err(|error| {
        let instead = match error {
            AddressError::Form => "write an https: URL, as \"https://idp.example/keys\"",
            AddressError::Plain => "write https:, or an IP address as 127.0.0.1",
        };
        source.problem(&path.key(key), format!("is {text:?}"), instead);
    });
    let origin = origin.ok()?;
    let anchors = files::all_certificates(&fetch.ca, &path.key("ca"), source)?;
    source.ends(CertificateUse::TlsAuthority, &path.key("ca"), &anchors);
    let address = match &origin {
        Origin::Address(address) => address,
        Origin::Issuer { configuration, .. } => configuration,
    };
    let tls = match (address.is_https(), anchors.is_empty()) {
        (true, true) => {
            let instead = "name the files of who issues the certificate of this address";
            source.problem(&path.key("ca"), "is missing", instead);
            return None;
        }
        (false, false) => {
            source.problem(
                &path.key("ca"),
                "has no use without https:",
                "write https:, or remove it",
            );
            return None;
        }
        (false, true) => None,
        (true, false) => {
            let tls = TlsClient::new(&anchors, None);
            let wrong = |error: crate::crypto::TlsError| {
                source.problem(&path.key("ca"), error.to_string(), "give other certificates");
            };
            Some(tls.map_err(wrong).ok()?)
        }
    };
    let max_age = fetch
        .max_age_seconds
        .unwrap_or(AGE.max(fetch.every_seconds.saturating_mul(3)));
    if max_age < fetch.every_seconds {
        source.problem(
            &path.key("max_age_seconds"),
            "is less than every_seconds: what is in use would often be too old",
            "write more, a few times every_seconds",
        );
        return None;
    }
    Some(Fetch {
        name: fetch.file.display().to_string(),
        file: source.folder().join(&fetch.file),
        origin,
        tls,
        every: Duration::from_secs(fetch.every_seconds.into()),
        bytes: usize::try_from(fetch.bytes).unwrap_or(usize::MAX),
        max_age: Duration::from_secs(max_age.into()),
    })
}
