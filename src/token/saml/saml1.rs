//! SAML 1.1 assertions and Responses (saml-schema-assertion-1.1, -protocol-1.1), as what SAML 2.0 calls the same things.
//!
//! The namespace decides which reader reads (T106). What 1.1 has once a statement stands once in an assertion of 2.0: its
//! Subject, so all statements must be about the same one, to the letter. The Signature of an assertion is its last child,
//! that of a Response its first.

use std::borrow::Cow;

use super::assertion::Assertion;
use super::conditions::Conditions;
use super::conditions::OneTimeUse;
use super::error::Error;
use super::error::ErrorKind;
use super::protocol::Message;
use super::protocol::Status;
use super::response::Content;
use super::response::Response;
use super::schema;
use super::schema::OtherAttributes;
use super::signature;
use super::signature::EnvelopedSignature;
use super::statement::Attribute;
use super::statement::AttributeValue;
use super::statement::AuthnStatement;
use super::subject::Identifier;
use super::subject::Method;
use super::subject::NameId;
use super::subject::Subject;
use super::subject::SubjectConfirmation;
use super::subject::SubjectConfirmationData;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::is_ncname;

const ASSERTION: &str = "SAML 1.1 Core §2.3.2";
const CONDITIONS: &str = "SAML 1.1 Core §2.3.2.1";
const SUBJECT: &str = "SAML 1.1 Core §2.4.2.2";
const CONFIRMATION: &str = "SAML 1.1 Core §2.4.2.3";
const AUTHENTICATION: &str = "SAML 1.1 Core §2.4.3";
const ATTRIBUTES: &str = "SAML 1.1 Core §2.4.4";
const RESPONSE: &str = "SAML 1.1 Core §3.4.2";
const STATUS: &str = "SAML 1.1 Core §3.4.3";

const VERSION: [&str; 2] = ["MajorVersion", "MinorVersion"];

/// Reads the `saml1:Assertion` element.
pub(super) fn assertion(element: Element<'_>) -> Result<Assertion<'_>, Error> {
    version(element, ASSERTION)?;
    let [major, minor] = VERSION;
    let names = &[major, minor, "AssertionID", "Issuer", "IssueInstant"];
    schema::attributes(element, names, OtherAttributes::Refused, ASSERTION)?;
    let signature = EnvelopedSignature::find_last(element, ASSERTION)?;
    let mut children = schema::sequence_of(element, signature::unsigned_children(element), ASSERTION)?;
    let read_conditions = children.optional(Namespace::SAML1, "Conditions").map(conditions);
    let advice = children.optional(Namespace::SAML1, "Advice");
    let mut assertion = Assertion {
        element,
        version: super::Version::V1_1,
        id: id(element, "AssertionID", ASSERTION)?,
        issue_instant: schema::required_time(element, "IssueInstant", ASSERTION)?,
        issuer: issuer(element)?,
        signature,
        subject: None,
        conditions: read_conditions.transpose()?,
        advice,
        authn_statements: Vec::new(),
        attributes: Vec::new(),
        encrypted_attributes: Vec::new(),
        authz_decision_statements: Vec::new(),
    };
    while let Some(statement) = children.any() {
        add_statement(&mut assertion, statement)?;
    }
    if assertion.subject.is_none() {
        return Err(Error::new(element, ASSERTION, ErrorKind::NoSubject));
    }
    Ok(assertion)
}

/// Reads the `samlp1:Response` element. It is issued by who issued its assertion.
pub(super) fn response(element: Element<'_>) -> Result<Response<'_>, Error> {
    version(element, RESPONSE)?;
    let [major, minor] = VERSION;
    let names = &[
        major,
        minor,
        "ResponseID",
        "InResponseTo",
        "IssueInstant",
        "Recipient",
    ];
    schema::attributes(element, names, OtherAttributes::Refused, RESPONSE)?;
    let signature = EnvelopedSignature::find(element, RESPONSE)?;
    let mut children = schema::sequence_of(element, signature::unsigned_children(element), RESPONSE)?;
    let status = status(children.required(Namespace::SAMLP1, "Status")?)?;
    let found: Vec<_> = children.many(Namespace::SAML1, "Assertion").collect();
    children.end()?;
    let content = match found.as_slice() {
        [] => Content::Nothing,
        [only] => Content::Assertion(*only),
        several => {
            let kind = ErrorKind::MultipleAssertions(several.len());
            return Err(Error::new(element, RESPONSE, kind));
        }
    };
    let message = Message {
        element,
        id: id(element, "ResponseID", RESPONSE)?,
        issue_instant: schema::required_time(element, "IssueInstant", RESPONSE)?,
        destination: element.attribute("Recipient"),
        in_response_to: element.attribute("InResponseTo"),
        issuer: found.first().copied().map(issuer).transpose()?,
        signature,
    };
    Ok(Response {
        message,
        status,
        content,
    })
}

fn version(element: Element<'_>, clause: &'static str) -> Result<(), Error> {
    let [major, minor] = VERSION.map(|name| schema::required_attribute(element, name, clause));
    let version = format!("{}.{}", major?, minor?);
    if version == "1.1" {
        return Ok(());
    }
    Err(Error::new(element, clause, ErrorKind::Version(version)))
}

fn id<'d>(element: Element<'d>, name: &'static str, clause: &'static str) -> Result<Cow<'d, str>, Error> {
    let id = schema::required_attribute(element, name, clause)?;
    if is_ncname(&id) {
        return Ok(id);
    }
    Err(schema::value_error(element, name, &id, "an NCName", clause))
}

