use std::fmt;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use super::Error;
use super::ErrorKind;
use super::FailedStatus;
use crate::xml::quoted;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            ErrorKind::IssuerMismatch { outer, inner } => write!(
                f,
                "the message is issued by {}, what is in it by {}",
                quoted(outer),
                quoted(inner)
            ),
            ErrorKind::IssuerMissing => f.write_str("the message does not say who issued it"),
            ErrorKind::IssuerFormat(format) => {
                write!(
                    f,
                    "the Issuer has the format {}, which is no entity's",
                    quoted(format)
                )
            }
            ErrorKind::AudienceMissing {
                expected: Some(expected),
            } => {
                write!(f, "it is for no audience; expected {}", quoted(expected))
            }
            ErrorKind::AudienceMissing { expected: None } => {
                f.write_str("it is for no audience, and which one was expected was not said")
            }
            ErrorKind::Audience { expected, found } => write!(
                f,
                "it is for the audience {}; expected {}",
                list(found),
                quoted(expected)
            ),
            ErrorKind::AudienceUnknown { found } => write!(
                f,
                "it is for the audience {}, and which one was expected was not said",
                list(found)
            ),
            ErrorKind::Recipient {
                attribute,
                expected,
                found,
            } => write!(
                f,
                "{attribute} is {}; expected {}",
                quoted(found),
                quoted(expected)
            ),
            ErrorKind::RecipientMissing {
                attribute,
                expected: Some(expected),
            } => write!(f, "there is no {attribute}; expected {}", quoted(expected)),
            ErrorKind::RecipientMissing {
                attribute,
                expected: None,
            } => write!(f, "there is no {attribute}"),
            ErrorKind::RecipientUnknown { attribute, found } => write!(
                f,
                "{attribute} is {}, and which one was expected was not said",
                quoted(found)
            ),
            ErrorKind::InResponseTo { expected, found } => match (expected, found) {
                (Some(expected), Some(found)) => write!(
                    f,
                    "it answers the request {}; expected {}",
                    quoted(found),
                    quoted(expected)
                ),
                (Some(expected), None) => {
                    write!(f, "it answers no request; expected {}", quoted(expected))
                }
                (None, found) => write!(
                    f,
                    "it answers the request {}, and none was made",
                    quoted(found.as_deref().unwrap_or_default())
                ),
            },
            ErrorKind::RequestUnknown { found: Some(found) } => write!(
                f,
                "it answers the request {}, and which one was made was not said",
                quoted(found)
            ),
            ErrorKind::RequestUnknown { found: None } => {
                f.write_str("it answers no request, and whether it may come unasked was not said")
            }
            ErrorKind::NotYetValid {
                what,
                begins,
                now,
                skew,
            } => write!(
                f,
                "{what} is {}; it is {} now, and clocks may be off by {} s",
                instant(begins),
                instant(now),
                skew.num_seconds()
            ),
            ErrorKind::Expired {
                what,
                ended,
                now,
                skew,
            } => write!(
                f,
                "{what} was {}; it is {} now, and clocks may be off by {} s",
                instant(ended),
                instant(now),
                skew.num_seconds()
            ),
            ErrorKind::EmptyWindow {
                not_before,
                not_on_or_after,
            } => write!(
                f,
                "NotOnOrAfter {} is not after NotBefore {}",
                instant(not_on_or_after),
                instant(not_before)
            ),
            ErrorKind::LifeTooLong {
                issued,
                ends,
                allowed,
            } => write!(
                f,
                "it was issued at {} and ends at {}, {} s later; {} s are allowed",
                instant(issued),
                instant(ends),
                ends.signed_duration_since(issued).num_seconds(),
                allowed.num_seconds()
            ),
            ErrorKind::BearerWithoutEnd => f.write_str("the bearer confirmation has no NotOnOrAfter"),
            ErrorKind::BearerNotBefore(found) => {
                write!(f, "the bearer confirmation has a NotBefore, {}", instant(found))
            }
            ErrorKind::ConfirmationData(method) => {
                write!(f, "the {method} confirmation has no SubjectConfirmationData")
            }
            ErrorKind::NoConfirmation => f.write_str("the Subject has no SubjectConfirmation"),
            ErrorKind::ConfirmationMethod { found, allowed } => write!(
                f,
                "the policy allows none of the confirmation methods {}; it allows {}",
                list(found),
                list(allowed)
            ),
            ErrorKind::HolderOfKey { named, shown } if shown.is_empty() => write!(
                f,
                "nobody has shown the key that the assertion names for holder-of-key (SHA-256 of the public key: {})",
                named.join(", ")
            ),
            ErrorKind::HolderOfKey { named, shown } => write!(
                f,
                "the message is not signed with the key that the assertion names for holder-of-key (SHA-256 of the public key: {}), but with {}",
                named.join(", "),
                shown.join(", ")
            ),
            ErrorKind::HolderOfKeyInfo(Some(error)) => {
                write!(
                    f,
                    "the key that the assertion names for holder-of-key is not read: {error}"
                )
            }
            ErrorKind::HolderOfKeyInfo(None) => f.write_str("the assertion holds no key for holder-of-key"),
            ErrorKind::SenderVouches => {
                f.write_str("no signature of a key that may vouch covers both the assertion and the Body")
            }
            ErrorKind::UnknownCondition(name) => {
                write!(f, "the condition {} is not understood", quoted(name))
            }
            ErrorKind::Status(status) => write!(f, "the status is {status}"),
            ErrorKind::NotSigned { says: Some(status) } => write!(
                f,
                "nothing in the message is signed; it says, and nobody vouches for it, that the status is {status}"
            ),
            ErrorKind::NotSigned { says: None } | ErrorKind::MetadataNotSigned => {
                f.write_str("nothing in the message is signed")
            }
            ErrorKind::NoAssertion => f.write_str("the Response has no assertion"),
            ErrorKind::ArtifactUnknown => f.write_str(
                "the ArtifactResponse has no message: the responder knows no such artifact, or no longer",
            ),
            ErrorKind::ResponseNotSigned => f.write_str(
                "a Response of SAML 1.1 has to be signed itself: nothing else says for whom it is",
            ),
            ErrorKind::ResponseByRedirect => f.write_str("a Response may not come in a query string"),
            ErrorKind::Parameter(name) => {
                write!(
                    f,
                    "{} came in the parameter for the other kind of message",
                    quoted(name)
                )
            }
            ErrorKind::NoAuthnStatement => {
                f.write_str("no AuthnStatement says that the subject was authenticated")
            }
            ErrorKind::Encrypted(name) => {
                write!(f, "the {name} is encrypted, and there is no key for it")
            }
            ErrorKind::NameId => f.write_str("the subject has no name that is read"),
            ErrorKind::AttributeNotText(name) => {
                write!(f, "the attribute {} has a value that is no text", quoted(name))
            }
            ErrorKind::InterruptedText => {
                f.write_str("a comment or a processing instruction stands inside a text")
            }
            ErrorKind::Position(name) => {
                write!(f, "{} stands where no assertion is read", quoted(name))
            }
            ErrorKind::SignatureParent { refers_to, parent } => {
                write!(
                    f,
                    "the Signature signs {}, and stands in an element ",
                    list(refers_to)
                )?;
                match parent {
                    Some(id) => write!(f, "with the ID {}", quoted(id)),
                    None => f.write_str("without an ID"),
                }
            }
            ErrorKind::StraySignature(parent) => write!(
                f,
                "the Signature stands in {}, which is not what is read",
                quoted(parent)
            ),
            ErrorKind::SignaturePlace => {
                f.write_str("the Signature does not stand after the Issuer, where the schema has it")
            }
        }
    }
}

impl fmt::Display for FailedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&list(&self.codes))?;
        match &self.message {
            Some(message) => write!(f, ", with the message {}", quoted(message)),
            None => Ok(()),
        }
    }
}

fn instant(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// At most eight of `values`, quoted.
fn list(values: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(|value| quoted(value)).collect();
    if values.len() > SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
