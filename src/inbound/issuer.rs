use super::findings::Findings;
use super::signer::{SignerSearch, finding};
use crate::dsig::Signature;
use crate::rejection::Rejection;
use crate::token::saml::Role;
use crate::token::{KeyInfoItem, key_info_items};
use crate::trust::{Attested, EntityKey, Issuers, Owner};

/// Verifies `signature`, which stands in something that `issuer` says, with a key that is that issuer's: of its metadata
/// where metadata was given (T91), else of a certificate that leads to an anchor.
///
/// # Errors
/// The issuer is not known, has no such role, or none of its keys made the signature.
pub(crate) fn by_issuer<'d>(
    search: &SignerSearch<'_>,
    issuers: &Issuers,
    signature: &Signature<'d>,
    issuer: &str,
    roles: &'static [Role],
    findings: &mut Findings,
) -> Result<Attested<'d>, Rejection> {
    if issuers.is_empty() {
        return by_certificate(search, signature, findings);
    }
    let keys = match issuers.entity_keys(issuer, roles, search.at) {
        Ok(keys) => keys,
        Err(error) => {
            findings.signatures.push(finding(signature, &[], None));
            return Err(error.into());
        }
    };
    by_keys(search, signature, keys, findings)
}

/// Verifies `signature` with whichever of `keys` made it.
///
/// # Errors
/// What does not hold with the key that came furthest.
pub(crate) fn by_keys<'d>(
    search: &SignerSearch<'_>,
    signature: &Signature<'d>,
    keys: Vec<EntityKey>,
    findings: &mut Findings,
) -> Result<Attested<'d>, Rejection> {
    let noted = findings.signatures.len();
    let mut last = None;
    for key in keys {
        findings.signatures.truncate(noted);
        match search.by_owner(signature, Owner::Entity(key), findings) {
            Ok(attested) => return Ok(attested),
            Err(error) => last = Some(error),
        }
        // A digest that does not match was computed with the right key.
        if findings
            .signatures
            .last()
            .is_some_and(|found| found.references.iter().any(|one| one.actual.is_some()))
        {
            break;
        }
    }
    Err(last.unwrap_or_else(|| crate::trust::Error::unknown_signer("a key of any issuer").into()))
}

/// Verifies `signature` with whatever certificate its KeyInfo means, or any that is trusted.
///
/// # Errors
/// As [`SignerSearch::by_x509`].
pub(crate) fn by_certificate<'d>(
    search: &SignerSearch<'_>,
    signature: &Signature<'d>,
    findings: &mut Findings,
) -> Result<Attested<'d>, Rejection> {
    let items = signature
        .key_info
        .map(key_info_items)
        .transpose()?
        .unwrap_or_default();
    let hint = items.into_iter().find_map(|item| match item {
        KeyInfoItem::X509Data(hint) => Some(hint),
        KeyInfoItem::KeyName(_)
        | KeyInfoItem::KeyValue(_)
        | KeyInfoItem::TokenReference(_)
        | KeyInfoItem::Other(_) => None,
    });
    match hint {
        Some(hint) => search.by_x509(signature, &hint, findings),
        None => search.by_name(signature, None, findings),
    }
}
