use super::expression::Assertion;
use super::names::is_security_policy;
use super::parts;
use super::reading::{Outcome, Reading, narrowed};
use super::suite;
use crate::policy::{Confirmation, KeyReference, Part, UsernameToken};
use crate::xml::Element;

/// The forms in which a certificate may be named.
const OF_CERTIFICATES: [KeyReference; 5] = [
    KeyReference::BinarySecurityToken,
    KeyReference::X509Data,
    KeyReference::Thumbprint,
    KeyReference::IssuerSerial,
    KeyReference::SubjectKeyIdentifier,
];

/// The token whose key signs requests.
pub(super) fn initiator(reading: &mut Reading<'_>, property: &Assertion<'_>) {
    reading.check_parameters(property, &[]);
    for token in &property.nested {
        signing(reading, token);
    }
}

/// Further tokens (WS-SecurityPolicy 1.3 §8): what they sign, and whether they are signed.
pub(super) fn supporting<'d>(reading: &mut Reading<'d>, assertion: &Assertion<'d>) {
    reading.check_parameters(assertion, &[]);
    let name = assertion.element.local_name();
    let endorses = name.contains("Endorsing");
    for inside in &assertion.nested {
        let element = inside.element;
        if !is_security_policy(element.namespace()) {
            reading.unknown(inside);
            continue;
        }
        match element.local_name() {
            "AlgorithmSuite" => suite::read(reading, inside),
            "SignedParts" | "SignedElements" | "EncryptedParts" | "EncryptedElements" => {
                parts::read(reading, inside);
            }
            // Where TLS protects messages, what endorses is the one signature, over the Timestamp.
            "X509Token" | "SamlToken" if endorses && reading.transport => {
                reading.sign(Part::Timestamp);
                signing(reading, inside);
            }
            // Nobody but who endorses says who sent a message that such a key signed.
            "X509Token" if endorses && reading.symmetric => signing(reading, inside),
            "UsernameToken" if !endorses => username(reading, inside),
            "SamlToken" if !endorses => {
                assertion_of(reading, inside);
            }
            "X509Token" | "SamlToken" | "UsernameToken" if endorses => {
                let detail = "a second signature, over the first: a message without it passes as well";
                reading.say(element, Outcome::NotEnforced, detail);
            }
            "X509Token" => {
                let detail = "a certificate that signs nothing: a message without it passes as well";
                reading.say(element, Outcome::NotEnforced, detail);
            }
            _ => reading.unknown(inside),
        }
        if name.contains("Encrypted") && element.local_name().ends_with("Token") {
            encrypted(reading, element);
        }
    }
}

/// A supporting token that must be encrypted. A policy cannot tell one certificate from the one whose key signs.
fn encrypted(reading: &mut Reading<'_>, token: Element<'_>) {
    let part = match token.local_name() {
        "UsernameToken" => Part::UsernameToken,
        "SamlToken" => Part::Assertion,
        _ => {
            let detail = "a token that is not encrypted passes as well";
            return reading.say(token, Outcome::NotEnforced, detail);
        }
    };
    reading.say(token, Outcome::Taken, format_args!("{part}, encrypted"));
    reading.encrypt(part);
}

fn signing(reading: &mut Reading<'_>, token: &Assertion<'_>) {
    match token.element.local_name() {
        "X509Token" if is_security_policy(token.element.namespace()) => x509(reading, token),
        "SamlToken" if is_security_policy(token.element.namespace()) => {
            assertion_of(reading, token);
            let (kept, held) = narrowed(
                &reading.policy.saml.soap_confirmations,
                &[Confirmation::HolderOfKey],
            );
            reading.policy.saml.soap_confirmations = kept;
            let references = reading.narrow_references(&[KeyReference::SamlAssertion]);
            if !held || references.is_err() {
                let detail = "a signature by the key that an assertion names";
                reading.say(token.element, Outcome::NotPermitted, detail);
            }
        }
        _ => reading.unknown(token),
    }
}

fn x509(reading: &mut Reading<'_>, token: &Assertion<'_>) {
    common(reading, token);
    let mut forms = Vec::new();
    for option in &token.nested {
        let form = match option.element.local_name() {
            _ if !is_security_policy(option.element.namespace()) => None,
            "RequireThumbprintReference" => Some(KeyReference::Thumbprint),
            "RequireIssuerSerialReference" => Some(KeyReference::IssuerSerial),
            "RequireKeyIdentifierReference" => Some(KeyReference::SubjectKeyIdentifier),
            "RequireEmbeddedTokenReference" => Some(KeyReference::BinarySecurityToken),
            "WssX509V3Token10"
            | "WssX509V3Token11"
            | "WssX509V1Token11"
            | "WssX509Pkcs7Token10"
            | "WssX509Pkcs7Token11"
            | "WssX509PkiPathV1Token10"
            | "WssX509PkiPathV1Token11" => {
                let detail = "the form of a certificate proves nothing: each that is known is read";
                reading.leaf(option, Outcome::Noted, detail);
                continue;
            }
            _ => None,
        };
        match form {
            None => reading.unknown(option),
            Some(form) => {
                forms.push(form);
                reading.leaf(
                    option,
                    Outcome::Taken,
                    format_args!("a signature names its key by {form}"),
                );
            }
        }
    }
    match inclusion(token) {
        Some("Never") if forms.is_empty() => {
            let without_token = |form: &KeyReference| *form != KeyReference::BinarySecurityToken;
            forms.extend(OF_CERTIFICATES.into_iter().filter(without_token));
        }
        Some("Always" | "AlwaysToRecipient" | "Once") => forms.push(KeyReference::BinarySecurityToken),
        _ => {}
    }
    if forms.is_empty() {
        forms.extend(OF_CERTIFICATES);
    }
    match reading.narrow_references(&forms) {
        Ok(names) => {
            let detail = format!("a certificate that the signature names by {names}");
            reading.say(token.element, Outcome::Taken, detail);
        }
        Err(names) => {
            let wanted = forms
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            let detail = format!("a signature that names its key by {wanted}; {names} stays");
            reading.say(token.element, Outcome::NotPermitted, detail);
        }
    }
}

