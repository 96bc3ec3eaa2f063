use bytes::Bytes;

use super::Keyring;
use crate::policy::Part;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::xml;
use crate::xml::Document;
use crate::xmlenc;
use crate::xmlenc::{KeyLengths, Plaintext, Unauthenticated};

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
    // Only what is meant for archives asks for nothing in particular.
    let is_archive = rules.policy.signed.contains(&Part::Anything);
    let input = if is_archive { xml::to_utf8(input)? } else { input };
    let document = Document::parse_with_ids(input, &rules.policy.limits, rules.id_attributes)?;
    let (unauthenticated, key_lengths) = if is_archive {
        (Unauthenticated::Allowed, KeyLengths::OrLonger)
    } else {
        (Unauthenticated::Refused, KeyLengths::Exact)
    };
    let rules = xmlenc::Rules {
        permitted: &rules.policy.encryption,
        limits: &rules.policy.limits,
        unauthenticated,
        key_lengths,
        id_attributes: rules.id_attributes,
    };
    Ok(xmlenc::decrypt(document, keyring, &rules)?)
}
