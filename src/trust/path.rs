//! From a signer's certificate to an anchor (RFC 5280 §6.1).
//!
//! Every path that names and key identifiers allow is tried, within a budget; a path is judged from its anchor downwards, so that no
//! key does any work before a trusted key has vouched for it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde::Serialize;

use crate::crypto::Certificate;
use crate::crypto::Fingerprint;
use crate::crypto::PublicKey;
use crate::trust::Anchor;
use crate::trust::ClearedBy;
use crate::trust::Error;
use crate::trust::NoPath;
use crate::trust::Refusal;
use crate::trust::TrustStore;
use crate::trust::cache::PathKey;
use crate::trust::judge;
use crate::trust::judge::Facts;

/// What a policy asks of certificates.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PathRules {
    /// The shortest RSA modulus in bits, of signers, CAs and anchors alike.
    pub rsa_min_bits: u32,
    /// Whether DSA keys are good enough.
    pub dsa: DsaKeys,
    /// Whether SHA-1 is good enough for signatures on certificates and CRLs.
    pub sha1: Sha1Signatures,
    /// What to do about revocation.
    pub revocation: Revocation,
}

/// Whether DSA keys are good enough.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DsaKeys {
    /// Never.
    Refused,
    /// With a p of at least so many bits.
    AtLeast(u32),
}

/// Whether SHA-1 is good enough for signatures on certificates and CRLs. MD5 never is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Sha1Signatures {
    /// It is not (T146).
    Refused,
    /// It is; a path that needed it says so.
    Allowed,
}

/// What to do about revocation. A certificate that is known to be revoked is always refused; pins and anchors are the operator's
/// own decision and have no revocation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revocation {
    /// Every certificate below the anchor needs a CRL that clears it.
    Required,
    /// A certificate needs one that names a CRL or an OCSP responder, or for whose issuer CRLs were given.
    WhenPromised,
    /// As [`WhenPromised`](Self::WhenPromised), but not knowing is a [`Warning`] and no refusal.
    Warn,
}

/// Proof that a certificate is trusted, at one time and under certain rules: it leads to an anchor, or is an anchor or a pin.
/// Made only by [`TrustStore::path`].
#[derive(Debug)]
pub struct VerifiedPath {
    facts: Arc<Facts>,
    at: DateTime<Utc>,
}

impl VerifiedPath {
    /// The same path, for what its key signed by way of another signature.
    pub(in crate::trust) fn again(&self) -> Self {
        Self {
            facts: Arc::clone(&self.facts),
            at: self.at,
        }
    }
}

/// Who signed.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Signer {
    /// The certificate's subject (RFC 4514).
    pub subject: String,
    /// Its issuer (RFC 4514).
    pub issuer: String,
    /// Its serial number in decimal.
    pub serial: String,
    /// SHA-256 of its DER, in lower-case hexadecimal.
    pub sha256: String,
}

impl From<&Certificate> for Signer {
    fn from(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            sha256: certificate
                .sha256()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

/// True of a path, worth knowing, and no reason to refuse.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Warning {
    /// The path rests on a CA that is trusted for everybody it certifies.
    UnconstrainedCa,
    /// Whether a certificate has been revoked is not known, and the rules let that pass.
    RevocationUnknown,
}

impl Warning {
    /// Its stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnconstrainedCa => "unconstrained_ca",
            Self::RevocationUnknown => "revocation_unknown",
        }
    }
}

impl VerifiedPath {
    /// The signer's key.
    pub fn key(&self) -> &PublicKey {
        self.certificate().public_key()
    }

    /// The signer's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.facts.leaf
    }

    /// Who the signer is.
    pub fn signer(&self) -> &Signer {
        &self.facts.signer
    }

    /// The anchor or pin that the path rests on; the signer's own certificate if that is one.
    pub fn anchor(&self) -> &Certificate {
        self.facts.issuers.last().unwrap_or(&self.facts.leaf)
    }

    /// The certificates above the signer's, the anchor last; empty if the signer is itself an anchor or pin.
    pub fn issuers(&self) -> &[Certificate] {
        &self.facts.issuers
    }

    /// The CRLs and OCSP responses that cleared its certificates.
    pub fn cleared_by(&self) -> &[ClearedBy] {
        &self.facts.cleared_by
    }

    /// What is worth knowing about it.
    pub fn warnings(&self) -> &[Warning] {
        &self.facts.warnings
    }

    /// The exceptions for old certificates that it needed: `certificate-sha1`, `certificate-dsa`, `certificate-rsa-1024`
    /// (an RSA key of less than 2048 bits).
    pub fn legacy(&self) -> &[&'static str] {
        &self.facts.legacy
    }

    /// The time for which it was judged.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

