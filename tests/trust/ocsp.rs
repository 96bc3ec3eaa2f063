//! Revocation by OCSP responses that were kept (RFC 6960; T143).

use openssl::hash::MessageDigest;
use sealgate::crypto::OcspResponse;
use sealgate::trust::PathRules;
use sealgate::trust::Refusal;
use sealgate::trust::Revocation;
use sealgate::trust::TrustSources;
use sealgate::trust::TrustStore;

use crate::ARCHIVE;
use crate::STRICT;
use crate::authority::CrlPlan;
use crate::authority::OcspPlan;
use crate::authority::Party;
use crate::authority::Plan;
use crate::authority::answer;
use crate::authority::at;
use crate::authority::crl;
use crate::authority::current_crl;
use crate::authority::now;
use crate::authority::plan;
use crate::authority::point;
use crate::authority::root;
use crate::authority::sequence;
use crate::code;

const UNKNOWN: &str = "trust.revocation_unknown";
const REVOKED: &str = "trust.revoked";
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
const REQUIRED: PathRules = PathRules {
    revocation: Revocation::Required,
    ..STRICT
};

fn store(ca: &Party, responses: &[OcspResponse]) -> TrustStore {
    sources(ca, responses).build()
}

fn sources(ca: &Party, responses: &[OcspResponse]) -> TrustSources {
    let mut sources = TrustSources::new();
    sources.trust(ca.certificate.clone(), None);
    responses
        .iter()
        .for_each(|response| sources.ocsp(response.clone()));
    sources
}

fn verdict(store: &TrustStore, leaf: &Party) -> &'static str {
    code(&store.path(&leaf.certificate, &[], now(), &REQUIRED))
}

/// A responder that says of itself what it needs to.
fn responder() -> Plan {
    responder_for(0x80, OCSP_SIGNING)
}

fn responder_for(usage: u8, purpose: &str) -> Plan {
    let plan = plan("responder").serial(9).key_usage(usage);
    plan.purposes(&[purpose]).extension(NO_CHECK, false, &[5, 0])
}

