//! Backends: they get verified messages, and nothing else.

mod backend;
mod error;
mod media_type;

pub use backend::Backend;
pub use backend::BackendError;
pub use backend::Client;
pub use backend::Patience;
pub use error::Error;
pub(crate) use media_type::MediaType;
