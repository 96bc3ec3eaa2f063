use std::fmt;

use serde::Serialize;

use super::expression::{Alternative, Assertion};
use super::names::{is_policy, is_security_policy, is_wsdl, policy_flag};
use super::service::{Place, Wsdl};
use crate::policy::{KeyReference, Part, Policy, SignedParts};
use crate::xml::{Element, Namespace};

/// XPath 1.0, which is meant where nothing is said (WS-SecurityPolicy 1.3 §4.1.2).
const XPATH_1: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";

/// What became of an assertion. They are ordered by their places.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// The assertion, below those around it, with names as written.
    pub assertion: String,
    /// What became of it.
    pub outcome: Outcome,
    /// As what it was taken, or why not; for people.
    pub detail: String,
}

/// What became of an assertion.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The policy asks for it, or for more.
    Taken,
    /// No message has to prove anything for it.
    Noted,
    /// It allows or asks for what the policy that was started from forbids, which stays forbidden.
    NotPermitted,
    /// It restricts messages, and the policy does not.
    NotEnforced,
    /// It is not known, so it may restrict messages.
    NotUnderstood,
}

impl Outcome {
    /// Whether messages may pass that it was meant to keep out.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::NotEnforced | Self::NotUnderstood)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "taken",
            Self::Noted => "noted",
            Self::NotPermitted => "not permitted",
            Self::NotEnforced => "not enforced",
            Self::NotUnderstood => "not understood",
        })
    }
}

/// A policy that is being tightened, and what was said of each assertion.
pub(super) struct Reading<'d> {
    wsdl: &'d Wsdl,
    pub(super) policy: Policy,
    pub(super) entries: Vec<Entry>,
    /// The name of the policy that it started from.
    pub(super) base: String,
    /// Whether TLS protects the messages, and no signature over the Body.
    pub(super) transport: bool,
    /// Whether a key that comes with the message signs it, and somebody endorses that signature.
    pub(super) symmetric: bool,
    /// Whether messages are encrypted before they are signed, so that the signature is over the ciphertext.
    pub(super) encrypts_first: bool,
    /// The suite of AES or Triple DES in CBC that was taken.
    pub(super) suite_in_cbc: Option<Element<'d>>,
    /// Headers that have to be there.
    pub(super) required: Vec<Part>,
}

impl<'d> Reading<'d> {
    pub(super) fn new(wsdl: &'d Wsdl, base: &Policy) -> Self {
        Self {
            wsdl,
            policy: base.clone(),
            entries: Vec::new(),
            base: base.name.clone(),
            transport: false,
            symmetric: false,
            encrypts_first: false,
            suite_in_cbc: None,
            required: Vec::new(),
        }
    }

    /// Says what became of `element`.
    pub(super) fn say(&mut self, element: Element<'_>, outcome: Outcome, detail: impl fmt::Display) {
        self.entries.push(Entry {
            place: self.wsdl.place(element),
            assertion: label(element),
            outcome,
            detail: detail.to_string(),
        });
    }

    /// Says that `assertion` is not known, unless whoever wrote it lets it be ignored.
    pub(super) fn unknown(&mut self, assertion: &Assertion<'_>) {
        let element = assertion.element;
        if policy_flag(element, "Ignorable") {
            self.say(element, Outcome::Noted, "whoever wrote it lets it be ignored");
        } else {
            let name = format!("{{{}}}{}", element.namespace(), element.local_name());
            self.say(element, Outcome::NotUnderstood, name);
        }
    }

    /// Says of each parameter and attribute of `assertion` that it is not known, `parameters` excepted.
    pub(super) fn check_parameters(&mut self, assertion: &Assertion<'_>, parameters: &[&str]) {
        let element = assertion.element;
        for child in element.children().filter(|child| !is_policy(child.namespace())) {
            if !parameters.contains(&child.local_name()) {
                self.say(
                    child,
                    Outcome::NotUnderstood,
                    "a parameter that is not known here",
                );
            }
        }
        for attribute in element.attributes() {
            let namespace = attribute.namespace();
            let known = attribute.namespace_id() == Namespace::WSU
                || is_policy(namespace)
                || attribute.local_name() == "IncludeToken" && is_security_policy(namespace)
                || attribute.name() == "XPathVersion"
                    && parameters.contains(&"XPath")
                    && attribute.value() == XPATH_1;
            if !known {
                let detail = format!("its attribute {}", attribute.name());
                self.say(element, Outcome::NotUnderstood, detail);
            }
        }
    }

    /// Says of an assertion without parameters and nested assertions what became of it.
    pub(super) fn leaf(&mut self, assertion: &Assertion<'_>, outcome: Outcome, detail: impl fmt::Display) {
        self.say(assertion.element, outcome, detail);
        self.check_parameters(assertion, &[]);
        self.nothing_nested(&assertion.nested);
    }

    /// Says of nested assertions where none was expected that they are not known.
    pub(super) fn nothing_nested(&mut self, nested: &Alternative<'_>) {
        for assertion in nested {
            self.unknown(assertion);
        }
    }

    /// Asks for `part` to be signed.
    pub(super) fn sign(&mut self, part: Part) {
        let others = self.policy.signed.iter().filter(|other| **other != part);
        let mut parts: Vec<Part> = others.cloned().collect();
        parts.push(part.clone());
        self.policy.signed = SignedParts::try_from(parts).unwrap_or_else(|_| SignedParts::new(part, []));
    }

    /// Asks for `part` to be encrypted.
    pub(super) fn encrypt(&mut self, part: Part) {
        if !self.policy.encrypted.contains(&part) {
            self.policy.encrypted.push(part);
        }
    }

    /// Keeps of the forms of key references those in `wanted`; `Err` with what stays, if it would be none.
    pub(super) fn narrow_references(&mut self, wanted: &[KeyReference]) -> Result<String, String> {
        let (kept, narrowed) = narrowed(&self.policy.key_references, wanted);
        let names = kept
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let by_encrypted_key =
            self.symmetric && self.policy.key_references.contains(&KeyReference::EncryptedKey);
        self.policy.key_references = kept;
        if by_encrypted_key {
            self.policy.key_references.push(KeyReference::EncryptedKey);
        }
        if narrowed { Ok(names) } else { Err(names) }
    }
}

/// What of `allowed` is `wanted`, and true; all of `allowed`, and false, if that is nothing.
pub(super) fn narrowed<T: Copy + PartialEq>(allowed: &[T], wanted: &[T]) -> (Vec<T>, bool) {
    let both = allowed.iter().copied().filter(|one| wanted.contains(one));
    let both: Vec<T> = both.collect();
    if both.is_empty() {
        (allowed.to_vec(), false)
    } else {
        (both, true)
    }
}

/// The names of `element` and the assertions around it.
fn label(element: Element<'_>) -> String {
    let outside = |above: &Element<'_>| !is_wsdl_component(*above);
    let around = element.ancestors().take_while(outside);
    let around = around.filter(|above| !is_policy(above.namespace()));
    let mut names: Vec<&str> = std::iter::once(element)
        .chain(around)
        .map(Element::name)
        .collect();
    names.reverse();
    names.join(" › ")
}

fn is_wsdl_component(element: Element<'_>) -> bool {
    is_wsdl(element, element.local_name())
}
