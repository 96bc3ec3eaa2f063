#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

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
    fn referred<'d>(&self, _: Element<'d>) -> Option<Element<'d>> {
        None
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

#[test]
fn every_cipher_gives_back_an_element_content_and_octets() {
    for &algorithm in Data::ALL {
        let secret = secret_for(algorithm);
        let ours = of_secret(&secret);
        let element = within(ELEMENT, algorithm, &secret, "<p:b c='1'/>");
        assert_eq!(
            open(&element, &ours).unwrap(),
            "<a xmlns:p='urn:p'><p:b c='1'/></a>"
        );
        let content = within(CONTENT, algorithm, &secret, "x<b/>&amp;<c/>");
        assert_eq!(
            open(&content, &ours).unwrap(),
            "<a xmlns:p='urn:p'>x<b/>&amp;<c/></a>"
        );
        let ciphertext = encrypt_data(algorithm, &secret, b"no <XML").unwrap();
        let octets = encrypted_data("urn:octets", algorithm, KEY, &ciphertext);
        assert_eq!(open(&octets, &ours).unwrap(), "no <XML");
        let ciphertext = encrypt_data(algorithm, &secret, b"<?xml version='1.0'?><r/>").unwrap();
        let root = encrypted_data(ELEMENT, algorithm, KEY, &ciphertext);
        let around = format!("<?xml version='1.0'?><!-- a -->{root}<?b?>");
        assert_eq!(
            open(&around, &ours).unwrap(),
            "<?xml version='1.0'?><!-- a --><r/><?b?>"
        );
    }
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

#[test]
fn oaep_is_read_with_every_digest_mask_and_label() {
    let secret = secret_for(Data::Aes256Gcm);
    for &digest in DigestAlgorithm::ALL {
        for &mask in MaskGeneration::ALL {
            let key = oaep_key(rsa(), digest, mask, b"label", &secret);
            let document = with_key(&secret, &key, "");
            assert_eq!(
                open(&document, &of_key(rsa())).unwrap(),
                "<a><b/><o></o></a>",
                "{digest} {mask}"
            );
        }
    }
    let good = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"l",
        &secret,
    );
    for parameter in ["<x:OAEPparams", "<ds:DigestMethod", "<e:MGF"] {
        let start = good.find(parameter).unwrap();
        let end = start + good[start..].find("/>").map_or(0, |end| end + 2);
        let end = good[start..]
            .find("</x:OAEPparams>")
            .map_or(end, |end| start + end + 15);
        let twice = [&good[..end], &good[start..]].concat();
        let code = open(&with_key(&secret, &twice, ""), &of_key(rsa()));
        assert_eq!(code, Err("xmlenc.structure"), "{parameter}");
    }
    let other = good.replace(":DigestMethod", ":DigestMethods");
    assert_eq!(
        open(&with_key(&secret, &other, ""), &of_key(rsa())),
        Err("xmlenc.structure")
    );
    // Without parameters everything is SHA-1.
    let parameters = Oaep {
        digest: DigestAlgorithm::Sha1,
        mask: MaskGeneration::Mgf1Sha1,
        label: Vec::new(),
    };
    let ciphertext = encrypt_oaep(rsa().public(), &parameters, &secret).unwrap();
    for uri in [
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    ] {
        let key = encrypted_key(uri, "", "CIPHER", &ciphertext);
        assert!(open(&with_key(&secret, &key, ""), &of_key(rsa())).is_ok());
    }
}

