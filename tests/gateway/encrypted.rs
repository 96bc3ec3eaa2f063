//! Encrypted messages, as a route with keys meets them.

use sealgate::algorithm::DataEncryptionAlgorithm;
use sealgate::algorithm::DigestAlgorithm;
use sealgate::algorithm::MaskGeneration;
use sealgate::crypto::{Oaep, Secret, encode_base64, encrypt_data, encrypt_oaep};
use sealgate::soap::{Envelope, Version};
use sealgate::wss::write::{EncryptionPlan, Ids, RecipientName, encrypt};
use sealgate::xml::Limits;
use sealgate::xmlenc::{Recipient, SessionKey};

use crate::attachments;
use crate::backend::orders;
use crate::client::{Answer, post, send, try_send_octets};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, certificate};

fn gateway(backend: std::net::SocketAddr) -> Gateway {
    let text = configuration(&format!("http://{backend}/legacy"));
    let keys = "[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    Gateway::configured(&text.replace("[route.backend]", &format!("{keys}\n[route.backend]")))
}

/// `message` with the content of its Body encrypted to the gateway.
pub(crate) fn sealed(message: &str) -> String {
    let envelope = Envelope::parse(message.to_owned().into(), &Limits::default()).unwrap();
    let to = certificate("gateway");
    let plan = EncryptionPlan {
        role: None,
        recipient: Recipient::Transport {
            key: to.public_key(),
            oaep: Oaep {
                digest: DigestAlgorithm::Sha256,
                mask: MaskGeneration::Mgf1Sha256,
                label: Vec::new(),
            },
        },
        name: RecipientName::Thumbprint(&to),
        parts: vec![envelope.body()],
    };
    let key = SessionKey::new(DataEncryptionAlgorithm::Aes256Gcm).unwrap();
    encrypt(&envelope, &plan, &key, &mut Ids::new([7; 16])).unwrap()
}

fn place(gateway: &Gateway, version: Version, message: &str) -> Answer {
    send(gateway.plain(), &post(version, "urn:place", message))
}

#[test]
fn the_backend_gets_the_plaintext_once() {
    let backend = orders();
    let gateway = gateway(backend.address);
    let plain = Message::default().signed();
    let message = sealed(&plain);
    assert!(!message.contains("PlaceOrder"), "{message}");
    let answer = place(&gateway, Version::Soap11, &message);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = backend.only().body;
    assert!(
        body.contains("PlaceOrder") && !body.contains("Encrypted"),
        "{body}"
    );
    // Encrypted anew it is the same message.
    let replayed = place(&gateway, Version::Soap11, &sealed(&plain));
    assert_eq!(logged_code(replayed.incident()), "replay.message");
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn whatever_is_wrong_with_a_ciphertext_looks_like_a_wrong_signature() {
    let backend = orders();
    for (version, plain) in [
        (Version::Soap11, Message::default()),
        (Version::Soap12, Message::soap12()),
    ] {
        let gateway = gateway(backend.address);
        let message = sealed(&plain.signed());
        let other = |text: &str, nth: usize, value: &str| {
            let (at, _) = text.match_indices(value).nth(nth).unwrap();
            let at = at + value.len() + 20;
            let other = if text[at..].starts_with('A') { "B" } else { "A" };
            format!("{}{other}{}", &text[..at], &text[at + 1..])
        };
        let changed = |nth: usize| other(&message, nth, "CipherValue>");
        let signed = plain.signed();
        let (start, end) = (
            signed.find("<ds:Signature").unwrap(),
            signed.find("</wsse:Security>").unwrap(),
        );
        let unsigned = sealed(&format!("{}{}", &signed[..start], &signed[end..]));
        let wrong = sealed(&other(&signed, 0, "DigestValue>"));
        let constant = |message: &str, code: &str| {
            let answer = place(&gateway, version, message);
            assert_eq!(logged_code(answer.incident()), code);
            (answer.status, answer.body.replace(answer.incident(), "INCIDENT"))
        };
        let of_key = constant(&changed(0), "xmlenc.decryption_failed");
        assert_eq!(of_key, constant(&changed(2), "xmlenc.decryption_failed"));
        assert_eq!(of_key, constant(&unsigned, "dsig.missing"));
        assert_eq!(of_key, constant(&wrong, "dsig.signature_mismatch"));
    }
    assert!(backend.got().is_empty());
}

#[test]
fn without_a_key_nothing_is_decrypted() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let answer = place(&gateway, Version::Soap11, &sealed(&Message::default().signed()));
    assert_eq!(logged_code(answer.incident()), "xmlenc.no_key");
}

