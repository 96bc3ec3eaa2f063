#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use super::*;
use crate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, SignatureAlgorithm};
use crate::c14n::Canonicalization;
use crate::crypto::{self, Certificate, PrivateKey, PublicKey, encode_base64};

pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

fn key_file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(super) fn private(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&key_file(&format!("{name}.key.pem")), None).unwrap()
}

pub(super) fn public(name: &str) -> PublicKey {
    private(name).public().clone()
}

/// A signature of alice's over the octets `signed`, in canonical form itself.
pub(super) struct Made {
    pub(super) signed_info: String,
    pub(super) value: Vec<u8>,
}

pub(super) fn make(signed: &[u8], method: &str, digest: DigestAlgorithm) -> Made {
    let digest_value = encode_base64(crypto::digest(digest, signed).unwrap().as_bytes());
    let signed_info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod><ds:Reference URI=\"#x\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{method}\"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        SignatureAlgorithm::RsaSha256.uri(),
        digest.uri()
    );
    let value = crypto::sign(
        SignatureAlgorithm::RsaSha256,
        &private("alice").into(),
        signed_info.as_bytes(),
    )
    .unwrap();
    Made { signed_info, value }
}

impl Made {
    pub(super) fn beside(&self, received: &str) -> Bytes {
        let value = encode_base64(&self.value);
        format!(
            "<r xmlns:i=\"urn:in-scope\">{received}<other>what stands elsewhere</other><ds:Signature xmlns:ds=\"{DS}\">{}\
             <ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature></r>",
            self.signed_info
        )
        .into()
    }
}

fn explained(document: Bytes, given: Option<PublicKey>) -> SignatureExplanation {
    let keys = KeysAtHand {
        given: given.map(Into::into),
        ..KeysAtHand::default()
    };
    let explanation = explain(document, &Attachments::default(), &keys, &[], Effort::DEFAULT).unwrap();
    explanation.signatures.into_iter().next().unwrap()
}

/// The proved causes of a document in which `received` stands where `signed` was signed.
fn causes(received: &str, signed: impl AsRef<[u8]>) -> Vec<&'static str> {
    let document = make(signed.as_ref(), EXCLUSIVE, DigestAlgorithm::Sha256).beside(received);
    let explained = explained(document, Some(public("alice")));
    assert!(explained.value.holds(), "{:?}", explained.value);
    let causes = &explained.references.first().unwrap().causes;
    let proved = causes
        .iter()
        .filter(|finding| finding.certainty == Certainty::Proved);
    proved.map(|finding| finding.cause.name()).collect()
}

#[test]
fn what_is_as_it_was_signed_needs_no_explanation() {
    let canonical = "<a xml:id=\"x\">t</a>";
    let document =
        make(canonical.as_bytes(), EXCLUSIVE, DigestAlgorithm::Sha256).beside("<a xml:id='x'>t</a>");
    let explanation = explain(
        document,
        &Attachments::default(),
        &KeysAtHand {
            given: Some(public("alice").into()),
            ..KeysAtHand::default()
        },
        &[],
        Effort::DEFAULT,
    )
    .unwrap();
    assert!(explanation.holds(), "{explanation:?}");
}

