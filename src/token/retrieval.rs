//! Keys that stand elsewhere in the same document: RetrievalMethod (XML Signature 1.1 §4.5.3) and KeyInfoReference (§4.5.10).

use crate::algorithm::TransformAlgorithm;
use crate::crypto::Certificate;
use crate::token::Error;
use crate::token::ErrorKind;
use crate::token::KeyInfoItem;
use crate::token::X509Hint;
use crate::token::field;
use crate::token::key_info::item;
use crate::token::x509::base64_of;
use crate::token::x509_data;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::is_ncname;

const X509_DATA: &str = "http://www.w3.org/2000/09/xmldsig#X509Data";
const RAW_CERTIFICATE: &str = "http://www.w3.org/2000/09/xmldsig#rawX509Certificate";

/// What stands in `key_info`, in order, each item with the element that says it. A RetrievalMethod or KeyInfoReference counts as what
/// it refers to, in this document and one step far (T72).
///
/// # Errors
/// `token.key_reference` for a reference that leads out of the document, to nothing, or to something else than it says, and for more of
/// them than a path has certificates; `token.key_reference_depth` for one that leads to another; what stands there and cannot be read.
pub fn followed_key_info_items(key_info: Element<'_>) -> Result<Vec<(KeyInfoItem<'_>, Element<'_>)>, Error> {
    let mut found = Vec::new();
    let mut followed = 0_usize;
    for child in key_info.children() {
        if !is_reference(child) {
            found.push((item(child)?, child));
            continue;
        }
        followed = followed.saturating_add(1);
        if followed > Certificate::MAX_PATH {
            return Err(bad(child, "there are more of them than a path has certificates"));
        }
        if child.is(Namespace::DS, "RetrievalMethod") {
            found.push((KeyInfoItem::X509Data(retrieved(child)?), child));
        } else {
            let target = key_info_of(child)?;
            for inner in target.children() {
                found.push((item(inner)?, inner));
            }
        }
    }
    Ok(found)
}

fn is_reference(element: Element<'_>) -> bool {
    element.is(Namespace::DS, "RetrievalMethod") || element.is(Namespace::DSIG11, "KeyInfoReference")
}

/// The certificates that a RetrievalMethod leads to: X509Data as it stands, or the base64 of one certificate.
fn retrieved(method: Element<'_>) -> Result<X509Hint, Error> {
    let target = target(method, &["URI", "Type"])?;
    let transforms = transforms(method)?;
    match method.attribute("Type").as_deref() {
        Some(X509_DATA) if transforms.is_empty() => {
            if target.is(Namespace::DS, "X509Data") {
                return x509_data(target);
            }
            Err(bad(method, "what it leads to is no X509Data"))
        }
        Some(RAW_CERTIFICATE) if transforms == [TransformAlgorithm::Base64] => Ok(X509Hint {
            certificates: vec![base64_of(target)?],
            ..X509Hint::default()
        }),
        _ => Err(bad(
            method,
            "its Type is neither X509Data as it stands nor rawX509Certificate out of base64",
        )),
    }
}

/// The transforms of a RetrievalMethod.
fn transforms(method: Element<'_>) -> Result<Vec<TransformAlgorithm>, Error> {
    let mut listed = Vec::new();
    for child in method.children() {
        if !child.is(Namespace::DS, "Transforms") || child.next_sibling().is_some() {
            return Err(bad(child, "something else than Transforms stands in it"));
        }
        for transform in child.children() {
            let algorithm = transform.attribute("Algorithm");
            let known = algorithm.as_deref().and_then(TransformAlgorithm::from_uri);
            let known = known.filter(|_| transform.first_child().is_none() && listed.is_empty());
            listed.push(known.ok_or_else(|| bad(transform, "it is transformed in a way that is not read"))?);
        }
    }
    Ok(listed)
}

/// The KeyInfo that a KeyInfoReference leads to, which leads no further.
fn key_info_of(reference: Element<'_>) -> Result<Element<'_>, Error> {
    let target = target(reference, &["URI", "Id"])?;
    if reference.first_child().is_some() || !target.is(Namespace::DS, "KeyInfo") {
        return Err(bad(
            reference,
            "it is not empty, or what it leads to is no KeyInfo",
        ));
    }
    match target.children().find(|child| is_reference(*child)) {
        Some(second) => Err(Error::new(ErrorKind::KeyReferenceDepth, second.position())),
        None => Ok(target),
    }
}

/// The element with the ID that `reference` names, and no other attributes than `allowed`.
fn target<'d>(reference: Element<'d>, allowed: &[&str]) -> Result<Element<'d>, Error> {
    if let Some(attribute) = field::unwanted_attribute(reference, allowed) {
        let kind = ErrorKind::Attribute(attribute.name().to_owned());
        return Err(Error::new(kind, attribute.position()));
    }
    let uri = reference.attribute("URI").unwrap_or_default();
    let id = uri.strip_prefix('#').filter(|id| is_ncname(id));
    let id = id.ok_or_else(|| bad(reference, "its URI is no ID of this document"))?;
    let found = reference.document().element_by_id(id);
    found.ok_or_else(|| bad(reference, "no element has the ID that it names"))
}

