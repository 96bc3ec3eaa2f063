use super::*;

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
fn the_key_of_an_attachment_is_one_of_a_few_by_a_permitted_algorithm() {
    let profile = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1";
    let key = oaep_key(
        rsa(),
        DigestAlgorithm::Sha256,
        MaskGeneration::Mgf1Sha256,
        b"",
        &secret_for(Data::Aes128Gcm),
    );
    let found_as = |kind: &str, keys: usize, private: usize, data: &[DataCipher]| {
        let keys = (0..keys).map(|id| key.replace("'ek'", &format!("'e{id}'")));
        let text = encrypted_data("KIND", Data::Aes128Gcm, &keys.collect::<String>(), &[])
            .replace("KIND", &format!("{profile}#Attachment-{kind}"))
            .replace(
                "<x:CipherValue></x:CipherValue>",
                &format!(
                    "<x:CipherReference URI='cid:a'><x:Transforms>\
                     <ds:Transform Algorithm='{profile}#Attachment-Ciphertext-Transform'/></x:Transforms></x:CipherReference>"
                ),
            );
        let document = Document::parse(format!("<a>{text}</a>").into(), &Limits::default()).unwrap();
        let permitted = EncryptionRules {
            data: data.to_vec(),
            ..everything()
        };
        let rules = Rules {
            permitted: &permitted,
            limits: &Limits::default(),
            unauthenticated: Unauthenticated::Refused,
            key_lengths: KeyLengths::Exact,
            id_attributes: &[],
        };
        let elements = [document.root().first_child().unwrap()];
        let ours = Ours {
            private: vec![rsa().clone(); private],
            ..of_key(rsa())
        };
        encrypted_attachments(&document, &elements, &ours, &rules, &|_, _| true)
            .map(|found| found[0].secrets.len())
            .map_err(|error| error.code())
    };
    let found = |keys, private, data: &[DataCipher]| found_as("Complete", keys, private, data);
    let gcm = [DataCipher::AesGcm];
    // Of the content alone nobody would know what it is.
    assert_eq!(found_as("Content", 1, 1, &gcm), Err("xmlenc.attachment"));
    assert_eq!(found(1, 1, &gcm), Ok(1));
    assert_eq!(found(2, 2, &gcm), Ok(4));
    assert_eq!(found(1, 5, &gcm), Err("xmlenc.attachment"));
    assert_eq!(
        found(1, 1, &[DataCipher::AesCbc]),
        Err("xmlenc.algorithm_not_permitted")
    );
}
