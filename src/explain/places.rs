//! What was signed stands elsewhere than where the reference points now.

use std::ops::Range;

use super::explanation::Cause;
use super::forms::{Subject, form_of};
use super::namespaces::with_declaration;
use super::search::Search;
use super::structure::{Written, attributes, start_tags};
use crate::dsig::{Reference, Signature, Target};
use crate::xml::{Element, Namespace, quoted};

/// Tries all other elements than `subject`: as they are, without the Signature in them, and with the ID that the reference names.
pub(super) fn others(
    search: &mut Search<'_>,
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    subject: Option<Subject<'_>>,
) {
    let form = form_of(reference);
    let here = subject.map(|subject| subject.apex);
    let points = match here {
        Some(here) => format!("the reference now points to {}", here.path()),
        None => "the reference now points to nothing".to_owned(),
    };
    let elements = || {
        let all = signature.element.document().root().descendants();
        all.filter(move |element| Some(*element) != here && !element.is(Namespace::DS, "DigestValue"))
    };
    // The path of an element counts those before it, so it is asked for only where it is told.
    for element in elements() {
        let whole = Subject::element(element);
        let without = Subject {
            except: Some(signature.element),
            ..whole
        };
        let is_holder = element != signature.element && signature.element.is_within(element);
        let subjects = [
            (Some(whole), ""),
            (is_holder.then_some(without), " without the Signature"),
        ];
        for (subject, how) in subjects {
            let octets = subject.and_then(|subject| subject.octets(&form));
            let detail = || format!("what was signed is {}{how}; {points}", element.path());
            if octets.is_some_and(|octets| !search.one(Cause::IdMoved, &octets, detail)) {
                return;
            }
        }
    }
    let Target::Id(_, id) = &reference.target else {
        return;
    };
    if id.contains(['<', '&', '"', '\t', '\n', '\r']) {
        return;
    }
    let names = id_names(here, id);
    for element in elements() {
        let octets = Subject::element(element).octets(&form).unwrap_or_default();
        let canonical = String::from_utf8(octets).unwrap_or_default();
        for octets in identified(&canonical, &names, id) {
            let detail = || {
                let (path, id) = (element.path(), quoted(id));
                format!("what was signed is {path}, which had the ID {id} then; {points}")
            };
            if search.is_over() || !search.one(Cause::IdMoved, octets.as_bytes(), detail) {
                return;
            }
        }
    }
}

/// An attribute of type ID, and the namespace of its prefix if it has one that is declared.
type IdName = (String, Option<String>);

/// What an attribute may be called that has the ID: as it is where the reference points now, or as the standards have it.
fn id_names(here: Option<Element<'_>>, id: &str) -> Vec<IdName> {
    let mut names: Vec<IdName> = ["Id", "ID", "xml:id"].map(|name| (name.to_owned(), None)).into();
    let attributes = here.into_iter().flat_map(Element::attributes);
    for attribute in attributes.filter(|attribute| attribute.value() == id) {
        let prefix = attribute.prefix();
        let is_declared = !prefix.is_empty() && prefix != "xml";
        let namespace = is_declared.then(|| attribute.namespace().to_owned());
        names.retain(|(name, _)| name != attribute.name());
        names.insert(0, (attribute.name().to_owned(), namespace));
    }
    names
}

/// `canonical` with the ID `id` at its first tag: instead of another one, or where there is none as an attribute more, in each place.
fn identified<'t>(
    canonical: &'t str,
    names: &'t [IdName],
    id: &'t str,
) -> impl Iterator<Item = String> + use<'t> {
    let tag = start_tags(canonical).next().map_or("", |(_, tag)| tag);
    let rest = canonical.get(tag.len()..).unwrap_or_default();
    let edited = move |range: Range<usize>, name: &str| {
        let (before, after) = (tag.get(..range.start), tag.get(range.end..));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        format!("{before} {name}=\"{id}\"{after}{rest}")
    };
    let others = || attributes(tag).filter(|attribute| !attribute.is_declaration());
    let is_id = |attribute: &Written<'_>| {
        let local = attribute.name.rsplit(':').next().unwrap_or_default();
        local.eq_ignore_ascii_case("id") || names.iter().any(|(name, _)| name == attribute.name)
    };
    let instead: Vec<_> = others().filter(is_id).collect();
    let names = if instead.is_empty() { names } else { &[] };
    let ends = std::iter::once(tag.len().saturating_sub(1));
    let places: Vec<usize> = others()
        .map(|attribute| attribute.range.start)
        .chain(ends)
        .collect();
    let more = names.iter().flat_map(move |(name, namespace)| {
        let declaration = namespace.as_ref().map(|namespace| {
            let prefix = name.split(':').next().unwrap_or_default();
            (prefix.to_owned(), namespace.clone())
        });
        let mut declared = attributes(tag).filter(Written::is_declaration);
        let declaration = declaration.filter(|(prefix, _)| !declared.any(|known| known.prefix() == prefix));
        places.clone().into_iter().map(move |place| {
            let with_id = edited(place..place, name);
            match &declaration {
                Some(declaration) => with_declaration(&with_id, declaration),
                None => with_id,
            }
        })
    });
    instead
        .into_iter()
        .map(move |attribute| edited(attribute.range, attribute.name))
        .chain(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_where_canonicalization_has_it() {
        let names = [("u:Id".to_owned(), Some("urn:u".to_owned()))];
        let with_id = "<a xmlns:u=\"urn:u\" xmlns:x=\"urn:x\" b=\"\" u:Id=\"1\"></a>";
        let found = |canonical| identified(canonical, &names, "1").collect::<Vec<String>>();
        assert!(found("<a xmlns:x=\"urn:x\" b=\"\"></a>").contains(&with_id.to_owned()));
        assert_eq!(found("<a b=\"\" u:Id=\"2\"></a>"), ["<a b=\"\" u:Id=\"1\"></a>"]);
    }
}
