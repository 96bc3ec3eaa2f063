use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::attachment::VerifiedAttachment;
use super::kept::SenderHeader;
use crate::c14n::{Octets, uncovered_qname};
use crate::crypto::{Certificate, GeneralName};
use crate::policy::saml::Claims;
use crate::policy::{Admitted, Asked, Destination, NoOperation, Operation, Unmet, UnmetKind};
use crate::soap::{Addressing, AddressingVersion, Envelope, QName, Version};
use crate::threat::Threat;
use crate::trust::{BearerClaims, ClearedBy, FirstUse, Owner, Signer, VerifiedUser};
use crate::xml::Element;

/// A message that a trusted sender signed and that the policy admitted. It owns only what was signed, in the octets
/// that were digested; there is no way to make one but [`Gate::verify`](super::Gate::verify) and its two steps,
/// [`Gate::examine`](super::Gate::examine) and [`Unused::first_use`](super::Unused::first_use).
///
/// ```compile_fail
/// let forged = sealgate::inbound::VerifiedMessage { body: Vec::new() };
/// ```
#[derive(Debug)]
#[must_use = "a verified message that goes nowhere"]
pub struct VerifiedMessage {
    version: Version,
    operation: Option<QName>,
    requested: Option<Operation>,
    body: Octets,
    headers: Vec<Octets>,
    /// The envelope with the Security header, where that is kept.
    kept: Option<Bytes>,
    sender: Sender,
    certificate: Option<Certificate>,
    issuers: Vec<Certificate>,
    cleared_by: Vec<ClearedBy>,
    claims: Option<Claims>,
    user: Option<VerifiedUser>,
    bearer: Option<Arc<BearerClaims>>,
    issuer_key: Option<[u8; 32]>,
    signature_values: Vec<Vec<u8>>,
    addressing: Option<AddressingVersion>,
    message_id: Option<String>,
    to: Option<String>,
    action: Option<String>,
    created: Option<DateTime<Utc>>,
    attachments: Vec<VerifiedAttachment>,
    invalid: Option<Unmet>,
    threats: Vec<Threat>,
    legacy: Vec<String>,
    /// This message is that one use.
    _first_use: Option<FirstUse>,
}

/// Whose message it is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sender {
    /// The certificate whose key signed the Body, where there is one.
    pub certificate: Option<Signer>,
    /// The names in that certificate besides its subject: mail addresses, DNS names and URIs, as "dns:orders.partner.example".
    #[serde(skip)]
    pub names: Vec<String>,
    /// The SAML entity whose key signed it, known by its metadata.
    pub entity: Option<String>,
    /// The ID of the assertion whose holder-of-key signed it.
    pub holder_of_key: Option<String>,
    /// The user with a key of whose password it was signed.
    pub user: Option<String>,
}

impl Sender {
    pub(super) fn of(owner: &Owner) -> Self {
        Self {
            certificate: owner.signer().cloned(),
            names: owner.certificate().map(names).unwrap_or_default(),
            entity: match owner {
                Owner::Entity(entity) => Some(entity.entity().to_owned()),
                Owner::Certified(_) | Owner::Subject(_) | Owner::User(_) => None,
            },
            holder_of_key: match owner {
                Owner::Subject(subject) => Some(subject.assertion_id().to_owned()),
                Owner::Certified(_) | Owner::Entity(_) | Owner::User(_) => None,
            },
            user: match owner {
                Owner::User(key) => Some(key.user().name().to_owned()),
                Owner::Certified(_) | Owner::Entity(_) | Owner::Subject(_) => None,
            },
        }
    }
}

fn names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.subject_alternative_names().iter();
    names
        .filter_map(|name| match name {
            GeneralName::Email(name) => Some(format!("email:{name}")),
            GeneralName::Dns(name) => Some(format!("dns:{name}")),
            GeneralName::Uri(name) => Some(format!("uri:{name}")),
            GeneralName::Ip(_) | GeneralName::Directory(_) | GeneralName::Other { .. } => None,
        })
        .collect()
}

/// A message that is verified if it was not used before.
#[derive(Debug)]
pub(super) struct Relayable(VerifiedMessage);

