use chrono::DateTime;
use chrono::Utc;

use super::Answer;
use super::Doubt;
use super::Memory;
use super::Why;
use crate::crypto::Certificate;
use crate::crypto::Crl;
use crate::crypto::Revoked;
use crate::crypto::Scope;
use crate::crypto::SignatureHash;
use crate::trust::PathRules;
use crate::trust::window::Window;

/// What a CRL of the issuer's says of a certificate.
///
/// It counts if `issuer` signed it and may sign CRLs. A certificate that it lists is revoked, whatever the CRL's scope: serial numbers of
/// one issuer are unique; and whenever the CRL is from: nobody lifts a revocation but a hold. A hold counts as long as a CRL that has it is current,
/// whatever a newer one says: which of them its issuer made last is not asked where that would have more believed. Not to be listed means something only within its
/// scope, and while thisUpdate ≤ `at` < nextUpdate.
pub(super) fn answer(
    crl: &Crl,
    certificate: &Certificate,
    issuer: &Certificate,
    at: DateTime<Utc>,
    rules: &PathRules,
    memory: &Memory,
    window: &mut Window,
) -> Answer {
    let entry = crl.entry(certificate);
    let changes = [
        Some(crl.this_update()),
        crl.next_update(),
        entry.map(|entry| entry.since),
    ];
    changes
        .into_iter()
        .flatten()
        .for_each(|change| window.cut(at, change));

    let doubt = |why| {
        Answer::Nothing(Doubt {
            kind: "CRL",
            begins: crl.this_update(),
            why,
        })
    };
    let nothing = |why: &str| doubt(Why::Other(why.to_owned()));
    let counts = super::counts(crl.this_update(), crl.next_update(), at);
    let revoked = entry.filter(|entry| {
        entry.since <= at
            && (counts.is_ok() || super::is_final(entry.reason))
            && !super::is_lifted(entry.reason)
    });
    if let (Err(why), None) = (counts, revoked) {
        return doubt(why);
    }
    if entry.is_some_and(|entry| super::is_lifted(entry.reason)) {
        return nothing("says that a hold was lifted");
    }
    if !signs_crls(issuer) {
        return nothing(NO_SIGNER);
    }
    let key = issuer.public_key();
    if !memory.is_signed_by(crl.sha256(), key, || crl.is_signed_by(key)) {
        return nothing("is not signed with the key of the certificate's issuer");
    }
    if let Some(Revoked { since, reason }) = revoked {
        return Answer::Revoked { since, reason };
    }
    let hash = match decides(crl, rules) {
        Ok(hash) => hash,
        Err(why) => return nothing(&why),
    };
    match crl.scope(certificate) {
        Scope::Covers => Answer::Clears { hash },
        Scope::Elsewhere(why) => nothing(&format!("does not decide: {why}")),
    }
}

pub(super) const NO_SIGNER: &str = "is signed with a key that is not for signing CRLs";

pub(super) fn signs_crls(issuer: &Certificate) -> bool {
    issuer.key_usage().is_none_or(|usage| usage.signs_crls())
}

/// The hash that it rests on when a certificate is cleared by not being listed.
///
/// # Errors
///
/// Why none is, whatever its issuer and its scope are.
pub(super) fn decides(crl: &Crl, rules: &PathRules) -> Result<SignatureHash, String> {
    if crl.is_indirect() {
        return Err("lists certificates of several issuers".to_owned());
    }
    // Nobody forges a list to have less believed.
    let hash = super::good_enough(crl.signature_algorithm(), rules)?;
    if crl.is_delta() {
        return Err("is a delta CRL".to_owned());
    }
    Ok(hash)
}
