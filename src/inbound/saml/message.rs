use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::VerifiedSaml;
use super::assertion::accept;
use super::delivery::Delivery;
use super::not_supported;
use super::signed::Layer;
use super::signed::Signatures;
use super::signed::not_signed;
use crate::inbound::Findings;
use crate::policy::saml;
use crate::policy::saml::FailedStatus;
use crate::policy::saml::Rules;
use crate::policy::saml::check_positions;
use crate::policy::saml::check_text;
use crate::rejection::Rejection;
use crate::token::saml::ArtifactResponse;
use crate::token::saml::Assertion;
use crate::token::saml::Content;
use crate::token::saml::Message;
use crate::token::saml::ProtocolMessage;
use crate::token::saml::Response;
use crate::token::saml::Role;
use crate::token::saml::Status;
use crate::trust::Issuers;
use crate::xml::Element;
use crate::xml::Namespace;

/// A protocol message, by itself or in an ArtifactResponse: what is read is covered by a signature of its own or of what it
/// stands in, and every signature there is holds.
pub(super) fn judge_message<'d>(
    delivery: Delivery<'d>,
    context: &SamlContext<'_>,
    signatures: &mut Signatures<'d>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    let read = MessageRead::of(&delivery, context)?;
    let at = read.at(context)?;
    findings.judged_at = Some(at);
    let policy = context.policy_of_age(at);
    let context = &context.by(&policy);
    let rules = Rules::new(context.policy, delivery.way);
    let query = delivery.query;
    if let Some(Spoken::Response { response, .. }) = &read.spoken
        && matches!(response.content, Content::EncryptedAssertion(_))
        && read.layers.iter().all(|layer| layer.placed.is_none())
        && query.is_none()
    {
        // It may be signed inside.
        saml::assertion_in(response)?;
    }
    if let (Some(signature), Some(outermost)) = (
        query.and_then(|query| query.signature.as_ref()),
        read.layers.first(),
    ) {
        signatures.verify_query(signature, outermost, at, context, findings)?;
    }
    signatures.verify(&read.layers, || read.not_signed(), at, context, findings)?;
    findings.signed_time = Some(at);
    check_text(delivery.root, &rules)?;

    let MessageRead { artifact, spoken, .. } = read;
    if let Some(artifact) = &artifact {
        saml::message_in(artifact)?;
        let inner = spoken
            .as_ref()
            .and_then(|spoken| spoken.message().issuer.as_ref());
        let warnings = saml::judge_artifact_response(artifact, inner, &rules, context.party, at)?;
        warnings.iter().for_each(|warning| findings.warn(warning));
    }
    let spoken = spoken.ok_or_else(|| not_signed(delivery.message))?;
    let mut verified = judge_spoken(&spoken, &rules, context, signatures, at, findings)?;
    if let (VerifiedSaml::Message(claims), Some(query)) = (&mut verified, query)
        && query.signature.is_some()
    {
        claims.relay_state = query.relay_state.clone();
    }
    Ok(verified)
}

/// A protocol message as it was read, with everything in it that may be signed at its place.
pub(super) struct MessageRead<'d> {
    element: Element<'d>,
    artifact: Option<ArtifactResponse<'d>>,
    spoken: Option<Spoken<'d>>,
    pub(super) layers: Vec<Layer<'d>>,
}

impl<'d> MessageRead<'d> {
    /// # Errors
    /// It is not as its schema has it; a signature or an assertion stands elsewhere.
    pub(super) fn of(delivery: &Delivery<'d>, context: &SamlContext<'_>) -> Result<Self, Rejection> {
        let message = delivery.message;
        let rules = Rules::new(context.policy, delivery.way);
        let artifact = match message.is(Namespace::SAMLP, "ArtifactResponse") {
            true => Some(ArtifactResponse::read(message)?),
            false => None,
        };
        let element = artifact
            .as_ref()
            .map_or(Some(message), |artifact| artifact.content);
        let spoken = element.map(Spoken::read).transpose()?;
        if let Some(inner) = element.filter(|inner| inner.namespace_id() != message.namespace_id()) {
            // Of another version of SAML (T106).
            return Err(not_supported(inner));
        }
        let roles = spoken.as_ref().map_or(Issuers::IN_SESSION, Spoken::roles);
        if let Some(query) = delivery.query {
            saml::check_parameter(message, query.parameter)?;
        }
        let mut layers = Vec::new();
        if let Some(artifact) = &artifact {
            layers.push(Layer::of_message(&artifact.message, roles, &rules, context)?);
        }
        if let Some(spoken) = &spoken {
            layers.push(Layer::of_message(spoken.message(), roles, &rules, context)?);
            if let Some(assertion) = spoken.assertion() {
                layers.push(Layer::of_assertion(assertion, roles, &rules, context)?);
            }
        }
        let mut signed: Vec<Element<'d>> = layers.iter().map(|layer| layer.element).collect();
        let expected = spoken.as_ref().and_then(Spoken::expected_assertion);
        signed.extend(expected);
        check_positions(delivery.root, expected, &signed)?;
        Ok(Self {
            element: message,
            artifact,
            spoken,
            layers,
        })
    }

