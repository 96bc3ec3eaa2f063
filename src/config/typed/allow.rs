//! Who may ask for what, as it is typed.

use chrono::Weekday;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::saml::AttributeName;

/// Somebody who may ask for something. A message has to fit all that is said here, and one value of each list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Allow {
    /// Operations, each as its `body`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) operation: Vec<String>,
    /// Subjects of signers, as those of an anchor.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) subject: Vec<String>,
    /// Subject alternative names of signers, as those of an anchor.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) san: Vec<String>,
    /// Issuers of SAML assertions.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) saml_issuer: Vec<String>,
    /// Subjects of SAML assertions, by their NameID.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) saml_name_id: Vec<String>,
    /// Attributes of SAML assertions, each of which must be there.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) saml_attribute: Vec<AllowedAttribute>,
    /// Users of UsernameTokens.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) username: Vec<String>,
    /// Subjects of bearer tokens.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) token_subject: Vec<String>,
    /// Scopes of bearer tokens, one by one: words of the claim `scope` (RFC 8693 §4.2).
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) token_scope: Vec<String>,
    /// Claims of bearer tokens, each of which must be there.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) token_claim: Vec<AllowedClaim>,
    /// Days of the week, in UTC.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::config) days: Vec<Day>,
    /// Hours of the day, in UTC.
    #[serde(default)]
    pub(in crate::config) hours: Option<Hours>,
}

impl Allow {
    /// Whether it asks for something that only a message proves.
    pub(in crate::config) fn is_about_sender(&self) -> bool {
        let lists = [
            &self.subject,
            &self.san,
            &self.saml_issuer,
            &self.saml_name_id,
            &self.username,
        ];
        lists.iter().any(|list| !list.is_empty()) || !self.saml_attribute.is_empty()
    }

    /// Whether it asks for something that only a bearer token proves; the key.
    pub(in crate::config) fn about_token(&self) -> Option<&'static str> {
        let keys = [
            ("token_subject", !self.token_subject.is_empty()),
            ("token_scope", !self.token_scope.is_empty()),
            ("token_claim", !self.token_claim.is_empty()),
        ];
        keys.into_iter()
            .find(|(_, is_there)| *is_there)
            .map(|(key, _)| key)
    }

    /// Whether nothing is asked for.
    pub(in crate::config) fn is_empty(&self) -> bool {
        self.operation.is_empty()
            && !self.is_about_sender()
            && self.about_token().is_none()
            && self.days.is_empty()
            && self.hours.is_none()
    }
}

/// A claim of a bearer token that must have one of some values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct AllowedClaim {
    /// Its name.
    #[schemars(length(min = 1))]
    pub(in crate::config) name: String,
    /// The values: the claim is one of these texts, or a list of texts with one of them.
    #[schemars(length(min = 1))]
    pub(in crate::config) values: Vec<String>,
}

/// A SAML attribute that must have one of some values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct AllowedAttribute {
    /// Its Name.
    pub(in crate::config) name: String,
    /// Its NameFormat; "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified" if it is not said.
    #[serde(default)]
    pub(in crate::config) name_format: Option<String>,
    /// The values, as they stand in the assertion.
    #[schemars(length(min = 1))]
    pub(in crate::config) values: Vec<String>,
}

impl AllowedAttribute {
    /// What it is called.
    pub(in crate::config) fn name(&self) -> AttributeName {
        let format = self.name_format.as_deref().unwrap_or(AttributeName::UNSPECIFIED);
        AttributeName {
            saml_attribute: self.name.clone(),
            name_format: format.to_owned(),
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    pub(in crate::config) const fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Mon,
            Self::Tue => Weekday::Tue,
            Self::Wed => Weekday::Wed,
            Self::Thu => Weekday::Thu,
            Self::Fri => Weekday::Fri,
            Self::Sat => Weekday::Sat,
            Self::Sun => Weekday::Sun,
        }
    }
}

/// Hours of a day, in UTC; over midnight if `to` is before `from`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Hours {
    /// The first minute that counts, as "08:00".
    pub(in crate::config) from: String,
    /// The first that counts no more, as "18:00".
    pub(in crate::config) to: String,
}
