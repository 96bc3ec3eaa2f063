//! Writes a Security header of ours into a message: Timestamp, token, confirmations, and the place for a signature; and encrypts parts
//! of a message.
//!
//! Nothing is written from templates that a value could break out of (T109): every value is a time, base64, an ID of ours or
//! escaped, and what comes out is read again before it is signed.

mod edit;
mod encrypt;
mod key;
mod names;
mod prefix;

use chrono::DateTime;
use chrono::Utc;

use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::SigningKey;
use crate::crypto::encode_base64;
use crate::dsig;
use crate::dsig::AttachmentToSign;
use crate::dsig::ReferenceToSign;
use crate::dsig::SignatureRequest;
use crate::soap::Envelope;
use crate::soap::Roles;
use crate::soap::Version;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xml::escape_attribute;
use edit::Edits;
use key::Written;
use prefix::Scope;

pub use encrypt::{EncryptionPlan, RecipientName, encrypt};
pub use key::KeyToken;
pub use names::Ids;

/// What the header shall hold, and what the signature shall cover.
#[derive(Clone, Debug)]
pub struct Plan<'p> {
    /// For whom it is, by actor or role; `None` for the last receiver.
    pub role: Option<&'p str>,
    /// Whether the receiver must understand it.
    pub understanding: Understanding,
    /// The Timestamp: Created, and Expires if it has one.
    pub timestamp: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// How the receiver learns which key signed; `None` if nothing is said.
    pub key: Option<KeyToken<'p>>,
    /// Values of the signatures of the request that this answers; `Some` of none says that it had none (WSS 1.1 §8.5).
    pub confirmations: Option<&'p [Vec<u8>]>,
    /// Header blocks, the Body, or elements in the Body, that the signature covers besides Timestamp and confirmations.
    pub parts: Vec<Element<'p>>,
}

/// Whether a receiver must understand a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Understanding {
    /// It must, or refuse the message.
    Required,
    /// It may.
    Optional,
}

/// A message with a Security header that waits for its signature.
#[derive(Clone, Debug)]
pub struct Unsigned {
    text: String,
    slot: usize,
    ids: Vec<String>,
    key_info: String,
}

/// Writes the header that `plan` asks for into `envelope`, as the first header block. IDs are given where they are missing, unique in
/// the message.
///
/// # Errors
/// `wss.already_secured` if a Security header for that receiver is there, `wss.part` for a part that cannot be signed by
/// reference, `wss.no_key_identifier` if the certificate lacks the identifier that should name it.
pub fn write(envelope: &Envelope, plan: &Plan<'_>, ids: &mut Ids) -> Result<Unsigned, Error> {
    check_free(envelope, plan.role)?;
    let mut edits = Edits::default();
    let mut part_ids = Vec::with_capacity(plan.parts.len());
    for part in &plan.parts {
        check_part(envelope, *part)?;
        part_ids.push(ensure_id(*part, ids, &mut edits)?);
    }
    let header = header_text(envelope, plan, ids)?;
    let slot = edits.insert_header(envelope, &header.open, header.close);
    let (text, slot) = edits.apply(envelope.document().as_str(), slot);
    let mut signed = header.ids;
    signed.extend(part_ids);
    Ok(Unsigned {
        text,
        slot,
        ids: signed,
        key_info: header.key_info,
    })
}

impl Unsigned {
    /// The message without signature.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The IDs of what is to be signed: the Timestamp, the confirmations, and the parts as planned.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The content of the signature's `ds:KeyInfo`, with its namespaces declared; empty if nothing is said.
    pub fn key_info(&self) -> &str {
        &self.key_info
    }

    /// With `item`, the text of an element that declares its namespaces, as the last item so far; signed, if it has the ID `signed`.
    #[must_use]
    pub fn with_item(mut self, item: &str, signed: Option<String>) -> Self {
        self.text.insert_str(self.slot, item);
        self.slot = self.slot.saturating_add(item.len());
        self.ids.extend(signed);
        self
    }

