use bytes::Bytes;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::edit::Edits;
use super::error::Error;
use super::header::SecurityHeader;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::SigningKey;
use crate::crypto::random_bytes;
use crate::dsig::ReferenceToSign;
use crate::dsig::SignatureRequest;
use crate::dsig::sign;
use crate::inbound::VerifiedMessage;
use crate::relay::Reply;
use crate::relay::ReplyContent;
use crate::soap::AddressingVersion;
use crate::soap::Envelope;
use crate::soap::Roles;
use crate::soap::Version;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xml::escape_text;

/// How long an answer counts as fresh.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// What an answer has to confirm of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(super) version: Version,
    pub(super) signature_values: Vec<Vec<u8>>,
    pub(super) message_id: Option<(AddressingVersion, String)>,
}

/// Signs answers.
#[derive(Debug)]
pub struct Sealer {
    identity: Identity,
}

/// An answer that is signed and bound to its request. Only [`Sealer::seal`] makes one; nothing else leaves the gateway but faults.
///
/// ```compile_fail
/// let unsigned = sealgate::outbound::SealedReply { status: 200, content: None };
/// ```
#[derive(Debug)]
pub struct SealedReply {
    status: u16,
    content: Option<(Version, Bytes)>,
}

impl Exchange {
    /// What the answer to `message` has to confirm.
    pub fn of(message: &VerifiedMessage) -> Self {
        let message_id = message.message_id().map(str::to_owned);
        Self {
            version: message.version(),
            signature_values: message.signature_values().to_vec(),
            message_id: message.addressing().zip(message_id),
        }
    }
}

impl SealedReply {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The Content-Type; `None` if there is no content.
    pub fn content_type(&self) -> Option<&'static str> {
        self.content.as_ref().map(|(version, _)| version.content_type())
    }

    /// The message; empty where the backend has taken the request and has nothing to say.
    pub fn into_body(self) -> Bytes {
        self.content.map(|(_, bytes)| bytes).unwrap_or_default()
    }
}

impl Sealer {
    /// Signs with the key of `identity`, and sends its certificate along.
    pub fn new(identity: &Identity) -> Self {
        Self {
            identity: identity.clone(),
        }
    }

    /// Signs the answer `reply` in the exchange `exchange`, at `now`.
    ///
    /// # Errors
    ///
    /// [`Error`]: the answer cannot be passed on, or not be signed.
    pub fn seal(&self, reply: Reply, exchange: &Exchange, now: DateTime<Utc>) -> Result<SealedReply, Error> {
        let (status, bytes) = match reply.into_content() {
            ReplyContent::Nothing => {
                return Ok(SealedReply {
                    status: 202,
                    content: None,
                });
            }
            ReplyContent::Envelope { status, bytes } => (status, bytes),
        };
        let envelope = Envelope::parse(bytes, &answer_limits()).map_err(Error::NoEnvelope)?;
        if envelope.version() != exchange.version {
            return Err(Error::Version(envelope.version()));
        }
        let status = http_status(&envelope, status)?;
        let signed = self.signed(&envelope, exchange, now)?;
        Ok(SealedReply {
            status,
            content: Some((envelope.version(), signed)),
        })
    }

    fn signed(&self, envelope: &Envelope, exchange: &Exchange, now: DateTime<Utc>) -> Result<Bytes, Error> {
        let (key, method, certificate) = self.signer(now)?;
        let ids = random_ids()?;
        let security = SecurityHeader {
            version: envelope.version(),
            created: now,
            expires: now.checked_add_signed(LIFE).unwrap_or(now),
            certificate,
            confirmed: &exchange.signature_values,
            ids: &ids,
        };
        let mut signed = vec![security.timestamp_id()];
        signed.extend(security.confirmation_ids());
        let mut edits = Edits::new(envelope.document());
        signed.push(edits.id_of(envelope.body(), &format!("{ids}-body"))?);
        let mut blocks = security.write();
        for (number, block) in header_blocks(envelope, exchange)?.into_iter().enumerate() {
            match block {
                Block::Present(element) => {
                    signed.push(edits.id_of(element, &format!("{ids}-header-{number}"))?)
                }
                Block::Missing(version, message_id) => {
                    let id = format!("{ids}-relates-to");
                    blocks.push_str(&relates_to(version, &message_id, &id));
                    signed.push(id);
                }
            }
        }
        match envelope.header() {
            Some(header) => edits.prepend(header, &blocks),
            None => {
                let name = beside(envelope.root(), "Header");
                edits.prepend(envelope.root(), &format!("<{name}>{blocks}</{name}>"));
            }
        }
        let unsigned = Document::parse(edits.apply(), &answer_limits()).map_err(Error::Written)?;
        let reference = |id: String| match unsigned.element_by_id(&id) {
            Some(element) => Ok(ReferenceToSign {
                element,
                id: Some(id),
                enveloped: false,
            }),
            None => Err(Error::Lost(id)),
        };
        let request = SignatureRequest {
            method,
            digest_algorithm: DigestAlgorithm::Sha256,
            references: signed.into_iter().map(reference).collect::<Result<_, _>>()?,
            key_info: security.key_info(),
            id: Some(format!("{ids}-signature")),
        };
        let signature = sign(&request, &key).map_err(Error::Signature)?;
        let mut edits = Edits::new(&unsigned);
        let timestamp = unsigned.element_by_id(&security.timestamp_id());
        let header = timestamp
            .and_then(Element::parent)
            .ok_or_else(|| Error::Lost(security.timestamp_id()))?;
        edits.append(header, &signature);
        Ok(edits.apply())
    }

