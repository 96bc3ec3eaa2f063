use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::GOOD;
use super::folder;
use super::read_in;
use super::refuses;

#[test]
fn a_route_that_trusts_nobody_is_refused() {
    let anchor = "[[route.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"O=Example,CN=alice\"]";
    refuses(
        anchor,
        "[route.trust]",
        "route[1].trust: names nobody whose signatures count; add an anchor",
    );
    refuses(
        anchor,
        "[route.trust]\nuntrusted = [\"ca.pem\"]\n[route.trust.saml]\naudience = \"urn:a\"\n",
        "route[1].trust: names nobody whose signatures count",
    );
}

#[test]
fn a_ca_is_trusted_for_named_signers_only() {
    let subject = "subject = [\"O=Example,CN=alice\"]";
    refuses(
        subject,
        "",
        "anchor[1]: trusts everybody that this CA certifies; add subject or san",
    );
    refuses(
        subject,
        "subject = [\"*\"]",
        "anchor[1].subject: is no pattern, or fits everybody: \"*\"",
    );
    refuses(
        subject,
        "san = [\"partner\"]",
        "anchor[1].san: is no pattern, or fits everybody: \"partner\"",
    );
    refuses("\"ca.pem\"", "\"pinned.pem\"", "anchor[1].file: is no CA: ");
    let pins = "[route.trust]\npins = [\"pinned.pem\", \"ca.pem\"]\n[[route.trust.anchor]]";
    refuses(
        "[[route.trust.anchor]]",
        pins,
        "route[1].trust.pins[2]: is a CA: ",
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    refuses(
        "\"ca.pem\"",
        "\"none.pem\"",
        "s.toml:14:1: route[1].trust.anchor[1].file: cannot be read: none.pem: ",
    );
    refuses("\"ca.pem\"", "\"password\"", "anchor[1].file: ");
    let crl = "[route.trust]\ncrls = [\"ca.pem\"]\n[[route.trust.anchor]]";
    refuses(
        "[[route.trust.anchor]]",
        crl,
        "route[1].trust.crls[1]: cannot be used: ",
    );
    let metadata =
        "[route.trust.saml]\nmetadata = [\"ca.pem\"]\naudience = \"urn:a\"\n[[route.trust.anchor]]";
    refuses(
        "[[route.trust.anchor]]",
        metadata,
        "route[1].trust.saml.metadata[1]: cannot be used: ",
    );
    let fetched = |signer: &str| {
        format!(
            "[route.trust.saml]\nmetadata = [\"idp-metadata.xml\"]\nmetadata_signer = \"{signer}\"\naudience = \"urn:a\"\n\
             [[route.trust.anchor]]"
        )
    };
    for (signer, told) in [
        (
            "pinned.pem",
            "route[1].trust.saml.metadata[1]: cannot be used: nothing in the message is signed",
        ),
        (
            "none.pem",
            "route[1].trust.saml.metadata_signer: cannot be read: none.pem: ",
        ),
        ("password", "route[1].trust.saml.metadata_signer: "),
    ] {
        refuses("[[route.trust.anchor]]", &fetched(signer), told);
    }
}

#[test]
fn a_key_that_everybody_may_read_is_refused() {
    let folder = folder();
    let key = folder.path().join("gateway.key.pem");
    for (mode, refused) in [
        (0o600, false),
        (0o640, false),
        (0o644, true),
        (0o602, true),
        (0o777, true),
    ] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let checked = read_in(folder.path(), GOOD);
        let message = checked
            .err()
            .map(|problems| problems.to_string())
            .unwrap_or_default();
        assert_eq!(
            message.contains("gateway.key: is open to everybody"),
            refused,
            "{mode:o}: {message}"
        );
        assert_eq!(message.contains("run: chmod 600 "), refused);
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&key, folder.path().join("link")).unwrap();
    let linked = GOOD.replace("gateway.key.pem", "link");
    assert!(
        read_in(folder.path(), &linked)
            .unwrap_err()
            .to_string()
            .contains("is open to everybody")
    );
}

#[test]
fn a_password_that_everybody_may_read_is_refused() {
    let folder = folder();
    let with_password = GOOD.replace("certificate = \"gateway.pem\"\n", "").replace(
        "gateway.key.pem\"",
        "gateway.p12\"\nkey_password_file = \"password\"",
    );
    assert!(read_in(folder.path(), &with_password).is_ok());
    fs::set_permissions(folder.path().join("password"), fs::Permissions::from_mode(0o604)).unwrap();
    let problems = read_in(folder.path(), &with_password).unwrap_err().to_string();
    assert!(
        problems.contains("gateway.key_password_file: is open to everybody"),
        "{problems}"
    );
}

