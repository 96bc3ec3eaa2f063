#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

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
subject = ["CN=alice,O=Example"]

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
    assert_eq!(checked.replay_capacity, 1_000_000);
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
    assert_eq!(route.audience.as_deref(), Some("https://orders.example/"));
    assert!(!route.issuers.is_empty());
}

#[test]
fn every_problem_is_told_at_once() {
    let folder = folder();
    let bad = GOOD
        .replace("127.0.0.1:0", "0.0.0.0:80")
        .replace("gateway.key.pem", "alice.key.pem")
        .replace("\"{urn:orders}Place\"", "\"{urn:orders\"")
        .replace("subject = [\"CN=alice,O=Example\"]", "")
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
fn a_route_that_trusts_nobody_is_refused() {
    let anchor = "[[route.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"CN=alice,O=Example\"]";
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
    let subject = "subject = [\"CN=alice,O=Example\"]";
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
fn profiles_for_other_doors_do_not_open_this_one() {
    let path = "path = \"/orders\"\n";
    for name in ["legacy-2004", "archive-verify"] {
        refuses(
            path,
            &format!("{path}policy = \"{name}\"\n"),
            "route[1].policy: is \"",
        );
    }
    refuses(
        path,
        &format!("{path}policy = \"lax\"\n"),
        "route[1].policy: is no profile: \"lax\"; write \"strict\"",
    );
    refuses(
        path,
        &format!("{path}policy = \"none.toml\"\n"),
        "route[1].policy: cannot be read: none.toml",
    );
}

#[test]
fn a_policy_of_ones_own_may_not_let_a_gateway_relay_what_is_weak() {
    use crate::algorithm::DigestAlgorithm;
    use crate::algorithm::SignatureAlgorithm;
    use crate::policy::Part;
    use crate::policy::Policy;
    use crate::policy::Profile;
    type Weaken = fn(&mut Policy);
    let weaknesses: [(&str, Weaken); 10] = [
        ("the body is signed", |policy| {
            policy.signed = vec![Part::Timestamp]
        }),
        ("ignores the Timestamp", |policy| {
            policy.timestamp.presence = crate::policy::TimestampPresence::Ignored
        }),
        ("signatures with SHA-1", |policy| {
            policy.algorithms.signatures = policy.algorithms.signatures.with(SignatureAlgorithm::RsaSha1)
        }),
        ("digests with SHA-1", |policy| {
            policy.algorithms.digests = policy.algorithms.digests.with(DigestAlgorithm::Sha1)
        }),
        ("less than 2048 bits", |policy| {
            policy.algorithms.rsa_min_bits = 1024
        }),
        ("truncated HMAC", |policy| {
            policy.algorithms.hmac_truncation = crate::algorithm::HmacTruncation::AtLeastHalf
        }),
        ("certificates signed with SHA-1", |policy| {
            policy.certificates.sha1 = crate::policy::Sha1::Allow
        }),
        ("DSA keys", |policy| {
            policy.certificates.dsa = crate::policy::Dsa::Allow
        }),
        ("revocation that is not known", |policy| {
            policy.certificates.revocation = crate::trust::Revocation::Warn
        }),
        ("at least one signed part", |policy| policy.signed = Vec::new()),
    ];
    let folder = folder();
    let text = GOOD.replace(
        "path = \"/orders\"\n",
        "path = \"/orders\"\npolicy = \"own.toml\"\n",
    );
    let check = |policy: &Policy| {
        fs::write(folder.path().join("own.toml"), toml::to_string(policy).unwrap()).unwrap();
        read_in(folder.path(), &text)
            .err()
            .map(|problems| problems.to_string())
    };
    assert_eq!(check(&Profile::Strict.policy()), None);
    for (reason, weaken) in weaknesses {
        let mut policy = Profile::Strict.policy();
        weaken(&mut policy);
        let problems = check(&policy).unwrap();
        assert!(problems.contains(reason), "{reason}: {problems}");
    }
}

#[test]
fn limits_are_lowered_only() {
    let limits = |limits: &str| format!("[route.limits]\n{limits}\n[route.backend]");
    refuses(
        "[route.backend]",
        &limits("bytes = 99999999"),
        "route[1].limits.bytes: is 99999999; limits can be lowered only",
    );
    let folder = folder();
    let lower = GOOD.replace("[route.backend]", &limits("depth = 9"));
    let checked = read_in(folder.path(), &lower).unwrap();
    let limits = &checked.routes.first().unwrap().policy.limits;
    assert_eq!((limits.depth, limits.bytes), (9, 2 << 20));
}

#[test]
fn revocation_can_always_be_asked_for() {
    let folder = folder();
    let text = GOOD.replace(
        "[[route.trust.anchor]]",
        "[route.trust]\nrevocation = \"always\"\n[[route.trust.anchor]]",
    );
    let checked = read_in(folder.path(), &text).unwrap();
    let revocation = checked.routes.first().unwrap().policy.certificates.revocation;
    assert_eq!(revocation, crate::trust::Revocation::Required);
}

#[test]
fn routes_are_told_apart_and_ask_for_something() {
    let (_, route) = GOOD.split_once("[[route]]").unwrap();
    refuses(
        "[[route]]",
        &format!("[[route]]{route}\n[[route]]"),
        "route[2].path: is the path of another route",
    );
    for path in ["orders", "/orders?x", "/a%20b", "//orders", "/../orders", ""] {
        refuses("\"/orders\"", &format!("{path:?}"), "route[1].path: is ");
    }
    let operation = "{ action = \"urn:place\", body = \"{urn:orders}Place\" }";
    refuses(
        operation,
        &format!("{operation}, {operation}"),
        "route[1].operation: has an operation twice",
    );
    refuses(
        "\"urn:place\"",
        "\"urn:pl ace\"",
        "operation[1].action: is \"urn:pl ace\"",
    );
    refuses("\"urn:place\"", "\"\"", "operation[1].action: is \"\"");
    refuses(
        "\"{urn:orders}Place\"",
        "\"o:Place\"",
        "operation[1].body: is \"o:Place\"",
    );
}

#[test]
fn backends_are_reached_with_tls_of_somebody() {
    let url = "url = \"http://127.0.0.1:1/\"";
    refuses(
        url,
        "url = \"https://127.0.0.1:1/\"",
        "route[1].backend.ca: is missing",
    );
    refuses(
        url,
        &format!("{url}\nca = [\"ca.pem\"]"),
        "route[1].backend.url: has no use for certificates",
    );
    refuses(
        url,
        "url = \"http://user:secret@127.0.0.1/\"",
        "route[1].backend.url: is ",
    );
    refuses(
        url,
        &format!("{url}\ncertificate = \"alice.pem\""),
        "route[1].backend.key: is missing",
    );
    let own = "\nca = [\"ca.pem\"]\ncertificate = \"alice.pem\"\nkey = \"alice.key.pem\"";
    let folder = folder();
    assert!(
        read_in(
            folder.path(),
            &GOOD.replace(url, &format!("url = \"https://127.0.0.1:1/\"{own}"))
        )
        .is_ok()
    );
}

#[test]
fn identity_headers_have_names_of_their_own() {
    let identity = |name: &str| format!("[route.identity]\n{name} = \"signer-subject\"\n[route.backend]");
    refuses(
        "[route.backend]",
        &identity("content-length"),
        "route[1].identity.content-length: means something to HTTP",
    );
    refuses(
        "[route.backend]",
        &identity("X-Signer"),
        "route[1].identity.X-Signer: is no name of a header",
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    refuses("[gateway]", "[gateway", "s.toml:5:");
    let missing = load(Path::new("/nowhere/s.toml"), now()).unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/s.toml: cannot be read"));
}
