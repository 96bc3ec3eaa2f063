//! The configuration of a gateway: as typed, then checked; what cannot work is found at start, never later.

mod problem;
mod schema;
mod shape;
mod typed;

pub use problem::Problem;
pub use problem::Problems;
pub use schema::schema;
