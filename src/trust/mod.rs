//! Whose key is it, may it sign, and was this used before?

mod replay;

pub use replay::FirstUse;
pub use replay::LONGEST_RETENTION;
pub use replay::MemoryReplayStore;
pub use replay::ReplayError;
pub use replay::ReplayKey;
pub use replay::ReplayKind;
pub use replay::ReplayReason;
pub use replay::ReplayStore;
