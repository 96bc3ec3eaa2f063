//! A new configuration takes the place of the old one while the gateway serves.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use rustix::process::Signal;
use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::dsig::{Place, ReferenceToSign, SignatureRequest, put, sign};
use sealgate::soap::Version;
use sealgate::xml::{Document, Limits};
use serde_json::Value as Json;

use crate::backend::orders;
use crate::client::{Answer, post, request, send, send_tls};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::{KEYS, Message, key};
use crate::process::Process;
use crate::redis::Redis;

/// Orders as `signer`.
fn order(gateway: &Gateway, signer: &'static str) -> Answer {
    order_at(gateway.plain(), signer)
}

fn order_at(address: SocketAddr, signer: &'static str) -> Answer {
    let message = Message {
        signer,
        ..Message::default()
    };
    send(address, &post(Version::Soap11, "urn:place", &message.signed()))
}

/// Writes a configuration and tells the gateway to take it on: the status, and what it says.
pub(crate) fn replace(gateway: &Gateway, text: &str) -> (u16, Json) {
    fs::write(gateway.folder.path().join("sealgate.toml"), text).unwrap();
    reload(gateway.admin())
}

fn reload(admin: SocketAddr) -> (u16, Json) {
    let answer = send(admin, &request("POST", "/reload", &[], ""));
    let said = serde_json::from_str(&answer.body);
    (answer.status, said.unwrap_or_else(|_| panic!("{answer:?}")))
}

pub(crate) fn metric(gateway: &Gateway, line: &str) -> bool {
    let metrics = send(gateway.admin(), &request("GET", "/metrics", &[], ""));
    metrics.body.lines().any(|one| one == line)
}

fn serving() -> (Gateway, String) {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    (Gateway::configured(&text), text)
}

#[test]
fn who_is_trusted_no_more_is_refused_at_once_and_others_go_on() {
    let (gateway, text) = serving();
    assert_eq!(
        (order(&gateway, "alice").status, order(&gateway, "bob").status),
        (200, 200)
    );
    let (status, said) = replace(&gateway, &text.replace("\"O=Example,CN=alice\", ", ""));
    assert_eq!(
        (status, &said["outcome"], &said["configuration"]),
        (200, &"replaced".into(), &2.into())
    );
    assert_eq!(
        (&said["recent"][0]["tried"], &said["recent"][0]["refused"]),
        (&2.into(), &1.into())
    );
    let refused = order(&gateway, "alice");
    assert_eq!(refused.status, 500);
    assert_eq!(logged_code(refused.incident()), "trust.constraint");
    assert_eq!(order(&gateway, "bob").status, 200);
    assert!(metric(&gateway, "sealgate_configuration 2"));
    assert!(metric(&gateway, "sealgate_reloads_total{outcome=\"replaced\"} 1"));
}

#[test]
fn even_the_last_partner_can_be_shut_out() {
    let (gateway, text) = serving();
    assert_eq!(order(&gateway, "alice").status, 200);
    let (status, said) = replace(&gateway, &text.replace("\"O=Example,CN=alice\", ", ""));
    assert_eq!((status, &said["recent"][0]["refused"]), (200, &1.into()));
    assert_eq!(order(&gateway, "alice").status, 500);
}

#[test]
fn a_used_message_stays_used() {
    let (gateway, text) = serving();
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &message).status, 200);
    assert_eq!(replace(&gateway, &text).0, 200);
    let again = send(gateway.plain(), &message);
    assert_eq!(again.status, 500);
    assert_eq!(logged_code(again.incident()), "replay.message");
}

#[test]
fn one_that_cannot_work_changes_nothing() {
    let (gateway, text) = serving();
    for (bad, named) in [
        (text.replace("ca.pem", "missing.pem"), "missing.pem"),
        (
            text.replace("path = \"/orders\"", "path = \"orders\""),
            "route[1].path",
        ),
        (String::new(), "listener"),
        ("[[".to_owned(), "sealgate.toml"),
    ] {
        let (status, said) = replace(&gateway, &bad);
        assert_eq!(
            (status, &said["outcome"], &said["code"]),
            (409, &"kept".into(), &"config.problems".into())
        );
        assert!(said["message"].as_str().unwrap().contains(named), "{said}");
        assert_eq!(order(&gateway, "alice").status, 200);
    }
    assert!(metric(&gateway, "sealgate_reloads_total{outcome=\"kept\"} 4"));
    assert!(metric(&gateway, "sealgate_configuration 1"));
}

