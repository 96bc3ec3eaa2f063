#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::fs;
use std::path::Path;

use super::*;
use crate::algorithm::Permitted;
use crate::crypto::Certificate;
use crate::crypto::PrivateKey;
use crate::dsig::Objects;
use crate::dsig::Rules;
use crate::dsig::Signature;
use crate::token::SignerHint;
use crate::token::datetime;
use crate::wss::Header;
use crate::wss::KeyForm;
use crate::wss::resolve;

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

fn ids() -> Ids {
    Ids::new([7; 16])
}

fn envelope(text: &str) -> Envelope {
    Envelope::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn keys(name: &str) -> (Certificate, SigningKey) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
    let pem = fs::read(root.join(format!("{name}.pem"))).unwrap();
    let key = fs::read(root.join(format!("{name}.key.pem"))).unwrap();
    let certificate = Certificate::from_pem_bundle(&pem).unwrap().remove(0);
    (
        certificate,
        SigningKey::Private(PrivateKey::from_pem(&key, None).unwrap()),
    )
}

fn plan<'p>(envelope: &'p Envelope, key: Option<KeyToken<'p>>) -> Plan<'p> {
    let created = datetime::parse("2026-11-24T00:00:00Z").unwrap();
    let expires = datetime::parse("2026-11-24T00:05:00Z").unwrap();
    Plan {
        role: None,
        understanding: Understanding::Required,
        timestamp: Some((created, Some(expires))),
        key,
        confirmations: None,
        parts: vec![envelope.body()],
    }
}

/// Signs `text` and verifies it again; gives the paths of what is covered, the form in which the key is named, and the
/// signed text.
fn round_trip(text: &str, signer: &str, confirmations: Option<&[Vec<u8>]>) -> (Vec<String>, KeyForm, String) {
    let envelope = envelope(text);
    let (certificate, key) = keys(signer);
    let mut plan = plan(&envelope, Some(KeyToken::X509v3(&certificate)));
    plan.confirmations = confirmations;
    let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
    let method = key.default_algorithm().unwrap();
    let bytes = unsigned.sign(method, DigestAlgorithm::Sha256, &key).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let limits = Limits::default();
    let envelope = self::envelope(&text);
    envelope.check_understood(&Roles::default(), &[]).unwrap();
    let header = Header::read(&envelope, &Roles::default(), &limits).unwrap();
    assert!(header.deviations().is_empty());
    let element = header.signatures().next().unwrap();
    assert_eq!(header.element().children().last(), Some(element));
    let signature = Signature::read(element, Objects::Refused, &limits).unwrap();
    let named = resolve(signature.key_info, &header).unwrap();
    assert!(named.deviations.is_empty());
    if let (KeyForm::BinarySecurityToken, SignerHint::X509(hint)) = (named.form, &named.hint) {
        assert_eq!(hint.certificates.first().unwrap(), certificate.der());
    }
    let permitted = Permitted::strict();
    let rules = Rules {
        permitted: &permitted,
        limits: &limits,
        keep: crate::dsig::Keep::Nothing,
    };
    let covered = dsig::verify(&signature, &key.verifying_key(), rules, &mut Vec::new()).unwrap();
    let paths = covered.elements().map(Element::path).collect();
    (paths, named.form, text)
}

fn soap(namespace: &str, content: &str) -> String {
    format!("<s:Envelope xmlns:s=\"{namespace}\">{content}</s:Envelope>")
}

const TIMESTAMP: &str = "/s:Envelope/s:Header/wsse:Security/wsu:Timestamp";
const BODY: &str = "/s:Envelope/s:Body";

#[test]
fn what_we_sign_we_verify() {
    for namespace in [SOAP11, SOAP12] {
        for signer in ["alice", "bob", "carol"] {
            for content in [
                "<s:Body><o xmlns='urn:o'>x</o></s:Body>",
                "<s:Body/>",
                "<s:Header/><s:Body />",
                "<s:Header\n></s:Header><s:Body\tlang='&gt;/>'></s:Body>",
                "<!-- a --><s:Header> <x xmlns='urn:x'/></s:Header> <s:Body a = '1' >\n</s:Body>\n",
            ] {
                let (covered, form, _) = round_trip(&soap(namespace, content), signer, None);
                assert_eq!(covered, [TIMESTAMP, BODY], "{content}");
                assert_eq!(form, KeyForm::BinarySecurityToken);
            }
        }
    }
}

