//! The metadata of a federation: an aggregate of many entities, which never stands in one tree unless its signature is verified.
//!
//! SEALGATE_ENTITIES says of how many; `cargo test --test federation -- --nocapture` prints time and memory.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic, and tells what it measured"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::{Certificate, PrivateKey, encode_base64};
use sealgate::inbound::{FetchedContext, add_fetched};
use sealgate::mint::saml::{SamlPart, SamlSigner};
use sealgate::policy::Profile;
use sealgate::token::datetime;
use sealgate::trust::{Issuers, TrustSources};

const NOW: &str = "2026-11-24T00:00:30Z";

/// One at a time, as memory is measured.
static ALONE: Mutex<()> = Mutex::new(());

fn keys(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/keys")
        .join(name)
}

fn entities() -> usize {
    std::env::var("SEALGATE_ENTITIES").map_or(500, |text| text.parse().unwrap())
}

/// An aggregate of `count` entities as federations publish them, in two groups; the last is the identity provider of the fixtures.
fn aggregate(count: usize) -> String {
    let certificate = |name: &str| {
        let pem = fs::read(keys(name)).unwrap();
        encode_base64(Certificate::from_pem_bundle(&pem).unwrap()[0].der())
    };
    let (old, new) = (certificate("alice.pem"), certificate("other-idp.pem"));
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" \
         xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" ID=\"_f\" Name=\"urn:federation\" \
         validUntil=\"2026-12-10T00:00:00Z\" cacheDuration=\"PT6H\">\n<md:EntitiesDescriptor Name=\"urn:half\">",
    );
    for number in 1..count {
        if number == count / 2 {
            text.push_str("</md:EntitiesDescriptor>\n");
        }
        let _ = write!(
            text,
            "\n  <md:EntityDescriptor entityID=\"https://entity-{number}.example/saml\">\n    <md:Extensions>\
             <mdrpi:RegistrationInfo registrationAuthority=\"https://federation.example/\" registrationInstant=\"2020-01-01T00:00:00Z\"/>\
             </md:Extensions>\n"
        );
        for role in ["IDPSSODescriptor", "SPSSODescriptor"] {
            let _ = write!(
                text,
                "    <md:{role} protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n      <md:Extensions>\
                 <mdui:UIInfo>{}</mdui:UIInfo></md:Extensions>\n",
                (0..8).fold(String::new(), |mut names, language| {
                    let _ = write!(
                        names,
                        "\n        <mdui:DisplayName xml:lang=\"l{language}\">Organization {number} of the federation</mdui:DisplayName>\
                         <mdui:Description xml:lang=\"l{language}\">What it is for &amp; whom</mdui:Description>"
                    );
                    names
                })
            );
            for (key_use, certificate) in [("signing", &old), ("signing", &new), ("encryption", &old)] {
                let _ = writeln!(
                    text,
                    "      <md:KeyDescriptor use=\"{key_use}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
                     </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
                );
            }
            let _ = writeln!(text, "    </md:{role}>");
        }
        text.push_str("  </md:EntityDescriptor>");
    }
    let idp = fs::read_to_string(keys("idp-metadata.xml")).unwrap();
    text.push_str(idp.split_once("?>").unwrap().1);
    text.push_str("</md:EntitiesDescriptor>\n");
    text
}

fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How long `work` took, and by how many KiB more than before the process was large meanwhile.
fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration, u64) {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let begin = Instant::now();
    let done = work();
    (done, begin.elapsed(), status("VmHWM:").saturating_sub(before))
}

fn sealgate(arguments: &[&str], files: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(arguments)
        .args(files)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
        .output()
        .unwrap()
}

