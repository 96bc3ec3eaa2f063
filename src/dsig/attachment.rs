use std::fmt;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::{DigestValue, Unavailable};

/// How much of an attachment a Reference is to (SwA Profile 1.1 §5.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AttachmentScope {
    /// Its content.
    Content,
    /// Its content, and its header in canonical form.
    Complete,
}

/// Something beside the document that a Reference by a `cid:` URI can be to. Whoever reads the message brings it.
pub trait SignedAttachment: fmt::Debug {
    /// The digest of its octets in their canonical form.
    ///
    /// # Errors
    /// [`AttachmentError`].
    fn digest(
        &self,
        scope: AttachmentScope,
        algorithm: DigestAlgorithm,
    ) -> Result<DigestValue, AttachmentError>;
}

/// Why an attachment has no digest.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AttachmentError {
    /// Its header has no canonical form that all readers agree on.
    Header,
    /// Its content, which we kept, cannot be read any more: this says nothing about the message.
    Unreadable(String),
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

impl AttachmentError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Header => "dsig.attachment_header",
            Self::Unreadable(_) => "dsig.attachment_unreadable",
            Self::Unavailable(error) => error.code(),
        }
    }

    pub(super) fn clause(&self) -> Option<&'static str> {
        matches!(self, Self::Header).then_some("SwA Profile 1.1 §5.4.1")
    }
}

impl fmt::Display for AttachmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str(
                "the header of the attachment has a comment, an encoded word or parameter, or a backslash or quotes in quotes: \
                 what was signed of it could be read in several ways",
            ),
            Self::Unreadable(why) => write!(f, "the content of the attachment cannot be read again: {why}"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}
