#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

mod covered;

use super::*;
use crate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, Permitted, SignatureAlgorithm};
use crate::c14n;
use crate::crypto::{Curve, PrivateKey, SigningKey, VerifyingKey, counted};
use crate::xml::{Document, Element, Limits, Namespace};

const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

fn parse(input: &str) -> Document {
    Document::parse(input.to_owned().into(), &Limits::default()).unwrap()
}

fn message() -> String {
    format!("<m xmlns:wsu='{WSU}'><h></h><b wsu:Id='b' x=\"1\"><c>text</c></b></m>")
}

fn rsa() -> SigningKey {
    SigningKey::Private(PrivateKey::generate_rsa(2048).unwrap())
}

/// The message with its `b` signed, the signature in `h`.
fn signed(message: &str, method: SignatureAlgorithm, key: &SigningKey) -> String {
    let document = parse(message);
    let request = SignatureRequest {
        method,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.element_by_id("b").unwrap(),
            id: Some("b".to_owned()),
            enveloped: false,
        }],
        key_info: String::new(),
        id: None,
    };
    message.replace("</h>", &format!("{}</h>", sign(&request, key).unwrap()))
}

fn signature_of(document: &Document) -> Element<'_> {
    document
        .root()
        .descendants()
        .find(|element| element.is(Namespace::DS, "Signature"))
        .unwrap()
}

struct Judged {
    code: &'static str,
    digested: usize,
    /// As the digests themselves have counted them, whatever the outcomes say.
    octets: usize,
    signs_b: bool,
}

fn judge(input: &str, key: &VerifyingKey) -> Judged {
    judge_within(input, key, &Permitted::strict(), &Limits::default())
}

fn judge_within(input: &str, key: &VerifyingKey, permitted: &Permitted, limits: &Limits) -> Judged {
    let document = parse(input);
    let mut outcomes = Vec::new();
    let before = counted::octets();
    let result = Signature::read(signature_of(&document), Objects::Refused, limits).and_then(|signature| {
        verify(
            &signature,
            key,
            Rules {
                permitted,
                limits,
                keep: Keep::Octets,
            },
            &mut outcomes,
        )
    });
    let signs_b = match (&result, document.element_by_id("b")) {
        (Ok(covered), Some(b)) => covered.signs(b) && covered.covers(b.first_child().unwrap_or(b)),
        _ => false,
    };
    Judged {
        code: result.as_ref().map_or_else(Error::code, |_| "accepted"),
        digested: outcomes.len(),
        octets: counted::octets() - before,
        signs_b,
    }
}

#[test]
fn what_was_signed_is_covered_with_each_kind_of_key() {
    let ec = |curve| SigningKey::Private(PrivateKey::generate_ec(curve).unwrap());
    for (method, key) in [
        (SignatureAlgorithm::RsaSha256, rsa()),
        (SignatureAlgorithm::RsaPssSha512, rsa()),
        (SignatureAlgorithm::EcdsaSha256, ec(Curve::P256)),
        (SignatureAlgorithm::EcdsaSha384, ec(Curve::P384)),
        (SignatureAlgorithm::EcdsaSha512, ec(Curve::P521)),
    ] {
        let judged = judge(&signed(&message(), method, &key), &key.verifying_key());
        assert_eq!(
            (judged.code, judged.digested, judged.signs_b),
            ("accepted", 1, true),
            "{method}"
        );
    }
}

#[test]
fn a_bad_value_causes_no_digest() {
    let key = rsa();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let read = judge(&good, &key.verifying_key());
    assert_eq!(read.code, "accepted");
    assert!(
        read.octets > signed_info(&good) + 50,
        "what b holds counts: {}",
        read.octets
    );
    let stranger = judge(&good, &rsa().verifying_key());
    assert_eq!(stranger.code, "dsig.signature_mismatch");
    assert_eq!((stranger.digested, stranger.octets), (0, signed_info(&good)));
    let changed = good.replace("<ds:Transforms>", "<ds:Transforms> ");
    let judged = judge(&changed, &key.verifying_key());
    assert_eq!(judged.code, "dsig.signature_mismatch");
    assert_eq!((judged.digested, judged.octets), (0, signed_info(&changed)));
}

/// How many octets the value is over.
fn signed_info(input: &str) -> usize {
    let document = parse(input);
    let element = signature_of(&document).child(Namespace::DS, "SignedInfo");
    let (form, mut octets) = (CanonicalizationAlgorithm::Exclusive.into(), Vec::new());
    c14n::element(element.unwrap(), &form, None, &mut octets).unwrap();
    octets.len()
}

