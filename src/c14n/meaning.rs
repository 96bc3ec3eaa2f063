use std::collections::HashMap;

use super::Canonicalization;
use crate::xml::Element;

/// What prefixes mean in the canonical form of an element, compared with what they mean in the document.
///
/// Exclusive canonicalization declares a prefix where a name uses it (§3) and drops all other declarations, but for those of
/// its PrefixList. A prefix that only a value uses then means what the nearest name around gave it, or nothing.
#[derive(Debug)]
pub struct Meanings<'d> {
    apex: Element<'d>,
    method: Canonicalization,
    /// By prefix and element: the nearest element around, or at it, whose names use the prefix. Looked for once, so that many
    /// values deep inside cost no more than their number.
    users: HashMap<String, HashMap<u32, Option<Element<'d>>>>,
}

impl<'d> Meanings<'d> {
    /// Those in the form of `apex` by `method`.
    pub fn new(apex: Element<'d>, method: Canonicalization) -> Self {
        Self {
            apex,
            method,
            users: HashMap::new(),
        }
    }

    /// Whether `prefix` (empty: the default namespace) means in that form what it means at `element`, which is in the apex or the
    /// apex itself; a prefix also has to mean something.
    pub fn keep(&mut self, element: Element<'d>, prefix: &str) -> bool {
        if prefix == "xml" || visibly_uses(element, prefix) {
            return true;
        }
        let meant = element.namespace_of(prefix);
        if !self.method.algorithm.is_exclusive() || self.method.prefixes.iter().any(|listed| listed == prefix)
        {
            return prefix.is_empty() || meant.is_some();
        }
        match self.nearest_user(element, prefix) {
            Some(user) => user.namespace_of(prefix) == meant,
            None => prefix.is_empty() && meant.is_none(),
        }
    }

    fn nearest_user(&mut self, element: Element<'d>, prefix: &str) -> Option<Element<'d>> {
        if !self.users.contains_key(prefix) {
            self.users.insert(prefix.to_owned(), HashMap::new());
        }
        let known = self.users.get_mut(prefix)?;
        let mut passed = Vec::new();
        let mut found = None;
        let around = std::iter::once(element).chain(element.ancestors());
        for around in around.take_while(|around| around.is_within(self.apex)) {
            if let Some(user) = known.get(&around.number()) {
                found = *user;
                break;
            }
            passed.push(around.number());
            if visibly_uses(around, prefix) {
                found = Some(around);
                break;
            }
        }
        known.extend(passed.into_iter().map(|number| (number, found)));
        found
    }
}

/// Exclusive C14N §1.1. An attribute without a prefix does not use the default namespace.
fn visibly_uses(element: Element<'_>, prefix: &str) -> bool {
    element.prefix() == prefix
        || !prefix.is_empty() && element.attributes().any(|attribute| attribute.prefix() == prefix)
}
