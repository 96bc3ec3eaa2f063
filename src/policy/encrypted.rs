use std::ops::Range;

use super::requirement::Part;
use super::rules::Policy;
use super::unmet::{Unmet, UnmetKind};
use crate::soap::attachment::{Attachment, Attachments};
use crate::soap::{Envelope, Roles};
use crate::wss;
use crate::xml::{Element, Namespace, quoted};

/// Refuses a message of which a part that must have been encrypted was not (WS-SecurityPolicy 1.3 §4.2, §6.4). A part that is not there has
/// nothing to hide. `plaintexts` are the bytes of the document that were encrypted.
///
/// # Errors
/// `policy.not_encrypted` for the first of them.
pub(super) fn check_encrypted(
    policy: &Policy,
    envelope: &Envelope,
    roles: &Roles,
    header: &wss::Header<'_>,
    plaintexts: &[Range<usize>],
) -> Result<(), Unmet> {
    for part in &policy.encrypted {
        let plain = elements(part, envelope, roles, header)
            .into_iter()
            .find(|element| !was_encrypted(&element.span(), plaintexts));
        if let Some(plain) = plain {
            return Err(Unmet::at(plain, UnmetKind::NotEncrypted(part.to_string())));
        }
        let body = envelope.body();
        let has_text = *part == Part::Body && body.stray_text().is_some();
        if has_text && !was_encrypted(&body.content_span(), plaintexts) {
            return Err(Unmet::at(body, UnmetKind::NotEncrypted(part.to_string())));
        }
    }
    Ok(())
}

/// The same for attachments; `decrypted` are the Content-IDs of those that were encrypted.
///
/// # Errors
/// `policy.not_encrypted` for the first that was not.
pub(super) fn check_encrypted_attachments(
    policy: &Policy,
    attachments: &Attachments,
    decrypted: &[String],
) -> Result<(), Unmet> {
    if !policy.encrypted.contains(&Part::Attachments) {
        return Ok(());
    }
    let mut ids = attachments.iter().map(Attachment::id);
    match ids.find(|id| !decrypted.iter().any(|known| known == id)) {
        Some(id) => {
            let what = format!("the attachment {}", quoted(id));
            Err(Unmet::nowhere(UnmetKind::NotEncrypted(what)))
        }
        None => Ok(()),
    }
}

/// The elements of `part` that are there; of the Body what is in it.
fn elements<'d>(
    part: &Part,
    envelope: &'d Envelope,
    roles: &Roles,
    header: &wss::Header<'d>,
) -> Vec<Element<'d>> {
    let blocks = envelope.header_blocks().filter(|block| block.targets(roles));
    let blocks = blocks.map(|block| block.element());
    match part {
        Part::Body => envelope.body().children().collect(),
        Part::Timestamp => header
            .timestamp()
            .map(|timestamp| timestamp.element())
            .into_iter()
            .collect(),
        Part::UsernameToken => header
            .username_token()
            .map(|token| token.element())
            .into_iter()
            .collect(),
        Part::Assertion => header.assertions().collect(),
        Part::Tokens => header.x509_tokens().map(|token| token.element()).collect(),
        Part::Signature => header.signatures().collect(),
        Part::Addressing => blocks
            .filter(|block| matches!(block.namespace_id(), Namespace::WSA | Namespace::WSA2004))
            .collect(),
        Part::Header { .. } | Part::HeaderIfThere { .. } => {
            blocks.filter(|block| part.is_header(*block)).collect()
        }
        Part::Attachments | Part::Anything => Vec::new(),
    }
}

fn was_encrypted(span: &Range<usize>, plaintexts: &[Range<usize>]) -> bool {
    let holds = |plaintext: &Range<usize>| plaintext.start <= span.start && span.end <= plaintext.end;
    plaintexts.iter().any(holds)
}
