//! SAML issuers and the keys that are theirs: what metadata says (SAML Metadata §2; T91, T108).
//!
//! A key in metadata is trusted as a key, for its entity alone, whatever the dates and issuer of the certificate that it
//! stands in (SAML V2.0 Metadata Interoperability Profile §2.6.1).

mod entity;
mod error;
mod fetched;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use self::entity::Described;
use self::entity::EntityRole;
pub use self::error::IssuerError;
pub use self::fetched::check_fetched;
use crate::token::HeldKey;
use crate::token::saml;
use crate::token::saml::Metadata;
use crate::token::saml::Role;
use crate::trust::EntityKey;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::quoted;

/// SAML entities by their IDs, each with the keys of its roles.
#[derive(Clone, Debug, Default)]
pub struct Issuers {
    entities: HashMap<String, Described>,
    /// What fetched metadata says of how long it holds, by the entities in it.
    fetched: HashMap<String, DateTime<Utc>>,
}

/// Until when fetched metadata holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Holds {
    /// Its validUntil, which grows with each that its publisher makes.
    pub valid_until: DateTime<Utc>,
    /// When it ceases to count: at its validUntil, or when its cacheDuration has passed before.
    pub end: DateTime<Utc>,
}

/// Metadata that was fetched is older than what is known of an entity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OlderMetadata {
    /// The entity.
    pub entity_id: String,
    /// Its validUntil.
    pub valid_until: DateTime<Utc>,
    /// The one that is known.
    pub known: DateTime<Utc>,
}

impl fmt::Display for OlderMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the metadata of {} holds until {}, and so is older than what is in use, which holds until {}",
            quoted(&self.entity_id),
            self.valid_until.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            self.known.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        )
    }
}

impl Issuers {
    /// The most signing keys of one role. Each that does not fit costs a verification.
    pub const MAX_KEYS: usize = 16;

