use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::schema;
use super::schema::OtherAttributes;
use super::subject::NameId;
use crate::xml::Element;
use crate::xml::Namespace;

const AUTHN: &str = "SAML Core §2.7.2";
const LOCALITY: &str = "SAML Core §2.7.2.1";
const CONTEXT: &str = "SAML Core §2.7.2.2";
const ATTRIBUTES: &str = "SAML Core §2.7.3";
const ATTRIBUTE: &str = "SAML Core §2.7.3.1";
const VALUE: &str = "SAML Core §2.7.3.1.1";

/// When and how the subject was authenticated (SAML Core §2.7.2).
#[derive(Clone)]
pub struct AuthnStatement<'d> {
    /// The `saml:AuthnStatement` element.
    pub element: Element<'d>,
    /// When.
    pub authn_instant: DateTime<Utc>,
    /// The session at the issuer.
    pub session_index: Option<Cow<'d, str>>,
    /// When that session ends.
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// How, by the URI of a class.
    pub context_class: Option<Cow<'d, str>>,
    /// How, by the URI of a declaration.
    pub context_declaration: Option<Cow<'d, str>>,
    /// Other authorities that took part.
    pub authorities: Vec<Cow<'d, str>>,
}

/// An attribute of the subject (SAML Core §2.7.3.1).
#[derive(Clone)]
pub struct Attribute<'d> {
    /// The `saml:Attribute` element.
    pub element: Element<'d>,
    /// Its name; with the format of the name, what it is compared by.
    pub name: Cow<'d, str>,
    /// The URI of the format of its name.
    pub name_format: Option<Cow<'d, str>>,
    /// A name for people, never compared (T105).
    pub friendly_name: Option<Cow<'d, str>>,
    /// Its values, in the order of the assertion.
    pub values: Vec<AttributeValue<'d>>,
}

/// A value of an attribute.
#[derive(Clone)]
pub enum AttributeValue<'d> {
    /// Text, as written: white space is part of it.
    Text(Cow<'d, str>),
    /// A NameID and nothing beside it, as eduPersonTargetedID has.
    NameId(NameId<'d>),
    /// None: the attribute has no value, as `xsi:nil` says.
    Null,
    /// Elements, which are no text and are not searched (T09, T105).
    Elements(Element<'d>),
}

impl<'d> AuthnStatement<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        const NAMES: &[&str] = &["AuthnInstant", "SessionIndex", "SessionNotOnOrAfter"];
        schema::attributes(element, NAMES, OtherAttributes::Refused, AUTHN)?;
        let mut children = schema::sequence(element, AUTHN)?;
        if let Some(locality) = children.optional(Namespace::SAML2, "SubjectLocality") {
            schema::attributes(
                locality,
                &["Address", "DNSName"],
                OtherAttributes::Refused,
                LOCALITY,
            )?;
            schema::sequence(locality, LOCALITY)?.end()?;
        }
        let context = children.required(Namespace::SAML2, "AuthnContext")?;
        children.end()?;
        let mut statement = Self {
            element,
            authn_instant: schema::required_time(element, "AuthnInstant", AUTHN)?,
            session_index: element.attribute("SessionIndex"),
            session_not_on_or_after: schema::time(element, "SessionNotOnOrAfter", AUTHN)?,
            context_class: None,
            context_declaration: None,
            authorities: Vec::new(),
        };
        statement.read_context(context)?;
        Ok(statement)
    }

    fn read_context(&mut self, context: Element<'d>) -> Result<(), Error> {
        schema::attributes(context, &[], OtherAttributes::Refused, CONTEXT)?;
        let mut children = schema::sequence(context, CONTEXT)?;
        let class = children.optional(Namespace::SAML2, "AuthnContextClassRef");
        // AuthnContextDecl takes any XML: recognised, never read.
        let declaration = children.optional(Namespace::SAML2, "AuthnContextDecl");
        let reference = match declaration {
            Some(_) => None,
            None => children.optional(Namespace::SAML2, "AuthnContextDeclRef"),
        };
        self.authorities = children
            .many(Namespace::SAML2, "AuthenticatingAuthority")
            .map(|authority| schema::plain_text(authority, CONTEXT))
            .collect::<Result<_, _>>()?;
        children.end()?;
        if class.or(declaration).or(reference).is_none() {
            let kind = ErrorKind::MissingElement("AuthnContextClassRef");
            return Err(Error::new(context, CONTEXT, kind));
        }
        let text = |element: Option<Element<'d>>| {
            element
                .map(|element| schema::plain_text(element, CONTEXT))
                .transpose()
        };
        self.context_class = text(class)?;
        self.context_declaration = text(reference)?;
        Ok(())
    }
}

impl<'d> Attribute<'d> {
    /// The attributes of the AttributeStatement `element`, added to `attributes`.
    ///
    /// Encrypted ones are added to `encrypted`.
    pub(super) fn read_statement(
        element: Element<'d>,
        attributes: &mut Vec<Self>,
        encrypted: &mut Vec<Element<'d>>,
    ) -> Result<(), Error> {
        schema::attributes(element, &[], OtherAttributes::Refused, ATTRIBUTES)?;
        let mut children = schema::sequence(element, ATTRIBUTES)?;
        let mut count = 0_usize;
        while let Some(child) = children.any() {
            count = count.saturating_add(1);
            if child.is(Namespace::SAML2, "Attribute") {
                attributes.push(Self::read(child)?);
            } else if child.is(Namespace::SAML2, "EncryptedAttribute") {
                encrypted.push(child);
            } else {
                return Err(schema::unexpected(child, ATTRIBUTES));
            }
        }
        if count == 0 {
            let kind = ErrorKind::MissingElement("Attribute");
            return Err(Error::new(element, ATTRIBUTES, kind));
        }
        Ok(())
    }

    fn read(element: Element<'d>) -> Result<Self, Error> {
        const NAMES: &[&str] = &["Name", "NameFormat", "FriendlyName"];
        schema::attributes(element, NAMES, OtherAttributes::Foreign, ATTRIBUTE)?;
        let mut children = schema::sequence(element, ATTRIBUTE)?;
        let values = children
            .many(Namespace::SAML2, "AttributeValue")
            .map(AttributeValue::read)
            .collect::<Result<_, _>>()?;
        children.end()?;
        Ok(Self {
            element,
            name: schema::required_attribute(element, "Name", ATTRIBUTE)?,
            name_format: element.attribute("NameFormat"),
            friendly_name: element.attribute("FriendlyName"),
            values,
        })
    }
}

impl<'d> AttributeValue<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        // Its type is xs:anyType: it may carry any attribute. Nil it may be in SAML 2.0, and is empty then, so that who does not know that reads no more.
        if is_nil(element)? {
            return Ok(Self::Null);
        }
        let mut children = element.children();
        let Some(first) = children.next() else {
            return schema::text(element, VALUE).map(Self::Text);
        };
        let is_alone = children.next().is_none() && element.stray_text().is_none();
        if is_alone && first.is(Namespace::SAML2, "NameID") {
            return NameId::read(first).map(Self::NameId);
        }
        Ok(Self::Elements(element))
    }
}

/// Whether `element`, an AttributeValue, is nil.
fn is_nil(element: Element<'_>) -> Result<bool, Error> {
    if !element.is(Namespace::SAML2, "AttributeValue") {
        return schema::not_nil(element, VALUE).map(|()| false);
    }
    let said = element.attribute_ns(Namespace::XSI, "nil");
    match said.as_deref().map(str::trim_ascii) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") if element.content_span().is_empty() => Ok(true),
        Some(_) => schema::not_nil(element, VALUE).map(|()| false),
    }
}
