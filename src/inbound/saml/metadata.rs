use std::collections::HashSet;

use chrono::DateTime;
use chrono::Utc;

use super::MetadataClaims;
use super::SamlContext;
use super::VerifiedSaml;
use super::signed::Placed;
use super::signed::Signatures;
use super::signed::search;
use crate::inbound::AsOf;
use crate::inbound::Findings;
use crate::inbound::by_certificate;
use crate::inbound::by_keys;
use crate::policy::Unmet;
use crate::policy::UnmetKind;
use crate::policy::saml::Error;
use crate::policy::saml::ErrorKind;
use crate::policy::saml::Rules;
use crate::policy::saml::Way;
use crate::policy::saml::check_text;
use crate::rejection::Rejection;
use crate::token::saml::Metadata;
use crate::trust::IssuerError;
use crate::trust::Signed;
use crate::trust::TrustStore;
use crate::xml::Element;

/// Metadata, signed by anyone whom we trust: it has no Issuer, and often another than the entity vouches for it.
pub(super) fn judge_metadata<'d>(
    root: Element<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let metadata = Metadata::read(root)?;
    let AsOf::Time(at) = context.as_of else {
        return Err(Unmet::nowhere(UnmetKind::NoMessageTime).into());
    };
    signatures.add(signed_by_anyone(root, &metadata, at, context, findings)?);
    // Of what it says, a certificate is a text; its names are attributes.
    check_text(root, &Rules::new(context.policy, Way::Alone))?;
    if let Some(ended) = metadata.valid_until.filter(|end| *end <= at) {
        let kind = ErrorKind::Expired {
            what: "validUntil",
            ended,
            now: at,
            skew: chrono::TimeDelta::zero(),
        };
        return Err(Error::new(root, kind).into());
    }
    check_described_once(&metadata)?;
    if has_ended_in_part(&metadata, at) {
        findings.warn("entity_expired");
    }
    let entities = metadata.entities.iter();
    Ok(VerifiedSaml::Metadata(MetadataClaims {
        entities: entities
            .map(|entity| entity.entity_id.clone().into_owned())
            .collect(),
        valid_until: metadata.valid_until,
    }))
}

/// Who reads on would take one description or the other (T108).
fn check_described_once(metadata: &Metadata<'_>) -> Result<(), IssuerError> {
    let mut known = HashSet::new();
    let mut entities = metadata.entities.iter();
    match entities.find(|entity| !known.insert(&entity.entity_id)) {
        None => Ok(()),
        Some(again) => Err(IssuerError::InEntity {
            position: again.element.position(),
            error: Box::new(IssuerError::DuplicateEntity(again.entity_id.clone().into_owned())),
        }),
    }
}

/// Whether an entity in it, or a role of one, holds no longer.
fn has_ended_in_part(metadata: &Metadata<'_>, at: DateTime<Utc>) -> bool {
    let has_ended = |end: Option<DateTime<Utc>>| end.is_some_and(|end| end <= at);
    metadata.entities.iter().any(|entity| {
        has_ended(entity.valid_until) || entity.roles.iter().any(|role| has_ended(role.valid_until))
    })
}

/// Verifies the signature of `metadata`, whose root is `root`, with the key of anyone whom we trust at the time `at`.
pub(super) fn signed_by_anyone<'d>(
    root: Element<'d>,
    metadata: &Metadata<'d>,
    at: DateTime<Utc>,
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<Signed<'d>, Rejection> {
    let rules = Rules::new(context.policy, Way::Alone);
    let placed = Placed::read(root, metadata.signature, &rules, context)?;
    let placed = placed.ok_or_else(|| Error::new(root, ErrorKind::MetadataNotSigned))?;
    let search = search(context, at);
    let keys = context.issuers.all_entity_keys(at, TrustStore::MAX_CANDIDATES);
    let attested = if context.issuers.is_empty() {
        by_certificate(&search, &placed.signature, findings)?
    } else {
        by_keys(&search, &placed.signature, keys, findings)?
    };
    placed.check(Signed::Attested(attested))
}
