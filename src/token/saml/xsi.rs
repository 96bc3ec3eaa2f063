use super::error::Error;
use super::error::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;

const CLAUSE: &str = "SAML Core §1.1; XML Schema Part 1 §2.6";

/// Checks that `xsi` attributes change no meaning in `message` (T46), down to the keys in it: no `xsi:nil` but of an AttributeValue, and on elements of SAML and XML
/// Signature an `xsi:type` only where a schema has several types, or of the one that it has. What stands in an AttributeValue, in Extensions or
/// in Advice is not of these schemas.
///
/// # Errors
/// `saml.structure` for the first that does.
pub fn check_xsi(message: Element<'_>) -> Result<(), Error> {
    let mut foreign: Option<Element<'_>> = None;
    for (element, attribute) in message.prefixed_attributes_inside() {
        let means_another = match (attribute.namespace_id(), attribute.local_name()) {
            // The one element of SAML that may be nil (SAML Core §2.7.3.1.1), which whoever reads it asks.
            (Namespace::XSI, "nil") => !element.is(Namespace::SAML2, "AttributeValue"),
            (Namespace::XSI, "type") => !may_say(element, &attribute.value()),
            _ => false,
        };
        if !means_another || foreign.is_some_and(|around| element.is_within(around)) {
            continue;
        }
        // Of several the outermost, so that no other place in it asks again.
        let around = element.ancestors().take_while(|around| around.is_within(message));
        foreign = around.filter(|around| holds_other_content(*around)).last();
        if foreign.is_none() {
            let kind = ErrorKind::UnexpectedAttribute(attribute.name().to_owned());
            return Err(Error::new(element, CLAUSE, kind));
        }
    }
    Ok(())
}

fn holds_other_content(element: Element<'_>) -> bool {
    match element.namespace_id() {
        Namespace::SAML1 | Namespace::SAML2 => matches!(element.local_name(), "AttributeValue" | "Advice"),
        Namespace::SAMLP | Namespace::MD => element.local_name() == "Extensions",
        _ => false,
    }
}

/// Whether `element` may say that it is of the type `name`.
fn may_say(element: Element<'_>, name: &str) -> bool {
    let several = match element.namespace_id() {
        Namespace::SAML2 => &[
            "AttributeValue",
            "BaseID",
            "Condition",
            "Statement",
            "SubjectConfirmationData",
        ][..],
        Namespace::SAML1 => &["AttributeValue", "Condition", "Statement", "SubjectStatement"],
        Namespace::SAMLP => &["SubjectQuery"],
        Namespace::SAMLP1 => &["Query", "SubjectQuery"],
        Namespace::MD => &["RoleDescriptor"],
        Namespace::DS => &[],
        // Of elements that are not known here, nothing is read.
        _ => return true,
    };
    let local = element.local_name();
    if several.contains(&local) {
        return true;
    }
    let name = name.trim();
    let (prefix, named) = name.split_once(':').unwrap_or(("", name));
    let own = named.strip_suffix("Type") == Some(local);
    let is_name = element.is(Namespace::SAML2, local) && matches!(local, "Issuer" | "NameID");
    (own || is_name && named == "NameIDType") && element.namespace_of(prefix) == Some(element.namespace())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};

    /// Whether `content` is refused in an AttributeStatement.
    fn is_refused(content: &str) -> bool {
        let text = format!(
            "<s:AttributeStatement xmlns:s='{}' xmlns:xsi='{}'>{content}</s:AttributeStatement>",
            Namespace::SAML2.uri(),
            Namespace::XSI.uri(),
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        check_xsi(document.root()).is_err()
    }

    #[test]
    fn what_stands_in_an_attribute_value_may_say_what_it_likes_and_nothing_else_may() {
        let value = |inside: &str| format!("<s:AttributeValue>{inside}</s:AttributeValue>");
        let nil = "<s:NameID xsi:nil='true'/>";
        assert!(is_refused(nil) && is_refused("<a xsi:nil='false'/>"));
        assert!(!is_refused("<s:AttributeValue xsi:nil='true'/>"));
        assert!(!is_refused(&value(
            "<a xsi:nil='true'><b xsi:nil='true'/></a><s:NameID xsi:type='x'/>"
        )));
        // One around another: the inner one stands in the outer.
        assert!(!is_refused(&value(nil)) && !is_refused(&value(&value("<a xsi:nil='true'/>"))));
        // After one, whether it holds something of the kind or not.
        for before in ["", "<a xsi:nil='true'/>"] {
            assert!(is_refused(&format!("{}{nil}", value(before))));
            assert!(is_refused(&format!("{}<s:NameID xsi:type='x'/>", value(before))));
            assert!(!is_refused(&format!(
                "{}{}",
                value(before),
                value("<a xsi:nil='true'/>")
            )));
        }
        // In what is checked, not around it.
        let outside = format!(
            "<a><s:Advice xmlns:s='{}'><b xmlns:xsi='{}' xsi:nil='true'/></s:Advice></a>",
            Namespace::SAML2.uri(),
            Namespace::XSI.uri()
        );
        let document = Document::parse(outside.into(), &Limits::default()).unwrap();
        let inside = document.root().first_child().unwrap().first_child().unwrap();
        assert!(check_xsi(inside).is_err());
    }
}
