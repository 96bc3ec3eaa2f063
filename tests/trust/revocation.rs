//! Revocation by CRLs (contract: Semantics 4; T143).

use openssl::hash::MessageDigest;
use sealgate::crypto::Crl;
use sealgate::crypto::Scope;
use sealgate::trust::PathRules;
use sealgate::trust::Refusal;
use sealgate::trust::Revocation;
use sealgate::trust::TrustSources;
use sealgate::trust::TrustStore;
use sealgate::trust::Warning;

use crate::ARCHIVE;
use crate::STRICT;
use crate::authority::Party;
use crate::authority::at;
use crate::authority::crl;
use crate::authority::current_crl;
use crate::authority::extension;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::point;
use crate::authority::root;
use crate::authority::sequence;
use crate::authority::tlv;
use crate::certificates;
use crate::code;
use crate::verdict;
use crate::with_crls;

const UNKNOWN: &str = "trust.revocation_unknown";
const REVOKED: &str = "trust.revoked";

fn verdict_under(store: &TrustStore, leaf: &Party, revocation: Revocation) -> &'static str {
    let rules = PathRules { revocation, ..STRICT };
    code(&store.path(&leaf.certificate, &[], now(), &rules))
}

#[test]
fn a_certificate_that_promises_nothing_passes_unless_an_answer_is_required() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let store = with_crls(&[&ca], &[]);
    assert_eq!(verdict_under(&store, &leaf, Revocation::WhenPromised), "passed");
    assert_eq!(verdict_under(&store, &leaf, Revocation::Warn), "passed");
    assert_eq!(verdict_under(&store, &leaf, Revocation::Required), UNKNOWN);
    let store = with_crls(&[&ca], &[current_crl().signed_by(&ca)]);
    assert_eq!(verdict_under(&store, &leaf, Revocation::Required), "passed");
}

#[test]
fn a_named_source_is_a_promise() {
    let ca = root("CA");
    let none = with_crls(&[&ca], &[]);
    let given = with_crls(&[&ca], &[current_crl().signed_by(&ca)]);
    for leaf in [
        plan("orders").crl_at("http://ca.example/crl"),
        plan("orders").ocsp_at("http://ca.example/ocsp"),
    ] {
        let leaf = leaf.issued_by(&ca);
        assert_eq!(verdict_under(&none, &leaf, Revocation::WhenPromised), UNKNOWN);
        assert_eq!(verdict_under(&none, &leaf, Revocation::Required), UNKNOWN);
        assert_eq!(verdict_under(&given, &leaf, Revocation::WhenPromised), "passed");
        let rules = PathRules {
            revocation: Revocation::Warn,
            ..STRICT
        };
        let path = none.path(&leaf.certificate, &[], now(), &rules).unwrap();
        assert_eq!(
            path.warnings(),
            [Warning::UnconstrainedCa, Warning::RevocationUnknown]
        );
        let error = none.path(&leaf.certificate, &[], now(), &STRICT).unwrap_err();
        assert!(error.is_indeterminate());
    }
}

#[test]
fn a_crl_clears_and_holds_from_this_update_until_before_next_update() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let held = plan("held").serial(666).issued_by(&ca);
    let hold = extension("2.5.29.21", false, &[0x0a, 1, 6]);
    let list = crl("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z").entry(
        held.certificate.serial_bytes(),
        "2026-04-01T00:00:00Z",
        &[&hold],
    );
    let store = with_crls(&[&ca], &[list.signed_by(&ca)]);
    let times = [
        ("2026-04-30T23:59:59Z", UNKNOWN, UNKNOWN),
        ("2026-05-01T00:00:00Z", "passed", REVOKED),
        ("2026-05-01T00:00:01Z", "passed", REVOKED),
        ("2026-05-31T23:59:59Z", "passed", REVOKED),
        ("2026-06-01T00:00:00Z", UNKNOWN, UNKNOWN),
        ("2026-06-01T00:00:01Z", UNKNOWN, UNKNOWN),
    ];
    // Both directions, so that what is remembered from one time is there at the next.
    for (time, of_leaf, of_held) in times.iter().chain(times.iter().rev()) {
        let judged = |party: &Party| code(&store.path(&party.certificate, &[], at(time), &STRICT));
        assert_eq!(judged(&leaf), *of_leaf, "{time}");
        assert_eq!(judged(&held), *of_held, "{time}");
    }
}

