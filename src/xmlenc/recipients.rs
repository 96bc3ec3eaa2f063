use crate::xml::{Element, Namespace, quoted};

/// How many are told.
const SHOWN: usize = 4;

/// What the KeyInfo of `elements`, EncryptedData and EncryptedKeys, says about whose keys they are encrypted to, for people.
pub(super) fn recipients<'d>(elements: impl IntoIterator<Item = Element<'d>>) -> Vec<String> {
    let mut named = Vec::new();
    for element in elements.into_iter().flat_map(Element::descendants) {
        let Some(name) = name(element) else {
            continue;
        };
        if !named.contains(&name) {
            named.push(name);
        }
        if named.len() == SHOWN {
            break;
        }
    }
    named
}

fn name(element: Element<'_>) -> Option<String> {
    let text = |element: Element<'_>| quoted(element.own_text().trim());
    if element.is(Namespace::DS, "X509IssuerSerial") {
        let of = |name| {
            element
                .children()
                .find(|child| child.is(Namespace::DS, name))
                .map(text)
        };
        let (issuer, serial) = (of("X509IssuerName")?, of("X509SerialNumber")?);
        return Some(format!("the certificate {serial} of {issuer}"));
    }
    let what = if element.is(Namespace::DS, "KeyName") {
        "KeyName"
    } else if element.is(Namespace::DS, "X509SubjectName") {
        "X509SubjectName"
    } else if element.is(Namespace::DS, "X509SKI") {
        "X509SKI"
    } else if element.is(Namespace::WSSE, "KeyIdentifier") {
        "KeyIdentifier"
    } else {
        return None;
    };
    Some(format!("{what} {}", text(element)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn names_of_keys_are_told_once_and_four_at_most() {
        let ds = "xmlns='http://www.w3.org/2000/09/xmldsig#'";
        let of = |items: &str| {
            let xml = format!("<KeyInfo {ds}>{items}</KeyInfo>");
            let document = Document::parse(xml.into(), &Limits::default()).unwrap();
            recipients([document.root()])
        };
        let serial = "<X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName><X509SerialNumber> 7 </X509SerialNumber></X509IssuerSerial>";
        assert_eq!(of(serial), ["the certificate \"7\" of \"CN=a\""]);
        let name = "<KeyName>k</KeyName>";
        assert_eq!(of(&name.repeat(2)), ["KeyName \"k\""]);
        let many: String = (0..9)
            .map(|number| format!("<X509SKI>{number}</X509SKI>"))
            .collect();
        assert_eq!(of(&many).len(), 4);
        assert!(of("<X509Data/>").is_empty());
    }
}
