use super::*;

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
    // In a key that nothing uses.
    let hidden = encrypt_data(algorithm, &secret, b"<b/>").unwrap();
    let hidden = encrypted_data(ELEMENT, algorithm, KEY, &hidden).replace("'d'", "'hidden'");
    let unused = format!(
        "<x:EncryptedKey xmlns:x='{}'>{hidden}</x:EncryptedKey>",
        Namespace::XENC.uri()
    );
    let text = within(ELEMENT, algorithm, &secret, "<b/>").replace("</a>", &format!("{unused}</a>"));
    assert_eq!(open(&text, &ours), Err("xmlenc.nested"));
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