#[test]
fn a_keystore_of_several_keys_says_nothing_of_which_is_ours() {
    refuses(
        "key = \"gateway.key.pem\"",
        "key = \"two-keys.p12\"\nkey_password_file = \"password\"",
        "gateway.key: cannot be used: two-keys.p12: it has 2 private keys where one is asked for (\"gateway\", \"bob\")",
    );
}

#[test]
fn our_key_fits_our_certificate_which_holds_and_may_sign() {
    refuses(
        "gateway.key.pem",
        "bob.key.pem",
        "gateway.key: the key is not that of the first certificate",
    );
    refuses(
        "certificate = \"gateway.pem\"",
        "",
        "gateway.certificate: is missing",
    );
    let with = |name: &str| {
        GOOD.replace("gateway.pem", &format!("{name}.pem"))
            .replace("gateway.key", &format!("{name}.key"))
    };
    let folder = folder();
    for (name, reason) in [
        (
            "expired",
            "gateway.certificate: is a certificate that is valid from ",
        ),
        (
            "not-yet-valid",
            "gateway.certificate: is a certificate that is valid from ",
        ),
        (
            "encipherment",
            "gateway.certificate: is a certificate whose key may not sign messages",
        ),
    ] {
        let problems = read_in(folder.path(), &with(name)).unwrap_err().to_string();
        assert!(problems.contains(reason), "{problems}");
    }
}

#[test]
fn clients_are_asked_for_certificates_of_somebody() {
    let tls = |rest: &str| {
        format!("\"0.0.0.0:0\"\ntls = {{ certificate = \"gateway.pem\", key = \"gateway.key.pem\"{rest} }}")
    };
    let folder = folder();
    for good in [
        "",
        ", clients = \"required\", client_ca = [\"ca.pem\"]",
        ", clients = \"optional\", client_ca = [\"ca.pem\"]",
    ] {
        let text = GOOD.replace("\"127.0.0.1:0\"", &tls(good));
        assert!(read_in(folder.path(), &text).is_ok(), "{good}");
    }
    refuses(
        "\"127.0.0.1:0\"",
        &tls(", clients = \"required\""),
        "tls.client_ca: is missing",
    );
    refuses(
        "\"127.0.0.1:0\"",
        &tls(", client_ca = [\"ca.pem\"]"),
        "tls.client_ca: has no meaning",
    );
    refuses(
        "\"127.0.0.1:0\"",
        &tls(", clients = \"optional\", client_ca = [\"x\"]"),
        "tls.client_ca[1]: cannot be read",
    );
}

#[test]
fn files_of_users_are_complete_and_not_open_to_everybody() {
    let before = "path = \"/orders\"\n";
    let users = |table: &str| format!("{before}policy = \"bsp11\"\nusers = {{ {table} }}\n");
    let secrets = "secrets = \"users.secrets\", secrets_key = \"users.key\"";
    for (table, expected) in [
        ("", "route[1].users: names no file"),
        (
            "secrets = \"users.secrets\"",
            "route[1].users: has secrets without secrets_key",
        ),
        ("hashes = \"none\"", "route[1].users.hashes: cannot be read: none"),
        (
            "hashes = \"ca.pem\"",
            "route[1].users: cannot be used: line 1 is no name",
        ),
        (
            "secrets = \"users.secrets\", secrets_key = \"shared.key\"",
            "route[1].users: cannot be used: no file of secrets, or changed, or made with another key",
        ),
        (
            "secrets = \"users.secrets\", secrets_key = \"password\"",
            "route[1].users: cannot be used: the key has 8 bytes",
        ),
    ] {
        refuses(before, &users(table), expected);
    }
    let folder = folder();
    let good = GOOD.replace(before, &users(&format!("hashes = \"users.hashes\", {secrets}")));
    assert!(
        !read_in(folder.path(), &good).unwrap().routes[0]
            .passwords
            .is_empty()
    );
    for (file, key) in [
        ("users.hashes", "hashes"),
        ("users.secrets", "secrets"),
        ("users.key", "secrets_key"),
    ] {
        let file = folder.path().join(file);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let problems = read_in(folder.path(), &good).unwrap_err().to_string();
        assert!(
            problems.contains(&format!("route[1].users.{key}: is open to everybody")),
            "{problems}"
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn users_and_the_policy_fit_together() {
    let path = "path = \"/orders\"\n";
    let users = "[route.users]\nhashes = \"users.hashes\"\n[route.backend]";
    let folder = folder();
    let refused = |policy: &str, users: &str| {
        let text = GOOD
            .replace(path, &format!("{path}policy = \"{policy}\"\n"))
            .replace("[route.backend]", users);
        let problems = read_in(folder.path(), &text).unwrap_err().to_string();
        assert_eq!(problems.lines().count(), 1, "{problems}");
        problems
    };
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies");
    let none = refused(&format!("{policies}/no-username.toml"), users);
    assert!(none.contains("route[1].users: is of no use"), "{none}");
    // A digest cannot be compared with a hash, whatever else is named.
    let secrets = "hashes = \"users.hashes\"\nsecrets = \"users.secrets\"\nsecrets_key = \"users.key\"";
    for users in [users, &users.replace("hashes = \"users.hashes\"", secrets)] {
        let hashes = refused("strict", users);
        assert!(hashes.contains("route[1].users.hashes: is of no use"), "{hashes}");
    }
    let required = refused(&format!("{policies}/username-required.toml"), "[route.backend]");
    assert!(required.contains("route[1].users: is missing"), "{required}");
}

#[test]
fn a_pipe_holds_nobody_up() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // Somebody who writes, so that to read it would end: with another complaint.
    std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "nothing")
    });
    for (from, to, told) in [
        ("file = \"ca.pem\"", "file = \"pipe\"", "it is no regular file"),
        (
            "key = \"gateway.key.pem\"",
            "key = \"pipe\"",
            "it is no regular file",
        ),
        (
            "[route.backend]",
            "[route.trust]\ncrls = [\"pipe\"]\n[route.backend]",
            "it is neither a file nor a folder",
        ),
        (
            "[route.backend]",
            "[route.trust]\nuntrusted = [\"pipe\"]\n[route.backend]",
            "it is neither a file nor a folder",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let problems = read_in(folder.path(), &GOOD.replace(from, to))
            .unwrap_err()
            .to_string();
        assert!(problems.contains(told), "{problems}");
    }
    let problems = super::super::load(&pipe, super::now()).unwrap_err().to_string();
    assert!(problems.contains("it is no regular file"), "{problems}");
}

