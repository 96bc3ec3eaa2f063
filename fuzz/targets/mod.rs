//! What is fuzzed: each target takes any bytes and panics if what must always hold does not. libFuzzer drives them from
//! `fuzz_targets/`, on a stable toolchain `tests/fuzz.rs` does.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "of a test program and of the fuzz crate"
)]

mod encrypted;
mod federation;
mod parts;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::sync::LazyLock;

use bytes::Bytes;
use sealgate::algorithm::CanonicalizationAlgorithm as Form;
use sealgate::c14n::{self, Canonicalization};
use sealgate::crypto::{Certificate, Secret, VerifyingKey};
use sealgate::dsig::{self, Keep, Objects, Rules, Signature};
use sealgate::inbound::Received;
use sealgate::policy::Profile;
use sealgate::soap::{Addressing, Envelope, Roles};
use sealgate::token::saml::{Assertion, Metadata, Response};
use sealgate::token::{held_keys, key_info_items};
use sealgate::wss;
use sealgate::xml::{Document, Limits, Namespace};

use crate::support::{self, Case, Command};

/// What is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, as that of the file in `fuzz_targets/`.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
    /// What to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const ALL: [Target; 10] = [
    target("parse", parse, files),
    target("c14n", c14n, chosen_forms),
    target("dsig_verify", dsig_verify, files),
    target("decrypt", encrypted::decrypt, encrypted::encrypted),
    target("header", header, files),
    target("saml", saml, || seeds_of(Command::Saml)),
    target("metadata", federation::metadata, federation::aggregates),
    target("login", federation::login, federation::recordings),
    target("parts", parts::parts, parts::files),
    target("gate", gate, || seeds_of(Command::Soap)),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// Runs the target of this name.
pub fn run(name: &str, data: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name).unwrap();
    (target.run)(data);
}

/// What is read can be walked through, within its limits.
fn parse(data: &[u8]) {
    let limits = Limits::default();
    let Ok(document) = Document::parse(Bytes::copy_from_slice(data), &limits) else {
        return;
    };
    let text = document.as_str();
    let mut count = 0;
    for element in document.root().descendants() {
        count += 1;
        let span = element.span();
        assert!(
            text.get(span.clone())
                .is_some_and(|tag| tag.starts_with('<') && tag.ends_with('>'))
        );
        let content = element.content_span();
        assert!(span.start < content.start && content.end <= span.end && text.get(content).is_some());
        assert!(element.parent().is_none_or(|parent| element.is_within(parent)));
        assert!(element.attributes().count() <= usize::from(limits.attributes));
        if let Some(id) = element.id() {
            assert_eq!(document.element_by_id(&id), Some(element));
        }
        let _ = element.text();
    }
    assert!(count <= limits.elements);
}

/// The canonical form of a canonical form is itself. The first byte says which form, the second of which element.
fn c14n(data: &[u8]) {
    let [form, place, data @ ..] = data else { return };
    let Ok(document) = Document::parse(Bytes::copy_from_slice(data), &Limits::default()) else {
        return;
    };
    let form = FORMS[usize::from(*form) % FORMS.len()];
    let method = Canonicalization::from(form);
    let apex = document.root().descendants().nth(usize::from(*place));
    let mut once = Vec::new();
    let done = match apex {
        Some(apex) => c14n::element(apex, &method, None, &mut once),
        None => c14n::document(&document, &method, None, &mut once),
    };
    if done.is_err() {
        return;
    }
    // Imported attributes and namespaces may pass the limits of the input.
    let limits = Limits::archive();
    let again = match Document::parse(once.clone().into(), &limits) {
        Ok(again) => again,
        Err(error) if error.code().starts_with("limit.") => return,
        Err(error) => panic!("the canonical form is not well-formed: {error}"),
    };
    let mut twice = Vec::new();
    c14n::document(&again, &method, None, &mut twice).unwrap();
    assert_eq!(
        String::from_utf8(once).unwrap(),
        String::from_utf8(twice).unwrap()
    );
}