/// Why nothing is known.
fn why(store: &TrustStore, leaf: &Party) -> String {
    let error = store.path(&leaf.certificate, &[], now(), &REQUIRED).unwrap_err();
    assert!(error.is_indeterminate(), "{error}");
    match error.refusal() {
        Refusal::RevocationUnknown { why, .. } => why.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_issuer_and_its_delegate_clear_and_revoke() {
    let ca = root("CA");
    let leaf = plan("orders").ocsp_at("http://ca.example/ocsp").issued_by(&ca);
    let delegate = responder().issued_by(&ca);
    let with =
        |plan: OcspPlan, signer: &Party| verdict(&store(&ca, &[plan.signed_by(signer, &leaf, &ca)]), &leaf);
    assert_eq!(verdict(&store(&ca, &[]), &leaf), UNKNOWN);
    for hash in [MessageDigest::sha1(), MessageDigest::sha256()] {
        assert_eq!(with(answer().id_hash(hash), &ca), "passed");
        assert_eq!(with(answer().id_hash(hash).with(&delegate), &delegate), "passed");
    }
    assert_eq!(with(answer().revoked("2026-05-20T00:00:00Z"), &ca), REVOKED);
    assert_eq!(
        with(
            answer().revoked("2026-05-20T00:00:00Z").with(&delegate),
            &delegate
        ),
        REVOKED
    );
    // removeFromCRL: that a hold was lifted says of an answer nothing.
    assert_eq!(
        with(answer().revoked_for(8, "2026-05-20T00:00:00Z"), &ca),
        UNKNOWN
    );
    assert_eq!(with(answer().revoked("2026-06-01T00:00:01Z"), &ca), "passed");
    assert_eq!(with(answer().revoked("2026-06-01T00:00:00Z"), &ca), REVOKED);
    // One that clears and a CRL that does not, and the other way round.
    for (response, list) in [
        (answer(), current_crl().revoking(&leaf, "2026-05-20T00:00:00Z")),
        (answer().revoked("2026-05-20T00:00:00Z"), current_crl()),
    ] {
        let mut both = sources(&ca, &[response.signed_by(&ca, &leaf, &ca)]);
        both.crl(list.signed_by(&ca));
        assert_eq!(verdict(&both.build(), &leaf), REVOKED);
    }
}

#[test]
fn the_answer_of_the_time_counts() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let first = answer().valid("2026-03-01T00:00:00Z", Some("2026-03-08T00:00:00Z"));
    let second = answer()
        .valid("2026-05-01T00:00:00Z", Some("2026-05-08T00:00:00Z"))
        .held("2026-04-01T00:00:00Z");
    let responses = [first, second].map(|plan| plan.signed_by(&ca, &leaf, &ca));
    let store = store(&ca, &responses);
    let times = [
        ("2026-02-28T23:59:59Z", UNKNOWN),
        ("2026-03-01T00:00:00Z", "passed"),
        ("2026-03-07T23:59:59Z", "passed"),
        ("2026-03-08T00:00:00Z", UNKNOWN),
        ("2026-05-01T00:00:00Z", REVOKED),
        ("2026-05-08T00:00:00Z", UNKNOWN),
    ];
    for (time, expected) in times.iter().chain(times.iter().rev()) {
        let judged = store.path(&leaf.certificate, &[], at(time), &STRICT);
        assert_eq!(code(&judged), *expected, "{time}");
    }
}

#[test]
fn a_revocation_counts_whenever_it_was_said() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let clears = answer().valid("2026-03-01T00:00:00Z", Some("2026-04-01T00:00:00Z"));
    let clears = clears.signed_by(&ca, &leaf, &ca);
    let since = "2026-03-10T00:00:00Z";
    let endless = answer().valid("2026-03-20T00:00:00Z", None).revoked(since);
    let later = answer()
        .valid("2026-05-01T00:00:00Z", Some("2026-05-08T00:00:00Z"))
        .revoked(since);
    let judged = |response: OcspResponse, time: &str| {
        let store = store(&ca, &[clears.clone(), response]);
        code(&store.path(&leaf.certificate, &[], at(time), &STRICT))
    };
    for plan in [endless, later.clone()] {
        for (time, expected) in [
            ("2026-03-09T23:59:59Z", "passed"),
            (since, REVOKED),
            ("2026-03-25T00:00:00Z", REVOKED),
        ] {
            assert_eq!(
                judged(plan.clone().signed_by(&ca, &leaf, &ca), time),
                expected,
                "{time}"
            );
        }
    }
    // Who could give it then: one who could at the time that is asked about could not.
    let delegate = |from: &str, to: &str| {
        let delegate = responder().valid(from, to).issued_by(&ca);
        later.clone().with(&delegate).signed_by(&delegate, &leaf, &ca)
    };
    let then = delegate("2026-04-20T00:00:00Z", "2026-06-01T00:00:00Z");
    assert_eq!(judged(then, "2026-03-25T00:00:00Z"), REVOKED);
    let before = delegate("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    assert_eq!(judged(before, "2026-03-25T00:00:00Z"), "passed");
    let stranger = root("CA");
    assert_eq!(
        judged(later.signed_by(&stranger, &leaf, &ca), "2026-03-25T00:00:00Z"),
        "passed"
    );
}

#[test]
fn what_does_not_decide_says_why() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let critical = answer().extension("1.2.3", true, &[5, 0]);
    for (plan, told) in [
        (answer().unknown(), "does not know the certificate"),
        (
            answer().valid("2026-06-02T00:00:00Z", Some("2026-06-09T00:00:00Z")),
            "does not count yet",
        ),
        (
            answer().valid("2026-05-01T00:00:00Z", Some("2026-06-01T00:00:00Z")),
            "counted until",
        ),
        (
            answer().valid("2026-05-01T00:00:00Z", None),
            "does not say until when it counts",
        ),
        (
            answer().hash(MessageDigest::sha1()),
            "is signed with ecdsa-with-SHA1",
        ),
        (critical, "critical extension"),
    ] {
        let why = why(&store(&ca, &[plan.signed_by(&ca, &leaf, &ca)]), &leaf);
        assert!(why.contains(told), "{told}: {why}");
    }
    let harmless = answer().extension("1.2.3", false, &[5, 0]);
    assert_eq!(
        verdict(&store(&ca, &[harmless.signed_by(&ca, &leaf, &ca)]), &leaf),
        "passed"
    );
    let sha1 = answer().hash(MessageDigest::sha1()).signed_by(&ca, &leaf, &ca);
    let path = store(&ca, &[sha1])
        .path(&leaf.certificate, &[], now(), &ARCHIVE)
        .unwrap();
    assert!(path.legacy().contains(&"certificate-sha1"), "{:?}", path.legacy());
}

