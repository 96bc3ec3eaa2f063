//! Fixtures as a gate: what `gate.toml` says, loaded into the library.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sealgate::inbound::{Gate, Received};
use sealgate::policy::Profile;
use sealgate::policy::saml::RelyingParty;
use sealgate::soap::Roles;
use sealgate::trust::{Issuers, TrustSources};

/// A fixture that `sealgate verify` would judge.
pub(crate) struct Case {
    pub(crate) folder: PathBuf,
    pub(crate) gate: Gate,
    pub(crate) received: Received,
    pub(crate) at: DateTime<Utc>,
    /// Whether the message must pass.
    pub(crate) passes: bool,
}

/// Every SOAP case below `folder` of `fixtures` that is judged as of a fixed time.
pub(crate) fn soap_cases(folder: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(folder);
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(folder) = waiting.pop() {
        let mut inside: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        inside.sort();
        waiting.extend(inside);
        if folder.join("gate.toml").exists() {
            found.extend(case(&folder));
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

fn case(folder: &Path) -> Option<Case> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let settings: toml::Table = read("gate.toml").parse().unwrap();
    let expected: toml::Table = read("expect.toml").parse().unwrap();
    let text = |key: &str| settings.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let at: DateTime<Utc> = text("at")?.parse().ok()?;
    let profile = Profile::named(&text("policy")?)?;
    if text("command")? != "verify" {
        return None;
    }
    let paths = |key: &str| -> Vec<PathBuf> {
        let listed = settings.get(key).and_then(toml::Value::as_array);
        let join = |path: &toml::Value| folder.join(path.as_str().unwrap());
        listed
            .map(|listed| listed.iter().map(join).collect())
            .unwrap_or_default()
    };
    let mut sources = TrustSources::new();
    let mut issuers = Issuers::new();
    for path in paths("trust") {
        for metadata in sources.trust_path(&path, None, None).unwrap() {
            issuers.add(fs::read(&metadata.path).unwrap().into()).unwrap();
        }
    }
    paths("metadata")
        .iter()
        .for_each(|path| issuers.add(fs::read(path).unwrap().into()).unwrap());
    paths("untrusted")
        .iter()
        .for_each(|path| sources.untrusted_path(path, None).unwrap());
    paths("crl")
        .iter()
        .for_each(|path| sources.crl_path(path).unwrap());
    let party = RelyingParty {
        audience: text("audience"),
        recipient: text("recipient"),
        ..RelyingParty::default()
    };
    let file = folder.join("message.xml");
    Some(Case {
        folder: folder.to_owned(),
        gate: Gate {
            trust: sources.build(),
            issuers,
            policy: profile.policy(),
            party,
            roles: Roles::new(Vec::new()),
            understood: Vec::new(),
            replay: None,
        },
        received: Received {
            bytes: Bytes::from(fs::read(file).ok()?),
            action: text("action"),
        },
        at,
        passes: expected.get("verdict").and_then(toml::Value::as_str) == Some("passed"),
    })
}
