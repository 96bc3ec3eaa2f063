use super::explanation::{Cause, Certainty, Finding, Form, ReferenceExplanation};
use super::forms::{Subject, form_of};
use super::prefixes::{FEW, MANY};
use super::search::{Changes, Effort, Search, Undone};
use super::{additions, namespaces, places, prefixes, structure, textual};
use crate::algorithm::DigestAlgorithm;
use crate::c14n::Canonicalization;
use crate::crypto::{decode_base64, digest};
use crate::dsig::{Reference, Signature, octets};
use crate::xml::Limits;

/// Why what `reference` refers to is not what was signed, if it is not.
pub(super) fn explain<'d>(
    signature: &Signature<'d>,
    reference: &Reference<'d>,
    effort: &mut Effort,
) -> ReferenceExplanation {
    let mut explanation = compared(signature, reference);
    if !explanation.is_match() {
        let subject = Subject::of(signature, reference);
        (explanation.causes, explanation.signed) =
            search(signature, reference, subject, &explanation.octets, effort);
    }
    explanation
}

/// What `reference` refers to, beside what was signed.
pub(super) fn compared<'d>(signature: &Signature<'d>, reference: &Reference<'d>) -> ReferenceExplanation {
    let subject = Subject::of(signature, reference);
    let octets = octets(signature, reference, &Limits::archive()).ok();
    let actual = octets
        .as_deref()
        .and_then(|octets| digest_of(reference.digest_algorithm, octets));
    ReferenceExplanation {
        uri: reference.uri.clone(),
        element: subject.map(|subject| subject.apex.path()),
        form: Form::Received,
        digest_algorithm: reference.digest_algorithm.uri(),
        expected: reference.digest_value.clone(),
        actual,
        octets: octets.unwrap_or_default(),
        causes: Vec::new(),
        signed: None,
    }
}

fn digest_of(algorithm: DigestAlgorithm, octets: &[u8]) -> Option<Vec<u8>> {
    digest(algorithm, octets)
        .ok()
        .map(|digest| digest.as_bytes().to_vec())
}

fn search(
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    subject: Option<Subject<'_>>,
    octets: &[u8],
    effort: &mut Effort,
) -> (Vec<Finding>, Option<(DigestAlgorithm, Vec<u8>)>) {
    let expected = &reference.digest_value;
    let declared = reference.digest_algorithm;
    // A digest of another length is one by another algorithm, whatever else happened.
    let algorithms: Vec<DigestAlgorithm> = match expected.len() == declared.size() {
        true => vec![declared],
        false => of_length(expected.len()).collect(),
    };
    let is_signed = |octets: &[u8]| {
        let mut digests = algorithms
            .iter()
            .filter_map(|algorithm| digest(*algorithm, octets).ok());
        digests.any(|digest| digest.matches(expected))
    };
    let by_another = |algorithm: DigestAlgorithm| {
        let (by, said) = (algorithm.uri(), declared.uri());
        let detail = format!("the digest is by {by}, and the message says {said}");
        (Cause::DigestAlgorithm, detail)
    };
    let is_by =
        |algorithm: DigestAlgorithm, octets: &[u8]| digest_of(algorithm, octets).as_ref() == Some(expected);
    let mut others = of_length(expected.len()).filter(|algorithm| *algorithm != declared);
    if let Some(algorithm) = others.find(|algorithm| is_by(*algorithm, octets)) {
        let (cause, detail) = by_another(algorithm);
        let finding = Finding::only(cause, detail, Certainty::Proved);
        return (vec![finding], Some((algorithm, octets.to_vec())));
    }
    let mut search = Search::new(&is_signed, 0, effort);
    if !search.can_try(octets.len()) {
        return (vec![unexplained(reference, subject.is_some(), true)], None);
    }
    if let Some(subject) = subject {
        same_place(&mut search, signature, reference, subject, octets);
    }
    if !search.is_over() {
        search.turn(if subject.is_some() { 4 } else { 1 });
        places::others(&mut search, signature, reference, subject);
    }
    if let Some(subject) = subject.filter(|_| !search.is_over()) {
        pairs(&mut search, signature, reference, subject, octets);
    }
    let is_cut = search.is_cut();
    let found = search.take_signed().and_then(|octets| {
        let algorithm = *algorithms.iter().find(|algorithm| is_by(**algorithm, &octets))?;
        Some((algorithm, octets))
    });
    let other = found
        .as_ref()
        .filter(|(algorithm, _)| *algorithm != declared)
        .map(|(algorithm, _)| by_another(*algorithm));
    let mut findings = search.into_findings(other.as_ref());
    if findings.is_empty() {
        findings.push(unexplained(reference, subject.is_some(), is_cut));
    }
    (findings, found)
}

