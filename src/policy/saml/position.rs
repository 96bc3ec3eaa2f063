use super::error::Error;
use super::error::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;

/// Everything that could be taken for what was signed stands where it is read, and nowhere else (T01–T14).
///
/// `root` is the message. `expected` is the assertion that is read, encrypted or not, if there is one: no other may be
/// anywhere. `signed` are the elements whose child a Signature may be. What is inside the Advice of `expected` is
/// neither read nor counted.
///
/// # Errors
/// `saml.position`, `saml.signature_parent`.
pub fn check_positions<'d>(
    root: Element<'d>,
    expected: Option<Element<'d>>,
    signed: &[Element<'d>],
) -> Result<(), Error> {
    let advice = expected.and_then(|assertion| assertion.child(assertion.namespace_id(), "Advice"));
    for element in root.descendants() {
        if advice.is_some_and(|advice| element.is_within(advice)) {
            continue;
        }
        if is_assertion(element) && Some(element) != expected {
            return Err(Error::new(
                element,
                ErrorKind::Position(element.name().to_owned()),
            ));
        }
        let elsewhere = || !element.parent().is_some_and(|parent| signed.contains(&parent));
        if element.is(Namespace::DS, "Signature") && elsewhere() {
            let parent = element.parent().map_or_else(|| "/".to_owned(), Element::path);
            return Err(Error::new(element, ErrorKind::StraySignature(parent)));
        }
    }
    Ok(())
}

fn is_assertion(element: Element<'_>) -> bool {
    element.is(Namespace::SAML2, "Assertion")
        || element.is(Namespace::SAML2, "EncryptedAssertion")
        || element.is(Namespace::SAML1, "Assertion")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::super::tests::document;
    use super::*;

    fn positions(content: &str) -> &'static str {
        let text = format!(
            "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' xmlns='urn:oasis:names:tc:SAML:2.0:assertion' \
             xmlns:ds='http://www.w3.org/2000/09/xmldsig#' xmlns:old='urn:oasis:names:tc:SAML:1.0:assertion'>{content}</p:Response>"
        );
        let document = document(&text);
        let root = document.root();
        let expected = root.child(Namespace::SAML2, "Assertion");
        let signed: Vec<_> = std::iter::once(root).chain(expected).collect();
        let checked = check_positions(root, expected, &signed);
        checked.map_or_else(
            |error| {
                let stray = error.code() == "saml.signature_parent";
                assert_eq!(
                    stray,
                    error.to_string().contains("stands in \"/p:Response/"),
                    "{error}"
                );
                error.code()
            },
            |()| "fine",
        )
    }

    #[test]
    fn what_is_read_stands_nowhere_else() {
        for content in [
            "",
            "<ds:Signature/><Assertion><ds:Signature/></Assertion>",
            "<Assertion><Advice><Assertion><ds:Signature/></Assertion><EncryptedAssertion/></Advice></Assertion>",
        ] {
            assert_eq!(positions(content), "fine", "{content}");
        }
        for content in [
            "<Assertion/><Assertion/>",
            "<Assertion><x><Assertion/></x></Assertion>",
            "<Assertion/><p:Extensions><EncryptedAssertion/></p:Extensions>",
            "<Assertion/><x><old:Assertion/></x>",
            "<Assertion><ds:Signature><Assertion/></ds:Signature></Assertion>",
            "<p:Extensions><Advice><Assertion/></Advice></p:Extensions><Assertion/>",
            "<p:Extensions><Assertion/></p:Extensions>",
        ] {
            assert_eq!(positions(content), "saml.position", "{content}");
        }
        for content in [
            "<x><ds:Signature/></x><Assertion/>",
            "<Assertion><x><ds:Signature/></x></Assertion>",
            "<Assertion><ds:Signature><x><ds:Signature/></x></ds:Signature></Assertion>",
            "<x><Advice><ds:Signature/></Advice></x><Assertion/>",
        ] {
            assert_eq!(positions(content), "saml.signature_parent", "{content}");
        }
    }
}
