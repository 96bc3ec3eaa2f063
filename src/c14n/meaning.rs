use super::Canonicalization;
use crate::xml::Element;

/// Whether `prefix` (empty: the default namespace) means at `element` what it means there in the canonical form of
/// `apex`, around or at `element`; a prefix also has to mean something.
///
/// Exclusive canonicalization declares a prefix where a name uses it (§3) and drops all other declarations, but for those of
/// its PrefixList. A prefix that only a value uses then means what the nearest name around gave it, or nothing.
pub fn keeps_meaning(
    apex: Element<'_>,
    method: &Canonicalization,
    element: Element<'_>,
    prefix: &str,
) -> bool {
    if prefix == "xml" {
        return true;
    }
    if !method.algorithm.is_exclusive() || method.prefixes.iter().any(|listed| listed == prefix) {
        return prefix.is_empty() || element.namespace_of(prefix).is_some();
    }
    let mut redeclared = false;
    let around = std::iter::once(element).chain(element.ancestors());
    for user in around.take_while(|around| around.is_within(apex)) {
        if visibly_uses(user, prefix) {
            return !redeclared || user.namespace_of(prefix) == element.namespace_of(prefix);
        }
        redeclared |= user.declarations().any(|declared| declared.prefix() == prefix);
    }
    prefix.is_empty() && element.namespace_of(prefix).is_none()
}

/// Exclusive C14N §1.1. An attribute without a prefix does not use the default namespace.
fn visibly_uses(element: Element<'_>, prefix: &str) -> bool {
    element.prefix() == prefix
        || !prefix.is_empty() && element.attributes().any(|attribute| attribute.prefix() == prefix)
}
