use serde_json::{Map, Value, json};

use crate::xml::Element;
use crate::xml::Namespace;

use super::{add_text, child_text, list};

/// Whether it is an assertion of SAML 1.x or 2.0.
pub(super) fn is_assertion(element: Element<'_>) -> bool {
    element.is(Namespace::SAML2, "Assertion") || element.is(Namespace::SAML1, "Assertion")
}

/// A message of the SAML 2.0 protocol: who sends what to whom.
pub(super) fn describe_protocol(message: Element<'_>) -> Value {
    if message.namespace_id() != Namespace::SAMLP {
        return Value::Null;
    }
    let mut facts = Map::new();
    add_text(&mut facts, "id", message.id());
    add_text(
        &mut facts,
        "issuer",
        child_text(message, Namespace::SAML2, "Issuer"),
    );
    for name in ["IssueInstant", "Destination", "InResponseTo"] {
        add_text(&mut facts, name, message.attribute(name));
    }
    let status = message
        .child(Namespace::SAMLP, "Status")
        .and_then(|status| status.child(Namespace::SAMLP, "StatusCode"));
    add_text(
        &mut facts,
        "status",
        status.and_then(|code| code.attribute("Value")),
    );
    facts.into()
}

/// An assertion: who says what of whom, for whom and how long.
pub(super) fn describe(assertion: Element<'_>) -> Value {
    let mut facts = Map::new();
    facts.insert("at".to_owned(), assertion.path().into());
    add_text(&mut facts, "id", assertion.id());
    if assertion.is(Namespace::SAML2, "Assertion") {
        facts.insert("version".to_owned(), "2.0".into());
        describe_2(assertion, &mut facts);
    } else {
        facts.insert("version".to_owned(), "1.x".into());
        add_text(&mut facts, "issuer", assertion.attribute("Issuer"));
        validity(assertion.child(Namespace::SAML1, "Conditions"), &mut facts);
    }
    let signed = assertion.child(Namespace::DS, "Signature").is_some();
    facts.insert("signature_inside".to_owned(), signed.into());
    facts.into()
}

fn describe_2(assertion: Element<'_>, facts: &mut Map<String, Value>) {
    const SAML: Namespace = Namespace::SAML2;
    add_text(facts, "issuer", child_text(assertion, SAML, "Issuer"));
    if let Some(subject) = assertion.child(SAML, "Subject") {
        add_text(facts, "subject", child_text(subject, SAML, "NameID"));
        let confirmations = subject
            .children()
            .filter(|child| child.is(SAML, "SubjectConfirmation"));
        let methods = list(confirmations, |confirmation| {
            let method = confirmation.attribute("Method").unwrap_or_default();
            method.rsplit_once(':').map_or(&*method, |(_, name)| name).into()
        });
        facts.insert("confirmation".to_owned(), methods);
    }
    let conditions = assertion.child(SAML, "Conditions");
    validity(conditions, facts);
    if let Some(conditions) = conditions {
        let audiences = conditions
            .children()
            .filter(|child| child.is(SAML, "AudienceRestriction"))
            .flat_map(Element::children)
            .filter(|child| child.is(SAML, "Audience"));
        facts.insert("audience".to_owned(), list(audiences, content));
    }
    let attributes = assertion
        .children()
        .filter(|child| child.is(SAML, "AttributeStatement"))
        .flat_map(Element::children)
        .filter(|child| child.is(SAML, "Attribute"));
    let attributes = list(attributes, |attribute| {
        let name = attribute.attribute("Name").unwrap_or_default();
        let values = attribute
            .children()
            .filter(|child| child.is(SAML, "AttributeValue"));
        json!({"name": name, "values": list(values, content)})
    });
    facts.insert("attributes".to_owned(), attributes);
    facts.retain(|_, value| !value.is_null());
}

fn validity(conditions: Option<Element<'_>>, facts: &mut Map<String, Value>) {
    if let Some(conditions) = conditions {
        add_text(facts, "not_before", conditions.attribute("NotBefore"));
        add_text(facts, "not_on_or_after", conditions.attribute("NotOnOrAfter"));
    }
}

/// The text of an element; of one with children, only that it has them.
fn content(element: Element<'_>) -> Value {
    match element.text() {
        Ok(text) => text.value.trim().into(),
        Err(_) => "(elements)".into(),
    }
}
