use std::borrow::Cow;

use crate::crypto::Certificate;
use crate::crypto::Curve;
use crate::crypto::KeyError;
use crate::crypto::PublicKey;
use crate::crypto::decode_base64;
use crate::token::Error;
use crate::token::ErrorKind;
use crate::token::KeyInfoItem;
use crate::token::field;
use crate::token::followed_key_info_items;
use crate::token::key_info_items;
use crate::xml::Element;
use crate::xml::Namespace;

/// A key that stands whole in a `ds:KeyInfo`.
///
/// In a Signature it proves nothing, as anyone can put their own key there (T63). It means something only where
/// a trusted document names the key of another: in SAML metadata, and in an assertion for holder-of-key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldKey {
    /// The key.
    pub key: PublicKey,
    /// The certificate that it was taken from.
    pub certificate: Option<Certificate>,
}

/// The keys that stand whole in `key_info`: one for each X509Data with certificates, from the first of them, and one
/// for each KeyValue. References to keys that are elsewhere are passed over.
///
/// # Errors
/// A certificate or key that cannot be read in one way only, or that no algorithm here takes.
pub fn held_keys(key_info: Element<'_>) -> Result<Vec<HeldKey>, Error> {
    held(key_info_items(key_info)?.into_iter().zip(key_info.children()))
}

/// As [`held_keys`], where references to keys elsewhere in the document count as what they lead to.
///
/// # Errors
/// Also those of [`followed_key_info_items`].
pub fn followed_held_keys(key_info: Element<'_>) -> Result<Vec<HeldKey>, Error> {
    held(followed_key_info_items(key_info)?)
}

fn held<'d>(items: impl IntoIterator<Item = (KeyInfoItem<'d>, Element<'d>)>) -> Result<Vec<HeldKey>, Error> {
    let mut keys = Vec::new();
    for (item, element) in items {
        match item {
            KeyInfoItem::X509Data(hint) => {
                let Some(der) = hint.certificates.first() else {
                    continue;
                };
                let certificate = Certificate::from_der(der)
                    .map_err(|error| Error::certificate(error, element.position()))?;
                keys.push(HeldKey {
                    key: certificate.public_key().clone(),
                    certificate: Some(certificate),
                });
            }
            KeyInfoItem::KeyValue(element) => keys.push(HeldKey {
                key: key_value(element)?,
                certificate: None,
            }),
            KeyInfoItem::KeyName(_) | KeyInfoItem::TokenReference(_) | KeyInfoItem::Other(_) => {}
        }
    }
    Ok(keys)
}

/// The key in a `ds:KeyValue` (XML Signature 1.1 §4.5.2) or `dsig11:DEREncodedKeyValue` (§4.5.9).
///
/// # Errors
/// Another kind of key, or values that are not as their kind has them.
pub fn key_value(element: Element<'_>) -> Result<PublicKey, Error> {
    if element.is(Namespace::DSIG11, "DEREncodedKeyValue") {
        return PublicKey::from_der(&bytes(element)?).map_err(|error| bad_key(error, element));
    }
    let mut children = element.children();
    let (Some(value), None) = (children.next(), children.next()) else {
        return Err(bad(element, "it holds not exactly one key"));
    };
    let key = if value.is(Namespace::DS, "RSAKeyValue") {
        let [modulus, exponent] = fields(value, Namespace::DS, ["Modulus", "Exponent"])?;
        PublicKey::from_modulus_exponent(&bytes(modulus)?, &bytes(exponent)?)
    } else if value.is(Namespace::DS, "DSAKeyValue") {
        let [p, q, g, y] = dsa_fields(value)?;
        PublicKey::from_dsa_parameters(&bytes(p)?, &bytes(q)?, &bytes(g)?, &bytes(y)?)
    } else if value.is(Namespace::DSIG11, "ECKeyValue") {
        let [curve, point] = fields(value, Namespace::DSIG11, ["NamedCurve", "PublicKey"])?;
        let uri = curve.attribute("URI").unwrap_or_default();
        match Curve::from_uri(&uri) {
            Some(curve) => PublicKey::from_ec_point(curve, &bytes(point)?),
            None => Err(KeyError::Curve(uri.into_owned())),
        }
    } else {
        return Err(bad(value, "keys of this kind are not read"));
    };
    key.map_err(|error| bad_key(error, value))
}

/// The children of `parent`, which are called `names` and are no more.
fn fields<'d, const N: usize>(
    parent: Element<'d>,
    namespace: Namespace,
    names: [&str; N],
) -> Result<[Element<'d>; N], Error> {
    let children: Vec<Element<'d>> = parent.children().collect();
    let named = children
        .iter()
        .zip(names)
        .all(|(child, name)| child.is(namespace, name));
    match <[Element<'d>; N]>::try_from(children) {
        Ok(fields) if named => Ok(fields),
        _ => Err(bad(parent, "its parts are not those of its kind of key")),
    }
}