impl Relayable {
    /// Copies what was signed out of the document it was proven in.
    ///
    /// # Errors
    /// Nothing signs the Body; a QName in it has a prefix that is not covered.
    pub(super) fn new<'d>(
        envelope: &'d Envelope,
        admitted: &mut Admitted<'d>,
        addressing: Option<&Addressing<'_>>,
    ) -> Result<Self, Unmet> {
        let body = relayable_body(envelope, admitted)?;
        let octets = body.octets;
        let body = body.element;
        let mut headers = Vec::new();
        for header in &admitted.headers().to_vec() {
            match admitted.take_octets(*header) {
                Some(octets) => headers.push(octets),
                None => {
                    return Err(Unmet::at(
                        *header,
                        UnmetKind::HeaderNotSigned(header.name().to_owned()),
                    ));
                }
            }
        }
        let Some(owner) = admitted.main().map(|main| main.owner()) else {
            return Err(Unmet::at(body, UnmetKind::BodyNotSigned));
        };
        let sender = Sender::of(owner);
        let path = match owner {
            Owner::Certified(path) => Some(path),
            Owner::Entity(_) | Owner::Subject(_) | Owner::User(_) => None,
        };
        let signed = |element: Element<'_>| admitted.headers().contains(&element);
        let message_id = addressing.and_then(|addressing| addressing.message_id());
        let action = addressing.and_then(|addressing| addressing.action());
        let to = addressing.and_then(|addressing| addressing.to());
        let mut children = body.children();
        let operation = match (children.next(), children.next()) {
            (Some(only), None) => Some(QName {
                namespace: only.namespace().to_owned(),
                local: only.local_name().to_owned(),
            }),
            _ => None,
        };
        Ok(Self(VerifiedMessage {
            version: envelope.version(),
            operation,
            requested: None,
            body: octets,
            headers,
            kept: None,
            sender,
            certificate: owner.certificate().cloned(),
            issuers: path.map(|path| path.issuers().to_vec()).unwrap_or_default(),
            cleared_by: path.map(|path| path.cleared_by().to_vec()).unwrap_or_default(),
            claims: None,
            user: None,
            bearer: None,
            issuer_key: None,
            signature_values: admitted
                .signatures()
                .map(|proof| proof.value().to_vec())
                .collect(),
            addressing: addressing.map(|addressing| addressing.version()),
            to: to
                .filter(|found| signed(found.element))
                .map(|found| found.value.to_string()),
            message_id: message_id
                .filter(|found| signed(found.element))
                .map(|found| found.value.to_string()),
            action: action
                .filter(|found| signed(found.element))
                .map(|found| found.value.to_string()),
            created: admitted.fresh().map(|fresh| fresh.created()),
            attachments: Vec::new(),
            invalid: None,
            threats: Vec::new(),
            legacy: Vec::new(),
            _first_use: None,
        }))
    }

    /// The Body, as it will be relayed.
    pub(super) fn body(&self) -> &Octets {
        self.0.body()
    }

    /// The signed header blocks, as they will be relayed.
    pub(super) fn headers(&self) -> &[Octets] {
        self.0.headers()
    }

    /// To be relayed as `envelope`, which has the Security header and was judged as it is.
    pub(super) fn keeping(self, envelope: Bytes) -> Self {
        Self(VerifiedMessage {
            kept: Some(envelope),
            ..self.0
        })
    }

    /// Whose it is.
    pub(super) fn sender(&self) -> &Sender {
        self.0.sender()
    }

    /// What its assertion says.
    pub(super) fn claims(&self) -> Option<&Claims> {
        self.0.claims()
    }

    /// The operation that it asks for; `None` where the gate knows of no destination.
    pub(super) fn requested(&self) -> Option<&Operation> {
        self.0.requested()
    }

    /// The name of the one element in the Body.
    pub(super) fn operation(&self) -> Option<&QName> {
        self.0.operation()
    }

    /// Finds the operation that the message asks for in all places where it says so.
    ///
    /// # Errors
    /// [`NoOperation`]: it is for somebody else, or asks for none, or not for one.
    pub(super) fn for_destination(
        &mut self,
        destination: &Destination,
        http_action: Option<&str>,
    ) -> Result<(), NoOperation> {
        let Self(message) = self;
        let body = message.operation();
        let asked = Asked {
            http_action,
            to: message.to(),
            addressing_action: message.action(),
            body: body.map_or(("", ""), |name| (name.namespace.as_str(), name.local.as_str())),
        };
        message.requested = Some(destination.operation(asked)?.clone());
        Ok(())
    }

    /// With what the token proves that came beside it.
    pub(super) fn beside(self, bearer: Option<Arc<BearerClaims>>) -> Self {
        Self(VerifiedMessage { bearer, ..self.0 })
    }

    /// With what else was verified.
    pub(super) fn with(
        self,
        claims: Option<Claims>,
        user: Option<VerifiedUser>,
        issuer_key: Option<[u8; 32]>,
        attachments: Vec<VerifiedAttachment>,
        invalid: Option<Unmet>,
        threats: Vec<Threat>,
    ) -> Self {
        Self(VerifiedMessage {
            attachments,
            claims,
            user,
            issuer_key,
            invalid,
            threats,
            ..self.0
        })
    }

    /// With what its verdict needed beyond today's practice.
    pub(super) fn that_needed(self, legacy: Vec<String>) -> Self {
        Self(VerifiedMessage { legacy, ..self.0 })
    }

    /// The message, now that this is known to be its first use, where uses are remembered.
    pub(super) fn used(self, first_use: Option<FirstUse>) -> VerifiedMessage {
        VerifiedMessage {
            _first_use: first_use,
            ..self.0
        }
    }
}

impl VerifiedMessage {
    /// The SOAP version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The name of the one element in the Body; `None` if there is none or more than one.
    pub fn operation(&self) -> Option<&QName> {
        self.operation.as_ref()
    }