/// What was signed stands where the reference points, and is not as it was.
fn same_place(
    search: &mut Search<'_>,
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    subject: Subject<'_>,
    octets: &[u8],
) {
    let form = form_of(reference);
    let canonical = String::from_utf8_lossy(octets);
    search.each(other_forms(signature, subject, &form, octets));
    search.each(textual::changes(&canonical));
    search.each(raw(subject, signature).into_iter());
    if search.is_over() && !form.algorithm.is_exclusive() {
        // An exclusive form is without a declaration that came later, too; and the signer is not likely to have used one.
        search.turn(8);
        search.rather(namespaces::removed(&canonical));
    }
    if search.is_over() {
        return;
    }
    let document = subject.apex.document();
    search.turn(8);
    search.each(namespaces::changes(&canonical, document));
    search.turn(8);
    search.first(prefixes::renamed_together(&canonical, document, MANY));
    search.turn(2);
    search.first(structure::removals(&canonical));
    search.turn(3);
    search.first(additions::additions(&canonical, document));
}

/// Two things happened to what was signed, which stands where the reference points.
fn pairs(
    search: &mut Search<'_>,
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    subject: Subject<'_>,
    octets: &[u8],
) {
    let form = form_of(reference);
    let canonical = String::from_utf8_lossy(octets);
    let document = subject.apex.document();
    let forms = || other_forms(signature, subject, &form, octets);
    let texts = || textual::changes(&canonical);
    if !form.algorithm.is_exclusive() {
        search.turn(9);
        search.pairs(texts(), |text| Box::new(namespaces::removed(text)));
    }
    search.turn(8);
    search.pairs(forms(), textual::changes);
    search.turn(7);
    search.pairs(texts(), textual::changes);
    search.turn(6);
    search.pairs(forms(), |text| namespaces::changes(text, document));
    search.turn(5);
    search.pairs(texts(), |text| namespaces::changes(text, document));
    search.turn(4);
    search.pairs(texts(), structure::removals);
    search.turn(3);
    search.pairs(structure::removals(&canonical), structure::removals);
    search.turn(2);
    search.pairs(texts(), |text| additions::attributes(text, document));
    search.turn(1);
    search.pairs(texts(), |text| prefixes::renamed_together(text, document, FEW));
}

/// In other forms than `form`, and without the Signature.
fn other_forms<'t>(
    signature: &Signature<'t>,
    subject: Subject<'t>,
    form: &'t Canonicalization,
    octets: &'t [u8],
) -> Changes<'t> {
    let left_out = with_signature_left_out(signature, subject, form);
    Box::new(subject.in_other_forms(form, octets).chain(left_out))
}

/// A Reference to what holds the signature has to leave it out.
fn with_signature_left_out(
    signature: &Signature<'_>,
    subject: Subject<'_>,
    form: &Canonicalization,
) -> Option<Undone> {
    let inside = subject.except.is_none()
        && signature.element != subject.apex
        && signature.element.is_within(subject.apex);
    if !inside {
        return None;
    }
    let outside = Subject {
        except: Some(signature.element),
        ..subject
    };
    let detail =
        "the Signature stands in what was signed, and no enveloped-signature transform leaves it out";
    outside
        .octets(form)
        .map(|octets| Undone::new(Cause::ElementInserted, detail, octets))
}