    fn signer(&self, now: DateTime<Utc>) -> Result<(SigningKey, SignatureAlgorithm, &Certificate), Error> {
        let certificate = self.identity.certificate().ok_or(Error::Key)?;
        let (from, to) = (certificate.not_before(), certificate.not_after());
        if now < from || to < now {
            return Err(Error::Certificate { from, to });
        }
        let key = SigningKey::from(self.identity.key().clone());
        let method = key.default_algorithm().ok_or(Error::Key)?;
        Ok((key, method, certificate))
    }
}

/// A header block that is to be signed.
enum Block<'d> {
    /// It stands in the answer.
    Present(Element<'d>),
    /// RelatesTo, which has to be added.
    Missing(AddressingVersion, String),
}

/// The header blocks of an answer that are for the sender of the request, and RelatesTo if the request had a MessageID that the
/// backend did not repeat. Blocks for others on the way may be taken out there, and are not signed.
fn header_blocks<'d>(envelope: &'d Envelope, exchange: &Exchange) -> Result<Vec<Block<'d>>, Error> {
    let mut blocks = Vec::new();
    let mut relates = false;
    for block in envelope.header_blocks() {
        let element = block.element();
        if element.is(Namespace::WSSE, "Security") {
            return Err(Error::Security);
        }
        let addressing = [Namespace::WSA, Namespace::WSA2004].contains(&element.namespace_id());
        if addressing && element.local_name() == "RelatesTo" {
            let text = element.text().map_err(|error| Error::NoEnvelope(error.into()))?;
            let expected = exchange.message_id.as_ref();
            let expected = expected.map(|(version, id)| (version.namespace(), id.as_str()));
            if relates || expected != Some((element.namespace_id(), text.value.trim())) {
                return Err(Error::RelatesTo(text.value.into_owned()));
            }
            relates = true;
        }
        if block.targets(&Roles::default()) {
            blocks.push(Block::Present(element));
        }
    }
    if let (Some((version, id)), false) = (&exchange.message_id, relates) {
        blocks.push(Block::Missing(*version, id.clone()));
    }
    Ok(blocks)
}

fn relates_to(version: AddressingVersion, message_id: &str, id: &str) -> String {
    format!(
        "<wsa:RelatesTo xmlns:wsa=\"{}\" xmlns:wsu=\"{}\" wsu:Id=\"{id}\">{}</wsa:RelatesTo>",
        version.namespace().uri(),
        Namespace::WSU.uri(),
        escape_text(message_id)
    )
}

/// The name of a sibling of `element` in its namespace, with its prefix.
fn beside(element: Element<'_>, local: &str) -> String {
    match element.prefix() {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    }
}

/// The status of an answer (SOAP 1.1 §6.2, SOAP 1.2 Part 2 §7.5.1.2): that of a fault, or 200, whatever of the two the
/// backend has said about a fault. What is no fault must have come as a success.
fn http_status(envelope: &Envelope, status: u16) -> Result<u16, Error> {
    let version = envelope.version();
    let fault = envelope
        .body()
        .children()
        .next()
        .is_some_and(|child| child.is(version.namespace(), "Fault"));
    match (fault, status) {
        (true, 400) if version == Version::Soap12 => Ok(400),
        (true, _) => Ok(500),
        (false, 200 | 202) => Ok(200),
        (false, other) => Err(Error::Status(other)),
    }
}

/// Backends may say more than partners: the length is limited while the answer is read.
fn answer_limits() -> Limits {
    Limits::archive()
}

/// What the IDs in an answer begin with: nobody can foresee it.
fn random_ids() -> Result<String, Error> {
    let bytes = random_bytes(16).map_err(Error::Unavailable)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("a-{digits}"))
}
