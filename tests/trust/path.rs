//! Which certificates lead to an anchor.

use std::time::Duration;
use std::time::Instant;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use sealgate::trust::NoPath;
use sealgate::trust::Refusal;
use sealgate::trust::TrustSources;
use sealgate::trust::Warning;

use crate::STRICT;
use crate::authority::Party;
use crate::authority::common_name;
use crate::authority::dns;
use crate::authority::names;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::root;
use crate::certificates;
use crate::code;
use crate::judge;
use crate::trusting;
use crate::verdict;

#[test]
fn a_certificate_that_an_anchor_issued_is_trusted() {
    let ca = root("CA");
    let leaf = plan("orders").serial(77).issued_by(&ca);
    let path = judge(&trusting(&[&ca]), &leaf, &[]).unwrap();
    assert_eq!(path.certificate(), &leaf.certificate);
    assert_eq!(path.key(), leaf.certificate.public_key());
    assert_eq!(path.anchor(), &ca.certificate);
    assert_eq!(path.issuers(), [ca.certificate.clone()]);
    assert_eq!(path.at(), now());
    assert_eq!(path.warnings(), [Warning::UnconstrainedCa]);
    assert!(path.legacy().is_empty());
    let signer = path.signer();
    assert_eq!(
        (
            signer.subject.as_str(),
            signer.issuer.as_str(),
            signer.serial.as_str()
        ),
        ("CN=orders,O=Test", "CN=CA,O=Test", "77")
    );
    let digest = openssl::sha::sha256(leaf.certificate.der());
    assert_eq!(
        signer.sha256,
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
}

#[test]
fn nothing_is_trusted_without_anchors() {
    let leaf = root("anybody");
    let mut sources = TrustSources::new();
    sources.untrusted(leaf.certificate.clone());
    let store = sources.build();
    assert!(store.is_empty());
    let error = judge(&store, &leaf, &[]).unwrap_err();
    assert_eq!(error.code(), "trust.no_anchor");
    assert!(error.is_indeterminate());
}

#[test]
fn a_stranger_is_refused_whatever_the_message_brings() {
    let (ca, other) = (root("CA"), root("other"));
    let leaf = plan("orders").issued_by(&other);
    let store = trusting(&[&ca]);
    let why = |leaf, others: &[&Party]| match judge(&store, leaf, others).unwrap_err().refusal() {
        Refusal::Untrusted { why, .. } => *why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&leaf, &[]), NoPath::IssuerMissing);
    assert_eq!(why(&leaf, &[&other, &leaf]), NoPath::SelfIssued);
    assert_eq!(why(&other, &[]), NoPath::SelfIssued);
    assert_eq!(why(&other, &[&other, &ca]), NoPath::SelfIssued);
    // T65: another CA of the same name, and a clone with the same issuer and serial number.
    let impostor = root("CA");
    let forged = plan("orders").issued_by(&impostor);
    assert_eq!(why(&forged, &[]), NoPath::SignatureMismatch);
    assert_eq!(why(&forged, &[&impostor]), NoPath::SignatureMismatch);
    assert!(!judge(&store, &forged, &[]).unwrap_err().is_indeterminate());
}

#[test]
fn a_pin_is_exactly_one_certificate() {
    let ca = root("CA");
    let pinned = plan("orders").issued_by(&ca);
    let store = trusting(&[&pinned]);
    let path = judge(&store, &pinned, &[]).unwrap();
    assert_eq!(path.anchor(), &pinned.certificate);
    assert!(path.issuers().is_empty());
    assert!(path.warnings().is_empty());
    // The same names, serial number and key in another certificate, and the same names with another key.
    let renewed = plan("orders")
        .key_of(&pinned)
        .valid("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z")
        .issued_by(&ca);
    let cloned = plan("orders").issued_by(&ca);
    for other in [&renewed, &cloned] {
        assert_eq!(verdict(&store, other, &[&pinned, &ca]), "trust.untrusted");
    }
    // A pin vouches for nobody.
    let below = plan("below").issued_by(&pinned);
    assert_eq!(verdict(&store, &below, &[&pinned]), "trust.untrusted");
}