#[test]
fn keys_stand_inside_beside_or_are_only_named() {
    let secret = secret_for(Data::Aes256Gcm);
    let key = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &secret,
    );
    let ours = of_key(rsa());
    let opened = |document: &str| open(document, &ours);
    let (xenc, dsig11) = (Namespace::XENC.uri(), Namespace::DSIG11.uri());
    assert!(opened(&with_key(&secret, &key, "")).is_ok(), "inside");
    let method = format!("<ds:RetrievalMethod URI='#ek' Type='{xenc}EncryptedKey'/>");
    assert!(
        opened(&with_key(&secret, &method, &key)).is_ok(),
        "RetrievalMethod"
    );
    let reference = format!("<e:KeyInfoReference xmlns:e='{dsig11}' URI='#ki'/>");
    let info = format!(
        "<ds:KeyInfo xmlns:ds='{}' Id='ki'>{key}</ds:KeyInfo>",
        Namespace::DS.uri()
    );
    assert!(
        opened(&with_key(&secret, &reference, &info)).is_ok(),
        "KeyInfoReference"
    );
    let listed = "</x:CipherData><x:ReferenceList><x:DataReference URI='#d'/></x:ReferenceList>";
    let listing = key.replace("</x:CipherData>", listed);
    assert!(opened(&with_key(&secret, "", &listing)).is_ok(), "ReferenceList");
    let carried = "</x:CipherData><x:CarriedKeyName>session</x:CarriedKeyName>";
    let carrying = key.replace("</x:CipherData>", carried);
    let name = "<ds:KeyName>session</ds:KeyName>";
    assert!(
        opened(&with_key(&secret, name, &carrying)).is_ok(),
        "CarriedKeyName"
    );
    assert_eq!(
        opened(&with_key(&secret, name, &key)),
        Err("xmlenc.no_key"),
        "another name"
    );
    assert_eq!(
        opened(&with_key(&secret, "", &key)),
        Err("xmlenc.no_key"),
        "no relation"
    );
    let sibling = with_key(&secret, "", "").replace("<o></o>", &key);
    assert!(opened(&sibling).is_ok(), "siblings");
}

#[test]
fn references_lead_to_an_encrypted_key_of_the_document_or_are_refused() {
    let secret = secret_for(Data::Aes256Gcm);
    let key = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &secret,
    );
    let dsig11 = Namespace::DSIG11.uri();
    let loops = format!("<e:KeyInfoReference xmlns:e='{dsig11}' URI='#ki'/>");
    let info = format!(
        "<ds:KeyInfo xmlns:ds='{}' Id='ki'>{loops}</ds:KeyInfo>",
        Namespace::DS.uri()
    );
    for (key_info, beside) in [
        ("<ds:RetrievalMethod URI='#nothing'/>", key.as_str()),
        ("<ds:RetrievalMethod URI=''/>", &key),
        ("<ds:RetrievalMethod/>", &key),
        ("<ds:RetrievalMethod URI='http://example.org/#ek'/>", &key),
        ("<ds:RetrievalMethod URI='file:///ek'/>", &key),
        ("<ds:RetrievalMethod URI='#d'/>", &key),
        (
            "<ds:RetrievalMethod URI='#ek'><ds:Transforms/></ds:RetrievalMethod>",
            &key,
        ),
        (&loops, &info),
        (&loops, &key.replace("'ek'", "'ki'")),
    ] {
        let document = with_key(&secret, key_info, beside);
        assert_eq!(
            open(&document, &of_key(rsa())),
            Err("xmlenc.reference"),
            "{key_info}"
        );
    }
}

