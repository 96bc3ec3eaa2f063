//! An archive with known verdicts, and the command that judges it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An archive that `sealgate demo --archive` made.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
}

/// The program: the one that was built with the tests, or what `SEALGATE_BINARY` names, as a release build.
fn program() -> PathBuf {
    std::env::var_os("SEALGATE_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_sealgate").into(), PathBuf::from)
}

/// How a command ended.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) text: String,
}

impl World {
    pub(crate) fn of(messages: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new(program())
            .args([
                "demo",
                "--archive",
                &messages.to_string(),
                folder.path().to_str().unwrap(),
            ])
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        Self { folder }
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    /// Source, verdict and code of each message.
    pub(crate) fn expected(&self) -> Vec<(String, String, String)> {
        let text = fs::read_to_string(self.folder.path().join("expected.csv")).unwrap();
        let lines = text.lines().skip(1).map(|line| {
            let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
            (fields[0].clone(), fields[1].clone(), fields[2].clone())
        });
        lines.collect()
    }

    /// The command, as of the messages' own times.
    pub(crate) fn command(&self, out: &Path, options: &[&str], sources: &[PathBuf]) -> Command {
        let mut command = Command::new(program());
        command
            .args([
                "batch",
                "verify",
                "--trust",
                "keys/ca.pem",
                "--metadata",
                "keys/idp-metadata.xml",
            ])
            .args([
                "--audience",
                "https://orders.example/",
                "--recipient",
                "https://orders.example/orders",
            ])
            .args([
                "--allow-unsolicited",
                "--key",
                "keys/gateway.key.pem",
                "--cert",
                "keys/gateway.pem",
            ])
            .args(["--at", "message", "--out"])
            .arg(out)
            .args(options)
            .args(sources)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn verify(&self, out: &Path, options: &[&str], sources: &[PathBuf]) -> Output {
        let output = self.command(out, options, sources).output().unwrap();
        Output {
            code: output.status.code().unwrap(),
            text: String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        }
    }
}
