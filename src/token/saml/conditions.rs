use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::schema;
use super::schema::OtherAttributes;
use crate::xml::Element;
use crate::xml::Namespace;

const CONDITIONS: &str = "SAML Core §2.5.1";
const AUDIENCE: &str = "SAML Core §2.5.1.4";
const ONE_TIME_USE: &str = "SAML Core §2.5.1.5";
const PROXY: &str = "SAML Core §2.5.1.6";

/// When and for whom an assertion holds (SAML Core §2.5.1).
#[derive(Clone)]
pub struct Conditions<'d> {
    /// The `saml:Conditions` element.
    pub element: Element<'d>,
    /// Not before this time.
    pub not_before: Option<DateTime<Utc>>,
    /// Before this time.
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// For each AudienceRestriction the audiences that it names; all of them must be met.
    pub audience_restrictions: Vec<Vec<Cow<'d, str>>>,
    /// Whether it may be used again.
    pub one_time_use: OneTimeUse,
    /// Whether others may issue assertions on its strength.
    pub proxy_restriction: Option<ProxyRestriction<'d>>,
    /// Conditions of types that we do not know.
    pub unknown: Vec<Element<'d>>,
}

/// Whether an assertion may be used again (SAML Core §2.5.1.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OneTimeUse {
    /// Nothing is said.
    NotAsked,
    /// It must be used at once and never again.
    Asked,
}

/// Who may issue assertions on the strength of this one (SAML Core §2.5.1.6).
#[derive(Clone)]
pub struct ProxyRestriction<'d> {
    /// How many may stand between.
    pub count: Option<u64>,
    /// For which audiences.
    pub audiences: Vec<Cow<'d, str>>,
}

impl<'d> Conditions<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        schema::attributes(
            element,
            &["NotBefore", "NotOnOrAfter"],
            OtherAttributes::Refused,
            CONDITIONS,
        )?;
        let mut conditions = Self {
            element,
            not_before: schema::time(element, "NotBefore", CONDITIONS)?,
            not_on_or_after: schema::time(element, "NotOnOrAfter", CONDITIONS)?,
            audience_restrictions: Vec::new(),
            one_time_use: OneTimeUse::NotAsked,
            proxy_restriction: None,
            unknown: Vec::new(),
        };
        let mut children = schema::sequence(element, CONDITIONS)?;
        while let Some(child) = children.any() {
            conditions.add(child)?;
        }
        Ok(conditions)
    }

    fn add(&mut self, child: Element<'d>) -> Result<(), Error> {
        if child.is(Namespace::SAML2, "AudienceRestriction") {
            self.audience_restrictions.push(audience_restriction(child)?);
        } else if child.is(Namespace::SAML2, "OneTimeUse") {
            if self.one_time_use == OneTimeUse::Asked {
                return Err(schema::unexpected(child, ONE_TIME_USE));
            }
            schema::empty(child, ONE_TIME_USE)?;
            self.one_time_use = OneTimeUse::Asked;
        } else if child.is(Namespace::SAML2, "ProxyRestriction") {
            if self.proxy_restriction.is_some() {
                return Err(schema::unexpected(child, PROXY));
            }
            self.proxy_restriction = Some(ProxyRestriction::read(child)?);
        } else if child.is(Namespace::SAML2, "Condition") {
            self.unknown.push(child);
        } else {
            return Err(schema::unexpected(child, CONDITIONS));
        }
        Ok(())
    }
}

fn audience_restriction(element: Element<'_>) -> Result<Vec<Cow<'_, str>>, Error> {
    schema::attributes(element, &[], OtherAttributes::Refused, AUDIENCE)?;
    let audiences = audiences(element, AUDIENCE)?;
    if audiences.is_empty() {
        return Err(Error::new(
            element,
            AUDIENCE,
            ErrorKind::MissingElement("Audience"),
        ));
    }
    Ok(audiences)
}

impl<'d> ProxyRestriction<'d> {
    fn read(element: Element<'d>) -> Result<Self, Error> {
        schema::attributes(element, &["Count"], OtherAttributes::Refused, PROXY)?;
        Ok(Self {
            count: schema::count(element, "Count", PROXY)?,
            audiences: audiences(element, PROXY)?,
        })
    }
}

fn audiences<'d>(element: Element<'d>, clause: &'static str) -> Result<Vec<Cow<'d, str>>, Error> {
    let mut children = schema::sequence(element, clause)?;
    let audiences = children
        .many(Namespace::SAML2, "Audience")
        .map(|audience| schema::plain_text(audience, clause))
        .collect::<Result<_, _>>()?;
    children.end()?;
    Ok(audiences)
}
