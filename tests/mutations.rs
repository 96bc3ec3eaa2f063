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

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use sealgate::inbound::Received;
use sealgate::xml::{Document, Limits};

/// What may be used of a message once it is admitted.
#[derive(Debug, Default, PartialEq)]
struct Admitted {
    envelope: Vec<u8>,
    sender: String,
    claims: String,
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
        action: case.received.action.clone(),
        version: None,
    };
    let message = case.gate.verify(received, case.at).ok()?;
    Some(Admitted {
        envelope: message.envelope(),
        sender: format!("{:?}", message.sender()),
        claims: format!("{:?}", message.claims()),
        operation: format!("{:?}", message.operation()),
        created: format!("{:?}", message.created()),
    })
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
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
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut bytes = good.to_vec();
        for _ in 0..=random.below(2) {
            mutate(&mut bytes, &mut random);
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
            if found.claims == "None" {
                // An assertion that the message's signature does not cover can be left out, not changed.
                found.claims.clone_from(&expected.claims);
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

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// What is put in somewhere.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{fffd}",
    "&#0;",
    "&amp;",
    "&lt;",
    "&#x20;",
    "]]>",
    "<!--x-->",
    "<?p?>",
    "<![CDATA[x]]>",
    "<!DOCTYPE a>",
    "<x/>",
    " x=\"1\"",
    " Id=\"b\"",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:soap=\"urn:x\"",
    " xml:space=\"preserve\"",
    "9999999999999999999999",
    "\u{feff}",
    "\u{202e}",
    "#",
    "=",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1).min(bytes.len());
    match random.below(14) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => drop(bytes.splice(at..at, random.pick(PIECES).bytes())),
        4 => bytes.truncate(at),
        5 => {
            let end = (at + random.below(40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            drop(bytes.splice(to..to, piece));
        }
        6 => {
            let end = (at + random.below(40)).min(bytes.len());
            drop(bytes.drain(at..end));
        }
        _ => mutate_tree(bytes, random),
    }
}

/// Moves, copies, removes and wraps whole subtrees, and swaps attribute values and names.
fn mutate_tree(bytes: &mut Vec<u8>, random: &mut Random) {
    let Ok(document) = Document::parse(Bytes::copy_from_slice(bytes), &Limits::default()) else {
        return;
    };
    let elements: Vec<_> = document.root().descendants().collect();
    let (one, other) = (
        elements[random.below(elements.len())],
        elements[random.below(elements.len())],
    );
    let text = document.as_str().to_owned();
    let piece = text[one.span()].to_owned();
    let inside = other.content_span();
    let place = match random.below(3) {
        0 => inside.start,
        1 => inside.end,
        _ => other.span().start,
    };
    let outside = place <= one.span().start || place >= one.span().end;
    let mut changed = text.clone();
    match random.below(7) {
        0 => changed.insert_str(place, &piece),
        1 if outside => {
            // Moved: removed where it was, put where it was not.
            if place >= one.span().end {
                changed.insert_str(place, &piece);
                changed.replace_range(one.span(), "");
            } else {
                changed.replace_range(one.span(), "");
                changed.insert_str(place, &piece);
            }
        }
        2 => changed.replace_range(one.span(), ""),
        3 => changed.replace_range(one.span(), &format!("<w>{piece}</w>")),
        4 => {
            let ids: Vec<_> = elements.iter().filter_map(|element| element.id()).collect();
            if ids.len() > 1 {
                let (a, b) = (&ids[random.below(ids.len())], &ids[random.below(ids.len())]);
                changed = changed
                    .replace(&format!("\"{a}\""), "\"\u{1}\"")
                    .replace(&format!("\"{b}\""), &format!("\"{a}\""))
                    .replace('\u{1}', b);
            }
        }
        5 => {
            let values: Vec<String> = one
                .attributes()
                .map(|attribute| attribute.value().into_owned())
                .filter(|v| !v.is_empty())
                .collect();
            if let Some(value) = values.first() {
                let wanted = random.pick(&["x", "", "#b", "urn:x", "2026-11-24T00:04:00Z"]);
                changed = changed.replacen(&format!("\"{value}\""), &format!("\"{wanted}\""), 1);
            }
        }
        _ => changed.replace_range(one.span(), &text[other.span()]),
    }
    *bytes = changed.into_bytes();
}
