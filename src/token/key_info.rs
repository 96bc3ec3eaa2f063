use std::borrow::Cow;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::Certificate;
use crate::token::Error;
use crate::token::ErrorKind;
use crate::token::IssuerSerial;
use crate::token::X509Hint;
use crate::token::field;
use crate::token::x509::base64_of;
use crate::xml::Element;
use crate::xml::Namespace;

/// One child of a `ds:KeyInfo` (XML Signature §4.5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyInfoItem<'d> {
    /// `ds:X509Data`.
    X509Data(X509Hint),
    /// `ds:KeyName`.
    KeyName(String),
    /// `ds:KeyValue` or `dsig11:DEREncodedKeyValue`: a key that comes with what it signs.
    KeyValue(Element<'d>),
    /// `wsse:SecurityTokenReference`.
    TokenReference(Element<'d>),
    /// Anything else: RetrievalMethod, KeyInfoReference, an encrypted key, …
    Other(Element<'d>),
}

/// What stands in `key_info`, in order. Nothing is fetched and no reference followed.
///
/// # Errors
/// X509Data or KeyName that cannot be read in one way only.
pub fn key_info_items(key_info: Element<'_>) -> Result<Vec<KeyInfoItem<'_>>, Error> {
    key_info.children().map(item).collect()
}

pub(super) fn item(element: Element<'_>) -> Result<KeyInfoItem<'_>, Error> {
    Ok(if element.is(Namespace::DS, "X509Data") {
        KeyInfoItem::X509Data(x509_data(element)?)
    } else if element.is(Namespace::DS, "KeyName") {
        KeyInfoItem::KeyName(text_of(element)?.into_owned())
    } else if element.is(Namespace::DS, "KeyValue") || element.is(Namespace::DSIG11, "DEREncodedKeyValue") {
        KeyInfoItem::KeyValue(element)
    } else if element.is(Namespace::WSSE, "SecurityTokenReference") {
        KeyInfoItem::TokenReference(element)
    } else {
        KeyInfoItem::Other(element)
    })
}

/// Reads `ds:X509Data` (XML Signature §4.5.4): certificates and descriptions of certificates, of one path. CRLs in
/// it are left alone: revocation lists are the operator's.
pub(crate) fn x509_data(element: Element<'_>) -> Result<X509Hint, Error> {
    let mut hint = X509Hint::default();
    for child in element.children() {
        if child.is(Namespace::DS, "X509Certificate") {
            push(&mut hint.certificates, base64_of(child)?, child)?;
        } else if child.is(Namespace::DS, "X509SKI") {
            push(
                &mut hint.subject_key_identifiers,
                base64_of(child)?.to_vec(),
                child,
            )?;
        } else if child.is(Namespace::DS, "X509IssuerSerial") {
            push(&mut hint.issuer_serials, issuer_serial(child)?, child)?;
        } else if child.is(Namespace::DS, "X509SubjectName") {
            push(&mut hint.subjects, text_of(child)?.into_owned(), child)?;
        } else if child.is(Namespace::DSIG11, "X509Digest") {
            let algorithm = child.attribute("Algorithm");
            let algorithm = algorithm.as_deref().and_then(DigestAlgorithm::from_uri);
            let algorithm = algorithm.ok_or_else(|| bad(child, "the digest's algorithm is not known"))?;
            push(&mut hint.digests, (algorithm, base64_of(child)?.to_vec()), child)?;
        } else if child.is(Namespace::DS, "X509CRL") {
            // An element in it would stand where nobody looks (T17).
            base64_of(child)?;
        } else {
            return Err(bad(
                child,
                "it describes the certificate in a way that is not read",
            ));
        }
    }
    if hint.is_empty() {
        return Err(bad(element, "it is empty"));
    }
    Ok(hint)
}

/// Adds one of at most as many as a path may have.
fn push<T>(found: &mut Vec<T>, one: T, element: Element<'_>) -> Result<(), Error> {
    if found.len() >= Certificate::MAX_PATH {
        return Err(bad(
            element,
            "there are more of one kind than a path has certificates",
        ));
    }
    found.push(one);
    Ok(())
}

/// Reads `ds:X509IssuerSerial`: the issuer's name and the number, and nothing else.
fn issuer_serial(element: Element<'_>) -> Result<IssuerSerial, Error> {
    let mut children = element.children();
    let (Some(issuer), Some(serial), None) = (children.next(), children.next(), children.next()) else {
        return Err(bad(element, "an issuer and serial number are one of each"));
    };
    if !issuer.is(Namespace::DS, "X509IssuerName") || !serial.is(Namespace::DS, "X509SerialNumber") {
        return Err(bad(
            element,
            "an issuer and serial number are X509IssuerName and X509SerialNumber",
        ));
    }
    let digits = text_of(serial)?;
    Ok(IssuerSerial {
        issuer: text_of(issuer)?.into_owned(),
        serial: decimal(&digits).ok_or_else(|| bad(serial, "the serial number is no number"))?,
    })
}

/// A serial number of at most 20 octets (RFC 5280 §4.1.2.2) in the one form that we compare: white space around it
/// and leading zeros do not count (XML Schema Part 2 §3.3.13).
fn decimal(text: &str) -> Option<String> {
    const LONGEST: usize = 49;
    let digits = text.trim_matches([' ', '\t', '\n', '\r']);
    let significant = digits.trim_start_matches('0');
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (number && significant.len() <= LONGEST).then(|| match significant {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    })
}

/// The text of a field that says something.
fn text_of(element: Element<'_>) -> Result<Cow<'_, str>, Error> {
    let text = field::text(element).map_err(|reason| Error::of_text(reason, element))?;
    if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return Err(Error::new(
            ErrorKind::Empty(element.name().to_owned()),
            element.position(),
        ));
    }
    Ok(text)
}

fn bad(element: Element<'_>, what: &'static str) -> Error {
    Error::new(ErrorKind::X509Data(what), element.position())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    fn read<T>(content: &str, look: impl Fn(&[KeyInfoItem<'_>]) -> T) -> Result<T, Error> {
        let (ds, wsse, dsig11) = (
            Namespace::DS.uri(),
            Namespace::WSSE.uri(),
            Namespace::DSIG11.uri(),
        );
        let text =
            format!("<KeyInfo xmlns='{ds}' xmlns:wsse='{wsse}' xmlns:dsig11='{dsig11}'>{content}</KeyInfo>");
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        key_info_items(document.root()).map(|items| look(&items))
    }

    fn x509(content: &str) -> Result<X509Hint, Error> {
        read(&format!("<X509Data>{content}</X509Data>"), |items| match items {
            [KeyInfoItem::X509Data(hint)] => hint.clone(),
            other => panic!("{other:?}"),
        })
    }

    fn code(content: &str) -> &'static str {
        x509(content).unwrap_err().code()
    }

    const SERIAL: &str = "<X509IssuerSerial><X509IssuerName>CN=ca</X509IssuerName><X509SerialNumber> 0017\n</X509SerialNumber></X509IssuerSerial>";

    #[test]
    fn every_description_of_a_certificate_is_read() {
        let all = format!(
            "<X509Certificate>AQID</X509Certificate>{SERIAL}<X509SKI>BAU=</X509SKI>\
             <X509SubjectName>CN=a</X509SubjectName><X509CRL>AA==</X509CRL><X509Certificate>Bg==</X509Certificate>\
             <dsig11:X509Digest Algorithm='{}'>Bw==</dsig11:X509Digest>",
            DigestAlgorithm::Sha256.uri()
        );
        let issuer_serial = IssuerSerial {
            issuer: "CN=ca".to_owned(),
            serial: "17".to_owned(),
        };
        let expected = X509Hint {
            certificates: vec![vec![1, 2, 3].into(), vec![6].into()],
            subject_key_identifiers: vec![vec![4, 5]],
            digests: vec![(DigestAlgorithm::Sha256, vec![7])],
            issuer_serials: vec![issuer_serial],
            subjects: vec!["CN=a".to_owned()],
        };
        assert_eq!(x509(&all).unwrap(), expected);
    }

    #[test]
    fn there_are_at_most_as_many_of_a_kind_as_a_path_has_certificates() {
        let certificate = "<X509Certificate>AQID</X509Certificate>";
        assert!(x509(&certificate.repeat(Certificate::MAX_PATH)).is_ok());
        for one in [
            certificate,
            SERIAL,
            "<X509SKI>BAU=</X509SKI>",
            "<X509SubjectName>CN=a</X509SubjectName>",
        ] {
            assert_eq!(
                code(&one.repeat(Certificate::MAX_PATH + 1)),
                "token.x509_data",
                "{one}"
            );
        }
    }

    #[test]
    fn unknown_or_no_descriptions_are_refused() {
        for content in [
            "",
            "<X509CRL>AA==</X509CRL>",
            "<X509Digest/>",
            "<wsse:X509SKI>BAU=</wsse:X509SKI>",
            "<dsig11:X509Digest>Bw==</dsig11:X509Digest>",
            "<dsig11:X509Digest Algorithm='urn:md5'>Bw==</dsig11:X509Digest>",
        ] {
            assert_eq!(code(content), "token.x509_data", "{content}");
        }
    }

    #[test]
    fn an_issuer_and_serial_number_are_exactly_that() {
        let name = "<X509IssuerName>CN=ca</X509IssuerName>";
        let number = "<X509SerialNumber>17</X509SerialNumber>";
        for content in [
            name.to_owned(),
            format!("{number}{name}"),
            format!("{name}{number}{number}"),
            format!("{name}{name}"),
        ] {
            let content = format!("<X509IssuerSerial>{content}</X509IssuerSerial>");
            assert_eq!(code(&content), "token.x509_data", "{content}");
        }
        assert_eq!(code(&SERIAL.replace("0017", "0x17")), "token.x509_data");
        assert_eq!(code(&SERIAL.replace("0017", "-17")), "token.x509_data");
        assert_eq!(code(&SERIAL.replace("0017", &"9".repeat(50))), "token.x509_data");
        assert_eq!(code(&SERIAL.replace("CN=ca", " ")), "token.empty");
        assert_eq!(
            code(&SERIAL.replace("CN=ca", "CN=<!-- -->ca")),
            "token.interrupted"
        );
        assert_eq!(code(&SERIAL.replace("17", "17<a/>")), "xml.element_in_text");
    }

    #[test]
    fn serial_numbers_have_one_form() {
        assert_eq!(decimal("000").as_deref(), Some("0"));
        assert_eq!(decimal("").as_deref(), None);
        assert_eq!(decimal("1 2").as_deref(), None);
        assert_eq!(decimal("１").as_deref(), None);
    }

    #[test]
    fn children_are_told_apart_by_their_namespace() {
        let kinds = |content: &str| {
            read(content, |items| {
                let kind = |item: &KeyInfoItem<'_>| match item {
                    KeyInfoItem::X509Data(_) => 'x',
                    KeyInfoItem::KeyName(name) if name == "a" => 'n',
                    KeyInfoItem::KeyName(_) => '?',
                    KeyInfoItem::KeyValue(_) => 'v',
                    KeyInfoItem::TokenReference(_) => 'r',
                    KeyInfoItem::Other(_) => 'o',
                };
                items.iter().map(kind).collect::<String>()
            })
            .unwrap()
        };
        assert_eq!(
            kinds("<KeyName>a</KeyName><KeyValue/><dsig11:DEREncodedKeyValue/>"),
            "nvv"
        );
        assert_eq!(
            kinds("<wsse:SecurityTokenReference/><RetrievalMethod URI='#a'/><wsse:KeyName/>"),
            "roo"
        );
    }
}