/// A cause, what is received, and what was signed.
pub(super) const CHANGES: &[(&str, &str, &str)] = &[
    (
        "line_endings",
        "<a xml:id=\"x\">1\n2</a>",
        "<a xml:id=\"x\">1&#xD;\n2</a>",
    ),
    (
        "line_endings",
        "<a xml:id=\"x\">1&#xD;\n2</a>",
        "<a xml:id=\"x\">1\n2</a>",
    ),
    (
        "whitespace",
        "<a xml:id=\"x\">\n  <b>1</b>\n  <c>2</c>\n</a>",
        "<a xml:id=\"x\"><b>1</b><c>2</c></a>",
    ),
    (
        "whitespace",
        "<a xml:id=\"x\"><b>1</b><c>2</c></a>",
        "<a xml:id=\"x\">\n\t<b>1</b>\n\t<c>2</c>\n</a>",
    ),
    (
        "trailing_newline",
        "<a xml:id=\"x\">1</a>",
        "<a xml:id=\"x\">1</a>\n",
    ),
    (
        "trailing_newline",
        "<a xml:id=\"x\">1\n</a>",
        "<a xml:id=\"x\">1</a>",
    ),
    (
        "byte_order_mark",
        "<a xml:id=\"x\">1</a>",
        "\u{feff}<a xml:id=\"x\">1</a>",
    ),
    (
        "byte_order_mark",
        "<a xml:id=\"x\">\u{feff}1</a>",
        "<a xml:id=\"x\">1</a>",
    ),
    (
        "prefix_renamed",
        "<p:a xmlns:p=\"urn:p\" xml:id=\"x\"><p:b q=\"1\"></p:b></p:a>",
        "<ns2:a xmlns:ns2=\"urn:p\" xml:id=\"x\"><ns2:b q=\"1\"></ns2:b></ns2:a>",
    ),
    (
        "prefix_renamed",
        "<p:a xmlns:p=\"urn:p\" xml:id=\"x\"><p:b></p:b></p:a>",
        "<a xmlns=\"urn:p\" xml:id=\"x\"><b></b></a>",
    ),
    (
        "prefix_renamed",
        "<a xmlns=\"urn:p\" xml:id=\"x\" q=\"1\"><b></b></a>",
        "<soap:a xmlns:soap=\"urn:p\" q=\"1\" xml:id=\"x\"><soap:b></soap:b></soap:a>",
    ),
    (
        "namespace_declaration",
        "<a xml:id=\"x\"><p:b xmlns:p=\"urn:p\"></p:b></a>",
        "<a xmlns:p=\"urn:p\" xml:id=\"x\"><p:b></p:b></a>",
    ),
    (
        "namespace_declaration",
        "<a xml:id=\"x\">1</a>",
        "<a xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xml:id=\"x\">1</a>",
    ),
    (
        "comments",
        "<a xml:id=\"x\">1<!--c--></a>",
        "<a xml:id=\"x\">1<!--c--></a>",
    ),
    (
        "escaping",
        "<a xml:id=\"x\">1 &gt; 0</a>",
        "<a xml:id=\"x\">1 > 0</a>",
    ),
    (
        "escaping",
        "<a xml:id=\"x\">&amp;lt;</a>",
        "<a xml:id=\"x\">&lt;</a>",
    ),
    ("escaping", "<a xml:id=\"x\">é</a>", "<a xml:id=\"x\">&#233;</a>"),
    ("raw_bytes", "<a  xml:id='x' b='1'/>", "<a  xml:id='x' b='1'/>"),
    ("raw_bytes", "<a xml:id=\"x\">what is said</a>", "what is said"),
    (
        "character_encoding",
        "<a xml:id=\"x\">Ã©</a>",
        "<a xml:id=\"x\">é</a>",
    ),
    (
        "element_inserted",
        "<a xml:id=\"x\"><b>1</b>\n<c>2</c></a>",
        "<a xml:id=\"x\"><b>1</b></a>",
    ),
    (
        "element_removed",
        "<a xml:id=\"x\"><b>1</b></a>",
        "<a xml:id=\"x\"><b>1</b><b>1</b></a>",
    ),
    (
        "attribute_inserted",
        "<a xml:id=\"x\"><b c=\"1\">1</b></a>",
        "<a xml:id=\"x\"><b>1</b></a>",
    ),
    (
        "attribute_removed",
        "<a xml:id=\"x\"><b>1</b></a><c unit=\"kg\"/>",
        "<a xml:id=\"x\"><b unit=\"kg\">1</b></a>",
    ),
    ("id_moved", "<a xml:id=\"x\">1</a><b>2</b>", "<b>2</b>"),
];

#[test]
fn each_change_is_named() {
    let base64 = "QUJD".repeat(30);
    let (line, rest) = base64.split_at(76);
    for (cause, received, signed) in CHANGES {
        let found = causes(received, signed);
        assert_eq!(found.first(), Some(cause), "{received}: {found:?}");
    }
    let received = format!("<a xml:id=\"x\">{base64}</a>");
    let signed = format!("<a xml:id=\"x\">{line}\n{rest}</a>");
    assert_eq!(causes(&received, signed), ["base64_line_breaks"]);
    let utf16: Vec<u8> = "<a xml:id=\"x\">1</a>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(causes("<a xml:id=\"x\">1</a>", utf16), ["character_encoding"]);
}

/// What was told of the first cause of it.
fn detail(received: &str, signed: &[u8]) -> String {
    let document = make(signed, EXCLUSIVE, DigestAlgorithm::Sha256).beside(received);
    let explained = explained(document, Some(public("alice")));
    let reference = explained.references.into_iter().next().unwrap();
    reference.causes.into_iter().next().unwrap().detail
}

