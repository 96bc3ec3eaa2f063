#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use super::*;
use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::crypto;
use crate::explain::tests::{CHANGES, EXCLUSIVE, Made, make, private, public};

fn explained(message: Bytes, given: Option<PublicKey>) -> Result<Explanation, Rejection> {
    let keys = KeysAtHand {
        given: given.map(Into::into),
        ..KeysAtHand::default()
    };
    explain(message, &Attachments::default(), &keys, &[], Effort::DEFAULT)
}

/// The case of `message`, of which `given` is the key.
fn case(message: Bytes, given: &str) -> Result<RedactedCase, RedactError> {
    let explanation = explained(message.clone(), Some(public(given)))?;
    redact(message, &explanation, &[], Effort::DEFAULT)
}

fn causes(case: &RedactedCase) -> Vec<String> {
    told(&explained(case.message.clone().into(), Some(case.key.clone())).unwrap())
}

/// Of every change that is explained but one there is a case that shows the same.
#[test]
fn the_failure_stays() {
    let mut lost = Vec::new();
    for (cause, received, signed) in CHANGES {
        let message = make(signed.as_bytes(), EXCLUSIVE, DigestAlgorithm::Sha256).beside(received);
        match case(message, "alice") {
            Ok(case) => {
                let told = causes(&case);
                let is_told = told.iter().any(|told| told.contains(cause));
                assert!(is_told, "{cause}: {told:?}\n{}", case.message);
            }
            Err(RedactError::Lost(..)) => lost.push(*cause),
            Err(other) => panic!("{cause}: {other}"),
        }
    }
    // Whether text was read in the wrong encoding shows only in that text.
    assert_eq!(lost, ["character_encoding"]);
}

#[test]
fn failures_of_the_value_stay() {
    const TEXT: &str = "<a xml:id=\"x\">Alice 17</a>";
    let good = || make(TEXT.as_bytes(), EXCLUSIVE, DigestAlgorithm::Sha256);
    let signed = |method: SignatureAlgorithm, signed_info: &str| Made {
        value: crypto::sign(method, &private("alice").into(), signed_info.as_bytes()).unwrap(),
        ..good()
    };
    let without_prefix = good().signed_info.replace("xmlns:ds", "xmlns").replace("ds:", "");
    let cases = [
        ("nothing at the signature value", good(), "alice"),
        ("wrong_key", good(), "bob"),
        (
            "hash_mismatch",
            signed(SignatureAlgorithm::RsaSha512, &good().signed_info),
            "alice",
        ),
        (
            "signed_info_reserialized",
            signed(SignatureAlgorithm::RsaSha256, &without_prefix),
            "alice",
        ),
        (
            "signed_info_changed",
            signed(SignatureAlgorithm::RsaSha256, "something else"),
            "alice",
        ),
        (
            "signature_encoding",
            Made {
                value: good().value.into_iter().rev().collect(),
                ..good()
            },
            "alice",
        ),
        (
            "value_damaged",
            Made {
                value: good().value.into_iter().skip(1).collect(),
                ..good()
            },
            "alice",
        ),
    ];
    for (cause, made, given) in cases {
        let case = case(made.beside(TEXT), given).unwrap();
        let told = causes(&case);
        assert!(told.iter().any(|told| told.contains(cause)), "{cause}: {told:?}");
    }
}

/// Nothing of what messages said is in the texts of their cases.
#[test]
fn nothing_that_was_said_is_left() {
    let keys = KeysAtHand::default();
    let mut compared = 0;
    for stage in ["good", "dsig", "xml", "policy", "saml"] {
        let folder = format!("{}/fixtures/cases/{stage}", env!("CARGO_MANIFEST_DIR"));
        for case in std::fs::read_dir(folder).unwrap().take(10) {
            let Ok(message) = std::fs::read(case.unwrap().path().join("message.xml")) else {
                continue;
            };
            let message = Bytes::from(message);
            let Ok(explanation) = explain(
                message.clone(),
                &Attachments::default(),
                &keys,
                &[],
                Effort::LITTLE,
            ) else {
                continue;
            };
            let Ok(case) = redact(message, &explanation, &[], Effort::LITTLE) else {
                continue;
            };
            let document = parsed(case.message.into(), &[]).unwrap();
            for element in document.root().descendants() {
                let is_made =
                    element.is(Namespace::DS, "DigestValue") || element.is(Namespace::DS, "SignatureValue");
                if is_made || ["HMACOutputLength", "SaltLength"].contains(&element.local_name()) {
                    continue;
                }
                let text = element
                    .text()
                    .map(|text| text.value.into_owned())
                    .unwrap_or_default();
                let left = |character: char| character.is_alphanumeric() && !"xé".contains(character);
                let is_reference = text.trim().starts_with("id-");
                assert!(
                    is_reference || !text.contains(left),
                    "{stage} {}: {text}",
                    element.path()
                );
            }
            compared += 1;
        }
    }
    assert!(compared > 15, "{compared}");
}

/// Neither the case of letters nor the length of words tells what stood there.
#[test]
fn values_of_another_form_have_the_same_case() {
    let of = |said: &str| {
        let text = format!("<a to=\"{said}\" xml:id=\"x\">{said}</a>");
        let made = make(text.as_bytes(), EXCLUSIVE, DigestAlgorithm::Sha256).beside(&text);
        let case = case(made, "alice").unwrap();
        assert_eq!(case.lengths, Lengths::Hidden);
        let from = case.message.find("<a ").unwrap();
        let to = case.message.find("</a>").unwrap();
        case.message.get(from..to).unwrap().to_owned()
    };
    assert_eq!(of("Bob17"), "<a to=\"x\" xml:id=\"id-1\">x");
    assert_eq!(of("Bob17"), of("4,2-LONGER"));
}
