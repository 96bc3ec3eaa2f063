use std::borrow::Cow;

use super::attachment::{is_of_attachment, referenced};
use super::error::{Error, ErrorKind};
use crate::algorithm::DataEncryptionAlgorithm;
use crate::dsig::fields::{self, Fields};
use crate::xml::{Element, Namespace};

/// The Type of one whole element.
pub(super) const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
/// The Type of everything between the tags of an element.
pub(super) const CONTENT: &str = "http://www.w3.org/2001/04/xmlenc#Content";

/// What EncryptedData and EncryptedKey have in common (`xenc:EncryptedType`, XML Encryption 1.1 §3.1).
pub(super) struct Encrypted<'d> {
    /// `xenc:EncryptionMethod`.
    pub(super) method: Element<'d>,
    /// The `Algorithm` of it.
    pub(super) algorithm: Cow<'d, str>,
    /// `ds:KeyInfo`.
    pub(super) key_info: Option<Element<'d>>,
    /// The octets of `xenc:CipherValue`; none where the ciphertext is an attachment.
    pub(super) ciphertext: Vec<u8>,
    /// The Content-ID of the attachment that is the ciphertext.
    pub(super) attachment: Option<String>,
}

impl<'d> Encrypted<'d> {
    /// Reads the common children from `fields`, and leaves those that follow.
    pub(super) fn read(element: Element<'d>, fields: &mut Fields<'d>) -> Result<Self, Error> {
        // The schema lets it be absent where both sides know the algorithm; we know it from nowhere else.
        let method = fields.required_in(Namespace::XENC, "EncryptionMethod")?;
        let algorithm = fields::algorithm(method)?;
        let key_info = fields.next("KeyInfo");
        let data = fields.required_in(Namespace::XENC, "CipherData")?;
        // Some stacks write it here: one KeyInfo means one thing in either place.
        let key_info = key_info.or_else(|| fields.next("KeyInfo"));
        if fields
            .next_in(Namespace::XENC, "EncryptionProperties")
            .is_some_and(holds_encryption)
        {
            return Err(Error::at(element, ErrorKind::Nested));
        }
        let mut inside = Fields::of(data, &[])?;
        if let Some(reference) = inside.next_in(Namespace::XENC, "CipherReference") {
            if !is_of_attachment(element) {
                return Err(Error::at(data, ErrorKind::CipherReference));
            }
            inside.end()?;
            return Ok(Self {
                method,
                algorithm,
                key_info,
                ciphertext: Vec::new(),
                attachment: Some(referenced(reference)?),
            });
        }
        let value = inside.required_in(Namespace::XENC, "CipherValue")?;
        inside.end()?;
        Ok(Self {
            method,
            algorithm,
            key_info,
            ciphertext: fields::base64(value, &[])?,
            attachment: None,
        })
    }
}

/// A `xenc:EncryptedData` as read (XML Encryption 1.1 §3.4). MimeType and Encoding are advice to applications.
pub(super) struct EncryptedData<'d> {
    pub(super) element: Element<'d>,
    pub(super) encrypted: Encrypted<'d>,
    pub(super) algorithm: DataEncryptionAlgorithm,
    pub(super) kind: ContentType,
}

/// What is encrypted, as the Type says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ContentType {
    /// One element.
    Element,
    /// What stands between two tags.
    Content,
    /// Octets of that Type, or of none.
    Octets(Option<String>),
}

impl<'d> EncryptedData<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &["Id", "Type", "MimeType", "Encoding"])?;
        let encrypted = Encrypted::read(element, &mut fields)?;
        fields.end()?;
        let unknown = || ErrorKind::UnknownAlgorithm(encrypted.algorithm.clone().into_owned());
        let algorithm = DataEncryptionAlgorithm::from_uri(&encrypted.algorithm)
            .ok_or_else(|| Error::at(encrypted.method, unknown()))?;
        // A KeySize that says what the algorithm says adds nothing (§3.2).
        let mut parameters = Fields::of(encrypted.method, &["Algorithm"])?;
        if let Some(size) = parameters.next_in(Namespace::XENC, "KeySize") {
            let bits = algorithm.key_size().saturating_mul(8).to_string();
            if fields::text(size, &[])?.trim() != bits {
                let what = "the KeySize is not that of the algorithm".to_owned();
                return Err(Error::at(size, ErrorKind::Structure(what)));
            }
        }
        parameters.end()?;
        let kind = match element.attribute("Type").as_deref() {
            Some(ELEMENT) => ContentType::Element,
            Some(CONTENT) => ContentType::Content,
            other => ContentType::Octets(other.map(str::to_owned)),
        };
        Ok(Self {
            element,
            encrypted,
            algorithm,
            kind,
        })
    }
}

/// Whether encrypted content stands somewhere in `element`.
pub(super) fn holds_encryption(element: Element<'_>) -> bool {
    element.descendants().any(is_encrypted_data)
}

/// Whether it is `xenc:EncryptedData`.
pub(super) fn is_encrypted_data(element: Element<'_>) -> bool {
    element.is(Namespace::XENC, "EncryptedData")
}

