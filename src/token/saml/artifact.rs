use std::borrow::Cow;

use super::error::Error;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::protocol::Status;
use super::schema;
use crate::algorithm::DigestAlgorithm;
use crate::crypto;
use crate::crypto::decode_base64;
use crate::xml::Element;
use crate::xml::Namespace;

/// An artifact of type 0x0004 (SAML Bindings §3.6.4): it stands for a message that its issuer keeps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Artifact {
    /// Which of the issuer's ArtifactResolutionServices gives the message.
    pub endpoint_index: u16,
    source_id: [u8; 20],
}

impl Artifact {
    /// Reads `text`; `None` where it is not base64 of 44 octets that begin with the type.
    pub fn parse(text: &str) -> Option<Self> {
        let octets = decode_base64(text).ok()?;
        let (head, rest) = octets.split_first_chunk::<4>()?;
        let (source_id, handle) = rest.split_first_chunk::<20>()?;
        let [0, 4, high, low] = *head else {
            return None;
        };
        (handle.len() == 20).then_some(Self {
            endpoint_index: u16::from_be_bytes([high, low]),
            source_id: *source_id,
        })
    }

    /// Whether `entity_id` issued it: its SourceID is SHA-1 of that.
    pub fn is_of(&self, entity_id: &str) -> bool {
        let digest = crypto::digest(DigestAlgorithm::Sha1, entity_id.as_bytes());
        digest.is_ok_and(|digest| digest.matches(&self.source_id))
    }
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::crypto::encode_base64;

    #[test]
    fn an_artifact_has_a_type_an_index_a_source_and_a_handle() {
        let source = crypto::digest(DigestAlgorithm::Sha1, b"urn:idp").unwrap();
        let octets = [&[0, 4, 1, 2], source.as_bytes(), &[7; 20]].concat();
        let artifact = Artifact::parse(&encode_base64(&octets)).unwrap();
        assert_eq!(artifact.endpoint_index, 258);
        assert!(artifact.is_of("urn:idp") && !artifact.is_of("urn:idp2"));
        let of_type_1 = [&[0, 1], &octets[2..]].concat();
        let longer = [&octets, &[7_u8][..]].concat();
        let shorter = octets[..43].to_vec();
        for other in [of_type_1, longer, shorter, vec![0, 4], Vec::new()] {
            assert_eq!(Artifact::parse(&encode_base64(&other)), None, "{other:?}");
        }
        assert_eq!(Artifact::parse("AAQ\u{e9}"), None);
    }
}
