use std::borrow::Cow;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::schema;
use super::signature::EnvelopedSignature;
use crate::token::duration::Duration;
use crate::xml;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::Split;
use crate::xml::SplitNames;

const ENTITIES: &str = "SAML Metadata §2.3.1";
const ENTITY: &str = "SAML Metadata §2.3.2";
const ROLE: &str = "SAML Metadata §2.4.1";
const KEY: &str = "SAML Metadata §2.4.1.1";

/// A metadata document: one entity, or groups of them (SAML Metadata §2.3).
///
/// Of each entity only what binds keys to it is read. Nothing is looked for in Extensions.
#[derive(Clone)]
pub struct Metadata<'d> {
    /// The `md:EntityDescriptor` or `md:EntitiesDescriptor` at the root.
    pub element: Element<'d>,
    /// The Signature in it.
    pub signature: Option<EnvelopedSignature<'d>>,
    /// When the whole ceases to hold.
    pub valid_until: Option<DateTime<Utc>>,
    /// How long the whole may be kept.
    pub cache_duration: Option<Duration>,
    /// Every entity in it, in order.
    pub entities: Vec<EntityDescriptor<'d>>,
}

/// An entity and its roles (SAML Metadata §2.3.2).
#[derive(Clone)]
pub struct EntityDescriptor<'d> {
    /// The `md:EntityDescriptor` element.
    pub element: Element<'d>,
    /// The URI that it is known by; what an Issuer says.
    pub entity_id: Cow<'d, str>,
    /// When it ceases to hold: the earliest of its own time and those of the groups it is in.
    pub valid_until: Option<DateTime<Utc>>,
    /// What it does, as far as we know the role.
    pub roles: Vec<RoleDescriptor<'d>>,
}

/// What an entity does, and with which keys (SAML Metadata §2.4.1).
#[derive(Clone)]
pub struct RoleDescriptor<'d> {
    /// The element.
    pub element: Element<'d>,
    /// Which role.
    pub role: Role,
    /// When it ceases to hold: the earliest of its own time and that of its entity.
    pub valid_until: Option<DateTime<Utc>>,
    /// Its keys.
    pub keys: Vec<KeyDescriptor<'d>>,
}

/// A role that an entity may have (SAML Metadata §2.4).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// It authenticates and issues assertions: `IDPSSODescriptor`.
    IdentityProvider,
    /// It relies on assertions: `SPSSODescriptor`.
    ServiceProvider,
    /// It issues assertions on request: `AuthnAuthorityDescriptor`.
    AuthnAuthority,
    /// It issues attributes on request: `AttributeAuthorityDescriptor`.
    AttributeAuthority,
    /// It issues authorization decisions: `PDPDescriptor`.
    DecisionPoint,
}

/// A key of a role (SAML Metadata §2.4.1.1).
#[derive(Clone, Copy)]
pub struct KeyDescriptor<'d> {
    /// The `ds:KeyInfo` element.
    pub key_info: Element<'d>,
    /// What it is for.
    pub key_use: KeyUse,
}

/// What a key of metadata is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyUse {
    /// It signs only.
    Signing,
    /// It decrypts only; it never verifies (T108).
    Encryption,
    /// Both: the descriptor does not say.
    Any,
}

impl<'d> Metadata<'d> {
    /// Takes a metadata document apart into its entities, each to be read as a document of its own that holds its groups too.
    ///
    /// # Errors
    /// No tags can be told apart; a DOCTYPE; groups in too many groups.
    pub fn split(metadata: Bytes) -> Result<Split, xml::Error> {
        let names = SplitNames {
            group: "EntitiesDescriptor",
            part: "EntityDescriptor",
        };
        Split::new(metadata, names)
    }

