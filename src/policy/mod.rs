//! Is what was proven enough?
//!
//! A [`Policy`] is data: which parts must be signed, by what, how fresh, with which tokens. The five [`Profile`]s are policies;
//! one's own is TOML of the same form. There is no callback and no switch that skips verification.

mod admit;
mod authorization;
mod dated;
mod destination;
mod encrypted;
mod exception;
mod freshness;
mod kept;
mod profile;
mod requirement;
mod rules;
pub mod saml;
mod saml_rules;
mod strictness;
#[cfg(test)]
mod tests;
mod tighter;
mod unmet;
mod username;
mod whole;

pub use admit::{Admitted, Evidence};
pub use authorization::{
    Asking, Authorization, AuthorizationRule, ClientCertificate, Condition, Hours, NotAuthorized,
};
pub use dated::DatedGrant;
pub use destination::{Asked, Destination, NoOperation, Operation, Operations};
pub use exception::{Exception, Grant};
pub use freshness::Fresh;
pub use kept::NotKept;
pub use profile::Profile;
pub use requirement::{NothingSigned, Part, SignedParts};
pub use rules::{
    BasicSecurityProfile, CertificateRules, Dsa, Expires, InterruptedText, KeyReference, Policy, PolicyError,
    Sha1, TimestampPresence, TimestampRules, UnsignedHeaders, UsernameToken, Utf16,
};
pub use saml_rules::{AudienceRule, Confirmation, SamlRules, SignatureOrder};
pub use tighter::Tightening;
pub use unmet::{Unmet, UnmetKind};
pub use username::{Presented, Transport};
pub use whole::NotWhole;
