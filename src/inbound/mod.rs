//! From received bytes to a verdict.

mod coverage;
pub mod document;
mod findings;
mod signer;

pub use coverage::Covering;
pub use coverage::coverage;
pub use findings::Coverage;
pub use findings::CoverageLine;
pub use findings::Findings;
pub use findings::ReferenceFinding;
pub use findings::SignatureFinding;

pub(crate) use signer::SignerSearch;
pub(crate) use signer::finding;
pub(crate) use signer::note_legacy_algorithms;
