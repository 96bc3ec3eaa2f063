//! What messages use up, and what pays for it.

use std::time::Duration;

use super::Limit;
use super::What;

/// What messages have used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The time of their verification.
    pub time: Duration,
    /// Their bytes.
    pub bytes: u64,
}

impl Used {
    /// The time alone, where the bytes were paid for as they came.
    pub const fn without_bytes(self) -> Self {
        Self { bytes: 0, ..self }
    }
}

/// What pays for messages of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Budget {
    /// A second pays for so much time of verification.
    Cost(Duration),
    /// A minute pays for so many bytes.
    Bytes(u64),
}

impl Limit {
    /// Its budgets.
    pub fn budgets(&self) -> impl Iterator<Item = Budget> + use<> {
        let cost = self.cost.map(Budget::Cost);
        cost.into_iter().chain(self.bytes.map(Budget::Bytes))
    }
}

impl Budget {
    /// Of what there is too much where it has not paid.
    pub const fn what(self) -> What {
        match self {
            Self::Cost(_) => What::Cost,
            Self::Bytes(_) => What::Bytes,
        }
    }

    /// What it is called beside others of the same name. What is owed is kept as the time that pays for it, so that one which was changed is another.
    pub fn name(self) -> String {
        match self {
            Self::Cost(time) => format!("cost {}", time.as_nanos()),
            Self::Bytes(bytes) => format!("bytes {bytes}"),
        }
    }

    /// Who owes what is paid for in this time, is let in.
    pub const fn owed(self) -> Duration {
        match self {
            Self::Cost(_) => Duration::from_secs(2),
            Self::Bytes(_) => Duration::from_secs(60),
        }
    }

    /// What is paid for in this time is the most that anybody owes: nobody waits for longer than a minute, however much one message used up.
    pub const fn most(self) -> Duration {
        self.owed().saturating_add(Duration::from_secs(60))
    }

    /// The time in which `used` is paid for.
    pub fn pays(self, used: Used) -> Duration {
        let (used, in_a_second) = match self {
            Self::Cost(time) => (used.time.as_nanos(), time.as_nanos()),
            Self::Bytes(bytes) => (u128::from(used.bytes).saturating_mul(60), bytes.into()),
        };
        let parts = used.saturating_mul(1_000_000_000).checked_div(in_a_second);
        let nanoseconds = parts.and_then(|parts| u64::try_from(parts).ok());
        Duration::from_nanos(nanoseconds.unwrap_or(u64::MAX))
    }
}
