//! Canonicalizations, transforms, and the forms a reference may take.

use super::SetMember;
use super::algorithms;

algorithms! {
    /// A canonicalization (XML Signature 1.1 §6.5).
    pub enum CanonicalizationAlgorithm {
        /// Canonical XML 1.0.
        Inclusive10 = "c14n10", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
        /// Canonical XML 1.0 that keeps comments.
        Inclusive10WithComments = "c14n10-comments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
        /// Canonical XML 1.1.
        Inclusive11 = "c14n11", "http://www.w3.org/2006/12/xml-c14n11";
        /// Canonical XML 1.1 that keeps comments.
        Inclusive11WithComments = "c14n11-comments", "http://www.w3.org/2006/12/xml-c14n11#WithComments";
        /// Exclusive Canonicalization 1.0.
        Exclusive = "exc", "http://www.w3.org/2001/10/xml-exc-c14n#";
        /// Exclusive Canonicalization 1.0 that keeps comments.
        ExclusiveWithComments = "exc-comments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    }
}

impl CanonicalizationAlgorithm {
    /// Whether an `InclusiveNamespaces` PrefixList may stand in it (Exclusive Canonicalization 1.0 §3).
    pub const fn is_exclusive(self) -> bool {
        matches!(self, Self::Exclusive | Self::ExclusiveWithComments)
    }

    /// The same, without comments in its output.
    pub const fn without_comments(self) -> Self {
        match self {
            Self::Inclusive10 | Self::Inclusive10WithComments => Self::Inclusive10,
            Self::Inclusive11 | Self::Inclusive11WithComments => Self::Inclusive11,
            Self::Exclusive | Self::ExclusiveWithComments => Self::Exclusive,
        }
    }

    /// Whether comments are part of its output.
    pub const fn keeps_comments(self) -> bool {
        matches!(
            self,
            Self::Inclusive10WithComments | Self::Inclusive11WithComments | Self::ExclusiveWithComments
        )
    }
}

/// A transform of a reference (XML Signature 1.1 §6.6, WS-Security 1.1 §8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransformAlgorithm {
    /// Leaves out the signature that the reference stands in.
    EnvelopedSignature,
    /// Turns nodes into canonical octets.
    Canonicalization(CanonicalizationAlgorithm),
    /// Decodes the text of the nodes.
    Base64,
    /// Replaces a SecurityTokenReference by the token it points to.
    StrTransform,
    /// Takes the content of an attachment (SwA Profile 1.1 §5.3).
    AttachmentContent,
    /// Takes the header and content of an attachment.
    AttachmentComplete,
}

const ENVELOPED_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";
const STR_TRANSFORM: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform";

const ATTACHMENT_CONTENT: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform";
const ATTACHMENT_COMPLETE: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Complete-Signature-Transform";

impl TransformAlgorithm {
    /// Every transform there is.
    pub const ALL: &'static [Self] = &[
        Self::EnvelopedSignature,
        Self::Canonicalization(CanonicalizationAlgorithm::Inclusive10),
        Self::Canonicalization(CanonicalizationAlgorithm::Inclusive10WithComments),
        Self::Canonicalization(CanonicalizationAlgorithm::Inclusive11),
        Self::Canonicalization(CanonicalizationAlgorithm::Inclusive11WithComments),
        Self::Canonicalization(CanonicalizationAlgorithm::Exclusive),
        Self::Canonicalization(CanonicalizationAlgorithm::ExclusiveWithComments),
        Self::Base64,
        Self::StrTransform,
        Self::AttachmentContent,
        Self::AttachmentComplete,
    ];

    /// The transform that this URI names, compared code point by code point; `None` for any other.
    pub fn from_uri(uri: &str) -> Option<Self> {
        match uri {
            ENVELOPED_SIGNATURE => Some(Self::EnvelopedSignature),
            BASE64 => Some(Self::Base64),
            STR_TRANSFORM => Some(Self::StrTransform),
            ATTACHMENT_CONTENT => Some(Self::AttachmentContent),
            ATTACHMENT_COMPLETE => Some(Self::AttachmentComplete),
            other => CanonicalizationAlgorithm::from_uri(other).map(Self::Canonicalization),
        }
    }

    /// The URI that names this transform in a message.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::EnvelopedSignature => ENVELOPED_SIGNATURE,
            Self::Canonicalization(algorithm) => algorithm.uri(),
            Self::Base64 => BASE64,
            Self::StrTransform => STR_TRANSFORM,
            Self::AttachmentContent => ATTACHMENT_CONTENT,
            Self::AttachmentComplete => ATTACHMENT_COMPLETE,
        }
    }

    /// The short name that configuration and output use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnvelopedSignature => "enveloped-signature",
            Self::Canonicalization(algorithm) => algorithm.name(),
            Self::Base64 => "base64",
            Self::StrTransform => "str-transform",
            Self::AttachmentContent => "attachment-content",
            Self::AttachmentComplete => "attachment-complete",
        }
    }
}

impl std::fmt::Display for TransformAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl SetMember for TransformAlgorithm {
    const MEMBERS: &'static [Self] = Self::ALL;
}

impl serde::Serialize for TransformAlgorithm {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for TransformAlgorithm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let found = Self::ALL
            .iter()
            .copied()
            .find(|transform| transform.name() == name);
        found.ok_or_else(|| {
            let known = Self::ALL
                .iter()
                .map(|transform| transform.name())
                .collect::<Vec<_>>()
                .join(", ");
            serde::de::Error::custom(format_args!("unknown transform {name:?}; known are {known}"))
        })
    }
}

impl schemars::JsonSchema for TransformAlgorithm {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TransformAlgorithm".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|transform| transform.name()).collect();
        schemars::json_schema!({
            "description": "A transform of a reference (XML Signature 1.1 §6.6, WS-Security 1.1 §8.3).",
            "type": "string",
            "enum": names,
        })
    }
}

/// What the URI attribute of a reference looks like (XML Signature 1.1 §4.4.3.2). Others do not exist for us:
/// nothing outside the message is ever fetched (T60).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum ReferenceForm {
    /// `#id`: the element that carries this ID.
    #[serde(rename = "id")]
    SameDocumentId,
    /// The empty URI: the whole document, without its comments.
    #[serde(rename = "document")]
    WholeDocument,
    /// `#xpointer(/)`: the whole document.
    #[serde(rename = "xpointer-root")]
    XPointerRoot,
    /// `#xpointer(id('x'))`: the element that carries this ID.
    #[serde(rename = "xpointer-id")]
    XPointerId,
    /// `cid:`: an attachment of the same message (SwA Profile 1.1 §4.3).
    #[serde(rename = "attachment")]
    Attachment,
}

impl SetMember for ReferenceForm {
    const MEMBERS: &'static [Self] = &[
        Self::SameDocumentId,
        Self::WholeDocument,
        Self::XPointerRoot,
        Self::XPointerId,
        Self::Attachment,
    ];
}
