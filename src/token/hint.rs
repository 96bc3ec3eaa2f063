use bytes::Bytes;

use crate::algorithm::DigestAlgorithm;
use crate::xml::Element;

/// What a signature says about the key it was made with. It chooses among keys that are trusted for another
/// reason, and makes none trusted (T63).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignerHint<'d> {
    /// A certificate, carried by the message or described.
    X509(X509Hint),
    /// The key that a SAML assertion, or its issuer, names: this element of the message.
    Assertion(Element<'d>),
    /// The key that is derived from the password of a UsernameToken: this element of the message.
    UsernameToken(Element<'d>),
    /// The key in an EncryptedKey: this element of the message.
    EncryptedKey(Element<'d>),
    /// A name that both sides gave the key (`ds:KeyName`).
    Name(String),
    /// Nothing: it may be any key that is trusted.
    Unnamed,
}

/// What is said about a certificate and its path. Of each kind that is given, one has to be the signer's, or the
/// hint points at nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct X509Hint {
    /// Certificates in DER that came with the message, not yet read: the signer's first if they are a PKIPath or one
    /// alone, in any order if they come from X509Data.
    pub certificates: Vec<Bytes>,
    /// Values of the SubjectKeyIdentifier extension.
    pub subject_key_identifiers: Vec<Vec<u8>>,
    /// Digests of certificates; a thumbprint is the one with SHA-1.
    pub digests: Vec<(DigestAlgorithm, Vec<u8>)>,
    /// Who issued certificates under which numbers.
    pub issuer_serials: Vec<IssuerSerial>,
    /// Subjects, as text that follows RFC 4514, to be compared with [`same_name`](crate::crypto::same_name).
    pub subjects: Vec<String>,
}

/// The name and number that a certificate is known by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuerSerial {
    /// The issuer, as text that follows RFC 4514, to be compared with [`same_name`](crate::crypto::same_name).
    pub issuer: String,
    /// The serial number in decimal, without leading zeros.
    pub serial: String,
}

impl X509Hint {
    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
