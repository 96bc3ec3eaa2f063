//! Digests, signatures and keys: the one module that names the crypto library.
//!
//! The library is OpenSSL 3 through its provider interface, so that an operator can put a validated provider under it. Algorithms are
//! fetched once, and contexts are kept with the key they were made for.

mod digest;
mod key;
mod secret;

pub use digest::DigestValue;
pub use digest::Digester;
pub use digest::Unavailable;
pub use digest::digest;
pub use key::Curve;
pub use key::KeyError;
pub use key::KeyKind;
pub use key::PublicKey;
pub use key::VerifyingKey;
pub use secret::Secret;
pub use secret::random_bytes;