#[test]
fn wrapped_and_agreed_keys_are_unwrapped() {
    let secret = secret_for(Data::Aes256Gcm);
    let recipient = PrivateKey::generate_ec(Curve::P256).unwrap();
    let sender = PrivateKey::generate_ec(Curve::P256).unwrap();
    let shared = agree(&sender, recipient.public()).unwrap();
    let agreement = |uri: &str, info: &str| {
        format!(
            "<ds:KeyInfo xmlns:ds='{ds}'><x:AgreementMethod Algorithm='{uri}'><e:KeyDerivationMethod xmlns:e='{e}' \
             Algorithm='http://www.w3.org/2009/xmlenc11#ConcatKDF'><e:ConcatKDFParams AlgorithmID='{info}' PartyVInfo='0002'>\
             <ds:DigestMethod Algorithm='{sha256}'/></e:ConcatKDFParams></e:KeyDerivationMethod><x:OriginatorKeyInfo/>\
             </x:AgreementMethod></ds:KeyInfo>CIPHER",
            ds = Namespace::DS.uri(),
            e = Namespace::XENC11.uri(),
            sha256 = DigestAlgorithm::Sha256.uri()
        )
    };
    let ecdh = "http://www.w3.org/2009/xmlenc11#ECDH-ES";
    for &algorithm in KeyWrapAlgorithm::ALL {
        let kek = Secret::random(algorithm.key_size()).unwrap();
        let key_info = "<ds:KeyInfo xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:KeyName>n</ds:KeyName></ds:KeyInfo>CIPHER";
        let wrapped = wrap_key(algorithm, &kek, &secret).unwrap();
        let key = encrypted_key(algorithm.uri(), "", key_info, &wrapped);
        assert!(
            open(&with_key(&secret, &key, ""), &of_secret(&kek)).is_ok(),
            "{algorithm}"
        );
        let derived = concat_kdf(DigestAlgorithm::Sha256, &shared, &[1, 2], algorithm.key_size()).unwrap();
        let wrapped = wrap_key(algorithm, &derived, &secret).unwrap();
        let ours = |key: &PrivateKey| Ours {
            originator: Some(sender.public().clone()),
            ..of_key(key)
        };
        let agreed = |uri: &str, info: &str, key: &PrivateKey| {
            let written = encrypted_key(algorithm.uri(), "", &agreement(uri, info), &wrapped);
            open(&with_key(&secret, &written, ""), &ours(key))
        };
        assert!(agreed(ecdh, "0001", &recipient).is_ok(), "{algorithm}");
        assert_eq!(agreed(ecdh, "0003", &recipient), Err("xmlenc.decryption_failed"));
        assert_eq!(agreed(ecdh, "0401", &recipient), Err("xmlenc.key_derivation"));
        let dh = "http://www.w3.org/2009/xmlenc11#dh-es";
        assert_eq!(agreed(dh, "0001", &recipient), Err("xmlenc.unknown_algorithm"));
        assert_eq!(agreed(ecdh, "0001", &sender), Err("xmlenc.decryption_failed"));
        let other_curve = PrivateKey::generate_ec(Curve::P384).unwrap();
        assert_eq!(agreed(ecdh, "0001", &other_curve), Err("xmlenc.no_key"));
    }
}

#[test]
fn a_key_may_be_encrypted_as_data_is_where_such_data_may_be() {
    let secret = secret_for(Data::Aes256Gcm);
    for &algorithm in Data::ALL {
        let kek = secret_for(algorithm);
        let ciphertext = encrypt_data(algorithm, &kek, secret.expose()).unwrap();
        let key = encrypted_key(algorithm.uri(), "", "CIPHER", &ciphertext);
        let document = with_key(&secret, &key, "");
        assert!(open(&document, &of_secret(&kek)).is_ok(), "{algorithm}");
        let only_gcm = EncryptionRules {
            data: vec![DataCipher::AesGcm],
            ..everything()
        };
        let opened = |rules, how| text_of(attempt(&document, &of_secret(&kek), rules, how));
        if algorithm.is_authenticated() {
            assert!(opened(&only_gcm, Unauthenticated::Refused).is_ok());
        } else {
            let code = opened(&only_gcm, Unauthenticated::Allowed);
            assert_eq!(code, Err("xmlenc.algorithm_not_permitted"));
            let code = opened(&everything(), Unauthenticated::Refused);
            assert_eq!(code, Err("xmlenc.unsigned_ciphertext"));
        }
    }
}

#[test]
fn keys_that_are_too_long_are_cut_in_archives_only() {
    let secret = secret_for(Data::Aes128Gcm);
    let long = Secret::new([secret.expose(), &[9; 16]].concat());
    let wrapped = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &long,
    );
    let ciphertext = encrypt_data(Data::Aes128Gcm, &secret, b"<b/>").unwrap();
    let text = encrypted_data(ELEMENT, Data::Aes128Gcm, &wrapped, &ciphertext);
    let everything = everything();
    let opened = |key_lengths| {
        let document = Document::parse(text.clone().into(), &Limits::default()).unwrap();
        let rules = Rules {
            permitted: &everything,
            limits: &Limits::default(),
            unauthenticated: Unauthenticated::Refused,
            key_lengths,
            id_attributes: &[],
        };
        text_of(decrypt(document, &of_key(rsa()), &rules))
    };
    assert_eq!(opened(KeyLengths::Exact), Err("xmlenc.decryption_failed"));
    assert_eq!(opened(KeyLengths::OrLonger).unwrap(), "<b/>");
}

