use std::fs;

use super::GOOD;
use super::folder;
use super::now;
use super::read_in;
use super::refuses;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::algorithm::TransformAlgorithm;
use crate::config::read_again;
use crate::config::schema;
use crate::fetch::Fetched;
use crate::policy::Grant;
use crate::policy::Policy;
use crate::policy::Profile;

const BEFORE: &str = "[route.backend]\n";

/// An exception before the backend, with these lines.
fn with(lines: &str) -> String {
    format!("[[route.exception]]\n{lines}\n{BEFORE}")
}

fn until(date: &str) -> String {
    with(&format!(
        "subject = [\"O=Example,CN=alice\"]\nallow = [\"sha1\"]\nreason = \"old\"\nuntil = {date}"
    ))
}

#[test]
fn an_exception_holds_to_the_end_of_its_last_day_and_is_told_of_before() {
    let folder = folder();
    let read = |date: &str| read_in(folder.path(), &GOOD.replace(BEFORE, &until(date)));
    for (date, warning) in [
        ("2026-12-24", None),
        (
            "2026-12-23",
            Some("ends in 29 days, with 2026-12-23, for O=Example,CN=alice"),
        ),
        ("2026-11-25", Some("ends in 1 day,")),
        ("2026-11-24", Some("ends today,")),
    ] {
        let checked = read(date).unwrap();
        let told: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
        match warning {
            None => assert!(told.is_empty(), "{told:?}"),
            Some(warning) => {
                assert_eq!(told.len(), 1);
                assert!(told[0].contains(warning), "{told:?}");
                assert!(told[0].contains("route[1].exception[1].until"), "{told:?}");
            }
        }
        let exception = &checked.routes[0].exceptions[0];
        assert!(
            exception
                .policy
                .algorithms
                .digests
                .contains(DigestAlgorithm::Sha1)
        );
        assert!(exception.holds(now()));
        assert_eq!(checked.routes[0].policy, Profile::Strict.policy());
    }
    let over = read("2026-11-23").unwrap_err().to_string();
    assert!(
        over.contains("route[1].exception[1].until: is over: 2026-11-23; remove"),
        "{over}"
    );
}

#[test]
fn one_that_is_over_keeps_nobody_from_taking_on_what_was_fetched() {
    let folder = folder();
    let text = GOOD.replace(BEFORE, &until("2026-11-23"));
    let file = folder.path().join("s.toml");
    let checked = read_again(&file, &text, now(), &Fetched::default()).unwrap();
    assert!(checked.routes[0].exceptions.is_empty());
}

#[test]
fn an_exception_says_for_whom_what_why_and_until_when() {
    let alice = "subject = [\"O=Example,CN=alice\"]";
    let rest = "allow = [\"sha1\"]\nreason = \"old\"\nuntil = 2027-03-01";
    let path = "route[1].exception[1]";
    for (lines, told) in [
        (rest.to_owned(), ": is for everybody; add whom it is for"),
        (
            format!("subject = []\n{rest}"),
            ": is for everybody; add whom it is for",
        ),
        (
            format!("subject = [\"*\"]\n{rest}"),
            ".subject: is no pattern, or fits everybody",
        ),
        (
            format!("san = [\"alice\"]\n{rest}"),
            ".san: is no pattern, or fits everybody",
        ),
        (
            format!("issuer = [\"https://idp.example/saml\"]\n{rest}"),
            ".issuer: is in no metadata of this route",
        ),
        (
            format!("{alice}\nallow = []\nreason = \"old\"\nuntil = 2027-03-01"),
            ".allow: is empty",
        ),
        (
            format!("{alice}\nallow = [\"md5\"]\nreason = \"old\"\nuntil = 2027-03-01"),
            ".allow[1]: is \"md5\"; write \"sha1\", \"rsa-sha1\"",
        ),
        (
            format!(
                "{alice}\nallow = [\"sha1\", \"username_token.no_nonce\"]\nreason = \"old\"\nuntil = 2027-03-01"
            ),
            ".allow[2]: cannot be granted beyond the policy \"strict\": username_token.no_nonce",
        ),
        (
            format!("{alice}\nallow = [\"sha1\"]\nreason = \" \"\nuntil = 2027-03-01"),
            ".reason: is empty",
        ),
        (
            format!("{alice}\nallow = [\"sha1\"]\nuntil = 2027-03-01"),
            ".reason: is missing",
        ),
        (
            format!("{alice}\nallow = [\"sha1\"]\nreason = \"old\""),
            ".until: is missing; add a date",
        ),
        (
            format!("{alice}\nallow = [\"sha1\"]\nreason = \"old\"\nuntil = \"2027-03-01\""),
            ".until: is a string; write a date without quotes",
        ),
        (
            format!("{alice}\nallow = [\"sha1\"]\nreason = \"old\"\nuntil = 2027-03-01T00:00:00Z"),
            "2027-03-01T00:00:00Z is no date",
        ),
    ] {
        let told = if told.starts_with(['.', ':']) {
            format!("{path}{told}")
        } else {
            told.to_owned()
        };
        refuses(BEFORE, &with(&lines), &told);
    }
}