#[test]
fn a_revocation_counts_whenever_it_was_said() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let since = "2026-04-10T00:00:00Z";
    let clears = crl("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z").signed_by(&ca);
    let earlier = crl("2026-04-11T00:00:00Z", "2026-04-12T00:00:00Z").revoking(&leaf, since);
    let later = crl("2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z").revoking(&leaf, since);
    let delta = later.clone().extension("2.5.29.27", true, &[2, 1, 1]);
    for list in [earlier, later, delta] {
        let store = with_crls(&[&ca], &[clears.clone(), list.signed_by(&ca)]);
        for (time, expected) in [
            ("2026-04-09T23:59:59Z", "passed"),
            (since, REVOKED),
            ("2026-04-20T00:00:00Z", REVOKED),
            ("2026-07-01T00:00:00Z", REVOKED),
            ("2026-04-09T23:59:59Z", "passed"),
        ] {
            for rules in [STRICT, ARCHIVE] {
                let judged = store.path(&leaf.certificate, &[], at(time), &rules);
                assert_eq!(code(&judged), expected, "{time}");
            }
        }
    }
    let stranger = root("CA");
    let forged = crl("2026-04-11T00:00:00Z", "2026-04-12T00:00:00Z").revoking(&leaf, since);
    let store = with_crls(&[&ca], &[clears, forged.signed_by(&stranger)]);
    let judged = store.path(&leaf.certificate, &[], at("2026-04-20T00:00:00Z"), &STRICT);
    assert_eq!(code(&judged), "passed");
}

#[test]
fn a_hold_that_was_lifted_is_none_and_one_that_became_final_stays() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let serial = leaf.certificate.serial_bytes();
    let [hold, lifted, stolen] = [6, 8, 1].map(|reason| extension("2.5.29.21", false, &[0x0a, 1, reason]));
    let since = "2026-05-20T00:00:00Z";
    let lifts = current_crl()
        .entry(serial, since, &[&lifted])
        .extension("2.5.29.27", true, &[2, 1, 1])
        .signed_by(&ca);
    let clears = current_crl().signed_by(&ca);
    assert_eq!(
        verdict(&with_crls(&[&ca], &[clears.clone(), lifts]), &leaf, &[]),
        "passed"
    );
    let whole = current_crl().entry(serial, since, &[&lifted]).signed_by(&ca);
    assert_eq!(verdict(&with_crls(&[&ca], &[whole]), &leaf, &[]), UNKNOWN);
    let later = crl("2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z");
    for [first, second] in [[&hold, &stolen], [&stolen, &hold]] {
        let twice = later.clone().entry(serial, since, &[first]);
        let twice = twice.entry(serial, since, &[second]);
        let store = with_crls(&[&ca], &[clears.clone(), twice.signed_by(&ca)]);
        assert_eq!(verdict(&store, &leaf, &[]), REVOKED);
    }
}

#[test]
fn a_key_in_other_hands_counts_for_nothing_from_then_on() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let list = |invalidity: &[u8]| {
        let invalidity = extension("2.5.29.24", false, invalidity);
        let serial = leaf.certificate.serial_bytes();
        crl("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z").entry(
            serial,
            "2026-05-20T00:00:00Z",
            &[&invalidity],
        )
    };
    for (from, judged_at, expected) in [
        (b"20260510000000Z", "2026-05-09T23:59:59Z", "passed"),
        (b"20260510000000Z", "2026-05-10T00:00:00Z", REVOKED),
        // It was revoked, whatever became of the key later.
        (b"20260525000000Z", "2026-05-20T00:00:00Z", REVOKED),
    ] {
        let store = with_crls(
            &[&ca],
            &[list(&[&[0x18, 15], from.as_slice()].concat()).signed_by(&ca)],
        );
        let judged = store.path(&leaf.certificate, &[], at(judged_at), &STRICT);
        assert_eq!(code(&judged), expected, "{judged_at}");
    }
}