#[test]
fn pins_and_anchors_that_sign_are_judged_by_dates_and_key_size_alone() {
    let root_key = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    let odd = |name| {
        plan(name)
            .rsa(2048)
            .hash(MessageDigest::md5())
            .serial(-5)
            .key_usage(0x20)
            .purposes(&["1.3.6.1.5.5.7.3.1"])
            .extension("1.2.3.4", true, &[5, 0])
            .crl_at("http://ca.example/crl")
    };
    let pin = odd("pin").issued(&common_name("unknown"), &root_key);
    let ca = odd("CA").ca(None).self_signed();
    let store = trusting(&[&pin, &ca]);
    assert_eq!(verdict(&store, &pin, &[]), "passed");
    assert_eq!(verdict(&store, &ca, &[]), "passed");
    assert_eq!(
        judge(&store, &ca, &[]).unwrap().warnings(),
        [Warning::UnconstrainedCa]
    );
    let weak = plan("weak").rsa(1024).self_signed();
    assert_eq!(verdict(&trusting(&[&weak]), &weak, &[]), "trust.weak_key");
    let weak_ca = plan("weak").rsa(1024).ca(None).self_signed();
    assert_eq!(verdict(&trusting(&[&weak_ca]), &weak_ca, &[]), "trust.weak_key");
}

#[test]
fn intermediates_may_come_from_the_message_or_from_the_operator() {
    let ca = root("CA");
    let middle = plan("middle").ca(None).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let store = trusting(&[&ca]);
    assert_eq!(verdict(&store, &leaf, &[]), "trust.untrusted");
    for others in [
        &[&middle][..],
        &[&leaf, &middle, &ca],
        &[&ca, &middle, &middle, &leaf],
    ] {
        let path = judge(&store, &leaf, others).unwrap();
        assert_eq!(path.issuers(), certificates(&[&middle, &ca]));
    }
    let mut sources = TrustSources::new();
    sources.trust(ca.certificate.clone(), None);
    sources.untrusted(middle.certificate.clone());
    let store = sources.build();
    assert_eq!(verdict(&store, &leaf, &[]), "passed");
    // What helps to build a path is trusted for nothing.
    let own = plan("own").self_signed();
    let mut sources = TrustSources::new();
    sources.trust(ca.certificate, None);
    sources.untrusted(own.certificate.clone());
    assert_eq!(verdict(&sources.build(), &own, &[]), "trust.untrusted");
}

#[test]
fn an_anchor_need_not_be_a_root() {
    let ca = root("CA");
    let middle = plan("middle").ca(None).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let store = trusting(&[&middle]);
    assert_eq!(verdict(&store, &leaf, &[]), "passed");
    assert_eq!(
        verdict(&store, &plan("other").issued_by(&ca), &[]),
        "trust.untrusted"
    );
}

#[test]
fn only_cas_issue_certificates() {
    let ca = root("CA");
    let store = trusting(&[&ca]);
    for middle in [
        plan("middle"),
        plan("middle").extension("2.5.29.19", true, &[0x30, 0]),
    ] {
        let middle = middle.issued_by(&ca);
        let leaf = plan("orders").issued_by(&middle);
        assert_eq!(verdict(&store, &leaf, &[&middle]), "trust.not_a_ca");
    }
    // keyUsage without keyCertSign, of an intermediate and of the anchor.
    let middle = plan("middle").ca(None).key_usage(0x80).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "trust.key_usage");
    assert_eq!(verdict(&trusting(&[&middle]), &leaf, &[]), "trust.key_usage");
    let middle = plan("middle").ca(None).key_usage(0x04).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "passed");
}

