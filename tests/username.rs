//! UsernameTokens through the gate with a memory: what a file cannot show.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sealgate::inbound::Received;
use sealgate::policy::{Part, Profile, SignedParts, Transport, UsernameToken as Rule};
use sealgate::trust::ReplayStore;
use support::{Case, soap_cases};

/// The good case of that name.
fn case(name: &str) -> Case {
    let mut found = soap_cases("cases/good");
    found.retain(|case| case.folder.ends_with(name));
    found.pop().unwrap()
}

fn remembering(mut case: Case) -> Case {
    let since = case.at - chrono::TimeDelta::hours(1);
    case.gate.replay = Some(Arc::new(ReplayStore::in_memory(100, since)));
    case
}

fn code(case: &Case, bytes: Bytes) -> &'static str {
    case.admitted(bytes)
        .map_or_else(|error| error.code(), |_| "passed")
}

#[test]
fn a_nonce_is_used_once_whatever_message_it_comes_in() {
    let case = remembering(case("username-digest-soap11"));
    let other = self::case("username-digest-soap12");
    assert_eq!(code(&case, case.received.bytes.clone()), "passed");
    assert_eq!(code(&case, case.received.bytes.clone()), "replay.nonce");
    // The same user, nonce and time in another message, whose own signature was never seen.
    assert_eq!(code(&case, other.received.bytes), "replay.nonce");
}

#[test]
fn a_wrong_password_uses_up_no_nonce() {
    let case = remembering(case("username-digest-soap11"));
    let wrong = std::fs::read("fixtures/cases/trust/username-digest-wrong/message.xml").unwrap();
    assert_eq!(code(&case, wrong.into()), "trust.password");
    assert_eq!(code(&case, case.received.bytes.clone()), "passed");
}

#[test]
fn a_message_signed_with_a_derived_key_is_used_once() {
    let mut case = remembering(case("username-digest-soap11"));
    case.gate.policy = username_key();
    let bytes: Bytes = std::fs::read("fixtures/cases/good/username-key-soap11/message.xml")
        .unwrap()
        .into();
    assert_eq!(code(&case, bytes.clone()), "passed");
    assert_eq!(code(&case, bytes), "replay.message");
}

#[test]
fn who_signed_with_a_derived_key_is_that_user() {
    let mut case = case("username-digest-soap11");
    case.gate.policy = username_key();
    let bytes = std::fs::read("fixtures/cases/good/username-key-soap11/message.xml").unwrap();
    let received = Received::from(Bytes::from(bytes));
    let message = case.gate.verify(received, case.at).unwrap();
    assert_eq!(message.user().map(|user| user.name()), Some("alice"));
    assert_eq!(message.sender().user.as_deref(), Some("alice"));
    assert_eq!(message.sender().certificate, None);
}

#[test]
fn a_token_that_made_the_key_has_to_be_signed_where_the_policy_says_so() {
    let mut case = case("username-digest-soap11");
    case.gate.policy = username_key();
    let bytes: Bytes = std::fs::read("fixtures/cases/good/username-key-soap11/message.xml")
        .unwrap()
        .into();
    assert_eq!(code(&case, bytes.clone()), "passed");
    case.gate.policy.signed = SignedParts::new(Part::Body, [Part::Timestamp, Part::UsernameToken]);
    assert_eq!(code(&case, bytes), "policy.username_token_not_signed");
}

#[test]
fn a_signed_timestamp_says_when_a_message_was_made_though_nobody_asks_for_its_signature() {
    let mut case = remembering(case("username-digest-soap11"));
    case.gate.policy.username_token = Rule::Ignore;
    case.gate.policy.signed = SignedParts::new(Part::Body, []);
    let bytes = case.received.bytes.clone();
    assert_eq!(code(&case, bytes.clone()), "passed");
    assert_eq!(code(&case, bytes), "replay.message");
}

#[test]
fn no_profile_takes_a_username_token_for_a_signature() {
    let case = case("username-digest-soap11");
    for message in [
        "attacks/T112-username-token/soap11-instead-of-signature",
        "attacks/T112-username-token/soap12-instead-of-signature",
        "attacks/T112-username-token/soap11-instead-of-signature-tls",
        "attacks/T112-username-token/soap12-instead-of-signature-tls",
    ] {
        let bytes: Bytes = std::fs::read(format!("fixtures/{message}/message.xml"))
            .unwrap()
            .into();
        for profile in Profile::ALL {
            for transport in [Transport::Unprotected, Transport::Tls] {
                let mut case = self::case("username-digest-soap11");
                case.gate.policy = profile.policy();
                case.received.transport = transport;
                assert_eq!(
                    code(&case, bytes.clone()),
                    "dsig.missing",
                    "{message} {profile:?} {transport:?}"
                );
            }
        }
    }
    assert_eq!(code(&case, case.received.bytes.clone()), "passed");
}

#[test]
fn a_password_is_compared_only_for_whom_a_trusted_key_speaks() {
    let mut case = case("username-text-tls");
    // Not one of the costly comparisons for a thousand messages that a stranger changed.
    let text = String::from_utf8(case.received.bytes.to_vec()).unwrap();
    let changed: Bytes = text.replace("bolt M8", "gold").into();
    let started = Instant::now();
    for _ in 0..50 {
        assert_eq!(code(&case, changed.clone()), "dsig.digest_mismatch");
    }
    let refused = started.elapsed() / 50;
    let started = Instant::now();
    assert_eq!(code(&case, case.received.bytes.clone()), "passed");
    assert!(
        refused * 5 < started.elapsed().max(Duration::from_millis(1)),
        "{refused:?}"
    );
    case.received.transport = Transport::Unprotected;
    assert_eq!(code(&case, case.received.bytes.clone()), "policy.password_text");
}

#[test]
fn where_only_digests_count_a_token_is_signed_over_tls_too() {
    let mut case = case("username-digest-soap11");
    case.received.transport = Transport::Tls;
    let unsigned = std::fs::read("fixtures/cases/policy/username-not-signed/message.xml").unwrap();
    for (rule, expected) in [
        (Rule::Digest, "policy.username_token_not_signed"),
        (Rule::DigestOrTextOverTls, "passed"),
    ] {
        case.gate.policy.username_token = rule;
        assert_eq!(code(&case, unsigned.clone().into()), expected, "{rule:?}");
    }
    case.received.transport = Transport::Unprotected;
    assert_eq!(code(&case, unsigned.into()), "policy.username_token_not_signed");
}

fn username_key() -> sealgate::policy::Policy {
    let text = std::fs::read_to_string("fixtures/policies/username-key.toml").unwrap();
    toml::from_str(&text).unwrap()
}
