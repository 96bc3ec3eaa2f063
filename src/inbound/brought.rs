use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::encoding;
use super::findings::Findings;
use super::gate::{Gate, check_action};
use super::received::Received;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::c14n;
use crate::crypto::Fingerprint;
use crate::policy::{Asked, Asking, NotWhole, Operation, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::{Addressing, AddressingVersion, Envelope, QName, Version};
use crate::threat::Threat;
use crate::trust::{BearerClaims, FirstUse, MessageBearer, ReplayStore, Use};
use crate::xml::Element;

/// A message that somebody brought together with a token that stands for it. Nobody signed it: who has the token could have written anything, and so could
/// whoever stands where TLS ends. What it owns is therefore no verified parts but the whole, in the canonical form of what was read. There is no way to make one
/// but [`Gate::examine_brought`] and [`UnusedBrought::first_use`], and no [`VerifiedMessage`](super::VerifiedMessage) is made from one.
///
/// ```compile_fail
/// let forged = sealgate::inbound::BroughtMessage { envelope: Vec::new() };
/// ```
#[derive(Debug)]
#[must_use = "a message that goes nowhere"]
pub struct BroughtMessage {
    content: Content,
    /// The token is used for this message, and for none before.
    _first_use: FirstUse,
}

/// A [`BroughtMessage`] if its token was not used before, which nobody has asked yet.
#[derive(Debug)]
#[must_use = "nobody has asked whether the token was used before"]
pub struct UnusedBrought {
    content: Content,
    token: Use,
}

#[derive(Debug)]
struct Content {
    version: Version,
    operation: Operation,
    envelope: Bytes,
    bearer: MessageBearer,
    message_id: Option<(AddressingVersion, String)>,
    invalid: Option<Unmet>,
    threats: Vec<Threat>,
}

impl Gate {
    /// Everything about a message that a token stands for, up to the question whether the token was used before: it is SOAP, has no Security header, asks for one
    /// operation in all places where it says so, all of it passes the threat rules, and its Body the schemas.
    ///
    /// # Errors
    /// The first check that does not hold.
    pub fn examine_brought(
        &self,
        received: Received,
        bearer: MessageBearer,
        now: DateTime<Utc>,
    ) -> Result<UnusedBrought, Rejection> {
        let findings = &mut Findings::unread();
        let envelope = encoding::envelope(received.bytes, received.charset, &self.policy, findings)?;
        envelope.check_version(received.version)?;
        // Of any namespace: backends know those of drafts, too.
        let security = |element: &Element<'_>| element.local_name() == "Security";
        let mut blocks = envelope.header_blocks().map(|block| block.element());
        if let Some(header) = blocks.find(security) {
            return Err(not_whole(header, NotWhole::Security).into());
        }
        envelope.check_understood(&self.roles, &self.understood)?;
        let addressing = Addressing::read(&envelope, &self.roles)?;
        let addressing = addressing.as_ref();
        check_action(received.action.as_deref(), addressing)?;
        let operation = self.asked_for(&envelope, received.action.as_deref(), addressing)?;
        self.may(&envelope, &operation.body, bearer.claims(), received.client, now)?;
        let threats = self.threats_in(std::iter::once(envelope.root()))?;
        let invalid = match &self.schema {
            Some(_) => self.invalid(&envelope, &canonical(envelope.body())?.into())?,
            None => None,
        };
        let message_id =
            addressing.and_then(|found| Some((found.version(), found.message_id()?.value.to_string())));
        let token = bearer.the_use()?;
        let content = Content {
            version: envelope.version(),
            operation,
            envelope: canonical(envelope.root())?.into(),
            bearer,
            message_id,
            invalid,
            threats,
        };
        Ok(UnusedBrought { content, token })
    }

    /// The one operation that the message asks for.
    fn asked_for(
        &self,
        envelope: &Envelope,
        http_action: Option<&str>,
        addressing: Option<&Addressing<'_>>,
    ) -> Result<Operation, Unmet> {
        let no_operation = |error| Unmet::at(envelope.body(), UnmetKind::NoOperation(error));
        let mut children = envelope.body().children();
        let body = children.next().filter(|_| children.next().is_none());
        let to = addressing.and_then(|found| found.to());
        let action = addressing.and_then(|found| found.action());
        let asked = Asked {
            http_action,
            to: to.map(|to| to.value.as_ref()),
            addressing_action: action.map(|action| action.value.as_ref()),
            body: body
                .as_ref()
                .map_or(("", ""), |body| (body.namespace(), body.local_name())),
        };
        let nowhere = || Unmet::at(envelope.body(), UnmetKind::BodyNotSigned);
        let destination = self.destination.as_ref().ok_or_else(nowhere)?;
        destination.operation(asked).cloned().map_err(no_operation)
    }

    /// Whether this operation may be asked for now.
    fn may(
        &self,
        envelope: &Envelope,
        operation: &QName,
        bearer: &BearerClaims,
        client: Option<Fingerprint>,
        at: DateTime<Utc>,
    ) -> Result<(), Unmet> {
        let asking = Asking {
            operation: Some(operation),
            signer: None,
            claims: None,
            user: None,
            bearer: Some(bearer),
            client,
            at,
        };
        let may = self
            .destination
            .as_ref()
            .map_or(Ok(()), |destination| destination.authorization.check(asking));
        may.map_err(|error| Unmet::at(envelope.body(), UnmetKind::NotAuthorized(error)))
    }
}

impl UnusedBrought {
    /// The operation that it asks for.
    pub fn operation(&self) -> &Operation {
        &self.content.operation
    }

    /// Whose token it is.
    pub fn bearer(&self) -> &MessageBearer {
        &self.content.bearer
    }

    /// Asks `store`, and waits for its answer.
    ///
    /// # Errors
    /// The token was used before, or nobody can tell.
    pub async fn first_use(
        self,
        store: &ReplayStore,
        now: DateTime<Utc>,
    ) -> Result<BroughtMessage, Rejection> {
        Ok(BroughtMessage {
            content: self.content,
            _first_use: store.first_use(vec![self.token], now).await?,
        })
    }
}

impl BroughtMessage {
    /// The SOAP version.
    pub fn version(&self) -> Version {
        self.content.version
    }

    /// The operation that it asks for.
    pub fn operation(&self) -> &Operation {
        &self.content.operation
    }

    /// The whole envelope as it was read, in Canonical XML 1.0 without comments.
    pub fn envelope(&self) -> &Bytes {
        &self.content.envelope
    }

    /// Whose token it is.
    pub fn bearer(&self) -> &MessageBearer {
        &self.content.bearer
    }

    /// The `wsa:MessageID`, with the version of WS-Addressing.
    pub fn message_id(&self) -> Option<&(AddressingVersion, String)> {
        self.content.message_id.as_ref()
    }

    /// Why the Body is not as the schemas of the service have it, where that is only observed.
    pub fn invalid(&self) -> Option<&Unmet> {
        self.content.invalid.as_ref()
    }

    /// The threats in its content, where they are only observed.
    pub fn threats(&self) -> &[Threat] {
        &self.content.threats
    }
}

fn canonical(element: Element<'_>) -> Result<Vec<u8>, Unmet> {
    let mut octets = Vec::new();
    let method = CanonicalizationAlgorithm::Inclusive10.into();
    match c14n::element(element, &method, None, &mut octets) {
        Ok(()) => Ok(octets),
        Err(c14n::Error::RelativeNamespace { namespace, .. }) => {
            Err(not_whole(element, NotWhole::RelativeNamespace(namespace)))
        }
        // Nothing is left out, and there is no end to the sink.
        Err(c14n::Error::Empty { .. } | c14n::Error::Full) => {
            Err(not_whole(element, NotWhole::RelativeNamespace(String::new())))
        }
    }
}

fn not_whole(element: Element<'_>, error: NotWhole) -> Unmet {
    Unmet::at(element, UnmetKind::NotWhole(error))
}