#[test]
fn a_collector_is_this_machine_or_reached_with_tls() {
    let url = "url = \"http://127.0.0.1:1/\"";
    let with = |traces: &str| format!("{url}\n[traces]\n{traces}");
    refuses(
        url,
        &with("url = \"http://10.0.0.1:4318/v1/traces\""),
        "traces.url: is on another machine",
    );
    refuses(
        url,
        &with("url = \"https://10.0.0.1:4318/v1/traces\""),
        "traces.ca: is missing",
    );
    refuses(
        url,
        &with("url = \"http://localhost:4318/\"\nca = [\"ca.pem\"]"),
        "traces.url: has no use for certificates",
    );
    for bad in [
        "http://user:secret@localhost/",
        "localhost:4318",
        "ftp://localhost/",
        "/v1/traces",
    ] {
        refuses(url, &with(&format!("url = \"{bad}\"")), "traces.url: is no URL");
    }
    refuses(
        url,
        &with("url = \"https://10.0.0.1/\"\ncertificate = \"alice.pem\"\nkey = \"alice.key.pem\""),
        "traces.ca: is missing",
    );
    refuses(
        url,
        &with("url = \"http://localhost/\"\none_in = 0"),
        "traces.one_in: is 0",
    );
    refuses(
        url,
        &with("url = \"http://localhost/\"\ncolour = 1"),
        "traces.colour: is not a key",
    );
    let folder = folder();
    let read = |traces: &str| read_in(folder.path(), &GOOD.replace(url, &with(traces))).unwrap();
    assert!(
        read("url = \"http://[::1]:4318/v1/traces\"")
            .traces
            .unwrap()
            .tls
            .is_none()
    );
    let https = read("url = \"https://10.0.0.1/\"\nca = [\"ca.pem\"]");
    assert!(https.traces.unwrap().tls.is_some());
    refuses(
        "path = \"/orders\"",
        "path = \"/orders\"\ntraceparent = \"heeded\"",
        "route[1].traceparent: has no meaning without [traces]",
    );
}

#[test]
fn who_is_not_counted_is_named_by_address() {
    let url = "url = \"http://127.0.0.1:1/\"";
    let with = |text: &str| format!("{url}\n[throttle]\nexempt = [\"10.0.0.1\", \"{text}\"]");
    refuses(
        url,
        &with("balancer.example"),
        "throttle.exempt[2]: is \"balancer.example\"",
    );
    refuses(url, &with("10.0.0.1/8"), "throttle.exempt[2]: is \"10.0.0.1/8\"");
    let folder = folder();
    let checked = read_in(folder.path(), &GOOD.replace(url, &with("10.1.0.0/16"))).unwrap();
    assert!(checked.throttle.exempts("10.1.2.3".parse().unwrap()));
}
