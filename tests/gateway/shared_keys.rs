//! Messages that a shared key signs by HMAC, as a route meets them.

use sealgate::algorithm::{DigestAlgorithm, MaskGeneration, SignatureAlgorithm};
use sealgate::crypto::{Oaep, Secret, SigningKey, encode_base64, encrypt_oaep};
use sealgate::dsig::{ReferenceToSign, SignatureRequest, sign};
use sealgate::soap::Version;
use sealgate::xml::{Document, Limits};

use crate::backend::orders;
use crate::client::{post, send};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::{Message, certificate, key};
use crate::replay::SETTLED;

const SYMMETRIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/symmetric.toml");

/// How the signature by HMAC names its key.
#[derive(Clone, Copy, Debug)]
enum Named {
    EncryptedKey,
    DerivedKey,
    KeyName,
}

#[derive(Clone, Copy, Debug)]
enum Endorsed {
    Yes,
    No,
}

/// A message whose Timestamp and Body are signed by HMAC with a key that is encrypted to the gateway, and that signature by alice.
fn message(named: Named, endorsed: Endorsed) -> String {
    const WSC: &str = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512";
    let secret = Secret::random(32).unwrap();
    let oaep = Oaep {
        digest: DigestAlgorithm::Sha256,
        mask: MaskGeneration::Mgf1Sha256,
        label: Vec::new(),
    };
    let gateway = certificate("gateway");
    let encrypted = encode_base64(&encrypt_oaep(gateway.public_key(), &oaep, &secret).unwrap());
    let encrypted = format!(
        "<x:EncryptedKey xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"key\">\
         <x:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"><ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><e:MGF xmlns:e=\"http://www.w3.org/2009/xmlenc11#\" \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/></x:EncryptionMethod><ds:KeyInfo><ds:X509Data>\
         <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo><x:CipherData>\
         <x:CipherValue>{encrypted}</x:CipherValue></x:CipherData></x:EncryptedKey>",
        encode_base64(gateway.der())
    );
    let reference = |uri: &str, of: &str| {
        format!(
            "<wsse:SecurityTokenReference><wsse:Reference URI=\"{uri}\" ValueType=\"{of}\"/></wsse:SecurityTokenReference>"
        )
    };
    let of_key = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey";
    let of_token = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
    let (derived, key_info) = match named {
        Named::EncryptedKey => (String::new(), reference("#key", of_key)),
        Named::DerivedKey => (
            format!(
                "<c:DerivedKeyToken xmlns:c=\"{WSC}\" wsu:Id=\"derived\">{}</c:DerivedKeyToken>",
                reference("#key", of_key)
            ),
            reference("#derived", &format!("{WSC}/dk")),
        ),
        Named::KeyName => (String::new(), "<ds:KeyName>shared</ds:KeyName>".to_owned()),
    };
    let encrypted = match named {
        Named::EncryptedKey | Named::DerivedKey => encrypted,
        Named::KeyName => String::new(),
    };
    let text = Message::default().unsigned();
    let text = text.replace("SIGNATURE", &format!("{encrypted}{derived}SIGNATURE"));
    let mac = SigningKey::Hmac(secret);
    let method = SignatureAlgorithm::HmacSha256;
    let mac = signature(
        &text,
        &["timestamp", "body"],
        (&mac, method),
        &key_info,
        Some("mac"),
    );
    let text = text.replace("SIGNATURE", &format!("{mac}SIGNATURE"));
    let endorsing = match endorsed {
        Endorsed::Yes => {
            let alice = (&key("alice"), SignatureAlgorithm::RsaSha256);
            signature(&text, &["mac"], alice, &reference("#token", of_token), None)
        }
        Endorsed::No => String::new(),
    };
    text.replace("SIGNATURE", &endorsing)
}

fn signature(
    text: &str,
    ids: &[&str],
    (key, method): (&SigningKey, SignatureAlgorithm),
    key_info: &str,
    id: Option<&str>,
) -> String {
    let text = text.replace("SIGNATURE", "");
    let document = Document::parse(text.into(), &Limits::archive()).unwrap();
    let references = ids.iter().map(|id| ReferenceToSign {
        element: document.element_by_id(id).unwrap(),
        id: Some((*id).to_owned()),
        enveloped: false,
    });
    let request = SignatureRequest {
        method,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: references.collect(),
        key_info: key_info.to_owned(),
        id: id.map(str::to_owned),
    };
    sign(&request, key).unwrap()
}

/// What a route under `policy` that has our key makes of messages: 200, or the code that the operator reads.
fn told(policy: &str, messages: impl FnOnce() -> Vec<String>) -> (Vec<String>, usize) {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let keys = "[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    let text = text
        .replace(
            "path = \"/orders\"\n",
            &format!("path = \"/orders\"\npolicy = \"{policy}\"\n"),
        )
        .replace("[route.backend]", &format!("{keys}\n[route.backend]"));
    let (folder, _) = prepared(&text);
    std::fs::copy(SYMMETRIC, folder.path().join("symmetric.toml")).unwrap();
    let gateway = Gateway::in_folder(folder).unwrap_or_else(|problems| panic!("{problems}"));
    std::thread::sleep(SETTLED);
    let told = messages().into_iter().map(|message| {
        let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
        match answer.status {
            200 => "200".to_owned(),
            _ => logged_code(answer.incident()),
        }
    });
    (told.collect(), backend.got().len())
}

#[test]
fn no_profile_takes_a_shared_key() {
    let messages = || {
        [Named::EncryptedKey, Named::DerivedKey, Named::KeyName]
            .map(|named| message(named, Endorsed::Yes))
            .to_vec()
    };
    for policy in ["strict", "bsp11"] {
        let (codes, relayed) = told(policy, messages);
        let expected = [
            "policy.key_reference",
            "wss.secure_conversation",
            "policy.key_reference",
        ];
        assert_eq!(codes, expected, "{policy}");
        assert_eq!(relayed, 0);
    }
}

#[test]
fn a_policy_of_ones_own_takes_one_that_was_sent_along_and_endorsed() {
    let messages = || {
        let good = message(Named::EncryptedKey, Endorsed::Yes);
        let other = message(Named::EncryptedKey, Endorsed::Yes);
        let key = |text: &str| {
            let (_, behind) = text.split_once("<x:CipherValue>").unwrap();
            behind.split_once('<').unwrap().0.to_owned()
        };
        vec![
            good.replace("bolt M8", "bolt M9"),
            good.replace(&key(&good), &key(&other)),
            message(Named::EncryptedKey, Endorsed::No),
            message(Named::DerivedKey, Endorsed::Yes),
            message(Named::KeyName, Endorsed::Yes),
            good.clone(),
            good,
        ]
    };
    let (codes, relayed) = told("symmetric.toml", messages);
    let expected = [
        "dsig.digest_mismatch",
        "dsig.signature_mismatch",
        "policy.not_endorsed",
        "wss.secure_conversation",
        "policy.key_reference",
        "200",
        "replay.message",
    ];
    assert_eq!(codes, expected);
    assert_eq!(relayed, 1);
}
