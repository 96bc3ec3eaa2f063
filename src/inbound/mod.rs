//! From received bytes to a verdict.

mod assertion;
mod attachment;
mod coverage;
mod decryption;
pub mod document;
mod findings;
mod gate;
mod issuer;
mod keyring;
mod message;
mod qname;
mod saml;
mod signer;
mod username;

pub use attachment::VerifiedAttachment;
pub use coverage::Covering;
pub use coverage::coverage;
pub use decryption::DecryptionRules;
pub use decryption::decrypt_document;
pub use findings::Coverage;
pub use findings::CoverageLine;
pub use findings::Findings;
pub use findings::ReferenceFinding;
pub use findings::SignatureFinding;
pub use gate::AsOf;
pub use gate::Gate;
pub use gate::Judgement;
pub use gate::Received;
pub use keyring::Keyring;
pub use keyring::NamedSecret;
pub use message::Sender;
pub use message::VerifiedMessage;
pub use saml::MetadataClaims;
pub use saml::SamlContext;
pub use saml::VerifiedSaml;
pub use saml::judge_saml;
pub use saml::verify_saml;

pub(crate) use issuer::by_certificate;
pub(crate) use issuer::by_issuer;
pub(crate) use issuer::by_keys;
pub(crate) use issuer::check_key_info;
pub(crate) use signer::SignerSearch;
pub(crate) use signer::note_legacy_method;
pub(crate) use signer::note_path;