    /// The roles in which an entity issues assertions and Responses.
    pub const ASSERTING: &'static [Role] = &[
        Role::IdentityProvider,
        Role::AttributeAuthority,
        Role::AuthnAuthority,
        Role::DecisionPoint,
    ];

    /// The roles in which an entity takes part in a logout.
    pub const IN_SESSION: &'static [Role] = &[Role::IdentityProvider, Role::ServiceProvider];

    /// The role in which an entity asks for authentication.
    pub const REQUESTING: &'static [Role] = &[Role::ServiceProvider];

    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the entities of a metadata document that the operator trusts as it is.
    ///
    /// Each is read by itself, so that an aggregate of a federation never stands in one tree, and its keys when they are first
    /// asked for; `metadata` is kept for that.
    ///
    /// # Errors
    /// If it cannot be read, describes nobody, or an entity for a second time, or gives one too many keys. A key that cannot be read is an error only when an
    /// entity has no other.
    pub fn add(&mut self, metadata: Bytes) -> Result<(), IssuerError> {
        self.add_until(metadata, None)
    }

    /// As [`add`](Self::add), of metadata that was fetched and `holds` so long; nothing of it holds longer.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_until(&mut self, metadata: Bytes, holds: Option<Holds>) -> Result<(), IssuerError> {
        let end = holds.map(|holds| holds.end);
        let split = Metadata::split(metadata).map_err(IssuerError::Xml)?;
        // What is around the entities.
        let rest = Document::parse(split.rest(), &Limits::archive()).map_err(IssuerError::Xml)?;
        Metadata::read(rest.root()).map_err(IssuerError::Metadata)?;
        if split.is_empty() {
            // Nobody would be left who is bound to a key.
            return Err(IssuerError::Metadata(saml::Error::no_entity(rest.root())));
        }
        let split = Arc::new(split);
        for number in 0..split.len() {
            let (entity_id, described) = Described::read(&split, number, end)?;
            if let Some(holds) = holds {
                self.fetched.insert(entity_id.clone(), holds.valid_until);
            }
            if self.entities.insert(entity_id.clone(), described).is_some() {
                return Err(IssuerError::DuplicateEntity(entity_id));
            }
        }
        Ok(())
    }

    /// What of these was fetched and is older than what `known` has of the same entity: somebody has put a copy back in which keys may be
    /// that were withdrawn since (T108). Of metadata that the operator gave as it is nobody can say.
    pub fn older_than(&self, known: &Self) -> Option<OlderMetadata> {
        let mut older: Vec<OlderMetadata> = self
            .fetched
            .iter()
            .filter_map(|(entity_id, valid_until)| {
                let known = known
                    .fetched
                    .get(entity_id)
                    .filter(|known| *known > valid_until)?;
                Some(OlderMetadata {
                    entity_id: entity_id.clone(),
                    valid_until: *valid_until,
                    known: *known,
                })
            })
            .collect();
        older.sort_by(|one, other| one.entity_id.cmp(&other.entity_id));
        older.into_iter().next()
    }

    /// Remembers what `known` had fetched that holds at `at`, also of entities that these do not describe: what is described again must not
    /// be older.
    pub fn remember(&mut self, known: &Self, at: DateTime<Utc>) {
        for (entity_id, valid_until) in known.fetched.iter().filter(|(_, end)| **end > at) {
            self.fetched.entry(entity_id.clone()).or_insert(*valid_until);
        }
    }

    /// Whether no metadata was given.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// The IDs of the entities, in no order.
    pub fn entity_ids(&self) -> impl Iterator<Item = &str> {
        self.entities.keys().map(String::as_str)
    }

    /// Whether they describe `entity_id`.
    pub fn describe(&self, entity_id: &str) -> bool {
        self.entities.contains_key(entity_id)
    }

    /// The keys that `entity_id` signs with, in one of `roles`, at the time `at`. A key for encryption alone is none of
    /// them. IDs are compared code point by code point (T41).
    ///
    /// # Errors
    /// [`IssuerError`]: the entity is not known, not in such a role, not any more, or has no such key.
    pub fn keys(
        &self,
        entity_id: &str,
        roles: &'static [Role],
        at: DateTime<Utc>,
    ) -> Result<Vec<&HeldKey>, IssuerError> {
        let unknown = || IssuerError::Unknown(entity_id.to_owned());
        let entity = self.entities.get(entity_id).ok_or_else(unknown)?.entity()?;
        let entity_id = || entity_id.to_owned();
        let fitting: Vec<&EntityRole> = entity
            .roles
            .iter()
            .filter(|role| roles.contains(&role.role))
            .collect();
        if fitting.is_empty() {
            return Err(IssuerError::Role {
                entity_id: entity_id(),
                needed: roles,
                found: entity.roles.iter().map(|role| role.role).collect(),
            });
        }
        let valid: Vec<&EntityRole> = fitting.iter().copied().filter(|role| role.is_valid(at)).collect();
        if valid.is_empty() {
            let ends = fitting.iter().filter_map(|role| role.valid_until);
            return Err(IssuerError::Expired {
                entity_id: entity_id(),
                valid_until: ends.max().unwrap_or(at),
                at,
            });
        }
        let mut keys: Vec<&HeldKey> = Vec::new();
        for key in valid.iter().flat_map(|role| &role.keys) {
            if !keys.iter().any(|known| known.key == key.key) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Err(IssuerError::NoKey {
                entity_id: entity_id(),
                unusable: valid.iter().find_map(|role| role.unusable.clone()),
            });
        }
        Ok(keys)
    }

    /// As [`keys`](Self::keys), each as an owner that signatures can be attested to.
    ///
    /// # Errors
    /// As [`keys`](Self::keys).
    pub fn entity_keys(
        &self,
        entity_id: &str,
        roles: &'static [Role],
        at: DateTime<Utc>,
    ) -> Result<Vec<EntityKey>, IssuerError> {
        let keys = self.keys(entity_id, roles, at)?;
        Ok(keys
            .into_iter()
            .map(|held| EntityKey::new(entity_id.to_owned(), held.clone()))
            .collect())
    }

    /// The signing keys of every entity at the time `at`, each once, at most `most` in the order of the entities' IDs:
    /// whoever signs metadata, which has no Issuer, is among them.
    pub fn all_entity_keys(&self, at: DateTime<Utc>, most: usize) -> Vec<EntityKey> {
        let mut entities: Vec<(&String, &Described)> = self.entities.iter().collect();
        entities.sort_by_key(|(entity_id, _)| *entity_id);
        let mut keys: Vec<EntityKey> = Vec::new();
        for (entity_id, described) in entities {
            if keys.len() >= most {
                break;
            }
            let Ok(entity) = described.entity() else {
                continue;
            };
            let valid = entity.roles.iter().filter(|role| role.is_valid(at));
            for held in valid.flat_map(|role| &role.keys) {
                if keys.len() < most && !keys.iter().any(|known| *known.key() == held.key) {
                    keys.push(EntityKey::new(entity_id.clone(), held.clone()));
                }
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests;
