//! What holds for every message, whatever it says: properties of the verdict, tried on all fixtures.
//!
//! `SEALGATE_EDITS` says how many single characters are changed (5,000), `SEALGATE_SEED` where to begin.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod support;

use std::fs;
use std::process::Command;
use std::thread;

use bytes::Bytes;
use generate::{Random, setting};
use sealgate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm};
use sealgate::c14n::Octets;
use sealgate::crypto;
use sealgate::inbound::{AsOf, Coverage, Findings, Received, SenderHeader, VerifiedMessage};
use sealgate::trust::{Issuers, TrustSources};
use sealgate::xml::{Document, Element, Limits, Namespace};
use support::Case;

/// The messages that pass, with what is admitted of them.
fn good_cases() -> Vec<(Case, String)> {
    let good: Vec<(Case, String)> = support::cases("cases/good")
        .into_iter()
        .filter(|case| case.passes)
        .filter_map(|case| {
            case.admitted(case.received.bytes.clone())
                .ok()
                .map(|admitted| (case, admitted))
        })
        .collect();
    assert!(good.len() > 60, "the good messages pass: {}", good.len());
    good
}

/// Every fixture that is a message or a SAML document.
fn all_cases() -> Vec<Case> {
    let mut all = support::cases("cases");
    all.extend(support::cases("attacks"));
    assert!(all.len() > 500, "the fixtures are there: {}", all.len());
    all
}

/// Verdict, code and findings, as text.
fn judged(case: &Case) -> String {
    let verdict = case.admitted(case.received.bytes.clone());
    let verdict = verdict.map_err(|rejection| format!("{} {rejection}", rejection.code()));
    let findings: Findings = case.findings(case.received.bytes.clone());
    format!("{verdict:?} {findings:?}")
}

/// I3.
#[test]
fn each_character_that_was_digested_counts() {
    let cases: Vec<(Case, Document)> = good_cases()
        .into_iter()
        // Of what is encrypted, the plaintext may be what was digested.
        .filter(|(case, _)| case.gate.keyring.is_empty())
        .filter_map(|(case, _)| {
            // What is in base64 is no document as it stands.
            let document = Document::parse(case.received.bytes.clone(), &Limits::archive()).ok()?;
            Some((case, document))
        })
        .collect();
    let first = setting("SEALGATE_SEED", 1);
    let (mut changed, mut left) = (0u64, 0u64);
    for seed in first..first + setting("SEALGATE_EDITS", 5_000) {
        let mut random = Random::new(seed);
        let (case, document) = &cases[random.below(cases.len())];
        let signed = signed_elements(document);
        let element = signed[random.below(signed.len())];
        let at = element.span().start + random.below(element.span().len());
        let mut bytes = case.received.bytes.to_vec();
        let in_signature = element
            .descendants()
            .any(|inside| inside.is(Namespace::DS, "Signature") && inside.span().contains(&at));
        if in_signature || !bytes[at].is_ascii_alphanumeric() {
            continue;
        }
        bytes[at] = random.pick(&[&b'a', &b'Z', &b'0', &b'7', &b'q']).to_owned();
        let edited = Bytes::from(bytes);
        let number = document
            .root()
            .descendants()
            .position(|other| other == element)
            .unwrap();
        let differs = match Document::parse(edited.clone(), &Limits::archive()) {
            Ok(edited) => edited
                .root()
                .descendants()
                .nth(number)
                .is_none_or(|other| octets(other) != octets(element)),
            Err(_) => true,
        };
        let verdict = case.admitted(edited.clone());
        if differs {
            let shown = || String::from_utf8_lossy(&edited).into_owned();
            assert!(
                verdict.is_err(),
                "seed {seed}, byte {at} of {}:\n{}",
                case.folder.display(),
                shown()
            );
            changed += 1;
        } else {
            left += 1;
        }
    }
    println!("{changed} characters changed, each refused; {left} changes were none to the octets");
    assert!(changed > 10 * left, "most characters count");
}

