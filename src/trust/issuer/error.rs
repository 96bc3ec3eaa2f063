use std::fmt;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use crate::token;
use crate::token::saml;
use crate::token::saml::Role;
use crate::xml;
use crate::xml::Position;
use crate::xml::quoted;

/// Why metadata cannot be used, or does not say whose key it is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IssuerError {
    /// The metadata is no XML that we read.
    Xml(xml::Error),
    /// The metadata is no SAML metadata that we read.
    Metadata(saml::Error),
    /// An entity stands in the metadata twice (T108); its ID.
    DuplicateEntity(String),
    /// An entity of an aggregate cannot be used.
    InEntity {
        /// Where it starts.
        position: Position,
        /// Why.
        error: Box<Self>,
    },
    /// Fetched metadata that does not say until when it holds (T108).
    Endless,
    /// Fetched metadata that holds for longer than it may (T108).
    TooLong {
        /// validUntil.
        valid_until: DateTime<Utc>,
        /// The latest that it might be.
        latest: DateTime<Utc>,
    },
    /// Fetched metadata that holds no longer (T108).
    Stale {
        /// What says so.
        what: &'static str,
        /// When it ended.
        ended: DateTime<Utc>,
        /// The time of the judgement.
        at: DateTime<Utc>,
    },
    /// A role has more signing keys than would be tried.
    TooManyKeys {
        /// The entity's ID.
        entity_id: String,
        /// How many may be.
        allowed: usize,
    },
    /// No metadata describes the entity; its ID.
    Unknown(String),
    /// The entity does not have a role in which it could say what it says.
    Role {
        /// The entity's ID.
        entity_id: String,
        /// The roles that it would need one of.
        needed: &'static [Role],
        /// The roles that it has.
        found: Vec<Role>,
    },
    /// What the metadata says about the entity has ceased to hold.
    Expired {
        /// The entity's ID.
        entity_id: String,
        /// validUntil.
        valid_until: DateTime<Utc>,
        /// The time of the judgement.
        at: DateTime<Utc>,
    },
    /// The entity has no key that it could sign with.
    NoKey {
        /// The entity's ID.
        entity_id: String,
        /// Why a key that it has could not be taken.
        unusable: Option<token::Error>,
    },
}

impl IssuerError {
    /// Whether it could not be decided, as opposed to a check that was broken: nothing is known of the issuer.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::NoKey { .. })
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(error) => error.code(),
            Self::Metadata(error) => error.code(),
            Self::DuplicateEntity(_) => "trust.duplicate_entity",
            Self::InEntity { error, .. } => error.code(),
            Self::Endless => "trust.metadata_endless",
            Self::TooLong { .. } => "trust.metadata_too_long",
            Self::TooManyKeys { .. } => "limit.issuer_keys",
            Self::Unknown(_) => "trust.issuer_unknown",
            Self::Role { .. } => "trust.issuer_role",
            Self::Expired { .. } | Self::Stale { .. } => "trust.metadata_expired",
            Self::NoKey { .. } => "trust.issuer_key",
        }
    }

    /// Where in the metadata.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Xml(error) => error.position(),
            Self::Metadata(error) => error.position(),
            Self::InEntity { position, .. } => Some(*position),
            Self::DuplicateEntity(_)
            | Self::Endless
            | Self::TooLong { .. }
            | Self::Stale { .. }
            | Self::TooManyKeys { .. }
            | Self::Unknown(_)
            | Self::Role { .. }
            | Self::Expired { .. }
            | Self::NoKey { .. } => None,
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Xml(error) => error.clause(),
            Self::Metadata(error) => error.clause(),
            Self::DuplicateEntity(_) => Some("SAML Metadata §2.3.2"),
            Self::InEntity { error, .. } => error.clause(),
            Self::TooManyKeys { .. } => None,
            Self::Endless | Self::TooLong { .. } | Self::Stale { .. } => Some("SAML Metadata §2.3.1"),
            Self::Unknown(_) => Some("SAML Core §2.2.5"),
            Self::Role { .. } => Some("SAML Metadata §2.4"),
            Self::Expired { .. } => Some("SAML Metadata §2.3.2"),
            Self::NoKey { .. } => Some("SAML Metadata §2.4.1.1"),
        }
    }
}

impl fmt::Display for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xml(error) => error.fmt(f),
            Self::Metadata(error) => error.fmt(f),
            Self::DuplicateEntity(id) => write!(f, "the entity {} is described twice", quoted(id)),
            Self::InEntity { error, .. } => write!(f, "of the entity that starts there: {error}"),
            Self::Endless => f.write_str("the metadata was fetched and has no validUntil"),
            Self::TooLong { valid_until, latest } => write!(
                f,
                "the metadata was fetched and has the validUntil {}; it may be {} at most",
                instant(valid_until),
                instant(latest)
            ),
            Self::Stale { what, ended, at } => write!(
                f,
                "the metadata was fetched, and by its {what} held until {}; judged at {}",
                instant(ended),
                instant(at)
            ),
            Self::TooManyKeys { entity_id, allowed } => {
                let entity = quoted(entity_id);
                write!(f, "a role of {entity} has more than {allowed} signing keys")
            }
            Self::Unknown(id) => write!(f, "nothing is known about the issuer {}", quoted(id)),
            Self::Role {
                entity_id,
                needed,
                found,
            } => write!(
                f,
                "{} has the roles {found:?} and would need one of {needed:?}",
                quoted(entity_id)
            ),
            Self::Expired {
                entity_id,
                valid_until,
                at,
            } => write!(
                f,
                "the metadata of {} was valid until {}; judged at {}",
                quoted(entity_id),
                instant(valid_until),
                instant(at)
            ),
            Self::NoKey { entity_id, unusable } => {
                write!(f, "{} has no key to sign with", quoted(entity_id))?;
                match unusable {
                    Some(error) => write!(f, " that could be read: {error}"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn instant(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl std::error::Error for IssuerError {}