#[test]
fn only_whom_the_issuer_certified_for_it_answers() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let stranger = root("CA");
    let middle = plan("middle").serial(7).ca(None).issued_by(&ca);
    let refused: [(Party, &str); 9] = [
        (
            plan("orders2").serial(8).issued_by(&ca),
            "not for signing OCSP answers",
        ),
        (
            responder_for(0x80, "2.5.29.37.0").issued_by(&ca),
            "not for signing OCSP answers",
        ),
        (
            responder_for(0x20, OCSP_SIGNING).issued_by(&ca),
            "whose key is not for signing",
        ),
        (
            responder().extension("1.2.3.4", true, &[5, 0]).issued_by(&ca),
            "critical extension",
        ),
        (
            responder()
                .valid("2026-01-01T00:00:00Z", "2026-05-14T23:59:59Z")
                .issued_by(&ca),
            "not valid then",
        ),
        (
            responder()
                .valid("2026-06-01T00:00:01Z", "2026-12-31T23:59:59Z")
                .issued_by(&ca),
            "not valid then",
        ),
        (responder().issued_by(&stranger), "did not issue"),
        (responder().issued_by(&middle), "did not issue"),
        (
            plan("responder")
                .serial(9)
                .purposes(&[OCSP_SIGNING])
                .issued_by(&ca),
            "no CRL says",
        ),
    ];
    for (signer, told) in &refused {
        let response = answer().with(signer).signed_by(signer, &leaf, &ca);
        let why = why(&store(&ca, &[response]), &leaf);
        assert!(why.contains(told), "{told}: {why}");
        // Nor does it revoke.
        let plan = answer().with(signer).revoked("2026-05-20T00:00:00Z");
        let response = plan.signed_by(signer, &leaf, &ca);
        assert_eq!(verdict(&store(&ca, &[response]), &leaf), UNKNOWN);
    }
    let short = responder().rsa(1024).issued_by(&ca);
    let response = answer().with(&short).signed_by(&short, &leaf, &ca);
    assert!(why(&store(&ca, &[response]), &leaf).contains("too weak"));
    let weak = responder().hash(MessageDigest::sha1()).issued_by(&ca);
    let response = answer().with(&weak).signed_by(&weak, &leaf, &ca);
    assert!(why(&store(&ca, &[response]), &leaf).contains("ecdsa-with-SHA1"));
    // A certificate that does not come with it is not looked for.
    let response = answer().signed_by(&responder().issued_by(&ca), &leaf, &ca);
    assert!(why(&store(&ca, &[response]), &leaf).contains("signed neither"));
}