/// I2. Names of keys and the like may change without harm, if at all; what is used does not.
#[test]
fn what_was_not_digested_changes_nothing_that_is_used() {
    let cases: Vec<(Case, String, Document)> = good_cases()
        .into_iter()
        .filter_map(|(case, admitted)| {
            let document = Document::parse(case.received.bytes.clone(), &Limits::archive()).ok()?;
            Some((case, admitted, document))
        })
        .collect();
    let first = setting("SEALGATE_SEED", 1);
    let (mut same, mut refused) = (0u64, 0u64);
    for seed in first..first + setting("SEALGATE_EDITS", 5_000) {
        let mut random = Random::new(seed);
        let (case, admitted, document) = &cases[random.below(cases.len())];
        let digested = signed_elements(document);
        let mut bytes = case.received.bytes.to_vec();
        let at = random.below(bytes.len());
        let is_digested = digested.iter().any(|element| element.span().contains(&at));
        if is_digested || !bytes[at].is_ascii_alphanumeric() {
            continue;
        }
        bytes[at] = random.pick(&[&b'a', &b'Z', &b'0', &b'7', &b'q']).to_owned();
        match case.admitted(bytes.into()) {
            Ok(now) => {
                assert_eq!(
                    &now,
                    admitted,
                    "seed {seed}, byte {at} of {}",
                    case.folder.display()
                );
                same += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!(
        "{same} changes outside of what was digested changed nothing that is used, {refused} were refused"
    );
    assert!(same > 20 && refused > 500, "{same} {refused}");
}

/// The elements that References in `document` resolve to.
fn signed_elements(document: &Document) -> Vec<Element<'_>> {
    let references = document
        .root()
        .descendants()
        .filter(|element| element.is(Namespace::DS, "Reference"));
    references
        .filter_map(|reference| {
            let uri = reference.attribute("URI")?;
            match uri.strip_prefix('#') {
                Some(id) => document.element_by_id(id),
                None => Some(document.root()),
            }
        })
        // Under the STR-Transform its token is digested, and it is not.
        .filter(|element| !element.is(Namespace::WSSE, "SecurityTokenReference"))
        .collect()
}

/// None where there is no canonical form.
fn octets(element: Element<'_>) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let method = CanonicalizationAlgorithm::Exclusive.into();
    sealgate::c14n::element(element, &method, None, &mut octets).ok()?;
    Some(octets)
}

/// I4. Lists of revoked certificates are not trust: without one more passes, where the policy does not ask for it. And
/// metadata binds issuers to keys: an unsigned assertion that a certificate vouches for passes where nothing does.
#[test]
fn less_trust_never_admits_more() {
    for mut case in all_cases() {
        let bytes = case.received.bytes.clone();
        let refusal = case.admitted(bytes.clone()).err();
        let refused = refusal.is_some();
        let unbound = refusal.is_some_and(|refusal| refusal.code() == "saml.not_signed");
        let issuers = std::mem::take(&mut case.gate.issuers);
        if refused && !unbound {
            assert!(
                case.admitted(bytes.clone()).is_err(),
                "without metadata: {}",
                case.folder.display()
            );
        }
        case.gate.issuers = issuers;
        case.gate.trust = TrustSources::new().build();
        if refused {
            assert!(
                case.admitted(bytes.clone()).is_err(),
                "without anchors: {}",
                case.folder.display()
            );
        }
        case.gate.issuers = Issuers::new();
        assert!(
            case.admitted(bytes).is_err(),
            "without any trust: {}",
            case.folder.display()
        );
    }
}

/// I6, T74: nobody makes us digest for him before his signature holds.
#[test]
fn a_bad_signature_causes_no_digest_of_a_reference() {
    let mut tried = 0;
    for (case, _) in good_cases() {
        let Ok(document) = Document::parse(case.received.bytes.clone(), &Limits::archive()) else {
            // In base64.
            continue;
        };
        let text = document.as_str();
        let signed = signed_elements(&document);
        for value in document
            .root()
            .descendants()
            .filter(|element| element.is(Namespace::DS, "SignatureValue"))
        {
            let signature = value.parent().unwrap();
            // What another signature covers, that one digests.
            let around = signed.iter().filter(|element| signature.is_within(**element));
            if around.count() > usize::from(signed.iter().any(|element| signature.parent() == Some(*element)))
            {
                continue;
            }
            let value = value.content_span().start;
            let value = value + text[value..].find(|c: char| c.is_ascii_alphanumeric()).unwrap();
            let other = if text[value..].starts_with('A') { "B" } else { "A" };
            let mut broken = text.to_owned();
            broken.replace_range(value..value + 1, other);
            let broken = Bytes::from(broken);
            assert!(
                case.admitted(broken.clone()).is_err(),
                "{}",
                case.folder.display()
            );
            let findings = case.findings(broken);
            let bad: Vec<_> = findings
                .signatures
                .iter()
                .filter(|signature| !signature.trusted)
                .collect();
            assert_eq!(bad.len(), 1, "{}: {findings:?}", case.folder.display());
            let digested = bad[0]
                .references
                .iter()
                .any(|reference| reference.actual.is_some());
            assert!(!digested, "{}: {findings:?}", case.folder.display());
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried} signatures were broken");
}

/// I7: whatever was judged before or at the same time, and however often.
#[test]
fn a_verdict_depends_on_nothing_but_the_message_and_what_it_is_judged_by() {
    let cases: Vec<Case> = all_cases().into_iter().step_by(3).collect();
    let once: Vec<String> = cases.iter().map(judged).collect();
    let again: Vec<String> = cases.iter().rev().map(judged).collect();
    assert!(once.iter().eq(again.iter().rev()), "in the other order");
    let (cases, once) = (&cases, &once);
    thread::scope(|scope| {
        for offset in 0..2 {
            scope.spawn(move || {
                for at in 0..cases.len() {
                    let at = (at + offset * cases.len() / 2) % cases.len();
                    assert_eq!(judged(&cases[at]), once[at], "{}", cases[at].folder.display());
                }
            });
        }
    });
}

/// I10: what is relayed are the octets whose digest was signed, computed here once more. Where ciphertext was signed, it is the plaintext.
#[test]
fn what_is_relayed_was_digested() {
    let mut parts = 0;
    for (case, _) in good_cases() {
        if case.command != support::Command::Soap {
            continue;
        }
        let message = case.gate.verify(case.received.clone(), case.at).unwrap();
        let findings = case.findings(case.received.bytes.clone());
        let trusted = findings.signatures.iter().filter(|signature| signature.trusted);
        let references: Vec<_> = trusted.flat_map(|signature| &signature.references).collect();
        let name = case.folder.file_name().unwrap().to_string_lossy();
        if name.starts_with("encrypted-first-") {
            let envelope = String::from_utf8(message.envelope()).unwrap();
            assert!(!envelope.contains("EncryptedData"), "{name}");
            continue;
        }
        let relayed = std::iter::once(message.body()).chain(message.headers());
        for octets in relayed {
            let signed = references.iter().any(|reference| {
                let algorithm = DigestAlgorithm::from_uri(&reference.digest_algorithm).unwrap();
                let digest = crypto::digest(algorithm, &octets.to_vec()).unwrap();
                crypto::encode_base64(digest.as_bytes()) == reference.expected
            });
            assert!(
                signed,
                "{}: {}",
                case.folder.display(),
                String::from_utf8_lossy(&octets.to_vec())
            );
            parts += 1;
        }
        let envelope = message.envelope();
        let reread = Document::parse(envelope.into(), &Limits::default()).unwrap();
        let body = reread.root().children().last().unwrap();
        assert_eq!(reread.bytes()[body.span()], message.body().to_vec());
    }
    assert!(parts > 60, "{parts} parts were compared");
}

/// A Security header that is handed on is proven as a whole: what a backend gets holds again, is by the same, says the same, and nothing in it is open but
/// certificates and references that led to a trusted key.
#[test]
fn what_is_handed_on_with_its_security_header_holds_again() {
    let (mut kept, mut refused) = (0, Vec::new());
    for mut case in all_cases() {
        if case.command != support::Command::Soap {
            continue;
        }
        let name = case.folder.file_name().unwrap().to_string_lossy().into_owned();
        let plain = case.gate.verify(case.received.clone(), case.at);
        case.gate.sender_header = SenderHeader::Kept;
        let message = match (case.gate.verify(case.received.clone(), case.at), plain) {
            (Err(error), Err(plain)) => {
                assert_eq!(error.code(), plain.code(), "{name}");
                continue;
            }
            (Err(error), Ok(_)) => {
                assert_eq!(error.code(), "policy.security_header", "{name}");
                refused.push(format!("{name}: {error}"));
                continue;
            }
            (Ok(message), plain) => {
                assert_eq!(message.headers().len(), plain.unwrap().headers().len());
                message
            }
        };
        let received = Received {
            bytes: message.envelope().into(),
            request: None,
            ..case.received.clone()
        };
        case.gate.sender_header = SenderHeader::TakenOut;
        let judged = case.gate.judge(received.clone(), AsOf::Time(case.at));
        let written = Document::parse(received.bytes.clone(), &Limits::default()).unwrap();
        let security = written
            .root()
            .children()
            .next()
            .unwrap()
            .children()
            .next()
            .unwrap();
        for item in security.children() {
            let covered = judged
                .findings
                .coverage
                .iter()
                .any(|line| line.path == item.path() && line.covered == Coverage::Covered);
            let known = ["Signature", "BinarySecurityToken", "SecurityTokenReference"];
            assert!(
                covered || known.contains(&item.local_name()),
                "{name}: {}",
                item.path()
            );
        }
        let again = case.gate.verify(received, case.at).unwrap();
        assert_eq!(again.sender(), message.sender(), "{name}");
        assert_eq!(again.body().to_vec(), message.body().to_vec(), "{name}");
        let octets =
            |message: &VerifiedMessage| message.headers().iter().map(Octets::to_vec).collect::<Vec<_>>();
        assert_eq!(octets(&again), octets(&message), "{name}");
        kept += 1;
    }
    assert!(kept > 120, "{kept} are kept, and not {refused:#?}");
}

const BEGIN: &str = "/sealgate-begins-to-judge";
const END: &str = "/sealgate-has-judged";

/// I5: between two marks in the list of system calls, nothing is opened and nobody called.
#[test]
fn no_file_is_opened_and_nobody_called_while_judging() {
    let list = tempfile::NamedTempFile::new().unwrap();
    let traced = Command::new("strace")
        .args(["-f", "-e", "trace=%file,%network", "-o"])
        .arg(list.path())
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "every_fixture_is_judged_between_two_marks",
            "--test-threads=1",
        ])
        .output();
    let traced = traced.expect("make setup installs strace");
    let said = String::from_utf8_lossy(&traced.stderr);
    assert!(traced.status.success(), "{said}");
    let calls = fs::read_to_string(list.path()).unwrap();
    let (_, judging) = calls.split_once(BEGIN).unwrap();
    let (judging, _) = judging.split_once(END).unwrap();
    // The first line ends the first mark, the last begins the second.
    let calls: Vec<&str> = judging.lines().skip(1).collect();
    let between = &calls[..calls.len() - 1];
    assert!(between.is_empty(), "{between:#?}");
}

#[test]
fn every_fixture_is_judged_between_two_marks() {
    let cases = all_cases();
    assert!(fs::metadata(BEGIN).is_err());
    let admitted = cases
        .iter()
        .filter(|case| case.admitted(case.received.bytes.clone()).is_ok())
        .count();
    assert!(fs::metadata(END).is_err());
    assert!(admitted > 60, "{admitted} are admitted");
}

#[test]
fn an_assertion_that_only_its_voucher_stands_for_is_warned_of() {
    let vouched = support::soap_cases("cases/good/saml-sender-vouches-soap11");
    let signed = support::soap_cases("cases/good/saml-holder-of-key-soap11");
    let warned = |case: &support::Case| {
        let warnings = case.findings(case.received.bytes.clone()).warnings;
        warnings.contains(&"unbound_issuer")
    };
    assert_eq!(vouched.iter().map(warned).collect::<Vec<_>>(), [true]);
    assert_eq!(signed.iter().map(warned).collect::<Vec<_>>(), [false]);
}
