use std::borrow::Cow;

use super::error::Error;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::schema;
use super::subject::Subject;
use crate::xml::Element;
use crate::xml::Namespace;

const AUTHN_REQUEST: &str = "SAML Core §3.4.1";

/// A `samlp:AuthnRequest` (SAML Core §3.4.1).
#[derive(Clone)]
pub struct AuthnRequest<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// Who is to be authenticated.
    pub subject: Option<Subject<'d>>,
    /// Whether the subject must be authenticated anew.
    pub force_authn: Option<bool>,
    /// Whether the subject must not be asked anything.
    pub is_passive: Option<bool>,
    /// Where the answer should go.
    pub assertion_consumer_service_url: Option<Cow<'d, str>>,
    /// Where the answer should go, as a number in the requester's metadata.
    pub assertion_consumer_service_index: Option<u64>,
    /// The binding that the answer should come by.
    pub protocol_binding: Option<Cow<'d, str>>,
}

impl<'d> AuthnRequest<'d> {
    /// Reads the `samlp:AuthnRequest` element. Of its NameIDPolicy, Conditions, RequestedAuthnContext and
    /// Scoping only the places are checked.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        const NAMES: &[&str] = &[
            "ForceAuthn",
            "IsPassive",
            "ProtocolBinding",
            "AssertionConsumerServiceIndex",
            "AssertionConsumerServiceURL",
            "AttributeConsumingServiceIndex",
            "ProviderName",
        ];
        protocol::check_name(element, "AuthnRequest", "a SAML 2.0 AuthnRequest", AUTHN_REQUEST)?;
        let (message, mut children) = Message::read(element, Kind::Request, NAMES)?;
        let subject = children.optional(Namespace::SAML2, "Subject");
        children.optional(Namespace::SAMLP, "NameIDPolicy");
        children.optional(Namespace::SAML2, "Conditions");
        children.optional(Namespace::SAMLP, "RequestedAuthnContext");
        children.optional(Namespace::SAMLP, "Scoping");
        children.end()?;
        Ok(Self {
            message,
            subject: subject.map(Subject::read).transpose()?,
            force_authn: schema::boolean(element, "ForceAuthn", AUTHN_REQUEST)?,
            is_passive: schema::boolean(element, "IsPassive", AUTHN_REQUEST)?,
            assertion_consumer_service_url: element.attribute("AssertionConsumerServiceURL"),
            assertion_consumer_service_index: schema::count(
                element,
                "AssertionConsumerServiceIndex",
                AUTHN_REQUEST,
            )?,
            protocol_binding: element.attribute("ProtocolBinding"),
        })
    }
}
