use super::expression::Assertion;
use super::names::is_security_policy;
use super::reading::{Outcome, Reading};
use crate::policy::{Part, TimestampPresence, UnsignedHeaders};
use crate::xml::{Element, Namespace, is_ncname};

/// What must be signed, encrypted or there (WS-SecurityPolicy 1.3 §4).
pub(super) fn read(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    let element = assertion.element;
    reading.nothing_nested(&assertion.nested);
    match element.local_name() {
        "SignedParts" => signed_parts(reading, assertion),
        "SignedElements" => {
            reading.check_parameters(assertion, &["XPath", "XPath2"]);
            for path in element
                .children()
                .filter(|child| child.local_name().starts_with("XPath"))
            {
                signed_element(reading, path);
            }
        }
        "EncryptedParts" => encrypted_parts(reading, assertion),
        "EncryptedElements" => encrypted_elements(reading, assertion, Portion::Element),
        "ContentEncryptedElements" => encrypted_elements(reading, assertion, Portion::Content),
        _ => reading.unknown(assertion),
    }
}

/// What of an element must be encrypted.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Portion {
    Element,
    Content,
}

/// What is said of a header whose name no element may have.
const NO_NAME: &str = "a header without a name that one may have";

/// Headers that must be there. Ours must be signed too.
pub(super) fn required(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    reading.nothing_nested(&assertion.nested);
    reading.check_parameters(assertion, &["Header"]);
    for header in headers(assertion.element) {
        let name = header.attribute("Name").unwrap_or_default().into_owned();
        let namespace = header.attribute("Namespace").unwrap_or_default().into_owned();
        if !is_ncname(&name) {
            reading.say(header, Outcome::NotUnderstood, NO_NAME);
            continue;
        }
        let part = Part::Header {
            namespace,
            local: name,
        };
        reading.say(header, Outcome::Taken, format_args!("{part}, signed"));
        reading.required.push(part.clone());
        reading.sign(part);
    }
}

/// Elements that must be there (§4.3.1): where our policy can ask for them, signed too.
pub(super) fn required_elements(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    reading.nothing_nested(&assertion.nested);
    reading.check_parameters(assertion, &["XPath", "XPath2"]);
    let paths = assertion.element.children();
    for path in paths.filter(|child| child.local_name().starts_with("XPath")) {
        let part = match path.text().ok().and_then(|text| part_at(path, text.value.trim())) {
            Some(Part::HeaderIfThere { namespace, local }) => {
                let part = Part::Header { namespace, local };
                reading.required.push(part.clone());
                part
            }
            Some(part @ (Part::Body | Part::UsernameToken)) => part,
            Some(part @ Part::Timestamp) => {
                reading.policy.timestamp.presence = TimestampPresence::Required;
                part
            }
            _ => {
                let detail = "a message without it passes as well";
                reading.say(path, Outcome::NotEnforced, detail);
                continue;
            }
        };
        reading.say(path, Outcome::Taken, format_args!("{part}, signed"));
        reading.sign(part);
    }
}

fn signed_parts(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    let element = assertion.element;
    reading.check_parameters(assertion, &["Body", "Header", "Attachments"]);
    if element.children().next().is_none() {
        reading.sign(Part::Body);
        reading.policy.unsigned_headers = UnsignedHeaders::Refuse;
        return reading.say(element, Outcome::Taken, "body, and no header that is not signed");
    }
    for part in element
        .children()
        .filter(|child| is_security_policy(child.namespace()))
    {
        match part.local_name() {
            "Body" => {
                reading.sign(Part::Body);
                reading.say(part, Outcome::Taken, Part::Body);
            }
            "Header" => signed_header(reading, part),
            "Attachments" => {
                reading.sign(Part::Attachments);
                reading.say(part, Outcome::Taken, Part::Attachments);
            }
            _ => {}
        }
    }
}

/// What must be encrypted, where it is there; without a word of what, the Body (WS-SecurityPolicy 1.3 §4.2.1).
fn encrypted_parts(reading: &mut Reading<'_>, assertion: &Assertion<'_>) {
    let element = assertion.element;
    reading.check_parameters(assertion, &["Body", "Header", "Attachments"]);
    if element.children().next().is_none() {
        reading.encrypt(Part::Body);
        return reading.say(element, Outcome::Taken, "body, encrypted");
    }
    for part in element
        .children()
        .filter(|child| is_security_policy(child.namespace()))
    {
        let name = part.attribute("Name").filter(|name| !name.is_empty());
        let is_header = part.local_name() == "Header";
        if is_header && name.as_ref().is_some_and(|name| !is_ncname(name)) {
            reading.say(part, Outcome::NotUnderstood, NO_NAME);
            continue;
        }
        let encrypted = match part.local_name() {
            "Body" => Some(Part::Body),
            "Attachments" => Some(Part::Attachments),
            "Header" => name.map(|name| {
                let namespace = part.attribute("Namespace").unwrap_or_default().into_owned();
                Part::HeaderIfThere {
                    namespace,
                    local: name.into_owned(),
                }
            }),
            _ => None,
        };
        match encrypted {
            Some(encrypted) => {
                reading.say(part, Outcome::Taken, format_args!("{encrypted}, encrypted"));
                reading.encrypt(encrypted);
            }
            None => {
                let detail = "a message in which these are not encrypted passes as well";
                reading.say(part, Outcome::NotEnforced, detail);
            }
        }
    }
}

