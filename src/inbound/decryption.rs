use bytes::Bytes;

use super::Keyring;
use super::encrypted_attachment;
use super::receiver::Receiver;
use crate::crypto::Turn;
use crate::policy::Part;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::xml;
use crate::xml::{Document, Element, Namespace};
use crate::xmlenc;
use crate::xmlenc::{KeyLengths, Moves, Plaintext, Unauthenticated, is_of_attachment};

/// A message with plaintext where ciphertext stood.
#[derive(Debug)]
pub struct DecryptedMessage {
    /// The document.
    pub document: Document,
    /// Where in it is what.
    pub moves: Moves,
    /// The attachments; the plaintext of those that were encrypted.
    pub attachments: Attachments,
}

/// How a document is decrypted.
#[derive(Clone, Copy, Debug)]
pub struct DecryptionRules<'r> {
    /// Algorithms and limits.
    pub policy: &'r Policy,
    /// Attribute names that are of type ID in this document, besides those that always are.
    pub id_attributes: &'r [String],
}

/// Decrypts everything in `input` that is encrypted, as mathematics: there is no WS-Security or SAML meaning here, and nothing that
/// comes out can be relayed. No signature is verified, so ciphers that prove nothing about the plaintext are for archives.
///
/// # Errors
/// The input is no document, something in it cannot be decrypted, or what was decrypted cannot stand there.
pub fn decrypt_document(
    input: Bytes,
    keyring: &Keyring,
    rules: &DecryptionRules<'_>,
) -> Result<Plaintext, Rejection> {
    Ok(xmlenc::decrypt(
        rules.read(input)?,
        keyring,
        &rules.of_encryption(),
    )?)
}

/// The same of a message with `attachments`: what it has of those that are encrypted is in their place (SwA Profile 1.1 §5.5). The EncryptedData that
/// say how they were decrypted stay in the document.
///
/// # Errors
/// As [`decrypt_document`]; an attachment that is not there, or whose plaintext is none.
pub fn decrypt_message(
    input: Bytes,
    attachments: &Attachments,
    keyring: &Keyring,
    rules: &DecryptionRules<'_>,
) -> Result<DecryptedMessage, Rejection> {
    let document = rules.read(input)?;
    let (attached, others): (Vec<_>, Vec<_>) = document
        .root()
        .descendants()
        .filter(|element| {
            element.is(Namespace::XENC, "EncryptedData") || element.is(Namespace::XENC, "EncryptedKey")
        })
        .partition(|element| is_of_attachment(*element));
    let any = others
        .iter()
        .any(|element| element.is(Namespace::XENC, "EncryptedData"));
    let ours: Vec<_> = others.iter().map(|element| element.span()).collect();
    let receiver = Receiver {
        keyring,
        recipient: None,
        ours: &ours,
        covered: &[],
        turn: Turn::default(),
    };
    let of_encryption = rules.of_encryption();
    // Nobody verifies signatures here.
    let is_signed = |_: Element<'_>, _: &str| false;
    let encrypted =
        xmlenc::encrypted_attachments(&document, &attached, &receiver, &of_encryption, &is_signed)?;
    let (document, moves) = if any || encrypted.is_empty() {
        let decrypted = xmlenc::decrypt_parts(document, &receiver, &of_encryption)?;
        (decrypted.document, decrypted.moves)
    } else {
        (document, Moves::default())
    };
    let attachments = encrypted_attachment::decrypted(attachments, &encrypted, rules.policy)?;
    Ok(DecryptedMessage {
        document,
        moves,
        attachments,
    })
}

impl DecryptionRules<'_> {
    /// Only what is meant for archives asks for nothing in particular.
    fn is_for_archives(&self) -> bool {
        self.policy.signed.contains(&Part::Anything)
    }

    fn read(&self, input: Bytes) -> Result<Document, xml::Error> {
        let input = if self.is_for_archives() {
            xml::to_utf8(input)?
        } else {
            input
        };
        Document::parse_with_ids(input, &self.policy.limits, self.id_attributes)
    }

    fn of_encryption(&self) -> xmlenc::Rules<'_> {
        let (unauthenticated, key_lengths) = if self.is_for_archives() {
            (Unauthenticated::Allowed, KeyLengths::OrLonger)
        } else {
            (Unauthenticated::Refused, KeyLengths::Exact)
        };
        xmlenc::Rules {
            permitted: &self.policy.encryption,
            limits: &self.policy.limits,
            unauthenticated,
            key_lengths,
            id_attributes: self.id_attributes,
        }
    }
}
