use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::signed::search;
use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::crypto::{digest, encode_base64};
use crate::dsig::OctetSignature;
use crate::inbound::Findings;
use crate::inbound::SignatureFinding;
use crate::inbound::note_legacy_method;
use crate::inbound::note_path;
use crate::inbound::signer::path;
use crate::rejection::Rejection;
use crate::token::saml::QuerySignature;
use crate::token::saml::Role;
use crate::trust::Owner;

/// Verifies the signature of a query string, over its octets as they were sent (T110), with a key of `issuer`: of its
/// metadata where metadata was given (T91), else of whoever is trusted.
///
/// # Errors
/// The issuer is not known, has no such role, or none of its keys made the signature.
pub(super) fn verify(
    signature: &QuerySignature,
    issuer: &str,
    roles: &'static [Role],
    at: DateTime<Utc>,
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<(), Rejection> {
    findings.signatures.push(SignatureFinding {
        algorithm: signature.algorithm.clone(),
        canonicalization: String::new(),
        trusted: false,
        signer: None,
        certificate: None,
        path: None,
        revoked: None,
        value: signature.value.clone(),
        signed_octets: digest(DigestAlgorithm::Sha256, &signature.octets)
            .ok()
            .map(|digest| encode_base64(digest.as_bytes())),
        references: Vec::new(),
    });
    let owner = made_by(signature, owners(issuer, roles, at, context, findings)?, context)?;
    if let Some(found) = findings.signatures.last_mut() {
        found.trusted = true;
        found.signer = owner.signer().cloned();
        found.certificate = owner.certificate().cloned();
        found.path = path(&owner);
    }
    note_path(&owner, findings);
    if let Some(method) = SignatureAlgorithm::from_uri(&signature.algorithm) {
        note_legacy_method(method, findings);
    }
    Ok(())
}

/// Whose key may have made it.
fn owners(
    issuer: &str,
    roles: &'static [Role],
    at: DateTime<Utc>,
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<Vec<Owner>, Rejection> {
    if context.issuers.is_empty() {
        findings.warn("unbound_issuer");
        return Ok(search(context, at).trusted_owners()?);
    }
    let keys = context.issuers.entity_keys(issuer, roles, at)?;
    Ok(keys.into_iter().map(Owner::Entity).collect())
}

/// The one of `owners` whose key made it.
fn made_by(
    signature: &QuerySignature,
    owners: Vec<Owner>,
    context: &SamlContext<'_>,
) -> Result<Owner, Rejection> {
    let octets = OctetSignature {
        algorithm: &signature.algorithm,
        value: &signature.value,
        octets: &signature.octets,
    };
    let mut last = None;
    for owner in owners {
        let key = owner.key().clone();
        match octets.verify(&key, &context.policy.algorithms) {
            Ok(()) => return Ok(owner),
            Err(error) => last = Some(error.into()),
        }
    }
    Err(last.unwrap_or_else(|| crate::trust::Error::unknown_signer("a key of any issuer").into()))
}