const FORMS: [Form; 6] = [
    Form::Exclusive,
    Form::ExclusiveWithComments,
    Form::Inclusive10,
    Form::Inclusive10WithComments,
    Form::Inclusive11,
    Form::Inclusive11WithComments,
];

fn chosen_forms() -> Vec<Vec<u8>> {
    let places = [0, 3, 255].into_iter().cycle();
    let forms = (0..6).cycle();
    let files = files().into_iter().zip(forms.zip(places));
    files
        .map(|(file, (form, place))| [&[form, place], &file[..]].concat())
        .collect()
}

/// Nothing verifies with the keys of the fixtures but what they signed there.
fn dsig_verify(data: &[u8]) {
    static SIGNED: LazyLock<HashSet<Vec<u8>>> =
        LazyLock::new(|| files().iter().flat_map(|file| signed(file)).collect());
    for octets in signed(data) {
        let known = SIGNED.contains(&octets);
        assert!(known, "signed by nobody: {}", String::from_utf8_lossy(&octets));
    }
}

/// The octets that signatures in `data` cover, by whichever key of the fixtures.
fn signed(data: &[u8]) -> Vec<Vec<u8>> {
    static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
        let read = |name: &str| fs::read(support::fixtures().join("keys").join(name)).unwrap();
        let certified = ["alice", "bob", "carol", "dave", "idp", "rsa1024"].map(|name| {
            let certificates = Certificate::from_pem_bundle(&read(&format!("{name}.pem"))).unwrap();
            VerifyingKey::from(certificates.first().unwrap().public_key().clone())
        });
        let shared = VerifyingKey::Hmac(Secret::new(read("shared.key")));
        certified.into_iter().chain([shared]).collect()
    });
    let policy = Profile::ArchiveVerify.policy();
    let rules = Rules {
        permitted: &policy.algorithms,
        limits: &policy.limits,
        keep: Keep::Nothing,
    };
    let Ok(document) = Document::parse(Bytes::copy_from_slice(data), &Limits::default()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let elements = document.root().descendants();
    for element in elements
        .filter(|element| element.is(Namespace::DS, "Signature"))
        .take(4)
    {
        let Ok(signature) = Signature::read(element, Objects::Allowed, &policy.limits) else {
            continue;
        };
        for key in KEYS.iter() {
            if let Ok(mut covered) = dsig::verify(&signature, key, rules, &mut Vec::new()) {
                let elements: Vec<_> = covered.elements().collect();
                let octets = elements
                    .into_iter()
                    .filter_map(|element| covered.take_octets(element));
                found.extend(octets.map(|octets| octets.to_vec()));
            }
        }
    }
    found
}

/// Whatever stands in headers and tokens is read or refused.
fn header(data: &[u8]) {
    let limits = Limits::default();
    if let Ok(envelope) = Envelope::parse(Bytes::copy_from_slice(data), &limits) {
        let roles = Roles::default();
        let _ = envelope.check_understood(&roles, &[]);
        let _ = Addressing::read(&envelope, &roles);
        let Ok(header) = wss::Header::read(&envelope, &roles, &limits) else {
            return;
        };
        for element in header.signatures() {
            if let Ok(signature) = Signature::read(element, Objects::Refused, &limits) {
                let _ = wss::resolve(signature.key_info, &header);
            }
        }
    } else if let Ok(document) = Document::parse(Bytes::copy_from_slice(data), &limits) {
        for element in document.root().descendants() {
            if element.is(Namespace::DS, "KeyInfo") {
                let _ = key_info_items(element);
                let _ = held_keys(element);
            }
        }
        let _ = Assertion::read(document.root());
        let _ = Response::read(document.root());
        let _ = Metadata::read(document.root());
    }
}