fn username(reading: &mut Reading<'_>, token: &Assertion<'_>) {
    common(reading, token);
    let mut wanted = UsernameToken::DigestOrTextOverTls;
    for option in &token.nested {
        match option.element.local_name() {
            _ if !is_security_policy(option.element.namespace()) => reading.unknown(option),
            "WssUsernameToken10" | "WssUsernameToken11" => {
                reading.leaf(option, Outcome::Noted, "both versions are one form");
            }
            "HashPassword" => {
                wanted = UsernameToken::Digest;
                reading.leaf(option, Outcome::Taken, "PasswordDigest");
            }
            "NoPassword" => {
                reading.leaf(
                    option,
                    Outcome::NotPermitted,
                    "a user without password, which proves nothing",
                );
            }
            "Created" | "Nonce" => reading.leaf(option, Outcome::Taken, "Nonce and Created"),
            _ => reading.unknown(option),
        }
    }
    reading.sign(Part::UsernameToken);
    let own = reading.policy.username_token;
    match own {
        UsernameToken::Refuse => {
            let detail = format!("a UsernameToken, as {} refuses it", reading.base);
            return reading.say(token.element, Outcome::NotPermitted, detail);
        }
        UsernameToken::Digest => {
            if wanted != UsernameToken::Digest {
                let detail = format!("a password as it is, as {} wants PasswordDigest", reading.base);
                reading.say(token.element, Outcome::NotPermitted, detail);
            }
        }
        UsernameToken::DigestOrTextOverTls | UsernameToken::NonceOptionalOverTls | UsernameToken::Ignore => {
            reading.policy.username_token = wanted;
        }
    }
    let detail = "a UsernameToken, signed together with the Body";
    reading.say(token.element, Outcome::Taken, detail);
}

/// A SAML assertion that has to be there.
fn assertion_of(reading: &mut Reading<'_>, token: &Assertion<'_>) {
    common(reading, token);
    for option in &token.nested {
        match option.element.local_name() {
            _ if !is_security_policy(option.element.namespace()) => reading.unknown(option),
            "WssSamlV10Token10" | "WssSamlV11Token10" | "WssSamlV10Token11" | "WssSamlV11Token11"
            | "WssSamlV20Token11" => {
                reading.leaf(
                    option,
                    Outcome::Noted,
                    "assertions of SAML 1.1 and 2.0 are both read",
                );
            }
            "RequireKeyIdentifierReference" => {
                reading.leaf(
                    option,
                    Outcome::Noted,
                    "how an assertion is referred to proves nothing",
                );
            }
            _ => reading.unknown(option),
        }
    }
    reading.sign(Part::Assertion);
    let detail = "an assertion that a trusted issuer, or who may vouch, stands for";
    reading.say(token.element, Outcome::Taken, detail);
}

/// What tokens of all kinds have: who issues them, which is a matter of trust and not of the policy.
fn common(reading: &mut Reading<'_>, token: &Assertion<'_>) {
    const OF_TRUST: [&str; 3] = ["Issuer", "IssuerName", "Claims"];
    reading.check_parameters(token, &OF_TRUST);
    for child in token
        .element
        .children()
        .filter(|child| OF_TRUST.contains(&child.local_name()))
    {
        let detail = "who issues the token and what it says: the trust of a route says so, and no policy";
        reading.say(child, Outcome::NotEnforced, detail);
    }
}

/// The last word of `sp:IncludeToken`: `Never`, `Once`, `AlwaysToRecipient`, `AlwaysToInitiator` or `Always` (§5.1.1).
fn inclusion<'d>(token: &Assertion<'d>) -> Option<&'d str> {
    let mut attributes = token.element.attributes();
    let attribute = attributes.find(|attribute| {
        attribute.local_name() == "IncludeToken" && is_security_policy(attribute.namespace())
    })?;
    let value = attribute.value();
    let known = [
        "Never",
        "Once",
        "AlwaysToRecipient",
        "AlwaysToInitiator",
        "Always",
    ];
    let last = value.trim().rsplit('/').next().unwrap_or_default();
    known.into_iter().find(|word| *word == last)
}
