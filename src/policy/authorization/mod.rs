//! Who may ask for what, and when.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveTime, Utc, Weekday};

use super::saml::{AttributeName, Claims};
use crate::crypto::{Certificate, Fingerprint};
use crate::soap::QName;
use crate::trust::{BearerClaims, Constraint};
use crate::xml::quoted;

/// The rules of a route. A message that is otherwise good has to fit one of them, if there are any, in all that it asks for.
#[derive(Clone, Debug, Default)]
pub struct Authorization {
    /// What its client has to have shown to the listener.
    pub client: ClientCertificate,
    /// The rules, in the order in which they were written.
    pub rules: Vec<AuthorizationRule>,
}

/// Which certificate a client has to have shown in TLS.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ClientCertificate {
    /// None, or any that the listener takes.
    #[default]
    Any,
    /// The one whose key signed the Body: a message that somebody else has got hold of does not come in.
    Signer,
}

/// What a message has to be to fit: where nothing is listed, everything fits. All of it was verified.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationRule {
    /// The operation is one of these: the name of the element in the Body.
    pub operations: Vec<QName>,
    /// The certificate that signed the Body is one of these.
    pub signer: Option<Constraint>,
    /// The SAML assertion was issued by one of these entities.
    pub saml_issuers: Vec<String>,
    /// The NameID of the SAML assertion's subject is one of these.
    pub saml_subjects: Vec<String>,
    /// Each of these attributes of the SAML assertion has at least one of the values.
    pub saml_attributes: Vec<(AttributeName, Vec<String>)>,
    /// The user of the UsernameToken is one of these.
    pub users: Vec<String>,
    /// The subject of the bearer token is one of these.
    pub token_subjects: Vec<String>,
    /// The bearer token has one of these scopes.
    pub token_scopes: Vec<String>,
    /// Each of these claims of the bearer token has at least one of the values.
    pub token_claims: Vec<(String, Vec<String>)>,
    /// It comes on one of these days, in UTC.
    pub days: Vec<Weekday>,
    /// It comes in these hours, in UTC.
    pub hours: Option<Hours>,
}

/// Hours of a day, in UTC. From 22:00 to 06:00 is a night.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hours {
    /// The first moment that counts.
    pub from: NaiveTime,
    /// The first that counts no more.
    pub to: NaiveTime,
}

/// What is known of a message when it is asked whether it may.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'m> {
    /// The name of the one element in the Body.
    pub operation: Option<&'m QName>,
    /// The certificate whose key signed the Body.
    pub signer: Option<&'m Certificate>,
    /// What the SAML assertion says.
    pub claims: Option<&'m Claims>,
    /// The user whose password was right.
    pub user: Option<&'m str>,
    /// What the bearer token says.
    pub bearer: Option<&'m BearerClaims>,
    /// SHA-256 of the certificate that the client has shown in TLS.
    pub client: Option<Fingerprint>,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What of a rule a message does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// The operation.
    Operation,
    /// The signer.
    Signer,
    /// The issuer of the SAML assertion.
    SamlIssuer,
    /// The subject of the SAML assertion.
    SamlSubject,
    /// An attribute of the SAML assertion.
    SamlAttribute,
    /// The user of the UsernameToken.
    User,
    /// The subject of the bearer token.
    TokenSubject,
    /// The scopes of the bearer token.
    TokenScope,
    /// A claim of the bearer token.
    TokenClaim,
    /// The day.
    Day,
    /// The hour.
    Hour,
}

/// Why a message may not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotAuthorized {
    /// The client has not shown the certificate whose key signed the Body.
    Client {
        /// SHA-256 of what it has shown.
        shown: Option<Fingerprint>,
        /// SHA-256 of the certificate of who signed, if there is one.
        signer: Option<Fingerprint>,
    },
    /// No rule fits.
    Rules {
        /// What was asked for.
        operation: String,
        /// For each rule the first condition that does not fit.
        failed: Vec<Condition>,
    },
}