#[test]
fn a_certificate_is_revoked_from_its_revocation_date() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let list = current_crl()
        .revoking(&leaf, "2026-06-01T00:00:00Z")
        .signed_by(&ca);
    let store = with_crls(&[&ca], &[list]);
    for (time, expected) in [
        ("2026-05-31T23:59:59Z", "passed"),
        ("2026-06-01T00:00:00Z", REVOKED),
        ("2026-06-01T00:00:01Z", REVOKED),
        ("2026-05-31T23:59:59Z", "passed"),
    ] {
        assert_eq!(
            code(&store.path(&leaf.certificate, &[], at(time), &STRICT)),
            expected,
            "{time}"
        );
    }
    match store
        .path(&leaf.certificate, &[], now(), &ARCHIVE)
        .unwrap_err()
        .refusal()
    {
        Refusal::Revoked {
            serial,
            issuer,
            since,
            ..
        } => {
            assert_eq!(
                (serial.as_str(), issuer.as_str(), *since),
                ("4711", "CN=CA,O=Test", now())
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_crl_without_an_end_does_not_count() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let store = with_crls(&[&ca], &[current_crl().without_next_update().signed_by(&ca)]);
    assert_eq!(verdict(&store, &leaf, &[]), UNKNOWN);
}

#[test]
fn intermediates_are_asked_about_too_and_anchors_are_not() {
    let ca = root("CA");
    let middle = plan("middle").ca(None).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let of_ca = current_crl()
        .revoking(&middle, "2026-05-01T00:00:00Z")
        .signed_by(&ca);
    assert_eq!(
        verdict(&with_crls(&[&ca], &[of_ca.clone()]), &leaf, &[&middle]),
        REVOKED
    );
    let of_itself = current_crl().revoking(&ca, "2026-05-01T00:00:00Z").signed_by(&ca);
    let store = with_crls(&[&ca], &[of_itself]);
    assert_eq!(verdict(&store, &ca, &[]), "passed");
    // A pin is the operator's own decision.
    let pinned = with_crls(&[&middle, &leaf], &[of_ca]);
    assert_eq!(verdict(&pinned, &leaf, &[]), "passed");
    assert_eq!(verdict(&pinned, &middle, &[]), "passed");
}

#[test]
fn only_the_issuers_own_key_signs_its_crl() {
    let (ca, impostor) = (root("CA"), root("CA"));
    let leaf = plan("orders").issued_by(&ca);
    let forged_clear = current_crl().signed_by(&impostor);
    assert_eq!(
        verdict(&with_crls(&[&ca], &[forged_clear.clone()]), &leaf, &[]),
        UNKNOWN
    );
    let forged_revocation = current_crl()
        .revoking(&leaf, "2026-05-01T00:00:00Z")
        .signed_by(&impostor);
    let good = current_crl().signed_by(&ca);
    assert_eq!(
        verdict(&with_crls(&[&ca], &[forged_revocation, good]), &leaf, &[]),
        "passed"
    );
    // The CRL of a CA of another name says nothing.
    let other = current_crl().signed_by(&root("other"));
    assert_eq!(verdict(&with_crls(&[&ca], &[other]), &leaf, &[]), "passed");
    assert!(!forged_clear.is_signed_by(ca.certificate.public_key()));
}

#[test]
fn a_ca_that_may_not_sign_crls_decides_nothing() {
    for (usage, expected) in [(0x04, UNKNOWN), (0x06, "passed")] {
        let ca = plan("CA").ca(None).key_usage(usage).self_signed();
        let leaf = plan("orders").issued_by(&ca);
        let store = with_crls(&[&ca], &[current_crl().signed_by(&ca)]);
        assert_eq!(verdict(&store, &leaf, &[]), expected);
    }
}

#[test]
fn weak_signatures_on_crls_do_not_count() {
    let ca = plan("CA").rsa(2048).ca(None).self_signed();
    let leaf = plan("orders").issued_by(&ca);
    let store = with_crls(
        &[&ca],
        &[current_crl().hash(MessageDigest::sha1()).signed_by(&ca)],
    );
    assert_eq!(verdict(&store, &leaf, &[]), UNKNOWN);
    let path = store.path(&leaf.certificate, &[], now(), &ARCHIVE).unwrap();
    assert_eq!(
        (path.legacy(), path.warnings()),
        (&["certificate-sha1"][..], &[Warning::UnconstrainedCa][..])
    );
    let store = with_crls(&[&ca], &[current_crl().hash(MessageDigest::md5()).signed_by(&ca)]);
    let path = store.path(&leaf.certificate, &[], now(), &ARCHIVE).unwrap();
    assert_eq!(
        path.warnings(),
        [Warning::UnconstrainedCa, Warning::RevocationUnknown]
    );
}

#[test]
fn a_revocation_in_any_crl_counts_whatever_another_says() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let clear = current_crl().signed_by(&ca);
    let revoking = crl("2026-05-10T00:00:00Z", "2026-06-10T00:00:00Z")
        .revoking(&leaf, "2026-05-01T00:00:00Z")
        .signed_by(&ca);
    for crls in [[clear.clone(), revoking.clone()], [revoking, clear]] {
        assert_eq!(verdict(&with_crls(&[&ca], &crls), &leaf, &[]), REVOKED);
    }
}

#[test]
fn an_entry_is_about_the_issuer_that_was_named_last() {
    let (ca, other) = (root("CA"), root("other"));
    let leaf = plan("orders").issued_by(&ca);
    let clear = current_crl().signed_by(&ca);
    let named = |issuer: &Party| {
        let name = issuer.name.to_der().unwrap();
        extension("2.5.29.29", true, &sequence(&[&tlv(0xa4, &name)]))
    };
    let since = "2026-05-01T00:00:00Z";
    let serial = leaf.certificate.serial_bytes();
    for (before, extensions, expected) in [
        (None, vec![], REVOKED),
        (None, vec![named(&ca)], REVOKED),
        (Some(&ca), vec![], REVOKED),
        (Some(&other), vec![named(&ca)], REVOKED),
        (None, vec![named(&other)], "passed"),
        (Some(&other), vec![], "passed"),
    ] {
        let mut list = current_crl().extension("2.5.29.28", true, &sequence(&[&[0x84, 1, 0xff]]));
        if let Some(issuer) = before {
            list = list.entry(&[1], since, &[&named(issuer)]);
        }
        let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        let list = list.entry(serial, since, &extensions).signed_by(&ca);
        let store = with_crls(&[&ca], &[clear.clone(), list.clone()]);
        assert_eq!(verdict(&store, &leaf, &[]), expected);
        // Who is not listed is not cleared by it.
        let spared = plan("spared").serial(2).issued_by(&ca);
        assert_eq!(verdict(&with_crls(&[&ca], &[list]), &spared, &[]), UNKNOWN);
    }
}

#[test]
fn a_ca_takes_back_with_any_of_its_keys() {
    let old = root("CA");
    let new = plan("CA").serial(1).ca(None).issued_by(&old);
    let impostor = root("CA");
    let leaf_of_old = plan("orders").issued_by(&old);
    let leaf_of_new = plan("orders").serial(2).issued_by(&new);
    let revoking = |leaf: &Party, signer: &Party| {
        current_crl()
            .revoking(leaf, "2026-05-01T00:00:00Z")
            .signed_by(signer)
    };
    let clear = [current_crl().signed_by(&old), current_crl().signed_by(&new)];
    let verdict = |leaf: &Party, crl: Crl, known: &[&Party]| {
        let mut sources = TrustSources::new();
        sources.trust(old.certificate.clone(), None);
        let known = known.iter().map(|party| party.certificate.clone());
        known.for_each(|certificate| sources.untrusted(certificate));
        clear.iter().for_each(|crl| sources.crl(crl.clone()));
        sources.crl(crl);
        code(&sources.build().path(&leaf.certificate, &[], now(), &STRICT))
    };
    let known = [&new, &impostor];
    assert_eq!(
        verdict(&leaf_of_old, revoking(&leaf_of_old, &new), &known),
        REVOKED
    );
    assert_eq!(
        verdict(&leaf_of_new, revoking(&leaf_of_new, &old), &known),
        REVOKED
    );
    for leaf in [&leaf_of_old, &leaf_of_new] {
        assert_eq!(verdict(leaf, revoking(leaf, &impostor), &known), "passed");
    }
    // A key does not clear what another signed.
    let mut sources = TrustSources::new();
    sources.trust(old.certificate.clone(), None);
    sources.untrusted(new.certificate.clone());
    sources.crl(current_crl().signed_by(&new));
    let path = sources.build();
    assert_eq!(
        code(&path.path(&leaf_of_old.certificate, &[], now(), &STRICT)),
        UNKNOWN
    );
}

/// A CRL with an issuingDistributionPoint of these fields.
fn narrowed(ca: &Party, fields: &[u8]) -> Crl {
    current_crl()
        .extension("2.5.29.28", true, &sequence(&[fields]))
        .signed_by(ca)
}

#[test]
fn a_crl_clears_only_what_lies_in_its_scope() {
    let ca = root("CA");
    let url = "http://ca.example/1.crl";
    let leaf = plan("orders").issued_by(&ca);
    let pointing = plan("orders").crl_at(url).issued_by(&ca);
    let middle = plan("middle").ca(None).issued_by(&ca);
    for (fields, of_leaf, of_pointing, of_middle) in [
        (vec![], "passed", "passed", "passed"),
        (vec![0x81, 1, 0xff], "passed", "passed", UNKNOWN),
        (vec![0x82, 1, 0xff], UNKNOWN, UNKNOWN, "passed"),
        (vec![0x83, 2, 6, 0x40], UNKNOWN, UNKNOWN, UNKNOWN),
        (vec![0x84, 1, 0xff], UNKNOWN, UNKNOWN, UNKNOWN),
        (vec![0x85, 1, 0xff], UNKNOWN, UNKNOWN, UNKNOWN),
        (point(url), UNKNOWN, "passed", UNKNOWN),
        (point("http://ca.example/2.crl"), UNKNOWN, UNKNOWN, UNKNOWN),
    ] {
        let store = with_crls(&[&ca], &[narrowed(&ca, &fields)]);
        assert_eq!(verdict(&store, &leaf, &[]), of_leaf, "{fields:02x?}");
        assert_eq!(verdict(&store, &pointing, &[]), of_pointing, "{fields:02x?}");
        assert_eq!(verdict(&store, &middle, &[]), of_middle, "{fields:02x?}");
    }
}

#[test]
fn a_revocation_counts_outside_a_crls_scope_too() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    for (fields, expected) in [
        (vec![0x82, 1, 0xff], REVOKED),
        (point("http://x/"), REVOKED),
        (vec![0x84, 1, 0xff], REVOKED),
    ] {
        let list = current_crl().revoking(&leaf, "2026-05-01T00:00:00Z");
        let list = list
            .extension("2.5.29.28", true, &sequence(&[&fields]))
            .signed_by(&ca);
        assert_eq!(
            verdict(&with_crls(&[&ca], &[list]), &leaf, &[]),
            expected,
            "{fields:02x?}"
        );
    }
}

