use std::fmt::Write;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::TimeDelta;
use chrono::Utc;

use super::error::Error;
use super::fact::Fact;
use super::fact::Facts;
use super::jwt::end;
use super::saml;
use super::saml::SamlPart;
use super::saml::SamlSigner;
use super::signer::Signer;
use crate::crypto::random_bytes;
use crate::policy::saml::AttributeName;
use crate::xml::Namespace;
use crate::xml::escape_attribute;
use crate::xml::escape_text;

/// How the receiver knows that the assertion is meant for who brings it (SAML Profiles §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// We sign the message with it, and vouch.
    SenderVouches,
    /// Who brings it to this URL is taken to be its subject.
    Bearer {
        /// The URL, its Recipient.
        recipient: String,
    },
}

/// Makes SAML 2.0 assertions signed with our key.
#[derive(Clone, Debug)]
pub struct AssertionMinter {
    /// Who we are: its Issuer.
    pub issuer: String,
    /// Whom it is for: its Audience.
    pub audience: String,
    /// How long it holds.
    pub life: TimeDelta,
    /// Which verified value is the NameID.
    pub subject: Fact,
    /// How the subject is confirmed.
    pub confirmation: Confirmation,
    /// Attributes by Name, in that order; of nothing there is no attribute.
    pub attributes: Vec<(String, Fact)>,
}

/// An assertion, and the ID that it has.
#[derive(Debug)]
pub(super) struct Minted {
    pub(super) id: String,
    pub(super) xml: String,
}

impl AssertionMinter {
    /// An assertion about the sender of whom `facts` were proved. It never holds longer than the one that these came from.
    ///
    /// # Errors
    /// [`Error`]: there is no subject, a value is not fit, or nothing can be signed now.
    pub(super) fn mint(
        &self,
        facts: &Facts<'_>,
        signer: &Signer,
        now: DateTime<Utc>,
    ) -> Result<Minted, Error> {
        let id: String = random_bytes(16)?
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let id = format!("_{id}");
        let xml = self.unsigned(&id, facts, now)?;
        let signer = SamlSigner {
            key: signer.key(now)?.clone(),
            method: signer.method(),
            certificates: signer.chain().to_vec(),
        };
        let xml = signer.sign(xml.into(), SamlPart::Document);
        let xml = xml.map_err(|error| {
            let code = match &error {
                saml::Error::Refused(rejection) => rejection.code(),
                saml::Error::Deflate(_) | saml::Error::NotVerified => "",
            };
            Error::unsigned(code, &error, Error::Assertion)
        })?;
        Ok(Minted { id, xml })
    }

    fn unsigned(&self, id: &str, facts: &Facts<'_>, now: DateTime<Utc>) -> Result<String, Error> {
        let subject = escape_text(facts.one(&self.subject, "NameID")?);
        let told = self.attributes.iter().map(|(_, fact)| fact);
        let token = facts.bearer_end(told.chain([&self.subject]));
        let (from, to) = (time(now), time(end(facts, token, now, self.life)?));
        let confirmation = match &self.confirmation {
            Confirmation::SenderVouches => {
                "<saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/>"
                    .to_owned()
            }
            Confirmation::Bearer { recipient } => format!(
                "<saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml2:SubjectConfirmationData \
                 NotOnOrAfter=\"{to}\" Recipient=\"{}\"/></saml2:SubjectConfirmation>",
                escape_attribute(recipient)
            ),
        };
        Ok(format!(
            "<saml2:Assertion xmlns:saml2=\"{}\" ID=\"{id}\" IssueInstant=\"{from}\" Version=\"2.0\"><saml2:Issuer>{}</saml2:Issuer>\
             <saml2:Subject><saml2:NameID>{subject}</saml2:NameID>{confirmation}</saml2:Subject>\
             <saml2:Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{to}\"><saml2:AudienceRestriction><saml2:Audience>{}</saml2:Audience>\
             </saml2:AudienceRestriction></saml2:Conditions>{}</saml2:Assertion>",
            Namespace::SAML2.uri(),
            escape_text(&self.issuer),
            escape_text(&self.audience),
            self.attribute_statement(facts)?,
        ))
    }

    /// The statement of all attributes that have a value.
    fn attribute_statement(&self, facts: &Facts<'_>) -> Result<String, Error> {
        let mut attributes = String::new();
        for (name, fact) in &self.attributes {
            let values = facts.values(fact, name)?;
            if values.is_empty() {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = write!(
                attributes,
                "<saml2:Attribute Name=\"{}\" NameFormat=\"{}\">",
                escape_attribute(name),
                AttributeName::UNSPECIFIED
            );
            for value in values {
                let _ = write!(
                    attributes,
                    "<saml2:AttributeValue>{}</saml2:AttributeValue>",
                    escape_text(value)
                );
            }
            attributes.push_str("</saml2:Attribute>");
        }
        if attributes.is_empty() {
            return Ok(attributes);
        }
        Ok(format!(
            "<saml2:AttributeStatement>{attributes}</saml2:AttributeStatement>"
        ))
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
