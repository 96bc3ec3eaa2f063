//! A login as a browser recorded it, followed from message to message: where does it break?
//!
//! [`Recording::read`] takes the SAML messages out of a HAR file or an export of SAML-tracer, and nothing else: no cookie, header,
//! password or page of the recording is kept. [`follow`] compares each message with where and in answer to what it was sent, and
//! puts it before the same judge as everything else, [`verify_saml`](crate::inbound::verify_saml), as of when it was sent.

mod body;
mod entry;
mod follow;
mod problem;
mod recording;
mod step;
mod tracer;

pub use follow::Login;
pub use follow::LoginContext;
pub use follow::Unsolicited;
pub use follow::follow;
pub use problem::Problem;
pub use recording::Recording;
pub use recording::RecordingError;
pub use step::Binding;
pub use step::Message;
pub use step::Step;