#[test]
fn changed_content_is_refused() {
    let key = rsa();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    for (from, to) in [
        ("text", "taxt"),
        ("x=\"1\"", "x=\"2\""),
        ("<c>", "<c d=''>"),
        ("<c>text</c>", ""),
    ] {
        let judged = judge(&good.replace(from, to), &key.verifying_key());
        assert_eq!(
            (judged.code, judged.digested),
            ("dsig.digest_mismatch", 1),
            "{from}"
        );
    }
    let judged = judge(&good.replace("wsu:Id='b'", "wsu:Id='c'"), &key.verifying_key());
    assert_eq!(judged.code, "dsig.reference_unresolved");
}

#[test]
fn what_the_policy_does_not_name_is_refused_before_any_mathematics() {
    let key = rsa();
    let stranger = rsa().verifying_key();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    for (from, to, code) in [
        (
            "2001/04/xmldsig-more#rsa-sha256",
            "2000/09/xmldsig#rsa-sha1",
            "dsig.algorithm_not_permitted",
        ),
        (
            "2001/04/xmldsig-more#rsa-sha256",
            "2000/09/xmldsig#rsa-md5",
            "dsig.unknown_algorithm",
        ),
        (
            "2001/04/xmlenc#sha256",
            "2000/09/xmldsig#sha1",
            "dsig.algorithm_not_permitted",
        ),
        ("xmlenc#sha256", "xmlenc#sha257", "dsig.unknown_algorithm"),
        (exclusive, inclusive, "dsig.algorithm_not_permitted"),
        ("URI=\"#b\"", "URI=\"\"", "dsig.reference_form"),
        ("URI=\"#b\"", "", "dsig.reference_form"),
        ("URI=\"#b\"", "URI=\"file:///etc/passwd\"", "dsig.reference_form"),
        (
            "</ds:Transforms>",
            "<ds:Transform Algorithm='http://www.w3.org/TR/1999/REC-xslt-19991116'/></ds:Transforms>",
            "dsig.transform",
        ),
        (
            "<ds:Transforms>",
            "<ds:Transforms><ds:Transform Algorithm='http://www.w3.org/2000/09/xmldsig#base64'/>",
            "dsig.transform",
        ),
        ("<ds:Transforms>", "<ds:Transforms><!-- -->x", "dsig.structure"),
        (
            "</ds:SignatureMethod>",
            "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
            "dsig.hmac_truncated",
        ),
        (
            "</ds:Signature>",
            "<ds:Object>x</ds:Object></ds:Signature>",
            "dsig.object_present",
        ),
        ("</ds:Signature>", "<x/></ds:Signature>", "dsig.structure"),
        (
            "<ds:SignatureValue>",
            "<ds:SignatureValue><!--c-->",
            "dsig.structure",
        ),
        ("<ds:SignatureValue>", "<ds:SignatureValue>!", "dsig.encoding"),
        ("<ds:SignedInfo>", "<ds:SignedInfo evil='1'>", "dsig.structure"),
    ] {
        assert!(good.contains(from), "{from}");
        let judged = judge(&good.replace(from, to), &stranger);
        assert_eq!((judged.code, judged.digested), (code, 0), "{from} -> {to}");
    }
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\"></ds:Transform>");
    let implied = good.replace(&format!("<ds:Transforms>{transform}</ds:Transforms>"), "");
    assert_eq!(
        judge(&implied, &stranger).code,
        "dsig.transform",
        "inclusive is what no transform means"
    );
    let short = PrivateKey::generate_rsa(1024).unwrap().public().clone();
    assert_eq!(judge(&good, &VerifyingKey::Public(short)).code, "dsig.weak_key");
}

#[test]
fn a_namespace_that_is_written_again_and_again_does_not_fill_the_digest() {
    let key = rsa();
    let long = "u".repeat(60_000);
    let document = |count: usize| {
        let inner = "<p:c/>".repeat(count);
        format!("<m xmlns:wsu='{WSU}' xmlns:p='urn:{long}'><h></h><b wsu:Id='b'>{inner}</b></m>")
    };
    let good = signed(&document(2), SignatureAlgorithm::RsaSha256, &key);
    assert_eq!(judge(&good, &key.verifying_key()).code, "accepted");
    let many = good.replace("<p:c/>", &"<p:c/>".repeat(500));
    assert_eq!(judge(&many, &key.verifying_key()).code, "limit.digested");
}

