use super::findings::{Coverage, CoverageLine};
use super::kept::SenderHeader;
use crate::dsig::AttachmentScope;
use crate::policy::{Admitted, Unmet, UnmetKind};
use crate::soap::attachment::{Attachment, Attachments};

/// An attachment that the signature over the Body covers, in the octets that were digested.
#[derive(Clone, Debug)]
pub struct VerifiedAttachment {
    attachments: Attachments,
    number: usize,
    scope: AttachmentScope,
    sender_header: SenderHeader,
}

impl VerifiedAttachment {
    /// Its Content-ID, without brackets. The Reference names it, so it is signed.
    pub fn id(&self) -> &str {
        self.found().map(Attachment::id).unwrap_or_default()
    }

    /// Lines of its header that were signed, in their canonical form; none where only the content was.
    pub fn header(&self) -> &[String] {
        match self.scope {
            AttachmentScope::Content => &[],
            AttachmentScope::Complete => self.found().and_then(Attachment::header).unwrap_or_default(),
        }
    }

    /// Whether whoever gets it verifies it again, for which all of the header that was signed is needed.
    pub fn is_verified_again(&self) -> bool {
        self.sender_header == SenderHeader::Kept
    }

    /// Octets of its content.
    pub fn length(&self) -> u64 {
        self.found().map(Attachment::length).unwrap_or_default()
    }

    /// Copies octets of its content from `offset` on, and says how many; none at its end only.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.found().map_or(Ok(0), |found| found.read_at(offset, into))
    }

    fn found(&self) -> Option<&Attachment> {
        self.attachments.iter().nth(self.number)
    }
}

/// The attachments of a message that was admitted, in the order of the References to them, which is signed; the order of the parts is
/// not. They go with a Security header as `sender_header` says.
///
/// # Errors
/// One is not signed, or a prefix in it means what is not: nobody gets it, whatever the policy asks for (T117, T45).
pub(super) fn verified(
    attachments: &Attachments,
    admitted: &Admitted<'_>,
    sender_header: SenderHeader,
) -> Result<Vec<VerifiedAttachment>, Unmet> {
    let signed = admitted.attachments();
    let mut verified = Vec::new();
    for (number, attachment) in attachments.iter().enumerate() {
        let place = signed.iter().position(|(id, _)| id == attachment.id());
        let Some((place, (_, scope))) = place.and_then(|place| Some((place, signed.get(place)?))) else {
            let kind = UnmetKind::AttachmentNotSigned(attachment.id().to_owned());
            return Err(Unmet::nowhere(kind));
        };
        if let Some(name) = attachment.uncovered_qname() {
            let kind = UnmetKind::AttachmentQNameNotCovered(attachment.id().to_owned(), name.to_owned());
            return Err(Unmet::nowhere(kind));
        }
        let attachment = VerifiedAttachment {
            attachments: attachments.clone(),
            number,
            scope: *scope,
            sender_header,
        };
        verified.push((place, attachment));
    }
    verified.sort_by_key(|(place, _)| *place);
    Ok(verified.into_iter().map(|(_, attachment)| attachment).collect())
}

/// Adds a line for each attachment to a report of what is covered.
pub(super) fn report(attachments: &Attachments, covered: &[String], lines: &mut Vec<CoverageLine>) {
    lines.extend(attachments.iter().map(|attachment| {
        let name = format!("cid:{}", attachment.id());
        let signed = covered.iter().any(|id| id == attachment.id());
        CoverageLine {
            path: name.clone(),
            name,
            depth: 0,
            covered: if signed {
                Coverage::Covered
            } else {
                Coverage::NotCovered
            },
        }
    }));
}
