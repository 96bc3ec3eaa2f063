use std::sync::Arc;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::{DigestValue, Digester};
use crate::dsig::{AttachmentError, AttachmentScope, SignedAttachment};

use super::spool::Stored;
use crate::soap::Error;

/// The attachments of a message, in their order. Nothing in them is verified.
#[derive(Clone, Debug, Default)]
pub struct Attachments(Arc<[Arc<Attachment>]>);

/// An attachment as it was read: its content waits in a spool, in canonical form, which is the form that signatures are about.
#[derive(Debug)]
pub struct Attachment {
    pub(super) id: String,
    pub(super) header: Option<Vec<String>>,
    pub(super) stored: Box<dyn Stored>,
    pub(super) length: u64,
    /// Digests that were computed while the content came.
    pub(super) digests: Vec<Digested>,
    pub(super) uncovered_qname: Option<String>,
}

/// What is digested of a part, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ToDigest {
    pub(super) scope: AttachmentScope,
    pub(super) algorithm: DigestAlgorithm,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Digested {
    pub(super) of: ToDigest,
    pub(super) value: DigestValue,
}

/// As much is read of an attachment at a time.
const PIECE: usize = 64 * 1024;

impl Attachments {
    pub(super) fn new(attachments: Vec<Attachment>) -> Self {
        Self(attachments.into_iter().map(Arc::new).collect())
    }

    /// The same, with `decrypted` in the place of the ones with the same Content-IDs.
    pub fn with(&self, decrypted: Vec<Attachment>) -> Self {
        let decrypted: Vec<Arc<Attachment>> = decrypted.into_iter().map(Arc::new).collect();
        let all = self.0.iter().map(|old| {
            let mut new = decrypted.iter();
            new.find(|new| new.id == old.id).unwrap_or(old)
        });
        Self(all.cloned().collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Attachment> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The one with this Content-ID, for a signature to be about.
    pub fn signed(&self, id: &str) -> Option<&dyn SignedAttachment> {
        let found: &dyn SignedAttachment = self.get(id)?;
        Some(found)
    }

    /// The one with this Content-ID.
    pub fn get(&self, id: &str) -> Option<&Attachment> {
        self.iter().find(|attachment| attachment.id == id)
    }
}

impl Attachment {
    /// Its Content-ID, without brackets.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The canonical lines of its header (SwA Profile 1.1 §5.4.1), if it has them; only a signature over the complete attachment
    /// covers them.
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// A QName in its XML whose prefix does not mean in the canonical form what it meant before: no signature says what it means.
    pub fn uncovered_qname(&self) -> Option<&str> {
        self.uncovered_qname.as_deref()
    }

    /// Octets of its content.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Copies octets of its content from `offset` on, and says how many; none at its end only.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.stored.read_at(offset, into)
    }

    /// Fills `into` with octets of its content from `offset` on.
    ///
    /// # Errors
    /// The spool cannot be read, or has not as many.
    pub fn read_exact_at(&self, mut offset: u64, mut into: &mut [u8]) -> Result<(), Error> {
        while !into.is_empty() {
            let count = self
                .read_at(offset, into)
                .map_err(|error| Error::of_spool(&error))?;
            if count == 0 {
                return Err(Error::of_spool(&std::io::ErrorKind::UnexpectedEof.into()));
            }
            into = into.get_mut(count..).unwrap_or_default();
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn known_digests(&self) -> &[Digested] {
        &self.digests
    }

    /// Gives its content piece by piece to `take`.
    pub(super) fn read(&self, mut take: impl FnMut(&[u8])) -> std::io::Result<()> {
        let mut piece = vec![0; PIECE];
        let mut offset = 0_u64;
        while offset < self.length {
            let count = self.read_at(offset, &mut piece)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            take(piece.get(..count).unwrap_or_default());
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

impl SignedAttachment for Attachment {
    fn digest(
        &self,
        scope: AttachmentScope,
        algorithm: DigestAlgorithm,
    ) -> Result<DigestValue, AttachmentError> {
        let asked = ToDigest { scope, algorithm };
        if let Some(known) = self.digests.iter().find(|digest| digest.of == asked) {
            return Ok(known.value);
        }
        let mut digester = begin(asked, self.header()).ok_or(AttachmentError::Header)?;
        let read = self.read(|octets| digester.update(octets));
        read.map_err(|error| AttachmentError::Unreadable(error.to_string()))?;
        digester.finish().map_err(AttachmentError::Unavailable)
    }
}

/// Begins a digest: of a complete attachment with its header. `None` if that has no canonical form.
pub(super) fn begin(of: ToDigest, header: Option<&[String]>) -> Option<Digester> {
    let mut digester = Digester::new(of.algorithm);
    match of.scope {
        AttachmentScope::Content => {}
        AttachmentScope::Complete => {
            for line in header? {
                digester.update(line.as_bytes());
                digester.update(b"\r\n");
            }
            digester.update(b"\r\n");
        }
    }
    Some(digester)
}
