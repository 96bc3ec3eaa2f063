use std::collections::BTreeSet;
use std::ops::Range;

use super::receiver::holder;
use crate::c14n::Meanings;
use crate::dsig::Digested;
use crate::policy::{Unmet, UnmetKind};
use crate::trust::Attested;
use crate::xml::Element;
use crate::xmlenc::Decrypted;

/// Prefixes that mean something where ciphertext stands, and that a signature over the ciphertext does not cover: anybody may have
/// declared them, and a name in the plaintext that uses one of them means what they wanted (T88).
#[derive(Debug, Default)]
pub(super) struct LooseNames {
    places: Vec<(Range<usize>, BTreeSet<String>)>,
}

impl LooseNames {
    /// Notes those of all of `data` that `proof` covers, in the document before decryption.
    pub(super) fn note(&mut self, proof: &Attested<'_>, data: &[Element<'_>]) {
        for data in data {
            for digested in proof.covered().digested() {
                let covers = data.is_within(digested.apex)
                    && !digested.except.is_some_and(|except| data.is_within(except));
                if covers {
                    self.places.push((data.span(), loose(*data, &digested)));
                }
            }
        }
    }

    /// Refuses a name in plaintext that uses one of them.
    ///
    /// # Errors
    /// `policy.qname_not_covered`.
    pub(super) fn refuse(&self, decrypted: &Decrypted) -> Result<(), Unmet> {
        for replaced in decrypted.moves.replaced() {
            let places = self.places.iter().filter(|(data, _)| *data == replaced.data);
            let all: BTreeSet<&str> = places.flat_map(|(_, loose)| loose).map(String::as_str).collect();
            if all.is_empty() {
                continue;
            }
            for element in decrypted.document.elements_in(replaced.now.clone()) {
                refuse_names(element, &all, replaced.now.start)?;
            }
        }
        Ok(())
    }
}

/// The prefixes that are bound around `data` and mean something else, or nothing, in the form of `digested`.
fn loose<'d>(data: Element<'d>, digested: &Digested<'_, 'd>) -> BTreeSet<String> {
    let place = holder(data);
    let Some(around) = place.parent() else {
        return BTreeSet::new();
    };
    let mut meanings = digested
        .form
        .map(|form| Meanings::new(digested.apex, form.clone()));
    let mut is_kept = |prefix: &str| {
        let Some(meanings) = meanings.as_mut() else {
            return false;
        };
        if around.is_within(digested.apex) {
            return meanings.keep(around, prefix);
        }
        data.namespace_of(prefix) == around.namespace_of(prefix) && meanings.keep(data, prefix)
    };
    let bound = std::iter::once(around).chain(around.ancestors());
    let prefixes: BTreeSet<&str> = bound
        .flat_map(Element::declarations)
        .map(|declaration| declaration.prefix())
        .chain([""])
        .collect();
    let loose = prefixes.into_iter().filter(|prefix| !is_kept(prefix));
    loose.map(str::to_owned).collect()
}

/// Refuses a name of `element` whose prefix is one of `loose` and is not declared in the plaintext, which begins at byte `start`.
fn refuse_names(element: Element<'_>, loose: &BTreeSet<&str>, start: usize) -> Result<(), Unmet> {
    let attributes = element.attributes().map(|attribute| attribute.prefix());
    let used = attributes.filter(|prefix| !prefix.is_empty());
    for prefix in std::iter::once(element.prefix()).chain(used) {
        let declares = |inside: Element<'_>| inside.declarations().any(|one| one.prefix() == prefix);
        let mut inside = std::iter::once(element)
            .chain(element.ancestors())
            .take_while(|around| around.span().start >= start);
        if loose.contains(prefix) && !inside.any(declares) {
            return Err(Unmet::at(
                element,
                UnmetKind::QNameNotCovered(element.name().to_owned()),
            ));
        }
    }
    Ok(())
}