#[test]
fn path_length_counts_the_cas_below() {
    for (length, passes) in [(0, false), (1, true)] {
        let ca = plan("CA").ca(Some(length)).self_signed();
        let middle = plan("middle").ca(Some(0)).issued_by(&ca);
        let leaf = plan("orders").issued_by(&middle);
        let expected = if passes { "passed" } else { "trust.path_length" };
        assert_eq!(verdict(&trusting(&[&ca]), &leaf, &[&middle]), expected);
    }
    // An intermediate's own limit, and a signer that is a CA itself, which does not count.
    let ca = root("CA");
    let middle = plan("middle").ca(Some(0)).issued_by(&ca);
    let lower = plan("lower").ca(None).issued_by(&middle);
    let leaf = plan("orders").issued_by(&lower);
    let store = trusting(&[&ca]);
    assert_eq!(verdict(&store, &leaf, &[&lower, &middle]), "trust.path_length");
    assert_eq!(verdict(&store, &lower, &[&middle]), "passed");
    match judge(&store, &leaf, &[&lower, &middle]).unwrap_err().refusal() {
        Refusal::PathLength {
            subject,
            allowed: 0,
            found: 1,
        } => assert_eq!(subject, "CN=middle,O=Test"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn self_issued_certificates_do_not_count_for_path_length() {
    let ca = plan("CA").ca(Some(0)).self_signed();
    let rolled = plan("CA").ca(Some(0)).issued_by(&ca);
    let leaf = plan("orders").issued_by(&rolled);
    assert_eq!(verdict(&trusting(&[&ca]), &leaf, &[&rolled]), "passed");
}

#[test]
fn a_path_has_at_most_six_certificates() {
    let mut chain = vec![root("CA")];
    for depth in 1..6 {
        let next = plan(&format!("level {depth}"))
            .ca(None)
            .issued_by(chain.last().unwrap());
        chain.push(next);
    }
    let all: Vec<&Party> = chain.iter().collect();
    let store = trusting(&[&chain[0]]);
    let sixth = plan("sixth").issued_by(&chain[4]);
    assert_eq!(judge(&store, &sixth, &all).unwrap().issuers().len(), 5);
    let seventh = plan("seventh").issued_by(&chain[5]);
    match judge(&store, &seventh, &all).unwrap_err().refusal() {
        Refusal::Untrusted {
            why: NoPath::TooLong, ..
        } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_anchor_of_a_name_is_tried() {
    // After a key was rolled over, both CAs of the name are trusted.
    let (old, new) = (root("CA"), root("CA"));
    let (of_old, of_new) = (plan("a").issued_by(&old), plan("b").issued_by(&new));
    for parties in [[&old, &new], [&new, &old]] {
        let store = trusting(&parties);
        assert_eq!(verdict(&store, &of_old, &[]), "passed");
        assert_eq!(verdict(&store, &of_new, &[]), "passed");
    }
    // A path that is broken hides no other: the message brings an expired cross-certificate.
    let top = root("top");
    let expired = plan("CA")
        .ca(None)
        .key_of(&new)
        .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
        .issued_by(&top);
    let current = plan("CA").ca(None).key_of(&new).issued_by(&top);
    let store = trusting(&[&top]);
    assert_eq!(verdict(&store, &of_new, &[&expired]), "trust.expired");
    for others in [[&expired, &current], [&current, &expired]] {
        assert_eq!(verdict(&store, &of_new, &others), "passed");
    }
}

#[test]
fn key_identifiers_only_say_what_to_try_first() {
    let right = plan("CA").ca(None).key_identifier(b"right").self_signed();
    let wrong = plan("CA").ca(None).key_identifier(b"wrong").self_signed();
    let leaf = plan("orders")
        .authority_key_identifier(b"wrong")
        .issued_by(&right);
    assert_eq!(verdict(&trusting(&[&right]), &leaf, &[]), "passed");
    assert_eq!(verdict(&trusting(&[&wrong, &right]), &leaf, &[]), "passed");
}

#[test]
fn names_match_without_regard_to_case_spacing_and_string_type() {
    let ca = root("Test  CA");
    let written = names(&[
        (openssl::nid::Nid::ORGANIZATIONNAME, "TEST"),
        (openssl::nid::Nid::COMMONNAME, " test ca"),
    ]);
    let leaf = plan("orders").issued(&written, &ca.key);
    assert_eq!(verdict(&trusting(&[&ca]), &leaf, &[]), "passed");
}

#[test]
fn cross_signed_loops_end_soon() {
    // Eight CAs that all certify each other, none of them trusted (T144).
    let cas: Vec<Party> = (0..8).map(|index| root(&format!("CA {index}"))).collect();
    let mut crossed = Vec::new();
    for (index, subject) in cas.iter().enumerate() {
        for issuer in cas
            .iter()
            .filter(|issuer| issuer.name.to_der().unwrap() != subject.name.to_der().unwrap())
        {
            let name = format!("CA {index}");
            crossed.push(plan(&name).ca(None).key_of(subject).issued_by(issuer));
        }
    }
    let leaf = plan("orders").issued_by(&cas[0]);
    let mut sources = TrustSources::new();
    sources.trust(root("trusted").certificate, None);
    crossed
        .into_iter()
        .for_each(|party| sources.untrusted(party.certificate));
    let store = sources.build();
    let begin = Instant::now();
    let refused = judge(&store, &leaf, &[]).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(refused.code(), "limit.path_building");
}

#[test]
fn many_impostors_of_one_issuer_cost_a_bounded_number_of_verifications() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let mut sources = TrustSources::new();
    for _ in 0..150 {
        sources.trust(root("CA").certificate, None);
    }
    let refused = judge(&sources.build(), &leaf, &[]).unwrap_err();
    match refused.refusal() {
        Refusal::Budget {
            what: "signatures",
            limit: 100,
        } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_show_the_values_and_nothing_that_moves_a_cursor() {
    let ca = root("CA\u{1b}[2J\u{202e}");
    let leaf = plan("orders")
        .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
        .issued_by(&ca);
    let error = judge(&trusting(&[&ca]), &leaf, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate of \"CN=orders,O=Test\" ended at 2021-01-01T00:00:00Z; judged at 2026-06-01T00:00:00Z"
    );
    assert_eq!(error.clause(), Some("RFC 5280 §4.1.2.5"));
    let untrusted = judge(&trusting(&[&root("other")]), &leaf, &[])
        .unwrap_err()
        .to_string();
    assert!(
        untrusted
            .chars()
            .all(|character| !character.is_control() && character != '\u{202e}'),
        "{untrusted}"
    );
}

#[test]
fn a_certificate_stands_on_a_path_once() {
    let (one, two) = (root("one"), root("two"));
    let (one_by_two, two_by_one) = (
        plan("one").ca(None).key_of(&one).issued_by(&two),
        plan("two").ca(None).key_of(&two).issued_by(&one),
    );
    let leaf = plan("orders").issued_by(&one);
    let refused = judge(&trusting(&[&root("trusted")]), &leaf, &[&one_by_two, &two_by_one]).unwrap_err();
    match refused.refusal() {
        Refusal::Untrusted {
            why: NoPath::IssuerMissing,
            ..
        } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_brings_few_certificates() {
    let pin = plan("pin").self_signed();
    let store = trusting(&[&pin]);
    let bring = |count| {
        store.path(
            &pin.certificate,
            &vec![pin.certificate.clone(); count],
            now(),
            &STRICT,
        )
    };
    assert_eq!(code(&bring(32)), "passed");
    assert_eq!(code(&bring(33)), "limit.path_building");
}

#[test]
fn comparing_names_has_a_budget() {
    let many = |count, domain: &str| -> Vec<Vec<u8>> {
        (0..count)
            .map(|index| dns(&format!("{index}.{domain}")))
            .collect()
    };
    let ca = plan("CA")
        .ca(None)
        .name_constraints(&[], &many(600, "a"))
        .self_signed();
    let store = trusting(&[&ca]);
    assert_eq!(
        verdict(&store, &plan("orders").names(&many(200, "b")).issued_by(&ca), &[]),
        "passed"
    );
    let leaf = plan("orders").names(&many(600, "b")).issued_by(&ca);
    assert_eq!(verdict(&store, &leaf, &[]), "limit.path_building");
}

#[test]
fn nobody_passes_by_another_path_once_a_budget_is_spent() {
    let many =
        |domain: &str| -> Vec<Vec<u8>> { (0..600).map(|index| dns(&format!("{index}.{domain}"))).collect() };
    let costly = plan("CA")
        .ca(None)
        .name_constraints(&[], &many("a"))
        .self_signed();
    let cheap = plan("CA").ca(None).serial(2).key_of(&costly).self_signed();
    let leaf = plan("orders").names(&many("b")).issued_by(&costly);
    let both = [[&costly, &cheap], [&cheap, &costly]];
    let mut verdicts = both.map(|anchors| verdict(&trusting(&anchors), &leaf, &[]));
    verdicts.sort_unstable();
    assert_eq!(verdicts, ["limit.path_building", "passed"]);
}
