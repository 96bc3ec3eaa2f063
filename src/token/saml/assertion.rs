use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::conditions::Conditions;
use super::error::Error;
use super::error::ErrorKind;
use super::saml1;
use super::schema;
use super::schema::OtherAttributes;
use super::signature;
use super::signature::EnvelopedSignature;
use super::statement::Attribute;
use super::statement::AuthnStatement;
use super::subject::NameId;
use super::subject::Subject;
use crate::xml::Element;
use crate::xml::Namespace;

const ASSERTION: &str = "SAML Core §2.3.3";

/// Which SAML an assertion is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// SAML 1.1.
    V1_1,
    /// SAML 2.0.
    V2_0,
}

/// An assertion (SAML Core §2.3.3): what it claims, proved by nothing yet. One of SAML 1.1 is told in the words of 2.0.
#[derive(Clone)]
pub struct Assertion<'d> {
    /// The `saml:Assertion` element.
    pub element: Element<'d>,
    /// Its version.
    pub version: Version,
    /// Its ID.
    pub id: Cow<'d, str>,
    /// When it was issued.
    pub issue_instant: DateTime<Utc>,
    /// Who issued it.
    pub issuer: NameId<'d>,
    /// The Signature in it, which may be missing if what it stands in is signed.
    pub signature: Option<EnvelopedSignature<'d>>,
    /// Whom it is about.
    pub subject: Option<Subject<'d>>,
    /// When and for whom it holds.
    pub conditions: Option<Conditions<'d>>,
    /// Its Advice, which is never read.
    pub advice: Option<Element<'d>>,
    /// When and how the subject was authenticated.
    pub authn_statements: Vec<AuthnStatement<'d>>,
    /// The attributes of all its AttributeStatements, in order, none left out because it repeats another.
    pub attributes: Vec<Attribute<'d>>,
    /// Attributes that are encrypted.
    pub encrypted_attributes: Vec<Element<'d>>,
    /// Its AuthzDecisionStatements, whose meaning we do not use.
    pub authz_decision_statements: Vec<Element<'d>>,
}

impl<'d> Assertion<'d> {
    /// Reads the `saml:Assertion` element, of SAML 2.0 or 1.1 as its namespace says (T106).
    ///
    /// # Errors
    /// The first thing that the schema does not have; another version than that of the namespace; a time without
    /// zone; statements without a Subject, or in SAML 1.1 about several.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        if element.is(Namespace::SAML1, "Assertion") {
            return saml1::assertion(element);
        }
        check_name(element)?;
        schema::version(element, ASSERTION)?;
        let names = &["Version", "ID", "IssueInstant"];
        schema::attributes(element, names, OtherAttributes::Refused, ASSERTION)?;
        let signature = EnvelopedSignature::find(element, ASSERTION)?;
        let mut children = schema::sequence_of(element, signature::unsigned_children(element), ASSERTION)?;
        let issuer = children.required(Namespace::SAML2, "Issuer")?;
        let subject = children.optional(Namespace::SAML2, "Subject");
        let conditions = children.optional(Namespace::SAML2, "Conditions");
        let advice = children.optional(Namespace::SAML2, "Advice");
        let mut assertion = Self {
            element,
            version: Version::V2_0,
            id: schema::id(element, ASSERTION)?,
            issue_instant: schema::required_time(element, "IssueInstant", ASSERTION)?,
            issuer: NameId::read(issuer)?,
            signature,
            subject: subject.map(Subject::read).transpose()?,
            conditions: conditions.map(Conditions::read).transpose()?,
            advice,
            authn_statements: Vec::new(),
            attributes: Vec::new(),
            encrypted_attributes: Vec::new(),
            authz_decision_statements: Vec::new(),
        };
        let mut statements = Statements::None;
        while let Some(statement) = children.any() {
            assertion.add_statement(statement)?;
            statements = Statements::Some;
        }
        // Of the statements that we read each kind is about the subject; without any, the subject is all there is.
        if assertion.subject.is_none() {
            let kind = match statements {
                Statements::Some => ErrorKind::NoSubject,
                Statements::None => ErrorKind::MissingElement("Subject"),
            };
            return Err(Error::new(element, ASSERTION, kind));
        }
        Ok(assertion)
    }

    fn add_statement(&mut self, element: Element<'d>) -> Result<(), Error> {
        if element.is(Namespace::SAML2, "AuthnStatement") {
            self.authn_statements.push(AuthnStatement::read(element)?);
        } else if element.is(Namespace::SAML2, "AttributeStatement") {
            Attribute::read_statement(element, &mut self.attributes, &mut self.encrypted_attributes)?;
        } else if element.is(Namespace::SAML2, "AuthzDecisionStatement") {
            self.authz_decision_statements.push(element);
        } else {
            return Err(schema::unexpected(element, ASSERTION));
        }
        Ok(())
    }
}

enum Statements {
    None,
    Some,
}

fn check_name(element: Element<'_>) -> Result<(), Error> {
    if element.is(Namespace::SAML2, "Assertion") {
        return Ok(());
    }
    let kind = ErrorKind::NotExpected {
        found: element.name().to_owned(),
        expected: "a SAML Assertion",
    };
    Err(Error::new(element, ASSERTION, kind))
}
