//! No change of a message of several parts changes what is admitted: it is refused, or means the same.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use chrono::{DateTime, Utc};
use sealgate::inbound::{AsOf, Gate, Keyring, Received, SenderHeader, VerifiedMessage};
use sealgate::policy::saml::RelyingParty;
use sealgate::policy::{Part, Profile};
use sealgate::soap::Roles;
use sealgate::soap::attachment::{InMemory, Package, Related, content_type_of};
use sealgate::trust::{Issuers, Passwords, TrustSources};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

struct Judge {
    gate: Gate,
    at: DateTime<Utc>,
}

impl Judge {
    fn new() -> Self {
        let mut sources = TrustSources::new();
        let anchor = format!("{FIXTURES}/keys/ca.pem");
        sources.trust_path(Path::new(&anchor), None, None).unwrap();
        let gate = Gate {
            trust: sources.build(),
            issuers: Issuers::new(),
            passwords: Passwords::default(),
            keyring: Keyring::default(),
            policy: Profile::Bsp11.policy(),
            party: RelyingParty::default(),
            roles: Roles::default(),
            understood: Vec::new(),
            destination: None,
            schema: None,
            threats: None,
            sender_header: SenderHeader::TakenOut,
            exceptions: Vec::new(),
            replay: None,
        };
        Self {
            gate,
            at: "2026-11-24T00:00:30Z".parse().unwrap(),
        }
    }

    /// With a policy that asks for these parts only.
    fn asking_for(parts: &[Part]) -> Self {
        let mut judge = Self::new();
        judge.gate.policy.signed = parts.to_vec().try_into().unwrap();
        judge
    }

    /// All that a backend would get of this file.
    fn admitted(&self, file: &[u8]) -> Option<Vec<Vec<u8>>> {
        let message = self.gate.verify(self.received(file)?, self.at).ok()?;
        Some(given(&message))
    }

    /// A file, as it would be received.
    fn received(&self, file: &[u8]) -> Option<Received> {
        let end = file.windows(4).position(|window| window == b"\r\n\r\n")?;
        let related = Related::parse(&content_type_of(&file[..end]).ok()?).ok()?;
        let (action, version) = (related.action().map(str::to_owned), related.version());
        let mut package = Package::new(related, &self.gate.policy.limits, Arc::new(InMemory));
        package.push(&file[end + 4..]).ok()?;
        let packaged = package.finish().ok()?;
        Some(Received {
            action,
            version: Some(version),
            attachments: packaged.attachments,
            ..Received::from(packaged.envelope)
        })
    }
}

fn given(message: &VerifiedMessage) -> Vec<Vec<u8>> {
    let mut given = vec![message.envelope()];
    for attachment in message.attachments() {
        let mut content = vec![0; usize::try_from(attachment.length()).unwrap()];
        assert_eq!(attachment.read_at(0, &mut content).unwrap(), content.len());
        given.extend([
            attachment.id().into(),
            attachment.header().join("\n").into(),
            content,
        ]);
    }
    given
}

