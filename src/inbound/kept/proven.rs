//! The certificates by which a message was trusted.

use bytes::Bytes;

use super::super::gate::Weighed;
use super::proofs;
use crate::crypto::Certificate;
use crate::trust::Owner;

/// What the signatures of a message were trusted by.
pub(super) struct Proven {
    /// The certificates of each path, and those in metadata by whose key an entity signed.
    paths: Vec<Vec<Certificate>>,
}

impl Proven {
    pub(super) fn of(weighed: &Weighed<'_>) -> Self {
        Self {
            paths: proofs(weighed).map(|proof| certificates(proof.owner())).collect(),
        }
    }

    /// `ders` in the order of a path that has all of them, the signer's first; `None` if there is none or one stands twice.
    pub(super) fn in_order(&self, ders: &[Bytes]) -> Option<Vec<&[u8]>> {
        self.paths.iter().find_map(|path| {
            let known = path.iter().map(Certificate::der);
            let found: Vec<&[u8]> = known
                .filter(|known| ders.iter().any(|der| der == known))
                .collect();
            (found.len() == ders.len()).then_some(found)
        })
    }

    /// Whether one of the paths has all of `ders`, each once.
    pub(super) fn knows(&self, ders: &[Bytes]) -> bool {
        self.in_order(ders).is_some()
    }

    /// Whether `ders`, of which the first is to be the signer's, are a path from there on: after each its issuer's.
    pub(super) fn are_path(&self, ders: &[Bytes]) -> bool {
        let starts = |path: &Vec<Certificate>| {
            let mut pairs = path.iter().zip(ders);
            ders.len() <= path.len() && pairs.all(|(known, der)| known.der() == der)
        };
        self.paths.iter().any(starts)
    }

    /// The certificate of the paths that `is_meant`.
    pub(super) fn find(&self, is_meant: impl Fn(&Certificate) -> bool) -> Option<&Certificate> {
        self.paths
            .iter()
            .flatten()
            .find(|certificate| is_meant(certificate))
    }

    /// What the signature of `owner` alone was trusted by.
    pub(super) fn of_one(owner: &Owner) -> Self {
        Self {
            paths: vec![certificates(owner)],
        }
    }
}

/// Those by which `owner` is trusted.
fn certificates(owner: &Owner) -> Vec<Certificate> {
    match owner {
        Owner::Certified(path) => {
            let own = std::iter::once(path.certificate());
            own.chain(path.issuers()).cloned().collect()
        }
        Owner::Entity(entity) => entity.certificate().cloned().into_iter().collect(),
        Owner::Subject(_) | Owner::User(_) => Vec::new(),
    }
}
