use std::fmt;

use crate::xml::quoted;

/// Why a message that is taken as a whole, for the token that it was brought with, is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWhole {
    /// It has a Security header: its sender counts on somebody who verifies that, and its backend may take it for verified.
    Security,
    /// A namespace name is a relative reference: readers do not agree what it means (Canonical XML 1.0 §1.3).
    RelativeNamespace(String),
}

impl NotWhole {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Security => "policy.security_with_token",
            Self::RelativeNamespace(_) => "xml.relative_namespace",
        }
    }
}

impl fmt::Display for NotWhole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Security => f.write_str(
                "it has a Security header, which nobody verifies where a token stands for the message",
            ),
            Self::RelativeNamespace(name) => {
                write!(f, "the namespace name {} is a relative reference", quoted(name))
            }
        }
    }
}
