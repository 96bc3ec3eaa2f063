//! Whom we believe: certificates and CRLs that the operator gave, and the proof that a key belongs to somebody among them.
//!
//! A certificate in a message is a hint and a building block (T63, T65): [`TrustStore::candidates`] says which certificates a
//! reference to a key may mean, and [`TrustStore::path`] whether one of them is trusted. Only what `path` returns,
//! a [`VerifiedPath`], can make a signature count.
//!
//! | given as trust | is | and judged by |
//! |---|---|---|
//! | a CA (basicConstraints with cA=TRUE) | an anchor: it vouches for everybody it certifies, or for those its [`Constraint`] names | identity, dates, key size, its own limits on what it issues |
//! | any other certificate | a pin: this certificate and no other | identity, dates, key size |
//!
//! Neither's own signature, signature algorithm or issuer is ever judged.

mod anchors;
mod cache;
mod constraint;
mod error;
mod issuer;
mod judge;
mod name_constraints;
mod path;
mod attest;
mod replay;
mod revocation;
mod sources;
mod window;

pub use anchors::Anchor;
pub use anchors::KeyHint;
pub use anchors::TrustStore;
pub use attest::{Attested, ConfirmationKey, EntityKey, OtherKey, Owner, attest};
pub use constraint::Constraint;
pub use constraint::ConstraintError;
pub use error::Error;
pub use error::NoPath;
pub use error::Refusal;
pub use issuer::IssuerError;
pub use issuer::Issuers;
pub use path::DsaKeys;
pub use path::PathRules;
pub use path::Revocation;
pub use path::Sha1Signatures;
pub use path::Signer;
pub use path::VerifiedPath;
pub use path::Warning;
pub use replay::FirstUse;
pub use replay::LONGEST_RETENTION;
pub use replay::MemoryReplayStore;
pub use replay::ReplayError;
pub use replay::ReplayKey;
pub use replay::ReplayKind;
pub use replay::ReplayReason;
pub use replay::ReplayStore;
pub use sources::LoadError;
pub use sources::Metadata;
pub use sources::TrustSources;
