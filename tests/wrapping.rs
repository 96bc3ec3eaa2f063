//! Signature wrapping, systematically: each signed part of each good message is moved to every place of the message, or copied there, with
//! a changed copy in its old place or its new one. What is admitted then is what its signer signed, or nothing (T01–T29).
//!
//! `SEALGATE_WRAPPINGS` says how many of the documents are tried, evenly spread over all of them (2,000).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod support;

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use sealgate::xml::{Document, Element, Limits, Namespace, escape_attribute};

/// Which of the two copies takes the place of the signed element.
#[derive(Clone, Copy, Debug)]
enum Placing {
    /// The changed copy; the signed element goes to a slot.
    Moved,
    /// The signed element stays; the changed copy goes to a slot.
    Joined,
}

/// What becomes of an element's ID in the changed copy.
#[derive(Clone, Copy, Debug)]
enum Id {
    Same,
    Fresh,
    Gone,
    /// The same value in another kind of attribute.
    As(&'static str),
}

const PLACINGS: [Placing; 2] = [Placing::Moved, Placing::Joined];
const IDS: [Id; 9] = [
    Id::Fresh,
    Id::Gone,
    Id::Same,
    Id::As("wsu:Id"),
    Id::As("xml:id"),
    Id::As("Id"),
    Id::As("ID"),
    Id::As("id"),
    Id::As("AssertionID"),
];
/// What stands around the copy that went to a slot.
const WRAPPERS: [(&str, &str); 5] = [
    ("", ""),
    ("<x:wrapper xmlns:x=\"urn:x\">", "</x:wrapper>"),
    (
        "<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
        "</ds:Object>",
    ),
    (
        "<samlp:Extensions xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
        "</samlp:Extensions>",
    ),
    (
        "<saml2:Advice xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        "</saml2:Advice>",
    ),
];
/// Whether the signature inside is left out of the copy in the old place, and of that in the slot.
const WITHOUT_SIGNATURE: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

/// All documents that are made of one signed element of one message in one way.
struct Family<'c> {
    case: &'c support::Case,
    expected: &'c str,
    /// The number of the element.
    target: usize,
    placing: Placing,
    slots: usize,
}

impl Family<'_> {
    fn size(&self) -> usize {
        self.slots * IDS.len() * WRAPPERS.len() * WITHOUT_SIGNATURE.len()
    }

    fn make(&self, number: usize) -> (String, String) {
        let (number, id) = (number / IDS.len(), IDS[number % IDS.len()]);
        let (number, wrapper) = (number / WRAPPERS.len(), WRAPPERS[number % WRAPPERS.len()]);
        let (slot, without) = (
            number / WITHOUT_SIGNATURE.len(),
            WITHOUT_SIGNATURE[number % WITHOUT_SIGNATURE.len()],
        );
        let text = std::str::from_utf8(&self.case.received.bytes).unwrap();
        let document = parsed(text);
        let target = document.root().descendants().nth(self.target).unwrap();
        let scope = scope(target);
        let signed = |without: bool| without_signature(target, without);
        let (place, guest) = match self.placing {
            Placing::Moved => (
                changed(&without_signature(target, without.0), &scope, id),
                signed(without.1),
            ),
            Placing::Joined => (
                signed(without.0),
                changed(&without_signature(target, without.1), &scope, id),
            ),
        };
        let mut made = text.to_owned();
        made.replace_range(target.span(), &place);
        let slots = slots(&made);
        let at = slots[slot % slots.len()];
        made.insert_str(at, &[wrapper.0, &guest, wrapper.1].concat());
        let how = format!(
            "{:?}, {id:?}, {} at byte {at}, without signatures {without:?}",
            self.placing, wrapper.0
        );
        (made, how)
    }
}

#[test]
fn whatever_is_wrapped_nothing_unsigned_is_admitted() {
    let cases: Vec<(support::Case, String)> = support::cases("cases/good")
        .into_iter()
        .filter(|case| case.passes)
        .filter_map(|case| {
            case.admitted(case.received.bytes.clone())
                .ok()
                .map(|expected| (case, expected))
        })
        .collect();
    assert!(cases.len() > 60, "the good messages pass: {}", cases.len());
    let families: Vec<Family<'_>> = cases
        .iter()
        .flat_map(|(case, expected)| families(case, expected))
        .collect();
    let all: usize = families.iter().map(Family::size).sum();
    let wanted = std::env::var("SEALGATE_WRAPPINGS").map_or(2_000, |text| text.parse().unwrap());
    let step = (all / wanted).max(1);
    let mut codes: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut tried, mut same, mut first) = (0, 0, 0);
    for family in &families {
        let end = first + family.size();
        for number in (first.next_multiple_of(step)..end).step_by(step) {
            let (made, how) = family.make(number - first);
            tried += 1;
            match family.case.admitted(Bytes::from(made.clone())) {
                Err(rejection) => *codes.entry(rejection.code()).or_default() += 1,
                Ok(found) => {
                    let folder = family.case.folder.display();
                    assert_eq!(
                        &found, family.expected,
                        "admitted, but not as signed: {folder}, {how}:\n{made}"
                    );
                    same += 1;
                }
            }
        }
        first = end;
    }
    println!(
        "{tried} of {all} documents of {} messages: {same} admitted as signed",
        cases.len()
    );
    for (code, count) in &codes {
        println!("{count:>8} {code}");
    }
    assert!(tried >= wanted.min(all), "enough were tried: {tried}");
    assert!(codes.len() > 8, "they come to more than one check: {codes:?}");
}