#[test]
fn algorithms_are_judged_before_keys_are_used() {
    let strict = EncryptionRules {
        key_transport: vec![KeyTransport::RsaOaepSha256],
        key_agreement: vec![KeyAgreement::EcdhEsSha2],
        data: vec![DataCipher::AesGcm],
    };
    let refused = |text: &str, ours: &Ours| text_of(attempt(text, ours, &strict, Unauthenticated::Refused));
    for &algorithm in Data::ALL {
        let secret = secret_for(algorithm);
        let opened = refused(&within(ELEMENT, algorithm, &secret, "<b/>"), &of_secret(&secret));
        let expected = if algorithm.is_authenticated() {
            Ok("<a xmlns:p='urn:p'><b/></a>".to_owned())
        } else {
            Err("xmlenc.algorithm_not_permitted")
        };
        assert_eq!(opened, expected, "{algorithm}");
    }
    let secret = secret_for(Data::Aes256Gcm);
    let sha1 = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha1,
        b"",
        &secret,
    );
    // What is in it does not matter: nobody looks.
    let rsa_1_5 = encrypted_key(
        "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        "",
        "CIPHER",
        &[7; 256],
    );
    for key in [&sha1, &rsa_1_5] {
        let document = with_key(&secret, key, "");
        assert_eq!(
            refused(&document, &of_key(rsa())),
            Err("xmlenc.algorithm_not_permitted")
        );
        // Of a key for somebody else nothing is asked.
        let other = PrivateKey::generate_rsa(3072).unwrap();
        assert_eq!(refused(&document, &of_key(&other)), Err("xmlenc.no_key"));
    }
}

#[test]
fn ciphers_that_prove_nothing_are_refused_where_no_signature_covers_them() {
    let signed_only =
        |text: &str, ours: &Ours| text_of(attempt(text, ours, &everything(), Unauthenticated::Refused));
    let secret = secret_for(Data::Aes128Cbc);
    let cbc = within(ELEMENT, Data::Aes128Cbc, &secret, "<b/>");
    assert_eq!(
        signed_only(&cbc, &of_secret(&secret)),
        Err("xmlenc.unsigned_ciphertext")
    );
    let rsa_1_5 = encrypted_key(
        "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        "",
        "CIPHER",
        &[7; 256],
    );
    let document = with_key(&secret_for(Data::Aes256Gcm), &rsa_1_5, "");
    assert_eq!(
        signed_only(&document, &of_key(rsa())),
        Err("xmlenc.unsigned_ciphertext")
    );
}

/// Everything that an attacker can see of a refusal.
fn seen(refused: Result<Plaintext, Error>) -> (&'static str, String, Option<crate::xml::Position>) {
    let error = refused.unwrap_err();
    (error.code(), error.to_string(), error.position())
}

#[test]
fn whatever_is_wrong_with_a_ciphertext_looks_the_same() {
    let everything = everything();
    let look = |text: &str, ours: &Ours| seen(attempt(text, ours, &everything, Unauthenticated::Allowed));
    let secret = secret_for(Data::Aes128Cbc);
    let ours = of_secret(&secret);
    let document = |ciphertext: &[u8]| {
        format!(
            "<a>{}</a>",
            encrypted_data(CONTENT, Data::Aes128Cbc, KEY, ciphertext)
        )
    };
    let good = encrypt_data(Data::Aes128Cbc, &secret, b"<b>0123456789012345</b>").unwrap();
    let mut all = std::collections::BTreeSet::new();
    for index in 0..good.len() {
        // A bit of each byte: padding, XML and length go wrong, and some changes go unnoticed.
        let mut changed = good.clone();
        changed[index] ^= 0x40;
        let text = document(&changed);
        if attempt(&text, &ours, &everything, Unauthenticated::Allowed).is_err() {
            all.insert(format!("{:?}", look(&text, &ours)));
        }
    }
    for length in 0..good.len() {
        all.insert(format!("{:?}", look(&document(&good[..length]), &ours)));
    }
    // It decrypts, and is no XML, too much of it, encrypted again, or another element's twin.
    let twin = "<x xmlns:u='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd' u:Id='twin'/>";
    for plaintext in ["", "\u{1}", "<", "</a><a>", "<!DOCTYPE a>", twin] {
        let ciphertext = encrypt_data(Data::Aes128Cbc, &secret, plaintext.as_bytes()).unwrap();
        let text = document(&ciphertext).replace("</a>", &format!("{}</a>", twin));
        if !plaintext.is_empty() {
            all.insert(format!("{:?}", look(&text, &ours)));
        }
    }
    all.insert(format!(
        "{:?}",
        look(&document(&good), &of_secret(&secret_for(Data::Aes128Cbc)))
    ));
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all.first().unwrap().contains("xmlenc.decryption_failed"));
}

