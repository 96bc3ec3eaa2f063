//! Says with our key, to whom it concerns, what was verified about a sender: SAML assertions, JSON Web Tokens, UsernameTokens.
//!
//! What is said comes from [`Facts`] alone, and these come from proofs alone: a [`VerifiedMessage`](crate::inbound::VerifiedMessage) whose
//! signature, assertion or password held, a [`BroughtMessage`](crate::inbound::BroughtMessage) whose token did, a
//! [`GrantedAssertion`](crate::inbound::GrantedAssertion). There is no way to say what a message merely claims.
//!
//! ```compile_fail
//! let forged = sealgate::mint::Facts { user: Some("root") };
//! ```

mod assertion;
mod error;
mod fact;
mod jwk_set;
mod jwt;
pub mod saml;
mod security_header;
mod signer;
mod username_token;

pub use assertion::AssertionMinter;
pub use assertion::Confirmation;
pub use error::Error;
pub use error::NotHandedOn;
pub use error::Unfit;
pub use fact::Fact;
pub use fact::Facts;
pub use fact::NamedFact;
pub use fact::TokenClaim;
pub use jwk_set::JwkSet;
pub use jwt::ClaimNameError;
pub use jwt::JwtMinter;
pub use jwt::JwtTerms;
pub use jwt::Minted;
pub use security_header::NewSecurityHeader;
pub use security_header::SecurityHeader;
pub use signer::Signer;
pub use signer::SignerError;
pub use username_token::UsernameTokenMinter;

#[cfg(test)]
pub(crate) use fact::tests;
