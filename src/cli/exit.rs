use std::fmt;

use crate::verifier::Unusable;

/// How a command ended, as its exit code tells. Ordered: of several, the greatest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All inputs passed: 0.
    Passed,
    /// At least one input was refused: 1.
    Refused,
    /// The configuration that was to be checked is wrong: 2.
    WrongConfiguration,
    /// An input could not be read, or the machine failed: 3.
    Failed,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Passed => 0,
            Exit::Refused => 1,
            Exit::WrongConfiguration => 2,
            Exit::Failed => 3,
        }
    }
}

/// Why a command stopped before its end, in words for people.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The command or its configuration is wrong: 2.
    Usage(String),
    /// An input could not be read, or the machine failed: 3.
    Failed(String),
}

impl Stop {
    /// A complaint about what was typed.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self::Usage(what.to_string())
    }

    /// A complaint about the world around.
    pub(crate) fn failed(what: impl fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 3,
        }
    }
}

impl From<Unusable> for Stop {
    fn from(unusable: Unusable) -> Self {
        Self::usage(format_args!("--{}: {unusable}", unusable.option()))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Failed(what) => f.write_str(what),
        }
    }
}
