//! What a trust store remembers: parsed certificates, and paths that were verified.
//!
//! Parsing a certificate costs several times what the verification with its key does, and building a path costs as much again. Only
//! successes are remembered, so an attacker's certificates cannot push out anybody's path; each holds only inside the
//! window of time in which nothing that it rests on begins or ends.

use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;
use moka::sync::Cache as Map;
use openssl::sha;

use crate::crypto::Certificate;
use crate::crypto::CertificateError;
use crate::crypto::Fingerprint;
use crate::trust::PathRules;
use crate::trust::judge::Facts;

#[derive(Debug)]
pub(super) struct Cache {
    certificates: Map<Fingerprint, Certificate>,
    paths: Map<PathKey, Arc<Facts>>,
}

/// Everything besides time and the store itself that a verdict depends on.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct PathKey {
    leaf: Fingerprint,
    /// The other certificates of the message, sorted, each once.
    others: Box<[Fingerprint]>,
    rules: PathRules,
}

impl PathKey {
    pub(super) fn new(leaf: &Certificate, message_certificates: &[Certificate], rules: &PathRules) -> Self {
        let mut others: Vec<Fingerprint> = message_certificates
            .iter()
            .filter(|certificate| *certificate != leaf)
            .map(|certificate| *certificate.sha256())
            .collect();
        others.sort_unstable();
        others.dedup();
        Self {
            leaf: *leaf.sha256(),
            others: others.into(),
            rules: *rules,
        }
    }
}

impl Cache {
    /// Verified paths that are remembered.
    const PATHS: u64 = 10_000;
    /// Bytes that remembered certificates may take, about 10,000 of a usual size.
    const CERTIFICATE_BYTES: u64 = 64 * 1024 * 1024;

    pub(super) fn new() -> Self {
        // Parsed, a certificate takes its DER, its key twice (ours and the library's), names and a few structures around them.
        let weight = |_: &Fingerprint, certificate: &Certificate| {
            u32::try_from(certificate.der().len())
                .unwrap_or(u32::MAX)
                .saturating_mul(4)
                .saturating_add(4096)
        };
        Self {
            certificates: Map::builder()
                .max_capacity(Self::CERTIFICATE_BYTES)
                .weigher(weight)
                .build(),
            paths: Map::new(Self::PATHS),
        }
    }

    pub(super) fn certificate(&self, der: &[u8]) -> Result<Certificate, CertificateError> {
        // Not `sha256`, which looks for a provider each time, and takes twice as long for it.
        let mut digest = sha::Sha256::new();
        digest.update(der);
        let fingerprint = digest.finish();
        if let Some(known) = self.certificates.get(&fingerprint) {
            return Ok(known);
        }
        let certificate = Certificate::from_der(der)?;
        self.certificates.insert(fingerprint, certificate.clone());
        Ok(certificate)
    }

    /// A verdict that holds at `at`.
    pub(super) fn path(&self, key: &PathKey, at: DateTime<Utc>) -> Option<Arc<Facts>> {
        self.paths.get(key).filter(|facts| facts.window.contains(at))
    }

    pub(super) fn keep_path(&self, key: PathKey, facts: &Arc<Facts>) {
        self.paths.insert(key, Arc::clone(facts));
    }

    pub(super) fn forget(&self) {
        self.certificates.invalidate_all();
        self.paths.invalidate_all();
    }
}
