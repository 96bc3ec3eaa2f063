//! X.509 certificates in a message: `wsse:BinarySecurityToken` (WSS X.509 Token Profile 1.1 §3.1) and the base64 of
//! `ds:X509Certificate`.

use bytes::Bytes;

use crate::crypto::Certificate;
use crate::crypto::decode_base64;
use crate::token::Error;
use crate::token::ErrorKind;
use crate::token::X509Hint;
use crate::token::field;
use crate::xml::Element;

/// The EncodingType of base64, the only one (WSS 1.1 §6.3).
pub const BASE64_BINARY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// A certificate of version 1. It has no extensions, so that nobody can tell what its key is for.
const X509V1: &str = "http://docs.oasis-open.org/wss/oasis-wss-x509-token-profile-1.1#X509v1";

/// What the bytes of a BinarySecurityToken are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ValueType {
    /// One certificate.
    X509v3,
    /// A path of certificates, the signer's last.
    X509PkiPathV1,
    /// A set of certificates in PKCS#7.
    Pkcs7,
}

impl ValueType {
    /// Its URI, as it stands in a message.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::X509v3 => {
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
            }
            Self::X509PkiPathV1 => {
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509PKIPathv1"
            }
            Self::Pkcs7 => {
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#PKCS7"
            }
        }
    }

    /// The kind that `uri` stands for.
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::X509v3, Self::X509PkiPathV1, Self::Pkcs7]
            .into_iter()
            .find(|kind| kind.uri() == uri)
    }
}

/// Whether a token says how it is encoded. WSS 1.1 §6.3 has base64 as the default, BSP 1.1 R3029 forbids to rely on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// It says base64.
    Said,
    /// It says nothing, which means base64.
    Implied,
}

/// A `wsse:BinarySecurityToken` with certificates, decoded; nothing about them has been checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct X509Token<'d> {
    element: Element<'d>,
    value_type: ValueType,
    encoding: Encoding,
    certificates: Vec<Bytes>,
}

impl<'d> X509Token<'d> {
    /// Reads the BinarySecurityToken `element`.
    ///
    /// # Errors
    /// A ValueType or EncodingType that is not read, anything but strict base64 in it, and a PKIPath or PKCS#7 that does not
    /// hold 1 to [`Certificate::MAX_PATH`] values.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let refuse = |kind| Error::new(kind, element.position());
        if let Some(attribute) = field::unwanted_attribute(element, &["ValueType", "EncodingType"]) {
            let name = attribute.name().to_owned();
            return Err(Error::new(ErrorKind::Attribute(name), attribute.position()));
        }
        let uri = element.attribute("ValueType");
        let value_type =
            uri.as_deref()
                .and_then(ValueType::from_uri)
                .ok_or_else(|| match uri.as_deref() {
                    Some(X509V1) => refuse(ErrorKind::X509V1),
                    other => refuse(ErrorKind::ValueType(other.map(str::to_owned))),
                })?;
        let encoding = match element.attribute("EncodingType") {
            Some(uri) if uri == BASE64_BINARY => Encoding::Said,
            Some(uri) => return Err(refuse(ErrorKind::EncodingType(uri.into_owned()))),
            None => Encoding::Implied,
        };
        let bytes = base64_of(element)?;
        let certificates = match value_type {
            ValueType::X509v3 => vec![bytes],
            ValueType::X509PkiPathV1 => {
                let path = Certificate::split_pki_path(&bytes);
                let path = path.map_err(|error| refuse(ErrorKind::PkiPath(error)))?;
                path.into_iter().rev().map(|part| bytes.slice_ref(part)).collect()
            }
            ValueType::Pkcs7 => {
                let set = Certificate::split_pkcs7(&bytes);
                let set = set.map_err(|error| refuse(ErrorKind::Pkcs7(error)))?;
                set.into_iter().map(|part| bytes.slice_ref(part)).collect()
            }
        };
        Ok(Self {
            element,
            value_type,
            encoding,
            certificates,
        })
    }

    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// What it is.
    pub fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Whether it says how it is encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The certificates in DER, not yet read, the signer's first; in any order where they come from PKCS#7.
    pub fn certificates(&self) -> &[Bytes] {
        &self.certificates
    }

    /// What it says about a key that refers to it.
    pub fn hint(&self) -> X509Hint {
        X509Hint {
            certificates: self.certificates.clone(),
            ..X509Hint::default()
        }
    }
}

