use super::*;

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
