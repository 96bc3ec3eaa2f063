//! Names for what an attack looks like, and patterns that verified content is looked through for.
//!
//! A [`Rule`] never makes anything pass. Most rules give a name to what the gate refuses anyway, or to a burst of that from one address; the
//! others look through the content of messages that were verified, and are the last reason to refuse one. Whether a
//! rule only tells or also acts is its [`Mode`]. All work is linear in what is looked at.

mod address;
mod content;
mod doctype;
mod expression;
mod modes;
mod refusal;
mod rule;
mod script;
mod sql;
mod value;

pub use content::{Threat, inclusion, inspect};
pub use modes::{Mode, Modes};
pub use rule::{Kind, Rule};