#[test]
fn what_takes_a_restart_is_named() {
    let (gateway, text) = serving();
    let other = text.replace("workers = 2", "workers = 3\nconnections = 7");
    let (status, said) = replace(&gateway, &format!("{other}\n[replay]\ncapacity = 2000\n"));
    assert_eq!((status, &said["code"]), (409, &"config.restart".into()));
    let message = "a restart is needed to change gateway.workers, gateway.connections, replay";
    assert_eq!(said["message"], message);
    assert_eq!(order(&gateway, "alice").status, 200);
}

#[test]
fn so_is_a_password_or_a_certificate_that_only_its_file_tells() {
    let redis = Redis::start(&[]);
    assert_eq!(redis.cli(&["config", "set", "requirepass", "one"]), "OK");
    let (_, text) = serving();
    let more = format!(
        "[replay]\nredis = {{ host = \"127.0.0.1\", port = {}, password_file = \"word\" }}\n\n\
         [traces]\nurl = \"https://127.0.0.1:9/v1/traces\"\nca = [\"collector.pem\"]\n\n[[route]]",
        redis.port
    );
    let (folder, _) = prepared(&text.replacen("[[route]]", &more, 1));
    let word = folder.path().join("word");
    fs::write(&word, "one\n").unwrap();
    fs::set_permissions(&word, fs::Permissions::from_mode(0o600)).unwrap();
    let ca = folder.path().join("collector.pem");
    fs::copy(folder.path().join("ca.pem"), &ca).unwrap();
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(reload(gateway.admin()).0, 200);
    let named = |key: &str| {
        let (status, said) = reload(gateway.admin());
        assert_eq!((status, &said["code"]), (409, &"config.restart".into()));
        assert_eq!(said["message"], format!("a restart is needed to change {key}"));
    };
    fs::write(&word, "other\n").unwrap();
    named("replay");
    fs::copy(gateway.folder.path().join("stranger-ca.pem"), &ca).unwrap();
    named("replay, traces");
    fs::write(&word, "one\n").unwrap();
    named("traces");
}

#[test]
fn one_that_refuses_all_that_was_good_changes_nothing() {
    let (gateway, text) = serving();
    let other = text.replace("PlaceOrder", "PlaceOrders");
    assert_eq!(order(&gateway, "alice").status, 200);
    let (status, said) = replace(&gateway, &other);
    assert_eq!((status, &said["code"]), (409, &"config.recent".into()));
    let recent = &said["recent"][0];
    assert_eq!(
        (&recent["route"], &recent["tried"], &recent["refused"]),
        (&"/orders".into(), &1.into(), &1.into())
    );
    assert_eq!(recent["codes"][0], "policy.operation_unknown");
    assert_eq!(order(&gateway, "alice").status, 200);
}

/// Metadata of the identity provider of the fixtures, signed by `pinned`, that holds so many hours from now.
pub(crate) fn metadata(hours: i64) -> String {
    let idp = fs::read_to_string(format!("{KEYS}/idp-metadata.xml")).unwrap();
    let (_, idp) = idp.split_once("?>").unwrap();
    let until = (Utc::now() + TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%SZ");
    let text = format!(
        "<md:EntitiesDescriptor xmlns:md='urn:oasis:names:tc:SAML:2.0:metadata' ID='_f' validUntil='{until}'>{idp}</md:EntitiesDescriptor>"
    );
    let document = Document::parse(text.into(), &Limits::default()).unwrap();
    let request = SignatureRequest {
        method: SignatureAlgorithm::RsaSha256,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.root(),
            id: Some("_f".to_owned()),
            enveloped: true,
        }],
        key_info: String::new(),
        id: None,
    };
    put(
        &sign(&request, &key("pinned")).unwrap(),
        document.root(),
        Place::First,
    )
}

