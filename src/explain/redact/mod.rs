//! A case for a partner: the same structure and the same failure, and nothing of what the message said.
//!
//! Texts and values are hidden, the same way in the message and in what was signed, so what happened between
//! the two still did; how long words were stays only where it does not show otherwise. Digests and signature values are made anew over that, by a key that is made for it and forgotten. At the end the case is explained, and
//! it is handed out only if that says what it said of the message.

mod hide;
mod mask;
mod value;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::explanation::{Explanation, Finding, SignatureExplanation};
use super::forms::Subject;
use super::keys::KeysAtHand;
use super::search::Effort;
use super::{explain, outermost, read};
use crate::crypto::{PublicKey, decode_base64, digest, encode_base64, random_bytes};
use crate::dsig::octets;
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::xml::{self, Document, Limits, Namespace};
pub use hide::Lengths;
use mask::{Mask, Open};
use value::Throwaway;

/// What can be sent.
#[derive(Clone, Debug)]
pub struct RedactedCase {
    /// The message.
    pub message: String,
    /// The key that its signatures are explained with.
    pub key: PublicKey,
    /// Whether words are as long as they were, as the failure does not show otherwise.
    pub lengths: Lengths,
}

/// Why there is no case.
#[derive(Debug)]
pub enum RedactError {
    /// The message cannot be explained.
    Refused(Rejection),
    /// No key is made for this signature algorithm, or it must not be signed with any more.
    Algorithm(&'static str),
    /// The failure shows only with what the message said: what was found in it, and what in the case.
    Lost(String, String),
    /// It shows only in what came encrypted, which a case would hand out.
    Plaintext,
    /// The machine failed.
    Machine(String),
}

impl fmt::Display for RedactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(rejection) => rejection.fmt(f),
            Self::Algorithm(uri) => write!(f, "signatures by {uri} cannot be made anew"),
            Self::Lost(before, after) => write!(
                f,
                "the failure does not show without what the message says: it has {before}, and the case would have {after}"
            ),
            Self::Plaintext => f.write_str(
                "what was signed came encrypted, and a case would show how the plaintext is made; to hand that out, give it what sealgate decrypt says",
            ),
            Self::Machine(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for RedactError {}

impl From<Rejection> for RedactError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl From<xml::Error> for RedactError {
    fn from(error: xml::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// A case of the failure of `input`, of which `explanation` says what it is. Attachments are no part of it.
///
/// # Errors
/// There is nothing that could be explained, or its failure cannot be kept: see [`RedactError`].
pub fn redact(
    input: Bytes,
    explanation: &Explanation,
    id_attributes: &[String],
    effort: Effort,
) -> Result<RedactedCase, RedactError> {
    if explanation.is_of_plaintext() {
        return Err(RedactError::Plaintext);
    }
    let throwaway = Throwaway::of(explanation)?;
    let document = parsed(xml::to_utf8(input)?, id_attributes)?;
    let with = |lengths| {
        let mask = Mask::new(lengths, id_attributes);
        case(&document, explanation, &throwaway, mask, id_attributes, effort)
    };
    with(Lengths::Hidden).or_else(|_| with(Lengths::Kept))
}

fn case(
    document: &Document,
    explanation: &Explanation,
    throwaway: &Throwaway,
    mut mask: Mask<'_>,
    id_attributes: &[String],
    effort: Effort,
) -> Result<RedactedCase, RedactError> {
    let mut message = hidden(document, &mut mask)?;
    for number in order(document)? {
        if let Some(signature) = explanation.signatures.get(number) {
            message = remade(message, number, signature, throwaway, &mut mask, id_attributes)?;
        }
    }
    let at_hand = KeysAtHand {
        given: Some(throwaway.public().clone().into()),
        ..KeysAtHand::default()
    };
    let again = explain(
        message.clone().into(),
        &Attachments::default(),
        &at_hand,
        id_attributes,
        effort,
    )?;
    let (before, after) = (told(explanation), told(&again));
    if before != after {
        return Err(RedactError::Lost(before.join("; "), after.join("; ")));
    }
    Ok(RedactedCase {
        message,
        key: throwaway.public().clone(),
        lengths: mask.lengths,
    })
}

fn parsed(input: Bytes, id_attributes: &[String]) -> Result<Document, xml::Error> {
    Document::parse_with_ids(input, &Limits::archive(), id_attributes)
}

/// What is found out about each value and each reference, in words that compare.
fn told(explanation: &Explanation) -> Vec<String> {
    let names = |causes: &[Finding]| {
        let names: Vec<&str> = causes.iter().map(|finding| finding.cause.name()).collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(" and ")
        }
    };
    let signatures = explanation.signatures.iter();
    let told = signatures.flat_map(|signature| {
        let references = signature.references.iter();
        let references = (1..)
            .zip(references)
            .map(move |(place, reference)| format!("{} at reference {place}", names(&reference.causes)));
        std::iter::once(format!(
            "{} at the signature value",
            names(&signature.value.causes)
        ))
        .chain(references)
    });
    told.collect()
}

/// The document with everything hidden, and other digests and values of the same lengths, also where they are not explained.
fn hidden(document: &Document, mask: &mut Mask<'_>) -> Result<String, RedactError> {
    let all = document.as_str();
    let mut message = String::with_capacity(all.len());
    // What is referred to before it is there has its number then.
    mask.masked(all);
    let mut open = Open::default();
    let mut done = 0;
    for element in document.root().descendants() {
        let is_value =
            element.is(Namespace::DS, "DigestValue") || element.is(Namespace::DS, "SignatureValue");
        let span = element.content_span();
        if !is_value || span.start < done {
            continue;
        }
        message.push_str(&mask.piece(all.get(done..span.start).unwrap_or_default(), &mut open));
        let text = element
            .text()
            .map_or_else(|_| String::new(), |text| text.value.into_owned());
        let length = decode_base64(&text).map_or(32, |value| value.len());
        message.push_str(&encode_base64(&random(length)?));
        done = span.end;
    }
    message.push_str(&mask.piece(all.get(done..).unwrap_or_default(), &mut open));
    Ok(message)
}

fn random(length: usize) -> Result<Vec<u8>, RedactError> {
    let bytes = random_bytes(length).map_err(|error| RedactError::Machine(error.to_string()))?;
    Ok(bytes.to_vec())
}

/// The numbers of the signatures, those that others cover first.
fn order(document: &Document) -> Result<Vec<usize>, RedactError> {
    let elements: Vec<_> = outermost(document).collect();
    let mut covers = Vec::new();
    for element in &elements {
        let signature = read(*element)?;
        let subjects: Vec<_> = signature
            .references
            .iter()
            .filter_map(|reference| reference.resolve())
            .collect();
        let is_covered = |other: &xml::Element<'_>| {
            other != element && subjects.iter().any(|subject| other.is_within(*subject))
        };
        covers.push(elements.iter().map(is_covered).collect::<Vec<bool>>());
    }
    let mut left: Vec<usize> = (0..elements.len()).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits = |number: usize| {
            let covered = covers.get(number).map(Vec::as_slice).unwrap_or_default();
            left.iter().any(|other| covered.get(*other) == Some(&true))
        };
        let place = left.iter().position(|number| !waits(*number)).unwrap_or(0);
        order.push(left.remove(place));
    }
    Ok(order)
}

/// `message` with digests and value of its signature `number` as they were, over what is there now.
fn remade(
    message: String,
    number: usize,
    explained: &SignatureExplanation,
    throwaway: &Throwaway,
    mask: &mut Mask<'_>,
    id_attributes: &[String],
) -> Result<String, RedactError> {
    let document = parsed(message.clone().into(), id_attributes)?;
    let Some(element) = outermost(&document).nth(number) else {
        return Ok(message);
    };
    let signature = read(element)?;
    let mut edits = Vec::new();
    for (reference, explained) in signature.references.iter().zip(&explained.references) {
        let now = octets(&signature, reference, &Limits::archive()).ok();
        let now = now.and_then(|octets| digest(reference.digest_algorithm, &octets).ok());
        let signed = match &explained.signed {
            _ if explained.is_match() => now.map(|digest| digest.as_bytes().to_vec()),
            Some((algorithm, octets)) => std::str::from_utf8(octets)
                .ok()
                .and_then(|text| digest(*algorithm, mask.masked(text).as_bytes()).ok())
                .map(|digest| digest.as_bytes().to_vec()),
            None => None,
        };
        let signed = match signed {
            Some(signed) => signed,
            None => random(explained.expected.len())?,
        };
        mask.digests
            .insert(encode_base64(&explained.expected), encode_base64(&signed));
        if let (Some(before), Some(now)) = (&explained.actual, now) {
            mask.digests
                .insert(encode_base64(before), encode_base64(now.as_bytes()));
        }
        if let Some(value) = reference.element.child(Namespace::DS, "DigestValue") {
            edits.push((value.content_span(), encode_base64(&signed)));
        }
    }
    let message = edited(&message, edits);
    let document = parsed(message.clone().into(), id_attributes)?;
    let Some(element) = outermost(&document).nth(number) else {
        return Ok(message);
    };
    let signature = read(element)?;
    let signed_info = Subject::element(signature.signed_info).octets(&signature.canonicalization);
    let value = throwaway.value(
        signature.method,
        &explained.value,
        &signed_info.unwrap_or_default(),
        mask,
    )?;
    let place = element.child(Namespace::DS, "SignatureValue");
    let edit = place.map(|place| (place.content_span(), encode_base64(&value)));
    Ok(edited(&message, edit.into_iter().collect()))
}

/// `text` with other pieces at some places, which come in order and do not overlap.
fn edited(text: &str, edits: Vec<(Range<usize>, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (span, piece) in edits {
        out.push_str(text.get(done..span.start).unwrap_or_default());
        out.push_str(&piece);
        done = span.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
