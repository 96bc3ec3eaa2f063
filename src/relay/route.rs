use super::Backend;
use super::identity::IdentityHeaders;

/// A path of the gateway: who answers there, and what they are told.
#[derive(Debug)]
pub struct Route {
    /// The path of the URL, compared octet for octet.
    pub path: String,
    /// What the backend is told about the sender.
    pub identity: IdentityHeaders,
    /// Who answers.
    pub backend: Backend,
}
