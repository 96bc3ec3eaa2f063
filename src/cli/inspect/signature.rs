use serde_json::{Map, Value, json};

use crate::algorithm::CanonicalizationAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::algorithm::TransformAlgorithm;
use crate::xml::Element;
use crate::xml::Namespace;

use super::{add_text, certificate, child_text, list, security};

/// A `ds:Signature`: its algorithms, what it refers to, and what it says of its key.
pub(super) fn describe(signature: Element<'_>) -> Value {
    let mut facts = Map::new();
    facts.insert("at".to_owned(), signature.path().into());
    if let Some(signed_info) = signature.child(Namespace::DS, "SignedInfo") {
        let name = |uri: &str| SignatureAlgorithm::from_uri(uri).map(SignatureAlgorithm::name);
        add_text(
            &mut facts,
            "algorithm",
            algorithm(signed_info, "SignatureMethod", name),
        );
        let name = |uri: &str| CanonicalizationAlgorithm::from_uri(uri).map(CanonicalizationAlgorithm::name);
        add_text(
            &mut facts,
            "canonicalization",
            algorithm(signed_info, "CanonicalizationMethod", name),
        );
        let references = signed_info
            .children()
            .filter(|child| child.is(Namespace::DS, "Reference"));
        facts.insert("references".to_owned(), list(references, reference));
    }
    if let Some(key_info) = signature.child(Namespace::DS, "KeyInfo") {
        facts.insert("key".to_owned(), list(key_info.children(), key));
    }
    facts.into()
}

fn reference(reference: Element<'_>) -> Value {
    let mut facts = Map::new();
    let uri = reference.attribute("URI");
    let resolved = uri.as_deref().and_then(|uri| match uri.strip_prefix('#') {
        Some(id) => reference.document().element_by_id(id),
        None => uri.is_empty().then(|| reference.document().root()),
    });
    facts.insert("uri".to_owned(), uri.as_deref().unwrap_or("(none)").into());
    let is_attachment = uri.as_deref().is_some_and(|uri| uri.starts_with("cid:"));
    let element = match resolved {
        Some(element) => element.path(),
        None if is_attachment => "an attachment".to_owned(),
        None => "resolves to nothing here".to_owned(),
    };
    facts.insert("element".to_owned(), element.into());
    let name = |uri: &str| DigestAlgorithm::from_uri(uri).map(DigestAlgorithm::name);
    add_text(&mut facts, "digest", algorithm(reference, "DigestMethod", name));
    if let Some(transforms) = reference.child(Namespace::DS, "Transforms") {
        let names: Vec<String> = transforms.children().take(10).map(transform).collect();
        facts.insert("transforms".to_owned(), names.join(", ").into());
    }
    facts.into()
}

fn transform(transform: Element<'_>) -> String {
    let uri = transform.attribute("Algorithm").unwrap_or_default();
    let name =
        TransformAlgorithm::from_uri(&uri).map_or_else(|| uri.to_string(), |known| known.name().to_owned());
    let prefixes = transform
        .child(Namespace::EXC_C14N, "InclusiveNamespaces")
        .and_then(|inclusive| inclusive.attribute("PrefixList"));
    match prefixes {
        Some(prefixes) => format!("{name} ({prefixes})"),
        None => name,
    }
}

/// The `Algorithm` of a child, by its short name where we know it and as written where not.
fn algorithm(
    parent: Element<'_>,
    local: &str,
    name: impl Fn(&str) -> Option<&'static str>,
) -> Option<String> {
    let uri = parent.child(Namespace::DS, local)?.attribute("Algorithm")?;
    Some(name(&uri).map_or_else(|| uri.to_string(), str::to_owned))
}

/// A child of KeyInfo.
fn key(child: Element<'_>) -> Value {
    if child.is(Namespace::WSSE, "SecurityTokenReference") {
        json!({"kind": child.local_name(), "reference": list(child.children(), hint)})
    } else {
        hint(child)
    }
}

/// What says which key: a child of KeyInfo or of a SecurityTokenReference.
fn hint(hint: Element<'_>) -> Value {
    let mut facts = Map::new();
    facts.insert("kind".to_owned(), hint.local_name().into());
    let text = |element: Element<'_>| element.text().ok().map(|text| text.value.trim().to_owned());
    if hint.is(Namespace::WSSE, "Reference") {
        add_text(&mut facts, "uri", hint.attribute("URI"));
        add_text(
            &mut facts,
            "type",
            hint.attribute("ValueType").as_deref().map(short),
        );
    } else if hint.is(Namespace::WSSE, "KeyIdentifier") {
        add_text(
            &mut facts,
            "type",
            hint.attribute("ValueType").as_deref().map(short),
        );
        add_text(&mut facts, "value", text(hint));
    } else if hint.is(Namespace::DS, "KeyName") {
        add_text(&mut facts, "name", text(hint));
    } else if hint.is(Namespace::DS, "X509Data") {
        for child in hint.children() {
            let value = match child.local_name() {
                "X509Certificate" => certificate::describe(&text(child).unwrap_or_default()),
                "X509IssuerSerial" => {
                    let issuer = child_text(child, Namespace::DS, "X509IssuerName").unwrap_or_default();
                    let serial = child_text(child, Namespace::DS, "X509SerialNumber").unwrap_or_default();
                    format!("{issuer}, serial {serial}").into()
                }
                _ => text(child).unwrap_or_default().into(),
            };
            facts.insert(child.local_name().to_owned(), value);
        }
    } else if hint.is(Namespace::WSSE, "Embedded") {
        facts.insert("token".to_owned(), list(hint.children(), security::item));
    }
    facts.into()
}

/// What distinguishes a type's URI: what stands after its `#`.
pub(super) fn short(uri: &str) -> String {
    let (_, name) = uri.rsplit_once('#').unwrap_or(("", uri));
    name.to_owned()
}
