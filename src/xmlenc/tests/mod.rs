//! Tests of XML Encryption, by subject; here is what they share.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

mod attachments;
mod contents;
mod keys;
mod secrecy;
mod structure;

use super::*;
use crate::algorithm::{
    DataCipher, DataEncryptionAlgorithm as Data, DigestAlgorithm, EncryptionRules, KeyAgreement,
    KeyTransport, KeyWrapAlgorithm, MaskGeneration,
};
use crate::crypto::{
    Curve, Oaep, PrivateKey, PublicKey, Secret, agree, concat_kdf, encode_base64, encrypt_data, encrypt_oaep,
    wrap_key,
};
use crate::xml::{Document, Element, Limits, Namespace};

/// One private key for everything, and one secret for every name but `nobody`.
struct Ours {
    private: Vec<PrivateKey>,
    secret: Option<Secret>,
    originator: Option<PublicKey>,
}

impl Resolver for Ours {
    fn private_keys(&self, _: Option<Element<'_>>) -> Vec<PrivateKey> {
        self.private.clone()
    }
    fn secrets(&self, name: Option<&str>) -> Vec<Secret> {
        let known = self.secret.iter().filter(|_| name != Some("nobody"));
        known.cloned().collect()
    }
    fn originator(&self, _: Element<'_>) -> Option<PublicKey> {
        self.originator.clone()
    }
    fn referred<'d>(&self, item: Element<'d>) -> Option<Element<'d>> {
        let uri = item.attribute("URI")?;
        let id = uri.strip_prefix('#').filter(|_| item.local_name() == "Other")?;
        item.document().element_by_id(id)
    }
    fn recipient(&self) -> Option<&str> {
        Some("us")
    }
    fn is_ours(&self, element: Element<'_>) -> bool {
        element.attribute("MimeType").as_deref() != Some("not/ours")
    }
    fn is_signed(&self, element: Element<'_>) -> bool {
        element.attribute("Encoding").as_deref() == Some("urn:signed")
    }
    fn place<'d>(&self, data: Element<'d>) -> Element<'d> {
        data
    }
}

fn of_secret(secret: &Secret) -> Ours {
    Ours {
        private: Vec::new(),
        secret: Some(secret.clone()),
        originator: None,
    }
}

fn of_key(key: &PrivateKey) -> Ours {
    Ours {
        private: vec![key.clone()],
        secret: None,
        originator: None,
    }
}

fn everything() -> EncryptionRules {
    EncryptionRules {
        key_transport: vec![KeyTransport::RsaOaep, KeyTransport::Rsa15],
        key_agreement: vec![KeyAgreement::EcdhEs],
        data: vec![DataCipher::AesGcm, DataCipher::AesCbc, DataCipher::TripleDesCbc],
    }
}

const KEY: &str = "<ds:KeyName>k</ds:KeyName>";
const ELEMENT: &str = data::ELEMENT;
const CONTENT: &str = data::CONTENT;

fn encrypted_data(kind: &str, algorithm: Data, key_info: &str, ciphertext: &[u8]) -> String {
    format!(
        "<x:EncryptedData xmlns:x='{}' xmlns:ds='{}' Id='d' Type='{kind}'><x:EncryptionMethod Algorithm='{}'/>\
         <ds:KeyInfo>{key_info}</ds:KeyInfo><x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedData>",
        Namespace::XENC.uri(),
        Namespace::DS.uri(),
        algorithm.uri(),
        encode_base64(ciphertext)
    )
}

fn encrypted_key(method: &str, parameters: &str, rest: &str, ciphertext: &[u8]) -> String {
    format!(
        "<x:EncryptedKey xmlns:x='{}' Id='ek'><x:EncryptionMethod Algorithm='{method}'>{parameters}</x:EncryptionMethod>{rest}\
         </x:EncryptedKey>",
        Namespace::XENC.uri(),
    )
    .replace(
        "CIPHER",
        &format!(
            "<x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData>",
            encode_base64(ciphertext)
        ),
    )
}

/// `plaintext` encrypted with `secret`, as the child of `<a>`.
fn within(kind: &str, algorithm: Data, secret: &Secret, plaintext: &str) -> String {
    let ciphertext = encrypt_data(algorithm, secret, plaintext.as_bytes()).unwrap();
    format!(
        "<a xmlns:p='urn:p'>{}</a>",
        encrypted_data(kind, algorithm, KEY, &ciphertext)
    )
}

fn attempt(
    text: &str,
    resolver: &dyn Resolver,
    permitted: &EncryptionRules,
    unauthenticated: Unauthenticated,
) -> Result<Plaintext, Error> {
    let document = Document::parse(text.to_owned().into(), &Limits::default()).unwrap();
    let rules = Rules {
        permitted,
        limits: &Limits::default(),
        unauthenticated,
        key_lengths: KeyLengths::Exact,
        id_attributes: &[],
    };
    decrypt(document, resolver, &rules)
}

fn text_of(decrypted: Result<Plaintext, Error>) -> Result<String, &'static str> {
    match decrypted.map_err(|error| error.code())? {
        Plaintext::Document(decrypted) => Ok(decrypted.document.as_str().to_owned()),
        Plaintext::Octets(octets) => Ok(String::from_utf8(octets).unwrap()),
    }
}

fn open(text: &str, resolver: &dyn Resolver) -> Result<String, &'static str> {
    text_of(attempt(text, resolver, &everything(), Unauthenticated::Allowed))
}

fn secret_for(algorithm: Data) -> Secret {
    Secret::random(algorithm.key_size()).unwrap()
}

/// A document whose key goes in an EncryptedKey, and the text that comes out.
fn with_key(secret: &Secret, key_info: &str, beside: &str) -> String {
    let ciphertext = encrypt_data(Data::Aes256Gcm, secret, b"<b/>").unwrap();
    let data = encrypted_data(ELEMENT, Data::Aes256Gcm, key_info, &ciphertext);
    format!("<a>{data}<o>{beside}</o></a>").replace("<ds:KeyInfo></ds:KeyInfo>", "")
}

fn oaep_key(
    key: &PrivateKey,
    digest: DigestAlgorithm,
    mask: MaskGeneration,
    label: &[u8],
    secret: &Secret,
) -> String {
    let parameters = Oaep {
        digest,
        mask,
        label: label.to_vec(),
    };
    let written = format!(
        "<x:OAEPparams>{}</x:OAEPparams><ds:DigestMethod xmlns:ds='{}' Algorithm='{}'/><e:MGF xmlns:e='{}' Algorithm='{}'/>",
        encode_base64(label),
        Namespace::DS.uri(),
        digest.uri(),
        Namespace::XENC11.uri(),
        mask.uri()
    );
    let ciphertext = encrypt_oaep(key.public(), &parameters, secret).unwrap();
    encrypted_key(
        "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        &written,
        "CIPHER",
        &ciphertext,
    )
}

fn rsa() -> &'static PrivateKey {
    static KEY: std::sync::LazyLock<PrivateKey> =
        std::sync::LazyLock::new(|| PrivateKey::generate_rsa(2048).unwrap());
    &KEY
}
