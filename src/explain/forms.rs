use super::explanation::Cause;
use super::search::Undone;
use crate::algorithm::CanonicalizationAlgorithm as Algorithm;
use crate::c14n::{self, Canonicalization};
use crate::dsig::{Processing, Reference, Signature, Target, dereferenced};
use crate::xml::Element;

/// What is turned into octets.
#[derive(Clone, Copy)]
pub(super) struct Subject<'d> {
    /// The element.
    pub(super) apex: Element<'d>,
    /// What is left out of it.
    pub(super) except: Option<Element<'d>>,
    /// What it is.
    pub(super) kind: Kind,
}

/// What is turned into octets.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    /// An element with everything inside.
    Element,
    /// The document, with what stands beside its root.
    Document,
    /// The token that a SecurityTokenReference stands for.
    Token,
}

impl<'d> Subject<'d> {
    /// What `reference` digests; `None` if it resolves to nothing.
    pub(super) fn of(signature: &Signature<'d>, reference: &Reference<'d>) -> Option<Self> {
        let apex = reference.resolve()?;
        if reference.transforms.enveloped && apex.is_within(signature.element) {
            return None;
        }
        let enveloped = reference.transforms.enveloped && signature.element.is_within(apex);
        Some(Self {
            apex,
            except: enveloped.then_some(signature.element),
            kind: match reference.target {
                _ if reference.token.is_some() => Kind::Token,
                Target::Document(_) => Kind::Document,
                Target::Id(..) => Kind::Element,
                Target::Attachment(_) => return None,
            },
        })
    }

    /// An element with everything inside.
    pub(super) fn element(apex: Element<'d>) -> Self {
        Self {
            apex,
            except: None,
            kind: Kind::Element,
        }
    }

    /// Its canonical octets.
    pub(super) fn octets(self, form: &Canonicalization) -> Option<Vec<u8>> {
        let mut octets = Vec::with_capacity(self.apex.span().len());
        let done = match self.kind {
            Kind::Document => c14n::document(self.apex.document(), form, self.except, &mut octets),
            Kind::Element => c14n::element(self.apex, form, self.except, &mut octets),
            Kind::Token => c14n::token(self.apex, form, &mut octets),
        };
        done.ok().map(|()| octets)
    }

    /// Its octets in all other forms than `form`, where they are others than `current`.
    pub(super) fn in_other_forms(
        self,
        form: &Canonicalization,
        current: &[u8],
    ) -> impl Iterator<Item = Undone> {
        let lists = other_lists(self.apex, form).into_iter();
        let lists = lists.map(|prefixes| {
            let detail = format!(
                "the signer had the PrefixList {}, and the message has {}",
                shown(&prefixes),
                shown(&form.prefixes)
            );
            let algorithm = form.algorithm;
            (
                Cause::PrefixList,
                detail,
                Canonicalization { algorithm, prefixes },
            )
        });
        let comments = form.algorithm.keeps_comments();
        let methods = Algorithm::ALL
            .iter()
            .copied()
            .filter(move |method| method.keeps_comments() == comments);
        let methods = methods.filter(|method| *method != form.algorithm).map(|method| {
            let detail = format!(
                "the signer canonicalized by {}, and the message says {}",
                method.uri(),
                form.algorithm.uri()
            );
            let prefixes = if method.is_exclusive() {
                form.prefixes.clone()
            } else {
                Vec::new()
            };
            (
                Cause::CanonicalizationMethod,
                detail,
                Canonicalization {
                    algorithm: method,
                    prefixes,
                },
            )
        });
        let kept = Algorithm::ALL
            .iter()
            .copied()
            .filter(move |method| method.keeps_comments() && !comments);
        let kept = kept.map(|method| {
            let detail = format!("the comments were signed, by {}", method.uri());
            (
                Cause::Comments,
                detail,
                Canonicalization {
                    algorithm: method,
                    prefixes: form.prefixes.clone(),
                },
            )
        });
        lists
            .chain(methods)
            .chain(kept)
            .filter_map(move |(cause, detail, form)| {
                let octets = self.octets(&form)?;
                // Without a comment in it, nobody can have signed one.
                let is_without = cause == Cause::Comments && self.octets(&without_comments(&form))? == octets;
                (octets != current && !is_without).then(|| Undone::new(cause, detail, octets))
            })
    }
}

fn without_comments(form: &Canonicalization) -> Canonicalization {
    Canonicalization {
        algorithm: form.algorithm.without_comments(),
        prefixes: form.prefixes.clone(),
    }
}

/// The form that `reference` digests; inclusive 1.0 where it digests no nodes.
pub(super) fn form_of(reference: &Reference<'_>) -> Canonicalization {
    match &reference.transforms.processing {
        Processing::Canonical(form) | Processing::StrTransform(form) => dereferenced(form, reference),
        Processing::Base64 | Processing::Attachment(_) => Algorithm::Inclusive10.into(),
    }
}

/// The most prefixes of which lists are made.
const PREFIXES: usize = 16;

/// PrefixLists that a signer of `apex` may have had.
fn other_lists(apex: Element<'_>, form: &Canonicalization) -> Vec<Vec<String>> {
    if !form.algorithm.is_exclusive() {
        return Vec::new();
    }
    let mut in_scope: Vec<String> = Vec::new();
    let elements = std::iter::once(apex).chain(apex.ancestors());
    for declaration in elements.flat_map(Element::declarations) {
        let prefix = declaration.prefix();
        if in_scope.len() < PREFIXES && !in_scope.iter().any(|known| known == prefix) {
            in_scope.push(prefix.to_owned());
        }
    }
    let listed = &form.prefixes;
    let unlisted = || in_scope.iter().filter(|prefix| !listed.contains(prefix));
    let with = |further: &[&String]| -> Vec<String> {
        listed.iter().chain(further.iter().copied()).cloned().collect()
    };
    let mut lists = vec![Vec::new()];
    lists.extend(unlisted().map(|prefix| with(&[prefix])));
    lists.push(with(&unlisted().collect::<Vec<_>>()));
    lists.extend(listed.iter().map(|left_out| {
        listed
            .iter()
            .filter(|prefix| *prefix != left_out)
            .cloned()
            .collect()
    }));
    for (place, one) in unlisted().enumerate() {
        lists.extend(
            unlisted()
                .skip(place.saturating_add(1))
                .map(|other| with(&[one, other])),
        );
    }
    lists.retain(|list| list != listed);
    lists
}

fn shown(prefixes: &[String]) -> String {
    let names: Vec<&str> = prefixes
        .iter()
        .map(|prefix| if prefix.is_empty() { "#default" } else { prefix })
        .collect();
    crate::xml::quoted(&names.join(" "))
}
