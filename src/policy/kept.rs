use std::fmt;

use crate::xml::quoted;

/// Why the Security header of a message that holds cannot be handed on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Something of the message was encrypted to us, and the header speaks of what is not there any more.
    Encrypted,
    /// The header is for the actor or role of this name, and not for the last who reads it.
    Role(String),
    /// An item that the signature over the Body does not cover.
    NotSigned(String),
    /// A certificate, in a token or a KeyInfo that nobody signed, that is none of those by which a signature was trusted.
    Certificate(String),
    /// A PKIPath, in a token that nobody signed, whose certificates are not in the order of a path.
    PathOrder(String),
    /// Something in a part of the header that nobody signed, which was not needed to verify it.
    NotNeeded(String),
    /// A signature, by the same key over the same as another before it.
    Twice(String),
    /// The header of the attachment with this Content-ID, which a signature covers that does not cover the Body.
    PartHeader(String),
    /// A UsernameToken, at this place, under a policy that does not judge it.
    NotJudged(String),
    /// A QName in what was signed has a prefix that its canonical form does not declare.
    QName(String),
    /// No prefix in scope is to spare for mustUnderstand, and a further one would change what was signed.
    NoPrefix,
    /// The message would be longer than so many bytes.
    TooLong(usize),
    /// Out of its place it does not hold any more: refused with this code.
    Again(&'static str),
    /// Out of its place its signatures are others, or others'.
    Others,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Security header cannot be handed on: ")?;
        match self {
            Self::Encrypted => {
                f.write_str("something of the message was encrypted to us, and it speaks of that")
            }
            Self::Role(role) => write!(f, "it is for {}, and not for the last receiver", quoted(role)),
            Self::NotSigned(path) => write!(
                f,
                "the signature that covers the Body does not cover {}",
                quoted(path)
            ),
            Self::Certificate(path) => write!(
                f,
                "nobody signed {}, and it is no certificate by which a signature was trusted",
                quoted(path)
            ),
            Self::PathOrder(path) => write!(
                f,
                "nobody signed {}, and its certificates do not stand in the order of a path, the signer's last",
                quoted(path)
            ),
            Self::NotNeeded(path) => write!(
                f,
                "nobody signed {}, and it was not needed to verify anything",
                quoted(path)
            ),
            Self::Twice(path) => write!(
                f,
                "what {} signs is signed by the same key before it",
                quoted(path)
            ),
            Self::PartHeader(id) => write!(
                f,
                "the header of the attachment {} is signed, but not by the signature that covers the Body",
                quoted(id)
            ),
            Self::NotJudged(path) => write!(f, "under this policy nobody judges {}", quoted(path)),
            Self::QName(name) => write!(
                f,
                "what was signed does not say what the prefix of {} means",
                quoted(name)
            ),
            Self::NoPrefix => f.write_str(
                "its canonicalization digests every declaration around what was signed, and there is no prefix to spare for \
                 mustUnderstand: sign with Exclusive XML Canonicalization, or declare a further prefix before signing",
            ),
            Self::TooLong(allowed) => write!(
                f,
                "in canonical form, which is what was signed, the message would have more than {allowed} bytes"
            ),
            Self::Again(code) => write!(
                f,
                "with nothing but what was proven around it, it would be refused ({code})"
            ),
            Self::Others => f.write_str(
                "with nothing but what was proven around it, it would have other signatures, or those of others",
            ),
        }
    }
}
