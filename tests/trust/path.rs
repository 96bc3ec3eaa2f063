//! Which certificates lead to an anchor.

use std::time::Duration;
use std::time::Instant;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use sealgate::trust::NoPath;
use sealgate::trust::Refusal;
use sealgate::trust::TrustSources;
use sealgate::trust::Warning;

use crate::ARCHIVE;
use crate::authority::Party;
use crate::authority::common_name;
use crate::authority::email;
use crate::authority::names;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::root;
use crate::authority::uri;
use crate::certificates;
use crate::code;
use crate::judge;
use crate::trusting;
use crate::trusting_for;
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
fn a_signers_key_usage_allows_signing() {
    let ca = root("CA");
    let store = trusting(&[&ca]);
    for (bits, expected) in [
        (0x80, "passed"),
        (0x40, "passed"),
        (0xe0, "passed"),
        (0x20, "trust.key_usage"),
        (0x06, "trust.key_usage"),
        (0x00, "trust.key_usage"),
    ] {
        let leaf = plan("orders").key_usage(bits).issued_by(&ca);
        assert_eq!(verdict(&store, &leaf, &[]), expected, "{bits:02x}");
    }
}

#[test]
fn a_key_for_web_servers_alone_signs_no_messages() {
    const SERVER: &str = "1.3.6.1.5.5.7.3.1";
    const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
    let ca = root("CA");
    let store = trusting(&[&ca]);
    for (purposes, expected) in [
        (&[SERVER][..], "trust.extended_key_usage"),
        (&["1.3.6.1.5.5.7.3.9"], "trust.extended_key_usage"),
        (&["1.3.6.1.5.5.7.3.8", SERVER], "trust.extended_key_usage"),
        (&[SERVER, CLIENT], "passed"),
        (&[CLIENT], "passed"),
        (&["2.5.29.37.0"], "passed"),
        (&["1.3.6.1.5.5.7.3.36"], "passed"),
        (&["1.3.6.1.5.5.7.3.4"], "passed"),
        (&["1.3.6.1.5.5.7.3.3"], "passed"),
    ] {
        let leaf = plan("orders").key_usage(0x80).purposes(purposes).issued_by(&ca);
        assert_eq!(verdict(&store, &leaf, &[]), expected, "{purposes:?}");
        assert_eq!(verdict(&trusting(&[&leaf]), &leaf, &[]), "passed", "a pin");
        let middle = plan("middle").ca(None).purposes(purposes).issued_by(&ca);
        let below = plan("below").issued_by(&middle);
        assert_eq!(
            verdict(&store, &below, &[&middle]),
            expected,
            "below a CA for {purposes:?}"
        );
        assert_eq!(verdict(&trusting(&[&middle]), &below, &[]), "passed", "an anchor");
    }
}

#[test]
fn critical_extensions_that_are_not_processed_are_refused() {
    let ca = root("CA");
    let store = trusting(&[&ca]);
    let odd = |name, critical| plan(name).extension("1.2.3.4", critical, &[5, 0]);
    assert_eq!(
        verdict(&store, &odd("orders", false).issued_by(&ca), &[]),
        "passed"
    );
    match judge(&store, &odd("orders", true).issued_by(&ca), &[])
        .unwrap_err()
        .refusal()
    {
        Refusal::CriticalExtension { oids, .. } => assert_eq!(oids, &["1.2.3.4"]),
        other => panic!("{other:?}"),
    }
    let middle = odd("middle", true).ca(None).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "trust.critical_extension");
    assert_eq!(
        verdict(&trusting(&[&middle]), &leaf, &[]),
        "trust.critical_extension"
    );
    // Policies may be critical; only a demand for an explicit one would need processing.
    let policies = [0x30, 0x06, 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03];
    let leaf = plan("orders")
        .extension("2.5.29.32", true, &policies)
        .issued_by(&ca);
    assert_eq!(verdict(&store, &leaf, &[]), "passed");
    for (constraints, expected) in [
        (&[0x30, 0x03, 0x80, 0x01, 0x00], "trust.critical_extension"),
        (&[0x30, 0x03, 0x81, 0x01, 0x00], "passed"),
    ] {
        let middle = plan("middle")
            .ca(None)
            .extension("2.5.29.36", true, constraints)
            .issued_by(&ca);
        let leaf = plan("orders").issued_by(&middle);
        assert_eq!(verdict(&store, &leaf, &[&middle]), expected);
    }
}

#[test]
fn weak_keys_are_refused_anywhere_on_a_path() {
    let (strong, weak) = (root("CA"), plan("weak CA").rsa(1024).ca(None).self_signed());
    let of_weak_anchor = plan("orders").issued_by(&weak);
    assert_eq!(
        verdict(&trusting(&[&weak]), &of_weak_anchor, &[]),
        "trust.weak_key"
    );
    let store = trusting(&[&strong]);
    let weak_leaf = plan("orders").rsa(1024).issued_by(&strong);
    assert_eq!(verdict(&store, &weak_leaf, &[]), "trust.weak_key");
    let middle = plan("middle").rsa(1024).ca(None).issued_by(&strong);
    let leaf = plan("orders").issued_by(&middle);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "trust.weak_key");
    let path = store
        .path(&leaf.certificate, &certificates(&[&middle]), now(), &ARCHIVE)
        .unwrap();
    assert_eq!(path.legacy(), ["certificate-rsa-1024"]);
    assert_eq!(
        verdict(&store, &plan("orders").rsa(2048).issued_by(&strong), &[]),
        "passed"
    );
}

