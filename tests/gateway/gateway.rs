//! A gateway before a backend.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use chrono::Utc;
use sealgate::config;
use sealgate::fetch::Fetched;
use sealgate::gateway::{Running, Signals, fetch_first, start};
use tempfile::TempDir;

use crate::message::KEYS;

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    running: Option<Running>,
    pub(crate) folder: TempDir,
}

/// The configuration of a gateway before `backend`, one route that trusts alice and the identity provider.
pub(crate) fn configuration(backend: &str) -> String {
    format!(
        r#"
[[listener]]
address = "127.0.0.1:0"

[[listener]]
address = "127.0.0.1:0"
tls = {{ certificate = "gateway.pem", key = "gateway.key.pem" }}

[admin]
address = "127.0.0.1:0"

[gateway]
certificate = "gateway.pem"
key = "gateway.key.pem"
workers = 2
drain_seconds = 5

[[route]]
path = "/orders"
operation = [
    {{ action = "urn:place", body = "{{urn:example:orders}}PlaceOrder" }},
    {{ action = "urn:cancel", body = "{{urn:example:orders}}CancelOrder" }},
]

[[route.trust.anchor]]
file = "ca.pem"
subject = ["O=Example,CN=alice", "O=Example,CN=bob"]

[route.trust.saml]
metadata = ["idp-metadata.xml"]
audience = "https://gateway.example/orders"

[route.backend]
url = "{backend}"
connect_seconds = 1
answer_seconds = 2
answer_bytes = 100000

[route.identity]
x-signer-subject = "signer-subject"
x-name-id = "saml-name-id"
x-role = {{ saml_attribute = "role" }}

[route.limits]
bytes = 1000000
"#
    )
}

/// A folder with the keys of the fixtures and the configuration `text`, and the file of that.
pub(crate) fn prepared(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(KEYS).unwrap() {
        let from = entry.unwrap().path();
        let to = folder.path().join(from.file_name().unwrap());
        fs::copy(&from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let file = folder.path().join("sealgate.toml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

impl Gateway {
    /// Before `backend`, with the usual configuration.
    pub(crate) fn before(backend: SocketAddr) -> Self {
        Self::configured(&configuration(&format!("http://{backend}/legacy")))
    }

    pub(crate) fn configured(text: &str) -> Self {
        LazyLock::force(&LOG);
        let (folder, _) = prepared(text);
        Self::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// With the configuration in `folder`, as the command starts it.
    pub(crate) fn in_folder(folder: TempDir) -> Result<Self, config::Problems> {
        LazyLock::force(&LOG);
        let file = folder.path().join("sealgate.toml");
        let fetched = fetch_first(&file, &Fetched::default());
        let checked = config::load_with(&file, Utc::now(), &fetched)?;
        let running = start(checked, Signals::Ignored).unwrap();
        Ok(Self {
            running: Some(running),
            folder,
        })
    }

    /// Ends it, and gives the folder.
    pub(crate) fn into_folder(mut self) -> TempDir {
        self.running.take().unwrap().stop().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Its address without TLS.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.running().addresses()[0]
    }

    /// Its address with TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        self.running().addresses()[1]
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.running().admin().unwrap()
    }

    pub(crate) fn stopper(&self) -> sealgate::gateway::Stopper {
        self.running().stopper()
    }

    /// Tells it to stop, and waits for its end.
    pub(crate) fn stop(mut self) {
        self.running.take().unwrap().stop().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stopper().stop();
        }
    }
}

/// The log of all gateways in this program, a JSON object a line.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .init();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the log says about an incident.
pub(crate) fn logged(incident: &str) -> Vec<serde_json::Value> {
    let log = LOG.0.lock().unwrap().clone();
    let lines = String::from_utf8(log).unwrap();
    let entries = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    entries
        .map(|entry| entry["fields"].clone())
        .filter(|fields| fields["incident"] == incident)
        .collect()
}

/// The code of the only refusal that the log has for an incident.
pub(crate) fn logged_code(incident: &str) -> String {
    let codes: Vec<_> = logged(incident)
        .into_iter()
        .filter_map(|fields| Some(fields["code"].as_str()?.to_owned()))
        .collect();
    assert_eq!(codes.len(), 1, "{incident}: {codes:?}");
    codes.into_iter().next().unwrap()
}
