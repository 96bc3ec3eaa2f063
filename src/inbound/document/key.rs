use chrono::{DateTime, Utc};

use super::DocumentRules;
use crate::crypto::Turn;
use crate::dsig::Signature;
use crate::inbound::Findings;
use crate::inbound::signer::{SignerSearch, finding};
use crate::rejection::Rejection;
use crate::token;
use crate::token::HeldKey;
use crate::token::KeyInfoItem;
use crate::token::X509Hint;
use crate::trust;
use crate::trust::Attested;
use crate::trust::TrustStore;

/// Verifies `signature` with the key that KeyInfo means, if it is trusted. A signature that says nothing of its key may be
/// by anybody who is trusted.
pub(super) fn trusted<'d>(
    signature: &Signature<'d>,
    store: &TrustStore,
    at: DateTime<Utc>,
    rules: &DocumentRules<'_>,
    findings: &mut Findings,
) -> Result<Attested<'d>, Rejection> {
    let search = SignerSearch {
        trust: store,
        paths: rules.policy.path_rules(),
        rules: rules.signatures(),
        at,
        partner: None,
        turn: Turn::default(),
    };
    let items = signature
        .key_info
        .map_or_else(|| Ok(Vec::new()), token::followed_key_info_items)?;
    let mut described = X509Hint::default();
    let mut name = None;
    let mut other = None;
    for (item, _) in items {
        match item {
            KeyInfoItem::X509Data(hint) => join(&mut described, hint),
            KeyInfoItem::KeyName(found) => name = Some(found),
            KeyInfoItem::KeyValue(_) => other = Some("a key that came with the signature"),
            KeyInfoItem::TokenReference(_) => other = Some("a SecurityTokenReference outside of SOAP"),
            KeyInfoItem::Other(_) => other = Some("a KeyInfo in a form that is not read"),
        }
    }
    if !described.is_empty() {
        return search.by_x509(signature, &described, findings);
    }
    match other {
        Some(what) if name.is_none() && !store.is_empty() => {
            findings.signatures.push(finding(signature, &[], None));
            Err(trust::Error::unknown_signer(what).into())
        }
        _ => search.by_name(signature, name.as_deref(), findings),
    }
}

/// All X509Data in one KeyInfo is about one key (XML Signature §4.5).
fn join(all: &mut X509Hint, one: X509Hint) {
    all.certificates.extend(one.certificates);
    all.subject_key_identifiers.extend(one.subject_key_identifiers);
    all.digests.extend(one.digests);
    all.issuer_serials.extend(one.issuer_serials);
    all.subjects.extend(one.subjects);
}

/// The key that KeyInfo brings along.
pub(super) fn embedded(signature: &Signature<'_>) -> Result<HeldKey, Rejection> {
    let held = signature
        .key_info
        .map_or_else(|| Ok(Vec::new()), token::followed_held_keys)?;
    let none = || trust::Error::unknown_signer("a KeyInfo without a key in it").into();
    held.into_iter().next().ok_or_else(none)
}
