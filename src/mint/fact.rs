use chrono::DateTime;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::error::NotHandedOn;
use super::error::Unfit;
use crate::inbound::BroughtMessage;
use crate::inbound::GrantedAssertion;
use crate::inbound::Sender;
use crate::inbound::VerifiedMessage;
use crate::policy::saml::AttributeName;
use crate::policy::saml::Claims;
use crate::trust::BearerClaims;

/// Something verified about the sender.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum Fact {
    /// About the signer, or the subject of an assertion.
    Named(NamedFact),
    /// The values of a SAML attribute.
    Attribute(AttributeName),
    /// The texts of a claim of the bearer token.
    TokenClaim(TokenClaim),
}

/// A claim of a bearer token: a text, or a list of texts.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct TokenClaim {
    /// Its name, as "scope".
    #[schemars(length(min = 1))]
    pub token_claim: String,
}

/// What is known about every signer, or every subject of an assertion.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum NamedFact {
    /// The subject of the signer's certificate (RFC 4514).
    SignerSubject,
    /// The subject alternative names of the signer's certificate, as "dns:orders.partner.example"; mail addresses, DNS names and URIs only.
    SignerSan,
    /// The issuer of the signer's certificate (RFC 4514).
    SignerIssuer,
    /// The serial number of the signer's certificate, in decimal.
    SignerSerial,
    /// SHA-256 of the signer's certificate, in hexadecimal.
    SignerSha256,
    /// The issuer of the SAML assertion.
    SamlIssuer,
    /// The NameID of the SAML assertion's subject.
    SamlNameId,
    /// The user of the UsernameToken, whose password was compared.
    Username,
    /// The `sub` of the bearer token.
    TokenSubject,
    /// The `iss` of the bearer token.
    TokenIssuer,
}

/// Everything that was proved about a sender. Only proofs become it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'m> {
    sender: Option<&'m Sender>,
    claims: Option<&'m Claims>,
    user: Option<&'m str>,
    bearer: Option<&'m BearerClaims>,
}

/// The longest value, in bytes.
const LONGEST: usize = 1024;
/// The most values of one name.
const MOST: usize = 64;

impl Fact {
    /// Whether a bearer token proves it; all others are about messages that prove something themselves.
    pub fn is_of_token(&self) -> bool {
        matches!(
            self,
            Self::Named(NamedFact::TokenSubject | NamedFact::TokenIssuer) | Self::TokenClaim(_)
        )
    }

    /// Whether an assertion alone proves it.
    pub fn is_of_assertion(&self) -> bool {
        matches!(
            self,
            Self::Attribute(_) | Self::Named(NamedFact::SamlIssuer | NamedFact::SamlNameId)
        )
    }

    /// Whether there may be several values.
    pub(crate) fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Attribute(_) | Self::TokenClaim(_) | Self::Named(NamedFact::SignerSan)
        )
    }
}

impl<'m> From<&'m VerifiedMessage> for Facts<'m> {
    fn from(message: &'m VerifiedMessage) -> Self {
        Self {
            sender: Some(message.sender()),
            claims: message.claims(),
            user: message.user().map(|user| user.name()),
            bearer: message.bearer(),
        }
    }
}

impl<'m> From<&'m BroughtMessage> for Facts<'m> {
    fn from(message: &'m BroughtMessage) -> Self {
        Self {
            sender: None,
            claims: None,
            user: None,
            bearer: Some(message.bearer().claims()),
        }
    }
}

impl<'m> From<&'m GrantedAssertion> for Facts<'m> {
    fn from(assertion: &'m GrantedAssertion) -> Self {
        Self {
            sender: None,
            claims: Some(assertion.claims()),
            user: None,
            bearer: None,
        }
    }
}

