//! Whether a certificate has been revoked, from the operator's CRLs (RFC 5280 §6.3; T143). Nothing is fetched (T145).

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use crate::crypto::Certificate;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::Name;
use crate::crypto::Scope;
use crate::crypto::SignatureHash;
use crate::trust::Sha1Signatures;
use crate::trust::window::Window;

/// The CRLs that the operator gave.
#[derive(Debug, Default)]
pub(super) struct Crls {
    by_issuer: HashMap<Name, Vec<Crl>>,
    /// Whose key signed which CRL. Hashing one of megabytes takes as long as judging a hundred messages.
    verified: Mutex<HashMap<(Fingerprint, [u8; 32]), bool>>,
}

/// What is known about a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// A CRL that covers it does not list it; the hash in the signature on that CRL, the strongest of several.
    Good { hash: SignatureHash },
    /// A CRL lists it.
    Revoked {
        since: DateTime<Utc>,
        reason: Option<&'static str>,
    },
    /// It should be known and is not.
    Unknown { why: String },
    /// The certificate names no source and no CRL was given for its issuer.
    NotPromised,
}

impl Crls {
    /// How many answers about signatures are remembered; pairs of a CRL and a key that a trusted CA certified are few.
    const REMEMBERED: usize = 1_000;

    pub(super) fn add(&mut self, crl: Crl) {
        let crls = self.by_issuer.entry(crl.issuer_name().clone()).or_default();
        if crls.iter().all(|other| other.sha256() != crl.sha256()) {
            crls.push(crl);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Crl> {
        self.by_issuer.values().flatten()
    }

    /// What the CRLs of `issuer`, whose key signed `certificate`, say at the time `at`. Cuts `window` wherever another
    /// time might have another answer.
    ///
    /// A CRL counts if `issuer` signed it, may sign CRLs, and thisUpdate ≤ `at` < nextUpdate. A certificate that any such CRL lists is revoked, whatever the
    /// CRL's scope: serial numbers of one issuer are unique. Not to be listed means something only within its scope.
    pub(super) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
        sha1: Sha1Signatures,
        window: &mut Window,
    ) -> Status {
        let crls = self
            .by_issuer
            .get(certificate.issuer_name())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut good = None;
        let mut doubts = Vec::new();
        for crl in crls {
            match self.answer(crl, certificate, issuer, at, sha1, window) {
                Answer::Revoked { since, reason } => return Status::Revoked { since, reason },
                Answer::Clears if good == Some(SignatureHash::Strong) => {}
                Answer::Clears => good = Some(crl.signature_algorithm().hash()),
                Answer::Nothing(why) => doubts.push(why),
            }
        }
        if let Some(hash) = good {
            Status::Good { hash }
        } else if !crls.is_empty() {
            Status::Unknown {
                why: doubts.join("; "),
            }
        } else if certificate.names_revocation_source() {
            Status::Unknown {
                why: "the certificate names a source, and no CRL of its issuer was given".to_owned(),
            }
        } else {
            Status::NotPromised
        }
    }

    fn answer(
        &self,
        crl: &Crl,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
        sha1: Sha1Signatures,
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

        let begins = crl.this_update().to_rfc3339_opts(SecondsFormat::Secs, true);
        let nothing = |why: &str| Answer::Nothing(format!("the CRL of {begins} {why}"));
        if at < crl.this_update() {
            return nothing("does not count yet");
        }
        match crl.next_update() {
            None => return nothing("does not say until when it counts"),
            Some(next) if at >= next => {
                return nothing(&format!(
                    "counted until {}",
                    next.to_rfc3339_opts(SecondsFormat::Secs, true)
                ));
            }
            Some(_) => {}
        }
        if crl.is_delta() {
            return nothing("is a delta CRL");
        }
        if crl.is_indirect() {
            return nothing("lists certificates of several issuers");
        }
        if issuer.key_usage().is_some_and(|usage| !usage.signs_crls()) {
            return nothing("is signed with a key that is not for signing CRLs");
        }
        match (crl.signature_algorithm().hash(), sha1) {
            (SignatureHash::Strong, _) | (SignatureHash::Sha1, Sha1Signatures::Allowed) => {}
            _ => return nothing(&format!("is signed with {}", crl.signature_algorithm().name())),
        }
        if !self.is_signed_by(crl, issuer) {
            return nothing("is not signed with the key of the certificate's issuer");
        }
        match (entry, crl.scope(certificate)) {
            (Some(entry), _) if entry.since <= at => Answer::Revoked {
                since: entry.since,
                reason: entry.reason,
            },
            (_, Scope::Covers) => Answer::Clears,
            (_, Scope::Elsewhere(why)) => nothing(&format!("does not decide: {why}")),
        }
    }

    fn is_signed_by(&self, crl: &Crl, issuer: &Certificate) -> bool {
        let pair = (*crl.sha256(), issuer.public_key().spki_sha256());
        let remembered = self
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&pair)
            .copied();
        remembered.unwrap_or_else(|| {
            let holds = crl.is_signed_by(issuer.public_key());
            let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
            if verified.len() >= Self::REMEMBERED {
                verified.clear();
            }
            verified.insert(pair, holds);
            holds
        })
    }

    /// Forgets which signatures were verified.
    pub(super) fn forget(&self) {
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

enum Answer {
    Revoked {
        since: DateTime<Utc>,
        reason: Option<&'static str>,
    },
    Clears,
    Nothing(String),
}
