//! `sealgate route import`: what it writes of a WSDL, and that a gateway takes it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::process::{Command, Output};

fn import(wsdl: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/wsdl"))
        .env("NO_COLOR", "1")
        .args(["route", "import", wsdl])
        .output()
        .unwrap()
}

/// What `route import` writes of `wsdl` with this exit code.
fn routes(wsdl: &str, code: i32) -> String {
    let output = import(wsdl);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `routes` are a configuration, with whom to trust and where to send it.
fn loads(routes: &str) -> sealgate::config::Checked {
    let rest = "[[listener]]\naddress = \"127.0.0.1:0\"\n[gateway]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    let of_route = "[route.trust]\npins = [\"alice.pem\"]\n[route.backend]\nurl = \"http://127.0.0.1:1/\"\n";
    let folder = tempfile::tempdir().unwrap();
    for key in ["gateway.pem", "gateway.key.pem", "alice.pem"] {
        let from = format!("{}/fixtures/keys/{key}", env!("CARGO_MANIFEST_DIR"));
        let to = folder.path().join(key);
        std::fs::copy(from, &to).unwrap();
        std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    let routes: Vec<_> = routes.split("[[route]]\n").skip(1).collect();
    let routes = routes.iter().map(|route| format!("[[route]]\n{route}{of_route}"));
    let text = format!("{rest}{}", routes.collect::<String>());
    let checked = sealgate::config::read(&folder.path().join("gateway.toml"), &text, chrono::Utc::now());
    checked.unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

#[test]
fn routes_are_what_a_wsdl_says_of_its_requests() {
    for (wsdl, expected) in [
        (
            "orders.wsdl",
            r#"
            [[route]]
            path = "/orders"
            addresses = ["http://127.0.0.1:9000/orders"]
            operation = [
                { action = "urn:example:orders/PlaceOrder", body = "{urn:example:orders}PlaceOrder" },
                { action = "urn:example:orders/CancelOrder", body = "{urn:example:orders}CancelOrder", one_way = true },
            ]
            "#,
        ),
        (
            "ports.wsdl",
            r#"
            [[route]]
            path = "/Notes.svc"
            addresses = [
                "http://notes.example/Notes.svc", "https://notes.example/Notes.svc", "https://notes.example:8443/Notes.svc",
            ]
            operation = [
                { addressing_action = "http://notes.example/Notes/ReadRequest", body = "{http://notes.example/}Read" },
                { addressing_action = "urn:notes:write", body = "{http://notes.example/}Write" },
                { addressing_action = "http://notes.example/Notes/Note", body = "{http://notes.example/}Note", one_way = true },
            ]
            "#,
        ),
    ] {
        let routes: toml::Table = toml::from_str(&routes(wsdl, 0)).unwrap();
        let expected: toml::Table = toml::from_str(expected).unwrap();
        assert_eq!(routes, expected);
    }
}

#[test]
fn whatever_is_written_without_complaint_is_a_configuration() {
    let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tried = 0;
    for folder in ["fixtures/wsdl", "tests/interop"] {
        for entry in std::fs::read_dir(package.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "wsdl") {
                continue;
            }
            let output = import(path.to_str().unwrap());
            if output.status.code() == Some(0) {
                loads(&String::from_utf8(output.stdout).unwrap());
                tried += 1;
            }
        }
    }
    assert!(tried >= 3, "{tried}");
    // And whatever addresses and actions they have.
    let ports = std::fs::read_to_string(package.join("fixtures/wsdl/ports.wsdl")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.wsdl");
    for (from, to, code) in [
        ("https://notes.example/Notes.svc", "https://notes.example", 0),
        (
            "https://notes.example/Notes.svc",
            "https://notes.example/a/Notes.svc?wsdl",
            1,
        ),
        (
            "https://notes.example/Notes.svc",
            "https://notes.example/a%20b",
            1,
        ),
        ("https://notes.example/Notes.svc", "https://notes.example/a//b", 1),
        (
            "https://notes.example/Notes.svc",
            "https://notes.example/a/../b",
            1,
        ),
        (
            "https://notes.example/Notes.svc",
            "https://notes.example/Notes.svc/",
            0,
        ),
        ("urn:notes:write", "urn:notes:write a", 1),
        ("urn:notes:write", "urn:notes:schr\u{e4}ib", 0),
        ("soapAction=\"\"", "soapAction=\"urn:a b\"", 1),
        ("soapAction=\"\"", "soapAction=\"urn:a\"", 1),
        ("element=\"tns:Write\"", "element=\"tns:Read\"", 1),
    ] {
        assert!(ports.contains(from), "{from}");
        std::fs::write(&changed, ports.replacen(from, to, 1)).unwrap();
        let routes = routes(changed.to_str().unwrap(), code);
        if code == 0 {
            loads(&routes);
        }
    }
}

#[test]
fn addresses_of_one_path_have_the_same_operations_or_it_is_said() {
    let ports = include_str!("../fixtures/wsdl/ports.wsdl");
    let port = "<soap12:operation soapActionRequired=\"false\"/>";
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.wsdl");
    let other = port.replace("/>", " soapAction=\"urn:read\"/>");
    std::fs::write(&changed, ports.replacen(port, &other, 1)).unwrap();
    let output = import(changed.to_str().unwrap());
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("has the path of another, and its operations are not the same"),
        "{said}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("[[route]]").count(), 1, "{text}");
}

#[test]
fn what_is_written_of_a_wsdl_has_no_character_that_a_terminal_obeys() {
    let ports = include_str!("../fixtures/wsdl/ports.wsdl");
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.wsdl");
    // In a namespace nearly anything may stand, with quotes too.
    let namespace = "urn:&#x9b;31m&#x202e;&#xe0041;&quot;\\'\u{e9}";
    let text = ports.replace(
        "xmlns:tns=\"http://notes.example/\"",
        &format!("xmlns:tns=\"{namespace}\""),
    );
    let text = text.replace(
        "targetNamespace=\"http://notes.example/\"",
        &format!("targetNamespace=\"{namespace}\""),
    );
    std::fs::write(
        &changed,
        text.replace("soapAction=\"\"", "")
            .replace("wsdl:input ", "wsdl:input wsam:Action=\"urn:a\" ")
            .replace(" wsam:Action=\"urn:notes:write\"", ""),
    )
    .unwrap();
    let written = routes(changed.to_str().unwrap(), 0);
    assert!(
        !written.contains(['\u{9b}', '\u{202e}', '\u{e0041}']),
        "{written:?}"
    );
    assert!(
        written.contains("urn:\\U0000009b31m\\U0000202e\\U000e0041\\\"\\\\'\u{e9}"),
        "{written}"
    );
    loads(&written);
    let table: toml::Table = toml::from_str(&written).unwrap();
    let first = table["route"][0]["operation"][0]["body"].as_str().unwrap();
    assert_eq!(first, "{urn:\u{9b}31m\u{202e}\u{e0041}\"\\'\u{e9}}Read");
}

#[test]
fn an_operation_that_its_body_does_not_tell_is_told() {
    let output = import("choices.wsdl");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("choices.wsdl:64:5  its Body has not exactly one part"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_there_gives_no_routes() {
    let output = import("none.wsdl");
    assert_eq!((output.status.code(), output.stdout), (Some(3), Vec::new()));
}
