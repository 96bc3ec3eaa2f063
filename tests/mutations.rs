//! Whatever is done to a good message: it is refused, or what comes out is what its signer signed. Never a panic.
//!
//! `SEALGATE_MUTATIONS` says how many mutations are tried (20,000); `SEALGATE_SEED` where to begin, to repeat a failure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use generate::change::change;
use generate::{Random, setting};
use sealgate::inbound::Received;

/// What may be used of a message once it is admitted.
#[derive(Debug, Default, PartialEq)]
struct Admitted {
    envelope: Vec<u8>,
    sender: String,
    claims: String,
    user: String,
    operation: String,
    created: String,
}

fn admitted(case: &support::Case, bytes: Bytes) -> Option<Admitted> {
    if case.command != support::Command::Soap {
        let claims = case.admitted(bytes).ok()?;
        return Some(Admitted {
            claims,
            ..Admitted::default()
        });
    }
    let received = Received {
        bytes,
        ..case.received.clone()
    };
    let message = case.gate.verify(received, case.at).ok()?;
    Some(Admitted {
        envelope: message.envelope(),
        sender: format!("{:?}", message.sender()),
        claims: format!("{:?}", message.claims()),
        user: format!("{:?}", message.user()),
        operation: format!("{:?}", message.operation()),
        created: format!("{:?}", message.created()),
    })
}

/// Judges mutations of `originals` one after the other with `judge`, which ends with an error where what is admitted is not as
/// it was signed; `None` is a refusal.
fn mutate_all<O>(
    originals: &[O],
    bytes: impl Fn(&O) -> (&Path, &[u8]),
    judge: impl Fn(&O, Bytes) -> Result<Option<()>, String>,
) {
    let (count, first) = (setting("SEALGATE_MUTATIONS", 20_000), setting("SEALGATE_SEED", 1));
    let (mut same, mut refused) = (0u64, 0u64);
    for seed in first..first + count {
        let original = &originals[usize::try_from(seed).unwrap() % originals.len()];
        let (folder, good) = bytes(original);
        let mut random = Random::new(seed);
        let mut bytes = good.to_vec();
        for _ in 0..=random.below(2) {
            change(&mut bytes, &mut random);
        }
        let changed = Bytes::from(bytes);
        let judged = catch_unwind(AssertUnwindSafe(|| judge(original, changed.clone())));
        let problem = match judged {
            Ok(Ok(Some(()))) => {
                same += 1;
                continue;
            }
            Ok(Ok(None)) => {
                refused += 1;
                continue;
            }
            Ok(Err(difference)) => format!("admitted, but not as signed: {difference}"),
            Err(_) => "a panic".to_owned(),
        };
        let text = String::from_utf8_lossy(&changed);
        panic!("seed {seed}, {}: {problem}\n{text}", folder.display());
    }
    let kinds = originals.len();
    println!("{count} mutations of {kinds} originals: {refused} refused, {same} admitted unchanged");
    assert!(refused > same, "mutations do something");
}

#[test]
fn no_mutation_of_a_good_message_changes_what_is_admitted() {
    let cases: Vec<_> = support::cases("cases/good")
        .into_iter()
        .filter(|case| case.passes)
        .filter_map(|case| admitted(&case, case.received.bytes.clone()).map(|expected| (case, expected)))
        .collect();
    assert!(cases.len() > 50, "the good messages pass: {}", cases.len());
    mutate_all(
        &cases,
        |(case, _)| (&case.folder, &case.received.bytes),
        |(case, expected), changed| {
            let Some(mut found) = admitted(case, changed) else {
                return Ok(None);
            };
            // What the message's signature does not cover can be left out, not changed: an assertion, a user.
            if found.claims == "None" {
                found.claims.clone_from(&expected.claims);
            }
            if found.user == "None" {
                found.user.clone_from(&expected.user);
            }
            if found == *expected {
                Ok(Some(()))
            } else {
                Err(format!("{found:?}"))
            }
        },
    );
}

#[test]
fn no_mutation_of_a_signed_document_changes_what_is_found_to_be_signed() {
    let documents = support::signed_documents();
    let documents: Vec<_> = documents
        .into_iter()
        .map(|document| {
            let signed = document.signed(document.bytes.clone()).unwrap();
            (document, signed)
        })
        .collect();
    assert!(documents.len() > 10, "{}", documents.len());
    mutate_all(
        &documents,
        |(document, _)| (&document.folder, &document.bytes),
        |(document, expected), changed| {
            let Some(found) = document.signed(changed) else {
                return Ok(None);
            };
            // One of several signatures can be left out, not changed.
            if !found.is_empty() && found.is_subset(expected) {
                Ok(Some(()))
            } else {
                let shown = found.iter().map(|octets| String::from_utf8_lossy(octets));
                Err(shown.collect::<Vec<_>>().join("\n"))
            }
        },
    );
}