#[test]
fn older_metadata_changes_nothing() {
    let (gateway, text) = serving();
    let text = text.replace(
        "metadata = [\"idp-metadata.xml\"]",
        "metadata = [\"fetched.xml\"]\nmetadata_signer = \"pinned.pem\"",
    );
    let holds_for = |hours| {
        fs::write(gateway.folder.path().join("fetched.xml"), metadata(hours)).unwrap();
        let (status, said) = replace(&gateway, &text);
        let code = said["code"].as_str().unwrap_or_default().to_owned();
        (status, code)
    };
    let taken = (200, String::new());
    let older = (409, "config.metadata_older".to_owned());
    // What the operator gave as it was has no age.
    assert_eq!(holds_for(48), taken);
    assert_eq!(holds_for(24), older);
    assert_eq!(holds_for(72), taken);
    assert_eq!(holds_for(48), older);
    assert_eq!(holds_for(72), taken);
    assert_eq!(order(&gateway, "alice").status, 200);
}

#[test]
fn routes_come_and_go_and_lead_to_new_backends() {
    let (gateway, text) = serving();
    let other = orders();
    let moved = text.replace("path = \"/orders\"", "path = \"/new\"");
    let (before, _) = moved.split_once("[route.backend]").unwrap();
    let moved = format!("{before}[route.backend]\nurl = \"http://{}/\"\n", other.address);
    assert_eq!(replace(&gateway, &moved).0, 200);
    assert_eq!(order(&gateway, "alice").status, 404);
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    let answer = send(gateway.plain(), &message.replace("POST /orders", "POST /new"));
    assert_eq!(answer.status, 200);
    assert_eq!(other.got().len(), 1);
}

#[test]
fn a_listener_changes_its_certificate_and_whom_it_lets_in() {
    let (gateway, text) = serving();
    let asked = |ca: &str| {
        text.replace(
            "gateway.key.pem\" }",
            &format!("gateway.key.pem\", clients = \"required\", client_ca = [\"{ca}\"] }}"),
        )
    };
    let come = |own| {
        let message = post(Version::Soap11, "urn:place", &Message::default().signed());
        send_tls(gateway.tls(), own, &message).is_ok_and(|answer| answer.status == 200)
    };
    assert!(come(None));
    assert_eq!(replace(&gateway, &asked("ca.pem")).0, 200);
    assert_eq!(
        (come(None), come(Some("alice")), come(Some("mallory"))),
        (false, true, false)
    );
    assert_eq!(replace(&gateway, &asked("stranger-ca.pem")).0, 200);
    assert_eq!(
        (come(None), come(Some("alice")), come(Some("mallory"))),
        (false, false, true)
    );
    let folder = gateway.folder.path();
    for kind in ["pem", "key.pem"] {
        fs::copy(
            folder.join(format!("mallory.{kind}")),
            folder.join(format!("gateway.{kind}")),
        )
        .unwrap();
    }
    assert_eq!(replace(&gateway, &text).0, 200);
    assert!(!come(None), "nobody trusts the certificate that it shows now");
}

/// Whether OpenSSL's own client gets an answer over TLS, with further arguments.
fn openssl_gets_an_answer(gateway: &Gateway, arguments: &[&str]) -> bool {
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-quiet",
        "-CAfile",
        "ca.pem",
        "-connect",
        &gateway.tls().to_string(),
    ]);
    command.args(arguments).current_dir(gateway.folder.path());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Refused, it may be gone by now.
    let _ = child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(request("GET", "/", &[], "").as_bytes());
    let output = child.wait_with_output().unwrap();
    output.stdout.starts_with(b"HTTP/1.1 404")
}

#[test]
fn a_session_that_began_before_lets_nobody_in() {
    let (_, text) = serving();
    let asked = |ca: &str| {
        text.replace(
            "gateway.key.pem\" }",
            &format!("gateway.key.pem\", clients = \"required\", client_ca = [\"{ca}\"] }}"),
        )
    };
    let gateway = Gateway::configured(&asked("ca.pem"));
    let own = ["-cert", "alice.pem", "-key", "alice.key.pem"];
    for version in ["-tls1_2", "-tls1_3"] {
        let begun = [&own[..], &[version, "-sess_out", version]].concat();
        assert!(openssl_gets_an_answer(&gateway, &begun), "{version}");
        let resumed = [version, "-sess_in", version];
        assert!(
            openssl_gets_an_answer(&gateway, &resumed),
            "{version}: the session can be resumed"
        );
    }
    assert_eq!(replace(&gateway, &asked("stranger-ca.pem")).0, 200);
    for version in ["-tls1_2", "-tls1_3"] {
        let resumed = [version, "-sess_in", version];
        assert!(!openssl_gets_an_answer(&gateway, &resumed), "{version}");
    }
}

