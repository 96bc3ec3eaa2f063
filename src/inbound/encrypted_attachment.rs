//! Attachments that were encrypted to us (SwA Profile 1.1 §5.5): what stands in their place is what they were before, in the spool.

use crate::crypto::{CipherError, Secret, decrypt_pieces};
use crate::dsig::AttachmentScope;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::soap;
use crate::soap::attachment::{Attachment, Attachments, Original};
use crate::xml::quoted;
use crate::xmlenc::{EncryptedAttachment, ErrorKind};

/// The attachments of a message, with plaintext where there is ciphertext by what `encrypted` says.
///
/// # Errors
/// One is no part of the message; it cannot be decrypted; its plaintext is no attachment, or is more than the limits allow.
pub(super) fn decrypted(
    attachments: &Attachments,
    encrypted: &[EncryptedAttachment],
    policy: &Policy,
) -> Result<Attachments, Rejection> {
    let mut plaintexts = Vec::with_capacity(encrypted.len());
    for one in encrypted {
        let none = || one.refused(ErrorKind::Attachment(not_there(&one.id, attachments)));
        let ciphertext = attachments.get(&one.id).ok_or_else(none)?;
        plaintexts.push(plaintext(ciphertext, one, policy)?);
    }
    Ok(attachments.with(plaintexts))
}

/// That no part has the Content-ID `id`, and which there are.
fn not_there(id: &str, attachments: &Attachments) -> String {
    const SHOWN: usize = 8;
    let id = quoted(id);
    let others: Vec<String> = attachments
        .iter()
        .take(SHOWN)
        .map(|part| quoted(part.id()))
        .collect();
    if others.is_empty() {
        return format!(
            "it is about {id}, and no part of the message is an attachment: there is none, or the message came as MTOM, where the parts \
             belong into the envelope"
        );
    }
    format!(
        "no attachment has the Content-ID {id}; there are {}",
        others.join(", ")
    )
}

/// Whatever is wrong with a ciphertext that proves nothing looks the same (T78); of the others, nothing is kept before it is known to be
/// right.
fn plaintext(
    ciphertext: &Attachment,
    encrypted: &EncryptedAttachment,
    policy: &Policy,
) -> Result<Attachment, Rejection> {
    let proves = encrypted.algorithm.is_authenticated();
    let cannot = |error| Rejection::from(encrypted.refused(ErrorKind::Cipher(error)));
    let secret = match encrypted.secrets.as_slice() {
        [one] if !proves => Some(one),
        secrets => right(ciphertext, encrypted, secrets).map_err(|failed| match failed {
            Failed::Cipher(error) => cannot(error),
            Failed::Attachment(error) => error.into(),
        })?,
    };
    let secret = secret.ok_or_else(|| cannot(CipherError::Failed))?;
    let media_type = encrypted.media_type.clone();
    let original = match (encrypted.scope, media_type) {
        (AttachmentScope::Content, media_type) => Original::Content(media_type.unwrap_or_default()),
        (AttachmentScope::Complete, media_type) => Original::Complete(media_type),
    };
    let decrypted = ciphertext.decrypted(&original, &policy.limits, |take| {
        let take = |octets: &[u8]| take(octets).map_err(Failed::Attachment);
        decrypt(ciphertext, encrypted, secret, take)
    });
    decrypted.map_err(|failed| match failed {
        Failed::Attachment(error) if error.is_ours() => error.into(),
        Failed::Attachment(_) if !proves => cannot(CipherError::Failed),
        // Only who holds the key has made this: the reason helps nobody else.
        Failed::Attachment(error) => encrypted.refused(ErrorKind::Plaintext(error.to_string())).into(),
        Failed::Cipher(error) => cannot(error),
    })
}

/// The one of `secrets` that is right, found without keeping anything; none if none is.
fn right<'s>(
    ciphertext: &Attachment,
    encrypted: &EncryptedAttachment,
    secrets: &'s [Secret],
) -> Result<Option<&'s Secret>, Failed> {
    for secret in secrets {
        match decrypt(ciphertext, encrypted, secret, |_| Ok(())) {
            Ok(()) => return Ok(Some(secret)),
            Err(Failed::Cipher(CipherError::Failed)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// Why there is no plaintext.
enum Failed {
    Cipher(CipherError),
    Attachment(soap::Error),
}

impl From<CipherError> for Failed {
    fn from(error: CipherError) -> Self {
        Self::Cipher(error)
    }
}

impl From<soap::Error> for Failed {
    fn from(error: soap::Error) -> Self {
        Self::Attachment(error)
    }
}

fn decrypt(
    ciphertext: &Attachment,
    encrypted: &EncryptedAttachment,
    secret: &Secret,
    take: impl FnMut(&[u8]) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let read = |offset, into: &mut [u8]| Ok(ciphertext.read_exact_at(offset, into)?);
    decrypt_pieces(encrypted.algorithm, secret, ciphertext.length(), read, take)
}