/// P, Q, G and Y of a DSAKeyValue, and what may follow them: how they were generated, which does not matter to a verifier.
fn dsa_fields(value: Element<'_>) -> Result<[Element<'_>; 4], Error> {
    let children: Vec<Element<'_>> = value.children().collect();
    let names: Vec<&str> = children.iter().map(|child| child.local_name()).collect();
    let known = match names.as_slice() {
        ["P", "Q", "G", "Y", rest @ ..] => matches!(
            rest,
            [] | ["J"] | ["Seed", "PgenCounter"] | ["J", "Seed", "PgenCounter"]
        ),
        _ => false,
    };
    let in_namespace = children.iter().all(|child| child.namespace_id() == Namespace::DS);
    match children.as_slice() {
        [p, q, g, y, ..] if known && in_namespace => Ok([*p, *q, *g, *y]),
        _ => Err(bad(value, "its parts are not those of its kind of key")),
    }
}

fn bytes(element: Element<'_>) -> Result<Vec<u8>, Error> {
    let text: Cow<'_, str> = field::text(element).map_err(|reason| Error::of_text(reason, element))?;
    decode_base64(&text).map_err(|error| Error::new(ErrorKind::Base64(error), element.position()))
}

fn bad(element: Element<'_>, what: &'static str) -> Error {
    Error::new(ErrorKind::KeyValue(what), element.position())
}

fn bad_key(error: KeyError, element: Element<'_>) -> Error {
    Error::new(ErrorKind::Key(error), element.position())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::crypto::KeyKind;
    use crate::xml::Document;
    use crate::xml::Limits;

    /// The base point of P-256, and a modulus of 512 bits with exponent 65537.
    const POINT: &str =
        "BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=";
    const MODULUS: &str =
        "x+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==";

    fn keys(content: &str) -> Result<Vec<KeyKind>, Error> {
        let (ds, dsig11) = (Namespace::DS.uri(), Namespace::DSIG11.uri());
        let text = format!("<KeyInfo xmlns='{ds}' xmlns:e='{dsig11}'>{content}</KeyInfo>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        held_keys(document.root()).map(|keys| keys.iter().map(|held| held.key.kind()).collect())
    }

    fn rsa(modulus: &str, more: &str) -> String {
        format!(
            "<KeyValue><RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent>{more}</RSAKeyValue></KeyValue>"
        )
    }

    fn ec(uri: &str) -> String {
        format!(
            "<KeyValue><e:ECKeyValue><e:NamedCurve URI='{uri}'/><e:PublicKey>{POINT}</e:PublicKey></e:ECKeyValue></KeyValue>"
        )
    }

    #[test]
    fn keys_of_each_kind_are_read_in_order() {
        let content = format!(
            "<KeyName>a</KeyName>{}{}",
            ec("urn:oid:1.2.840.10045.3.1.7"),
            rsa(MODULUS, "")
        );
        let kinds = keys(&content).unwrap();
        assert_eq!(kinds, [KeyKind::Ec(Curve::P256), KeyKind::Rsa { bits: 512 }]);
    }

    #[test]
    fn a_certificate_counts_if_it_is_one() {
        let certificate = "<X509Data><X509Certificate>AQID</X509Certificate></X509Data>";
        assert!(keys(certificate).unwrap_err().code().starts_with("token."));
        let reference = "<X509Data><X509SKI>AQID</X509SKI></X509Data>";
        assert!(keys(reference).unwrap().is_empty());
    }

    #[test]
    fn other_values_are_refused() {
        let code = |content: &str| keys(content).unwrap_err().code();
        assert_eq!(code("<KeyValue/>"), "token.key_value");
        assert_eq!(code("<KeyValue><PGPKeyValue/></KeyValue>"), "token.key_value");
        let two = format!("<KeyValue>{0}{0}</KeyValue>", "<RSAKeyValue/>");
        assert_eq!(code(&two), "token.key_value");
        assert_eq!(code(&rsa(MODULUS, "<Exponent/>")), "token.key_value");
        assert_eq!(
            code(&rsa(MODULUS, "").replace("Exponent>", "P>")),
            "token.key_value"
        );
        assert_eq!(code(&rsa("A*", "")), "token.base64");
        assert_eq!(code(&rsa("AQ<!-- -->AB", "")), "token.interrupted");
        assert_eq!(code(&ec("urn:oid:1.3.132.0.10")), "token.key_curve");
        assert_eq!(code(&rsa("AAAA", "")), "token.key_parameter");
        assert_eq!(
            code("<e:DEREncodedKeyValue>AQID</e:DEREncodedKeyValue>"),
            "token.key_malformed"
        );
    }
}
