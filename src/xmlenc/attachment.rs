use std::ops::Range;

use super::data::{ContentType, EncryptedData, is_encrypted_data};
use super::decrypt::{Encryption, Rules};
use super::error::{Error, ErrorKind};
use super::resolver::Resolver;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::crypto::Secret;
use crate::dsig::fields::{self, Fields};
use crate::dsig::{AttachmentScope, content_id};
use crate::xml::{Document, Element, Limit, Namespace, Position, quoted};

/// How the URIs begin that SwA Profile 1.1 §5.5 has for encrypted attachments.
const OF_ATTACHMENTS: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-";
const CONTENT_ONLY: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Only";
const COMPLETE: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Complete";
const TRANSFORM: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Ciphertext-Transform";

/// Keys that may be that of one attachment, all of which is read with each.
const MOST_SECRETS: usize = 4;
/// The longest MimeType: it takes the place of a field in the header of a part, which may have as much.
const LONGEST_TYPE: usize = 8 * 1024;

/// An attachment that is ciphertext, and what decrypts it. It owns what it says, as the document may be no more when it is used.
#[derive(Clone, Debug)]
pub struct EncryptedAttachment {
    /// Its Content-ID.
    pub id: String,
    /// What of it is encrypted.
    pub scope: AttachmentScope,
    /// The media type that it had, as the EncryptedData says: always there if only its content is encrypted.
    pub media_type: Option<String>,
    /// The algorithm.
    pub algorithm: DataEncryptionAlgorithm,
    /// The secrets of which one may be right: at least one, and one alone where nothing would show that it is wrong.
    pub secrets: Vec<Secret>,
    /// The `xenc:EncryptedData`, by its bytes in the document.
    pub data: Range<usize>,
    position: Position,
}

impl EncryptedAttachment {
    /// It is refused for this reason.
    pub fn refused(&self, kind: ErrorKind) -> Error {
        Error::at_position(self.position, kind)
    }
}

/// Whether `element` is an EncryptedData that says it is of an attachment.
pub fn is_of_attachment(element: Element<'_>) -> bool {
    let kind = element.attribute("Type");
    is_encrypted_data(element) && kind.is_some_and(|kind| kind.starts_with(OF_ATTACHMENTS))
}

/// What decrypts the attachments that `elements` of `document` are about, each once (SwA Profile 1.1 §5.5). Nothing is fetched: a `cid:` URI
/// names a part of this message. `is_signed` says whether a signature that somebody trusted made, and that holds, covers an EncryptedData and
/// the ciphertext with this Content-ID.
///
/// # Errors
/// As [`decrypt`](super::decrypt), first what can be said before a key is used; [`ErrorKind::Attachment`] for a form that is not read.
pub fn encrypted_attachments(
    document: &Document,
    elements: &[Element<'_>],
    resolver: &dyn Resolver,
    rules: &Rules<'_>,
    is_signed: &dyn Fn(Element<'_>, &str) -> bool,
) -> Result<Vec<EncryptedAttachment>, Error> {
    let allowed = rules.limits.encrypted_data;
    if let Some(one_too_many) = elements.get(usize::from(allowed)) {
        let limit = Limit::EncryptedData;
        let allowed = allowed.into();
        return Err(Error::at(*one_too_many, ErrorKind::Limit { limit, allowed }));
    }
    let mut all: Vec<Read<'_>> = Vec::with_capacity(elements.len());
    for element in elements {
        let read = Read::of(*element, rules, is_signed)?;
        // Readers differ in whether its case counts.
        if all.iter().any(|other| other.id.eq_ignore_ascii_case(&read.id)) {
            let why = format!(
                "another EncryptedData is about the same attachment, {}",
                quoted(&read.id)
            );
            return Err(Error::at(*element, ErrorKind::Attachment(why)));
        }
        all.push(read);
    }
    let encryption = Encryption::of_keys(document, resolver, rules)?;
    let mut decrypted = Vec::new();
    let mut found = Vec::with_capacity(all.len());
    for Read { data, id, scope } in all {
        let secrets = encryption.secrets(&data, &mut decrypted)?;
        if secrets.len() > MOST_SECRETS {
            let why = format!(
                "{} keys may be its key, and with each of at most {MOST_SECRETS} all of it is read",
                secrets.len()
            );
            return Err(Error::at(data.element, ErrorKind::Attachment(why)));
        }
        found.push(EncryptedAttachment {
            id,
            scope,
            media_type: data.element.attribute("MimeType").map(|value| value.into_owned()),
            algorithm: data.algorithm,
            secrets,
            data: data.element.span(),
            position: data.element.position(),
        });
    }
    Ok(found)
}

/// The EncryptedData of an attachment as read.
struct Read<'d> {
    data: EncryptedData<'d>,
    id: String,
    scope: AttachmentScope,
}

impl<'d> Read<'d> {
    fn of(
        element: Element<'d>,
        rules: &Rules<'_>,
        is_signed: &dyn Fn(Element<'_>, &str) -> bool,
    ) -> Result<Self, Error> {
        let refused = |why: String| Error::at(element, ErrorKind::Attachment(why));
        let data = EncryptedData::read(element)?;
        rules.check_data(&data)?;
        let scope = match &data.kind {
            ContentType::Octets(Some(kind)) if kind == CONTENT_ONLY => AttachmentScope::Content,
            ContentType::Octets(Some(kind)) if kind == COMPLETE => AttachmentScope::Complete,
            ContentType::Element | ContentType::Content | ContentType::Octets(_) => {
                let found = element.attribute("Type").unwrap_or_default();
                return Err(refused(format!(
                    "its Type is {}; expected {CONTENT_ONLY} or {COMPLETE}",
                    quoted(&found)
                )));
            }
        };
        let id = data.encrypted.attachment.clone();
        let id = id.ok_or_else(|| {
            refused("its ciphertext stands in the document, and its Type says in an attachment".to_owned())
        })?;
        let media_type = element.attribute("MimeType");
        if scope == AttachmentScope::Content && media_type.is_none() {
            return Err(refused(format!(
                "it does not say in MimeType what the attachment {} was",
                quoted(&id)
            )));
        }
        if let Some(length) = media_type
            .map(|value| value.len())
            .filter(|length| *length > LONGEST_TYPE)
        {
            return Err(refused(format!(
                "its MimeType has {length} bytes; at most {LONGEST_TYPE}, as in the header of a part"
            )));
        }
        if !data.algorithm.is_authenticated() {
            rules.check_unauthenticated_if(is_signed(element, &id), element, data.algorithm.uri())?;
        }
        Ok(Self { data, id, scope })
    }
}

/// The Content-ID that the CipherReference of an attachment names (SwA Profile 1.1 §5.5.3).
pub(super) fn referenced(reference: Element<'_>) -> Result<String, Error> {
    let elsewhere = || Error::at(reference, ErrorKind::CipherReference);
    let uri = reference.attribute("URI").ok_or_else(elsewhere)?;
    let id = content_id(&uri).ok_or_else(elsewhere)?;
    let mut fields = Fields::of(reference, &["URI"])?;
    let transforms = fields.required_in(Namespace::XENC, "Transforms")?;
    fields.end()?;
    let mut listed = Fields::of(transforms, &[])?;
    let transform = listed.required("Transform")?;
    listed.end()?;
    Fields::of(transform, &["Algorithm"])?.end()?;
    if fields::algorithm(transform)? != TRANSFORM {
        let found = fields::algorithm(transform)?;
        let why = format!("its Transform is {}; expected {TRANSFORM}", quoted(&found));
        return Err(Error::at(transform, ErrorKind::Attachment(why)));
    }
    Ok(id)
}
