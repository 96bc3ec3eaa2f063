//! From received bytes to a verdict.

mod coverage;
mod findings;

pub use coverage::Covering;
pub use coverage::coverage;
pub use findings::Coverage;
pub use findings::CoverageLine;
pub use findings::Findings;
pub use findings::ReferenceFinding;
pub use findings::SignatureFinding;
pub use findings::Signer;