impl<'m> Facts<'m> {
    /// The values of `fact`, to be handed on as `name`; none if nothing was proved.
    ///
    /// # Errors
    /// One is not fit to be.
    pub(crate) fn values(&self, fact: &Fact, name: &str) -> Result<Vec<&'m str>, NotHandedOn> {
        checked(self.proved(fact), name)
    }

    /// The one value of `fact`, to be handed on as `name`.
    ///
    /// # Errors
    /// There is none, or more than one, or it is not fit.
    pub(crate) fn one(&self, fact: &Fact, name: &str) -> Result<&'m str, NotHandedOn> {
        let why = match self.values(fact, name)?.as_slice() {
            [""] => Unfit::Empty,
            [one] => return Ok(one),
            values => Unfit::NotOne(values.len()),
        };
        Err(NotHandedOn {
            name: name.to_owned(),
            why,
        })
    }

    /// What was proved by an assertion.
    pub(super) fn claims(&self) -> Option<&'m Claims> {
        self.claims
    }

    /// When the bearer token ends, if one of `told` rests on it.
    pub(super) fn bearer_end<'f>(&self, told: impl IntoIterator<Item = &'f Fact>) -> Option<DateTime<Utc>> {
        let bearer = self.bearer?;
        told.into_iter().any(Fact::is_of_token).then(|| bearer.end())
    }

    fn proved(&self, fact: &Fact) -> Vec<&'m str> {
        let signer = self.sender.and_then(|sender| sender.certificate.as_ref());
        let one = match fact {
            Fact::Named(NamedFact::SignerSubject) => signer.map(|signer| signer.subject.as_str()),
            Fact::Named(NamedFact::SignerIssuer) => signer.map(|signer| signer.issuer.as_str()),
            Fact::Named(NamedFact::SignerSerial) => signer.map(|signer| signer.serial.as_str()),
            Fact::Named(NamedFact::SignerSha256) => signer.map(|signer| signer.sha256.as_str()),
            Fact::Named(NamedFact::SignerSan) => {
                let names = self.sender.into_iter().flat_map(|sender| &sender.names);
                return names.map(String::as_str).collect();
            }
            Fact::Named(NamedFact::SamlIssuer) => self.claims.map(|claims| claims.issuer.as_str()),
            Fact::Named(NamedFact::SamlNameId) => {
                let name = self.claims.and_then(|claims| claims.name_id.as_ref());
                name.map(|name| name.value.as_str())
            }
            Fact::Named(NamedFact::Username) => self.user,
            Fact::Named(NamedFact::TokenSubject) => self.bearer.map(BearerClaims::subject),
            Fact::Named(NamedFact::TokenIssuer) => self.bearer.map(BearerClaims::issuer),
            Fact::TokenClaim(claim) => {
                let bearer = self.bearer.into_iter();
                let texts = bearer.flat_map(|bearer| bearer.texts(&claim.token_claim));
                return texts.map(String::as_str).collect();
            }
            Fact::Attribute(name) => {
                return self
                    .claims
                    .into_iter()
                    .flat_map(|claims| claims.values(name))
                    .collect();
            }
        };
        one.into_iter().collect()
    }
}

/// `values`, if they can be handed on.
fn checked<'m>(values: Vec<&'m str>, name: &str) -> Result<Vec<&'m str>, NotHandedOn> {
    let first = |unfit: fn(&str) -> bool| values.iter().find(|value| unfit(value));
    let why = if values.len() > MOST {
        Unfit::TooMany(values.len())
    } else if let Some(value) = first(|value| value.len() > LONGEST) {
        Unfit::TooLong(value.len())
    } else if let Some(value) = first(|value| value.chars().any(char::is_control)) {
        Unfit::ControlCharacter((*value).to_owned())
    } else {
        return Ok(values);
    };
    Err(NotHandedOn {
        name: name.to_owned(),
        why,
    })
}