fn bad(element: Element<'_>, what: &'static str) -> Error {
    Error::new(ErrorKind::KeyReference(what), element.position())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    const BASE64: &str =
        "<Transforms><Transform Algorithm='http://www.w3.org/2000/09/xmldsig#base64'/></Transforms>";

    /// What is said by the KeyInfo with `content`, beside `elsewhere`.
    fn read(content: &str, elsewhere: &str) -> Result<String, &'static str> {
        let (ds, dsig11) = (Namespace::DS.uri(), Namespace::DSIG11.uri());
        let text = format!(
            "<Object xmlns='{ds}' xmlns:e='{dsig11}'><KeyInfo Id='own'>{content}</KeyInfo>{elsewhere}</Object>"
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let items = followed_key_info_items(document.root().first_child().unwrap());
        let kind = |(item, _): &(KeyInfoItem<'_>, _)| match item {
            KeyInfoItem::X509Data(hint) => format!("x509 {:?}", &hint.certificates[0][..]),
            KeyInfoItem::KeyName(name) => name.clone(),
            KeyInfoItem::KeyValue(_) => "value".to_owned(),
            KeyInfoItem::TokenReference(_) | KeyInfoItem::Other(_) => "other".to_owned(),
        };
        items
            .map(|items| items.iter().map(kind).collect::<Vec<_>>().join(", "))
            .map_err(|error| error.code())
    }

    fn method(uri: &str, kind: &str, content: &str) -> String {
        format!("<RetrievalMethod URI='{uri}' Type='{kind}'>{content}</RetrievalMethod>")
    }

    const ELSEWHERE: &str = "<X509Data Id='data'><X509Certificate Id='raw'>AQID</X509Certificate></X509Data>\
                             <KeyInfo Id='info'><KeyName>a</KeyName><KeyValue/></KeyInfo>";

    #[test]
    fn a_reference_counts_as_what_it_leads_to() {
        let data = method("#data", X509_DATA, "");
        assert_eq!(read(&data, ELSEWHERE).as_deref(), Ok("x509 [1, 2, 3]"));
        let raw = method("#raw", RAW_CERTIFICATE, BASE64);
        assert_eq!(read(&raw, ELSEWHERE).as_deref(), Ok("x509 [1, 2, 3]"));
        let info = "<KeyName>first</KeyName><e:KeyInfoReference URI='#info'/>";
        assert_eq!(read(info, ELSEWHERE).as_deref(), Ok("first, a, value"));
    }

    #[test]
    fn a_reference_leads_to_what_it_says_and_into_the_document() {
        let refused = Err("token.key_reference");
        for content in [
            method("#nowhere", X509_DATA, ""),
            method("#info", X509_DATA, ""),
            method("#data", RAW_CERTIFICATE, ""),
            method("#data", X509_DATA, BASE64),
            method(
                "#raw",
                RAW_CERTIFICATE,
                &BASE64.replace("base64", "enveloped-signature"),
            ),
            method("#raw", RAW_CERTIFICATE, &BASE64.replace("#base64", "#xpath")),
            method("#raw", RAW_CERTIFICATE, &BASE64.repeat(2)),
            method("#data", "http://www.w3.org/2000/09/xmldsig#RSAKeyValue", ""),
            method("http://example.com/", X509_DATA, ""),
            method("file:///etc/passwd", RAW_CERTIFICATE, BASE64),
            method("", X509_DATA, ""),
            "<RetrievalMethod URI='#data'/>".to_owned(),
            "<RetrievalMethod/>".to_owned(),
            method("#data", X509_DATA, "<KeyName>a</KeyName>"),
            "<e:KeyInfoReference URI='#data'/>".to_owned(),
            "<e:KeyInfoReference URI='info'/>".to_owned(),
            "<e:KeyInfoReference URI='#info'><KeyName>a</KeyName></e:KeyInfoReference>".to_owned(),
            method("#data", X509_DATA, "").repeat(Certificate::MAX_PATH + 1),
        ] {
            assert_eq!(read(&content, ELSEWHERE), refused, "{content}");
        }
        assert_eq!(
            read("<e:KeyInfoReference URI='#info' Type='x'/>", ELSEWHERE),
            Err("token.attribute")
        );
    }

    #[test]
    fn nothing_is_followed_twice() {
        let refused = Err("token.key_reference_depth");
        let itself = "<e:KeyInfoReference URI='#own'/>";
        assert_eq!(read(itself, ""), refused);
        for second in [itself.replace("own", "info"), method("#data", X509_DATA, "")] {
            let elsewhere = format!("{ELSEWHERE}<KeyInfo Id='next'>{second}</KeyInfo>");
            assert_eq!(
                read("<e:KeyInfoReference URI='#next'/>", &elsewhere),
                refused,
                "{second}"
            );
        }
    }
}