/// Whether it is `xenc:EncryptedKey`.
pub(super) fn is_encrypted_key(element: Element<'_>) -> bool {
    element.is(Namespace::XENC, "EncryptedKey")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};
    use crate::xmlenc::agreement::Agreement;
    use crate::xmlenc::key::EncryptedKey;

    const DIGEST: &str =
        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>";

    fn parse(text: &str) -> Document {
        Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
    }

    fn in_namespaces(text: &str) -> String {
        let (name, rest) = text.split_once(' ').unwrap();
        format!(
            "{name} xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" {rest}"
        )
    }

    /// `text` is read, and nothing that has more than its schema.
    fn reads_only<T>(text: &str, variants: usize, read: impl Fn(Element<'_>) -> Result<T, Error>) {
        let text = in_namespaces(text);
        let document = parse(&text);
        read(document.root()).map(drop).unwrap();
        let spoilt = fields::spoilt(&text, document.root());
        assert_eq!(spoilt.len(), variants);
        for spoilt in spoilt {
            assert!(read(parse(&spoilt).root()).is_err(), "{spoilt}");
        }
    }

    #[test]
    fn nothing_is_in_encrypted_data_that_its_schema_does_not_have() {
        let text = "<xenc:EncryptedData Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
             <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"><xenc:KeySize>128</xenc:KeySize></xenc:EncryptionMethod>\
             <xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>";
        reads_only(text, 18, |element| EncryptedData::read(element).map(drop));
        let nested = text.replace(
            "</xenc:EncryptedData>",
            "<xenc:EncryptionProperties><xenc:EncryptedData></xenc:EncryptedData></xenc:EncryptionProperties></xenc:EncryptedData>",
        );
        let nested = in_namespaces(&nested);
        let refused = EncryptedData::read(parse(&nested).root()).map(drop).unwrap_err();
        assert_eq!(*refused.kind(), ErrorKind::Nested);
    }

    #[test]
    fn nothing_is_in_the_reference_to_an_attachment_that_its_profile_does_not_have() {
        let profile = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1";
        let of = |name: &str| {
            format!(
                "<xenc:{name} Type=\"{profile}#Attachment-Complete\">\
                 <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"></xenc:EncryptionMethod>\
                 <xenc:CipherData><xenc:CipherReference URI=\"cid:a\"><xenc:Transforms>\
                 <ds:Transform Algorithm=\"{profile}#Attachment-Ciphertext-Transform\"></ds:Transform></xenc:Transforms>\
                 </xenc:CipherReference></xenc:CipherData></xenc:{name}>"
            )
        };
        reads_only(&of("EncryptedData"), 24, |element| {
            EncryptedData::read(element).map(drop)
        });
        // A key is never an attachment, whatever it says of itself.
        let key = in_namespaces(&of("EncryptedKey"));
        let refused = EncryptedKey::read(parse(&key).root()).map(drop).unwrap_err();
        assert_eq!(*refused.kind(), ErrorKind::CipherReference);
    }

    #[test]
    fn nothing_is_in_an_encrypted_key_that_its_schema_does_not_have() {
        let of = |method: &str| {
            format!(
                "<xenc:EncryptedKey Id=\"k\">{method}<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
            )
        };
        let oaep = format!(
            "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\">{DIGEST}\
             <xenc11:MGF Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"></xenc11:MGF><xenc:OAEPparams>AAAA</xenc:OAEPparams></xenc:EncryptionMethod>"
        );
        reads_only(&of(&oaep), 26, |element| EncryptedKey::read(element).map(drop));
        let wrap = "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#kw-aes128\"></xenc:EncryptionMethod>";
        reads_only(&of(wrap), 15, |element| EncryptedKey::read(element).map(drop));
    }

    #[test]
    fn nothing_is_in_an_agreement_that_its_schema_does_not_have() {
        let inside = |name: &str| format!("<xenc:{name}><ds:KeyName>k</ds:KeyName></xenc:{name}>");
        let agreement = format!(
            "<xenc:AgreementMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#ECDH-ES\">\
             <xenc11:KeyDerivationMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#ConcatKDF\"><xenc11:ConcatKDFParams AlgorithmID=\"00\">{DIGEST}\
             </xenc11:ConcatKDFParams></xenc11:KeyDerivationMethod>{}</xenc:AgreementMethod>",
            inside("OriginatorKeyInfo")
        );
        let text = in_namespaces(&agreement);
        let document = parse(&text);
        assert!(Agreement::read(document.root()).is_ok());
        // What is in a KeyInfo is not for the agreement to say.
        let spoilt = fields::spoilt(&text, document.root());
        let read = |text: &&String| Agreement::read(parse(text).root()).is_ok();
        // What is in a KeyInfo is for those to say who look for the key.
        let within = |text: &&String| {
            let more = text.rfind("more");
            text.find("<xenc:OriginatorKeyInfo") < more && more < text.find("</xenc:OriginatorKeyInfo")
        };
        let (inside, outside): (Vec<_>, Vec<_>) = spoilt.iter().partition(within);
        assert_eq!((inside.len(), outside.len()), (7, 16));
        assert!(inside.iter().all(read) && !outside.iter().any(read));
    }
}
