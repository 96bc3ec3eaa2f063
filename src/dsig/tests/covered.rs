//! What a verified signature says of an element, and what it does not.

use super::*;
use crate::algorithm::{EcdsaValues, TransformAlgorithm};
use crate::dsig::verify::full_length;

fn request(element: Element<'_>, enveloped: bool) -> SignatureRequest<'_> {
    SignatureRequest {
        method: SignatureAlgorithm::RsaSha256,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element,
            id: element
                .attributes()
                .find(|attribute| attribute.local_name().eq_ignore_ascii_case("id"))
                .map(|id| id.value().into_owned()),
            enveloped,
        }],
        key_info: String::new(),
        id: None,
    }
}

fn verified<'d>(signature: Element<'d>, key: &SigningKey, keep: Keep) -> Covered<'d> {
    let limits = Limits::default();
    let signature = Signature::read(signature, Objects::Refused, &limits).unwrap();
    let rules = Rules {
        permitted: &Permitted::strict(),
        limits: &limits,
        keep,
    };
    verify(&signature, &key.verifying_key(), rules, &mut Vec::new()).unwrap()
}

#[test]
fn only_what_a_reference_resolved_to_is_covered() {
    let key = rsa();
    let text = message().replace("</b>", "</b><d wsu:Id=\"d\"></d>");
    let document = parse(&text);
    let both = SignatureRequest {
        references: ["b", "d"]
            .into_iter()
            .flat_map(|id| request(document.element_by_id(id).unwrap(), false).references)
            .collect(),
        ..request(document.root(), false)
    };
    let text = text.replace("</h>", &format!("{}</h>", sign(&both, &key).unwrap()));
    let document = parse(&text);
    let part = |id| document.element_by_id(id).unwrap();
    let form = |id| format!("<{id} xmlns:wsu=\"{WSU}\"");
    for keep in [Keep::Octets, Keep::Nothing] {
        let mut covered = verified(signature_of(&document), &key, keep);
        let inside = part("b").first_child().unwrap();
        let beside = document.root().first_child().unwrap();
        for element in [part("b"), part("d"), inside] {
            assert!(covered.covers(element));
        }
        for element in [document.root(), beside, signature_of(&document)] {
            assert!(!covered.covers(element) && !covered.signs(element));
        }
        assert!(!covered.signs(inside));
        for id in ["d", "b"] {
            let again = String::from_utf8(covered.octets(part(id)).unwrap()).unwrap();
            assert!(again.starts_with(&form(id)), "{again}");
            assert_eq!(covered.take_octets(part(id)).unwrap().to_vec(), again.as_bytes());
        }
        for element in [document.root(), inside, beside] {
            assert!(covered.octets(element).is_none() && covered.take_octets(element).is_none());
        }
    }
}

#[test]
fn only_a_whole_signature_is_endorsed() {
    let (key, endorsing) = (rsa(), rsa());
    let document = parse(&message());
    let first = SignatureRequest {
        id: Some("s".to_owned()),
        ..request(document.element_by_id("b").unwrap(), false)
    };
    let first = sign(&first, &key).unwrap();
    let object = first.replace("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>");
    for (first, enveloped) in [(first, false), (object, true)] {
        let text = message().replace("</h>", &format!("{first}</h>"));
        let document = parse(&text);
        let second = sign(&request(signature_of(&document), enveloped), &endorsing).unwrap();
        let text = match enveloped {
            true => text.replace("</ds:Object>", &format!("{second}</ds:Object>")),
            false => text.replace("</h>", &format!("{second}</h>")),
        };
        let document = parse(&text);
        let signatures: Vec<_> = document
            .root()
            .descendants()
            .filter(|element| element.is(Namespace::DS, "Signature"))
            .collect();
        let covered = verified(signatures[1], &endorsing, Keep::Nothing);
        assert!(covered.signs(signatures[0]));
        assert_eq!(covered.endorses(signatures[0]), !enveloped);
        assert!(!covered.endorses(signatures[1]) && !covered.endorses(document.root()));
    }
}

#[test]
fn attributes_that_say_nothing_of_a_signature_may_be_there() {
    let key = rsa();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let with = |attribute: &str| {
        let changed = good.replace("<ds:Signature ", &format!("<ds:Signature {attribute} "));
        judge(&changed, &key.verifying_key()).code
    };
    assert_eq!(with("xml:lang='en'"), "accepted");
    assert_eq!(with("wsu:Id='w'"), "accepted");
    assert_eq!(with("wsu:Id='w' lang='en'"), "dsig.structure");
}