#[test]
fn prefixes_of_the_message_keep_their_meaning() {
    let body = "<Body><o xmlns='urn:o'/></Body>";
    for text in [
        format!("<Envelope xmlns=\"{SOAP12}\">{body}</Envelope>"),
        format!("<Envelope xmlns=\"{SOAP12}\" xmlns:soap='urn:x'><Header/>{body}</Envelope>"),
        format!(
            "<wsse:Envelope xmlns:wsse=\"{SOAP11}\"><wsse:Header/><wsse:Body><wsse:a/></wsse:Body></wsse:Envelope>"
        ),
        format!("<wsu:Envelope xmlns:wsu=\"{SOAP11}\"><wsu:Body><wsu:a/></wsu:Body></wsu:Envelope>"),
        format!(
            "<ds:Envelope xmlns:ds=\"{SOAP11}\" xmlns:wsu='urn:x' xmlns:wsu1='urn:y'><ds:Body><wsu:a/></ds:Body></ds:Envelope>"
        ),
        soap(SOAP11, &format!("<s:Body xmlns:u='{}'/>", Namespace::WSU.uri())),
        soap(
            SOAP11,
            "<s:Header xmlns:wsse='urn:x' xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><wsse:a/></s:Header><s:Body/>",
        ),
    ] {
        let before = envelope(&text);
        let (covered, _, signed) = round_trip(&text, "bob", None);
        assert_eq!(covered.len(), 2, "{text}");
        let after = envelope(&signed);
        let names = |envelope: &Envelope| -> Vec<(String, String)> {
            let inside = envelope.body().descendants();
            inside
                .map(|element| (element.namespace().to_owned(), element.local_name().to_owned()))
                .collect()
        };
        assert_eq!(names(&before), names(&after), "{text}");
    }
}

#[test]
fn the_header_is_the_shortest_that_says_it_all() {
    let text = soap(SOAP11, "<s:Body/>");
    let envelope = envelope(&text);
    let (certificate, _) = keys("alice");
    let plan = plan(&envelope, Some(KeyToken::Thumbprint(&certificate)));
    let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
    let (wsse, wsu) = (Namespace::WSSE.uri(), Namespace::WSU.uri());
    let random = "07".repeat(16);
    let expected = format!(
        "<s:Envelope xmlns:s=\"{SOAP11}\"><s:Header><wsse:Security xmlns:wsse=\"{wsse}\" xmlns:wsu=\"{wsu}\" s:mustUnderstand=\"1\">\
         <wsu:Timestamp wsu:Id=\"Timestamp-{random}-2\"><wsu:Created>2026-11-24T00:00:00.000Z</wsu:Created>\
         <wsu:Expires>2026-11-24T00:05:00.000Z</wsu:Expires></wsu:Timestamp></wsse:Security></s:Header>\
         <s:Body xmlns:wsu=\"{wsu}\" wsu:Id=\"Body-{random}-1\"/></s:Envelope>"
    );
    assert_eq!(unsigned.text(), expected);
    assert_eq!(
        unsigned.ids(),
        [format!("Timestamp-{random}-2"), format!("Body-{random}-1")]
    );
    let signed = unsigned.clone().with_signature("<x/>");
    assert_eq!(
        String::from_utf8(signed).unwrap(),
        expected.replace("</wsse:Security>", "<x/></wsse:Security>")
    );
    assert_eq!(String::from_utf8(unsigned.without_signature()).unwrap(), expected);
}

