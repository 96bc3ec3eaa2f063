use std::borrow::Cow;

use super::error::Error;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::protocol::Status;
use super::schema;
use crate::xml::Element;
use crate::xml::Namespace;

const ARTIFACT_RESOLVE: &str = "SAML Core §3.5.1";
const ARTIFACT_RESPONSE: &str = "SAML Core §3.5.2";

/// A `samlp:ArtifactResolve` (SAML Core §3.5.1).
#[derive(Clone)]
pub struct ArtifactResolve<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// The artifact, in base64 as written.
    pub artifact: Cow<'d, str>,
}

impl<'d> ArtifactResolve<'d> {
    /// Reads the `samlp:ArtifactResolve` element.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let expected = "a SAML 2.0 ArtifactResolve";
        protocol::check_name(element, "ArtifactResolve", expected, ARTIFACT_RESOLVE)?;
        let (message, mut children) = Message::read(element, Kind::Request, &[])?;
        let artifact = children.required(Namespace::SAMLP, "Artifact")?;
        children.end()?;
        Ok(Self {
            message,
            artifact: schema::plain_text(artifact, ARTIFACT_RESOLVE)?,
        })
    }
}

/// A `samlp:ArtifactResponse` (SAML Core §3.5.2).
#[derive(Clone)]
pub struct ArtifactResponse<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// How the request went.
    pub status: Status<'d>,
    /// The message that the artifact stood for, not read yet.
    pub content: Option<Element<'d>>,
}

impl<'d> ArtifactResponse<'d> {
    /// Reads the `samlp:ArtifactResponse` element.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let expected = "a SAML 2.0 ArtifactResponse";
        protocol::check_name(element, "ArtifactResponse", expected, ARTIFACT_RESPONSE)?;
        let (message, mut children) = Message::read(element, Kind::Response, &[])?;
        let status = Status::take(&mut children)?;
        let content = children.any();
        children.end()?;
        Ok(Self {
            message,
            status,
            content,
        })
    }
}
