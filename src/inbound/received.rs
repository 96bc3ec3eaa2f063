use std::sync::Arc;

use bytes::Bytes;

use super::answer::Request;
use crate::crypto::{Fingerprint, Turn};
use crate::policy::Transport;
use crate::soap::Version;
use crate::soap::attachment::Attachments;
use crate::trust::BearerClaims;
use crate::xml::Encoding;

/// A message as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its bytes.
    pub bytes: Bytes,
    /// What the transport says it is for: SOAPAction, or the `action` parameter of the media type. It is signed by nobody.
    pub action: Option<String>,
    /// The SOAP version whose media type the transport names.
    pub version: Option<Version>,
    /// The encoding that the transport says it is in.
    pub charset: Option<Encoding>,
    /// Whether others could read it on its way.
    pub transport: Transport,
    /// SHA-256 of the certificate that its client has shown in TLS.
    pub client: Option<Fingerprint>,
    /// What the bearer token proves that its client has brought beside it.
    pub bearer: Option<Arc<BearerClaims>>,
    /// What stands beside the envelope.
    pub attachments: Attachments,
    /// What it must be the answer to, if it is one.
    pub request: Option<Request>,
    /// When it is decrypted, where others hold the key for us.
    pub turn: Turn,
}

/// Bytes of which no transport has said anything.
impl From<Bytes> for Received {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            action: None,
            version: None,
            charset: None,
            transport: Transport::default(),
            client: None,
            bearer: None,
            attachments: Attachments::default(),
            request: None,
            turn: Turn::default(),
        }
    }
}
