//! What certificates on a path may be: purposes, keys, signatures, and the operator's constraint.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use sealgate::trust::Constraint;
use sealgate::trust::Refusal;
use sealgate::trust::TrustSources;

use crate::ARCHIVE;
use crate::authority::email;
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
fn what_the_operator_says_of_an_anchor_holds_below_another_too() {
    let top = root("top");
    let narrow = plan("narrow").ca(None).issued_by(&top);
    let mut sources = TrustSources::new();
    let constraint = Constraint::new(&["CN=orders,O=Test"], &[]).unwrap();
    sources.trust(top.certificate.clone(), None);
    sources.trust(narrow.certificate.clone(), Some(&constraint));
    let store = sources.build();
    for (name, expected) in [("orders", "passed"), ("billing", "trust.constraint")] {
        let leaf = plan(name).issued_by(&narrow);
        assert_eq!(verdict(&store, &leaf, &[&narrow, &top]), expected);
    }
}
