//! Encrypted messages, as a route with keys meets them.

use sealgate::algorithm::DataEncryptionAlgorithm;
use sealgate::algorithm::DigestAlgorithm;
use sealgate::algorithm::MaskGeneration;
use sealgate::crypto::Oaep;
use sealgate::soap::{Envelope, Version};
use sealgate::wss::write::{EncryptionPlan, Ids, RecipientName, encrypt};
use sealgate::xml::Limits;
use sealgate::xmlenc::{Recipient, SessionKey};

use crate::backend::orders;
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, certificate};

fn gateway(backend: std::net::SocketAddr) -> Gateway {
    let text = configuration(&format!("http://{backend}/legacy"));
    let keys = "[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    Gateway::configured(&text.replace("[route.backend]", &format!("{keys}\n[route.backend]")))
}

/// `message` with the content of its Body encrypted to the gateway.
fn sealed(message: &str) -> String {
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
