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
//! Both only during a [`Period`], where one is given. Neither's own signature, signature algorithm or issuer is ever judged.
//!
//! | attack | what stops it |
//! |---|---|
//! | T61, T62 nothing signed, nothing trusted | an empty [`TrustStore`] refuses everything; there is no default that accepts |
//! | T63, T64, T65 the message brings or imitates a key | [`TrustStore::candidates`] finds only certificates of the operator's by name, number or digest; a certificate in the message stands for itself, and [`TrustStore::path`] judges that very one |
//! | T77 the key of one partner for another | a store belongs to a route; a [`Constraint`] names whom a CA is trusted for |
//! | T139 validity | both ends to the second, for every certificate up to the anchor |
//! | T140 a web server's key | keyUsage and extendedKeyUsage of the signer and of the CAs between, at [`TrustStore::path`] |
//! | T141 who may issue | basicConstraints, pathLenConstraint and keyCertSign; self-issued certificates do not count |
//! | T142 name constraints | compared by kind; what cannot be compared is refused |
//! | T143 revocation | [`Revocation`]; a CRL or an OCSP answer counts from thisUpdate until before nextUpdate, a CRL with the issuer's own key and within its scope, an answer with that key or one that the issuer certified for answers |
//! | T144 loops and floods | a budget of steps, signatures and comparisons for each signer, and paths of at most six certificates; trusted keys verify first |
//! | T145 fetching | nothing here opens a file or a connection after start |
//! | T146 weak or ambiguous certificates | strict reading in [`Certificate`](crate::crypto::Certificate); key sizes, hashes, serial numbers and critical extensions on the path |
//! | T147 trust in everybody whom a CA certifies | [`Constraint`], and `unconstrained_ca` where there is none |

mod anchors;
mod bearer;
mod cache;
mod constraint;
mod error;
mod issuer;
mod judge;
mod name_constraints;
mod password;
mod path;
mod period;
mod attest;
mod ciphertext;
mod partner;
mod replay;
mod revocation;
mod sources;
mod window;

pub use anchors::Anchor;
pub use anchors::KeyHint;
pub use anchors::TrustStore;
pub use attest::{Attested, ConfirmationKey, EntityKey, OtherKey, Owner, attest, endorse};
pub use bearer::{
    BearerClaims, BearerError, BearerRules, Binding, KeysAge, LastSeen, MessageBearer, Stands, TokenKeys,
    TokenKeysError, VerifiedBearer,
};
pub use ciphertext::{Carried, CiphertextCovered, DecryptedAttachment, Signed};
pub use constraint::Constraint;
pub use constraint::ConstraintError;
pub use error::Error;
pub use error::NoPath;
pub use error::Refusal;
pub use issuer::IssuerError;
pub use issuer::Issuers;
pub use issuer::check_fetched;
pub use issuer::{Holds, OlderMetadata};
pub use partner::Partner;
pub use password::PasswordError;
pub use password::PasswordFileError;
pub use password::Passwords;
pub use password::UserKey;
pub use password::VerifiedUser;
pub use password::with_hash;
pub use password::with_secret;
pub use path::DsaKeys;
pub use path::PathRules;
pub use path::Revocation;
pub use path::Sha1Signatures;
pub use path::Signer;
pub use path::VerifiedPath;
pub use path::Warning;
pub use period::Period;
pub use replay::FirstUse;
pub use replay::LONGEST_RETENTION;
pub use replay::MemoryReplayStore;
pub use replay::ReplayError;
pub use replay::ReplayKey;
pub use replay::ReplayKind;
pub use replay::ReplayReason;
pub use replay::ReplayStore;
pub use replay::{Recorded, Use, UseStore};
pub use revocation::{ClearedBy, CrlDue, CrlEnd, CrlEnds};
pub use sources::LoadError;
pub use sources::Metadata;
pub use sources::TrustSources;
