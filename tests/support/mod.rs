//! Fixtures as a gate: what `gate.toml` says, loaded into the library.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by several test programs, which may panic and do not all use everything"
)]

mod document;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sealgate::crypto::{Certificate, PrivateKey, Secret};
use sealgate::inbound::{
    AsOf, Findings, Gate, Keyring, NamedSecret, Received, SamlContext, SenderHeader, answered_request,
    judge_saml,
};
use sealgate::policy::saml::{ExpectedRequest, RelyingParty};
use sealgate::policy::{Part, Policy, Profile, Transport};
use sealgate::rejection::Rejection;
use sealgate::soap::Roles;
use sealgate::trust::{Issuers, Passwords, TrustSources};
use sealgate::xml::Limits;

pub(crate) use document::SignedDocument;

/// What judges a fixture.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Command {
    /// `sealgate verify`.
    Soap,
    /// `sealgate saml verify`.
    Saml,
}

/// A fixture with all that it is judged by.
pub(crate) struct Case {
    pub(crate) folder: PathBuf,
    pub(crate) command: Command,
    pub(crate) gate: Gate,
    pub(crate) received: Received,
    pub(crate) at: DateTime<Utc>,
    /// Whether the message must pass.
    pub(crate) passes: bool,
}

impl Case {
    /// All that may be used of `bytes` if they are admitted in the place of this message; nothing else may depend on them.
    pub(crate) fn admitted(&self, bytes: Bytes) -> Result<String, Rejection> {
        match self.command {
            Command::Soap => {
                let action = self.received.action.clone();
                let received = Received {
                    action,
                    transport: self.received.transport,
                    request: self.received.request.clone(),
                    ..Received::from(bytes)
                };
                let message = self.gate.verify(received, self.at)?;
                let envelope = String::from_utf8(message.envelope()).unwrap();
                Ok(format!("{envelope}\n{message:?}"))
            }
            Command::Saml => {
                let verified = judge_saml(bytes, &self.context()).verdict?;
                Ok(format!("{verified:?}"))
            }
        }
    }

    /// Whether the message passes under `policy`, in whose place that of the case is put.
    pub(crate) fn passes_under(&mut self, policy: Policy) -> bool {
        self.gate.policy = policy;
        let mut received = self.received.clone();
        if self.gate.policy.signed.contains(&Part::Anything) {
            received.bytes = sealgate::xml::to_utf8(received.bytes).unwrap();
        }
        match self.command {
            Command::Soap => self.gate.judge(received, AsOf::Time(self.at)).verdict.is_ok(),
            Command::Saml => judge_saml(self.received.bytes.clone(), &self.context())
                .verdict
                .is_ok(),
        }
    }

    /// What is seen while it is judged.
    pub(crate) fn findings(&self, bytes: Bytes) -> Findings {
        match self.command {
            Command::Soap => {
                let action = self.received.action.clone();
                let received = Received {
                    action,
                    transport: self.received.transport,
                    request: self.received.request.clone(),
                    ..Received::from(bytes)
                };
                self.gate.judge(received, AsOf::Time(self.at)).findings
            }
            Command::Saml => judge_saml(bytes, &self.context()).findings,
        }
    }

    fn context(&self) -> SamlContext<'_> {
        SamlContext {
            policy: &self.gate.policy,
            trust: &self.gate.trust,
            issuers: &self.gate.issuers,
            party: &self.gate.party,
            keyring: &self.gate.keyring,
            as_of: AsOf::Time(self.at),
        }
    }
}

/// Every SOAP case below `folder` of `fixtures` that is judged as of a fixed time.
pub(crate) fn soap_cases(folder: &str) -> Vec<Case> {
    let mut cases = cases(folder);
    cases.retain(|case| case.command == Command::Soap);
    cases
}

/// Every case below `folder` of `fixtures` that is a SOAP message or a SAML document judged as of a fixed time.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    folders(folder).iter().filter_map(|folder| case(folder)).collect()
}

