use super::explanation::{Cause, Certainty, Finding, Form, ReferenceExplanation};
use super::forms::{Subject, form_of};
use super::search::{Changes, Effort, Search, Undone};
use super::{namespaces, structure, textual};
use crate::algorithm::DigestAlgorithm;
use crate::crypto::{decode_base64, digest};
use crate::dsig::{Reference, Signature, octets};
use crate::xml::{Document, Limits, Namespace};

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
    let mut search = Search::new(&is_signed, 0, effort);
    let mut by_another = None;
    for algorithm in of_length(expected.len()).filter(|algorithm| *algorithm != declared) {
        if digest_of(algorithm, octets).as_ref() == Some(expected) {
            let detail = format!(
                "the digest is by {}, and the message says {}",
                algorithm.uri(),
                declared.uri()
            );
            search.found(Cause::DigestAlgorithm, detail);
            by_another = Some((algorithm, octets.to_vec()));
        }
    }
    if let Some(subject) = subject {
        same_place(&mut search, signature, reference, subject, octets);
    }
    if !search.is_over() {
        other_places(&mut search, signature, reference, subject);
    }
    let spent = search.is_spent();
    let found = search.take_signed();
    let mut findings = search.into_findings();
    if findings.is_empty() {
        findings.push(unexplained(reference, subject.is_some(), spent));
    }
    let found = found.and_then(|octets| {
        let by = |algorithm: &&DigestAlgorithm| digest_of(**algorithm, &octets).as_ref() == Some(expected);
        let algorithm = *algorithms.iter().find(by)?;
        Some((algorithm, octets))
    });
    (findings, by_another.or(found))
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
    let forms = || -> Changes<'_> {
        let left_out = with_signature_left_out(signature, subject, &form);
        Box::new(subject.in_other_forms(&form).chain(left_out))
    };
    search.each(forms());
    search.each(textual::changes(&canonical));
    search.each(raw(subject, signature).into_iter());
    if search.is_over() {
        return;
    }
    let document = subject.apex.document();
    search.each(namespaces::changes(&canonical, document));
    if search.is_over() || search.is_spent() {
        return;
    }
    search.each(structure::removals(&canonical));
    search.each(structure::additions(&canonical, document));
    let texts = || textual::changes(&canonical);
    search.pairs(forms(), textual::changes);
    search.pairs(texts(), textual::changes);
    search.pairs(forms(), |text| namespaces::changes(text, document));
    search.pairs(texts(), |text| namespaces::changes(text, document));
    search.pairs(texts(), structure::removals);
}

/// A Reference to what holds the signature has to leave it out.
fn with_signature_left_out(
    signature: &Signature<'_>,
    subject: Subject<'_>,
    form: &crate::c14n::Canonicalization,
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

/// What was signed stands elsewhere.
fn other_places(
    search: &mut Search<'_>,
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    subject: Option<Subject<'_>>,
) {
    let document: &Document = signature.element.document();
    let form = form_of(reference);
    let points = match subject {
        Some(subject) => format!("the reference now points to {}", subject.apex.path()),
        None => "the reference now points to nothing".to_owned(),
    };
    let here = subject.map(|subject| subject.apex);
    let elements = document.root().descendants();
    let elements =
        elements.filter(|element| Some(*element) != here && !element.is(Namespace::DS, "DigestValue"));
    let moved = elements.filter_map(|element| {
        let detail = format!("what was signed is {}; {points}", element.path());
        let octets = Subject::element(element).octets(&form)?;
        Some(Undone::new(Cause::IdMoved, detail, octets))
    });
    search.each(moved);
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
    Finding {
        cause,
        detail,
        certainty: Certainty::Likely,
    }
}
