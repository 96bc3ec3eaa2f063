use super::*;

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
        if algorithm == KeyWrapAlgorithm::TripleDes {
            let only_gcm = EncryptionRules {
                data: vec![DataCipher::AesGcm],
                ..everything()
            };
            let document = with_key(&secret, &key, "");
            let opened = attempt(&document, &of_secret(&kek), &only_gcm, Unauthenticated::Refused);
            assert_eq!(text_of(opened), Err("xmlenc.algorithm_not_permitted"));
        }
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
        let no_agreement = EncryptionRules {
            key_agreement: Vec::new(),
            ..everything()
        };
        let written = encrypted_key(algorithm.uri(), "", &agreement(ecdh, "0001"), &wrapped);
        let document = with_key(&secret, &written, "");
        let opened = attempt(
            &document,
            &ours(&recipient),
            &no_agreement,
            Unauthenticated::Refused,
        );
        assert_eq!(text_of(opened), Err("xmlenc.algorithm_not_permitted"));
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

#[test]
fn a_key_that_does_not_say_it_is_for_the_data_is_not_tried() {
    let secret = secret_for(Data::Aes256Gcm);
    let wrapped = |held: &Secret| {
        oaep_key(
            rsa(),
            DigestAlgorithm::Sha256,
            MaskGeneration::Mgf1Sha256,
            b"",
            held,
        )
    };
    let (good, other) = (wrapped(&secret), wrapped(&secret_for(Data::Aes256Gcm)));
    let ours = Ours {
        secret: Some(secret.clone()),
        ..of_key(rsa())
    };
    let listing = |reference: &str, uri: &str| {
        let list = format!("</x:CipherData><x:ReferenceList><x:{reference} URI='{uri}'/></x:ReferenceList>");
        with_key(&secret, "", &good.replace("</x:CipherData>", &list))
    };
    let carrying = other.replace(
        "</x:CipherData>",
        "</x:CipherData><x:CarriedKeyName>session</x:CarriedKeyName>",
    );
    let within = other.replace("'ek'", "'inside'");
    for (document, expected) in [
        (listing("DataReference", "#d"), Ok(())),
        (listing("DataReference", "#other"), Err("xmlenc.no_key")),
        (listing("KeyReference", "#d"), Err("xmlenc.no_key")),
        // It says one key, and another stands beside it.
        (
            with_key(&secret, &within, "").replace("<o></o>", &good),
            Err("xmlenc.decryption_failed"),
        ),
        (
            with_key(&secret, "<q:Other xmlns:q='urn:q' URI='#ek'/>", &good),
            Ok(()),
        ),
        (
            with_key(
                &secret,
                "<q:Other xmlns:q='urn:q' URI='#ek'/>",
                &good.replace("Id='ek'", "Id='ek' MimeType='not/ours'"),
            ),
            Err("xmlenc.no_key"),
        ),
    ] {
        let opened = open(&document, &of_key(rsa())).map(drop);
        assert_eq!(opened, expected, "{document}");
    }
    // An EncryptedKey has the name that it says, so no secret of ours is meant.
    let named = with_key(&secret, "<ds:KeyName>session</ds:KeyName>", &carrying);
    assert_eq!(open(&named, &ours), Err("xmlenc.decryption_failed"));
    let named = with_key(&secret, "<ds:KeyName>session</ds:KeyName>", "");
    assert!(open(&named, &ours).is_ok());
}

#[test]
fn a_key_is_unwrapped_with_the_secret_that_it_names() {
    let (secret, kek) = (secret_for(Data::Aes256Gcm), secret_for(Data::Aes256Gcm));
    let wrap = KeyWrapAlgorithm::Aes256;
    let wrapped = wrap_key(wrap, &kek, &secret).unwrap();
    let named = |name: &str| {
        let info = format!(
            "<ds:KeyInfo xmlns:ds='{}'><ds:KeyName>{name}</ds:KeyName></ds:KeyInfo>CIPHER",
            Namespace::DS.uri()
        );
        let key = encrypted_key(wrap.uri(), "", &info, &wrapped);
        open(&with_key(&secret, &key, ""), &of_secret(&kek)).map(drop)
    };
    assert_eq!(named("ours"), Ok(()));
    assert_eq!(named("nobody"), Err("xmlenc.no_key"));
}
