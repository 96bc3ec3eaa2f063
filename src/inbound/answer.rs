//! Whether a message is the answer to one request and no other (WSS 1.1 §8.5, T119).

use bytes::Bytes;

use crate::crypto::encode_base64;
use crate::dsig::{Objects, Signature};
use crate::policy::{Admitted, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::{Addressing, Envelope, HeaderBlock, Roles};
use crate::wss;
use crate::wss::SignatureConfirmation;
use crate::xml::{Element, Limits, Namespace};

/// The request that a message answers.
#[derive(Clone, Debug)]
pub struct Request {
    /// The values of all its signatures.
    pub signature_values: Vec<Vec<u8>>,
    /// Whether they reached whoever answers.
    pub signatures: Signatures,
    /// Its wsa:MessageID.
    pub message_id: Option<String>,
}

/// Whether the signatures of a request reached whoever answers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signatures {
    /// They did: the answer has to confirm each of them, or that there was none.
    Seen,
    /// We took them out on the way: the answer may say that there was none, or nothing about it.
    TakenOut,
}

/// What the answers to the request in `bytes` have to confirm, as its sender knows it. Nothing of it is judged.
///
/// # Errors
/// It cannot be read, or its signatures cannot, as where they are encrypted.
pub fn answered_request(bytes: Bytes, limits: &Limits) -> Result<Request, Rejection> {
    let envelope = Envelope::parse(bytes, limits)?;
    let security = |block: &HeaderBlock<'_>| block.element().is(Namespace::WSSE, "Security");
    let mut signature_values = Vec::new();
    for item in envelope
        .header_blocks()
        .filter(security)
        .flat_map(|block| block.element().children())
    {
        if item.is(Namespace::DS, "Signature") {
            signature_values.push(Signature::read(item, Objects::Allowed, limits)?.value);
        } else if item.is(Namespace::XENC, "EncryptedData") {
            return Err(Unmet::at(item, UnmetKind::RequestEncrypted).into());
        }
    }
    let addressing = Addressing::read(&envelope, &Roles::default())?;
    let id = addressing.as_ref().and_then(|addressing| addressing.message_id());
    Ok(Request {
        signature_values,
        signatures: Signatures::Seen,
        message_id: id.map(|id| id.value.to_string()),
    })
}

/// Refuses an answer that does not say of `request` what was signed in it, or answers another message. All that it says has to be signed
/// by who signed the Body.
///
/// # Errors
/// `policy.signature_confirmation`, `policy.relates_to`.
pub(super) fn check(
    request: &Request,
    header: &wss::Header<'_>,
    admitted: &Admitted<'_>,
    addressing: Option<&Addressing<'_>>,
) -> Result<(), Unmet> {
    let signs = |element: Element<'_>| admitted.main().is_some_and(|main| main.signs(element));
    if let Some(unsigned) = header.confirmations().find(|one| !signs(one.element())) {
        let kind = UnmetKind::ConfirmationNotSigned;
        return Err(Unmet::at(unsigned.element(), kind));
    }
    check_confirmations(request, header)?;
    let related = addressing.and_then(|addressing| addressing.relates_to());
    let related = related.filter(|related| signs(related.element));
    match (&request.message_id, related) {
        (Some(id), Some(related)) if related.value == *id => Ok(()),
        (None, None) => Ok(()),
        (expected, related) => Err(Unmet::at(
            related.map_or(header.element(), |related| related.element),
            UnmetKind::RelatesTo {
                found: related.map(|related| related.value.to_string()),
                expected: expected.clone(),
            },
        )),
    }
}

fn check_confirmations(request: &Request, header: &wss::Header<'_>) -> Result<(), Unmet> {
    let mut found: Vec<Option<&[u8]>> = header.confirmations().map(SignatureConfirmation::value).collect();
    let mut expected: Vec<Option<&[u8]>> = request
        .signature_values
        .iter()
        .map(|value| Some(value.as_slice()))
        .collect();
    if expected.is_empty() {
        expected.push(None);
    }
    found.sort_unstable();
    expected.sort_unstable();
    let saw_none = request.signatures == Signatures::TakenOut && matches!(found.as_slice(), [] | [None]);
    if saw_none || found == expected {
        return Ok(());
    }
    let text = |values: Vec<Option<&[u8]>>| values.into_iter().flatten().map(encode_base64).collect();
    let place = header.confirmations().next().map(SignatureConfirmation::element);
    Err(Unmet::at(
        place.unwrap_or(header.element()),
        UnmetKind::Confirmation {
            found: text(found),
            expected: text(expected),
        },
    ))
}
