use crate::crypto::Certificate;
use crate::crypto::encode_base64;
use crate::token::x509::BASE64_BINARY;
use crate::token::x509::ValueType;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::reference::key_identifier::SUBJECT_KEY_IDENTIFIER;
use crate::wss::reference::key_identifier::THUMBPRINT_SHA1;
use crate::wss::write::names::Ids;
use crate::xml::Document;
use crate::xml::Namespace;
use crate::xml::escape_text;

/// How the receiver learns which key signed.
#[derive(Clone, Copy, Debug)]
pub enum KeyToken<'p> {
    /// The certificate goes along, in a BinarySecurityToken.
    X509v3(&'p Certificate),
    /// A path goes along, given with the signer's certificate first.
    X509PkiPath(&'p [Certificate]),
    /// The receiver knows the certificate by its SHA-1.
    Thumbprint(&'p Certificate),
    /// The receiver knows the certificate by its SubjectKeyIdentifier.
    SubjectKeyIdentifier(&'p Certificate),
    /// The receiver knows the certificate by its issuer and serial number.
    IssuerSerial(&'p Certificate),
}

/// What is written for a key: an item of the header, and the content of KeyInfo.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) item: String,
    pub(super) key_info: String,
}

impl KeyToken<'_> {
    pub(super) fn write(&self, ids: &mut Ids, document: &Document) -> Result<Written, Error> {
        Ok(match self {
            Self::X509v3(certificate) => {
                let id = ids.next("X509", document);
                token(&id, ValueType::X509v3, certificate.der())
            }
            Self::X509PkiPath(path) => {
                let id = ids.next("X509", document);
                token(&id, ValueType::X509PkiPathV1, &pki_path(path))
            }
            Self::Thumbprint(certificate) => identifier(THUMBPRINT_SHA1, certificate.sha1_thumbprint()),
            Self::SubjectKeyIdentifier(certificate) => {
                let missing = || Error::nowhere(ErrorKind::NoKeyIdentifier);
                let value = certificate.subject_key_identifier().ok_or_else(missing)?;
                identifier(SUBJECT_KEY_IDENTIFIER, value)
            }
            Self::IssuerSerial(certificate) => {
                let (issuer, serial) = (escape_text(certificate.issuer()), certificate.serial());
                let ds = Namespace::DS.uri();
                Written {
                    item: String::new(),
                    key_info: reference(&format!(
                        "<ds:X509Data xmlns:ds=\"{ds}\"><ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>\
                         <ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
                    )),
                }
            }
        })
    }
}

/// A BinarySecurityToken and a direct reference to it (X.509 Token Profile §3.2.2).
fn token(id: &str, value_type: ValueType, bytes: &[u8]) -> Written {
    let (uri, value) = (value_type.uri(), encode_base64(bytes));
    Written {
        item: format!(
            "<wsse:BinarySecurityToken EncodingType=\"{BASE64_BINARY}\" ValueType=\"{uri}\" wsu:Id=\"{id}\">\
             {value}</wsse:BinarySecurityToken>"
        ),
        key_info: reference(&format!(
            "<wsse:Reference URI=\"#{id}\" ValueType=\"{uri}\"></wsse:Reference>"
        )),
    }
}

fn identifier(value_type: &str, bytes: &[u8]) -> Written {
    let value = encode_base64(bytes);
    Written {
        item: String::new(),
        key_info: reference(&format!(
            "<wsse:KeyIdentifier EncodingType=\"{BASE64_BINARY}\" ValueType=\"{value_type}\">{value}</wsse:KeyIdentifier>"
        )),
    }
}

fn reference(content: &str) -> String {
    let wsse = Namespace::WSSE.uri();
    format!("<wsse:SecurityTokenReference xmlns:wsse=\"{wsse}\">{content}</wsse:SecurityTokenReference>")
}

/// A PKIPath (X.509 §9.1): the certificate nearest to the anchor first, the signer's last.
fn pki_path(path: &[Certificate]) -> Vec<u8> {
    let content: Vec<u8> = path
        .iter()
        .rev()
        .flat_map(|certificate| certificate.der())
        .copied()
        .collect();
    let mut der = vec![0x30];
    let length = content.len().to_be_bytes();
    let leading = length.iter().take_while(|byte| **byte == 0).count();
    let digits = length.get(leading..).unwrap_or_default();
    match digits {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        digits => {
            // At most eight digits, so this is 0x81 to 0x88 (X.690 §8.1.3.5).
            der.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            der.extend_from_slice(digits);
        }
    }
    der.extend_from_slice(&content);
    der
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_path_is_one_sequence_with_the_signer_last() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
        let read =
            |name: &str| Certificate::from_pem_bundle(&std::fs::read(root.join(name)).unwrap()).unwrap();
        let path: Vec<Certificate> = [read("erin.pem"), read("intermediate.pem")].concat();
        let read_again = Certificate::from_pki_path(&pki_path(&path)).unwrap();
        assert!(path.iter().rev().eq(&read_again));
        assert_eq!(pki_path(&[]), [0x30, 0]);
    }
}
