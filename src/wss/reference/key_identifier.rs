use super::Pointer;
use super::SamlVersion;
use super::unadorned;
use crate::token::field;
use crate::token::x509::BASE64_BINARY;
use crate::token::x509::ValueType;
use crate::token::x509::base64_of;
use crate::wss::Deviation;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Rule;
use crate::xml::Element;
use crate::xml::is_ncname;

/// The ValueTypes of KeyIdentifiers for certificates and encrypted keys.
pub(crate) const SUBJECT_KEY_IDENTIFIER: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier";
pub(crate) const THUMBPRINT_SHA1: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1";
pub(super) const ENCRYPTED_KEY_SHA1: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKeySHA1";

/// Reads `wsse:KeyIdentifier` (WSS 1.1 §7.3).
pub(super) fn read<'d>(element: Element<'d>, deviations: &mut Vec<Deviation>) -> Result<Pointer<'d>, Error> {
    const PROFILE: &str = "BSP 1.1 R3063";
    unadorned(element, &["ValueType", "EncodingType"])?;
    let Some(value_type) = element.attribute("ValueType") else {
        return Err(Error::reference(
            element,
            "the KeyIdentifier does not say its ValueType",
            "BSP 1.1 R3054",
        ));
    };
    let encoding = element.attribute("EncodingType");
    if let Some(version) = [SamlVersion::Saml11, SamlVersion::Saml20]
        .into_iter()
        .find(|version| version.identifier_type() == value_type)
    {
        if encoding.is_some() {
            let why = "an assertion's ID is not encoded";
            return Err(Error::reference(element, why, "BSP 1.1 R6604"));
        }
        let id = assertion_id(element)?;
        return Ok(Pointer::SamlId { version, id });
    }
    match encoding {
        Some(encoding) if encoding != BASE64_BINARY => {
            let why = "the KeyIdentifier's EncodingType is not read";
            return Err(Error::reference_value(element, why, "BSP 1.1 R3071", &encoding));
        }
        Some(_) => {}
        None => Deviation::note(deviations, Rule::IdentifierEncodingType, element),
    }
    let value = || base64_of(element).map_err(Error::identifier);
    match value_type.as_ref() {
        SUBJECT_KEY_IDENTIFIER => Ok(Pointer::SubjectKeyIdentifier(value()?.to_vec())),
        THUMBPRINT_SHA1 => match <[u8; 20]>::try_from(value()?.as_ref()) {
            Ok(thumbprint) => Ok(Pointer::ThumbprintSha1(thumbprint)),
            Err(_) => Err(Error::reference(
                element,
                "a SHA-1 thumbprint has 20 bytes",
                "WSS 1.1 §7.3",
            )),
        },
        uri if uri == ValueType::X509v3.uri() => {
            Deviation::note(deviations, Rule::IdentifierValueType, element);
            Ok(Pointer::Certificate(value()?))
        }
        ENCRYPTED_KEY_SHA1 => match <[u8; 20]>::try_from(value()?.as_ref()) {
            Ok(digest) => Ok(Pointer::EncryptedKeySha1(digest)),
            Err(_) => Err(Error::reference(
                element,
                "an EncryptedKeySHA1 has 20 bytes",
                "WSS 1.1 §7.3",
            )),
        },
        other => {
            let why = "KeyIdentifiers of that ValueType are not read";
            Err(Error::reference_value(element, why, PROFILE, other))
        }
    }
}

fn assertion_id(element: Element<'_>) -> Result<String, Error> {
    let clause = "SAML Token Profile 1.1 §3.4";
    let interrupted = ErrorKind::TokenReference {
        why: "a comment or processing instruction stands in the assertion's ID",
        clause,
        value: None,
    };
    let id = field::text(element).map_err(|reason| Error::of_text(reason, element, interrupted))?;
    if is_ncname(&id) {
        Ok(id.into_owned())
    } else {
        Err(Error::reference_value(
            element,
            "it is no assertion's ID",
            clause,
            &id,
        ))
    }
}
