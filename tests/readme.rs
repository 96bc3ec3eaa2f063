//! What README.md shows works as it stands there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn sealgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
}

#[test]
fn the_configuration_is_one_that_serves() {
    let readme = readme();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gateway.toml"), toml).unwrap();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/interop/keys");
    for (name, from) in [
        ("tls.pem", "gateway.pem"),
        ("tls.key", "gateway.key"),
        ("gateway.pem", "gateway.pem"),
        ("gateway.key", "gateway.key"),
        ("partner-ca.pem", "ca.pem"),
    ] {
        let file = folder.path().join(name);
        fs::copy(keys.join(from), &file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let output = sealgate()
        .args(["config", "check"])
        .arg(folder.path().join("gateway.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn every_command_that_it_names_exists() {
    let readme = readme();
    let (shown, quoted) = (
        readme.split("    sealgate ").skip(1),
        readme.split("`sealgate ").skip(1),
    );
    let commands: Vec<&str> = shown.chain(quoted).collect();
    assert!(commands.len() > 6, "{commands:?}");
    for command in commands {
        let words = command.split(['`', ' ', '\n']);
        let length = if command.starts_with("config ") || command.starts_with("policy ") {
            2
        } else {
            1
        };
        let words: Vec<&str> = words.take(length).collect();
        let output = sealgate().args(&words).arg("--help").output().unwrap();
        assert!(output.status.success(), "sealgate {words:?}");
    }
}