#[test]
fn limits_hold_in_signatures() {
    let key = rsa();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let reference = {
        let start = good.find("<ds:Reference").unwrap();
        let end = good.find("</ds:SignedInfo>").unwrap();
        good[start..end].to_owned()
    };
    let transform = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let prefixes = |count| {
        let list = "a ".repeat(count);
        format!(
            "<ec:InclusiveNamespaces xmlns:ec='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='{list}'/></ds:CanonicalizationMethod>"
        )
    };
    for (bad, code) in [
        (
            good.replace(
                "</ds:SignedInfo>",
                &format!("{}</ds:SignedInfo>", reference.repeat(10)),
            ),
            "limit.references",
        ),
        (
            good.replace(
                "<ds:Transforms>",
                &format!("<ds:Transforms>{transform}{transform}"),
            ),
            "limit.transforms",
        ),
        (
            good.replace("</ds:CanonicalizationMethod>", &prefixes(33)),
            "limit.prefixes",
        ),
    ] {
        assert_eq!(judge(&bad, &key.verifying_key()).code, code);
    }
    let most = good.replace("</ds:CanonicalizationMethod>", &prefixes(32));
    assert_eq!(judge(&most, &key.verifying_key()).code, "dsig.signature_mismatch");
}

#[test]
fn an_enveloped_signature_covers_all_but_itself() {
    let key = rsa();
    let text = "<b xml:id='b'><c>text</c></b>";
    let document = parse(text);
    let request = SignatureRequest {
        method: SignatureAlgorithm::RsaSha256,
        digest_algorithm: DigestAlgorithm::Sha512,
        references: vec![ReferenceToSign {
            element: document.root(),
            id: Some("b".to_owned()),
            enveloped: true,
        }],
        key_info: "<ds:KeyName>k</ds:KeyName>".to_owned(),
        id: Some("s".to_owned()),
    };
    let signature = sign(&request, &key).unwrap();
    let good = text.replace("</b>", &format!("{signature}</b>"));
    let document = parse(&good);
    let limits = Limits::default();
    let permitted = Permitted::strict();
    let read = Signature::read(signature_of(&document), Objects::Refused, &limits).unwrap();
    let rules = Rules {
        permitted: &permitted,
        limits: &limits,
        keep: Keep::Nothing,
    };
    let mut covered = verify(&read, &key.verifying_key(), rules, &mut Vec::new()).unwrap();
    let root = document.root();
    assert!(covered.signs(root) && covered.covers(root.first_child().unwrap()));
    assert!(!covered.covers(read.element) && !covered.covers(read.signed_info));
    assert_eq!(
        covered.take_octets(root).unwrap().to_vec(),
        text.replace('\'', "\"").as_bytes()
    );
    let second = good.replace("</b>", &format!("{signature}</b>").replace("Id=\"s\"", ""));
    assert_eq!(
        judge(&second, &key.verifying_key()).code,
        "dsig.digest_mismatch",
        "a second one stays in the digest"
    );
}

#[test]
fn nothing_is_in_a_signature_that_its_schema_does_not_have() {
    const SWA: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#";
    const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = format!(
        "Algorithm=\"{EXCLUSIVE}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"a\"></ec:InclusiveNamespaces>"
    );
    let digest = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>";
    let reference = |uri: &str, transforms: &str| {
        format!(
            "<ds:Reference URI=\"{uri}\"><ds:Transforms>{transforms}</ds:Transforms>{digest}<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"
        )
    };
    let transform = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>");
    let references = [
        reference(
            "#a",
            &format!(
                "{}<ds:Transform {inclusive}</ds:Transform>",
                transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature")
            ),
        ),
        reference("#b", &transform("http://www.w3.org/2000/09/xmldsig#base64")),
        reference(
            "#c",
            &format!(
                "<ds:Transform Algorithm=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform\">\
                 <wsse:TransformationParameters xmlns:wsse=\"{}\"><ds:CanonicalizationMethod {inclusive}</ds:CanonicalizationMethod>\
                 </wsse:TransformationParameters></ds:Transform>",
                Namespace::WSSE.uri()
            ),
        ),
        reference(
            "cid:d",
            &transform(&format!("{SWA}Attachment-Content-Signature-Transform")),
        ),
        reference(
            "cid:e",
            &transform(&format!("{SWA}Attachment-Complete-Signature-Transform")),
        ),
    ];
    let text = format!(
        "<m><a xml:id=\"a\"></a><b xml:id=\"b\"></b><c xml:id=\"c\"></c><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod {inclusive}</ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2007/05/xmldsig-more#rsa-pss\"><p:RSAPSSParams xmlns:p=\"http://www.w3.org/2007/05/xmldsig-more#\">\
         {digest}<p:MaskGenerationFunction Algorithm=\"http://www.w3.org/2007/05/xmldsig-more#MGF1\">{digest}</p:MaskGenerationFunction>\
         <p:SaltLength>32</p:SaltLength><p:TrailerField>1</p:TrailerField></p:RSAPSSParams></ds:SignatureMethod>{}</ds:SignedInfo>\
         <ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature></m>",
        references.concat()
    );
    let read = |text: &str| {
        let document = parse(text);
        Signature::read(signature_of(&document), Objects::Refused, &Limits::default()).map(drop)
    };
    read(&text).unwrap();
    let document = parse(&text);
    let spoilt = fields::spoilt(&text, signature_of(&document));
    assert_eq!(spoilt.len(), 160);
    for spoilt in spoilt {
        assert!(read(&spoilt).is_err(), "{spoilt}");
    }
}

