//! Whether a certificate has been revoked, from the operator's CRLs (RFC 5280 §6.3) and OCSP responses (RFC 6960; T143). Nothing is
//! fetched (T145).

mod cleared;
mod crl;
mod doubt;
mod due;
mod ocsp;

pub use cleared::ClearedBy;
pub use due::{CrlDue, CrlEnd, CrlEnds};
pub(super) use ocsp::answers_for_others;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::Certificate;
use crate::crypto::CertificateSignature;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::Name;
use crate::crypto::OcspAnswer;
use crate::crypto::OcspResponse;
use crate::crypto::PublicKey;
use crate::crypto::SignatureHash;
use crate::trust::PathRules;
use crate::trust::Sha1Signatures;
use crate::trust::window::Window;
use doubt::{Doubt, Doubts, Why};

/// What the operator gave of what CAs say about revocation.
#[derive(Debug, Default)]
pub(super) struct Records {
    crls: HashMap<Name, Vec<Crl>>,
    /// CAs of the names that issued CRLs.
    authorities: HashMap<Name, Vec<Certificate>>,
    responses: Vec<OcspResponse>,
    /// The places of answers: of the response, and in it.
    answers: HashMap<Box<[u8]>, Vec<(usize, usize)>>,
    memory: Memory,
}

/// What is known about a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// A CRL that covers it does not list it, or an OCSP answer clears it; the hash that this rests on, the strongest of several.
    Good { hash: SignatureHash, by: ClearedBy },
    /// A CRL lists it, or an OCSP answer says so: `by`.
    Revoked {
        since: DateTime<Utc>,
        reason: Option<&'static str>,
        by: ClearedBy,
    },
    /// It should be known and is not.
    Unknown { why: String },
    /// The certificate names no source, and nothing was given for its issuer or about it.
    NotPromised,
}

/// What a CRL or an OCSP answer says.
enum Answer {
    Revoked {
        since: DateTime<Utc>,
        reason: Option<&'static str>,
    },
    Clears {
        hash: SignatureHash,
    },
    Nothing(Doubt),
}

impl Answer {
    const fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked { .. })
    }
}