#[test]
fn every_way_to_name_the_key_is_read_again() {
    let text = soap(SOAP12, "<s:Body/>");
    let (certificate, _) = keys("alice");
    let path = [certificate.clone(), keys("ca").0];
    for (key, expected) in [
        (Some(KeyToken::X509v3(&certificate)), KeyForm::BinarySecurityToken),
        (Some(KeyToken::X509PkiPath(&path)), KeyForm::BinarySecurityToken),
        (Some(KeyToken::Thumbprint(&certificate)), KeyForm::Thumbprint),
        (
            Some(KeyToken::SubjectKeyIdentifier(&certificate)),
            KeyForm::SubjectKeyIdentifier,
        ),
        (Some(KeyToken::IssuerSerial(&certificate)), KeyForm::IssuerSerial),
        (None, KeyForm::Nothing),
    ] {
        let envelope = envelope(&text);
        let plan = plan(&envelope, key);
        let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
        let info = match unsigned.key_info() {
            "" => String::new(),
            content => format!("<ds:KeyInfo>{content}</ds:KeyInfo>"),
        };
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{}\">{info}</ds:Signature>",
            Namespace::DS.uri()
        );
        let signed = Envelope::parse(unsigned.with_signature(&signature).into(), &Limits::default()).unwrap();
        let header = Header::read(&signed, &Roles::default(), &Limits::default()).unwrap();
        let signature = header.signatures().next().unwrap();
        let key = resolve(signature.child(Namespace::DS, "KeyInfo"), &header).unwrap();
        assert_eq!(key.form, expected);
        assert!(key.deviations.is_empty());
        let SignerHint::X509(hint) = key.hint else {
            continue;
        };
        for serial in hint.issuer_serials {
            assert!(crate::crypto::same_name(&serial.issuer, certificate.issuer()));
            assert_eq!(serial.serial, certificate.serial());
        }
        assert!(
            hint.certificates
                .first()
                .is_none_or(|first| first == certificate.der())
        );
    }
}

#[test]
fn header_blocks_can_be_signed_and_keep_their_ids() {
    let wsu = Namespace::WSU.uri();
    let content = format!(
        "<s:Header><a:To xmlns:a='{}'>urn:t</a:To><a:Action xmlns:a='{0}' xmlns:w='{wsu}' w:Id='kept'>urn:a</a:Action></s:Header><s:Body/>",
        Namespace::WSA.uri()
    );
    let envelope = envelope(&soap(SOAP11, &content));
    let mut plan = plan(&envelope, None);
    plan.parts
        .extend(envelope.header_blocks().map(|block| block.element()));
    let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
    assert_eq!(unsigned.ids().last().unwrap(), "kept");
    let (_, key) = keys("bob");
    let signed = unsigned
        .sign(SignatureAlgorithm::EcdsaSha256, DigestAlgorithm::Sha256, &key)
        .unwrap();
    let text = String::from_utf8(signed).unwrap();
    assert_eq!(text.matches("<ds:Reference ").count(), 4);
    assert_eq!(text.matches("kept").count(), 2);
}

#[test]
fn confirmations_say_what_was_signed() {
    let values = [vec![1, 2, 3], vec![4]];
    let none: [Vec<u8>; 0] = [];
    for (given, expected) in [
        (None, vec![]),
        (Some(&none[..]), vec![None]),
        (Some(&values[..]), vec![Some(vec![1, 2, 3]), Some(vec![4])]),
    ] {
        let text = soap(SOAP11, "<s:Body/>");
        let (covered, _, signed) = round_trip(&text, "alice", given);
        let envelope = envelope(&signed);
        let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
        let found: Vec<Option<Vec<u8>>> = header
            .confirmations()
            .map(|confirmation| confirmation.value().map(<[u8]>::to_vec))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(covered.len(), 2 + expected.len());
    }
}

#[test]
fn the_receiver_is_named_and_escaped() {
    for (namespace, attribute) in [(SOAP11, "actor"), (SOAP12, "role")] {
        let envelope = envelope(&soap(namespace, "<s:Body/>"));
        let mut plan = plan(&envelope, None);
        plan.role = Some("urn:\"><x/>&");
        plan.understanding = Understanding::Optional;
        let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
        let expected = format!("s:{attribute}=\"urn:&quot;>&lt;x/>&amp;\">");
        assert!(unsigned.text().contains(&expected), "{}", unsigned.text());
        assert!(!unsigned.text().contains("mustUnderstand"));
        let again = self::envelope(unsigned.text());
        let block = again.header_blocks().next().unwrap();
        assert_eq!(block.role().as_deref(), Some("urn:\"><x/>&"));
    }
}

