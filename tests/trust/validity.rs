//! Validity to the second (T139).

use sealgate::trust::Period;
use sealgate::trust::Refusal;
use sealgate::trust::TrustSources;

use crate::STRICT;
use crate::authority::Party;
use crate::authority::at;
use crate::authority::plan;
use crate::authority::root;
use crate::certificates;
use crate::code;
use crate::trusting;

const NOT_THEN: &str = "trust.not_trusted_then";
const FIRST: &str = "2026-03-01T12:00:00Z";
const LAST: &str = "2026-09-01T12:00:00Z";

/// Around both ends of FIRST to LAST.
const TIMES: [(&str, &str); 8] = [
    ("2026-03-01T11:59:59Z", "trust.not_yet_valid"),
    ("2026-03-01T11:59:59.999Z", "trust.not_yet_valid"),
    (FIRST, "passed"),
    ("2026-03-01T12:00:01Z", "passed"),
    ("2026-09-01T11:59:59Z", "passed"),
    (LAST, "passed"),
    ("2026-09-01T12:00:00.999Z", "passed"),
    ("2026-09-01T12:00:01Z", "trust.expired"),
];

fn judged_at_each_time(anchor: &Party, leaf: &Party, others: &[&Party]) {
    let store = trusting(&[anchor]);
    // Twice and in both directions, so that what is remembered from one time is there at the next.
    for (time, expected) in TIMES.iter().chain(TIMES.iter().rev()) {
        let judged = store.path(&leaf.certificate, &certificates(others), at(time), &STRICT);
        assert_eq!(code(&judged), *expected, "at {time}");
    }
}

#[test]
fn of_a_signer() {
    let ca = plan("CA").ca(None).self_signed();
    judged_at_each_time(&ca, &plan("orders").valid(FIRST, LAST).issued_by(&ca), &[]);
}

#[test]
fn of_an_intermediate() {
    let ca = plan("CA").ca(None).self_signed();
    let middle = plan("middle").ca(None).valid(FIRST, LAST).issued_by(&ca);
    judged_at_each_time(&ca, &plan("orders").issued_by(&middle), &[&middle]);
}

#[test]
fn of_an_anchor() {
    let ca = plan("CA").ca(None).valid(FIRST, LAST).self_signed();
    judged_at_each_time(&ca, &plan("orders").issued_by(&ca), &[]);
    judged_at_each_time(&ca, &ca, &[]);
}

#[test]
fn of_a_pin() {
    let pin = plan("pin").valid(FIRST, LAST).self_signed();
    judged_at_each_time(&pin, &pin, &[]);
}

#[test]
fn both_dates_are_told() {
    let pin = plan("pin").valid(FIRST, LAST).self_signed();
    let store = trusting(&[&pin]);
    let refusal = |time: &str| store.path(&pin.certificate, &[], at(time), &STRICT).unwrap_err();
    match refusal("2030-01-01T00:00:00Z").refusal() {
        Refusal::Expired {
            subject,
            not_after,
            at: judged,
        } => {
            assert_eq!(subject, "CN=pin,O=Test");
            assert_eq!((*not_after, *judged), (at(LAST), at("2030-01-01T00:00:00Z")));
        }
        other => panic!("{other:?}"),
    }
    match refusal("2020-01-01T00:00:00Z").refusal() {
        Refusal::NotYetValid { not_before, .. } => assert_eq!(*not_before, at(FIRST)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_anchor_and_a_pin_are_trusted_during_their_periods() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let pin = plan("pin").self_signed();
    let period = |from: Option<&str>, until: Option<&str>| Period::new(from.map(at), until.map(at)).unwrap();
    let mut sources = TrustSources::new();
    let (march, april) = (Some("2026-03-01T00:00:00Z"), Some("2026-04-01T00:00:00Z"));
    sources.trust_during(ca.certificate.clone(), None, period(march, april));
    sources.trust_during(
        ca.certificate.clone(),
        None,
        period(Some("2026-06-01T00:00:00Z"), None),
    );
    sources.trust_during(pin.certificate.clone(), None, period(None, april));
    let store = sources.build();
    let times = [
        ("2026-02-28T23:59:59Z", NOT_THEN, "passed"),
        ("2026-03-01T00:00:00Z", "passed", "passed"),
        ("2026-03-31T23:59:59Z", "passed", "passed"),
        ("2026-04-01T00:00:00Z", NOT_THEN, NOT_THEN),
        ("2026-05-31T23:59:59Z", NOT_THEN, NOT_THEN),
        ("2026-06-01T00:00:00Z", "passed", NOT_THEN),
    ];
    for (time, of_ca, of_pin) in times.iter().chain(times.iter().rev()) {
        let judged = |party: &Party| code(&store.path(&party.certificate, &[], at(time), &STRICT));
        assert_eq!(judged(&leaf), *of_ca, "{time}");
        assert_eq!(judged(&ca), *of_ca, "{time}");
        assert_eq!(judged(&pin), *of_pin, "{time}");
    }
    let error = store
        .path(&leaf.certificate, &[], at("2026-05-01T00:00:00Z"), &STRICT)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("until 2026-04-01T00:00:00Z, from 2026-06-01T00:00:00Z"),
        "{error}"
    );
    assert!(Period::new(april.map(at), march.map(at)).is_none());
}