/// The good messages of several parts, by name.
fn good() -> Vec<(String, Vec<u8>)> {
    let mut good: Vec<_> = fs::read_dir(format!("{FIXTURES}/cases/good"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|folder| {
            let name = folder.file_name()?.to_str()?.to_owned();
            let several = name.starts_with("swa-") || name.starts_with("mtom-");
            let file = fs::read(folder.join("message.mime")).ok()?;
            several.then_some((name, file))
        })
        .collect();
    good.sort();
    assert!(good.len() >= 10, "{good:?}");
    good
}

/// Every byte that is no part of the envelope is changed, left out, or has something put before it.
fn changes(file: &[u8]) -> Vec<Vec<u8>> {
    let find = |what: &[u8]| file.windows(what.len()).position(|window| window == what);
    let envelope = find(b"<soap:Envelope").unwrap()..find(b"</soap:Envelope>").unwrap() + 16;
    let mut changes = Vec::new();
    for at in (0..file.len()).filter(|at| !envelope.contains(at)) {
        let mut flipped = file.to_vec();
        flipped[at] ^= 0x20;
        let without = [&file[..at], &file[at + 1..]].concat();
        changes.extend([flipped, without]);
        if at % 3 == 0 {
            for inserted in ["\r", "\n", " ", "-", "\r\n", "\r\n--MIME_boundary-1f0c"] {
                changes.push([&file[..at], inserted.as_bytes(), &file[at..]].concat());
            }
        }
    }
    changes
}

/// Parts left out, twice, and in each other's place.
fn moves(file: &[u8]) -> Vec<Vec<u8>> {
    let text: String = file.iter().map(|byte| char::from(*byte)).collect();
    let line = "--MIME_boundary-1f0c";
    let pieces: Vec<&str> = text.split(line).collect();
    let mut moves = Vec::new();
    for one in 0..pieces.len() {
        let mut dropped = pieces.clone();
        dropped.remove(one);
        let mut twice = pieces.clone();
        twice.insert(one, pieces[one]);
        moves.extend([dropped, twice]);
        for other in 0..one {
            let mut swapped = pieces.clone();
            swapped.swap(one, other);
            moves.push(swapped);
        }
    }
    let octets = |text: String| {
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect()
    };
    moves
        .into_iter()
        .map(|pieces| octets(pieces.join(line)))
        .collect()
}

#[test]
fn no_change_between_or_in_the_parts_changes_what_is_admitted() {
    let judge = Judge::new();
    let mut refused = 0;
    for (name, file) in good() {
        let meant = judge.admitted(&file);
        assert!(meant.is_some(), "{name}");
        let changed = [changes(&file), moves(&file)].concat();
        let workers = thread::available_parallelism().map_or(2, usize::from);
        let (judge, meant, name) = (&judge, &meant, &name);
        refused += thread::scope(|scope| {
            let workers: Vec<_> = changed
                .chunks(changed.len().div_ceil(workers))
                .map(|changed| {
                    scope.spawn(move || {
                        let judged = changed.iter().map(|file| (file, judge.admitted(file)));
                        let mut refused = 0;
                        for (file, admitted) in judged {
                            let same = admitted.is_none() || admitted == *meant;
                            assert!(same, "{name}: {}", String::from_utf8_lossy(file));
                            refused += usize::from(admitted.is_none());
                        }
                        refused
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum::<usize>()
        });
    }
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn an_attachment_that_nobody_signed_is_refused_whatever_a_policy_asks_for() {
    let file = fs::read(format!(
        "{FIXTURES}/attacks/T117-attachments/soap11-unsigned/message.mime"
    ))
    .unwrap();
    let code = |parts: &[Part]| {
        let judge = Judge::asking_for(parts);
        let received = judge.received(&file).unwrap();
        let judged = judge.gate.judge(received.clone(), AsOf::Time(judge.at)).verdict;
        let verified = judge.gate.verify(received, judge.at).map(drop);
        [judged, verified].map(|verdict| verdict.err().map(|rejection| rejection.code()))
    };
    let refused = Some("policy.attachment_not_signed");
    assert_eq!(code(&[Part::Body, Part::Attachments]), [refused, refused]);
    assert_eq!(code(&[Part::Body]), [refused, refused]);
    assert_eq!(code(&[Part::Timestamp, Part::Attachments]), [refused, refused]);
    // What is only reported may have what it likes beside it, and is never relayed.
    assert_eq!(code(&[Part::Anything]), [None, refused]);
}

#[test]
fn attachments_are_digested_as_they_come_for_signatures_that_hold_and_no_others() {
    let judge = Judge::new();
    let planned = |judge: &Judge, envelope: &[u8]| {
        let planned = judge.gate.planned_digests(envelope.to_vec().into(), judge.at);
        planned.into_iter().map(|planned| planned.id).collect::<Vec<_>>()
    };
    for version in ["11", "12"] {
        let file = fs::read(format!(
            "{FIXTURES}/cases/good/swa-complete-soap{version}/message.mime"
        ));
        let envelope = judge.received(&file.unwrap()).unwrap().bytes;
        let both = ["picture@example.com", "note@example.com"];
        assert_eq!(planned(&judge, &envelope), both);
        let text = String::from_utf8(envelope.to_vec()).unwrap();
        let (before, value) = text.split_once("<ds:SignatureValue>").unwrap();
        let other = if value.starts_with('A') { 'B' } else { 'A' };
        let forged = format!("{before}<ds:SignatureValue>{other}{}", &value[1..]);
        assert!(planned(&judge, forged.as_bytes()).is_empty());
        let more = text.replace("cid:picture%40example.com", "cid:other%40example.com");
        assert!(planned(&judge, more.as_bytes()).is_empty());
        let mut nobody = Judge::new();
        nobody.gate.trust = TrustSources::new().build();
        assert!(planned(&nobody, &envelope).is_empty());
    }
}
