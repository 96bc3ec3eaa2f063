//! Keys, revocation lists and metadata from addresses that the operator named (T145): never from one that a message names, never while one is
//! verified (B12).
//!
//! What comes is bytes that nobody has looked into. They become part of a configuration as if they had been read from a file, and only if that
//! holds.

mod address;
mod client;
mod content;
mod discovery;
mod error;
mod kept;
mod schedule;

use std::path::PathBuf;
use std::time::Duration;

use crate::crypto::TlsClient;

pub use address::Address;
pub use address::AddressError;
pub use client::Answer;
pub use client::get;
pub use content::check;
pub use content::check_what_is_there;
pub use content::is_metadata;
pub use content::until;
pub use error::FetchError;
pub use kept::Fetched;
pub use kept::FetchedCopy;
pub use kept::keep;
pub use kept::keep_longer;
pub use schedule::Schedule;

/// Something that is fetched, again and again.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// What the configuration calls the file that it stands for.
    pub name: String,
    /// That file, where the last good copy is kept.
    pub file: PathBuf,
    /// Where it comes from.
    pub origin: Origin,
    /// Whom the address is trusted by, if it begins with `https:`.
    pub tls: Option<TlsClient>,
    /// How often at least.
    pub every: Duration,
    /// The most bytes.
    pub bytes: usize,
    /// For how long keys count that were seen at the address.
    pub max_age: Duration,
}

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From this address.
    Address(Address),
    /// From the `jwks_uri` of an issuer of tokens (OpenID Connect Discovery 1.0 §4).
    Issuer {
        /// The issuer, which must call itself exactly so.
        issuer: String,
        /// Its configuration.
        configuration: Address,
    },
}
