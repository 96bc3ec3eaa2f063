use std::io;

use bytes::Bytes;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use futures_util::Stream;

use super::attachment::SealedAttachment;
use super::error::Error;
use super::form::AnswerForm;
use super::form::SignedHeaders;
use super::relates_to::relates_to;
use super::relates_to::with_relates_to;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::Reserved;
use crate::crypto::SigningKey;
use crate::crypto::random_name;
use crate::dsig::AttachmentToSign;
use crate::inbound::BroughtMessage;
use crate::inbound::SenderHeader;
use crate::inbound::Signatures;
use crate::inbound::VerifiedMessage;
use crate::relay::Multipart;
use crate::relay::Reply;
use crate::relay::ReplyContent;
use crate::soap::AddressingVersion;
use crate::soap::Envelope;
use crate::soap::HeaderBlock;
use crate::soap::Roles;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::wss::write::Ids;
use crate::wss::write::Plan;
use crate::wss::write::Understanding;
use crate::wss::write::write;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;

/// How long an answer counts as fresh.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// What an answer has to confirm of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(super) version: Version,
    pub(super) signature_values: Vec<Vec<u8>>,
    /// Whether the backend has seen them.
    pub(super) signatures: Signatures,
    pub(super) message_id: Option<(AddressingVersion, String)>,
    /// The certificate that signed the request.
    pub(super) requester: Option<Certificate>,
}

/// Signs answers.
#[derive(Debug)]
pub struct Sealer {
    identity: Identity,
    form: AnswerForm,
}

/// An answer that is signed and bound to its request. Only [`Sealer::seal`] makes one; nothing else leaves the gateway but faults.
///
/// ```compile_fail
/// let unsigned = sealgate::outbound::SealedReply { status: 200, content: None };
/// ```
#[derive(Debug)]
pub struct SealedReply {
    status: u16,
    content: Option<Content>,
}

#[derive(Debug)]
enum Content {
    Envelope(Version, Bytes),
    Parts(Multipart<SealedAttachment>),
}

/// The octets of an answer.
#[derive(Debug)]
pub enum SealedBody<S> {
    /// All of them; none where the backend has taken the request and has nothing to say.
    Whole(Bytes),
    /// So many, piece by piece.
    Streamed(u64, S),
}

impl Exchange {
    /// What the answer to `message` has to confirm.
    pub fn of(message: &VerifiedMessage) -> Self {
        let message_id = message.message_id().map(str::to_owned);
        Self {
            version: message.version(),
            signature_values: message.signature_values().to_vec(),
            signatures: match message.sender_header() {
                SenderHeader::Kept => Signatures::Seen,
                SenderHeader::TakenOut => Signatures::TakenOut,
            },
            message_id: message.addressing().zip(message_id),
            requester: message.certificate().cloned(),
        }
    }
}

impl Exchange {
    /// What the answer to `message`, which nobody signed, has to confirm.
    pub fn of_brought(message: &BroughtMessage) -> Self {
        Self {
            version: message.version(),
            signature_values: Vec::new(),
            signatures: Signatures::TakenOut,
            message_id: message.message_id().cloned(),
            requester: None,
        }
    }
}

impl SealedReply {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The Content-Type; `None` if there is no content.
    pub fn content_type(&self) -> Option<&str> {
        self.content.as_ref().map(|content| match content {
            Content::Envelope(version, _) => version.content_type(),
            Content::Parts(parts) => parts.content_type(),
        })
    }

    /// The message.
    pub fn into_body(self) -> SealedBody<impl Stream<Item = io::Result<Bytes>>> {
        match self.content {
            None => SealedBody::Whole(Bytes::new()),
            Some(Content::Envelope(_, bytes)) => SealedBody::Whole(bytes),
            Some(Content::Parts(parts)) => SealedBody::Streamed(parts.length(), parts.into_stream()),
        }
    }
}

impl Sealer {
    /// What answers are digested by.
    pub const DIGEST: DigestAlgorithm = DigestAlgorithm::Sha256;

    /// Signs with the key of `identity`, as `form` says.
    pub fn new(identity: &Identity, form: AnswerForm) -> Self {
        Self {
            identity: identity.clone(),
            form,
        }
    }

    /// When the certificate that answers are signed with ceases to hold.
    pub fn ends(&self) -> Option<DateTime<Utc>> {
        self.identity.certificate().map(Certificate::not_after)
    }

    /// Whether the key that seals is there, as far as that is known.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is in a token that is lost.
    pub fn available(&self) -> Result<(), Error> {
        self.identity.key().available().map_err(Error::Unavailable)
    }

    /// A signature of an answer that can be made in time, kept for whoever has this.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: the key is in a token that is lost, or has promised as many as it can make.
    pub fn reserve(&self) -> Result<Reserved, Error> {
        self.identity.key().reserve().map_err(Error::Unavailable)
    }

    /// Whether others hold the key that seals for us, whom each answer is waited for.
    pub fn has_held_key(&self) -> bool {
        self.identity.key().is_held()
    }

