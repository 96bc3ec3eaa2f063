#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use super::*;
use crate::inbound::{Findings, ReferenceFinding, SignatureFinding};
use crate::policy::Profile;
use crate::verifier::{Reason, Verdict};

const VERDICTS: [(Verdict, MainIndication); 3] = [
    (Verdict::Failed, MainIndication::TotalFailed),
    (Verdict::Indeterminate, MainIndication::Indeterminate),
    (Verdict::Unreadable, MainIndication::Indeterminate),
];

/// The codes of judgements that the manual lists. What follows are other pages and other doings.
fn codes() -> BTreeSet<&'static str> {
    let page = include_str!("../manual/codes.rs");
    let sections = page.split("//! # ").skip(1);
    let of_messages = sections.filter(|section| {
        let others = [
            "Backends",
            "Audit",
            "Message archive",
            "Log",
            "Throttling",
            "Policies in a WSDL",
        ];
        !others.iter().any(|other| section.starts_with(other))
    });
    let listed = of_messages
        .chain([include_str!("../manual/threats.rs")])
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .filter(|code| code.contains('.') && !code.contains(' '));
    listed.chain(["input.unreadable"]).collect()
}

fn subject(source: &str) -> Subject<'_> {
    Subject {
        source,
        sha256: Some("abba"),
        kind: None,
    }
}

fn refused(code: &'static str, verdict: Verdict) -> Outcome {
    Outcome::refused(Reason {
        verdict,
        stage: None,
        code,
        message: "a\u{0}<b>\u{1b}]]>".to_owned(),
        position: None,
        clause: None,
    })
}

fn signature(trusted: bool) -> SignatureFinding {
    SignatureFinding {
        algorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256".to_owned(),
        canonicalization: String::new(),
        trusted,
        signer: None,
        certificate: None,
        path: None,
        revoked: None,
        value: vec![1, 2, 3],
        signed_octets: None,
        references: vec![ReferenceFinding {
            uri: "#<a>&\u{1b}".to_owned(),
            element: None,
            digest_algorithm: DigestAlgorithm::Sha256.uri().to_owned(),
            expected: "AAAA".to_owned(),
            actual: Some("AAAA".to_owned()),
            ok: true,
        }],
    }
}

#[test]
fn every_code_has_its_sub_indication_and_it_is_one_of_the_main_indication() {
    let codes = codes();
    assert!(codes.len() > 320, "{}", codes.len());
    let missing: Vec<_> = codes.iter().filter(|code| nearest(code).is_none()).collect();
    assert!(
        missing.is_empty(),
        "in no table of validation_report/nearest.rs: {missing:?}"
    );
    for code in codes {
        for (verdict, main) in VERDICTS {
            let known = nearest(code).filter(|sub| sub.is_of(main));
            for trusted in [None, Some(false), Some(true)] {
                let mut outcome = refused(code, verdict);
                outcome.findings.signatures = trusted.map(signature).into_iter().collect();
                let status = Status::of(&outcome, trusted.map(|_| 0));
                assert_eq!(status.main, main, "{code}");
                let sub = status.sub.unwrap();
                assert!(sub.is_of(main), "{code}: {sub:?} under {main:?}");
                // What was found of this signature speaks for no other reason, and against these.
                let needs_more = matches!(
                    known,
                    Some(SubIndication::HashFailure | SubIndication::Revoked | SubIndication::NotYetValid)
                );
                if trusted != Some(true) && !(needs_more && trusted.is_some()) {
                    assert_eq!(sub, known.unwrap_or(SubIndication::Custom), "{code}");
                }
            }
        }
    }
    assert_eq!(nearest("relay.timeout"), None);
    assert_eq!(nearest("dsig.no_such_code"), None);
}

#[test]
fn no_signature_is_total_passed_but_of_somebody_trusted_in_a_message_that_passed() {
    let mut passed = Outcome {
        verdict: Ok(()),
        findings: Findings::default(),
    };
    passed.findings.signatures = vec![signature(true), signature(false)];
    let main = |place| Status::of(&passed, place).main;
    assert_eq!(main(Some(0)), MainIndication::TotalPassed);
    assert_eq!(main(Some(1)), MainIndication::Indeterminate);
    assert_eq!(main(None), MainIndication::Indeterminate);
}

#[test]
fn what_is_said_of_one_signature_is_not_said_of_another() {
    let mut outcome = refused("dsig.digest_mismatch", Verdict::Failed);
    let mut changed = signature(false);
    changed
        .references
        .iter_mut()
        .for_each(|reference| reference.ok = false);
    outcome.findings.signatures = vec![signature(true), changed, signature(false)];
    let subs = [0, 1, 2].map(|place| Status::of(&outcome, Some(place)).sub);
    let expected = [
        SubIndication::Custom,
        SubIndication::HashFailure,
        SubIndication::Custom,
    ];
    assert_eq!(subs, expected.map(Some));
    // A digest that holds is no HASH_FAILURE, nor what was revoked another certificate's REVOKED.
    for code in ["dsig.digest_mismatch", "trust.revoked", "trust.not_yet_valid"] {
        let mut outcome = refused(code, Verdict::Failed);
        outcome.findings.signatures = vec![signature(false)];
        assert_eq!(
            Status::of(&outcome, Some(0)).sub,
            Some(SubIndication::Custom),
            "{code}"
        );
    }
    let mut outcome = refused("dsig.signature_mismatch", Verdict::Failed);
    outcome.findings.signatures = vec![signature(false), signature(false)];
    let subs = [0, 1].map(|place| Status::of(&outcome, Some(place)).sub);
    assert_eq!(
        subs,
        [Some(SubIndication::SigCryptoFailure), Some(SubIndication::Custom)]
    );
}

