use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Unmet, UnmetKind};
use crate::xml::quoted;

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            UnmetKind::NoSignature => f.write_str("nothing in the message is signed"),
            UnmetKind::NotEncrypted(part) => {
                write!(f, "the policy asks that {} is encrypted, and it was not", quoted(part))
            }
            UnmetKind::BodyNotSigned => {
                f.write_str("no trusted signature covers the Body at its place under the Envelope")
            }
            UnmetKind::SignedElsewhere(path) => write!(
                f,
                "{} is signed, and stands where nobody reads it: it was moved there, or its part is not what it says",
                quoted(path)
            ),
            UnmetKind::SeveralBodySignatures => f.write_str(
                "more than one signature covers the Body; whose message it is, and whether it was used before, \
                 would depend on which of them somebody leaves in the header",
            ),
            UnmetKind::TimestampNotSigned => f.write_str(
                "no signature covers both the Body and the Timestamp in the Security header",
            ),
            UnmetKind::HeaderNotSigned(name) => {
                write!(
                    f,
                    "the signature that covers the Body does not cover the header {}",
                    quoted(name)
                )
            }
            UnmetKind::HeaderMissing(name) => write!(f, "the header {} is missing", quoted(name)),
            UnmetKind::AttachmentNotSigned(id) => write!(
                f,
                "the signature that covers the Body does not cover the attachment {}",
                quoted(id)
            ),
            UnmetKind::UnsignedHeader(name) => write!(f, "nobody signed the header {}", quoted(name)),
            UnmetKind::AssertionMissing => {
                f.write_str("there is no SAML assertion that a trusted issuer vouches for")
            }
            UnmetKind::SeveralAssertions => f.write_str("there is more than one SAML assertion"),
            UnmetKind::AssertionNotSigned => f.write_str(
                "neither its issuer nor one who may vouch for it signed the SAML assertion at its place",
            ),
            UnmetKind::EndlessAssertion => f.write_str(
                "the SAML assertion is for one use and never ends, so its use cannot be remembered",
            ),
            UnmetKind::NoConfirmationKey => f.write_str(
                "the signature names a SAML assertion as its key, and that confirms no key of its subject",
            ),
            UnmetKind::ActionMismatch { transport, message } => write!(
                f,
                "the transport says the action is {}, the message says it is {}",
                quoted(transport),
                quoted(message)
            ),
            UnmetKind::NoOperation(error) => error.fmt(f),
            UnmetKind::NotAuthorized(error) => error.fmt(f),
            UnmetKind::NotWhole(error) => error.fmt(f),
            UnmetKind::NotKept(error) => error.fmt(f),
            UnmetKind::TimestampMissing => f.write_str("the Security header has no Timestamp"),
            UnmetKind::NoExpires => f.write_str("the Timestamp has no Expires"),
            UnmetKind::ExpiresBeforeCreated { created, expires } => write!(
                f,
                "the Timestamp expires at {}, which is not after its creation at {}",
                instant(expires),
                instant(created)
            ),
            UnmetKind::Expired { created, ended, now } => write!(
                f,
                "the Timestamp of {} ended at {}; it is {} now",
                instant(created),
                instant(ended),
                instant(now)
            ),
            UnmetKind::Future { created, now, skew } => write!(
                f,
                "the Timestamp is of {}; it is {} now, and the clock may be off by {skew} s",
                instant(created),
                instant(now)
            ),
            UnmetKind::KeyReference { found, allowed } => {
                let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the key is named by {found}; the policy allows {}",
                    allowed.join(", ")
                )
            }
            UnmetKind::UsernameTokenMissing => f.write_str("there is no UsernameToken"),
            UnmetKind::UsernameTokenRefused => f.write_str("the policy takes no UsernameToken"),
            UnmetKind::TokenNotSigned => {
                f.write_str("the signature over the Body does not cover the token, which the policy asks for")
            }
            UnmetKind::UsernameTokenNotSigned => f.write_str(
                "the signature that covers the Body does not cover the UsernameToken, which may be another message's",
            ),
            UnmetKind::NoPassword => f.write_str(
                "the UsernameToken brings no password, and no key derived from it signed the Body",
            ),
            UnmetKind::PasswordText { over_tls: false } => {
                f.write_str("the password was sent as it is, and not over TLS (--tls, if it was), which it needs at least")
            }
            UnmetKind::PasswordText { over_tls: true } => {
                f.write_str("the password was sent as it is; the policy takes its digest only, over TLS too")
            }
            UnmetKind::NoNonce => f.write_str(
                "the UsernameToken has not both Nonce and Created, so that its second use could not be noticed",
            ),
            UnmetKind::UsernameTokenExpired { created, ended, now } => write!(
                f,
                "the UsernameToken of {} ended at {}; it is {} now",
                instant(created),
                instant(ended),
                instant(now)
            ),
            UnmetKind::UsernameTokenFuture { created, now, skew } => write!(
                f,
                "the UsernameToken is of {}; it is {} now, and the clock may be off by {skew} s",
                instant(created),
                instant(now)
            ),
            UnmetKind::NotEndorsed => f.write_str(
                "the signature was made with an EncryptedKey, which anybody can make who has our certificate, so it says nothing of who sent \
                 the message; a signature with a certificate of somebody trusted has to sign this ds:Signature itself",
            ),
            UnmetKind::NoDerivation => f.write_str(
                "the signature names a UsernameToken as its key, and that does not say how a key is derived",
            ),
            UnmetKind::RequestEncrypted => f.write_str(
                "the Security header of the request has encrypted items; give the request as it was before, or decrypt it",
            ),
            UnmetKind::ConfirmationNotSigned => {
                f.write_str("the signature that covers the Body does not cover the SignatureConfirmation")
            }
            UnmetKind::Confirmation { found, expected } => write!(
                f,
                "the answer confirms {}; its request has {}",
                values(found),
                values(expected)
            ),
            UnmetKind::RelatesTo { found, expected } => {
                let named = |id: &Option<String>| id.as_deref().map_or("none".to_owned(), quoted);
                write!(
                    f,
                    "the answer's signed wsa:RelatesTo is {}; the wsa:MessageID of its request is {}",
                    named(found),
                    named(expected)
                )
            }
            UnmetKind::EncryptedNotUnderstood => {
                f.write_str("a header block that was encrypted must be understood, and is not")
            }
            UnmetKind::MessageIdEncrypted => {
                f.write_str("the wsa:MessageID was encrypted, and an answer would tell it to whoever asked")
            }
            UnmetKind::QNameNotCovered(name) => write!(
                f,
                "the signature does not cover what the prefix of {} means, so anyone could change it",
                quoted(name)
            ),
            UnmetKind::AttachmentQNameNotCovered(id, name) => write!(
                f,
                "what is signed of the attachment {} does not say what the prefix of {} means, so anyone could change it",
                quoted(id),
                quoted(name)
            ),
            UnmetKind::Schema(message) => write!(f, "the Body is not valid: {}", quoted(message)),
            UnmetKind::SchemaLimit(what) => write!(f, "the Body takes more {what} than validation may"),
            UnmetKind::SchemaUnavailable => f.write_str("the Body could not be validated"),
            UnmetKind::NoMessageTime => {
                f.write_str("the message has no signed time as of which it could be judged")
            }
        }
    }
}

fn instant(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Values of signatures, as many as a message may have.
fn values(values: &[String]) -> String {
    if values.is_empty() {
        return "no signature".to_owned();
    }
    let quoted: Vec<String> = values.iter().take(4).map(|value| quoted(value)).collect();
    format!("the signatures {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::KeyReference;

    #[test]
    fn what_was_found_is_told_beside_what_was_expected() {
        let told = |kind| Unmet::nowhere(kind).to_string();
        let named = UnmetKind::KeyReference {
            found: KeyReference::KeyName,
            allowed: vec![KeyReference::X509Data, KeyReference::Thumbprint],
        };
        assert_eq!(
            told(named),
            "the key is named by KeyName; the policy allows X509Data, a thumbprint"
        );
        let texts = [false, true].map(|over_tls| told(UnmetKind::PasswordText { over_tls }));
        assert!(
            texts[0].contains("not over TLS") && texts[1].contains("digest only"),
            "{texts:?}"
        );
    }
}
