//! Backends: they get verified messages, where a route says so messages that a token stands for, and nothing else.

mod backend;
mod client;
mod error;
mod forward;
mod health;
mod identity;
mod multipart;
mod parts;
mod route;
mod server;

pub use backend::Backend;
pub use backend::BackendError;
pub use backend::Patience;
pub use client::Client;
pub use error::Error;
pub use forward::Reply;
pub use forward::ReplyContent;
pub use forward::forward;
pub use forward::forward_brought;
pub use health::Ask;
pub use health::HealthCheck;
pub use health::Thresholds;
pub use identity::HeaderNameError;
pub use identity::IdentityHeaders;
pub use identity::TokenHeader;
pub(crate) use multipart::Multipart;
pub(crate) use multipart::Part;
pub use parts::AnswerParts;
pub use route::Route;
pub use route::Told;
pub use server::Breaker;
pub use server::Change;
pub use server::Condition;
pub use server::Server;
pub use server::Status;
