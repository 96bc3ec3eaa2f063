use super::error::Error;
use super::error::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;

const CLAUSE: &str = "SAML Core §1.1; XML Schema Part 1 §2.6";

/// Checks that `xsi` attributes change no meaning in `message` (T46), down to the keys in it: no `xsi:nil`, and on elements of SAML and XML
/// Signature an `xsi:type` only where a schema has several types, or of the one that it has. What stands in an AttributeValue, in Extensions or
/// in Advice is not of these schemas.
///
/// # Errors
/// `saml.structure` for the first that does.
pub fn check_xsi(message: Element<'_>) -> Result<(), Error> {
    let mut foreign: Option<Element<'_>> = None;
    for element in message.descendants() {
        if foreign.is_some_and(|around| element.is_within(around)) {
            continue;
        }
        if holds_other_content(element) {
            foreign = Some(element);
        }
        for attribute in element.attributes() {
            if !attribute.is(Namespace::XSI, attribute.local_name()) {
                continue;
            }
            let means_another = match attribute.local_name() {
                "nil" => true,
                "type" => !may_say(element, &attribute.value()),
                _ => false,
            };
            if means_another {
                let kind = ErrorKind::UnexpectedAttribute(attribute.name().to_owned());
                return Err(Error::new(element, CLAUSE, kind));
            }
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