fn issuer(assertion: Element<'_>) -> Result<NameId<'_>, Error> {
    Ok(NameId {
        element: assertion,
        value: schema::required_attribute(assertion, "Issuer", ASSERTION)?,
        format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
        sp_provided_id: None,
    })
}

fn conditions(element: Element<'_>) -> Result<Conditions<'_>, Error> {
    let names = &["NotBefore", "NotOnOrAfter"];
    schema::attributes(element, names, OtherAttributes::Refused, CONDITIONS)?;
    let mut conditions = Conditions {
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
        if child.is(Namespace::SAML1, "AudienceRestrictionCondition") {
            conditions.audience_restrictions.push(audiences(child)?);
        } else if child.is(Namespace::SAML1, "DoNotCacheCondition") {
            schema::empty(child, CONDITIONS)?;
            conditions.one_time_use = OneTimeUse::Asked;
        } else if child.is(Namespace::SAML1, "Condition") {
            conditions.unknown.push(child);
        } else {
            return Err(schema::unexpected(child, CONDITIONS));
        }
    }
    Ok(conditions)
}

fn audiences(element: Element<'_>) -> Result<Vec<Cow<'_, str>>, Error> {
    schema::attributes(element, &[], OtherAttributes::Refused, CONDITIONS)?;
    let mut children = schema::sequence(element, CONDITIONS)?;
    let first = children.required(Namespace::SAML1, "Audience")?;
    let mut all = vec![first];
    all.extend(children.many(Namespace::SAML1, "Audience"));
    children.end()?;
    all.into_iter()
        .map(|audience| schema::plain_text(audience, CONDITIONS))
        .collect()
}

fn add_statement<'d>(assertion: &mut Assertion<'d>, element: Element<'d>) -> Result<(), Error> {
    if element.namespace_id() != Namespace::SAML1 {
        return Err(schema::unexpected(element, ASSERTION));
    }
    let mut children = schema::sequence(element, ASSERTION)?;
    match element.local_name() {
        "AuthenticationStatement" => {
            add_subject(assertion, children.required(Namespace::SAML1, "Subject")?)?;
            children.optional(Namespace::SAML1, "SubjectLocality");
            children.many(Namespace::SAML1, "AuthorityBinding").for_each(drop);
            children.end()?;
            assertion.authn_statements.push(authentication(element)?);
        }
        "AttributeStatement" => {
            schema::attributes(element, &[], OtherAttributes::Refused, ATTRIBUTES)?;
            add_subject(assertion, children.required(Namespace::SAML1, "Subject")?)?;
            let first = children.required(Namespace::SAML1, "Attribute")?;
            assertion.attributes.push(attribute(first)?);
            for next in children.many(Namespace::SAML1, "Attribute") {
                assertion.attributes.push(attribute(next)?);
            }
            children.end()?;
        }
        "AuthorizationDecisionStatement" => {
            add_subject(assertion, children.required(Namespace::SAML1, "Subject")?)?;
            assertion.authz_decision_statements.push(element);
        }
        _ => return Err(schema::unexpected(element, ASSERTION)),
    }
    Ok(())
}

/// All statements are about one subject, written alike.
fn add_subject<'d>(assertion: &mut Assertion<'d>, element: Element<'d>) -> Result<(), Error> {
    let source = |element: Element<'d>| element.document().as_str().get(element.span());
    match &assertion.subject {
        None => assertion.subject = Some(subject(element)?),
        Some(first) if source(first.element) == source(element) => {}
        Some(_) => return Err(Error::new(element, SUBJECT, ErrorKind::SubjectsDiffer)),
    }
    Ok(())
}

fn subject(element: Element<'_>) -> Result<Subject<'_>, Error> {
    schema::attributes(element, &[], OtherAttributes::Refused, SUBJECT)?;
    let mut children = schema::sequence(element, SUBJECT)?;
    let name = children.optional(Namespace::SAML1, "NameIdentifier");
    let confirmation = children.optional(Namespace::SAML1, "SubjectConfirmation");
    children.end()?;
    if name.or(confirmation).is_none() {
        let kind = ErrorKind::MissingElement("NameIdentifier");
        return Err(Error::new(element, SUBJECT, kind));
    }
    Ok(Subject {
        element,
        identifier: name.map(name_identifier).transpose()?.map(Identifier::NameId),
        confirmations: confirmation.map(confirmations).transpose()?.unwrap_or_default(),
    })
}

fn name_identifier(element: Element<'_>) -> Result<NameId<'_>, Error> {
    schema::attributes(
        element,
        &["Format", "NameQualifier"],
        OtherAttributes::Refused,
        SUBJECT,
    )?;
    Ok(NameId {
        element,
        value: schema::text(element, SUBJECT)?,
        format: element.attribute("Format"),
        name_qualifier: element.attribute("NameQualifier"),
        sp_name_qualifier: None,
        sp_provided_id: None,
    })
}

/// One confirmation for each method; they share the key.
fn confirmations(element: Element<'_>) -> Result<Vec<SubjectConfirmation<'_>>, Error> {
    schema::attributes(element, &[], OtherAttributes::Refused, CONFIRMATION)?;
    let mut children = schema::sequence(element, CONFIRMATION)?;
    let mut methods = vec![children.required(Namespace::SAML1, "ConfirmationMethod")?];
    methods.extend(children.many(Namespace::SAML1, "ConfirmationMethod"));
    // Its type is anything, and means nothing to us.
    children.optional(Namespace::SAML1, "SubjectConfirmationData");
    let key_info = children.optional(Namespace::DS, "KeyInfo");
    children.end()?;
    let data = key_info.map(|key_info| SubjectConfirmationData {
        element,
        not_before: None,
        not_on_or_after: None,
        recipient: None,
        in_response_to: None,
        address: None,
        key_infos: vec![key_info],
    });
    methods
        .into_iter()
        .map(|method| {
            Ok(SubjectConfirmation {
                element,
                method: Method::from_uri_of_1(schema::plain_text(method, CONFIRMATION)?),
                identifier: None,
                data: data.clone(),
            })
        })
        .collect()
}

fn authentication(element: Element<'_>) -> Result<AuthnStatement<'_>, Error> {
    let names = &["AuthenticationMethod", "AuthenticationInstant"];
    schema::attributes(element, names, OtherAttributes::Refused, AUTHENTICATION)?;
    Ok(AuthnStatement {
        element,
        authn_instant: schema::required_time(element, "AuthenticationInstant", AUTHENTICATION)?,
        session_index: None,
        session_not_on_or_after: None,
        context_class: Some(schema::required_attribute(
            element,
            "AuthenticationMethod",
            AUTHENTICATION,
        )?),
        context_declaration: None,
        authorities: Vec::new(),
    })
}

fn attribute(element: Element<'_>) -> Result<Attribute<'_>, Error> {
    let names = &["AttributeName", "AttributeNamespace"];
    schema::attributes(element, names, OtherAttributes::Refused, ATTRIBUTES)?;
    let mut children = schema::sequence(element, ATTRIBUTES)?;
    let mut values = vec![AttributeValue::read(
        children.required(Namespace::SAML1, "AttributeValue")?,
    )?];
    for value in children.many(Namespace::SAML1, "AttributeValue") {
        values.push(AttributeValue::read(value)?);
    }
    children.end()?;
    Ok(Attribute {
        element,
        name: schema::required_attribute(element, "AttributeName", ATTRIBUTES)?,
        name_format: Some(schema::required_attribute(
            element,
            "AttributeNamespace",
            ATTRIBUTES,
        )?),
        friendly_name: None,
        values,
    })
}

fn status(element: Element<'_>) -> Result<Status<'_>, Error> {
    schema::attributes(element, &[], OtherAttributes::Refused, STATUS)?;
    let mut children = schema::sequence(element, STATUS)?;
    let outermost = children.required(Namespace::SAMLP1, "StatusCode")?;
    let message = children.optional(Namespace::SAMLP1, "StatusMessage");
    children.optional(Namespace::SAMLP1, "StatusDetail");
    children.end()?;
    let mut codes = Vec::new();
    let mut next = Some(outermost);
    while let Some(code) = next {
        schema::attributes(code, &["Value"], OtherAttributes::Refused, STATUS)?;
        codes.push(status_code(code)?);
        let mut children = schema::sequence(code, STATUS)?;
        next = children.optional(Namespace::SAMLP1, "StatusCode");
        children.end()?;
    }
    Ok(Status {
        codes,
        message: message
            .map(|message| schema::plain_text(message, STATUS))
            .transpose()?,
    })
}

/// The code is a QName. Its prefix means what it means to the element's own name, which canonicalization covers, or the code
/// is not understood (T45).
fn status_code(code: Element<'_>) -> Result<Cow<'_, str>, Error> {
    let value = schema::required_attribute(code, "Value", STATUS)?;
    let (prefix, local) = value.split_once(':').unwrap_or(("", &value));
    if prefix == code.prefix() && local == "Success" {
        return Ok(Cow::Borrowed(Status::SUCCESS));
    }
    Ok(value)
}
