//! Private keys in tokens that speak PKCS#11: hardware security modules, smart cards.
//!
//! A key that a URI names ([`TokenKeyUri`], RFC 7512) stays in its token; [`load`] gives a [`PrivateKey`](crate::crypto::PrivateKey)
//! that signs and decrypts by asking it. Modules are C libraries, loaded into our process: whoever names one trusts it as much as us.
//!
//! Their calls block, and may never return. So threads of a token of their own make them, a bounded number of calls waits for those, and
//! no call may take longer than [`PATIENCE`]. A thread whose call does not return is left to it, and some others take its place. A token that does not answer, or says that it or our session with it is gone, is lost: from then
//! on every call is refused at once, until it has been found again and has proved that its keys are the same.

mod calls;
mod connection;
mod error;
mod key;
mod load;
mod module;
mod operation;
mod pace;
mod places;
mod refusal;
mod token;
mod turns;
mod upkeep;
mod uri;

pub use error::Error;
pub use load::TokenKey;
pub use load::load;
pub use module::end;
pub use refusal::forget_refused_pins;
pub use token::Condition;
pub use token::PATIENCE;
pub use token::conditions;
pub use uri::TokenKeyUri;
pub use uri::UriError;
pub use uri::without_pin;