/// The bytes whose base64 is the text of `element`; XML white space may stand in it, nothing else.
pub(crate) fn base64_of(element: Element<'_>) -> Result<Bytes, Error> {
    let text = field::text(element).map_err(|reason| Error::of_text(reason, element))?;
    let refuse = |kind| Error::new(kind, element.position());
    let bytes = decode_base64(&text).map_err(|error| refuse(ErrorKind::Base64(error)))?;
    if bytes.is_empty() {
        return Err(refuse(ErrorKind::Empty(element.name().to_owned())));
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;
    use crate::xml::Namespace;

    fn attributes(value_type: &str) -> String {
        format!("ValueType='{value_type}' EncodingType='{BASE64_BINARY}'")
    }

    fn read<T>(attributes: &str, content: &str, look: impl Fn(X509Token<'_>) -> T) -> Result<T, Error> {
        let (wsse, wsu) = (Namespace::WSSE.uri(), Namespace::WSU.uri());
        let text = format!("<t xmlns='{wsse}' xmlns:wsu='{wsu}' {attributes}>{content}</t>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        X509Token::read(document.root()).map(look)
    }

    fn code(attributes: &str, content: &str) -> &'static str {
        read(attributes, content, |_| ()).unwrap_err().code()
    }

    #[test]
    fn a_certificate_is_decoded_and_not_read() {
        let x509v3 = attributes(ValueType::X509v3.uri());
        let bytes = read(&x509v3, " AQ\nID ", |token| token.certificates().to_vec()).unwrap();
        assert_eq!(bytes, [Bytes::from_static(&[1, 2, 3])]);
        let encoding = read(&x509v3, "AQID", |token| token.encoding()).unwrap();
        assert_eq!(encoding, Encoding::Said);
    }

    #[test]
    fn a_path_is_split_with_the_signer_first() {
        let path = attributes(ValueType::X509PkiPathV1.uri());
        // SEQUENCE { SEQUENCE {}, SEQUENCE { NULL } }
        let hint = read(&path, "MAYwADACBQA=", |token| token.hint()).unwrap();
        assert_eq!(hint.certificates, [&[0x30, 2, 5, 0][..], &[0x30, 0][..]]);
        for not_a_path in ["MAA=", "BQA=", "MAAA", "MA4wADAAMAAwADAAMAAwAA=="] {
            assert_eq!(code(&path, not_a_path), "token.pkipath", "{not_a_path}");
        }
        assert!(read(&path, "MAwwADAAMAAwADAAMAA=", |_| ()).is_ok());
    }

    #[test]
    fn a_set_is_split_in_the_order_in_which_it_stands() {
        let pkcs7 = attributes(ValueType::Pkcs7.uri());
        let set = |certificates: &[u8], signers: &[u8]| {
            let item = |tag: u8, parts: &[&[u8]]| {
                let contents = parts.concat();
                [&[tag, u8::try_from(contents.len()).unwrap()][..], &contents].concat()
            };
            let data = item(0x30, &[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]]);
            let empty = item(0x31, &[]);
            let certificates = item(0xa0, &[certificates]);
            let signed = item(
                0x30,
                &[&[2, 1, 1], &empty, &data, &certificates, &item(0x31, &[signers])],
            );
            let oid = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
            crate::crypto::encode_base64(&item(0x30, &[&oid, &item(0xa0, &[&signed])]))
        };
        let two = set(&[0x30, 0, 0x30, 2, 5, 0], &[]);
        let hint = read(&pkcs7, &two, |token| token.hint()).unwrap();
        assert_eq!(hint.certificates, [&[0x30, 0][..], &[0x30, 2, 5, 0]]);
        for bad in [
            set(&[], &[]),
            set(&[0x30, 0], &[0x30, 0]),
            "MAA=".to_owned(),
            set(&[0x30, 0].repeat(7), &[]),
        ] {
            assert_eq!(code(&pkcs7, &bad), "token.pkcs7", "{bad}");
        }
    }

    #[test]
    fn other_kinds_of_token_are_refused() {
        assert_eq!(code(&attributes(X509V1), "AQID"), "token.x509v1");
        for uri in ["#X509v3", "", "wsse:X509v3"] {
            assert_eq!(code(&attributes(uri), "AQID"), "token.value_type", "{uri}");
        }
        assert_eq!(code("", "AQID"), "token.value_type");
    }

    #[test]
    fn other_encodings_are_refused_and_none_means_base64() {
        let kind = format!("ValueType='{}'", ValueType::X509v3.uri());
        for encoding in ["", "#Base64Binary", "wsse:Base64Binary"] {
            let both = format!("{kind} EncodingType='{encoding}'");
            assert_eq!(code(&both, "AQID"), "token.encoding_type", "{encoding}");
        }
        let encoding = read(&kind, "AQID", |token| token.encoding()).unwrap();
        assert_eq!(encoding, Encoding::Implied);
    }

    #[test]
    fn a_token_is_base64_and_nothing_else() {
        let x509v3 = attributes(ValueType::X509v3.uri());
        assert_eq!(code(&x509v3, "AQI"), "token.base64");
        assert_eq!(code(&x509v3, "!AQID"), "token.base64");
        assert_eq!(code(&x509v3, "AQ<!-- -->ID"), "token.interrupted");
        assert_eq!(code(&x509v3, "AQ<?x?>ID"), "token.interrupted");
        assert_eq!(code(&x509v3, "AQ<x/>ID"), "xml.element_in_text");
        assert_eq!(code(&x509v3, " "), "token.empty");
    }

    #[test]
    fn an_attribute_that_may_be_taken_for_the_id_is_refused() {
        let x509v3 = attributes(ValueType::X509v3.uri());
        assert_eq!(code(&format!("{x509v3} Id='a'"), "AQID"), "token.attribute");
        assert!(read(&format!("{x509v3} wsu:Id='a'"), "AQID", |_| ()).is_ok());
    }
}
