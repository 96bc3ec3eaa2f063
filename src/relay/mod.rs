//! Backends: they get verified messages, and nothing else.

mod backend;
mod error;
mod forward;
mod identity;
mod multipart;
mod parts;
mod route;

pub use backend::Backend;
pub use backend::BackendError;
pub use backend::Client;
pub use backend::Patience;
pub use error::Error;
pub use forward::Reply;
pub use forward::ReplyContent;
pub use forward::forward;
pub use identity::HeaderNameError;
pub use identity::IdentityHeaders;
pub use identity::TokenHeader;
pub(crate) use multipart::Multipart;
pub(crate) use multipart::Part;
pub use parts::AnswerParts;
pub use route::Route;
