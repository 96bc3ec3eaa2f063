//! What a configuration must be, told by what happens when it is not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod answers;
mod ends;
mod exceptions;
mod fetch;
mod files;
mod routes;
mod tokens;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");

/// A folder with the keys of the fixtures, each readable by its owner only.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(KEYS).unwrap() {
        let from = entry.unwrap().path();
        let to = folder.path().join(from.file_name().unwrap());
        fs::copy(&from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

const GOOD: &str = r#"
[[listener]]
address = "127.0.0.1:0"

[gateway]
certificate = "gateway.pem"
key = "gateway.key.pem"

[[route]]
path = "/orders"
operation = [{ action = "urn:place", body = "{urn:orders}Place" }]

[[route.trust.anchor]]
file = "ca.pem"
subject = ["O=Example,CN=alice"]

[route.backend]
url = "http://127.0.0.1:1/"
"#;

fn now() -> DateTime<Utc> {
    "2026-11-24T00:00:30Z".parse().unwrap()
}

fn read_in(folder: &Path, text: &str) -> Result<Checked, Problems> {
    read(&folder.join("s.toml"), text, now())
}

/// The problems of the good configuration with `from` replaced by `to`, without the name of the folder.
fn problems(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let folder = folder();
    let prefix = format!("{}/", folder.path().display());
    let problems = read_in(folder.path(), &GOOD.replace(from, to)).unwrap_err();
    problems.to_string().replace(&prefix, "")
}

/// That replacing `from` by `to` gives exactly one problem, which says `expected`.
fn refuses(from: &str, to: &str, expected: &str) {
    let found = problems(from, to);
    assert!(found.contains(expected) && found.lines().count() == 1, "{found}");
}

#[test]
fn a_good_configuration_is_checked() {
    let folder = folder();
    let checked = read_in(folder.path(), GOOD).unwrap();
    let [route] = checked.routes.as_slice() else {
        panic!()
    };
    assert_eq!(route.route.path, "/orders");
    assert_eq!(route.policy.name, "strict");
    assert_eq!(route.trust.anchors().len(), 1);
    assert_eq!(checked.replay.capacity, 1_000_000);
    assert_eq!(checked.admin, None);
}

#[test]
fn the_file_that_init_prints_has_the_right_shape_and_names_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let problems = read_in(folder.path(), init()).unwrap_err();
    for problem in problems.iter() {
        assert!(problem.what.starts_with("cannot be "), "{problem}");
    }
    assert_eq!(problems.iter().count(), 6);
}

#[test]
fn the_file_that_init_prints_works_once_its_files_are_there() {
    let folder = folder();
    let to = |names: &[&str]| {
        for name in names {
            let (from, name) = name.split_once(' ').unwrap();
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(folder.path().join(from), path).unwrap();
        }
    };
    to(&[
        "gateway.pem keys/tls.pem",
        "gateway.key.pem keys/tls.key.pem",
        "gateway.pem keys/gateway.pem",
        "gateway.key.pem keys/gateway.key.pem",
        "ca.pem trust/partner-ca.pem",
        "ca.crl.pem trust/partner-ca.crl",
        "pinned.pem trust/other-partner.pem",
        "idp-metadata.xml trust/idp-metadata.xml",
    ]);
    let checked = read_in(folder.path(), init()).unwrap();
    assert_eq!(checked.listeners.len(), 2);
    let [route] = checked.routes.as_slice() else {
        panic!()
    };
    assert_eq!(route.policy.limits.bytes, 1 << 20);
    assert_eq!(route.trust.pins().count(), 1);
    assert_eq!(route.party.audience.as_deref(), Some("https://orders.example/"));
    assert!(!route.issuers.is_empty());
}

#[test]
fn every_problem_is_told_at_once() {
    let folder = folder();
    let bad = GOOD
        .replace("127.0.0.1:0", "0.0.0.0:80")
        .replace("gateway.key.pem", "alice.key.pem")
        .replace("\"{urn:orders}Place\"", "\"{urn:orders\"")
        .replace("subject = [\"O=Example,CN=alice\"]", "")
        .replace("http://", "gopher://");
    let problems = read_in(folder.path(), &bad).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "listener[1].address",
            "gateway.key",
            "route[1].operation[1].body",
            "route[1].trust.anchor[1]",
            "route[1].backend.url",
        ]
    );
}

#[test]
fn the_address_for_operators_is_open_only_if_that_is_said() {
    let admin = |admin: &str| format!("[admin]\naddress = \"{admin}\"\n[gateway]");
    for open in ["0.0.0.0:81", "192.0.2.1:81", "[::]:81"] {
        refuses(
            "[gateway]",
            &admin(open),
            "admin.address: is open to other machines, and asks nobody who they are",
        );
    }
    let said = "[admin]\naddress = \"0.0.0.0:81\"\nopen = true\n[gateway]";
    for good in [admin("[::1]:81").as_str(), said] {
        assert!(
            read_in(folder().path(), &GOOD.replace("[gateway]", good)).is_ok(),
            "{good}"
        );
    }
}

#[test]
fn listeners_without_tls_stay_on_this_machine() {
    let address = |address: &str| problems("127.0.0.1:0", address);
    for open in [
        "0.0.0.0:8080",
        "192.0.2.1:8080",
        "[::]:8080",
        "[2001:db8::1]:8080",
    ] {
        assert!(
            address(open).contains("is open to other machines without TLS"),
            "{open}"
        );
    }
    assert!(address("localhost:8080").contains("write an IP address and a port"));
    let folder = folder();
    for own in ["127.8.8.8:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        assert!(
            read_in(folder.path(), &GOOD.replace("127.0.0.1:0", own)).is_ok(),
            "{own}"
        );
    }
    let twice =
        "[[listener]]\naddress = \"127.0.0.1:81\"\n[[listener]]\naddress = \"127.0.0.1:81\"\n[gateway]";
    refuses(
        "[gateway]",
        twice,
        "listener[3].address: is the address of another listener",
    );
    let admin = "[admin]\naddress = \"127.0.0.1:81\"\n[[listener]]\naddress = \"127.0.0.1:81\"\n[gateway]";
    refuses("[gateway]", admin, "admin.address: is the address of a listener");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    refuses("[gateway]", "[gateway", "s.toml:5:");
    let missing = load(Path::new("/nowhere/s.toml"), now()).unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/s.toml: cannot be read"));
}