    /// Whether an answer in this exchange can be sealed, as far as that depends on who asked. Nobody should be asked for one that cannot.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipient`].
    pub fn can_answer(&self, exchange: &Exchange) -> Result<(), Error> {
        let encryption = self.form.encryption.as_ref();
        let recipient = encryption.map(|encryption| encryption.recipient(exchange.requester.as_ref()));
        recipient.transpose().map(drop)
    }

    /// Signs the answer `reply` in the exchange `exchange`, at `now`.
    ///
    /// # Errors
    ///
    /// [`Error`]: the answer cannot be passed on, or not be signed.
    pub fn seal(&self, reply: Reply, exchange: &Exchange, now: DateTime<Utc>) -> Result<SealedReply, Error> {
        let (status, bytes, attachments) = match reply.into_content() {
            ReplyContent::Nothing | ReplyContent::OneWay => {
                return Ok(SealedReply {
                    status: 202,
                    content: None,
                });
            }
            ReplyContent::Envelope {
                status,
                bytes,
                attachments,
            } => (status, bytes, attachments),
        };
        let envelope = Envelope::parse(bytes, &answer_limits()).map_err(Error::NoEnvelope)?;
        if envelope.version() != exchange.version {
            return Err(Error::Version(envelope.version()));
        }
        let status = http_status(&envelope, status)?;
        let envelope = related(envelope, exchange)?;
        let signed = self.signed(&envelope, &attachments, exchange, now)?;
        let version = envelope.version();
        let content = if attachments.is_empty() {
            let sealed = match &self.form.encryption {
                Some(encryption) => encryption.encrypted(signed, exchange.requester.as_ref())?,
                None => signed,
            };
            Content::Envelope(version, sealed)
        } else if self.form.encryption.is_some() {
            return Err(Error::Attachments);
        } else {
            let parts = SealedAttachment::all(&attachments)?;
            let parts = Multipart::new(version, None, version.content_type(), signed, &parts);
            Content::Parts(parts.map_err(Error::Unavailable)?)
        };
        Ok(SealedReply {
            status,
            content: Some(content),
        })
    }

    fn signed(
        &self,
        envelope: &Envelope,
        attachments: &Attachments,
        exchange: &Exchange,
        now: DateTime<Utc>,
    ) -> Result<Bytes, Error> {
        let (key, method, certificate) = self.signer(now)?;
        let plan = Plan {
            role: None,
            understanding: Understanding::Required,
            timestamp: Some((now, now.checked_add_signed(LIFE))),
            key: Some(self.form.signer.token(certificate)),
            confirmations: Some(&exchange.signature_values),
            parts: parts(envelope, self.form.signed),
        };
        let unsigned = write(envelope, &plan, &mut Ids::new(random()?)).map_err(Error::Written)?;
        let attachments: Vec<_> = attachments
            .iter()
            .map(|attachment| AttachmentToSign {
                id: attachment.id(),
                attachment,
            })
            .collect();
        let signed = unsigned.sign_with(&attachments, method, Self::DIGEST, &key);
        Ok(signed.map_err(Error::Written)?.into())
    }

    fn signer(&self, now: DateTime<Utc>) -> Result<(SigningKey, SignatureAlgorithm, &Certificate), Error> {
        let certificate = self.identity.certificate().ok_or(Error::Key)?;
        let (from, to) = (certificate.not_before(), certificate.not_after());
        if now < from || to < now {
            return Err(Error::Certificate { from, to });
        }
        let key = SigningKey::from(self.identity.key().clone());
        let method = self.form.algorithm.or_else(|| key.default_algorithm());
        let method = method.ok_or(Error::Key)?;
        Ok((key, method, certificate))
    }
}

/// The answer, saying which message it answers if that has a name. A Security header of the backend's is refused: nobody could tell
/// it from ours.
fn related(envelope: Envelope, exchange: &Exchange) -> Result<Envelope, Error> {
    let secured = |block: &HeaderBlock<'_>| block.element().is(Namespace::WSSE, "Security");
    if envelope.header_blocks().any(|block| secured(&block)) {
        return Err(Error::Security);
    }
    let said: Vec<_> = relates_to(&envelope).collect();
    match (said.as_slice(), &exchange.message_id) {
        ([], None) => Ok(envelope),
        ([], Some((version, id))) => {
            let written = with_relates_to(&envelope, *version, id);
            Envelope::parse(written, &answer_limits()).map_err(Error::NoEnvelope)
        }
        ([(found, Some(text))], Some((version, id))) if found == version && text == id => Ok(envelope),
        ([(_, text), ..], _) => Err(Error::RelatesTo(text.clone().unwrap_or_default())),
    }
}

/// What is signed of an answer: its Body, and those of the header blocks for the sender of the request that are to be `signed`. Blocks for
/// others on the way may be taken out there.
fn parts(envelope: &Envelope, signed: SignedHeaders) -> Vec<Element<'_>> {
    let ours = Roles::default();
    let blocks = envelope.header_blocks().filter(|block| block.targets(&ours));
    blocks
        .map(|block| block.element())
        .filter(|block| signed.contain(*block))
        .chain([envelope.body()])
        .collect()
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

pub(super) fn random() -> Result<[u8; 16], Error> {
    random_name().map_err(Error::Unavailable)
}