    /// The time to judge at.
    pub(super) fn at(&self, context: &SamlContext<'_>) -> Result<DateTime<Utc>, Rejection> {
        let artifact = self.artifact.as_ref();
        let issued = self.spoken.as_ref().map(Spoken::issued);
        let issued = issued.or(artifact.map(|artifact| artifact.message.issue_instant));
        Ok(context.at(issued.ok_or_else(|| not_signed(self.element))?))
    }

    /// Nothing in it is signed. Of a request that failed, often neither is the answer that says why.
    fn not_signed(&self) -> saml::Error {
        let outer = self.artifact.as_ref().map(|artifact| &artifact.status);
        let inner = self.spoken.as_ref().and_then(Spoken::status);
        let says = outer.into_iter().chain(inner).find_map(FailedStatus::of);
        saml::Error::new(self.element, saml::ErrorKind::NotSigned { says })
    }
}

/// What is read is what was verified, whatever becomes of the code before.
fn judge_spoken(
    spoken: &Spoken<'_>,
    rules: &Rules<'_>,
    context: &SamlContext<'_>,
    signatures: &Signatures<'_>,
    at: DateTime<Utc>,
    findings: &mut Findings,
) -> Result<VerifiedSaml, Rejection> {
    match spoken {
        Spoken::Response { response, assertion } => {
            saml::assertion_in(response)?;
            let covered = |assertion: &&Assertion<'_>| signatures.cover(assertion.element);
            let assertion = assertion.as_deref().filter(covered);
            let assertion = assertion.ok_or_else(|| not_signed(response.message.element))?;
            let warnings = saml::judge_response(response, assertion, rules, context.party, at)?;
            warnings.iter().for_each(|warning| findings.warn(warning));
            accept(assertion, rules, context, at, findings)
        }
        Spoken::Message(message) => {
            if !signatures.cover(message.message().element) {
                return Err(not_signed(message.message().element).into());
            }
            let (claims, warnings) = saml::judge_message(message, rules, context.party, at)?;
            warnings.iter().for_each(|warning| findings.warn(warning));
            Ok(VerifiedSaml::Message(claims))
        }
    }
}

/// The message that is judged, without what it came in.
enum Spoken<'d> {
    Response {
        response: Response<'d>,
        assertion: Option<Box<Assertion<'d>>>,
    },
    Message(ProtocolMessage<'d>),
}

impl<'d> Spoken<'d> {
    fn read(element: Element<'d>) -> Result<Self, Rejection> {
        if element.local_name() == "Response" {
            let response = Response::read(element)?;
            let assertion = match response.content {
                Content::Assertion(element) => Some(Box::new(Assertion::read(element)?)),
                Content::EncryptedAssertion(_) | Content::Nothing => None,
            };
            return Ok(Self::Response { response, assertion });
        }
        let message = ProtocolMessage::read(element)?;
        Ok(Self::Message(message.ok_or_else(|| not_supported(element))?))
    }

    fn message(&self) -> &Message<'d> {
        match self {
            Self::Response { response, .. } => &response.message,
            Self::Message(message) => message.message(),
        }
    }

    /// How the request went, if it is an answer.
    fn status(&self) -> Option<&Status<'d>> {
        match self {
            Self::Response { response, .. } => Some(&response.status),
            Self::Message(message) => message.status(),
        }
    }

    fn assertion(&self) -> Option<&Assertion<'d>> {
        match self {
            Self::Response { assertion, .. } => assertion.as_deref(),
            Self::Message(_) => None,
        }
    }

    /// The one assertion that may be there, encrypted or not.
    fn expected_assertion(&self) -> Option<Element<'d>> {
        match self {
            Self::Response { response, .. } => match response.content {
                Content::Assertion(element) | Content::EncryptedAssertion(element) => Some(element),
                Content::Nothing => None,
            },
            Self::Message(_) => None,
        }
    }

    /// When what is believed was issued.
    fn issued(&self) -> DateTime<Utc> {
        let assertion = self.assertion().map(|assertion| assertion.issue_instant);
        assertion.unwrap_or(self.message().issue_instant)
    }

    /// In which role its issuer says such a thing.
    fn roles(&self) -> &'static [Role] {
        match self {
            Self::Response { .. } => Issuers::ASSERTING,
            Self::Message(ProtocolMessage::AuthnRequest(_)) => Issuers::REQUESTING,
            Self::Message(
                ProtocolMessage::LogoutRequest(_)
                | ProtocolMessage::LogoutResponse(_)
                | ProtocolMessage::ManageNameIdRequest(_)
                | ProtocolMessage::ManageNameIdResponse(_)
                | ProtocolMessage::ArtifactResolve(_),
            ) => Issuers::IN_SESSION,
        }
    }
}
