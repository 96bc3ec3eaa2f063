use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::Answer;
use super::Doubt;
use super::Records;
use super::Status;
use super::Why;
use crate::crypto::Certificate;
use crate::crypto::OcspAnswer;
use crate::crypto::OcspResponse;
use crate::crypto::OcspStatus;
use crate::crypto::SignatureHash;
use crate::trust::PathRules;
use crate::trust::judge;
use crate::trust::window::Window;

/// The purpose of a key that a CA leaves its answers to (RFC 6960 §4.2.2.2).
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// What an answer in `response`, which is about it, says of a certificate of `issuer`'s.
///
/// It counts if the issuer signed the response, or a responder that the issuer itself certified for that. That the certificate is revoked counts
/// whenever it was said, unless it may be lifted; all else while thisUpdate ≤ `at` < nextUpdate.
pub(super) fn answer(
    (response, answer): (&OcspResponse, &OcspAnswer),
    issuer: &Certificate,
    at: DateTime<Utc>,
    rules: &PathRules,
    records: &Records,
    window: &mut Window,
) -> Answer {
    let since = match answer.status() {
        OcspStatus::Revoked { since, .. } => Some(since),
        OcspStatus::Good | OcspStatus::Unknown => None,
    };
    let changes = [Some(answer.this_update()), answer.next_update(), since];
    changes
        .into_iter()
        .flatten()
        .for_each(|change| window.cut(at, change));
    let doubt = |why| {
        Answer::Nothing(Doubt {
            kind: "OCSP answer",
            begins: answer.this_update(),
            why,
        })
    };
    let nothing = |why: &str| doubt(Why::Other(why.to_owned()));
    let counts = super::counts(answer.this_update(), answer.next_update(), at);
    let revoked = match answer.status() {
        OcspStatus::Revoked { since, reason }
            if since <= at && (counts.is_ok() || super::is_final(reason)) && !super::is_lifted(reason) =>
        {
            Some(Answer::Revoked { since, reason })
        }
        OcspStatus::Revoked { .. } | OcspStatus::Good | OcspStatus::Unknown => None,
    };
    // That it is revoked was for whoever could say so then.
    let (given, window) = match (&revoked, counts) {
        (Some(_), _) => (answer.this_update(), &mut Window::ALWAYS.clone()),
        (None, Ok(())) => (at, window),
        (None, Err(why)) => return doubt(why),
    };
    if let OcspStatus::Revoked { reason, .. } = answer.status()
        && super::is_lifted(reason)
    {
        return nothing("says that a hold was lifted");
    }
    if response.has_unknown_critical_extension() {
        return nothing("has a critical extension that is not processed");
    }
    let responder = match signer(response, issuer, given, rules, records, window) {
        Ok(responder) => responder,
        Err(why) => return nothing(&why),
    };
    if let Some(revoked) = revoked {
        return revoked;
    }
    let hash = match super::good_enough(response.signature_algorithm(), rules) {
        Ok(hash) => hash,
        Err(why) => return nothing(&why),
    };
    match answer.status() {
        OcspStatus::Good | OcspStatus::Revoked { .. } => Answer::Clears {
            hash: hash.weaker(responder),
        },
        OcspStatus::Unknown => nothing("does not know the certificate"),
    }
}

/// Whether a CA left its answers to `responder` (RFC 6960 §4.2.2.2).
pub(in crate::trust) fn answers_for_others(responder: &Certificate) -> bool {
    let purposes = responder.extended_key_usage().unwrap_or_default();
    purposes.iter().any(|purpose| purpose == OCSP_SIGNING)
}

/// The hash that the responder's authority rests on, or why it has none.
fn signer(
    response: &OcspResponse,
    issuer: &Certificate,
    at: DateTime<Utc>,
    rules: &PathRules,
    records: &Records,
    window: &mut Window,
) -> Result<SignatureHash, String> {
    let signed_by = |certificate: &Certificate| {
        let key = certificate.public_key();
        let verify = || response.is_signed_by(key);
        records.memory.is_signed_by(response.sha256(), key, verify)
    };
    if signed_by(issuer) {
        return Ok(SignatureHash::Strong);
    }
    let Some(responder) = response.certificates().iter().find(|other| signed_by(other)) else {
        return Err(
            "is signed neither with the key of the certificate's issuer nor with one that came with it"
                .to_owned(),
        );
    };
    delegated(responder, issuer, at, rules, records, window)
        .map_err(|why| format!("is signed by {}, {why}", responder.subject()))
}

/// Whether `issuer` itself left its answers to `responder` (RFC 6960 §4.2.2.2), who may give them at the time `at`.
fn delegated(
    responder: &Certificate,
    issuer: &Certificate,
    at: DateTime<Utc>,
    rules: &PathRules,
    records: &Records,
    window: &mut Window,
) -> Result<SignatureHash, String> {
    if !answers_for_others(responder) {
        return Err("which is not for signing OCSP answers".to_owned());
    }
    if responder.key_usage().is_some_and(|usage| !usage.signs_content()) {
        return Err("whose key is not for signing".to_owned());
    }
    if !responder.unknown_critical_extensions().is_empty() {
        return Err("which has a critical extension that is not processed".to_owned());
    }
    let end = responder.not_after().checked_add_signed(TimeDelta::seconds(1));
    let end = end.unwrap_or(responder.not_after());
    window.cut(at, responder.not_before());
    window.cut(at, end);
    if at < responder.not_before() || at >= end {
        return Err("which was not valid then".to_owned());
    }
    if judge::weakness(responder.public_key().kind(), rules).is_some() {
        return Err("whose key is too weak".to_owned());
    }
    let hash = super::good_enough(responder.signature_algorithm(), rules)
        .map_err(|why| format!("whose certificate {why}"))?;
    let key = issuer.public_key();
    let verify = || responder.is_signed_by(key);
    let is_issued = responder.issuer_name() == issuer.subject_name()
        && records.memory.is_signed_by(responder.sha256(), key, verify);
    if !is_issued {
        return Err("which the certificate's issuer did not issue".to_owned());
    }
    if responder.needs_no_check() {
        return Ok(hash);
    }
    // Only by CRLs: a responder does not clear itself.
    match records.in_crls(responder, issuer, at, rules, window).status() {
        Status::Good { hash: by_crl, .. } => Ok(hash.weaker(by_crl)),
        Status::Revoked { .. } | Status::Unknown { .. } | Status::NotPromised => {
            Err("of which no CRL says that it was not revoked".to_owned())
        }
    }
}