#[test]
fn a_signature_is_read_of_nothing_else() {
    let document = parse(
        &signed(&message(), SignatureAlgorithm::RsaSha256, &rsa())
            .replace("ds:Signature>", "ds:Signed>")
            .replace("<ds:Signature ", "<ds:Signed "),
    );
    let other = document
        .root()
        .descendants()
        .find(|element| element.local_name() == "Signed");
    let read = Signature::read(other.unwrap(), Objects::Refused, &Limits::default());
    assert_eq!(read.unwrap_err().code(), "dsig.structure");
}

#[test]
fn transforms_are_some_and_their_parameters_their_own() {
    let key = rsa();
    let good = signed(&message(), SignatureAlgorithm::RsaSha256, &key);
    let start = good.find("<ds:Transforms>").unwrap();
    let end = good.find("</ds:Transforms>").unwrap();
    let with = |transforms: &str| {
        let changed = format!("{}<ds:Transforms>{transforms}{}", &good[..start], &good[end..]);
        judge(&changed, &key.verifying_key()).code
    };
    const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let listed = |uri: &str| {
        format!(
            "<ds:Transform Algorithm='{uri}'><e:InclusiveNamespaces xmlns:e='{EXCLUSIVE}' PrefixList='a'/></ds:Transform>"
        )
    };
    assert_eq!(with(""), "dsig.structure");
    assert_eq!(
        with(&listed("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        "dsig.structure"
    );
    let attached = |first: &str| {
        let profile = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1";
        let transforms =
            format!("{first}<ds:Transform Algorithm='{profile}#Attachment-Content-Signature-Transform'/>");
        let changed = format!("{}<ds:Transforms>{transforms}{}", &good[..start], &good[end..]);
        let changed = changed.replace("URI=\"#b\"", "URI=\"cid:b\"");
        let permitted = Permitted {
            transforms: [
                TransformAlgorithm::EnvelopedSignature,
                TransformAlgorithm::AttachmentContent,
            ]
            .into_iter()
            .collect(),
            ..Permitted::strict()
        };
        judge_within(&changed, &key.verifying_key(), &permitted, &Limits::default()).code
    };
    let enveloped = "<ds:Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>";
    assert_eq!(attached(enveloped), "dsig.transform");
    // There is no such attachment, or there would be another code for its value.
    assert_eq!(attached(""), "dsig.reference_form");
    // This one is refused only for its value, which was made without it.
    assert_eq!(with(&listed(EXCLUSIVE)), "dsig.signature_mismatch");
}

#[test]
fn zeros_are_given_only_to_ecdsa_values_that_lack_them() {
    let key = SigningKey::Private(PrivateKey::generate_ec(Curve::P256).unwrap()).verifying_key();
    let full = |octets: usize, written| full_length(&vec![7; octets], &key, written).into_owned();
    let shorter = full(62, EcdsaValues::OrShorter);
    assert_eq!(shorter.len(), 64);
    assert_eq!((shorter[0], shorter[1], shorter[32], shorter[33]), (0, 7, 0, 7));
    for octets in [0, 1, 63, 64, 65, 66, 70] {
        let same = match octets {
            0 => vec![0; 64],
            _ => vec![7; octets],
        };
        assert_eq!(full(octets, EcdsaValues::OrShorter), same, "{octets}");
    }
    assert_eq!(full(62, EcdsaValues::FullLength), vec![7; 62]);
    let rsa = full_length(&[7; 62], &rsa().verifying_key(), EcdsaValues::OrShorter).into_owned();
    assert_eq!(rsa, vec![7; 62]);
}

#[test]
fn what_was_signed_is_named_by_sha256_and_digested_once_where_the_value_is_over_that() {
    let key = rsa();
    for (method, is_known) in [
        (SignatureAlgorithm::RsaSha256, true),
        (SignatureAlgorithm::RsaPssSha256, true),
        (SignatureAlgorithm::RsaSha512, false),
    ] {
        let text = signed(&message(), method, &key);
        let document = parse(&text);
        let element = signature_of(&document);
        let signature = Signature::read(element, Objects::Refused, &Limits::default()).unwrap();
        let covered = verified(element, &key, Keep::Nothing);
        let before = counted::octets();
        let named = covered.signed_info_digest().unwrap();
        assert_eq!(counted::octets() == before, is_known, "{method}");
        let computed = signature.signed_info_digest().unwrap();
        assert_eq!(named.as_bytes(), computed.as_bytes(), "{method}");
    }
}