/// What a judge of SAML documents lets pass says what one of the fixtures says. The first byte says which judge.
fn saml(data: &[u8]) {
    static JUDGES: LazyLock<Vec<Judge>> = LazyLock::new(|| judges(Command::Saml));
    judge(&JUDGES, data);
}

/// What a gate lets pass is what one of the fixtures signed. The first byte says which gate.
fn gate(data: &[u8]) {
    static JUDGES: LazyLock<Vec<Judge>> = LazyLock::new(|| judges(Command::Soap));
    judge(&JUDGES, data);
}

fn judge(judges: &[Judge], data: &[u8]) {
    let Some((first, data)) = data.split_first() else {
        return;
    };
    let judge = &judges[usize::from(*first) % judges.len()];
    for fact in facts(&judge.case, data) {
        assert!(judge.known.contains(&fact), "nobody signed: {fact}");
    }
}

/// How some fixtures are judged, with all facts that come out of any fixture there.
struct Judge {
    case: Case,
    known: HashSet<String>,
}

/// So many of the ways in which fixtures are judged, the most frequent.
const JUDGES: usize = 3;

fn ways(command: Command) -> Vec<(Case, Vec<Vec<u8>>)> {
    let mut ways: BTreeMap<String, (Case, Vec<Vec<u8>>)> = BTreeMap::new();
    for case in support::cases("cases")
        .into_iter()
        .chain(support::cases("attacks"))
    {
        if case.command == command {
            let settings = fs::read_to_string(case.folder.join("gate.toml")).unwrap();
            let message = case.received.bytes.to_vec();
            ways.entry(settings)
                .or_insert_with(|| (case, Vec::new()))
                .1
                .push(message);
        }
    }
    let mut ways: Vec<_> = ways.into_values().collect();
    ways.sort_by_key(|(_, messages)| std::cmp::Reverse(messages.len()));
    ways.truncate(JUDGES);
    ways
}

fn judges(command: Command) -> Vec<Judge> {
    let ways = ways(command);
    let messages: Vec<Vec<u8>> = ways.iter().flat_map(|(_, messages)| messages.clone()).collect();
    let judges = ways.into_iter().map(|(case, _)| {
        let known = messages
            .iter()
            .flat_map(|message| facts(&case, message))
            .collect();
        Judge { case, known }
    });
    judges.collect()
}

fn seeds_of(command: Command) -> Vec<Vec<u8>> {
    let ways = (0_u8..).zip(ways(command));
    let seeds = ways.flat_map(|(number, (_, messages))| {
        let chosen = |message: Vec<u8>| [&[number], &message[..]].concat();
        messages.into_iter().map(chosen).collect::<Vec<_>>()
    });
    seeds.collect()
}

/// What may be used of `data` if `case` lets it pass, in pieces that need not be signed by one signature.
fn facts(case: &Case, data: &[u8]) -> Vec<String> {
    let bytes = Bytes::copy_from_slice(data);
    if case.command == Command::Saml {
        return case.admitted(bytes).into_iter().collect();
    }
    let received = Received {
        bytes,
        ..case.received.clone()
    };
    let Ok(message) = case.gate.verify(received, case.at) else {
        return Vec::new();
    };
    let content = String::from_utf8(message.envelope()).unwrap();
    let (sender, operation, created) = (message.sender(), message.operation(), message.created());
    vec![
        format!("{content} {sender:?} {operation:?} {created:?}"),
        format!("{:?}", message.claims()),
    ]
}

/// The files that `fixtures/corpus` names.
fn files() -> Vec<Vec<u8>> {
    let fixtures = support::fixtures();
    let list = fs::read_to_string(fixtures.join("corpus/seeds.txt")).unwrap();
    let names = list.lines().filter(|line| !line.starts_with('#'));
    let files = names.map(|name| fs::read(fixtures.join(name)).unwrap());
    files.filter(|file| file.len() <= 64 << 10).collect()
}
