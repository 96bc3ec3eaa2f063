//! B24: certificates and a revocation list that end while messages come: that of the sender, our own, the list of the issuer, and that of a
//! listener, which is exchanged in time.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::X509;
use openssl::x509::extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAlternativeName};
use sealgate::crypto::{Certificate, encode_base64};
use sealgate::soap::Version;
use tempfile::TempDir;

use super::{change, row, whole};
use crate::backend::{Backend, orders};
use crate::client::{post, request, send, send_tls};
use crate::gateway::Gateway;
use crate::message::{KEYS, Message, certificate};
use crate::process::Process;
use crate::replay::{SETTLED, order, remembering};

/// A second not long from now, when something ends.
fn soon() -> DateTime<Utc> {
    let end = Utc::now() + TimeDelta::seconds(if whole() { 10 } else { 6 });
    end.duration_trunc(TimeDelta::seconds(1)).unwrap()
}

/// A certificate of the CA of the fixtures for the key and subject of `name`, which ends at `end`, in PEM.
fn issued(name: &str, end: DateTime<Utc>) -> Vec<u8> {
    let read = |name: &str| fs::read(format!("{KEYS}/{name}")).unwrap();
    let (old, ca) = (
        X509::from_pem(&read(&format!("{name}.pem"))).unwrap(),
        X509::from_pem(&read("ca.pem")).unwrap(),
    );
    let mut new = X509::builder().unwrap();
    new.set_version(2).unwrap();
    let serial = BigNum::from_u32(u32::try_from(end.timestamp()).unwrap()).unwrap();
    new.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    new.set_subject_name(old.subject_name()).unwrap();
    new.set_issuer_name(ca.subject_name()).unwrap();
    new.set_pubkey(&old.public_key().unwrap()).unwrap();
    let time = |time: DateTime<Utc>| Asn1Time::from_unix(time.timestamp()).unwrap();
    new.set_not_before(&time(Utc::now() - TimeDelta::hours(1)))
        .unwrap();
    new.set_not_after(&time(end)).unwrap();
    let key_usage = KeyUsage::new().critical().digital_signature().build().unwrap();
    new.append_extension(BasicConstraints::new().critical().build().unwrap())
        .unwrap();
    new.append_extension(key_usage).unwrap();
    let context = new.x509v3_context(Some(&ca), None);
    let name = SubjectAlternativeName::new()
        .dns(&format!("{name}.example"))
        .build(&context)
        .unwrap();
    let issuer = AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap();
    new.append_extension(name).unwrap();
    new.append_extension(issuer).unwrap();
    let key = PKey::private_key_from_pem(&read("ca.key.pem")).unwrap();
    new.sign(&key, MessageDigest::sha256()).unwrap();
    new.build().to_pem().unwrap()
}

/// A revocation list of the CA of the fixtures, in which nothing is, and which ends after so many seconds, in PEM.
fn list(seconds: i64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("index", "");
    write("number", "01\n");
    write(
        "ca.cnf",
        &format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index\ncrlnumber = number\ndefault_md = sha256\ncertificate = {KEYS}/ca.pem\n\
             private_key = {KEYS}/ca.key.pem\ncrl_extensions = more\n[more]\nauthorityKeyIdentifier = keyid:always\n"
        ),
    );
    let mut command = Command::new("openssl");
    command.args([
        "ca",
        "-gencrl",
        "-config",
        "ca.cnf",
        "-crlsec",
        &seconds.to_string(),
    ]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// What was found of a change at its second.
struct Flip {
    messages: usize,
    /// How long after it the first one was refused.
    after: Duration,
}

/// Sends messages until two seconds after `end`: all are accepted before, and refused with `code` from a second after it on.
fn flips(gateway: &Process, end: DateTime<Utc>, code: &str, make: impl Fn() -> String + Sync) -> Flip {
    let refused = Mutex::new(Vec::new());
    let messages = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while Utc::now() < end + TimeDelta::seconds(2) {
                    let request = make();
                    let begun = Utc::now();
                    let answer = send(gateway.plain, &request);
                    let answered = Utc::now();
                    *messages.lock().unwrap() += 1;
                    if answer.status == 200 {
                        assert!(
                            begun <= end + TimeDelta::seconds(1),
                            "accepted at {begun}, after {end}"
                        );
                    } else {
                        assert!(answered > end, "refused at {answered}, before {end}: {answer:?}");
                        refused
                            .lock()
                            .unwrap()
                            .push((answered, answer.incident().to_owned()));
                    }
                }
            });
        }
    });
    let refused = refused.into_inner().unwrap();
    let (first, incident) = refused.iter().min().unwrap();
    assert_eq!(gateway.code(incident), code);
    Flip {
        messages: messages.into_inner().unwrap(),
        after: (*first - end).to_std().unwrap(),
    }
}

