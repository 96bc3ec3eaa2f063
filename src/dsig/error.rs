use std::fmt;

use super::attachment::AttachmentError;
use super::fields::{FieldError, FieldErrorKind};
use crate::algorithm::SignatureAlgorithm;
use crate::c14n;
use crate::crypto::{Base64Error, Unavailable, VerifyError, encode_base64};
use crate::xml::{self, Element, Limit, Position, is_ncname, quoted};

/// Why a signature is not accepted, and where in the message.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Option<Position>,
}

/// What is wrong with a signature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An element, attribute or text where the schema has none, or one that is missing.
    Structure(String),
    /// An STR-Transform that does not say how the token is canonicalized.
    TransformationParameters,
    /// An `Algorithm` that names nothing we know.
    UnknownAlgorithm(String),
    /// A signature or digest algorithm, or canonicalization, that the policy does not allow.
    AlgorithmNotPermitted(String),
    /// A transform that the policy does not allow, or in a place where it cannot stand.
    Transform(String),
    /// A `URI` in a form that the policy does not allow; `None`: there is no `URI`.
    ReferenceForm(Option<String>),
    /// A reference to an ID that no element carries.
    ReferenceUnresolved(String),
    /// A reference to an attachment that the message does not have; its Content-ID.
    AttachmentUnresolved(String),
    /// An attachment has no digest.
    Attachment(AttachmentError),
    /// Two References to the same.
    DuplicateReference(String),
    /// A DigestValue, SignatureValue or the content of a base64 transform that is not base64.
    Encoding(Base64Error),
    /// `ds:Object` in a message, where nothing may hide inside a signature.
    ObjectPresent,
    /// `HMACOutputLength`, which the policy does not allow.
    OutputLength(u32),
    /// Parameters of RSASSA-PSS that the policy does not allow.
    PssParameters(String),
    /// A key shorter than the policy asks for, in bits.
    WeakKey {
        /// As it is.
        bits: u32,
        /// As it must be.
        least: u32,
    },
    /// The value does not verify.
    Value(VerifyError),
    /// The value over octets that are no XML does not verify.
    OctetsMismatch,
    /// What is referenced has another digest.
    DigestMismatch {
        /// The `URI`.
        uri: String,
        /// As signed.
        expected: Vec<u8>,
        /// As computed.
        actual: Vec<u8>,
    },
    /// There is no canonical form.
    Canonicalization(c14n::Error),
    /// The XML is not as it must be.
    Xml(xml::Error),
    /// More than is allowed.
    Limit {
        /// Of what.
        limit: Limit,
        /// How many are allowed.
        allowed: u64,
    },
    /// A key and an algorithm for signing that do not fit, or a key that cannot be used.
    Signing(String),
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

impl Error {
    pub(crate) fn at(element: Element<'_>, kind: ErrorKind) -> Self {
        Self {
            kind,
            position: Some(element.position()),
        }
    }

    pub(super) fn nowhere(kind: ErrorKind) -> Self {
        Self { kind, position: None }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The stable code, `dsig.<reason>`; of XML and limits, theirs.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Structure(_) | ErrorKind::TransformationParameters => "dsig.structure",
            ErrorKind::UnknownAlgorithm(_) => "dsig.unknown_algorithm",
            ErrorKind::AlgorithmNotPermitted(_) => "dsig.algorithm_not_permitted",
            ErrorKind::Transform(_) => "dsig.transform",
            ErrorKind::ReferenceForm(_) => "dsig.reference_form",
            ErrorKind::ReferenceUnresolved(_) | ErrorKind::AttachmentUnresolved(_) => {
                "dsig.reference_unresolved"
            }
            ErrorKind::Attachment(error) => error.code(),
            ErrorKind::DuplicateReference(_) => "dsig.duplicate_reference",
            ErrorKind::Encoding(_) => "dsig.encoding",
            ErrorKind::ObjectPresent => "dsig.object_present",
            ErrorKind::OutputLength(_) => "dsig.hmac_truncated",
            ErrorKind::PssParameters(_) => "dsig.pss_parameters",
            ErrorKind::WeakKey { .. } => "dsig.weak_key",
            ErrorKind::Value(error) => error.code(),
            ErrorKind::OctetsMismatch => "dsig.signature_mismatch",
            ErrorKind::DigestMismatch { .. } => "dsig.digest_mismatch",
            ErrorKind::Canonicalization(error) => error.code(),
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::Limit { limit, .. } => limit.code(),
            ErrorKind::Signing(_) => "dsig.signing",
            ErrorKind::Unavailable(error) => error.code(),
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &self.kind {
            ErrorKind::Structure(_) => "XML Signature §4",
            ErrorKind::TransformationParameters => "WSS 1.1 §8.3; BSP 1.1 R3065",
            ErrorKind::UnknownAlgorithm(_) | ErrorKind::AlgorithmNotPermitted(_) => "XML Signature §6.1",
            ErrorKind::Transform(_) => "XML Signature §4.4.3.4",
            ErrorKind::ReferenceForm(_) => "XML Signature §4.4.3.1",
            ErrorKind::ReferenceUnresolved(_) => "XML Signature §4.4.3.2",
            ErrorKind::AttachmentUnresolved(_) => "SwA Profile 1.1 §4.3; RFC 2392 §2",
            ErrorKind::Attachment(error) => return error.clause(),
            ErrorKind::DuplicateReference(_) => return None,
            ErrorKind::Encoding(error) => error.clause(),
            ErrorKind::ObjectPresent => "BSP 1.1 R5403; XML Signature §4.6",
            ErrorKind::OutputLength(_) => "BSP 1.1 R5401; XML Signature §6.3.1",
            ErrorKind::PssParameters(_) => "RFC 9231 §2.3.9; RFC 8017 §9.1",
            ErrorKind::Value(error) => return error.clause(),
            ErrorKind::OctetsMismatch => "SAML Bindings §3.4.4.1",
            ErrorKind::DigestMismatch { .. } => "XML Signature §3.2.1",
            ErrorKind::Canonicalization(error) => return error.clause(),
            ErrorKind::Xml(error) => return error.clause(),
            ErrorKind::WeakKey { .. }
            | ErrorKind::Limit { .. }
            | ErrorKind::Signing(_)
            | ErrorKind::Unavailable(_) => return None,
        })
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self {
            kind: match error.kind {
                FieldErrorKind::Structure(what) => ErrorKind::Structure(what),
                FieldErrorKind::Xml(error) => ErrorKind::Xml(error),
                FieldErrorKind::Encoding(error) => ErrorKind::Encoding(error),
            },
            position: Some(error.position),
        }
    }
}

