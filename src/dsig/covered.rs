use super::attachment::AttachmentScope;
use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::c14n::{self, Canonicalization, Meanings, Octets};
use crate::crypto::{DigestValue, Digester, Unavailable, VerifyingKey};
use crate::xml::Element;

/// Proof that `key` signed exactly these nodes of this document. Mathematics only: whose key it is, [`Covered`] does
/// not know.
///
/// Only [`verify`](super::verify) makes one. It is neither `Clone` nor `Default`.
///
/// ```compile_fail
/// let forged = sealgate::dsig::Covered { nodes: vec![], key: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "a signature that covers nothing you use proves nothing"]
pub struct Covered<'d> {
    pub(super) signature: Element<'d>,
    pub(super) method: SignatureAlgorithm,
    pub(super) value: Vec<u8>,
    pub(super) key: VerifyingKey,
    pub(super) signed_info: (Element<'d>, Canonicalization),
    /// SHA-256 of its canonical form, where that was computed for the value.
    pub(super) signed_info_sha256: Option<DigestValue>,
    pub(super) nodes: Vec<CoveredNode<'d>>,
    pub(super) attachments: Vec<(String, AttachmentScope)>,
}

/// One subtree that was digested.
#[derive(Debug)]
pub(super) struct CoveredNode<'d> {
    pub(super) apex: Element<'d>,
    /// The enveloped signature, which was left out.
    pub(super) except: Option<Element<'d>>,
    /// The form that was digested; `None` if only the text was.
    pub(super) form: Option<Form>,
    /// The octets that were digested, where they were to be kept.
    pub(super) octets: Option<Octets>,
}

/// An element that was digested.
#[derive(Clone, Copy, Debug)]
pub struct Digested<'c, 'd> {
    /// The element.
    pub apex: Element<'d>,
    /// The enveloped signature, which was left out.
    pub except: Option<Element<'d>>,
    /// The canonical form, unless it was that of a token in the place of what refers to it.
    pub form: Option<&'c Canonicalization>,
}

/// A canonical form that was digested.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Of an element in its place.
    Canonical(Canonicalization),
    /// Of a token in the place of what refers to it.
    Token(Canonicalization),
}

impl<'d> Covered<'d> {
    /// The `ds:Signature`.
    pub fn signature(&self) -> Element<'d> {
        self.signature
    }

    /// The algorithm of the value.
    pub fn method(&self) -> SignatureAlgorithm {
        self.method
    }

    /// The SignatureValue, decoded.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The key that signed.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The elements that References resolved to; of a SecurityTokenReference under the STR-Transform, the token.
    pub fn elements(&self) -> impl Iterator<Item = Element<'d>> {
        self.nodes.iter().map(|node| node.apex)
    }

    /// The digested subtrees, each with the enveloped signature that was left out of it.
    pub fn subtrees(&self) -> impl Iterator<Item = (Element<'d>, Option<Element<'d>>)> {
        self.nodes.iter().map(|node| (node.apex, node.except))
    }

    /// The Content-IDs of the attachments that were digested, and how much of each.
    pub fn attachments(&self) -> &[(String, AttachmentScope)] {
        &self.attachments
    }

    /// The digested subtrees that are elements, each with what of it was digested.
    pub fn digested(&self) -> impl Iterator<Item = Digested<'_, 'd>> {
        let elements = self.nodes.iter().filter(|node| node.form.is_some());
        elements.map(|node| Digested {
            apex: node.apex,
            except: node.except,
            form: match &node.form {
                Some(Form::Canonical(form)) => Some(form),
                Some(Form::Token(_)) | None => None,
            },
        })
    }

    /// The SignedInfo, and the canonical form of it that was signed.
    pub fn signed_info(&self) -> (Element<'d>, &Canonicalization) {
        (self.signed_info.0, &self.signed_info.1)
    }

    /// SHA-256 of the canonical SignedInfo, which names what was signed, unlike the value, of which there can be many.
    ///
    /// # Errors
    /// The cryptography is not available.
    pub fn signed_info_digest(&self) -> Result<DigestValue, Unavailable> {
        if let Some(known) = self.signed_info_sha256 {
            return Ok(known);
        }
        let mut digester = Digester::new(DigestAlgorithm::Sha256);
        let (signed_info, canonicalization) = &self.signed_info;
        // It had a canonical form when it was verified.
        let done = c14n::element(*signed_info, canonicalization, None, &mut digester);
        debug_assert!(done.is_ok(), "SignedInfo was canonicalized before");
        digester.finish()
    }

    /// Whether `element` is itself what a Reference resolved to, and all of it but the enveloped signature was digested.
    pub fn signs(&self, element: Element<'d>) -> bool {
        self.nodes
            .iter()
            .any(|node| node.form.is_some() && node.apex == element)
    }

    /// Whether `signature`, another `ds:Signature`, is itself what a Reference resolved to, with nothing left out.
    pub fn endorses(&self, signature: Element<'d>) -> bool {
        self.nodes.iter().any(|node| {
            let whole = matches!(node.form, Some(Form::Canonical(_))) && node.except.is_none();
            whole && node.apex == signature && signature != self.signature
        })
    }

    /// Whether `element` is in a digested subtree, and not in the signature that was left out of it.
    pub fn covers(&self, element: Element<'d>) -> bool {
        self.nodes.iter().any(|node| {
            node.form.is_some()
                && element.is_within(node.apex)
                && !node.except.is_some_and(|except| element.is_within(except))
        })
    }

    /// What prefixes mean in the octets that were digested for `element`; `None` if they are no canonical form of it.
    pub fn meanings(&self, element: Element<'d>) -> Option<Meanings<'d>> {
        let mut forms = self.nodes.iter().filter(|node| node.apex == element);
        match forms.find_map(|node| node.form.as_ref()) {
            Some(Form::Canonical(form)) => Some(Meanings::new(element, form.clone())),
            // Nobody asks what values in a token mean.
            Some(Form::Token(_)) | None => None,
        }
    }

    /// The octets that were digested for `element`, if it is itself what a Reference resolved to. They are handed out
    /// once if they were kept, and made again if not.
    pub fn take_octets(&mut self, element: Element<'d>) -> Option<Octets> {
        let mut nodes = self.nodes.iter_mut();
        let node = nodes.find(|node| node.form.is_some() && node.apex == element)?;
        if let Some(octets) = node.octets.take() {
            return Some(octets);
        }
        self.octets(element).map(Octets::from)
    }

    /// The octets that were digested for `element`, made again.
    pub fn octets(&self, element: Element<'d>) -> Option<Vec<u8>> {
        let mut nodes = self.nodes.iter();
        let node = nodes.find(|node| node.form.is_some() && node.apex == element)?;
        let mut octets = Vec::with_capacity(element.span().len());
        match node.form.as_ref()? {
            Form::Canonical(form) => c14n::element(node.apex, form, node.except, &mut octets),
            Form::Token(form) => c14n::token(node.apex, form, &mut octets),
        }
        .ok()?;
        Some(octets)
    }
}