#[cfg(test)]
impl<'m> Facts<'m> {
    pub(crate) fn of_claims(claims: &'m Claims) -> Self {
        Self {
            sender: None,
            claims: Some(claims),
            user: None,
            bearer: None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::policy::saml::AttributeClaim;
    use crate::policy::saml::NameClaim;
    use crate::token::datetime;

    /// Claims about Zoë with these values of the attribute `role`.
    pub(crate) fn claims(roles: &[&str]) -> Claims {
        Claims {
            issuer: "https://idp.example".to_owned(),
            assertion_id: "_a".to_owned(),
            name_id: Some(NameClaim {
                value: "Zoë <&>".to_owned(),
                format: None,
                name_qualifier: None,
                sp_name_qualifier: None,
            }),
            confirmation: String::new(),
            authn: None,
            attributes: vec![AttributeClaim {
                name: "role".to_owned(),
                name_format: None,
                values: roles.iter().map(|role| (*role).to_owned()).collect(),
            }],
            not_on_or_after: None,
            issued: datetime::parse("2026-11-26T12:00:00Z").unwrap(),
        }
    }

    pub(crate) fn attribute(name: &str) -> Fact {
        Fact::Attribute(AttributeName {
            saml_attribute: name.to_owned(),
            name_format: AttributeName::UNSPECIFIED.to_owned(),
        })
    }

    #[test]
    fn facts_are_written_as_words_or_as_tables() {
        #[derive(Deserialize)]
        struct Written {
            one: Fact,
            other: Fact,
        }
        let facts: Written =
            toml::from_str("one = \"saml-name-id\"\nother = { saml_attribute = \"role\" }").unwrap();
        let claim: Written =
            toml::from_str("one = \"token-subject\"\nother = { token_claim = \"tenant\" }").unwrap();
        assert!(claim.one.is_of_token() && claim.other.is_of_token() && claim.other.is_list());
        assert_eq!(facts.one, Fact::Named(NamedFact::SamlNameId));
        assert_eq!(facts.other, attribute("role"));
    }

    #[test]
    fn values_that_nobody_should_get_refuse_the_message() {
        let why = |roles: &[&str]| {
            let claims = claims(roles);
            let values = Facts::of_claims(&claims).values(&attribute("role"), "x-role");
            values.map(|values| values.len()).map_err(|error| error.why)
        };
        assert_eq!(why(&["a", "b,c", "ë"]), Ok(3));
        for bad in ["a\r\nx-admin: yes", "a\nb", "a\tb", "\u{0}", "\u{85}"] {
            assert_eq!(
                why(&["a", bad]),
                Err(Unfit::ControlCharacter(bad.to_owned())),
                "{bad:?}"
            );
        }
        assert_eq!(why(&["x".repeat(LONGEST).as_str()]), Ok(1));
        assert_eq!(
            why(&["x".repeat(LONGEST + 1).as_str()]),
            Err(Unfit::TooLong(LONGEST + 1))
        );
        assert_eq!(why(&["x"; MOST]), Ok(MOST));
        let told = NotHandedOn {
            name: "x-role".to_owned(),
            why: Unfit::ControlCharacter("a\nb".to_owned()),
        };
        assert_eq!(
            told.to_string(),
            "the verified value for x-role holds a control character: \"a\\nb\""
        );
        assert_eq!(why(&["x"; MOST + 1]), Err(Unfit::TooMany(MOST + 1)));
    }

    #[test]
    fn one_value_is_neither_none_nor_two_nor_empty() {
        let one = |roles: &[&str]| {
            let claims = claims(roles);
            let facts = Facts::of_claims(&claims);
            facts
                .one(&attribute("role"), "sub")
                .map(str::to_owned)
                .map_err(|error| error.why)
        };
        assert_eq!(one(&["a"]), Ok("a".to_owned()));
        for (bad, why) in [
            (&[][..], Unfit::NotOne(0)),
            (&["a", "b"], Unfit::NotOne(2)),
            (&[""], Unfit::Empty),
        ] {
            assert_eq!(one(bad), Err(why));
        }
        let nobody = claims(&[]);
        let facts = Facts::of_claims(&nobody);
        assert!(facts.one(&Fact::Named(NamedFact::Username), "sub").is_err());
        assert!(facts.one(&Fact::Named(NamedFact::SignerSubject), "sub").is_err());
    }
}