/// Elements, or what is in them, that must be encrypted where they are there (§4.2.2, §4.2.3).
fn encrypted_elements(reading: &mut Reading<'_>, assertion: &Assertion<'_>, portion: Portion) {
    reading.check_parameters(assertion, &["XPath", "XPath2"]);
    let paths = assertion.element.children();
    for path in paths.filter(|child| child.local_name().starts_with("XPath")) {
        let part = path.text().ok().and_then(|text| part_at(path, text.value.trim()));
        // SOAP has the Body itself in the clear, and we know of no other element whether only its content was encrypted.
        let part = part.filter(|part| (*part == Part::Body) == (portion == Portion::Content));
        match part {
            Some(part) => {
                reading.say(path, Outcome::Taken, format_args!("{part}, encrypted"));
                reading.encrypt(part);
            }
            None => {
                let detail = match portion {
                    Portion::Element => "a path that is none of /Envelope/Header/… and its parts",
                    Portion::Content => "a path that is not /Envelope/Body",
                };
                reading.say(path, Outcome::NotUnderstood, detail);
            }
        }
    }
}

fn signed_header(reading: &mut Reading<'_>, header: Element<'_>) {
    let name = header.attribute("Name").unwrap_or_default().into_owned();
    let namespace = header.attribute("Namespace").unwrap_or_default().into_owned();
    let of_addressing = [Namespace::WSA.uri(), Namespace::WSA2004.uri()].contains(&namespace.as_str());
    let part = if of_addressing {
        Part::Addressing
    } else if name.is_empty() {
        reading.policy.unsigned_headers = UnsignedHeaders::Refuse;
        return reading.say(header, Outcome::Taken, "no header that is not signed");
    } else if !is_ncname(&name) {
        return reading.say(header, Outcome::NotUnderstood, NO_NAME);
    } else {
        let there = Part::Header {
            namespace: namespace.clone(),
            local: name.clone(),
        };
        if reading.required.contains(&there) {
            there
        } else {
            Part::HeaderIfThere {
                namespace,
                local: name,
            }
        }
    };
    reading.say(header, Outcome::Taken, &part);
    reading.sign(part);
}

/// A path of names from the root, to a place that our policy knows.
fn signed_element(reading: &mut Reading<'_>, path: Element<'_>) {
    let part = path.text().ok().and_then(|text| part_at(path, text.value.trim()));
    match part.filter(|part| *part != Part::Signature) {
        Some(part) => {
            reading.say(path, Outcome::Taken, &part);
            reading.sign(part);
        }
        None => {
            let detail = "a path that is none of /Envelope/Body, /Envelope/Header/… and their parts";
            reading.say(path, Outcome::NotUnderstood, detail);
        }
    }
}

fn part_at(element: Element<'_>, path: &str) -> Option<Part> {
    let mut steps = Vec::new();
    for step in path.strip_prefix('/')?.split('/') {
        let (prefix, local) = step.split_once(':').unwrap_or(("", step));
        // In XPath 1.0 a name without prefix is in no namespace.
        let namespace = if prefix.is_empty() {
            ""
        } else {
            element.namespace_of(prefix)?
        };
        steps.push((namespace, local));
    }
    let is_soap = |namespace: &str| [Namespace::SOAP11.uri(), Namespace::SOAP12.uri()].contains(&namespace);
    let (&(envelope, "Envelope"), rest) = steps.split_first()? else {
        return None;
    };
    let known = Namespace::known;
    match rest {
        [(body, "Body")] if is_soap(envelope) && *body == envelope => Some(Part::Body),
        [(header, "Header"), (namespace, local)] if is_soap(envelope) && *header == envelope => {
            let is_name = is_ncname(local) && *local != "Security";
            is_name.then(|| Part::HeaderIfThere {
                namespace: (*namespace).to_owned(),
                local: (*local).to_owned(),
            })
        }
        [(header, "Header"), (wsse, "Security"), (namespace, local)]
            if is_soap(envelope) && *header == envelope && known(wsse) == Some(Namespace::WSSE) =>
        {
            match (known(namespace)?, *local) {
                (Namespace::WSU, "Timestamp") => Some(Part::Timestamp),
                (Namespace::WSSE, "UsernameToken") => Some(Part::UsernameToken),
                (Namespace::WSSE, "BinarySecurityToken") => Some(Part::Tokens),
                (Namespace::DS, "Signature") => Some(Part::Signature),
                _ => None,
            }
        }
        _ => None,
    }
}

fn headers(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    element.children().filter(|child| child.local_name() == "Header")
}
