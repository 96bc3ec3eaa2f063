//! Whom a CA is trusted for (T147): trust in a CA is trust in everybody it certifies, which is seldom meant.

use std::fmt;

use crate::crypto::Certificate;
use crate::crypto::GeneralName;
use crate::crypto::NamePattern;
use crate::crypto::wildcard_matches;

/// The subjects, or the alternative names, that a signer below a CA has to have.
///
/// Patterns for subjects are those of [`NamePattern`]: `CN=orders-*,O=Partner GmbH,C=DE` or `*,O=Partner GmbH,C=DE`. Patterns for
/// alternative names begin with their kind: `dns:*.partner.example`, `email:*@partner.example`, `uri:urn:partner:*`,
/// `ip:192.0.2.7`; a star stands for any run of characters, dots as well, and case does not count but in URIs.
///
/// Where both kinds are given, the signer has to fit one of each.
#[derive(Clone, Debug)]
pub struct Constraint {
    subjects: Vec<NamePattern>,
    names: Vec<AlternativePattern>,
}

/// Why a constraint cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConstraintError {
    /// It would ask for nothing.
    Empty,
    /// A pattern that cannot be read, or fits everything.
    Pattern(String),
}

impl Constraint {
    /// Makes a constraint from patterns.
    ///
    /// # Errors
    ///
    /// If there is no pattern at all, or one cannot be read or would fit everything.
    pub fn new<S: AsRef<str>>(subjects: &[S], names: &[S]) -> Result<Self, ConstraintError> {
        if subjects.is_empty() && names.is_empty() {
            return Err(ConstraintError::Empty);
        }
        let unreadable = |pattern: &S| ConstraintError::Pattern(pattern.as_ref().to_owned());
        let subject = |pattern: &S| NamePattern::read(pattern.as_ref()).ok_or_else(|| unreadable(pattern));
        let name =
            |pattern: &S| AlternativePattern::read(pattern.as_ref()).ok_or_else(|| unreadable(pattern));
        Ok(Self {
            subjects: subjects.iter().map(subject).collect::<Result<_, _>>()?,
            names: names.iter().map(name).collect::<Result<_, _>>()?,
        })
    }

    /// Whether `certificate` is one that the CA is trusted for.
    pub fn allows(&self, certificate: &Certificate) -> bool {
        let subject = || {
            self.subjects
                .iter()
                .any(|pattern| pattern.matches(certificate.subject_name()))
        };
        let names = certificate.subject_alternative_names();
        let name = || {
            self.names
                .iter()
                .any(|pattern| names.iter().any(|name| pattern.matches(name)))
        };
        (self.subjects.is_empty() || subject()) && (self.names.is_empty() || name())
    }
}

impl fmt::Display for Constraint {
    /// The patterns as they were given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects: Vec<&str> = self.subjects.iter().map(NamePattern::as_str).collect();
        let names: Vec<&str> = self
            .names
            .iter()
            .map(|pattern| pattern.written.as_str())
            .collect();
        f.write_str(&subjects.join(" or "))?;
        f.write_str(if subjects.is_empty() || names.is_empty() {
            ""
        } else {
            ", and "
        })?;
        f.write_str(&names.join(" or "))
    }
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a constraint needs a pattern for subjects or for alternative names"),
            Self::Pattern(pattern) => write!(f, "{pattern:?} is no pattern, or fits everything"),
        }
    }
}

impl std::error::Error for ConstraintError {}

#[derive(Clone, Debug)]
struct AlternativePattern {
    written: String,
    kind: Kind,
    pattern: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Dns,
    Email,
    Uri,
    Ip,
}

impl AlternativePattern {
    fn read(written: &str) -> Option<Self> {
        let (kind, pattern) = written.trim().split_once(':')?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "dns" => Kind::Dns,
            "email" => Kind::Email,
            "uri" => Kind::Uri,
            "ip" => Kind::Ip,
            _ => return None,
        };
        let only_stars = pattern.chars().all(|character| character == '*');
        let pattern = if kind == Kind::Uri {
            pattern.to_owned()
        } else {
            pattern.to_ascii_lowercase()
        };
        (!only_stars).then(|| Self {
            written: written.to_owned(),
            kind,
            pattern,
        })
    }

    fn matches(&self, name: &GeneralName) -> bool {
        let text = match (self.kind, name) {
            (Kind::Dns, GeneralName::Dns(text)) | (Kind::Email, GeneralName::Email(text)) => {
                text.to_ascii_lowercase()
            }
            (Kind::Uri, GeneralName::Uri(text)) => text.clone(),
            (Kind::Ip, GeneralName::Ip(_)) => name
                .to_string()
                .strip_prefix("ip:")
                .unwrap_or_default()
                .to_owned(),
            _ => return false,
        };
        wildcard_matches(&self.pattern, &text)
    }
}