impl Records {
    /// `known`: certificates of CAs, of which some may have signed the CRLs with another of their keys.
    pub(super) fn of<'c>(
        crls: Vec<Crl>,
        responses: Vec<OcspResponse>,
        known: impl Iterator<Item = &'c Certificate>,
    ) -> Self {
        let mut records = Self {
            memory: Memory::for_records(crls.len().saturating_add(responses.len())),
            ..Self::default()
        };
        for crl in crls {
            let of_issuer = records.crls.entry(crl.issuer_name().clone()).or_default();
            if of_issuer.iter().all(|other| other.sha256() != crl.sha256()) {
                of_issuer.push(crl);
            }
        }
        for authority in known {
            let name = authority.subject_name();
            if records.crls.contains_key(name) {
                let of_name = records.authorities.entry(name.clone()).or_default();
                of_name.push(authority.clone());
            }
        }
        for (place, response) in responses.iter().enumerate() {
            for (number, answer) in response.answers().iter().enumerate() {
                let places = records.answers.entry(answer.serial_bytes().into()).or_default();
                places.push((place, number));
            }
        }
        records.responses = responses;
        records
    }

    pub(super) fn crls(&self) -> impl Iterator<Item = &Crl> {
        self.crls.values().flatten()
    }

    pub(super) fn responses(&self) -> impl Iterator<Item = &OcspResponse> {
        self.responses.iter()
    }

    /// What is said of `certificate`, which the key of `issuer` signed, at the time `at`. Cuts `window` wherever another time might have
    /// another answer.
    ///
    /// Of all that was given, what was current then clears it. Where one says that it had been revoked by then, it had, whenever that was said:
    /// who has a stolen key chooses the time of what it signs.
    pub(super) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
        rules: &PathRules,
        window: &mut Window,
    ) -> Status {
        let mut found = self.in_crls(certificate, issuer, at, rules, window);
        for answer in self.answers_about(certificate, issuer) {
            let by = || ClearedBy::Ocsp(answer.0.clone());
            found.add(ocsp::answer(answer, issuer, at, rules, self, window), by);
        }
        if found.is_nothing() && certificate.names_revocation_source() {
            let why = "the certificate names a source, and neither a CRL of its issuer nor an OCSP response about it was given";
            return Status::Unknown { why: why.to_owned() };
        }
        found.status()
    }

    /// What CRLs alone say of it.
    fn in_crls(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
        rules: &PathRules,
        window: &mut Window,
    ) -> Found {
        let mut found = Found::default();
        let crls = self.crls.get(certificate.issuer_name()).into_iter().flatten();
        for crl in crls {
            let mut answer_of =
                |issuer| crl::answer(crl, certificate, issuer, at, rules, &self.memory, window);
            let mut answer = answer_of(issuer);
            if let Answer::Nothing(_) = answer {
                let others = self.other_keys_of(issuer).map(&mut answer_of);
                answer = others.into_iter().find(Answer::is_revoked).unwrap_or(answer);
            }
            found.add(answer, || ClearedBy::Crl(crl.clone()));
        }
        found
    }

    /// The certificates of `issuer` for keys that it had before or has since (RFC 4210 §4.4): one of the two certified the other. What a CA
    /// takes back with any of its keys is revoked (RFC 5280 §6.3.3 (f)); only the key that signed a certificate clears it.
    fn other_keys_of<'r>(&'r self, issuer: &'r Certificate) -> impl Iterator<Item = &'r Certificate> {
        let name = issuer.subject_name();
        let certified = move |certificate: &Certificate, by: &Certificate| {
            let verify = || certificate.is_signed_by(by.public_key());
            certificate.issuer_name() == name
                && self
                    .memory
                    .is_signed_by(certificate.sha256(), by.public_key(), verify)
        };
        let named_so = self.authorities.get(name).into_iter().flatten();
        named_so.filter(move |other| {
            other.public_key().spki_sha256() != issuer.public_key().spki_sha256()
                && (certified(other, issuer) || certified(issuer, other))
        })
    }

    fn answers_about(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> impl Iterator<Item = (&OcspResponse, &OcspAnswer)> {
        let places = self.answers.get(certificate.serial_bytes()).into_iter().flatten();
        places
            .filter_map(|(place, number)| {
                let response = self.responses.get(*place)?;
                Some((response, response.answers().get(*number)?))
            })
            .filter(|(_, answer)| answer.is_about(certificate, issuer))
    }

    /// Forgets which signatures were verified.
    pub(super) fn forget(&self) {
        self.memory.forget();
    }
}

/// What all answers about a certificate say together.
#[derive(Default)]
struct Found {
    revoked: Option<(DateTime<Utc>, Option<&'static str>, ClearedBy)>,
    good: Option<(SignatureHash, ClearedBy)>,
    doubts: Doubts,
}

impl Found {
    fn add(&mut self, answer: Answer, by: impl FnOnce() -> ClearedBy) {
        match answer {
            Answer::Revoked { since, reason } => {
                self.revoked.get_or_insert_with(|| (since, reason, by()));
            }
            Answer::Clears { .. } if matches!(self.good, Some((SignatureHash::Strong, _))) => {}
            Answer::Clears { hash } => self.good = Some((hash, by())),
            Answer::Nothing(doubt) => self.doubts.add(doubt),
        }
    }

    const fn is_nothing(&self) -> bool {
        self.revoked.is_none() && self.good.is_none() && self.doubts.is_empty()
    }

