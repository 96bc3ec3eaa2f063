//! CRLs that are told of: whenever a certificate is refused for want of one that counts, and before.

use openssl::hash::MessageDigest;
use sealgate::crypto::Crl;
use sealgate::trust::CrlEnd;

use crate::STRICT;
use crate::authority::CrlPlan;
use crate::authority::Party;
use crate::authority::at;
use crate::authority::crl;
use crate::authority::current_crl;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::point;
use crate::authority::root;
use crate::authority::sequence;
use crate::verdict;
use crate::with_crls;

const ENDED: &str = "2026-05-31T00:00:00Z";

fn ended() -> CrlPlan {
    crl("2026-05-01T00:00:00Z", ENDED)
}

fn future() -> CrlPlan {
    crl("2026-06-11T00:00:00Z", "2026-09-01T00:00:00Z")
}

fn delta(list: CrlPlan) -> CrlPlan {
    list.extension("2.5.29.27", true, &[2, 1, 1])
}

/// What is told, having seen that a certificate is refused exactly if it is of CRLs that do not count, and that the end agrees.
fn told(ca: &Party, lists: &[Crl]) -> Vec<CrlEnd> {
    let store = with_crls(&[ca], lists);
    let ends = store.crl_ends(now(), &STRICT);
    let due: Vec<CrlEnd> = ends.due.into_iter().map(|due| due.end).collect();
    let is_until = |end: &CrlEnd| matches!(end, CrlEnd::Until(_));
    let passes = verdict(&store, &plan("orders").issued_by(ca), &[]) == "passed";
    assert_eq!(passes, due.iter().all(is_until), "{due:?}");
    let end = ends.first.unwrap();
    assert_eq!(passes, end > now(), "{end} {due:?}");
    due
}

#[test]
fn only_what_counts_now_is_in_the_place_of_a_crl_that_has_ended() {
    let (ca, impostor) = (root("CA"), root("CA"));
    let own = |list: CrlPlan| list.signed_by(&ca);
    let ended_then = CrlEnd::Ended(at(ENDED));
    assert_eq!(told(&ca, &[own(ended())]), [ended_then.clone()]);
    assert!(told(&ca, &[own(ended()), own(current_crl())]).is_empty());
    for beside in [
        own(current_crl().without_next_update()),
        own(future()),
        own(delta(current_crl())),
        current_crl().signed_by(&impostor),
    ] {
        assert_eq!(told(&ca, &[own(ended()), beside.clone()]), [ended_then.clone()]);
        assert_eq!(told(&ca, &[beside, own(ended())]), [ended_then.clone()]);
    }
}

#[test]
fn a_crl_that_does_not_count_is_told_of_unless_another_does() {
    let (ca, impostor) = (root("CA"), root("CA"));
    let rsa = plan("CA").rsa(2048).ca(None).self_signed();
    let silent = plan("CA").ca(None).key_usage(0x04).self_signed();
    let current = || current_crl().signed_by(&ca);
    let not_yet = CrlEnd::NotYet(at("2026-06-11T00:00:00Z"));
    assert_eq!(told(&ca, &[future().signed_by(&ca)]), [not_yet]);
    assert!(told(&ca, &[future().signed_by(&ca), current()]).is_empty());
    for (ca, list, why) in [
        (
            &ca,
            current_crl().without_next_update().signed_by(&ca),
            "does not say until when it counts",
        ),
        (&ca, delta(current_crl()).signed_by(&ca), "is a delta CRL"),
        (
            &ca,
            current_crl().extension("1.2.3", true, &[5, 0]).signed_by(&ca),
            "does not decide: it has a critical extension that is not processed",
        ),
        (
            &ca,
            current_crl().signed_by(&impostor),
            "is not signed with the key of a CA of its issuer's name that is known",
        ),
        (
            &silent,
            current_crl().signed_by(&silent),
            "is signed with a key that is not for signing CRLs",
        ),
        (
            &rsa,
            current_crl().hash(MessageDigest::md5()).signed_by(&rsa),
            "is signed with ",
        ),
    ] {
        let never = told(ca, &[list.clone()]);
        assert!(
            matches!(&never[..], [CrlEnd::Never(told)] if told.starts_with(why)),
            "{never:?} {why}"
        );
        let good = current_crl().signed_by(ca);
        if why.contains("not for signing") {
            continue;
        }
        assert!(told(ca, &[list, good]).is_empty(), "{why}");
    }
    // A delta that has ended stops nothing.
    assert!(told(&ca, &[current(), delta(ended()).signed_by(&ca)]).is_empty());
}

