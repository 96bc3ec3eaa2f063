use super::attachment::SignedAttachment;
use super::error::{Error, ErrorKind};
use super::fields::{self, Fields};
use super::reference::{Reference, Target};
use super::transform::{self, Processing};
use crate::algorithm::{DigestAlgorithm, PssParameters, SignatureAlgorithm};
use crate::c14n::{self, Canonicalization, Counted, Sink as _};
use crate::crypto::{DigestValue, Digester};
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
    /// The parameters of [`SignatureAlgorithm::RsaPss`], which no other method has.
    pub pss_parameters: Option<PssParameters>,
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
            method: info.method.algorithm,
            output_length: info.method.output_length,
            pss_parameters: info.method.pss_parameters,
            references: info.references,
            value: fields::base64(value, &["Id"])?,
            key_info,
            objects: found,
        })
    }
}

impl Signature<'_> {
    /// The most octets of a canonical SignedInfo that are digested for a report.
    const LONGEST_REPORTED: u64 = 1 << 20;

    /// SHA-256 of the canonical SignedInfo, for reports: it names what was signed, and proves nothing. `None` where there is no such form,
    /// or it is very long.
    pub fn signed_info_digest(&self) -> Option<DigestValue> {
        let mut digester = Digester::new(DigestAlgorithm::Sha256);
        let mut counted = Counted::new(&mut digester, Self::LONGEST_REPORTED);
        c14n::element(self.signed_info, &self.canonicalization, None, &mut counted).ok()?;
        let is_whole = !counted.is_full();
        is_whole.then(|| digester.finish().ok()).flatten()
    }
}

impl<'d> Signature<'d> {
    /// Looks up what References with the STR-Transform stand for: `find` is given the element that one refers to, and gives the token
    /// that this means, if there is one. A Reference whose token was not looked up does not verify.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn find_tokens<E>(
        &mut self,
        mut find: impl FnMut(Element<'d>) -> Result<Option<Element<'d>>, E>,
    ) -> Result<(), E> {
        for reference in &mut self.references {
            if let Processing::StrTransform(_) = reference.transforms.processing
                && let Some(target) = reference.target.resolve(reference.element.document())
            {
                reference.token = find(target)?;
            }
        }
        Ok(())
    }
}

impl<'d> Signature<'d> {
    /// Looks up the attachments that References are to: `find` is given a Content-ID. A Reference whose attachment was not looked up
    /// does not verify.
    ///
    /// # Errors
    /// The message has no such attachment.
    pub fn find_attachments(
        &mut self,
        find: impl Fn(&str) -> Option<&'d dyn SignedAttachment>,
    ) -> Result<(), Error> {
        for reference in &mut self.references {
            if let Target::Attachment(id) = &reference.target {
                let unresolved = || ErrorKind::AttachmentUnresolved(id.clone());
                let found = find(id).ok_or_else(|| Error::at(reference.element, unresolved()))?;
                reference.attachment = Some(found);
            }
        }
        Ok(())
    }
}

struct SignedInfo<'d> {
    canonicalization: Canonicalization,
    method: SignatureMethod,
    references: Vec<Reference<'d>>,
}

impl<'d> SignedInfo<'d> {
    fn read(element: Element<'d>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &["Id"])?;
        let canonicalization = transform::method_of(fields.required("CanonicalizationMethod")?, limits)?;
        let method = SignatureMethod::read(fields.required("SignatureMethod")?)?;
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
            references,
        })
    }
}

/// In a message, two digests of one part have no use but to confuse its reader. Documents digest one part in several forms.
fn refuse_duplicates(references: &[Reference<'_>]) -> Result<(), Error> {
    for (place, reference) in references.iter().enumerate() {
        let mut earlier = references.iter().take(place);
        if earlier.any(|earlier| earlier.uri == reference.uri || earlier.target == reference.target) {
            let kind = ErrorKind::DuplicateReference(reference.uri.clone());
            return Err(Error::at(reference.element, kind));
        }
    }
    Ok(())
}

struct SignatureMethod {
    algorithm: SignatureAlgorithm,
    output_length: Option<u32>,
    pss_parameters: Option<PssParameters>,
}

impl SignatureMethod {
    fn read(element: Element<'_>) -> Result<Self, Error> {
        let uri = fields::algorithm(element)?;
        let Some(algorithm) = SignatureAlgorithm::from_uri(&uri) else {
            let kind = ErrorKind::UnknownAlgorithm(uri.into_owned());
            return Err(Error::at(element, kind));
        };
        let mut fields = Fields::of(element, &["Algorithm"])?;
        let output_length = fields.next("HMACOutputLength").map(number).transpose()?;
        let mut pss_parameters = None;
        if algorithm == SignatureAlgorithm::RsaPss {
            let given = fields.next_in(Namespace::DSIG_MORE, "RSAPSSParams");
            pss_parameters = Some(given.map_or(Ok(PssParameters::DEFAULT), read_pss_parameters)?);
        }
        fields.end()?;
        Ok(Self {
            algorithm,
            output_length,
            pss_parameters,
        })
    }
}

/// Reads `RSAPSSParams` (RFC 9231 §2.3.9). What is left out has the value that the standard gives it.
fn read_pss_parameters(element: Element<'_>) -> Result<PssParameters, Error> {
    const MGF1: &str = "http://www.w3.org/2007/05/xmldsig-more#MGF1";
    let mut fields = Fields::of(element, &[])?;
    let digest = fields.next("DigestMethod").map(digest_method).transpose()?;
    let mut mask_digest = None;
    if let Some(mask) = fields.next_in(Namespace::DSIG_MORE, "MaskGenerationFunction") {
        let mut inside = Fields::of(mask, &["Algorithm"])?;
        if let Some(uri) = mask.attribute("Algorithm").filter(|uri| uri != MGF1) {
            return Err(Error::at(mask, ErrorKind::UnknownAlgorithm(uri.into_owned())));
        }
        mask_digest = inside.next("DigestMethod").map(digest_method).transpose()?;
        inside.end()?;
    }
    let salt_length = fields
        .next_in(Namespace::DSIG_MORE, "SaltLength")
        .map(number)
        .transpose()?;
    if let Some(trailer) = fields.next_in(Namespace::DSIG_MORE, "TrailerField")
        && number(trailer)? != 1
    {
        let what = "a trailer field other than 1".to_owned();
        return Err(Error::at(trailer, ErrorKind::PssParameters(what)));
    }
    fields.end()?;
    let said = PssParameters::of(digest.unwrap_or(PssParameters::DEFAULT.digest));
    Ok(PssParameters {
        mask_digest: mask_digest.unwrap_or(PssParameters::DEFAULT.mask_digest),
        salt_length: salt_length.unwrap_or(said.salt_length),
        ..said
    })
}

/// Reads a `ds:DigestMethod`.
pub(super) fn digest_method(element: Element<'_>) -> Result<DigestAlgorithm, Error> {
    Fields::of(element, &["Algorithm"])?.end()?;
    let uri = fields::algorithm(element)?;
    DigestAlgorithm::from_uri(&uri)
        .ok_or_else(|| Error::at(element, ErrorKind::UnknownAlgorithm(uri.into_owned())))
}

/// A number in decimal digits, white space around it.
fn number(element: Element<'_>) -> Result<u32, Error> {
    let text = fields::text(element, &[])?;
    let digits = text.trim_matches([' ', '\t', '\n', '\r']);
    let number = digits.parse().ok();
    number
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| {
            let what = format!("{} is no number", element.name());
            Error::at(element, ErrorKind::Structure(what))
        })
}