/// Why `algorithm` may not be used.
pub(super) fn not_permitted(algorithm: SignatureAlgorithm) -> ErrorKind {
    ErrorKind::AlgorithmNotPermitted(algorithm.uri().to_owned())
}

/// Whether `uri` would name an element by its ID, and no ID is like that.
fn names_no_id(uri: &str) -> bool {
    let fragment = uri.strip_prefix('#');
    fragment.is_some_and(|id| !id.starts_with("xpointer(") && !is_ncname(id))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Structure(what) => write!(f, "the Signature is not as its schema has it: {what}"),
            ErrorKind::TransformationParameters => {
                f.write_str("an STR-Transform without TransformationParameters")
            }
            ErrorKind::UnknownAlgorithm(uri) => write!(f, "{} names no algorithm that is known", quoted(uri)),
            ErrorKind::AlgorithmNotPermitted(uri) => {
                write!(f, "the policy does not allow the algorithm {}", quoted(uri))
            }
            ErrorKind::Transform(what) => write!(f, "the transforms are refused: {what}"),
            ErrorKind::ReferenceForm(None) => f.write_str("a Reference has no URI"),
            ErrorKind::ReferenceForm(Some(uri)) if names_no_id(uri) => write!(
                f,
                "a Reference to {}, where what follows # is no NCName, as every ID is one",
                quoted(uri)
            ),
            ErrorKind::ReferenceForm(Some(uri)) => {
                write!(f, "the policy does not allow a Reference to {}", quoted(uri))
            }
            ErrorKind::ReferenceUnresolved(id) => write!(f, "no element has the ID {}", quoted(id)),
            ErrorKind::AttachmentUnresolved(id) => {
                write!(f, "no part of the message has the Content-ID {}", quoted(id))
            }
            ErrorKind::Attachment(error) => error.fmt(f),
            ErrorKind::DuplicateReference(uri) => write!(f, "two References to {}", quoted(uri)),
            ErrorKind::Encoding(error) => write!(f, "{error}"),
            ErrorKind::ObjectPresent => f.write_str("the Signature holds an Object, which a message may not"),
            ErrorKind::OutputLength(bits) => {
                write!(f, "the policy does not allow an HMACOutputLength ({bits} bits)")
            }
            ErrorKind::PssParameters(what) => {
                write!(f, "the parameters of RSASSA-PSS are not allowed: {what}")
            }
            ErrorKind::WeakKey { bits, least } => {
                write!(f, "the key has {bits} bits; the policy asks for {least} at least")
            }
            ErrorKind::Value(error) => write!(f, "{error}"),
            ErrorKind::OctetsMismatch => {
                f.write_str("the signature value is not one of the query string, as it was sent, by this key")
            }
            ErrorKind::DigestMismatch {
                uri,
                expected,
                actual,
            } => write!(
                f,
                "what {} refers to was changed after signing, or canonicalized otherwise: \
                 its digest is {}, the signature says {}",
                quoted(uri),
                encode_base64(actual),
                encode_base64(expected)
            ),
            ErrorKind::Canonicalization(error) => write!(f, "{error}"),
            ErrorKind::Xml(error) => write!(f, "{error}"),
            ErrorKind::Limit { limit, allowed } => write!(f, "more than {allowed} {limit}"),
            ErrorKind::Signing(what) => write!(f, "it cannot be signed: {what}"),
            ErrorKind::Unavailable(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_id_is_told_as_that() {
        let told = |uri: &str| Error::nowhere(ErrorKind::ReferenceForm(Some(uri.to_owned()))).to_string();
        for uri in ["#SecurityToken-2026-11-24T00:00:40Z", "#", "#1"] {
            assert!(told(uri).contains("no NCName"), "{uri}");
        }
        for uri in ["#a", "", "#xpointer(//a)", "http://a.example/#b:c"] {
            assert!(told(uri).contains("the policy does not allow"), "{uri}");
        }
    }
}
