use crate::xml::Element;
use crate::xml::Namespace;

/// The prefixes that are bound where something is written.
pub(super) struct Scope<'d> {
    element: Element<'d>,
}

/// Prefixes that stand for something else inside our header.
const OURS: [&str; 4] = ["wsse", "wsu", "wsse11", "ds"];

impl<'d> Scope<'d> {
    /// What is bound at `element`.
    pub(super) fn of(element: Element<'d>) -> Self {
        Self { element }
    }

    /// The declaration that makes `prefix` stand for `namespace` inside; nothing if it does already.
    pub(super) fn declare(&self, prefix: &str, namespace: Namespace) -> String {
        if self.element.namespace_of(prefix) == Some(namespace.uri()) {
            String::new()
        } else {
            format!(" xmlns:{prefix}=\"{}\"", namespace.uri())
        }
    }

    /// A prefix for attributes of the envelope's namespace on our header, and its declaration.
    pub(super) fn soap_prefix(&self, namespace: Namespace) -> (&'d str, String) {
        let prefix = self.element.prefix();
        if prefix.is_empty() || OURS.contains(&prefix) {
            ("soap", self.declare("soap", namespace))
        } else {
            (prefix, String::new())
        }
    }

    /// A prefix for wsu:Id on the element itself, and its declaration. No prefix is bound anew that the element's
    /// content may use in another sense.
    pub(super) fn utility_prefix(&self) -> (String, String) {
        let bound = |prefix: &str| self.element.namespace_of(prefix);
        if let Some(prefix) = ["wsu", "u"]
            .into_iter()
            .find(|prefix| bound(prefix) == Some(Namespace::WSU.uri()))
        {
            return (prefix.to_owned(), String::new());
        }
        let mut prefix = "wsu".to_owned();
        let mut number = 0_u32;
        while bound(&prefix).is_some() {
            number = number.wrapping_add(1);
            prefix = format!("wsu{number}");
        }
        let declaration = format!(" xmlns:{prefix}=\"{}\"", Namespace::WSU.uri());
        (prefix, declaration)
    }
}