#[test]
fn a_page_in_a_browser_has_no_say() {
    let (gateway, _) = serving();
    let foreign = request("POST", "/reload", &[("Origin", "http://evil.example")], "");
    assert_eq!(send(gateway.admin(), &foreign).status, 403);
    assert_eq!(
        send(gateway.admin(), &request("GET", "/reload", &[], "")).status,
        404
    );
    assert_eq!(
        send(gateway.plain(), &request("POST", "/reload", &[], "")).status,
        404
    );
    assert!(metric(&gateway, "sealgate_configuration 1"));
}

#[test]
fn no_message_is_lost_while_configurations_change() {
    let (gateway, text) = serving();
    let other = text.replace("answer_seconds = 2", "answer_seconds = 3");
    let ended = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (gateway, ended, answered) = (&gateway, &ended, &answered);
        // Each signs for itself: two of one would be the same message in the same millisecond.
        let senders = ["alice", "bob"].map(|signer| {
            scope.spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    let answer = order(gateway, signer);
                    assert_eq!(answer.status, 200, "{answer:?}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        for number in 0..20_usize {
            let before = answered.load(Ordering::Relaxed);
            let (text, status) = match number % 3 {
                0 => (other.as_str(), 200),
                1 => (text.as_str(), 200),
                _ => ("bad", 409),
            };
            assert_eq!(replace(gateway, text).0, status);
            while answered.load(Ordering::Relaxed) == before
                && senders.iter().all(|sender| !sender.is_finished())
            {
                std::thread::yield_now();
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert!(metric(&gateway, "sealgate_configuration 15"));
}

/// Starts the command on `text` in the folder of `gateway`.
fn serve(gateway: &Gateway, text: &str) -> Process {
    let file = gateway.folder.path().join("process.toml");
    fs::write(&file, text).unwrap();
    Process::start(&file).unwrap()
}

/// Waits until alice is answered with `status`.
fn wait_for(status: u16, address: SocketAddr) {
    let begun = Instant::now();
    while order_at(address, "alice").status != status {
        assert!(begun.elapsed() < Duration::from_secs(30), "still not {status}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_command_takes_on_a_configuration_at_sighup() {
    let (gateway, text) = serving();
    let process = serve(&gateway, &text);
    wait_for(200, process.plain);
    let file = gateway.folder.path().join("process.toml");
    fs::write(&file, text.replace("\"O=Example,CN=alice\", ", "")).unwrap();
    process.signal(Signal::HUP);
    wait_for(500, process.plain);
}

#[test]
fn a_sighup_while_it_starts_does_not_end_the_command_and_is_heeded() {
    let (gateway, text) = serving();
    let file = gateway.folder.path().join("process.toml");
    fs::write(&file, text).unwrap();
    let process = Process::asked_while_it_starts(&file, Signal::HUP).unwrap();
    wait_for(200, process.plain);
    process.lines_of(1, |line| line["fields"]["message"] == "configuration replaced");
}

#[test]
fn the_command_takes_on_files_that_have_changed_where_asked_to() {
    let (gateway, text) = serving();
    let watching = text.replace("workers = 2", "workers = 2\nwatch_seconds = 1");
    let process = serve(&gateway, &watching);
    let plain = process.plain;
    wait_for(200, plain);
    let folder = gateway.folder.path();
    let ca = fs::read(folder.join("ca.pem")).unwrap();
    fs::copy(folder.join("stranger-ca.pem"), folder.join("ca.pem")).unwrap();
    wait_for(500, plain);
    fs::write(folder.join("ca.pem"), ca).unwrap();
    wait_for(200, plain);
    assert_eq!(reload(process.admin).1["configuration"], 4);
}
