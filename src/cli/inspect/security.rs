use serde_json::{Map, Value};

use crate::xml::Element;
use crate::xml::Namespace;

use super::{add_text, certificate, child_text, list, qualified_name, signature};

/// A `wsse:Security` header: for whom it is, and its items in order.
pub(super) fn describe(security: Element<'_>) -> Value {
    let mut facts = Map::new();
    let addressee = [(Namespace::SOAP11, "actor"), (Namespace::SOAP12, "role")]
        .into_iter()
        .find_map(|(namespace, name)| security.attribute_ns(namespace, name));
    add_text(&mut facts, "actor", addressee);
    facts.insert("items".to_owned(), list(security.children(), item));
    facts.into()
}

/// An item of a Security header.
pub(super) fn item(item: Element<'_>) -> Value {
    let mut facts = Map::new();
    facts.insert("item".to_owned(), name(item).into());
    add_text(&mut facts, "id", item.id());
    if item.is(Namespace::WSU, "Timestamp") {
        add_text(&mut facts, "created", child_text(item, Namespace::WSU, "Created"));
        add_text(&mut facts, "expires", child_text(item, Namespace::WSU, "Expires"));
    } else if item.is(Namespace::WSSE, "BinarySecurityToken") {
        let kind = item
            .attribute("ValueType")
            .map(|uri| signature::short(&uri))
            .unwrap_or_default();
        let content = item
            .text()
            .map(|text| text.value.into_owned())
            .unwrap_or_default();
        let token = match kind.as_str() {
            "X509PKIPathv1" => certificate::describe_path(&content),
            "X509v3" | "X509v1" => certificate::describe(&content),
            _ => "not described here".into(),
        };
        facts.insert("type".to_owned(), kind.into());
        facts.insert("certificate".to_owned(), token);
    } else if item.is(Namespace::WSSE, "UsernameToken") {
        let password = item.child(Namespace::WSSE, "Password");
        let kind = password.map(|password| match password.attribute("Type") {
            Some(uri) => signature::short(&uri),
            None => "PasswordText".to_owned(),
        });
        add_text(
            &mut facts,
            "username",
            child_text(item, Namespace::WSSE, "Username"),
        );
        add_text(&mut facts, "password", Some(kind.as_deref().unwrap_or("none")));
        add_text(&mut facts, "nonce", child_text(item, Namespace::WSSE, "Nonce"));
        add_text(&mut facts, "created", child_text(item, Namespace::WSU, "Created"));
    }
    facts.into()
}

/// The local name of what belongs to WS-Security and its kin, the whole name of anything else.
fn name(item: Element<'_>) -> String {
    let known = [
        Namespace::WSSE,
        Namespace::WSSE11,
        Namespace::WSU,
        Namespace::DS,
        Namespace::XENC,
        Namespace::SAML1,
        Namespace::SAML2,
    ];
    if known.contains(&item.namespace_id()) {
        item.local_name().to_owned()
    } else {
        qualified_name(item)
    }
}