    /// Reads the metadata document whose root is `element`.
    ///
    /// # Errors
    /// Another root; an entity without ID; a time that is none; a use of a key that does not exist.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let clause = if element.is(Namespace::MD, "EntityDescriptor") {
            ENTITY
        } else if element.is(Namespace::MD, "EntitiesDescriptor") {
            ENTITIES
        } else {
            let kind = ErrorKind::NotExpected {
                found: element.name().to_owned(),
                expected: "SAML 2.0 metadata",
            };
            return Err(Error::new(element, ENTITY, kind));
        };
        let mut entities = Vec::new();
        // Groups inside groups, with the time that the group around them ends at.
        let mut waiting = vec![(element, None)];
        while let Some((next, end)) = waiting.pop() {
            if next.is(Namespace::MD, "EntityDescriptor") {
                entities.push(EntityDescriptor::read(next, end)?);
            } else {
                schema::not_nil(next, ENTITIES)?;
                let end = earliest(end, schema::time(next, "validUntil", ENTITIES)?);
                let mut members = members(next)?;
                members.reverse();
                waiting.extend(members.into_iter().map(|member| (member, end)));
            }
        }
        Ok(Self {
            element,
            signature: EnvelopedSignature::find(element, clause)?,
            valid_until: schema::time(element, "validUntil", clause)?,
            cache_duration: cache_duration(element, clause)?,
            entities,
        })
    }
}

fn cache_duration(element: Element<'_>, clause: &'static str) -> Result<Option<Duration>, Error> {
    const NAME: &str = "cacheDuration";
    let Some(text) = element.attribute(NAME) else {
        return Ok(None);
    };
    let duration = Duration::parse(&text);
    let refused = || schema::value_error(element, NAME, &text, "a duration as P1D or PT6H", clause);
    duration.map(Some).ok_or_else(refused)
}

/// The entities and groups in the group `element`.
fn members(element: Element<'_>) -> Result<Vec<Element<'_>>, Error> {
    let mut members = Vec::new();
    for child in element.children() {
        if child.is(Namespace::MD, "EntityDescriptor") || child.is(Namespace::MD, "EntitiesDescriptor") {
            members.push(child);
        } else if !child.is(Namespace::MD, "Extensions") && !child.is(Namespace::DS, "Signature") {
            return Err(schema::unexpected(child, ENTITIES));
        }
    }
    Ok(members)
}

impl<'d> EntityDescriptor<'d> {
    fn read(element: Element<'d>, end: Option<DateTime<Utc>>) -> Result<Self, Error> {
        schema::not_nil(element, ENTITY)?;
        let entity_id = schema::required_attribute(element, "entityID", ENTITY)?;
        if entity_id.is_empty() {
            return Err(schema::value_error(element, "entityID", "", "a URI", ENTITY));
        }
        let valid_until = earliest(end, schema::time(element, "validUntil", ENTITY)?);
        let roles = element
            .children()
            .filter_map(|child| Some((child, Role::of(child)?)))
            .map(|(child, role)| RoleDescriptor::read(child, role, valid_until))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            element,
            entity_id,
            valid_until,
            roles,
        })
    }
}

impl Role {
    fn of(element: Element<'_>) -> Option<Self> {
        if element.namespace_id() != Namespace::MD {
            return None;
        }
        match element.local_name() {
            "IDPSSODescriptor" => Some(Self::IdentityProvider),
            "SPSSODescriptor" => Some(Self::ServiceProvider),
            "AuthnAuthorityDescriptor" => Some(Self::AuthnAuthority),
            "AttributeAuthorityDescriptor" => Some(Self::AttributeAuthority),
            "PDPDescriptor" => Some(Self::DecisionPoint),
            _ => None,
        }
    }
}

impl<'d> RoleDescriptor<'d> {
    fn read(element: Element<'d>, role: Role, end: Option<DateTime<Utc>>) -> Result<Self, Error> {
        schema::not_nil(element, ROLE)?;
        let keys = element
            .children()
            .filter(|child| child.is(Namespace::MD, "KeyDescriptor"))
            .map(KeyDescriptor::read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            element,
            role,
            valid_until: earliest(end, schema::time(element, "validUntil", ROLE)?),
            keys,
        })
    }
}

impl<'d> KeyDescriptor<'d> {
    fn read(element: Element<'d>) -> Result<Self, Error> {
        schema::not_nil(element, KEY)?;
        let key_use = match element.attribute("use").as_deref() {
            None => KeyUse::Any,
            Some("signing") => KeyUse::Signing,
            Some("encryption") => KeyUse::Encryption,
            Some(other) => {
                let expected = "signing or encryption";
                return Err(schema::value_error(element, "use", other, expected, KEY));
            }
        };
        let mut children = schema::sequence(element, KEY)?;
        let key_info = children.required(Namespace::DS, "KeyInfo")?;
        Ok(Self { key_info, key_use })
    }
}

