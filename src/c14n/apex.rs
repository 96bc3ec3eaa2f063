//! What an element has from those around it when it is canonicalized by itself.

use std::borrow::Cow;

use super::tag::Inherited;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::xml::{Element, Namespace};

/// Prefixes and namespaces in scope at `apex`, each prefix once.
pub(super) fn in_scope(apex: Element<'_>) -> Vec<(u16, u16)> {
    let arena = apex.document().arena();
    let mut found: Vec<(u16, u16)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for element in std::iter::once(apex).chain(apex.ancestors()) {
        for declaration in arena.declarations_of(element.number()) {
            if seen.insert(declaration.prefix) {
                found.push((declaration.prefix, declaration.namespace));
            }
        }
    }
    found
}

/// The `xml:` attributes that `apex` takes over, by local name: all of them in inclusive 1.0 (§2.4), `lang`
/// and `space` and a joined `base` in 1.1 (§2.4), none in exclusive (§1.1).
pub(super) fn inherited<'d>(apex: Element<'d>, algorithm: CanonicalizationAlgorithm) -> Vec<Inherited<'d>> {
    let mut inherited = match algorithm {
        CanonicalizationAlgorithm::Exclusive | CanonicalizationAlgorithm::ExclusiveWithComments => Vec::new(),
        CanonicalizationAlgorithm::Inclusive10 | CanonicalizationAlgorithm::Inclusive10WithComments => {
            nearest(apex, |_| true)
        }
        CanonicalizationAlgorithm::Inclusive11 | CanonicalizationAlgorithm::Inclusive11WithComments => {
            let mut found = nearest(apex, |local| matches!(local, "lang" | "space"));
            found.extend(joined_base(apex));
            found
        }
    };
    inherited.sort_unstable_by_key(|attribute| attribute.local);
    inherited
}

/// The nearest `xml:` attribute of each wanted name on an ancestor, where `apex` has none itself.
fn nearest<'d>(apex: Element<'d>, wanted: impl Fn(&str) -> bool) -> Vec<Inherited<'d>> {
    let mut found: Vec<Inherited<'d>> = Vec::new();
    for attribute in apex.ancestors().flat_map(Element::attributes) {
        let local = attribute.local_name();
        let fresh = attribute.namespace_id() == Namespace::XML
            && wanted(local)
            && apex.attribute_ns(Namespace::XML, local).is_none()
            && !found.iter().any(|earlier| earlier.local == local);
        if fresh {
            found.push(Inherited {
                local,
                value: attribute.value(),
            });
        }
    }
    found
}

/// The `xml:base` of `apex` joined with those of its ancestors, the innermost two first; a single one stays as it is
/// (Canonical XML 1.1 §2.4).
fn joined_base(apex: Element<'_>) -> Option<Inherited<'static>> {
    let base = |element: Element<'_>| {
        let value = element.attribute_ns(Namespace::XML, "base")?;
        Some(value.into_owned())
    };
    let mut around = apex.ancestors().filter_map(base).peekable();
    around.peek()?;
    let values = base(apex).into_iter().chain(around);
    let joined = values.reduce(|inner, outer| join(&outer, &inner))?;
    (!joined.is_empty()).then_some(Inherited {
        local: "base",
        value: Cow::Owned(joined),
    })
}

/// The parts of a URI reference (RFC 3986 appendix B), fragment left out.
struct Parts<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
}

fn parts(uri: &str) -> Parts<'_> {
    let uri = uri.split_once('#').map_or(uri, |(before, _)| before);
    let (scheme, rest) = match uri.split_once(':') {
        Some((scheme, rest)) if !scheme.is_empty() && !scheme.contains(['/', '?']) => (Some(scheme), rest),
        _ => (None, uri),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (Some(authority), path)
        }
        None => (None, rest),
    };
    Parts {
        scheme,
        authority,
        path,
        query,
    }
}

/// RFC 3986 §5.2.2 as Canonical XML 1.1 §2.4 modifies it: the base may be relative, fragments are dropped, leading `..`
/// segments are kept.
fn join(base: &str, reference: &str) -> String {
    let (base, reference) = (parts(base), parts(reference));
    let (scheme, authority, path, query);
    if reference.scheme.is_some() || reference.authority.is_some() {
        scheme = reference.scheme.or(base.scheme);
        authority = reference.authority;
        path = without_dots(reference.path);
        query = reference.query;
    } else {
        scheme = base.scheme;
        authority = base.authority;
        if reference.path.is_empty() {
            path = without_dots(base.path);
            query = reference.query.or(base.query);
        } else {
            query = reference.query;
            path = if reference.path.starts_with('/') {
                without_dots(reference.path)
            } else if base.path.is_empty() && base.authority.is_some() {
                without_dots(&format!("/{}", reference.path))
            } else {
                let folder = base
                    .path
                    .rfind('/')
                    .and_then(|at| base.path.get(..=at))
                    .unwrap_or_default();
                let up = if base.path.ends_with("..") { "../" } else { "" };
                without_dots(&format!("{folder}{up}{}", reference.path))
            };
        }
    }
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.push_str(scheme);
        out.push(':');
    }
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(authority);
    }
    out.push_str(&path);
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    out
}

/// Removes `.` and `..` segments and empty ones; keeps `..` where nothing is left to remove.
fn without_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            other => kept.push(other),
        }
    }
    let folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("..") || path == ".";
    let mut out = kept.join("/");
    if absolute {
        out.insert(0, '/');
    }
    if folder && !out.is_empty() && !out.ends_with('/') {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn references_are_resolved_as_in_rfc_3986_section_5_4() {
        for (reference, joined) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            // Canonical XML 1.1 drops fragments.
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
        ] {
            assert_eq!(join("http://a/b/c/d;p?q", reference), joined, "{reference}");
        }
    }

    #[test]
    fn what_is_relative_stays_so() {
        for (base, reference, joined) in [
            ("http://a", "g", "http://a/g"),
            ("foo/bar", "x", "foo/x"),
            ("foo/bar", "../x", "x"),
            ("foo/bar", "../../x", "../x"),
            ("..", "x", "../x"),
            ("../..", "..", "../../../"),
            ("x/", "a/b:c", "x/a/b:c"),
            ("x/", ":c", "x/:c"),
            ("x", "?a:b", "x?a:b"),
            ("x//y/", "z", "x/y/z"),
            ("?q", "g", "g"),
            ("x/y", "..", ""),
        ] {
            assert_eq!(join(base, reference), joined, "{base} and {reference}");
        }
    }
}
