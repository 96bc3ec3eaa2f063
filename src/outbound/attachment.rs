use std::io;

use super::error::Error;
use crate::relay::Part;
use crate::soap::attachment::Attachment;
use crate::soap::attachment::Attachments;

/// An attachment of an answer, in the octets that are signed. Its header is not.
#[derive(Clone, Debug)]
pub(super) struct SealedAttachment {
    attachments: Attachments,
    number: usize,
}

impl SealedAttachment {
    /// Each of `attachments`.
    ///
    /// # Errors
    /// A prefix in one means in its canonical form what it did not mean before (T45).
    pub(super) fn all(attachments: &Attachments) -> Result<Vec<Self>, Error> {
        let part = |(number, attachment): (usize, &Attachment)| match attachment.uncovered_qname() {
            Some(name) => Err(Error::AttachmentQName(
                attachment.id().to_owned(),
                name.to_owned(),
            )),
            None => Ok(Self {
                attachments: attachments.clone(),
                number,
            }),
        };
        attachments.iter().enumerate().map(part).collect()
    }

    fn found(&self) -> Option<&Attachment> {
        self.attachments.iter().nth(self.number)
    }
}

impl Part for SealedAttachment {
    fn id(&self) -> &str {
        self.found().map(Attachment::id).unwrap_or_default()
    }

    fn header(&self) -> &[String] {
        self.found().and_then(Attachment::header).unwrap_or_default()
    }

    fn length(&self) -> u64 {
        self.found().map(Attachment::length).unwrap_or_default()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.found().map_or(Ok(0), |found| found.read_at(offset, into))
    }
}