#[test]
fn a_second_header_for_one_receiver_is_not_written() {
    let security = |attributes: &str| {
        format!(
            "<wsse:Security xmlns:wsse='{}' {attributes}/>",
            Namespace::WSSE.uri()
        )
    };
    let written = |attributes: &str, role: Option<&str>| {
        let content = format!("<s:Header>{}</s:Header><s:Body/>", security(attributes));
        let envelope = envelope(&soap(SOAP11, &content));
        let mut plan = plan(&envelope, None);
        plan.role = role;
        write(&envelope, &plan, &mut ids())
            .map(|_| ())
            .map_err(|error| error.code())
    };
    assert_eq!(written("", None), Err("wss.already_secured"));
    assert_eq!(written("s:actor=''", None), Err("wss.already_secured"));
    assert_eq!(
        written("s:actor='urn:a'", Some("urn:a")),
        Err("wss.already_secured")
    );
    assert_eq!(written("s:actor='urn:a'", None), Ok(()));
    assert_eq!(written("", Some("urn:a")), Ok(()));
}

#[test]
fn only_parts_that_a_reference_can_name_are_signed() {
    let wsu = Namespace::WSU.uri();
    let content = format!(
        "<s:Header><x xmlns='urn:x'><y/></x></s:Header><s:Body xmlns:w='{wsu}' w:Id='not a name'><z/></s:Body>"
    );
    let envelope = envelope(&soap(SOAP11, &content));
    let other = self::envelope(&soap(SOAP11, "<s:Body/>"));
    let header = envelope.header().unwrap();
    let block = header.children().next().unwrap();
    let inside_block = block.children().next().unwrap();
    let in_body = envelope.body().children().next().unwrap();
    let written = |part| {
        let mut plan = plan(&envelope, None);
        plan.parts = vec![part];
        write(&envelope, &plan, &mut ids())
            .map(|_| ())
            .map_err(|error| error.code())
    };
    assert_eq!(written(block), Ok(()));
    assert_eq!(written(in_body), Ok(()));
    for part in [
        envelope.root(),
        header,
        inside_block,
        other.body(),
        envelope.body(),
    ] {
        assert_eq!(written(part), Err("wss.part"), "{part:?}");
    }
}

#[test]
fn ids_are_new_to_the_message() {
    let random = "07".repeat(16);
    let content = format!("<s:Body><x xml:id='Body-{random}-1'/></s:Body>");
    let (covered, _, text) = round_trip(&soap(SOAP11, &content), "bob", None);
    assert_eq!(covered, [TIMESTAMP, BODY]);
    assert!(text.contains(&format!("Body-{random}-2")));
}

#[test]
fn a_certificate_without_identifier_is_not_named_by_it() {
    let envelope = envelope(&soap(SOAP11, "<s:Body/>"));
    // The extension's OID, 2.5.29.14, becomes one that means nothing.
    let mut der = keys("alice").0.der().to_vec();
    let at = der
        .windows(5)
        .position(|bytes| bytes == [6, 3, 0x55, 0x1d, 14])
        .unwrap();
    der[at + 4] = 0x7f;
    let without = Certificate::from_der(&der).unwrap();
    let plan = plan(&envelope, Some(KeyToken::SubjectKeyIdentifier(&without)));
    assert_eq!(
        write(&envelope, &plan, &mut ids()).unwrap_err().code(),
        "wss.no_key_identifier"
    );
}

proptest::proptest! {
    #[test]
    fn no_receiver_breaks_out_of_its_attribute(role in "[\\PC\t\n\r]{1,40}") {
        let envelope = envelope(&soap(SOAP12, "<s:Body/>"));
        let mut plan = plan(&envelope, None);
        plan.role = Some(&role);
        let unsigned = write(&envelope, &plan, &mut ids()).unwrap();
        let again = self::envelope(unsigned.text());
        proptest::prop_assert_eq!(again.document().len(), envelope.document().len() + 5);
        let blocks: Vec<_> = again.header_blocks().collect();
        proptest::prop_assert_eq!(blocks.len(), 1);
        proptest::prop_assert_eq!(blocks[0].role().unwrap(), role.as_str());
    }
}