#[test]
fn a_key_that_does_not_come_out_looks_like_a_ciphertext_that_does_not() {
    let everything = everything();
    let look = |text: &str| {
        seen(attempt(
            text,
            &of_key(rsa()),
            &everything,
            Unauthenticated::Allowed,
        ))
    };
    let secret = secret_for(Data::Aes256Gcm);
    let mut all = std::collections::BTreeSet::new();
    let good = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &secret,
    );
    let other = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"x",
        &secret,
    );
    let short = Secret::random(16).unwrap();
    let short = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &short,
    );
    let mut ciphertexts: Vec<Vec<u8>> = vec![vec![0; 256], vec![0xff; 256]];
    for index in (0..256).step_by(37) {
        let mut changed = vec![0x21; 256];
        changed[index] ^= 1;
        ciphertexts.push(changed);
    }
    for uri in [
        "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    ] {
        for ciphertext in &ciphertexts {
            let key = encrypted_key(uri, "", "CIPHER", ciphertext);
            all.insert(format!("{:?}", look(&with_key(&secret, &key, ""))));
        }
    }
    let with_other_label = other.replace(&encode_base64(b"x"), "");
    for key in [&short, &with_other_label] {
        all.insert(format!("{:?}", look(&with_key(&secret, key, ""))));
    }
    let data_of_another = with_key(&secret_for(Data::Aes256Gcm), &good, "");
    all.insert(format!("{:?}", look(&data_of_another)));
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all.first().unwrap().contains("xmlenc.decryption_failed"));
}

#[test]
fn what_was_decrypted_stands_by_itself_in_its_place() {
    let algorithm = Data::Aes128Gcm;
    let secret = secret_for(algorithm);
    let opened =
        |kind: &str, plaintext: &str| open(&within(kind, algorithm, &secret, plaintext), &of_secret(&secret));
    for (kind, plaintext) in [
        (CONTENT, "</a><a>"),
        (CONTENT, "</a>"),
        (CONTENT, "<b>"),
        (CONTENT, "</a><!--"),
        (CONTENT, "<!--"),
        (CONTENT, "<![CDATA["),
        (CONTENT, "<!DOCTYPE a [<!ENTITY e 'x'>]><b>&e;</b>"),
        (CONTENT, "&e;"),
        (CONTENT, "<?xml version='1.0'?><b/>"),
        (CONTENT, "<q:b/>"),
        (CONTENT, "<b c='1' c='2'/>"),
        (CONTENT, "\u{0}"),
        (ELEMENT, ""),
        (ELEMENT, "x"),
        (ELEMENT, "<b/><c/>"),
        (ELEMENT, "x<b/>"),
        (ELEMENT, "<b/><![CDATA[ ]]>"),
    ] {
        assert_eq!(opened(kind, plaintext), Err("xmlenc.plaintext"), "{plaintext}");
    }
    for (kind, plaintext) in [
        (CONTENT, ""),
        (CONTENT, "<!-- --><p:b/><?pi?>"),
        (ELEMENT, "\n<b/>\n<!-- -->"),
    ] {
        assert!(opened(kind, plaintext).is_ok(), "{plaintext}");
    }
}

