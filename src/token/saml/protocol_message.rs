use super::artifact::ArtifactResolve;
use super::error::Error;
use super::logout::LogoutRequest;
use super::name_id_management::ManageNameIdRequest;
use super::protocol::Kind;
use super::protocol::Message;
use super::protocol::Status;
use super::request::AuthnRequest;
use crate::xml::Element;
use crate::xml::Namespace;

/// A protocol message that carries no other: all that we read but Response and ArtifactResponse (SAML Core §3).
#[derive(Clone)]
pub enum ProtocolMessage<'d> {
    /// A `samlp:AuthnRequest`.
    AuthnRequest(AuthnRequest<'d>),
    /// A `samlp:LogoutRequest`.
    LogoutRequest(LogoutRequest<'d>),
    /// A `samlp:LogoutResponse`.
    LogoutResponse(StatusResponse<'d>),
    /// A `samlp:ManageNameIDRequest`.
    ManageNameIdRequest(ManageNameIdRequest<'d>),
    /// A `samlp:ManageNameIDResponse`.
    ManageNameIdResponse(StatusResponse<'d>),
    /// A `samlp:ArtifactResolve`.
    ArtifactResolve(ArtifactResolve<'d>),
}

/// An answer that says how a request went and nothing else (SAML Core §3.6.2, §3.7.2).
#[derive(Clone)]
pub struct StatusResponse<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// How the request went.
    pub status: Status<'d>,
}

impl<'d> ProtocolMessage<'d> {
    /// Reads `element`; `None` if it is no such message.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Option<Self>, Error> {
        if element.namespace_id() != Namespace::SAMLP {
            return Ok(None);
        }
        Ok(Some(match element.local_name() {
            "AuthnRequest" => Self::AuthnRequest(AuthnRequest::read(element)?),
            "LogoutRequest" => Self::LogoutRequest(LogoutRequest::read(element)?),
            "LogoutResponse" => Self::LogoutResponse(StatusResponse::read(element)?),
            "ManageNameIDRequest" => Self::ManageNameIdRequest(ManageNameIdRequest::read(element)?),
            "ManageNameIDResponse" => Self::ManageNameIdResponse(StatusResponse::read(element)?),
            "ArtifactResolve" => Self::ArtifactResolve(ArtifactResolve::read(element)?),
            _ => return Ok(None),
        }))
    }

    /// What every message has.
    pub fn message(&self) -> &Message<'d> {
        match self {
            Self::AuthnRequest(request) => &request.message,
            Self::LogoutRequest(request) => &request.message,
            Self::ManageNameIdRequest(request) => &request.message,
            Self::ArtifactResolve(request) => &request.message,
            Self::LogoutResponse(response) | Self::ManageNameIdResponse(response) => &response.message,
        }
    }

    /// How the request went, if it is an answer.
    pub fn status(&self) -> Option<&Status<'d>> {
        match self {
            Self::LogoutResponse(response) | Self::ManageNameIdResponse(response) => Some(&response.status),
            Self::AuthnRequest(_)
            | Self::LogoutRequest(_)
            | Self::ManageNameIdRequest(_)
            | Self::ArtifactResolve(_) => None,
        }
    }
}

impl<'d> StatusResponse<'d> {
    fn read(element: Element<'d>) -> Result<Self, Error> {
        let (message, mut children) = Message::read(element, Kind::Response, &[])?;
        let status = Status::take(&mut children)?;
        children.end()?;
        Ok(Self { message, status })
    }
}