    fn status(self) -> Status {
        match self {
            Self {
                revoked: Some((since, reason, by)),
                ..
            } => Status::Revoked { since, reason, by },
            Self {
                good: Some((hash, by)),
                ..
            } => Status::Good { hash, by },
            Self { doubts, .. } if doubts.is_empty() => Status::NotPromised,
            Self { doubts, .. } => Status::Unknown {
                why: doubts.to_string(),
            },
        }
    }
}

/// Whether what holds from `this_update` until before `next_update` counts at the time `at`.
fn counts(
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<(), Why> {
    match next_update {
        None => Err(Why::Other("does not say until when it counts".to_owned())),
        Some(_) if at < this_update => Err(Why::NotYet),
        Some(next) if at >= next => Err(Why::Ended(next)),
        Some(_) => Ok(()),
    }
}

/// Whether what was revoked for this reason stays so (RFC 5280 §5.3.1).
fn is_final(reason: Option<&str>) -> bool {
    reason != Some("certificateHold")
}

/// Whether the reason is that it is no longer revoked.
fn is_lifted(reason: Option<&str>) -> bool {
    reason == Some("removeFromCRL")
}

fn good_enough(algorithm: &CertificateSignature, rules: &PathRules) -> Result<SignatureHash, String> {
    match (algorithm.hash(), rules.sha1) {
        (hash @ SignatureHash::Strong, _) | (hash @ SignatureHash::Sha1, Sha1Signatures::Allowed) => Ok(hash),
        _ => Err(format!("is signed with {}", algorithm.name())),
    }
}

/// Whose key signed what. Hashing a CRL of megabytes takes as long as judging a hundred messages.
#[derive(Debug)]
struct Memory {
    verified: Mutex<HashMap<(Fingerprint, Fingerprint), bool>>,
    /// How many answers are remembered.
    most: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self::for_records(0)
    }
}

impl Memory {
    /// Answers that are remembered whatever was given.
    const FEWEST: usize = 1_000;
    /// Keys that each record is tried with: a CA has one at a time, and those before and after it.
    const KEYS: usize = 4;

    /// For so many CRLs and responses. All that were verified fit: what is forgotten here while messages still need it is verified again for
    /// each of them.
    fn for_records(records: usize) -> Self {
        Self {
            verified: Mutex::default(),
            most: records.saturating_mul(Self::KEYS).max(Self::FEWEST),
        }
    }

    /// Whether `key` signed what has this hash, as `verify` finds out the first time.
    fn is_signed_by(&self, sha256: &Fingerprint, key: &PublicKey, verify: impl FnOnce() -> bool) -> bool {
        let pair = (*sha256, key.spki_sha256());
        let remembered = self.lock().get(&pair).copied();
        remembered.unwrap_or_else(|| {
            let holds = verify();
            let mut verified = self.lock();
            if verified.len() >= self.most {
                verified.clear();
            }
            verified.insert(pair, holds);
            holds
        })
    }

    fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Fingerprint, Fingerprint), bool>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "a test may panic"
    )]
    use super::*;

    #[test]
    fn as_many_crls_as_were_given_are_each_verified_once() {
        let ca = Certificate::from_der(&std::fs::read("fixtures/keys/ca.der").unwrap()).unwrap();
        let verified_in_two_rounds = |records: u16, crls: u16| {
            let memory = Memory::for_records(records.into());
            let mut verified = 0_usize;
            for number in (0..crls).chain(0..crls) {
                let mut sha256 = [0; 32];
                sha256[..2].copy_from_slice(&number.to_be_bytes());
                memory.is_signed_by(&sha256, ca.public_key(), || {
                    verified += 1;
                    true
                });
            }
            assert!(memory.lock().len() <= Memory::FEWEST.max(usize::from(records) * Memory::KEYS));
            verified
        };
        assert_eq!(verified_in_two_rounds(3_000, 3_000), 3_000);
        assert_eq!(verified_in_two_rounds(3_000, 12_000), 12_000);
        // More keys than any CA has do not fill the memory.
        assert_eq!(verified_in_two_rounds(0, 3_000), 6_000);
    }
}