#[test]
fn delta_crls_and_unknown_critical_extensions_clear_nothing() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    for (oid, critical, expected) in [
        ("2.5.29.27", true, UNKNOWN),
        ("1.2.3.4", true, UNKNOWN),
        ("1.2.3.4", false, "passed"),
        ("2.5.29.20", false, "passed"),
    ] {
        let list = current_crl().extension(oid, critical, &[2, 1, 1]).signed_by(&ca);
        assert_eq!(
            verdict(&with_crls(&[&ca], &[list]), &leaf, &[]),
            expected,
            "{oid}"
        );
    }
}

#[test]
fn critical_extensions_of_entries_are_not_passed_over() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    for (oid, critical, expected) in [("1.2.3.4", true, UNKNOWN), ("1.2.3.4", false, "passed")] {
        let list = current_crl().entry(
            &[9],
            "2026-05-01T00:00:00Z",
            &[&extension(oid, critical, &[5, 0])],
        );
        assert_eq!(
            verdict(&with_crls(&[&ca], &[list.signed_by(&ca)]), &leaf, &[]),
            expected,
            "{oid}"
        );
    }
}

#[test]
fn a_reason_is_told() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let reason = extension("2.5.29.21", false, &[0x0a, 1, 1]);
    let serial = leaf.certificate.serial_bytes();
    let list = current_crl()
        .entry(serial, "2026-05-01T00:00:00Z", &[&reason])
        .signed_by(&ca);
    let error = with_crls(&[&ca], &[list])
        .path(&leaf.certificate, &[], now(), &STRICT)
        .unwrap_err();
    assert!(error.to_string().contains("(keyCompromise)"), "{error}");
}