#[test]
fn a_crl_that_begins_before_the_last_one_ends_is_in_its_place() {
    let ca = root("CA");
    let near = || crl("2026-05-03T00:00:00Z", "2026-06-02T00:00:00Z").signed_by(&ca);
    let next = |begins| crl(begins, "2026-09-01T00:00:00Z").signed_by(&ca);
    let soon = CrlEnd::Until(at("2026-06-02T00:00:00Z"));
    assert_eq!(told(&ca, &[near()]), [soon.clone()]);
    assert!(told(&ca, &[next("2026-06-01T12:00:00Z"), near()]).is_empty());
    assert_eq!(told(&ca, &[next("2026-06-03T00:00:00Z"), near()]), [soon]);
}

#[test]
fn after_a_rollover_the_crl_of_the_old_key_is_told_of_as_long_as_a_path_could_need_it() {
    let new = root("CA");
    let old = |until| {
        let plan = plan("CA").valid("2020-01-01T00:00:00Z", until);
        plan.ca(None).self_signed()
    };
    for (until, due) in [
        ("2027-01-01T00:00:00Z", vec![CrlEnd::Ended(at(ENDED))]),
        ("2026-05-31T00:00:00Z", Vec::new()),
    ] {
        let old = old(until);
        let lists = [ended().signed_by(&old), current_crl().signed_by(&new)];
        let store = with_crls(&[&old, &new], &lists);
        let ends = store.crl_ends(now(), &STRICT);
        let told: Vec<CrlEnd> = ends.due.into_iter().map(|due| due.end).collect();
        assert_eq!(told, due, "{until}");
        assert_eq!(ends.first.unwrap() > now(), due.is_empty(), "{until}");
        let by = |ca| verdict(&store, &plan("orders").issued_by(ca), &[]);
        assert_eq!(by(&new), "passed");
        assert_ne!(by(&old), "passed");
    }
}

#[test]
fn it_is_told_of_in_the_last_tenth_of_its_time_but_not_before_the_last_30_days() {
    let ca = root("CA");
    let until = |end| told(&ca, &[crl("2025-01-01T00:00:00Z", end).signed_by(&ca)]);
    assert!(until("2026-07-02T00:00:00Z").is_empty());
    let end = "2026-06-30T00:00:00Z";
    assert_eq!(until(end), [CrlEnd::Until(at(end))]);
}

#[test]
fn of_those_that_have_ended_the_last_end_is_told() {
    let ca = root("CA");
    let lists = [ended(), crl("2026-05-10T00:00:00Z", "2026-05-20T00:00:00Z")];
    let told = told(&ca, &lists.map(|list| list.signed_by(&ca)));
    assert_eq!(told, [CrlEnd::Ended(at(ENDED))]);
}

#[test]
fn a_crl_of_one_distribution_point_is_in_the_place_of_none_of_another() {
    let ca = root("CA");
    let at_point = |list: CrlPlan, url| {
        let value = sequence(&[&point(url)]);
        list.extension("2.5.29.28", true, &value).signed_by(&ca)
    };
    let lists = [
        at_point(ended(), "http://x/1"),
        at_point(current_crl(), "http://x/2"),
    ];
    let ends = with_crls(&[&ca], &lists).crl_ends(now(), &STRICT);
    let due: Vec<CrlEnd> = ends.due.into_iter().map(|due| due.end).collect();
    assert_eq!(due, [CrlEnd::Ended(at(ENDED))]);
}