fn gateway(backend: &Backend, before: impl FnOnce(&Path, &Path)) -> (TempDir, Process) {
    let (folder, file) = remembering(backend.address, "");
    before(folder.path(), &file);
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    (folder, gateway)
}

fn sender_ends() -> Flip {
    let backend = orders();
    let (_folder, gateway) = gateway(&backend, |_, _| {});
    let end = soon();
    let new = Certificate::from_pem_bundle(&issued("alice", end))
        .unwrap()
        .remove(0);
    let [old, new] = [certificate("alice"), new].map(|certificate| encode_base64(certificate.der()));
    // The token is not signed, so that another certificate of the same key can take its place.
    flips(&gateway, end, "trust.expired", || order_with(&old, &new))
}

fn order_with(old: &str, new: &str) -> String {
    let order = order();
    let (head, body) = order.split_once("\r\n\r\n").unwrap();
    let (head, _) = head.split_once("Content-Length: ").unwrap();
    let body = body.replacen(old, new, 1);
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn own_ends() -> Flip {
    let (backend, end) = (orders(), soon());
    let (_folder, gateway) = gateway(&backend, |folder, _| {
        fs::write(folder.join("gateway.pem"), issued("gateway", end)).unwrap();
    });
    let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
    let ends = format!("sealgate_certificate_ends_timestamp_seconds {}", end.timestamp());
    assert!(metrics.lines().any(|line| line == ends), "{ends} in {metrics}");
    flips(&gateway, end, "outbound.certificate", order)
}

fn list_ends() -> Flip {
    let (backend, end) = (orders(), soon());
    let left = (end - Utc::now()).num_seconds() + 1;
    let (_folder, gateway) = gateway(&backend, |folder, file| {
        fs::write(folder.join("short.crl.pem"), list(left)).unwrap();
        change(
            file,
            "[route.trust.saml]",
            "[route.trust]\ncrls = [\"short.crl.pem\"]\n\n[route.trust.saml]",
        );
    });
    let text = fs::read(_folder.path().join("short.crl.pem")).unwrap();
    let list = openssl::x509::X509Crl::from_pem(&text).unwrap();
    let left = Asn1Time::days_from_now(0)
        .unwrap()
        .diff(list.next_update().unwrap())
        .unwrap();
    let end = (Utc::now() + TimeDelta::seconds(left.secs.into()))
        .duration_trunc(TimeDelta::seconds(1))
        .unwrap();
    flips(&gateway, end, "trust.revocation_unknown", order)
}

/// A listener's certificate is exchanged before it ends: how many handshakes there were, each good.
fn listener_ends() -> usize {
    let (backend, folder) = (orders(), tempfile::tempdir().unwrap());
    let file = folder.path().join("tls.pem");
    let end = soon();
    fs::write(&file, issued("gateway", end)).unwrap();
    let text = crate::gateway::configuration(&format!("http://{}/legacy", backend.address));
    let tls = format!("tls = {{ certificate = \"{}\"", file.display());
    let gateway = Gateway::configured(&text.replacen("tls = { certificate = \"gateway.pem\"", &tls, 1));
    let mut handshakes = 0;
    let mut exchanged = false;
    while Utc::now() < end + TimeDelta::seconds(2) {
        if !exchanged && Utc::now() > end - TimeDelta::seconds(2) {
            fs::write(&file, issued("gateway", end + TimeDelta::hours(1))).unwrap();
            assert_eq!(
                send(gateway.admin(), &request("POST", "/reload", &[], "")).status,
                200
            );
            exchanged = true;
        }
        let message = post(Version::Soap11, "urn:place", &Message::default().signed());
        assert_eq!(send_tls(gateway.tls(), None, &message).unwrap().status, 200);
        handshakes += 1;
    }
    handshakes
}

#[test]
fn what_ends_has_no_effect_from_its_second_on() {
    let (sender, own, list, handshakes) = std::thread::scope(|scope| {
        let sender = scope.spawn(sender_ends);
        let own = scope.spawn(own_ends);
        let list = scope.spawn(list_ends);
        let handshakes = scope.spawn(listener_ends);
        (
            sender.join().unwrap(),
            own.join().unwrap(),
            list.join().unwrap(),
            handshakes.join().unwrap(),
        )
    });
    let said = |flip: &Flip| {
        format!(
            "{} messages, refused {:.2} s after it",
            flip.messages,
            flip.after.as_secs_f64()
        )
    };
    row(
        "B24, `make drill-certificates`",
        &format!(
            "the certificate of a sender ended: {}; our own: {}; a revocation list: {}; that of a listener was exchanged before it ended: {handshakes} handshakes, all good",
            said(&sender),
            said(&own),
            said(&list),
        ),
    );
}
