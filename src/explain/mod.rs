//! Why does a signature not hold?
//!
//! [`explain`] computes what each Reference digests and, where that is not what was signed, searches for the change that makes
//! the digest match: another canonicalization, other line ends, a renamed prefix, an element put in, and so on; likewise for
//! the signature value over SignedInfo. What was found by undoing a change is *proved*; where nothing fits, the
//! answer says so.
//!
//! It is for people who debug. Nothing here is proof of anything: no trust is asked for, and no message is let in for it.

mod additions;
mod attachment;
mod encoding;
mod encrypted;
mod escapes;
mod explanation;
mod forms;
mod keys;
mod layout;
mod markup;
mod namespaces;
mod places;
mod prefixes;
mod redact;
mod reference;
mod search;
mod structure;
mod textual;
mod value;

pub use explanation::{
    Cause, Certainty, Explanation, Finding, Form, ReferenceExplanation, SignatureExplanation, Undecrypted,
    ValueExplanation,
};
pub use keys::KeysAtHand;
pub use redact::{Lengths, RedactError, RedactedCase, redact};
pub use search::Effort;

use bytes::Bytes;
use encrypted::{Message, Opening};

use crate::dsig::{Objects, Signature};
use crate::inbound::coverage;
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::wss;
use crate::xml::{self, Document, Element, Limits, Namespace};

/// Explains every signature in `input` that is not itself content of another one.
///
/// What was encrypted to a key of ours after it was signed is decrypted first; what was encrypted and then signed is taken as it is.
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
    let input = xml::to_utf8(input)?;
    let document = Document::parse_with_ids(input.clone(), &Limits::archive(), id_attributes)?;
    let opening = Opening::of(&document, input, attachments, keys, id_attributes);
    let message = Message {
        document: &document,
        attachments,
        opening: &opening,
    };
    let mut signatures = Vec::new();
    let (mut effort, mut same, mut elements) = (effort, Vec::new(), Vec::new());
    for found in message.signatures()? {
        let value = value::explain(&found.signature, keys, &mut effort);
        let numbers = 0..found.signature.references.len();
        let (references, covering): (Vec<_>, Vec<_>) = numbers
            .filter_map(|number| message.explain(&found, number, &mut effort))
            .unzip();
        same.extend(covering.into_iter().flatten());
        let (shown, form) = match &found.received {
            Some(received) => (received.element, Form::Received),
            None => (found.signature.element, Form::Decrypted),
        };
        elements.push(found.signature.element);
        signatures.push(SignatureExplanation {
            path: shown.path(),
            position: shown.position(),
            form,
            value,
            references,
        });
    }
    let (coverage, _) = coverage(message.whole().root(), &same, &elements);
    Ok(Explanation {
        signatures,
        coverage,
        undecrypted: match opening {
            Opening::Refused(why) => Some(why),
            Opening::Unneeded | Opening::Decrypted(_) => None,
        },
    })
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
