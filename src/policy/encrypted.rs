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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::policy::Profile;
    use crate::xml::Limits;

    /// Whether `part` of a message with this Body counts as encrypted, where `plaintexts` were.
    fn passes(part: Part, body: &str, plaintexts: &[&str]) -> bool {
        let text = format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header>\
             <w:Security xmlns:w='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'/>\
             <h xmlns='urn:h'/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        let (roles, limits) = (Roles::default(), Limits::default());
        let envelope = Envelope::parse(text.clone().into(), &limits).unwrap();
        let header = wss::Header::read(&envelope, &roles, &limits).unwrap();
        let span = |plaintext: &&str| {
            let start = text.find(plaintext).unwrap();
            start..start.saturating_add(plaintext.len())
        };
        let plaintexts: Vec<_> = plaintexts.iter().map(span).collect();
        let mut policy = Profile::Strict.policy();
        policy.encrypted = vec![part];
        check_encrypted(&policy, &envelope, &roles, &header, &plaintexts).is_ok()
    }

    #[test]
    fn all_of_an_encrypted_body_was_encrypted() {
        for (body, plaintexts, whole) in [
            ("<a/><b/>", &["<a/><b/>"][..], true),
            ("<a/><b/>", &["<a/>", "<b/>"], true),
            ("<a/><b/>", &["<a/>"], false),
            ("<a/><b/>", &["<b/>"], false),
            ("<a/><b/>", &[], false),
            ("<a><b/></a>", &["<b/>"], false),
            ("", &[], true),
        ] {
            assert_eq!(
                passes(Part::Body, body, plaintexts),
                whole,
                "{body} {plaintexts:?}"
            );
        }
    }

    #[test]
    fn a_header_is_encrypted_whatever_stands_in_the_body() {
        let part = || Part::try_from("header:{urn:h}h".to_owned()).unwrap();
        assert!(passes(part(), "<a/>", &["<h xmlns='urn:h'/>"]));
        assert!(!passes(part(), "<a/>", &["<a/>"]));
    }
}
