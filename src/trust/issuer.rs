//! SAML issuers and the keys that are theirs: what metadata says (SAML Metadata §2; T91, T108).
//!
//! A key in metadata is trusted as a key, for its entity alone, whatever the dates and issuer of the certificate that it
//! stands in (SAML V2.0 Metadata Interoperability Profile §2.6.1).

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use crate::token;
use crate::token::HeldKey;
use crate::token::held_keys;
use crate::token::saml;
use crate::token::saml::EntityDescriptor;
use crate::token::saml::KeyUse;
use crate::token::saml::Metadata;
use crate::token::saml::Role;
use crate::trust::EntityKey;
use crate::xml;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::Position;
use crate::xml::quoted;

/// SAML entities by their IDs, each with the keys of its roles.
#[derive(Clone, Debug, Default)]
pub struct Issuers {
    entities: HashMap<String, Entity>,
}

#[derive(Clone, Debug)]
struct Entity {
    roles: Vec<EntityRole>,
}

#[derive(Clone, Debug)]
struct EntityRole {
    role: Role,
    valid_until: Option<DateTime<Utc>>,
    keys: Vec<HeldKey>,
    /// Why a key of this role could not be taken.
    unusable: Option<token::Error>,
}

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
    /// # Errors
    /// If it cannot be read, describes an entity for a second time, or gives one too many keys. A key that cannot be read
    /// is an error only when an entity has no other.
    pub fn add(&mut self, metadata: Bytes) -> Result<(), IssuerError> {
        let document = Document::parse(metadata, &Limits::archive()).map_err(IssuerError::Xml)?;
        let metadata = Metadata::read(document.root()).map_err(IssuerError::Metadata)?;
        for descriptor in &metadata.entities {
            let entity_id = descriptor.entity_id.as_ref();
            let entity = Entity::of(descriptor)?;
            if self.entities.insert(entity_id.to_owned(), entity).is_some() {
                return Err(IssuerError::DuplicateEntity(entity_id.to_owned()));
            }
        }
        Ok(())
    }

    /// Whether no metadata was given.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// The IDs of the entities, in no order.
    pub fn entity_ids(&self) -> impl Iterator<Item = &str> {
        self.entities.keys().map(String::as_str)
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
        let entity = self.entities.get(entity_id).ok_or_else(unknown)?;
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
            .map(|held| EntityKey::new(entity_id.to_owned(), held.key.clone()))
            .collect())
    }

    /// The signing keys of every entity at the time `at`, each once, at most `most` in the order of the entities' IDs:
    /// whoever signs metadata, which has no Issuer, is among them.
    pub fn all_entity_keys(&self, at: DateTime<Utc>, most: usize) -> Vec<EntityKey> {
        let mut entities: Vec<(&String, &Entity)> = self.entities.iter().collect();
        entities.sort_by_key(|(entity_id, _)| *entity_id);
        let mut keys: Vec<EntityKey> = Vec::new();
        for (entity_id, entity) in entities {
            let valid = entity.roles.iter().filter(|role| role.is_valid(at));
            for held in valid.flat_map(|role| &role.keys) {
                if keys.len() < most && !keys.iter().any(|known| *known.key() == held.key) {
                    keys.push(EntityKey::new(entity_id.clone(), held.key.clone()));
                }
            }
        }
        keys
    }
}

impl Entity {
    fn of(descriptor: &EntityDescriptor<'_>) -> Result<Self, IssuerError> {
        let mut roles = Vec::with_capacity(descriptor.roles.len());
        for role in &descriptor.roles {
            let mut own = EntityRole {
                role: role.role,
                valid_until: role.valid_until,
                keys: Vec::new(),
                unusable: None,
            };
            for key in &role.keys {
                if key.key_use == KeyUse::Encryption {
                    continue;
                }
                match held_keys(key.key_info) {
                    Ok(keys) => own.keys.extend(keys),
                    Err(error) => own.unusable = Some(error),
                }
            }
            if own.keys.len() > Issuers::MAX_KEYS {
                return Err(IssuerError::TooManyKeys {
                    entity_id: descriptor.entity_id.clone().into_owned(),
                    allowed: Issuers::MAX_KEYS,
                });
            }
            roles.push(own);
        }
        Ok(Self { roles })
    }
}

impl EntityRole {
    fn is_valid(&self, at: DateTime<Utc>) -> bool {
        self.valid_until.is_none_or(|end| at < end)
    }
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
            Self::TooManyKeys { .. } => "limit.issuer_keys",
            Self::Unknown(_) => "trust.issuer_unknown",
            Self::Role { .. } => "trust.issuer_role",
            Self::Expired { .. } => "trust.metadata_expired",
            Self::NoKey { .. } => "trust.issuer_key",
        }
    }

    /// Where in the metadata.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Xml(error) => error.position(),
            Self::Metadata(error) => error.position(),
            Self::DuplicateEntity(_)
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
            Self::TooManyKeys { .. } => None,
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
                valid_until.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
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