#[test]
fn listed_twice_the_earlier_date_counts() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    for (one, two) in [
        ("2026-05-01T00:00:00Z", "2027-05-01T00:00:00Z"),
        ("2027-05-01T00:00:00Z", "2026-05-01T00:00:00Z"),
    ] {
        let list = current_crl()
            .revoking(&leaf, one)
            .revoking(&leaf, two)
            .signed_by(&ca);
        assert_eq!(list.len(), 1);
        assert_eq!(verdict(&with_crls(&[&ca], &[list]), &leaf, &[]), REVOKED);
    }
}

#[test]
fn a_crl_is_read_strictly() {
    let ca = root("CA");
    let der = current_crl().der(&ca);
    assert!(Crl::from_der(&der).unwrap().is_empty());
    let leaf = plan("orders").issued_by(&ca);
    assert_eq!(
        Crl::from_der(&der).unwrap().scope(&leaf.certificate),
        Scope::Covers
    );
    assert!(
        Crl::from_der(&[&der[..], &[0]].concat()).is_err(),
        "a byte after it"
    );
    for end in 0..der.len() {
        assert!(Crl::from_der(&der[..end]).is_err(), "cut at {end}");
    }
    // The algorithm beside the signature is another.
    let mut other = der.clone();
    let place = other
        .windows(8)
        .rposition(|window| window == [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])
        .unwrap();
    other[place + 7] = 3;
    assert_eq!(
        Crl::from_der(&other).unwrap_err().code(),
        "token.certificate_algorithms_differ"
    );
    let list = current_crl()
        .extension("1.2.3.4", false, &[5, 0])
        .extension("1.2.3.4", false, &[5, 0]);
    assert_eq!(
        Crl::from_der(&list.der(&ca)).unwrap_err().code(),
        "token.certificate_duplicate_extension"
    );
}

