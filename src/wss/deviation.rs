use std::fmt;

use crate::xml::Element;
use crate::xml::Position;

/// Something that the Basic Security Profile 1.1 forbids and that can be understood in one way only all the same, where it
/// stands first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deviation {
    rule: Rule,
    position: Position,
}

/// The rule that is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// A BinarySecurityToken says its EncodingType.
    TokenEncodingType,
    /// A KeyIdentifier says its EncodingType.
    IdentifierEncodingType,
    /// A KeyIdentifier is an identifier, not the certificate itself.
    IdentifierValueType,
    /// The KeyInfo of a message's signature holds a SecurityTokenReference.
    KeyInfoChild,
    /// A KeyInfo has one child, and not none.
    KeyInfoEmpty,
    /// Created and Expires are written in UTC.
    Utc,
    /// A Password says its Type.
    PasswordType,
    /// A Nonce says its EncodingType.
    NonceEncodingType,
    /// An EncryptedKey says of its key no Type, MimeType, Encoding or Recipient.
    EncryptedKeyAttributes,
    /// An EncryptedData that no EncryptedKey lists says which key it is encrypted with.
    EncryptedDataKeyInfo,
    /// A SignatureConfirmation has an ID, by which it can be signed.
    ConfirmationId,
}

impl Deviation {
    /// Notes in `deviations` that `element` breaks `rule`, once for each rule: a place takes a scan of the message to find.
    pub(super) fn note(deviations: &mut Vec<Self>, rule: Rule, element: Element<'_>) {
        if deviations.iter().all(|noted| noted.rule != rule) {
            let position = element.position();
            deviations.push(Self { rule, position });
        }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Where it is broken.
    pub fn position(&self) -> Option<Position> {
        Some(self.position)
    }

    /// The stable code of a refusal for it.
    pub fn code(&self) -> &'static str {
        match self.rule {
            Rule::TokenEncodingType => "token.encoding_type",
            Rule::IdentifierEncodingType | Rule::IdentifierValueType => "wss.token_reference",
            Rule::KeyInfoChild => "wss.key_info",
            Rule::KeyInfoEmpty => "dsig.key_missing",
            Rule::Utc => "wss.timestamp_invalid",
            Rule::PasswordType | Rule::NonceEncodingType => "token.username_token",
            Rule::EncryptedKeyAttributes => "wss.encrypted_key",
            Rule::EncryptedDataKeyInfo => "wss.encrypted_data",
            Rule::ConfirmationId => "wss.signature_confirmation",
        }
    }

    /// The clause.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match self.rule {
            Rule::TokenEncodingType => "BSP 1.1 R3029",
            Rule::IdentifierEncodingType => "BSP 1.1 R3070",
            Rule::IdentifierValueType => "BSP 1.1 R3063",
            Rule::KeyInfoChild => "BSP 1.1 R5417",
            Rule::KeyInfoEmpty => "BSP 1.1 R5402",
            Rule::Utc => "BSP 1.1 R3217, R3223",
            Rule::PasswordType => "BSP 1.1 R4201",
            Rule::NonceEncodingType => "BSP 1.1 R4220",
            Rule::EncryptedKeyAttributes => "BSP 1.1 R3209, R5602, R5622, R5623",
            Rule::EncryptedDataKeyInfo => "BSP 1.1 R5629",
            Rule::ConfirmationId => "BSP 1.1 R5441",
        })
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.rule {
            Rule::TokenEncodingType => "the token does not say its EncodingType",
            Rule::IdentifierEncodingType => "the KeyIdentifier does not say its EncodingType",
            Rule::IdentifierValueType => "the KeyIdentifier is the certificate itself",
            Rule::KeyInfoChild => "the key is not named by a SecurityTokenReference",
            Rule::KeyInfoEmpty => "KeyInfo is empty",
            Rule::Utc => "the time is not written in UTC, with Z",
            Rule::PasswordType => "the Password does not say its Type",
            Rule::NonceEncodingType => "the Nonce does not say its EncodingType",
            Rule::EncryptedKeyAttributes => "the EncryptedKey says a Type, MimeType, Encoding or Recipient",
            Rule::EncryptedDataKeyInfo => "no EncryptedKey lists the EncryptedData, and it has no KeyInfo",
            Rule::ConfirmationId => "the SignatureConfirmation has no ID",
        })
    }
}
