use super::Backend;
use super::identity::IdentityHeaders;
use super::identity::TokenHeader;
use crate::mint::SecurityHeader;

/// A path of the gateway: who answers there, and what they are told.
#[derive(Debug)]
pub struct Route {
    /// The path of the URL, compared octet for octet.
    pub path: String,
    /// What the backend is told about the sender.
    pub identity: IdentityHeaders,
    /// A JSON Web Token about the sender.
    pub jwt: Option<TokenHeader>,
    /// What the backend gets in the place of the Security header.
    pub security: SecurityHeader,
    /// Who answers.
    pub backend: Backend,
}
