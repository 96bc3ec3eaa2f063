//! What is told of certificates before they end.

use super::*;
use crate::trust::{CrlDue, CrlEnd};

#[test]
fn certificates_are_told_of_in_the_last_30_days_and_when_they_are_over() {
    let pins = "[route.trust]\npins = [\"expired.pem\"]\n[[route.trust.anchor]]";
    let tls = "\"127.0.0.1:0\"\ntls = { certificate = \"bob.pem\", key = \"bob.key.pem\" }";
    let text = GOOD
        .replace("[[route.trust.anchor]]", pins)
        .replace("\"127.0.0.1:0\"", tls);
    let folder = folder();
    let at = |time: &str| {
        let read = read(&folder.path().join("s.toml"), &text, time.parse().unwrap());
        read.map_err(|problems| problems.to_string()).unwrap()
    };
    let told = |time: &str| {
        let warnings = at(time).warnings.into_iter();
        let told = warnings.map(|warning| format!("{} {}", warning.key, warning.what));
        told.collect::<Vec<_>>()
    };
    let over = "route[1].trust.pins[1] names a certificate that is over since ";
    let early = told("2045-12-01T00:00:00Z");
    assert!(early.len() == 1 && early[0].starts_with(over), "{early:?}");
    let late = told("2045-12-30T12:00:00Z");
    for (key, what) in [
        (
            "listener[1].tls.certificate",
            "ends in 1 day, on 2046-01-01: O=Example,CN=bob",
        ),
        ("gateway.certificate", "ends in 1 day"),
        ("route[1].trust.anchor[1].file", "ends in 1 day"),
    ] {
        let expected = format!("{key} names a certificate that {what}");
        assert!(late.iter().any(|told| told.starts_with(&expected)), "{late:?}");
    }
    assert_eq!(late.len(), 4);
    assert!(told("2045-12-02T00:00:00Z").len() == 1 && told("2045-12-03T00:00:01Z").len() == 4);
    let ends = at("2045-12-01T00:00:00Z").ends;
    let year = |purpose| ends.get(&purpose).map(|ends| ends.format("%Y").to_string());
    for purpose in [
        CertificateUse::Signing,
        CertificateUse::Listener,
        CertificateUse::Anchor,
    ] {
        assert_eq!(year(purpose).as_deref(), Some("2046"), "{}", purpose.name());
    }
    assert!(year(CertificateUse::Pinned) < Some("2045".to_owned()));
    assert_eq!(year(CertificateUse::Audit), None);
    let names: std::collections::BTreeSet<_> = CertificateUse::ALL.map(CertificateUse::name).into();
    let manual = include_str!("../../manual/metrics.rs");
    assert!(names.len() == CertificateUse::ALL.len());
    assert!(names.iter().all(|name| manual.contains(&format!("`{name}`"))));
}

#[test]
fn crls_are_told_of_by_a_look_at_the_configuration_before_and_after_their_end() {
    let folder = folder();
    let lists = "[route.trust]\ncrls = [\"ca-stale.crl.pem\", \"ca.crl.pem\"]\n[[route.trust.anchor]]";
    let file = folder.path().join("s.toml");
    let text = GOOD.replace("[[route.trust.anchor]]", lists);
    fs::write(&file, &text).unwrap();
    let told = |time: &str| {
        let examined = examine(&file, time.parse().unwrap());
        let warnings = examined.unwrap().warnings.into_iter();
        let told = warnings.map(|warning| format!("{} {}", warning.key, warning.what));
        told.filter(|told| told.contains("CRL")).collect::<Vec<_>>()
    };
    assert!(told("2026-11-28T00:00:00Z").is_empty());
    let expected =
        |when: &str| format!("route[1].trust.crls names CRLs that {when}: O=Example,CN=Example CA");
    assert_eq!(
        told("2026-12-30T00:00:00Z"),
        [expected("count until 2027-01-01 00:00 UTC, and none after them")]
    );
    assert_eq!(
        told("2027-01-01T00:00:00Z"),
        [expected(
            "no longer count since 2027-01-01 00:00 UTC, and none that counts now"
        )]
    );
    // Who serves looks again and again.
    let serving = read(&file, &text, "2027-01-01T00:00:00Z".parse().unwrap()).unwrap();
    assert!(
        serving
            .warnings
            .iter()
            .all(|warning| !warning.what.contains("CRL"))
    );
}

#[test]
fn invisible_characters_in_the_name_of_a_crls_issuer_are_escaped() {
    let due = CrlDue {
        issuer: "CN=C\u{200b}A \"1\"".to_owned(),
        end: CrlEnd::Never("is a delta CRL".to_owned()),
    };
    assert_eq!(
        crate::config::ends::what_is_due(&due),
        "names a CRL that never clears a certificate, and none that does: it is a delta CRL: CN=C\\u{200b}A \"1\""
    );
}