/// Every good XML document with signatures, that is no message.
pub(crate) fn signed_documents() -> Vec<SignedDocument> {
    let folders = folders("cases/good");
    folders
        .iter()
        .filter_map(|folder| SignedDocument::read(folder))
        .collect()
}

/// The folder `fixtures`, also from a package below the project's.
pub(crate) fn fixtures() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut fixtures = packages.map(|package| package.join("fixtures"));
    fixtures.find(|folder| folder.is_dir()).unwrap()
}

/// The folders below `folder` of `fixtures` that hold a case.
fn folders(folder: &str) -> Vec<PathBuf> {
    let root = fixtures().join(folder);
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
            found.push(folder);
        }
    }
    found.sort();
    found
}

fn case(folder: &Path) -> Option<Case> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let settings: toml::Table = read("gate.toml").parse().unwrap();
    let expected: toml::Table = read("expect.toml").parse().unwrap();
    let text = |key: &str| settings.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let at: DateTime<Utc> = text("at")?.parse().ok()?;
    let profile = Profile::named(&text("policy")?)?;
    let command = match text("command")?.as_str() {
        "verify" => Command::Soap,
        "saml verify" => Command::Saml,
        _ => return None,
    };
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
        request: match (text("request_id"), settings.get("allow_unsolicited").is_some()) {
            (None, false) => ExpectedRequest::NotSaid,
            (None, true) => ExpectedRequest::Unsolicited,
            (Some(id), false) => ExpectedRequest::Request(id),
            (Some(id), true) => ExpectedRequest::RequestOrUnsolicited(id),
        },
        resolution: text("resolve_id").map_or(ExpectedRequest::NotSaid, ExpectedRequest::Request),
    };
    let file = folder.join("message.xml");
    Some(Case {
        folder: folder.to_owned(),
        command,
        gate: Gate {
            passwords: passwords(folder, &settings),
            keyring: keyring(folder, &settings),
            trust: sources.build(),
            issuers,
            policy: profile.policy(),
            party,
            roles: Roles::new(Vec::new()),
            understood: Vec::new(),
            destination: None,
            schema: None,
            threats: None,
            sender_header: SenderHeader::TakenOut,
            exceptions: Vec::new(),
            replay: None,
        },
        received: Received {
            action: text("action"),
            transport: match settings.get("tls") {
                Some(_) => Transport::Tls,
                None => Transport::Unprotected,
            },
            request: text("request").map(|request| {
                let bytes = fs::read(folder.join(request)).unwrap();
                answered_request(bytes.into(), &Limits::default()).unwrap()
            }),
            ..Received::from(Bytes::from(fs::read(file).ok()?))
        },
        at,
        passes: expected.get("verdict").and_then(toml::Value::as_str) == Some("passed"),
    })
}

/// The keys that a case names for what is encrypted to us.
fn keyring(folder: &Path, settings: &toml::Table) -> Keyring {
    let file = |key: &str| {
        let path = settings.get(key).and_then(toml::Value::as_str)?;
        Some(fs::read(folder.join(path)).unwrap())
    };
    let mut keyring = Keyring::new();
    if let Some(key) = file("key") {
        let certificates = file("cert").map(|cert| Certificate::from_pem_bundle(&cert).unwrap());
        let key = PrivateKey::from_pem(&key, None).unwrap();
        keyring.add_private(key, &certificates.unwrap_or_default());
    }
    if let Some(secret) = file("secret_key") {
        keyring.add_secret(NamedSecret {
            name: None,
            secret: Secret::new(secret),
        });
    }
    keyring
}

/// The users that a case names.
fn passwords(folder: &Path, settings: &toml::Table) -> Passwords {
    let file = |key: &str| {
        let path = settings.get(key).and_then(toml::Value::as_str)?;
        Some(fs::read(folder.join(path)).unwrap())
    };
    let text = |key: &str| file(key).map(|bytes| String::from_utf8(bytes).unwrap());
    let (hashes, secrets) = (text("user_hashes"), text("user_secrets"));
    let key = file("user_secrets_key").map(Secret::new);
    Passwords::new(hashes.as_deref(), secrets.as_deref().zip(key.as_ref())).unwrap()
}
