//! Why does a signature not hold?
//!
//! [`explain`] computes what each Reference digests and, where that is not what was signed, searches for the change that makes
//! the digest match: another canonicalization, other line ends, a renamed prefix, an element put in, and so on; likewise for
//! the signature value over SignedInfo. What was found by undoing a change is *proved*; where nothing fits, the
//! answer says so.
//!
//! It is for people who debug. Nothing here is proof of anything: no trust is asked for, and no message is let in for it.

mod attachment;
mod encoding;
mod explanation;
mod forms;
mod keys;
mod layout;
mod markup;
mod namespaces;
mod redact;
mod reference;
mod search;
mod structure;
mod textual;
mod value;

pub use explanation::{
    Cause, Certainty, Explanation, Finding, ReferenceExplanation, SignatureExplanation, ValueExplanation,
};
pub use keys::KeysAtHand;
pub use redact::{Lengths, RedactError, RedactedCase, redact};
pub use search::Effort;

use bytes::Bytes;

use crate::dsig::{Objects, Signature};
use crate::inbound::{Covering, coverage};
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::wss;
use crate::xml::{self, Document, Element, Limits, Namespace};

/// Explains every signature in `input` that is not itself content of another one.
///
/// `attachments` are what came beside it. `id_attributes` are further attribute names of type ID. `effort` bounds the search.
///
/// # Errors
/// What is no XML, or has a signature that cannot be read, is refused before anything can be searched for.
pub fn explain(
    input: Bytes,
    attachments: &Attachments,
    keys: &KeysAtHand,
    id_attributes: &[String],
    effort: Effort,
) -> Result<Explanation, Rejection> {
    let limits = Limits::archive();
    let document = Document::parse_with_ids(xml::to_utf8(input)?, &limits, id_attributes)?;
    let mut signatures = Vec::new();
    let (mut effort, mut same, mut elements) = (effort, Vec::new(), Vec::new());
    for element in outermost(&document) {
        let signature = read(element)?;
        let value = value::explain(&signature, keys, &mut effort);
        let references: Vec<_> = signature
            .references
            .iter()
            .map(|reference| {
                attachment::explain(reference, attachments)
                    .unwrap_or_else(|| reference::explain(&signature, reference, &mut effort))
            })
            .collect();
        for (explained, reference) in references.iter().zip(&signature.references) {
            let subject = forms::Subject::of(&signature, reference).filter(|_| explained.is_match());
            same.extend(subject.map(|subject| Covering {
                element: subject.apex,
                except: subject.except,
            }));
        }
        elements.push(element);
        signatures.push(SignatureExplanation {
            path: element.path(),
            position: element.position(),
            value,
            references,
        });
    }
    let (coverage, _) = coverage(document.root(), &same, &elements);
    Ok(Explanation { signatures, coverage })
}

/// The signatures that are not content of another one, as many as are looked at.
fn outermost(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let is_signature = |element: &Element<'_>| element.is(Namespace::DS, "Signature");
    let elements = document.root().descendants();
    elements
        .filter(move |element| {
            is_signature(element) && !element.ancestors().any(|above| is_signature(&above))
        })
        .take(usize::from(Limits::archive().signatures))
}

fn read(element: Element<'_>) -> Result<Signature<'_>, Rejection> {
    let mut signature = Signature::read(element, Objects::Allowed, &Limits::archive())?;
    signature.find_tokens(|reference| Ok::<_, Rejection>(wss::dereference_in_document(reference)))?;
    Ok(signature)
}

#[cfg(test)]
mod tests;
