use std::sync::Arc;

use super::Backend;
use super::identity::IdentityHeaders;
use super::identity::TokenHeader;
use crate::crypto::{Reserved, Unavailable};
use crate::mint::SecurityHeader;
use crate::policy::Operation;

/// A path of the gateway: who answers there, and what they are told.
#[derive(Debug)]
pub struct Route {
    /// The path of the URL, compared octet for octet.
    pub path: String,
    /// What the backend is told about the sender.
    pub told: Arc<Told>,
    /// Who answers.
    pub backend: Backend,
    /// Operations that do no more when they are asked for twice: such a message may be sent to a second server though the first may have it.
    pub idempotent: Vec<Operation>,
    /// Operations that nothing is answered to.
    pub one_way: Vec<Operation>,
}

/// What a backend is told about the sender.
#[derive(Debug, Default)]
pub struct Told {
    /// Headers.
    pub identity: IdentityHeaders,
    /// A JSON Web Token.
    pub jwt: Option<TokenHeader>,
    /// What the backend gets in the place of the Security header.
    pub security: SecurityHeader,
}

impl Route {
    /// Whether something is signed for every message: its answer, or what the backend is told.
    pub fn always_signs(&self) -> bool {
        self.told.is_signed() || self.one_way.is_empty()
    }

    /// Whether something is signed for a message that asks for `operation`.
    pub fn signs_for(&self, operation: &Operation) -> bool {
        self.told.is_signed() || !self.one_way.contains(operation)
    }
}

impl Told {
    fn is_signed(&self) -> bool {
        self.jwt.is_some() || matches!(self.security, SecurityHeader::Replaced(_))
    }

    /// The signatures of what is told, kept for whoever has this.
    ///
    /// # Errors
    /// A key is in a token that is lost, or has promised as many as it can make.
    pub fn reserve(&self) -> Result<Vec<Reserved>, Unavailable> {
        let of_header = match &self.security {
            SecurityHeader::None => None,
            SecurityHeader::Replaced(header) => Some(header.signer.reserve()),
        };
        let of_jwt = self.jwt.as_ref().map(TokenHeader::reserve);
        of_header.into_iter().chain(of_jwt).collect()
    }

    /// Whether others hold a key for us that signs some of it, whom each message is waited for.
    pub(super) fn has_held_key(&self) -> bool {
        let of_header = match &self.security {
            SecurityHeader::None => false,
            SecurityHeader::Replaced(header) => header.signer.is_held(),
        };
        of_header || self.jwt.as_ref().is_some_and(TokenHeader::has_held_key)
    }
}