#[test]
fn no_file_gives_everybody_what_an_exception_gives_to_one() {
    let folder = folder();
    let text = GOOD.replace(
        "path = \"/orders\"\n",
        "path = \"/orders\"\npolicy = \"own.toml\"\n",
    );
    let policy = Profile::Bsp11.policy();
    for grant in Grant::ALL {
        let lax = toml::to_string(&policy.granting(grant).unwrap()).unwrap();
        fs::write(folder.path().join("own.toml"), lax).unwrap();
        let problems = read_in(folder.path(), &text).unwrap_err().to_string();
        let instead = format!("allow = [\"{}\"]", grant.name());
        let old = problems.contains("lets a gateway relay what it must not");
        assert!(old || problems.contains(&instead), "{problems}");
        assert!(problems.contains("[[route.exception]]"), "{problems}");
    }
    let own = |policy: &Policy| {
        fs::write(folder.path().join("own.toml"), toml::to_string(policy).unwrap()).unwrap();
        read_in(folder.path(), &text).map_err(|problems| problems.to_string())
    };
    assert!(own(&policy).is_ok());
    // What nobody may be granted is no more to be had by a file.
    let signatures = SignatureAlgorithm::ALL.iter();
    for method in signatures.filter(|method| method.digest() == Some(DigestAlgorithm::Sha1)) {
        let mut policy = policy.clone();
        policy.algorithms.signatures = policy.algorithms.signatures.with(*method);
        assert!(own(&policy).unwrap_err().contains("SHA-1"), "{method:?}");
    }
    let canonicalizations = CanonicalizationAlgorithm::ALL.iter();
    for algorithm in canonicalizations.filter(|algorithm| !algorithm.is_exclusive()) {
        let mut of_signed_info = policy.clone();
        let algorithms = &mut of_signed_info.algorithms;
        algorithms.canonicalizations = algorithms.canonicalizations.with(*algorithm);
        let mut of_content = policy.clone();
        let algorithms = &mut of_content.algorithms;
        let transform = TransformAlgorithm::Canonicalization(*algorithm);
        algorithms.transforms = algorithms.transforms.with(transform);
        for policy in [of_signed_info, of_content] {
            let told = own(&policy).unwrap_err();
            assert!(
                told.contains("inclusive canonicalization") || told.contains("c14n10"),
                "{told}"
            );
        }
    }
}

#[test]
fn schema_and_manual_have_every_name() {
    let schema = schema().to_string();
    let manual = include_str!("../../manual/exceptions.rs");
    let rows = manual.lines().filter(|line| line.starts_with("//! | `"));
    assert_eq!(rows.count(), Grant::ALL.len());
    for grant in Grant::ALL {
        assert_eq!(serde_json::to_value(grant).unwrap(), grant.name());
        assert!(
            schema.contains(&format!("\"const\":\"{}\"", grant.name())),
            "{grant:?}"
        );
        assert!(
            manual.contains(&format!("//! | `{}` | ", grant.name())),
            "{grant:?}"
        );
    }
}
