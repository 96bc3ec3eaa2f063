use super::expression::Assertion;
use super::names::is_security_policy;
use super::reading::{Outcome, Reading};
use super::{suite, token};
use crate::policy::{KeyReference, Part, TimestampPresence};

/// Messages that each side signs with a key of its own (WS-SecurityPolicy 1.3 §7.5).
pub(super) fn asymmetric<'d>(reading: &mut Reading<'d>, assertion: &Assertion<'d>) {
    reading.say(
        assertion.element,
        Outcome::Taken,
        "a signature by a key of the sender",
    );
    properties(reading, assertion);
}

/// Messages that are protected by a key which both sides derive from one token (§7.4).
pub(super) fn symmetric<'d>(reading: &mut Reading<'d>, assertion: &Assertion<'d>) {
    if reading
        .policy
        .key_references
        .contains(&KeyReference::EncryptedKey)
    {
        let detail = "a signature by an EncryptedKey, which somebody trusted has to endorse";
        reading.say(assertion.element, Outcome::Taken, detail);
    } else {
        let detail = format!(
            "a signature by {}, as {} takes none",
            KeyReference::EncryptedKey,
            reading.base
        );
        reading.say(assertion.element, Outcome::NotPermitted, detail);
    }
    properties(reading, assertion);
}

/// Messages that TLS protects (§7.3).
pub(super) fn transport<'d>(reading: &mut Reading<'d>, assertion: &Assertion<'d>) {
    let detail = "TLS protects messages, and need not sign them: only what is signed is relayed";
    reading.say(assertion.element, Outcome::NotPermitted, detail);
    properties(reading, assertion);
}

/// The properties of a binding (§6). Those that are not there have their defaults, which restrict nothing more.
fn properties<'d>(reading: &mut Reading<'d>, binding: &Assertion<'d>) {
    reading.check_parameters(binding, &[]);
    let mut timestamp = false;
    for property in &binding.nested {
        let element = property.element;
        if !is_security_policy(element.namespace()) {
            reading.unknown(property);
            continue;
        }
        match element.local_name() {
            "InitiatorToken" | "InitiatorSignatureToken" => token::initiator(reading, property),
            "InitiatorEncryptionToken" | "RecipientToken" | "RecipientSignatureToken" => {
                reading.say(element, Outcome::Noted, "a key of answers, which are ours");
            }
            "RecipientEncryptionToken" => {
                reading.say(
                    element,
                    Outcome::Noted,
                    "our key, to which requests are encrypted",
                );
            }
            "TransportToken" => transport_token(reading, property),
            "ProtectionToken" | "SignatureToken" | "EncryptionToken" => protection_token(reading, property),
            "AlgorithmSuite" => suite::read(reading, property),
            "Layout" => layout(reading, property),
            "IncludeTimestamp" => {
                timestamp = true;
                reading.policy.timestamp.presence = TimestampPresence::Required;
                reading.sign(Part::Timestamp);
                reading.leaf(property, Outcome::Taken, "a Timestamp, signed");
            }
            "EncryptBeforeSigning" => {
                reading.encrypts_first = true;
                reading.leaf(
                    property,
                    Outcome::Noted,
                    "either order of encryption and signature is read",
                );
            }
            "EncryptSignature" => {
                reading.encrypt(Part::Signature);
                let detail = format_args!("{}, encrypted", Part::Signature);
                reading.leaf(property, Outcome::Taken, detail);
            }
            "ProtectTokens" => {
                reading.sign(Part::Tokens);
                reading.leaf(property, Outcome::Taken, Part::Tokens);
            }
            "OnlySignEntireHeadersAndBody" => {
                reading.leaf(
                    property,
                    Outcome::Taken,
                    "headers and Body are never signed in part",
                );
            }
            _ => reading.unknown(property),
        }
    }
    if !timestamp && reading.policy.timestamp.presence == TimestampPresence::Required {
        let detail = format!("messages without Timestamp, as {} asks for one", reading.base);
        reading.say(binding.element, Outcome::NotPermitted, detail);
    }
}

fn layout(reading: &mut Reading<'_>, property: &Assertion<'_>) {
    reading.check_parameters(property, &[]);
    for layout in &property.nested {
        match layout.element.local_name() {
            "Strict" | "Lax" | "LaxTsFirst" | "LaxTsLast" | "LaxTimestampFirst" | "LaxTimestampLast"
                if is_security_policy(layout.element.namespace()) =>
            {
                let detail = "the order in a Security header proves nothing: any is read";
                reading.leaf(layout, Outcome::Noted, detail);
            }
            _ => reading.unknown(layout),
        }
    }
}

/// What the key of a symmetric binding is from (§5.4): our certificate, to which the sender encrypts it.
fn protection_token(reading: &mut Reading<'_>, property: &Assertion<'_>) {
    reading.check_parameters(property, &[]);
    for token in &property.nested {
        let element = token.element;
        if element.local_name() != "X509Token" || !is_security_policy(element.namespace()) {
            let detail = "a token from which both sides derive a key";
            reading.say(element, Outcome::NotUnderstood, detail);
            continue;
        }
        reading.check_parameters(token, &[]);
        let detail = "our certificate, to which the sender encrypts the key";
        reading.say(element, Outcome::Noted, detail);
        for option in &token.nested {
            let name = option.element.local_name();
            let known = is_security_policy(option.element.namespace());
            if known && name.ends_with("DerivedKeys") {
                reading.leaf(option, Outcome::NotPermitted, "derived keys, which are not read");
            } else if known && (name.starts_with("WssX509") || name.starts_with("Require")) {
                let detail = "how our certificate is named proves nothing";
                reading.leaf(option, Outcome::Noted, detail);
            } else {
                reading.unknown(option);
            }
        }
    }
}

fn transport_token(reading: &mut Reading<'_>, property: &Assertion<'_>) {
    reading.check_parameters(property, &[]);
    for token in &property.nested {
        if token.element.local_name() != "HttpsToken" || !is_security_policy(token.element.namespace()) {
            reading.unknown(token);
            continue;
        }
        // What HTTP and TLS ask for is no matter of a message.
        let at_the_listener =
            |what: &str| format!("{what}: the listener of the gateway says so, and no policy");
        reading.say(token.element, Outcome::NotEnforced, at_the_listener("TLS"));
        let certificate = token.element.attribute("RequireClientCertificate");
        if certificate.is_some_and(|value| matches!(value.trim(), "true" | "1")) {
            let detail = at_the_listener("a certificate of the client");
            reading.say(token.element, Outcome::NotEnforced, detail);
        }
        for option in &token.nested {
            match option.element.local_name() {
                "RequireClientCertificate" if is_security_policy(option.element.namespace()) => {
                    let detail = at_the_listener("a certificate of the client");
                    reading.leaf(option, Outcome::NotEnforced, detail);
                }
                _ => reading.unknown(option),
            }
        }
    }
}
