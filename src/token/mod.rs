//! Security tokens as they were read: what they claim, proved by nothing yet.

pub mod datetime;
pub mod duration;
mod error;
pub(crate) mod field;
mod held_key;
mod hint;
pub mod jwt;
mod key_info;
mod retrieval;
pub mod saml;
pub mod username;
pub mod x509;

pub use error::Error;
pub use error::ErrorKind;
pub use held_key::HeldKey;
pub use held_key::followed_held_keys;
pub use held_key::held_keys;
pub use held_key::key_value;
pub use hint::IssuerSerial;
pub use hint::SignerHint;
pub use hint::X509Hint;
pub use key_info::KeyInfoItem;
pub use key_info::key_info_items;
pub(crate) use key_info::x509_data;
pub use retrieval::followed_key_info_items;