#[test]
fn it_is_told_who_took_utf8_for_another_encoding() {
    let text = |said: &str| format!("<a xml:id=\"x\">{said}</a>");
    for (received, signed, told) in [
        (
            "MÃ¼ller",
            text("Müller").into_bytes(),
            "read as ISO 8859-1 and encoded once more on the way",
        ),
        (
            "â‚¬ 5",
            text("€ 5").into_bytes(),
            "read as Windows-1252 and encoded once more on the way",
        ),
        (
            "Müller",
            text("MÃ¼ller").into_bytes(),
            "the signer read UTF-8 as ISO 8859-1",
        ),
        (
            "€ 5",
            text("â‚¬ 5").into_bytes(),
            "the signer read UTF-8 as Windows-1252",
        ),
        (
            "é",
            [b"<a xml:id=\"x\">\xe9</a>".as_slice()].concat(),
            "the signer digested ISO 8859-1",
        ),
        (
            "€ 5",
            [b"<a xml:id=\"x\">\x80 5</a>".as_slice()].concat(),
            "the signer digested Windows-1252",
        ),
    ] {
        let found = detail(&text(received), &signed);
        assert!(found.contains(told), "{received}: {found}");
    }
}

#[test]
fn pairs_of_changes_are_named() {
    let cases: &[(&str, &str, [&str; 2])] = &[
        (
            "<a xml:id=\"x\"><b>1\n2</b><c></c></a>",
            "<a xml:id=\"x\">\n  <b>1&#xD;\n2</b>\n  <c></c>\n</a>",
            ["line_endings", "whitespace"],
        ),
        (
            "<p:a xmlns:p=\"urn:p\" xml:id=\"x\"><p:b>1</p:b></p:a>",
            "<soap:a xmlns:soap=\"urn:p\" xml:id=\"x\">\n  <soap:b>1</soap:b>\n</soap:a>",
            ["prefix_renamed", "whitespace"],
        ),
        (
            "<a xml:id=\"x\">1<b></b></a>",
            "<a xml:id=\"x\">1</a>\n",
            ["element_inserted", "trailing_newline"],
        ),
    ];
    for (received, signed, expected) in cases {
        let mut found = causes(received, signed);
        found.sort_unstable();
        assert_eq!(found, expected, "{received}");
    }
}

#[test]
fn another_canonicalization_is_named() {
    let received = "<a xml:id=\"x\">1</a>";
    let inclusive = "<a xmlns:i=\"urn:in-scope\" xml:id=\"x\">1</a>";
    let found = causes(received, inclusive);
    assert!(
        found.contains(&"canonicalization_method") && found.contains(&"prefix_list"),
        "{found:?}"
    );
    let document = Document::parse(
        Bytes::from(format!("<r xmlns:i='urn:i' xmlns:j='urn:j'>{received}</r>")),
        &Limits::default(),
    );
    let document = document.unwrap();
    let form = Canonicalization {
        algorithm: CanonicalizationAlgorithm::Exclusive,
        prefixes: vec!["j".to_owned()],
    };
    let subject = forms::Subject::element(document.element_by_id("x").unwrap());
    let found: Vec<_> = subject
        .in_other_forms(&CanonicalizationAlgorithm::Exclusive.into(), b"")
        .collect();
    let listed = subject.octets(&form).unwrap();
    let named = found.iter().find(|undone| undone.octets == listed).unwrap();
    assert_eq!(named.cause, Cause::PrefixList);
}

#[test]
fn another_digest_algorithm_is_named() {
    let made = make(b"<a xml:id=\"x\">1</a>", EXCLUSIVE, DigestAlgorithm::Sha256);
    let sha3 = encode_base64(
        crypto::digest(DigestAlgorithm::Sha3_256, b"<a xml:id=\"x\">1</a>")
            .unwrap()
            .as_bytes(),
    );
    let sha2 = encode_base64(
        crypto::digest(DigestAlgorithm::Sha256, b"<a xml:id=\"x\">1</a>")
            .unwrap()
            .as_bytes(),
    );
    let changed = Made {
        signed_info: made.signed_info.replace(&sha2, &sha3),
        ..made
    };
    let explained = explained(changed.beside("<a xml:id=\"x\">1</a>"), Some(public("alice")));
    let reference = explained.references.first().unwrap();
    assert_eq!(reference.causes.first().unwrap().cause, Cause::DigestAlgorithm);
    // The digest that the reference has now is not the one that was signed.
    assert_eq!(
        explained.value.causes.first().unwrap().cause,
        Cause::SignedInfoChanged
    );
}

