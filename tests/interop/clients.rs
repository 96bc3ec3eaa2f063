//! The other stacks, as `make setup` installs them: unmodified, run as programs of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A client stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    /// Python's zeep, with xmlsec.
    Zeep,
    /// npm's soap; its answers are judged by xml-crypto.
    NodeSoap,
    /// gSOAP with its wsse plugin, which judges the answers too.
    GSoap,
}

/// How a call ended, from the exit code that both clients share.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer's signature covers Body and Timestamp; the order number it gave.
    Answered(String),
    /// The answer was not signed as it should be.
    Untrusted,
    /// A SOAP fault.
    Fault(String),
}

impl Client {
    /// The name of its key and of its folder of samples.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zeep => "zeep",
            Self::NodeSoap => "node-soap",
            Self::GSoap => "gsoap",
        }
    }

    /// Places an order at `url` with the key of `partner`, trusting answers by `gateway`.
    pub(crate) fn call(self, url: &str, partner: &str, gateway: &str, more: &[&str]) -> Outcome {
        let program = |mut of: Command, file: &str| {
            of.arg(package().join(file));
            of
        };
        let mut command = match self {
            Self::Zeep => {
                let python = Command::new(installed("build/venv/bin/python"));
                program(python, "tests/interop/zeep_client.py")
            }
            Self::NodeSoap => program(node(), "tests/interop/node_client.js"),
            Self::GSoap => gsoap("call"),
        };
        command.args(["--url", url]);
        command.arg("--key").arg(key(&format!("{partner}.key")));
        command.arg("--cert").arg(key(&format!("{partner}.pem")));
        command.arg("--gateway-cert").arg(key(&format!("{gateway}.pem")));
        if matches!(self, Self::GSoap) {
            // It wants a path to an authority, also where it is told whose certificate it must be.
            command.arg("--ca").arg(key("ca.pem"));
        }
        let output = command.env("PYTHONUTF8", "1").args(more).output().unwrap();
        let (out, err) = texts(&output);
        match output.status.code() {
            Some(0) => Outcome::Answered(out.trim().to_owned()),
            Some(1) => Outcome::Untrusted,
            Some(3) => Outcome::Fault(err),
            _ => panic!("{self:?} broke: {}\n{out}{err}", output.status),
        }
    }
}

/// A file of the keys that the samples were signed with.
pub(crate) fn key(name: &str) -> PathBuf {
    package().join("fixtures/interop/keys").join(name)
}

/// The folder of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a program printed, on standard output and on standard error.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Node.js where `make setup` put one because the system's is too old, or the system's.
pub(crate) fn node() -> Command {
    let own = package().join("build/venv/bin/node");
    let mut command = if own.exists() {
        Command::new(own)
    } else {
        Command::new("node")
    };
    command
        .arg("--no-deprecation")
        .env("NODE_PATH", installed("build/node/node_modules"));
    command
}

/// gSOAP's client or service, as `make setup` compiles it.
pub(crate) fn gsoap(command: &str) -> Command {
    let mut program = Command::new(installed("build/gsoap/orders"));
    program.arg(command);
    program
}

/// A file that `make setup` has put there.
pub(crate) fn installed(path: &str) -> PathBuf {
    let path = package().join(path);
    assert!(
        path.exists(),
        "{} is missing: run `make setup`, which installs the other stacks",
        path.display()
    );
    path
}