    /// The operation that it asks for; `None` where the gate knows of no destination.
    pub fn requested(&self) -> Option<&Operation> {
        self.requested.as_ref()
    }

    /// The certificate whose key signed the Body, where there is one.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// That certificate and those that vouch for it, up to the anchor.
    pub fn chain(&self) -> impl Iterator<Item = &Certificate> {
        self.certificate.iter().chain(&self.issuers)
    }

    /// The CRLs and OCSP responses that cleared them.
    pub fn cleared_by(&self) -> &[ClearedBy] {
        &self.cleared_by
    }

    /// The Body element, in the canonical octets that were digested.
    pub fn body(&self) -> &Octets {
        &self.body
    }

    /// The signed header blocks, Security excepted, each in the canonical octets that were digested.
    pub fn headers(&self) -> &[Octets] {
        &self.headers
    }

    /// Whether the Security header goes with it, and its signatures to whoever answers.
    pub fn sender_header(&self) -> SenderHeader {
        match self.kept {
            Some(_) => SenderHeader::Kept,
            None => SenderHeader::TakenOut,
        }
    }

    /// An envelope of the verified headers and Body, of the Security header where that is kept, and of nothing else.
    pub fn envelope(&self) -> Vec<u8> {
        if let Some(kept) = &self.kept {
            return kept.to_vec();
        }
        let namespace = self.version.namespace().uri();
        let start = format!("<soap:Envelope xmlns:soap=\"{namespace}\">");
        let mut pieces = vec![start.as_bytes()];
        if !self.headers.is_empty() {
            pieces.push(b"<soap:Header>");
            pieces.extend(self.headers.iter().flat_map(Octets::pieces));
            pieces.push(b"</soap:Header>");
        }
        pieces.extend(self.body.pieces());
        pieces.push(b"</soap:Envelope>");
        pieces.concat()
    }

    /// The signed attachments, in the order of the References to them.
    pub fn attachments(&self) -> &[VerifiedAttachment] {
        &self.attachments
    }

    /// Whose message it is.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// What a trusted issuer says of the subject.
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// SHA-256 of the public key that its assertion's issuer signed with, if one did.
    pub fn issuer_key(&self) -> Option<&[u8; 32]> {
        self.issuer_key.as_ref()
    }

    /// What the bearer token proves that came beside it.
    pub fn bearer(&self) -> Option<&BearerClaims> {
        self.bearer.as_deref()
    }

    /// The user of its UsernameToken, whose password was compared.
    pub fn user(&self) -> Option<&VerifiedUser> {
        self.user.as_ref()
    }

    /// The values of all signatures that were verified, for SignatureConfirmation (WSS 1.1 §8.5).
    pub fn signature_values(&self) -> &[Vec<u8>] {
        &self.signature_values
    }

    /// The version of WS-Addressing that it speaks, if it does.
    pub fn addressing(&self) -> Option<AddressingVersion> {
        self.addressing
    }

    /// The signed `wsa:To`.
    pub fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    /// The signed `wsa:MessageID`.
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// The signed `wsa:Action`.
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// Why the Body is not as the schemas of the service have it, where that is only observed.
    pub fn invalid(&self) -> Option<&Unmet> {
        self.invalid.as_ref()
    }

    /// The threats in its content, where they are only observed.
    pub fn threats(&self) -> &[Threat] {
        &self.threats
    }

    /// What its verdict needed beyond today's practice, as verdicts name it.
    pub fn legacy(&self) -> &[String] {
        &self.legacy
    }

    /// When it was made, says its signed Timestamp.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        self.created
    }
}

/// The Body that was signed, with the octets that were digested.
struct SignedBody<'d> {
    element: Element<'d>,
    octets: Octets,
}

fn relayable_body<'d>(envelope: &'d Envelope, admitted: &mut Admitted<'d>) -> Result<SignedBody<'d>, Unmet> {
    let element = check_relayable(envelope, admitted)?;
    let not_signed = || Unmet::at(element, UnmetKind::BodyNotSigned);
    let octets = admitted.take_octets(element).ok_or_else(not_signed)?;
    Ok(SignedBody { element, octets })
}

/// The Body, if a message under a policy that asks for a signed one could be relayed.
///
/// # Errors
/// As [`Relayable::new`].
pub(super) fn check_relayable<'d>(
    envelope: &'d Envelope,
    admitted: &Admitted<'d>,
) -> Result<Element<'d>, Unmet> {
    let not_signed = || Unmet::at(envelope.body(), UnmetKind::BodyNotSigned);
    let body = admitted.body().ok_or_else(not_signed)?;
    for part in std::iter::once(body).chain(admitted.headers().iter().copied()) {
        if let Some((element, name)) = uncovered_qname(part, admitted.meanings(part)) {
            return Err(Unmet::at(element, UnmetKind::QNameNotCovered(name)));
        }
    }
    Ok(body)
}
