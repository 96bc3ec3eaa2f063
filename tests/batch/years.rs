//! `fixtures/archive`: what became of certificates and algorithms since messages were signed, and what that says of each message.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::inbound::Received;
use sealgate::policy::{Policy, Profile, Sha1};
use sealgate::verifier::{Setup, TrustFiles};
use serde_json::Value;

const AT: [&str; 2] = ["message", "now"];

fn archive() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/archive")
}

/// The results by the profile for archives, by the names of the messages.
fn results(published: &Path, at: &str) -> BTreeMap<String, Value> {
    let published = published.to_str().unwrap();
    results_by("archive-verify", &["--crl", published, "--at", at])
}

/// The same by any policy.
fn results_by(policy: &str, options: &[&str]) -> BTreeMap<String, Value> {
    let out = tempfile::tempdir().unwrap();
    let output = verify(out.path(), policy, options);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    super::results(out.path())
        .into_iter()
        .map(|(path, result)| {
            let name = path.trim_start_matches("messages/").trim_end_matches(".xml");
            (name.to_owned(), result)
        })
        .collect()
}

fn verify(out: &Path, policy: &str, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .args(["batch", "verify", "--trust", "keys/ca.pem", "--policy", policy])
        .args(options)
        .arg("--out")
        .arg(out)
        .arg("messages")
        .current_dir(archive());
    command.output().unwrap()
}

#[test]
fn messages_of_years_come_out_as_of_their_own_times_and_as_of_now() {
    let outcomes = fs::read_to_string(archive().join("outcomes.toml")).unwrap();
    let outcomes: BTreeMap<String, BTreeMap<String, Value>> = toml::from_str(&outcomes).unwrap();
    for at in AT {
        let results = results(Path::new("published"), at);
        assert_eq!(results.len(), outcomes.len());
        for (name, result) in &results {
            let outcome = &outcomes[name][at];
            let told = format!("{name} as of {at}: {result}");
            assert_eq!(result["verdict"], outcome["verdict"], "{told}");
            assert_eq!(result["code"], outcome["code"], "{told}");
            let says = outcome["says"].as_str().unwrap_or_default();
            assert!(
                result["message"].as_str().unwrap_or_default().contains(says),
                "{told}"
            );
            let none = Value::Array(Vec::new());
            assert_eq!(
                &result["legacy"],
                outcome.get("legacy").unwrap_or(&none),
                "{told}"
            );
            let warned = result["warnings"].as_array().unwrap();
            let warned: Vec<&Value> = warned.iter().filter(|code| !of_every_message(code)).collect();
            let expected = outcome.get("warnings").unwrap_or(&none).as_array().unwrap();
            assert_eq!(warned, expected.iter().collect::<Vec<_>>(), "{told}");
        }
    }
}

/// Each CRL and the OCSP response decide what nothing else there decides.
#[test]
fn what_was_published_is_needed_file_by_file() {
    let published = archive().join("published");
    let verdicts = |published: &Path| {
        AT.map(|at| {
            let results = results(published, at).into_iter();
            results
                .map(|(name, result)| (name, result["code"].clone(), result["warnings"].clone()))
                .collect::<Vec<_>>()
        })
    };
    let all = verdicts(&published);
    let names = fs::read_dir(&published)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.collect();
    assert_eq!(names.len(), 5);
    for without in &names {
        let folder = tempfile::tempdir().unwrap();
        for name in names.iter().filter(|name| *name != without) {
            fs::copy(published.join(name), folder.path().join(name)).unwrap();
        }
        assert_ne!(verdicts(folder.path()), all, "{}", without.display());
    }
}

/// What old algorithms may be taken before.
const LEGACY: [&str; 4] = [
    "sha1=2016-01-01T00:00:00Z",
    "rsa-sha1=2016-01-01T00:00:00Z",
    "certificate-sha1=2016-01-01T00:00:00Z",
    "certificate-rsa-1024=2014-05-05T09:00:01Z",
];

/// The profile for archives without old algorithms.
fn modern() -> Policy {
    let mut policy = Profile::ArchiveVerify.policy();
    let algorithms = &mut policy.algorithms;
    let digests = algorithms.digests.iter();
    algorithms.digests = digests.filter(|one| *one != DigestAlgorithm::Sha1).collect();
    let signatures = algorithms.signatures.iter();
    algorithms.signatures = signatures
        .filter(|one| *one != SignatureAlgorithm::RsaSha1)
        .collect();
    algorithms.rsa_min_bits = 2048;
    policy.certificates.sha1 = Sha1::Refuse;
    policy
}

