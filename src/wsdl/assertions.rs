use super::binding;
use super::error::Error;
use super::expression::{Alternative, Assertion};
use super::names::{is_harmless, is_security_policy};
use super::parts;
use super::reading::{Entry, Outcome, Reading};
use super::service::{Request, Wsdl, attached};
use super::{suite, token};
use crate::policy::{KeyReference, Policy};

/// What `base` becomes under the assertions of `alternative`, which hold for `request`.
pub(super) fn read<'d>(
    wsdl: &'d Wsdl,
    base: &Policy,
    request: &Request<'d>,
    alternative: &Alternative<'d>,
) -> Result<(Policy, Vec<Entry>), Error> {
    let mut reading = Reading::new(wsdl, base);
    reading.policy.name = format!("{}-imported", base.name);
    for element in &request.missing {
        let detail = "it names what is in no file, and what is attached there is not known; see --import";
        reading.say(*element, Outcome::NotUnderstood, detail);
    }
    for attachment in wsdl.external_attachments() {
        let detail = "a policy that is attached from outside: it may be for this service";
        reading.say(attachment, Outcome::NotUnderstood, detail);
    }
    let is = |assertion: &Assertion<'_>, local: &str| {
        is_security_policy(assertion.element.namespace()) && assertion.element.local_name() == local
    };
    reading.transport = alternative
        .iter()
        .any(|assertion| is(assertion, "TransportBinding"));
    reading.symmetric = alternative
        .iter()
        .any(|assertion| is(assertion, "SymmetricBinding"));
    let bindings = ["AsymmetricBinding", "SymmetricBinding", "TransportBinding"];
    let protected = |assertion: &Assertion<'_>| bindings.iter().any(|local| is(assertion, local));
    if !alternative.iter().any(|assertion| protected(assertion)) {
        let detail = format!(
            "messages that no binding protects, as {} asks for a signature",
            reading.base
        );
        reading.say(request.binding, Outcome::NotPermitted, detail);
    }
    // What must be there is known before what must be signed.
    for assertion in alternative {
        if is(assertion, "RequiredParts") {
            parts::required(&mut reading, assertion);
        } else if is(assertion, "RequiredElements") {
            parts::required_elements(&mut reading, assertion);
        }
    }
    for assertion in alternative {
        top_level(&mut reading, assertion);
    }
    suite::check_order(&mut reading);
    for answer in &request.answers {
        for policy in attached(*answer, wsdl)? {
            reading.say(
                policy,
                Outcome::Noted,
                "a policy of answers, which we write our own way",
            );
        }
    }
    Ok((reading.policy, reading.entries))
}

/// The bindings and supporting tokens of `alternative`, by their local names.
pub(super) fn protection(alternative: &Alternative<'_>) -> Vec<String> {
    let names = alternative.iter().map(|assertion| assertion.element);
    let names = names.filter(|element| is_security_policy(element.namespace()));
    let names = names.map(|element| element.local_name());
    let known = names.filter(|name| name.ends_with("Binding") || name.ends_with("SupportingTokens"));
    known.map(str::to_owned).collect()
}

fn top_level<'d>(reading: &mut Reading<'d>, assertion: &Assertion<'d>) {
    let element = assertion.element;
    if is_harmless(element) {
        return reading.say(element, Outcome::Noted, "no message has to prove anything for it");
    }
    if !is_security_policy(element.namespace()) {
        return reading.unknown(assertion);
    }
    match element.local_name() {
        "AsymmetricBinding" => binding::asymmetric(reading, assertion),
        "SymmetricBinding" => binding::symmetric(reading, assertion),
        "TransportBinding" => binding::transport(reading, assertion),
        "SupportingTokens"
        | "SignedSupportingTokens"
        | "EndorsingSupportingTokens"
        | "SignedEndorsingSupportingTokens"
        | "EncryptedSupportingTokens"
        | "SignedEncryptedSupportingTokens"
        | "EndorsingEncryptedSupportingTokens"
        | "SignedEndorsingEncryptedSupportingTokens" => token::supporting(reading, assertion),
        "RequiredParts" | "RequiredElements" => {} // Read before.
        "SignedParts"
        | "SignedElements"
        | "EncryptedParts"
        | "EncryptedElements"
        | "ContentEncryptedElements" => parts::read(reading, assertion),
        "Wss10" | "Wss11" => wss(reading, assertion),
        "Trust10" | "Trust13" => {
            let detail = "about how tokens are asked for, which is not asked of us";
            reading.say(element, Outcome::Noted, detail);
        }
        _ => reading.unknown(assertion),
    }
}

/// What a receiver must understand (WS-SecurityPolicy 1.3 §9): nothing that a message must prove.
fn wss(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    reading.check_parameters(assertion, &[]);
    for option in &assertion.nested {
        let reference = match option.element.local_name() {
            _ if !is_security_policy(option.element.namespace()) => None,
            "MustSupportRefKeyIdentifier" => Some(KeyReference::SubjectKeyIdentifier),
            "MustSupportRefIssuerSerial" => Some(KeyReference::IssuerSerial),
            "MustSupportRefThumbprint" => Some(KeyReference::Thumbprint),
            "MustSupportRefEmbeddedToken" => Some(KeyReference::BinarySecurityToken),
            "MustSupportRefExternalURI" => {
                reading.leaf(
                    option,
                    Outcome::NotPermitted,
                    "what is outside of the message is never read",
                );
                continue;
            }
            "MustSupportRefEncryptedKey" => {
                reading.leaf(
                    option,
                    Outcome::Noted,
                    "keys that were exchanged are found for decryption",
                );
                continue;
            }
            "RequireSignatureConfirmation" => {
                reading.leaf(
                    option,
                    Outcome::Taken,
                    "answers confirm each signature of their request",
                );
                continue;
            }
            _ => None,
        };
        match reference {
            None => reading.unknown(option),
            Some(reference) if reading.policy.key_references.contains(&reference) => {
                reading.leaf(
                    option,
                    Outcome::Noted,
                    format_args!("{reference} may say which key signed"),
                );
            }
            Some(reference) => {
                let detail = format!("{reference} as the form in which a signature names its key");
                reading.leaf(option, Outcome::NotPermitted, detail);
            }
        }
    }
}
