//! What a store remembers changes no answer.

use sealgate::trust::PathRules;
use sealgate::trust::Revocation;

use crate::ARCHIVE;
use crate::STRICT;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::root;
use crate::certificates;
use crate::code;
use crate::trusting;

#[test]
fn a_certificate_is_parsed_once() {
    let leaf = root("orders");
    let store = trusting(&[&leaf]);
    let first = store.certificate(leaf.certificate.der()).unwrap();
    let second = store.certificate(leaf.certificate.der()).unwrap();
    assert!(
        std::ptr::eq(first.der(), second.der()),
        "the same certificate in memory"
    );
    store.forget();
    let third = store.certificate(leaf.certificate.der()).unwrap();
    assert!(!std::ptr::eq(first.der(), third.der()), "read anew");
    assert_eq!(first, third);
    assert!(store.certificate(b"no certificate").is_err());
}

#[test]
fn a_path_is_judged_once_for_the_same_certificates_and_rules() {
    let ca = root("CA");
    let middle = plan("middle").ca(None).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let store = trusting(&[&ca]);
    let judge = |others: &[&crate::Party], rules: &PathRules| {
        store.path(&leaf.certificate, &certificates(others), now(), rules)
    };
    let first = judge(&[&middle], &STRICT).unwrap();
    for others in [&[&middle][..], &[&middle, &leaf], &[&leaf, &middle, &middle]] {
        let again = judge(others, &STRICT).unwrap();
        assert!(
            std::ptr::eq(first.signer(), again.signer()),
            "the same facts in memory"
        );
    }
    store.forget();
    assert!(
        !std::ptr::eq(first.signer(), judge(&[&middle], &STRICT).unwrap().signer()),
        "judged anew"
    );
}

#[test]
fn other_certificates_and_other_rules_are_judged_for_themselves() {
    let ca = root("CA");
    let middle = plan("middle")
        .rsa(1024)
        .ca(None)
        .crl_at("http://x/")
        .issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let store = trusting(&[&ca]);
    let judge = |others: &[&crate::Party], rules: &PathRules| {
        code(&store.path(&leaf.certificate, &certificates(others), now(), rules))
    };
    assert_eq!(judge(&[&middle], &ARCHIVE), "passed");
    assert_eq!(judge(&[], &ARCHIVE), "trust.untrusted");
    assert_eq!(judge(&[&middle], &STRICT), "trust.weak_key");
    let rules = PathRules {
        revocation: Revocation::WhenPromised,
        ..ARCHIVE
    };
    assert_eq!(judge(&[&middle], &rules), "trust.revocation_unknown");
    assert_eq!(judge(&[&middle], &ARCHIVE), "passed");
}

#[test]
fn refusals_are_not_remembered_by_a_store_that_others_share() {
    let ca = root("CA");
    let stranger = plan("stranger").self_signed();
    let store = trusting(&[&ca]);
    let leaf = plan("orders").issued_by(&ca);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(
                        code(&store.path(&stranger.certificate, &[], now(), &STRICT)),
                        "trust.untrusted"
                    );
                    assert_eq!(
                        code(&store.path(&leaf.certificate, &[], now(), &STRICT)),
                        "passed"
                    );
                }
            });
        }
    });
}