/// What is warned of in all of them.
fn of_every_message(code: &Value) -> bool {
    [
        "unconstrained_ca",
        "signed_info_prefix_list",
        "transform_prefix_list",
    ]
    .contains(&code.as_str().unwrap())
}

/// What is told of each message, but of what is told of all.
fn told(policy: &str, legacy: &[&str], at: &str) -> BTreeMap<String, String> {
    let mut options = vec!["--crl", "published", "--at", at];
    options.extend(legacy.iter().flat_map(|one| ["--legacy-before", one]));
    let told = |result: &Value| {
        let warnings = result["warnings"].as_array().unwrap().iter();
        let warnings = warnings.filter(|code| !of_every_message(code));
        let code = [&result["code"]].into_iter().filter(|code| !code.is_null());
        let all = code.chain(warnings).chain(result["legacy"].as_array().unwrap());
        all.map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    let results = results_by(policy, &options).into_iter();
    results.map(|(name, result)| (name, told(&result))).collect()
}

/// What is refused names a time all the same, and may have made it up.
#[test]
fn a_time_that_nobody_is_seen_to_have_signed_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let encrypted = folder.path().join("encrypted.toml");
    let policy = toml::to_string(&Profile::ArchiveVerify.policy()).unwrap();
    fs::write(&encrypted, format!("encrypted = [\"body\"]\n{policy}")).unwrap();
    let found = told(encrypted.to_str().unwrap(), &[], "message");
    assert_eq!(found["good"], "policy.not_encrypted");
    assert_eq!(found["altered"], "dsig.digest_mismatch time_not_signed");
    let now = told("archive-verify", &[], "now");
    assert_eq!(now["altered"], "dsig.digest_mismatch");
}

#[test]
fn an_old_algorithm_is_taken_of_messages_of_its_time_alone() {
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, policy: &Policy| {
        let path = folder.path().join(name);
        fs::write(&path, toml::to_string(policy).unwrap()).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let modern = modern();
    let dated = Policy {
        legacy: LEGACY.map(|one| one.parse().unwrap()).to_vec(),
        ..modern.clone()
    };
    let (modern, dated) = (written("modern.toml", &modern), written("dated.toml", &dated));
    let by_age = told(&modern, &LEGACY, "message");
    for (name, expected) in [
        ("good", ""),
        ("sha1", "legacy_by_age sha1 rsa-sha1"),
        (
            "sha1-late",
            "dsig.algorithm_not_permitted legacy_too_late time_not_signed",
        ),
        ("sha1-undated", "policy.no_message_time time_not_signed"),
        ("short-key", "legacy_by_age certificate-sha1 certificate-rsa-1024"),
    ] {
        assert_eq!(by_age[name], expected, "{name}");
    }
    assert_eq!(told(&dated, &[], "message"), by_age);
    for (legacy, name, expected) in [
        (
            &LEGACY[..0],
            "sha1",
            "dsig.algorithm_not_permitted time_not_signed",
        ),
        (
            &LEGACY[..1],
            "sha1",
            "dsig.algorithm_not_permitted time_not_signed",
        ),
        (
            &LEGACY[1..2],
            "sha1",
            "dsig.algorithm_not_permitted time_not_signed",
        ),
        (&LEGACY[..3], "short-key", "trust.weak_key time_not_signed"),
        (&LEGACY[3..], "short-key", "trust.weak_signature time_not_signed"),
        (
            &[
                "certificate-sha1=2016-01-01T00:00:00Z",
                "certificate-rsa-1024=2014-05-05T09:00:00Z",
            ][..],
            "short-key",
            "trust.weak_key legacy_too_late time_not_signed",
        ),
    ] {
        assert_eq!(told(&modern, legacy, "message")[name], expected, "{legacy:?}");
    }
    // As of any other time nobody has said when it was signed.
    for at in ["now", "2014-05-05T09:00:00Z"] {
        assert_eq!(told(&dated, &[], at)["sha1"], "dsig.algorithm_not_permitted");
        let output = verify(
            folder.path(),
            &modern,
            &["--at", at, "--legacy-before", LEGACY[0]],
        );
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("--at message"), "{said}");
    }
    // Nor does a gate that hands messages on take it.
    let setup = Setup {
        policy: dated,
        trust: TrustFiles {
            trust: vec![archive().join("keys/ca.pem")],
            ..TrustFiles::default()
        },
        ..Setup::default()
    };
    let gate = setup.verifier().unwrap().gate;
    let message = fs::read(archive().join("messages/sha1.xml")).unwrap();
    let refused = gate.verify(
        Received::from(bytes::Bytes::from(message)),
        "2014-05-05T09:00:30Z".parse().unwrap(),
    );
    assert_eq!(refused.unwrap_err().code(), "dsig.algorithm_not_permitted");
}
