use std::sync::Arc;
use std::sync::OnceLock;

use chrono::DateTime;
use chrono::Utc;

use super::IssuerError;
use super::Issuers;
use crate::token;
use crate::token::HeldKey;
use crate::token::held_keys;
use crate::token::saml;
use crate::token::saml::EntityDescriptor;
use crate::token::saml::KeyDescriptor;
use crate::token::saml::KeyUse;
use crate::token::saml::Metadata;
use crate::token::saml::Role;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::Split;

/// An entity in metadata that was read for its structure; its keys are read when they are first asked for.
#[derive(Clone, Debug)]
pub(super) struct Described {
    metadata: Arc<Split>,
    number: usize,
    /// When it ceases to hold, whatever it says itself.
    end: Option<DateTime<Utc>>,
    entity: OnceLock<Result<Entity, IssuerError>>,
}

/// What an entity may do, and with which keys.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) roles: Vec<EntityRole>,
}

#[derive(Clone, Debug)]
pub(super) struct EntityRole {
    pub(super) role: Role,
    pub(super) valid_until: Option<DateTime<Utc>>,
    pub(super) keys: Vec<HeldKey>,
    /// Why a key of this role could not be taken.
    pub(super) unusable: Option<token::Error>,
}

impl Described {
    /// Entity `number` of `metadata`, and its ID.
    ///
    /// # Errors
    /// It cannot be read, or a role has too many keys.
    pub(super) fn read(
        metadata: &Arc<Split>,
        number: usize,
        end: Option<DateTime<Utc>>,
    ) -> Result<(String, Self), IssuerError> {
        let described = Self {
            metadata: Arc::clone(metadata),
            number,
            end,
            entity: OnceLock::new(),
        };
        let entity_id = described.descriptor(|entity| {
            let signs = |key: &&KeyDescriptor<'_>| key.key_use != KeyUse::Encryption;
            let mut counts = entity
                .roles
                .iter()
                .map(|role| role.keys.iter().filter(signs).count());
            match counts.any(|keys| keys > Issuers::MAX_KEYS) {
                true => Err(too_many_keys(entity)),
                false => Ok(entity.entity_id.clone().into_owned()),
            }
        })?;
        Ok((entity_id, described))
    }

    /// Its roles and keys.
    ///
    /// # Errors
    /// A role has too many keys.
    pub(super) fn entity(&self) -> Result<&Entity, IssuerError> {
        let read = || self.descriptor(|descriptor| Entity::of(descriptor, self.end));
        self.entity.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// What `ask` says of the descriptor, which stands in a document of its own.
    fn descriptor<T>(
        &self,
        ask: impl FnOnce(&EntityDescriptor<'_>) -> Result<T, IssuerError>,
    ) -> Result<T, IssuerError> {
        let read = || {
            let part = self.metadata.part(self.number);
            let document = Document::parse(part, &Limits::archive()).map_err(IssuerError::Xml)?;
            let metadata = Metadata::read(document.root()).map_err(IssuerError::Metadata)?;
            let missing = || saml::Error::no_entity(document.root());
            let entity = metadata.entities.first().ok_or_else(missing);
            ask(entity.map_err(IssuerError::Metadata)?)
        };
        read().map_err(|error| match self.metadata.is_root(self.number) {
            true => error,
            // It was noticed in another document than the operator's.
            false => IssuerError::InEntity {
                position: self.metadata.position(self.number),
                error: Box::new(error),
            },
        })
    }
}

impl Entity {
    fn of(descriptor: &EntityDescriptor<'_>, end: Option<DateTime<Utc>>) -> Result<Self, IssuerError> {
        let mut roles = Vec::with_capacity(descriptor.roles.len());
        for role in &descriptor.roles {
            let mut own = EntityRole {
                role: role.role,
                valid_until: role.valid_until.into_iter().chain(end).min(),
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
                return Err(too_many_keys(descriptor));
            }
            roles.push(own);
        }
        Ok(Self { roles })
    }
}

fn too_many_keys(descriptor: &EntityDescriptor<'_>) -> IssuerError {
    IssuerError::TooManyKeys {
        entity_id: descriptor.entity_id.clone().into_owned(),
        allowed: Issuers::MAX_KEYS,
    }
}

impl EntityRole {
    pub(super) fn is_valid(&self, at: DateTime<Utc>) -> bool {
        self.valid_until.is_none_or(|end| at < end)
    }
}