#[test]
fn dsa_keys_need_a_rule_that_allows_them() {
    let ca = root("CA");
    let dsa = PKey::from_dsa(openssl::dsa::Dsa::generate(1024).unwrap()).unwrap();
    let leaf = plan("orders").key(dsa).issued_by(&ca);
    let store = trusting(&[&ca]);
    assert_eq!(verdict(&store, &leaf, &[]), "trust.weak_key");
    let path = store.path(&leaf.certificate, &[], now(), &ARCHIVE).unwrap();
    assert_eq!(path.legacy(), ["certificate-dsa"]);
}

#[test]
fn weak_signatures_are_refused_below_the_anchor() {
    let ca = plan("CA")
        .rsa(2048)
        .ca(None)
        .hash(MessageDigest::md5())
        .self_signed();
    let store = trusting(&[&ca]);
    assert_eq!(verdict(&store, &plan("orders").issued_by(&ca), &[]), "passed");
    for (hash, strict, archive) in [
        (MessageDigest::sha1(), "trust.weak_signature", "passed"),
        (
            MessageDigest::md5(),
            "trust.weak_signature",
            "trust.weak_signature",
        ),
        (MessageDigest::sha512(), "passed", "passed"),
    ] {
        let leaf = plan("orders").hash(hash).issued_by(&ca);
        assert_eq!(verdict(&store, &leaf, &[]), strict);
        let judged = store.path(&leaf.certificate, &[], now(), &ARCHIVE);
        assert_eq!(code(&judged), archive);
        if hash.type_() == MessageDigest::sha1().type_() {
            assert_eq!(judged.unwrap().legacy(), ["certificate-sha1"]);
        }
        let middle = plan("middle").ca(None).hash(hash).issued_by(&ca);
        let leaf = plan("orders").issued_by(&middle);
        assert_eq!(verdict(&store, &leaf, &[&middle]), strict);
    }
}

#[test]
fn serial_numbers_are_positive() {
    let ca = root("CA");
    for serial in [0, -1, -4711] {
        let leaf = plan("orders").serial(serial).issued_by(&ca);
        assert_eq!(verdict(&trusting(&[&ca]), &leaf, &[]), "trust.serial_number");
        assert_eq!(verdict(&trusting(&[&leaf]), &leaf, &[]), "passed");
    }
}

#[test]
fn a_ca_is_trusted_for_those_its_constraint_names() {
    let ca = root("CA");
    let orders = plan("orders-7")
        .names(&[uri("urn:partner:orders"), email("ops@Partner.example")])
        .issued_by(&ca);
    for (subjects, names, passes) in [
        (&["CN=orders-*,O=Test"][..], &[][..], true),
        (&["CN=*-7,O=Test"], &[], true),
        (&["*,O=Other", "CN=orders-7,O=Test"], &[], true),
        (&["CN=billing-*,O=Test"], &[], false),
        (&["CN=orders-*"], &[], false),
        (&[], &["uri:urn:partner:*"], true),
        (&[], &["uri:urn:PARTNER:*"], false),
        (&[], &["email:*@partner.example"], true),
        (&[], &["dns:orders*"], false),
        (&["CN=orders-*,O=Test"], &["uri:urn:partner:*"], true),
        (&["CN=orders-*,O=Test"], &["uri:urn:other:*"], false),
        (&["CN=billing-*,O=Test"], &["uri:urn:partner:*"], false),
    ] {
        let store = trusting_for(&ca, subjects, names);
        let judged = judge(&store, &orders, &[]);
        assert_eq!(
            code(&judged),
            if passes { "passed" } else { "trust.constraint" },
            "{subjects:?} {names:?}"
        );
        assert!(judged.map_or(true, |path| path.warnings().is_empty()));
        assert_eq!(store.unconstrained_cas().count(), 0);
        assert_eq!(
            verdict(&store, &ca, &[]),
            "trust.constraint",
            "the CA itself is none of them"
        );
    }
    assert_eq!(trusting(&[&ca]).unconstrained_cas().count(), 1);
}

#[test]
fn a_constraint_is_for_the_signer_and_not_for_cas_between() {
    let ca = root("CA");
    let middle = plan("orders-ca").ca(None).issued_by(&ca);
    let leaf = plan("billing").issued_by(&middle);
    let store = trusting_for(&ca, &["CN=orders-*,O=Test"], &[]);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "trust.constraint");
    let leaf = plan("orders-1").issued_by(&middle);
    assert_eq!(verdict(&store, &leaf, &[&middle]), "passed");
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
    let others: Vec<&Party> = crossed.iter().collect();
    let trusted = root("trusted");
    let store = trusting(&[&trusted]);
    let begin = Instant::now();
    let refused = judge(&store, &leaf, &others).unwrap_err();
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
