//! One partner among all who are trusted.

use crate::crypto::Certificate;
use crate::trust::Constraint;
use crate::trust::Owner;

/// Whose signatures something is said about: signers by their certificates, SAML issuers by their entityIDs. It trusts nobody.
#[derive(Clone, Debug)]
pub struct Partner {
    signers: Option<Constraint>,
    issuers: Vec<String>,
}

impl Partner {
    /// Those whose certificates `signers` allows, and the SAML entities in `issuers`; `None` if that is nobody.
    pub fn new(signers: Option<Constraint>, issuers: Vec<String>) -> Option<Self> {
        (signers.is_some() || !issuers.is_empty()).then_some(Self { signers, issuers })
    }

    /// Whether what the key of `owner` signs is this partner's. The subject of an assertion is not its issuer, who may confirm a key for
    /// everybody with an account; a user's password is no partner's.
    pub fn is(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Certified(path) => self.has_certificate(path.certificate()),
            Owner::Entity(entity) => self.has_issuer(entity.entity()),
            Owner::Subject(_) | Owner::User(_) => false,
        }
    }

    /// Whether the subject of `certificate` belongs to it.
    pub fn has_certificate(&self, certificate: &Certificate) -> bool {
        let signers = self.signers.as_ref();
        signers.is_some_and(|signers| signers.allows(certificate))
    }

    /// Whether the SAML entity `entity_id` belongs to it; compared code point by code point (T41).
    pub fn has_issuer(&self, entity_id: &str) -> bool {
        self.issuers.iter().any(|issuer| issuer == entity_id)
    }
}

impl std::fmt::Display for Partner {
    /// The patterns and entityIDs as they were given.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signers = self.signers.iter().map(ToString::to_string);
        let all: Vec<String> = signers.chain(self.issuers.iter().cloned()).collect();
        f.write_str(&all.join(" or "))
    }
}
