use std::borrow::Cow;

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
    /// The octets of `xenc:CipherValue`.
    pub(super) ciphertext: Vec<u8>,
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
        if inside.next_in(Namespace::XENC, "CipherReference").is_some() {
            return Err(Error::at(data, ErrorKind::CipherReference));
        }
        let value = inside.required_in(Namespace::XENC, "CipherValue")?;
        inside.end()?;
        Ok(Self {
            method,
            algorithm,
            key_info,
            ciphertext: fields::base64(value, &[])?,
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