const SWA: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#";
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The items of a Security header that say that `scan@x` is encrypted with `secret`.
fn of_attachment(secret: &Secret, kind: &str) -> String {
    let oaep = Oaep {
        digest: DigestAlgorithm::Sha256,
        mask: MaskGeneration::Mgf1Sha256,
        label: Vec::new(),
    };
    let key = encrypt_oaep(certificate("gateway").public_key(), &oaep, secret).unwrap();
    format!(
        "<x:EncryptedKey xmlns:x=\"{XENC}\"><x:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"><ds:DigestMethod xmlns:ds=\"{DS}\" \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><e:MGF xmlns:e=\"http://www.w3.org/2009/xmlenc11#\" \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/></x:EncryptionMethod><x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData>\
         <x:ReferenceList><x:DataReference URI=\"#hidden\"/></x:ReferenceList></x:EncryptedKey>\
         <x:EncryptedData xmlns:x=\"{XENC}\" Id=\"hidden\" MimeType=\"image/png\" Type=\"{SWA}{kind}\">\
         <x:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/><x:CipherData><x:CipherReference URI=\"cid:scan@x\"><x:Transforms>\
         <ds:Transform xmlns:ds=\"{DS}\" Algorithm=\"{SWA}Attachment-Ciphertext-Transform\"/></x:Transforms></x:CipherReference></x:CipherData>\
         </x:EncryptedData>",
        encode_base64(&key)
    )
}

#[test]
fn the_backend_gets_what_an_encrypted_attachment_was_and_nothing_of_a_changed_one() {
    let backend = orders();
    let keys = "[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    let gateway = attachments::configured(&backend, "bsp11", "", |text| {
        text.replace("[route.backend]", &format!("{keys}\n[route.backend]"))
    });
    // Longer than what waits in memory.
    let content = "a scan of an order, ".repeat(20_000);
    let header = "Content-Type: image/png\r\nContent-ID: <scan@x>\r\n\r\n";
    let secret = Secret::random(32).unwrap();
    let algorithm = DataEncryptionAlgorithm::Aes256Gcm;
    for (kind, plaintext) in [
        ("Attachment-Content-Only", content.clone()),
        ("Attachment-Complete", format!("{header}{content}")),
    ] {
        let digested = [("scan@x", "Content", content.as_str())];
        let body = format!("<o:PlaceOrder xmlns:o=\"urn:example:orders\">{kind}</o:PlaceOrder>");
        let message = Message {
            body,
            ..Message::default()
        };
        let signed = attachments::signed(&message, &digested);
        let (before, after) = signed.split_once("</wsse:Security>").unwrap();
        let signed = format!("{before}{}</wsse:Security>{after}", of_attachment(&secret, kind));
        let ciphertext = encrypt_data(algorithm, &secret, plaintext.as_bytes()).unwrap();
        let post = |ciphertext: &[u8]| {
            let part = (
                "Content-ID: <scan@x>\r\nContent-Type: application/octet-stream",
                "@",
            );
            let body = attachments::multipart("text/xml; charset=utf-8", &signed, &[part]);
            let (before, after) = body.split_once("\r\n\r\n@\r\n").unwrap();
            let separator = b"\r\n".as_slice();
            let body = [
                before.as_bytes(),
                b"\r\n\r\n",
                ciphertext,
                separator,
                after.as_bytes(),
            ]
            .concat();
            let head = format!(
                "POST /orders HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\nSOAPAction: \"urn:place\"\r\nContent-Length: {}\r\n\
                 Content-Type: multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"\r\n\r\n",
                body.len()
            );
            try_send_octets(gateway.plain(), &[head.as_bytes(), &body].concat()).unwrap()
        };
        let before = backend.got().len();
        for place in [0, 20, ciphertext.len() - 1] {
            let mut changed = ciphertext.clone();
            changed[place] ^= 1;
            let refused = post(&changed);
            assert_eq!(logged_code(refused.incident()), "xmlenc.decryption_failed");
        }
        let cut = post(&ciphertext[..ciphertext.len() - 1]);
        assert_eq!(logged_code(cut.incident()), "xmlenc.decryption_failed");
        assert_eq!(backend.got().len(), before);
        let answer = post(&ciphertext);
        assert_eq!(answer.status, 200, "{answer:?}");
        let got = backend.got();
        let parts = attachments::parts(got.last().unwrap());
        assert!(parts[1].1 == content, "{}", parts[1].0);
        assert!(!parts[0].1.contains("Encrypted"), "{parts:?}");
    }
}