impl std::error::Error for IssuerError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;

    const MODULUS: &str =
        "x+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==";
    const OTHER: &str =
        "y+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==";

    fn key(key_use: &str, modulus: &str) -> String {
        format!(
            "<KeyDescriptor{key_use}><ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>\
             <ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo></KeyDescriptor>"
        )
    }

    fn entity(attributes: &str, roles: &str) -> String {
        format!(
            "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' \
             xmlns:ds='http://www.w3.org/2000/09/xmldsig#' {attributes}>{roles}</EntityDescriptor>"
        )
    }

    fn issuers(metadata: &[String]) -> Result<Issuers, IssuerError> {
        let mut issuers = Issuers::new();
        for text in metadata {
            issuers.add(text.clone().into())?;
        }
        Ok(issuers)
    }

    fn at(text: &str) -> DateTime<Utc> {
        crate::token::datetime::parse(text).unwrap()
    }

    fn found(metadata: &str, id: &str, roles: &'static [Role]) -> Result<usize, &'static str> {
        let issuers = issuers(&[metadata.to_owned()]).unwrap();
        let keys = issuers.keys(id, roles, at("2026-11-26T00:00:00Z"));
        keys.map(|keys| keys.len()).map_err(|error| {
            assert!(!error.to_string().is_empty());
            error.code()
        })
    }

    #[test]
    fn an_entity_speaks_with_its_own_keys_in_its_own_role() {
        let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
        let text = entity("entityID='a'", &role);
        assert_eq!(found(&text, "a", Issuers::ASSERTING), Ok(1));
        assert_eq!(found(&text, "a", Issuers::IN_SESSION), Ok(1));
        assert_eq!(found(&text, "a", Issuers::REQUESTING), Err("trust.issuer_role"));
        for other in ["b", "A", "a ", "a/", ""] {
            assert_eq!(
                found(&text, other, Issuers::ASSERTING),
                Err("trust.issuer_unknown")
            );
        }
    }

    #[test]
    fn a_key_for_encryption_never_verifies() {
        let both = format!(
            "<IDPSSODescriptor>{}{}</IDPSSODescriptor>",
            key(" use='encryption'", MODULUS),
            key(" use='signing'", OTHER)
        );
        assert_eq!(
            found(&entity("entityID='a'", &both), "a", Issuers::ASSERTING),
            Ok(1)
        );
        let one = format!(
            "<IDPSSODescriptor>{}</IDPSSODescriptor>",
            key(" use='encryption'", MODULUS)
        );
        let text = entity("entityID='a'", &one);
        assert_eq!(found(&text, "a", Issuers::ASSERTING), Err("trust.issuer_key"));
        let issuers = issuers(&[text]).unwrap();
        assert!(issuers.all_entity_keys(at("2026-11-26T00:00:00Z"), 9).is_empty());
    }

    #[test]
    fn metadata_holds_before_its_end_and_not_at_it() {
        let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
        let until = |end: &str| entity(&format!("entityID='a' validUntil='{end}'"), &role);
        let ask = |end: &str| found(&until(end), "a", Issuers::ASSERTING);
        assert_eq!(ask("2026-11-26T00:00:01Z"), Ok(1));
        assert_eq!(ask("2026-11-26T00:00:00Z"), Err("trust.metadata_expired"));
        let ended = issuers(&[until("2026-11-26T00:00:00Z")]).unwrap();
        assert!(ended.all_entity_keys(at("2026-11-26T00:00:00Z"), 9).is_empty());
    }

    #[test]
    fn an_entity_that_is_described_twice_is_refused() {
        let text = entity("entityID='a'", "");
        let error = issuers(&[text.clone(), text]).unwrap_err();
        assert_eq!(error, IssuerError::DuplicateEntity("a".to_owned()));
    }

    #[test]
    fn a_key_that_cannot_be_read_leaves_the_others() {
        let broken = key("", "A*");
        let role = |keys: &str| format!("<IDPSSODescriptor>{keys}</IDPSSODescriptor>");
        let with = entity("entityID='a'", &role(&format!("{broken}{}", key("", MODULUS))));
        assert_eq!(found(&with, "a", Issuers::ASSERTING), Ok(1));
        let without = entity("entityID='a'", &role(&broken));
        assert_eq!(found(&without, "a", Issuers::ASSERTING), Err("trust.issuer_key"));
    }

    #[test]
    fn keys_are_counted_once_and_limited() {
        let role = |count: usize| {
            format!(
                "<IDPSSODescriptor>{}</IDPSSODescriptor>",
                key("", MODULUS).repeat(count)
            )
        };
        let text = entity("entityID='a'", &role(Issuers::MAX_KEYS));
        assert_eq!(found(&text, "a", Issuers::ASSERTING), Ok(1));
        let more = issuers(&[entity("entityID='a'", &role(Issuers::MAX_KEYS + 1))]).unwrap_err();
        assert_eq!(more.code(), "limit.issuer_keys");
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        let code = |text: &str| issuers(&[text.to_owned()]).unwrap_err().code();
        assert_eq!(code("<a>"), "xml.malformed");
        assert_eq!(code("<!DOCTYPE a><a/>"), "xml.dtd");
        assert_eq!(code("<a/>"), "saml.not_supported");
    }
}