/// The bytes as they stand.
fn raw(subject: Subject<'_>, signature: &Signature<'_>) -> Vec<Undone> {
    let document = subject.apex.document();
    let all = document.as_str();
    let part = |range: std::ops::Range<usize>| all.get(range).unwrap_or_default();
    let element = part(subject.apex.span());
    let signed = part(signature.element.span());
    let kinds = [
        ("the element as it stands", element.to_owned()),
        (
            "the element as it stands, without the Signature",
            element.replacen(signed, "", 1),
        ),
        (
            "what stands between the element's tags",
            part(subject.apex.content_span()).to_owned(),
        ),
        ("the whole file", all.to_owned()),
        (
            "the whole file without the Signature",
            all.replacen(signed, "", 1),
        ),
    ];
    let mut undone = Vec::new();
    for (what, text) in kinds {
        let lines = text.replace("\r\n", "\n");
        for (ends, text) in [
            ("", text),
            (", with lines that end with LF", lines.clone()),
            (", with lines that end with CR LF", lines.replace('\n', "\r\n")),
        ] {
            let detail = format!("the signer digested {what}{ends}, without canonicalization");
            undone.push(Undone::new(Cause::RawBytes, detail, text));
        }
    }
    if let Ok(text) = subject.apex.text() {
        let detail = "the signer digested the text of the element, without its tags";
        undone.push(Undone::new(Cause::RawBytes, detail, text.value.as_bytes()));
        if let Ok(bytes) = decode_base64(&text.value) {
            let detail = "the signer digested what the element's base64 text stands for";
            undone.push(Undone::new(Cause::RawBytes, detail, bytes));
        }
    }
    undone
}

fn of_length(length: usize) -> impl Iterator<Item = DigestAlgorithm> {
    DigestAlgorithm::ALL
        .iter()
        .copied()
        .filter(move |algorithm| algorithm.size() == length)
}

/// Nothing was found.
fn unexplained(reference: &Reference<'_>, resolves: bool, spent: bool) -> Finding {
    let length = reference.digest_value.len();
    let (cause, detail) = if length != reference.digest_algorithm.size() {
        let detail = format!(
            "the digest has {length} bytes, and {} gives {}",
            reference.digest_algorithm.uri(),
            reference.digest_algorithm.size()
        );
        (Cause::DigestAlgorithm, detail)
    } else if !resolves {
        let detail = "the reference points to nothing, and nothing in the document is what was signed";
        (Cause::IdMoved, detail.to_owned())
    } else {
        let tried = "other canonicalizations and PrefixLists, line ends, white space and indentation, encodings and escapes, \
                     prefixes and namespace declarations, elements and attributes put in or taken out, other elements of the \
                     document, the bytes as they stand, and pairs of these";
        let all = if spent {
            "the search ended before all was tried"
        } else {
            "all was tried"
        };
        (
            Cause::ContentChanged,
            format!("nothing gives the digest that was signed of: {tried} ({all})"),
        )
    };
    Finding::only(cause, detail, Certainty::Likely)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::markup::TAKEN_APART;
    use super::super::tests::{EXCLUSIVE, Made, make};
    use super::super::{KeysAtHand, explain};
    use super::*;
    use crate::soap::attachment::Attachments;

    /// The effort is for all references: those that come when it is spent cost little more than to be digested.
    #[test]
    fn what_comes_when_the_effort_is_spent_is_not_taken_apart() {
        let made = make(b"", EXCLUSIVE, DigestAlgorithm::Sha256);
        let (start, reference) = made
            .signed_info
            .split_at(made.signed_info.find("<ds:Reference").unwrap());
        let (reference, end) = reference.split_at(reference.find("</ds:SignedInfo>").unwrap());
        let taken_apart = |references: usize| {
            let signed_info = [start, &reference.repeat(references), end].concat();
            let received = format!("<a xml:id=\"x\">{}</a>", "<b>x</b>".repeat(4_000));
            let value = Vec::new();
            let document = Made { signed_info, value }.beside(&received);
            TAKEN_APART.set(0);
            explain(
                document,
                &Attachments::default(),
                &KeysAtHand::default(),
                &[],
                Effort::LITTLE,
            )
            .unwrap();
            TAKEN_APART.get()
        };
        let (one, many) = (taken_apart(1), taken_apart(40));
        assert!(one > 0 && many < one * 2, "{one} {many}");
    }
}