#[test]
fn no_value_is_markup_and_every_character_is_one_of_xml() {
    let policy = Policy {
        name: "a \"b\"/ü<".to_owned(),
        ..Profile::Strict.policy()
    };
    let reporting = Reporting::new(&policy, At::Now).unwrap();
    let mut outcome = refused("dsig.digest_mismatch", Verdict::Failed);
    outcome.findings.signatures = vec![signature(false)];
    outcome.findings.judged_at = Some("2026-11-24T00:00:30Z".parse().unwrap());
    let source = "a\\u{1b}/<x y='\"&]]>\u{1b}[2J\u{202e}\u{ffff}\n.xml";
    let text = reporting.report(&subject(source), &outcome);
    let document = crate::xml::Document::parse(text.clone().into(), &crate::xml::Limits::default()).unwrap();
    let values: Vec<String> = document
        .root()
        .descendants()
        .filter(|element| element.local_name() == "Value")
        .map(|element| element.text().unwrap().value.into_owned())
        .collect();
    let shown = r#"a\u{5c}u{1b}/<x y='"&]]>\u{1b}[2J\u{202e}\u{ffff}\u{a}.xml"#;
    assert!(values.iter().any(|value| value == shown), "{values:?}");
    assert!(
        values.iter().any(|value| value == r"a\u{0}<b>\u{1b}]]>"),
        "{values:?}"
    );
    assert!(values.iter().any(|value| value == r"#<a>&\u{1b}"), "{values:?}");
    assert!(
        text.contains("<xades:Identifier>urn:sealgate:policy:a%20%22b%22%2F%C3%BC%3C<"),
        "{text}"
    );
    assert!(text.contains("<POETime>2026-11-24T00:00:30Z</POETime>"), "{text}");
    assert!(values.iter().any(|value| value == "abba"), "{values:?}");
    assert!(text.starts_with(BEGINNING), "{text}");
}

#[test]
fn a_time_that_no_schema_takes_is_left_out() {
    let time = |text: &str| date_time(text.parse().unwrap());
    assert_eq!(
        time("2026-11-24T00:00:30.5Z").as_deref(),
        Some("2026-11-24T00:00:30.500Z")
    );
    assert_eq!(time("0000-01-01T00:00:00Z"), None);
    assert_eq!(time("2016-12-31T23:59:60Z"), None);
    assert_eq!(date_time(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(date_time(DateTime::<Utc>::MIN_UTC), None);
}

/// That a message was judged as of a time does not prove that it was there, and what it says itself does so only where somebody trusted signed it.
#[test]
fn nothing_is_said_to_have_existed_at_a_time_that_was_only_named() {
    let time: DateTime<Utc> = "2026-11-24T00:00:30Z".parse().unwrap();
    let outcome = |verdict, trusted, judged_at| {
        let mut findings = Findings::default();
        findings.signatures = vec![signature(trusted)];
        findings.judged_at = judged_at;
        Outcome { verdict, findings }
    };
    let refusal = || refused("dsig.digest_mismatch", Verdict::Failed).verdict;
    let known = Some(time);
    let cases = [
        (At::Now, outcome(Ok(()), true, known), Some("validation")),
        (At::Now, outcome(refusal(), false, known), Some("validation")),
        (At::Now, outcome(refusal(), false, None), None),
        (At::Time(time), outcome(Ok(()), true, known), None),
        (At::Time(time), outcome(refusal(), true, known), None),
        (At::Message, outcome(Ok(()), true, known), Some("policy")),
        (At::Message, outcome(Ok(()), false, known), None),
        (At::Message, outcome(refusal(), true, known), None),
    ];
    for (at, outcome, expected) in cases {
        let text = Reporting::new(&Profile::Strict.policy(), at)
            .unwrap()
            .report(&subject("-"), &outcome);
        let proof = text.split("urn:etsi:019102:poetype:").nth(1);
        assert_eq!(
            proof.and_then(|text| text.split('<').next()),
            expected,
            "{at}: {text}"
        );
        assert_eq!(
            text.contains("<ValidationTimeInfo>"),
            expected.is_some(),
            "{at}: {text}"
        );
        let is_told = text.contains("report:judged_at</Type>");
        assert_eq!(
            is_told,
            at != At::Now || outcome.findings.judged_at.is_some(),
            "{at}: {text}"
        );
    }
}

#[test]
fn no_certificate_is_said_to_have_made_a_mac() {
    let alice = include_bytes!("../../fixtures/keys/alice.pem");
    let alice = crate::crypto::Certificate::from_pem_bundle(alice).unwrap();
    let reporting = Reporting::new(&Profile::Strict.policy(), At::Now).unwrap();
    for (algorithm, is_named) in [("rsa-sha256", true), ("hmac-sha256", false)] {
        let mut outcome = refused("dsig.digest_mismatch", Verdict::Failed);
        outcome.findings.signatures = vec![SignatureFinding {
            algorithm: format!("http://www.w3.org/2001/04/xmldsig-more#{algorithm}"),
            certificate: alice.first().cloned(),
            ..signature(true)
        }];
        let text = reporting.report(&subject("-"), &outcome);
        for element in [
            "<SignerCertificate ",
            "<SigningCertificate ",
            "<ValidationObject ",
        ] {
            assert_eq!(text.contains(element), is_named, "{algorithm}: {text}");
        }
    }
}
