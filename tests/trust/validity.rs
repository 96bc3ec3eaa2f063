//! Validity to the second (T139).

use sealgate::trust::Refusal;

use crate::STRICT;
use crate::authority::Party;
use crate::authority::at;
use crate::authority::plan;
use crate::certificates;
use crate::code;
use crate::trusting;

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