#[test]
fn one_issuer_of_many_is_found_without_a_tree_of_all() {
    let _alone = ALONE.lock();
    let text = Bytes::from(aggregate(entities()));
    let (length, at) = (text.len(), datetime::parse(NOW).unwrap());
    let mut issuers = Issuers::new();
    let (added, took, growth) = measured(|| issuers.add(text));
    added.unwrap();
    println!(
        "{} entities, {} KiB: read in {took:?}, {growth} KiB more",
        entities(),
        length / 1024
    );
    assert_eq!(issuers.entity_ids().count(), entities());
    // The index and one entity; the octets were there before.
    let allowed = 4096 + 2 * u64::try_from(entities()).unwrap();
    assert!(growth < allowed, "{growth} KiB for {length} bytes");
    let (keys, took, _) = measured(|| issuers.keys("https://entity-7.example/saml", Issuers::ASSERTING, at));
    println!("the keys of one: {took:?}");
    // Two for a rollover; the one for encryption is none.
    assert_eq!(keys.unwrap().len(), 2);
    assert_eq!(
        issuers
            .keys("https://entity-7.example", Issuers::ASSERTING, at)
            .unwrap_err()
            .code(),
        "trust.issuer_unknown"
    );
}

#[test]
fn the_signature_of_all_of_it_is_verified_in_memory_that_its_length_bounds() {
    let _alone = ALONE.lock();
    let signer = SamlSigner {
        key: PrivateKey::from_pem(&fs::read(keys("pinned.key.pem")).unwrap(), None)
            .unwrap()
            .into(),
        method: SignatureAlgorithm::RsaSha256,
        certificates: Vec::new(),
    };
    let signed = signer
        .sign(aggregate(entities()).into(), SamlPart::Document)
        .unwrap();
    let (length, at) = (signed.len(), datetime::parse(NOW).unwrap());
    let mut federation = TrustSources::new();
    federation.trust_path(&keys("pinned.pem"), None, None).unwrap();
    let context = FetchedContext {
        policy: &Profile::Strict.policy(),
        signer: &federation.build(),
        fetched: at,
        at,
    };
    let mut issuers = Issuers::new();
    let (added, took, growth) = measured(|| add_fetched(&mut issuers, signed.into(), &context));
    added.unwrap();
    println!(
        "{} entities, {} KiB: verified and read in {took:?}, {growth} KiB more",
        entities(),
        length / 1024
    );
    assert_eq!(issuers.entity_ids().count(), entities());
    let allowed = 16 * 1024 + u64::try_from(length / 1024).unwrap();
    assert!(growth < allowed, "{growth} KiB for {length} bytes");
}

#[test]
fn an_assertion_is_verified_with_the_signed_metadata_of_a_federation() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let (plain, signed) = (folder.path().join("plain.xml"), folder.path().join("signed.xml"));
    fs::write(&plain, aggregate(entities())).unwrap();
    let sign = [
        "saml",
        "sign",
        "--key",
        "keys/pinned.key.pem",
        "--cert",
        "keys/pinned.pem",
    ];
    let output = sealgate(&sign, &[&plain]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(&signed, &output.stdout).unwrap();

    let verify = |metadata: &Path, more: &str, at: &str| {
        let metadata = metadata.to_string_lossy();
        let mut arguments = vec!["saml", "verify", "--policy", "saml-sso", "--metadata", &metadata];
        arguments.extend([
            "--at",
            at,
            "--request-id",
            "_request-1",
            "--audience",
            "https://gateway.example/orders",
            "--recipient",
            "https://gateway.example/orders/acs",
        ]);
        arguments.extend(more.split_whitespace());
        let begin = Instant::now();
        let output = sealgate(&arguments, &[Path::new("cases/good/saml-response/message.xml")]);
        println!("saml verify {more}: {:?}", begin.elapsed());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let by_federation = "--metadata-signer keys/pinned.pem";
    for (metadata, more) in [(&plain, ""), (&signed, ""), (&signed, by_federation)] {
        let (code, said) = verify(metadata, more, NOW);
        assert_eq!(code, Some(0), "{said}");
    }
    for (metadata, more, at, why) in [
        (&plain, by_federation, NOW, "sign"),
        (&signed, "--metadata-signer keys/alice.pem", NOW, "sign"),
        (
            &signed,
            by_federation,
            "2026-11-09T23:59:59Z",
            "it may be 2026-12-09",
        ),
        (&signed, by_federation, "2026-12-10T00:00:00Z", "held until"),
    ] {
        let (code, said) = verify(metadata, more, at);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let text = fs::read_to_string(&signed).unwrap();
    fs::write(&signed, text.replace("entity-3.example", "entity-x.example")).unwrap();
    let (code, said) = verify(&signed, by_federation, NOW);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("digest"), "{said}");
}