#[test]
fn encryption_in_encryption_is_refused() {
    let algorithm = Data::Aes128Gcm;
    let secret = secret_for(algorithm);
    let inner = encrypted_data(ELEMENT, algorithm, KEY, &[0; 28]).replace("'d'", "'inner'");
    let ours = of_secret(&secret);
    assert_eq!(
        open(&within(ELEMENT, algorithm, &secret, &inner), &ours),
        Err("xmlenc.nested")
    );
    let ciphertext = encrypt_data(algorithm, &secret, inner.as_bytes()).unwrap();
    let root = encrypted_data(ELEMENT, algorithm, KEY, &ciphertext);
    assert_eq!(open(&root, &ours), Err("xmlenc.nested"));
    let outer = encrypted_data(ELEMENT, algorithm, &inner, &ciphertext);
    assert_eq!(open(&outer, &ours), Err("xmlenc.nested"));
    let key = encrypted_key(
        "http://www.w3.org/2001/04/xmlenc#kw-aes128",
        "",
        "CIPHER",
        &[0; 24],
    );
    let key = key.replace(
        "<x:CipherData>",
        &format!(
            "<ds:KeyInfo xmlns:ds='{}'>{key}</ds:KeyInfo><x:CipherData>",
            Namespace::DS.uri()
        ),
    );
    let key = key.replacen("'ek'", "'outer'", 1);
    let session = secret_for(Data::Aes256Gcm);
    assert_eq!(open(&with_key(&session, &key, ""), &ours), Err("xmlenc.nested"));
}

#[test]
fn there_are_as_many_as_allowed_and_no_more() {
    let algorithm = Data::Aes128Gcm;
    let secret = secret_for(algorithm);
    let ours = of_secret(&secret);
    let ciphertext = encrypt_data(algorithm, &secret, b"<b/>").unwrap();
    let data = |count: usize| {
        let one = |id: usize| {
            encrypted_data(ELEMENT, algorithm, KEY, &ciphertext).replace("'d'", &format!("'d{id}'"))
        };
        format!("<a>{}</a>", (0..count).map(one).collect::<String>())
    };
    assert_eq!(
        open(&data(8), &ours).unwrap(),
        format!("<a>{}</a>", "<b/>".repeat(8))
    );
    assert_eq!(open(&data(9), &ours), Err("limit.encrypted_data"));
    let key = encrypted_key(
        "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        "",
        "CIPHER",
        &[0; 256],
    );
    let keys = |count: usize| {
        let one = |id: usize| key.replace("'ek'", &format!("'e{id}'"));
        data(1).replace(
            "</a>",
            &format!("{}</a>", (0..count).map(one).collect::<String>()),
        )
    };
    assert!(open(&keys(4), &ours).is_ok());
    assert_eq!(open(&keys(5), &ours), Err("limit.encrypted_keys"));
}

