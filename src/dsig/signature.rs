use super::error::{Error, ErrorKind};
use super::fields::{self, Fields};
use super::reference::Reference;
use super::transform;
use crate::algorithm::SignatureAlgorithm;
use crate::c14n::Canonicalization;
use crate::xml::{Element, Limit, Limits, Namespace};

/// A `ds:Signature` as read: claims, not facts.
#[derive(Clone, Debug)]
pub struct Signature<'d> {
    /// The element.
    pub element: Element<'d>,
    /// `ds:SignedInfo`.
    pub signed_info: Element<'d>,
    /// How SignedInfo is canonicalized.
    pub canonicalization: Canonicalization,
    /// The algorithm of the value.
    pub method: SignatureAlgorithm,
    /// `HMACOutputLength`, in bits.
    pub output_length: Option<u32>,
    /// The references, at least one.
    pub references: Vec<Reference<'d>>,
    /// The decoded SignatureValue.
    pub value: Vec<u8>,
    /// `ds:KeyInfo`: a hint which key to try, and nothing else.
    pub key_info: Option<Element<'d>>,
    /// `ds:Object` elements. Content to other readers, never to us.
    pub objects: Vec<Element<'d>>,
}

/// Whether `ds:Object` may stand in a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Objects {
    /// In a SOAP or SAML message: no, as the enveloped transform would hide what is in it (T12).
    Refused,
    /// In a document with an enveloping signature.
    Allowed,
}

impl<'d> Signature<'d> {
    /// Reads `element`, strictly by the schema of XML Signature.
    ///
    /// # Errors
    /// What is not as the schema has it, an algorithm that is not known, a reference out of the document, or
    /// more than `limits` allow.
    pub fn read(element: Element<'d>, objects: Objects, limits: &Limits) -> Result<Self, Error> {
        if !element.is(Namespace::DS, "Signature") {
            let what = format!("{} where ds:Signature belongs", element.name());
            return Err(Error::at(element, ErrorKind::Structure(what)));
        }
        let mut fields = Fields::of(element, &["Id"])?;
        let signed_info = fields.required("SignedInfo")?;
        let value = fields.required("SignatureValue")?;
        let key_info = fields.next("KeyInfo");
        let mut found = Vec::new();
        while let Some(object) = fields.next("Object") {
            if objects == Objects::Refused {
                return Err(Error::at(object, ErrorKind::ObjectPresent));
            }
            found.push(object);
        }
        fields.end()?;
        let info = SignedInfo::read(signed_info, limits)?;
        if objects == Objects::Refused {
            refuse_duplicates(&info.references)?;
        }
        Ok(Self {
            element,
            signed_info,
            canonicalization: info.canonicalization,
            method: info.method,
            output_length: info.output_length,
            references: info.references,
            value: fields::base64(value, &["Id"])?,
            key_info,
            objects: found,
        })
    }
}

struct SignedInfo<'d> {
    canonicalization: Canonicalization,
    method: SignatureAlgorithm,
    output_length: Option<u32>,
    references: Vec<Reference<'d>>,
}

impl<'d> SignedInfo<'d> {
    fn read(element: Element<'d>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &["Id"])?;
        let canonicalization = transform::method_of(fields.required("CanonicalizationMethod")?, limits)?;
        let (method, output_length) = signature_method(fields.required("SignatureMethod")?)?;
        let mut references = Vec::new();
        while let Some(reference) = fields.next("Reference") {
            if references.len() >= usize::from(limits.references) {
                let allowed = limits.references.into();
                let limit = Limit::References;
                return Err(Error::at(reference, ErrorKind::Limit { limit, allowed }));
            }
            references.push(Reference::read(reference, limits)?);
        }
        if references.is_empty() {
            fields.required("Reference")?;
        }
        fields.end()?;
        Ok(Self {
            canonicalization,
            method,
            output_length,
            references,
        })
    }
}

/// In a message, two digests of one part have no use but to confuse its reader. Documents digest one part in several forms.
fn refuse_duplicates(references: &[Reference<'_>]) -> Result<(), Error> {
    for (place, reference) in references.iter().enumerate() {
        let mut earlier = references.iter().take(place);
        if earlier.any(|earlier| earlier.uri == reference.uri) {
            let kind = ErrorKind::DuplicateReference(reference.uri.clone());
            return Err(Error::at(reference.element, kind));
        }
    }
    Ok(())
}

fn signature_method(element: Element<'_>) -> Result<(SignatureAlgorithm, Option<u32>), Error> {
    let uri = fields::algorithm(element)?;
    let Some(method) = SignatureAlgorithm::from_uri(&uri) else {
        let kind = ErrorKind::UnknownAlgorithm(uri.into_owned());
        return Err(Error::at(element, kind));
    };
    let mut fields = Fields::of(element, &["Algorithm"])?;
    let mut output_length = None;
    if let Some(length) = fields.next("HMACOutputLength") {
        let text = fields::text(length, &[])?;
        let digits = text.trim_matches([' ', '\t', '\n', '\r']);
        let bits = digits
            .parse()
            .ok()
            .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if bits.is_none() {
            let what = "HMACOutputLength is no number of bits".to_owned();
            return Err(Error::at(length, ErrorKind::Structure(what)));
        }
        output_length = bits;
    }
    fields.end()?;
    Ok((method, output_length))
}
