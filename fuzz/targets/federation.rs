//! Metadata of federations: read entity by entity, it is what it is when it is read whole. Recordings of logins: following one ends,
//! and without trust nothing in it passes.

use std::collections::BTreeSet;

use bytes::Bytes;
use sealgate::inbound::Keyring;
use sealgate::login::{LoginContext, Recording, follow};
use sealgate::policy::Profile;
use sealgate::token::saml::{MessageParameter, Metadata, form};
use sealgate::trust::{Issuers, TrustSources};
use sealgate::xml::{Document, Limits};

use crate::support::Command;

/// A metadata document.
pub(super) fn metadata(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let whole = Document::parse(bytes.clone(), &Limits::metadata());
    if let Ok(document) = &whole
        && let Ok(metadata) = Metadata::read(document.root())
    {
        let split = Metadata::split(bytes.clone()).unwrap();
        let spans: Vec<_> = metadata
            .entities
            .iter()
            .map(|entity| entity.element.span())
            .collect();
        let parts: Vec<_> = (0..split.len()).map(|number| split.span(number)).collect();
        assert_eq!(spans, parts);
    }
    let mut issuers = Issuers::new();
    if issuers.add(bytes).is_err() {
        return;
    }
    let document = match &whole {
        Ok(document) => document,
        // IDs are unique in each part only.
        Err(error) => {
            let code = error.code();
            assert!(
                code == "xml.duplicate_id" || code == "xml.ambiguous_id" || code.starts_with("limit."),
                "{code}"
            );
            return;
        }
    };
    let metadata = Metadata::read(document.root()).unwrap();
    let read: BTreeSet<&str> = metadata
        .entities
        .iter()
        .map(|entity| &*entity.entity_id)
        .collect();
    assert_eq!(read, issuers.entity_ids().collect());
}

/// Aggregates of the entities of the fixtures, in groups of each depth and order.
pub(super) fn aggregates() -> Vec<Vec<u8>> {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys/");
    let keys = keys.replace("/fuzz/fixtures", "/fixtures");
    let entity = |name: &str| {
        let text = std::fs::read_to_string(format!("{keys}{name}-metadata.xml")).unwrap();
        text.split_once("?>")
            .map_or(text.clone(), |(_, entity)| entity.to_owned())
    };
    let entities = ["idp", "other-idp", "idp-rollover", "idp-expired", "sp"].map(entity);
    let open = "<m:EntitiesDescriptor xmlns:m='urn:oasis:names:tc:SAML:2.0:metadata' validUntil='2026-12-01T00:00:00Z'>";
    let mut seeds = Vec::new();
    for depth in 0..4 {
        for first in 0..entities.len() {
            for second in [first, (first + 1) % entities.len()] {
                let around = [open.repeat(depth), "</m:EntitiesDescriptor>".repeat(depth)];
                let extensions = if depth > 1 {
                    "<m:Extensions><x/></m:Extensions><!-- <m:EntityDescriptor -->"
                } else {
                    ""
                };
                let two = if depth > 0 { &entities[second] } else { "" };
                seeds.push(
                    format!("{}{extensions}{}{two}{}", around[0], entities[first], around[1]).into_bytes(),
                );
            }
        }
    }
    seeds
}

/// A recording.
pub(super) fn login(data: &[u8]) {
    let Ok(recording) = Recording::read(data) else {
        return;
    };
    let (policy, trust) = (Profile::Strict.policy(), TrustSources::new().build());
    let (nobody, no_keys) = (Issuers::new(), Keyring::new());
    let context = LoginContext::new(&policy, &trust, &nobody, &no_keys);
    let login = follow(&recording, &context);
    assert!((1..=Recording::MAX_MESSAGES).contains(&login.steps.len()));
    let (_, problem) = login.first_problem().unwrap();
    assert!(!problem.code().is_empty() && !problem.to_string().is_empty());
}

/// A recording for each SAML message of the fixtures.
pub(super) fn recordings() -> Vec<Vec<u8>> {
    let messages = super::seeds_of(Command::Saml);
    let recording = |message: Vec<u8>| {
        let form = form(&message[1..], MessageParameter::Response, Some("/"));
        let entry = |url: &str, text: &str| {
            format!(
                "{{\"startedDateTime\": \"2026-11-24T00:00:30Z\", \"request\": {{\"url\": \"{url}\", \"postData\": {{\"text\": \"{text}\"}}}}}}"
            )
        };
        let request = entry("https://idp.example/sso?SAMLRequest=AAAA", "");
        let entries = [request, entry("https://gateway.example/orders/acs", &form)].join(", ");
        format!("{{\"log\": {{\"entries\": [{entries}]}}}}").into_bytes()
    };
    messages.into_iter().map(recording).collect()
}