/// The signed elements of `case`, each moved and joined.
fn families<'c>(case: &'c support::Case, expected: &'c str) -> Vec<Family<'c>> {
    let text = std::str::from_utf8(&case.received.bytes).unwrap();
    if !text.trim_start_matches('\u{feff}').starts_with('<') {
        // In base64; the same as XML is another case.
        return Vec::new();
    }
    let document = parsed(text);
    let referred: Vec<String> = document
        .root()
        .descendants()
        .filter(|element| element.is(Namespace::DS, "Reference"))
        .filter_map(|reference| reference.attribute("URI")?.strip_prefix('#').map(str::to_owned))
        .collect();
    let mut families = Vec::new();
    for (target, element) in document.root().descendants().enumerate() {
        let is_signed = element
            .id()
            .is_some_and(|id| referred.iter().any(|uri| *uri == id));
        for placing in PLACINGS.into_iter().filter(|_| is_signed) {
            let slots = slots(text).len();
            families.push(Family {
                case,
                expected,
                target,
                placing,
                slots,
            });
        }
    }
    families
}

fn parsed(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::archive()).unwrap()
}

/// Every place where an element may stand: before and after each, and first and last in each. Of a changed copy with the same IDs
/// there is no tree, so tags are looked for.
fn slots(text: &str) -> Vec<usize> {
    let mut slots: Vec<usize> = text
        .match_indices('<')
        .filter(|(at, _)| !text[*at..].starts_with("<?") && !text[*at..].starts_with("<!"))
        .map(|(at, _)| at)
        .collect();
    slots.push(text.trim_end().len());
    slots
}

/// An element as written, perhaps without the signatures directly inside.
fn without_signature(element: Element<'_>, without: bool) -> String {
    let start = element.span().start;
    let mut text = element.document().as_str()[element.span()].to_owned();
    let signatures = element
        .children()
        .filter(|child| without && child.is(Namespace::DS, "Signature"));
    let spans: Vec<Range<usize>> = signatures.map(Element::span).collect();
    for span in spans.into_iter().rev() {
        text.replace_range(span.start - start..span.end - start, "");
    }
    text
}

/// `text`, an element, with other content outside of signatures, and with `id` done to its ID; IDs inside are fresh unless all stay.
fn changed(text: &str, scope: &str, id: Id) -> String {
    let around = format!("<around{scope}>{text}</around>");
    let document = parsed(&around);
    let apex = document.root().first_child().unwrap();
    let is_proof = |element: Element<'_>| {
        std::iter::once(element)
            .chain(element.ancestors())
            .any(|above| above.is(Namespace::DS, "Signature"))
    };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut found = false;
    for element in apex.descendants() {
        if let Some(value) = element.id() {
            let tag = element.span().start..element.content_span().start;
            let other = match id {
                _ if element == apex => with_id(&around[tag.clone()], &value, id),
                Id::Same => around[tag.clone()].to_owned(),
                Id::Fresh | Id::Gone | Id::As(_) => with_id(&around[tag.clone()], &value, Id::Fresh),
            };
            edits.push((tag, other));
        }
        let leaf = element.children().next().is_none() && !element.content_span().is_empty();
        if leaf && !is_proof(element) {
            found = true;
            let content = &around[element.content_span()];
            edits.push((element.content_span(), other_text(content)));
        }
    }
    let mut made = around.clone();
    edits.sort_by_key(|(range, _)| range.start);
    for (range, text) in edits.into_iter().rev() {
        made.replace_range(range, &text);
    }
    let start = apex.span().start;
    let length = made.len() - (around.len() - apex.span().end) - start;
    let mut made = made[start..start + length].to_owned();
    if !found {
        let at = made.rfind("</").unwrap_or(made.len());
        if at < made.len() {
            made.insert_str(at, "<x:evil xmlns:x=\"urn:x\"/>");
        }
    }
    made
}

/// The declarations that are in scope where `element` stands.
fn scope(element: Element<'_>) -> String {
    let mut declared: BTreeMap<&str, &str> = BTreeMap::new();
    for declaration in element.ancestors().flat_map(Element::declarations) {
        declared
            .entry(declaration.prefix())
            .or_insert(declaration.namespace());
    }
    let written = declared.iter().map(|(prefix, namespace)| {
        let colon = if prefix.is_empty() { "" } else { ":" };
        format!(" xmlns{colon}{prefix}=\"{}\"", escape_attribute(namespace))
    });
    written.collect()
}

const WSU: &str =
    " xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\"";

/// A start tag with `id` done to the ID `value` in it.
fn with_id(tag: &str, value: &str, id: Id) -> String {
    let quoted = [format!("\"{value}\""), format!("'{value}'")];
    let Some(found) = quoted.iter().find_map(|quoted| tag.find(quoted.as_str())) else {
        return tag.to_owned();
    };
    let start = tag[..found].rfind([' ', '\n', '\t', '\r']).unwrap_or(found);
    let end = found + value.len() + 2;
    let attribute = match id {
        Id::Same => return tag.to_owned(),
        Id::Fresh => format!("{}\"{value}-2\"", &tag[start..found]),
        Id::Gone => String::new(),
        Id::As(name) => {
            let declared = !name.starts_with("wsu:") || tag.contains("xmlns:wsu=");
            format!("{} {name}=\"{value}\"", if declared { "" } else { WSU })
        }
    };
    [&tag[..start], &attribute, &tag[end..]].concat()
}

/// Something else that reads as well: another moment for a time, more text for text.
fn other_text(content: &str) -> String {
    match content
        .strip_suffix("00Z")
        .or_else(|| content.strip_suffix("00.000Z"))
    {
        Some(time) => format!("{time}09Z"),
        None => format!("{content}9"),
    }
}
