//! Keys, revocation lists and metadata that the gateway fetches in the background.

use std::fs;
use std::process::Command;

use chrono::{TimeDelta, Utc};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509Crl};
use sealgate::crypto::PrivateKey;
use sealgate::soap::Version;
use serde_json::json;
use tempfile::TempDir;

use crate::authority::{CrlPlan, Party, crl};
use crate::backend::{http, orders};
use crate::bearer::{Provider, ask, refused};
use crate::client::{post, request, send};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::{KEYS, Message, certificate};
use crate::process::program;
use crate::reload::metadata;
use crate::site::{Site, wait_until};

const DISCOVERY: &str = "/idp/.well-known/openid-configuration";

/// A provider of tokens with a site of its own, under the name that its site has.
struct Published {
    provider: Provider,
    site: Site,
}

impl Published {
    fn new() -> Self {
        let published = Self {
            provider: Provider::new(),
            site: Site::start(),
        };
        let configuration = json!({ "issuer": published.issuer(), "jwks_uri": published.site.url("/keys") });
        published
            .site
            .say(DISCOVERY, configuration.to_string().as_bytes());
        published.publish();
        published
    }

    fn issuer(&self) -> String {
        self.site.url("/idp")
    }

    fn publish(&self) {
        self.site.say("/keys", self.provider.jwks().as_bytes());
    }

    fn token(&self, id: &str) -> String {
        let token = self.provider.token(id, &json!({ "iss": self.issuer() }));
        format!("Bearer {token}")
    }

    /// A folder with a configuration of a gateway that asks for its tokens.
    fn folder(&self, more: &str) -> TempDir {
        let text = configuration(&format!("http://{}/legacy", orders().address));
        let bearer = format!(
            "[route.bearer]\nissuer = {:?}\naudience = \"urn:orders\"\njwks = \"keys.json\"\n[route.backend]",
            self.issuer()
        );
        let fetch = format!(
            "[[fetch]]\nfile = \"keys.json\"\nissuer = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n{more}\n[[route]]",
            self.issuer()
        );
        let text = text
            .replace("[route.backend]", &bearer)
            .replace("[[route]]", &fetch);
        let (folder, _) = prepared(&text);
        self.site.introduce(folder.path());
        folder
    }
}

fn metrics(gateway: &Gateway) -> String {
    send(gateway.admin(), &request("GET", "/metrics", &[], "")).body
}

/// How often nothing good came for `file`, for that reason.
fn failures(gateway: &Gateway, file: &str, code: &str) -> u64 {
    let line = format!("sealgate_fetch_failures_total{{file=\"{file}\",code=\"{code}\"}} ");
    let metrics = metrics(gateway);
    let count = metrics.lines().find_map(|one| one.strip_prefix(&line));
    count.map_or(0, |count| count.parse().unwrap())
}

fn wait_for_failure(gateway: &Gateway, file: &str, code: &str) {
    wait_until(code, || failures(gateway, file, code) > 0);
}