#[test]
fn each_deviation_from_the_schema_is_refused() {
    let algorithm = Data::Aes128Gcm;
    let secret = secret_for(algorithm);
    let good = within(ELEMENT, algorithm, &secret, "<b/>");
    assert!(open(&good, &of_secret(&secret)).is_ok());
    let (info, rest) = (format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"), "</x:EncryptedData>");
    let late = good.replace(&info, "").replace(rest, &format!("{info}{rest}"));
    assert!(open(&late, &of_secret(&secret)).is_ok());
    let sized = "'><x:KeySize>128</x:KeySize></x:EncryptionMethod><ds:KeyInfo>";
    assert!(open(&good.replacen("'/><ds:KeyInfo>", sized, 1), &of_secret(&secret)).is_ok());
    for (from, to, code) in [
        ("<x:CipherValue>", "<x:CipherValue>!", "xmlenc.encoding"),
        ("<x:CipherValue>", "<x:CipherValue><!-- -->", "xmlenc.structure"),
        (
            "<x:CipherData>",
            "<x:CipherData><x:CipherReference URI='http://a/'/>",
            "xmlenc.cipher_reference",
        ),
        (
            "<x:CipherData>",
            "<x:CipherData><x:CipherValue/>",
            "xmlenc.structure",
        ),
        ("<ds:KeyInfo>", "<ds:KeyInfo/><ds:KeyInfo>", "xmlenc.structure"),
        (
            "xmlenc11#aes128-gcm",
            "xmlenc11#aes129-gcm",
            "xmlenc.unknown_algorithm",
        ),
        (
            "<x:EncryptionMethod",
            "<x:Other/><x:EncryptionMethod",
            "xmlenc.structure",
        ),
        (" Id='d'", " Other='d'", "xmlenc.structure"),
        (
            "'/><ds:KeyInfo>",
            "'><x:KeySize>1</x:KeySize></x:EncryptionMethod><ds:KeyInfo>",
            "xmlenc.structure",
        ),
        ("#Element", "#Other", "xmlenc.type"),
        (
            " Type='http://www.w3.org/2001/04/xmlenc#Element'",
            "",
            "xmlenc.type",
        ),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        assert_eq!(open(&changed, &of_secret(&secret)), Err(code), "{from} {to}");
    }
    assert_eq!(open("<a/>", &of_secret(&secret)), Err("xmlenc.missing"));
    assert_eq!(
        open(
            &good.replace("<ds:KeyName>k<", "<ds:KeyName>nobody<"),
            &of_secret(&secret)
        ),
        Err("xmlenc.no_key")
    );
    let long = Secret::random(32).unwrap();
    assert_eq!(open(&good, &of_secret(&long)), Err("xmlenc.key_length"));
}

#[test]
fn ids_are_unique_and_limits_hold_in_the_outcome() {
    let algorithm = Data::Aes128Gcm;
    let secret = secret_for(algorithm);
    let opened = |plaintext: &str| {
        open(
            &within(ELEMENT, algorithm, &secret, plaintext),
            &of_secret(&secret),
        )
    };
    let twice = "<b xml:id='i'><c xml:id='i'/></b>";
    assert_eq!(opened(twice), Err("xmlenc.plaintext"));
    let ciphertext = encrypt_data(algorithm, &secret, b"<b xml:id='i'/>").unwrap();
    let data = encrypted_data(ELEMENT, algorithm, KEY, &ciphertext);
    assert_eq!(
        open(&format!("<a xml:id='i'>{data}</a>"), &of_secret(&secret)),
        Err("xml.duplicate_id")
    );
    let deep = |levels: usize| format!("{}{}", "<b>".repeat(levels), "</b>".repeat(levels));
    assert!(opened(&deep(99)).is_ok());
    assert_eq!(opened(&deep(100)), Err("xmlenc.plaintext"));
}

#[test]
fn octets_without_authentication_have_one_key() {
    let secret = secret_for(Data::Aes128Cbc);
    struct Two(Ours);
    impl Resolver for Two {
        fn private_keys(&self, info: Option<Element<'_>>) -> Vec<PrivateKey> {
            self.0.private_keys(info)
        }
        fn secrets(&self, name: Option<&str>) -> Vec<Secret> {
            [Secret::new(vec![7; 16])]
                .into_iter()
                .chain(self.0.secrets(name))
                .collect()
        }
        fn originator(&self, info: Element<'_>) -> Option<PublicKey> {
            self.0.originator(info)
        }
        fn referred<'d>(&self, item: Element<'d>) -> Option<Element<'d>> {
            self.0.referred(item)
        }
        fn recipient(&self) -> Option<&str> {
            self.0.recipient()
        }
        fn is_ours(&self, element: Element<'_>) -> bool {
            self.0.is_ours(element)
        }
        fn is_signed(&self, element: Element<'_>) -> bool {
            self.0.is_signed(element)
        }
        fn place<'d>(&self, data: Element<'d>) -> Element<'d> {
            self.0.place(data)
        }
    }
    let two = Two(of_secret(&secret));
    let ciphertext = encrypt_data(Data::Aes128Cbc, &secret, b"octets").unwrap();
    let octets = encrypted_data("urn:octets", Data::Aes128Cbc, KEY, &ciphertext);
    assert_eq!(open(&octets, &two), Err("xmlenc.ambiguous_key"));
    // Of XML, the one that gives XML is right.
    assert!(open(&within(ELEMENT, Data::Aes128Cbc, &secret, "<b/>"), &two).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_change_of_an_authenticated_ciphertext_is_accepted_or_told(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let secret = Secret::new(vec![3; 16]);
        let document = format!("<a>{}</a>", encrypted_data(CONTENT, Data::Aes128Gcm, KEY, &bytes));
        proptest::prop_assert_eq!(open(&document, &of_secret(&secret)), Err("xmlenc.decryption_failed"));
    }

    #[test]
    fn any_change_of_the_document_is_answered(at in 0..2000_usize, byte in 0x20..0x7f_u8) {
        let secret = Secret::new(vec![3; 16]);
        let mut text = within(CONTENT, Data::Aes128Cbc, &secret, "<b/>").into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let text = String::from_utf8(text).unwrap();
        if let Ok(document) = Document::parse(text.into(), &Limits::default()) {
            let everything = everything();
            let rules = Rules {
                permitted: &everything,
                limits: &Limits::default(),
                unauthenticated: Unauthenticated::Allowed,
                key_lengths: KeyLengths::Exact,
                id_attributes: &[],
            };
            match decrypt(document, &of_secret(&secret), &rules) {
                Ok(plaintext) => proptest::prop_assert!(matches!(plaintext, Plaintext::Document(_))),
                Err(error) => proptest::prop_assert!(!error.code().is_empty()),
            }
        }
    }
}