impl Authorization {
    /// Whether `asking` fits a rule, or there is none.
    ///
    /// # Errors
    /// [`NotAuthorized`].
    pub fn check(&self, asking: Asking<'_>) -> Result<(), NotAuthorized> {
        let signer = asking.signer.map(|signer| *signer.sha256());
        let shown = asking.client;
        if self.client == ClientCertificate::Signer && (signer.is_none() || signer != shown) {
            return Err(NotAuthorized::Client { shown, signer });
        }
        let mut failed = Vec::new();
        for rule in &self.rules {
            match rule.misfit(asking) {
                None => return Ok(()),
                Some(condition) => failed.push(condition),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(NotAuthorized::Rules {
            operation: asking
                .operation
                .map_or_else(String::new, |name| name.local.clone()),
            failed,
        })
    }
}

impl AuthorizationRule {
    /// The first condition that `asking` does not fit.
    fn misfit(&self, asking: Asking<'_>) -> Option<Condition> {
        let claims = asking.claims;
        let subject = claims.and_then(|claims| claims.name_id.as_ref());
        let has = |(name, allowed): &(AttributeName, Vec<String>)| {
            let mut values = claims.into_iter().flat_map(|claims| claims.values(name));
            values.any(|value| allowed.iter().any(|one| one == value))
        };
        let signed_by =
            |constraint: &Constraint| asking.signer.is_some_and(|signer| constraint.allows(signer));
        let bearer = asking.bearer;
        let in_scope = |scope: &String| bearer.is_some_and(|bearer| bearer.has_scope(scope));
        let says = |(name, allowed): &(String, Vec<String>)| {
            let texts = bearer.map_or(&[][..], |bearer| bearer.texts(name));
            texts.iter().any(|text| allowed.contains(text))
        };
        let day = asking.at.weekday();
        let fits = [
            (Condition::Operation, listed(&self.operations, asking.operation)),
            (Condition::Signer, self.signer.as_ref().is_none_or(signed_by)),
            (
                Condition::SamlIssuer,
                is_listed(&self.saml_issuers, claims.map(|claims| claims.issuer.as_str())),
            ),
            (
                Condition::SamlSubject,
                is_listed(&self.saml_subjects, subject.map(|name| name.value.as_str())),
            ),
            (Condition::SamlAttribute, self.saml_attributes.iter().all(has)),
            (Condition::User, is_listed(&self.users, asking.user)),
            (
                Condition::TokenSubject,
                is_listed(&self.token_subjects, bearer.map(BearerClaims::subject)),
            ),
            (
                Condition::TokenScope,
                self.token_scopes.is_empty() || self.token_scopes.iter().any(in_scope),
            ),
            (Condition::TokenClaim, self.token_claims.iter().all(says)),
            (Condition::Day, listed(&self.days, Some(&day))),
            (
                Condition::Hour,
                self.hours.is_none_or(|hours| hours.have(asking.at.time())),
            ),
        ];
        fits.into_iter()
            .find(|(_, fits)| !fits)
            .map(|(condition, _)| condition)
    }
}

/// Whether `found` is one of `allowed`, or nothing is listed.
fn listed<T: PartialEq>(allowed: &[T], found: Option<&T>) -> bool {
    allowed.is_empty() || found.is_some_and(|found| allowed.contains(found))
}

fn is_listed(allowed: &[String], found: Option<&str>) -> bool {
    allowed.is_empty() || found.is_some_and(|found| allowed.iter().any(|one| one == found))
}

impl Hours {
    fn have(self, time: NaiveTime) -> bool {
        let begun = self.from <= time;
        let ended = self.to <= time;
        if self.from < self.to {
            begun && !ended
        } else {
            begun || !ended
        }
    }
}

impl Condition {
    const fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Signer => "signer",
            Self::SamlIssuer => "SAML issuer",
            Self::SamlSubject => "SAML subject",
            Self::SamlAttribute => "SAML attribute",
            Self::User => "user",
            Self::TokenSubject => "token subject",
            Self::TokenScope => "token scope",
            Self::TokenClaim => "token claim",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }
}

impl fmt::Display for NotAuthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { shown, signer } => {
                let told = |sha256: &Option<Fingerprint>| {
                    sha256.as_ref().map_or_else(|| "none".to_owned(), hexadecimal)
                };
                write!(
                    f,
                    "the client has to show the certificate that signed the Body: SHA-256 {}, and it has shown {}",
                    told(signer),
                    told(shown)
                )
            }
            Self::Rules { operation, failed } => {
                write!(f, "no rule allows {} for this sender now", quoted(operation))?;
                for (index, condition) in failed.iter().enumerate() {
                    let before = if index == 0 { ": " } else { ", " };
                    write!(
                        f,
                        "{before}rule {} not by its {}",
                        index.saturating_add(1),
                        condition.name()
                    )?;
                }
                Ok(())
            }
        }
    }
}

fn hexadecimal(bytes: &Fingerprint) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl NotAuthorized {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Client { .. } => "policy.client_certificate",
            Self::Rules { .. } => "policy.not_authorized",
        }
    }
}

#[cfg(test)]
mod tests;