#[test]
fn keys_of_an_issuer_are_found_and_change_while_messages_come() {
    let mut published = Published::new();
    let folder = published.folder("");
    let checked = Command::new(program())
        .args(["config", "check", "sealgate.toml", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (checked.status.code(), &told["verdict"]),
        (Some(0), &json!("right")),
        "{told}"
    );
    assert_eq!(told["notes"][0]["key"], "fetch[1].file");
    assert!(!folder.path().join("keys.json").exists());
    let gateway = Gateway::in_folder(folder).unwrap();
    let old = published.token("one");
    assert_eq!(ask(&gateway, None, &[&old]).status, 200);
    published
        .provider
        .keys
        .push(("two", PrivateKey::generate_rsa(2048).unwrap()));
    let new = published.token("two");
    refused(&ask(&gateway, None, &[&new]), "bearer.key");
    published.publish();
    wait_until("a new key", || ask(&gateway, None, &[&new]).status == 200);
    assert_eq!(ask(&gateway, None, &[&old]).status, 200);
    published.provider.keys.remove(0);
    published.publish();
    wait_until("no old key", || ask(&gateway, None, &[&old]).status == 401);
    refused(&ask(&gateway, None, &[&old]), "bearer.key");
    assert_eq!(ask(&gateway, None, &[&new]).status, 200);
    assert!(metrics(&gateway).contains("sealgate_fetched_timestamp_seconds{file=\"keys.json\"} "));
    // The same again is no new configuration.
    assert!(
        metrics(&gateway).contains("sealgate_configuration 3\n"),
        "{}",
        metrics(&gateway)
    );
}

#[test]
fn what_is_bad_changes_nothing_and_says_so() {
    let published = Published::new();
    let gateway = Gateway::in_folder(published.folder("bytes = 4096")).unwrap();
    let token = published.token("one");
    let keys = published.provider.jwks();
    let other = json!({ "issuer": "https://evil.example", "jwks_uri": published.site.url("/keys") });
    let lost = keys.replace("\"kty\"", "\"d\":\"AA\",\"kty\"");
    let elsewhere = published.site.url("/elsewhere");
    published.site.say("/elsewhere", b"{\"keys\":[]}");
    for (answer, code) in [
        (http("200 OK", &[], "{\"keys\":[]}"), "fetch.refused"),
        (http("200 OK", &[], &lost), "fetch.refused"),
        (http("200 OK", &[], &" ".repeat(4097)), "fetch.too_large"),
        (http("302 Found", &[("Location", &elsewhere)], ""), "fetch.status"),
        (
            http("200 OK", &[("Content-Encoding", "gzip")], &keys),
            "fetch.content_encoding",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{keys}").into_bytes(),
            "fetch.broken",
        ),
        (
            format!("HTTP/1.1 200 OK\r\n\r\n{keys}").into_bytes(),
            "fetch.broken",
        ),
    ] {
        published.site.answer("/keys", answer);
        wait_for_failure(&gateway, "keys.json", code);
    }
    published.site.say(DISCOVERY, other.to_string().as_bytes());
    wait_for_failure(&gateway, "keys.json", "fetch.issuer");
    published.site.say(DISCOVERY, b"{}x");
    wait_for_failure(&gateway, "keys.json", "fetch.discovery");
    published.site.go_down(true);
    wait_for_failure(&gateway, "keys.json", "fetch.unreachable");
    assert_eq!(published.site.asked("/elsewhere"), 0);
    assert_eq!(ask(&gateway, None, &[&token]).status, 200);
    assert!(metrics(&gateway).contains("sealgate_configuration 1\n"));
}

#[test]
fn the_last_good_copy_serves_while_the_address_is_down() {
    let mut published = Published::new();
    let folder = published.folder("");
    published.site.go_down(true);
    let problems = Gateway::in_folder(folder).err().unwrap().to_string();
    assert!(
        problems.contains("route[1].bearer.jwks: cannot be read: keys.json"),
        "{problems}"
    );
    published.site.go_down(false);
    let gateway = Gateway::in_folder(published.folder("")).unwrap();
    published
        .provider
        .keys
        .push(("two", PrivateKey::generate_rsa(2048).unwrap()));
    published.publish();
    let new = published.token("two");
    wait_until("a new key", || ask(&gateway, None, &[&new]).status == 200);
    wait_until("a copy", || {
        let kept = fs::read_to_string(gateway.folder.path().join("keys.json"));
        kept.is_ok_and(|kept| kept == published.provider.jwks())
    });
    published.site.go_down(true);
    let again = Gateway::in_folder(gateway.into_folder()).unwrap();
    assert_eq!(ask(&again, None, &[&new]).status, 200);
    wait_for_failure(&again, "keys.json", "fetch.unreachable");
    assert_eq!(ask(&again, None, &[&new]).status, 200);
}

#[test]
fn keys_that_were_not_seen_for_too_long_verify_nothing() {
    let published = Published::new();
    let gateway = Gateway::in_folder(published.folder("max_age_seconds = 3")).unwrap();
    let token = || published.token("one");
    // They are seen again and again.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(ask(&gateway, None, &[&token()]).status, 200);
    let kept = fs::metadata(gateway.folder.path().join("keys.json")).unwrap();
    assert!(kept.modified().unwrap().elapsed().unwrap().as_secs() < 3);
    published.site.go_down(true);
    wait_until("keys too old", || ask(&gateway, None, &[&token()]).status == 401);
    refused(&ask(&gateway, None, &[&token()]), "bearer.keys_old");
    let again = Gateway::in_folder(gateway.into_folder()).unwrap();
    refused(&ask(&again, None, &[&token()]), "bearer.keys_old");
    published.site.go_down(false);
    wait_until("keys", || ask(&again, None, &[&token()]).status == 200);
    assert!(metrics(&again).contains("sealgate_configuration 1\n"));
}

#[test]
fn a_site_that_somebody_else_certifies_is_not_asked() {
    let published = Published::new();
    let folder = published.folder("");
    Site::start().introduce(folder.path());
    assert!(Gateway::in_folder(folder).is_err());
    assert_eq!(published.site.asked(DISCOVERY), 0);
}

#[test]
fn nobody_waits_for_an_address_and_no_message_makes_the_gateway_ask() {
    let published = Published::new();
    let folder = published.folder("").path().to_owned();
    assert!(!folder.exists());
    let folder = published.folder("");
    let text = fs::read_to_string(folder.path().join("sealgate.toml")).unwrap();
    let rarely = text.replace("every_seconds = 1", "every_seconds = 3600");
    fs::write(folder.path().join("sealgate.toml"), &rarely).unwrap();
    let gateway = Gateway::in_folder(folder).unwrap();
    let asked = || published.site.asked(DISCOVERY);
    // Once to start with, and once in the background.
    wait_until("asked twice", || asked() == 2);
    published.site.stall(true);
    let (good, stranger) = (published.token("one"), published.token("one").replace('.', ".x"));
    for _ in 0..10 {
        let begun = std::time::Instant::now();
        assert_eq!(ask(&gateway, None, &[&good]).status, 200);
        assert_eq!(ask(&gateway, None, &[&stranger]).status, 401);
        assert!(begun.elapsed().as_secs() < 5);
    }
    assert_eq!(asked(), 2);
}

#[test]
fn what_somebody_has_begun_to_write_is_not_taken_on_with_what_is_fetched() {
    let mut published = Published::new();
    let gateway = Gateway::in_folder(published.folder("")).unwrap();
    fs::write(gateway.folder.path().join("sealgate.toml"), "[[").unwrap();
    published
        .provider
        .keys
        .push(("two", PrivateKey::generate_rsa(2048).unwrap()));
    published.publish();
    let new = published.token("two");
    wait_until("a new key", || ask(&gateway, None, &[&new]).status == 200);
}

/// The authority of the fixtures.
pub(crate) fn authority() -> Party {
    let pem = fs::read(format!("{KEYS}/ca.key.pem")).unwrap();
    let certificate = certificate("ca");
    let x509 = X509::from_der(certificate.der()).unwrap();
    Party {
        name: x509.subject_name().to_owned().unwrap(),
        key: PKey::private_key_from_pem(&pem).unwrap(),
        certificate,
    }
}

/// Somebody who calls himself like the authority.
fn impostor() -> Party {
    let pem = fs::read(format!("{KEYS}/stranger-ca.key.pem")).unwrap();
    Party {
        key: PKey::private_key_from_pem(&pem).unwrap(),
        ..authority()
    }
}

/// A CRL from so many hours ago, for so many from now, that lists these.
pub(crate) fn list(ago: i64, ahead: i64, revoked: &[&str]) -> CrlPlan {
    let time = |hours| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339();
    let mut plan = crl(&time(-ago), &time(ahead)).hash(MessageDigest::sha256());
    for name in revoked {
        plan = plan.entry(certificate(name).serial_bytes(), &time(-ago), &[]);
    }
    plan
}

/// The same of the authority's.
pub(crate) fn revoking(ago: i64, ahead: i64, revoked: &[&str]) -> Vec<u8> {
    list(ago, ahead, revoked).der(&authority())
}

pub(crate) fn pem(lists: &[&[u8]]) -> Vec<u8> {
    let pem = |der: &&[u8]| X509Crl::from_der(der).unwrap().to_pem().unwrap();
    lists.iter().flat_map(pem).collect()
}

#[test]
fn a_certificate_is_revoked_by_a_list_that_is_fetched_and_an_older_list_does_not_bring_it_back() {
    let site = Site::start();
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let fetch = format!(
        "[[fetch]]\nfile = \"fetched.crl\"\nurl = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n[[route]]",
        site.url("/crl")
    );
    let text = text.replace("[[route]]", &fetch).replace(
        "[route.trust.saml]",
        "[route.trust]\ncrls = [\"fetched.crl\"]\n[route.trust.saml]",
    );
    let (folder, _) = prepared(&text);
    site.introduce(folder.path());
    site.say("/crl", &revoking(3, 1, &[]));
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    let order = |signer| {
        let message = Message {
            signer,
            ..Message::default()
        };
        send(
            gateway.plain(),
            &post(Version::Soap11, "urn:place", &message.signed()),
        )
    };
    assert_eq!((order("alice").status, order("bob").status), (200, 200));
    let base = list(2, 1, &[]);
    let number = |number: u8| base.clone().extension("2.5.29.20", false, &[2, 1, number]);
    let alice = certificate("alice");
    let revokes = number(7).entry(alice.serial_bytes(), "2026-11-01T00:00:00Z", &[]);
    site.say("/crl", &revokes.der(&authority()));
    wait_until("alice is revoked", || order("alice").status == 500);
    assert_eq!(logged_code(order("alice").incident()), "trust.revoked");
    // Whoever answers at the address can bring old lists back, and lists of his own.
    let forged = list(1, 1, &[]).der(&impostor());
    let delta = list(1, 1, &[])
        .extension("2.5.29.27", true, &[2, 1, 1])
        .der(&authority());
    let of_cas = list(1, 1, &[])
        .extension("2.5.29.28", true, &[0x30, 3, 0x82, 1, 0xff])
        .der(&authority());
    for (list, code) in [
        (revoking(3, 1, &[]), "fetch.older"),
        (pem(&[&revoking(3, 1, &[]), &forged]), "fetch.older"),
        (pem(&[&of_cas, &revoking(3, 1, &[])]), "fetch.older"),
        (number(6).der(&authority()), "fetch.older"),
        (base.der(&authority()), "fetch.older"),
        (forged, "fetch.refused"),
        (of_cas, "fetch.missing"),
        (delta, "fetch.revocation"),
        (revoking(1, -1, &[]), "fetch.over"),
        (
            fs::read(format!("{KEYS}/idp-metadata.xml")).unwrap(),
            "fetch.revocation",
        ),
    ] {
        let before = failures(&gateway, "fetched.crl", code);
        site.say("/crl", &list);
        // One may have been under way.
        wait_until(code, || failures(&gateway, "fetched.crl", code) > before + 1);
    }
    assert_eq!((order("alice").status, order("bob").status), (500, 200));
}

#[test]
fn a_list_that_is_not_served_any_more_is_let_go_of_with_its_file_and_none_gets_older() {
    let site = Site::start();
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let fetch = format!(
        "[[fetch]]\nfile = \"fetched.crl\"\nurl = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n[[route]]",
        site.url("/crl")
    );
    let text = text.replace("[[route]]", &fetch).replace(
        "[route.trust.saml]",
        "[route.trust]\ncrls = [\"fetched.crl\"]\n[route.trust.saml]",
    );
    let (folder, _) = prepared(&text);
    site.introduce(folder.path());
    let of_cas = list(2, 1, &[])
        .extension("2.5.29.28", true, &[0x30, 3, 0x82, 1, 0xff])
        .der(&authority());
    site.say("/crl", &pem(&[&of_cas, &revoking(2, 1, &["alice"])]));
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    let file = gateway.folder.path().join("fetched.crl");
    wait_until("it is kept", || file.exists());
    let next = |list: &[u8], code: &str| {
        let before = failures(&gateway, "fetched.crl", code);
        site.say("/crl", list);
        wait_until(code, || failures(&gateway, "fetched.crl", code) > before + 1);
    };
    let one = revoking(1, 1, &["alice"]);
    next(&one, "fetch.missing");
    fs::remove_file(&file).unwrap();
    // With the file goes what is missing, and not what keeps older lists out.
    next(&revoking(3, 1, &[]), "fetch.older");
    assert!(!file.exists());
    site.say("/crl", &one);
    wait_until("it is kept again", || file.exists());
    assert_eq!(fs::read(&file).unwrap(), one);
    // Who takes its place is missed as the other was.
    next(&of_cas, "fetch.missing");
    assert_eq!(fs::read(&file).unwrap(), one);
}

#[test]
fn who_lets_go_of_a_list_lets_go_of_no_other() {
    let site = Site::start();
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let fetch = format!(
        "[[fetch]]\nfile = \"lists/fetched.crl\"\nurl = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n[[route]]",
        site.url("/crl")
    );
    let text = text.replace("[[route]]", &fetch).replace(
        "[route.trust.saml]",
        "[route.trust]\ncrls = [\"lists/fetched.crl\"]\n[route.trust.saml]",
    );
    let (folder, _) = prepared(&text);
    site.introduce(folder.path());
    let lists = folder.path().join("lists");
    fs::create_dir(&lists).unwrap();
    let of_cas = list(2, 1, &[])
        .extension("2.5.29.28", true, &[0x30, 3, 0x82, 1, 0xff])
        .der(&authority());
    site.say("/crl", &pem(&[&of_cas, &revoking(2, 1, &["alice"])]));
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    wait_until("it is kept", || lists.join("fetched.crl").exists());
    let failed = |code: &str, times: u64| {
        let before = failures(&gateway, "lists/fetched.crl", code);
        wait_until(code, || {
            failures(&gateway, "lists/fetched.crl", code) >= before + times
        });
    };
    let one = revoking(1, 1, &["alice"]);
    site.say("/crl", &one);
    failed("fetch.missing", 2);
    // With the folder gone, what comes is taken on and cannot be kept.
    fs::remove_dir_all(&lists).unwrap();
    failed("fetch.not_kept", 2);
    site.say("/crl", &of_cas);
    failed("fetch.missing", 2);
    assert!(metrics(&gateway).contains("sealgate_configuration 2\n"));
}

#[test]
fn metadata_that_is_fetched_is_signed_and_never_older() {
    let site = Site::start();
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let fetch = format!(
        "[[fetch]]\nfile = \"fetched.xml\"\nurl = {:?}\nca = [\"site-ca.pem\"]\nevery_seconds = 1\n[[route]]",
        site.url("/saml")
    );
    let unsigned = text
        .replace("[[route]]", &fetch)
        .replace("idp-metadata.xml", "fetched.xml");
    let text = unsigned.replace("audience =", "metadata_signer = \"pinned.pem\"\naudience =");
    site.say("/saml", metadata(48).as_bytes());
    let folder = |text: &str| {
        let (folder, _) = prepared(text);
        site.introduce(folder.path());
        folder
    };
    let problems = Gateway::in_folder(folder(&unsigned)).err().unwrap().to_string();
    assert!(
        problems.contains("is fetched, and nobody is named who signs it"),
        "{problems}"
    );
    let gateway = Gateway::in_folder(folder(&text)).unwrap_or_else(|problems| panic!("{problems}"));
    let kept = || fs::read_to_string(gateway.folder.path().join("fetched.xml")).unwrap_or_default();
    for (says, code) in [
        (metadata(24), "fetch.refused"),
        (
            metadata(72).replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:x"),
            "fetch.refused",
        ),
    ] {
        site.say("/saml", says.as_bytes());
        wait_for_failure(&gateway, "fetched.xml", code);
        assert_ne!(kept(), says);
    }
    let newer = metadata(72);
    let other = newer.replace("https://idp.example", "https://other.example");
    site.say("/saml", other.as_bytes());
    wait_for_failure(&gateway, "fetched.xml", "fetch.missing");
    site.say("/saml", newer.as_bytes());
    wait_until("newer metadata", || kept() == newer);
}
