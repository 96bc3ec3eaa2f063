//! The real gateway, in front of a backend, trusting the partners of the samples.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::backend::Backend;
use crate::clients::{key, package};

/// A running gateway; it ends when this is dropped.
pub(crate) struct Gateway {
    process: Child,
    port: u16,
    tls_port: u16,
    folder: TempDir,
}

impl Gateway {
    /// Starts one that relays to `backend`, and waits until it is ready.
    pub(crate) fn start(backend: &Backend) -> Self {
        Self::before(backend.address)
    }

    /// Starts one that relays to a backend at `address`, and waits until it is ready.
    pub(crate) fn before(address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("gateway.toml");
        fs::write(&config, configuration(folder.path(), address)).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_sealgate"))
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut gateway = Self {
            process,
            port: 0,
            tls_port: 0,
            folder,
        };
        [gateway.port, gateway.tls_port] = gateway.ports();
        gateway
    }

    /// Where clients call it.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/orders", self.port)
    }

    /// Where clients call it that say who their user is.
    pub(crate) fn users_url(&self) -> String {
        format!("http://127.0.0.1:{}/users", self.port)
    }

    /// The same by the Basic Security Profile, which lets a UsernameToken be unsigned over TLS: with TLS, and without.
    pub(crate) fn unsigned_users_urls(&self) -> [String; 2] {
        let (tls, plain) = (self.tls_port, self.port);
        [
            format!("https://127.0.0.1:{tls}/unsigned-users"),
            format!("http://127.0.0.1:{plain}/unsigned-users"),
        ]
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Asserts that it logs `what` so many times. A log may come after the answer.
    pub(crate) fn logs(&self, what: &str, times: usize) {
        let start = Instant::now();
        while self.log().matches(what).count() < times && start.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(10));
        }
        assert_eq!(self.log().matches(what).count(), times, "{what}\n{}", self.log());
    }

    /// The ports that it has found, as soon as it serves.
    fn ports(&self) -> [u16; 2] {
        let start = Instant::now();
        loop {
            if let Some(ports) = self.log().lines().find_map(ports_of) {
                return ports;
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the gateway does not serve:\n{}",
                self.log()
            );
            sleep(Duration::from_millis(20));
        }
    }
}

/// The ports in the line of the log that says that it serves.
fn ports_of(line: &str) -> Option<[u16; 2]> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = Some(&line["fields"]).filter(|fields| fields["message"] == "serving")?;
    let urls = fields["addresses"].as_str()?.split(' ');
    let ports = urls.map(|url| url.rsplit_once(':')?.1.parse().ok());
    ports.collect::<Option<Vec<u16>>>()?.try_into().ok()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration(folder: &Path, backend: SocketAddr) -> String {
    let private = |from: PathBuf| {
        let to = folder.join(from.file_name().unwrap());
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        to
    };
    let ours = private(key("gateway.key"));
    let users = package().join("fixtures/keys");
    let (secrets, secrets_key) = (
        private(users.join("users.secrets")),
        private(users.join("users.key")),
    );
    let (certificate, anchor) = (key("gateway.pem"), key("ca.pem"));
    let route = |path: &str, more: &str, identity: &str| {
        format!(
            r#"
[[route]]
path = "{path}"
operation = [{{ action = "urn:example:orders:PlaceOrder", body = "{{urn:example:orders}}PlaceOrder" }}]

[[route.trust.anchor]]
file = {anchor:?}
subject = ["CN=* Partner,O=Sealgate Interop,C=NL"]

{more}

[route.backend]
url = "http://{backend}/legacy"

[route.identity]
x-sender = "signer-subject"
{identity}
"#
        )
    };
    let orders = route("/orders", "", "");
    let users = format!("[route.users]\nsecrets = {secrets:?}\nsecrets_key = {secrets_key:?}");
    let told = "x-user = \"username\"";
    let unsigned = route("/unsigned-users", &users, told);
    let unsigned = unsigned.replacen("operation =", "policy = \"bsp11\"\noperation =", 1);
    let users = route("/users", &users, told);
    format!(
        r#"
[[listener]]
address = "127.0.0.1:0"

[[listener]]
address = "127.0.0.1:0"

[listener.tls]
certificate = {certificate:?}
key = {ours:?}

[gateway]
certificate = {certificate:?}
key = {ours:?}
{orders}
{users}
{unsigned}
"#
    )
}