impl TrustStore {
    /// The most certificates of a message that a path may be built from.
    pub const MAX_MESSAGE_CERTIFICATES: usize = 32;

    /// Judges whether `leaf` is trusted as the signer of a message at the time `at`.
    ///
    /// A pin, and an anchor that is itself the signer, is judged by its identity, its dates and its key's size alone. Any other certificate
    /// needs a path to an anchor, built from the operator's certificates and from `message_certificates`, which are trusted
    /// for nothing (T63). The anchor on such a path is judged likewise by dates and key size, and the limits that it states for
    /// what it issues hold: path length, name constraints, key usage, and critical extensions that are not processed.
    ///
    /// A signer whose certificate has an extendedKeyUsage needs a purpose in it that fits a signature on content: any, document
    /// signing (RFC 9336), e-mail protection, code signing, or client authentication, as a signed request authenticates
    /// a client and CAs certify partners of web services so. serverAuth alone does not fit: such keys lie on web servers
    /// and sign handshakes for whoever connects (T140). CAs below the anchor are held to the same list, if they have one.
    ///
    /// # Errors
    ///
    /// [`Error`], with the reason of the path that came furthest.
    pub fn path(
        &self,
        leaf: &Certificate,
        message_certificates: &[Certificate],
        at: DateTime<Utc>,
        rules: &PathRules,
    ) -> Result<VerifiedPath, Error> {
        if message_certificates.len() > Self::MAX_MESSAGE_CERTIFICATES {
            let (what, limit) = ("certificates in the message", Self::MAX_MESSAGE_CERTIFICATES);
            return Err(Error::from(Refusal::Budget { what, limit }));
        }
        let key = PathKey::new(leaf, message_certificates, rules);
        if let Some(facts) = self.cache.path(&key, at) {
            return Ok(VerifiedPath { facts, at });
        }
        let facts = Arc::new(self.search(leaf, message_certificates, at, rules)?);
        self.cache.keep_path(key, &facts);
        Ok(VerifiedPath { facts, at })
    }

    fn search(
        &self,
        leaf: &Certificate,
        message_certificates: &[Certificate],
        at: DateTime<Utc>,
        rules: &PathRules,
    ) -> Result<Facts, Error> {
        if self.is_empty() {
            return Err(Error::from(Refusal::NoAnchor));
        }
        if self.is_pin(leaf) {
            return judge::pin(leaf, self, at, rules);
        }
        let mut failure = None;
        for anchor in self
            .anchors()
            .iter()
            .filter(|anchor| anchor.certificate() == leaf)
        {
            match judge::anchor_as_signer(anchor, self, at, rules) {
                Ok(facts) => return Ok(facts),
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        Search {
            store: self,
            message_certificates,
            at,
            rules,
            work: Work::default(),
            best: None,
        }
        .run(leaf)
    }
}

/// What may be spent on one signer (T144).
#[derive(Debug, Default)]
pub(super) struct Work {
    steps: usize,
    signatures: usize,
    comparisons: usize,
    verified: HashMap<(Fingerprint, Fingerprint), bool>,
}

impl Work {
    /// Issuers looked at. A real store needs fewer than ten.
    const STEPS: usize = 2_000;
    /// Signatures verified, as rustls-webpki allows.
    const SIGNATURES: usize = 100;
    /// Names compared with name constraints, as rustls-webpki allows.
    const COMPARISONS: usize = 250_000;

    fn step(&mut self) -> Result<(), Error> {
        spend(&mut self.steps, 1, Self::STEPS, "steps")
    }

    /// Pays for `count` comparisons of names.
    pub(super) fn compare(&mut self, count: usize) -> Result<(), Error> {
        spend(
            &mut self.comparisons,
            count,
            Self::COMPARISONS,
            "comparisons of names",
        )
    }

    /// Whether the key of `issuer` signed `certificate`; asked again, it is remembered.
    pub(super) fn is_signed_by(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<bool, Error> {
        let pair = (*certificate.sha256(), issuer.public_key().spki_sha256());
        if let Some(known) = self.verified.get(&pair) {
            return Ok(*known);
        }
        spend(&mut self.signatures, 1, Self::SIGNATURES, "signatures")?;
        let holds = certificate.is_signed_by(issuer.public_key());
        self.verified.insert(pair, holds);
        Ok(holds)
    }
}

fn spend(spent: &mut usize, amount: usize, limit: usize, what: &'static str) -> Result<(), Error> {
    *spent = spent.saturating_add(amount);
    if *spent > limit {
        Err(Error::from(Refusal::Budget { what, limit }))
    } else {
        Ok(())
    }
}

struct Search<'s> {
    store: &'s TrustStore,
    message_certificates: &'s [Certificate],
    at: DateTime<Utc>,
    rules: &'s PathRules,
    work: Work,
    best: Option<Error>,
}

/// A certificate on the path so far, and the issuers above it that are still to be tried, the next one last.
struct Frame<'s> {
    certificate: &'s Certificate,
    issuers: Vec<Issuer<'s>>,
}

#[derive(Clone, Copy)]
enum Issuer<'s> {
    Anchor(&'s Anchor),
    Untrusted(&'s Certificate),
}

impl<'s> Issuer<'s> {
    const fn certificate(self) -> &'s Certificate {
        match self {
            Self::Anchor(anchor) => anchor.certificate(),
            Self::Untrusted(certificate) => certificate,
        }
    }
}

impl<'s> Search<'s> {
    /// Depth first, without recursion. The path is never longer than [`Certificate::MAX_PATH`].
    fn run(mut self, leaf: &'s Certificate) -> Result<Facts, Error> {
        let mut path = vec![self.frame(leaf)];
        while let Some(top) = path.last_mut() {
            let Some(issuer) = top.issuers.pop() else {
                path.pop();
                continue;
            };
            self.work.step()?;
            if is_on(&path, issuer.certificate()) {
                continue;
            }
            if path.len() >= Certificate::MAX_PATH {
                self.note(dead_end(leaf, NoPath::TooLong));
                continue;
            }
            match issuer {
                Issuer::Untrusted(certificate) => {
                    let frame = self.frame(certificate);
                    path.push(frame);
                }
                Issuer::Anchor(anchor) => {
                    let below: Vec<&Certificate> = path.iter().map(|frame| frame.certificate).collect();
                    let (store, at, rules) = (self.store, self.at, self.rules);
                    match judge::path(&below, anchor, store, at, rules, &mut self.work) {
                        Ok(facts) => return Ok(facts),
                        Err(error) if matches!(error.refusal(), Refusal::Budget { .. }) => return Err(error),
                        Err(error) => self.note(error),
                    }
                }
            }
        }
        Err(self.best.unwrap_or_else(|| dead_end(leaf, NoPath::IssuerMissing)))
    }