    /// Signs all that is to be signed and puts the signature in as the last item of the header.
    ///
    /// # Errors
    /// What [`dsig::sign`] refuses; the message is read again, with its errors.
    pub fn sign(
        self,
        method: SignatureAlgorithm,
        digest_algorithm: DigestAlgorithm,
        key: &SigningKey,
    ) -> Result<Vec<u8>, Error> {
        self.sign_with(&[], method, digest_algorithm, key)
    }

    /// The same, with the content of `attachments` signed too.
    ///
    /// # Errors
    /// As [`Unsigned::sign`].
    pub fn sign_with(
        self,
        attachments: &[AttachmentToSign<'_>],
        method: SignatureAlgorithm,
        digest_algorithm: DigestAlgorithm,
        key: &SigningKey,
    ) -> Result<Vec<u8>, Error> {
        let document = Document::parse(self.text.clone().into(), &Limits::archive());
        let document = document.map_err(|error| Error::nowhere(ErrorKind::Xml(error)))?;
        let references = self.ids.iter().map(|id| {
            let element = document.element_by_id(id);
            let element = element.ok_or_else(|| Error::nowhere(ErrorKind::Part("it lost its ID")))?;
            Ok(ReferenceToSign {
                element,
                id: Some(id.clone()),
                enveloped: false,
            })
        });
        let request = SignatureRequest {
            method,
            digest_algorithm,
            references: references.collect::<Result<_, Error>>()?,
            key_info: self.key_info.clone(),
            id: None,
        };
        let signature = dsig::sign_with(&request, attachments, key)
            .map_err(|error| Error::nowhere(ErrorKind::Signing(error)))?;
        Ok(self.with_signature(&signature))
    }

    /// The message with `signature`, the text of a `ds:Signature` that declares its namespaces, as the last item of the header.
    pub fn with_signature(mut self, signature: &str) -> Vec<u8> {
        self.text.insert_str(self.slot, signature);
        self.text.into_bytes()
    }

    /// The message as it is.
    pub fn without_signature(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// Refuses a message that already has a Security header for the same receiver: two are one too many (BSP R3206).
fn check_free(envelope: &Envelope, role: Option<&str>) -> Result<(), Error> {
    security_header(envelope, role).map_or(Ok(()), |header| Err(Error::at(ErrorKind::AlreadySecured, header)))
}

/// The Security header for that receiver.
fn security_header<'e>(envelope: &'e Envelope, role: Option<&str>) -> Option<Element<'e>> {
    let receiver = Roles::default();
    let mut blocks = envelope.header_blocks();
    let block = blocks.find(|block| {
        let same = match role {
            None => block.targets(&receiver),
            Some(role) => block.role().as_deref() == Some(role),
        };
        same && block.element().is(Namespace::WSSE, "Security")
    });
    block.map(|block| block.element())
}

/// A part is the Body, something in it, or a header block of this message.
fn check_part(envelope: &Envelope, part: Element<'_>) -> Result<(), Error> {
    let in_body = part.is_within(envelope.body());
    if in_body || envelope.header_blocks().any(|block| block.element() == part) {
        Ok(())
    } else {
        Err(Error::at(
            ErrorKind::Part("it is neither a header block nor in the Body"),
            part,
        ))
    }
}

/// The ID of `part`, which is given one if it has none.
fn ensure_id(part: Element<'_>, ids: &mut Ids, edits: &mut Edits) -> Result<String, Error> {
    if let Some(id) = part.id() {
        return if crate::xml::is_ncname(&id) {
            Ok(id.into_owned())
        } else {
            Err(Error::at(
                ErrorKind::Part("its ID is none that a reference can name"),
                part,
            ))
        };
    }
    let id = ids.next(part.local_name(), part.document());
    let (prefix, declaration) = Scope::of(part).utility_prefix();
    edits.insert_attributes(part, &format!("{declaration} {prefix}:Id=\"{id}\""));
    Ok(id)
}

struct HeaderText {
    /// From the start tag to the place of the signature.
    open: String,
    close: &'static str,
    ids: Vec<String>,
    key_info: String,
}

fn header_text(envelope: &Envelope, plan: &Plan<'_>, ids: &mut Ids) -> Result<HeaderText, Error> {
    let document = envelope.document();
    let mut open = start_tag(envelope, plan.role, plan.understanding);
    let mut signed = Vec::new();
    if let Some((created, expires)) = plan.timestamp {
        let id = ids.next("Timestamp", document);
        open.push_str(&timestamp(&id, created, expires));
        signed.push(id);
    }
    let key = plan
        .key
        .as_ref()
        .map_or(Ok(Written::default()), |key| key.write(ids, document))?;
    open.push_str(&key.item);
    let none: &[Option<&Vec<u8>>] = &[None];
    let values: Vec<Option<&Vec<u8>>> = match plan.confirmations {
        None => Vec::new(),
        Some([]) => none.to_vec(),
        Some(values) => values.iter().map(Some).collect(),
    };
    for value in values {
        let id = ids.next("SignatureConfirmation", document);
        open.push_str(&confirmation(&id, value));
        signed.push(id);
    }
    Ok(HeaderText {
        open,
        close: "</wsse:Security>",
        ids: signed,
        key_info: key.key_info,
    })
}

fn start_tag(envelope: &Envelope, role: Option<&str>, understanding: Understanding) -> String {
    let version = envelope.version();
    let scope = Scope::of(envelope.header().unwrap_or(envelope.root()));
    let required = understanding == Understanding::Required;
    let (soap, soap_declaration) = if required || role.is_some() {
        scope.soap_prefix(version.namespace())
    } else {
        ("soap", String::new())
    };
    let wsse = scope.declare("wsse", Namespace::WSSE);
    let wsu = scope.declare("wsu", Namespace::WSU);
    let role = role.map_or_else(String::new, |role| {
        let name = match version {
            Version::Soap11 => "actor",
            Version::Soap12 => "role",
        };
        format!(" {soap}:{name}=\"{}\"", escape_attribute(role))
    });
    let must_understand = match (required, version) {
        (false, _) => String::new(),
        (true, Version::Soap11) => format!(" {soap}:mustUnderstand=\"1\""),
        (true, Version::Soap12) => format!(" {soap}:mustUnderstand=\"true\""),
    };
    // SOAP 1.1 and 1.2 both sort these two as canonical XML does: actor and mustUnderstand, mustUnderstand and role.
    let attributes = match version {
        Version::Soap11 => format!("{role}{must_understand}"),
        Version::Soap12 => format!("{must_understand}{role}"),
    };
    format!("<wsse:Security{soap_declaration}{wsse}{wsu}{attributes}>")
}

fn timestamp(id: &str, created: DateTime<Utc>, expires: Option<DateTime<Utc>>) -> String {
    let created = milliseconds(created);
    let expires = expires.map_or_else(String::new, |expires| {
        format!("<wsu:Expires>{}</wsu:Expires>", milliseconds(expires))
    });
    format!("<wsu:Timestamp wsu:Id=\"{id}\"><wsu:Created>{created}</wsu:Created>{expires}</wsu:Timestamp>")
}

fn milliseconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn confirmation(id: &str, value: Option<&Vec<u8>>) -> String {
    let namespace = Namespace::WSSE11.uri();
    let value = value.map_or_else(String::new, |value| {
        format!(" Value=\"{}\"", encode_base64(value))
    });
    format!(
        "<wsse11:SignatureConfirmation xmlns:wsse11=\"{namespace}\"{value} wsu:Id=\"{id}\"></wsse11:SignatureConfirmation>"
    )
}

#[cfg(test)]
mod tests;
