use super::attachment::{AttachmentScope, SignedAttachment};
use super::error::{Error, ErrorKind};
use super::octets::sign_octets;
use super::reference::content_id_uri;
use crate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, SignatureAlgorithm, TransformAlgorithm};
use crate::c14n::{self, Buffered, Canonicalization};
use crate::crypto::{Certificate, DigestValue, Digester, SigningKey, encode_base64};
use crate::xml::{Document, Element, Limits, Namespace, escape_attribute};

/// An element to sign, as it will stand when the signature is verified.
#[derive(Clone, Debug)]
pub struct ReferenceToSign<'d> {
    /// The element.
    pub element: Element<'d>,
    /// Its ID; `None` for the root element of a document that is signed as a whole (`URI=""`).
    pub id: Option<String>,
    /// Whether the signature will stand inside it.
    pub enveloped: bool,
}

/// Something beside the document to sign, whose content is what a Reference by `cid:` is to (SwA Profile 1.1 §5.4.2).
#[derive(Clone, Copy, Debug)]
pub struct AttachmentToSign<'a> {
    /// Its Content-ID, without brackets.
    pub id: &'a str,
    /// It.
    pub attachment: &'a dyn SignedAttachment,
}

/// What to sign, and with which algorithms. Canonicalization is exclusive, so that SignedInfo does not depend on
/// where the signature is put.
#[derive(Clone, Debug)]
pub struct SignatureRequest<'d> {
    /// The algorithm of the value.
    pub method: SignatureAlgorithm,
    /// The digest of the references.
    pub digest_algorithm: DigestAlgorithm,
    /// What to sign.
    pub references: Vec<ReferenceToSign<'d>>,
    /// The content of `ds:KeyInfo`, as XML that declares its namespaces (`ds` is declared around it); empty for none.
    pub key_info: String,
    /// The `Id` of the signature.
    pub id: Option<String>,
}

/// The content of a `ds:KeyInfo` that names the signer by its certificate, with the path that was given with it; empty if there
/// is none (XML Signature §4.5.4).
pub fn x509_data(certificates: &[Certificate]) -> String {
    if certificates.is_empty() {
        return String::new();
    }
    let certificates: String = certificates
        .iter()
        .map(|certificate| {
            let base64 = encode_base64(certificate.der());
            format!("<ds:X509Certificate>{base64}</ds:X509Certificate>")
        })
        .collect();
    format!("<ds:X509Data>{certificates}</ds:X509Data>")
}

/// Signs. Returns the `ds:Signature` element as text, with all its namespaces declared, to be put where the request said it will
/// stand.
///
/// # Errors
/// `dsig.signing` for an algorithm that does not fit the key; what has no canonical form.
pub fn sign(request: &SignatureRequest<'_>, key: &SigningKey) -> Result<String, Error> {
    sign_with(request, &[], key)
}

/// The same, with References to the content of `attachments` after the others.
///
/// # Errors
/// As [`sign`]; an attachment that has no digest.
pub fn sign_with(
    request: &SignatureRequest<'_>,
    attachments: &[AttachmentToSign<'_>],
    key: &SigningKey,
) -> Result<String, Error> {
    let exclusive = CanonicalizationAlgorithm::Exclusive;
    let mut info = format!(
        "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>",
        exclusive.uri(),
        request.method.uri()
    );
    for reference in &request.references {
        info.push_str(&signed_reference(reference, request.digest_algorithm)?);
    }
    for attachment in attachments {
        info.push_str(&signed_attachment(attachment, request.digest_algorithm)?);
    }
    info.push_str("</ds:SignedInfo>");
    let value = sign_octets(request.method, key, &canonical(&info)?)?;
    let id = request
        .id
        .as_deref()
        .map_or_else(String::new, |id| format!(" Id=\"{}\"", escape_attribute(id)));
    let key_info = match request.key_info.as_str() {
        "" => String::new(),
        content => format!("<ds:KeyInfo>{content}</ds:KeyInfo>"),
    };
    Ok(format!(
        "<ds:Signature xmlns:ds=\"{}\"{id}>{info}<ds:SignatureValue>{}</ds:SignatureValue>{key_info}</ds:Signature>",
        Namespace::DS.uri(),
        encode_base64(&value)
    ))
}

fn signed_reference(reference: &ReferenceToSign<'_>, digest: DigestAlgorithm) -> Result<String, Error> {
    let exclusive: Canonicalization = CanonicalizationAlgorithm::Exclusive.into();
    let unavailable = |error| Error::at(reference.element, ErrorKind::Unavailable(error));
    let refused = |error| Error::at(reference.element, ErrorKind::Canonicalization(error));
    let mut digester = Digester::new(digest);
    let mut buffered = Buffered::new(&mut digester);
    let done = match &reference.id {
        Some(_) => c14n::element(reference.element, &exclusive, None, &mut buffered),
        None => c14n::document(reference.element.document(), &exclusive, None, &mut buffered),
    };
    buffered.finish();
    done.map_err(refused)?;
    let value = digester.finish().map_err(unavailable)?;
    let enveloped = match reference.enveloped {
        true => transform(TransformAlgorithm::EnvelopedSignature),
        false => String::new(),
    };
    let uri = reference
        .id
        .as_deref()
        .map_or_else(String::new, |id| format!("#{id}"));
    let canonical = transform(TransformAlgorithm::Canonicalization(exclusive.algorithm));
    Ok(reference_text(
        &uri,
        &format!("{enveloped}{canonical}"),
        digest,
        value,
    ))
}

fn signed_attachment(signed: &AttachmentToSign<'_>, digest: DigestAlgorithm) -> Result<String, Error> {
    let value = signed.attachment.digest(AttachmentScope::Content, digest);
    let value = value.map_err(|error| Error::nowhere(ErrorKind::Attachment(error)))?;
    let transform = transform(TransformAlgorithm::AttachmentContent);
    Ok(reference_text(
        &content_id_uri(signed.id),
        &transform,
        digest,
        value,
    ))
}

fn transform(algorithm: TransformAlgorithm) -> String {
    format!("<ds:Transform Algorithm=\"{}\"></ds:Transform>", algorithm.uri())
}

fn reference_text(uri: &str, transforms: &str, digest: DigestAlgorithm, value: DigestValue) -> String {
    format!(
        "<ds:Reference URI=\"{}\"><ds:Transforms>{transforms}</ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
        escape_attribute(uri),
        digest.uri(),
        encode_base64(value.as_bytes())
    )
}

/// The canonical octets of SignedInfo, through the same reader and canonicalization that verify it.
fn canonical(info: &str) -> Result<Vec<u8>, Error> {
    let text = format!(
        "<ds:Signature xmlns:ds=\"{}\">{info}</ds:Signature>",
        Namespace::DS.uri()
    );
    let refused = |error| Error::nowhere(ErrorKind::Xml(error));
    let document = Document::parse(text.into(), &Limits::archive()).map_err(refused)?;
    let info = document.root().first_child().unwrap_or(document.root());
    let mut octets = Vec::new();
    c14n::element(
        info,
        &CanonicalizationAlgorithm::Exclusive.into(),
        None,
        &mut octets,
    )
    .map_err(|error| Error::nowhere(ErrorKind::Canonicalization(error)))?;
    Ok(octets)
}