#[test]
fn no_changed_byte_breaks_the_reader() {
    let ca = root("CA");
    let list = current_crl().entry(
        &[9],
        "2026-05-01T00:00:00Z",
        &[&extension("2.5.29.21", false, &[0x0a, 1, 1])],
    );
    let der = list
        .extension("2.5.29.28", true, &sequence(&[&point("http://x/")]))
        .der(&ca);
    for place in 0..der.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[place] ^= flip;
            if let Ok(read) = Crl::from_der(&changed) {
                assert!(
                    !read.is_signed_by(ca.certificate.public_key()),
                    "changed at {place}"
                );
            }
        }
    }
    let long = vec![0; Crl::MAX_BYTES + 1];
    assert_eq!(Crl::from_der(&long).unwrap_err().code(), "limit.certificate");
}

#[test]
fn a_message_cannot_bring_the_issuer_that_clears_a_certificate() {
    // The CRL is looked up by the key that really signed the certificate.
    let (ca, impostor) = (root("CA"), root("CA"));
    let leaf = plan("orders").issued_by(&ca);
    let store = with_crls(&[&ca], &[current_crl().signed_by(&impostor)]);
    let judged = store.path(&leaf.certificate, &certificates(&[&impostor]), now(), &STRICT);
    assert_eq!(code(&judged), UNKNOWN);
}