#[test]
fn what_fills_the_digest_is_not_digested() {
    let text = format!("<m xmlns:wsu='{WSU}'><h></h><b wsu:Id='b'>dGV4dA==</b></m>");
    let made = signed(&text, SignatureAlgorithm::RsaSha256, &rsa());
    let (before, rest) = made.split_once("<ds:Transforms>").unwrap();
    let (_, after) = rest.split_once("</ds:Transforms>").unwrap();
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let token = format!(
        "<ds:Transform Algorithm=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform\">\
         <wsse:TransformationParameters xmlns:wsse=\"{}\"><ds:CanonicalizationMethod \
         Algorithm=\"{exclusive}\"></ds:CanonicalizationMethod></wsse:TransformationParameters></ds:Transform>",
        Namespace::WSSE.uri()
    );
    let plain = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>");
    for transform in [
        plain(exclusive),
        plain("http://www.w3.org/2000/09/xmldsig#base64"),
        token,
    ] {
        let text = format!("{before}<ds:Transforms>{transform}</ds:Transforms>{after}");
        let document = parse(&text);
        let element = signature_of(&document);
        let mut signature = Signature::read(element, Objects::Refused, &Limits::default()).unwrap();
        let found = signature.find_tokens(|target| Ok::<_, Error>(Some(target)));
        found.unwrap();
        // Also where the few octets that do not fit wait in a buffer to the end.
        for (digested, code) in [(4, None), (0, Some("limit.digested"))] {
            let limits = Limits {
                digested,
                ..Limits::default()
            };
            let octets = octets(&signature, &signature.references[0], &limits);
            assert_eq!(octets.err().map(|error| error.code()), code, "{transform}");
        }
    }
}

#[test]
fn a_token_that_was_decoded_is_not_covered_as_it_stands() {
    let key = rsa();
    let text = "<m><b xml:id='b'>dGV4dA==</b>SIGNATURE</m>";
    let digest = crate::crypto::encode_base64(
        crate::crypto::digest(DigestAlgorithm::Sha256, b"text")
            .unwrap()
            .as_bytes(),
    );
    // As our own writer has it, with another transform and the digest of what is then digested.
    let made = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let document = parse(&made);
    let ours = &made[signature_of(&document).span()];
    let value = |name: &str| {
        let (open, close) = (format!("<ds:{name}>"), format!("</ds:{name}>"));
        let (_, after) = ours.split_once(&open).unwrap();
        after.split_once(&close).unwrap().0.to_owned()
    };
    let changed = ours
        .replace(
            &value("Transforms"),
            "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"></ds:Transform>",
        )
        .replace(&value("DigestValue"), &digest);
    let signed_info = parse(&changed);
    let mut octets = Vec::new();
    let signed_info = signed_info.root().first_child().unwrap();
    let form = crate::c14n::Canonicalization {
        algorithm: crate::algorithm::CanonicalizationAlgorithm::Exclusive,
        prefixes: Vec::new(),
    };
    crate::c14n::element(signed_info, &form, None, &mut octets).unwrap();
    let again = crate::crypto::sign(SignatureAlgorithm::RsaSha256, &key, &octets).unwrap();
    let changed = changed.replace(&value("SignatureValue"), &crate::crypto::encode_base64(&again));
    let message = text.replace("SIGNATURE", &changed);
    let document = parse(&message);
    let limits = Limits::default();
    let permitted = Permitted {
        transforms: [crate::algorithm::TransformAlgorithm::Base64]
            .into_iter()
            .collect(),
        ..Permitted::strict()
    };
    let read = Signature::read(signature_of(&document), Objects::Refused, &limits).unwrap();
    let rules = Rules {
        permitted: &permitted,
        limits: &limits,
        keep: Keep::Octets,
    };
    let mut covered = verify(&read, &key.verifying_key(), rules, &mut Vec::new()).unwrap();
    let b = document.element_by_id("b").unwrap();
    assert!(!covered.signs(b) && !covered.covers(b) && !covered.endorses(b));
    assert!(covered.take_octets(b).is_none() && covered.octets(b).is_none());
}
