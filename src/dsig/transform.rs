use super::attachment::AttachmentScope;
use super::error::{Error, ErrorKind};
use super::fields::{self, Fields};
use crate::algorithm::{CanonicalizationAlgorithm, TransformAlgorithm};
use crate::c14n::Canonicalization;
use crate::xml::{Element, Limit, Limits, Namespace};

/// What a Reference does to the nodes it refers to, in the one order in which it makes sense: leave out the signature
/// itself, then turn nodes into octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transforms {
    /// The transforms as they stand.
    pub listed: Vec<TransformAlgorithm>,
    /// Whether the signature that holds the Reference is left out.
    pub enveloped: bool,
    /// How nodes become octets.
    pub processing: Processing,
}

/// How nodes become octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Processing {
    /// By a canonicalization. Without one in the Reference it is inclusive 1.0 (XML Signature §4.4.3.2).
    Canonical(Canonicalization),
    /// The text, decoded from base64.
    Base64,
    /// The token that a SecurityTokenReference means.
    StrTransform(Canonicalization),
    /// An attachment, in the form that the profile gives it.
    Attachment(AttachmentScope),
}

impl Transforms {
    /// What a Reference without `ds:Transforms` does.
    pub(super) fn none() -> Self {
        Self {
            listed: Vec::new(),
            enveloped: false,
            processing: Processing::Canonical(CanonicalizationAlgorithm::Inclusive10.into()),
        }
    }

    /// Reads `ds:Transforms`.
    pub(super) fn read(element: Element<'_>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &[])?;
        let mut transforms = Self::none();
        let mut decided = false;
        while let Some(transform) = fields.next("Transform") {
            if transforms.listed.len() >= usize::from(limits.transforms) {
                let allowed = limits.transforms.into();
                let limit = Limit::Transforms;
                return Err(Error::at(transform, ErrorKind::Limit { limit, allowed }));
            }
            let uri = fields::algorithm(transform)?;
            let Some(algorithm) = TransformAlgorithm::from_uri(&uri) else {
                let kind = ErrorKind::Transform(format!(
                    "{} is not known or never allowed",
                    crate::xml::quoted(&uri)
                ));
                return Err(Error::at(transform, kind));
            };
            if decided {
                let what = format!("{uri} after the nodes have become octets");
                return Err(Error::at(transform, ErrorKind::Transform(what)));
            }
            transforms.listed.push(algorithm);
            match algorithm {
                TransformAlgorithm::EnvelopedSignature => {
                    Fields::of(transform, &["Algorithm"])?.end()?;
                    transforms.enveloped = true;
                    continue;
                }
                TransformAlgorithm::Canonicalization(algorithm) => {
                    transforms.processing =
                        Processing::Canonical(canonicalization(transform, algorithm, limits)?);
                }
                TransformAlgorithm::Base64 => {
                    Fields::of(transform, &["Algorithm"])?.end()?;
                    transforms.processing = Processing::Base64;
                }
                TransformAlgorithm::AttachmentContent | TransformAlgorithm::AttachmentComplete
                    if transforms.enveloped =>
                {
                    let what = "an attachment that holds the signature".to_owned();
                    return Err(Error::at(transform, ErrorKind::Transform(what)));
                }
                TransformAlgorithm::AttachmentContent => {
                    Fields::of(transform, &["Algorithm"])?.end()?;
                    transforms.processing = Processing::Attachment(AttachmentScope::Content);
                }
                TransformAlgorithm::AttachmentComplete => {
                    Fields::of(transform, &["Algorithm"])?.end()?;
                    transforms.processing = Processing::Attachment(AttachmentScope::Complete);
                }
                TransformAlgorithm::StrTransform if transforms.enveloped => {
                    let what = "a token that holds the signature".to_owned();
                    return Err(Error::at(transform, ErrorKind::Transform(what)));
                }
                TransformAlgorithm::StrTransform => {
                    transforms.processing = Processing::StrTransform(str_parameters(transform, limits)?);
                }
            }
            decided = true;
        }
        if transforms.listed.is_empty() {
            let what = "Transforms without a Transform".to_owned();
            return Err(Error::at(element, ErrorKind::Structure(what)));
        }
        fields.end()?;
        Ok(transforms)
    }
}

/// Reads the parameters of a CanonicalizationMethod or Transform: at most one InclusiveNamespaces, in exclusive only.
pub(super) fn canonicalization(
    element: Element<'_>,
    algorithm: CanonicalizationAlgorithm,
    limits: &Limits,
) -> Result<Canonicalization, Error> {
    let mut fields = Fields::of(element, &["Algorithm"])?;
    let mut prefixes = Vec::new();
    if algorithm.is_exclusive()
        && let Some(inclusive) = fields.next_in(Namespace::EXC_C14N, "InclusiveNamespaces")
    {
        Fields::of(inclusive, &["PrefixList"])?.end()?;
        let list = inclusive.attribute("PrefixList").unwrap_or_default();
        for token in list
            .split([' ', '\t', '\n', '\r'])
            .filter(|token| !token.is_empty())
        {
            if prefixes.len() >= usize::from(limits.prefixes) {
                let allowed = limits.prefixes.into();
                let limit = Limit::Prefixes;
                return Err(Error::at(inclusive, ErrorKind::Limit { limit, allowed }));
            }
            prefixes.push(if token == "#default" {
                String::new()
            } else {
                token.to_owned()
            });
        }
    }
    fields.end()?;
    Ok(Canonicalization { algorithm, prefixes })
}

/// Reads `wsse:TransformationParameters` (WSS 1.1 §8.3).
fn str_parameters(transform: Element<'_>, limits: &Limits) -> Result<Canonicalization, Error> {
    let mut fields = Fields::of(transform, &["Algorithm"])?;
    let Some(parameters) = fields.next_in(Namespace::WSSE, "TransformationParameters") else {
        return Err(Error::at(transform, ErrorKind::TransformationParameters));
    };
    fields.end()?;
    let mut fields = Fields::of(parameters, &[])?;
    let method = fields.required("CanonicalizationMethod")?;
    fields.end()?;
    method_of(method, limits)
}

/// Reads a `ds:CanonicalizationMethod`.
pub(super) fn method_of(element: Element<'_>, limits: &Limits) -> Result<Canonicalization, Error> {
    let uri = fields::algorithm(element)?;
    match CanonicalizationAlgorithm::from_uri(&uri) {
        Some(algorithm) => canonicalization(element, algorithm, limits),
        None => Err(Error::at(element, ErrorKind::UnknownAlgorithm(uri.into_owned()))),
    }
}