#[test]
fn what_nothing_explains_is_said_to_be_changed() {
    let document = make(b"<a xml:id=\"x\">100</a>", EXCLUSIVE, DigestAlgorithm::Sha256)
        .beside("<a xml:id=\"x\">999</a>");
    let explained = explained(document, Some(public("alice")));
    let causes = &explained.references.first().unwrap().causes;
    assert_eq!(causes.len(), 1);
    let only = causes.first().unwrap();
    assert_eq!(
        (only.cause, only.certainty),
        (Cause::ContentChanged, Certainty::Likely)
    );
}

/// The first cause of a signature value that was changed by `change`.
fn value_cause(change: impl Fn(Made) -> Made, given: &str) -> (Cause, Certainty) {
    let made = change(make(b"<a xml:id=\"x\">1</a>", EXCLUSIVE, DigestAlgorithm::Sha256));
    let explained = explained(made.beside("<a xml:id=\"x\">1</a>"), Some(public(given)));
    let first = explained.value.causes.first().unwrap();
    (first.cause, first.certainty)
}

#[test]
fn changes_of_the_value_are_named() {
    let resigned = |method: SignatureAlgorithm, key: &str, octets: &str| {
        crypto::sign(method, &private(key).into(), octets.as_bytes()).unwrap()
    };
    let sha512 = |made: Made| Made {
        value: resigned(SignatureAlgorithm::RsaSha512, "alice", &made.signed_info),
        ..made
    };
    assert_eq!(
        value_cause(sha512, "alice"),
        (Cause::HashMismatch, Certainty::Proved)
    );
    let indented = |made: Made| Made {
        value: resigned(
            SignatureAlgorithm::RsaSha256,
            "alice",
            &made.signed_info.replace("><ds:Ref", ">\n<ds:Ref"),
        ),
        signed_info: made.signed_info,
    };
    assert_eq!(value_cause(indented, "alice").0, Cause::SignedInfoChanged);
    let without_prefix = |made: Made| Made {
        value: resigned(
            SignatureAlgorithm::RsaSha256,
            "alice",
            &made.signed_info.replace("xmlns:ds", "xmlns").replace("ds:", ""),
        ),
        signed_info: made.signed_info,
    };
    assert_eq!(
        value_cause(without_prefix, "alice"),
        (Cause::SignedInfoReserialized, Certainty::Proved)
    );
    let reversed = |mut made: Made| {
        made.value.reverse();
        made
    };
    assert_eq!(
        value_cause(reversed, "alice"),
        (Cause::SignatureEncoding, Certainty::Proved)
    );
    let cut = |mut made: Made| {
        made.value.pop();
        made
    };
    assert_eq!(
        value_cause(cut, "alice"),
        (Cause::ValueDamaged, Certainty::Likely)
    );
    assert_eq!(
        value_cause(|made| made, "bob"),
        (Cause::WrongKey, Certainty::Likely)
    );
}

#[test]
fn a_key_at_hand_that_made_the_value_is_named() {
    let made = make(b"<a xml:id=\"x\">1</a>", EXCLUSIVE, DigestAlgorithm::Sha256);
    let certificates = Certificate::from_pem_bundle(&key_file("alice.pem")).unwrap();
    let keys = KeysAtHand {
        given: Some(public("bob").into()),
        certificates,
        ..KeysAtHand::default()
    };
    let explanation = explain(
        made.beside("<a xml:id=\"x\">1</a>"),
        &Attachments::default(),
        &keys,
        &[],
        Effort::DEFAULT,
    )
    .unwrap();
    let value = &explanation.signatures.first().unwrap().value;
    let first = value.causes.first().unwrap();
    assert_eq!(
        (first.cause, first.certainty),
        (Cause::WrongKey, Certainty::Proved),
        "{first:?}"
    );
}

#[test]
fn a_good_signature_needs_no_explanation_whatever_it_uses() {
    for case in [
        "str-transform-soap11",
        "str-transform-embedded",
        "dsig-pss-parameters-two-digests",
        "dsig-key-info-retrieval-method",
        "dsig-key-info-reference",
    ] {
        let file = format!(
            "{}/fixtures/cases/good/{case}/message.xml",
            env!("CARGO_MANIFEST_DIR")
        );
        let explained = explained(std::fs::read(file).unwrap().into(), None);
        assert!(explained.value.holds(), "{case}: {:?}", explained.value);
        let mut references = explained.references.iter();
        assert!(references.all(ReferenceExplanation::is_match), "{case}");
    }
}