    fn frame(&mut self, certificate: &'s Certificate) -> Frame<'s> {
        let name = certificate.issuer_name();
        let anchors = self.store.anchors_named(name).map(Issuer::Anchor);
        let known = self.store.untrusted_named(name);
        let sent = self
            .message_certificates
            .iter()
            .filter(|sent| sent.subject_name() == name);
        let untrusted = known
            .chain(sent)
            .filter(|other| !self.store.is_anchor(other))
            .map(Issuer::Untrusted);
        let mut issuers: Vec<Issuer<'s>> = anchors.chain(untrusted).collect();
        if certificate.is_self_issued() && issuers.iter().all(|issuer| issuer.certificate() == certificate) {
            self.note(dead_end(certificate, NoPath::SelfIssued));
        } else if issuers.is_empty() {
            self.note(dead_end(certificate, NoPath::IssuerMissing));
        }
        // Tried from the end: anchors first among those whose key identifier fits, then likewise the others.
        issuers.sort_by_key(|issuer| !names_key_of(certificate, issuer.certificate()));
        issuers.reverse();
        Frame { certificate, issuers }
    }

    /// Keeps the error of the path that came furthest: one that was broken tells more than one that led nowhere.
    fn note(&mut self, error: Error) {
        let led_nowhere = |error: &Error| matches!(error.refusal(), Refusal::Untrusted { .. });
        let better = match &self.best {
            None => true,
            Some(best) => led_nowhere(best) && !led_nowhere(&error),
        };
        if better {
            self.best = Some(error);
        }
    }
}

/// A certificate, or another of the same subject and key, is on the path already (T144).
fn is_on(path: &[Frame<'_>], certificate: &Certificate) -> bool {
    path.iter().any(|frame| {
        frame.certificate == certificate
            || (frame.certificate.public_key() == certificate.public_key()
                && frame.certificate.subject_name() == certificate.subject_name())
    })
}

/// Whether nothing speaks against `issuer` being the key that `certificate` was signed with (RFC 5280 §4.2.1.1). A preference and no rule: key
/// identifiers may be computed in any way.
fn names_key_of(certificate: &Certificate, issuer: &Certificate) -> bool {
    match (
        certificate.authority_key_identifier(),
        issuer.subject_key_identifier(),
    ) {
        (Some(named), Some(known)) => named == known,
        _ => true,
    }
}

fn dead_end(certificate: &Certificate, why: NoPath) -> Error {
    Error::from(Refusal::Untrusted {
        subject: certificate.subject().to_owned(),
        issuer: certificate.issuer().to_owned(),
        why,
    })
}
