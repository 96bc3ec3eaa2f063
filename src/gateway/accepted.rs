use crate::inbound::BroughtMessage;
use crate::inbound::VerifiedMessage;
use crate::outbound::Exchange;
use crate::trust::VerifiedBearer;

/// What may go to a backend.
pub(super) enum Accepted {
    /// What a trusted sender signed, and the token that came beside it.
    Verified(Box<VerifiedMessage>, Option<VerifiedBearer>),
    /// What a token stands for.
    Brought(Box<BroughtMessage>),
}

impl Accepted {
    /// What an answer to it has to confirm.
    pub(super) fn exchange(&self) -> Exchange {
        match self {
            Self::Verified(message, _) => Exchange::of(message),
            Self::Brought(message) => Exchange::of_brought(message),
        }
    }
}