#[test]
fn a_responder_is_cleared_by_a_crl_where_it_has_to_be() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let checked = plan("responder").serial(9).purposes(&[OCSP_SIGNING]);
    let checked = checked.crl_at("http://x/").issued_by(&ca);
    let response = answer().with(&checked).signed_by(&checked, &leaf, &ca);
    // It covers the responder and not the leaf, which would need no answer.
    let for_responder = |list: CrlPlan| {
        let list = list.extension("2.5.29.28", true, &sequence(&[&point("http://x/")]));
        let mut sources = sources(&ca, std::slice::from_ref(&response));
        sources.crl(list.signed_by(&ca));
        verdict(&sources.build(), &leaf)
    };
    assert_eq!(
        verdict(&store(&ca, std::slice::from_ref(&response)), &leaf),
        UNKNOWN
    );
    assert_eq!(for_responder(current_crl()), "passed");
    assert_eq!(
        for_responder(crl("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")),
        UNKNOWN
    );
    assert_eq!(
        for_responder(current_crl().revoking(&checked, "2026-05-20T00:00:00Z")),
        UNKNOWN
    );
}

#[test]
fn a_responder_of_another_name_is_not_the_issuers() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    // Both names have one key.
    let renamed = plan("Renamed CA").ca(None).key_of(&ca).self_signed();
    let delegate = responder().issued_by(&renamed);
    let response = answer().with(&delegate).signed_by(&delegate, &leaf, &ca);
    assert!(why(&store(&ca, &[response]), &leaf).contains("did not issue"));
}

#[test]
fn what_a_responder_said_is_remembered_no_longer_than_its_certificate_holds() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let (begins, ends) = ("2026-05-10T00:00:00Z", "2026-05-20T00:00:00Z");
    let delegate = responder().valid(begins, ends).issued_by(&ca);
    let plan = answer().valid("2026-05-01T00:00:00Z", Some("2026-06-01T00:00:00Z"));
    let store = store(&ca, &[plan.with(&delegate).signed_by(&delegate, &leaf, &ca)]);
    let judged = |time: &str| code(&store.path(&leaf.certificate, &[], at(time), &REQUIRED));
    for (time, expected) in [
        ("2026-05-15T00:00:00Z", "passed"),
        ("2026-05-09T23:59:59Z", UNKNOWN),
        ("2026-05-10T00:00:00Z", "passed"),
        ("2026-05-15T00:00:00Z", "passed"),
        ("2026-05-20T00:00:00Z", "passed"),
        ("2026-05-20T00:00:01Z", UNKNOWN),
    ] {
        assert_eq!(judged(time), expected, "{time}");
    }
}

#[test]
fn an_answer_about_another_certificate_says_nothing() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let other = plan("other").serial(12).issued_by(&ca);
    let namesake = root("CA");
    let about_other = answer().signed_by(&ca, &other, &ca);
    let of_namesake = answer()
        .revoked("2026-05-20T00:00:00Z")
        .signed_by(&ca, &leaf, &namesake);
    assert_eq!(verdict(&store(&ca, &[about_other, of_namesake]), &leaf), UNKNOWN);
    assert_eq!(
        code(&store(&ca, &[]).path(&leaf.certificate, &[], now(), &STRICT)),
        "passed"
    );
}

#[test]
fn no_changed_byte_of_an_answer_clears_and_none_panics() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let der = answer().der(&ca, &leaf, &ca);
    assert_eq!(
        verdict(&store(&ca, &[OcspResponse::from_der(&der).unwrap()]), &leaf),
        "passed"
    );
    for place in 0..der.len() {
        let mut changed = der.clone();
        changed[place] ^= 1;
        // The type of the response and its status stand outside of what is signed, and so does the encoding of the algorithm.
        if let Ok(response) = OcspResponse::from_der(&changed) {
            assert_eq!(verdict(&store(&ca, &[response]), &leaf), UNKNOWN, "{place}");
        }
        assert!(OcspResponse::from_der(&der[..place]).is_err());
    }
    let no_answer = [0x30, 3, 0x0a, 1, 3];
    assert!(OcspResponse::is_one(&no_answer));
    assert!(
        OcspResponse::from_der(&no_answer)
            .unwrap_err()
            .to_string()
            .contains("no answer")
    );
}
