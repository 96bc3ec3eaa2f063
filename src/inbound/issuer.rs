use super::findings::Findings;
use super::signer::{SignerSearch, finding};
use crate::dsig::{self, Signature};
use crate::rejection::Rejection;
use crate::token::ErrorKind::{Base64, Interrupted, Xml};
use crate::token::saml::Role;
use crate::token::{KeyInfoItem, key_info_items};
use crate::trust::{Attested, EntityKey, Issuers, Owner};
use crate::xml::{Element, Namespace};

/// Refuses a KeyInfo that another reader may find something in. Nobody signed it, so it may hold no value that can be
/// read in two ways (T36), and nothing but what says which key it was (T10, T12). One that merely says nothing is no harm where
/// metadata says whose key it is.
///
/// # Errors
/// Such a value or element.
pub(crate) fn check_key_info(signature: &Signature<'_>) -> Result<(), Rejection> {
    let Some(key_info) = signature.key_info else {
        return Ok(());
    };
    match key_info_items(key_info) {
        Err(error) if matches!(error.kind(), Interrupted(_) | Xml(_) | Base64(_)) => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    match key_info.descendants().find(|element| !is_about_keys(*element)) {
        Some(stranger) => {
            let what = format!("{} in {}", stranger.name(), key_info.name());
            Err(dsig::Error::at(stranger, dsig::ErrorKind::Structure(what)).into())
        }
        None => Ok(()),
    }
}

fn is_about_keys(element: Element<'_>) -> bool {
    match (element.namespace_id(), element.local_name()) {
        (Namespace::DS, local) => !matches!(local, "Signature" | "Object" | "Manifest"),
        (Namespace::WSSE, local) => matches!(local, "SecurityTokenReference" | "Reference" | "KeyIdentifier"),
        (Namespace::DSIG11 | Namespace::XENC | Namespace::XENC11, _) => true,
        _ => false,
    }
}

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
        // Whoever is trusted may say that they are this issuer.
        findings.warn("unbound_issuer");
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
