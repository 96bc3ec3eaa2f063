use chrono::DateTime;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use super::error::Error;
use super::error::ErrorKind;
use super::message::name_of;
use crate::token::saml::Assertion;
use crate::token::saml::Attribute;
use crate::token::saml::AttributeValue;
use crate::token::saml::Message;
use crate::token::saml::NameId;
use crate::token::saml::SubjectConfirmation;

/// What an accepted assertion says. Text is as it stands in the assertion: nothing is trimmed, folded or split.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// Who says it: the entity's ID.
    pub issuer: String,
    /// The assertion's ID.
    pub assertion_id: String,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_id: Option<NameClaim>,
    /// The URI of the confirmation method that held.
    pub confirmation: String,
    /// When and how the subject was authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authn: Option<AuthnClaim>,
    /// Its attributes, in order; those that repeat a name are all here.
    pub attributes: Vec<AttributeClaim>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// When it was issued; for the audit only.
    #[serde(skip)]
    pub issued: DateTime<Utc>,
}

/// A name with what qualifies it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct NameClaim {
    /// The name.
    pub value: String,
    /// The URI of its format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The domain that qualifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_qualifier: Option<String>,
    /// The service provider that further qualifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_name_qualifier: Option<String>,
}

/// When and how a subject was authenticated.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AuthnClaim {
    /// When.
    pub instant: DateTime<Utc>,
    /// How, by the URI of a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_class: Option<String>,
    /// The session at the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_index: Option<String>,
    /// When that session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_not_on_or_after: Option<DateTime<Utc>>,
}

/// An attribute. It is known by its name together with the format of the name, never by its friendly name (T105).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AttributeClaim {
    /// Its name.
    pub name: String,
    /// The URI of the format of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_format: Option<String>,
    /// Its values, in order.
    pub values: Vec<String>,
}

/// A SAML attribute.
///
/// Name and format count (SAML Core §2.7.3.1), the friendly name never does (T105).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AttributeName {
    /// Its Name.
    pub saml_attribute: String,
    /// Its NameFormat; "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified" if it is not said.
    #[serde(default = "unspecified")]
    pub name_format: String,
}

fn unspecified() -> String {
    AttributeName::UNSPECIFIED.to_owned()
}

impl AttributeName {
    /// The format of a name that says none (SAML Core §8.2.1).
    pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";
}

impl Claims {
    /// All values of the attributes that are called `name`, in order.
    pub fn values(&self, name: &AttributeName) -> impl Iterator<Item = &str> {
        let is_called = |attribute: &&AttributeClaim| {
            let format = attribute.name_format.as_deref();
            name.saml_attribute == attribute.name
                && name.name_format == format.unwrap_or(AttributeName::UNSPECIFIED)
        };
        let named = self.attributes.iter().filter(is_called);
        named.flat_map(|attribute| attribute.values.iter().map(String::as_str))
    }
}

/// What an accepted message other than a Response says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct MessageClaims {
    /// Which message it is.
    pub message: String,
    /// Its ID.
    pub id: String,
    /// Who says it: the entity's ID.
    pub issuer: String,
    /// When it was issued.
    pub issue_instant: DateTime<Utc>,
    /// Where it was sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The request that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_response_to: Option<String>,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_id: Option<NameClaim>,
    /// The sessions that are to end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_indexes: Vec<String>,
    /// Until when it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// Where the answer should go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_consumer_service_url: Option<String>,
    /// What becomes of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<NameChangeClaim>,
    /// The artifact that is to be resolved, in base64 as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// The RelayState that was signed together with the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay_state: Option<String>,
}

/// What becomes of a name.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameChangeClaim {
    /// The requester will use this one.
    NewId(String),
    /// It is used no longer.
    Terminate,
}

impl Claims {
    /// What `assertion` says, confirmed by `confirmation`.
    ///
    /// # Errors
    /// A subject that is named by nothing we read; an attribute that is encrypted, or whose value is no text (T103, T105).
    pub(super) fn of(
        assertion: &Assertion<'_>,
        confirmation: &SubjectConfirmation<'_>,
        not_on_or_after: Option<DateTime<Utc>>,
    ) -> Result<Self, Error> {
        if let Some(encrypted) = assertion.encrypted_attributes.first() {
            return Err(Error::new(*encrypted, ErrorKind::Encrypted("attribute")));
        }
        let subject = assertion.subject.as_ref();
        let identifier = subject.and_then(|subject| subject.identifier.as_ref());
        let attributes = assertion.attributes.iter().map(AttributeClaim::of);
        Ok(Self {
            issuer: assertion.issuer.value.clone().into_owned(),
            assertion_id: assertion.id.clone().into_owned(),
            name_id: identifier.map(name_of).transpose()?,
            confirmation: confirmation.method.uri().to_owned(),
            authn: assertion.authn_statements.first().map(|statement| AuthnClaim {
                instant: statement.authn_instant,
                context_class: statement.context_class.as_deref().map(str::to_owned),
                session_index: statement.session_index.as_deref().map(str::to_owned),
                session_not_on_or_after: statement.session_not_on_or_after,
            }),
            attributes: attributes.collect::<Result<_, _>>()?,
            not_on_or_after,
            issued: assertion.issue_instant,
        })
    }
}

impl NameClaim {
    pub(super) fn of(name: &NameId<'_>) -> Self {
        Self {
            value: name.value.clone().into_owned(),
            format: name.format.as_deref().map(str::to_owned),
            name_qualifier: name.name_qualifier.as_deref().map(str::to_owned),
            sp_name_qualifier: name.sp_name_qualifier.as_deref().map(str::to_owned),
        }
    }
}

impl AttributeClaim {
    fn of(attribute: &Attribute<'_>) -> Result<Self, Error> {
        let text = |value: &AttributeValue<'_>| match value {
            AttributeValue::Text(text) => Some(Ok(text.clone().into_owned())),
            AttributeValue::NameId(name) => Some(Ok(name.value.clone().into_owned())),
            AttributeValue::Null => None,
            AttributeValue::Elements(element) => {
                let name = attribute.name.clone().into_owned();
                Some(Err(Error::new(*element, ErrorKind::AttributeNotText(name))))
            }
        };
        Ok(Self {
            name: attribute.name.clone().into_owned(),
            name_format: attribute.name_format.as_deref().map(str::to_owned),
            values: attribute
                .values
                .iter()
                .filter_map(text)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl MessageClaims {
    /// What every message says.
    pub(super) fn of(message: &Message<'_>) -> Result<Self, Error> {
        let issuer = message.issuer.as_ref();
        let missing = || Error::new(message.element, ErrorKind::IssuerMissing);
        Ok(Self {
            message: message.element.local_name().to_owned(),
            id: message.id.clone().into_owned(),
            issuer: issuer.ok_or_else(missing)?.value.clone().into_owned(),
            issue_instant: message.issue_instant,
            destination: message.destination.as_deref().map(str::to_owned),
            in_response_to: message.in_response_to.as_deref().map(str::to_owned),
            name_id: None,
            session_indexes: Vec::new(),
            not_on_or_after: None,
            assertion_consumer_service_url: None,
            change: None,
            artifact: None,
            relay_state: None,
        })
    }
}