fn earliest(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::super::tests::changed;
    use super::super::tests::code;
    use super::super::tests::document;
    use super::*;

    const METADATA: &str = r#"<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
     xmlns:ds="http://www.w3.org/2000/09/xmldsig#" validUntil="2026-12-01T00:00:00Z"><ds:Signature/><Extensions><EntityDescriptor/></Extensions>
    <EntityDescriptor entityID="a" validUntil="2026-12-31T00:00:00Z">
     <IDPSSODescriptor validUntil="2026-11-30T00:00:00Z"><Extensions><KeyDescriptor/></Extensions>
      <KeyDescriptor use="signing"><ds:KeyInfo/></KeyDescriptor><KeyDescriptor use="encryption"><ds:KeyInfo/></KeyDescriptor>
      <KeyDescriptor><ds:KeyInfo/></KeyDescriptor></IDPSSODescriptor>
     <RoleDescriptor/>
    </EntityDescriptor>
    <EntitiesDescriptor><EntityDescriptor entityID="b"><SPSSODescriptor/></EntityDescriptor></EntitiesDescriptor>
    <EntityDescriptor entityID="c"/></EntitiesDescriptor>"#;

    #[test]
    fn metadata_is_read_with_the_earliest_end_that_applies() {
        let document = document(METADATA);
        let metadata = Metadata::read(document.root()).unwrap();
        let ids: Vec<&str> = metadata
            .entities
            .iter()
            .map(|entity| entity.entity_id.as_ref())
            .collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert!(metadata.signature.is_some());
        let end = |time: &str| Some(crate::token::datetime::parse(time).unwrap());
        let a = &metadata.entities[0];
        assert_eq!(a.valid_until, end("2026-12-01T00:00:00Z"));
        assert_eq!(metadata.entities[1].valid_until, end("2026-12-01T00:00:00Z"));
        assert_eq!(a.roles.len(), 1);
        assert_eq!(a.roles[0].role, Role::IdentityProvider);
        assert_eq!(a.roles[0].valid_until, end("2026-11-30T00:00:00Z"));
        let uses: Vec<KeyUse> = a.roles[0].keys.iter().map(|key| key.key_use).collect();
        assert_eq!(uses, [KeyUse::Signing, KeyUse::Encryption, KeyUse::Any]);
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        let metadata = |text: &str| code(text, |element| Metadata::read(element).map(|_| ()));
        assert_eq!(metadata(METADATA), "read");
        for (from, to, expected) in [
            (r#" entityID="b""#, "", "saml.structure"),
            (r#"entityID="b""#, r#"entityID="""#, "saml.structure"),
            (r#"use="signing""#, r#"use="Signing""#, "saml.structure"),
            (
                "<KeyDescriptor><ds:KeyInfo/>",
                "<KeyDescriptor>",
                "saml.structure",
            ),
            (
                r#"validUntil="2026-12-31T00:00:00Z""#,
                r#"validUntil="never""#,
                "saml.time",
            ),
            (
                r#"<EntityDescriptor entityID="c"/>"#,
                "<SPSSODescriptor/>",
                "saml.structure",
            ),
            (
                r#"validUntil="2026-12-01T00:00:00Z""#,
                r#"cacheDuration="1D""#,
                "saml.structure",
            ),
        ] {
            assert_eq!(metadata(&changed(METADATA, from, to)), expected, "{to}");
        }
        let nil = r#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true""#;
        for from in [
            "<EntitiesDescriptor xmlns=",
            r#"<EntityDescriptor entityID="c""#,
            "<IDPSSODescriptor validUntil=",
            "<KeyDescriptor use=\"signing\"",
        ] {
            let to = from.replacen(' ', &format!("{nil} "), 1);
            assert_eq!(metadata(&changed(METADATA, from, &to)), "saml.structure", "{to}");
        }
        assert_eq!(metadata("<EntityDescriptor/>"), "saml.not_supported");
    }
}