#[test]
fn without_authentication_a_signature_has_to_cover_ciphertext_and_key() {
    let secret = secret_for(Data::Aes128Cbc);
    let ciphertext = encrypt_data(Data::Aes128Cbc, &secret, b"<b/>").unwrap();
    let wrapped = wrap_key(KeyWrapAlgorithm::Aes128, &secret, &secret).unwrap();
    let key = encrypted_key(KeyWrapAlgorithm::Aes128.uri(), "", "CIPHER", &wrapped);
    let signed = |text: &str, element: &str| {
        text.replacen(
            &format!("<x:{element} "),
            &format!("<x:{element} Encoding='urn:signed' "),
            1,
        )
    };
    let data = format!(
        "<a>{}</a>",
        encrypted_data(ELEMENT, Data::Aes128Cbc, &key, &ciphertext)
    );
    let open = |text: &str| {
        let ours = of_secret(&secret);
        text_of(attempt(text, &ours, &everything(), Unauthenticated::WhereSigned))
    };
    let refused = Err("xmlenc.unsigned_ciphertext");
    let both = signed(&signed(&data, "EncryptedData"), "EncryptedKey");
    assert_eq!(open(&both), Ok("<a><b/></a>".to_owned()));
    assert_eq!(open(&data), refused);
    assert_eq!(open(&signed(&data, "EncryptedData")), refused);
    assert_eq!(open(&signed(&data, "EncryptedKey")), refused);
}

#[test]
fn what_is_not_ours_is_left_as_it_is() {
    let secret = secret_for(Data::Aes256Gcm);
    let ciphertext = encrypt_data(Data::Aes256Gcm, &secret, b"<b/>").unwrap();
    let ours = encrypted_data(ELEMENT, Data::Aes256Gcm, KEY, &ciphertext);
    let theirs = ours.replace("Id='d'", "Id='e' MimeType='not/ours'");
    let opened = open(&format!("<a>{theirs}{ours}</a>"), &of_secret(&secret));
    assert_eq!(opened, Ok(format!("<a>{theirs}<b/></a>")));
    assert_eq!(
        open(&format!("<a>{theirs}</a>"), &of_secret(&secret)),
        Err("xmlenc.missing")
    );
}

#[test]
fn a_key_that_names_us_as_its_recipient_is_the_one() {
    let secret = secret_for(Data::Aes256Gcm);
    let wrap = KeyWrapAlgorithm::Aes256;
    let key = |recipient: &str, held: &Secret| {
        let wrapped = wrap_key(wrap, &secret, held).unwrap();
        let key = encrypted_key(wrap.uri(), "", "CIPHER", &wrapped);
        key.replace("Id='ek'", &format!("Recipient='{recipient}'"))
    };
    let other = secret_for(Data::Aes256Gcm);
    let open = |one: String, two: String| {
        let ciphertext = encrypt_data(Data::Aes256Gcm, &secret, b"<b/>").unwrap();
        let data = encrypted_data(ELEMENT, Data::Aes256Gcm, &format!("{one}{two}"), &ciphertext);
        open(&format!("<a>{data}</a>"), &of_secret(&secret))
    };
    let good = Ok("<a><b/></a>".to_owned());
    assert_eq!(open(key("them", &other), key("us", &secret)), good);
    assert_eq!(open(key("them", &other), key("others", &secret)), good);
    assert_eq!(
        open(key("us", &other), key("them", &secret)),
        Err("xmlenc.decryption_failed")
    );
}
